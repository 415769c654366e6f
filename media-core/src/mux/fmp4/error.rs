//! Why a track, a packet or an event was refused.

use crate::time::Timestamp;
use crate::track::TrackId;

/// What keeps a track or its packets from becoming MP4. All of it is misuse by the caller: a timeline before the muxer gives nothing of
/// the kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No sample entry is registered for this codec.
    #[error("{codec:?} has no sample entry in MP4")]
    Codec {
        /// The codec.
        codec: crate::codec::Format,
    },
    /// `timescale` is a whole number of ticks per second, 14496-12 8.4.2.
    #[error("time base of {num}/{den} s: a tick must be 1/n of a second")]
    TimeBase {
        /// Numerator of the tick's length in seconds.
        num: u32,
        /// Denominator of the tick's length in seconds.
        den: u32,
    },
    /// `media_time` of an edit is 31 bits, 14496-12 8.6.6.
    #[error("priming of {ticks} ticks, at most 2147483647 are possible")]
    Priming {
        /// The track's priming.
        ticks: u32,
    },
    /// Width and height of a sample entry are 16 bits, 14496-12 12.1.3.
    #[error("pictures of {width}x{height}, at most 65535x65535 are possible")]
    Size {
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
    },
    /// A fragment has at least one sample.
    #[error("fragment without packets")]
    Empty,
    /// A packet belongs to another muxer.
    #[error("packet of track {found}, expected track {expected}", found = found.get(), expected = expected.get())]
    ForeignPacket {
        /// The muxer's track.
        expected: TrackId,
        /// The packet's.
        found: TrackId,
    },
    /// Every sample is decoded after the one before it.
    #[error("dts {dts} after dts {last}", dts = dts.ticks(), last = last.ticks())]
    DtsOrder {
        /// DTS of the packet before, in ticks.
        last: Timestamp,
        /// DTS of the packet refused.
        dts: Timestamp,
    },
    /// A sample lasts at least a tick and at most 2^32 - 1, in a file of a [`Writer`](super::Writer) 2^31 - 1: readers take longer ones for
    /// negative.
    #[error("sample at dts {dts} would last {ticks} ticks", dts = dts.ticks())]
    Duration {
        /// DTS of the sample.
        dts: Timestamp,
        /// From it to the next one's, or to the end of the fragment.
        ticks: i64,
    },
    /// `baseMediaDecodeTime` is unsigned, 14496-12 8.8.12.
    #[error("packet at dts {dts} lies before the start of the media time line", dts = dts.ticks())]
    BeforeZero {
        /// DTS of the first packet.
        dts: Timestamp,
    },
    /// `sample_composition_time_offset` is 32 bits, 14496-12 8.8.8.
    #[error("pts {pts} and dts {dts} are further apart than 32 bits of ticks", pts = pts.ticks(), dts = dts.ticks())]
    Composition {
        /// PTS of the packet.
        pts: Timestamp,
        /// DTS of the packet.
        dts: Timestamp,
    },
    /// A packet is decoded before it is shown, or then.
    #[error("packet at pts {pts} is decoded only at dts {dts}", pts = pts.ticks(), dts = dts.ticks())]
    BeforeDecoding {
        /// PTS of the packet.
        pts: Timestamp,
        /// DTS of the packet.
        dts: Timestamp,
    },
    /// `sample_size` is 32 bits, 14496-12 8.8.8.
    #[error("packet of {bytes} bytes, at most 4294967295 are possible")]
    SampleSize {
        /// Length of the packet's data.
        bytes: usize,
    },
    /// `data_offset` is 31 bits, 14496-12 8.8.8, and reaches over the whole `moof`.
    #[error("{samples} samples in one fragment, more than a data offset of 31 bits reaches over")]
    Samples {
        /// Packets given.
        samples: usize,
    },
    /// A file has at least one track; a CMAF track file exactly one.
    #[error("{count} tracks, {expected} are possible")]
    Tracks {
        /// Tracks given.
        count: usize,
        /// What the layout can hold.
        expected: &'static str,
    },
    /// Two tracks have the same name.
    #[error("two tracks are called {track}", track = track.get())]
    DuplicateTrack {
        /// Their name.
        track: TrackId,
    },
    /// A packet is of no track this writes.
    #[error("packet of track {track}, which is not written here", track = track.get())]
    UnknownTrack {
        /// The packet's track.
        track: TrackId,
    },
    /// A time is further from zero than 2^56 ticks.
    #[error("packet at pts {pts} lies beyond what a file's clock can say", pts = pts.ticks())]
    Range {
        /// PTS of the packet.
        pts: Timestamp,
    },
    /// An event's strings end with a zero byte, 14496-12 and ISO/IEC 23009-1 5.10.3.3.
    #[error("{field} has a zero byte in it")]
    Text {
        /// Which string.
        field: &'static str,
    },
    /// Events stand before fragments; a file without fragments has no place for them.
    #[error("an event in a file without fragments")]
    NoFragments,
    /// `referenced_size` of `sidx` has 31 bits, `reference_count` 16: ISO/IEC 14496-12 8.16.3.
    #[error("{found} in a segment index, at most {limit} are possible")]
    Index {
        /// Bytes, ticks or references, as they were.
        found: u64,
        /// The largest number there is room for.
        limit: u64,
    },
}
