//! `profile_tier_level()`, 7.3.3.

use std::fmt;

use super::Error;
use crate::bits::BitReader;

/// The general profile, tier and level: twelve bytes that parameter sets, `hvcC` and the codecs string share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// `general_profile_space`, 0 to 3.
    pub space: u8,
    /// `general_tier_flag`: high tier.
    pub high_tier: bool,
    /// `general_profile_idc`: 1 Main, 2 Main 10.
    pub idc: u8,
    /// `general_profile_compatibility_flag`, flag 0 in the top bit.
    pub compatibility: u32,
    /// The six bytes from `general_progressive_source_flag` on.
    pub constraints: [u8; 6],
    /// `general_level_idc`, 30 times the level.
    pub level: u8,
}

impl Profile {
    /// With `profilePresentFlag` set; what is said of lower temporal layers is passed over.
    pub(super) fn read(bits: &mut BitReader<'_>, max_sub_layers_minus1: u32) -> Result<Self, Error> {
        let space = bits.bits(2)? as u8;
        let high_tier = bits.bit()?;
        let idc = bits.bits(5)? as u8;
        let compatibility = bits.bits(32)?;
        let mut constraints = [0; 6];
        for byte in &mut constraints {
            *byte = bits.u8()?;
        }
        let level = bits.u8()?;
        if max_sub_layers_minus1 > 0 {
            // Two flags for each lower layer, filled up with zeros to eight pairs.
            let mut flags = bits.bits(16)?;
            for _ in 0..max_sub_layers_minus1 {
                let profile = if flags & 0x8000 != 0 { 88 } else { 0 };
                let level = if flags & 0x4000 != 0 { 8 } else { 0 };
                bits.skip(profile + level)?;
                flags <<= 2;
            }
        }
        Ok(Self { space, high_tier, idc, compatibility, constraints, level })
    }
}

/// As ISO/IEC 14496-15 E.3 writes it behind the sample entry's name: `1.6.L93.B0`.
impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = ["", "A", "B", "C"][usize::from(self.space & 3)];
        let tier = if self.high_tier { 'H' } else { 'L' };
        // Compatibility flags in reverse: flag 0 is the lowest bit.
        write!(f, "{space}{}.{:X}.{tier}{}", self.idc, self.compatibility.reverse_bits(), self.level)?;
        let used = self.constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        self.constraints[..used].iter().try_for_each(|byte| write!(f, ".{byte:X}"))
    }
}
