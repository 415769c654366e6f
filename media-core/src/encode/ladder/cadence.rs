//! Where key frames stand.

use crate::time::{TimeBase, Timestamp};

/// Says by the PTS alone where key frames stand: at the first frame at or after each multiple of an interval.
///
/// ```
/// use media_core::encode::ladder::Cadence;
/// use media_core::time::{TimeBase, Timestamp};
/// let mut cadence = Cadence::new(TimeBase::hz(1000), 2_000_000_000).ok_or("no interval")?;
/// // The frame at 2.00 s is lost.
/// let starts = [0, 40, 1960, 2040, 2080, 4000].map(|pts| cadence.starts(Timestamp::new(pts)));
/// assert_eq!(starts, [true, false, false, true, false, true]);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cadence {
    time_base: TimeBase,
    interval: i64,
    /// Which multiple the last key frame belongs to.
    last: Option<i128>,
}

impl Cadence {
    /// A key frame every `interval` nanoseconds of a stream in `time_base`; `None` unless that is positive.
    pub const fn new(time_base: TimeBase, interval: i64) -> Option<Self> {
        if interval < 1 {
            return None;
        }
        Some(Self { time_base, interval, last: None })
    }

    /// Whether the frame at `pts` is a key frame. To be asked once for each frame, in order: the first is one, one that goes back never.
    /// Multiples count from a PTS of zero, and are compared as exact fractions.
    pub fn starts(&mut self, pts: Timestamp) -> bool {
        // 63 + 32 + 30 bits at most.
        let time = i128::from(pts.ticks()) * i128::from(self.time_base.num()) * NANOS;
        let multiple = time.div_euclid(i128::from(self.interval) * i128::from(self.time_base.den()));
        let starts = self.last.is_none_or(|last| multiple > last);
        if starts {
            self.last = Some(multiple);
        }
        starts
    }
}

const NANOS: i128 = 1_000_000_000;
