//! From a frame to what libvpx reads: the same planes where it takes them as they lie, a copy where it does not.

use std::ffi::c_int;
use std::marker::PhantomData;

use vpx_sys as c;

use super::context;
use super::options::Codec;
use crate::encode::Error;
use crate::frame::{self, Frame, FrameRef, PixelFormat, Plane};

/// A C image whose planes belong to a frame it cannot outlive.
pub(super) struct Image<'a> {
    raw: c::vpx_image_t,
    planes: PhantomData<&'a [u8]>,
}

impl Image<'_> {
    /// The structure; its pointers hold as long as `self`.
    pub(super) fn raw(&self) -> c::vpx_image_t {
        self.raw
    }
}

/// What the pictures of one format need beside their own planes.
#[derive(Debug)]
pub(super) enum Adapter {
    /// Nothing.
    Direct,
    /// Chroma that says grey: one plane for both, in the stride of a row.
    Grey(Frame),
    /// Samples moved from the high end of 16 bits to the low one, and U and V in planes of their own.
    Unwoven(Frame),
}

impl Adapter {
    pub(super) fn new(format: PixelFormat, size: (u32, u32)) -> Result<Self, Error> {
        let refused = |found: frame::Error| Error::Config { field: "size", reason: found.to_string() };
        Ok(match format {
            PixelFormat::Gray => Self::Grey(grey(PixelFormat::I420, size).map_err(refused)?),
            PixelFormat::Gray10 => Self::Grey(grey(PixelFormat::I010, size).map_err(refused)?),
            PixelFormat::P010 => Self::Unwoven(Frame::new(PixelFormat::I010, size).map_err(refused)?),
            _ => Self::Direct,
        })
    }

    /// The picture as libvpx reads it.
    pub(super) fn image<'a>(&'a mut self, frame: &FrameRef<'a>) -> Result<Image<'a>, Error> {
        match self {
            Self::Direct => image(frame.format(), frame.size(), frame.planes()),
            Self::Grey(chroma) => {
                let chroma = chroma.as_ref();
                let planes = [frame.planes()[0], chroma.planes()[1], chroma.planes()[2]];
                image(chroma.format(), frame.size(), &planes)
            }
            Self::Unwoven(into) => {
                unweave(frame, into);
                let into = into.as_ref();
                image(into.format(), into.size(), &[into.planes()[0], into.planes()[1], into.planes()[2]])
            }
        }
    }
}

/// Fills in the C structure.
fn image<'a>(format: PixelFormat, size: (u32, u32), planes: &[Plane<'a>]) -> Result<Image<'a>, Error> {
    // libvpx does not write to input planes; the C type just is not const.
    let first = planes[0].data.as_ptr();
    let mut raw = context::wrapped(shape(format).image, size, first).ok_or_else(|| {
        let reason = format!("{}x{}, libvpx knows no such image", size.0, size.1);
        Error::Config { field: "size", reason }
    })?;
    for (index, plane) in planes.iter().enumerate() {
        raw.planes[index] = plane.data.as_ptr().cast_mut();
        raw.stride[index] = c_int::try_from(plane.stride).expect("a FrameRef's stride fits an int");
    }
    if format == PixelFormat::Nv12 {
        // V lies between the samples of U, which is how libvpx knows that they take turns.
        (raw.planes[2], raw.stride[2]) = (raw.planes[1].wrapping_add(1), raw.stride[1]);
    }
    Ok(Image { raw, planes: PhantomData })
}

/// What a format is to libvpx.
struct Shape {
    image: c::vpx_img_fmt_t,
    /// The VP9 profile.
    profile: u8,
}

fn shape(format: PixelFormat) -> Shape {
    let (image, profile) = match format {
        PixelFormat::I420 | PixelFormat::Gray => (c::VPX_IMG_FMT_I420, 0),
        PixelFormat::Nv12 => (c::VPX_IMG_FMT_NV12, 0),
        PixelFormat::I422 => (c::VPX_IMG_FMT_I422, 1),
        PixelFormat::I444 => (c::VPX_IMG_FMT_I444, 1),
        PixelFormat::I010 | PixelFormat::P010 | PixelFormat::Gray10 => (c::VPX_IMG_FMT_I42016, 2),
        PixelFormat::I210 => (c::VPX_IMG_FMT_I42216, 3),
        PixelFormat::I410 => (c::VPX_IMG_FMT_I44416, 3),
    };
    Shape { image, profile }
}

/// The profile that pictures of a format are coded in, or why they are not.
pub(super) fn profile(codec: Codec, format: PixelFormat) -> Result<u8, Error> {
    let unsupported =
        |reason: String| Err(Error::Unsupported { codec: codec.name(), field: "format", reason });
    let shape = shape(format);
    if codec == Codec::Vp8 && shape.profile > 0 {
        return unsupported(format!("{format:?}, possible are I420, Nv12 and Gray"));
    }
    if shape.profile > 1 && !context::has_high_bit_depth(codec) {
        return unsupported(format!("{format:?}, this libvpx was built for 8 bits only"));
    }
    Ok(shape.profile)
}

/// A frame whose chroma is in the middle; its luma is not used.
fn grey(format: PixelFormat, size: (u32, u32)) -> Result<Frame, frame::Error> {
    let mut frame = Frame::new(format, size)?;
    for plane in 1..3 {
        match format.bit_depth() {
            8 => frame.plane_mut(plane).fill(128),
            depth => {
                let middle = (1_u16 << (depth - 1)).to_le_bytes();
                frame.plane_mut(plane).as_chunks_mut::<2>().0.fill(middle);
            }
        }
    }
    Ok(frame)
}

/// P010 as I010.
fn unweave(frame: &FrameRef<'_>, into: &mut Frame) {
    let low = |sample: [u8; 2]| (u16::from_le_bytes(sample) >> 6).to_le_bytes();
    let (_, rows) = frame.format().plane_size(0, frame.size()).expect("luma");
    let stride = into.stride(0);
    for (row, line) in into.plane_mut(0).chunks_mut(stride).take(rows).enumerate() {
        let from = frame.row(0, row).as_chunks::<2>().0;
        for (sample, into) in from.iter().zip(line.as_chunks_mut::<2>().0) {
            *into = low(*sample);
        }
    }
    let (_, rows) = frame.format().plane_size(1, frame.size()).expect("chroma");
    for plane in 0..2 {
        let stride = into.stride(1 + plane);
        for (row, line) in into.plane_mut(1 + plane).chunks_mut(stride).take(rows).enumerate() {
            let from = frame.row(1, row).as_chunks::<4>().0;
            for (pair, into) in from.iter().zip(line.as_chunks_mut::<2>().0) {
                *into = low([pair[2 * plane], pair[2 * plane + 1]]);
            }
        }
    }
}
