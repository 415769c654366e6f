//! Input that no timeline gives.

use bytes::Bytes;
use media_core::packet::{Key, Packet};
use media_core::segment::{Config, Format, Output, Segmenter};
use media_core::time::Timestamp;
use media_core::timeline;
use proptest::prelude::*;

use crate::made_up;
use crate::stream::{SECOND, camera, id, pictures, sound, tracks};

#[test]
fn trap_30_a_track_that_never_comes_holds_nothing_up() {
    // No clause: a second track that is announced and never sends must not be waited for without limit.
    for part in [None, Some(SECOND / 5)] {
        let mut segmenter = Segmenter::new(Config { part, ..Config::new(2 * SECOND) });
        segmenter.push(tracks([pictures(), sound()])).unwrap();
        let mut newest = 0;
        for (at, output) in camera(0..60_000, 2000) {
            segmenter.push(output).unwrap();
            while let Some(output) = segmenter.poll() {
                if let Output::Cut(cut) = output {
                    assert!(cut.segments[1].gap && !cut.segments[0].gap);
                    newest =
                        cut.segments[0].start.ticks() / 90 - 10_000 + cut.segments[0].duration as i64 / 90;
                }
            }
            assert!(at - newest <= 2000 + 340, "at {at} all up to {newest} is out");
        }
    }
}

#[test]
fn trap_30_memory_is_bounded_when_pictures_stop() {
    // Pictures stop, sound goes on and comes in packets of a kilobyte: what is held stays below what the configuration allows.
    let max_bytes = 100_000;
    for format in [Format::Fmp4, Format::MpegTs, Format::Webm] {
        let config = Config { format, max_bytes, part: Some(SECOND / 5), ..Config::new(3600 * SECOND) };
        let mut segmenter = Segmenter::new(config);
        segmenter.push(tracks([made_up::h264(1), made_up::aac(2, 48_000)])).unwrap();
        let picture = made_up::picture(&made_up::h264(1), 900_000, 900_000, Key::Closed, 1000);
        segmenter.push(timeline::Output::Packet(picture)).unwrap();
        let mut held = 1000;
        for n in 0..5000 {
            let frame = made_up::frame(&made_up::aac(2, 48_000), 480_000 + n * 1024, 1000);
            segmenter.push(timeline::Output::Packet(frame)).unwrap();
            held += 1000;
            while let Some(output) = segmenter.poll() {
                if let Output::Cut(cut) = output {
                    let payload =
                        cut.segments.iter().map(|segment| segment.rope.len() / 1000 * 1000).sum::<u64>();
                    held -= payload.min(held);
                }
            }
            assert!(held <= 2 * max_bytes as u64, "{held} at frame {n} of {format:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any stamps, any configuration: errors at most, no panic, and few outputs.
    #[test]
    fn trap_30_no_stamps_and_no_configuration_do_harm(
        packets in prop::collection::vec(
            (any::<bool>(), prop_oneof![any::<i64>(), 0..2_000_000_i64], -10..1000_i64, prop::option::of(any::<u32>()), 0..4_u8),
            1..60,
        ),
        target in prop_oneof![any::<i64>(), 0..4_000_000_000_i64],
        target_duration in prop_oneof![any::<u32>(), 0..6_u32],
        part in prop::option::of(prop_oneof![any::<i64>(), 0..1_000_000_000_i64]),
        lag in prop_oneof![any::<i64>(), 0..1_000_000_000_i64],
        limits in (0..5000_usize, 0..50_usize),
        format in prop::sample::select(vec![Format::Fmp4, Format::MpegTs, Format::Webm]),
    ) {
        let mut config = Config { target_duration: target_duration.min(86_400), part, format, ..Config::new(target) };
        (config.target, config.follower_lag) = (target, lag);
        (config.max_bytes, config.max_packets) = limits;
        let mut segmenter = Segmenter::new(config);
        segmenter.push(tracks([made_up::h264(1), made_up::aac(2, 48_000)])).unwrap();
        let sent = packets.len();
        for (index, (video, dts, lead, duration, key)) in packets.into_iter().enumerate() {
            let (track, lead) = if video { (1, lead) } else { (2, 0) };
            let key = [Key::Closed, Key::No, Key::Roll { pictures: 3 }, Key::No][usize::from(key)];
            let key = if video { key } else { Key::Closed };
            let data = if video { Bytes::from_static(b"\0\0\0\x02\x65\x11") } else { Bytes::from_static(&[7; 20]) };
            let (pts, dts) = (Timestamp::new(dts.saturating_add(lead)), Timestamp::new(dts));
            let packet = Packet { track: id(track), pts, dts, duration, key, data, wall: None };
            let _ = segmenter.push(timeline::Output::Packet(packet));
            if index == sent / 2 {
                let _ = segmenter.push(timeline::Output::Discontinuity);
            }
        }
        let outputs = std::iter::from_fn(|| segmenter.poll()).count();
        // While nothing comes, parts that are gaps: 256 at most behind a packet, and before the next.
        prop_assert!(outputs <= 520 * sent + 8, "{outputs} outputs of {sent} packets");
        let _ = segmenter.finish();
    }
}
