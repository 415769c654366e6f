//! Whether media still becomes complete when the DASH time line says so.

/// The least lateness of the newest cuts.
///
/// No source's clock is exactly the server's: a cheap crystal is off by seconds a day, a camera that stamps pictures by counting them
/// by seconds an hour. A cut can be late because the network was, but never early, so the least late one of some time tells how far
/// the clocks have gone apart. Two stretches make it follow without keeping each cut, and a stall shorter than one is not taken for drift.
#[derive(Debug)]
pub(super) struct Edge {
    newest: Option<i64>,
    before: Option<i64>,
    /// Media time at which the newest stretch began.
    since: i64,
}

impl Edge {
    /// Nothing known; `pushed` nanoseconds of media have come.
    pub(super) const fn new(pushed: i64) -> Self {
        Self { newest: None, before: None, since: pushed }
    }

    /// Takes a cut that came out `late` nanoseconds after what it was announced for. At the end of each stretch but the first: the least
    /// lateness of this one and the one before.
    pub(super) fn push(&mut self, late: i64, pushed: i64) -> Option<i64> {
        let newest = self.newest.map_or(late, |least| least.min(late));
        self.newest = Some(newest);
        if pushed.saturating_sub(self.since) < STRETCH {
            return None;
        }
        let before = self.before.replace(newest);
        (self.newest, self.since) = (None, pushed);
        Some(before?.min(newest))
    }
}

/// Nanoseconds of media: some cuts of any length.
const STRETCH: i64 = 30_000_000_000;
