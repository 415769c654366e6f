//! The S elements of a SegmentTimeline, ISO/IEC 23009-1 5.3.9.6: segments of equal length end to end as one.

use std::iter::Peekable;

/// An S element: `@t` where it does not begin where the one before it ended, `@d`, and `@r` further ones like it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) time: Option<u64>,
    pub(super) duration: u64,
    pub(super) repeats: u64,
}

/// The runs of segments that begin and last as many ticks.
pub(super) struct Runs<I: Iterator<Item = (u64, u64)>> {
    spans: Peekable<Shown<I>>,
    /// Where the last run ended.
    at: Option<u64>,
}

/// Segments as long as they are shown: one that would reach into the next ends where that begins, since its last duration had been guessed too
/// long.
struct Shown<I: Iterator<Item = (u64, u64)>>(Peekable<I>);

impl<I: Iterator<Item = (u64, u64)>> Runs<I> {
    pub(super) fn new(spans: I) -> Self {
        Self { spans: Shown(spans.peekable()).peekable(), at: None }
    }
}

impl<I: Iterator<Item = (u64, u64)>> Iterator for Shown<I> {
    type Item = (u64, u64);

    fn next(&mut self) -> Option<Self::Item> {
        let (start, duration) = self.0.next()?;
        let next = self.0.peek().and_then(|(next, _)| next.checked_sub(start));
        Some((start, next.filter(|ticks| *ticks > 0).map_or(duration, |ticks| duration.min(ticks))))
    }
}

impl<I: Iterator<Item = (u64, u64)>> Iterator for Runs<I> {
    type Item = Run;

    fn next(&mut self) -> Option<Run> {
        let (start, duration) = self.spans.next()?;
        let mut end = start.saturating_add(duration);
        let mut repeats = 0;
        while self.spans.next_if_eq(&(end, duration)).is_some() {
            end = end.saturating_add(duration);
            repeats += 1;
        }
        let time = (self.at != Some(start)).then_some(start);
        self.at = Some(end);
        Some(Run { time, duration, repeats })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(spans: &[(u64, u64)]) -> Vec<(Option<u64>, u64, u64)> {
        Runs::new(spans.iter().copied()).map(|run| (run.time, run.duration, run.repeats)).collect()
    }

    #[test]
    fn equal_ones_end_to_end_are_one_run() {
        assert_eq!(runs(&[(5, 10), (15, 10), (25, 10), (35, 7)]), [(Some(5), 10, 2), (None, 7, 0)]);
        assert_eq!(runs(&[(0, 10), (11, 10)]), [(Some(0), 10, 0), (Some(11), 10, 0)]);
        assert_eq!(runs(&[]), []);
    }

    #[test]
    fn what_was_guessed_too_long_ends_where_the_next_begins() {
        assert_eq!(runs(&[(0, 10), (9, 10), (18, 10), (28, 10)]), [(Some(0), 9, 1), (None, 10, 1)]);
    }
}
