//! AV1: the sequence header, what of a temporal unit goes into a file, where decoding can start, and the `av1C` record.
//!
//! "AV1 Bitstream & Decoding Process Specification" sections 5.3 to 5.9 and 7.5; "AV1 Codec ISO Media File Format Binding" 1.2 (`av1C`,
//! samples, sync samples, the codecs string), whose record and samples Matroska has as well.

mod obu;
mod sequence;
mod unit;

pub use obu::{Obu, ObuType, obus};
pub use sequence::{ColorConfig, SequenceHeader};
pub(super) use unit::Stream;
pub use unit::{Access, access};

use bytes::{BufMut, Bytes, BytesMut};

use super::Colour;
use crate::bits::{self, Reader};

/// A decoder configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    sequence: SequenceHeader,
    /// The sequence header OBU and metadata OBUs behind it, each with its size.
    obus: Bytes,
    /// `initial_presentation_delay_minus_one`.
    presentation_delay: Option<u8>,
    frame_rate: Option<(u32, u32)>,
}

/// Why a configuration or temporal unit was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data ended inside an OBU or its header.
    #[error("AV1 data ended too early")]
    End,
    /// The first bit of an OBU must be zero, section 5.3.2.
    #[error("forbidden bit set in an AV1 OBU header")]
    Forbidden,
    /// A length of more than 32 bits, section 4.10.5.
    #[error("AV1 OBU length of more than 32 bits")]
    Length,
    /// The first byte of `av1C` is not 0x81: marker and version 1.
    #[error("av1C begins with {0:02x} instead of 81")]
    Version(u8),
    /// There is no sequence header, without which nothing is known of the stream.
    #[error("no AV1 sequence header")]
    NoSequenceHeader,
    /// Profiles 3 to 7 are reserved.
    #[error("AV1 profile {0} is not known")]
    Profile(u8),
    /// Section 5.5.1: a reduced still picture header is for still pictures; section 6.4.2: identity goes with 4:4:4.
    #[error("AV1 sequence header contradicts itself")]
    Contradiction,
}

impl From<bits::Error> for Error {
    fn from(_: bits::Error) -> Self {
        Self::End
    }
}

impl Config {
    /// Reads the payload of an `av1C` box, which is also the `CodecPrivate` of Matroska. Its first four bytes repeat what the sequence
    /// header behind them says, which is what counts.
    ///
    /// # Errors
    /// When it is cut short, of an unknown version, or without a sequence header: then the first key frame has it, see
    /// [`Config::from_key_frame`].
    pub fn from_record(record: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(record);
        let head: [u8; 4] = reader.array()?;
        if head[0] != 0x81 {
            return Err(Error::Version(head[0]));
        }
        let mut config = Self::from_key_frame(reader.rest())?;
        config.obus = Bytes::copy_from_slice(reader.rest());
        config.presentation_delay = (head[3] & 0x10 != 0).then_some(head[3] & 0xf);
        Ok(config)
    }

    /// Reads the sequence header of a temporal unit that has one, as key frames have.
    ///
    /// ```
    /// use media_core::codec::av1;
    /// let unit = b"\x12\x00\x0a\x0b\x00\x00\x00\x04\x3c\xff\xbd\xff\xf9\x80\x40";
    /// let config = av1::Config::from_key_frame(unit)?;
    /// assert_eq!((config.size(), &config.codecs()[..]), ((320, 240), "av01.0.00M.08"));
    /// # Ok::<(), av1::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is none, or it or an OBU before it cannot be read.
    pub fn from_key_frame(unit: &[u8]) -> Result<Self, Error> {
        for obu in obus(unit) {
            let obu = obu?;
            if obu.kind == ObuType::SEQUENCE_HEADER {
                let sequence = SequenceHeader::parse(obu.payload)?;
                let mut written = BytesMut::new();
                obu.write(&mut written);
                return Ok(Self {
                    sequence,
                    obus: written.freeze(),
                    presentation_delay: None,
                    frame_rate: None,
                });
            }
        }
        Err(Error::NoSequenceHeader)
    }

    /// The same with pictures per second (as a fraction, neither part zero), where the stream does not tell.
    #[must_use]
    pub fn with_frame_rate(mut self, num: u32, den: u32) -> Self {
        self.frame_rate = (num > 0 && den > 0).then_some((num, den));
        self
    }

    /// The payload of the `av1C` box and the `CodecPrivate` of Matroska.
    pub fn record(&self) -> Bytes {
        let SequenceHeader { profile, level, tier, color, .. } = &self.sequence;
        let mut out = BytesMut::with_capacity(4 + self.obus.len());
        out.put_u8(0x81);
        out.put_u8(profile << 5 | level);
        out.put_u8(
            u8::from(*tier) << 7
                | u8::from(color.bit_depth > 8) << 6
                | u8::from(color.bit_depth == 12) << 5
                | u8::from(color.monochrome) << 4
                | u8::from(color.subsampling_x) << 3
                | u8::from(color.subsampling_y) << 2
                | color.chroma_sample_position,
        );
        out.put_u8(self.presentation_delay.map_or(0, |delay| 0x10 | delay));
        out.put_slice(&self.obus);
        out.freeze()
    }

    /// A temporal unit with the sequence header at its front.
    fn sequence_header_before(&self, unit: &[u8]) -> Bytes {
        let mut out = BytesMut::with_capacity(self.obus.len() + unit.len());
        if let Some(Ok(first)) =
            obus(&self.obus).find(|obu| matches!(obu, Ok(obu) if obu.kind == ObuType::SEQUENCE_HEADER))
        {
            first.write(&mut out);
        }
        out.put_slice(unit);
        out.freeze()
    }

    /// What the sequence header says.
    pub const fn sequence(&self) -> &SequenceHeader {
        &self.sequence
    }

    /// The largest frame of the sequence in pixels, which is the size of all but scaled frames.
    pub const fn size(&self) -> (u32, u32) {
        (self.sequence.width, self.sequence.height)
    }

    /// Pictures per second as a reduced fraction, where [`Config::with_frame_rate`] or the sequence header tells.
    pub const fn frame_rate(&self) -> Option<(u32, u32)> {
        match self.frame_rate {
            Some(rate) => Some(rate),
            None => self.sequence.frame_rate,
        }
    }

    /// What the samples mean; `None` where the stream leaves it open and the range is studio.
    pub const fn colour(&self) -> Option<Colour> {
        self.sequence.color.colour
    }

    /// The RFC 6381 string with its mandatory fields, `av01.0.04M.08`; all of them where the stream is monochrome or not 4:2:0 of an unknown
    /// chroma position, or describes colours other than the BT.709 in studio range that missing fields stand for. Colours that it does
    /// not describe are those, section 5 of the ISO binding.
    pub fn codecs(&self) -> String {
        let SequenceHeader { profile, level, tier, color, .. } = &self.sequence;
        let tier = if *tier { 'H' } else { 'M' };
        let mut text = format!("av01.{profile}.{level:02}{tier}.{:02}", color.bit_depth);
        let colour = color.colour.filter(|_| color.described).unwrap_or(BT709);
        let usual = !color.monochrome && color.subsampling_x && color.subsampling_y;
        if !usual || color.chroma_sample_position != 0 || colour != BT709 {
            let Colour { primaries, transfer, matrix, full_range } = colour;
            text += &format!(
                ".{}.{}{}{}.{primaries:02}.{transfer:02}.{matrix:02}.{}",
                u8::from(color.monochrome),
                u8::from(color.subsampling_x),
                u8::from(color.subsampling_y),
                color.chroma_sample_position,
                u8::from(full_range)
            );
        }
        text
    }
}

/// What a codecs string without colours stands for.
const BT709: Colour = Colour { primaries: 1, transfer: 1, matrix: 1, full_range: false };

#[cfg(test)]
#[path = "av1_test.rs"]
mod tests;
