//! The timeline given any stamps at all, in any order, with any sender reports: it never fails, and what it gives out keeps its promises
//! to the segmenter and the muxer, which therefore must not fail either.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use media_core::codec::{AccessUnit, Key, PictureOrder};
use media_core::packet::Packet;
use media_core::segment::{self, Segmenter};
use media_core::time::{Moment, TimeBase, Timestamp, WallTime};
use media_core::timeline::{Announced, Config, Counting, Output, Sample, Timeline};
use media_core::track::{Kind, Track, TrackId};

use crate::{Script, tracks};

/// Byte 0 picks the announced tracks; then steps: a byte that says what happens, and its numbers.
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let Some(variant) = script.byte() else { return };
    let mut source = Source {
        timeline: Timeline::new(
            Config::new(WallTime::from_nanos(1_700_000_000_000_000_000)),
            announced(variant),
        ),
        now: Moment::from_nanos(0),
        stamps: BTreeMap::new(),
    };
    let mut judge = Judge::new();
    while source.step(&mut script).is_some() {
        while let Some(output) = source.timeline.poll() {
            judge.take(output);
        }
    }
    source.timeline.finish().for_each(|output| judge.take(output));
    judge.end();
}

/// A video and an audio track, or one of them, with or without a configuration, wrapping or not.
fn announced(variant: u8) -> Vec<Announced> {
    let both = [tracks::video(1, variant / 16), tracks::audio(2, variant / 16)];
    let chosen = match variant % 4 {
        0 => &both[..1],
        1 => &both[1..],
        _ => &both[..],
    };
    let announce = |track: &Track| {
        let mut announced = Announced::from(track.clone());
        if variant & 4 != 0 {
            announced.codec = None;
        }
        if variant & 8 != 0 {
            announced.counting = Counting::Unwrapped;
        }
        announced
    };
    chosen.iter().map(announce).collect()
}

/// What the network brings.
struct Source {
    timeline: Timeline,
    now: Moment,
    /// Of the last sample of each track.
    stamps: BTreeMap<u32, i64>,
}

impl Source {
    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let what = script.byte()?;
        match what % 16 {
            0..6 => self.sample(1, what, script)?,
            6..10 => self.sample(2, what, script)?,
            10 => self.now = self.now.after(script.within(0, 100)? * 1_000_000),
            11 => self.now = self.now.after(script.number()?.max(0)),
            12 => {
                let (track, rtp, ntp) = (script.byte()? % 3, script.number()?, script.number()?);
                let Some(track) = TrackId::new(u32::from(track)) else { return Some(()) };
                self.timeline.sender_report(track, rtp as u32, ntp.cast_unsigned(), self.now);
            }
            13 => {
                let (track, pts) = (script.byte()? % 3, script.number()?);
                let Some(track) = TrackId::new(u32::from(track)) else { return Some(()) };
                self.timeline.common_zero(track, pts);
            }
            14 if what < 0x80 => self.timeline.interrupted(self.now),
            14 => self.timeline.announce(announced(script.byte()?), self.now),
            _ => {
                let due = self.timeline.deadline().unwrap_or(self.now).max(self.now);
                self.now = due;
                self.timeline.tick(due);
                assert!(self.timeline.deadline().is_none_or(|next| next > due), "a tick does what was due");
            }
        }
        Some(())
    }

    fn sample(&mut self, track: u32, what: u8, script: &mut Script<'_>) -> Option<()> {
        let flags = script.byte()?;
        let last = self.stamps.get(&track).copied().unwrap_or(0);
        let usual = if track == 1 { 3_600 } else { 1_024 };
        let stamp = match flags & 3 {
            0 => last.wrapping_add(usual),
            1 => last.wrapping_add(script.within(-8, 8)? * usual),
            2 => last.wrapping_add(script.within(-1_000, 1_000)?),
            _ => script.number()?,
        };
        self.stamps.insert(track, stamp);
        let dts = if flags & 4 == 0 { None } else { Some(stamp.wrapping_sub(script.number()?)) };
        let order = match flags & 0x18 {
            0 => None,
            8 => Some(PictureOrder { count: i32::from(script.byte()?), restarts: what & 0x80 != 0 }),
            _ => Some(PictureOrder { count: script.number()? as i32, restarts: what & 0x80 != 0 }),
        };
        let config = (flags & 0xe0 == 0xe0).then(|| script.byte()).flatten().map(|variant| match track {
            1 => tracks::video(1, variant).codec,
            _ => tracks::audio(2, variant).codec,
        });
        let key = if track == 2 || what & 0x80 != 0 { Key::Closed } else { Key::No };
        let samples = (track == 2).then_some(1024);
        let unit = AccessUnit { data: Bytes::from_static(b"data"), key, order, config, samples };
        let track = TrackId::new(track).expect("1 or 2");
        self.timeline.push(Sample { track, pts: stamp, dts, unit }, self.now);
        Some(())
    }
}

/// Holds the timeline to what it promises of its [`Output`].
struct Judge {
    tracks: Option<Arc<[Track]>>,
    needs_sync: BTreeMap<TrackId, bool>,
    /// And the base it is counted in, which a new announcement may change.
    last_dts: BTreeMap<TrackId, (Timestamp, TimeBase)>,
    segmenter: Segmenter,
}

impl Judge {
    const fn new() -> Self {
        let segmenter = Segmenter::new(segment::Config::new(2_000_000_000));
        Self { tracks: None, needs_sync: BTreeMap::new(), last_dts: BTreeMap::new(), segmenter }
    }

    fn take(&mut self, output: Output) {
        match &output {
            Output::Tracks(tracks) => {
                assert!(!tracks.is_empty());
                self.tracks = Some(tracks.clone());
                self.restart();
            }
            Output::Discontinuity => {
                assert!(self.tracks.is_some(), "tracks come first");
                self.restart();
            }
            Output::Packet(packet) => self.packet(packet),
        }
        self.segmenter.push(output).expect("what the timeline gives can be muxed");
        while self.segmenter.poll().is_some() {}
    }

    fn restart(&mut self) {
        let tracks = self.tracks.iter().flat_map(|tracks| tracks.iter());
        self.needs_sync = tracks.map(|track| (track.id, track.kind() == Kind::Video)).collect();
    }

    fn packet(&mut self, packet: &Packet) {
        assert!(packet.dts >= Timestamp::ZERO && packet.dts <= packet.pts, "{packet:?}");
        assert!(packet.wall.is_some());
        let needs_sync = self.needs_sync.get_mut(&packet.track).expect("a track that was announced");
        assert!(!*needs_sync || packet.key.is_sync(), "pictures begin with a sync picture");
        *needs_sync = false;
        let base = self.time_base(packet.track);
        if let Some((last, before)) = self.last_dts.insert(packet.track, (packet.dts, base)) {
            let is_later =
                if before == base { last < packet.dts } else { last.rescale(before, base) <= packet.dts };
            assert!(is_later, "{last:?} then {:?}", packet.dts);
        }
    }

    fn time_base(&self, id: TrackId) -> TimeBase {
        let mut tracks = self.tracks.iter().flat_map(|tracks| tracks.iter());
        tracks.find(|track| track.id == id).expect("a track that was announced").time_base
    }

    fn end(self) {
        let rest = self.segmenter.finish().expect("what the timeline gave can be muxed");
        drop(rest);
    }
}
