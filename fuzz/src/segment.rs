//! The segmenter given any packets in any format, in parts: whatever a stream does, parts are no longer than their target and make up their segments,
//! numbers count up over restarts, and what is held stays within its limits.

use std::sync::Arc;

use bytes::Bytes;
use media_core::packet::{Key, Packet};
use media_core::segment::{Align, Config, Cut, Format, LateKey, Output, Part, ProducerTime, Segmenter};
use media_core::time::{TimeBase, Timestamp, WallTime};
use media_core::timeline;
use media_core::track::{Kind, Track};

use crate::{Script, tracks};

/// Six bytes for the configuration; then steps: a byte that says what happens, and its numbers.
pub fn run(bytes: &[u8]) {
    let mut script = Script::new(bytes);
    let Some(config) = config(&mut script) else { return };
    let mut life = Life::new(config);
    while life.step(&mut script).is_some() {}
    life.end();
}

fn config(script: &mut Script<'_>) -> Option<Config> {
    let target = i64::from(script.byte()?) * 20_000_000;
    let choices = script.byte()?;
    let part = script.byte()?;
    let format = [Format::Fmp4, Format::MpegTs, Format::Webm, Format::PackedAudio][usize::from(choices % 4)];
    Some(Config {
        format,
        part: (part > 0).then(|| i64::from(part) * 4_000_000),
        late_key: [LateKey::Wait, LateKey::Cut, LateKey::Ask, LateKey::Wait][usize::from(choices / 4 % 4)],
        align: if choices & 16 == 0 { Align::Nearest } else { Align::Grid },
        producer_time: if choices & 32 == 0 { ProducerTime::Untold } else { ProducerTime::Captured },
        follower_lag: i64::from(script.byte()?) * 10_000_000,
        max_bytes: 64 + usize::from(script.byte()?) * 64,
        max_packets: 4 + usize::from(script.byte()?) * 4,
        ..Config::new(target)
    })
}

struct Life {
    config: Config,
    segmenter: Segmenter,
    seen: Seen,
    tracks: Vec<Track>,
    /// Of each track's last packet.
    stamps: [i64; 2],
}

impl Life {
    fn new(config: Config) -> Self {
        let segmenter = Segmenter::new(config.clone());
        let part = config.part.map(|part| part.max(1_000_000));
        let seen = Seen { part, next: 0, open: Vec::new(), tracks: Vec::new() };
        Self { config, segmenter, seen, tracks: Vec::new(), stamps: [0; 2] }
    }

    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let what = script.byte()?;
        match what % 16 {
            _ if self.tracks.is_empty() => self.announce(what),
            0..6 => self.packet(0, what, script)?,
            6..12 => self.packet(1, what, script)?,
            12 => self.push(timeline::Output::Discontinuity),
            13 => self.announce(script.byte()?),
            14 => self.restart(),
            _ => {
                let (track, by) = (usize::from(what >> 4 & 1), script.number()?);
                self.stamps[track] = self.stamps[track].wrapping_add(by);
            }
        }
        Some(())
    }

    fn announce(&mut self, variant: u8) {
        let first = match self.config.format {
            Format::Fmp4 | Format::Webm => tracks::video(1, variant / 4),
            Format::MpegTs | Format::PackedAudio => tracks::audio(1, variant / 4),
        };
        let both = [first, tracks::audio(2, variant / 4)];
        let set = match variant % 4 {
            0 => &both[..1],
            1 => &both[1..],
            _ => &both[..],
        };
        self.tracks = set.to_vec();
        self.push(timeline::Output::Tracks(Arc::from(set)));
    }

    fn packet(&mut self, index: usize, what: u8, script: &mut Script<'_>) -> Option<()> {
        let (flags, length) = (script.byte()?, script.byte()?);
        let Some(track) = self.tracks.get(index) else { return Some(()) };
        let usual = if track.kind() == Kind::Video { i64::from(track.time_base.den()) / 25 } else { 1024 };
        let step = match flags & 3 {
            0 | 1 => usual,
            2 => script.within(-4, 40)? * usual,
            _ => script.number()?,
        };
        let lead = if flags & 4 == 0 { 0 } else { script.within(0, 4)? * usual };
        let duration = match flags & 24 {
            0 | 8 => None,
            16 => u32::try_from(usual).ok(),
            _ => Some(script.number()? as u32),
        };
        self.stamps[index] = self.stamps[index].wrapping_add(step.max(1));
        let dts = self.stamps[index];
        let packet = Packet {
            track: track.id,
            pts: Timestamp::new(if track.kind() == Kind::Video { dts.saturating_add(lead) } else { dts }),
            dts: Timestamp::new(dts),
            duration,
            key: if what & 0x80 != 0 || track.kind() == Kind::Audio { Key::Closed } else { Key::No },
            data: Bytes::from(vec![0xfc; usize::from(length) + 1]),
            wall: (flags & 0x80 != 0).then(|| WallTime::from_nanos(dts)),
        };
        self.push(timeline::Output::Packet(packet));
        Some(())
    }

    fn push(&mut self, output: timeline::Output) {
        // What does not fit is left out, and that is all.
        let _ = self.segmenter.push(output);
        let mut outputs = 0;
        while let Some(output) = self.segmenter.poll() {
            self.seen.take(&output);
            outputs += 1;
        }
        // 256 gaps before and behind each packet that was held, and what else may have been decided about it.
        let most = 600 * (self.config.max_packets + 4);
        assert!(outputs <= most, "{outputs} outputs at once");
    }

    /// The server stops, and goes on later.
    fn restart(&mut self) {
        let state = self.segmenter.state().to_string().parse().expect("what was written");
        let resumed = Segmenter::resume(self.config.clone(), &state).expect("the same configuration");
        drop(std::mem::replace(&mut self.segmenter, resumed));
        self.seen.open.clear();
        self.push(timeline::Output::Tracks(Arc::from(&self.tracks[..])));
    }

    fn end(mut self) {
        if let Ok(rest) = self.segmenter.finish() {
            rest.iter().for_each(|output| self.seen.take(output));
            assert!(self.seen.open.is_empty(), "parts without a cut");
        }
    }
}

/// What came out.
struct Seen {
    part: Option<i64>,
    next: u64,
    open: Vec<Part>,
    tracks: Vec<Track>,
}

impl Seen {
    fn take(&mut self, output: &Output) {
        match output {
            Output::Init(init) => self.tracks = init.tracks.to_vec(),
            Output::Part(part) => {
                assert_eq!((part.number, part.index as usize), (self.next, self.open.len()));
                self.open.push(part.clone());
            }
            Output::Cut(cut) => self.cut(cut),
            Output::NeedKey(_) => {}
        }
    }

    fn cut(&mut self, cut: &Cut) {
        assert_eq!(cut.number, self.next);
        self.next += 1;
        let parts = std::mem::take(&mut self.open);
        assert!(cut.segments.iter().any(|segment| !segment.gap));
        for (index, segment) in cut.segments.iter().enumerate() {
            assert!(segment.duration > 0 && segment.gap == segment.rope.is_empty());
            let own = parts.iter().flat_map(|part| part.pieces[index].rope.pieces());
            let memory = |piece: &Bytes| (piece.as_ptr(), piece.len());
            let Some(target) = self.part else { continue };
            assert!(
                segment.rope.pieces().iter().map(memory).eq(own.map(memory)),
                "other bytes than its parts"
            );
            assert_eq!(segment.parts.len(), parts.len());
            let base =
                self.tracks.iter().find(|track| track.id == segment.track).expect("announced").time_base;
            let ticks = |duration| Timestamp::new(i64::try_from(duration).expect("a length"));
            let micros = |duration: u64| ticks(duration).rescale(base, TimeBase::hz(1_000_000)).ticks();
            let target = (target + 999) / 1000;
            for (index, part) in segment.parts.iter().enumerate() {
                let length = micros(part.duration);
                assert!(part.duration == 1 || length <= target, "{part:?} is more than {target} us");
                // Ticks of more than a hundredth of the target cannot say what is 85 % of it.
                let is_short = base.to_nanos(100) <= target * 1000 && length * 20 < target * 17;
                assert!(
                    !is_short || part.gap || index + 1 == segment.parts.len(),
                    "{:?} is less than 85 % of {target} us",
                    segment.parts
                );
            }
        }
    }
}
