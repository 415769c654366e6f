//! A segment or a part of one beside the track that it is of.

use crate::segment::position::Position;
use crate::segment::{Piece, Segment};
use crate::time::{TimeBase, Timestamp, WallTime};
use crate::track::{Kind, Track, TrackId};

/// What is listed of a stretch of media, and the time base it counts in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) track: TrackId,
    pub(super) kind: Kind,
    pub(super) base: TimeBase,
    pub(super) time: Timestamp,
    pub(super) duration: u64,
    pub(super) bytes: u64,
    pub(super) gap: bool,
    pub(super) independent: bool,
    pub(super) wall: Option<WallTime>,
    /// First byte of the first key picture, and the one behind it.
    pub(super) key: Option<(u64, u64)>,
}

impl Placed {
    pub(super) fn segment(segment: &Segment, tracks: &[Track]) -> Option<Self> {
        let track = tracks.iter().find(|track| track.id == segment.track)?;
        Some(Self {
            track: track.id,
            kind: track.kind(),
            base: track.time_base,
            time: segment.start,
            duration: segment.duration,
            bytes: segment.rope.len(),
            gap: segment.gap,
            independent: segment.independent,
            wall: segment.wall,
            key: segment.keys.first().map(|key| (key.bytes.start, key.bytes.end)),
        })
    }

    pub(super) fn piece(piece: &Piece, tracks: &[Track]) -> Option<Self> {
        let track = tracks.iter().find(|track| track.id == piece.track)?;
        Some(Self {
            track: track.id,
            kind: track.kind(),
            base: track.time_base,
            time: piece.start,
            duration: piece.duration,
            bytes: piece.rope.len(),
            gap: piece.gap,
            independent: piece.independent,
            wall: piece.wall,
            key: None,
        })
    }

    pub(super) const fn start(&self) -> Position {
        Position { time: self.time, base: self.base }
    }

    pub(super) fn end(&self) -> Position {
        self.start().plus(i64::try_from(self.duration).unwrap_or(i64::MAX))
    }

    pub(super) fn nanos(&self) -> i64 {
        self.end().since(self.start())
    }

    /// Where a Period begins whose first segments these are: with its first picture. Sound before it is not heard; pictures before the
    /// first sound could not be cut off, since all up to the next key frame would go with them.
    pub(super) fn leading(placed: &[Self]) -> Position {
        let media = || placed.iter().filter(|placed| !placed.gap);
        let leader = media().find(|placed| placed.kind == Kind::Video).or_else(|| media().next());
        leader
            .or(placed.first())
            .map_or(Position { time: Timestamp::ZERO, base: TimeBase::NANOS }, Self::start)
    }

    /// Where the last media of all ends; `None` when all are gaps.
    pub(super) fn end_of_all(placed: &[Self]) -> Option<Position> {
        placed.iter().filter(|placed| !placed.gap).map(Self::end).max()
    }
}
