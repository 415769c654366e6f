//! Time as media has it: integer ticks of a rational base, clocks that wrap, and the two clocks of the outside world.
//!
//! A track keeps its own [`TimeBase`] from the camera to the file, and ticks are never turned into floats. Converting is done on
//! absolute positions only: rounding single durations is how a stream drifts.
//!
//! **PTS and DTS.** The *presentation* timestamp says when a picture is shown, the *decoding* timestamp when it is given to the
//! decoder. They differ only where pictures are coded out of display order (B-frames): there DTS runs ahead in coding order and
//! `dts <= pts` holds.

use std::num::NonZeroU32;

/// A position on a track's time line, in ticks of that track's [`TimeBase`].
///
/// The base is not carried along: whoever holds a timestamp holds the track it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// Tick zero.
    pub const ZERO: Self = Self(0);

    /// The position `ticks` after (or, negative, before) tick zero.
    pub const fn new(ticks: i64) -> Self {
        Self(ticks)
    }

    /// Ticks since tick zero.
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// `self + ticks`; `None` when that leaves 64 bits.
    pub const fn checked_add(self, ticks: i64) -> Option<Self> {
        match self.0.checked_add(ticks) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// `self + ticks`, stopping at the ends of 64 bits.
    pub const fn saturating_add(self, ticks: i64) -> Self {
        Self(self.0.saturating_add(ticks))
    }

    /// Ticks from `earlier` to `self` (negative when `earlier` is later), stopping at the ends of 64 bits.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same position counted in another base, to the nearest tick (halves away from zero), stopping at the ends of 64 bits.
    ///
    /// ```
    /// use media_core::time::{TimeBase, Timestamp};
    /// let one_second = Timestamp::new(90_000);
    /// assert_eq!(one_second.rescale(TimeBase::hz(90_000), TimeBase::hz(48_000)).ticks(), 48_000);
    /// ```
    pub const fn rescale(self, from: TimeBase, to: TimeBase) -> Self {
        let numerator = from.num.get() as u64 * to.den.get() as u64;
        let denominator = from.den.get() as u64 * to.num.get() as u64;
        // Nearly always 64 bits are enough, which a processor divides by itself; 128 take a call.
        if let Some(rescaled) = self.rescale_narrow(numerator, denominator) {
            return rescaled;
        }
        let (numerator, denominator) = (numerator as i128, denominator as i128);
        let product = self.0 as i128 * numerator;
        let half = if product < 0 { -(denominator / 2) } else { denominator / 2 };
        let rounded = (product + half) / denominator;
        if rounded > i64::MAX as i128 {
            Self(i64::MAX)
        } else if rounded < i64::MIN as i128 {
            Self(i64::MIN)
        } else {
            Self(rounded as i64)
        }
    }

    /// The same where nothing on the way takes more than 64 bits.
    const fn rescale_narrow(self, numerator: u64, denominator: u64) -> Option<Self> {
        if numerator > i64::MAX as u64 || denominator > i64::MAX as u64 {
            return None;
        }
        let Some(product) = self.0.checked_mul(numerator as i64) else { return None };
        let half = if product < 0 { -(denominator as i64 / 2) } else { denominator as i64 / 2 };
        match product.checked_add(half) {
            Some(sum) => Some(Self(sum / denominator as i64)),
            None => None,
        }
    }
}

/// How long one tick lasts: `num / den` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeBase {
    num: NonZeroU32,
    den: NonZeroU32,
}

impl TimeBase {
    /// The clock of RTP video payloads and of MPEG-TS, 90 kHz.
    pub const VIDEO: Self = Self::hz(90_000);
    /// Nanoseconds, the unit of [`Moment`] and [`WallTime`].
    pub const NANOS: Self = Self::hz(1_000_000_000);

    /// A base of `num / den` seconds per tick; `None` when either is zero.
    pub const fn new(num: u32, den: u32) -> Option<Self> {
        match (NonZeroU32::new(num), NonZeroU32::new(den)) {
            (Some(num), Some(den)) => Some(Self { num, den }),
            _ => None,
        }
    }

    /// `rate` ticks per second.
    ///
    /// # Panics
    /// When `rate` is zero; meant for constants. Use [`TimeBase::new`] for a rate that comes from outside.
    pub const fn hz(rate: u32) -> Self {
        match Self::new(1, rate) {
            Some(base) => base,
            None => panic!("a time base of 0 Hz"),
        }
    }

    /// Numerator of the length of a tick in seconds.
    pub const fn num(self) -> u32 {
        self.num.get()
    }

    /// Denominator of the length of a tick in seconds; with a numerator of 1, the ticks per second.
    pub const fn den(self) -> u32 {
        self.den.get()
    }

    /// A whole number of nanoseconds as ticks, to the nearest.
    pub const fn from_nanos(self, nanos: i64) -> i64 {
        Timestamp(nanos).rescale(Self::NANOS, self).0
    }

    /// Ticks as nanoseconds, to the nearest.
    pub const fn to_nanos(self, ticks: i64) -> i64 {
        Timestamp(ticks).rescale(self, Self::NANOS).0
    }
}

/// A reading of the caller's monotonic clock, in nanoseconds from an origin of the caller's choice.
///
/// Stages that live in time are told `now` as a `Moment`; none reads a clock. A test can pass an hour in a millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
    /// The reading `nanos` after the clock's origin.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds after the clock's origin.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The moment `nanos` later, stopping at the ends of 64 bits.
    pub const fn after(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Nanoseconds from `earlier` to `self`, stopping at the ends of 64 bits.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// A time of day: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(i64);

impl WallTime {
    /// Seconds between the epochs of NTP (1900) and Unix (1970), RFC 5905 figure 4.
    const NTP_TO_UNIX: i64 = 2_208_988_800;

    /// The time `nanos` after the Unix epoch.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The time a 64-bit NTP timestamp names (RFC 3550 section 4), read in era 0 when its top bit is set and in era 1 (from
    /// 2036-02-07) otherwise, as RFC 4330 section 3 proposes.
    pub const fn from_ntp(ntp: u64) -> Self {
        let seconds = (ntp >> 32) as i64 + if ntp >> 63 == 0 { 1 << 32 } else { 0 };
        let fraction = ((ntp & 0xffff_ffff) * 1_000_000_000) >> 32;
        Self((seconds - Self::NTP_TO_UNIX) * 1_000_000_000 + fraction as i64)
    }

    /// The 64-bit NTP timestamp that names this time, RFC 3550 section 4: [`from_ntp`](Self::from_ntp) backwards. Times of other eras than 0
    /// and 1 come out as if they were of those.
    pub const fn to_ntp(self) -> u64 {
        let seconds = self.0.div_euclid(1_000_000_000) + Self::NTP_TO_UNIX;
        let nanos = self.0.rem_euclid(1_000_000_000) as u64;
        // Rounded up, since reading it rounds down.
        (seconds as u64) << 32 | ((nanos << 32).div_ceil(1_000_000_000))
    }

    /// Nanoseconds since the Unix epoch.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The time `nanos` later, stopping at the ends of 64 bits.
    pub const fn after(self, nanos: i64) -> Self {
        Self(self.0.saturating_add(nanos))
    }

    /// Nanoseconds from `earlier` to `self`, stopping at the ends of 64 bits.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Makes a clock that starts over every 2^`BITS` ticks (RTP: 32, MPEG-TS: 33) into one that does not.
///
/// Each value is taken as the one nearest to its predecessor, so values may also run backward by up to half the range.
///
/// ```
/// use media_core::time::Unwrapper;
/// let mut clock = Unwrapper::<32>::default();
/// assert_eq!(clock.unwrap(0xffff_ffff), 0xffff_ffff);
/// assert_eq!(clock.unwrap(2), 0x1_0000_0002);
/// assert_eq!(clock.unwrap(0xffff_fffe), 0xffff_fffe);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwrapper<const BITS: u32> {
    last: Option<i64>,
}

impl<const BITS: u32> Unwrapper<BITS> {
    /// The unwrapped value of `wrapped`; bits above `BITS` are ignored.
    pub const fn unwrap(&mut self, wrapped: u64) -> i64 {
        let range = 1_i64 << BITS;
        let wrapped = (wrapped & (range as u64 - 1)) as i64;
        let value = match self.last {
            None => wrapped,
            Some(last) => {
                let step = (wrapped - last).rem_euclid(range);
                last.saturating_add(if step > range / 2 { step - range } else { step })
            }
        };
        self.last = Some(value);
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rescaling_rounds_halves_away_from_zero() {
        let to = |ticks: i64| Timestamp::new(ticks).rescale(TimeBase::hz(2), TimeBase::hz(1)).ticks();
        assert_eq!([to(1), to(-1), to(2), to(3), to(-3)], [1, -1, 1, 2, -2]);
    }

    #[test]
    fn rescaling_is_the_same_in_64_bits_and_beyond() {
        let nanos = |ticks| Timestamp::new(ticks).rescale(TimeBase::VIDEO, TimeBase::NANOS).ticks();
        // Beyond 2^63 / 10^9 = 9223372036.85 ticks the product takes more than 64 bits. Expected values by hand: ticks / 9 * 10^5.
        assert_eq!(nanos(9_223_372_036), 102_481_911_511_111);
        assert_eq!(nanos(9_223_372_037), 102_481_911_522_222);
        assert_eq!(nanos(-9_223_372_037), -102_481_911_522_222);
    }

    #[test]
    fn rescaling_stops_at_the_ends() {
        let far = Timestamp::new(i64::MAX);
        assert_eq!(far.rescale(TimeBase::hz(1), TimeBase::NANOS).ticks(), i64::MAX);
        assert_eq!(Timestamp::new(i64::MIN).rescale(TimeBase::hz(1), TimeBase::NANOS).ticks(), i64::MIN);
    }

    #[test]
    fn ntp_epochs() {
        // RFC 5905 figure 4: 1970-01-01 is 2,208,988,800 s in era 0; era 1 begins 2036-02-07T06:28:16Z.
        assert_eq!(WallTime::from_ntp(2_208_988_800 << 32).nanos(), 0);
        assert_eq!(WallTime::from_ntp((2_208_988_800 << 32) | 0x8000_0000).nanos(), 500_000_000);
        for nanos in [0, 1, 999_999_999, 1_700_000_000_123_456_789, -1] {
            assert_eq!(WallTime::from_ntp(WallTime::from_nanos(nanos).to_ntp()).nanos(), nanos);
        }
        assert_eq!(WallTime::from_ntp(0).nanos(), 2_085_978_496 * 1_000_000_000);
    }

    #[test]
    fn clocks_unwrap_over_many_turns() {
        let mut clock = Unwrapper::<33>::default();
        let step = 1_u64 << 32;
        for n in 0..100_u64 {
            assert_eq!(clock.unwrap((n * step) & ((1 << 33) - 1)), (n * step) as i64);
        }
    }
}
