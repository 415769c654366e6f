//! The picture parameter set, 7.3.2.2, as far as slice headers depend on it.

use super::sps::within;
use super::{Error, NalType};
use crate::bits::BitReader;

/// A picture parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pps {
    /// `pic_parameter_set_id`, 0 to 255.
    pub id: u8,
    /// `seq_parameter_set_id`, 0 to 31.
    pub sps_id: u8,
    /// `bottom_field_pic_order_in_frame_present_flag`: slice headers of frames tell the order of the second field too.
    pub pic_order_present: bool,
    /// `num_ref_idx_l0_default_active_minus1` and `_l1_`, plus 1: 1 to 32.
    pub default_references: [u8; 2],
    /// `weighted_pred_flag`.
    pub weighted_pred: bool,
    /// `weighted_bipred_idc`, 0 to 2.
    pub weighted_bipred: u8,
    /// `redundant_pic_cnt_present_flag`.
    pub redundant_pic_cnt_present: bool,
}

impl Pps {
    /// Reads a NAL unit of type 8, header byte included.
    ///
    /// # Errors
    /// When it ends early or holds a value the standard does not allow.
    pub fn parse(nal: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::nal(nal);
        let found = NalType::of(bits.u8()?);
        if found != NalType::Pps {
            return Err(Error::NalType { found, expected: NalType::Pps });
        }
        let id = within("pic_parameter_set_id", bits.ue()?, 255)? as u8;
        let sps_id = within("seq_parameter_set_id", bits.ue()?, 31)? as u8;
        bits.skip(1)?; // entropy_coding_mode_flag
        let pic_order_present = bits.bit()?;
        let slice_groups = within("num_slice_groups_minus1", bits.ue()?, 7)? + 1;
        if slice_groups > 1 {
            skip_slice_groups(&mut bits, slice_groups)?;
        }
        let mut references = || within("num_ref_idx_default_active_minus1", bits.ue()?, 31);
        let default_references = [references()? as u8 + 1, references()? as u8 + 1];
        let weighted_pred = bits.bit()?;
        let weighted_bipred = within("weighted_bipred_idc", bits.bits(2)?, 2)? as u8;
        for _ in 0..3 {
            bits.se()?; // pic_init_qp_minus26, pic_init_qs_minus26, chroma_qp_index_offset
        }
        bits.skip(2)?; // deblocking_filter_control_present_flag, constrained_intra_pred_flag
        let redundant_pic_cnt_present = bits.bit()?;
        Ok(Self {
            id,
            sps_id,
            pic_order_present,
            default_references,
            weighted_pred,
            weighted_bipred,
            redundant_pic_cnt_present,
        })
    }
}

/// From `slice_group_map_type` on, for more than one slice group.
fn skip_slice_groups(bits: &mut BitReader<'_>, slice_groups: u32) -> Result<(), Error> {
    match bits.ue()? {
        0 => (0..slice_groups).try_for_each(|_| bits.ue().map(drop))?,
        1 => {}
        2 => (0..2 * (slice_groups - 1)).try_for_each(|_| bits.ue().map(drop))?,
        3..=5 => {
            bits.skip(1)?; // slice_group_change_direction_flag
            bits.ue()?; // slice_group_change_rate_minus1
        }
        6 => {
            let map_units = u64::from(bits.ue()?) + 1;
            let id_bits = u64::from((slice_groups - 1).ilog2() + 1);
            let skipped = u32::try_from(map_units * id_bits).map_err(|_| crate::bits::Error::End)?;
            bits.skip(skipped)?;
        }
        value => return Err(Error::Range { field: "slice_group_map_type", value }),
    }
    Ok(())
}
