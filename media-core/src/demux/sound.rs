//! Sound on a line of samples: stamps that were rounded to milliseconds or to 90 kHz become exact again.

/// The line that the packets of a track of sound lie on, in ticks of one sample.
///
/// A packet begins where the one before it ended, as long as its stamp agrees to within a tolerance; where it does not, samples are missing or
/// time went elsewhere, and the stamp is believed. So stamps are exact from packet to packet and never further from the container's than
/// the tolerance. Stamps that are [known](Line::refine) to be better than that are believed to be somewhere else when they suddenly are.
#[derive(Debug)]
pub(super) struct Line {
    /// Samples by which a stamp may be wrong.
    tolerance: i64,
    /// Samples by which it may be wrong otherwise than the one before it.
    step: i64,
    /// Samples by which the stamp before was later than its packet.
    off: i64,
    /// Ticks of one second.
    second: i64,
    /// Where the packet before ended, when it told its length.
    next: Option<i64>,
    /// Whether the packet before decodes to nothing, as a first packet of Vorbis. Writers do not agree how long that lasts.
    is_loose: bool,
    last: Option<i64>,
}

/// A packet's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) at: i64,
    /// Whether it does not follow on the one before.
    pub(super) is_gap: bool,
}

impl Line {
    pub(super) const fn new(rate: u32, tolerance: i64) -> Self {
        Self {
            tolerance,
            step: i64::MAX,
            off: 0,
            second: rate as i64,
            next: None,
            is_loose: false,
            last: None,
        }
    }

    /// From one stamp to the next, they are wrong by no more than `step` samples.
    pub(super) const fn refine(&mut self, step: i64) {
        self.step = step;
    }

    /// The place of a packet of `samples` samples with the stamp `stamp`; `None` for the first packet when it has none.
    pub(super) fn place(&mut self, stamp: Option<i64>, samples: Option<u32>) -> Option<Placed> {
        let (at, is_gap) = match (self.next, stamp) {
            (Some(_), Some(stamp)) if self.is_loose => (stamp, false),
            (Some(next), Some(stamp)) if self.agrees(stamp.saturating_sub(next)) => {
                self.off = stamp - next;
                (next, false)
            }
            (next, Some(stamp)) => {
                self.off = 0;
                (stamp, next.is_some())
            }
            (Some(next), None) => (next, false),
            (None, None) => (self.last?.saturating_add(1), true),
        };
        self.next = samples.map(|samples| at.saturating_add(samples.into()));
        self.is_loose = samples == Some(0);
        let at = self.after_last(at);
        self.last = Some(at);
        Some(Placed { at, is_gap })
    }

    /// Whether a stamp that is so much later than its packet is that packet's.
    const fn agrees(&self, off: i64) -> bool {
        off.saturating_abs() <= self.tolerance && off.saturating_sub(self.off).saturating_abs() <= self.step
    }

    /// A stamp a little before the last one is wrong, one far before it is another time.
    fn after_last(&self, stamp: i64) -> i64 {
        match self.last {
            Some(last) if stamp <= last && last - stamp < self.second => last.saturating_add(1),
            _ => stamp,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_stamps_become_exact() {
        // AAC frames of 1024 samples at 44.1 kHz, stamped in milliseconds.
        let mut line = Line::new(44_100, 89);
        for n in 0..1000_i64 {
            let millis = (n * 1024 * 1000 + 22_050) / 44_100;
            let placed = line.place(Some(millis * 44_100 / 1000), Some(1024)).expect("it has a stamp");
            assert_eq!(placed, Placed { at: n * 1024, is_gap: false });
        }
    }

    #[test]
    fn good_stamps_are_believed_sooner() {
        let mut line = Line::new(48_000, 96);
        line.refine(24);
        let mut at = |stamp| line.place(Some(stamp), Some(1000)).expect("a place");
        // A clock that runs slowly away, until that is more than the tolerance.
        for n in 0..=4 {
            assert_eq!(at(n * 1020), Placed { at: n * 1000, is_gap: false });
        }
        assert_eq!(at(5 * 1020), Placed { at: 5100, is_gap: true });
        // Half a millisecond at once is rounding, and a sample more is not.
        assert_eq!(at(6100 + 24), Placed { at: 6100, is_gap: false });
        assert_eq!(at(7100 - 1), Placed { at: 7099, is_gap: true });
        assert_eq!(at(8099 + 25), Placed { at: 8124, is_gap: true });
    }

    #[test]
    fn a_gap_is_a_gap() {
        let mut line = Line::new(48_000, 96);
        assert_eq!(line.place(None, Some(960)), None);
        let mut at = |stamp| line.place(stamp, Some(960)).expect("a place");
        assert_eq!(at(Some(0)), Placed { at: 0, is_gap: false });
        assert_eq!(at(None), Placed { at: 960, is_gap: false });
        assert_eq!(at(Some(1920 + 97)), Placed { at: 2017, is_gap: true });
        assert_eq!(at(Some(2000)), Placed { at: 2018, is_gap: true });
        assert_eq!(at(Some(-100_000)), Placed { at: -100_000, is_gap: true });
    }
}
