//! Opus: its configuration as Ogg (`OpusHead`) and as MP4 (`dOps`) write it, and the length of a packet.
//!
//! RFC 6716 (the codec), RFC 7845 section 5.1 (`OpusHead`, little-endian), "Encapsulation of Opus in ISO Base Media File Format"
//! section 4.3.2 (`dOps`, big-endian). Time is always counted at 48 kHz, whatever the input rate field says.

use bytes::{BufMut, Bytes, BytesMut};

use crate::bits::{self, Reader};

/// Samples per second of every Opus time line.
pub const SAMPLE_RATE: u32 = 48_000;

/// A decoder configuration.
///
/// ```
/// use media_core::codec::opus;
/// let head = b"OpusHead\x01\x02\x38\x01\x80\xbb\x00\x00\x00\x00\x00";
/// let config = opus::Config::from_head(head)?;
/// assert_eq!((config.channels(), config.pre_skip()), (2, 312));
/// assert_eq!(&config.dops()[..], [0, 2, 0x01, 0x38, 0x00, 0x00, 0xbb, 0x80, 0, 0, 0]);
/// # Ok::<(), opus::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    channels: u8,
    pre_skip: u16,
    input_sample_rate: u32,
    output_gain: i16,
    mapping: Mapping,
}

/// How decoded streams become channels, RFC 7845 section 5.1.1.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Mapping {
    /// Family 0: one stream, mono or stereo.
    Single,
    /// Every other family.
    Table { family: u8, streams: u8, coupled: u8, channels: Bytes },
}

/// Why a configuration or packet was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The header or packet ended early.
    #[error("Opus data ended too early")]
    End,
    /// The header does not begin with `OpusHead`.
    #[error("no OpusHead signature")]
    Signature,
    /// A version this was not written for: RFC 7845 allows 0 to 15 for `OpusHead`, `dOps` has only 0.
    #[error("Opus header version {0} is not known")]
    Version(u8),
    /// Channels or their mapping contradict RFC 7845 section 5.1.1.
    #[error(
        "{channels} channels do not go with mapping family {family}, {streams} streams, {coupled} of them stereo"
    )]
    Channels {
        /// Output channels.
        channels: u8,
        /// Channel mapping family.
        family: u8,
        /// Coded streams.
        streams: u8,
        /// Of these, how many are stereo.
        coupled: u8,
    },
    /// A packet that claims no frame or more than 120 ms, RFC 6716 section 3.2.5.
    #[error("Opus packet of {frames} frames of {samples} samples each")]
    Duration {
        /// Frames in the packet.
        frames: u32,
        /// Samples per frame at 48 kHz.
        samples: u32,
    },
}

impl From<bits::Error> for Error {
    fn from(_: bits::Error) -> Self {
        Self::End
    }
}

impl Config {
    /// The configuration of a stream of which only the number of channels is known (RTP, RFC 7587): no pre-skip, no gain; three to
    /// eight channels in the order and coupling of RFC 7845 section 5.1.1.2.
    ///
    /// # Errors
    /// [`Error::Channels`] for none or more than eight.
    pub fn new(channels: u8) -> Result<Self, Error> {
        let mapping = match channels {
            1 | 2 => Mapping::Single,
            3 => vorbis_order(2, 1, &[0, 2, 1]),
            4 => vorbis_order(2, 2, &[0, 1, 2, 3]),
            5 => vorbis_order(3, 2, &[0, 4, 1, 2, 3]),
            6 => vorbis_order(4, 2, &[0, 4, 1, 2, 3, 5]),
            7 => vorbis_order(4, 3, &[0, 4, 1, 2, 3, 5, 6]),
            8 => vorbis_order(5, 3, &[0, 6, 1, 2, 3, 4, 5, 7]),
            _ => return Err(Error::Channels { channels, family: 1, streams: 0, coupled: 0 }),
        };
        Ok(Self { channels, pre_skip: 0, input_sample_rate: SAMPLE_RATE, output_gain: 0, mapping })
    }

    /// The same with `samples` (at 48 kHz) for a decoder to drop at the start.
    #[must_use]
    pub const fn with_pre_skip(mut self, samples: u16) -> Self {
        self.pre_skip = samples;
        self
    }

    /// Reads an `OpusHead` packet, the Matroska `CodecPrivate` included. Bytes after it are ignored, as RFC 7845 asks.
    ///
    /// # Errors
    /// When it is cut short, of an unknown version, or its channels contradict each other.
    pub fn from_head(head: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(head);
        if &reader.array::<8>()? != b"OpusHead" {
            return Err(Error::Signature);
        }
        let version = reader.u8()?;
        if version > 15 {
            return Err(Error::Version(version));
        }
        let channels = reader.u8()?;
        let mut pre_skip = u16::from_le_bytes(reader.array()?);
        let mut input_sample_rate = u32::from_le_bytes(reader.array()?);
        let mut output_gain = i16::from_le_bytes(reader.array()?);
        // Shaka Packager puts the fields of `dOps` behind the signature as they are, big-endian.
        if input_sample_rate > MAX_INPUT_RATE && input_sample_rate.swap_bytes() <= MAX_INPUT_RATE {
            pre_skip = pre_skip.swap_bytes();
            input_sample_rate = input_sample_rate.swap_bytes();
            output_gain = output_gain.swap_bytes();
        }
        let mapping = Mapping::read(&mut reader, channels)?;
        Ok(Self { channels, pre_skip, input_sample_rate, output_gain, mapping })
    }

    /// Reads the payload of a `dOps` box.
    ///
    /// # Errors
    /// As [`Config::from_head`].
    pub fn from_dops(dops: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(dops);
        let version = reader.u8()?;
        if version != 0 {
            return Err(Error::Version(version));
        }
        let channels = reader.u8()?;
        let pre_skip = reader.u16()?;
        let input_sample_rate = reader.u32()?;
        let output_gain = i16::from_be_bytes(reader.array()?);
        let mapping = Mapping::read(&mut reader, channels)?;
        Ok(Self { channels, pre_skip, input_sample_rate, output_gain, mapping })
    }

    /// The `OpusHead` packet.
    pub fn head(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(32);
        out.put_slice(b"OpusHead");
        out.put_u8(1);
        out.put_u8(self.channels);
        out.put_u16_le(self.pre_skip);
        out.put_u32_le(self.input_sample_rate);
        out.put_i16_le(self.output_gain);
        self.mapping.write(&mut out);
        out.freeze()
    }

    /// The payload of the `dOps` box, without the box header.
    pub fn dops(&self) -> Bytes {
        let mut out = BytesMut::with_capacity(32);
        out.put_u8(0);
        out.put_u8(self.channels);
        out.put_u16(self.pre_skip);
        out.put_u32(self.input_sample_rate);
        out.put_i16(self.output_gain);
        self.mapping.write(&mut out);
        out.freeze()
    }

    /// Output channels, 1 to 255.
    pub const fn channels(&self) -> u16 {
        self.channels as u16
    }

    /// Samples (at 48 kHz) a decoder drops at the start; zero also where a live source does not tell.
    pub const fn pre_skip(&self) -> u16 {
        self.pre_skip
    }

    /// Samples per second of the time line, always 48 000.
    pub const fn sample_rate(&self) -> u32 {
        SAMPLE_RATE
    }

    /// The RFC 6381 string, `opus`.
    pub fn codecs(&self) -> String {
        "opus".to_owned()
    }
}

impl Mapping {
    /// The rest of either header from the mapping family on.
    fn read(reader: &mut Reader<'_>, channels: u8) -> Result<Self, Error> {
        let family = reader.u8()?;
        if family == 0 {
            return match channels {
                1 | 2 => Ok(Self::Single),
                _ => Err(Error::Channels { channels, family, streams: 1, coupled: 0 }),
            };
        }
        let (streams, coupled) = (reader.u8()?, reader.u8()?);
        let table = reader.bytes(channels.into())?;
        let decoded = u16::from(streams) + u16::from(coupled);
        // An index of 255 is a silent channel.
        let indices = table.iter().all(|&index| index == 255 || u16::from(index) < decoded);
        if channels == 0 || streams == 0 || coupled > streams || decoded > 255 || !indices {
            return Err(Error::Channels { channels, family, streams, coupled });
        }
        Ok(Self::Table { family, streams, coupled, channels: Bytes::copy_from_slice(table) })
    }

    fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Single => out.put_u8(0),
            Self::Table { family, streams, coupled, channels } => {
                out.put_slice(&[*family, *streams, *coupled]);
                out.put_slice(channels);
            }
        }
    }
}

const fn vorbis_order(streams: u8, coupled: u8, channels: &'static [u8]) -> Mapping {
    Mapping::Table { family: 1, streams, coupled, channels: Bytes::from_static(channels) }
}

/// How long a packet lasts, in samples at 48 kHz: 120 (2.5 ms) to 5760 (120 ms), RFC 6716 sections 3.1 and 3.2.
///
/// # Errors
/// [`Error::End`] for an empty packet or one without its frame count, [`Error::Duration`] for no frames or more than 120 ms.
pub fn packet_samples(packet: &[u8]) -> Result<u32, Error> {
    let mut reader = Reader::new(packet);
    let toc = reader.u8()?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(reader.u8()? & 0x3f),
    };
    let samples = frame_samples(toc >> 3);
    match frames * samples {
        0 | 5761.. => Err(Error::Duration { frames, samples }),
        total => Ok(total),
    }
}

/// Whether the packet is coded in stereo, by its TOC byte. A stereo stream may hold mono packets, so this is a hint.
pub(crate) fn is_stereo(packet: &[u8]) -> bool {
    packet.first().is_some_and(|toc| toc & 4 != 0)
}

/// Samples of one frame by the configuration number of the TOC byte, RFC 6716 table 2.
const fn frame_samples(config: u8) -> u32 {
    match config {
        0..12 => [480, 960, 1920, 2880][config as usize % 4],
        12..16 => [480, 960][config as usize % 2],
        _ => [120, 240, 480, 960][config as usize % 4],
    }
}

/// Samples per second of what was encoded, at most: no converter makes more.
const MAX_INPUT_RATE: u32 = 768_000;

#[cfg(test)]
#[path = "opus_test.rs"]
mod tests;
