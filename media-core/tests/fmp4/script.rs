//! Made-up tracks and packets: any time bases, leads, starts, gaps, keys and ends.

use bytes::Bytes;
use media_core::codec::Key;
use media_core::mux::fmp4::{self, Ending, Output, TrackEntry, Writer};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::payload;

/// Tracks, and their packets in the order they are pushed in.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    pub(crate) tracks: Vec<Track>,
    pub(crate) packets: Vec<Packet>,
    /// Nanoseconds by which they are pushed later, and by which the file begins later.
    origin: i64,
}

impl Script {
    pub(crate) fn of(&self, track: &Track) -> impl Iterator<Item = &Packet> {
        self.packets.iter().filter(|packet| packet.track == track.id)
    }
}

/// One packet: what differs from its predecessor, and by how much its payload is longer than need be.
#[derive(Clone, Debug)]
struct Step {
    after: u32,
    ahead: i64,
    duration: Option<u32>,
    key: Key,
    fill: Option<usize>,
}

fn step(codec: usize) -> impl Strategy<Value = Step> {
    let is_sound = codec >= payload::PICTURES;
    let key = prop_oneof![1 => Just(Key::No), 1 => prop::sample::select(payload::keys(codec))];
    let key = key.prop_map(move |key| if is_sound { Key::Closed } else { key });
    let ahead = prop_oneof![3 => Just(0_i64), 2 => 0..9000_i64];
    let ahead = ahead.prop_map(move |ahead| if is_sound { 0 } else { ahead });
    let after = prop_oneof![6 => Just(1024_u32), 2 => 1..3000_u32, 1 => 30_000..400_000_u32];
    let duration = prop_oneof![2 => Just(None), 3 => Just(Some(1024_u32)), 1 => (1..1024_u32).prop_map(Some)];
    let fill = prop_oneof![3 => Just(Some(4_usize)), 2 => (1..200_usize).prop_map(Some), 1 => Just(None)];
    (after, ahead, duration, key, fill).prop_map(|(after, ahead, duration, key, fill)| Step {
        after,
        ahead,
        duration,
        key,
        fill,
    })
}

fn track(number: u32) -> impl Strategy<Value = (Track, Vec<Packet>)> {
    let base =
        prop_oneof![Just(90_000), Just(48_000), Just(44_100), Just(12_800), Just(1000), 1..200_000_u32];
    let start = prop_oneof![
        3 => Just(0_i64),
        1 => Just(-1024_i64),
        1 => -5000..5000_i64,
        1 => -1_000_000..0_i64,
        1 => 0..1_i64 << 36
    ];
    (base, 0..payload::CODECS, start).prop_flat_map(move |(base, codec, start)| {
        let id = TrackId::new(number).expect("not zero");
        let track = Track::new(id, TimeBase::hz(base), payload::config(codec));
        vec(step(codec), 0..40).prop_map(move |steps| (track.clone(), packets(&track, start, &steps)))
    })
}

fn packets(track: &Track, start: i64, steps: &[Step]) -> Vec<Packet> {
    let (mut dts, mut latest, mut before) = (start, i64::MIN, i64::MIN);
    let packet = |(n, step): (usize, &Step)| {
        if step.key.is_random_access() {
            before = latest;
        }
        // All before a key picture is shown before it, and before what follows it.
        let pts = (dts + step.ahead).max(before.saturating_add(1));
        latest = latest.max(pts);
        let packet = Packet {
            track: track.id,
            pts: Timestamp::new(pts),
            dts: Timestamp::new(dts),
            duration: step.duration,
            key: step.key,
            data: payload::payload(&track.codec, step.key, n as u8, step.fill),
            wall: None,
        };
        dts += i64::from(step.after);
        packet
    };
    steps.iter().enumerate().map(packet).collect()
}

/// One to `most` tracks, whose packets come interleaved in any way.
pub(crate) fn script(most: u32) -> impl Strategy<Value = Script> {
    (1..=most).prop_flat_map(|count| {
        let tracks: Vec<_> = (1..=count).map(track).collect();
        let origin = prop_oneof![3 => Just(0_i64), 1 => 0..1_i64 << 50, 1 => -1_000_000_000..0_i64];
        (tracks, vec(any::<prop::sample::Index>(), 0..160), origin).prop_map(|(tracks, turns, origin)| {
            let mut script = Script { tracks: Vec::new(), packets: Vec::new(), origin };
            let mut rests = Vec::new();
            for (track, packets) in tracks {
                script.tracks.push(track);
                rests.push(packets.into_iter());
            }
            let count = rests.len();
            for turn in turns {
                script.packets.extend(rests[turn.index(count)].next());
            }
            script.packets.extend(rests.into_iter().flatten());
            script
        })
    })
}

/// What was written up to the end, and how it ends.
pub(crate) struct Written {
    pub(crate) outputs: Vec<Output>,
    pub(crate) ending: Ending,
    /// Packets that were taken.
    pub(crate) taken: Vec<Packet>,
}

/// Pushes all packets; those the writer refuses for lying before its header are left out.
pub(crate) fn write(script: &Script, config: fmp4::Config) -> Written {
    let entries: Vec<TrackEntry> = script.tracks.iter().map(TrackEntry::from).collect();
    let config = fmp4::Config { origin: script.origin, ..config };
    let mut writer = Writer::new(&entries, config).expect("a writer");
    let later = |packet: &Packet| {
        let track = script.tracks.iter().find(|track| track.id == packet.track).expect("its track");
        let ticks = track.time_base.from_nanos(script.origin);
        let (pts, dts) = (packet.pts.saturating_add(ticks), packet.dts.saturating_add(ticks));
        Packet { pts, dts, ..packet.clone() }
    };
    let (mut outputs, mut taken) = (Vec::new(), Vec::new());
    for packet in &script.packets {
        match writer.push(later(packet)) {
            Ok(()) => taken.push(packet.clone()),
            Err(fmp4::Error::BeforeZero { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        outputs.extend(std::iter::from_fn(|| writer.poll()));
    }
    Written { outputs, ending: writer.finish(), taken }
}

impl Written {
    pub(crate) fn file(&self) -> Bytes {
        let mut file = Vec::new();
        self.outputs.iter().for_each(|output| file.extend_from_slice(&output.rope.to_bytes()));
        self.ending.clone().apply(&mut file);
        file.into()
    }
}
