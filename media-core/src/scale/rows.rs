//! How the kernels see a plane: rows of samples to read, and what turns sums into samples to write.

use super::filter::WEIGHT_BITS;
use crate::frame::{FrameRef, PixelFormat};

/// Bits of a sample between the two passes, whatever it has outside; a sign and a bit for what a filter overshoots complete 16.
pub(super) const MIDDLE_BITS: u32 = 14;

/// How a sample lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Samples {
    /// One byte.
    Eight,
    /// Two bytes, the low ten bits used.
    Low10,
    /// Two bytes, the high ten bits used.
    High10,
}

impl Samples {
    pub(super) fn of(format: PixelFormat) -> Self {
        match (format, format.bit_depth()) {
            (PixelFormat::P010, _) => Self::High10,
            (_, 8) => Self::Eight,
            _ => Self::Low10,
        }
    }

    pub(super) const fn bits(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Low10 | Self::High10 => 10,
        }
    }

    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::Eight => 1,
            Self::Low10 | Self::High10 => 2,
        }
    }

    /// By how many bits it lies above the low end.
    pub(super) const fn raised(self) -> u32 {
        match self {
            Self::High10 => 6,
            Self::Eight | Self::Low10 => 0,
        }
    }

    pub(super) const fn max(self) -> i32 {
        (1 << self.bits()) - 1
    }

    /// What is to be shifted out of a sum of weighted samples to leave [`MIDDLE_BITS`].
    pub(super) const fn vertical_shift(self) -> u32 {
        self.bits() + WEIGHT_BITS - MIDDLE_BITS
    }

    /// What is to be shifted out of a sum of weighted middle samples to leave its own bits.
    pub(super) const fn horizontal_shift(self) -> u32 {
        MIDDLE_BITS + WEIGHT_BITS - self.bits()
    }
}

/// The rows of a plane to read.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) samples: Samples,
    data: &'a [u8],
    stride: usize,
    /// Bytes of a row.
    len: usize,
    last: usize,
}

impl<'a> Rows<'a> {
    pub(super) fn of(frame: &FrameRef<'a>, plane: usize) -> Self {
        let (len, rows) = frame.format().plane_size(plane, frame.size()).expect("a plane of the format");
        let (data, stride) = (frame.planes()[plane].data, frame.planes()[plane].stride);
        Self { samples: Samples::of(frame.format()), data, stride, len, last: rows - 1 }
    }

    /// The bytes of a row; those beyond the last are the last.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &'a [u8] {
        &self.data[row.min(self.last) * self.stride..][..self.len]
    }
}
