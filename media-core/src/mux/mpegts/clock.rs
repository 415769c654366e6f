//! The two clocks of a transport stream as its fields say them: 90 kHz in 33 bits, and 27 MHz as such a number and a remainder.

use crate::time::{TimeBase, Timestamp};

/// `system_clock_frequency`, ISO/IEC 13818-1 2.4.2.1, in ticks per second.
pub(super) const SYSTEM_CLOCK: TimeBase = TimeBase::hz(27_000_000);

/// Ticks of [`SYSTEM_CLOCK`] in a tick of 90 kHz.
pub(super) const PER_STAMP: i64 = 300;

/// Ticks of [`SYSTEM_CLOCK`] in a millisecond.
pub(super) const MILLISECOND: i64 = 27_000;

/// Where `time` stands on the line of [`SYSTEM_CLOCK`]; `None` more than 170 years from its zero, so that sums of two do not overflow.
pub(super) fn position(time: Timestamp, base: TimeBase) -> Option<i64> {
    let ticks = match base {
        TimeBase::VIDEO => time.ticks().saturating_mul(PER_STAMP),
        _ => time.rescale(base, SYSTEM_CLOCK).ticks(),
    };
    (ticks.unsigned_abs() < 1 << 57).then_some(ticks)
}

/// Nanoseconds as ticks of [`SYSTEM_CLOCK`].
pub(super) const fn from_nanos(nanos: i64) -> i64 {
    SYSTEM_CLOCK.from_nanos(nanos)
}

/// A value of PTS or DTS, and the base of a PCR: 33 bits at 90 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(u64);

impl Stamp {
    /// A position in ticks of 90 kHz, taken modulo 2^33; before zero too.
    pub(super) const fn wrapped(ticks: i64) -> Self {
        Self(ticks as u64 & ((1 << 33) - 1))
    }

    /// The field in a PES header, 2.4.3.6: four bits that tell PTS and DTS apart, then 3, 15 and 15 bits with a marker behind each.
    pub(super) const fn field(self, prefix: u8) -> [u8; 5] {
        let Self(ticks) = self;
        let (high, middle, low) = ((ticks >> 30) as u8, (ticks >> 15) as u16 & 0x7fff, ticks as u16 & 0x7fff);
        let ([a, b], [c, d]) = ((middle << 1 | 1).to_be_bytes(), (low << 1 | 1).to_be_bytes());
        [prefix << 4 | high << 1 | 1, a, b, c, d]
    }
}

/// A program clock reference, 2.4.3.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pcr {
    base: Stamp,
    extension: u16,
}

impl Pcr {
    /// What the clock shows at a position of [`SYSTEM_CLOCK`].
    pub(super) const fn at(position: i64) -> Self {
        let base = Stamp::wrapped(position.div_euclid(PER_STAMP));
        Self { base, extension: position.rem_euclid(PER_STAMP) as u16 }
    }

    /// The field: 33 bits, 6 reserved ones, 9 bits.
    pub(super) const fn field(self) -> [u8; 6] {
        let [_, _, field @ ..] = (self.base.0 << 15 | 0x3f << 9 | self.extension as u64).to_be_bytes();
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_split_by_markers() {
        assert_eq!(Stamp::wrapped(0).field(2), [0x21, 0x00, 0x01, 0x00, 0x01]);
        // 900000 = 0b1_1011 << 15 | 0b011_1011_1010_0000.
        assert_eq!(Stamp::wrapped(900_000).field(3), [0x31, 0x00, 0x37, 0x77, 0x41]);
        assert_eq!(Stamp::wrapped((1 << 33) - 1).field(1), [0x1f, 0xff, 0xff, 0xff, 0xff]);
    }

    #[test]
    fn stamps_wrap_at_33_bits_both_ways() {
        assert_eq!(Stamp::wrapped(1 << 33), Stamp::wrapped(0));
        assert_eq!(Stamp::wrapped((1 << 33) + 7), Stamp::wrapped(7));
        assert_eq!(Stamp::wrapped(-1), Stamp::wrapped((1 << 33) - 1));
    }

    #[test]
    fn the_extension_counts_to_299() {
        assert_eq!(Pcr::at(0).field(), [0x00, 0x00, 0x00, 0x00, 0x7e, 0x00]);
        assert_eq!(Pcr::at(299).field(), [0x00, 0x00, 0x00, 0x00, 0x7f, 0x2b]);
        assert_eq!(Pcr::at(300).field(), [0x00, 0x00, 0x00, 0x00, 0xfe, 0x00]);
        assert_eq!(Pcr::at(-1).field(), [0xff, 0xff, 0xff, 0xff, 0xff, 0x2b]);
        assert_eq!(Pcr::at(300 << 33), Pcr::at(0));
    }

    #[test]
    fn positions_are_exact_and_bounded() {
        let third = TimeBase::new(1, 3).expect("not zero");
        assert_eq!(position(Timestamp::new(1), third), Some(9_000_000));
        assert_eq!(position(Timestamp::new(-7), TimeBase::VIDEO), Some(-2100));
        assert_eq!(position(Timestamp::new(1), TimeBase::hz(44_100)), Some(612));
        assert_eq!(position(Timestamp::new(i64::MAX), TimeBase::VIDEO), None);
        assert_eq!(position(Timestamp::new(i64::MIN), TimeBase::hz(1)), None);
    }
}
