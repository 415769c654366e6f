//! One track on its way into segments: the packets that are not out yet, and where they lie on the common line.

use super::part::{Ending, Stretch};
use super::position::Position;
use crate::codec::Key;
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp, WallTime};
use crate::track::{Kind, Track};

#[derive(Debug)]
pub(super) struct Lane {
    track: Track,
    /// What is added to DTS to get the line on which segments lie end to end: the first packet's PTS less its DTS.
    shift: Option<i64>,
    queue: Vec<Packet>,
    bytes: usize,
    /// How long the last packet whose duration is known lasts, in ticks.
    step: i64,
    /// The longest segment, in ticks.
    pub(super) longest: i64,
    /// Whether other tracks are in the same file, so that no packet can be left for a later segment.
    shared: bool,
    /// Where the segment that is being taken began, once it has.
    begun: Option<Timestamp>,
    /// Where what was taken last ended, unless time has broken since.
    ended: Option<Timestamp>,
    /// Where the last piece ended, unless time has broken since; only where parts are made.
    pub(super) listed: Option<Timestamp>,
    /// Where the first piece of the segment began; only where parts are made.
    pub(super) opened: Timestamp,
    missed: Missed,
}

/// Whether packets were taken without this track having come so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    No,
    /// At the end of a part.
    Part,
    /// At a cut.
    Cut,
}

/// A stretch of a track, on its way to the muxer.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) packets: Vec<Packet>,
    /// Stretches without a hole: the index behind each, and the DTS at which it ends.
    pub(super) runs: Vec<(usize, Timestamp)>,
    /// On the line.
    pub(super) start: Timestamp,
    /// On the line.
    pub(super) end: Timestamp,
    /// Whether no more of the track comes that goes on from here.
    pub(super) is_last: bool,
}

impl Lane {
    /// A track whose segments last at most `longest` nanoseconds, in a file of its own or `shared` with others.
    pub(super) fn new(track: Track, longest: i64, shared: bool) -> Self {
        Self {
            shared,
            shift: None,
            queue: Vec::new(),
            bytes: 0,
            step: track.time_base.from_nanos(UNKNOWN_STEP).max(1),
            longest: track.time_base.from_nanos(longest).max(1),
            begun: None,
            ended: None,
            listed: None,
            opened: Timestamp::ZERO,
            missed: Missed::No,
            track,
        }
    }

    /// After an interruption: what was learnt from the packets before it no longer holds.
    pub(super) const fn restart(&mut self) {
        self.shift = None;
        self.begun = None;
        self.ended = None;
        self.listed = None;
        self.missed = Missed::No;
    }

    pub(super) const fn track(&self) -> &Track {
        &self.track
    }

    pub(super) const fn missed(&self) -> Missed {
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

    pub(super) const fn base(&self) -> TimeBase {
        self.track.time_base
    }

    /// An instant in its base.
    pub(super) const fn at(&self, time: Timestamp) -> Position {
        Position { time, base: self.base() }
    }

    /// Where a packet lies on the common line.
    pub(super) fn position(&self, packet: &Packet) -> Position {
        let shift = self.shift.unwrap_or_else(|| packet.pts.since(packet.dts));
        self.at(packet.dts.saturating_add(shift))
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
        match self.queue.last() {
            Some(last) => {
                let at = self.position(last);
                at >= cut || last.duration.is_some_and(|ticks| at.plus(i64::from(ticks)) >= cut)
            }
            // All that came has been taken, up to where it said that it ends.
            None => self.missed == Missed::No && self.ended.is_some_and(|ended| self.at(ended) >= cut),
        }
    }

    /// Whether it was late before, and has not come nearer than `behind` since: it is not waited for.
    pub(super) fn is_given_up(&self, behind: Position) -> bool {
        let newest = self.queue.last().map(|last| self.position(last)).or(self.ended.map(|at| self.at(at)));
        self.missed != Missed::No && newest.is_none_or(|newest| newest < behind)
    }

    /// How many of its packets begin before `position`.
    fn count_before(&self, position: Position) -> usize {
        self.queue.partition_point(|packet| self.position(packet) < position)
    }

    /// Where the last packet begins.
    pub(super) fn latest(&self) -> Option<Position> {
        self.queue.last().map(|packet| self.position(packet))
    }

    /// Where packets begin from `from` on and not after `to`, the last first.
    pub(super) fn back(&self, from: Position, to: Position) -> impl Iterator<Item = Position> {
        let positions = self.queue.iter().rev().map(|packet| self.position(packet));
        positions.skip_while(move |at| *at > to).take_while(move |at| *at >= from)
    }

    /// Whether nothing is heard for a while before the last packet.
    pub(super) fn is_behind_hole(&self) -> bool {
        let Some(at) = self.queue.last().map(|last| self.position(last).time) else { return false };
        let ended = self.queue.len().checked_sub(2).map(|index| self.end_of(index)).or(self.ended);
        ended.is_some_and(|ended| at.since(ended) > self.step)
    }

    /// Where the last packet ends, if it tells.
    pub(super) fn known_end(&self) -> Option<Position> {
        let last = self.queue.last()?;
        Some(self.position(last).plus(i64::from(last.duration?)))
    }

    /// Where its media before `cut` ends, if its last packet tells.
    pub(super) fn told_end(&self, cut: Position) -> Option<Position> {
        let Some(last) = self.count_before(cut).checked_sub(1).map(|last| &self.queue[last]) else {
            return self.ended.map(|ended| self.at(ended));
        };
        Some(self.position(last).plus(i64::from(last.duration?)))
    }

    /// Where the last packet ends, as far as can be told.
    pub(super) fn likely_end(&self) -> Option<Position> {
        Some(self.at(self.end_of(self.queue.len().checked_sub(1)?)))
    }

    /// Where the media that begins from `from` on and before `to` begins and ends; packets still to come are taken to last as long as
    /// the last one. `None` where there is none.
    fn stretch(&self, from: Position, to: Position) -> Option<(Timestamp, Timestamp)> {
        let (first, count) = (self.count_before(from), self.count_before(to));
        let known = self.queue.len().checked_sub(1).map(|last| self.end_of(last)).or(self.ended)?;
        let next = |at: Timestamp, least: Position| {
            let missing = least.rescale(self.base()).since(at).max(0);
            let next = at.saturating_add(missing / self.step * self.step);
            if self.at(next) < least { next.saturating_add(self.step) } else { next }
        };
        let start = match self.queue.get(first) {
            Some(packet) => self.position(packet).time,
            None => next(known, from),
        };
        if self.at(start) >= to {
            return None;
        }
        let end = match count {
            0 => next(known, to),
            count if count < self.queue.len() => self.end_of(count - 1),
            _ => next(known, to),
        };
        Some((start, end))
    }

    /// Whether its media that begins from `from` on and before `to` lasts no longer than `nanos`.
    pub(super) fn fits(&self, from: Position, to: Position, nanos: i64) -> bool {
        self.missed != Missed::No
            || self.stretch(from, to).is_none_or(|(start, end)| self.at(end).since(self.at(start)) <= nanos)
    }

    /// The latest end, not after `to`, of media from `from` on that lasts no longer than `nanos`; `to` where nothing has to be moved.
    pub(super) fn latest_fit(&self, from: Position, to: Position, nanos: i64) -> Position {
        if self.fits(from, to, nanos) {
            return to;
        }
        let Some((start, _)) = self.stretch(from, to) else { return to };
        let limit = self.at(start).after(nanos);
        let (first, count) = (self.count_before(from), self.count_before(to));
        let known = (first..count).rev().map(|index| self.end_of(index)).find(|end| self.at(*end) <= limit);
        let Some(known) = known else { return to };
        let room = if count < self.queue.len() { 0 } else { limit.time.since(known) };
        let end = self.at(known.saturating_add(room / self.step * self.step));
        if end > from { end.min(to) } else { to }
    }

    /// All packets that begin before `cut` (all, for `None`), as far as they fit into the segment; `None` when there is none.
    pub(super) fn take(&mut self, cut: Option<Position>, ending: Ending) -> Option<Taken> {
        self.missed = match cut {
            Some(cut) if !self.reaches(cut) => {
                if ending.is_cut() {
                    Missed::Cut
                } else {
                    self.missed.max_part()
                }
            }
            _ => Missed::No,
        };
        let mut count = cut.map_or(self.queue.len(), |cut| self.count_before(cut));
        let start = self.position(self.queue.first()?).time;
        let (begun, least) = self.begun.map_or((start, 1), |begun| (begun.min(start), 0));
        let begins = |index: usize| self.position(&self.queue[index]).time.saturating_add(1);
        let end = |index| if self.shared { begins(index) } else { self.end_of(index) };
        while count > least && end(count - 1).since(begun) > self.longest {
            count -= 1;
        }
        if count == 0 {
            return None;
        }
        let end = self.end_of(count - 1).min(begun.saturating_add(self.longest)).max(start.saturating_add(1));
        self.begun = Some(begun);
        self.ended = Some(end);
        let runs = self.runs(count, end);
        let rest = self.queue.split_off(count);
        let packets = std::mem::replace(&mut self.queue, rest);
        self.bytes -= packets.iter().map(|packet| packet.data.len()).sum::<usize>();
        let is_over = match ending {
            Ending::Break | Ending::End => true,
            Ending::Cut => self.missed == Missed::Cut,
            Ending::Part | Ending::All => false,
        };
        Some(Taken { packets, runs, start, end, is_last: is_over && self.queue.is_empty() })
    }

    /// Whether a segment may last from `start` to `end`.
    pub(super) const fn allows(&self, start: Timestamp, end: Timestamp) -> bool {
        end.since(start) <= self.longest
    }

    /// The segment that was being taken is whole.
    pub(super) const fn cut(&mut self) {
        self.begun = None;
    }

    /// A stretch without media over `span`: from where the one before it ended, if that fits into one segment. Its start and its length in
    /// ticks.
    pub(super) fn gap(&mut self, stretch: Stretch) -> (Timestamp, i64) {
        let (cut, end) = (stretch.from.rescale(self.base()), stretch.end.rescale(self.base()));
        let start = self.ended.filter(|ended| (1..=self.longest).contains(&end.since(*ended))).unwrap_or(cut);
        let last = self.begun.get_or_insert(start).saturating_add(self.longest);
        let start = start.min(last.saturating_add(-1));
        let duration = end.min(last).since(start).max(1);
        self.ended = Some(start.saturating_add(duration));
        (start, duration)
    }

    /// When what is at `start` was captured, by the packet there.
    pub(super) fn wall(&self, packet: &Packet, start: Timestamp) -> Option<WallTime> {
        packet.wall.map(|wall| wall.after(self.base().to_nanos(start.since(packet.pts))))
    }

    /// Whether a player can begin with a packet.
    pub(super) fn is_independent(&self, packet: &Packet) -> bool {
        packet.key == Key::Closed || self.track.kind() == Kind::Audio
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

    /// The first `count` packets as stretches without a hole.
    fn runs(&self, count: usize, end: Timestamp) -> Vec<(usize, Timestamp)> {
        let holes =
            (1..count).filter(|&index| self.end_of(index - 1) < self.position(&self.queue[index]).time);
        let mut runs: Vec<_> = holes.map(|index| (index, self.end_of(index - 1))).collect();
        runs.push((count, end));
        let shift = self.shift.unwrap_or(0);
        runs.iter_mut().for_each(|(_, end)| *end = end.saturating_add(shift.saturating_neg()));
        runs
    }
}

impl Taken {
    /// Stretches without a hole, and the DTS at which each ends.
    pub(super) fn stretches(&self) -> impl Iterator<Item = (&[Packet], Timestamp)> {
        let from = std::iter::once(0).chain(self.runs.iter().map(|(to, _)| *to));
        from.zip(&self.runs).map(|(from, (to, end))| (&self.packets[from..*to], *end))
    }
}

impl Missed {
    /// At the end of a part, a cut before it still counts.
    const fn max_part(self) -> Self {
        match self {
            Self::Cut => Self::Cut,
            Self::No | Self::Part => Self::Part,
        }
    }
}

/// How long a packet is taken to last, in nanoseconds, as long as nothing tells: a picture at 25 a second.
const UNKNOWN_STEP: i64 = 40_000_000;
