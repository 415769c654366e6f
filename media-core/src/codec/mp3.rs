//! MPEG audio, layers I to III: the frame header, ISO/IEC 11172-3 2.4.1.3, ISO/IEC 13818-3 for half the sampling rates, and "MPEG-2.5" for
//! a quarter of them.
//!
//! There is no configuration record: every frame has all of it.

use crate::bits::{self, Reader};

/// A decoder configuration: what the header of every frame says.
///
/// ```
/// use media_core::codec::mp3;
/// let config = mp3::Config::from_frame(&[0xff, 0xfb, 0x90, 0x64])?;
/// assert_eq!((config.sample_rate(), config.channels(), config.samples_per_frame()), (44_100, 2, 1152));
/// assert_eq!(config.codecs(), "mp4a.40.34");
/// # Ok::<(), mp3::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    version: Version,
    layer: u8,
    sample_rate: u32,
    channels: u8,
}

/// The standard, which goes with the range of sampling rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// MPEG-1, ISO/IEC 11172-3: 32, 44.1 and 48 kHz.
    Mpeg1,
    /// MPEG-2, ISO/IEC 13818-3: half of these.
    Mpeg2,
    /// "MPEG-2.5", in no standard: a quarter.
    Mpeg25,
}

/// The header of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    config: Config,
    frame_length: Option<usize>,
}

/// Why a frame was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The frame ended inside its header.
    #[error("MPEG audio frame ended inside its header")]
    End,
    /// The eleven bits of the sync word are not all one.
    #[error("no MPEG audio sync word")]
    Sync,
    /// A reserved version, layer, bit rate or sampling rate.
    #[error("reserved value in MPEG audio header {0:08x}")]
    Reserved(u32),
}

impl From<bits::Error> for Error {
    fn from(_: bits::Error) -> Self {
        Self::End
    }
}

impl Header {
    /// Reads the four bytes at the front.
    ///
    /// # Errors
    /// When they are no header, or have reserved values.
    pub fn parse(frame: &[u8]) -> Result<Self, Error> {
        let word = Reader::new(frame).u32()?;
        if word >> 21 != 0x7ff {
            return Err(Error::Sync);
        }
        let reserved = Error::Reserved(word);
        let version = match word >> 19 & 3 {
            0 => Version::Mpeg25,
            2 => Version::Mpeg2,
            3 => Version::Mpeg1,
            _ => return Err(reserved),
        };
        let layer = match word >> 17 & 3 {
            0 => return Err(reserved),
            field => 4 - field as u8,
        };
        let (bit_rate, rate) = (word >> 12 & 15, word >> 10 & 3);
        if bit_rate == 15 || rate == 3 {
            return Err(reserved);
        }
        let sample_rate = [44_100, 48_000, 32_000][rate as usize] >> version as u32;
        let channels = if word >> 6 & 3 == 3 { 1 } else { 2 };
        let config = Config { version, layer, sample_rate, channels };
        let frame_length = config.frame_length(bit_rate as usize, (word >> 9 & 1) as usize);
        Ok(Self { config, frame_length })
    }

    /// What it says of the stream.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Bytes of the frame with its header; `None` for the free format, where only the next header tells.
    pub const fn frame_length(&self) -> Option<usize> {
        self.frame_length
    }
}

impl Config {
    /// Reads the header of a frame.
    ///
    /// # Errors
    /// As [`Header::parse`].
    pub fn from_frame(frame: &[u8]) -> Result<Self, Error> {
        Header::parse(frame).map(|header| header.config)
    }

    /// The standard it is of.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// 1 to 3; layer III is what is called MP3.
    pub const fn layer(&self) -> u8 {
        self.layer
    }

    /// Samples per second.
    pub const fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// One or two.
    pub const fn channels(&self) -> u16 {
        self.channels as u16
    }

    /// Samples per frame: 384 in layer I, 1152 in layer II, in layer III 1152, or 576 at the lower sampling rates.
    pub const fn samples_per_frame(&self) -> u32 {
        match (self.layer, self.version) {
            (1, _) => 384,
            (3, Version::Mpeg2 | Version::Mpeg25) => 576,
            _ => 1152,
        }
    }

    /// `objectTypeIndication` of ISO/IEC 14496-1 table 5: 0x6b for MPEG-1, 0x69 for MPEG-2.
    pub const fn object_type_indication(&self) -> u8 {
        match self.version {
            Version::Mpeg1 => 0x6b,
            Version::Mpeg2 | Version::Mpeg25 => 0x69,
        }
    }

    /// The RFC 6381 string by audio object type: `mp4a.40.34` for layer III, `mp4a.40.33` for layer II, `mp4a.40.32` for layer I.
    pub fn codecs(&self) -> String {
        format!("mp4a.40.{}", 31 + self.layer)
    }

    fn frame_length(&self, bit_rate: usize, padding: usize) -> Option<usize> {
        let rates = match (self.version, self.layer) {
            (Version::Mpeg1, 1) => &MPEG1_LAYER1,
            (Version::Mpeg1, 2) => &MPEG1_LAYER2,
            (Version::Mpeg1, _) => &MPEG1_LAYER3,
            (_, 1) => &MPEG2_LAYER1,
            _ => &MPEG2_LAYERS23,
        };
        let bits = usize::from(*rates.get(bit_rate.checked_sub(1)?)?) * 1000;
        // A slot is four bytes in layer I, one byte otherwise.
        let slot = if self.layer == 1 { 4 } else { 1 };
        let slots = self.samples_per_frame() as usize / 8 / slot * bits / self.sample_rate as usize;
        Some((slots + padding) * slot)
    }
}

/// Kilobits per second by index from 1 on, 11172-3 2.4.2.3 and 13818-3 2.4.2.3.
const MPEG1_LAYER1: [u16; 14] = [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448];
const MPEG1_LAYER2: [u16; 14] = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const MPEG1_LAYER3: [u16; 14] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2_LAYER1: [u16; 14] = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
const MPEG2_LAYERS23: [u16; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];

#[cfg(test)]
#[path = "mp3_test.rs"]
mod tests;
