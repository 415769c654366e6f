//! DTS for streams that tell only PTS.
//!
//! Pictures come in decoding order. With a reorder depth `d` (the most pictures that precede one in decoding order and follow it in
//! display order) the DTS of a picture is the `d`-th smaller PTS: the sorted PTS, moved by `d`. All PTS needed for that have been
//! seen when the picture comes, so nothing waits.
//!
//! Where the configuration does not tell `d` (no `bitstream_restriction` in the VUI) it starts at 0 and is learnt: from the picture
//! order count already at the P picture that leaves room before itself, else from the first picture that comes late. While it grows,
//! DTS are squeezed into the room before the next picture still to come.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::codec::PictureOrder;

#[derive(Debug)]
pub(super) struct Reorder {
    /// The depth seen or declared.
    depth: usize,
    /// Whether the configuration declares it; then missing pictures are lost ones.
    declared: bool,
    /// PTS not yet used as a DTS.
    waiting: BinaryHeap<Reverse<i64>>,
    /// The last PTS in decoding order, to see how many of them a late picture comes after.
    recent: VecDeque<i64>,
    gap: Gap,
    /// The count of the last picture that restarted counting, and the pictures since.
    first: i64,
    coded: i64,
    last: Option<i64>,
    /// Whether no picture has come since the start or the last interruption.
    fresh: bool,
}

/// A picture's two stamps, and whether they had to be bent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamps {
    pub(super) pts: i64,
    pub(super) dts: i64,
    pub(super) squeezed: bool,
}

impl Reorder {
    /// `depth` as the configuration declares it; `poc_step` is the usual distance of two pictures in display order.
    pub(super) fn new(depth: Option<u8>, poc_step: i64) -> Self {
        Self {
            depth: usize::from(depth.unwrap_or(0)).min(MAX_DEPTH),
            declared: depth.is_some(),
            waiting: BinaryHeap::new(),
            recent: VecDeque::new(),
            gap: Gap::new(poc_step),
            first: 0,
            coded: 0,
            last: None,
            fresh: true,
        }
    }

    /// Forgets the pictures seen: what follows does not refer to them. DTS go on increasing.
    pub(super) fn interrupt(&mut self) {
        self.waiting.clear();
        self.recent.clear();
        self.gap.restart();
        self.fresh = true;
    }

    /// A new configuration is in force.
    pub(super) fn configure(&mut self, depth: Option<u8>, poc_step: i64) {
        *self = Self { last: self.last, ..Self::new(depth, poc_step) };
    }

    /// The time base has changed.
    pub(super) fn rescale(&mut self, ticks: impl Fn(i64) -> i64) {
        self.last = self.last.map(ticks);
    }

    /// The last DTS given out.
    pub(super) const fn last(&self) -> Option<i64> {
        self.last
    }

    /// Whether the picture is shown before one that has already come.
    pub(super) fn is_late(&self, order: PictureOrder) -> bool {
        !order.restarts && self.gap.newest.is_some_and(|(count, _)| i64::from(order.count) < count)
    }

    /// How many pictures before the newest one this one is shown (negative) or after it (positive).
    pub(super) fn distance(&self, order: PictureOrder) -> Option<i64> {
        let (newest, _) = self.gap.newest.filter(|_| !order.restarts)?;
        Some((i64::from(order.count) - newest) / self.gap.step)
    }

    /// How many pictures later than it is decoded this one is shown, by the order counts alone.
    pub(super) fn shown_after(&self, order: PictureOrder) -> i64 {
        if order.restarts || self.gap.newest.is_none() {
            return self.depth as i64;
        }
        let shown = (i64::from(order.count) - self.first) / self.gap.step;
        (shown - self.coded + self.depth as i64).clamp(0, 2 * MAX_DEPTH as i64)
    }

    /// The stamps of the next picture in decoding order. `interval` is the usual time between pictures, `declared` a DTS that the
    /// source gave.
    pub(super) fn push(
        &mut self,
        pts: i64,
        order: Option<PictureOrder>,
        interval: i64,
        declared: Option<i64>,
    ) -> Stamps {
        self.count(order);
        let known = self.depth;
        let after = self.recent.iter().filter(|&&earlier| earlier > pts).count();
        self.depth = self.depth.max(after).min(MAX_DEPTH);
        let open = order.and_then(|order| self.gap.push(i64::from(order.count), order.restarts, pts));
        let open = open.filter(|_| !self.declared);
        let depth = self.depth.max(open.map_or(0, |open| open.depth)).min(MAX_DEPTH);
        self.remember(pts);

        let mut sorted = None;
        while self.waiting.len() > depth {
            sorted = self.waiting.pop().map(|Reverse(pts)| pts);
        }
        let ideal = match (declared, sorted) {
            (Some(dts), _) => dts,
            (None, Some(dts)) => dts,
            (None, None) if self.fresh => pts.saturating_sub(interval.saturating_mul(depth as i64)),
            (None, None) => self.squeeze(depth, open),
        };
        let smooth = declared.is_some() || self.fresh || (sorted.is_none() && depth == known);
        self.fresh = false;
        let dts = ideal
            .max(pts.saturating_sub(MOST_AHEAD))
            .min(pts)
            .max(self.last.map_or(0, |last| last.saturating_add(1)));
        self.last = Some(dts);
        let squeezed = dts > pts || (!smooth && (depth > known || dts > ideal));
        Stamps { pts: pts.max(dts), dts, squeezed }
    }

    fn count(&mut self, order: Option<PictureOrder>) {
        match order {
            Some(order) if order.restarts || self.gap.newest.is_none() => {
                self.first = i64::from(order.count);
                self.coded = 1;
            }
            _ => self.coded = self.coded.saturating_add(1),
        }
    }

    fn remember(&mut self, pts: i64) {
        self.waiting.push(Reverse(pts));
        self.recent.push_back(pts);
        if self.recent.len() > MAX_DEPTH + 1 {
            self.recent.pop_front();
        }
    }

    /// A DTS between the last one and the earliest picture that can still come, leaving room for those that come before it.
    fn squeeze(&self, depth: usize, open: Option<Open>) -> i64 {
        let last = self.last.unwrap_or(0);
        let lowest = self.waiting.peek().map_or(last, |Reverse(pts)| *pts);
        let limit = open.map_or(lowest, |open| open.next.min(lowest));
        let to_come = (depth + 1 - self.waiting.len()).max(open.map_or(0, |open| open.missing));
        last.saturating_add((limit.saturating_sub(last) / (to_come as i64 + 1)).max(1))
    }
}

/// Where in display order pictures are missing, as the picture order count tells.
#[derive(Debug)]
struct Gap {
    step: i64,
    /// The smallest distance seen since the last restart, and between how many pictures.
    seen: Option<i64>,
    pictures: u32,
    /// The newest picture but one and the newest one in display order: count and PTS.
    floor: Option<(i64, i64)>,
    newest: Option<(i64, i64)>,
    /// The counts that have come after `floor`, the newest included.
    come: Vec<i64>,
}

/// Pictures still to come before the one at hand.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// The least depth with which they fit.
    depth: usize,
    missing: usize,
    /// Where the first of them will be shown.
    next: i64,
}

impl Gap {
    const fn new(step: i64) -> Self {
        Self { step, seen: None, pictures: 0, floor: None, newest: None, come: Vec::new() }
    }

    fn restart(&mut self) {
        // A stream may count in ones or in twos (H.264: per field); only whole sequences teach a wider step.
        if let Some(seen) = self.seen.filter(|_| self.pictures >= 4) {
            self.step = seen;
        }
        self.pictures = 0;
        self.seen = None;
        self.floor = None;
        self.newest = None;
        self.come.clear();
    }

    fn push(&mut self, count: i64, restarts: bool, pts: i64) -> Option<Open> {
        if restarts {
            self.restart();
        }
        self.learn_step(count);
        match self.newest {
            Some((newest, _)) if count <= newest => {}
            newest => {
                // Pictures before the former newest one that have not come by now were lost.
                self.floor = newest;
                self.newest = Some((count, pts));
                self.come.clear();
            }
        }
        if self.floor.is_some_and(|(floor, _)| count <= floor) || self.come.len() > MAX_DEPTH {
            return None;
        }
        self.come.push(count);
        self.open(count)
    }

    fn learn_step(&mut self, count: i64) {
        self.pictures = self.pictures.saturating_add(1);
        let near = self.come.iter().copied().chain(self.floor.map(|(floor, _)| floor));
        let step = near.map(|other| (count - other).abs()).filter(|&step| step > 0).min();
        self.seen = [self.seen, step].into_iter().flatten().min();
        self.step = self.seen.map_or(self.step, |seen| seen.min(self.step));
    }

    fn open(&self, count: i64) -> Option<Open> {
        let ((floor, floor_pts), (newest, newest_pts)) = (self.floor?, self.newest?);
        let before = self.come.iter().filter(|&&come| come < count).count() as i64;
        let missing = (count - floor) / self.step - 1 - before;
        if missing <= 0 {
            return None;
        }
        let first = (1..).map(|n| floor + n * self.step).find(|count| !self.come.contains(count))?;
        let span = i128::from(newest_pts) - i128::from(floor_pts);
        let part = span * i128::from(first - floor) / i128::from(newest - floor);
        Some(Open {
            depth: self.come.iter().filter(|&&come| come > first).count(),
            missing: missing.min(MAX_DEPTH as i64) as usize,
            next: i64::try_from(i128::from(floor_pts) + part).unwrap_or(i64::MAX),
        })
    }
}

/// Ticks that a picture is decoded before it is shown, at most: containers have signed fields of 32 bits for it (14496-12 8.8.8). At 90 kHz that is three hours,
/// which only a clock that was set in between makes of a picture.
const MOST_AHEAD: i64 = 1 << 30;

/// The largest reorder depth there is: `MaxDpbFrames`, ITU-T H.264 A.3.1 and H.265 A.4.2.
pub(super) const MAX_DEPTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_pause_of_years_decoding_is_as_far_from_showing_as_a_container_can_say() {
        let mut reorder = Reorder::new(Some(2), 1);
        for n in 0..4 {
            reorder.push(n * 3600, None, 3600, None);
        }
        let years = 90_000 * 1_500_000_000;
        let stamps = reorder.push(years, None, 3600, None);
        assert_eq!((stamps.pts, stamps.dts), (years, years - MOST_AHEAD));
        let declared = reorder.push(years + 3600, None, 3600, Some(5));
        assert_eq!((declared.pts, declared.dts), (years + 3600, years + 3600 - MOST_AHEAD));
    }
}
