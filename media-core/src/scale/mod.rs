//! Frame to frame: size and pixel format.
//!
//! A [`Scaler`] is made once for a pair of shapes and a [`Filter`]; each picture then costs no allocation. Any size becomes any other,
//! and any [`PixelFormat`] any other: planar or woven, 8 or 10 bits, and 4:2:0 to 4:4:4 or none. What sample values *mean* is left as it is:
//! matrix and range go through, and it is for the caller to say [`Colour`](crate::frame::Colour) to the encoder.
//!
//! ```
//! use media_core::frame::{Frame, PixelFormat, Pool};
//! use media_core::scale::{Config, Filter, Scaler};
//!
//! let decoded = Frame::new(PixelFormat::Nv12, (1920, 1088))?;
//! let shown = decoded.as_ref().crop((0, 0), (1920, 1080))?;
//!
//! let mut config = Config::new((shown.format(), shown.size()), (PixelFormat::I420, (1280, 720)));
//! config.filter = Filter::Bilinear;
//! let mut scaler = Scaler::new(config)?;
//! let pool = Pool::new(PixelFormat::I420, (1280, 720), 4)?;
//! if let Some(mut frame) = pool.take()? {
//!     scaler.scale(&shown, &mut frame)?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What comes out
//!
//! * The picture's edges stay where they are, so that the centre of a pixel moves by half the ratio. Beyond an edge the last sample goes on.
//! * Halved chroma stands on the left one of its two columns and half-way between its two rows, as in H.264 and H.265 unless their
//!   parameter sets say otherwise (H.273 chroma location 0), and does so afterwards. swscale called with defaults takes it for centred.
//! * 8 bits become 10 by two zeros below, 10 become 8 by rounding: exact for studio range; full-range white 255 becomes 1020.
//! * Planes that a picture without colour does not have are filled with 128 (512), those it cannot take are left out.
//! * With the same size and format it is a copy, whatever the filter.
//!
//! Each target row is first summed up down the columns, 14 bits and a sign to a sample, and then along the row, with weights of 14 bits, the
//! same on all processors. What a filter overshoots is cut off at black and white.

mod filter;
mod pass;
mod portable;
#[cfg(test)]
mod reference;
mod rows;
#[cfg(target_arch = "x86_64")]
mod table;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use filter::Filter;

use pass::{Kernels, Pass, Scratch, unweave, unweave_bytes, weave};
use rows::{Rows, Samples};

use crate::frame::{Chroma, Frame, FrameRef, MAX_SIDE, PixelFormat};

/// Pixel format, and width and height in pixels.
pub type Shape = (PixelFormat, (u32, u32));

/// What a [`Scaler`] is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Format and size of the pictures that come.
    pub from: Shape,
    /// Format and size of those that they become.
    pub to: Shape,
    /// How samples are weighted; [`Filter::Bicubic`] by default.
    pub filter: Filter,
}

impl Config {
    /// From one shape to another.
    pub fn new(from: Shape, to: Shape) -> Self {
        Self { from, to, filter: Filter::default() }
    }
}

/// Brings pictures of one format and size to another.
#[derive(Debug)]
pub struct Scaler {
    config: Config,
    luma: Pass,
    /// Absent when the target has no colour.
    chroma: Option<Pass>,
    scratch: Scratch,
}

impl Scaler {
    /// A scaler for one pair of shapes: weights and rows in between, some hundred kilobytes for usual sizes.
    ///
    /// # Errors
    /// [`Error::Size`] for a side of zero or beyond [`MAX_SIDE`], [`Error::Memory`] when there is none.
    pub fn new(config: Config) -> Result<Self, Error> {
        Self::with_kernels(config, Kernels::best())
    }

    fn with_kernels(config: Config, kernels: Kernels) -> Result<Self, Error> {
        for (_, size) in [config.from, config.to] {
            let fits = |side| (1..=MAX_SIDE).contains(&side);
            if !fits(size.0) || !fits(size.1) {
                return Err(Error::Size { size });
            }
        }
        let chroma = (config.from.0.chroma(), config.to.0.chroma());
        let full = (Chroma::Full, Chroma::Full);
        let colour = chroma.0 != Chroma::Monochrome && chroma.1 != Chroma::Monochrome;
        let luma = Pass::new(&config, full, kernels)?;
        let chroma = if colour { Some(Pass::new(&config, chroma, kernels)?) } else { None };
        let scratch = Scratch::new(&config, luma.slack().max(chroma.as_ref().map_or(0, Pass::slack)))?;
        Ok(Self { config, luma, chroma, scratch })
    }

    /// What it was made for.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Makes `target` the picture that `source` is.
    ///
    /// # Errors
    /// [`Error::Shape`] when one of them has another format or size than the scaler was made for.
    pub fn scale(&mut self, source: &FrameRef, target: &mut Frame) -> Result<(), Error> {
        for (found, expected) in [
            ((source.format(), source.size()), self.config.from),
            ((target.format(), target.size()), self.config.to),
        ] {
            if found != expected {
                return Err(Error::Shape { found, expected });
            }
        }
        scale_plane(&self.luma, &mut self.scratch, source, target, 0);
        let Some(chroma) = &self.chroma else {
            fill_chroma(target);
            return Ok(());
        };
        if chroma.is_identity() && Samples::of(source.format()) == Samples::of(target.format()) {
            copy_chroma(&mut self.scratch, source, target);
        } else if source.planes().len() == 3 && target.format().planes() == 3 {
            scale_plane(chroma, &mut self.scratch, source, target, 1);
            scale_plane(chroma, &mut self.scratch, source, target, 2);
        } else {
            scale_woven(chroma, &mut self.scratch, source, target);
        }
        Ok(())
    }
}

/// One plane to one plane.
fn scale_plane(pass: &Pass, scratch: &mut Scratch, source: &FrameRef, target: &mut Frame, plane: usize) {
    let (rows, samples) = (Rows::of(source, plane), Samples::of(target.format()));
    let (stride, middle) = (target.stride(plane), &mut scratch.middle[0]);
    let copy = pass.is_identity() && rows.samples == samples;
    for (y, into) in target.plane_mut(plane).chunks_exact_mut(stride).enumerate() {
        if copy {
            let row = rows.row(y);
            into[..row.len()].copy_from_slice(row);
            continue;
        }
        pass.down(&rows, y, &mut middle[..pass.width()]);
        pass.across(middle, samples, into);
    }
}

/// The planes of chroma, when they take turns in one plane before, after, or both.
fn scale_woven(pass: &Pass, scratch: &mut Scratch, source: &FrameRef, target: &mut Frame) {
    let Scratch { woven, middle, narrow } = scratch;
    let samples = Samples::of(target.format());
    let width = pass.width();
    for y in 0..pass.height() {
        if source.planes().len() == 2 {
            pass.down(&Rows::of(source, 1), y, &mut woven[..2 * width]);
            let [first, second] = &mut *middle;
            unweave(&woven[..2 * width], first, second);
        } else {
            middle.iter_mut().enumerate().for_each(|(index, middle)| {
                pass.down(&Rows::of(source, 1 + index), y, &mut middle[..width]);
            });
        }
        if target.format().planes() == 2 {
            for (middle, narrow) in middle.iter().zip(narrow.iter_mut()) {
                pass.across(middle, samples, narrow);
            }
            weave([&narrow[0], &narrow[1]], samples, row_mut(target, 1, y));
        } else {
            for (index, middle) in middle.iter().enumerate() {
                pass.across(middle, samples, row_mut(target, 1 + index, y));
            }
        }
    }
}

/// Chroma of equal samples in equal places, whether they take turns or not: only 8-bit formats have both.
fn copy_chroma(scratch: &mut Scratch, source: &FrameRef, target: &mut Frame) {
    let planes = target.format().planes();
    let (_, rows) = source.format().plane_size(1, source.size()).expect("a plane of the format");
    for y in 0..rows {
        let row = source.row(1, y);
        match (source.planes().len(), planes) {
            (2, 3) => {
                let [first, second] = &mut scratch.narrow;
                unweave_bytes(row, first, second);
                for (index, narrow) in scratch.narrow.iter().enumerate() {
                    let len = row.len() / 2;
                    row_mut(target, 1 + index, y)[..len].copy_from_slice(&narrow[..len]);
                }
            }
            (3, 2) => weave([row, source.row(2, y)], Samples::Eight, row_mut(target, 1, y)),
            _ => {
                for plane in 1..planes {
                    let row = source.row(plane, y);
                    row_mut(target, plane, y)[..row.len()].copy_from_slice(row);
                }
            }
        }
    }
}

/// A row with its padding.
fn row_mut(frame: &mut Frame, plane: usize, row: usize) -> &mut [u8] {
    let stride = frame.stride(plane);
    &mut frame.plane_mut(plane)[row * stride..][..stride]
}

/// Makes a picture that was given no colour grey.
fn fill_chroma(target: &mut Frame) {
    let samples = Samples::of(target.format());
    let grey = (128_u16 << (samples.bits() - 8)) << samples.raised();
    for plane in 1..target.format().planes() {
        match samples {
            Samples::Eight => target.plane_mut(plane).fill(128),
            Samples::Low10 | Samples::High10 => {
                target.plane_mut(plane).as_chunks_mut::<2>().0.fill(grey.to_le_bytes());
            }
        }
    }
}

/// Planes that do not fit what the scaler was made for, or a lack of memory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A side is zero or beyond [`MAX_SIDE`].
    #[error("picture of {}x{}, sides must be 1 to {MAX_SIDE}", size.0, size.1)]
    Size {
        /// Width and height in pixels.
        size: (u32, u32),
    },
    /// A picture has another format or size than the scaler was made for.
    #[error(
        "picture is {:?} of {}x{}, the scaler was made for {:?} of {}x{}",
        found.0, found.1.0, found.1.1, expected.0, expected.1.0, expected.1.1
    )]
    Shape {
        /// The picture's.
        found: Shape,
        /// The scaler's.
        expected: Shape,
    },
    /// Memory for weights or rows in between could not be had.
    #[error("no memory for {bytes} bytes of weights or rows")]
    Memory {
        /// Bytes asked for.
        bytes: usize,
    },
}

#[cfg(test)]
#[path = "scale_test.rs"]
mod tests;
