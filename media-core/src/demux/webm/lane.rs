//! One track on its way from blocks to packets: what its frames are, and when.

use bytes::{BufMut, Bytes, BytesMut};

use super::block::{Block, Group};
use super::error::Counts;
use super::order::{Order, Ordered};
use super::tracks::{Coding, Entry};
use crate::codec::{AccessUnit, Config, Key, Parser, vp9};
use crate::demux::interleave::Interleave;
use crate::demux::sound::Line;
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::{Kind, Track, TrackId};

/// A track being read.
#[derive(Debug)]
pub(super) struct Lane {
    entry: Entry,
    /// As it was announced; `None` while its configuration is to come.
    track: Option<Track>,
    parser: Parser,
    /// Of its stamps.
    base: TimeBase,
    /// Nanoseconds per tick of the segment.
    scale: u32,
    clock: Clock,
    gate: Gate,
}

/// What is let through after going elsewhere.
#[derive(Debug)]
pub(super) enum Gate {
    /// All that comes.
    Open,
    /// What stands there or behind.
    Place(u64),
    /// The last block at or before a time in nanoseconds, and all that comes behind it.
    Time { nanos: i64, last: Option<(Block, Group, i64)> },
}

#[derive(Debug)]
enum Clock {
    Sound(Line),
    Pictures(Order<Picture>),
}

/// A picture without its stamps.
#[derive(Debug)]
struct Picture {
    data: Bytes,
    key: Key,
    duration: Option<u32>,
    change: Option<Track>,
}

impl Lane {
    pub(super) fn new(entry: Entry, scale: u32) -> Self {
        let (parser, known) = start(&entry);
        let rate = match &entry.coding {
            Coding::InFrames { rate, .. } => Some(*rate),
            _ => known.as_ref().and_then(Config::sample_rate),
        };
        let base = rate.and_then(|rate| TimeBase::new(1, rate)).unwrap_or_else(|| picture_base(scale));
        let clock = clock(&entry, known.as_ref(), base, scale);
        let mut lane = Self { entry, track: None, parser, base, scale, clock, gate: Gate::Open };
        lane.track = known.map(|config| lane.track_of(config));
        lane
    }

    /// Begins anew at another place of the file.
    pub(super) fn restart(&mut self, gate: Gate) {
        let (parser, known) = start(&self.entry);
        self.parser = parser;
        self.clock = clock(&self.entry, known.as_ref(), self.base, self.scale);
        if let Some(config) = known {
            self.track = Some(self.track_of(config));
        }
        self.gate = gate;
    }

    pub(super) const fn id(&self) -> TrackId {
        self.entry.id
    }

    /// The track as far as it is known.
    pub(super) const fn track(&self) -> Option<&Track> {
        self.track.as_ref()
    }

    /// What the file says of it has to do: its first frame does not come soon.
    pub(super) fn assume(&mut self) -> Option<Track> {
        let Coding::InBand { assumed, .. } = &self.entry.coding else { return None };
        if self.track.is_none() {
            self.track = Some(self.track_of(assumed.clone()));
            return self.track.clone();
        }
        None
    }

    pub(super) const fn faults(&self) -> u64 {
        self.parser.faults().total()
    }

    /// Pictures or sound.
    pub(super) fn kind(&self) -> Kind {
        self.entry.coding.kind()
    }

    /// When a block of `ticks` of the segment is due, in nanoseconds.
    pub(super) fn due(&self, ticks: i64) -> Option<i64> {
        let nanos = i128::from(ticks) * i128::from(self.scale) - i128::from(self.entry.delay);
        i64::try_from(nanos).ok().filter(|nanos| nanos.unsigned_abs() < 1 << 61)
    }

    /// Whether what is due at `nanos` is behind `other`, by more than stamps tell.
    pub(super) fn is_after(&self, nanos: i64, other: i64) -> bool {
        self.base.from_nanos(nanos) > self.base.from_nanos(other)
    }

    /// A block that stands at `at` and whose time is `ticks` of the segment.
    pub(super) fn push(
        &mut self,
        at: u64,
        block: Block,
        group: Group,
        ticks: i64,
        out: &mut Interleave,
        counts: &mut Counts,
    ) {
        let Some(nanos) = self.due(ticks) else {
            counts.blocks += 1;
            return;
        };
        match &mut self.gate {
            Gate::Place(from) if at < *from => return,
            Gate::Time { nanos: start, last } if nanos <= *start => {
                *last = Some((block, group, nanos));
                return;
            }
            _ => self.open(out, counts),
        }
        self.pass(block, group, nanos, out, counts);
    }

    /// Lets through what waited for another block behind it, and all that comes.
    fn open(&mut self, out: &mut Interleave, counts: &mut Counts) {
        if let Gate::Time { last: Some((block, group, nanos)), .. } =
            std::mem::replace(&mut self.gate, Gate::Open)
        {
            self.pass(block, group, nanos, out, counts);
        }
    }

    fn pass(&mut self, block: Block, group: Group, nanos: i64, out: &mut Interleave, counts: &mut Counts) {
        let count = block.frames.len();
        for (index, frame) in block.frames.into_iter().enumerate() {
            let unit = self.parser.parse(self.whole(frame));
            let told = group.duration.map(|ticks| self.nanos_of(ticks) / count as i64);
            let told = told.or(self.entry.period.and_then(|nanos| i64::try_from(nanos).ok()));
            match self.entry.coding.kind() {
                Kind::Audio => {
                    let discard = if index + 1 == count { group.discard } else { 0 };
                    let stamp = (index == 0).then_some(nanos);
                    self.sound(unit, stamp, told, discard, out, counts);
                }
                Kind::Video => {
                    let later = told.unwrap_or(0).saturating_mul(index as i64);
                    let stamp = self.base.from_nanos(nanos.saturating_add(later));
                    self.picture(unit, block.key, stamp, told, counts);
                    self.drain(out, counts);
                }
            }
        }
    }

    /// What waits for pictures that do not come.
    pub(super) fn flush(&mut self, out: &mut Interleave, counts: &mut Counts) {
        self.open(out, counts);
        if let Clock::Pictures(order) = &mut self.clock {
            order.flush();
        }
        self.drain(out, counts);
    }

    fn nanos_of(&self, ticks: u64) -> i64 {
        i64::try_from(ticks).unwrap_or(i64::MAX).saturating_mul(self.scale.into())
    }

    /// A frame as it was before its header was stripped and its lengths were shortened.
    fn whole(&self, frame: Bytes) -> Bytes {
        let frame = match &self.entry.stripped[..] {
            [] => frame,
            stripped => [stripped, &frame].concat().into(),
        };
        match self.entry.coding {
            Coding::Told { length, .. } if length != 4 => with_long_lengths(&frame, length),
            _ => frame,
        }
    }

    fn sound(
        &mut self,
        unit: AccessUnit,
        stamp: Option<i64>,
        told: Option<i64>,
        discard: i64,
        out: &mut Interleave,
        counts: &mut Counts,
    ) {
        if let Some(track) = self.change(unit.config) {
            out.set(track);
        }
        let Clock::Sound(line) = &mut self.clock else { return };
        if self.track.is_none() || unit.data.is_empty() {
            // Nothing can be said of sound before its first frame that can be read; headers of Vorbis and FLAC may stand among frames.
            counts.empty += 1;
            return;
        }
        let samples = unit.samples.or_else(|| u32::try_from(self.base.from_nanos(told?)).ok());
        let Some(placed) = line.place(stamp.map(|nanos| self.base.from_nanos(nanos)), samples) else {
            return;
        };
        counts.gaps += u64::from(placed.is_gap);
        let discard = u32::try_from(self.base.from_nanos(discard.max(0))).unwrap_or(u32::MAX);
        let at = Timestamp::new(placed.at);
        out.push(Packet {
            track: self.entry.id,
            pts: at,
            dts: at,
            duration: samples.map(|samples| samples.saturating_sub(discard)),
            key: Key::Closed,
            data: unit.data,
            wall: None,
        });
    }

    fn picture(&mut self, unit: AccessUnit, is_key: bool, pts: i64, told: Option<i64>, counts: &mut Counts) {
        let change = self.change(unit.config);
        let Clock::Pictures(order) = &mut self.clock else { return };
        if let Some(track) = &change {
            order.set_depth(track.codec.reorder_depth());
        }
        let is_of_nals = matches!(self.track, Some(Track { codec: Config::H264(_) | Config::H265(_), .. }));
        if is_of_nals && unit.data.is_empty() {
            counts.empty += 1;
            return;
        }
        let key = match (is_of_nals, unit.key) {
            // The stream knows better than the container, which knows of I pictures that nothing marks.
            (true, Key::No) if is_key => Key::Open,
            (true, key) => key,
            (false, _) if is_key => Key::Closed,
            (false, _) => Key::No,
        };
        let duration = told.and_then(|nanos| u32::try_from(self.base.from_nanos(nanos)).ok());
        order.push(
            pts,
            Picture { data: unit.data, key, duration: duration.filter(|&ticks| ticks > 0), change },
        );
    }

    /// The track from now on, where it is not what it was.
    fn change(&mut self, config: Option<Config>) -> Option<Track> {
        let config = match (config, &self.track, &self.entry.coding) {
            (Some(Config::Vp9(config)), _, Coding::InBand { assumed: Config::Vp9(assumed), .. }) => {
                Config::Vp9(sited(config, assumed))
            }
            (Some(config), _, _) => config,
            (None, None, Coding::InBand { assumed, .. }) => assumed.clone(),
            _ => return None,
        };
        let track = self.track_of(config);
        if self.track.as_ref() == Some(&track) {
            return None;
        }
        self.track.insert(track).clone().into()
    }

    fn drain(&mut self, out: &mut Interleave, counts: &mut Counts) {
        let Clock::Pictures(order) = &mut self.clock else { return };
        while let Some(Ordered { pts, dts, is_bent, item }) = order.poll() {
            counts.bent += u64::from(is_bent);
            if let Some(track) = item.change {
                out.set(track);
            }
            out.push(Packet {
                track: self.entry.id,
                pts: Timestamp::new(pts),
                dts: Timestamp::new(dts),
                duration: item.duration,
                key: item.key,
                data: item.data,
                wall: None,
            });
        }
    }

    fn track_of(&self, config: Config) -> Track {
        let priming = match config.kind() {
            Kind::Audio => self.base.from_nanos(i64::try_from(self.entry.delay).unwrap_or(i64::MAX)),
            Kind::Video => 0,
        };
        Track {
            priming: u32::try_from(priming).unwrap_or(u32::MAX),
            rotation: self.entry.rotation,
            language: self.entry.language,
            ..Track::new(self.entry.id, self.base, config)
        }
    }
}

/// The parser of a track at its beginning, and its configuration where the file tells it.
fn start(entry: &Entry) -> (Parser, Option<Config>) {
    match &entry.coding {
        Coding::Told { config, .. } => (Parser::new(config), Some(config.clone())),
        Coding::InBand { format, .. } | Coding::InFrames { format, .. } => (Parser::waiting(*format), None),
    }
}

fn clock(entry: &Entry, known: Option<&Config>, base: TimeBase, scale: u32) -> Clock {
    match entry.coding.kind() {
        Kind::Audio => {
            Clock::Sound(Line::new(base.den(), base.from_nanos(2 * i64::from(scale)).saturating_add(1)))
        }
        Kind::Video => {
            let period = entry.period.and_then(|nanos| i64::try_from(nanos).ok());
            let interval = base.from_nanos(period.unwrap_or(40_000_000));
            let depth = known.map_or(Some(0), Config::reorder_depth);
            Clock::Pictures(Order::new(depth, interval, base.from_nanos(1_000_000_000)))
        }
    }
}

/// NAL units behind lengths of `length` bytes, behind lengths of 4.
fn with_long_lengths(frame: &[u8], length: usize) -> Bytes {
    let mut out = BytesMut::with_capacity(frame.len() + 32);
    let mut rest = frame;
    while let Some((size, after)) = rest.split_at_checked(length) {
        let size = size.iter().fold(0_u32, |size, &byte| size << 8 | u32::from(byte));
        let (nal, after) = after.split_at(after.len().min(size as usize));
        // A length that goes beyond the frame stays so, for the parser to find.
        out.put_u32(size);
        out.put_slice(nal);
        rest = after;
    }
    out.freeze()
}

/// The base for pictures in ticks of `scale` nanoseconds: 90 kHz where those are whole ticks of it, as milliseconds are, else the ticks
/// themselves. Either way nothing is rounded; the finer one has room for hidden pictures stamped like the next one.
fn picture_base(scale: u32) -> TimeBase {
    if scale.is_multiple_of(100_000) {
        return TimeBase::VIDEO;
    }
    let (mut a, mut b) = (scale, NANOS);
    while b > 0 {
        (a, b) = (b, a % b);
    }
    TimeBase::new(scale / a, NANOS / a).unwrap_or(TimeBase::NANOS)
}

const NANOS: u32 = 1_000_000_000;

/// VP9 as a key frame has it, with the colour samples of 4:2:0 where the header of the file says that they are.
fn sited(config: vp9::Config, assumed: &vp9::Config) -> vp9::Config {
    let (found, told) = (config.parts(), assumed.parts().subsampling);
    if found.subsampling != vp9::Subsampling::Colocated420 {
        return config;
    }
    let parts = vp9::Parts { subsampling: told, ..found.clone() };
    vp9::Config::from_parts(parts).unwrap_or(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_become_long() {
        assert_eq!(&with_long_lengths(b"\0\x02ab\0\x01c", 2)[..], b"\0\0\0\x02ab\0\0\0\x01c");
        assert_eq!(&with_long_lengths(b"\x01a\x05bc", 1)[..], b"\0\0\0\x01a\0\0\0\x05bc");
        assert_eq!(&with_long_lengths(b"\0", 2)[..], b"");
    }

    #[test]
    fn bases_do_not_round() {
        assert_eq!(picture_base(1_000_000), TimeBase::VIDEO);
        assert_eq!(picture_base(1), TimeBase::NANOS);
        assert_eq!(picture_base(1000), TimeBase::hz(1_000_000));
        assert_eq!(Some(picture_base(41_708_333)), TimeBase::new(41_708_333, 1_000_000_000));
    }
}
