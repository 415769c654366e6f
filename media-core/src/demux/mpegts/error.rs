//! What is wrong with a stream, and what was put up with.

/// Why nothing can come of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No transport packets, 188, 192 or 204 bytes apart, in the first bytes.
    #[error("no transport packets in the first {bytes} bytes")]
    NoPackets {
        /// Bytes looked through.
        bytes: u64,
    },
    /// The source ended before any track was known.
    #[error("transport stream ended without a track: {packets} packets, {} streams that are not read", unknown.len())]
    NoTrack {
        /// Transport packets read.
        packets: u64,
        /// Streams of the program that are not read.
        unknown: Vec<Unknown>,
    },
}

/// A stream of the program that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its PID.
    pub pid: u16,
    /// `stream_type`: 2 for MPEG-2 pictures, 0x15 for timed metadata.
    pub kind: u8,
    /// `format_identifier` of its registration, where there is one.
    pub registration: Option<[u8; 4]>,
}

/// What was put up with, counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Transport packets.
    pub packets: u64,
    /// Bytes where no packets were found.
    pub skipped_bytes: u64,
    /// Times the packets were lost and searched for.
    pub sync_losses: u64,
    /// Packets that do not begin as they should, do not hold what they say, or were marked by the receiver.
    pub damaged_packets: u64,
    /// Packets of a stream whose payload is scrambled.
    pub scrambled: u64,
    /// Places where the continuity counter says that packets are missing.
    pub losses: u64,
    /// Packets that came twice, as they may.
    pub duplicates: u64,
    /// `discontinuity_indicator`s with the clock of the program.
    pub discontinuities: u64,
    /// Sections whose CRC is wrong.
    pub damaged_sections: u64,
    /// Packets before the program map that were not kept, for it came too late.
    pub early: u64,
    /// Programs beside the one that is read.
    pub programs: u64,
    /// Starts of PES packets that are none.
    pub damaged_pes: u64,
    /// Access units dropped, since a part of them is missing.
    pub damaged_units: u64,
    /// Access units without a stamp of their own; pictures among them got theirs from the one before.
    pub unstamped: u64,
    /// Access units longer than 16 MiB.
    pub too_long: u64,
    /// Bytes of sound between frames.
    pub junk: u64,
    /// Sound whose stamp does not follow from the samples before it.
    pub gaps: u64,
    /// Stamps with a DTS after the PTS, or less than a second before the last one, that were moved so that DTS increase.
    pub bent: u64,
    /// Access units of which nothing is left without their parameter sets.
    pub empty: u64,
    /// What the codecs' parsers could not read: [`Faults`](crate::codec::Faults).
    pub faults: u64,
}

impl Counts {
    /// All that is a fault of the stream: not packets that came twice, other programs, and flagged discontinuities.
    pub const fn total(&self) -> u64 {
        let transport = self.skipped_bytes
            + self.sync_losses
            + self.damaged_packets
            + self.scrambled
            + self.losses
            + self.damaged_sections
            + self.early;
        let streams =
            self.damaged_pes + self.damaged_units + self.too_long + self.junk + self.gaps + self.bent;
        transport + streams + self.empty + self.faults
    }
}
