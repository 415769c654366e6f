//! Elementary-stream syntax without coding: parameter sets, key frames, configuration records, RFC 6381 strings.
//!
//! One parsed [`Config`] per track yields the MP4 sample entry's record, the Matroska `CodecPrivate` and the `CODECS` string, so these
//! cannot disagree. A [`Parser`] reads the access units of a track as they come and tells where decoding can start, in which order
//! pictures are shown, and when the configuration changes.

pub mod aac;
pub mod h264;
pub mod h265;
pub mod opus;
pub mod vp8;
pub mod vp9;

use bytes::Bytes;

/// Pictures or sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
}

/// A parsed decoder configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Config {
    /// H.264, ISO/IEC 14496-10.
    H264(h264::Config),
    /// H.265, ISO/IEC 23008-2.
    H265(h265::Config),
    /// VP8, RFC 6386.
    Vp8(vp8::Config),
    /// VP9.
    Vp9(vp9::Config),
    /// AAC, ISO/IEC 14496-3.
    Aac(aac::Config),
    /// Opus, RFC 6716.
    Opus(opus::Config),
}

impl Config {
    /// Pictures or sound.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::H264(_) | Self::H265(_) | Self::Vp8(_) | Self::Vp9(_) => Kind::Video,
            Self::Aac(_) | Self::Opus(_) => Kind::Audio,
        }
    }

    /// The RFC 6381 codecs string: `avc1.64001f`, `hvc1.1.6.L93.B0`, `vp09.00.31.08`, `mp4a.40.2`, `opus`.
    pub fn codecs(&self) -> String {
        match self {
            Self::H264(config) => config.codecs(),
            Self::H265(config) => config.codecs(),
            Self::Vp8(config) => config.codecs(),
            Self::Vp9(config) => config.codecs(),
            Self::Aac(config) => config.codecs(),
            Self::Opus(config) => config.codecs(),
        }
    }

    /// Width and height in pixels as shown (cropping applied, pixels taken as square); `None` for sound.
    pub fn size(&self) -> Option<(u32, u32)> {
        match self {
            Self::H264(config) => Some(config.size()),
            Self::H265(config) => Some(config.size()),
            Self::Vp8(config) => Some(config.size()),
            Self::Vp9(config) => Some(config.size()),
            Self::Aac(_) | Self::Opus(_) => None,
        }
    }
}

/// Whether and how decoding can start at an access unit: the stream access point types of ISO/IEC 14496-12 Annex I.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Key {
    /// Decoding cannot start here.
    #[default]
    No,
    /// Everything from here on decodes (SAP type 1 or 2): IDR, VP8/VP9 key frames, every audio frame.
    Closed,
    /// Pictures that precede it in display order do not decode (SAP type 3): H.265 CRA, H.264 recovery point with an I picture.
    Open,
    /// The picture is whole only `pictures` later (SAP type 4): gradual decoder refresh, intra refresh.
    Roll {
        /// Pictures to decode before the first correct one: `recovery_frame_cnt`, H.264 D.2.8.
        pictures: u16,
    },
}

impl Key {
    /// Whether a decoder can start here and show something whole at once: a place to begin a segment.
    pub const fn is_sync(self) -> bool {
        matches!(self, Self::Closed | Self::Open)
    }

    /// Whether a decoder can start here at all.
    pub const fn is_random_access(self) -> bool {
        !matches!(self, Self::No)
    }
}

/// What a [`Parser`] found in one access unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUnit {
    /// The coded bytes as a [`Packet`](crate::packet::Packet) carries them: 4-byte lengths, no parameter sets, delimiters or filler.
    pub data: Bytes,
    /// Whether decoding can start here.
    pub key: Key,
    /// Where the picture stands in display order; `None` for sound and where it could not be read.
    pub order: Option<PictureOrder>,
    /// The new configuration, when parameter sets in this unit differ from the ones in force before it.
    pub config: Option<Config>,
    /// Audio samples in the unit (1024 for AAC-LC, by the TOC byte for Opus, at 48 kHz); `None` for pictures.
    pub samples: Option<u32>,
}

/// A picture's place in display order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureOrder {
    /// `PicOrderCnt`, comparable among pictures since the last one with `restarts`.
    pub count: i32,
    /// Whether the count starts anew here (IDR, or memory management operation 5).
    pub restarts: bool,
}
