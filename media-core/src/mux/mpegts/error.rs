//! What keeps tracks or packets from becoming a transport stream.

use crate::codec::{self, aac};
use crate::time::Timestamp;
use crate::track::TrackId;

/// What keeps tracks or packets from becoming a transport stream. All of it is misuse by the caller: a timeline before the muxer gives
/// nothing of the kind, a mux rate that is too low excepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A program has 1 to 16 tracks here, ID3 included.
    #[error("program of {count} tracks, 1 to 16 are possible")]
    TrackCount {
        /// Tracks given.
        count: usize,
    },
    /// Two tracks have the same id.
    #[error("track {track} is given twice", track = track.get())]
    TrackTwice {
        /// Their id.
        track: TrackId,
    },
    /// A transport stream has no way to carry the coding that anyone reads.
    #[error("{format:?} of track {track} does not go into a transport stream", track = track.get())]
    Format {
        /// The track.
        track: TrackId,
        /// Its coding.
        format: codec::Format,
    },
    /// AAC that an ADTS header cannot describe, or a frame too long for that or LATM.
    #[error("framing AAC: {0}")]
    Adts(#[from] aac::Error),
    /// `channel_config_code` stands for one to eight channels in the usual order only.
    #[error("Opus of {channels} channels in a layout without a code")]
    OpusChannels {
        /// Output channels.
        channels: u16,
    },
    /// Streams are on PIDs 0x0010 to 0x1ffe, each on its own, and so is the program map.
    #[error("PID {pid:#06x} is taken or not for streams")]
    PidTaken {
        /// The stream's.
        pid: u16,
    },
    /// An option is out of its range.
    #[error("{option} of {nanos} ns, {min} to {max} are possible")]
    Nanos {
        /// Its name in [`Config`](super::Config).
        option: &'static str,
        /// Its value in nanoseconds.
        nanos: i64,
        /// The least that is possible.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A language is three lower-case letters, ISO 639-2.
    #[error("language {name} of track {track}", name = language.escape_ascii(), track = track.get())]
    Language {
        /// The track.
        track: TrackId,
        /// What was given.
        language: [u8; 3],
    },
    /// Below 250 kbit/s clock and tables hardly leave room for a stream.
    #[error("mux rate of {rate} bit/s, 250000 to 10000000000 are possible")]
    MuxRate {
        /// Bits per second.
        rate: u64,
    },
    /// There is nothing to write.
    #[error("no packet with data")]
    Empty,
    /// A packet belongs to no track of the program.
    #[error("packet of track {found}, which is not in the program", found = found.get())]
    ForeignPacket {
        /// The packet's track.
        found: TrackId,
    },
    /// Every packet of a track is decoded after the one before it.
    #[error("dts {dts} after dts {last} on track {track}", dts = dts.ticks(), last = last.ticks(), track = track.get())]
    DtsOrder {
        /// The track.
        track: TrackId,
        /// DTS of the packet before, in its ticks.
        last: Timestamp,
        /// DTS of the packet refused.
        dts: Timestamp,
    },
    /// A time more than 170 years from zero.
    #[error("time {time} on track {track} is beyond all clocks", time = time.ticks(), track = track.get())]
    Time {
        /// The track.
        track: TrackId,
        /// In its ticks.
        time: Timestamp,
    },
    /// A picture is shown before it is decoded, or so long after that 33 bits cannot tell.
    #[error("pts {pts} with dts {dts} on track {track}", pts = pts.ticks(), dts = dts.ticks(), track = track.get())]
    Composition {
        /// The track.
        track: TrackId,
        /// PTS of the packet, in its ticks.
        pts: Timestamp,
        /// DTS of the packet.
        dts: Timestamp,
    },
    /// The clock has already passed the DTS, because of packets of other tracks.
    #[error("packet at dts {dts} of track {track} is {ticks} ticks of 90 kHz late", dts = dts.ticks(), track = track.get())]
    Late {
        /// The track.
        track: TrackId,
        /// DTS of the packet, in its ticks.
        dts: Timestamp,
        /// By how much, in ticks of 90 kHz.
        ticks: i64,
    },
    /// The mux rate is too low for the packet to arrive before its DTS.
    #[error("{rate} bit/s do not carry the packet at dts {dts} of track {track} in time", dts = dts.ticks(), track = track.get())]
    Overflow {
        /// The track.
        track: TrackId,
        /// DTS of the packet, in its ticks.
        dts: Timestamp,
        /// Bits per second.
        rate: u64,
    },
    /// A NAL unit's length goes beyond the packet.
    #[error("NAL unit at byte {offset} of the packet at dts {dts} of track {track} goes beyond it", dts = dts.ticks(), track = track.get())]
    NalLength {
        /// The track.
        track: TrackId,
        /// DTS of the packet, in its ticks.
        dts: Timestamp,
        /// Where in the packet's data the length stands.
        offset: usize,
    },
    /// `PES_packet_length` is 16 bits for everything but pictures.
    #[error("packet of {bytes} bytes at dts {dts} of track {track} is too long", dts = dts.ticks(), track = track.get())]
    PesLength {
        /// The track.
        track: TrackId,
        /// DTS of the packet, in its ticks.
        dts: Timestamp,
        /// Its length.
        bytes: usize,
    },
}
