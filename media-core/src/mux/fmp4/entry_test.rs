//! Sample entries as literal bytes, laid out by hand from ISO/IEC 14496-12 12.1.3 to 12.1.5 and 12.2.3, and 14496-1 7.2.6.

use super::super::hex::bytes;
use super::*;

fn visual(pixel_aspect: Option<(u32, u32)>, colour: Option<Colour>) -> SampleEntry {
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
    assert_eq!(visual(Some((64, 45)), Some(colour)).to_box(), expected);
    let plain = visual(None, None).to_box();
    assert_eq!(plain[4..], expected[4..0x60]);
    assert_eq!(plain[..4], bytes("00000060"));
}

#[test]
fn pictures_are_stretched_to_square_pixels() {
    assert_eq!(visual(None, None).shown_size(), (640 << 16, 360 << 16));
    assert_eq!(visual(Some((4, 3)), None).shown_size(), (0x0355_5555, 360 << 16));
    assert_eq!(visual(Some((u32::MAX, 1)), None).shown_size(), (u32::MAX, 360 << 16));
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
    assert_eq!(esds(&[0x11, 0x90]), expected);
}

#[test]
fn long_descriptors_have_long_lengths() {
    assert_eq!(descriptor(5, &[&[0; 127]])[..2], bytes("05 7f"));
    assert_eq!(descriptor(5, &[&[0; 128]])[..3], bytes("05 8100"));
    assert_eq!(descriptor(5, &[&[0; 0x4000]])[..4], bytes("05 818000"));
}
