//! Elementary-stream syntax without coding: parameter sets, key frames, configuration records, RFC 6381 strings.
//!
//! One parsed [`Config`] per track yields the MP4 sample entry's record, the Matroska `CodecPrivate` and the `CODECS` string, so these
//! cannot disagree. A [`Parser`] reads the access units of a track as they come and tells where decoding can start, in which order
//! pictures are shown, and when the configuration changes.

pub mod aac;
pub mod ac3;
pub mod annexb;
pub mod av1;
pub mod flac;
pub mod h264;
pub mod h265;
mod hdr;
pub mod mp3;
pub(crate) mod nal;
pub mod opus;
mod parser;
mod sets;
pub mod vorbis;
pub mod vp8;
pub mod vp9;
mod vui;

pub use hdr::{ContentLight, MasteringDisplay};
pub use parser::{Faults, Parser};

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
    /// AV1.
    Av1(av1::Config),
    /// Vorbis.
    Vorbis(vorbis::Config),
    /// FLAC, RFC 9639.
    Flac(flac::Config),
    /// MPEG audio: layer III, which is MP3, and layers I and II.
    Mp3(mp3::Config),
    /// AC-3, ETSI TS 102 366.
    Ac3(ac3::Config),
    /// E-AC-3, ETSI TS 102 366 annex E.
    Eac3(ac3::EnhancedConfig),
}

impl Config {
    /// Pictures or sound.
    pub const fn kind(&self) -> Kind {
        self.format().kind()
    }

    /// The RFC 6381 codecs string: `avc1.64001f`, `hvc1.1.6.L93.B0`, `vp09.00.31.08`, `av01.0.04M.08`, `mp4a.40.2`, `opus`.
    pub fn codecs(&self) -> String {
        match self {
            Self::H264(config) => config.codecs(),
            Self::H265(config) => config.codecs(),
            Self::Vp8(config) => config.codecs(),
            Self::Vp9(config) => config.codecs(),
            Self::Aac(config) => config.codecs(),
            Self::Opus(config) => config.codecs(),
            Self::Av1(config) => config.codecs(),
            Self::Vorbis(config) => config.codecs(),
            Self::Flac(config) => config.codecs(),
            Self::Mp3(config) => config.codecs(),
            Self::Ac3(config) => config.codecs(),
            Self::Eac3(config) => config.codecs(),
        }
    }

    /// Which coding it is of.
    pub const fn format(&self) -> Format {
        match self {
            Self::H264(_) => Format::H264,
            Self::H265(_) => Format::H265,
            Self::Vp8(_) => Format::Vp8,
            Self::Vp9(_) => Format::Vp9,
            Self::Aac(_) => Format::Aac,
            Self::Opus(_) => Format::Opus,
            Self::Av1(_) => Format::Av1,
            Self::Vorbis(_) => Format::Vorbis,
            Self::Flac(_) => Format::Flac,
            Self::Mp3(_) => Format::Mp3,
            Self::Ac3(_) => Format::Ac3,
            Self::Eac3(_) => Format::Eac3,
        }
    }

    /// Width and height in pixels, cropped as shown; `None` for sound. Pixels need not be square: see
    /// [`Config::sample_aspect_ratio`] and [`Config::display_size`].
    pub const fn size(&self) -> Option<(u32, u32)> {
        match self {
            Self::H264(config) => Some(config.size()),
            Self::H265(config) => Some(config.size()),
            Self::Vp8(config) => Some(config.size()),
            Self::Vp9(config) => Some(config.size()),
            Self::Av1(config) => Some(config.size()),
            _ => None,
        }
    }

    /// Width and height of one pixel as a reduced fraction, `(1, 1)` where the stream does not tell; `None` for sound.
    pub const fn sample_aspect_ratio(&self) -> Option<(u32, u32)> {
        match self {
            Self::H264(config) => Some(config.sample_aspect_ratio()),
            Self::H265(config) => Some(config.sample_aspect_ratio()),
            Self::Vp8(_) | Self::Vp9(_) | Self::Av1(_) => Some((1, 1)),
            _ => None,
        }
    }

    /// The size on a screen of square pixels: the height of [`Config::size`], its width by the sample aspect ratio, to the nearest;
    /// `None` for sound.
    pub const fn display_size(&self) -> Option<(u32, u32)> {
        let (Some((width, height)), Some((num, den))) = (self.size(), self.sample_aspect_ratio()) else {
            return None;
        };
        let (num, den) = (num as u64, den as u64);
        let stretched = (width as u64 * num + den / 2) / den;
        Some((if stretched > u32::MAX as u64 { u32::MAX } else { stretched as u32 }, height))
    }

    /// Pictures per second as a reduced fraction, as the stream claims; `None` where it does not, and for sound.
    pub const fn frame_rate(&self) -> Option<(u32, u32)> {
        match self {
            Self::H264(config) => config.frame_rate(),
            Self::H265(config) => config.frame_rate(),
            Self::Vp8(config) => config.frame_rate(),
            Self::Vp9(config) => config.frame_rate(),
            Self::Av1(config) => config.frame_rate(),
            _ => None,
        }
    }

    /// How many pictures may come earlier in coding and later in display order than another one; `Some(0)` where the two orders are
    /// the same, `None` where the stream does not tell and it must be observed.
    pub const fn reorder_depth(&self) -> Option<u8> {
        match self {
            Self::H264(config) => config.reorder_depth(),
            Self::H265(config) => config.reorder_depth(),
            _ => Some(0),
        }
    }

    /// What the samples mean; `None` where the stream does not say, and for sound.
    pub const fn colour(&self) -> Option<Colour> {
        match self {
            Self::H264(config) => config.colour(),
            Self::H265(config) => config.colour(),
            Self::Vp9(config) => config.parts().colour,
            Self::Av1(config) => config.colour(),
            _ => None,
        }
    }

    /// Samples per second as decoded; `None` for pictures.
    pub const fn sample_rate(&self) -> Option<u32> {
        match self {
            Self::Aac(config) => Some(config.sample_rate()),
            Self::Opus(config) => Some(config.sample_rate()),
            Self::Vorbis(config) => Some(config.sample_rate()),
            Self::Flac(config) => Some(config.sample_rate()),
            Self::Mp3(config) => Some(config.sample_rate()),
            Self::Ac3(config) => Some(config.sample_rate()),
            Self::Eac3(config) => Some(config.sample_rate()),
            _ => None,
        }
    }

    /// Channels as decoded; `None` for pictures.
    pub const fn channels(&self) -> Option<u16> {
        match self {
            Self::Aac(config) => Some(config.channels()),
            Self::Opus(config) => Some(config.channels()),
            Self::Vorbis(config) => Some(config.channels()),
            Self::Flac(config) => Some(config.channels()),
            Self::Mp3(config) => Some(config.channels()),
            Self::Ac3(config) => Some(config.channels()),
            Self::Eac3(config) => Some(config.channels()),
            _ => None,
        }
    }
}

/// A coding, without any of its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// H.264.
    H264,
    /// H.265.
    H265,
    /// VP8.
    Vp8,
    /// VP9.
    Vp9,
    /// AAC.
    Aac,
    /// Opus.
    Opus,
    /// AV1.
    Av1,
    /// Vorbis.
    Vorbis,
    /// FLAC.
    Flac,
    /// MPEG audio: layer III, which is MP3, and layers I and II.
    Mp3,
    /// AC-3.
    Ac3,
    /// E-AC-3.
    Eac3,
}

impl Format {
    /// Pictures or sound.
    pub const fn kind(self) -> Kind {
        match self {
            Self::H264 | Self::H265 | Self::Vp8 | Self::Vp9 | Self::Av1 => Kind::Video,
            Self::Aac | Self::Opus | Self::Vorbis | Self::Flac | Self::Mp3 | Self::Ac3 | Self::Eac3 => {
                Kind::Audio
            }
        }
    }
}

/// What the numbers of a picture's samples mean, as code points of ISO/IEC 23091-2 (the same in H.264, H.265, `colr` and `vpcC`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour {
    /// `ColourPrimaries`, 2 where not said.
    pub primaries: u8,
    /// `TransferCharacteristics`, 2 where not said.
    pub transfer: u8,
    /// `MatrixCoefficients`, 2 where not said.
    pub matrix: u8,
    /// Whether samples use all codes instead of the studio range.
    pub full_range: bool,
}

impl Colour {
    /// Nothing said, studio range.
    pub const UNSPECIFIED: Self = Self { primaries: 2, transfer: 2, matrix: 2, full_range: false };
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
    /// Samples in the unit at the configuration's [sample rate](Config::sample_rate): 1024 for AAC-LC, by the TOC byte for Opus; `None`
    /// for pictures and where it could not be read.
    pub samples: Option<u32>,
}

impl AccessUnit {
    /// A unit of which nothing else is known.
    const fn new(data: Bytes, key: Key) -> Self {
        Self { data, key, order: None, config: None, samples: None }
    }
}

/// A picture's place in display order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureOrder {
    /// `PicOrderCnt`, comparable among pictures since the last one with `restarts`.
    pub count: i32,
    /// Whether the count starts anew here (IDR, or memory management operation 5).
    pub restarts: bool,
}

#[cfg(test)]
mod media_test;

#[cfg(test)]
mod parser_test;

#[cfg(test)]
mod robust_test;

#[cfg(test)]
mod traps_test;
