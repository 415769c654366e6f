//! The video parameter set, 7.3.2.1: only its id and timing, of which a sequence's VUI is often silent.

use super::sps::{skip_layer_ordering, within};
use super::{Error, NalType, Profile};
use crate::bits::BitReader;
use crate::codec::vui;

/// A video parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vps {
    /// `vps_video_parameter_set_id`, 0 to 15.
    pub id: u8,
    /// Pictures per second, a reduced fraction of at most 1000.
    pub frame_rate: Option<(u32, u32)>,
}

impl Vps {
    /// Reads a NAL unit of type 32, two-byte header included. What follows the profile is read as far as it goes.
    ///
    /// # Errors
    /// When it ends early.
    pub fn parse(nal: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::nal(nal);
        let found = NalType::of(bits.u16()?.to_be_bytes()[0]);
        if found != NalType::VPS {
            return Err(Error::NalType { found, expected: NalType::VPS });
        }
        let id = bits.bits(4)? as u8;
        bits.skip(8)?; // vps_base_layer_internal_flag, vps_base_layer_available_flag, vps_max_layers_minus1
        let max_sub_layers_minus1 = within("vps_max_sub_layers_minus1", bits.bits(3)?, 6)?;
        bits.skip(17)?; // vps_temporal_id_nesting_flag, vps_reserved_0xffff_16bits
        Profile::read(&mut bits, max_sub_layers_minus1)?;
        let frame_rate = frame_rate(&mut bits, max_sub_layers_minus1).unwrap_or(None);
        Ok(Self { id, frame_rate })
    }
}

/// From `vps_sub_layer_ordering_info_present_flag` to `vps_num_ticks_poc_diff_one_minus1`.
fn frame_rate(bits: &mut BitReader<'_>, max_sub_layers_minus1: u32) -> Result<Option<(u32, u32)>, Error> {
    skip_layer_ordering(bits, max_sub_layers_minus1)?;
    let max_layer_id = bits.bits(6)?;
    let layer_sets = within("vps_num_layer_sets_minus1", bits.ue()?, 1023)?;
    bits.skip(layer_sets * (max_layer_id + 1))?; // layer_id_included_flag
    timing(bits)
}

/// `timing_info_present_flag` and what hangs on it but the HRD; the same in the video parameter set and the VUI.
pub(super) fn timing(bits: &mut BitReader<'_>) -> Result<Option<(u32, u32)>, Error> {
    if !bits.bit()? {
        return Ok(None);
    }
    let (num_units_in_tick, time_scale) = (bits.bits(32)?, bits.bits(32)?);
    if bits.bit()? {
        bits.ue()?; // num_ticks_poc_diff_one_minus1
    }
    Ok(vui::frame_rate(time_scale.into(), num_units_in_tick.into()))
}
