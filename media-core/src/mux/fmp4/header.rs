//! `ftyp` and `moov` of a CMAF header, ISO/IEC 23000-19 7.3.1.

use bytes::Bytes;

use super::Composition;
use super::boxes::{boxed, full_box};
use super::entry::SampleEntry;
use super::fragment::default_flags;
use crate::track::{Kind, TrackId};

/// The header of a file with one track; `timescale` in ticks per second, `priming` in those ticks.
pub(super) fn header(
    track: TrackId,
    timescale: u32,
    priming: i32,
    entry: &SampleEntry,
    composition: Composition,
) -> Bytes {
    let moov = boxed(
        b"moov",
        &[
            &mvhd(track, timescale),
            &boxed(b"trak", &[&tkhd(track, entry), &edts(priming), &mdia(timescale, entry)]),
            &boxed(b"mvex", &[&trex(track, entry.kind())]),
        ],
    );
    [ftyp(entry.kind(), composition), moov].concat().into()
}

/// `iso6` has everything used here (`tfdt`, `default-base-is-moof`, groups of a fragment's own). `cmf2` stands for signed composition
/// offsets without an edit list, `cmfc` for the edit list that sound may have.
fn ftyp(kind: Kind, composition: Composition) -> Vec<u8> {
    let cmaf: &[u8] = match (kind, composition) {
        (Kind::Audio, _) => b"cmfc",
        (Kind::Video, Composition::Signed) => b"cmf2",
        (Kind::Video, Composition::Unsigned) => b"",
    };
    boxed(b"ftyp", &[b"iso6", &0_u32.to_be_bytes(), b"iso6", cmaf])
}

fn mvhd(track: TrackId, timescale: u32) -> Vec<u8> {
    let next_track = track.get().saturating_add(1);
    full_box(
        b"mvhd",
        0,
        0,
        &[
            &[0; 8], // creation and modification time: not said
            &timescale.to_be_bytes(),
            &[0; 4],                               // duration: not known
            &0x0001_0000_u32.to_be_bytes(),        // rate 1.0
            &[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // volume 1.0, reserved
            &MATRIX,
            &[0; 24], // pre_defined
            &next_track.to_be_bytes(),
        ],
    )
}

fn tkhd(track: TrackId, entry: &SampleEntry) -> Vec<u8> {
    let (width, height) = entry.shown_size();
    let volume: [u8; 2] = match entry.kind() {
        Kind::Video => [0, 0],
        Kind::Audio => [1, 0],
    };
    full_box(
        b"tkhd",
        0,
        ENABLED | IN_MOVIE | IN_PREVIEW,
        &[
            &[0; 8],
            &track.get().to_be_bytes(),
            &[0; 8],  // reserved, duration
            &[0; 12], // reserved, layer, alternate_group
            &volume,
            &[0; 2],
            &MATRIX,
            &width.to_be_bytes(),
            &height.to_be_bytes(),
        ],
    )
}

/// The edit that leaves out the priming and lasts to the end, 14496-12 8.6.6; nothing without priming.
fn edts(priming: i32) -> Vec<u8> {
    if priming == 0 {
        return Vec::new();
    }
    let edit = [1, 0, priming as u32, 0x0001_0000].map(u32::to_be_bytes); // count, duration, media_time, rate 1.0
    boxed(b"edts", &[&full_box(b"elst", 0, 0, &[edit.as_flattened()])])
}

fn mdia(timescale: u32, entry: &SampleEntry) -> Vec<u8> {
    let (handler, media_header) = match entry.kind() {
        Kind::Video => (b"vide", full_box(b"vmhd", 0, 1, &[&[0; 8]])),
        Kind::Audio => (b"soun", full_box(b"smhd", 0, 0, &[&[0; 4]])),
    };
    let mdhd = full_box(b"mdhd", 0, 0, &[&[0; 8], &timescale.to_be_bytes(), &[0; 4], &UNDETERMINED, &[0; 2]]);
    let hdlr = full_box(b"hdlr", 0, 0, &[&[0; 4], handler, &[0; 12], b"\0"]);
    boxed(b"mdia", &[&mdhd, &hdlr, &boxed(b"minf", &[&media_header, &dinf(), &stbl(entry)])])
}

/// The media are in this file.
fn dinf() -> Vec<u8> {
    let url = full_box(b"url ", 0, 1, &[]);
    boxed(b"dinf", &[&full_box(b"dref", 0, 0, &[&1_u32.to_be_bytes(), &url])])
}

/// A sample table without samples: those are in the fragments.
fn stbl(entry: &SampleEntry) -> Vec<u8> {
    boxed(
        b"stbl",
        &[
            &full_box(b"stsd", 0, 0, &[&1_u32.to_be_bytes(), &entry.to_box()]),
            &full_box(b"stts", 0, 0, &[&[0; 4]]),
            &full_box(b"stsc", 0, 0, &[&[0; 4]]),
            &full_box(b"stsz", 0, 0, &[&[0; 8]]),
            &full_box(b"stco", 0, 0, &[&[0; 4]]),
        ],
    )
}

fn trex(track: TrackId, kind: Kind) -> Vec<u8> {
    let fields = [track.get(), 1, 0, 0, default_flags(kind)].map(u32::to_be_bytes);
    full_box(b"trex", 0, 0, &[fields.as_flattened()])
}

/// The unity matrix in 16.16 and 2.30 fixed point.
const MATRIX: [u8; 36] = {
    let mut matrix = [0; 36];
    matrix[1] = 1;
    matrix[17] = 1;
    matrix[32] = 0x40;
    matrix
};

/// `und`, three letters of 5 bits.
const UNDETERMINED: [u8; 2] = 0x55c4_u16.to_be_bytes();

/// Flags of `tkhd`, 8.3.2.
const ENABLED: u32 = 1;
const IN_MOVIE: u32 = 2;
const IN_PREVIEW: u32 = 4;

#[cfg(test)]
#[path = "header_test.rs"]
mod tests;
