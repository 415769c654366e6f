//! The slice header, 7.3.3, up to the memory management operations.

use super::sps::within;
use super::{Error, NalType, OrderType, Pps, Sps};
use crate::bits::BitReader;

/// How the macroblocks of a slice are predicted, `slice_type` modulo 5 (table 7-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SliceType {
    /// From the picture itself and earlier-coded ones.
    P,
    /// From the picture itself and two others.
    B,
    /// From the picture itself.
    I,
    /// As P, for switching between streams.
    Sp,
    /// As I, for switching between streams.
    Si,
}

impl SliceType {
    const fn new(slice_type: u32) -> Self {
        match slice_type % 5 {
            0 => Self::P,
            1 => Self::B,
            2 => Self::I,
            3 => Self::Sp,
            _ => Self::Si,
        }
    }

    /// Whether the slice needs no other picture.
    pub const fn is_intra(self) -> bool {
        matches!(self, Self::I | Self::Si)
    }
}

/// Which field a picture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The first, third, fifth.. line.
    Top,
    /// The second, fourth, sixth.. line.
    Bottom,
}

/// A slice header as far as picture order count and the borders of pictures need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SliceHeader {
    /// `nal_ref_idc`: zero when no other picture refers to this one.
    pub ref_idc: u8,
    /// Whether the picture is IDR.
    pub idr: bool,
    /// `first_mb_in_slice`: zero for the first slice of a picture, unless slices come in arbitrary order.
    pub first_mb: u32,
    /// How it is predicted.
    pub slice_type: SliceType,
    /// `pic_parameter_set_id`.
    pub pps_id: u8,
    /// `frame_num`.
    pub frame_num: u32,
    /// Which field; `None` for a frame.
    pub field: Option<Field>,
    /// `idr_pic_id`; 0 for pictures that are not IDR.
    pub idr_pic_id: u32,
    /// `pic_order_cnt_lsb`; 0 where there is none.
    pub order_lsb: u32,
    /// `delta_pic_order_cnt_bottom`; 0 where there is none.
    pub order_bottom: i32,
    /// `delta_pic_order_cnt`; 0 where there is none.
    pub order_delta: [i32; 2],
    /// `redundant_pic_cnt`: not zero for a spare copy of a slice.
    pub redundant: u32,
    /// Whether memory management operation 5 is among the commands: the picture acts like an IDR picture on what follows.
    pub forgets: bool,
}

impl SliceHeader {
    /// The picture parameter set that the slice in `nal` refers to, which is needed to read the rest.
    ///
    /// # Errors
    /// When the NAL unit is no slice or ends early.
    pub fn pps_id(nal: &[u8]) -> Result<u8, Error> {
        let (_, _, _, pps_id) = Self::read_start(&mut BitReader::nal(nal))?;
        Ok(pps_id)
    }

    /// Reads the header of the slice in `nal` with the sets it refers to.
    ///
    /// # Errors
    /// When the NAL unit is no slice, ends early, or holds a value the standard does not allow.
    pub fn parse(nal: &[u8], sps: &Sps, pps: &Pps) -> Result<Self, Error> {
        let mut bits = BitReader::nal(nal);
        let (header, first_mb, slice_type, pps_id) = Self::read_start(&mut bits)?;
        if sps.separate_colour_planes {
            bits.skip(2)?; // colour_plane_id
        }
        let mut slice = Self {
            ref_idc: header >> 5 & 3,
            idr: NalType::of(header) == NalType::Idr,
            first_mb,
            slice_type,
            pps_id,
            frame_num: bits.bits(sps.frame_num_bits.into())?,
            field: None,
            idr_pic_id: 0,
            order_lsb: 0,
            order_bottom: 0,
            order_delta: [0; 2],
            redundant: 0,
            forgets: false,
        };
        if !sps.frame_mbs_only && bits.bit()? {
            slice.field = Some(if bits.bit()? { Field::Bottom } else { Field::Top });
        }
        if slice.idr {
            slice.idr_pic_id = bits.ue()?;
        }
        slice.read_order(&mut bits, sps, pps)?;
        if pps.redundant_pic_cnt_present {
            slice.redundant = bits.ue()?;
        }
        // What comes before the commands is long and without use here. If it cannot be read, the order still stands.
        slice.forgets =
            slice.ref_idc != 0 && !slice.idr && reads_forget(&mut bits, &slice, sps, pps).unwrap_or(false);
        Ok(slice)
    }

    /// Whether this slice belongs to another picture than `earlier`, 7.4.1.2.4.
    pub fn starts_picture_after(&self, earlier: &Self) -> bool {
        self.frame_num != earlier.frame_num
            || self.pps_id != earlier.pps_id
            || self.field != earlier.field
            || (self.ref_idc == 0) != (earlier.ref_idc == 0)
            || self.idr != earlier.idr
            || self.idr_pic_id != earlier.idr_pic_id
            || self.order_lsb != earlier.order_lsb
            || self.order_bottom != earlier.order_bottom
            || self.order_delta != earlier.order_delta
    }

    /// Whether this is the other field of the frame that `first` is a field of: clause 3, complementary field pairs.
    pub fn completes_frame_of(&self, first: &Self) -> bool {
        let opposite = matches!(
            (first.field, self.field),
            (Some(Field::Top), Some(Field::Bottom)) | (Some(Field::Bottom), Some(Field::Top))
        );
        opposite && self.frame_num == first.frame_num && !self.idr && !first.forgets
    }

    /// The NAL unit header, `first_mb_in_slice`, `slice_type` and `pic_parameter_set_id`.
    fn read_start(bits: &mut BitReader<'_>) -> Result<(u8, u32, SliceType, u8), Error> {
        let header = bits.u8()?;
        let found = NalType::of(header);
        if !matches!(found, NalType::Slice | NalType::Idr | NalType::PartitionA) {
            return Err(Error::NalType { found, expected: NalType::Slice });
        }
        let first_mb = bits.ue()?;
        let slice_type = SliceType::new(within("slice_type", bits.ue()?, 9)?);
        let pps_id = within("pic_parameter_set_id", bits.ue()?, 255)? as u8;
        Ok((header, first_mb, slice_type, pps_id))
    }

    fn read_order(&mut self, bits: &mut BitReader<'_>, sps: &Sps, pps: &Pps) -> Result<(), Error> {
        let both_fields = pps.pic_order_present && self.field.is_none();
        match sps.order_type {
            OrderType::Lsb { bits: count } => {
                self.order_lsb = bits.bits(count.into())?;
                if both_fields {
                    self.order_bottom = bits.se()?;
                }
            }
            OrderType::Cycle { always_zero: false, .. } => {
                self.order_delta[0] = bits.se()?;
                if both_fields {
                    self.order_delta[1] = bits.se()?;
                }
            }
            OrderType::Cycle { .. } | OrderType::FrameNum => {}
        }
        Ok(())
    }
}

/// Whether `dec_ref_pic_marking()` of a picture that is not IDR holds operation 5; `bits` stand behind `redundant_pic_cnt`.
fn reads_forget(bits: &mut BitReader<'_>, slice: &SliceHeader, sps: &Sps, pps: &Pps) -> Result<bool, Error> {
    let lists = match slice.slice_type {
        SliceType::I | SliceType::Si => 0,
        SliceType::P | SliceType::Sp => 1,
        SliceType::B => 2,
    };
    if slice.slice_type == SliceType::B {
        bits.skip(1)?; // direct_spatial_mv_pred_flag
    }
    let mut references = pps.default_references;
    if lists > 0 && bits.bit()? {
        for count in &mut references[..lists] {
            *count = within("num_ref_idx_active_minus1", bits.ue()?, 31)? as u8 + 1;
        }
    }
    for _ in 0..lists {
        skip_list_modification(bits)?;
    }
    let weighted = match lists {
        1 => pps.weighted_pred,
        2 => pps.weighted_bipred == 1,
        _ => false,
    };
    if weighted {
        skip_weights(bits, &references[..lists], sps.chroma_format != 0 && !sps.separate_colour_planes)?;
    }
    if bits.bit()? { read_operations(bits) } else { Ok(false) }
}

/// The memory management control operations, 7.4.3.3; whether 5 is among them.
fn read_operations(bits: &mut BitReader<'_>) -> Result<bool, Error> {
    let mut forgets = false;
    loop {
        match bits.ue()? {
            0 => return Ok(forgets),
            5 => forgets = true,
            1 | 2 | 4 | 6 => drop(bits.ue()?),
            3 => drop((bits.ue()?, bits.ue()?)),
            value => return Err(Error::Range { field: "memory_management_control_operation", value }),
        }
    }
}

/// One list of `ref_pic_list_modification()`, 7.3.3.1.
fn skip_list_modification(bits: &mut BitReader<'_>) -> Result<(), Error> {
    if bits.bit()? {
        while within("modification_of_pic_nums_idc", bits.ue()?, 3)? != 3 {
            bits.ue()?;
        }
    }
    Ok(())
}

/// `pred_weight_table()`, 7.3.3.2.
fn skip_weights(bits: &mut BitReader<'_>, references: &[u8], chroma: bool) -> Result<(), Error> {
    bits.ue()?; // luma_log2_weight_denom
    if chroma {
        bits.ue()?; // chroma_log2_weight_denom
    }
    for _ in 0..references.iter().map(|&count| u32::from(count)).sum() {
        for values in [2, 4].into_iter().take(if chroma { 2 } else { 1 }) {
            if bits.bit()? {
                for _ in 0..values {
                    bits.se()?;
                }
            }
        }
    }
    Ok(())
}
