//! Raw pictures: planes, strides, pixel formats and colour.
//!
//! A [`FrameRef`] borrows planes wherever they lie and is checked once, when it is made: whoever is given one reads its rows without
//! looking again. A [`Frame`] owns its planes, aligned and padded for SIMD; a [`Pool`] lends a bounded number of them out over and
//! over. What is *done* with pictures (coding, scaling) is for others.
//!
//! Sample layouts are those of the usual FourCCs; colour is named after ISO/IEC 23091-2.

mod pool;

pub use pool::{Frame, Pool};

pub use crate::codec::Colour;

/// The largest width or height of a picture, in pixels: more than any codec here takes (VP8 ends at 16,383, VP9 at 65,536).
pub const MAX_SIDE: u32 = 65_535;

/// How samples lie in memory. Samples of more than 8 bits take 16, little endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelFormat {
    /// Planes Y, U, V; chroma halved both ways (rounded up); 8 bits. What cameras and every codec speak.
    I420,
    /// Planes Y, U, V; chroma halved horizontally (rounded up); 8 bits.
    I422,
    /// Planes Y, U, V of equal size; 8 bits.
    I444,
    /// Planes Y and UV, the latter with U and V samples taking turns; chroma halved both ways (rounded up); 8 bits. What hardware decoders give.
    Nv12,
    /// Plane Y alone; 8 bits.
    Gray,
    /// As [`I420`](Self::I420) with 10 bits in the low end of 16. FFmpeg: `yuv420p10le`.
    I010,
    /// As [`I422`](Self::I422) with 10 bits in the low end of 16. FFmpeg: `yuv422p10le`.
    I210,
    /// As [`I444`](Self::I444) with 10 bits in the low end of 16. FFmpeg: `yuv444p10le`.
    I410,
    /// As [`Nv12`](Self::Nv12) with 10 bits in the **high** end of 16, the six below them zero. FFmpeg: `p010le`.
    P010,
    /// Plane Y alone, 10 bits in the low end of 16. FFmpeg: `gray10le`.
    Gray10,
}

/// How many chroma samples there are to the luma samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Chroma {
    /// None: 4:0:0.
    Monochrome,
    /// One to two by two: 4:2:0.
    Halved,
    /// One to two beside each other: 4:2:2.
    HalvedHorizontally,
    /// One to one: 4:4:4.
    Full,
}

impl PixelFormat {
    /// Each of them.
    pub const ALL: &[Self] = &[
        Self::I420,
        Self::I422,
        Self::I444,
        Self::Nv12,
        Self::Gray,
        Self::I010,
        Self::I210,
        Self::I410,
        Self::P010,
        Self::Gray10,
    ];

    /// How many planes there are: 1 to 3.
    pub const fn planes(self) -> usize {
        match self {
            Self::I420 | Self::I422 | Self::I444 | Self::I010 | Self::I210 | Self::I410 => 3,
            Self::Nv12 | Self::P010 => 2,
            Self::Gray | Self::Gray10 => 1,
        }
    }

    /// Significant bits of a sample: 8 or 10.
    pub const fn bit_depth(self) -> u8 {
        match self {
            Self::I420 | Self::I422 | Self::I444 | Self::Nv12 | Self::Gray => 8,
            Self::I010 | Self::I210 | Self::I410 | Self::P010 | Self::Gray10 => 10,
        }
    }

    /// Bytes a sample takes: 1 or 2.
    pub const fn sample_len(self) -> usize {
        if self.bit_depth() > 8 { 2 } else { 1 }
    }

    /// How many chroma samples there are, in planes of their own or not.
    pub const fn chroma(self) -> Chroma {
        match self {
            Self::I420 | Self::Nv12 | Self::I010 | Self::P010 => Chroma::Halved,
            Self::I422 | Self::I210 => Chroma::HalvedHorizontally,
            Self::I444 | Self::I410 => Chroma::Full,
            Self::Gray | Self::Gray10 => Chroma::Monochrome,
        }
    }

    /// Bytes in one row and number of rows of a plane, for a picture of `size` (width, height in pixels). `None` past the last plane
    /// or past 64 bits.
    ///
    /// ```
    /// use media_core::frame::PixelFormat;
    /// assert_eq!(PixelFormat::I420.plane_size(1, (175, 143)), Some((88, 72)));
    /// assert_eq!(PixelFormat::Nv12.plane_size(1, (175, 143)), Some((176, 72)));
    /// assert_eq!(PixelFormat::Gray.plane_size(1, (175, 143)), None);
    /// ```
    pub fn plane_size(self, plane: usize, size: (u32, u32)) -> Option<(usize, usize)> {
        let (width, height) = (usize::try_from(size.0).ok()?, usize::try_from(size.1).ok()?);
        if plane >= self.planes() {
            return None;
        }
        let (columns, rows) = match (plane, self.chroma()) {
            (0, _) | (_, Chroma::Full | Chroma::Monochrome) => (width, height),
            (_, Chroma::Halved) => (width.div_ceil(2), height.div_ceil(2)),
            (_, Chroma::HalvedHorizontally) => (width.div_ceil(2), height),
        };
        let woven = if plane == 1 && self.planes() == 2 { 2 } else { 1 };
        Some((columns.checked_mul(woven * self.sample_len())?, rows))
    }

    /// Bytes of a picture of `size` whose rows and planes follow each other without gaps; `None` past 64 bits.
    pub fn tight_len(self, size: (u32, u32)) -> Option<usize> {
        (0..self.planes()).try_fold(0_usize, |sum, plane| {
            let (row, rows) = self.plane_size(plane, size)?;
            sum.checked_add(row.checked_mul(rows)?)
        })
    }
}

impl Chroma {
    /// How many luma columns and rows share a chroma sample: 1 or 2 each.
    pub const fn grid(self) -> (u32, u32) {
        match self {
            Self::Halved => (2, 2),
            Self::HalvedHorizontally => (2, 1),
            Self::Full | Self::Monochrome => (1, 1),
        }
    }
}

/// The usual meanings of sample values, by the code points of ISO/IEC 23091-2 (tables 2 to 4). All in studio range, black at 16 and
/// white at 235; [`full_range`](Colour::full_range) is for the caller to set.
impl Colour {
    /// BT.601 with 525 lines (NTSC), SMPTE 170M.
    pub const BT601_525: Self = Self { primaries: 6, transfer: 6, matrix: 6, full_range: false };
    /// BT.601 with 625 lines (PAL), BT.470 B/G.
    pub const BT601_625: Self = Self { primaries: 5, transfer: 6, matrix: 5, full_range: false };
    /// BT.709: high definition.
    pub const BT709: Self = Self { primaries: 1, transfer: 1, matrix: 1, full_range: false };
    /// BT.2020 with 10 bits and non-constant luminance.
    pub const BT2020: Self = Self { primaries: 9, transfer: 14, matrix: 9, full_range: false };
    /// BT.2100 with the perceptual quantizer of SMPTE ST 2084 (HDR10).
    pub const BT2100_PQ: Self = Self { primaries: 9, transfer: 16, matrix: 9, full_range: false };
    /// BT.2100 with hybrid log-gamma.
    pub const BT2100_HLG: Self = Self { primaries: 9, transfer: 18, matrix: 9, full_range: false };
}

/// One plane on its way into a [`FrameRef`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plane<'a> {
    /// The samples from the first of the first row to at least the last of the last row.
    pub data: &'a [u8],
    /// Bytes from the start of a row to the start of the next.
    pub stride: usize,
}

/// A picture whose planes are borrowed from where they lie.
///
/// Made only by checking: every row of every plane lies within its slice, which is what the encoders rely on when they hand the
/// pointers to C.
///
/// ```
/// use media_core::frame::{FrameRef, PixelFormat, Plane};
/// let (luma, chroma) = (vec![16; 192 * 144], vec![128; 96 * 72]);
/// let frame = FrameRef::new(PixelFormat::I420, (176, 144), &[
///     Plane { data: &luma, stride: 192 },
///     Plane { data: &chroma, stride: 96 },
///     Plane { data: &chroma, stride: 96 },
/// ])?;
/// assert_eq!(frame.row(0, 143).len(), 176);
/// # Ok::<(), media_core::frame::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct FrameRef<'a> {
    format: PixelFormat,
    size: (u32, u32),
    planes: [Plane<'a>; 3],
}

impl<'a> FrameRef<'a> {
    /// A picture of `size` (width, height in pixels) in the given planes.
    ///
    /// # Errors
    /// A side of zero or beyond [`MAX_SIDE`]; more or fewer planes than the format has; a stride shorter than a row; a slice that ends
    /// before the last sample; U and V with different strides (libvpx and most others know but one); with more than 8 bits, a plane
    /// whose rows do not begin at even addresses.
    pub fn new(format: PixelFormat, size: (u32, u32), planes: &[Plane<'a>]) -> Result<Self, Error> {
        check_size(size)?;
        if planes.len() != format.planes() {
            return Err(Error::Planes { found: planes.len(), expected: format.planes() });
        }
        let mut checked = [Plane { data: &[], stride: 0 }; 3];
        for (index, plane) in planes.iter().enumerate() {
            check_plane(format, size, index, plane)?;
            checked[index] = *plane;
        }
        if format.planes() == 3 && checked[1].stride != checked[2].stride {
            return Err(Error::ChromaStrides { u: checked[1].stride, v: checked[2].stride });
        }
        Ok(Self { format, size, planes: checked })
    }

    /// A picture whose rows and planes follow each other without gaps, as in a Y4M or raw video file. Bytes past its end are ignored.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn tight(format: PixelFormat, size: (u32, u32), data: &'a [u8]) -> Result<Self, Error> {
        check_size(size)?;
        let mut planes = [Plane { data: &[] as &[u8], stride: 0 }; 3];
        let mut rest = data;
        for (index, plane) in planes.iter_mut().enumerate().take(format.planes()) {
            let (row, rows) = format.plane_size(index, size).ok_or(Error::Size { size })?;
            let len = row.checked_mul(rows).ok_or(Error::Size { size })?;
            let short = Error::Length { plane: index, found: rest.len(), expected: len };
            let (data, after) = rest.split_at_checked(len).ok_or(short)?;
            *plane = Plane { data, stride: row };
            rest = after;
        }
        Self::new(format, size, &planes[..format.planes()])
    }

    /// A part of the picture, `size` (width, height) pixels from `origin` (column, row), in the same memory.
    ///
    /// # Errors
    /// [`Error::Crop`] when it reaches beyond the picture, is empty, or begins between two chroma samples.
    ///
    /// ```
    /// use media_core::frame::{Frame, PixelFormat};
    /// let frame = Frame::new(PixelFormat::I420, (1920, 1088))?;
    /// let shown = frame.as_ref().crop((0, 0), (1920, 1080))?;
    /// assert_eq!(shown.planes()[0].stride, 1920);
    /// # Ok::<(), media_core::frame::Error>(())
    /// ```
    pub fn crop(&self, origin: (u32, u32), size: (u32, u32)) -> Result<Self, Error> {
        let refused = Error::Crop { origin, size, of: self.size };
        let inside =
            |start: u32, len: u32, side| len > 0 && start.checked_add(len).is_some_and(|end| end <= side);
        let (across, down) = self.format.chroma().grid();
        let aligned = origin.0.is_multiple_of(across) && origin.1.is_multiple_of(down);
        if !aligned || !inside(origin.0, size.0, self.size.0) || !inside(origin.1, size.1, self.size.1) {
            return Err(refused);
        }
        let mut cropped = Self { size, ..*self };
        for (index, plane) in cropped.planes.iter_mut().enumerate().take(self.format.planes()) {
            // What lies before the origin has the size of a picture that ends there.
            let before = self.format.plane_size(index, (origin.0.max(1), origin.1.max(1)));
            let (row, rows) = before.expect("a plane of the format");
            let row = if origin.0 == 0 { 0 } else { row };
            let rows = if origin.1 == 0 { 0 } else { rows };
            plane.data = &plane.data[rows * plane.stride + row..];
        }
        Ok(cropped)
    }

    /// How samples lie.
    pub const fn format(&self) -> PixelFormat {
        self.format
    }

    /// Width and height in pixels.
    pub const fn size(&self) -> (u32, u32) {
        self.size
    }

    /// The planes in the order of the format, as many as it has.
    pub fn planes(&self) -> &[Plane<'a>] {
        &self.planes[..self.format.planes()]
    }

    /// The bytes of one row, padding excluded.
    ///
    /// # Panics
    /// When the format has no such plane or the plane no such row.
    pub fn row(&self, plane: usize, row: usize) -> &'a [u8] {
        let (len, rows) = self.format.plane_size(plane, self.size).expect("a plane of the format");
        assert!(row < rows, "row {row} of {rows}");
        let Plane { data, stride } = self.planes[plane];
        &data[row * stride..][..len]
    }

    /// Whether each sample keeps to the bits of the format. Nothing here relies on it, but libvpx does (undefined behaviour otherwise), so
    /// that encoders look once more at pictures of more than 8 bits.
    ///
    /// # Errors
    /// [`Error::Sample`] for the first row that has one which does not.
    pub fn check_samples(&self) -> Result<(), Error> {
        let depth = self.format.bit_depth();
        let unused = match self.format {
            PixelFormat::P010 => (1 << (16 - depth)) - 1,
            _ if depth > 8 => u16::MAX << depth,
            _ => return Ok(()),
        };
        for plane in 0..self.format.planes() {
            let (_, rows) = self.format.plane_size(plane, self.size).expect("checked before");
            for row in 0..rows {
                // One OR over the row instead of a comparison per sample: it vectorises.
                let (samples, _) = self.row(plane, row).as_chunks::<2>();
                let seen = samples.iter().fold(0, |seen, sample| seen | u16::from_le_bytes(*sample));
                if seen & unused != 0 {
                    return Err(Error::Sample { plane, row, depth });
                }
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for FrameRef<'_> {
    /// Without the samples, which nobody wants in a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let strides: Vec<usize> = self.planes().iter().map(|plane| plane.stride).collect();
        f.debug_struct("FrameRef")
            .field("format", &self.format)
            .field("size", &self.size)
            .field("strides", &strides)
            .finish()
    }
}

fn check_size(size: (u32, u32)) -> Result<(), Error> {
    let fits = |side| (1..=MAX_SIDE).contains(&side);
    if fits(size.0) && fits(size.1) { Ok(()) } else { Err(Error::Size { size }) }
}

fn check_plane(format: PixelFormat, size: (u32, u32), index: usize, plane: &Plane) -> Result<(), Error> {
    let (row, rows) = format.plane_size(index, size).ok_or(Error::Size { size })?;
    // The libraries count strides in `int`.
    if plane.stride < row || i32::try_from(plane.stride).is_err() {
        return Err(Error::Stride { plane: index, found: plane.stride, row });
    }
    // The last row needs no padding behind it: a picture cut out of a larger one ends there.
    let expected = plane.stride.checked_mul(rows - 1).and_then(|before| before.checked_add(row));
    let expected = expected.ok_or(Error::Stride { plane: index, found: plane.stride, row })?;
    if plane.data.len() < expected {
        return Err(Error::Length { plane: index, found: plane.data.len(), expected });
    }
    if format.bit_depth() > 8
        && !(plane.stride.is_multiple_of(2) && plane.data.as_ptr().addr().is_multiple_of(2))
    {
        return Err(Error::Alignment { plane: index });
    }
    Ok(())
}

/// Planes that do not hold the picture they are said to hold: a mistake of the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A side is zero or beyond [`MAX_SIDE`].
    #[error("picture of {}x{}, sides must be 1 to {MAX_SIDE}", size.0, size.1)]
    Size {
        /// Width and height in pixels.
        size: (u32, u32),
    },
    /// Another number of planes than the format has.
    #[error("{found} planes, the format has {expected}")]
    Planes {
        /// Planes given.
        found: usize,
        /// Planes of the format.
        expected: usize,
    },
    /// A stride is shorter than a row, or too large for the libraries (2^31 - 1).
    #[error("stride of plane {plane} is {found} bytes, a row has {row}")]
    Stride {
        /// Index of the plane.
        plane: usize,
        /// The stride in bytes.
        found: usize,
        /// Bytes in a row.
        row: usize,
    },
    /// A slice ends before the last sample of its plane.
    #[error("plane {plane} has {found} bytes, its rows reach to {expected}")]
    Length {
        /// Index of the plane.
        plane: usize,
        /// Bytes given.
        found: usize,
        /// Bytes needed: `(rows - 1) * stride + row`.
        expected: usize,
    },
    /// U and V have different strides.
    #[error("strides of U and V differ: {u} and {v} bytes")]
    ChromaStrides {
        /// Bytes from row to row of U.
        u: usize,
        /// Bytes from row to row of V.
        v: usize,
    },
    /// Rows of 16-bit samples begin at odd addresses.
    #[error("16-bit samples of plane {plane} are not at even addresses")]
    Alignment {
        /// Index of the plane.
        plane: usize,
    },
    /// A sample has bits set that the format does not use.
    #[error("row {row} of plane {plane} has a sample with bits set beside the format's {depth}")]
    Sample {
        /// Index of the plane.
        plane: usize,
        /// Index of the row.
        row: usize,
        /// Bits of the format.
        depth: u8,
    },
    /// A part that is empty, reaches beyond the picture, or begins between two chroma samples.
    #[error(
        "part of {}x{} at {},{} of a picture of {}x{}",
        size.0, size.1, origin.0, origin.1, of.0, of.1
    )]
    Crop {
        /// Column and row of its first pixel.
        origin: (u32, u32),
        /// Its width and height in pixels.
        size: (u32, u32),
        /// Width and height of the picture in pixels.
        of: (u32, u32),
    },
    /// Memory for the picture could not be had.
    #[error("no memory for a picture of {bytes} bytes")]
    Memory {
        /// Bytes asked for.
        bytes: usize,
    },
}

#[cfg(test)]
#[path = "frame_test.rs"]
mod tests;
