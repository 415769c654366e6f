//! A media playlist against those before it: what may change and what may not, RFC 8216bis 6.2.1, 6.2.2 and 6.2.5.1.

use super::media::{Media, SECOND, Seconds, Segment};
use super::{date_range, rules};
use crate::check::{Place, Report};

/// What is known of a rendition from its playlists so far.
#[derive(Debug, Default)]
pub(super) struct History {
    last: Option<Media>,
}

impl History {
    /// The playlist that follows; one that is a delta update is made whole.
    pub(super) fn push(&mut self, mut media: Media, report: &mut Report) {
        let last = self.last.take();
        if let Some((at, skipped)) = media.skipped {
            check_boundary(&media, at, skipped, report);
            fill(&mut media, last.as_ref(), at, skipped, report);
        }
        if let Some(last) = &last {
            check_constants(last, &media, report);
            check_segments(last, &media, report);
            check_hint(last, &media, report);
        }
        date_range::check(&media.date_ranges, last.as_ref().map_or(&[], |last| &last.date_ranges), report);
        // What a delta update leaves out is still known.
        if let Some(last) = last.filter(|_| media.skips_dates) {
            media.date_ranges.extend(last.date_ranges);
        }
        if media.segments.len() > SEGMENTS {
            report.add(&rules::NOT_EXAMINED, media.place(), format_args!("more than {SEGMENTS} segments"));
            return;
        }
        self.last = Some(media);
    }
}

impl Media {
    /// The number of the segment after the last one.
    pub(super) fn end(&self) -> u64 {
        self.sequence.saturating_add(self.segments.len() as u64)
    }

    fn segment(&self, number: u64) -> Option<&Segment> {
        self.segments.get(usize::try_from(number.checked_sub(self.sequence)?).ok()?)
    }
}

/// 4.4.5.2: what is skipped is farther behind the end than `CAN-SKIP-UNTIL`.
fn check_boundary(media: &Media, at: Place, skipped: u64, report: &mut Report) {
    let Some(until) = media.control.skip_until else {
        report.add(&rules::SKIP_UNSAID, at, format_args!("a delta update, and no CAN-SKIP-UNTIL"));
        return;
    };
    if media.skips_dates && !media.control.skip_dates {
        report.add(&rules::SKIP_UNSAID, at, format_args!("date ranges left out, and no CAN-SKIP-DATERANGES"));
    }
    let listed = media.segments.iter().map(|segment| segment.duration);
    let parts = media.parts.iter().map(|part| part.duration);
    let left = listed.chain(parts).fold(0, u64::saturating_add);
    if left < until {
        let (left, until) = (Seconds(left), Seconds(until));
        report.add(
            &rules::SKIP_BOUNDARY,
            at,
            format_args!("{skipped} segments skipped, what is left lasts {left} s, CAN-SKIP-UNTIL {until}"),
        );
    }
}

/// Puts what was skipped back in, from the playlist before.
fn fill(media: &mut Media, last: Option<&Media>, at: Place, skipped: u64, report: &mut Report) {
    let end = media.sequence.saturating_add(skipped);
    let known = last.and_then(|last| {
        let from = usize::try_from(media.sequence.checked_sub(last.sequence)?).ok()?;
        last.segments.get(from..usize::try_from(end.checked_sub(last.sequence)?).ok()?)
    });
    let Some(known) = known else {
        report.add(
            &rules::SKIP_UNKNOWN,
            at,
            format_args!("segments {} to {end} skipped, which were not all listed before", media.sequence),
        );
        // Numbers go on behind what nobody knows.
        media.sequence = end;
        return;
    };
    let map = known.last().and_then(|segment| segment.map.clone());
    // EXT-X-MAP holds until the next one, in what is skipped as well.
    for segment in media.segments.iter_mut().take_while(|segment| segment.map.is_none()) {
        segment.map.clone_from(&map);
    }
    media.segments.splice(0..0, known.iter().cloned());
}

fn check_constants(last: &Media, media: &Media, report: &mut Report) {
    let at = media.place();
    if last.target != media.target && media.target.is_some() {
        let (was, is) = (last.target.unwrap_or(0), media.target.unwrap_or(0));
        report.add(&rules::TARGET_CHANGED, at, format_args!("the target duration was {was} s and is {is} s"));
    }
    if let (Some(was), Some(is)) = (last.part_target, media.part_target)
        && was != is
    {
        let (was, is) = (Seconds(was), Seconds(is));
        report.add(
            &rules::PART_TARGET_CHANGED,
            at,
            format_args!("the part target was {was} s and is {is} s"),
        );
    }
    if last.control != media.control && !media.ended {
        let (was, is) = (last.control, media.control);
        report.add(&rules::CONTROL_CHANGED, at, format_args!("{was:?} became {is:?}"));
    }
    let same = media.sequence == last.sequence && media.end() == last.end();
    if last.ended && (!media.ended || !same) {
        report.add(&rules::AFTER_END, at, format_args!("a playlist that had ended changed"));
    }
    if last.kind != media.kind && last.kind.is_some() {
        report.add(&rules::TYPE, at, format_args!("the playlist type changed"));
    }
    if media.kind.as_deref() == Some("VOD") && media.end() != last.end() {
        report.add(&rules::TYPE, at, format_args!("segments came to a playlist of type VOD"));
    }
    if media.kind.is_some() && media.sequence != last.sequence {
        report.add(&rules::TYPE, at, format_args!("segments left a playlist of type VOD or EVENT"));
    }
}

fn check_segments(last: &Media, media: &Media, report: &mut Report) {
    let at = media.place();
    if media.sequence < last.sequence {
        report.add(
            &rules::SEQUENCE_BACK,
            at,
            format_args!("media sequence {} after {}", media.sequence, last.sequence),
        );
        return;
    }
    if media.end() < last.end() {
        report.add(
            &rules::SEQUENCE_BACK,
            at,
            format_args!("the list ends before segment {}, it ended before {}", media.end(), last.end()),
        );
    }
    for (number, segment) in (media.sequence..).zip(&media.segments) {
        match last.segment(number) {
            Some(before) => check_same(number, before, segment, report),
            None if number == last.end() => check_grown(number, last, segment, report),
            None => {}
        }
    }
    if media.end() == last.end() && media.parts.len() < last.parts.len() {
        report.add(
            &rules::PART_CHANGED,
            at,
            format_args!("{} parts at the end, there were {}", media.parts.len(), last.parts.len()),
        );
    } else if media.end() == last.end() && media.parts[..last.parts.len()] != last.parts[..] {
        report.add(&rules::PART_CHANGED, at, format_args!("parts at the end are not what they were"));
    }
    check_removed(last, media, report);
}

fn check_same(number: u64, before: &Segment, after: &Segment, report: &mut Report) {
    let at = after.at.unwrap_or(Place::Whole);
    let what = match () {
        () if before.uri != after.uri => "URI",
        () if before.duration != after.duration => "duration",
        () if before.discontinuity != after.discontinuity => "discontinuity",
        () if before.gap != after.gap => "gap",
        () if before.range != after.range => "byte range",
        // Nobody loads a gap: what would come before it does not matter.
        () if before.map != after.map && !after.gap => "map",
        // A date may go where another segment has it.
        () if before.date != after.date && before.date.is_some() && after.date.is_some() => "date",
        // Parts leave together.
        () if before.parts != after.parts && !after.parts.is_empty() => {
            report.add(
                &rules::PART_CHANGED,
                at,
                format_args!("the parts of segment {number} are not what they were"),
            );
            return;
        }
        () => return,
    };
    report.add(
        &rules::SEGMENT_CHANGED,
        at,
        format_args!("the {what} of segment {number} is not what it was"),
    );
}

/// The segment whose parts stood at the end before.
fn check_grown(number: u64, last: &Media, segment: &Segment, report: &mut Report) {
    let at = segment.at.unwrap_or(Place::Whole);
    let kept = segment.parts.get(..last.parts.len()).is_some_and(|parts| *parts == last.parts[..]);
    if !kept && !segment.parts.is_empty() {
        report.add(
            &rules::PART_CHANGED,
            at,
            format_args!("segment {number} does not begin with the parts that were listed"),
        );
    }
}

fn check_removed(last: &Media, media: &Media, report: &mut Report) {
    let at = media.place();
    let removed = media.sequence - last.sequence;
    let Some(gone) = usize::try_from(removed).ok().and_then(|removed| last.segments.get(..removed)) else {
        // Playlists in between were not seen.
        return;
    };
    let tags = gone.iter().filter(|segment| segment.discontinuity).count() as u64;
    let due = last.discontinuities.saturating_add(tags);
    if media.discontinuities != due {
        report.add(
            &rules::DISCONTINUITY_SEQUENCE,
            at,
            format_args!(
                "discontinuity sequence {}, {tags} left since {}",
                media.discontinuities, last.discontinuities
            ),
        );
    }
    let listed = media.segments.iter().map(|segment| segment.duration).fold(0, u64::saturating_add);
    let least = media.target.unwrap_or(0).saturating_mul(3 * SECOND);
    if removed > 0 && listed < least && !media.ended {
        let (listed, least) = (Seconds(listed), Seconds(least));
        report.add(
            &rules::TOO_SHORT,
            at,
            format_args!("segments left, and the list lasts {listed} s, less than {least} s"),
        );
    }
}

/// 4.4.5.3: the part that was hinted at is the next one, or is still hinted at.
fn check_hint(last: &Media, media: &Media, report: &mut Report) {
    let Some(hint) = &last.hint else { return };
    if media.ended || media.hint.as_ref() == Some(hint) {
        return;
    }
    let parts = media.segments.iter().flat_map(|segment| &segment.parts).chain(&media.parts);
    let new = media.end() > last.end() || media.parts.len() > last.parts.len();
    if new && !parts.into_iter().any(|part| hint.is_of(part)) {
        let (uri, start) = (&hint.uri, hint.start);
        report.add(
            &rules::HINT,
            media.place(),
            format_args!("{uri} from byte {start} was hinted at and is no part"),
        );
    }
}

/// Segments of one list that are kept.
const SEGMENTS: usize = 1 << 17;
