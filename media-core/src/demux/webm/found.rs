//! What a walk through a file finds, and how closely it looks.

use bytes::Bytes;

/// What was found.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// Another file begins.
    File,
    /// The body of `Tracks`.
    Tracks(Bytes),
    /// The body of a `SimpleBlock` (or what of it is [looked](Depth) at), in a cluster of this timestamp; where the element begins.
    Block { at: u64, time: i64, body: Bytes },
    /// The body of a `BlockGroup`, likewise.
    Group { at: u64, time: i64, body: Bytes },
    /// A cluster of this timestamp begins there; not told where all is read.
    Cluster { at: u64, time: i64 },
    /// The body of the element that was [fetched](super::walk::Walk::fetch); `None` where it does not stand there.
    Fetched(Option<Bytes>),
}

/// How much of the clusters is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// All of it.
    Whole,
    /// Of a `SimpleBlock` what stands before its frames.
    Heads,
    /// Their timestamps.
    Clusters,
}
