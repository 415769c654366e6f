//! What a [`Segmenter`](super::Segmenter) gives out: headers, parts, cuts, and questions for an encoder.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::Format;
use crate::mux::Rope;
use crate::time::{Timestamp, WallTime};
use crate::track::{Track, TrackId};

/// What a [`Segmenter`](super::Segmenter) gives out.
#[derive(Clone, Debug)]
pub enum Output {
    /// The headers of the segments that follow. The first output, and again whenever the tracks or a codec configuration changed.
    Init(Init),
    /// A part of the cut that is being made; only where [`Config::part`](super::Config::part) asks for them.
    Part(Part),
    /// One segment of each file. Where there are parts, the same bytes once more.
    Cut(Cut),
    /// A key frame is wanted; only with [`LateKey::Ask`](super::LateKey::Ask).
    NeedKey(NeedKey),
}

/// The init segments of a generation: all that a player needs before its segments.
#[derive(Clone, Debug)]
pub struct Init {
    /// Counts from 0 for the first tracks.
    pub generation: u32,
    /// The container of the generation's segments.
    pub format: Format,
    /// The tracks.
    pub tracks: Arc<[Track]>,
    /// The track that decides, and that a [shared](Format::is_shared) file is named after: the first of pictures, or else the first.
    pub leader: TrackId,
    /// The file headers: one per track in the order of `tracks`, or a single one where they [share](Format::is_shared) a file. Empty where
    /// the format [has none](Format::has_header).
    pub headers: Vec<Bytes>,
}

impl Init {
    /// The files of the generation: what each is named after, its tracks, its header. In the order of a cut's segments.
    pub fn files(&self) -> impl Iterator<Item = (TrackId, &[Track], &Bytes)> {
        let width = if self.format.is_shared() { self.tracks.len().max(1) } else { 1 };
        self.tracks.chunks(width).zip(&self.headers).map(move |(tracks, header)| {
            (if self.format.is_shared() { self.leader } else { tracks[0].id }, tracks, header)
        })
    }
}

/// The newest stretch of all files, before the [`Cut`] it belongs to is whole.
///
/// Parts come in order; a [`Cut`] follows the last of its own.
#[derive(Clone, Debug)]
pub struct Part {
    /// The number of the cut that it will be part of.
    pub number: u64,
    /// Counts from 0 in each cut.
    pub index: u32,
    /// As in the [`Cut`].
    pub generation: u32,
    /// As in the [`Cut`]: whether something breaks between the cut before and the one this belongs to. The same for all parts of a cut.
    pub discontinuity: bool,
    /// One per file, as the [`Cut`] has segments. All of them are gaps where nothing begins for longer than a part, as while a picture stands still; not
    /// in the first part of a cut.
    pub pieces: Vec<Piece>,
}

/// What one file gets by a [`Part`].
#[derive(Clone, Debug)]
pub struct Piece {
    /// The track, or the leader of a shared file.
    pub track: TrackId,
    /// Where it begins in presentation, in the track's time base: where the piece before it ends, or the segment's media begins.
    pub start: Timestamp,
    /// Ticks from `start` to its end; at least 1. Pieces lie end to end on the line of time, each with the access units that begin in its part. It ends where
    /// an access unit does if that makes a legal length, as in a stream for which the [target was chosen](super::part_target). Where the track begins,
    /// pauses or ends within the part, or no number of its access units fits, it ends with the part, and the length is legal all the same: at most
    /// [`Config::part`](super::Config::part), and 85 % of that unless it is the last of its segment or a gap.
    pub duration: u64,
    /// Media bytes and their boxes; empty for a gap.
    pub rope: Rope,
    /// Whether the file has no media here: PART with GAP=YES.
    pub gap: bool,
    /// Whether decoding can begin with it: INDEPENDENT=YES.
    pub independent: bool,
    /// When what is shown at `start` was captured.
    pub wall: Option<WallTime>,
}

/// One stretch of time of all tracks.
#[derive(Clone, Debug)]
pub struct Cut {
    /// One more than the cut before: the media sequence number.
    pub number: u64,
    /// The [`Init`] it belongs to.
    pub generation: u32,
    /// Whether time, tracks or configuration break between the cut before and this one.
    pub discontinuity: bool,
    /// One per file: per track, in the order of the generation's tracks; or [one for all](Format::is_shared). At least one is not a gap.
    pub segments: Vec<Segment>,
}

/// One file's part of a [`Cut`].
#[derive(Clone, Debug)]
pub struct Segment {
    /// The track; the leader where all tracks [share](Format::is_shared) the file.
    pub track: TrackId,
    /// Where it begins in presentation, in the track's time base: where its earliest picture is shown, its first sample heard.
    pub start: Timestamp,
    /// Ticks from `start` to its end; at least 1.
    pub duration: u64,
    /// Media bytes and their boxes; empty for a gap. The packets' payloads are in it uncopied (a transport stream has a copy). Where there are parts, the
    /// pieces of their ropes one after the other: the same memory.
    pub rope: Rope,
    /// Its parts, one per [`Part`] of the cut. Empty where no parts are made.
    pub parts: Vec<Chunk>,
    /// Its key frames, where an I-frame playlist can point at them: those that begin a fragment. Of pictures only.
    pub keys: Vec<KeyFrame>,
    /// Whether the track has no media here. `start` and `duration` then reach from the segment before, or the start of the cut where that is
    /// too far, to the end of the cut.
    pub gap: bool,
    /// When what is shown at `start` was captured; `None` for a gap and where the source does not tell.
    pub wall: Option<WallTime>,
    /// Whether all of it can be decoded without any other segment.
    pub independent: bool,
}

/// How a [`Piece`] lies in its [`Segment`]: behind the one before it, from the segment's first byte and `start` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// As the piece's.
    pub start: Timestamp,
    /// As the piece's, in ticks.
    pub duration: u64,
    /// Length of its rope in bytes; zero for a gap.
    pub bytes: u64,
    /// As the piece's.
    pub gap: bool,
    /// As the piece's.
    pub independent: bool,
}

/// A key frame within a [`Segment`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFrame {
    /// Where it is shown, in the track's time base.
    pub start: Timestamp,
    /// The bytes of the segment that show it, behind the file header: from the boxes that describe it (EXT-X-I-FRAMES-ONLY wants the `moof` with
    /// it, RFC 8216bis 4.4.3.6; of a transport stream the tables) to its last.
    pub bytes: Range<u64>,
}

/// Where the next segment is to begin.
///
/// It comes out when the segment before that begins, so ahead of time by about [`Config::target`](super::Config::target): an encoder that looks ahead
/// has already taken in the pictures of the next second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeedKey {
    /// The leader, whose key frames count.
    pub track: TrackId,
    /// The first picture shown at this time or later is to be a key frame; in the track's time base.
    pub at: Timestamp,
}
