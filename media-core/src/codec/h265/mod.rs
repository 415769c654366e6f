//! H.265: signatures, being filled in.

use bytes::Bytes;

use super::Colour;

/// A decoder configuration: the parameter sets a record carries, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    vps: Vec<Bytes>,
    sps: Vec<Bytes>,
    pps: Vec<Bytes>,
    parsed: Sps,
}

/// Why something was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data ended early.
    #[error("H.265 data ended too early")]
    End,
    /// There is no such set.
    #[error("no sequence parameter set")]
    NoSps,
}

/// A sequence parameter set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sps {
    /// `general_profile_idc`.
    pub profile: u8,
    /// `general_level_idc`, 30 times the level.
    pub level: u8,
}

impl Config {
    /// From parameter sets, each a whole NAL unit.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn from_parameter_sets(vps: &[Bytes], sps: &[Bytes], pps: &[Bytes]) -> Result<Self, Error> {
        let first = sps.first().ok_or(Error::NoSps)?;
        let [profile, level, ..] = first[..] else { return Err(Error::End) };
        Ok(Self { vps: vps.to_vec(), sps: sps.to_vec(), pps: pps.to_vec(), parsed: Sps { profile, level } })
    }

    /// From the payload of an `hvcC` box.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn from_record(record: &[u8]) -> Result<Self, Error> {
        let _ = record;
        Err(Error::End)
    }

    /// The payload of the `hvcC` box.
    pub fn record(&self) -> Bytes {
        Bytes::new()
    }

    /// Video parameter sets.
    pub fn vps(&self) -> &[Bytes] {
        &self.vps
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

    /// The RFC 6381 string, `hvc1.1.6.L93.B0`.
    pub fn codecs(&self) -> String {
        format!("hvc1.{}.0.L{}", self.parsed.profile, self.parsed.level)
    }
}
