//! The sequence parameter set, 7.3.2.2.1, and the parts of the VUI (E.2.1) that matter outside a decoder.

use super::vps::timing;
use super::{Error, NalType, Profile};
use crate::bits::BitReader;
use crate::codec::{Colour, vui};

/// A sequence parameter set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sps {
    /// `sps_seq_parameter_set_id`, 0 to 15.
    pub id: u8,
    /// `sps_video_parameter_set_id`, 0 to 15.
    pub vps_id: u8,
    /// Temporal layers, `sps_max_sub_layers_minus1` plus 1: 1 to 7.
    pub temporal_layers: u8,
    /// `sps_temporal_id_nesting_flag`: one can switch up to a higher temporal layer at any picture of it.
    pub temporal_id_nesting: bool,
    /// Profile, tier and level.
    pub profile: Profile,
    /// `chroma_format_idc`: 0 no chroma, 1 4:2:0, 2 4:2:2, 3 4:4:4.
    pub chroma_format: u8,
    /// `separate_colour_plane_flag`: 4:4:4 as three monochrome pictures.
    pub separate_colour_planes: bool,
    /// Bits per luma sample, 8 to 16.
    pub bit_depth_luma: u8,
    /// Bits per chroma sample, 8 to 16.
    pub bit_depth_chroma: u8,
    /// Width and height in pixels as coded.
    pub coded_size: (u32, u32),
    /// Width and height in pixels inside the conformance window.
    pub size: (u32, u32),
    /// Bits of `slice_pic_order_cnt_lsb`, 4 to 16.
    pub order_bits: u8,
    /// `sps_max_num_reorder_pics` of the highest temporal layer, 0 to 15.
    pub max_num_reorder: u8,
    /// Coding tree blocks in a picture, which tells how long slice addresses are.
    pub ctbs: u32,
    /// Width and height of one pixel, a reduced fraction.
    pub sample_aspect_ratio: Option<(u32, u32)>,
    /// What the samples mean.
    pub colour: Option<Colour>,
    /// Pictures per second, a reduced fraction of at most 1000.
    pub frame_rate: Option<(u32, u32)>,
    /// `min_spatial_segmentation_idc`, 0 to 4095.
    pub min_spatial_segmentation: u16,
}

impl Sps {
    /// Reads a NAL unit of type 33, two-byte header included.
    ///
    /// What follows the picture's shape is read as far as it goes: the VUI of some cameras is cut short.
    ///
    /// # Errors
    /// When it ends early or holds a value the standard does not allow.
    pub fn parse(nal: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::nal(nal);
        let found = NalType::of(bits.u16()?.to_be_bytes()[0]);
        if found != NalType::SPS {
            return Err(Error::NalType { found, expected: NalType::SPS });
        }
        let vps_id = bits.bits(4)? as u8;
        let max_sub_layers_minus1 = within("sps_max_sub_layers_minus1", bits.bits(3)?, 6)?;
        let temporal_id_nesting = bits.bit()?;
        let profile = Profile::read(&mut bits, max_sub_layers_minus1)?;
        let id = within("sps_seq_parameter_set_id", bits.ue()?, 15)? as u8;
        let chroma_format = within("chroma_format_idc", bits.ue()?, 3)? as u8;
        let separate_colour_planes = chroma_format == 3 && bits.bit()?;
        let [coded_size, size] = read_size(&mut bits, chroma_format, separate_colour_planes)?;
        let bit_depth_luma = within("bit_depth_luma_minus8", bits.ue()?, 8)? as u8 + 8;
        let bit_depth_chroma = within("bit_depth_chroma_minus8", bits.ue()?, 8)? as u8 + 8;
        let order_bits = within("log2_max_pic_order_cnt_lsb_minus4", bits.ue()?, 12)? as u8 + 4;
        let max_num_reorder = skip_layer_ordering(&mut bits, max_sub_layers_minus1)?;
        let ctbs = read_ctbs(&mut bits, coded_size)?;
        let mut sps = Self {
            id,
            vps_id,
            temporal_layers: max_sub_layers_minus1 as u8 + 1,
            temporal_id_nesting,
            profile,
            chroma_format,
            separate_colour_planes,
            bit_depth_luma,
            bit_depth_chroma,
            coded_size,
            size,
            order_bits,
            max_num_reorder,
            ctbs,
            sample_aspect_ratio: None,
            colour: None,
            frame_rate: None,
            min_spatial_segmentation: 0,
        };
        let _cut_short = sps.read_rest(&mut bits, max_sub_layers_minus1);
        Ok(sps)
    }

    /// From `log2_min_luma_transform_block_size_minus2`'s end on: tools, reference picture sets, and the VUI.
    fn read_rest(&mut self, bits: &mut BitReader<'_>, max_sub_layers_minus1: u32) -> Result<(), Error> {
        if bits.bit()? && bits.bit()? {
            skip_scaling_lists(bits)?;
        }
        bits.skip(2)?; // amp_enabled_flag, sample_adaptive_offset_enabled_flag
        if bits.bit()? {
            bits.skip(8)?; // pcm sample bit depths
            bits.ue()?;
            bits.ue()?;
            bits.skip(1)?; // pcm_loop_filter_disabled_flag
        }
        skip_short_term_sets(bits)?;
        if bits.bit()? {
            let count = within("num_long_term_ref_pics_sps", bits.ue()?, 32)?;
            bits.skip(count * (u32::from(self.order_bits) + 1))?;
        }
        bits.skip(2)?; // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
        if bits.bit()? {
            self.read_vui(bits, max_sub_layers_minus1)?;
        }
        Ok(())
    }

    /// `vui_parameters()`.
    fn read_vui(&mut self, bits: &mut BitReader<'_>, max_sub_layers_minus1: u32) -> Result<(), Error> {
        self.sample_aspect_ratio = vui::aspect_ratio(bits)?;
        self.colour = vui::overscan_and_colour(bits)?;
        vui::skip_chroma_location(bits)?;
        bits.skip(3)?; // neutral_chroma_indication_flag, field_seq_flag, frame_field_info_present_flag
        if bits.bit()? {
            for _ in 0..4 {
                bits.ue()?; // default display window
            }
        }
        let before_timing = bits.clone();
        self.frame_rate = timing(bits)?;
        let timing_present = before_timing.clone().bit()?;
        if timing_present && bits.bit()? {
            skip_hrd(bits, max_sub_layers_minus1)?;
        }
        if bits.bit()? {
            bits.skip(3)?; // tiles_fixed_structure_flag, motion_vectors_over_pic_boundaries_flag, restricted_ref_pic_lists_flag
            self.min_spatial_segmentation = within("min_spatial_segmentation_idc", bits.ue()?, 4095)? as u16;
        }
        Ok(())
    }
}

/// `pic_width_in_luma_samples` to the conformance window: the size as coded and inside the window.
fn read_size(
    bits: &mut BitReader<'_>,
    chroma_format: u8,
    separate_colour_planes: bool,
) -> Result<[(u32, u32); 2], Error> {
    let coded = (u64::from(bits.ue()?), u64::from(bits.ue()?));
    let mut shown = coded;
    if bits.bit()? {
        let mut offset = || bits.ue().map(u64::from);
        let (left, right, top, bottom) = (offset()?, offset()?, offset()?, offset()?);
        // SubWidthC and SubHeightC, table 6-1.
        let (unit_x, unit_y) = match chroma_format {
            1 => (2, 2),
            2 if !separate_colour_planes => (2, 1),
            _ => (1, 1),
        };
        shown.0 = coded.0.saturating_sub((left + right) * unit_x);
        shown.1 = coded.1.saturating_sub((top + bottom) * unit_y);
    }
    Ok([size(coded)?, size(shown)?])
}

/// A size of at least one pixel that 16 bits can tell, as a sample entry has to.
fn size((width, height): (u64, u64)) -> Result<(u32, u32), Error> {
    let side = |pixels: u64| u32::try_from(pixels).ok().filter(|side| (1..=0xffff).contains(side));
    match (side(width), side(height)) {
        (Some(width), Some(height)) => Ok((width, height)),
        _ => Err(Error::Size { width, height }),
    }
}

/// The four block sizes and two hierarchy depths; how many coding tree blocks a picture has, 7.4.3.2.1.
fn read_ctbs(bits: &mut BitReader<'_>, (width, height): (u32, u32)) -> Result<u32, Error> {
    let min_coding_block = within("log2_min_luma_coding_block_size_minus3", bits.ue()?, 3)? + 3;
    let difference = within("log2_diff_max_min_luma_coding_block_size", bits.ue()?, 3)?;
    for _ in 0..4 {
        bits.ue()?; // transform block sizes, hierarchy depths
    }
    let ctb = 1 << (min_coding_block + difference);
    Ok(width.div_ceil(ctb) * height.div_ceil(ctb))
}

/// `sub_layer_ordering_info_present_flag` and what hangs on it; returns the reorder depth of the highest layer.
pub(super) fn skip_layer_ordering(bits: &mut BitReader<'_>, max_sub_layers_minus1: u32) -> Result<u8, Error> {
    let layers = if bits.bit()? { max_sub_layers_minus1 + 1 } else { 1 };
    let mut reorder = 0;
    for _ in 0..layers {
        bits.ue()?; // max_dec_pic_buffering_minus1
        reorder = within("max_num_reorder_pics", bits.ue()?, 15)?;
        bits.ue()?; // max_latency_increase_plus1
    }
    Ok(reorder as u8)
}

/// `scaling_list_data()`, 7.3.4.
fn skip_scaling_lists(bits: &mut BitReader<'_>) -> Result<(), Error> {
    for size in 0..4 {
        for _ in (0..6).step_by(if size == 3 { 3 } else { 1 }) {
            if !bits.bit()? {
                bits.ue()?; // scaling_list_pred_matrix_id_delta
                continue;
            }
            if size > 1 {
                bits.se()?; // scaling_list_dc_coef_minus8
            }
            for _ in 0..64.min(1 << (4 + 2 * size)) {
                bits.se()?;
            }
        }
    }
    Ok(())
}

/// `st_ref_pic_set()` of every index, 7.3.7.
fn skip_short_term_sets(bits: &mut BitReader<'_>) -> Result<(), Error> {
    let sets = within("num_short_term_ref_pic_sets", bits.ue()?, 64)?;
    // Pictures in the set before, on which the next one may be built.
    let mut pictures = 0;
    for set in 0..sets {
        pictures = if set > 0 && bits.bit()? { predicted_set(bits, pictures)? } else { explicit_set(bits)? };
    }
    Ok(())
}

/// A set told as the difference to the one before, of `pictures` pictures; how many it has.
fn predicted_set(bits: &mut BitReader<'_>, pictures: u32) -> Result<u32, Error> {
    bits.skip(1)?; // delta_rps_sign
    bits.ue()?; // abs_delta_rps_minus1
    let mut kept = 0;
    for _ in 0..=pictures {
        let used = bits.bit()?;
        // use_delta_flag is there, and can be 0, only for pictures the current one does not use.
        if used || bits.bit()? {
            kept += 1;
        }
    }
    within("NumDeltaPocs", kept, 16)
}

/// A set told picture by picture; how many it has.
fn explicit_set(bits: &mut BitReader<'_>) -> Result<u32, Error> {
    let negative = within("num_negative_pics", bits.ue()?, 16)?;
    let positive = within("num_positive_pics", bits.ue()?, 16)?;
    for _ in 0..negative + positive {
        bits.ue()?; // delta_poc_minus1
        bits.skip(1)?; // used_by_curr_pic_flag
    }
    within("NumDeltaPocs", negative + positive, 16)
}

/// `hrd_parameters(1, max_sub_layers_minus1)`, E.2.2.
fn skip_hrd(bits: &mut BitReader<'_>, max_sub_layers_minus1: u32) -> Result<(), Error> {
    let (nal, vcl) = (bits.bit()?, bits.bit()?);
    let mut sub_pictures = false;
    if nal || vcl {
        sub_pictures = bits.bit()?;
        // Sub-picture: tick divisor, two lengths, a flag. Then scales, sub-picture scale, three lengths.
        bits.skip(if sub_pictures { 19 + 8 + 4 + 15 } else { 8 + 15 })?;
    }
    for _ in 0..=max_sub_layers_minus1 {
        let fixed_general = bits.bit()?;
        let fixed_within = fixed_general || bits.bit()?;
        let mut low_delay = false;
        if fixed_within {
            bits.ue()?; // elemental_duration_in_tc_minus1
        } else {
            low_delay = bits.bit()?;
        }
        let cpb_cnt = if low_delay { 1 } else { within("cpb_cnt_minus1", bits.ue()?, 31)? + 1 };
        for _ in 0..cpb_cnt * (u32::from(nal) + u32::from(vcl)) {
            for _ in 0..if sub_pictures { 4 } else { 2 } {
                bits.ue()?; // bit rates and buffer sizes
            }
            bits.skip(1)?; // cbr_flag
        }
    }
    Ok(())
}

/// `value`, unless it is above `max`.
pub(super) const fn within(field: &'static str, value: u32, max: u32) -> Result<u32, Error> {
    if value > max { Err(Error::Range { field, value }) } else { Ok(value) }
}
