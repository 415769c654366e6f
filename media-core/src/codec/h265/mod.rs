//! H.265: parameter sets, slice headers as far as the display order needs them, picture order count, and the `hvcC` record.
//!
//! ITU-T H.265 (ISO/IEC 23008-2), whose clause numbers the comments use, and ISO/IEC 14496-15 section 8. Nothing is decoded; layers
//! above the base layer pass through unread.

mod order;
mod pps;
mod profile;
mod record;
mod sets;
mod slice;
mod sps;
mod unit;
mod vps;

pub use order::PicOrderCnt;
pub use pps::Pps;
pub use profile::Profile;
pub use slice::{SliceHeader, SliceType};
pub use sps::Sps;
pub(crate) use unit::Stream;
pub use vps::Vps;

use bytes::Bytes;

use self::sets::ParameterSets;
use super::Colour;
use crate::bits;

/// What a NAL unit holds, `nal_unit_type` (table 7-1): 0 to 31 slices, 32 to 63 everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NalType(u8);

impl NalType {
    /// Video parameter set.
    pub const VPS: Self = Self(32);
    /// Sequence parameter set.
    pub const SPS: Self = Self(33);
    /// Picture parameter set.
    pub const PPS: Self = Self(34);
    /// Access unit delimiter.
    pub const AUD: Self = Self(35);
    /// End of sequence: the next picture starts anew.
    pub const EOS: Self = Self(36);
    /// End of bitstream.
    pub const EOB: Self = Self(37);
    /// Filler data.
    pub const FILLER: Self = Self(38);
    /// Supplemental enhancement information before the picture it is about.
    pub const PREFIX_SEI: Self = Self(39);
    /// Supplemental enhancement information behind the picture it is about.
    pub const SUFFIX_SEI: Self = Self(40);

    /// By the first byte of the NAL unit.
    pub const fn of(header: u8) -> Self {
        Self(header >> 1 & 0x3f)
    }

    /// The number, 0 to 63.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Whether it is a slice segment of a picture.
    pub const fn is_slice(self) -> bool {
        matches!(self.0, 0..=9 | 16..=21)
    }

    /// Whether the picture is an intra random access point: IDR, BLA, CRA, and the two reserved numbers that count as such.
    pub const fn is_irap(self) -> bool {
        matches!(self.0, 16..=23)
    }

    /// IDR: the count starts anew, and nothing refers to what was before.
    pub const fn is_idr(self) -> bool {
        matches!(self.0, 19 | 20)
    }

    /// Broken link: as CRA, cut off from what was before.
    pub const fn is_bla(self) -> bool {
        matches!(self.0, 16..=18)
    }

    /// Clean random access: pictures shown before it may need pictures from before.
    pub const fn is_cra(self) -> bool {
        self.0 == 21
    }

    /// A leading picture that does not decode when decoding started at its random access point.
    pub const fn is_rasl(self) -> bool {
        matches!(self.0, 8 | 9)
    }

    /// A leading picture that decodes from its random access point on.
    pub const fn is_radl(self) -> bool {
        matches!(self.0, 6 | 7)
    }

    /// Whether no other picture of the same temporal layer refers to it: `_N` in its name.
    pub const fn is_sub_layer_non_reference(self) -> bool {
        self.0 <= 14 && self.0.is_multiple_of(2)
    }
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A NAL unit or record ended early, or an Exp-Golomb code in it is too long.
    #[error("H.265 syntax: {0}")]
    Syntax(#[from] bits::Error),
    /// A NAL unit of another type than it was given as.
    #[error("H.265 NAL unit of type {}, expected {}", found.get(), expected.get())]
    NalType {
        /// What it says it is.
        found: NalType,
        /// What it was given as.
        expected: NalType,
    },
    /// A syntax element with a value the standard does not allow.
    #[error("{field} is {value}")]
    Range {
        /// Its name in the standard.
        field: &'static str,
        /// What was found.
        value: u32,
    },
    /// A picture that the conformance window leaves nothing of, or that no container can describe.
    #[error("H.265 picture of {width}x{height} pixels")]
    Size {
        /// In pixels.
        width: u64,
        /// In pixels.
        height: u64,
    },
    /// A slice or set refers to a set that has not come.
    #[error("parameter set {0} has not come")]
    Missing(u8),
    /// A set longer than 16 KiB.
    #[error("parameter set of {0} bytes")]
    SetTooLong(usize),
    /// Of one kind of sets there is none.
    #[error("{vps} video, {sps} sequence and {pps} picture parameter sets")]
    SetCount {
        /// Video parameter sets.
        vps: usize,
        /// Sequence parameter sets.
        sps: usize,
        /// Picture parameter sets.
        pps: usize,
    },
    /// An `hvcC` of another version than 1 (or 0, which early writers used).
    #[error("hvcC version {0}")]
    RecordVersion(u8),
}

/// A decoder configuration: the parameter sets that the record carries, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    vps: Vec<Bytes>,
    sps: Vec<Bytes>,
    pps: Vec<Bytes>,
    /// Messages for the whole stream that a record brought along, declarative SEI of ISO/IEC 14496-15 8.3.3.1.
    sei: Vec<Bytes>,
    /// The first of `sps` and of `pps`, read.
    parsed: Sps,
    first_pps: Pps,
    frame_rate: Option<(u32, u32)>,
}

impl Config {
    /// From whole NAL units, two-byte header included, emulation prevention in place. The first sequence parameter set is the active
    /// one. Start codes before a set and zero bytes behind it are dropped, and of sets with the same id the last one counts.
    ///
    /// # Errors
    /// When a set cannot be read, or there is none of a kind.
    pub fn from_parameter_sets(vps: &[Bytes], sps: &[Bytes], pps: &[Bytes]) -> Result<Self, Error> {
        let mut sets = ParameterSets::default();
        let vps = vps.iter().map(|nal| sets.put_vps(nal)).collect::<Result<Vec<_>, _>>()?;
        let sps = sps.iter().map(|nal| sets.put_sps(nal)).collect::<Result<Vec<_>, _>>()?;
        let pps = pps.iter().map(|nal| sets.put_pps(nal)).collect::<Result<Vec<_>, _>>()?;
        sets.config(&vps, &sps, &pps)
    }

    /// From the payload of an `hvcC` box. The size of NAL unit lengths it announces is not kept: packets always have 4 bytes.
    ///
    /// # Errors
    /// When it is cut short, of another version, or a set in it cannot be read.
    pub fn from_record(record: &[u8]) -> Result<Self, Error> {
        let arrays = record::read(record)?;
        let config = Self::from_parameter_sets(&arrays.vps, &arrays.sps, &arrays.pps)?;
        Ok(Self { sei: arrays.sei, ..config })
    }

    /// The payload of the `hvcC` box, without the box header; it announces 4-byte NAL unit lengths and that all sets are in it.
    pub fn record(&self) -> Bytes {
        record::write(self)
    }

    /// Video parameter sets.
    pub fn vps(&self) -> &[Bytes] {
        &self.vps
    }

    /// Sequence parameter sets, the active one first.
    pub fn sps(&self) -> &[Bytes] {
        &self.sps
    }

    /// Picture parameter sets.
    pub fn pps(&self) -> &[Bytes] {
        &self.pps
    }

    /// Messages for the whole stream that came with a record, such as those of HDR; NAL units.
    pub fn sei(&self) -> &[Bytes] {
        &self.sei
    }

    /// What the active sequence parameter set says.
    pub const fn parsed(&self) -> &Sps {
        &self.parsed
    }

    /// Width and height in pixels inside the conformance window.
    pub const fn size(&self) -> (u32, u32) {
        self.parsed.size
    }

    /// Width and height of one pixel as a reduced fraction, `(1, 1)` where the stream does not tell.
    pub const fn sample_aspect_ratio(&self) -> (u32, u32) {
        match self.parsed.sample_aspect_ratio {
            Some(ratio) => ratio,
            None => (1, 1),
        }
    }

    /// Pictures per second by the sequence's VUI or else by the video parameter set, a reduced fraction; `None` when neither tells
    /// or they claim more than 1000.
    pub const fn frame_rate(&self) -> Option<(u32, u32)> {
        self.frame_rate
    }

    /// How many pictures may come earlier in coding and later in display order than another one; H.265 always tells.
    pub const fn reorder_depth(&self) -> Option<u8> {
        Some(self.parsed.max_num_reorder)
    }

    /// What the samples mean; `None` when the stream does not say.
    pub const fn colour(&self) -> Option<Colour> {
        self.parsed.colour
    }

    /// The RFC 6381 string of ISO/IEC 14496-15 E.3, `hvc1.1.6.L93.B0`.
    pub fn codecs(&self) -> String {
        format!("hvc1.{}", self.parsed.profile)
    }
}

#[cfg(test)]
mod h265_test;
