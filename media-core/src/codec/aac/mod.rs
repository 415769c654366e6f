//! AAC: the `AudioSpecificConfig` (ISO/IEC 14496-3 1.6.2.1), the ADTS header (1.A.2.2.1) and LATM (1.7).
//!
//! Plain AAC (Main, LC, LTP) and HE-AAC v1 and v2 where it is signalled explicitly, either way. HE-AAC that says nothing of itself
//! (implicit signalling) is indistinguishable from LC here and treated as such, as every container does.

use bytes::Bytes;

use crate::bits::{self, BitReader, BitWriter};

mod adts;
mod latm;

pub use adts::{AdtsHeader, adts_frames};
pub use latm::{LatmReader, loas_elements};

/// A decoder configuration.
///
/// ```
/// use media_core::codec::aac;
/// let config = aac::Config::from_asc(&[0x11, 0x90])?;
/// assert_eq!((config.sample_rate(), config.channels(), config.samples_per_frame()), (48_000, 2, 1024));
/// assert_eq!(config.codecs(), "mp4a.40.2");
/// # Ok::<(), aac::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    asc: Bytes,
    object_type: u8,
    core_sample_rate: u32,
    core_channels: u8,
    core_samples: u32,
    /// Samples per second after spectral band replication, where it is signalled.
    sbr_sample_rate: Option<u32>,
    parametric_stereo: bool,
}

/// Why a configuration or header was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data ended early.
    #[error("AAC configuration ended too early")]
    End,
    /// An audio object type that is not plain AAC: ALS, ELD, USAC and others.
    #[error("audio object type {0} is not supported")]
    ObjectType(u8),
    /// A reserved sampling frequency index, or a rate of zero.
    #[error("AAC sampling frequency {0} is not valid")]
    SampleRate(u32),
    /// A channel configuration that is reserved.
    #[error("AAC channel configuration {0} is not known")]
    Channels(u8),
    /// Channel configuration 0: the channels are in a program config element, which no player in a browser reads.
    #[error("AAC channels described by a program config element are not supported")]
    ProgramConfig,
    /// The data does not begin with the ADTS sync word.
    #[error("no ADTS sync word")]
    AdtsSync,
    /// LATM that cannot be read, and why.
    #[error("LATM with {0}")]
    Latm(&'static str),
    /// An element of LATM has at most 8191 bytes.
    #[error("LATM element of {0} bytes")]
    LatmFrame(usize),
    /// Frames of this many samples: those behind an ADTS header have 1024.
    #[error("AAC frames of {0} samples do not go with ADTS")]
    AdtsSamples(u32),
    /// The ADTS header contradicts itself (a frame shorter than its header, or several raw blocks), or would have to: a frame is at most
    /// 8191 bytes long.
    #[error("ADTS frame of {frame_length} bytes with {blocks} raw blocks")]
    AdtsFrame {
        /// Bytes of the frame including its header.
        frame_length: usize,
        /// Raw data blocks in the frame.
        blocks: u8,
    },
}

impl From<bits::Error> for Error {
    fn from(_: bits::Error) -> Self {
        Self::End
    }
}

impl Config {
    /// AAC-LC of `channels` (1 to 6, or 8 for 7.1) at `sample_rate`, frames of 1024 samples.
    ///
    /// # Errors
    /// [`Error::SampleRate`] for zero or more than 24 bits, [`Error::Channels`] for another number.
    pub fn new(sample_rate: u32, channels: u16) -> Result<Self, Error> {
        let configuration = match channels {
            1..=6 => channels as u8,
            8 => 7,
            _ => return Err(Error::Channels(channels.min(255) as u8)),
        };
        if sample_rate == 0 || sample_rate >= 1 << 24 {
            return Err(Error::SampleRate(sample_rate));
        }
        let mut asc = BitWriter::default();
        asc.bits(LC.into(), 5);
        match SAMPLE_RATES.iter().position(|&rate| rate == sample_rate) {
            Some(index) => asc.bits(index as u32, 4),
            None => {
                asc.bits(15, 4);
                asc.bits(sample_rate, 24);
            }
        }
        asc.bits(configuration.into(), 4);
        asc.bits(0, 3); // 1024 samples, no core coder, no extension
        Self::from_asc(&asc.finish())
    }

    /// Reads an `AudioSpecificConfig`; what follows it is ignored.
    ///
    /// # Errors
    /// When it is cut short, not plain AAC, or its channels are in a program config element.
    pub fn from_asc(asc: &[u8]) -> Result<Self, Error> {
        Ok(Self::parse(asc)?.0)
    }

    /// The configuration at the front of `asc`, and how many bits it has.
    fn parse(asc: &[u8]) -> Result<(Self, u32), Error> {
        let mut bits = BitReader::new(asc);
        let mut object_type = object_type(&mut bits)?;
        let core_sample_rate = sampling_frequency(&mut bits)?;
        let configuration = bits.bits(4)? as u8;
        let mut sbr_sample_rate = None;
        let parametric_stereo = object_type == PS;
        if matches!(object_type, SBR | PS) {
            sbr_sample_rate = Some(sampling_frequency(&mut bits)?);
            object_type = self::object_type(&mut bits)?;
        }
        if !matches!(object_type, MAIN | LC | LTP) {
            return Err(Error::ObjectType(object_type));
        }
        let core_samples = if bits.bit()? { 960 } else { 1024 };
        if bits.bit()? {
            bits.skip(14)?; // coreCoderDelay
        }
        if bits.bit()? {
            // extensionFlag, always 0 for these object types.
            return Err(Error::ObjectType(object_type));
        }
        let mut config = Self {
            asc: Bytes::new(),
            object_type,
            core_sample_rate,
            core_channels: channels(configuration)?,
            core_samples,
            sbr_sample_rate,
            parametric_stereo,
        };
        if config.sbr_sample_rate.is_none() {
            let mut ahead = bits.clone();
            if config.read_extension(&mut ahead).is_ok() {
                bits = ahead;
            }
        }
        let length = asc.len() - bits.remaining() / 8;
        config.asc = Bytes::copy_from_slice(&asc[..length]);
        Ok((config, (asc.len() * 8 - bits.remaining()) as u32))
    }

    /// The backward compatible signalling of SBR and PS behind the core's configuration, 1.6.5.2.
    fn read_extension(&mut self, bits: &mut BitReader<'_>) -> Result<(), Error> {
        if bits.bits(11)? != 0x2b7 || object_type(bits)? != SBR {
            return Err(Error::End);
        }
        if bits.bit()? {
            self.sbr_sample_rate = Some(sampling_frequency(bits)?);
            let mut ahead = bits.clone();
            // Cut off before its flag it says nothing, and must not take back what stands before it.
            if ahead.bits(11) == Ok(0x548)
                && let Ok(present) = ahead.bit()
            {
                self.parametric_stereo = present;
                *bits = ahead;
            }
        }
        Ok(())
    }

    /// The `AudioSpecificConfig`, for `esds` and `CodecPrivate`.
    pub fn asc(&self) -> Bytes {
        self.asc.clone()
    }

    /// Samples per second that come out of the decoder: with signalled SBR twice the core's.
    pub const fn sample_rate(&self) -> u32 {
        match self.sbr_sample_rate {
            Some(rate) => rate,
            None => self.core_sample_rate,
        }
    }

    /// Samples per second of the AAC core, which is what ADTS headers say.
    pub const fn core_sample_rate(&self) -> u32 {
        self.core_sample_rate
    }

    /// Channels that come out of the decoder: parametric stereo makes two of one.
    pub const fn channels(&self) -> u16 {
        if self.parametric_stereo { 2 } else { self.core_channels as u16 }
    }

    /// Samples per frame at [`Config::sample_rate`]: 1024 (or 960), with signalled SBR 2048 (or 1920).
    pub const fn samples_per_frame(&self) -> u32 {
        match self.sbr_sample_rate {
            Some(rate) if rate != self.core_sample_rate => self.core_samples * 2,
            _ => self.core_samples,
        }
    }

    /// The `channelConfiguration` as it is written, which several layouts of as many channels tell apart.
    fn channel_configuration(&self) -> u8 {
        let mut bits = BitReader::new(&self.asc);
        let field = object_type(&mut bits).and_then(|_| sampling_frequency(&mut bits));
        let field = field.and_then(|_| Ok(bits.bits(4)? as u8));
        field.expect("the configuration was read from this")
    }

    /// The RFC 6381 string: `mp4a.40.2` for LC, `mp4a.40.5` for HE-AAC, `mp4a.40.29` for HE-AAC v2.
    pub fn codecs(&self) -> String {
        let object_type = match self.sbr_sample_rate {
            Some(_) if self.parametric_stereo => PS,
            Some(_) => SBR,
            None => self.object_type,
        };
        format!("mp4a.40.{object_type}")
    }
}

/// `GetAudioObjectType()`.
fn object_type(bits: &mut BitReader<'_>) -> Result<u8, Error> {
    match bits.bits(5)? {
        31 => Ok(32 + bits.bits(6)? as u8),
        value => Ok(value as u8),
    }
}

/// A sampling frequency index and, for the escape value, the rate itself.
fn sampling_frequency(bits: &mut BitReader<'_>) -> Result<u32, Error> {
    let rate = match bits.bits(4)? {
        15 => bits.bits(24)?,
        index => *SAMPLE_RATES.get(index as usize).ok_or(Error::SampleRate(index))?,
    };
    if rate == 0 { Err(Error::SampleRate(0)) } else { Ok(rate) }
}

/// Channels of a channel configuration, ISO/IEC 14496-3 table 1.19.
const fn channels(configuration: u8) -> Result<u8, Error> {
    match configuration {
        0 => Err(Error::ProgramConfig),
        1..=6 => Ok(configuration),
        7 | 12 | 14 => Ok(8),
        11 => Ok(7),
        _ => Err(Error::Channels(configuration)),
    }
}

const MAIN: u8 = 1;
const LC: u8 = 2;
const LTP: u8 = 4;
const SBR: u8 = 5;
const PS: u8 = 29;

/// Rates by sampling frequency index, ISO/IEC 14496-3 table 1.18.
const SAMPLE_RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000, 7350];

#[cfg(test)]
#[path = "aac_test.rs"]
mod tests;
