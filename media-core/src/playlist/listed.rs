//! A cut in the list, and what its lines say.

use crate::time::Timestamp;
use crate::track::TrackId;

/// A cut in the list.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) number: u64,
    pub(super) generation: u32,
    pub(super) discontinuity: bool,
    /// The end of its segments' lines in HLS: number, suffix and line break.
    pub(super) line_end: String,
    pub(super) period: u32,
    /// The shortest of its segments, in nanoseconds.
    pub(super) duration: i64,
    /// One per track of the generation.
    pub(super) lines: Vec<Line>,
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) track: TrackId,
    pub(super) start: Timestamp,
    pub(super) duration: u64,
    pub(super) gap: bool,
    /// Its HLS tags, made once.
    pub(super) tags: String,
}

impl Listed {
    pub(super) fn line(&self, track: TrackId) -> Option<&Line> {
        self.lines.iter().find(|line| line.track == track)
    }
}
