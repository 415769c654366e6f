//! Any script of packets, muxed and read back, is the same.

use bytes::Bytes;
use media_core::codec::{Config, Key};
use media_core::mux::fmp4::Muxer;
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track, TrackId};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::{back, payload, reader};

const ID: TrackId = TrackId::new(3).expect("3 is not zero");

/// One packet of a script: what differs from its predecessor, and its payload's length.
#[derive(Clone, Debug)]
struct Step {
    duration: u32,
    ahead: i64,
    key: Key,
    len: usize,
}

fn step(codec: usize) -> impl Strategy<Value = Step> {
    // Few values, so that runs that agree are as usual as runs that do not.
    let duration = prop_oneof![3 => Just(3000_u32), 1 => 1..=10_u32, 1 => Just(u32::MAX)];
    let ahead = prop_oneof![3 => Just(0_i64), 2 => 0..9000_i64, 1 => Just(i64::from(i32::MAX) - 9000)];
    let len = prop_oneof![2 => Just(4_usize), 1 => 0..200_usize];
    let key = prop::sample::select(payload::keys(codec));
    (duration, ahead, key, len).prop_map(|(duration, ahead, key, len)| Step { duration, ahead, key, len })
}

/// A track of any codec, and what becomes its packets.
fn script() -> impl Strategy<Value = (Track, Vec<Step>)> {
    let priming = prop_oneof![Just(0_u32), 1..=3000_u32];
    (0..payload::CODECS, priming).prop_flat_map(|(codec, priming)| {
        let track = track(codec, priming);
        vec(step(codec), 1..60).prop_map(move |steps| (track.clone(), steps))
    })
}

fn track(codec: usize, priming: u32) -> Track {
    Track { priming, ..Track::new(ID, TimeBase::VIDEO, payload::config(codec)) }
}

fn packets(track: &Track, start: i64, steps: &[Step]) -> (Vec<Packet>, Timestamp) {
    let mut dts = start;
    let packet = |(n, step): (usize, &Step)| {
        let packet = Packet {
            track: ID,
            pts: Timestamp::new(dts + step.ahead),
            dts: Timestamp::new(dts),
            duration: Some(step.duration),
            key: step.key,
            data: payload::payload(&track.codec, step.key, n as u8, step.len.checked_sub(1)),
            wall: None,
        };
        dts += i64::from(step.duration);
        packet
    };
    let packets = steps.iter().enumerate().map(packet).collect();
    (packets, Timestamp::new(dts))
}

proptest! {
    #[test]
    fn what_is_read_back_is_what_was_muxed(
        (track, steps) in script(),
        cuts in vec(1..20_usize, 1..60),
        start in prop_oneof![Just(0_i64), 0..1_i64 << 40],
    ) {
        // Pictures have none.
        let priming = if track.kind() == Kind::Audio { track.priming } else { 0 };
        let (packets, end) = packets(&track, start, &steps);
        let mut muxer = Muxer::new(&track).expect("a muxer");
        let mut file = muxer.init().to_vec();
        let (mut rest, mut lens) = (packets.as_slice(), Vec::new());
        for cut in cuts.iter().cycle() {
            let (fragment, after) = rest.split_at(rest.len().min(*cut));
            let end = after.first().map_or(end, |next| next.dts);
            let rope = muxer.fragment(fragment, end).expect("a fragment");
            prop_assert_eq!(rope.len(), rope.to_bytes().len() as u64);
            file.extend_from_slice(&rope.to_bytes());
            lens.push(fragment.len());
            rest = after;
            if rest.is_empty() {
                break;
            }
        }

        let file = Bytes::from(file);
        let read = reader::tracks(&file).remove(0);
        back::clean(&file, back::known(1));
        back::comes_back(&back::read(&file), &read, &track, &packets.iter().collect::<Vec<_>>());
        prop_assert_eq!((read.id, read.timescale), (3, 90_000));
        prop_assert_eq!(read.media_time, (priming > 0).then_some(i64::from(priming)));
        prop_assert_eq!(read.samples.len(), packets.len());
        let edit = read.media_time.unwrap_or(0);
        let lead = packets[0].pts.since(packets[0].dts);
        for (sample, packet) in read.samples.iter().zip(&packets) {
            prop_assert_eq!(sample.decode_time, packet.dts.ticks() + lead + edit);
            prop_assert_eq!(sample.decode_time + sample.composition - edit, packet.pts.ticks());
            prop_assert_eq!(Some(sample.duration), packet.duration);
            prop_assert_eq!(&sample.data, &packet.data);
            prop_assert_eq!(sample.is_sync(), packet.key.is_sync());
            let depends_on = if packet.key.is_sync() { 2 } else { 1 };
            prop_assert_eq!(sample.flags >> 24, depends_on);
        }
        prop_assert_eq!(read.samples[0].composition, 0);
        let mut at = 0;
        for (index, (fragment, len)) in read.fragments.iter().zip(&lens).enumerate() {
            prop_assert_eq!(fragment.samples, *len);
            prop_assert_eq!(fragment.sequence as usize, index + 1);
            prop_assert_eq!(fragment.decode_time as i64, read.samples[at].decode_time);
            let expected = match (&track.codec, packets[at].key) {
                (Config::Aac(_), _) => Some(-1),
                // Packets of 20 ms, and of 2.5 ms.
                (Config::Opus(_), _) => fragment.roll.filter(|roll| matches!(roll, -4 | -32)),
                (_, Key::Roll { pictures: 0 }) => None,
                (_, Key::Roll { pictures }) => Some(pictures as i16),
                _ => None,
            };
            prop_assert_eq!(fragment.roll, expected);
            at += len;
        }
        prop_assert_eq!(at, packets.len());
    }

    #[test]
    fn arbitrary_times_are_refused_or_right(
        times in vec((any::<i64>(), any::<i64>()), 1..4),
        end in any::<i64>(),
    ) {
        let track = track(0, 0);
        let packets: Vec<Packet> = times.iter().map(|&(dts, pts)| Packet {
            pts: Timestamp::new(pts),
            dts: Timestamp::new(dts),
            ..packets(&track, 0, &[Step { duration: 1, ahead: 0, key: Key::No, len: 1 }]).0.remove(0)
        }).collect();
        let mut muxer = Muxer::new(&track).expect("a muxer");
        if let Ok(rope) = muxer.fragment(&packets, Timestamp::new(end)) {
            let file = [muxer.init(), rope.to_bytes()].concat();
            let read = reader::tracks(&Bytes::from(file)).remove(0);
            for (sample, packet) in read.samples.iter().zip(&packets) {
                prop_assert_eq!(sample.decode_time + sample.composition, packet.pts.ticks());
            }
        }
    }
}
