//! The sequence parameter set, 7.3.2.1.1, and the parts of the VUI (E.1.1) that matter outside a decoder.

use super::{Error, NalType};
use crate::bits::BitReader;
use crate::codec::{Colour, vui};

/// A sequence parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sps {
    /// `seq_parameter_set_id`, 0 to 31.
    pub id: u8,
    /// `profile_idc`.
    pub profile: u8,
    /// `constraint_set0_flag` (top bit) to `constraint_set5_flag`, as one byte.
    pub constraints: u8,
    /// `level_idc`.
    pub level: u8,
    /// `chroma_format_idc`: 0 no chroma, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format: u8,
    /// `separate_colour_plane_flag`: 4:4:4 as three monochrome pictures.
    pub separate_colour_planes: bool,
    /// Bits per luma sample, 8 to 14.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample, 8 to 14.
    pub bit_depth_chroma: u8,
    /// Bits of `frame_num`, 4 to 16.
    pub frame_num_bits: u8,
    /// How the display order is told.
    pub order_type: OrderType,
    /// `max_num_ref_frames`.
    pub max_num_ref_frames: u32,
    /// `frame_mbs_only_flag`: no fields, no interlaced macroblocks.
    pub frame_mbs_only: bool,
    /// Width and height in pixels as coded, whole macroblocks.
    pub coded_size: (u32, u32),
    /// Width and height in pixels after cropping.
    pub size: (u32, u32),
    /// Width and height of one pixel, a reduced fraction.
    pub sample_aspect_ratio: Option<(u32, u32)>,
    /// What the samples mean.
    pub colour: Option<Colour>,
    /// Frames per second, a reduced fraction of at most 1000.
    pub frame_rate: Option<(u32, u32)>,
    /// `max_num_reorder_frames`, at most 16.
    pub max_num_reorder_frames: Option<u8>,
}

/// `pic_order_cnt_type`, 8.2.1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderType {
    /// 0: each slice header tells the low bits.
    Lsb {
        /// How many bits, 4 to 16.
        bits: u8,
    },
    /// 1: expected from `frame_num` by a cycle of offsets, slice headers tell differences.
    Cycle {
        /// `delta_pic_order_always_zero_flag`: slice headers tell nothing.
        always_zero: bool,
        /// `offset_for_non_ref_pic`.
        non_ref_pic: i32,
        /// `offset_for_top_to_bottom_field`.
        top_to_bottom: i32,
        /// `offset_for_ref_frame`, at most 255.
        ref_frames: Vec<i32>,
    },
    /// 2: display order is coding order.
    FrameNum,
}

impl Sps {
    /// Reads a NAL unit of type 7, header byte included.
    ///
    /// The VUI is read as far as it goes: there are cameras that cut theirs short.
    ///
    /// # Errors
    /// When it ends early or holds a value the standard does not allow.
    pub fn parse(nal: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::nal(nal);
        let found = NalType::of(bits.u8()?);
        if found != NalType::Sps {
            return Err(Error::NalType { found, expected: NalType::Sps });
        }
        let (profile, constraints, level) = (bits.u8()?, bits.u8()?, bits.u8()?);
        let id = within("seq_parameter_set_id", bits.ue()?, 31)? as u8;
        let chroma = Chroma::read(&mut bits, profile)?;
        let frame_num_bits = within("log2_max_frame_num_minus4", bits.ue()?, 12)? as u8 + 4;
        let order_type = OrderType::read(&mut bits)?;
        let max_num_ref_frames = bits.ue()?;
        bits.skip(1)?; // gaps_in_frame_num_value_allowed_flag
        let picture = Picture::read(&mut bits, &chroma)?;
        let mut sps = Self {
            id,
            profile,
            constraints,
            level,
            chroma_format: chroma.format,
            separate_colour_planes: chroma.separate_planes,
            bit_depth_luma: chroma.bit_depth_luma,
            bit_depth_chroma: chroma.bit_depth_chroma,
            frame_num_bits,
            order_type,
            max_num_ref_frames,
            frame_mbs_only: picture.frame_mbs_only,
            coded_size: picture.coded,
            size: picture.cropped,
            sample_aspect_ratio: None,
            colour: None,
            frame_rate: None,
            max_num_reorder_frames: None,
        };
        if bits.bit() == Ok(true) {
            let _cut_short = sps.read_vui(&mut bits);
        }
        Ok(sps)
    }

    /// How many pictures may precede one in coding order and follow it in display order; `None` when the set does not tell.
    pub const fn reorder_depth(&self) -> Option<u8> {
        const SET3: u8 = 0x10;
        const SET5: u8 = 0x04;
        match (self.profile, self.max_num_reorder_frames) {
            _ if matches!(self.order_type, OrderType::FrameNum) => Some(0),
            (_, Some(depth)) => Some(depth),
            // No B slices: Baseline (A.2.1), and whoever sets constraint_set5_flag (7.4.2.1.1).
            (66, None) => Some(0),
            (77 | 88 | 100 | 118 | 128 | 134, None) if self.constraints & SET5 != 0 => Some(0),
            // Intra profiles, for which E.2.1 infers 0.
            (44, None) => Some(0),
            (86 | 100 | 110 | 122 | 244, None) if self.constraints & SET3 != 0 => Some(0),
            _ => None,
        }
    }

    /// `vui_parameters()`.
    fn read_vui(&mut self, bits: &mut BitReader<'_>) -> Result<(), Error> {
        self.sample_aspect_ratio = vui::aspect_ratio(bits)?;
        self.colour = vui::overscan_and_colour(bits)?;
        vui::skip_chroma_location(bits)?;
        if bits.bit()? {
            let (num_units_in_tick, time_scale) = (bits.bits(32)?, bits.bits(32)?);
            bits.skip(1)?; // fixed_frame_rate_flag
            // A tick is a field's time also in streams of frames only, E.2.1.
            self.frame_rate = vui::frame_rate(time_scale.into(), u64::from(num_units_in_tick) * 2);
        }
        let nal_hrd = bits.bit()?;
        if nal_hrd {
            skip_hrd(bits)?;
        }
        let vcl_hrd = bits.bit()?;
        if vcl_hrd {
            skip_hrd(bits)?;
        }
        if nal_hrd || vcl_hrd {
            bits.skip(1)?; // low_delay_hrd_flag
        }
        bits.skip(1)?; // pic_struct_present_flag
        if bits.bit()? {
            bits.skip(1)?; // motion_vectors_over_pic_boundaries_flag
            for _ in 0..4 {
                bits.ue()?; // bytes per picture, bits per macroblock, length of motion vectors in both directions
            }
            let depth = bits.ue()?;
            self.max_num_reorder_frames = u8::try_from(depth).ok().filter(|&depth| depth <= 16);
        }
        Ok(())
    }
}

impl OrderType {
    fn read(bits: &mut BitReader<'_>) -> Result<Self, Error> {
        match bits.ue()? {
            0 => {
                let bits = within("log2_max_pic_order_cnt_lsb_minus4", bits.ue()?, 12)? as u8 + 4;
                Ok(Self::Lsb { bits })
            }
            1 => {
                let always_zero = bits.bit()?;
                let (non_ref_pic, top_to_bottom) = (bits.se()?, bits.se()?);
                let count = within("num_ref_frames_in_pic_order_cnt_cycle", bits.ue()?, 255)?;
                let ref_frames = (0..count).map(|_| bits.se()).collect::<Result<_, _>>()?;
                Ok(Self::Cycle { always_zero, non_ref_pic, top_to_bottom, ref_frames })
            }
            2 => Ok(Self::FrameNum),
            value => Err(Error::Range { field: "pic_order_cnt_type", value }),
        }
    }
}

/// What high profiles say of samples.
struct Chroma {
    format: u8,
    separate_planes: bool,
    bit_depth_luma: u8,
    bit_depth_chroma: u8,
}

impl Chroma {
    fn read(bits: &mut BitReader<'_>, profile: u8) -> Result<Self, Error> {
        let mut chroma = Self { format: 1, separate_planes: false, bit_depth_luma: 8, bit_depth_chroma: 8 };
        if !matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
            return Ok(chroma);
        }
        chroma.format = within("chroma_format_idc", bits.ue()?, 3)? as u8;
        if chroma.format == 3 {
            chroma.separate_planes = bits.bit()?;
        }
        chroma.bit_depth_luma = within("bit_depth_luma_minus8", bits.ue()?, 6)? as u8 + 8;
        chroma.bit_depth_chroma = within("bit_depth_chroma_minus8", bits.ue()?, 6)? as u8 + 8;
        bits.skip(1)?; // qpprime_y_zero_transform_bypass_flag
        if bits.bit()? {
            let lists = if chroma.format == 3 { 12 } else { 8 };
            for list in 0..lists {
                if bits.bit()? {
                    skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
        Ok(chroma)
    }

    /// Luma samples per cropping unit, `CropUnitX` and `CropUnitY` (7-19 to 7-22) for frames.
    const fn crop_unit(&self) -> (u64, u64) {
        match (self.separate_planes, self.format) {
            (false, 1) => (2, 2),
            (false, 2) => (2, 1),
            _ => (1, 1),
        }
    }
}

/// The size of pictures and what is cut off.
struct Picture {
    frame_mbs_only: bool,
    coded: (u32, u32),
    cropped: (u32, u32),
}

impl Picture {
    fn read(bits: &mut BitReader<'_>, chroma: &Chroma) -> Result<Self, Error> {
        let width_in_mbs = u64::from(bits.ue()?) + 1;
        let height_in_map_units = u64::from(bits.ue()?) + 1;
        let frame_mbs_only = bits.bit()?;
        let fields = if frame_mbs_only { 1 } else { 2 };
        if !frame_mbs_only {
            bits.skip(1)?; // mb_adaptive_frame_field_flag
        }
        bits.skip(1)?; // direct_8x8_inference_flag
        let coded = (width_in_mbs * 16, height_in_map_units * 16 * fields);
        let mut cropped = coded;
        if bits.bit()? {
            let mut offset = || bits.ue().map(u64::from);
            let (left, right, top, bottom) = (offset()?, offset()?, offset()?, offset()?);
            let (unit_x, unit_y) = chroma.crop_unit();
            cropped.0 = coded.0.saturating_sub((left + right) * unit_x);
            cropped.1 = coded.1.saturating_sub((top + bottom) * unit_y * fields);
        }
        Ok(Self { frame_mbs_only, coded: size(coded)?, cropped: size(cropped)? })
    }
}

/// A size of at least one pixel that 16 bits can tell, as a sample entry has to.
fn size((width, height): (u64, u64)) -> Result<(u32, u32), Error> {
    let side = |pixels: u64| u32::try_from(pixels).ok().filter(|side| (1..=0xffff).contains(side));
    match (side(width), side(height)) {
        (Some(width), Some(height)) => Ok((width, height)),
        _ => Err(Error::Size { width, height }),
    }
}

/// `scaling_list()`, 7.3.2.1.1.1.
fn skip_scaling_list(bits: &mut BitReader<'_>, size: u32) -> Result<(), Error> {
    let mut last = 8_i32;
    for _ in 0..size {
        last = last.wrapping_add(bits.se()?) & 0xff;
        if last == 0 {
            break;
        }
    }
    Ok(())
}

/// `hrd_parameters()`, E.1.2.
fn skip_hrd(bits: &mut BitReader<'_>) -> Result<(), Error> {
    let cpb_cnt = within("cpb_cnt_minus1", bits.ue()?, 31)? + 1;
    bits.skip(8)?; // bit_rate_scale, cpb_size_scale
    for _ in 0..cpb_cnt {
        bits.ue()?; // bit_rate_value_minus1
        bits.ue()?; // cpb_size_value_minus1
        bits.skip(1)?; // cbr_flag
    }
    bits.skip(20)?; // four lengths
    Ok(())
}

/// `value`, unless it is above `max`.
pub(super) const fn within(field: &'static str, value: u32, max: u32) -> Result<u32, Error> {
    if value > max { Err(Error::Range { field, value }) } else { Ok(value) }
}
