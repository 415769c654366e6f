//! What the video usability information of H.264 (annex E.1) and H.265 (annex E.2) have in common.

use super::Colour;
use crate::bits::{BitReader, Error};

/// `aspect_ratio_info_present_flag` and what hangs on it; `None` where nothing is said or it makes no sense.
pub(crate) fn aspect_ratio(bits: &mut BitReader<'_>) -> Result<Option<(u32, u32)>, Error> {
    if !bits.bit()? {
        return Ok(None);
    }
    let ratio = match bits.u8()? {
        0 => return Ok(None),
        EXTENDED_SAR => (bits.bits(16)?, bits.bits(16)?),
        idc => match RATIOS.get(usize::from(idc) - 1) {
            Some(&ratio) => ratio,
            None => return Ok(None),
        },
    };
    Ok(reduced(ratio.0.into(), ratio.1.into()))
}

/// `overscan_info_present_flag` with its flag, then `video_signal_type_present_flag` and what hangs on it.
pub(crate) fn overscan_and_colour(bits: &mut BitReader<'_>) -> Result<Option<Colour>, Error> {
    if bits.bit()? {
        bits.skip(1)?; // overscan_appropriate_flag
    }
    if !bits.bit()? {
        return Ok(None);
    }
    bits.skip(3)?; // video_format
    let full_range = bits.bit()?;
    let described = bits.bit()?;
    let mut colour = Colour { full_range, ..Colour::UNSPECIFIED };
    if described {
        (colour.primaries, colour.transfer, colour.matrix) = (bits.u8()?, bits.u8()?, bits.u8()?);
    }
    Ok((colour != Colour::UNSPECIFIED).then_some(colour))
}

/// `chroma_loc_info_present_flag` and what hangs on it.
pub(crate) fn skip_chroma_location(bits: &mut BitReader<'_>) -> Result<(), Error> {
    if bits.bit()? {
        bits.ue()?;
        bits.ue()?;
    }
    Ok(())
}

/// Pictures per second as a reduced fraction.
///
/// Cameras that do not know their rate write their clock there instead, 90 000 or so, hence the bound.
pub(crate) fn frame_rate(time_scale: u64, ticks_per_picture: u64) -> Option<(u32, u32)> {
    (time_scale <= ticks_per_picture.checked_mul(MAX_FRAME_RATE)?)
        .then(|| reduced(time_scale, ticks_per_picture))?
}

/// The fraction in its lowest terms; `None` when a part is zero or too large.
fn reduced(num: u64, den: u64) -> Option<(u32, u32)> {
    let (mut a, mut b) = (num, den);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let part = |value: u64| u32::try_from(value.checked_div(a)?).ok().filter(|&part| part > 0);
    Some((part(num)?, part(den)?))
}

const MAX_FRAME_RATE: u64 = 1000;

const EXTENDED_SAR: u8 = 255;

/// H.264 table E-1, H.265 table E.1: `aspect_ratio_idc` 1 to 16.
const RATIOS: [(u32, u32); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_rates_are_reduced_and_sane() {
        assert_eq!(frame_rate(60_000, 2002), Some((30_000, 1001)));
        assert_eq!(frame_rate(50, 2), Some((25, 1)));
        assert_eq!(frame_rate(180_000, 2), None);
        assert_eq!([frame_rate(0, 2), frame_rate(50, 0), frame_rate(0, 0)], [None; 3]);
        assert_eq!(frame_rate(u64::from(u32::MAX), u64::from(u32::MAX) * 2 - 1), None);
    }
}
