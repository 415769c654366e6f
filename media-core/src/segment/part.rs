//! How long parts are, and where the pieces of a track lie: RFC 8216bis 4.4.4.9.
//!
//! Parts lie end to end on the line of time. What one lasts is a stretch of that line, not the sum of its samples: a track that begins, pauses or ends
//! in the middle of a part still has a piece of the part's length, as a segment has that a track is silent in for a while. So a length is always legal,
//! whatever comes. Where an access unit of the track ends within the legal lengths, the piece ends there, to the tick.

use super::lane::{Lane, Taken};
use super::position::Position;
use crate::time::{TimeBase, Timestamp};

/// What a part may last, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Length {
    pub(super) longest: i64,
    /// Of a part that is not the last of its segment.
    pub(super) least: i64,
}

/// What a piece is made of: from where the part before it ended to `end`, on the leader's line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    pub(super) from: Position,
    pub(super) end: Position,
    pub(super) ending: Ending,
    /// `None` where no parts are made.
    pub(super) length: Option<Length>,
}

/// What a [`Stretch`] ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// A part that is not the last of its segment.
    Part,
    /// The segment.
    Cut,
    /// All that is here: each track where its own media ends.
    All,
    /// The same, and time or the tracks break.
    Break,
    /// The same, and nothing follows.
    End,
}

impl Ending {
    pub(super) const fn is_cut(self) -> bool {
        !matches!(self, Self::Part)
    }

    /// Whether each track ends where its own media does.
    const fn is_apart(self) -> bool {
        matches!(self, Self::All | Self::Break | Self::End)
    }
}

impl Length {
    /// That of parts of up to so many nanoseconds.
    pub(super) const fn new(longest: i64) -> Self {
        let longest = if longest < PART_MIN { PART_MIN } else { longest };
        // Two microseconds more, since playlists round to one.
        Self { longest, least: longest - longest / 100 * (100 - LEAST_PERCENT) + 2000 }
    }

    /// The same in ticks, at least one. Playlists say the target in whole microseconds, rounded up.
    fn ticks(self, base: TimeBase) -> (i64, i64) {
        let down = |nanos: i64| {
            let ticks = base.from_nanos(nanos);
            if base.to_nanos(ticks) > nanos { ticks - 1 } else { ticks }
        };
        let longest = down(self.longest.saturating_add(999) / 1000 * 1000).max(1);
        (down(self.least).saturating_add(1).min(longest), longest)
    }
}

impl Lane {
    /// Where the piece of `taken` begins on the line, and its length in ticks; without media that of a gap. `first` of its segment.
    pub(super) fn piece(&mut self, taken: Option<&Taken>, stretch: Stretch, first: bool) -> (Timestamp, i64) {
        let Some(length) = stretch.length else {
            return taken
                .map_or_else(|| self.gap(stretch), |taken| (taken.start, taken.end.since(taken.start)));
        };
        let (from, end) = (stretch.from.rescale(self.base()), stretch.end.rescale(self.base()));
        let (least, longest) = length.ticks(self.base());
        let natural = match taken {
            Some(taken) if stretch.ending.is_apart() => taken.end,
            Some(taken) => taken.end.max(end),
            None => end,
        };
        let before = self.listed;
        let mut start = match taken {
            _ if !first => before.unwrap_or(from),
            // What came too late lies before the gap that it left.
            Some(taken) => before.map_or(taken.start, |before| before.max(taken.start)),
            None => before.map_or(from, |before| before.max(from)),
        };
        if first && stretch.ending == Ending::Part {
            let early = natural.saturating_add(-least);
            start = start.min(before.map_or(early, |before| before.max(early)));
        }
        let least = if stretch.ending == Ending::Part { least } else { 1 };
        let natural = natural.since(start).clamp(least, longest);
        if first {
            self.opened = start;
        }
        let last = self.opened.saturating_add(self.longest);
        let end = start.saturating_add(natural).min(last).max(start.saturating_add(1));
        self.listed = Some(end);
        (start, end.since(start))
    }
}

/// What a part has to last of the target, RFC 8216bis 4.4.4.9.
pub(super) const LEAST_PERCENT: i64 = 85;
/// Nobody wants shorter parts than a millisecond, in nanoseconds.
pub(crate) const PART_MIN: i64 = 1_000_000;
/// By so many part targets without media time is broken: what is listed of nothing stays bounded.
pub(super) const GAPS_MAX: i64 = 256;
