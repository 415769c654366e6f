use crate::codec::Format;
use crate::time::Timestamp;
use crate::track::TrackId;

/// What keeps tracks or packets from becoming WebM. All of it is misuse by the caller: a timeline before the muxer gives nothing of the
/// kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// WebM was demanded, and it does not have this codec.
    #[error("{codec:?} is not in WebM, only in Matroska")]
    NotWebm {
        /// The codec.
        codec: Format,
    },
    /// A file has at least one track, and track numbers of one byte are enough for 126.
    #[error("{count} tracks, 1 to 126 are possible")]
    Tracks {
        /// Tracks given.
        count: usize,
    },
    /// Two tracks have the same name.
    #[error("two tracks are called {track}", track = track.get())]
    DuplicateTrack {
        /// Their name.
        track: TrackId,
    },
    /// The pre-skip of `OpusHead` is 16 bits of 48 kHz, RFC 7845 section 5.1.
    #[error("priming of {ticks} ticks, at most 65535 samples of Opus are possible")]
    Priming {
        /// The track's priming.
        ticks: u32,
    },
    /// A fragment has at least one packet.
    #[error("fragment without packets")]
    Empty,
    /// A packet is of no track this writes.
    #[error("packet of track {track}, which is not written here", track = track.get())]
    ForeignPacket {
        /// The packet's track.
        track: TrackId,
    },
    /// A packet brought an alpha plane, and its track did not announce any.
    #[error("alpha for track {track}, which has none", track = track.get())]
    Alpha {
        /// The packet's track.
        track: TrackId,
    },
    /// Every packet of a track is decoded after the one before it.
    #[error("dts {dts} after dts {last}", dts = dts.ticks(), last = last.ticks())]
    DtsOrder {
        /// DTS of the packet before, in ticks of the track.
        last: Timestamp,
        /// DTS of the packet refused.
        dts: Timestamp,
    },
    /// VP8, VP9 and sound are shown in the order they are decoded in.
    #[error("pts {pts} after pts {last} of a codec that does not reorder", pts = pts.ticks(), last = last.ticks())]
    PtsOrder {
        /// PTS of the packet before, in ticks of the track.
        last: Timestamp,
        /// PTS of the packet refused.
        pts: Timestamp,
    },
    /// The last packet of a fragment lasts at least a tick.
    #[error("packet at dts {dts} would last {ticks} ticks", dts = dts.ticks())]
    Duration {
        /// DTS of the packet.
        dts: Timestamp,
        /// From it to the end of the fragment.
        ticks: i64,
    },
    /// A cluster's `Timestamp` is unsigned, RFC 9559 section 5.1.3.1.
    #[error("packet at pts {pts} lies before the start of the segment", pts = pts.ticks())]
    BeforeZero {
        /// PTS of the packet.
        pts: Timestamp,
    },
    /// A timestamp takes more than 63 bits in ticks of the segment.
    #[error("packet at pts {pts} lies beyond what the segment's clock can say", pts = pts.ticks())]
    Range {
        /// PTS of the packet.
        pts: Timestamp,
    },
}
