//! The picture parameter set, 7.3.2.3.1, as far as slice headers and `hvcC` depend on it.

use super::sps::within;
use super::{Error, NalType};
use crate::bits::BitReader;

/// A picture parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pps {
    /// `pps_pic_parameter_set_id`, 0 to 63.
    pub id: u8,
    /// `pps_seq_parameter_set_id`, 0 to 15.
    pub sps_id: u8,
    /// `dependent_slice_segments_enabled_flag`.
    pub dependent_slices: bool,
    /// `output_flag_present_flag`.
    pub output_flag_present: bool,
    /// `num_extra_slice_header_bits`, 0 to 7.
    pub extra_slice_header_bits: u8,
    /// `tiles_enabled_flag`: decodable in parallel by tiles.
    pub tiles: bool,
    /// `entropy_coding_sync_enabled_flag`: decodable in parallel by rows.
    pub wavefronts: bool,
}

impl Pps {
    /// Reads a NAL unit of type 34, two-byte header included.
    ///
    /// # Errors
    /// When it ends early or holds a value the standard does not allow.
    pub fn parse(nal: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::nal(nal);
        let found = NalType::of(bits.u16()?.to_be_bytes()[0]);
        if found != NalType::PPS {
            return Err(Error::NalType { found, expected: NalType::PPS });
        }
        let id = within("pps_pic_parameter_set_id", bits.ue()?, 63)? as u8;
        let sps_id = within("pps_seq_parameter_set_id", bits.ue()?, 15)? as u8;
        let dependent_slices = bits.bit()?;
        let output_flag_present = bits.bit()?;
        let extra_slice_header_bits = bits.bits(3)? as u8;
        bits.skip(2)?; // sign_data_hiding_enabled_flag, cabac_init_present_flag
        bits.ue()?; // num_ref_idx_l0_default_active_minus1
        bits.ue()?; // num_ref_idx_l1_default_active_minus1
        bits.se()?; // init_qp_minus26
        bits.skip(2)?; // constrained_intra_pred_flag, transform_skip_enabled_flag
        if bits.bit()? {
            bits.ue()?; // diff_cu_qp_delta_depth
        }
        bits.se()?; // pps_cb_qp_offset
        bits.se()?; // pps_cr_qp_offset
        bits.skip(4)?; // slice chroma offsets, weighted_pred_flag, weighted_bipred_flag, transquant_bypass_enabled_flag
        let (tiles, wavefronts) = (bits.bit()?, bits.bit()?);
        Ok(Self {
            id,
            sps_id,
            dependent_slices,
            output_flag_present,
            extra_slice_header_bits,
            tiles,
            wavefronts,
        })
    }
}
