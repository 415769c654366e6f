//! Bit rates measured from the sizes and lengths of segments.

use std::collections::VecDeque;

use super::SECOND;

/// Measured bit rates of a track or rendition, file boxes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bandwidth {
    /// The highest rate, in bits per second, of any run of segments between half and one and a half target durations long: the peak
    /// segment bit rate of RFC 8216bis 4.4.6.2.
    pub peak: u64,
    /// Bits per second over all segments.
    pub average: u64,
}

/// Follows the segments of one playlist.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    /// Bytes and nanoseconds of the newest segments: as many as one and a half target durations hold.
    recent: VecDeque<(u64, i64)>,
    peak: u64,
    bytes: u64,
    nanos: i64,
}

impl Rate {
    pub(super) fn bandwidth(&self) -> Option<Bandwidth> {
        let average = rate(self.bytes, self.nanos)?;
        Some(Bandwidth { peak: self.peak.max(average), average })
    }

    /// Takes a segment into account; `longest` is the target duration in nanoseconds.
    pub(super) fn push(&mut self, bytes: u64, nanos: i64, longest: i64) {
        let nanos = nanos.max(1);
        self.bytes = self.bytes.saturating_add(bytes);
        self.nanos = self.nanos.saturating_add(nanos);
        self.recent.push_back((bytes, nanos));
        let mut run = (0_u64, 0_i64);
        let mut kept = 0;
        for (bytes, nanos) in self.recent.iter().rev() {
            run = (run.0.saturating_add(*bytes), run.1.saturating_add(*nanos));
            if run.1 > longest.saturating_add(longest / 2) {
                break;
            }
            kept += 1;
            if run.1 >= longest / 2 {
                self.peak = self.peak.max(rate(run.0, run.1).unwrap_or(0));
            }
        }
        self.recent.drain(..self.recent.len() - kept);
    }

    /// A gap: what follows is in no run with what was before.
    pub(super) fn interrupt(&mut self) {
        self.recent.clear();
    }
}

/// Bits per second, rounded up, at least 1; `None` when no time has passed.
fn rate(bytes: u64, nanos: i64) -> Option<u64> {
    let nanos = u128::try_from(nanos).ok().filter(|&nanos| nanos > 0)?;
    let bits = u128::from(bytes) * 8 * SECOND.unsigned_abs() as u128;
    Some(u64::try_from(bits.div_ceil(nanos)).unwrap_or(u64::MAX).max(1))
}
