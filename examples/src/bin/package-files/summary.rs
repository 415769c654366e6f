//! What was made, in a line.

use std::path::Path;

use indicatif::DecimalBytes;
use media_core::playlist::presentation::{Presentation, Stretch};

use crate::form::Form;

/// Where a player begins, and what it finds there.
pub(crate) fn of(form: Form, presentation: &Presentation, folder: &Path) -> String {
    let lists: Vec<_> = form.lists().iter().map(|list| folder.join(list).display().to_string()).collect();
    let has_segments =
        |stretches: &&[Stretch]| stretches.iter().any(|stretch| !stretch.segments().is_empty());
    let all = || presentation.renditions().map(|(_, rendition)| rendition.stretches()).filter(has_segments);
    let longest = all().map(|stretches| stretches.iter().map(nanos).sum::<i64>()).max().unwrap_or(0);
    let segments = || all().flatten().flat_map(Stretch::segments);
    let bytes: u64 = segments().map(|segment| segment.range.end - segment.range.start).sum();
    format!(
        "{}: {}, {}.{} s, {}, {} of media\n",
        lists.join(" and "),
        counted(all().count(), "rendition"),
        longest / 1_000_000_000,
        longest / 100_000_000 % 10,
        counted(segments().count(), "segment"),
        DecimalBytes(bytes),
    )
}

/// What a stretch lasts.
fn nanos(stretch: &Stretch) -> i64 {
    let ticks: u64 = stretch.segments().iter().map(|segment| segment.duration).sum();
    stretch.leader().time_base.to_nanos(ticks.try_into().unwrap_or(i64::MAX))
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
