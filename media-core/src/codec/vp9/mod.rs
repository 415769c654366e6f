//! VP9: the uncompressed header of a key frame, superframes, and the `vpcC` record.
//!
//! "VP9 Bitstream & Decoding Process Specification" 0.7 sections 6.2, 7.2 and annexes A (levels) and B (superframes); "VP Codec ISO
//! Media File Format Binding" 1.0.

mod frame;
mod record;

pub use frame::{Header, first_frames, frames, stated_size};
#[cfg(feature = "vpx")]
pub(crate) use frame::{colour, is_disposable};
pub use record::Subsampling;
pub(crate) use record::{VpcC, level};

use bytes::Bytes;

use super::Colour;
use crate::bits;

/// A decoder configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    parts: Parts,
    frame_rate: Option<(u32, u32)>,
}

/// What a VP9 key frame says of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parts {
    /// 0 (8 bits, 4:2:0), 1 (8 bits, other), 2 (10 or 12 bits, 4:2:0) or 3 (10 or 12 bits, other).
    pub profile: u8,
    /// Coded width in pixels, 1 to 65536.
    pub width: u32,
    /// Coded height in pixels, 1 to 65536.
    pub height: u32,
    /// Bits per sample: 8, 10 or 12.
    pub bit_depth: u8,
    /// Chroma per luma sample.
    pub subsampling: Subsampling,
    /// Meaning of the samples; `None` where the stream leaves it open (and the range is studio).
    pub colour: Option<Colour>,
}

/// Why a frame or configuration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The frame ended inside its header.
    #[error("VP9 frame ended inside its header")]
    End,
    /// The frame depends on others, so it says nothing of the stream.
    #[error("not a VP9 key frame")]
    NotKey,
    /// The frame does not begin with the bits `10`.
    #[error("VP9 frame marker is {0}")]
    Marker(u8),
    /// The three bytes `49 83 42` are missing.
    #[error("VP9 sync code is {0:06x}")]
    SyncCode(u32),
    /// A bit that must be zero, section 7.2.
    #[error("reserved bit set in a VP9 frame header")]
    Reserved,
    /// Profile, bit depth and chroma do not go together (section 7.2), or a side is out of range.
    #[error("VP9 profile {profile} with {bit_depth} bits, {subsampling:?}, {width}x{height} pixels")]
    Parts {
        /// 0 to 3.
        profile: u8,
        /// Bits per sample.
        bit_depth: u8,
        /// Chroma.
        subsampling: Subsampling,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
}

impl From<bits::Error> for Error {
    fn from(_: bits::Error) -> Self {
        Self::End
    }
}

impl Parts {
    /// 8 bits, 4:2:0, studio range, colour left open: profile 0.
    pub const fn new(width: u32, height: u32) -> Self {
        let subsampling = Subsampling::Colocated420;
        Self { profile: 0, width, height, bit_depth: 8, subsampling, colour: None }
    }
}

impl Config {
    /// What an encoder says of its own stream.
    ///
    /// ```
    /// use media_core::codec::vp9;
    /// let config = vp9::Config::from_parts(vp9::Parts::new(1280, 720))?.with_frame_rate(30, 1);
    /// assert_eq!(config.codecs(), "vp09.00.31.08");
    /// # Ok::<(), vp9::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parts`] when they do not go together.
    pub fn from_parts(parts: Parts) -> Result<Self, Error> {
        let Parts { profile, width, height, bit_depth, subsampling, .. } = parts;
        let deep = matches!(bit_depth, 10 | 12);
        let sides = (1..=65_536).contains(&width) && (1..=65_536).contains(&height);
        let fits = match profile {
            0 => bit_depth == 8 && subsampling.is_420(),
            1 => bit_depth == 8 && !subsampling.is_420(),
            2 => deep && subsampling.is_420(),
            3 => deep && !subsampling.is_420(),
            _ => false,
        };
        if !fits || !sides {
            return Err(Error::Parts { profile, bit_depth, subsampling, width, height });
        }
        Ok(Self { parts, frame_rate: None })
    }

    /// Reads the header of a key frame, or of the key frame that opens a superframe.
    ///
    /// # Errors
    /// When it is not a key frame, cut short, or not VP9.
    pub fn from_key_frame(data: &[u8]) -> Result<Self, Error> {
        match Header::parse(frames(data).next().ok_or(Error::End)?)? {
            Header::Key(parts) => Self::from_parts(parts),
            _ => Err(Error::NotKey),
        }
    }

    /// The same with pictures per second (as a fraction, neither part zero), which raises the level where need be.
    #[must_use]
    pub fn with_frame_rate(mut self, num: u32, den: u32) -> Self {
        self.frame_rate = (num > 0 && den > 0).then_some((num, den));
        self
    }

    /// The payload of the `vpcC` box after its version (1) and flags.
    pub fn record(&self) -> Bytes {
        self.vpcc().record()
    }

    /// What the key frame said.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// Coded width and height in pixels.
    pub const fn size(&self) -> (u32, u32) {
        (self.parts.width, self.parts.height)
    }

    /// Pictures per second as a fraction; `None` unless [`Config::with_frame_rate`] told.
    pub const fn frame_rate(&self) -> Option<(u32, u32)> {
        self.frame_rate
    }

    /// The RFC 6381 string with its mandatory fields, `vp09.00.31.08`; all of them where the colour is known, since a missing field
    /// means BT.709 studio range 4:2:0.
    pub fn codecs(&self) -> String {
        self.vpcc().codecs("vp09")
    }

    fn vpcc(&self) -> VpcC {
        VpcC {
            profile: self.parts.profile,
            level: level(self.size(), self.frame_rate),
            bit_depth: self.parts.bit_depth,
            subsampling: self.parts.subsampling,
            colour: self.parts.colour,
        }
    }
}

#[cfg(test)]
#[path = "vp9_test.rs"]
mod tests;
