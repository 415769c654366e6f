//! How far a track stands from where it should, relative to the leading one.

use super::clock::Clock;
use crate::time::{Moment, TimeBase, WallTime};

/// One RTCP sender report: the same instant on the track's clock and on the source's wall clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) rtp: u32,
    pub(super) ntp: WallTime,
    pub(super) arrival: Moment,
}

/// What is known of a track's offset against the leading one.
#[derive(Debug, Default)]
pub(super) struct Sync {
    pub(super) report: Option<Report>,
    /// The raw stamp that means the start of the stream (RTP-Info), the same instant on all tracks.
    pub(super) zero: Option<i64>,
    /// Whether reports have placed the track.
    placed: bool,
    /// An error too large to be drift, and how often it was seen in a row.
    doubt: Option<(i64, u8)>,
    /// Difference of the leads at first, and when it was looked at last.
    baseline: Option<i64>,
    looked: Option<Moment>,
}

/// What to do about an error, in nanoseconds the track has to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Correction {
    None,
    Slew(i64),
    Resync(i64),
    Ignore,
}

impl Report {
    /// The position of the report on the track's line, in nanoseconds.
    pub(super) fn position(&self, clock: &Clock, base: TimeBase) -> i64 {
        base.to_nanos(clock.position_of_rtp(self.rtp, self.arrival))
    }

    pub(super) fn is_fresh(&self, now: Moment) -> bool {
        now.since(self.arrival) < FRESH
    }
}

impl Sync {
    /// Nothing known before holds any more.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Decides about an error that two sender reports show.
    pub(super) fn by_reports(&mut self, error: i64) -> Correction {
        self.baseline = None;
        if error.saturating_abs() > IMPLAUSIBLE {
            return Correction::Ignore;
        }
        if error.saturating_abs() <= RESYNC {
            self.doubt = None;
            self.placed = true;
            return Correction::Slew(error);
        }
        let agreeing = match self.doubt {
            Some((before, count)) if error.saturating_sub(before).saturating_abs() <= AGREE => count + 1,
            _ => 1,
        };
        self.doubt = Some((error, agreeing));
        let first = !self.placed && error.saturating_abs() <= FIRST;
        if !first && agreeing < CONFIRMED {
            return Correction::None;
        }
        self.doubt = None;
        self.placed = true;
        Correction::Resync(error)
    }

    /// Decides about `lead`, how much further than the leading track's line this one's runs before arrival.
    pub(super) fn by_arrival(&mut self, lead: i64, now: Moment) -> Correction {
        let looked = *self.looked.get_or_insert(now);
        if now.since(looked) < LOOK_EVERY {
            return Correction::None;
        }
        self.looked = Some(now);
        let Some(baseline) = self.baseline else {
            let burst = lead.saturating_abs() > BURST;
            self.baseline = Some(if burst { 0 } else { lead });
            return if burst { Correction::Resync(lead.saturating_neg()) } else { Correction::None };
        };
        let drift = lead.saturating_sub(baseline);
        if drift.saturating_abs() > DRIFT {
            Correction::Slew(drift.saturating_neg())
        } else {
            Correction::None
        }
    }
}

/// Reports older than this say nothing any more; usual intervals are 1 to 10 seconds (RFC 3550 section 6.2).
const FRESH: i64 = 60_000_000_000;
/// An offset larger than this is corrected at once: sound more than about 100 ms off is noticed (ITU-R BT.1359).
const RESYNC: i64 = 100_000_000;
/// The first report may move a track this far by itself; larger or later offsets must be confirmed.
const FIRST: i64 = 2_000_000_000;
const CONFIRMED: u8 = 3;
const AGREE: i64 = 50_000_000;
/// Reports that put the tracks further apart than this have clocks that are not one clock.
const IMPLAUSIBLE: i64 = 10_000_000_000;
/// Without reports, drift is looked for as often as the lead is renewed.
const LOOK_EVERY: i64 = 16_000_000_000;
/// Arrival jitter hides smaller drift than this.
const DRIFT: i64 = 40_000_000;
/// Tracks that stand this far apart at first were started by a burst of old pictures.
const BURST: i64 = 500_000_000;
