//! Blocking reload: when a list has come to where a player waits for it, RFC 8216bis 6.2.5.2.

use super::answer::Until;
use super::request::Reload;
use super::{BadRequest, Origin, SECOND};
use crate::playlist::Delivery;

impl Origin {
    /// Whether the list has come to where a player waits for it, RFC 8216bis 6.2.5.2.
    pub(super) fn has_come(&self, reload: Reload) -> Result<bool, BadRequest> {
        let window = &self.window;
        let Some(last) = window.numbers().next_back().filter(|_| !window.is_finished()) else {
            return Ok(true);
        };
        let (msn, part) = match (reload, &window.config().delivery) {
            (Reload::Now, _) => return Ok(true),
            (Reload::Part { msn, part }, Delivery::LowLatency(_)) => (msn, Some(part)),
            (Reload::Part { msn, .. } | Reload::Segment { msn }, _) => (msn, None),
        };
        if msn > last.saturating_add(2) {
            return Err(BadRequest::TooFarAhead { msn, last });
        }
        let Some(part) = part else { return Ok(last >= msn) };
        let next_began = window.last().is_some_and(|end| end.msn > last);
        if msn < last || msn == last && part < window.parts_of(last) {
            return Ok(true);
        }
        if msn == last {
            // More than the segment has: the first of the next one.
            return Ok(next_began);
        }
        let listed = if next_began && msn == last.saturating_add(1) { window.parts_of(msn) } else { 0 };
        if part >= listed.saturating_add(self.advance_limit()) {
            return Err(BadRequest::PartTooFarAhead { msn, part, listed });
        }
        Ok(part < listed)
    }

    /// How many parts beyond the last a player may ask for: as many as begin in three seconds, or three.
    fn advance_limit(&self) -> u32 {
        match &self.window.config().delivery {
            Delivery::LowLatency(low) if low.part_target < SECOND => {
                let parts = (3 * SECOND).unsigned_abs().div_ceil(low.part_target.max(1).unsigned_abs());
                u32::try_from(parts).unwrap_or(u32::MAX)
            }
            _ => 3,
        }
    }
}

impl Reload {
    pub(super) const fn until(self) -> Until {
        match self {
            Self::Now => Until::Beginning,
            Self::Segment { msn } => Until::Segment { msn },
            Self::Part { msn, part } => Until::Part { msn, part },
        }
    }
}
