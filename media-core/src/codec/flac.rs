//! FLAC: the metadata blocks that containers carry, and the header of a frame.
//!
//! RFC 9639 sections 8 (metadata), 9.1 (frame headers); "Encapsulation of FLAC in ISO Base Media File Format" 1.0 (`fLaC`, `dfLa`); RFC 9559
//! codec mappings (`A_FLAC`: the stream's own beginning, `fLaC` and the same blocks).

use bytes::{BufMut, Bytes, BytesMut};

use crate::bits::{self, BitReader, Reader};

/// A decoder configuration: the `STREAMINFO` block and what other metadata comes with it.
///
/// ```
/// use media_core::codec::flac;
/// let block = b"\x80\0\0\x22\x12\0\x12\0\0\0\x0e\0\x10\0\x0a\xc4\x42\xf0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
/// let config = flac::Config::from_record(block)?;
/// assert_eq!((config.sample_rate(), config.channels(), config.bits_per_sample()), (44_100, 2, 16));
/// assert_eq!((&config.record()[..], &config.private()[..4]), (&block[..], &b"fLaC"[..]));
/// # Ok::<(), flac::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    blocks: Bytes,
    block_sizes: (u16, u16),
    sample_rate: u32,
    channels: u8,
    bits_per_sample: u8,
    total_samples: u64,
}

/// Why a configuration or frame was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data ended early.
    #[error("FLAC data ended too early")]
    End,
    /// The stream does not begin with `fLaC`.
    #[error("no fLaC signature")]
    Signature,
    /// The first metadata block must be a `STREAMINFO` of 34 bytes.
    #[error("FLAC metadata begins with block type {kind} of {length} bytes instead of a STREAMINFO of 34")]
    StreamInfo {
        /// Block type.
        kind: u8,
        /// In bytes.
        length: u32,
    },
    /// Section 8.2: a sampling rate of zero, block sizes below 16 or in the wrong order, or fewer than 4 bits per sample.
    #[error(
        "FLAC stream of {sample_rate} Hz, {bits_per_sample} bits, blocks of {smallest} to {largest} samples"
    )]
    Range {
        /// Samples per second.
        sample_rate: u32,
        /// Per sample.
        bits_per_sample: u8,
        /// Samples.
        smallest: u16,
        /// Samples.
        largest: u16,
    },
    /// The frame does not begin with the fifteen bits 111111111111100.
    #[error("no FLAC frame sync code")]
    Sync,
    /// A reserved value in a frame header, section 9.1.
    #[error("reserved value in a FLAC frame header")]
    Reserved,
}

impl From<bits::Error> for Error {
    fn from(_: bits::Error) -> Self {
        Self::End
    }
}

impl Config {
    /// Reads metadata blocks: the payload of a `dfLa` box behind its version and flags. Reads up to the block that says it is the last, or
    /// to the end.
    ///
    /// # Errors
    /// When it does not begin with a whole and valid `STREAMINFO`, or a later block is cut short.
    pub fn from_record(blocks: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(blocks);
        let (kind, info) = block(&mut reader)?;
        if kind & 0x7f != 0 || info.len() != 34 {
            return Err(Error::StreamInfo { kind: kind & 0x7f, length: info.len() as u32 });
        }
        let mut last = kind & 0x80 != 0;
        while !last && !reader.is_empty() {
            last = block(&mut reader)?.0 & 0x80 != 0;
        }
        Self::from_stream_info(info, &blocks[..blocks.len() - reader.remaining()])
    }

    /// Reads the beginning of a native stream, which is the `CodecPrivate` of Matroska: `fLaC` and metadata blocks.
    ///
    /// # Errors
    /// As [`Config::from_record`], and when it does not begin with `fLaC`.
    pub fn from_private(private: &[u8]) -> Result<Self, Error> {
        Self::from_record(private.strip_prefix(b"fLaC").ok_or(Error::Signature)?)
    }

    fn from_stream_info(info: &[u8], blocks: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(info);
        let (smallest, largest) = (bits.u16()?, bits.u16()?);
        bits.skip(48)?; // frame sizes
        let sample_rate = bits.bits(20)?;
        let channels = bits.bits(3)? as u8 + 1;
        let bits_per_sample = bits.bits(5)? as u8 + 1;
        let total_samples = u64::from(bits.bits(4)?) << 32 | u64::from(bits.bits(32)?);
        if sample_rate == 0 || bits_per_sample < 4 || smallest < 16 || largest < smallest {
            return Err(Error::Range { sample_rate, bits_per_sample, smallest, largest });
        }
        Ok(Self {
            blocks: Bytes::copy_from_slice(blocks),
            block_sizes: (smallest, largest),
            sample_rate,
            channels,
            bits_per_sample,
            total_samples,
        })
    }

    /// The metadata blocks: the payload of a `dfLa` box behind its version and flags.
    pub fn record(&self) -> Bytes {
        self.blocks.clone()
    }

    /// `fLaC` and the metadata blocks: the `CodecPrivate` of Matroska.
    pub fn private(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(4 + self.blocks.len());
        out.put_slice(b"fLaC");
        out.put_slice(&self.blocks);
        out.freeze()
    }

    /// Samples per second, 1 to 1 048 575.
    pub const fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// 1 to 8.
    pub const fn channels(&self) -> u16 {
        self.channels as u16
    }

    /// 4 to 32.
    pub const fn bits_per_sample(&self) -> u8 {
        self.bits_per_sample
    }

    /// Samples of the shortest (but for the last) and the longest frame.
    pub const fn block_sizes(&self) -> (u16, u16) {
        self.block_sizes
    }

    /// Samples (per channel) of the whole stream; zero where it is not known.
    pub const fn total_samples(&self) -> u64 {
        self.total_samples
    }

    /// The codecs string, `fLaC`: the sample entry's name, as RFC 6381 has it for what gives no more.
    pub fn codecs(&self) -> String {
        "fLaC".to_owned()
    }
}

/// The type byte and the content of the metadata block at the front.
fn block<'a>(reader: &mut Reader<'a>) -> Result<(u8, &'a [u8]), Error> {
    let kind = reader.u8()?;
    let length = reader.u24()?;
    Ok((kind, reader.bytes(length as usize)?))
}

/// How long a frame lasts in samples, section 9.1.1.
///
/// # Errors
/// When it is cut short or no frame.
pub fn frame_samples(frame: &[u8]) -> Result<u32, Error> {
    let mut reader = Reader::new(frame);
    let [sync, sizes, layout] = [reader.u16()?, reader.u8()?.into(), reader.u8()?.into()];
    if sync >> 1 != 0x7ffc {
        return Err(Error::Sync);
    }
    if sizes & 0xf == 15 || layout >> 4 > 10 || layout & 1 != 0 {
        return Err(Error::Reserved);
    }
    coded_number(&mut reader)?;
    match sizes >> 4 {
        0 => Err(Error::Reserved),
        1 => Ok(192),
        code @ 2..=5 => Ok(576 << (code - 2)),
        6 => Ok(u32::from(reader.u8()?) + 1),
        7 => Ok(u32::from(reader.u16()?) + 1),
        code => Ok(256 << (code - 8)),
    }
}

/// Passes over the number of the frame or sample, up to 36 bits in the manner of UTF-8, section 9.1.5.
fn coded_number(reader: &mut Reader<'_>) -> Result<(), Error> {
    let more = match reader.u8()?.leading_ones() {
        0 => 0,
        ones @ 2..=7 => ones as usize - 1,
        _ => return Err(Error::Reserved),
    };
    match reader.bytes(more)?.iter().all(|byte| byte >> 6 == 2) {
        true => Ok(()),
        false => Err(Error::Reserved),
    }
}

#[cfg(test)]
#[path = "flac_test.rs"]
mod tests;
