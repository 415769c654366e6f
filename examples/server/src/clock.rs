//! The program's clocks, read here and nowhere else: the stages are told what time it is.

use std::time::{SystemTime, UNIX_EPOCH};

use media_core::time::{Moment, WallTime};
use tokio::time::Instant;

/// A monotonic clock that begins when it is made; in tests that pause the runtime's time it stands still too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    epoch: WallTime,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now(), epoch: wall() }
    }

    pub(crate) fn now(self) -> Moment {
        Moment::from_nanos(i64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(i64::MAX))
    }

    /// The time of day when it was made.
    pub(crate) const fn epoch(self) -> WallTime {
        self.epoch
    }
}

/// The time of day.
pub(crate) fn wall() -> WallTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    WallTime::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}

/// `2026-11-21T09:30:00.123Z`, the form of `urn:mpeg:dash:utc:http-iso:2014`.
pub(crate) fn iso(time: WallTime) -> String {
    let millis = time.nanos().div_euclid(1_000_000);
    let (seconds, millis) = (millis.div_euclid(1000), millis.rem_euclid(1000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Year, month and day of the proleptic Gregorian calendar, from days since 1970-01-01. Counted in years that begin in March, so that the
/// leap day comes last.
fn date(days: i64) -> (i64, i64, i64) {
    const DAYS_TO_MARCH_OF_YEAR_ZERO: i64 = 719_468;
    const DAYS_IN_400_YEARS: i64 = 146_097;
    let days = days + DAYS_TO_MARCH_OF_YEAR_ZERO;
    let era = days.div_euclid(DAYS_IN_400_YEARS);
    let day_of_era = days.rem_euclid(DAYS_IN_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        // From `date -u -d @SECONDS +%FT%TZ`.
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_795_254_896, "2026-11-21T09:54:56.000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000Z"),
        ] {
            assert_eq!(iso(WallTime::from_nanos(seconds * 1_000_000_000)), expected);
        }
        assert_eq!(iso(WallTime::from_nanos(1_500_000)), "1970-01-01T00:00:00.001Z");
    }
}
