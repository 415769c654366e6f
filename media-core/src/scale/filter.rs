//! Which source samples make up each target sample along one axis, and with what weights.
//!
//! Positions are exact fractions of whole numbers, so that the two hundredth sample of a 3:2 axis is weighted like the second. Weights are
//! worked out in floating point once per scaler; what runs per frame is whole numbers.

use super::Error;
use crate::frame::Chroma;

/// How the samples of a smaller or larger picture are made from those around them.
///
/// Shrinking stretches each filter by the ratio, so that no source sample is passed over and fine patterns do not turn into coarse ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Filter {
    /// The mean of the area that a target sample covers; blocks when enlarging. As ffmpeg's `area` when shrinking.
    Area,
    /// Two samples each way, weighted by their nearness; stretched as all filters, which swscale's `fast_bilinear` is not.
    Bilinear,
    /// Four samples each way: the cubic with B = 0, C = 0.6 that is ffmpeg's default.
    #[default]
    Bicubic,
    /// Six samples each way: a windowed sine of three lobes. The sharpest, with faint echoes along hard edges.
    Lanczos,
}

impl Filter {
    /// How far it reaches to either side, in samples.
    const fn radius(self) -> f64 {
        match self {
            Self::Area => 0.5,
            Self::Bilinear => 1.0,
            Self::Bicubic => 2.0,
            Self::Lanczos => 3.0,
        }
    }

    /// The weight at a distance below its radius.
    fn weight(self, distance: f64) -> f64 {
        let x = distance.abs();
        match self {
            Self::Area => 1.0,
            Self::Bilinear => 1.0 - x,
            // Mitchell and Netravali 1988, equation 8, with B = 0 and C = 0.6.
            Self::Bicubic if x < 1.0 => (1.4 * x - 2.4) * x * x + 1.0,
            Self::Bicubic => ((-0.6 * x + 3.0) * x - 4.8) * x + 2.4,
            Self::Lanczos if x < 1e-9 => 1.0,
            Self::Lanczos => {
                let angle = x * std::f64::consts::PI;
                3.0 * angle.sin() * (angle / 3.0).sin() / (angle * angle)
            }
        }
    }
}

/// The samples along one side of a plane before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// Width or height of the pictures in pixels, 1 to `MAX_SIDE`.
    pixels: (u32, u32),
    /// Pixels to a sample: 1 or 2.
    grid: (u32, u32),
    /// Whether a sample that stands for two pixels stands between them instead of on the first.
    between: bool,
}

impl Axis {
    /// Columns of a luma (or, given its layout, chroma) plane. Halved chroma stands on the left of its two pixels, as MPEG-2, H.264 and all
    /// since have it unless they say otherwise (H.273 chroma location 0).
    pub(super) fn columns(pixels: (u32, u32), chroma: (Chroma, Chroma)) -> Self {
        Self { pixels, grid: (chroma.0.grid().0, chroma.1.grid().0), between: false }
    }

    /// Rows of such a plane. Halved chroma stands half-way between its two rows.
    pub(super) fn rows(pixels: (u32, u32), chroma: (Chroma, Chroma)) -> Self {
        Self { pixels, grid: (chroma.0.grid().1, chroma.1.grid().1), between: true }
    }

    /// Samples before and after.
    pub(super) const fn samples(self) -> (usize, usize) {
        (self.pixels.0.div_ceil(self.grid.0) as usize, self.pixels.1.div_ceil(self.grid.1) as usize)
    }

    /// Whether each sample stays what and where it is.
    pub(super) const fn is_identity(self) -> bool {
        self.pixels.0 == self.pixels.1 && self.grid.0 == self.grid.1
    }

    /// Source samples per target sample.
    fn step(self) -> f64 {
        f64::from(self.pixels.0 * self.grid.1) / f64::from(self.pixels.1 * self.grid.0)
    }

    /// Where a target sample stands, counted in source samples from the centre of the first.
    fn centre(self, target: usize) -> f64 {
        let (source, pixels) = (i64::from(self.pixels.0), i64::from(self.pixels.1));
        let (from, to) = (i64::from(self.grid.0), i64::from(self.grid.1));
        // In halves of pixels from the picture's edge, over `pixels`: at most 2^35.
        let own = if self.between { from } else { 1 };
        let place = if self.between { (2 * target as i64 + 1) * to } else { 2 * target as i64 * to + 1 };
        (place * source - own * pixels) as f64 / (2 * from * pixels) as f64
    }
}

/// The weights of an axis: equally many for each target sample, which add up to [`ONE`].
#[derive(Debug)]
pub(super) struct Taps {
    /// Weights per target sample.
    pub(super) count: usize,
    /// The first source sample of each target sample; never decreases.
    pub(super) starts: Vec<u32>,
    /// `count` for each target sample. Those that would reach beyond the last source sample are zero.
    pub(super) weights: Vec<i16>,
}

impl Taps {
    /// `None` for an axis that changes nothing.
    pub(super) fn new(axis: Axis, filter: Filter) -> Result<Option<Self>, Error> {
        if axis.is_identity() {
            return Ok(None);
        }
        let (source, target) = axis.samples();
        // Shrinking stretches the filter. A box is as wide as what it covers when it enlarges, too.
        let step = axis.step();
        let stretch = if filter == Filter::Area { step } else { step.max(1.0) };
        let widest = (2.0 * filter.radius() * stretch).ceil() as usize + 1;
        let count = widest.min(source);
        let mut taps = Self {
            count,
            starts: allocate(target, 0_u32)?,
            weights: allocate(target.checked_mul(count).ok_or(Error::Memory { bytes: usize::MAX })?, 0)?,
        };
        let mut exact = allocate(count, 0.0)?;
        for index in 0..target {
            let start = weigh(axis.centre(index), stretch, filter, source, &mut exact);
            taps.starts[index] = start as u32;
            quantise(&exact, &mut taps.weights[index * count..][..count]);
        }
        taps.shrink();
        Ok(Some(taps))
    }

    /// The weights of one target sample.
    pub(super) fn weights(&self, index: usize) -> &[i16] {
        &self.weights[index * self.count..][..self.count]
    }

    /// Leaves out the last weights when they are zero for every target sample.
    fn shrink(&mut self) {
        let used =
            |weights: &[i16]| weights.iter().rposition(|weight| *weight != 0).map_or(1, |last| last + 1);
        let count = self.weights.chunks_exact(self.count).map(used).max().unwrap_or(1);
        for index in 0..self.starts.len() {
            self.weights.copy_within(index * self.count..index * self.count + count, index * count);
        }
        self.weights.truncate(self.starts.len() * count);
        self.count = count;
    }
}

/// Fills in the weights of the samples around `centre` and gives the index of the first. Where the filter reaches beyond an end, the sample
/// there counts for those that are missing.
fn weigh(centre: f64, stretch: f64, filter: Filter, source: usize, weights: &mut [f64]) -> usize {
    weights.fill(0.0);
    let reach = filter.radius() * stretch;
    let last = source as i64 - 1;
    // The samples whose areas the box touches, or those nearer than the filter's radius.
    let (first, end) = if filter == Filter::Area {
        ((centre - reach + 0.5).floor() as i64, (centre + reach + 0.5).ceil() as i64)
    } else {
        ((centre - reach).floor() as i64 + 1, (centre + reach).ceil() as i64)
    };
    let start = first.clamp(0, last);
    for sample in first..end {
        let weight = if filter == Filter::Area {
            let (left, right) = (sample as f64 - 0.5, sample as f64 + 0.5);
            (right.min(centre + reach) - left.max(centre - reach)).max(0.0)
        } else {
            filter.weight((sample as f64 - centre) / stretch)
        };
        weights[(sample.clamp(0, last) - start) as usize] += weight;
    }
    start as usize
}

/// Whole weights that add up to [`ONE`]: each is the difference of two rounded sums, so that thousands of tiny ones come out as a few ones
/// and none drifts.
fn quantise(exact: &[f64], weights: &mut [i16]) {
    let scale = f64::from(ONE) / exact.iter().sum::<f64>();
    let (mut sum, mut before) = (0.0, 0);
    for (exact, weight) in exact.iter().zip(weights) {
        sum += exact;
        let now = (sum * scale).round() as i32;
        // No filter here weighs a sample by more than 1.3 times the whole.
        *weight = (now - before) as i16;
        before = now;
    }
}

/// A vector of `len` times `value`, or an error where memory ends.
pub(super) fn allocate<T: Clone>(len: usize, value: T) -> Result<Vec<T>, Error> {
    let mut vec = Vec::new();
    let bytes = len.saturating_mul(size_of::<T>());
    vec.try_reserve_exact(len).map_err(|_| Error::Memory { bytes })?;
    vec.resize(len, value);
    Ok(vec)
}

/// The weight of a sample that is taken as it is. With 14 bits, sums of the widest filter over samples of 16 bits stay within 32.
pub(super) const ONE: i32 = 1 << WEIGHT_BITS;
pub(super) const WEIGHT_BITS: u32 = 14;
