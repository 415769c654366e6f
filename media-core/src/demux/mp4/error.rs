//! What a file can be refused for, and what is made good and counted.

use super::boxes::Kind;

/// Why nothing (more) can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The first box is none that a file or segment begins with.
    #[error("not an MP4 file: it begins with {found:02x?}, expected a box such as ftyp")]
    NotMp4 {
        /// The first eight bytes.
        found: [u8; 8],
    },
    /// An index larger than 256 MiB.
    #[error("a box {kind} of {size} bytes, at most {limit} are read", kind = kind.escape_ascii())]
    TooLarge {
        /// `moov`, `moof` or another.
        kind: [u8; 4],
        /// Bytes it says it has.
        size: u64,
        /// Bytes that would be taken.
        limit: u64,
    },
    /// The samples lie before the index, and the source cannot go back.
    #[error("moov at byte {at} stands behind the media it describes; that takes a seekable source")]
    IndexBehindMedia {
        /// Where `moov` begins.
        at: u64,
    },
    /// All that could be played is encrypted.
    #[error("encrypted ({scheme}); there is no decryption here", scheme = scheme.escape_ascii())]
    Encrypted {
        /// `scheme_type`: `cenc`, `cbcs`; zero where it is not told.
        scheme: [u8; 4],
    },
    /// The index has no track that could be read; [`Demuxer::skipped`](super::Demuxer::skipped) says why, for each.
    #[error("no track to read, {skipped} skipped")]
    NoTracks {
        /// Tracks skipped.
        skipped: usize,
    },
    /// The source ended before the whole `moov` came.
    #[error("the file ended at byte {at} without an index (moov)")]
    NoIndex {
        /// Bytes read or passed over.
        at: u64,
    },
}

/// A track that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// `track_ID`.
    pub id: u32,
    /// `handler_type`: `vide`, `soun`, `text`, `tmcd`, `meta`...; zero where it is not told.
    pub handler: [u8; 4],
    /// The first sample entry's type; zero where there is none.
    pub format: [u8; 4],
    /// Why.
    pub reason: Reason,
}

/// Why a track is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Neither pictures nor sound: time code, text, metadata, hints.
    Handler,
    /// A coding that is not known here.
    Codec,
    /// Encrypted, with this `scheme_type`.
    Encrypted([u8; 4]),
    /// The decoder's configuration is missing or was refused; this is what was said.
    Configuration(String),
    /// Boxes are missing: `tkhd`, `mdhd`, `stbl` or the sample entry.
    Incomplete,
    /// A time scale of zero.
    Timescale,
    /// A `track_ID` that is zero or was there before.
    Id,
}

/// What was wrong and made good, counted. Samples that are dropped are not replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Faults {
    /// Boxes that go beyond what they are in, or are none; cut off there.
    pub boxes: u64,
    /// Tables that count more rows than they have, or that contradict each other in the number of samples.
    pub tables: u64,
    /// Samples that lie beyond the end of the source, or are cut by it; dropped.
    pub beyond_end: u64,
    /// Samples of a stream that lie before what was read when their place became known, and runs of a fragment that begin before it; dropped.
    pub behind: u64,
    /// Samples of more than 128 MiB; dropped.
    pub oversized: u64,
    /// Samples without bytes or without a picture; dropped.
    pub empty: u64,
    /// Tracks ended early because samples overlap so much that they would add up to more than four times the source, or because more samples
    /// than the source has bytes, four times over, were dropped.
    pub overlapping: u64,
    /// Sample durations of more than 31 bits; taken as one tick.
    pub durations: u64,
    /// Samples whose DTS is not after the one before, or is after their PTS; moved by as little as makes it so.
    pub order: u64,
    /// Edits beyond what is followed: too many, or of another speed than one; played at speed one.
    pub edits: u64,
    /// `traf` of a track that is not known or not read, or that makes the runs of its `moof` more than 65536; passed over.
    pub fragments: u64,
    /// NAL units whose length goes beyond the sample; cut off there.
    pub units: u64,
    /// Samples of a sample entry that is not read, beside others that are, such as an encrypted one; dropped.
    pub entries: u64,
    /// Samples before the first parameter sets of a track whose header has none; dropped.
    pub unconfigured: u64,
    /// Samples given out later than their turn, because the tracks of a stream lie too far apart.
    pub interleave: u64,
}

impl Faults {
    /// All of them.
    pub const fn total(&self) -> u64 {
        let Self { boxes, tables, beyond_end, behind, oversized, empty, overlapping, durations, .. } = *self;
        let Self { order, edits, fragments, units, entries, unconfigured, interleave, .. } = *self;
        boxes
            + tables
            + beyond_end
            + behind
            + oversized
            + empty
            + overlapping
            + durations
            + order
            + edits
            + fragments
            + units
            + entries
            + unconfigured
            + interleave
    }
}

impl Skipped {
    pub(super) const fn new(id: u32, handler: Kind, format: Kind, reason: Reason) -> Self {
        Self { id, handler, format, reason }
    }
}
