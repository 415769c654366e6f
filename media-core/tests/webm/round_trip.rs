//! Any script of packets, written and read back, is the same.

use std::num::NonZeroU32;

use media_core::codec::Key;
use media_core::mux::webm::{Config, Format, Layout, Muxer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::Kind;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::script::{Scripted, Step, check_track, due, scripted, track, write};
use crate::{demuxer, elements};

fn step() -> impl Strategy<Value = Step> {
    let duration = prop_oneof![6 => Just(3000_u32), 3 => 1..=40_000_u32, 1 => 1..4_000_000_u32];
    let key = prop_oneof![6 => Just(Key::No), 1 => Just(Key::Closed), 1 => Just(Key::Open)];
    let len = prop_oneof![3 => 0..9_usize, 1 => 100..140_usize, 1 => Just(20_000_usize)];
    (duration, key, len).prop_map(|(duration, key, len)| Step { duration, key, len })
}

fn base() -> impl Strategy<Value = TimeBase> {
    prop_oneof![
        Just(TimeBase::VIDEO),
        Just(TimeBase::hz(48_000)),
        Just(TimeBase::hz(44_100)),
        Just(TimeBase::new(1001, 30_000_000).expect("not zero"))
    ]
}

fn script(id: u32, kind: Kind) -> impl Strategy<Value = Scripted> {
    let start = prop_oneof![2 => Just(0_i64), 1 => 0..1_i64 << 40];
    let priming = if kind == Kind::Audio { 0..3000_u32 } else { 0..1 };
    (vec(step(), 1..80), base(), priming, start).prop_map(move |(steps, base, priming, start)| {
        scripted(track(id, kind, base, priming), start - i64::from(priming), &steps)
    })
}

/// Pictures, sound, or both; sound also of two tracks.
fn scripts() -> impl Strategy<Value = Vec<Scripted>> {
    prop_oneof![
        script(7, Kind::Video).prop_map(|only| vec![only]),
        script(2, Kind::Audio).prop_map(|only| vec![only]),
        (script(2, Kind::Audio), script(7, Kind::Video)).prop_map(|(sound, pictures)| vec![sound, pictures]),
        (script(7, Kind::Video), script(3, Kind::Audio), script(4, Kind::Audio))
            .prop_map(|(pictures, one, two)| vec![pictures, one, two]),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    let layout = prop_oneof![
        Just(Layout::Live),
        Just(Layout::CuesLast),
        (0..50_u32).prop_map(|points| Layout::CuesFirst { points })
    ];
    let scale = prop_oneof![3 => Just(1_000_000_u32), 1 => Just(10_000), 1 => Just(100_000_000)];
    (layout, scale, 0..2000_u32, prop_oneof![Just(5000_u32), Just(60_000), Just(0)], 1..60_000_u32).prop_map(
        |(layout, scale, hold, cluster_duration, cluster_size)| Config {
            format: Format {
                timestamp_scale: NonZeroU32::new(scale).expect("not zero"),
                ..Format::default()
            },
            hold,
            cluster_duration,
            cluster_size,
            ..Config::new(layout)
        },
    )
}

fn check_clusters(read: &elements::File, is_live: bool) {
    for cluster in &read.clusters {
        assert_eq!(cluster.is_sized, !is_live);
        if !is_live {
            let earliest = cluster.blocks.iter().map(|block| block.relative).min();
            assert_eq!(earliest, Some(0), "a cluster's timestamp is that of its earliest block");
        }
    }
}

/// That `SeekHead` and `Cues` point at what they name.
fn check_places(bytes: &[u8], read: &elements::File, config: &Config) {
    assert_eq!(read.size, Some(bytes.len() - read.body));
    assert_eq!(
        read.seeks.iter().map(|seek| seek.0).collect::<Vec<_>>(),
        [0x1549_a966, 0x1654_ae6b, 0x1c53_bb6b]
    );
    assert!(read.seeks.iter().all(|seek| read.elements.contains(seek)), "{:x?}", read.seeks);
    let is_cued = |cue: &elements::Cue| {
        let cluster = read.clusters.iter().find(|cluster| cluster.position == cue.cluster);
        let blocks = &cluster.expect("a cluster there").blocks;
        let block = blocks.iter().find(|block| block.position == cue.relative).expect("a block there");
        (block.track, block.time as u64) == (cue.track, cue.time) && block.is_key
    };
    assert!(!read.cues.is_empty() && read.cues.iter().all(is_cued));
    let (cues, clusters) = (read.seeks[2].1, read.clusters[0].position);
    match config.layout {
        Layout::CuesFirst { points } if points as usize >= read.cues.len() => assert!(cues < clusters),
        _ => assert!(cues > clusters),
    }
}

fn end_nanos(script: &Scripted) -> i64 {
    let last = script.packets.last().expect("packets");
    let end = last.pts.ticks() + i64::from(last.duration.expect("one"));
    script.track.time_base.to_nanos(end)
}

proptest! {
    #[test]
    fn what_is_read_back_is_what_was_written(scripts in scripts(), config in config()) {
        let (bytes, ending) = write(&scripts, config);
        let read = elements::file(&bytes);
        demuxer::check(&bytes, &read);
        prop_assert_eq!(read.timestamp_scale, u64::from(config.format.timestamp_scale.get()));
        for (number, script) in (1..).zip(&scripts) {
            check_track(&bytes, &read, number, script, config.format);
        }
        let is_live = config.layout == Layout::Live;
        check_clusters(&read, is_live);
        if is_live {
            prop_assert!(ending.patches.is_empty() && read.cues.is_empty() && read.size.is_none());
            return Ok(());
        }
        let has_entrance = scripts.iter().all(|script| script.track.kind() == Kind::Audio)
            || scripts.iter().any(|script| {
                script.track.kind() == Kind::Video && script.packets.iter().any(|packet| packet.key.is_sync())
            });
        prop_assert_eq!(ending.cues.is_some(), has_entrance);
        if has_entrance {
            check_places(&bytes, &read, &config);
        }
        let nanos = scripts.iter().map(end_nanos).max().expect("a track");
        let duration = read.duration.expect("a duration");
        let expected = nanos as f64 / f64::from(config.format.timestamp_scale.get());
        prop_assert!((duration - expected).abs() < 1e-6 * expected.max(1.0), "{} {}", duration, expected);
    }

    #[test]
    fn tracks_that_keep_up_are_in_order(
        pictures in script(7, Kind::Video),
        sound in script(2, Kind::Audio),
        is_live in any::<bool>(),
    ) {
        let layout = if is_live { Layout::Live } else { Layout::CuesLast };
        let config = Config { hold: u32::MAX, ..Config::new(layout) };
        let (bytes, _) = write(&[sound, pictures], config);
        let read = elements::file(&bytes);
        let times: Vec<i64> = read.blocks().map(|block| block.time).collect();
        prop_assert!(times.is_sorted(), "{:?}", times);
    }

    #[test]
    fn fragments_are_read_back_from_any_one_on(
        script in prop_oneof![script(7, Kind::Video), script(2, Kind::Audio)],
        lens in vec(1..30_usize, 1..20),
    ) {
        let format = Format::default();
        let mut muxer = Muxer::new(&script.track).expect("a muxer");
        let mut lens = lens.into_iter().cycle();
        let mut rest = script.packets.as_slice();
        while !rest.is_empty() {
            let (own, others) = rest.split_at(lens.next().expect("for ever").min(rest.len()));
            rest = others;
            let last = own.last().expect("packets");
            let end = rest.first().map_or(last.dts.ticks() + i64::from(last.duration.expect("one")), |next| next.dts.ticks());
            let rope = muxer.fragment(own, Timestamp::new(end)).expect("a fragment");
            for packet in own.iter().filter(|packet| !packet.data.is_empty()) {
                prop_assert!(rope.pieces().iter().any(|piece| piece.as_ptr() == packet.data.as_ptr()));
            }
            let bytes = [muxer.init(), rope.to_bytes()].concat();
            let read = elements::file(&bytes);
            check_clusters(&read, false);
            demuxer::check(&bytes, &read);
            let own = Scripted { packets: own.to_vec(), track: script.track.clone() };
            check_track(&bytes, &read, 1, &own, format);
            let last_block = read.blocks().last().expect("blocks");
            let until = due(&script.track, format, Timestamp::new(end)) - last_block.time;
            prop_assert_eq!(last_block.duration.unwrap_or(0) as i64, until);
        }
    }

    #[test]
    fn arbitrary_times_are_refused_or_right(times in vec((any::<i64>(), any::<i64>()), 1..4), end in any::<i64>()) {
        let script = scripted(track(7, Kind::Video, TimeBase::VIDEO, 0), 0, &[Step { duration: 1, key: Key::Closed, len: 1 }]);
        let packet = |&(dts, pts): &(i64, i64)| {
            Packet { dts: Timestamp::new(dts), pts: Timestamp::new(pts), ..script.packets[0].clone() }
        };
        let packets: Vec<Packet> = times.iter().map(packet).collect();
        let mut muxer = Muxer::new(&script.track).expect("a muxer");
        if let Ok(rope) = muxer.fragment(&packets, Timestamp::new(end)) {
            let bytes = [muxer.init(), rope.to_bytes()].concat();
            let own = Scripted { track: script.track, packets };
            check_track(&bytes, &elements::file(&bytes), 1, &own, Format::default());
        }
    }
}
