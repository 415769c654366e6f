//! AC-3 and E-AC-3 (Dolby Digital and Dolby Digital Plus): synchronisation frames, and the `dac3` and `dec3` records.
//!
//! ETSI TS 102 366 sections 4.3 and 4.4 (AC-3), E.1 (E-AC-3), F.4 and F.6 (`dac3`, `dec3`); ETSI TS 103 420 section 8.3 for the joint object
//! coding that is announced in both. Matroska has no `CodecPrivate` for either.

mod eac3;

pub use eac3::{EnhancedConfig, Substream, enhanced_samples};

use bytes::{BufMut, Bytes, BytesMut};

use crate::bits::{self, BitReader};

/// A decoder configuration of AC-3: what every frame says.
///
/// ```
/// use media_core::codec::ac3;
/// let config = ac3::Config::from_record(&[0x10, 0x3d, 0xe0])?;
/// assert_eq!((config.sample_rate(), config.channels(), config.bit_rate()), (48_000, 6, 448_000));
/// assert_eq!(config.codecs(), "ac-3");
/// # Ok::<(), ac3::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    fscod: u8,
    bsid: u8,
    bsmod: u8,
    acmod: u8,
    lfe: bool,
    /// `bit_rate_code`, half of `frmsizecod`.
    bit_rate_code: u8,
}

/// Samples per frame of AC-3.
pub const SAMPLES_PER_FRAME: u32 = 1536;

/// Why a configuration or frame was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data ended early.
    #[error("AC-3 data ended too early")]
    End,
    /// The frame does not begin with 0b77.
    #[error("AC-3 frame begins with {0:04x} instead of 0b77")]
    Sync(u16),
    /// `bsid` of the other coding, or of none: AC-3 has up to 10, E-AC-3 11 to 16.
    #[error("bit stream identification {0} is not of this coding")]
    Bsid(u8),
    /// A reserved sampling rate or bit rate.
    #[error("reserved AC-3 sampling rate {fscod} or frame size {frame_size}")]
    Reserved {
        /// `fscod`, for E-AC-3 `fscod2` behind 3.
        fscod: u8,
        /// `frmsizecod`.
        frame_size: u8,
    },
    /// An access unit of E-AC-3 begins with independent substream 0.
    #[error("E-AC-3 access unit begins with substream {id} of type {kind}")]
    Substream {
        /// `strmtyp`.
        kind: u8,
        /// `substreamid`.
        id: u8,
    },
}

impl From<bits::Error> for Error {
    fn from(_: bits::Error) -> Self {
        Self::End
    }
}

impl Config {
    /// Reads the payload of a `dac3` box.
    ///
    /// # Errors
    /// When it is cut short or has reserved values.
    pub fn from_record(record: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(record);
        let config = Self {
            fscod: bits.bits(2)? as u8,
            bsid: bits.bits(5)? as u8,
            bsmod: bits.bits(3)? as u8,
            acmod: bits.bits(3)? as u8,
            lfe: bits.bit()?,
            bit_rate_code: bits.bits(5)? as u8,
        };
        bits.skip(5)?; // reserved
        config.checked()
    }

    /// Reads the front of a synchronisation frame, `syncinfo` and `bsi`.
    ///
    /// # Errors
    /// When it is cut short, of E-AC-3, or has reserved values.
    pub fn from_frame(frame: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(frame);
        sync(&mut bits)?;
        bits.skip(16)?; // crc1
        let fscod = bits.bits(2)? as u8;
        let bit_rate_code = bits.bits(6)? as u8 >> 1;
        let bsid = bits.bits(5)? as u8;
        if bsid > LAST_BSID {
            return Err(Error::Bsid(bsid));
        }
        let bsmod = bits.bits(3)? as u8;
        let acmod = bits.bits(3)? as u8;
        let centre = acmod & 1 != 0 && acmod != 1;
        let levels = u32::from(centre) + u32::from(acmod & 4 != 0) + u32::from(acmod == 2);
        bits.skip(2 * levels)?; // cmixlev, surmixlev, dsurmod
        let lfe = bits.bit()?;
        Self { fscod, bsid, bsmod, acmod, lfe, bit_rate_code }.checked()
    }

    fn checked(self) -> Result<Self, Error> {
        let known = self.fscod < 3 && usize::from(self.bit_rate_code) < BIT_RATES.len();
        match self.bsid {
            0..=LAST_BSID if known => Ok(self),
            0..=LAST_BSID => Err(Error::Reserved { fscod: self.fscod, frame_size: self.bit_rate_code << 1 }),
            bsid => Err(Error::Bsid(bsid)),
        }
    }

    /// The payload of the `dac3` box.
    pub fn record(&self) -> Bytes {
        let word = u32::from(self.fscod) << 22
            | u32::from(self.bsid) << 17
            | u32::from(self.bsmod) << 14
            | u32::from(self.acmod) << 11
            | u32::from(self.lfe) << 10
            | u32::from(self.bit_rate_code) << 5;
        let mut out = BytesMut::with_capacity(3);
        out.put_uint(word.into(), 3);
        out.freeze()
    }

    /// Samples per second: 48, 44.1 or 32 kHz, halves of these with `bsid` 9, quarters with 10.
    pub const fn sample_rate(&self) -> u32 {
        SAMPLE_RATES[self.fscod as usize] >> self.reduction()
    }

    /// Bits per second that the frames have by their size.
    pub const fn bit_rate(&self) -> u32 {
        (BIT_RATES[self.bit_rate_code as usize] as u32 * 1000) >> self.reduction()
    }

    /// 1 to 6, the low frequency effects included.
    pub const fn channels(&self) -> u16 {
        CHANNELS[self.acmod as usize] + self.lfe as u16
    }

    /// Samples per frame, 1536.
    pub const fn samples_per_frame(&self) -> u32 {
        SAMPLES_PER_FRAME
    }

    /// The codecs string, `ac-3`.
    pub fn codecs(&self) -> String {
        "ac-3".to_owned()
    }

    /// How often the rates are halved: `bsid` above 8, as decoders everywhere read it.
    const fn reduction(&self) -> u32 {
        self.bsid.saturating_sub(8) as u32
    }
}

/// Bytes of the AC-3 frame at the front, section 4.4.1.4.
///
/// # Errors
/// When it is cut short, no AC-3, or has reserved values.
pub fn frame_length(frame: &[u8]) -> Result<usize, Error> {
    let config = Config::from_frame(frame)?;
    let kilobits = usize::from(BIT_RATES[usize::from(config.bit_rate_code)]);
    let words = match config.fscod {
        0 => kilobits * 2,
        // The lowest bit of frmsizecod makes up for a frame that is no whole number of words.
        1 => kilobits * 320 / 147 + usize::from(frame[4] & 1),
        _ => kilobits * 3,
    };
    Ok(words * 2)
}

fn sync(bits: &mut BitReader<'_>) -> Result<(), Error> {
    match bits.u16()? {
        0x0b77 => Ok(()),
        found => Err(Error::Sync(found)),
    }
}

/// The highest `bsid` that AC-3 decoders read.
const LAST_BSID: u8 = 10;

/// By `fscod`, table 4.1.
const SAMPLE_RATES: [u32; 3] = [48_000, 44_100, 32_000];

/// By `acmod`, table 4.3, without low frequency effects.
const CHANNELS: [u16; 8] = [2, 1, 2, 3, 3, 4, 4, 5];

/// Kilobits per second by half of `frmsizecod`, table 4.13.
const BIT_RATES: [u16; 19] =
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

#[cfg(test)]
#[path = "ac3_test.rs"]
mod tests;
