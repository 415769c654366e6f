//! The slice segment header, 7.3.6.1, up to the picture order count.

use super::sps::within;
use super::{Error, NalType, Pps, Sps};
use crate::bits::BitReader;

/// How the blocks of a slice are predicted, `slice_type` (table 7-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SliceType {
    /// From up to two other pictures.
    B,
    /// From the picture itself and one other.
    P,
    /// From the picture itself.
    I,
}

/// A slice segment header as far as picture order count and the borders of pictures need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SliceHeader {
    /// The kind of picture.
    pub nal_type: NalType,
    /// `TemporalId`, 0 to 6.
    pub temporal_id: u8,
    /// `first_slice_segment_in_pic_flag`: a picture begins here.
    pub first: bool,
    /// `slice_pic_parameter_set_id`.
    pub pps_id: u8,
    /// How it is predicted; `None` for a dependent slice segment, which goes on as the one before.
    pub slice_type: Option<SliceType>,
    /// `slice_pic_order_cnt_lsb`; 0 for IDR pictures and dependent slice segments.
    pub order_lsb: u32,
}

impl SliceHeader {
    /// The picture parameter set that the slice in `nal` refers to, which is needed to read the rest.
    ///
    /// # Errors
    /// When the NAL unit is no slice or ends early.
    pub fn pps_id(nal: &[u8]) -> Result<u8, Error> {
        Ok(Self::read_start(&mut BitReader::nal(nal))?.pps_id)
    }

    /// Reads the header of the slice segment in `nal` with the sets it refers to.
    ///
    /// # Errors
    /// When the NAL unit is no slice, ends early, or holds a value the standard does not allow.
    pub fn parse(nal: &[u8], sps: &Sps, pps: &Pps) -> Result<Self, Error> {
        let mut bits = BitReader::nal(nal);
        let mut slice = Self::read_start(&mut bits)?;
        if !slice.first {
            let dependent = pps.dependent_slices && bits.bit()?;
            bits.skip(address_bits(sps.ctbs))?; // slice_segment_address
            if dependent {
                return Ok(slice);
            }
        }
        bits.skip(pps.extra_slice_header_bits.into())?;
        slice.slice_type = Some(match within("slice_type", bits.ue()?, 2)? {
            0 => SliceType::B,
            1 => SliceType::P,
            _ => SliceType::I,
        });
        if pps.output_flag_present {
            bits.skip(1)?; // pic_output_flag
        }
        if sps.separate_colour_planes {
            bits.skip(2)?; // colour_plane_id
        }
        if !slice.nal_type.is_idr() {
            slice.order_lsb = bits.bits(sps.order_bits.into())?;
        }
        Ok(slice)
    }

    /// The NAL unit header, `first_slice_segment_in_pic_flag` and `slice_pic_parameter_set_id`.
    fn read_start(bits: &mut BitReader<'_>) -> Result<Self, Error> {
        let [high, low] = bits.u16()?.to_be_bytes();
        let nal_type = NalType::of(high);
        if !nal_type.is_slice() {
            return Err(Error::NalType { found: nal_type, expected: NalType(1) });
        }
        let temporal_id = (low & 7).saturating_sub(1);
        let first = bits.bit()?;
        if nal_type.is_irap() {
            bits.skip(1)?; // no_output_of_prior_pics_flag
        }
        let pps_id = within("slice_pic_parameter_set_id", bits.ue()?, 63)? as u8;
        Ok(Self { nal_type, temporal_id, first, pps_id, slice_type: None, order_lsb: 0 })
    }
}

/// Bits of `slice_segment_address`: Ceil(Log2(PicSizeInCtbsY)).
const fn address_bits(ctbs: u32) -> u32 {
    u32::BITS - ctbs.saturating_sub(1).leading_zeros()
}
