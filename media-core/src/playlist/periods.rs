//! The time line of DASH: how media is tied to the wall clock, and the stretches of cuts that are Periods.

use std::collections::VecDeque;

use super::edge::Edge;
use super::placed::Placed;
use super::{MILLISECOND, SECOND};
use crate::segment::Cut;
use crate::segment::position::Position;
use crate::time::WallTime;

/// The Periods of a stream that cuts are still listed of.
#[derive(Debug)]
pub(super) struct Periods {
    pub(super) origin: Option<Anchor>,
    pub(super) list: VecDeque<Period>,
    /// By how much the newest Period is later than the origin puts it, in nanoseconds: what the source's clock has lost.
    shift: i64,
    edge: Edge,
}

/// A stretch of cuts on one DASH Period: same tracks, no discontinuity, no track that comes back from a gap, no move of the live edge.
#[derive(Debug)]
pub(super) struct Period {
    pub(super) id: u32,
    pub(super) generation: u32,
    /// Nanoseconds from the start of the presentation.
    pub(super) start: i64,
    /// What `presentationTimeOffset` names in each track's time base.
    pub(super) origin: Position,
    /// Where its media ends so far.
    pub(super) end: Position,
}

/// The point where the line of the media is tied to the wall clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Anchor {
    at: Position,
    pub(super) wall: WallTime,
}

impl Periods {
    pub(super) const fn new() -> Self {
        Self { origin: None, list: VecDeque::new(), shift: 0, edge: Edge::new(0) }
    }

    /// What ties the media to the clock: the first that comes out, `placed`, from `begin` to `end`.
    pub(super) fn anchor(&mut self, placed: &[Placed], end: Position, now: WallTime) -> Anchor {
        *self.origin.get_or_insert_with(|| Anchor::new(placed, Placed::leading(placed), end, now))
    }

    /// The Period that a cut up to `end` belongs to: the last one, or a new one where the time line of some track breaks (it comes back from
    /// a gap where one `returns`) or the live edge is `moved`.
    pub(super) fn place(
        &mut self,
        cut: &Cut,
        (origin, begin, end): (Anchor, Position, Position),
        returns: bool,
        moved: bool,
    ) -> u32 {
        if let Some(last) = self.list.back_mut()
            && last.generation == cut.generation
            && !cut.discontinuity
            && !moved
            && !returns
        {
            last.end = end;
            return last.id;
        }
        let id = self.list.back().map_or(0, |last| last.id.wrapping_add(1));
        self.list.push_back(Period {
            id,
            generation: cut.generation,
            start: begin.since(origin.at).saturating_add(self.shift),
            origin: begin,
            end,
        });
        id
    }

    /// Whether the live edge has to be moved, for media from `begin` on that came out `late` nanoseconds after what the origin says. Less
    /// than `tolerance`, a segment, is no harm; much more, and players take all that is listed for past or for still to come.
    /// `pushed` nanoseconds of media have come.
    pub(super) fn follow(
        &mut self,
        (origin, begin): (Anchor, Position),
        late: i64,
        broken: bool,
        (tolerance, pushed): (i64, i64),
    ) -> bool {
        let apart = late.saturating_sub(self.shift);
        // A source that was away goes on where real time is, whatever its clock had lost before.
        let returned = broken && late.saturating_abs() < apart.saturating_abs();
        let drifted = self.edge.push(apart, pushed).filter(|least| least.saturating_abs() > tolerance);
        let shift = match drifted {
            _ if returned => 0,
            Some(least) => self.shift.saturating_add(least),
            None => return false,
        };
        let start = begin.since(origin.at).saturating_add(shift);
        if self.list.back().is_some_and(|last| start <= last.start) {
            return false;
        }
        self.shift = shift;
        self.edge = Edge::new(pushed);
        true
    }

    /// Drops those before the Period of the first cut that is listed.
    pub(super) fn drop_before(&mut self, first: u32) {
        while self.list.front().is_some_and(|period| period.id != first) {
            self.list.pop_front();
        }
    }
}

impl Period {
    /// Where in the presentation `position` lies, in nanoseconds.
    pub(super) fn presents(&self, position: Position) -> i64 {
        self.start.saturating_add(position.since(self.origin))
    }
}

impl Anchor {
    /// Ties `at`, the origin of the first Period, to the clock that shows `now` when the media up to `end` is complete.
    fn new(placed: &[Placed], at: Position, end: Position, now: WallTime) -> Self {
        let complete = now.after(-end.since(at));
        let captured = placed.iter().find_map(|placed| Some((placed.wall?, placed.start())));
        let captured = captured.map(|(wall, start)| wall.after(at.since(start)));
        // A second covers what lies between a picture and its listing. What is more is start-up (waiting for a second track, a first key
        // frame), and would keep players that much further behind for ever. A clock that is further off is not the server's.
        let wall = match captured {
            Some(captured) if (SECOND..10 * SECOND).contains(&complete.since(captured)) => {
                captured.after(SECOND)
            }
            _ => complete,
        };
        Self { at, wall: WallTime::from_nanos(wall.nanos() / MILLISECOND * MILLISECOND) }
    }

    /// When what is at `position` was, or will be, complete.
    pub(super) const fn wall(&self, position: Position) -> WallTime {
        self.wall.after(
            position
                .base
                .to_nanos(position.time.ticks())
                .saturating_sub(self.at.base.to_nanos(self.at.time.ticks())),
        )
    }
}
