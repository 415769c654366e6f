//! The time of day of a position on the line.

use crate::time::{Moment, WallTime};

/// Maps the line to the time of day, from arrival until sender reports tell better.
#[derive(Debug)]
pub(super) struct Wall {
    /// Time of day minus position, in nanoseconds.
    offset: Option<i64>,
    reported: Option<Moment>,
    arrived: Moment,
    doubt: Option<(i64, u8)>,
}

impl Wall {
    pub(super) const fn new() -> Self {
        Self { offset: None, reported: None, arrived: Moment::from_nanos(0), doubt: None }
    }

    /// The time of day at `position` nanoseconds.
    pub(super) fn at(&self, position: i64) -> WallTime {
        WallTime::from_nanos(position.saturating_add(self.offset.unwrap_or(0)))
    }

    /// The line goes on `nanos` later than it would have: the time of day is not moved with it.
    pub(super) fn shift(&mut self, nanos: i64) {
        self.offset = self.offset.map(|offset| offset.saturating_sub(nanos));
    }

    /// The least delayed packets put position zero at `offset`.
    pub(super) fn by_arrival(&mut self, offset: i64, now: Moment) {
        if self.reported.is_some_and(|at| now.since(at) < STALE) {
            return;
        }
        let Some(old) = self.offset else {
            self.offset = Some(offset);
            return;
        };
        let passed = now.since(self.arrived);
        if passed < LOOK_EVERY {
            return;
        }
        self.arrived = now;
        let error = offset.saturating_sub(old);
        if error.saturating_abs() > JITTER {
            self.offset = Some(old.saturating_add(error.clamp(-(passed / SLEW), passed / SLEW)));
        }
    }

    /// A sender report of time `ntp` was at `position`; `ours` is our time of day when it came.
    pub(super) fn by_report(&mut self, ntp: WallTime, position: i64, ours: WallTime, now: Moment) {
        if ntp.since(ours).saturating_abs() > DAY {
            return;
        }
        let offset = ntp.nanos().saturating_sub(position);
        let passed = self.reported.map(|at| now.since(at));
        self.reported = Some(now);
        let (Some(old), Some(passed)) = (self.offset, passed) else {
            self.offset = Some(offset);
            return;
        };
        let error = offset.saturating_sub(old);
        if error.saturating_abs() <= STEP {
            self.doubt = None;
            self.offset = Some(old.saturating_add(error.clamp(-(passed / SLEW), passed / SLEW)));
            return;
        }
        let agreeing = match self.doubt {
            Some((before, count)) if error.saturating_sub(before).saturating_abs() <= STEP => count + 1,
            _ => 1,
        };
        self.doubt = Some((error, agreeing));
        if agreeing >= CONFIRMED {
            self.doubt = None;
            self.offset = Some(offset);
        }
    }
}

/// A source's clock further from ours than this was never set: cameras without NTP wake up in 1970 or 2000.
const DAY: i64 = 86_400_000_000_000;
/// Errors above this are steps of the source's clock and are followed at once, when seen three times in a row; smaller ones are slewed.
const STEP: i64 = 1_000_000_000;
const CONFIRMED: u8 = 3;
/// 1000 ppm.
const SLEW: i64 = super::clock::SLEW;
/// Arrival is not known better than this.
const JITTER: i64 = 100_000_000;
/// Without reports for so long, arrival counts again.
const STALE: i64 = 600_000_000_000;
const LOOK_EVERY: i64 = 16_000_000_000;
