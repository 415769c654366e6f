//! How a writer of files and streams is told to write.

use super::Format;
use super::cluster::SPAN_MAX;
use crate::time::{TimeBase, Timestamp};

/// How a [`Writer`](super::Writer) writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What concerns the whole file.
    pub format: Format,
    /// Stream or file.
    pub layout: Layout,
    /// Milliseconds of media that a packet waits at most for one of another track that belongs before it: 1000 in files, 200 in a live
    /// stream. With 0 a live stream has packets in the order they come in.
    pub hold: u32,
    /// Milliseconds a cluster spans at most, 5000. More than 16 bits of ticks it never spans.
    pub cluster_duration: u32,
    /// Bytes a cluster has at most unless one packet alone has more, 5 MiB. As much is held in memory.
    pub cluster_size: u32,
}

/// What is known at the end, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Nobody goes back: segment and clusters of unknown size, every packet written when its turn comes, no cues.
    Live,
    /// A file with its cues at the end. Until it is finished, it can be played as far as it is written.
    CuesLast,
    /// A file with room for cues before the first cluster, as players over HTTP like it and DASH's on-demand profile for WebM wants it.
    CuesFirst {
        /// Points to leave room for, 33 bytes each: one per key picture, or per `cluster_duration` of a file without pictures. If there are
        /// fewer, the rest is void; if there are more, all go to the end.
        points: u32,
    },
}

impl Config {
    /// The usual values.
    pub fn new(layout: Layout) -> Self {
        Self {
            format: Format::default(),
            layout,
            hold: if layout == Layout::Live { 200 } else { 1000 },
            cluster_duration: 5000,
            cluster_size: 5 << 20,
        }
    }
}

impl Config {
    pub(super) fn hold_ticks(&self) -> i64 {
        self.ticks(self.hold)
    }

    /// Milliseconds in ticks of the segment.
    fn ticks(&self, millis: u32) -> i64 {
        Timestamp::new(millis.into()).rescale(TimeBase::hz(1000), self.format.scale()).ticks()
    }
}

/// When a cluster is full.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Ticks of the segment.
    span: i64,
    /// Bytes of blocks.
    len: u64,
    /// Ticks of the segment before which a key picture begins no new cluster.
    spacing: i64,
}

impl Limits {
    pub(super) fn of(config: &Config) -> Self {
        Self {
            span: config.ticks(config.cluster_duration).min(SPAN_MAX),
            len: config.cluster_size.min(SIZE_MAX).into(),
            spacing: config.ticks(KEY_SPACING),
        }
    }

    /// Whether a cluster ends before a block that would make it span `span` ticks and have `len` bytes.
    pub(super) const fn end_before(&self, span: i64, len: u64, role: Role) -> bool {
        span > self.span || len > self.len || matches!(role, Role::Leads) && span >= self.spacing
    }
}

/// What a block is to the cluster it goes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A key picture of the first track of pictures: clusters begin with it.
    Leads,
    /// A key picture of another track.
    Key,
    /// Sound, and there are no pictures: one can begin anywhere.
    Alone,
    /// Anything else.
    Follows,
}

impl Role {
    /// Whether playing can begin at a cluster that begins with it.
    pub(super) const fn is_entrance(self) -> bool {
        matches!(self, Self::Leads | Self::Alone)
    }

    /// Whether the first of its track in a cluster is in the cues.
    pub(super) const fn is_cue(self) -> bool {
        !matches!(self, Self::Follows)
    }
}

/// Milliseconds a cluster has at least before a key picture ends it: streams of key pictures only would otherwise have a cluster and a cue
/// for each.
const KEY_SPACING: u32 = 500;

/// Where a block begins in its cluster is said in 32 bits, behind a timestamp of at most ten bytes.
const SIZE_MAX: u32 = u32::MAX - 16;
