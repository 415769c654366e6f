//! Bit rates of a media playlist, RFC 8216bis 4.1.

use super::media::SECOND;

/// Bits per second of a rendition's segments, as measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measured {
    /// The largest of any run of segments that lasts between half and one and a half target durations.
    pub peak: u64,
    /// Of all together.
    pub average: u64,
}

impl Measured {
    /// What segments of so many bytes and nanoseconds take, in a list of this target duration in seconds; `None` where they last no time.
    pub fn of(segments: &[(u64, u64)], target: u64) -> Option<Self> {
        let rate = |bytes: u128, nanos: u128| (bytes * 8 * u128::from(SECOND)).checked_div(nanos);
        let sum =
            |of: fn(&(u64, u64)) -> u64| segments.iter().map(|segment| u128::from(of(segment))).sum::<u128>();
        let average = rate(sum(|(bytes, _)| *bytes), sum(|(_, nanos)| *nanos))?;
        let target = u128::from(target) * u128::from(SECOND);
        let mut peak = 0;
        for first in 0..segments.len() {
            let (mut bytes, mut nanos) = (0_u128, 0_u128);
            for (own, lasts) in segments[first..].iter().take(RUN) {
                bytes += u128::from(*own);
                nanos += u128::from(*lasts);
                if nanos * 2 > target * 3 {
                    break;
                }
                if nanos * 2 >= target {
                    peak = peak.max(rate(bytes, nanos).unwrap_or(0));
                }
            }
        }
        let whole = |rate: u128| u64::try_from(rate).unwrap_or(u64::MAX);
        // A list shorter than half a target has no such run.
        Some(Self { peak: whole(if peak == 0 { average } else { peak }), average: whole(average) })
    }
}

/// Segments of one run that are counted: none lasts next to nothing.
const RUN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_of_runs_near_the_target() {
        // 8 kbit/s and 16 kbit/s; half a second of 80 kbit/s counts with its neighbours only.
        let segments = [(2000, 2 * SECOND), (4000, 2 * SECOND), (5000, SECOND / 2)];
        let average = 11_000 * 8 * 10 / 45;
        assert_eq!(Measured::of(&segments, 2), Some(Measured { peak: 28_800, average }));
        assert_eq!(Measured::of(&segments[2..], 2), Some(Measured { peak: 80_000, average: 80_000 }));
        assert_eq!((Measured::of(&[], 2), Measured::of(&[(1, 0)], 0)), (None, None));
    }
}
