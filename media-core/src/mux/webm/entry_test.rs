//! Track entries as literal bytes, laid out by hand from RFC 9559 section 5.1.4.1 and the codecs' mappings.

use super::*;
use crate::codec::{aac, opus, vp8};
use crate::mux::webm::hex::bytes;
use crate::track::{Language, TrackId};

fn track(base: TimeBase, codec: codec::Config) -> Track {
    Track::new(TrackId::new(258).expect("not zero"), base, codec)
}

fn written(entry: &TrackEntry) -> Vec<u8> {
    entry.to_element(3).expect("an entry")
}

#[test]
fn vp9_lists_its_features() {
    let mut parts = vp9::Parts::new(640, 360);
    parts.colour = Some(Colour { primaries: 9, transfer: 16, matrix: 9, full_range: false });
    let config = vp9::Config::from_parts(parts).expect("profile 0").with_frame_rate(30_000, 1001);
    let expected = bytes(
        "ae cd
           d7 81 03 73c5 82 0102 83 81 01 9c 81 00 22b59c 83 'und'
           23e383 84 01fd228b        # 33366667 ns
           86 85 'V_VP9'
           63a2 8c 010100 020115 030108 040101   # profile 0, level 2.1 for 6.9 million pixels a second, 8 bits, 4:2:0 colocated
           e0 9b b0 82 0280 ba 82 0168
             55b0 90 55b1 81 09 55b9 81 01 55ba 81 10 55bb 81 09",
    );
    let entry = written(&(&track(TimeBase::VIDEO, codec::Config::Vp9(config))).into());
    assert_eq!(entry[2..], expected[2..]);
    assert_eq!(entry[1], 0x80 | (entry.len() - 2) as u8);
}

#[test]
fn vp8_with_alpha_has_nothing_private() {
    let config = vp8::Config::new(176, 144).expect("a size");
    let track = track(TimeBase::VIDEO, codec::Config::Vp8(config));
    let entry = TrackEntry { alpha: true, ..TrackEntry::from(&track) };
    let expected = bytes(
        "ae b8
           d7 81 03 73c5 82 0102 83 81 01 9c 81 00 22b59c 83 'und'
           55ee 81 01
           86 85 'V_VP8'
           e0 8a b0 81 b0 ba 81 90 53c0 81 01",
    );
    assert_eq!(written(&entry)[2..], expected[2..]);
}

#[test]
fn opus_says_its_priming_twice() {
    let config = opus::Config::new(2).expect("stereo").with_pre_skip(9);
    let mut track = track(TimeBase::hz(48_000), codec::Config::Opus(config));
    track.priming = 312;
    let entry =
        TrackEntry { language: Some("gsw".into()), name: Some("Ton".into()), ..TrackEntry::from(&track) };
    let expected = bytes(
        "ae f0
           d7 81 03 73c5 82 0102 83 81 02 9c 81 00 22b59c 83 'und' 22b59d 83 'gsw' 536e 83 'Ton'
           86 86 'A_OPUS'
           63a2 93 'OpusHead' 01 02 3801 80bb0000 0000 00
           56aa 83 632ea0            # 6.5 ms
           56bb 84 04c4b400          # 80 ms
           e1 8d b5 88 40e7700000000000 9f 81 02",
    );
    assert_eq!(written(&entry)[2..], expected[2..]);
    assert_eq!(written(&entry)[1], 0x80 | (expected.len() - 2) as u8);
    track.priming = 65_536;
    let error = TrackEntry::from(&track).to_element(1).expect_err("17 bits");
    assert_eq!(error.to_string(), "priming of 65536 ticks, at most 65535 samples of Opus are possible");
}

/// RFC 9559 section 12: `Language` has the older of the two codes that German has.
#[test]
fn a_language_is_called_as_it_was_before_bcp_47() {
    let config = opus::Config::new(2).expect("stereo");
    let mut track = track(TimeBase::hz(48_000), codec::Config::Opus(config));
    let language = |track: &Track| written(&TrackEntry::from(track))[16..23].to_vec();
    assert_eq!(language(&track), bytes("22b59c 83 'und'"));
    track.language = Language::new(*b"deu");
    assert_eq!(language(&track), bytes("22b59c 83 'ger'"));
}

#[test]
fn he_aac_has_two_rates() {
    // ISO/IEC 14496-3 1.6.5.2: object type 5 on a core of 24 kHz that makes 48 kHz.
    let config = aac::Config::from_asc(&[0x2b, 0x11, 0x88, 0x00]).expect("HE-AAC");
    assert_eq!((config.core_sample_rate(), config.sample_rate()), (24_000, 48_000));
    let mut track = track(TimeBase::hz(48_000), codec::Config::Aac(config));
    track.priming = 48;
    let private = [&bytes("63a2")[..], &[0x80 | 4], &[0x2b, 0x11, 0x88, 0x00]].concat();
    let entry = written(&(&track).into());
    let expected = bytes(
        "23e383 84 028b0aab          # 2048 samples
         86 85 'A_AAC'",
    );
    let rest = bytes("56aa 83 0f4240 e1 98 b5 88 40d7700000000000 78b5 88 40e7700000000000 9f 81 02");
    assert_eq!(entry[entry.len() - rest.len()..], rest);
    let expected = [expected, private].concat();
    assert_eq!(entry[entry.len() - rest.len() - expected.len()..entry.len() - rest.len()], expected);
}

#[test]
fn high_dynamic_range() {
    let config = vp9::Config::from_parts(vp9::Parts::new(2, 2)).expect("profile 0");
    let track = track(TimeBase::VIDEO, codec::Config::Vp9(config));
    let plain = TrackEntry::from(&track);
    assert!(plain.colour().is_empty());
    let entry = TrackEntry {
        mastering_display: Some(MasteringDisplay::p3_d65(50, 10_000_000)),
        content_light: Some(ContentLight { max: 1000, max_average: 400 }),
        ..plain
    };
    // 0.68, 0.32, 0.265, 0.69, 0.15, 0.06, 0.3127, 0.329, 1000 and 0.005 as IEEE 754.
    let expected = bytes(
        "55b0 fb
           55bc 82 03e8 55bd 82 0190
           55d0 ee
             55d1 88 3fe5c28f5c28f5c3 55d2 88 3fd47ae147ae147b
             55d3 88 3fd0f5c28f5c28f6 55d4 88 3fe6147ae147ae14
             55d5 88 3fc3333333333333 55d6 88 3faeb851eb851eb8
             55d7 88 3fd40346dc5d6388
             55d8 88 3fd50e5604189375
             55d9 88 408f400000000000 55da 88 3f747ae147ae147b",
    );
    assert_eq!(entry.colour(), expected);
}

#[test]
fn pixels_that_are_not_square_are_shown_wider() {
    // 320x240 with aspect_ratio_idc 14, which is 4:3, and 30000/1001 pictures per second.
    let sps = b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x0e\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80";
    let sets = [&sps[..], b"\x68\xcb\x83\xcb\x20"].map(::bytes::Bytes::from_static);
    let config = codec::h264::Config::from_parameter_sets(&sets[..1], &sets[1..]).expect("parameter sets");
    let entry = TrackEntry::from(&track(TimeBase::VIDEO, codec::Config::H264(config.clone())));
    let expected = bytes("e0 90 b0 82 0140 ba 81 f0 54b0 82 01ab 54ba 81 f0");
    assert_eq!(entry.video(), expected);
    let private =
        [&bytes("86 8f 'V_MPEG4/ISO/AVC' 63a2")[..], &[0x80 | config.record().len() as u8], &config.record()];
    let entry = written(&entry);
    assert!(entry.ends_with(&[private.concat(), expected].concat()));
}
