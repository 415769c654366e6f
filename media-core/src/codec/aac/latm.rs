//! LATM: AAC with its configuration in the stream, ISO/IEC 14496-3 1.7, in the sync layer (LOAS) that transport streams carry.
//!
//! One program of one layer, which is what broadcasters send; the configuration is written before every frame.

use bytes::Bytes;

use super::{Config, Error, PS, SAMPLE_RATES, SBR};
use crate::bits::{BitReader, BitWriter};

/// Reads `AudioMuxElement`s, of which a later one may refer to the configuration in an earlier one.
///
/// ```
/// use media_core::codec::aac::{Config, LatmReader, loas_elements};
/// let config = Config::new(48_000, 2)?;
/// let element = config.loas(&[0x21, 0x10, 0x04])?;
/// let mut reader = LatmReader::default();
/// for element in loas_elements(&element) {
///     assert_eq!(reader.read(element?)?, [&[0x21, 0x10, 0x04][..]]);
/// }
/// assert_eq!(reader.config(), Some(&config));
/// # Ok::<(), media_core::codec::aac::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct LatmReader {
    mux: Option<StreamMuxConfig>,
}

/// `StreamMuxConfig`, 1.7.3.1.
#[derive(Clone, Debug)]
struct StreamMuxConfig {
    config: Config,
    /// `numSubFrames` + 1.
    frames: u32,
    /// Bits that follow the frames.
    other_data: u32,
}

impl LatmReader {
    /// The frames of an element as they are without LATM.
    ///
    /// # Errors
    /// When it is cut short, refers to a configuration that has not come, or is muxed in a way that nobody sends.
    pub fn read(&mut self, element: &[u8]) -> Result<Vec<Bytes>, Error> {
        let mut bits = BitReader::new(element);
        if !bits.bit()? {
            // What cannot be read is in force all the same: nothing is read by the one before.
            self.mux = None;
            self.mux = Some(StreamMuxConfig::read(&mut bits)?);
        }
        let mux = self.mux.as_ref().ok_or(Error::Latm("no configuration so far"))?;
        let mut frames = Vec::new();
        for _ in 0..mux.frames {
            let length = payload_length(&mut bits)?;
            if length > bits.remaining() / 8 {
                return Err(Error::End);
            }
            frames.push((0..length).map(|_| bits.u8()).collect::<Result<Vec<u8>, _>>()?.into());
        }
        bits.skip(mux.other_data)?;
        Ok(frames)
    }

    /// The configuration in force; `None` while it has not come.
    pub fn config(&self) -> Option<&Config> {
        self.mux.as_ref().map(|mux| &mux.config)
    }
}

impl StreamMuxConfig {
    fn read(bits: &mut BitReader<'_>) -> Result<Self, Error> {
        let version = bits.bit()?;
        if version && bits.bit()? {
            return Err(Error::Latm("a reserved version"));
        }
        if version {
            value(bits)?; // taraBufferFullness
        }
        if !bits.bit()? {
            return Err(Error::Latm("streams of different timing"));
        }
        let frames = bits.bits(6)? + 1;
        if bits.bits(4)? != 0 || bits.bits(3)? != 0 {
            return Err(Error::Latm("several programs or layers"));
        }
        let length = if version { Some(value(bits)?) } else { None };
        let (config, used) = Config::parse(&ahead(bits))?;
        let length = length.unwrap_or(used);
        if length < used {
            return Err(Error::End);
        }
        bits.skip(length)?;
        if bits.bits(3)? != 0 {
            return Err(Error::Latm("frames of a fixed length"));
        }
        bits.skip(8)?; // latmBufferFullness
        let other_data = if bits.bit()? { other_data_length(bits, version)? } else { 0 };
        if bits.bit()? {
            bits.skip(8)?; // crcCheckSum
        }
        Ok(Self { config, frames, other_data })
    }
}

impl Config {
    /// The frame `payload` in an element of its own, behind the configuration and the sync layer's header: `AudioSyncStream`, 1.7.2.
    ///
    /// # Errors
    /// [`Error::LatmFrame`] when it does not fit into 8191 bytes.
    pub fn loas(&self, payload: &[u8]) -> Result<Bytes, Error> {
        let length = self.loas_len(payload.len()) - HEADER;
        if length >= 1 << 13 {
            return Err(Error::LatmFrame(length));
        }
        let mut bits = BitWriter::default();
        bits.bits(SYNC, 11);
        bits.bits(length as u32, 13);
        // A configuration follows; version 0, one timing, one frame, one program, one layer.
        bits.bits(0b0_0_1, 3);
        bits.bits(0, 6 + 4 + 3);
        for (value, count) in self.fields()? {
            bits.bits(value, count);
        }
        bits.bits(0, 3); // frameLengthType
        bits.bits(0xff, 8); // latmBufferFullness of a variable rate
        bits.bits(0, 2); // no other data, no CRC
        for _ in 0..payload.len() / 255 {
            bits.bits(255, 8);
        }
        bits.bits((payload.len() % 255) as u32, 8);
        payload.iter().for_each(|&byte| bits.bits(byte.into(), 8));
        Ok(bits.finish())
    }

    /// Bytes that [`loas`](Self::loas) makes of a frame of `payload` bytes.
    pub(crate) fn loas_len(&self, payload: usize) -> usize {
        let fields = self.fields().unwrap_or_default();
        let bits = 16 + fields.iter().map(|(_, count)| *count as usize).sum::<usize>() + 13;
        HEADER + (bits + 8 * (payload / 255 + 1 + payload)).div_ceil(8)
    }

    /// The configuration as values and their bits. Nothing stands behind that of the core: an element of version 0 does not say how long it is, so
    /// that nobody looks there (`bits_to_decode()`, 1.6.2.1), and ffmpeg takes it for the frame. SBR and PS are told before it (1.6.5.2).
    fn fields(&self) -> Result<[(u32, u32); 8], Error> {
        let mut asc = BitReader::new(&self.asc);
        let first = super::object_type(&mut asc)?;
        let frequency = frequency(super::sampling_frequency(&mut asc)?);
        let channels = asc.bits(4)?;
        if matches!(first, SBR | PS) {
            super::sampling_frequency(&mut asc)?;
            super::object_type(&mut asc)?;
        }
        let short = asc.bits(1)?;
        let delay = if asc.bit()? { (asc.bits(14)?, 14) } else { NOTHING };
        let core = (self.object_type.into(), 5);
        let (told, extension) = match self.sbr_sample_rate {
            Some(_) if self.parametric_stereo => ((PS.into(), 5), core),
            Some(_) => ((SBR.into(), 5), core),
            None => (core, NOTHING),
        };
        let rate = self.sbr_sample_rate.map_or(NOTHING, self::frequency);
        let depends = u32::from(delay.1 > 0);
        Ok([told, frequency, (channels, 4), rate, extension, (short << 1 | depends, 2), delay, (0, 1)])
    }
}

/// A sampling frequency as an index, or the escape value and the rate itself.
fn frequency(rate: u32) -> (u32, u32) {
    match SAMPLE_RATES.iter().position(|&listed| listed == rate) {
        Some(index) => (index as u32, 4),
        None => (15 << 24 | rate, 28),
    }
}

/// The elements in `data`, without their sync layer; ends after the first error.
pub fn loas_elements(data: &[u8]) -> impl Iterator<Item = Result<&[u8], Error>> {
    let mut rest = data;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let element = element(&mut rest);
        if element.is_err() {
            rest = &[];
        }
        Some(element)
    })
}

fn element<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let (head, behind) = rest.split_first_chunk::<HEADER>().ok_or(Error::End)?;
    let word = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    if word >> 13 != SYNC {
        return Err(Error::Latm("no sync word"));
    }
    let (element, behind) = behind.split_at_checked(word as usize & 0x1fff).ok_or(Error::End)?;
    *rest = behind;
    Ok(element)
}

/// What may be a configuration, from the next bit on: the longest is 12 bytes.
fn ahead(bits: &BitReader<'_>) -> Vec<u8> {
    let mut bits = bits.clone();
    let mut out = Vec::with_capacity(16);
    while out.len() < 16 && bits.remaining() >= 8 {
        out.extend(bits.u8());
    }
    let left = bits.remaining() as u32;
    if out.len() < 16 && left > 0 {
        out.extend(bits.bits(left).map(|last| (last << (8 - left)) as u8));
    }
    out
}

/// `LatmGetValue()`.
fn value(bits: &mut BitReader<'_>) -> Result<u32, Error> {
    let bytes = bits.bits(2)? + 1;
    Ok(bits.bits(8 * bytes)?)
}

fn other_data_length(bits: &mut BitReader<'_>, version: bool) -> Result<u32, Error> {
    if version {
        return value(bits);
    }
    let mut length = 0_u32;
    loop {
        let more = bits.bit()?;
        length = length.checked_mul(256).ok_or(Error::End)? + bits.bits(8)?;
        if !more {
            return Ok(length);
        }
    }
}

/// `PayloadLengthInfo()` in bytes.
fn payload_length(bits: &mut BitReader<'_>) -> Result<usize, Error> {
    let mut length = 0;
    loop {
        let byte = bits.bits(8)? as usize;
        length += byte;
        if byte < 255 {
            return Ok(length);
        }
    }
}

/// A field that is not there.
const NOTHING: (u32, u32) = (0, 0);
/// The sync word of `AudioSyncStream`.
const SYNC: u32 = 0x2b7;

/// Bytes of the sync layer.
const HEADER: usize = 3;

#[cfg(test)]
#[path = "latm_test.rs"]
mod tests;
