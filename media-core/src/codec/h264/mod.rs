//! H.264: parameter sets, slice headers as far as the display order needs them, picture order count, and the `avcC` record.
//!
//! ITU-T H.264 (ISO/IEC 14496-10), whose clause numbers the comments use, and ISO/IEC 14496-15 section 5. Nothing is decoded; scalable
//! and multiview extensions pass through unread.

mod order;
mod pps;
mod record;
mod sets;
mod slice;
mod sps;
mod unit;

pub use order::PicOrderCnt;
pub use pps::Pps;
pub use slice::{Field, SliceHeader, SliceType};
pub use sps::{OrderType, Sps};
pub(crate) use unit::Stream;

use bytes::Bytes;

use self::sets::ParameterSets;
use super::Colour;
use crate::bits;

/// What a NAL unit holds, by `nal_unit_type` (table 7-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NalType {
    /// 1: a slice of a picture that is not IDR.
    Slice,
    /// 2: partition A of a slice, which holds its header.
    PartitionA,
    /// 5: a slice of an IDR picture.
    Idr,
    /// 6: supplemental enhancement information.
    Sei,
    /// 7: sequence parameter set.
    Sps,
    /// 8: picture parameter set.
    Pps,
    /// 9: access unit delimiter.
    Delimiter,
    /// 12: filler data.
    Filler,
    /// 13: sequence parameter set extension.
    SpsExtension,
    /// 15: subset sequence parameter set, for scalable and multiview streams.
    SubsetSps,
    /// Any other number.
    Other(u8),
}

impl NalType {
    /// By the first byte of the NAL unit.
    pub const fn of(header: u8) -> Self {
        match header & 0x1f {
            1 => Self::Slice,
            2 => Self::PartitionA,
            5 => Self::Idr,
            6 => Self::Sei,
            7 => Self::Sps,
            8 => Self::Pps,
            9 => Self::Delimiter,
            12 => Self::Filler,
            13 => Self::SpsExtension,
            15 => Self::SubsetSps,
            other => Self::Other(other),
        }
    }
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A NAL unit or record ended early, or an Exp-Golomb code in it is too long.
    #[error("H.264 syntax: {0}")]
    Syntax(#[from] bits::Error),
    /// A NAL unit of another type than it was given as.
    #[error("H.264 NAL unit of type {found:?}, expected {expected:?}")]
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
    /// A picture that the cropping leaves nothing of, or that no container can describe.
    #[error("H.264 picture of {width}x{height} pixels")]
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
    /// No sequence or no picture parameter set, or more than a record can list (31 and 255).
    #[error("{sps} sequence and {pps} picture parameter sets")]
    SetCount {
        /// Sequence parameter sets.
        sps: usize,
        /// Picture parameter sets.
        pps: usize,
    },
    /// An `avcC` of another version than 1.
    #[error("avcC version {0}")]
    RecordVersion(u8),
}

/// A decoder configuration: the parameter sets that the record carries, and what they say.
///
/// ```
/// use bytes::Bytes;
/// use media_core::codec::h264;
/// // A 320x240 stream of x264, Constrained Baseline.
/// let sps = Bytes::from_static(b"\x67\x42\xc0\x0d\xd9\x01\x41\xfb\x01\x10\x00\x00\x3e\x90\x00\x0e\xa6\x00\xf1\x42\xa4\x80");
/// let pps = Bytes::from_static(b"\x68\xcb\x83\xcb\x20");
/// let config = h264::Config::from_parameter_sets(&[sps], &[pps])?;
/// assert_eq!(config.codecs(), "avc1.42c00d");
/// assert_eq!(config.size(), (320, 240));
/// assert_eq!(h264::Config::from_record(&config.record())?, config);
/// # Ok::<(), h264::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    sps: Vec<Bytes>,
    pps: Vec<Bytes>,
    /// The first of `sps`, read.
    parsed: Sps,
}

impl Config {
    /// From whole NAL units, header byte included, emulation prevention in place. The first sequence parameter set is the active one.
    /// Start codes before a set and zero bytes behind it are dropped, and of sets with the same id the last one counts.
    ///
    /// # Errors
    /// When a set cannot be read, or there are none or too many.
    pub fn from_parameter_sets(sps: &[Bytes], pps: &[Bytes]) -> Result<Self, Error> {
        let mut sets = ParameterSets::default();
        let sps = sps.iter().map(|nal| sets.put_sps(nal)).collect::<Result<Vec<_>, _>>()?;
        let pps = pps.iter().map(|nal| sets.put_pps(nal)).collect::<Result<Vec<_>, _>>()?;
        sets.config(&sps, &pps)
    }

    /// From the payload of an `avcC` box. The size of NAL unit lengths it announces is not kept: packets always have 4 bytes.
    ///
    /// # Errors
    /// When it is cut short, of another version, or a set in it cannot be read.
    pub fn from_record(record: &[u8]) -> Result<Self, Error> {
        let (sps, pps) = record::read(record)?;
        Self::from_parameter_sets(&sps, &pps)
    }

    /// The payload of the `avcC` box, without the box header; it announces 4-byte NAL unit lengths.
    pub fn record(&self) -> Bytes {
        record::write(self)
    }

    /// Sequence parameter sets, the active one first.
    pub fn sps(&self) -> &[Bytes] {
        &self.sps
    }

    /// Picture parameter sets.
    pub fn pps(&self) -> &[Bytes] {
        &self.pps
    }

    /// What the active sequence parameter set says.
    pub const fn parsed(&self) -> &Sps {
        &self.parsed
    }

    /// Width and height in pixels, cropped.
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

    /// Pictures (not fields) per second by the VUI, a reduced fraction; `None` when it does not tell or claims more than 1000.
    pub const fn frame_rate(&self) -> Option<(u32, u32)> {
        self.parsed.frame_rate
    }

    /// How many pictures may come earlier in coding and later in display order than another one; `None` when that must be observed.
    pub const fn reorder_depth(&self) -> Option<u8> {
        self.parsed.reorder_depth()
    }

    /// What the samples mean; `None` when the stream does not say.
    pub const fn colour(&self) -> Option<Colour> {
        self.parsed.colour
    }

    /// The RFC 6381 string, `avc1.64001f`.
    pub fn codecs(&self) -> String {
        let Sps { profile, constraints, level, .. } = self.parsed;
        format!("avc1.{profile:02x}{constraints:02x}{level:02x}")
    }
}

#[cfg(test)]
mod h264_test;
