//! Vorbis: the three headers, as Matroska's `CodecPrivate` laces them, and the length of a packet.
//!
//! Vorbis I specification sections 4.2 (headers) and 4.3 (audio packets); RFC 9559 codec mappings, `A_VORBIS`. There is no registered way
//! into MP4.

mod setup;

use bytes::{BufMut, Bytes, BytesMut};

use super::parser::Faults;
use crate::bits::{self, Reader};
use crate::codec::{self, AccessUnit, Key};

/// A decoder configuration.
///
/// Where a [`Parser`](super::Parser) counts samples, it takes a short block for the one before the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Identification, comment and setup header.
    headers: [Bytes; 3],
    channels: u8,
    sample_rate: u32,
    /// Samples of a short and a long block.
    block_sizes: (u32, u32),
    /// For each mode, whether its blocks are long.
    modes: Bytes,
}

/// Why a configuration or packet was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A header or packet ended early.
    #[error("Vorbis data ended too early")]
    End,
    /// Something else stands where one of the three headers is expected.
    #[error("Vorbis header of type {found} where {expected} is expected")]
    Header {
        /// First byte.
        found: u8,
        /// 1 identification, 3 comment, 5 setup.
        expected: u8,
    },
    /// The first byte of the `CodecPrivate` is the number of headers but one.
    #[error("{0} Vorbis headers instead of three")]
    Count(usize),
    /// Section 4.2.2: a version other than 0, no channels, no sampling rate, block sizes out of order, or no framing bit.
    #[error("Vorbis version {version}, {channels} channels, {sample_rate} Hz, blocks {blocks:02x}")]
    Identification {
        /// Must be 0.
        version: u32,
        /// At least one.
        channels: u8,
        /// At least one.
        sample_rate: u32,
        /// Exponents of the long and the short block, 6 to 13, a half byte each.
        blocks: u8,
    },
    /// The setup header breaks section 4.2.4.
    #[error("Vorbis setup header with a wrong {0}")]
    Setup(&'static str),
    /// The packet is a header, or of a mode that is not set up.
    #[error("no Vorbis audio packet")]
    Packet,
}

impl From<bits::Error> for Error {
    fn from(_: bits::Error) -> Self {
        Self::End
    }
}

impl Config {
    /// Reads the identification, comment and setup header.
    ///
    /// # Errors
    /// When one is cut short or breaks its section.
    pub fn from_headers(headers: [Bytes; 3]) -> Result<Self, Error> {
        let mut reader = header(&headers[0], 1)?;
        let version = u32::from_le_bytes(reader.array()?);
        let channels = reader.u8()?;
        let sample_rate = u32::from_le_bytes(reader.array()?);
        reader.bytes(12)?; // bit rates
        let [blocks, framing] = reader.array()?;
        let (short, long) = (blocks & 0xf, blocks >> 4);
        let sized = 6 <= short && short <= long && long <= 13;
        if version != 0 || channels == 0 || sample_rate == 0 || !sized || framing & 1 == 0 {
            return Err(Error::Identification { version, channels, sample_rate, blocks });
        }
        header(&headers[1], 3)?;
        let modes = setup::modes(header(&headers[2], 5)?.rest(), channels)?;
        Ok(Self { headers, channels, sample_rate, block_sizes: (1 << short, 1 << long), modes })
    }

    /// Reads the `CodecPrivate` of Matroska: the headers in Xiph lacing.
    ///
    /// # Errors
    /// As [`Config::from_headers`], and when there are not three.
    pub fn from_record(private: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(private);
        let count = usize::from(reader.u8()?) + 1;
        if count != 3 {
            return Err(Error::Count(count));
        }
        let (first, second) = (laced(&mut reader)?, laced(&mut reader)?);
        let headers = [reader.bytes(first)?, reader.bytes(second)?, reader.rest()];
        Self::from_headers(headers.map(Bytes::copy_from_slice))
    }

    /// The `CodecPrivate` of Matroska.
    pub fn record(&self) -> Bytes {
        let mut out = BytesMut::new();
        out.put_u8(2);
        for header in &self.headers[..2] {
            out.put_bytes(255, header.len() / 255);
            out.put_u8((header.len() % 255) as u8);
        }
        self.headers.iter().for_each(|header| out.put_slice(header));
        out.freeze()
    }

    /// Identification, comment and setup header.
    pub const fn headers(&self) -> &[Bytes; 3] {
        &self.headers
    }

    /// Samples per second.
    pub const fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// 1 to 255; up to eight in the order of section 4.3.9.
    pub const fn channels(&self) -> u16 {
        self.channels as u16
    }

    /// Samples of a short and of a long block, 64 to 8192.
    pub const fn block_sizes(&self) -> (u32, u32) {
        self.block_sizes
    }

    /// The codecs string, `vorbis`.
    pub fn codecs(&self) -> String {
        "vorbis".to_owned()
    }

    /// Samples of the block that is coded in a packet. Half of it overlaps with the one before, half with the one behind: what comes out of
    /// a packet is a quarter of its own block and a quarter of the one before, section 4.3.8.
    ///
    /// # Errors
    /// [`Error::Packet`] for a header or an unknown mode, [`Error::End`] for an empty packet.
    pub fn block_size(&self, packet: &[u8]) -> Result<u32, Error> {
        let mut bits = setup::Bits::new(packet);
        if bits.bit()? {
            return Err(Error::Packet);
        }
        let mode = bits.bits(setup::ilog(self.modes.len() as u32 - 1))?;
        match self.modes.get(mode as usize) {
            Some(0) => Ok(self.block_sizes.0),
            Some(_) => Ok(self.block_sizes.1),
            None => Err(Error::Packet),
        }
    }
}

/// Whether a packet is a header, section 4.2.1: an odd first byte and the name.
pub(super) fn is_header(packet: &[u8]) -> bool {
    packet.first().is_some_and(|kind| kind & 1 == 1) && packet.get(1..7) == Some(b"vorbis")
}

/// Checks the front of a header, section 4.2.1.
fn header(data: &[u8], expected: u8) -> Result<Reader<'_>, Error> {
    let mut reader = Reader::new(data);
    let found = reader.u8()?;
    if found != expected || &reader.array::<6>()? != b"vorbis" {
        return Err(Error::Header { found, expected });
    }
    Ok(reader)
}

/// A length in Xiph lacing: bytes of 255 and one below, added up.
fn laced(reader: &mut Reader<'_>) -> Result<usize, Error> {
    let mut length = 0;
    loop {
        let byte = reader.u8()?;
        length += usize::from(byte);
        if byte < 255 {
            return Ok(length);
        }
    }
}

/// What has to be remembered of a stream.
#[derive(Debug, Default)]
pub(super) struct Stream {
    config: Option<Config>,
    /// Headers that came in band, up to the third.
    headers: Vec<Bytes>,
    /// Samples of the block before.
    previous: Option<u32>,
}

impl Stream {
    pub(super) fn new(config: &Config) -> Self {
        Self { config: Some(config.clone()), ..Self::default() }
    }

    pub(super) const fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    pub(super) fn read(&mut self, data: Bytes, faults: &mut Faults) -> AccessUnit {
        if is_header(&data) {
            return self.read_header(data, faults);
        }
        let mut unit = AccessUnit::new(data, Key::Closed);
        match self.config.as_ref().map(|config| config.block_size(&unit.data)) {
            Some(Ok(size)) => {
                let previous = self.previous.replace(size).unwrap_or(self.shortest());
                unit.samples = Some(previous / 4 + size / 4);
            }
            Some(Err(_)) => faults.frames += 1,
            None => {}
        }
        unit
    }

    /// What counts as the block before the first, of which nothing comes out: no packet may last no time, and files everywhere have it so.
    fn shortest(&self) -> u32 {
        self.config.as_ref().map_or(0, |config| config.block_sizes.0)
    }

    /// Headers are taken out; the third of a complete set is the configuration.
    fn read_header(&mut self, header: Bytes, faults: &mut Faults) -> AccessUnit {
        let mut unit = AccessUnit::new(Bytes::new(), Key::No);
        if header[0] == 1 {
            self.headers.clear();
        }
        self.headers.push(header);
        if self.headers.len() < 3 {
            return unit;
        }
        let headers = std::mem::take(&mut self.headers);
        match <[Bytes; 3]>::try_from(headers).map(Config::from_headers) {
            Ok(Ok(config)) => {
                self.previous = None;
                if self.config.as_ref() != Some(&config) {
                    unit.config = Some(codec::Config::Vorbis(self.config.insert(config).clone()));
                }
            }
            _ => faults.sets += 1,
        }
        unit
    }
}

#[cfg(test)]
#[path = "vorbis_test.rs"]
mod tests;
