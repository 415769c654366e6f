//! WebM and Matroska: payloads as they are, PTS to the millisecond.

use media_core::check::webm::Checker;
use media_core::demux::Container;
use media_core::mux::webm::{Config, Layout};
use media_core::time::TimeBase;

use crate::compare::{Times, differences};
use crate::sources::{Differences, File, clean, errors, read_back};
use crate::write;

/// What is not the same, and why.
const KNOWN: &[(&str, &str)] = &[];

/// A file with cues at the end, one with cues at the front and a live stream in turn.
#[test]
fn matroska_holds_every_clean_file_to_the_millisecond() {
    let Some(files) = clean() else { return };
    let (mut found, mut count) = (Differences::default(), 0);
    for (number, file) in files.enumerate() {
        let layout = [Layout::CuesLast, Layout::CuesFirst { points: 20 }, Layout::Live][number % 3];
        let file = file.starting_at_zero();
        found.note(&file.name, KNOWN, same(&file, layout));
        count += 1;
    }
    println!("{count} files");
    found.none_but(KNOWN);
    assert!(count > 80, "{count} files");
}

fn same(file: &File, layout: Layout) -> Vec<String> {
    let bytes = match write::matroska(file, Config::new(layout)) {
        Ok(bytes) => bytes,
        Err(error) => return vec![format!("refused: {error}")],
    };
    let read = match read_back(Container::WebM, &bytes) {
        Ok(read) => read,
        Err(error) => return vec![format!("unread: {error}")],
    };
    let mut found = differences(file, &read, |index| index as u32 + 1, Times::Shown(TimeBase::hz(1000)));
    let mut checker = Checker::new();
    checker.push(&bytes);
    found.extend(errors(&checker.finish()));
    found
}
