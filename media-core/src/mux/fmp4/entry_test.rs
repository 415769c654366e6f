//! Sample entries as literal bytes, laid out by hand from ISO/IEC 14496-12 12.1.3 to 12.1.5 and 12.2.3, and 14496-1 7.2.6.

use super::super::hex::bytes;
use super::*;

fn visual(pixel_aspect: (u32, u32), colour: Option<Colour>) -> SampleEntry {
    let configuration = boxed(b"avcC", &[b"\x01\x64"]);
    SampleEntry::Visual { format: b"avc1", size: (640, 360), pixel_aspect, colour, configuration }
}

#[test]
fn pictures() {
    let colour = Colour { primaries: 9, transfer: 16, matrix: 9, full_range: true };
    let expected = bytes(
        "00000083 'avc1' 00000000 0000 0001
         00000000 00000000 00000000 00000000
         0280 0168 00480000 00480000 00000000 0001
         00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
         0018 ffff
         0000000a 'avcC' 0164
         00000010 'pasp' 00000040 0000002d
         00000013 'colr' 'nclx' 0009 0010 0009 80",
    );
    assert_eq!(visual((64, 45), Some(colour)).to_box(), expected);
    let plain = visual((1, 1), None).to_box();
    assert_eq!(plain[4..], expected[4..0x60]);
    assert_eq!(plain[..4], bytes("00000060"));
}

#[test]
fn pictures_are_stretched_to_square_pixels() {
    assert_eq!(visual((1, 1), None).shown_size(), (640 << 16, 360 << 16));
    assert_eq!(visual((4, 3), None).shown_size(), (0x0355_5555, 360 << 16));
    assert_eq!(visual((u32::MAX, 1), None).shown_size(), (u32::MAX, 360 << 16));
}

#[test]
fn sound() {
    let entry = SampleEntry::Audio {
        format: b"Opus",
        channels: 6,
        sample_rate: 48_000,
        configuration: boxed(b"dOps", &[b"z"]),
    };
    let expected = bytes(
        "0000002d 'Opus' 00000000 0000 0001
         00000000 00000000
         0006 0010 0000 0000 bb80 0000
         00000009 'dOps' 7a",
    );
    assert_eq!(entry.to_box(), expected);
}

#[test]
fn a_rate_above_16_bits_is_left_to_the_decoder_configuration() {
    let entry =
        SampleEntry::Audio { format: b"mp4a", channels: 2, sample_rate: 96_000, configuration: Vec::new() };
    assert_eq!(entry.to_box()[32..], bytes("0000 0000"));
}

#[test]
fn elementary_stream_descriptor() {
    // AudioSpecificConfig 1190: AAC-LC, 48 kHz, stereo.
    let expected = bytes(
        "00000027 'esds' 00000000
         03 19 0000 00
           04 11 40 15 000000 00000000 00000000
             05 02 1190
           06 01 02",
    );
    assert_eq!(esds(0x40, &descriptor(0x05, &[&[0x11, 0x90]])), expected);
}

#[test]
fn long_descriptors_have_long_lengths() {
    assert_eq!(descriptor(5, &[&[0; 127]])[..2], bytes("05 7f"));
    assert_eq!(descriptor(5, &[&[0; 128]])[..3], bytes("05 8100"));
    assert_eq!(descriptor(5, &[&[0; 0x4000]])[..4], bytes("05 818000"));
}

fn entry(codec: codec::Config) -> Vec<u8> {
    SampleEntry::of(&codec).expect("an entry").to_box()
}

#[test]
fn opus_is_big_endian() {
    let config = opus::Config::new(2).expect("stereo").with_pre_skip(312);
    let expected = bytes(
        "00000037 'Opus' 00000000 0000 0001
         00000000 00000000
         0002 0010 0000 0000 bb80 0000
         00000013 'dOps' 00 02 0138 0000bb80 0000 00",
    );
    assert_eq!(entry(codec::Config::Opus(config)), expected);
}

#[test]
fn vp9_colours_agree_in_both_boxes() {
    let mut parts = codec::vp9::Parts::new(320, 240);
    parts.colour = Some(Colour { primaries: 1, transfer: 13, matrix: 1, full_range: false });
    let config = codec::vp9::Config::from_parts(parts).expect("profile 0");
    let expected = bytes(
        "0000007d 'vp09' 00000000 0000 0001
         00000000 00000000 00000000 00000000
         0140 00f0 00480000 00480000 00000000 0001
         00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
         0018 ffff
         00000014 'vpcC' 01000000 00 14 82 01 0d 01 0000   # level 2.0 for 76800 pixels, 8 bits, 4:2:0 colocated
         00000013 'colr' 'nclx' 0001 000d 0001 00",
    );
    assert_eq!(entry(codec::Config::Vp9(config)), expected);
    let plain = codec::vp9::Config::from_parts(codec::vp9::Parts::new(320, 240)).expect("profile 0");
    assert!(!entry(codec::Config::Vp9(plain)).windows(4).any(|kind| kind == b"colr"));
}

#[test]
fn vp8_has_an_entry() {
    let config = codec::vp8::Config::new(176, 144).expect("a size");
    let expected = bytes("00000014 'vpcC' 01000000 00 0a 82 02 02 02 0000");
    let entry = entry(codec::Config::Vp8(config));
    assert_eq!(entry[..8], bytes("0000006a 'vp08'"));
    assert_eq!(entry[86..], expected);
}

#[test]
fn pictures_of_more_than_16_bits_are_refused() {
    let parts = codec::vp9::Parts::new(65_536, 16);
    let config = codec::Config::Vp9(codec::vp9::Config::from_parts(parts).expect("the largest VP9"));
    let error = SampleEntry::of(&config).expect_err("too wide");
    assert_eq!(error.to_string(), "pictures of 65536x16, at most 65535x65535 are possible");
}

#[test]
fn opus_rolls_by_80_ms_of_its_shortest_packet() {
    let packets = |tocs: &[u8]| -> Vec<Packet> {
        let packet = |&toc: &u8| Packet {
            track: crate::track::TrackId::new(1).expect("1 is not zero"),
            pts: crate::time::Timestamp::ZERO,
            dts: crate::time::Timestamp::ZERO,
            duration: None,
            key: codec::Key::Closed,
            data: ::bytes::Bytes::copy_from_slice(&[toc << 3, 0]),
            wall: None,
        };
        tocs.iter().map(packet).collect()
    };
    // Configurations of RFC 6716 table 2: 1 is 20 ms, 0 is 10 ms, 3 is 60 ms, 16 is 2.5 ms.
    let distance = |tocs: &[u8]| Preroll::Opus.roll_distance(&packets(tocs));
    assert_eq!([distance(&[1]), distance(&[0]), distance(&[3]), distance(&[16])], [-4, -8, -2, -32]);
    assert_eq!(distance(&[3, 1, 3]), -4);
}
