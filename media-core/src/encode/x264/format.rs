//! How samples lie in memory, for libx264, and which sizes of pictures go with it.

use std::ffi::c_int;

use x264_sys as c;

use crate::encode::Error;
use crate::frame::{Chroma, FrameRef, PixelFormat};

/// The colour space constant.
pub(super) const fn csp(format: PixelFormat) -> c_int {
    let layout = match format {
        PixelFormat::I420 | PixelFormat::I010 => c::X264_CSP_I420,
        PixelFormat::I422 | PixelFormat::I210 => c::X264_CSP_I422,
        PixelFormat::I444 | PixelFormat::I410 => c::X264_CSP_I444,
        PixelFormat::Nv12 | PixelFormat::P010 => c::X264_CSP_NV12,
        PixelFormat::Gray | PixelFormat::Gray10 => c::X264_CSP_I400,
    };
    if format.bit_depth() > 8 { layout | c::X264_CSP_HIGH_DEPTH } else { layout }
}

/// How far libx264's quantizers are above those of 8 bits: `QpBdOffset` of H.264.
pub(super) const fn quantizer_offset(format: PixelFormat) -> c_int {
    6 * (format.bit_depth() as c_int - 8)
}

/// H.264 crops by chroma samples, so that a picture of odd size cannot even be padded where chroma is halved.
pub(super) fn check_size(format: PixelFormat, (width, height): (u32, u32)) -> Result<(), Error> {
    let (across, down) = format.chroma().grid();
    if !width.is_multiple_of(across) || !height.is_multiple_of(down) {
        let sides = if format.chroma() == Chroma::Halved { "even sides" } else { "an even width" };
        let reason = format!("{width}x{height}, the chroma of {format:?} needs {sides}");
        return Err(Error::Unsupported { codec: "libx264", field: "size", reason });
    }
    if (1..=MAX_SIDE).contains(&width) && (1..=MAX_SIDE).contains(&height) {
        return Ok(());
    }
    let reason = format!("{width}x{height}, sides may be 1 to {MAX_SIDE}");
    Err(Error::Config { field: "size", reason })
}

/// Room for pictures of a layout that libx264 does not read.
#[derive(Debug, Default)]
pub(super) struct Scratch(Vec<u16>);

impl Scratch {
    /// The C image of a frame: its own planes, or a copy of them here. Its pointers are good as long as both stay as they are.
    pub(super) fn image(&mut self, frame: &FrameRef<'_>) -> c::x264_image_t {
        let planes = frame.planes();
        let mut image = c::x264_image_t {
            i_csp: csp(frame.format()),
            i_plane: planes.len() as c_int,
            ..Default::default()
        };
        if frame.format() == PixelFormat::P010 {
            self.fill(frame);
            let (luma, chroma) = self.0.split_at(luma_len(frame));
            for (index, (samples, plane)) in [luma, chroma].iter().zip(planes).enumerate() {
                let _ = plane;
                image.plane[index] = samples.as_ptr().cast_mut().cast();
                image.i_stride[index] = 2 * row_len(frame, index) as c_int;
            }
            return image;
        }
        for (index, plane) in planes.iter().enumerate() {
            // x264 does not write to input planes; the C type just is not const.
            image.plane[index] = plane.data.as_ptr().cast_mut();
            image.i_stride[index] = c_int::try_from(plane.stride).expect("a FrameRef's stride fits an int");
        }
        image
    }

    /// Samples from the high end of 16 bits to the low end.
    fn fill(&mut self, frame: &FrameRef<'_>) {
        self.0.clear();
        for plane in 0..frame.planes().len() {
            let (_, rows) = frame.format().plane_size(plane, frame.size()).expect("a plane of the format");
            for row in 0..rows {
                let (samples, _) = frame.row(plane, row).as_chunks::<2>();
                self.0.extend(samples.iter().map(|sample| u16::from_le_bytes(*sample) >> SHIFT));
            }
        }
    }
}

/// Samples of a row of a plane.
fn row_len(frame: &FrameRef<'_>, plane: usize) -> usize {
    let (bytes, _) = frame.format().plane_size(plane, frame.size()).expect("a plane of the format");
    bytes / 2
}

fn luma_len(frame: &FrameRef<'_>) -> usize {
    row_len(frame, 0) * frame.size().1 as usize
}

/// What level 6.2 has room for in one direction, and libx264 since build 159.
const MAX_SIDE: u32 = 16_384;
/// The bits below the ten of [`PixelFormat::P010`].
const SHIFT: u32 = 6;
