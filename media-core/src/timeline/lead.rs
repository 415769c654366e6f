//! How far a track's line runs before real time, judged by the packets that were delayed least.

use crate::time::Moment;

/// The largest `position - arrival` of the last 16 to 32 seconds, in nanoseconds.
///
/// A packet can only be late, never early, so the largest difference belongs to the packets the network held up least. Two buckets
/// make it follow a clock that is slower than ours without keeping every packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead {
    current: i64,
    before: i64,
    since: Moment,
}

impl Lead {
    pub(super) const fn new(position: i64, now: Moment) -> Self {
        let lead = position.saturating_sub(now.nanos());
        Self { current: lead, before: lead, since: now }
    }

    /// Takes a packet into account.
    pub(super) fn push(&mut self, position: i64, now: Moment) {
        let lead = position.saturating_sub(now.nanos());
        if now.since(self.since) < BUCKET {
            self.current = self.current.max(lead);
            return;
        }
        self.before = self.current;
        self.current = lead;
        self.since = now;
    }

    /// Moves the estimate along with the line.
    pub(super) const fn shift(&mut self, nanos: i64) {
        self.current = self.current.saturating_add(nanos);
        self.before = self.before.saturating_add(nanos);
    }

    pub(super) fn get(&self) -> i64 {
        self.current.max(self.before)
    }
}

/// Long enough to hold some packets of any stream, short enough that 1000 ppm of drift are 16 ms.
const BUCKET: i64 = 16_000_000_000;
