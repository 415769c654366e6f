//! A segment beside the track that it is of.

use crate::segment::Segment;
use crate::segment::position::Position;
use crate::time::{TimeBase, Timestamp};
use crate::track::{Kind, Track};

/// A segment and the time base it counts in.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    pub(super) segment: &'a Segment,
    pub(super) kind: Kind,
    pub(super) base: TimeBase,
}

impl<'a> Placed<'a> {
    pub(super) fn new(segment: &'a Segment, tracks: &[Track]) -> Option<Self> {
        let track = tracks.iter().find(|track| track.id == segment.track)?;
        Some(Self { segment, kind: track.kind(), base: track.time_base })
    }

    pub(super) const fn start(&self) -> Position {
        Position { time: self.segment.start, base: self.base }
    }

    pub(super) fn end(&self) -> Position {
        self.start().plus(i64::try_from(self.segment.duration).unwrap_or(i64::MAX))
    }

    pub(super) fn nanos(&self) -> i64 {
        self.end().since(self.start())
    }

    /// Where a Period begins whose first segments these are: with its first picture. Sound before it is not heard; pictures before the
    /// first sound could not be cut off, since all up to the next key frame would go with them.
    pub(super) fn leading(placed: &[Self]) -> Position {
        let media = || placed.iter().filter(|placed| !placed.segment.gap);
        let leader = media().find(|placed| placed.kind == Kind::Video).or_else(|| media().next());
        leader
            .or(placed.first())
            .map_or(Position { time: Timestamp::ZERO, base: TimeBase::NANOS }, Self::start)
    }
}
