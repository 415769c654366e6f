//! H.264: signatures, being filled in.

use bytes::Bytes;

use super::Colour;

/// A decoder configuration: the parameter sets a record carries, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    sps: Vec<Bytes>,
    pps: Vec<Bytes>,
    parsed: Sps,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data ended early.
    #[error("H.264 data ended too early")]
    End,
    /// There is no such set.
    #[error("no sequence parameter set")]
    NoSps,
}

/// A sequence parameter set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sps {
    /// `profile_idc`.
    pub profile: u8,
    /// The byte of constraint flags behind it.
    pub constraints: u8,
    /// `level_idc`.
    pub level: u8,
}

impl Config {
    /// From parameter sets, each a whole NAL unit.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn from_parameter_sets(sps: &[Bytes], pps: &[Bytes]) -> Result<Self, Error> {
        let first = sps.first().ok_or(Error::NoSps)?;
        let [_, profile, constraints, level, ..] = first[..] else { return Err(Error::End) };
        Ok(Self { sps: sps.to_vec(), pps: pps.to_vec(), parsed: Sps { profile, constraints, level } })
    }

    /// From the payload of an `avcC` box.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn from_record(record: &[u8]) -> Result<Self, Error> {
        let _ = record;
        Err(Error::End)
    }

    /// The payload of the `avcC` box.
    pub fn record(&self) -> Bytes {
        Bytes::new()
    }

    /// Sequence parameter sets.
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
        (0, 0)
    }

    /// Shape of a pixel, width to height.
    pub const fn sample_aspect_ratio(&self) -> (u32, u32) {
        (1, 1)
    }

    /// Pictures per second by the VUI; `None` when it does not tell.
    pub const fn frame_rate(&self) -> Option<(u32, u32)> {
        None
    }

    /// Pictures that may precede another in coding and follow it in display order; `None` when that must be observed.
    pub const fn reorder_depth(&self) -> Option<u8> {
        None
    }

    /// Meaning of the samples; `None` when the stream does not say.
    pub const fn colour(&self) -> Option<Colour> {
        None
    }

    /// The RFC 6381 string, `avc1.64001f`.
    pub fn codecs(&self) -> String {
        let Sps { profile, constraints, level, .. } = self.parsed;
        format!("avc1.{profile:02x}{constraints:02x}{level:02x}")
    }
}
