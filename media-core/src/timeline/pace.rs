//! Whether a clock runs at the speed it claims.

use crate::time::{Moment, TimeBase};

/// Whether the source's clock runs at the speed of ours.
#[derive(Debug)]
pub(super) struct Pace {
    raw: i64,
    since: Moment,
    fast: u8,
    slow: u8,
    good: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    Right,
    Wrong,
}

impl Pace {
    pub(super) const fn new(raw: i64, now: Moment) -> Self {
        Self { raw, since: now, fast: 0, slow: 0, good: 0 }
    }

    pub(super) const fn restart(&mut self, raw: i64, now: Moment) {
        self.raw = raw;
        self.since = now;
    }

    /// The verdict of the last windows when they agree, at the end of each.
    pub(super) fn judge(&mut self, raw: i64, base: TimeBase, now: Moment) -> Option<Rate> {
        let real = now.since(self.since);
        if real < PACE_WINDOW {
            return None;
        }
        let media = i128::from(base.to_nanos(raw.saturating_sub(self.raw)));
        let (fast, slow) = (media * 4 > i128::from(real) * 5, media * 5 < i128::from(real) * 4);
        let count = |yes: bool, before: u8| if yes { before.saturating_add(1) } else { 0 };
        self.fast = count(fast, self.fast);
        self.slow = count(slow, self.slow);
        self.good = count(!fast && !slow, self.good);
        self.restart(raw, now);
        if self.fast >= PACE_WINDOWS || self.slow >= PACE_WINDOWS {
            return Some(Rate::Wrong);
        }
        (self.good >= PACE_WINDOWS).then_some(Rate::Right)
    }
}

/// The rate is judged over windows of this length,
const PACE_WINDOW: i64 = 10_000_000_000;
/// and so many of them must agree: a burst after a stall fills one or two, in opposite directions.
const PACE_WINDOWS: u8 = 3;
