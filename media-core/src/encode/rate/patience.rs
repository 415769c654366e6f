//! How long to wait before asking for more again.

/// Waits longer after each try that had to be taken back, and as briefly as at first once a try has held.
#[derive(Debug)]
pub(super) struct Patience {
    limits: Limits,
    wait: i64,
    /// When the wait began.
    since: i64,
    /// The last try that has neither held nor failed yet.
    tried: Option<i64>,
}

/// All in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The wait at first.
    pub(super) least: i64,
    /// The longest wait.
    pub(super) most: i64,
    /// A try that is not taken back for so long has held.
    pub(super) proof: i64,
}

impl Patience {
    pub(super) const fn new(limits: Limits) -> Self {
        Self { limits, wait: limits.least, since: 0, tried: None }
    }

    /// Whether the wait is over.
    pub(super) fn is_over(&mut self, clock: i64) -> bool {
        if self.tried.is_some_and(|tried| clock.saturating_sub(tried) >= self.limits.proof) {
            self.tried = None;
            self.wait = self.limits.least;
        }
        clock.saturating_sub(self.since) >= self.wait
    }

    /// This is no time to ask for more: the wait begins anew.
    pub(super) const fn restart(&mut self, clock: i64) {
        self.since = clock;
    }

    /// More was asked for.
    pub(super) const fn try_at(&mut self, clock: i64) {
        self.tried = Some(clock);
    }

    /// Less had to be asked for.
    pub(super) fn take_back(&mut self, clock: i64) {
        // A try that has held since is forgotten first.
        self.is_over(clock);
        if self.tried.take().is_some() {
            self.wait = (self.wait * 2).min(self.limits.most);
        }
        self.since = clock;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { least: 10, most: 40, proof: 60 };

    #[test]
    fn the_wait_doubles_with_each_try_taken_back_and_is_short_again_after_one_that_held() {
        let mut patience = Patience::new(LIMITS);
        let mut clock = 0;
        for wait in [10, 20, 40, 40] {
            assert!(!patience.is_over(clock + wait - 1), "{wait}");
            assert!(patience.is_over(clock + wait), "{wait}");
            patience.try_at(clock + wait);
            clock += wait + 59;
            patience.take_back(clock);
        }
        patience.try_at(clock + 40);
        clock += 100;
        patience.take_back(clock);
        assert!(!patience.is_over(clock + 9));
        assert!(patience.is_over(clock + 10));
    }
}
