//! MP4: everything but what has no sample entry, to the tick.

use media_core::check::fmp4::Checker;
use media_core::codec::Format;
use media_core::demux::Container;
use media_core::mux::fmp4::Layout;

use crate::compare::{Times, differences};
use crate::sources::{Differences, File, clean, errors, read_back};
use crate::write;

/// What is not the same, and why.
const KNOWN: &[(&str, &str)] = &[
    // A recorded call: pictures come a second apart in the end while its sound goes on. A fragment does not wait that long, and how long its
    // last picture lasts is a guess.
    ("streams/shaka/hls-ts-muxed-opus-h264-2880/segment.ts", "Fragmented track 0 H264 duration"),
    ("streams/shaka/hls-ts-muxed-opus-h264-2880/segment.ts", "Fragmented tfdt-overlap"),
];

/// Vorbis has no sample entry that anyone registered.
pub(crate) fn takes(format: Format) -> bool {
    format != Format::Vorbis
}

/// Progressive and fragmented in turn, so that the test is short; each codec meets both.
#[test]
fn mp4_holds_every_clean_file_to_the_tick() {
    let Some(files) = clean() else { return };
    let (mut found, mut count) = (Differences::default(), 0);
    for (number, file) in files.filter_map(|file| file.only(takes)).enumerate() {
        let layout = if number % 2 == 0 { Layout::Progressive } else { Layout::Fragmented };
        found.note(&file.name, KNOWN, same(&file, layout));
        count += 1;
    }
    println!("{count} files");
    found.none_but(KNOWN);
    assert!(count > 75, "{count} files");
}

fn same(file: &File, layout: Layout) -> Vec<String> {
    let bytes = match write::mp4(file, layout) {
        Ok(bytes) => bytes,
        Err(error) => return vec![format!("{layout:?} refused: {error}")],
    };
    let read = match read_back(Container::Mp4, &bytes) {
        Ok(read) => read,
        Err(error) => return vec![format!("{layout:?} unread: {error}")],
    };
    let mut found = differences(file, &read, |index| file.tracks[index].id.get(), Times::Exact);
    let mut checker = Checker::new();
    checker.push(&bytes);
    found.extend(errors(&checker.finish()));
    found.iter().map(|what| format!("{layout:?} {what}")).collect()
}
