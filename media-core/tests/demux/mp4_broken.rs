//! Broken files: they end in an error or in counted recovery, having asked for some times their length at most.

use bytes::Bytes;
use media_core::demux::Source;
use media_core::demux::mp4::{Demuxer, Error, Faults};
use proptest::prelude::*;

use crate::mp4_files::clean_files;
use crate::mp4_writer::*;
use crate::tools::*;

/// Reads a file from both kinds of source and holds what it costs against its length.
fn bounded(name: &str, file: &Bytes) -> (Read, Result<(), Error>, Faults) {
    let len = file.len() as u64;
    let mut found = None;
    for source in [Source::Stream, seekable(file)] {
        let mut faults = Faults::default();
        let mut held = 0;
        let (read, result) = drive(Demuxer::new(source), file, (file.len() / 64).max(1024), |demuxer, _| {
            faults = *demuxer.faults();
            held = held.max(demuxer.held());
        });
        assert!(read.pushed <= 4 * len + 4096, "{name}: {} of {len} bytes pushed", read.pushed);
        assert!(held <= len, "{name}: {held} of {len} bytes held");
        let given: u64 = read.packets.iter().map(|packet| packet.data.len() as u64).sum();
        // Lengths of one byte become four.
        assert!(given <= 4 * (4 * len + 0x1_0000), "{name}: {given} of {len} bytes given");
        for packet in &read.packets {
            assert!(packet.dts <= packet.pts, "{name}");
            assert!(read.tracks.iter().any(|track| track.id == packet.track) || read.announced > 1, "{name}");
        }
        found = Some((read, result, faults));
    }
    found.expect("two were read")
}

fn check(name: &str, file: &Bytes) {
    let _ = bounded(name, file);
}

#[test]
fn every_broken_file_ends_within_bounds() {
    let Some(media) = media() else { return };
    let mut count = 0;
    for folder in ["broken", "derived", "fuzz", "fmp4", "streams"] {
        for path in files(&media.join(folder)) {
            let name = path.strip_prefix(&media).expect("in the folder").display().to_string();
            check(&name, &std::fs::read(path).expect("a readable file").into());
            count += 1;
        }
    }
    assert!(count > 550, "{count} files");
}

#[test]
fn what_is_wrong_with_broken_files_is_said_or_counted() {
    let Some(media) = media() else { return };
    let read = |name: &str| bounded(name, &std::fs::read(media.join(name)).expect("a file").into());
    // Cut in the middle of the media: what is there comes, the rest is counted.
    let (found, result, faults) = read("derived/trunc50-faststart_sample.mp4");
    assert_eq!((found.packets.len(), result, faults.beyond_end), (3, Ok(()), 72));
    let (found, result, faults) = read("derived/trunc-inside-2nd-moof.mp4");
    assert!(!found.packets.is_empty() && result.is_ok() && faults.boxes > 0);
    let (_, result, _) = read("derived/trunc50-moov-last_testvid.mp4");
    assert!(matches!(result, Err(Error::NoIndex { .. })));
    let (found, result, _) = read("derived/bitflip-seed1_sample_fragmented.mp4");
    assert_eq!((found.packets.len(), result), (76, Ok(())));
    let (_, result, _) = read("broken/invalid-codec.mp4");
    assert_eq!(result, Err(Error::NoTracks { skipped: 1 }));
    let (found, _, _) = read("broken/sample_missing_stsd.mp4");
    assert_eq!((found.tracks.len(), found.packets.len()), (1, 30));
    let (found, _, _) = read("broken/sample_unsupported_brands.mp4");
    assert_eq!(found.packets.len(), 75);
    let (_, result, faults) = read("broken/sample_malformed_free_box.mp4");
    assert!(result.is_err() && faults.boxes == 1);
}

#[test]
fn files_cut_off_anywhere_end_within_bounds() {
    let Some(media) = media() else { return };
    for (name, file) in clean_files(&media).into_iter().filter(|(_, file)| file.len() < 50_000) {
        for part in 1..8 {
            check(&name, &file.slice(..file.len() * part / 8));
        }
    }
}

#[test]
fn boxes_in_boxes_and_absurd_sizes_end_within_bounds() {
    let mut deep = Vec::new();
    for _ in 0..2000 {
        deep = bx(b"moov", &[&bx(b"trak", &[&deep])]);
    }
    let sizes = [0_u32, 1, 2, 7, 8, 9, 0x7fff_ffff, 0x8000_0000, u32::MAX];
    let index = File::sound(&[b"zero", b"one"]).bytes();
    check("deep", &deep.into());
    for at in (0..index.len() - 8).filter(|at| index[at + 4..at + 8].iter().all(u8::is_ascii_lowercase)) {
        for size in sizes {
            let mut file = index.to_vec();
            file[at..at + 4].copy_from_slice(&size.to_be_bytes());
            check("size", &file.into());
        }
    }
    for size in [0_u64, 15, 16, u64::from(u32::MAX) + 1, u64::MAX] {
        let large = [&[0, 0, 0, 1][..], b"moov", &size.to_be_bytes(), &index].concat();
        check("large", &large.into());
        let large = [&bx(b"ftyp", &[])[..], &[0, 0, 0, 1], b"moof", &size.to_be_bytes(), &index].concat();
        check("large", &large.into());
    }
}

/// Small files of all shapes.
pub(crate) fn seeds() -> Vec<Bytes> {
    let idr: &[u8] = b"\0\0\0\x05\x65\x88\x84\0\x10";
    let other: &[u8] = b"\0\0\0\x02\x41\x80";
    let pictures = File::pictures(&[idr, other, other, idr, other])
        .with(table(b"stss", 0, &[&[1], &[4]]))
        .with(table(b"ctts", 1, &[&[2, 100], &[3, 0]]))
        .with(full(b"sgpd", 1, 0, &[b"roll", &words(&[2, 1]), &[0, 7]]))
        .with(full(b"sbgp", 0, 0, &[b"roll", &words(&[2, 2, 0, 1, 1])]))
        .edited(&[(100, -1), (200, 100), (100, 300)]);
    let sound = File::sound(&[b"zero", b"one", b"two", b"three"]).edited(&[(2500, 1024)]);
    let mut fragments = File::sound(&[]);
    fragments.tables.clear();
    fragments.extends = bx(b"mvex", &[&full(b"trex", 0, 0, &[&words(&[1, 1, 1024, 3, 0])])]);
    let tfhd = full(b"tfhd", 0, 0x2_0018, &[&words(&[1, 500, 1])]);
    let tfdt = full(b"tfdt", 1, 0, &[&words(&[0, 100_000])]);
    let run = full(b"trun", 1, 0xf01, &[&words(&[2, 172, 1, 2, 3, 4, 5, 6, 7, 8])]);
    let moof = bx(b"moof", &[&bx(b"traf", &[&tfhd, &tfdt, &run])]);
    let size = moof.len() as u32 + 72;
    let sidx = [1, 48_000, 100_000, 0, 2, size, 1000, 0, size, 1000, 0];
    let sidx = full(b"sidx", 0, 0, &[&words(&sidx)]);
    let stream =
        [fragments.index(), sidx, moof.clone(), bx(b"mdat", &[&[7; 64]]), moof, bx(b"mdat", &[&[7; 64]])];
    vec![pictures.bytes(), sound.bytes(), stream.concat().into()]
}

proptest! {
    #[test]
    fn flipped_bits_end_within_bounds(seed in 0..3_usize, flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut file = seeds().swap_remove(seed).to_vec();
        for (at, value) in flips {
            let at = at.index(file.len());
            file[at] ^= value;
        }
        check("flipped", &file.into());
    }

    #[test]
    fn numbers_of_tables_replaced_end_within_bounds(
        seed in 0..3_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0x8000_0000), 0..300_u32]), 1..6),
    ) {
        let mut file = seeds().swap_remove(seed).to_vec();
        for (at, value) in changes {
            let at = at.index(file.len() / 4 - 1) * 4;
            file[at..at + 4].copy_from_slice(&value.to_be_bytes());
        }
        check("replaced", &file.into());
    }

    #[test]
    fn any_bytes_in_a_header_end_within_bounds(kind in prop::sample::select(vec![b"moov", b"moof", b"mdat", b"ftyp"]), body in prop::collection::vec(any::<u8>(), 0..300)) {
        check("any", &bx(kind, &[&body]).into());
    }

    #[test]
    fn cuts_and_small_pushes_give_the_same(seed in 0..3_usize, cut in any::<prop::sample::Index>(), step in 1..40_usize) {
        let file = seeds().swap_remove(seed);
        let file = file.slice(..cut.index(file.len()) + 1);
        for source in [Source::Stream, seekable(&file)] {
            let (small, first) = drive(Demuxer::new(source), &file, step, |_, _| {});
            let (large, second) = drive(Demuxer::new(source), &file, 1 << 20, |_, _| {});
            prop_assert_eq!((small.packets, small.tracks, first), (large.packets, large.tracks, second));
        }
    }
}
