//! DTS of pictures whose blocks tell only PTS: they stand in the order of their decoding, RFC 9559 section 10.
//!
//! With a reorder depth `d` (the most pictures that precede one in decoding order and follow it in display order) the DTS of a picture is the
//! `d`-th smaller PTS: the sorted PTS, moved by `d`. The first pictures wait until enough have come to tell how far before the first PTS they are
//! decoded. Where the parameter sets do not tell `d`, it is seen from the first [`WINDOW`] pictures.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Pictures of one track, of type `T`, that get their DTS.
#[derive(Debug)]
pub(super) struct Order<T> {
    declared: Option<usize>,
    depth: usize,
    /// Ticks between pictures where no two tell it.
    interval: i64,
    /// Ticks of ten seconds: a picture so far before its predecessors is of another time.
    jump: i64,
    /// Pictures that wait for the first DTS to be known; `None` once they are.
    first: Option<Vec<(i64, T)>>,
    /// PTS that no picture has had as DTS yet.
    unused: BinaryHeap<Reverse<i64>>,
    last: Option<i64>,
    ready: VecDeque<Ordered<T>>,
}

/// A picture with both stamps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ordered<T> {
    pub(super) pts: i64,
    pub(super) dts: i64,
    /// Whether the PTS had to give way.
    pub(super) is_bent: bool,
    pub(super) item: T,
}

impl<T> Order<T> {
    /// `interval` is the usual time between pictures, `second` the ticks of one.
    pub(super) fn new(depth: Option<u8>, interval: i64, second: i64) -> Self {
        Self {
            declared: depth.map(usize::from),
            depth: 0,
            interval: interval.max(1),
            jump: second.saturating_mul(10),
            first: Some(Vec::new()),
            unused: BinaryHeap::new(),
            last: None,
            ready: VecDeque::new(),
        }
    }

    /// What the parameter sets say from the next picture on.
    pub(super) fn set_depth(&mut self, depth: Option<u8>) {
        self.declared = depth.map(usize::from);
        if self.first.is_none() {
            self.depth = self.declared.unwrap_or(self.depth).min(MAX_DEPTH);
        }
    }

    pub(super) fn push(&mut self, pts: i64, item: T) {
        if self.last.is_some_and(|last| pts.saturating_add(self.jump) < last) {
            self.flush();
            (self.first, self.last) = (Some(Vec::new()), None);
            self.unused.clear();
        }
        match &mut self.first {
            Some(first) => {
                first.push((pts, item));
                if first.len() > self.declared.map_or(WINDOW, |depth| 2 * depth.min(MAX_DEPTH)) {
                    self.flush();
                }
            }
            None => self.order(pts, item),
        }
    }

    /// Orders what waits by what is known.
    pub(super) fn flush(&mut self) {
        let Some(first) = self.first.take() else { return };
        self.depth = self.declared.unwrap_or_else(|| observed(&first)).min(MAX_DEPTH);
        let mut sorted: Vec<i64> = first.iter().map(|(pts, _)| *pts).collect();
        sorted.sort_unstable();
        let steps = sorted.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).filter(|&step| step > 0);
        self.interval = steps.min().unwrap_or(self.interval);
        let earliest = sorted.first().copied().unwrap_or(0);
        let before = (1..=self.depth as i64).rev();
        self.unused.extend(before.map(|n| Reverse(earliest.saturating_sub(self.interval.saturating_mul(n)))));
        first.into_iter().for_each(|(pts, item)| self.order(pts, item));
    }

    pub(super) fn poll(&mut self) -> Option<Ordered<T>> {
        self.ready.pop_front()
    }

    fn order(&mut self, pts: i64, item: T) {
        self.unused.push(Reverse(pts));
        let mut sorted = None;
        while self.unused.len() > self.depth {
            sorted = self.unused.pop().map(|Reverse(pts)| pts);
        }
        let lowest = self.last.map_or(i64::MIN, |last| last.saturating_add(1));
        let dts = sorted.unwrap_or(lowest).max(lowest).min(pts.max(lowest));
        self.last = Some(dts);
        self.ready.push_back(Ordered { pts: pts.max(dts), dts, is_bent: dts > pts, item });
    }
}

/// The most pictures that come before one and are shown after it.
fn observed<T>(pictures: &[(i64, T)]) -> usize {
    let later = |(index, (pts, _)): (usize, &(i64, T))| {
        pictures[..index].iter().filter(|(earlier, _)| earlier > pts).count()
    };
    pictures.iter().enumerate().map(later).max().unwrap_or(0)
}

/// The largest reorder depth there is: `MaxDpbFrames`, ITU-T H.264 A.3.1 and H.265 A.4.2.
const MAX_DEPTH: usize = 16;

/// Twice the largest depth: whatever the depth is, some picture has come that shows it.
const WINDOW: usize = 2 * MAX_DEPTH;

#[cfg(test)]
mod tests {
    use super::*;

    fn dts(depth: Option<u8>, pts: &[i64]) -> Vec<(i64, i64)> {
        let mut order = Order::new(depth, 40, 1000);
        pts.iter().for_each(|&pts| order.push(pts, ()));
        order.flush();
        std::iter::from_fn(|| order.poll()).map(|picture| (picture.pts, picture.dts)).collect()
    }

    #[test]
    fn dts_are_the_sorted_pts_moved_by_the_depth() {
        let pts = [0, 160, 80, 40, 120, 320, 240, 200, 280];
        let expected: Vec<(i64, i64)> = pts.iter().copied().zip((-2..).map(|n| n * 40)).collect();
        assert_eq!(dts(Some(2), &pts), expected);
        assert_eq!(dts(None, &pts), expected);
    }

    #[test]
    fn equal_stamps_give_way() {
        assert_eq!(dts(Some(0), &[0, 40, 40, 80]), [(0, 0), (40, 40), (41, 41), (80, 80)]);
    }

    #[test]
    fn another_time_begins_anew() {
        assert_eq!(dts(Some(1), &[90_000, 90_080, 90_040, 0, 80, 40]).last(), Some(&(40, 40)));
    }

    #[test]
    fn dts_increase_and_are_not_after_pts_whatever_comes() {
        let mut state = 1_u64;
        let pts: Vec<i64> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as i64
        })
        .take(500)
        .collect();
        for depth in [None, Some(0), Some(3), Some(16)] {
            let ordered = dts(depth, &pts);
            assert_eq!(ordered.len(), pts.len());
            assert!(ordered.windows(2).all(|pair| pair[0].1 < pair[1].1));
            assert!(ordered.iter().all(|(pts, dts)| dts <= pts));
        }
    }
}
