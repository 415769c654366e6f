//! Every WebM, Matroska and transport stream file of the test media, broken ones and those of fuzzers among them: each ends in an error or in
//! packets that keep the rules, and no byte is read over and over.

use bytes::Bytes;
use media_core::demux::{Source, mpegts, webm};

use crate::probe;
use crate::read::read;
use crate::tools;

fn every(file: &Bytes) {
    let seekable = Source::Seekable { len: file.len() as u64 };
    for (source, size) in [(Source::Stream, 1000), (seekable, 65_536)] {
        read(webm::Demuxer::new(source), file, size).check();
        read(mpegts::Demuxer::new(source), file, size).check();
    }
}

#[test]
fn broken_files_are_errors_or_counted() {
    let Some(folder) = probe::folder() else { return };
    let mut count = 0;
    for below in ["broken", "derived", "fuzz"] {
        for path in tools::files(&folder.join(below)) {
            let file = Bytes::from(std::fs::read(&path).expect("a readable file"));
            if file.len() < 2_000_000 {
                every(&file);
                count += 1;
            }
        }
    }
    assert!(count > 400, "{count}");
}

/// What came of files that are damaged in known ways.
#[test]
fn recovery_is_counted() {
    let Some(folder) = probe::folder() else { return };
    let load = |name: &str| Bytes::from(std::fs::read(folder.join(name)).expect("a readable file"));
    let stream = |name: &str| {
        let mut counts = None;
        let read =
            crate::read::read_with(mpegts::Demuxer::new(Source::Stream), &load(name), 1000, |demuxer| {
                counts = Some(demuxer.counts());
            });
        (read.packets().count(), counts.expect("it was read"))
    };
    // Sixteen losses in thirty pictures.
    let (packets, counts) = stream("derived/ts-5pct-lost.ts");
    assert!(counts.losses > 0 && counts.damaged_units > 0, "{counts:?}");
    assert!((15..30).contains(&packets), "{packets}");
    // Cut off in the middle of a packet.
    let (packets, counts) = stream("derived/ts-cut-unaligned.ts");
    assert_eq!((packets, counts.total()), (11, 0));
    // A wrap of the clock is no damage.
    let (packets, counts) = stream("derived/pts-and-pcr-wrap_h264-b-frames.ts");
    assert_eq!((packets, counts.total()), (30, 0));
    // Cut off in a block.
    let read = read(webm::Demuxer::new(Source::Stream), &load("derived/trunc_sample.mkv"), 1000);
    assert_eq!((read.error.as_deref(), read.tracks().len()), (None, 2));
    assert!(read.packets().count() >= 8);
}
