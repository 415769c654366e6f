//! Weights laid out for vector code, in the order in which it uses them.

use super::Error;
use super::filter::{Taps, allocate};

/// The weights and places of an axis for `x86::horizontal`, block by block of 32 target samples. The eight sums of vector `v` in a block are
/// those of samples `4 v` to `4 v + 3` and `16 + 4 v` to `16 + 4 v + 3`, since packing interleaves the halves of vectors.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) reach: Reach,
    pub(super) blocks: usize,
    /// Steps to a sum.
    pub(super) steps: usize,
    /// Where loads begin: in the order of use, the lower and the upper half's.
    pub(super) starts: Vec<[u32; 2]>,
    /// For [`Reach::Near`]: which bytes of the load are the pairs of four samples.
    pub(super) shuffles: Vec<[i8; 32]>,
    pub(super) weights: Vec<[i16; 16]>,
}

/// What a sum takes in one step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reach {
    /// A pair of neighbours of each of four samples, out of one load of eight.
    Near,
    /// Eight neighbours of one sample.
    Far,
}

impl Table {
    pub(super) fn new(taps: &Taps) -> Result<Self, Error> {
        let spread = |four: &[u32]| four[four.len() - 1] - four[0];
        if taps.starts.chunks(4).all(|four| spread(four) <= 6) { Self::near(taps) } else { Self::far(taps) }
    }

    fn near(taps: &Taps) -> Result<Self, Error> {
        let (blocks, pairs) = (taps.starts.len().div_ceil(BLOCK), taps.count.div_ceil(2));
        let mut table = Self {
            reach: Reach::Near,
            blocks,
            steps: pairs,
            starts: allocate(blocks * 4, [0; 2])?,
            shuffles: allocate(blocks * 4, [0; 32])?,
            weights: allocate(blocks * 4 * pairs, [0; 16])?,
        };
        for (sample, start) in taps.starts.iter().enumerate() {
            let Place { vector, half, lane } = Place::of(sample);
            if lane == 0 {
                table.starts[vector][half] = *start;
            }
            let first = 2 * (start - table.starts[vector][half]) as i8;
            for byte in 0..4 {
                table.shuffles[vector][16 * half + 4 * lane + byte] = first + byte as i8;
            }
            for (pair, weights) in taps.weights(sample).chunks(2).enumerate() {
                let into = &mut table.weights[vector * pairs + pair][8 * half + 2 * lane..][..weights.len()];
                into.copy_from_slice(weights);
            }
        }
        Ok(table)
    }

    fn far(taps: &Taps) -> Result<Self, Error> {
        let (blocks, octets) = (taps.starts.len().div_ceil(BLOCK), taps.count.div_ceil(8));
        let steps = (blocks * BLOCK / 2).checked_mul(octets).ok_or(Error::Memory { bytes: usize::MAX })?;
        let mut table = Self {
            reach: Reach::Far,
            blocks,
            steps: octets,
            starts: allocate(blocks * BLOCK / 2, [0; 2])?,
            shuffles: Vec::new(),
            weights: allocate(steps, [0; 16])?,
        };
        for (sample, start) in taps.starts.iter().enumerate() {
            let Place { vector, half, lane } = Place::of(sample);
            table.starts[4 * vector + lane][half] = *start;
            for (octet, weights) in taps.weights(sample).chunks(8).enumerate() {
                let into =
                    &mut table.weights[(4 * vector + lane) * octets + octet][8 * half..][..weights.len()];
                into.copy_from_slice(weights);
            }
        }
        Ok(table)
    }
}

/// Where the sum of a target sample is: in which vector, which half of it, and which of the half's four.
struct Place {
    vector: usize,
    half: usize,
    lane: usize,
}

impl Place {
    const fn of(sample: usize) -> Self {
        let (block, within) = (sample / BLOCK, sample % BLOCK);
        Self { vector: 4 * block + within % 16 / 4, half: within / 16, lane: within % 4 }
    }
}

/// Columns, or target samples of a row, that are worked on together.
pub(super) const BLOCK: usize = 32;
