//! The kernels in plain Rust, written so that compilers vectorise them: what runs where there is nothing better, NEON included.
//!
//! [`x86`](super::x86) gives the same numbers to the last bit.

use super::filter::{Taps, WEIGHT_BITS};
use super::rows::{MIDDLE_BITS, Rows, Samples};

/// Sums up rows from `start` on, as many as there are weights, into one row of middle samples.
#[inline(always)]
pub(super) fn vertical(rows: &Rows, start: usize, weights: &[i16], into: &mut [i16]) {
    let shift = rows.samples.vertical_shift();
    for (block, into) in into.chunks_mut(BLOCK).enumerate() {
        let mut sums = [1 << (shift - 1); BLOCK];
        let sums = &mut sums[..into.len()];
        for (tap, weight) in weights.iter().enumerate() {
            add_weighted(rows.samples, rows.row(start + tap), block * BLOCK, i32::from(*weight), sums);
        }
        into.iter_mut().zip(sums).for_each(|(into, sum)| *into = saturate(*sum >> shift));
    }
}

#[inline(always)]
fn add_weighted(samples: Samples, row: &[u8], first: usize, weight: i32, sums: &mut [i32]) {
    match samples {
        Samples::Eight => {
            let row = &row[first..][..sums.len()];
            sums.iter_mut().zip(row).for_each(|(sum, sample)| *sum += i32::from(*sample) * weight);
        }
        Samples::Low10 | Samples::High10 => {
            let row = &row.as_chunks::<2>().0[first..][..sums.len()];
            let raised = samples.raised();
            sums.iter_mut().zip(row).for_each(|(sum, sample)| *sum += read(*sample, raised) * weight);
        }
    }
}

/// A sample of two bytes. One with bits beyond its ten is taken for what 16 signed bits hold: wrong, as it is, but never out of bounds.
#[inline(always)]
fn read(sample: [u8; 2], raised: u32) -> i32 {
    i32::from((u16::from_le_bytes(sample) >> raised).cast_signed())
}

/// Makes each sample of a row out of `taps.count` middle samples. `from` has as many behind its last as a filter may be wide.
#[inline(always)]
pub(super) fn horizontal(from: &[i16], taps: &Taps, samples: Samples, into: &mut [u8]) {
    let shift = samples.horizontal_shift();
    let starts = taps.starts.iter().zip(taps.weights.chunks_exact(taps.count));
    write(
        samples,
        into,
        starts.map(|(start, weights)| {
            let from = &from[*start as usize..][..weights.len()];
            let products =
                from.iter().zip(weights).map(|(sample, weight)| i32::from(*sample) * i32::from(*weight));
            (products.sum::<i32>() + (1 << (shift - 1))) >> shift
        }),
    );
}

/// Middle samples of a row as it is.
#[inline(always)]
pub(super) fn widen(samples: Samples, row: &[u8], into: &mut [i16]) {
    let shift = MIDDLE_BITS - samples.bits();
    match samples {
        Samples::Eight => {
            into.iter_mut().zip(row).for_each(|(into, sample)| *into = i16::from(*sample) << shift);
        }
        Samples::Low10 | Samples::High10 => {
            let raised = samples.raised();
            let row = row.as_chunks::<2>().0;
            into.iter_mut()
                .zip(row)
                .for_each(|(into, sample)| *into = saturate(read(*sample, raised) << shift));
        }
    }
}

/// Samples of middle samples as they are.
#[inline(always)]
pub(super) fn narrow(from: &[i16], samples: Samples, into: &mut [u8]) {
    let shift = MIDDLE_BITS - samples.bits();
    write(samples, into, from.iter().map(|sample| (i32::from(*sample) + (1 << (shift - 1))) >> shift));
}

#[inline(always)]
fn write(samples: Samples, into: &mut [u8], values: impl Iterator<Item = i32>) {
    let max = samples.max();
    match samples {
        Samples::Eight => {
            into.iter_mut().zip(values).for_each(|(into, value)| *into = value.clamp(0, max) as u8)
        }
        Samples::Low10 | Samples::High10 => {
            let raised = samples.raised();
            let into = into.as_chunks_mut::<2>().0.iter_mut();
            into.zip(values)
                .for_each(|(into, value)| *into = ((value.clamp(0, max) as u16) << raised).to_le_bytes());
        }
    }
}

#[inline(always)]
fn saturate(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// Columns that are summed up at a time: their sums stay in registers.
const BLOCK: usize = 32;

const _: () = assert!(MIDDLE_BITS + WEIGHT_BITS < 31);
