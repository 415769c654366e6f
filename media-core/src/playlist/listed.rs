//! A cut in the list, and what its lines say.

use std::ops::Range;

use super::names::Suffix;
use crate::time::{Timestamp, WallTime};
use crate::track::TrackId;

/// A cut in the list: whole, or at the live edge with the parts it has so far.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) number: u64,
    pub(super) generation: u32,
    pub(super) discontinuity: bool,
    /// The DASH Period; meaningless while it is open.
    pub(super) period: u32,
    /// The shortest of its segments so far, in nanoseconds.
    pub(super) duration: i64,
    /// The [number](Span::first) of its first part and how many it has. No parts once they are no longer listed.
    pub(super) parts: Span,
    /// One per file of the generation.
    pub(super) lines: Vec<Line>,
}

/// Parts in the order of the stream, counted from its beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: u64,
    pub(super) count: u32,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) track: TrackId,
    pub(super) start: Timestamp,
    pub(super) duration: u64,
    pub(super) gap: bool,
    pub(super) suffix: Suffix,
    /// Bytes of its first key picture, once it is whole.
    pub(super) key: Option<Range<u64>>,
    /// When its start was captured.
    pub(super) wall: WallTime,
    /// EXT-X-PROGRAM-DATE-TIME, made once.
    pub(super) date: String,
    /// EXTINF, made once it is whole.
    pub(super) inf: String,
    /// Its parts, as long as they are listed.
    pub(super) parts: Vec<PartLine>,
}

/// What is said of a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct PartLine {
    /// How long it is shown, in microseconds.
    pub(super) micros: u64,
    /// Where it begins in its segment, and its length.
    pub(super) offset: u64,
    pub(super) bytes: u64,
    pub(super) gap: bool,
    pub(super) independent: bool,
}

impl Listed {
    pub(super) fn line(&self, track: TrackId) -> Option<&Line> {
        self.lines.iter().find(|line| line.track == track)
    }

    /// Its parts leave the list.
    pub(super) fn forget_parts(&mut self) {
        self.parts = Span { count: 0, ..self.parts };
        self.lines.iter_mut().for_each(|line| line.parts = Vec::new());
    }
}

impl Line {
    /// Bytes in all its parts.
    pub(super) fn bytes(&self) -> u64 {
        self.parts.last().map_or(0, |last| last.offset + last.bytes)
    }
}
