//! One track on its way into segments: the packets that are not out yet, and the muxer that writes them.

use bytes::Bytes;

use super::position::Position;
use super::{Error, Segment};
use crate::codec::Key;
use crate::mux::{Rope, fmp4};
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::{Kind, Track};

#[derive(Debug)]
pub(super) struct Rendition {
    track: Track,
    muxer: fmp4::Muxer,
    /// What is added to DTS to get the line on which segments lie end to end: the first packet's PTS less its DTS.
    shift: Option<i64>,
    queue: Vec<Packet>,
    bytes: usize,
    /// How long the last packet whose duration is known lasts, in ticks.
    step: i64,
    /// The longest segment, in ticks.
    longest: i64,
    /// Where its last segment ended, unless time has broken since.
    ended: Option<Timestamp>,
    /// The last cut was made without this track having reached it.
    missed: bool,
}

impl Rendition {
    /// A rendition whose segments last at most `longest` nanoseconds.
    pub(super) fn new(track: Track, longest: i64) -> Result<Self, Error> {
        Ok(Self {
            muxer: muxer(&track)?,
            shift: None,
            queue: Vec::new(),
            bytes: 0,
            step: track.time_base.from_nanos(UNKNOWN_STEP).max(1),
            longest: track.time_base.from_nanos(longest).max(1),
            ended: None,
            missed: false,
            track,
        })
    }

    /// After an interruption: what was learnt from the packets before it no longer holds. The header stays the same.
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        self.muxer = muxer(&self.track)?;
        self.shift = None;
        self.ended = None;
        self.missed = false;
        Ok(())
    }

    pub(super) const fn track(&self) -> &Track {
        &self.track
    }

    pub(super) fn header(&self) -> Bytes {
        self.muxer.init()
    }

    pub(super) const fn missed(&self) -> bool {
        self.missed
    }

    pub(super) const fn packets(&self) -> usize {
        self.queue.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// How long a packet lasts, as far as known, in nanoseconds.
    pub(super) const fn step(&self) -> i64 {
        self.base().to_nanos(self.step)
    }

    const fn base(&self) -> TimeBase {
        self.track.time_base
    }

    /// Where a packet lies on the common line.
    pub(super) fn position(&self, packet: &Packet) -> Position {
        let shift = self.shift.unwrap_or_else(|| packet.pts.since(packet.dts));
        Position { time: packet.dts.saturating_add(shift), base: self.base() }
    }

    pub(super) fn push(&mut self, packet: Packet) {
        self.shift.get_or_insert(packet.pts.since(packet.dts));
        if let Some(duration) = packet.duration {
            self.step = i64::from(duration).max(1);
        } else if let Some(last) = self.queue.last() {
            self.step = packet.dts.since(last.dts).clamp(1, self.longest);
        }
        self.bytes += packet.data.len();
        self.queue.push(packet);
    }

    /// Whether all of its media before `cut` is here.
    pub(super) fn reaches(&self, cut: Position) -> bool {
        let Some(last) = self.queue.last() else { return false };
        let at = self.position(last);
        at >= cut || last.duration.is_some_and(|ticks| at.plus(i64::from(ticks)) >= cut)
    }

    /// The segment of all packets that begin before `cut`, as far as they fit into one; `None` when there is none.
    pub(super) fn take(&mut self, cut: Option<Position>) -> Result<Option<Segment>, Error> {
        self.missed = cut.is_some_and(|cut| !self.reaches(cut));
        let before = |packet: &Packet| cut.is_none_or(|cut| self.position(packet) < cut);
        let mut count = self.queue.partition_point(before);
        if count == 0 {
            return Ok(None);
        }
        let start = self.position(&self.queue[0]).time;
        while count > 1 && self.end_of(count - 1).since(start) > self.longest {
            count -= 1;
        }
        let end = self.end_of(count - 1).min(start.saturating_add(self.longest));
        self.ended = Some(end);
        let runs = self.runs(count, end);
        let rest = self.queue.split_off(count);
        let packets = std::mem::replace(&mut self.queue, rest);
        self.bytes -= packets.iter().map(|packet| packet.data.len()).sum::<usize>();
        let rope = self.write(&packets, &runs)?;
        let first = &packets[0];
        Ok(Some(Segment {
            track: self.track.id,
            start,
            duration: end.since(start).max(1).unsigned_abs(),
            rope,
            parts: Vec::new(),
            keys: Vec::new(),
            gap: false,
            wall: first.wall.map(|wall| wall.after(self.base().to_nanos(start.since(first.pts)))),
            independent: first.key == Key::Closed || self.track.kind() == Kind::Audio,
        }))
    }

    /// A segment without media over `span`: from where the one before it ended, if that fits into one segment.
    pub(super) fn gap(&mut self, span: (Position, Position)) -> Segment {
        let (cut, end) = (span.0.rescale(self.base()), span.1.rescale(self.base()));
        let start = self.ended.filter(|ended| (1..=self.longest).contains(&end.since(*ended))).unwrap_or(cut);
        let duration = end.since(start).clamp(1, self.longest);
        self.ended = Some(start.saturating_add(duration));
        Segment {
            track: self.track.id,
            start,
            duration: duration.unsigned_abs(),
            rope: Rope::new(),
            parts: Vec::new(),
            keys: Vec::new(),
            gap: true,
            wall: None,
            independent: true,
        }
    }

    /// Where a segment that this rendition gave ends.
    pub(super) fn end(&self, segment: &Segment) -> Position {
        let ticks = i64::try_from(segment.duration).unwrap_or(i64::MAX);
        Position { time: segment.start.saturating_add(ticks), base: self.base() }
    }

    /// Where packet `index` ends: where the next one begins, unless that leaves a hole.
    ///
    /// A picture stays until the next one. Sound lasts as long as it does: to stretch a sample over a hole would delay all after it.
    fn end_of(&self, index: usize) -> Timestamp {
        let packet = &self.queue[index];
        let at = self.position(packet).time;
        let natural = packet.duration.map_or(self.step, i64::from).max(1);
        let tolerance = match self.track.kind() {
            Kind::Video => self.longest,
            Kind::Audio => natural,
        };
        let next = self.queue.get(index + 1).map(|next| self.position(next).time.since(at));
        at.saturating_add(
            next.filter(|ticks| (1..natural.saturating_add(tolerance)).contains(ticks)).unwrap_or(natural),
        )
    }

    /// The first `count` packets as stretches without a hole: the index behind each, and the DTS at which it ends.
    fn runs(&self, count: usize, end: Timestamp) -> Vec<(usize, Timestamp)> {
        let holes =
            (1..count).filter(|&index| self.end_of(index - 1) < self.position(&self.queue[index]).time);
        let mut runs: Vec<_> = holes.map(|index| (index, self.end_of(index - 1))).collect();
        runs.push((count, end));
        let shift = self.shift.unwrap_or(0);
        runs.iter_mut().for_each(|(_, end)| *end = end.saturating_add(shift.saturating_neg()));
        runs
    }

    fn write(&mut self, packets: &[Packet], runs: &[(usize, Timestamp)]) -> Result<Rope, Error> {
        let mut rope = Rope::from(fmp4::segment_type());
        let mut from = 0;
        for &(to, end) in runs {
            let fragment = self.muxer.fragment(&packets[from..to], end);
            rope.append(
                fragment
                    .map_err(|source| Error::Mux { track: self.track.id.get(), source: source.into() })?,
            );
            from = to;
        }
        Ok(rope)
    }
}

/// Unsigned offsets, so that the file's times are the packets' own: FFmpeg shows pictures with negative offsets late by the largest of them,
/// beside sound that is not.
fn muxer(track: &Track) -> Result<fmp4::Muxer, Error> {
    let muxer = fmp4::Muxer::with_composition(track, fmp4::Composition::Unsigned);
    muxer.map_err(|source| Error::Mux { track: track.id.get(), source: source.into() })
}

/// How long a packet is taken to last, in nanoseconds, as long as nothing tells: a picture at 25 a second.
const UNKNOWN_STEP: i64 = 40_000_000;
