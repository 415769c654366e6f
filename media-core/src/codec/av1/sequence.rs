//! `sequence_header_obu()`, section 5.5.

use super::Error;
use crate::bits::BitReader;
use crate::codec::Colour;

/// What a sequence header says of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceHeader {
    /// `seq_profile`: 0 Main (4:2:0 and monochrome), 1 High (4:4:4), 2 Professional (4:2:2, and 12 bits).
    pub profile: u8,
    /// `seq_level_idx` of the first operating point, 0 (level 2.0) to 23 (level 7.3), 31 for no limit.
    pub level: u8,
    /// `seq_tier` of the first operating point: whether it is the high tier.
    pub tier: bool,
    /// `max_frame_width_minus_1` + 1, in pixels.
    pub width: u32,
    /// `max_frame_height_minus_1` + 1, in pixels.
    pub height: u32,
    /// Pictures per second as a reduced fraction, where they all last as long.
    pub frame_rate: Option<(u32, u32)>,
    /// `reduced_still_picture_header`: every frame is a shown key frame and has the short header.
    pub reduced_still_picture: bool,
    /// How the samples are stored and what they mean.
    pub color: ColorConfig,
}

/// `color_config()`, section 5.5.2.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ColorConfig {
    /// Bits per sample: 8, 10 or 12.
    pub bit_depth: u8,
    /// Whether there is no chroma.
    pub monochrome: bool,
    /// Whether chroma has half the columns.
    pub subsampling_x: bool,
    /// Whether chroma has half the rows.
    pub subsampling_y: bool,
    /// Where chroma samples are in 4:2:0: 0 unknown, 1 half-way between two rows, 2 at the upper left luma sample.
    pub chroma_sample_position: u8,
    /// `color_description_present_flag`: whether the stream says what the samples mean.
    pub described: bool,
    /// What the samples mean; `None` where the stream leaves it open and the range is studio.
    pub colour: Option<Colour>,
}

impl SequenceHeader {
    /// Reads the payload of a sequence header OBU.
    ///
    /// # Errors
    /// When it is cut short, of a reserved profile, or contradicts itself.
    pub fn parse(payload: &[u8]) -> Result<Self, Error> {
        let mut bits = BitReader::new(payload);
        let profile = bits.bits(3)? as u8;
        if profile > 2 {
            return Err(Error::Profile(profile));
        }
        let still_picture = bits.bit()?;
        let reduced_still_picture = bits.bit()?;
        if reduced_still_picture && !still_picture {
            return Err(Error::Contradiction);
        }
        let mut frame_rate = None;
        let (level, tier) = if reduced_still_picture {
            (bits.bits(5)? as u8, false)
        } else {
            let mut delay_bits = None;
            if bits.bit()? {
                frame_rate = timing_info(&mut bits)?;
                if bits.bit()? {
                    delay_bits = Some(decoder_model_info(&mut bits)?);
                }
            }
            operating_points(&mut bits, delay_bits)?
        };
        let (across, down) = (bits.bits(4)? + 1, bits.bits(4)? + 1);
        let (width, height) = (bits.bits(across)? + 1, bits.bits(down)? + 1);
        tools(&mut bits, reduced_still_picture)?;
        let color = color_config(&mut bits, profile)?;
        bits.bit()?; // film_grain_params_present
        Ok(Self { profile, level, tier, width, height, frame_rate, reduced_still_picture, color })
    }
}

/// `timing_info()`, section 5.5.3: pictures per second.
fn timing_info(bits: &mut BitReader<'_>) -> Result<Option<(u32, u32)>, Error> {
    let (units, scale) = (bits.bits(32)?, bits.bits(32)?);
    if !bits.bit()? {
        return Ok(None);
    }
    let (num, den) = (u64::from(scale), u64::from(units) * (u64::from(bits.ue()?) + 1));
    let divisor = gcd(num, den).max(1);
    let part = |value: u64| u32::try_from(value / divisor).ok().filter(|&value| value > 0);
    Ok(part(num).zip(part(den)))
}

/// `decoder_model_info()`, section 5.5.4: `buffer_delay_length_minus_1` + 1.
fn decoder_model_info(bits: &mut BitReader<'_>) -> Result<u32, Error> {
    let length = bits.bits(5)? + 1;
    bits.skip(32 + 5 + 5)?; // ticks, lengths of removal and presentation times
    Ok(length)
}

/// Level and tier of the first operating point.
fn operating_points(bits: &mut BitReader<'_>, delay_bits: Option<u32>) -> Result<(u8, bool), Error> {
    let display_delay = bits.bit()?;
    let mut first = None;
    for _ in 0..=bits.bits(5)? {
        bits.skip(12)?; // operating_point_idc
        let level = bits.bits(5)? as u8;
        let tier = level > 7 && bits.bit()?;
        if let Some(length) = delay_bits
            && bits.bit()?
        {
            bits.skip(2 * length + 1)?;
        }
        if display_delay && bits.bit()? {
            bits.skip(4)?;
        }
        first.get_or_insert((level, tier));
    }
    first.ok_or(Error::End)
}

/// What a decoder may use, from `frame_id_numbers_present_flag` to `enable_restoration`.
fn tools(bits: &mut BitReader<'_>, reduced_still_picture: bool) -> Result<(), Error> {
    if !reduced_still_picture && bits.bit()? {
        bits.skip(4 + 3)?; // lengths of frame numbers
    }
    bits.skip(3)?; // superblock size, intra tools
    if !reduced_still_picture {
        bits.skip(4)?; // compound and motion tools, dual filter
        let order_hint = bits.bit()?;
        bits.skip(if order_hint { 2 } else { 0 })?;
        let screen_content = bits.bit()? || bits.bit()?;
        if screen_content && !bits.bit()? {
            bits.skip(1)?; // seq_force_integer_mv
        }
        bits.skip(if order_hint { 3 } else { 0 })?;
    }
    bits.skip(3)?; // super-resolution, CDEF, restoration
    Ok(())
}

fn color_config(bits: &mut BitReader<'_>, profile: u8) -> Result<ColorConfig, Error> {
    let high = bits.bit()?;
    let bit_depth = match (profile, high) {
        (_, false) => 8,
        (2, true) if bits.bit()? => 12,
        _ => 10,
    };
    let monochrome = profile != 1 && bits.bit()?;
    let described = bits.bit()?;
    let [primaries, transfer, matrix] =
        if described { [bits.u8()?, bits.u8()?, bits.u8()?] } else { [2, 2, 2] };
    let rgb = !monochrome && (primaries, transfer, matrix) == (1, 13, 0);
    let full_range = rgb || bits.bit()?;
    let (subsampling_x, subsampling_y) = match profile {
        _ if monochrome => (true, true),
        _ if rgb => (false, false),
        0 => (true, true),
        1 => (false, false),
        _ if bit_depth < 12 => (true, false),
        _ => {
            let across = bits.bit()?;
            (across, across && bits.bit()?)
        }
    };
    let positioned = !monochrome && subsampling_x && subsampling_y;
    let chroma_sample_position = if positioned { bits.bits(2)? as u8 } else { 0 };
    if matrix == 0 && (subsampling_x || subsampling_y) {
        return Err(Error::Contradiction);
    }
    if !monochrome {
        bits.skip(1)?; // separate_uv_delta_q
    }
    let colour = (described || full_range).then_some(Colour { primaries, transfer, matrix, full_range });
    Ok(ColorConfig {
        bit_depth,
        monochrome,
        subsampling_x,
        subsampling_y,
        chroma_sample_position,
        described,
        colour,
    })
}

const fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
