//! What a live track takes on the line, and when it was captured.

use super::periods::Anchor;
use super::placed::Placed;
use super::rate::{Bandwidth, Rate};
use crate::segment::position::Position;
use crate::time::WallTime;
use crate::track::TrackId;

/// Follows one track's segments.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) track: TrackId,
    rate: Rate,
    /// The values are of an earlier configuration and stand only until there are new ones.
    stale: bool,
    /// Where the last segment ended, and when that was captured.
    last: Option<(Position, WallTime)>,
}

impl Meter {
    pub(super) fn new(track: TrackId) -> Self {
        Self { track, rate: Rate::default(), stale: false, last: None }
    }

    /// A new configuration: what follows is measured anew.
    pub(super) const fn restart(&mut self) {
        self.stale = true;
    }

    pub(super) fn bandwidth(&self) -> Option<Bandwidth> {
        self.rate.bandwidth()
    }

    /// Takes a segment into account; `longest` is the target duration in nanoseconds.
    pub(super) fn measure(&mut self, placed: &Placed, longest: i64) {
        if placed.gap {
            return self.rate.interrupt();
        }
        if self.stale {
            (self.rate, self.stale) = (Rate::default(), false);
        }
        self.rate.push(placed.bytes, placed.nanos(), longest);
    }

    /// When the start of a segment is captured: as its packets say, else as long after the one before it as it begins, else by the
    /// origin of the stream.
    pub(super) fn starts(&self, placed: &Placed, origin: Anchor) -> WallTime {
        let start = placed.start();
        placed
            .wall
            .or_else(|| self.last.map(|(end, wall)| wall.after(start.since(end))))
            .unwrap_or_else(|| origin.wall(start))
    }

    /// The segment that was captured from `wall` on is whole.
    pub(super) fn ends(&mut self, (start, wall): (Position, WallTime), end: Position) {
        self.last = Some((end, wall.after(end.since(start))));
    }
}
