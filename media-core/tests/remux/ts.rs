//! MPEG transport streams: access units as they are, PTS and DTS to the tick of 90 kHz.

use media_core::check::mpegts::Checker;
use media_core::codec::Format;
use media_core::demux::Container;
use media_core::mux::mpegts::Config;

use crate::compare::{Times, differences};
use crate::sources::{Differences, File, clean, errors, read_back};
use crate::write;

/// What is not the same, and why.
const KNOWN: &[(&str, &str)] = &[
    // One picture a second, and pictures that are not there: so it is in the file that was read.
    ("mp4/iibbibb_editlist_videoonly.mp4", "pts-gap"),
    ("ts/sample_h265_rps_pred.ts", "pts-gap"),
    ("streams/shaka/hls-ts-muxed-opus-h264-2880/segment.ts", "pts-gap"),
];

/// What a transport stream carries.
pub(crate) fn takes(format: Format) -> bool {
    use Format::{Aac, Ac3, Eac3, H264, H265, Mp3, Opus};
    matches!(format, H264 | H265 | Aac | Mp3 | Ac3 | Eac3 | Opus)
}

#[test]
fn a_transport_stream_holds_every_clean_file_it_has_a_coding_for() {
    let Some(files) = clean() else { return };
    let (mut found, mut count) = (Differences::default(), 0);
    for file in files.filter_map(|file| file.only(takes)) {
        let file = file.starting_at_zero();
        found.note(&file.name, KNOWN, same(&file));
        count += 1;
    }
    println!("{count} files");
    found.none_but(KNOWN);
    assert!(count > 50, "{count} files");
}

fn same(file: &File) -> Vec<String> {
    let bytes = match write::ts(file, Config::default()) {
        Ok(bytes) => bytes,
        Err(error) => return vec![format!("refused: {error}")],
    };
    let read = match read_back(Container::MpegTs, &bytes) {
        Ok(read) => read,
        Err(error) => return vec![format!("unread: {error}")],
    };
    let mut found = differences(file, &read, |index| index as u32 + 0x100, Times::Wrapping);
    let mut checker = Checker::new();
    checker.push(&bytes);
    found.extend(errors(&checker.finish()));
    found
}
