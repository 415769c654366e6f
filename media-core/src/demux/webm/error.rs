//! What is wrong with a file, what was left out of it, and what was put up with.

/// Why nothing can come of the bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes do not begin with an EBML header.
    #[error("first bytes are {found:02x?}, expected 1a 45 df a3 of an EBML header")]
    NotEbml {
        /// The first four bytes.
        found: [u8; 4],
    },
    /// EBML, but of something else.
    #[error("EBML document of type {found:?}, expected webm or matroska")]
    DocType {
        /// `DocType`.
        found: String,
    },
    /// A header element that should be small.
    #[error("header element {id:x} of {size} bytes, expected at most {most}")]
    TooLong {
        /// Its ID.
        id: u32,
        /// Bytes it claims; all ones for an unknown size.
        size: u64,
        /// Bytes it may have.
        most: u64,
    },
    /// `TimestampScale` of zero or of more than 32 bits.
    #[error("timestamp scale of {found} ns, expected 1 to 4294967295")]
    TimestampScale {
        /// Nanoseconds per tick.
        found: u64,
    },
    /// Every track was refused, or there is none.
    #[error("no track can be read of {} in the file{}", refused.len(), reasons(refused))]
    NoTrack {
        /// The tracks, and why not.
        refused: Vec<Refused>,
    },
    /// The source ended before the tracks were known.
    #[error("file ended before its tracks")]
    Ended,
}

fn reasons(refused: &[Refused]) -> String {
    refused
        .iter()
        .map(|track| format!("; track {} ({}): {}", track.number, track.codec, track.reason))
        .collect()
}

/// A track that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// `TrackNumber`.
    pub number: u64,
    /// `CodecID`.
    pub codec: String,
    /// Why.
    pub reason: Reason,
}

/// Why a track is not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Neither pictures nor sound: `TrackType` 17 are subtitles, for instance.
    #[error("track type {0} is neither video nor audio")]
    Type(u64),
    /// A codec that is not known here.
    #[error("codec is not known")]
    Codec,
    /// The codec's private data or the track's numbers cannot be read, or contradict each other.
    #[error("{0}")]
    Private(String),
    /// Frames are compressed by other means than header stripping: `ContentCompAlgo`.
    #[error("compression {0} is not header stripping (3)")]
    Compression(u64),
    /// Frames are encrypted.
    #[error("frames are encrypted")]
    Encrypted,
    /// A number that is zero, beyond 32 bits, or another track's.
    #[error("track number is zero, too large or not its own")]
    Number,
}

/// What was put up with, counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Places where no element stood, or one that reached beyond what it lies in; read on at the next cluster.
    pub damage: u64,
    /// Blocks that do not hold what they say, or whose time is out of range.
    pub blocks: u64,
    /// Blocks of a track that was refused or that there is none of.
    pub strangers: u64,
    /// Elements of a cluster longer than 64 MiB.
    pub too_long: u64,
    /// Blocks in the form of an `EncryptedBlock`.
    pub encrypted: u64,
    /// Block additions, such as alpha planes, which have no place in a packet.
    pub additions: u64,
    /// Sound whose stamp does not follow from the samples before it by more than rounding.
    pub gaps: u64,
    /// Pictures whose PTS had to give way, by a tick mostly, so that DTS increase.
    pub bent: u64,
    /// Access units of which nothing is left without their parameter sets.
    pub empty: u64,
    /// Blocks before the tracks were known, or elements the end of the source cut off.
    pub lost: u64,
    /// What the codecs' parsers could not read: [`Faults`](crate::codec::Faults).
    pub faults: u64,
}

impl Counts {
    pub(super) const NONE: Self = Self {
        damage: 0,
        blocks: 0,
        strangers: 0,
        too_long: 0,
        encrypted: 0,
        additions: 0,
        gaps: 0,
        bent: 0,
        empty: 0,
        lost: 0,
        faults: 0,
    };

    /// All that is a fault of the file: everything but additions, bent stamps and blocks of tracks that were refused.
    pub const fn total(&self) -> u64 {
        let Self { damage, blocks, too_long, encrypted, gaps, empty, lost, faults, .. } = *self;
        damage + blocks + too_long + encrypted + gaps + empty + lost + faults
    }
}
