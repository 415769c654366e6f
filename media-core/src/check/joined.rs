//! What a playlist or a manifest names, in the order in which it is one stream again.

use std::ops::Range;

/// A file, or a range of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// As it is named, relative to the text that names it.
    pub uri: String,
    /// Its bytes; `None` for all of them.
    pub range: Option<Range<u64>>,
}

/// A segment and how long it is said to last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Where it is.
    pub address: Address,
    /// Nanoseconds.
    pub nanos: u64,
}

/// A header and the segments that follow it without a break: one behind the other they are a file that a judge of its container can read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What it belongs to, for people: the name of a representation and its Period; empty where there is one thing only.
    pub name: String,
    /// What stands before the first segment.
    pub header: Option<Address>,
    /// The segments.
    pub segments: Vec<Listed>,
    /// Whether there are more than can be told.
    pub end: End,
}

/// Where a list of segments ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With the last one that is listed.
    Listed,
    /// With the last one that is there: they are counted, and nothing says how many there are.
    Missing,
}

/// Resolves a reference against the address of what names it, RFC 3986 5.2, as far as paths need it.
pub(super) fn resolve(base: &str, reference: &str) -> String {
    if reference.starts_with('/') || reference.contains("://") || base.is_empty() {
        return reference.to_owned();
    }
    let folder = base.rfind('/').map_or("", |end| &base[..=end]);
    format!("{folder}{reference}")
}

/// Segments of one list that are told.
pub(super) const SEGMENTS: usize = 1 << 16;
