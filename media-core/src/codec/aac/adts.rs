//! ADTS: AAC with a header before each frame, as MPEG-TS and files of plain frames carry it.

use super::{Config, Error, SAMPLE_RATES};
use crate::bits::{BitReader, BitWriter};

/// The header before one AAC frame, ISO/IEC 14496-3 1.A.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdtsHeader {
    object_type: u8,
    frequency_index: u8,
    channel_configuration: u8,
    header_length: usize,
    frame_length: usize,
}

impl AdtsHeader {
    /// Reads the header at the front of `data`.
    ///
    /// # Errors
    /// [`Error::AdtsSync`] when there is none, [`Error::End`] when it is cut short, [`Error::AdtsFrame`] when its lengths cannot be,
    /// or when it announces several raw blocks, which nobody writes.
    pub fn parse(data: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(data);
        // Twelve ones, the MPEG version, and a layer of zero.
        if bits.bits(12)? != 0xfff || bits.bits(3)? & 3 != 0 {
            return Err(Error::AdtsSync);
        }
        let protection_absent = bits.bit()?;
        let object_type = bits.bits(2)? as u8 + 1;
        let frequency_index = bits.bits(4)? as u8;
        bits.skip(1)?; // private_bit
        let channel_configuration = bits.bits(3)? as u8;
        bits.skip(4)?; // original_copy, home, copyright_identification_bit and _start
        let frame_length = bits.bits(13)? as usize;
        bits.skip(11)?; // adts_buffer_fullness
        let blocks = bits.bits(2)? as u8 + 1;
        let header_length = if protection_absent { 7 } else { 9 };
        if frame_length < header_length || blocks > 1 {
            return Err(Error::AdtsFrame { frame_length, blocks });
        }
        Ok(Self { object_type, frequency_index, channel_configuration, header_length, frame_length })
    }

    /// Bytes of the header, with its CRC.
    pub const fn header_length(&self) -> usize {
        self.header_length
    }

    /// Bytes of the frame, header included.
    pub const fn frame_length(&self) -> usize {
        self.frame_length
    }

    /// The configuration it amounts to; SBR is never signalled here.
    ///
    /// # Errors
    /// For a reserved rate, an object type that is not plain AAC, or channels in a program config element.
    pub fn config(&self) -> Result<Config, Error> {
        if usize::from(self.frequency_index) >= SAMPLE_RATES.len() {
            return Err(Error::SampleRate(self.frequency_index.into()));
        }
        let mut asc = BitWriter::default();
        asc.bits(self.object_type.into(), 5);
        asc.bits(self.frequency_index.into(), 4);
        asc.bits(self.channel_configuration.into(), 4);
        asc.bits(0, 3);
        Config::from_asc(&asc.finish())
    }
}

impl Config {
    /// The header, without CRC, of a frame of `payload` bytes. What ADTS cannot say is left out: of HE-AAC it names the core, and players
    /// find the rest in the frames.
    ///
    /// # Errors
    /// [`Error::SampleRate`] and [`Error::Channels`] where the header has no number for the core's rate or the channels,
    /// [`Error::AdtsSamples`] for frames of 960 samples, and [`Error::AdtsFrame`] for more than 8184 bytes.
    ///
    /// ```
    /// use media_core::codec::aac::{AdtsHeader, Config};
    /// let header = Config::new(48_000, 2)?.adts(100)?;
    /// assert_eq!(AdtsHeader::parse(&header)?.frame_length(), 107);
    /// # Ok::<(), media_core::codec::aac::Error>(())
    /// ```
    pub fn adts(&self, payload: usize) -> Result<[u8; ADTS], Error> {
        let rate = self.core_sample_rate();
        let frequency =
            SAMPLE_RATES.iter().position(|&known| known == rate).ok_or(Error::SampleRate(rate))?;
        let channels = self.channel_configuration();
        if channels > 7 {
            return Err(Error::Channels(channels));
        }
        if self.core_samples != 1024 {
            return Err(Error::AdtsSamples(self.core_samples));
        }
        let frame_length = payload.saturating_add(ADTS);
        if frame_length >= 1 << 13 {
            return Err(Error::AdtsFrame { frame_length, blocks: 1 });
        }
        // Sync word, MPEG-4, no CRC; ..., buffer fullness of a variable rate; one raw block.
        let head = 0xfff1_u64 << 40 | u64::from(self.object_type - 1) << 38 | (frequency as u64) << 34;
        let word = head | u64::from(channels) << 30 | (frame_length as u64) << 13 | 0x7ff << 2;
        let [_, header @ ..] = word.to_be_bytes();
        Ok(header)
    }
}

/// Bytes of a header without CRC.
const ADTS: usize = 7;

/// The frames in `data`, each with its header; ends after the first error. Give each frame's bytes from
/// [`AdtsHeader::header_length`] on to a packet.
pub fn adts_frames(data: &[u8]) -> impl Iterator<Item = Result<(AdtsHeader, &[u8]), Error>> {
    let mut rest = data;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let frame = AdtsHeader::parse(rest).and_then(|header| {
            let (frame, after) = rest.split_at_checked(header.frame_length).ok_or(Error::End)?;
            rest = after;
            Ok((header, &frame[header.header_length..]))
        });
        if frame.is_err() {
            rest = &[];
        }
        Some(frame)
    })
}
