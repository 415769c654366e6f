//! How long to wait before a camera is tried again.

use std::time::Duration;

/// Half a second, doubling to fifteen, for ever; each spread by a fifth either way, so that forty cameras behind one switch do not all
/// come back in the same instant.
#[derive(Clone, Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after one more failure. `random` is any number, a fresh one each time.
    pub(super) fn next(&mut self, random: u64) -> Duration {
        let wait = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let spread = u32::try_from(random % 401).unwrap_or_default();
        wait * (800 + spread) / 1000
    }

    /// After a connection that was worth something.
    pub(super) const fn reset(&mut self) {
        self.failures = 0;
    }
}

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_to_fifteen_seconds_and_stays_there() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..8).map(|_| backoff.next(200).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
        backoff.reset();
        assert_eq!(backoff.next(200), FIRST);
    }

    #[test]
    fn is_spread_by_a_fifth() {
        assert_eq!(Backoff::default().next(0).as_millis(), 400);
        assert_eq!(Backoff::default().next(400).as_millis(), 600);
        for random in 0..1000 {
            let wait = Backoff::default().next(random).as_millis();
            assert!((400..=600).contains(&wait));
        }
    }

    #[test]
    fn never_gives_up() {
        let mut backoff = Backoff { failures: u32::MAX };
        assert_eq!(backoff.next(200), LONGEST);
    }
}
