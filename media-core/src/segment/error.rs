//! What makes a [`Segmenter`](super::Segmenter) refuse.

use super::Format;
use crate::codec::aac;
use crate::mux::{fmp4, mpegts, webm};

/// What a caller did wrong, or the format cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A packet's track is not among those of the last [`timeline::Output::Tracks`](crate::timeline::Output::Tracks).
    #[error("packet of track {track}, which was not announced")]
    UnknownTrack {
        /// The packet's track.
        track: u32,
    },
    /// The muxer refused a track or the packets of a segment.
    #[error("track {track} cannot be muxed")]
    Mux {
        /// The track; the leader of a shared file.
        track: u32,
        /// What the muxer found.
        source: Refusal,
    },
}

/// What the muxer of a [`Format`] found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Of [`Format::Fmp4`].
    #[error(transparent)]
    Fmp4(#[from] fmp4::Error),
    /// Of [`Format::MpegTs`].
    #[error(transparent)]
    MpegTs(#[from] mpegts::Error),
    /// Of [`Format::Webm`].
    #[error(transparent)]
    Webm(#[from] webm::Error),
    /// AAC of [`Format::PackedAudio`] that ADTS cannot describe.
    #[error(transparent)]
    Adts(#[from] aac::Error),
    /// [`Format::PackedAudio`] holds frames of AAC, MP3, AC-3 and E-AC-3.
    #[error("{codec:?} cannot be packed audio: AAC, MP3, AC-3 or E-AC-3 can")]
    NotPacked {
        /// The track's codec.
        codec: crate::codec::Format,
    },
}

/// A [`State`](super::State) does not fit a [`Config`](super::Config): players hold on to what they were told, so these stay as they were. Go on with the
/// old values, or start anew under another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// EXT-X-TARGETDURATION does not change, RFC 8216bis 4.4.3.1.
    #[error("target duration of {found} s, the stream began with {expected} s")]
    TargetDuration {
        /// In the configuration.
        found: u32,
        /// In the state.
        expected: u32,
    },
    /// PART-TARGET does not change, RFC 8216bis 4.4.3.7.
    #[error("part target of {found:?} ns, the stream began with {expected:?}")]
    Part {
        /// In the configuration.
        found: Option<i64>,
        /// In the state.
        expected: Option<i64>,
    },
    /// What is listed is in one format.
    #[error("segments as {found:?}, the stream began with {expected:?}")]
    Format {
        /// In the configuration.
        found: Format,
        /// In the state.
        expected: Format,
    },
}
