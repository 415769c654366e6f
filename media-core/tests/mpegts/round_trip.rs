//! Any script of packets, muxed and read back, is the same.

use media_core::check::mpegts::{Checker, rules};
use media_core::codec::{Config as Codec, Key};
use media_core::mux::mpegts::{Config, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::made_up;
use crate::transport::{self, Elementary, Transport};

/// One packet of a script.
#[derive(Clone, Debug)]
struct Step {
    /// Which track, by remainder.
    track: usize,
    /// After the packet before it, in milliseconds.
    after: i64,
    /// PTS after DTS, in milliseconds; pictures only.
    ahead: i64,
    key: Key,
    len: usize,
}

fn step() -> impl Strategy<Value = Step> {
    let after = prop_oneof![6 => 0..25_i64, 3 => 25..90_i64, 1 => 90..1900_i64];
    let ahead = prop_oneof![2 => Just(0_i64), 1 => 0..400_i64];
    let key = prop_oneof![
        4 => Just(Key::No),
        2 => Just(Key::Closed),
        1 => Just(Key::Open),
        1 => Just(Key::Roll { pictures: 9 })
    ];
    let len = prop_oneof![4 => 2..1000_usize, 2 => 2..8_usize, 1 => 1000..4000_usize, 1 => Just(0)];
    (0..4_usize, after, ahead, key, len).prop_map(|(track, after, ahead, key, len)| Step {
        track,
        after,
        ahead,
        key,
        len,
    })
}

fn tracks() -> impl Strategy<Value = Vec<Track>> {
    use made_up::{aac, h264, h265, opus};
    prop_oneof![
        Just(vec![h264(1), aac(2, 44_100)]),
        Just(vec![aac(1, 48_000)]),
        Just(vec![opus(7), h265(3), aac(5, 16_000)]),
        Just(vec![opus(1)]),
        Just(vec![h264(1), h265(2), opus(3), aac(4, 8000)]),
        Just(vec![h265(9)]),
    ]
}

/// The packets of a script, in the order of DTS, strictly increasing on each track.
fn packets(tracks: &[Track], start: i64, steps: &[Step]) -> Vec<Packet> {
    let millis = TimeBase::hz(1000);
    let (mut now, mut last) = (start, vec![i64::MIN; tracks.len()]);
    let packet = |step: &Step| {
        let at = step.track % tracks.len();
        let track = &tracks[at];
        now += step.after;
        let in_track = |time: i64| Timestamp::new(time).rescale(millis, track.time_base).ticks();
        while in_track(now) <= last[at] {
            now += 1;
        }
        last[at] = in_track(now);
        match track.kind() {
            Kind::Video => {
                made_up::picture(track, in_track(now + step.ahead), in_track(now), step.key, step.len)
            }
            Kind::Audio => made_up::frame(track, in_track(now), step.len),
        }
    };
    steps.iter().map(packet).collect()
}

/// A position of a track as 33 bits of 90 kHz.
fn stamp(track: &Track, time: Timestamp) -> u64 {
    time.rescale(track.time_base, TimeBase::VIDEO).ticks().rem_euclid(1 << 33) as u64
}

/// Compares what was read with what went in.
pub(crate) fn compare(transport: &Transport, tracks: &[Track], packets: &[Packet]) {
    for (number, track) in tracks.iter().enumerate() {
        let own: Vec<&Packet> =
            packets.iter().filter(|packet| packet.track == track.id && !packet.data.is_empty()).collect();
        let read = &transport.streams[&(0x100 + number as u16)];
        match track.kind() {
            Kind::Video => compare_pictures(read, track, &own),
            Kind::Audio => compare_sound(read, track, &own),
        }
    }
}

fn compare_pictures(read: &Elementary, track: &Track, own: &[&Packet]) {
    assert_eq!(read.pes.len(), own.len());
    for (pes, packet) in read.pes.iter().zip(own) {
        assert_eq!((pes.pts, pes.dts), (stamp(track, packet.pts), stamp(track, packet.dts)));
        assert_eq!(pes.random_access, packet.key.is_random_access());
        let nals = transport::nals(&pes.data);
        let (around, inside) = nals.split_at(nals.len() - made_up::nals(&packet.data).len());
        assert!(inside == made_up::nals(&packet.data));
        let sets = match &track.codec {
            Codec::H264(config) => [config.sps(), config.pps()].concat(),
            Codec::H265(config) => [config.vps(), config.sps(), config.pps()].concat(),
            other => panic!("{other:?}"),
        };
        let sets = if packet.key.is_random_access() { &sets[..] } else { &[] };
        assert_eq!(around[1..], *sets, "behind the delimiter the sets, at key pictures only");
    }
}

fn compare_sound(read: &Elementary, track: &Track, own: &[&Packet]) {
    let mut own = own.iter();
    for pes in &read.pes {
        let frames: Vec<&[u8]> = match &track.codec {
            Codec::Aac(_) => transport::adts(&pes.data).into_iter().map(|(_, frame)| frame).collect(),
            _ => transport::opus(&pes.data).into_iter().map(|(_, packet)| packet).collect(),
        };
        let first = own.clone().next().expect("a packet");
        assert_eq!(pes.pts, stamp(track, first.pts));
        assert!(own.by_ref().take(frames.len()).map(|packet| &packet.data[..]).eq(frames));
    }
    assert_eq!(own.next(), None);
}

/// At a constant rate clock references are exactly where the bytes put them.
pub(crate) fn check_rate(transport: &Transport, rate: u64) {
    let mut origin = None;
    for clock in &transport.clocks {
        if clock.discontinuity || origin.is_none() {
            origin = Some(*clock);
        }
        let origin = origin.expect("just set");
        let bytes = ((clock.packet - origin.packet) * 188) as u128;
        let expected = bytes * 8 * 27_000_000 / u128::from(rate);
        let passed = (clock.value + (300 << 33) - origin.value) % (300 << 33);
        assert!(u128::from(passed).abs_diff(expected) <= 1, "{passed} {expected}");
    }
}

proptest! {
    #[test]
    fn what_is_read_back_is_what_was_muxed(
        tracks in tracks(),
        steps in vec(step(), 1..60),
        cuts in vec((1..20_usize, any::<bool>()), 1..60),
        start in prop_oneof![Just(0_i64), -500..500_i64, (1_i64 << 33) / 90 - 1000..(1_i64 << 33) / 90],
        mux_rate in prop_oneof![3 => Just(None), 1 => Just(Some(3_000_000_u64))],
        audio_span in prop_oneof![Just(0_i64), Just(160_000_000), Just(500_000_000)],
    ) {
        let packets = packets(&tracks, start, &steps);
        let config = Config { mux_rate, audio_span, ..Config::default() };
        let mut muxer = Muxer::new(&tracks, config).expect("a muxer");
        let (mut transport, mut checker) = (Transport::default(), Checker::new());
        let mut rest = packets.as_slice();
        for (cut, segment) in cuts.iter().cycle() {
            let (own, after) = rest.split_at(rest.len().min(*cut));
            rest = after;
            if own.iter().all(|packet| packet.data.is_empty()) {
                prop_assert!(muxer.fragment(own).is_err());
            } else if *segment {
                let bytes = muxer.segment(own).expect("a segment");
                transport::check_segment(&bytes);
                transport.feed(&bytes);
                checker.segment();
                checker.push(&bytes);
            } else {
                let bytes = muxer.fragment(own).expect("a fragment");
                transport.feed(&bytes);
                checker.push(&bytes);
            }
            if rest.is_empty() {
                break;
            }
        }
        transport.end();
        // Scripts have gaps, and pictures that say they are key pictures and are not.
        let made_up = [&rules::PTS_GAP, &rules::RANDOM_ACCESS_FALSE, &rules::PSI_MISSING];
        let report = checker.finish();
        let found: Vec<_> = report.counts().filter(|(rule, _)| !made_up.contains(rule)).collect();
        prop_assert!(found.is_empty(), "{:?}", report.findings());
        if transport.packets > 0 {
            compare(&transport, &tracks, &packets);
        }
        if let Some(rate) = mux_rate {
            check_rate(&transport, rate);
        }
        prop_assert!(mux_rate.is_some() || transport.null_packets == 0);
    }

    #[test]
    fn arbitrary_times_are_refused_or_right(
        times in vec((any::<i64>(), any::<i64>()), 1..4),
        small in vec((-9000..900_000_i64, -10..900_000_i64), 0..6),
    ) {
        let track = made_up::h264(1);
        let mut muxer = Muxer::new(std::slice::from_ref(&track), Config::default()).expect("a muxer");
        let (mut transport, mut packets) = (Transport::default(), Vec::new());
        for (dts, ahead) in small.into_iter().chain(times) {
            let packet = made_up::picture(&track, dts.saturating_add(ahead), dts, Key::No, 9);
            if let Ok(bytes) = muxer.fragment(std::slice::from_ref(&packet)) {
                transport.feed(&bytes);
                packets.push(packet);
            }
        }
        transport.end();
        if !packets.is_empty() {
            compare(&transport, &[track], &packets);
        }
    }
}

/// Each length once, so that each way to end a packet comes: in full ones, and with any number of spare bytes.
#[test]
fn every_length_fits() {
    for track in [made_up::h264(1), made_up::h265(1), made_up::aac(1, 48_000), made_up::opus(1)] {
        for companion in [None, Some(made_up::h264(2))] {
            let tracks: Vec<Track> = [track.clone()].into_iter().chain(companion).collect();
            let mut muxer = Muxer::new(&tracks, Config::default()).expect("a muxer");
            let (mut transport, mut packets) = (Transport::default(), Vec::new());
            for len in 2..1000 {
                let dts = 1800 * len as i64;
                let packet = match track.kind() {
                    Kind::Video => made_up::picture(&track, dts, dts, Key::No, len),
                    Kind::Audio => made_up::frame(&track, dts, len),
                };
                transport.feed(&muxer.fragment(std::slice::from_ref(&packet)).expect("a fragment"));
                packets.push(packet);
            }
            transport.end();
            compare(&transport, &tracks[..1], &packets);
        }
    }
}

proptest! {
    // Constant rates make megabytes of nothing.
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// At any frame rate, from a picture in two seconds to a thousand in one, and of sound alone: the judge has nothing to say but that pictures are rare.
    #[test]
    fn the_clock_is_told_in_time_at_any_frame_rate(
        tracks in tracks(),
        interval in prop_oneof![90..9000_i64, 9000..180_000_i64, Just(90_000_i64)],
        count in 1..12_i64,
        len in 2..3000_usize,
        mux_rate in prop_oneof![2 => Just(None), 1 => Just(Some(6_000_000_u64))],
        whole in any::<bool>(),
    ) {
        let mut muxer = Muxer::new(&tracks, Config { mux_rate, ..Config::default() }).expect("a muxer");
        let mut packets = Vec::new();
        for track in &tracks {
            let ticks = |time: i64| Timestamp::new(time).rescale(TimeBase::VIDEO, track.time_base).ticks();
            packets.extend((0..count).map(|n| match track.kind() {
                Kind::Video => {
                    let key = if n == 0 { Key::Closed } else { Key::No };
                    made_up::picture(track, ticks(n * interval), ticks(n * interval), key, len)
                }
                Kind::Audio => made_up::frame(track, ticks(n * interval.max(9000)), len.min(500)),
            }));
        }
        packets.sort_by_key(|packet| {
            let track = tracks.iter().find(|track| track.id == packet.track).expect("its track");
            track.time_base.to_nanos(packet.dts.ticks())
        });
        let (mut transport, mut checker) = (Transport::default(), Checker::new());
        for piece in packets.chunks(if whole { packets.len() } else { 1 }) {
            let bytes = muxer.fragment(piece).expect("a fragment");
            transport.feed(&bytes);
            checker.push(&bytes);
        }
        transport.end();
        compare(&transport, &tracks, &packets);
        let report = checker.finish();
        let found: Vec<_> = report.counts().filter(|(rule, _)| **rule != rules::PTS_GAP).collect();
        prop_assert!(found.is_empty(), "{:?}", report.findings());
    }
}
