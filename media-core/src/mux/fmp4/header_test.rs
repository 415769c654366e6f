//! Every box of the header as literal bytes, laid out by hand from ISO/IEC 14496-12.

use super::super::hex::bytes;
use super::*;
use crate::codec::{self, aac};
use crate::time::TimeBase;
use crate::track::Track;

fn video() -> Description {
    describe(
        90_000,
        SampleEntry::Visual {
            format: b"avc1",
            size: (704, 576),
            pixel_aspect: (12, 11),
            colour: None,
            light: Vec::new(),
            configuration: boxed(b"avcC", &[b"x"]),
        },
    )
}

fn audio() -> Description {
    describe(
        48_000,
        SampleEntry::Audio {
            format: b"mp4a",
            channels: 2,
            sample_size: 16,
            sample_rate: 48_000,
            configuration: boxed(b"esds", &[b"y"]),
        },
    )
}

fn describe(timescale: u32, entry: SampleEntry) -> Description {
    Description {
        id: track(),
        timescale,
        entry,
        rotation: Rotation::None,
        language: None,
        name: String::new(),
        preroll: None,
    }
}

fn track() -> TrackId {
    TrackId::new(2).expect("2 is not zero")
}

fn media(track: &Description) -> Vec<u8> {
    mdia(track, &Timing::default(), &[])
}

#[test]
fn movie_header_of_unknown_duration() {
    let expected = bytes(
        "0000006c 'mvhd' 00000000 00000000 00000000
         00015f90 00000000        # timescale 90000, no duration
         00010000 0100 0000 00000000 00000000
         00010000 00000000 00000000  00000000 00010000 00000000  00000000 00000000 40000000
         00000000 00000000 00000000 00000000 00000000 00000000
         00000003                 # next_track_ID",
    );
    assert_eq!(mvhd(3, 90_000, 0), expected);
}

#[test]
fn track_headers() {
    let expected = bytes(
        "0000005c 'tkhd' 00000007 00000000 00000000
         00000002 00000000 00000000
         00000000 00000000 0000 0000 0000 0000
         00010000 00000000 00000000  00000000 00010000 00000000  00000000 00000000 40000000
         03000000 02400000        # 704 * 12 / 11 = 768, 576",
    );
    assert_eq!(tkhd(&video(), 0), expected);
    let sound = tkhd(&audio(), 0);
    assert_eq!(sound[44..48], bytes("0100 0000"), "volume");
    assert_eq!(sound[84..], bytes("00000000 00000000"), "no size");
}

#[test]
fn priming_is_edited_out_to_the_end() {
    let expected = bytes(
        "00000024 'edts' 0000001c 'elst' 00000000
         00000001 00000000 00000400 00010000",
    );
    assert_eq!(edts(&Timing::in_fragments(1024).edits), expected);
    assert_eq!(edts(&Timing::in_fragments(0).edits), []);
}

#[test]
fn media_of_both_kinds() {
    let picture = bytes(
        "'mdia' 00000020 'mdhd' 00000000 00000000 00000000 00015f90 00000000 55c4 0000
         00000021 'hdlr' 00000000 00000000 'vide' 00000000 00000000 00000000 00",
    );
    assert_eq!(media(&video())[4..][..picture.len()], picture);
    let sound = bytes(
        "'mdia' 00000020 'mdhd' 00000000 00000000 00000000 0000bb80 00000000 55c4 0000
         00000021 'hdlr' 00000000 00000000 'soun' 00000000 00000000 00000000 00",
    );
    assert_eq!(media(&audio())[4..][..sound.len()], sound);
    let information = sound.len() + 4;
    let vmhd = bytes("'minf' 00000014 'vmhd' 00000001 00000000 00000000");
    assert_eq!(media(&video())[information + 4..][..vmhd.len()], vmhd);
    let smhd = bytes("'minf' 00000010 'smhd' 00000000 00000000");
    assert_eq!(media(&audio())[information + 4..][..smhd.len()], smhd);
}

#[test]
fn media_are_in_the_same_file() {
    let expected = bytes("00000024 'dinf' 0000001c 'dref' 00000000 00000001 0000000c 'url ' 00000001");
    assert_eq!(dinf(), expected);
}

#[test]
fn sample_tables_hold_an_entry_and_no_samples() {
    let entry = audio().entry.to_box();
    let mut expected = bytes("00000089 'stbl' 0000003d 'stsd' 00000000 00000001");
    expected.extend_from_slice(&entry);
    expected.extend(bytes(
        "00000010 'stts' 00000000 00000000
         00000010 'stsc' 00000000 00000000
         00000014 'stsz' 00000000 00000000 00000000
         00000010 'stco' 00000000 00000000",
    ));
    assert_eq!(stbl(&audio().entry, &no_samples()), expected);
}

#[test]
fn defaults_of_fragments() {
    let expected =
        |flags: &str| bytes(&format!("00000020 'trex' 00000000 00000002 00000001 00000000 00000000 {flags}"));
    assert_eq!(trex(track(), Kind::Video), expected("01010000"));
    assert_eq!(trex(track(), Kind::Audio), expected("02000000"));
}

#[test]
fn boxes_follow_each_other_as_cmaf_has_them() {
    let aac = codec::Config::Aac(aac::Config::new(48_000, 2).expect("AAC-LC"));
    let entry = TrackEntry::from(&Track::new(track(), TimeBase::hz(48_000), aac));
    let header = header(&Description::of(&entry).expect("a track"), &entry, 1024, Composition::Signed);
    let order = [
        "ftyp", "moov", "mvhd", "trak", "tkhd", "edts", "elst", "mdia", "mdhd", "hdlr", "minf", "smhd",
        "dinf", "stbl",
    ];
    let order =
        order.into_iter().chain(["stsd", "mp4a", "esds", "stts", "stsc", "stsz", "stco", "mvex", "trex"]);
    let mut at = 0;
    for kind in order {
        let found = header[at..].windows(4).position(|bytes| bytes == kind.as_bytes());
        at += found.unwrap_or_else(|| panic!("{kind} after byte {at}"));
    }
    assert!(!header.windows(4).any(|kind| kind == b"mehd"));
}

#[test]
fn durations_of_more_than_32_bits_make_version_1() {
    let long = mvhd(3, 90_000, 1 << 32);
    assert_eq!(long[..12], bytes("00000078 'mvhd' 01000000"));
    assert_eq!(long[28..40], bytes("00015f90 00000001 00000000"));
    // All bits set would say that nobody knows.
    assert_eq!(mvhd(3, 90_000, u32::MAX.into())[8], 1);
    assert_eq!(mvhd(3, 90_000, u64::from(u32::MAX) - 1)[8], 0);
    assert_eq!(tkhd(&video(), 1 << 32)[..12], bytes("00000068 'tkhd' 01000007"));
    let timing = Timing { media_duration: 1 << 40, ..Timing::default() };
    assert_eq!(mdia(&audio(), &timing, &[])[8..20], bytes("0000002c 'mdhd' 01000000"));
}

#[test]
fn trap_04_edits_count_in_ticks_of_the_movie_and_begin_in_ticks_of_the_track() {
    // 14496-12 8.6.6: an empty edit has media_time -1.
    let edits = [Edit { duration: 600, media_time: -1 }, Edit { duration: 1200, media_time: 1024 }];
    let expected = bytes(
        "00000030 'edts' 00000028 'elst' 00000000 00000002
         00000258 ffffffff 00010000
         000004b0 00000400 00010000",
    );
    assert_eq!(edts(&edits), expected);
    let wide = edts(&[Edit { duration: 1 << 32, media_time: 1 << 31 }]);
    let expected = bytes(
        "0000002c 'edts' 00000024 'elst' 01000000 00000001
         00000001 00000000 00000000 80000000 00010000",
    );
    assert_eq!(wide, expected);
}

#[test]
fn rotated_pictures_stay_where_they_are() {
    let turned = |rotation| tkhd(&Description { rotation, ..video() }, 0)[48..84].to_vec();
    let quarter = bytes("00000000 00010000 00000000  ffff0000 00000000 00000000  02400000 00000000 40000000");
    assert_eq!(turned(Rotation::Quarter), quarter);
    let half = bytes("ffff0000 00000000 00000000  00000000 ffff0000 00000000  03000000 02400000 40000000");
    assert_eq!(turned(Rotation::Half), half);
    let three = bytes("00000000 ffff0000 00000000  00010000 00000000 00000000  00000000 03000000 40000000");
    assert_eq!(turned(Rotation::ThreeQuarters), three);
}

#[test]
fn languages_have_five_bits_a_letter() {
    let language = Language::new(*b"deu");
    assert_eq!(super::language(language), bytes("10b5")[..]);
    assert_eq!(super::language(None), bytes("55c4")[..]);
}
