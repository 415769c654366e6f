//! Every box of the header as literal bytes, laid out by hand from ISO/IEC 14496-12.

use super::super::hex::bytes;
use super::*;

fn video() -> SampleEntry {
    SampleEntry::Visual {
        format: b"avc1",
        size: (704, 576),
        pixel_aspect: (12, 11),
        colour: None,
        configuration: boxed(b"avcC", &[b"x"]),
    }
}

fn audio() -> SampleEntry {
    SampleEntry::Audio {
        format: b"mp4a",
        channels: 2,
        sample_size: 16,
        sample_rate: 48_000,
        configuration: boxed(b"esds", &[b"y"]),
    }
}

fn track() -> TrackId {
    TrackId::new(2).expect("2 is not zero")
}

#[test]
fn brands() {
    assert_eq!(
        ftyp(Kind::Video, Composition::Signed),
        bytes("00000018 'ftyp' 'iso6' 00000000 'iso6' 'cmf2'")
    );
    assert_eq!(
        ftyp(Kind::Audio, Composition::Unsigned),
        bytes("00000018 'ftyp' 'iso6' 00000000 'iso6' 'cmfc'")
    );
}

#[test]
fn no_cmaf_brand_without_cmaf_timing() {
    let expected = bytes("00000014 'ftyp' 'iso6' 00000000 'iso6'");
    assert_eq!(ftyp(Kind::Video, Composition::Unsigned), expected);
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
    assert_eq!(mvhd(track(), 90_000), expected);
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
    assert_eq!(tkhd(track(), &video()), expected);
    let sound = tkhd(track(), &audio());
    assert_eq!(sound[44..48], bytes("0100 0000"), "volume");
    assert_eq!(sound[84..], bytes("00000000 00000000"), "no size");
}

#[test]
fn priming_is_edited_out_to_the_end() {
    let expected = bytes(
        "00000024 'edts' 0000001c 'elst' 00000000
         00000001 00000000 00000400 00010000",
    );
    assert_eq!(edts(1024), expected);
    assert_eq!(edts(0), []);
}

#[test]
fn media_of_both_kinds() {
    let picture = bytes(
        "'mdia' 00000020 'mdhd' 00000000 00000000 00000000 00015f90 00000000 55c4 0000
         00000021 'hdlr' 00000000 00000000 'vide' 00000000 00000000 00000000 00",
    );
    assert_eq!(mdia(90_000, &video())[4..][..picture.len()], picture);
    let sound = bytes(
        "'mdia' 00000020 'mdhd' 00000000 00000000 00000000 0000bb80 00000000 55c4 0000
         00000021 'hdlr' 00000000 00000000 'soun' 00000000 00000000 00000000 00",
    );
    assert_eq!(mdia(48_000, &audio())[4..][..sound.len()], sound);
    let information = sound.len() + 4;
    let vmhd = bytes("'minf' 00000014 'vmhd' 00000001 00000000 00000000");
    assert_eq!(mdia(90_000, &video())[information + 4..][..vmhd.len()], vmhd);
    let smhd = bytes("'minf' 00000010 'smhd' 00000000 00000000");
    assert_eq!(mdia(48_000, &audio())[information + 4..][..smhd.len()], smhd);
}

#[test]
fn media_are_in_the_same_file() {
    let expected = bytes("00000024 'dinf' 0000001c 'dref' 00000000 00000001 0000000c 'url ' 00000001");
    assert_eq!(dinf(), expected);
}

#[test]
fn sample_tables_hold_an_entry_and_no_samples() {
    let entry = audio().to_box();
    let mut expected = bytes("00000089 'stbl' 0000003d 'stsd' 00000000 00000001");
    expected.extend_from_slice(&entry);
    expected.extend(bytes(
        "00000010 'stts' 00000000 00000000
         00000010 'stsc' 00000000 00000000
         00000014 'stsz' 00000000 00000000 00000000
         00000010 'stco' 00000000 00000000",
    ));
    assert_eq!(stbl(&audio()), expected);
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
    let header = header(track(), 48_000, 1024, &audio(), Composition::Signed);
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
