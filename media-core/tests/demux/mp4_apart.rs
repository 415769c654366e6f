//! Tracks whose samples lie far apart: what is held stays bounded, and what is read is little more than the file.

use bytes::Bytes;
use media_core::demux::mp4::{Demuxer, Faults};
use media_core::demux::{Container, Demux, Source};

use crate::mp4_writer::*;
use crate::tools::*;

/// A file with its index first, and two tracks of 48 samples of a megabyte: all of one, then all of the other.
fn file() -> Bytes {
    let sample = vec![7_u8; 1 << 20];
    let sounds = File::sound(&vec![&sample[..]; 48]);
    let index = |at: u32| {
        let offsets: Vec<u32> = (0..48).map(|number| at + (number << 20)).collect();
        sounds.clone().with(full(b"stco", 0, 0, &[&words(&[48]), &words(&offsets)])).index()
    };
    let trak_of = |index: &[u8], id: u8| {
        let at = index.windows(4).position(|kind| kind == b"trak").expect("a track") - 4;
        let mut trak = index[at..].to_vec();
        let tkhd = trak.windows(4).position(|kind| kind == b"tkhd").expect("its header");
        trak[tkhd + 4 + 4 + 8 + 3] = id;
        trak
    };
    let mvhd = |index: &[u8]| index[8..8 + 108].to_vec();
    let moov = |at: u32| {
        let (first, second) = (index(at), index(at + (48 << 20)));
        bx(b"moov", &[&mvhd(&first), &trak_of(&first, 1), &trak_of(&second, 2)])
    };
    let at = moov(0).len() as u32 + 8;
    [moov(at), bx(b"mdat", &[&sample.repeat(96)])].concat().into()
}

#[test]
fn tracks_far_apart_are_read_within_bounds() {
    let file = file();
    for source in [seekable(&file), Source::Stream] {
        let (mut held, mut faults) = (0, Faults::default());
        let (read, result) = drive(Demuxer::new(source), &file, 1 << 18, |demuxer, _| {
            held = held.max(demuxer.held());
            faults = *demuxer.faults();
        });
        assert_eq!((result, read.packets.len()), (Ok(()), 96), "{source:?}");
        assert!(held <= 36 << 20, "{held} bytes held");
        assert!(read.pushed <= file.len() as u64 * 5 / 4, "{} bytes pushed", read.pushed);
        let orderly = read.packets.windows(2).all(|pair| pair[0].dts <= pair[1].dts);
        // A stream cannot hold all of one track until the other comes: it gives out what it must, and says so.
        assert_eq!((orderly, faults.interleave > 0), (source != Source::Stream, source == Source::Stream));
    }
}

#[test]
fn any_demuxer_reads_it_as_its_own() {
    let file = File::sound(&[b"one", b"two"]).bytes();
    let container = Container::sniff(&file).expect("MP4");
    let demuxer = media_core::demux::Demuxer::new(container, seekable(&file));
    assert_eq!(demuxer.wants(), Some(0));
    let (read, result) = drive(demuxer, &file, 10, |_, _| {});
    assert_eq!((result, read.packets), (Ok(()), read_mp4(&file).packets));
}
