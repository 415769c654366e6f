//! What a track takes on the line, measured from its segments.

use std::collections::VecDeque;

use super::SECOND;
use super::periods::Anchor;
use super::placed::Placed;
use crate::segment::position::Position;
use crate::time::WallTime;
use crate::track::TrackId;

/// Measured bit rates of a track, file boxes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// The highest rate, in bits per second, of any run of segments between half and one and a half target durations long: the peak
    /// segment bit rate of RFC 8216bis 4.4.6.2.
    pub peak: u64,
    /// Bits per second over all segments.
    pub average: u64,
}

/// Follows one track's segments.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) track: TrackId,
    /// Bytes and nanoseconds of the newest segments: as many as one and a half target durations hold.
    recent: VecDeque<(u64, i64)>,
    peak: u64,
    bytes: u64,
    nanos: i64,
    /// The values are of an earlier configuration and stand only until there are new ones.
    stale: bool,
    /// Where the last segment ended, and when that was captured.
    last: Option<(Position, WallTime)>,
}

impl Meter {
    pub(super) const fn new(track: TrackId) -> Self {
        Self { track, recent: VecDeque::new(), peak: 0, bytes: 0, nanos: 0, stale: false, last: None }
    }

    /// A new configuration: what follows is measured anew.
    pub(super) const fn restart(&mut self) {
        self.stale = true;
    }

    pub(super) fn bandwidth(&self) -> Option<Bandwidth> {
        let average = rate(self.bytes, self.nanos)?;
        Some(Bandwidth { peak: self.peak.max(average), average })
    }

    /// Takes a segment into account; `longest` is the target duration in nanoseconds.
    pub(super) fn measure(&mut self, placed: &Placed, longest: i64) {
        if placed.gap {
            self.recent.clear();
            return;
        }
        if self.stale {
            *self = Self { last: self.last, ..Self::new(self.track) };
        }
        let (bytes, nanos) = (placed.bytes, placed.nanos().max(1));
        self.bytes = self.bytes.saturating_add(bytes);
        self.nanos = self.nanos.saturating_add(nanos);
        self.recent.push_back((bytes, nanos));
        let mut run = (0_u64, 0_i64);
        let mut kept = 0;
        for (bytes, nanos) in self.recent.iter().rev() {
            run = (run.0.saturating_add(*bytes), run.1.saturating_add(*nanos));
            if run.1 > longest + longest / 2 {
                break;
            }
            kept += 1;
            if run.1 >= longest / 2 {
                self.peak = self.peak.max(rate(run.0, run.1).unwrap_or(0));
            }
        }
        self.recent.drain(..self.recent.len() - kept);
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

/// Bits per second, rounded up, at least 1; `None` when no time has passed.
fn rate(bytes: u64, nanos: i64) -> Option<u64> {
    let nanos = u128::try_from(nanos).ok().filter(|&nanos| nanos > 0)?;
    let bits = u128::from(bytes) * 8 * SECOND.unsigned_abs() as u128;
    Some(u64::try_from(bits.div_ceil(nanos)).unwrap_or(u64::MAX).max(1))
}
