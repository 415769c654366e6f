//! ISO base media files as they come.

use media_core::check::fmp4::Checker;
use media_core::check::{Report, Severity};
use media_core::codec::Key;
use media_core::mux::fmp4::Muxer;
use media_core::packet::Packet;
use media_core::time::Timestamp;
use media_core::track::{Kind, Track};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{made_up, media};

pub(crate) fn check(file: &[u8]) -> Report {
    let mut checker = Checker::new();
    checker.push(file);
    checker.finish()
}

/// What clean files break, and why it is so.
const BROKEN: &[(&str, &[&str])] = &[
    // Two parameter sets in one avc1 track: the resolution changes.
    ("mp4/400x300-red-resize-200x150-green.mp4", &["parameter-sets-changed"]),
    // Headers of files, without their media: cut by whoever made fixtures of them.
    ("fmp4/av1.mp4", &["data-offset"]),
    // Two tracks under brand cmfc; fragments of two files one after the other.
    ("fmp4/bbb.mp4", &["cmaf", "data-offset", "sequence-number", "tfdt-overlap"]),
    ("fmp4/esds.mp4", &["cmaf", "data-offset", "truncated"]),
    ("fmp4/h264.mp4", &["cmaf", "data-offset"]),
    ("fmp4/h264_avcc_ext_2.mp4", &["truncated"]),
    ("fmp4/h264_encrypted_segment.mp4", &["sidx-offset"]),
    ("fmp4/hevc.mp4", &["data-offset"]),
    ("fmp4/vp9.mp4", &["data-offset", "sidx-offset"]),
    // Its second random access point says byte 0, where `ftyp` is.
    ("fmp4/test-boxes-audio.mp4", &["tfra"]),
    // No roll groups, and fragments that are all number 0.
    ("fmp4/sample_opus_fragmented.mp4", &["roll-missing", "sequence-number"]),
];

#[test]
fn clean_files_break_no_rule_but_those_they_truly_break() {
    for folder in ["mp4", "fmp4", "streams", "clips"] {
        let Some(root) = media::folder(folder) else { return };
        for path in media::files(&root, &["mp4", "m4s", "mov", "m4a", "cmfv", "cmfa"]) {
            let report = check(&std::fs::read(&path).expect("a readable file"));
            assert_eq!(media::unexpected(&path, &report, BROKEN), None);
        }
    }
}

#[test]
fn broken_files_are_told_apart() {
    let Some(root) = media::folder("broken") else { return };
    let of = |name: &str| {
        let file = std::fs::read(root.join("..").join(name)).expect("a readable file");
        media::errors(&check(&file))
    };
    assert_eq!(of("broken/sample_malformed_free_box.mp4"), ["box-size"]);
    assert_eq!(of("broken/sample_missing_stsd.mp4"), ["box-missing"]);
    assert_eq!(of("broken/sample_with_invalid_nalu.mp4"), ["nal-empty"]);
    assert_eq!(of("derived/trunc50-moov-last_testvid.mp4"), ["truncated"]);
    assert_eq!(of("derived/trunc50-faststart_sample.mp4"), ["chunk-offset", "truncated"]);
}

/// Every file there is, whatever it holds, also in pieces.
#[test]
fn nothing_that_is_pushed_panics() {
    for folder in ["broken", "derived", "fuzz", "fmp4"] {
        let Some(root) = media::folder(folder) else { return };
        let endings = ["mp4", "m4s", "webm", "mkv", "ts", "264", "bin", "", "mpd"];
        for path in media::files(&root, &endings) {
            let file = std::fs::read(&path).expect("a readable file");
            let whole = check(&file);
            let mut pieces = Checker::new();
            file.chunks(997).for_each(|piece| pieces.push(piece));
            assert_eq!(pieces.finish().findings(), whole.findings(), "{}", path.display());
        }
    }
}

/// A file of one track, cut into fragments of so many packets.
pub(crate) fn mux(track: &Track, packets: &[Packet], step: i64, per_fragment: &[usize]) -> Vec<u8> {
    let mut muxer = Muxer::new(track).expect("a muxer");
    let mut file = muxer.init().to_vec();
    let mut rest = packets;
    for count in per_fragment.iter().cycle() {
        let (own, after) = rest.split_at(rest.len().min(*count));
        let last = own.last().expect("a packet").dts.ticks();
        let end = after.first().map_or(Timestamp::new(last + step), |next| next.dts);
        file.extend_from_slice(&muxer.fragment(own, end).expect("a fragment").to_bytes());
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_our_muxer_writes_breaks_no_rule(
        which in 0..4_usize,
        steps in vec((1..9000_i64, 0..4_i64, 2..200_usize, 0..6_u8), 1..60),
        per_fragment in vec(1..20_usize, 1..8),
        start in 0..1_i64 << 40,
        priming in 0..4000_u32,
    ) {
        let mut track = [made_up::h264(1), made_up::h265(2), made_up::aac(3, 44_100), made_up::opus(4)][which].clone();
        if track.kind() == Kind::Audio {
            track.priming = priming;
        }
        let mut dts = start;
        let packets: Vec<Packet> = steps.iter().enumerate().map(|(index, (duration, ahead, len, key))| {
            let key = if index == 0 || *key == 0 { Key::Closed } else { Key::No };
            let packet = match track.kind() {
                Kind::Video => made_up::picture(&track, dts + ahead * 3000, dts, key, *len),
                Kind::Audio => made_up::frame(&track, dts, *len),
            };
            dts += if track.kind() == Kind::Video { *duration } else { 960 };
            packet
        }).collect();
        let report = check(&mux(&track, &packets, 1024, &per_fragment));
        prop_assert!(report.worst() < Some(Severity::Warning) || only_priming(&report), "{}", media::told(&report));
    }
}

/// Priming and pre-skip are two numbers of a track: these scripts choose one of them only.
fn only_priming(report: &Report) -> bool {
    report.counts().all(|(rule, _)| rule.name == "pre-skip-edit")
}
