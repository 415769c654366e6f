//! One coded access unit, as every stage from the timeline to the muxers passes it on.

use bytes::Bytes;

pub use crate::codec::Key;
use crate::time::{Timestamp, WallTime};
use crate::track::TrackId;

/// One coded picture (all its slices) or one audio frame.
///
/// [PTS and DTS](crate::time) are in the time base of the packet's [`Track`](crate::track::Track) and are *presentation* time: what a
/// player drops at the start ([`Track::priming`](crate::track::Track::priming)) lies before the first intended sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The track it belongs to.
    pub track: TrackId,
    /// When it is shown or heard.
    pub pts: Timestamp,
    /// When it is decoded; strictly increasing on a track between discontinuities, and never after `pts`.
    pub dts: Timestamp,
    /// How long it lasts, in ticks; `None` when only the next packet of the track will tell.
    pub duration: Option<u32>,
    /// Whether decoding can start here.
    pub key: Key,
    /// The coded bytes. H.264 and H.265: NAL units each behind a 4-byte big-endian length, without access unit delimiters, filler and
    /// (in `avc1`/`hvc1` tracks) parameter sets. VP8, VP9: one frame, a VP9 superframe included. AV1: the OBUs of a temporal unit, each with its
    /// size, without delimiters and padding. AAC: one raw frame without ADTS. Opus, Vorbis: one packet. FLAC, MPEG audio, AC-3: one frame with its
    /// header. E-AC-3: the frames of all substreams for the same time.
    pub data: Bytes,
    /// When it was captured, where the source tells (RTCP sender reports) or arrival allows an estimate.
    pub wall: Option<WallTime>,
}
