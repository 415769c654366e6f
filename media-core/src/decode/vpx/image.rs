//! What a `vpx_image_t` says, taken for true only as far as it fits together.

use std::ffi::c_uint;

use vpx_sys as c;

use super::Codec;
use crate::codec::vp9;
use crate::decode::Error;
use crate::frame::{Colour, PixelFormat};

/// How the samples lie.
pub(super) fn format(image: &c::vpx_image_t, codec: Codec) -> Result<PixelFormat, Error> {
    match (image.fmt, image.bit_depth) {
        (c::VPX_IMG_FMT_I420, 8) => Ok(PixelFormat::I420),
        (c::VPX_IMG_FMT_I422, 8) => Ok(PixelFormat::I422),
        (c::VPX_IMG_FMT_I444, 8) => Ok(PixelFormat::I444),
        (c::VPX_IMG_FMT_I42016, 10) => Ok(PixelFormat::I010),
        (c::VPX_IMG_FMT_I42216, 10) => Ok(PixelFormat::I210),
        (c::VPX_IMG_FMT_I44416, 10) => Ok(PixelFormat::I410),
        (format, depth) => {
            let found = format!("{depth} bits, vpx_img_fmt {format:#x}");
            Err(Error::Unsupported { codec: codec.name(), found })
        }
    }
}

/// What the samples mean. VP8 has no way to say.
pub(super) fn colour(image: &c::vpx_image_t, codec: Codec) -> Option<Colour> {
    if codec == Codec::Vp8 {
        return None;
    }
    // libvpx hands the three bits of the stream on as they are.
    let space = u8::try_from(image.cs).ok()?;
    vp9::colour(space, depth(image.bit_depth), image.range == c::VPX_CR_FULL_RANGE)
}

fn depth(bits: c_uint) -> u8 {
    u8::try_from(bits).unwrap_or(0)
}

/// Bytes from the first sample of a plane to behind its last, and from row to row.
pub(super) fn extent(
    image: &c::vpx_image_t,
    format: PixelFormat,
    plane: usize,
) -> Result<(usize, usize), Error> {
    let (row, rows) = format.plane_size(plane, (image.d_w, image.d_h)).ok_or_else(|| invalid("no plane"))?;
    let stride = usize::try_from(image.stride[plane]).map_err(|_| invalid("rows from bottom to top"))?;
    let before = rows.checked_sub(1).and_then(|rows| rows.checked_mul(stride));
    let len =
        before.and_then(|before| before.checked_add(row)).ok_or_else(|| invalid("a size of nothing"))?;
    Ok((len, stride))
}

/// The library broke its word.
pub(super) fn invalid(detail: &str) -> Error {
    Error::Codec { call: "vpx_codec_get_frame", code: 0, detail: detail.into() }
}
