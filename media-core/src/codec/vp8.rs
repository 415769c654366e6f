//! VP8: the key frame header (RFC 6386 section 9.1) and the `vpcC` record.

use bytes::Bytes;

use super::vp9::{self, VpcC};
use crate::bits::{self, Reader};

/// A decoder configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    version: u8,
    width: u16,
    height: u16,
    frame_rate: Option<(u32, u32)>,
}

/// Why a frame was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The frame ended inside its header.
    #[error("VP8 frame ended inside its header")]
    End,
    /// The frame depends on others, so it says nothing of the stream.
    #[error("not a VP8 key frame")]
    NotKey,
    /// The three bytes `9d 01 2a` are missing.
    #[error("VP8 start code is {0:02x?}")]
    StartCode([u8; 3]),
    /// A version above 3, which RFC 6386 section 9.1 does not define.
    #[error("VP8 version {0} is not known")]
    Version(u8),
    /// A side of no pixels, or of more than 16383.
    #[error("VP8 picture of {width}x{height} pixels")]
    Size {
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

impl Config {
    /// What an encoder says of its own stream: version 0, pictures of `width` times `height` pixels.
    ///
    /// # Errors
    /// [`Error::Size`] when a side is 0 or above 16383.
    pub fn new(width: u32, height: u32) -> Result<Self, Error> {
        let side = |pixels: u32| u16::try_from(pixels).ok().filter(|side| (1..=0x3fff).contains(side));
        let (Some(width), Some(height)) = (side(width), side(height)) else {
            return Err(Error::Size { width, height });
        };
        Ok(Self { version: 0, width, height, frame_rate: None })
    }

    /// Reads the header of a key frame.
    ///
    /// # Errors
    /// When it is not a key frame, cut short, or not VP8.
    pub fn from_key_frame(frame: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(frame);
        let tag = reader.array::<3>()?;
        if tag[0] & 1 != 0 {
            return Err(Error::NotKey);
        }
        let version = (tag[0] >> 1) & 7;
        if version > 3 {
            return Err(Error::Version(version));
        }
        let start_code = reader.array()?;
        if start_code != [0x9d, 0x01, 0x2a] {
            return Err(Error::StartCode(start_code));
        }
        // The two bits above each side ask a player to scale up; they do not change what is coded.
        let width = u16::from_le_bytes(reader.array()?) & 0x3fff;
        let height = u16::from_le_bytes(reader.array()?) & 0x3fff;
        Ok(Self { version, ..Self::new(width.into(), height.into())? })
    }

    /// The same with pictures per second (as a fraction, neither part zero), which raises the level where need be.
    #[must_use]
    pub fn with_frame_rate(mut self, num: u32, den: u32) -> Self {
        self.frame_rate = (num > 0 && den > 0).then_some((num, den));
        self
    }

    /// The payload of the `vpcC` box after its version and flags.
    pub fn record(&self) -> Bytes {
        self.vpcc().record()
    }

    /// Width and height in pixels.
    pub const fn size(&self) -> (u32, u32) {
        (self.width as u32, self.height as u32)
    }

    /// Pictures per second as a fraction; `None` unless [`Config::with_frame_rate`] told.
    pub const fn frame_rate(&self) -> Option<(u32, u32)> {
        self.frame_rate
    }

    /// The RFC 6381 string, `vp08.00.10.08`.
    pub fn codecs(&self) -> String {
        self.vpcc().codecs("vp08")
    }

    fn vpcc(&self) -> VpcC {
        VpcC {
            profile: self.version,
            level: vp9::level(self.size(), self.frame_rate),
            bit_depth: 8,
            subsampling: vp9::Subsampling::Colocated420,
            colour: None,
        }
    }
}

#[cfg(test)]
#[path = "vp8_test.rs"]
mod tests;
