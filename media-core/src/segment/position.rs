//! Instants of tracks with different time bases on their common line, compared exactly.

use std::cmp::Ordering;

use crate::time::{TimeBase, Timestamp};

/// A timestamp together with the base it counts in. Ordered by the instant it names, without rounding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    pub(crate) time: Timestamp,
    pub(crate) base: TimeBase,
}

impl Position {
    /// `nanos` later, to the nearest tick of the same base.
    pub(crate) const fn after(self, nanos: i64) -> Self {
        Self { time: self.time.saturating_add(self.base.from_nanos(nanos)), base: self.base }
    }

    /// `ticks` of its base later.
    pub(crate) const fn plus(self, ticks: i64) -> Self {
        Self { time: self.time.saturating_add(ticks), base: self.base }
    }

    /// Nanoseconds from `earlier` to `self`, to the nearest. Exact in `self`'s base where that is `earlier`'s too.
    pub(crate) fn since(self, earlier: Self) -> i64 {
        if self.base == earlier.base {
            return self.base.to_nanos(self.time.since(earlier.time));
        }
        self.base.to_nanos(self.time.ticks()).saturating_sub(earlier.base.to_nanos(earlier.time.ticks()))
    }

    /// The same instant in ticks of another base, to the nearest.
    pub(crate) const fn rescale(self, base: TimeBase) -> Timestamp {
        self.time.rescale(self.base, base)
    }

    /// The instant over the common denominator with another: fits, since 64 + 32 + 32 bits is 128 with one sign.
    fn over(self, other: TimeBase) -> i128 {
        i128::from(self.time.ticks()) * i128::from(self.base.num()) * i128::from(other.den())
    }
}

impl Ord for Position {
    fn cmp(&self, other: &Self) -> Ordering {
        self.over(other.base).cmp(&other.over(self.base))
    }
}

impl PartialOrd for Position {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Position {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Position {}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ticks: i64, hz: u32) -> Position {
        Position { time: Timestamp::new(ticks), base: TimeBase::hz(hz) }
    }

    #[test]
    fn instants_of_different_bases_compare_exactly() {
        assert_eq!(at(90_000, 90_000), at(44_100, 44_100));
        assert!(at(1, 3) < at(333_333_334, 1_000_000_000));
        assert!(at(1, 3) > at(333_333_333, 1_000_000_000));
        assert!(at(i64::MAX, 1) > at(i64::MAX, u32::MAX));
        assert!(at(i64::MIN, 1) < at(i64::MIN, u32::MAX));
    }
}
