//! Sample entries as literal bytes, laid out by hand from ISO/IEC 14496-12 12.1.3 to 12.1.5 and 12.2.3, and 14496-1 7.2.6.

use super::super::hex::bytes;
use super::*;

fn visual(pixel_aspect: (u32, u32), colour: Option<Colour>) -> SampleEntry {
    let configuration = boxed(b"avcC", &[b"\x01\x64"]);
    SampleEntry::Visual {
        format: b"avc1",
        size: (640, 360),
        pixel_aspect,
        colour,
        light: Vec::new(),
        configuration,
    }
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
        sample_size: 16,
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
    let entry = SampleEntry::Audio {
        format: b"mp4a",
        channels: 2,
        sample_size: 16,
        sample_rate: 96_000,
        configuration: Vec::new(),
    };
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
fn av1_has_its_record_and_its_colour() {
    // Ten bits, BT.2020, PQ; 64x64.
    let record = b"\x81\x00\x4c\x00\x0a\x0d\0\0\0\x02\xaf\xff\x9b\x5f\x2a\x12\x20\x12\x08";
    let config = codec::av1::Config::from_record(record).expect("a record of libaom");
    let entry = entry(codec::Config::Av1(config));
    assert_eq!((&entry[4..8], &entry[32..36]), (&b"av01"[..], &[0, 64, 0, 64][..]));
    let expected = bytes(
        "0000001b 'av1C' 81 00 4c 00 0a0d 00000002afff9b5f2a12201208
         00000013 'colr' 'nclx' 0009 0010 0009 00",
    );
    assert_eq!(entry[86..], expected);
}

/// "Encapsulation of FLAC in ISO Base Media File Format" 3.3.1 and 3.3.2.
#[test]
fn flac_has_its_blocks_and_a_rate_that_fits() {
    let info = bytes("2000 2000 00031b 000893 177000f00000 4b00 6bb3628b7619c23d0d0023a4381f1a48");
    let blocks = [&bytes("80 000022")[..], &info[..34]].concat();
    let config = codec::flac::Config::from_record(&blocks).expect("96 kHz, mono");
    let expected = bytes(
        "00000056 'fLaC' 00000000 0000 0001 00000000 00000000 0001 0010 00000000 bb800000
         00000032 'dfLa' 00000000",
    );
    let entry = entry(codec::Config::Flac(config));
    assert_eq!(entry, [expected, blocks].concat());
}

/// ETSI TS 102 366 F.3 to F.6.
#[test]
fn ac3_has_what_its_frames_say() {
    let config = codec::ac3::Config::from_record(&bytes("10 3d e0")).expect("5.1");
    let expected = bytes(
        "0000002f 'ac-3' 00000000 0000 0001 00000000 00000000 0006 0010 00000000 bb800000
         0000000b 'dac3' 10 3d e0",
    );
    assert_eq!(entry(codec::Config::Ac3(config)), expected);
    // With joint object coding.
    let config = codec::ac3::EnhancedConfig::from_record(&bytes("07c0 200f00 0110")).expect("5.1");
    let expected = bytes(
        "00000033 'ec-3' 00000000 0000 0001 00000000 00000000 0006 0010 00000000 bb800000
         0000000f 'dec3' 07c0 200f00 0110",
    );
    assert_eq!(entry(codec::Config::Eac3(config)), expected);
}

/// ISO/IEC 14496-1 7.2.6.6 table 5: 0x6b is MPEG-1 audio, 0x69 MPEG-2; there is no DecoderSpecificInfo.
#[test]
fn mpeg_audio_is_told_by_its_object_type() {
    for (header, object_type, rate) in [("fffb9064", "6b", "ac44"), ("fff340c4", "69", "5622")] {
        let config = codec::mp3::Config::from_frame(&bytes(header)).expect("a header");
        let channels = config.channels();
        let expected = bytes(&format!(
            "00000047 'mp4a' 00000000 0000 0001 00000000 00000000 000{channels} 0010 00000000 {rate}0000
             00000023 'esds' 00000000 03 15 0000 00 04 0d {object_type} 15 000000 00000000 00000000 06 01 02"
        ));
        assert_eq!(entry(codec::Config::Mp3(config)), expected);
    }
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

#[test]
fn light_is_said_after_the_colours() {
    let display = MasteringDisplay::p3_d65(50, 10_000_000);
    let light = ContentLight { max: 1000, max_average: 400 };
    let codec = codec::Config::Vp9(
        crate::codec::vp9::Config::from_parts(crate::codec::vp9::Parts::new(16, 16)).expect("profile 0"),
    );
    let entry = SampleEntry::of(&codec).expect("an entry").with_light(Some(display), Some(light)).to_box();
    let expected = bytes(
        "00000020 'mdcv' 33c2 86c4  1d4c 0bb8  84d0 3e80  3d13 4042  00989680 00000032
         0000000c 'clli' 03e8 0190",
    );
    assert_eq!(entry[entry.len() - expected.len()..], expected);
}

#[test]
fn trap_10_sets_in_band_make_avc3_and_hev1_whose_arrays_are_not_complete() {
    // 14496-15 5.4.2.1.1 and 8.4.1.1: `avc1` and `hvc1` have all parameter sets in the sample entry.
    let entry = |format: &'static [u8; 4], configuration: Vec<u8>| SampleEntry::Visual {
        format,
        size: (16, 16),
        pixel_aspect: (1, 1),
        colour: None,
        light: Vec::new(),
        configuration,
    };
    let avc3 = entry(b"avc1", boxed(b"avcC", &[b"x"])).with_sets_in_band().to_box();
    assert_eq!(&avc3[4..8], b"avc3");
    let record = |complete: u8| {
        let arrays =
            [&[2, 0x20 | complete, 0, 1, 0, 3, 1, 2, 3, 0x21 | complete, 0, 2, 0, 1, 9, 0, 1, 8][..]];
        boxed(b"hvcC", &[&[&[0; 22], arrays[0]].concat()])
    };
    let hev1 = entry(b"hvc1", record(0x80)).with_sets_in_band().to_box();
    assert_eq!(&hev1[4..8], b"hev1");
    assert_eq!(hev1[hev1.len() - record(0).len()..], record(0));
    // A record cut short changes nothing beyond its end.
    let broken = record(0x80)[..40].to_vec();
    entry(b"hvc1", broken).with_sets_in_band();
}
