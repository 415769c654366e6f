//! What a stream is: its identity, kind, time base and codec configuration.

use std::num::NonZeroU32;

use crate::codec;
pub use crate::codec::Kind;
use crate::time::TimeBase;

/// Names a track within its stream; the `track_ID` of ISO/IEC 14496-12 8.3.2, which is why it is never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrackId(NonZeroU32);

impl TrackId {
    /// The track called `id`; `None` for zero.
    pub const fn new(id: u32) -> Option<Self> {
        match NonZeroU32::new(id) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

/// One elementary stream and all that a muxer or playlist must know of it before its first packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its name within the stream.
    pub id: TrackId,
    /// The unit of its timestamps; becomes the container's time scale.
    pub time_base: TimeBase,
    /// The parsed decoder configuration.
    pub codec: codec::Config,
    /// Ticks at the start that the encoder added and a player must drop: AAC encoder delay, Opus pre-skip. Zero where nothing is to be
    /// dropped, or where a live source does not tell.
    pub priming: u32,
}

impl Track {
    /// A track without priming.
    pub const fn new(id: TrackId, time_base: TimeBase, codec: codec::Config) -> Self {
        Self { id, time_base, codec, priming: 0 }
    }

    /// Pictures or sound.
    pub const fn kind(&self) -> Kind {
        self.codec.kind()
    }
}
