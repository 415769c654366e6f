//! What is fixed when a [`Window`](super::Window) is made.

use crate::segment;

/// What is fixed when a [`Window`] is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many cuts are listed. More stay as long as the list would otherwise be shorter than three target durations, RFC 8216bis 6.2.2.
    /// Zero counts as one.
    pub size: usize,
    /// The usual length of a segment in nanoseconds: how often DASH players ask for the manifest.
    pub target: i64,
    /// The longest segment in whole seconds; must be what the segmenter keeps to.
    pub target_duration: u32,
}

impl Config {
    /// Seven segments of what a segmenter with this configuration cuts.
    pub const fn new(segment: &segment::Config) -> Self {
        let target_duration = if segment.target_duration == 0 { 1 } else { segment.target_duration };
        Self { size: 7, target: segment.target, target_duration }
    }
}
