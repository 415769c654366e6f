//! What the kernels must give to the last bit, one sample after the other as the module's documentation describes it.

use super::filter::{Axis, ONE, Taps};
use super::rows::Samples;
use super::*;

/// The picture that `source` becomes.
pub(super) fn scale(config: &Config, source: &FrameRef) -> Frame {
    let (to, size) = config.to;
    let mut target = Frame::new(to, size).unwrap();
    for plane in 0..to.planes() {
        let (row, rows) = to.plane_size(plane, size).unwrap();
        let woven = if to.planes() == 2 && plane == 1 { 2 } else { 1 };
        let chroma = match plane {
            0 => (Chroma::Full, Chroma::Full),
            _ => (config.from.0.chroma(), to.chroma()),
        };
        let across = taps(Axis::columns((config.from.1.0, size.0), chroma), config.filter);
        let down = taps(Axis::rows((config.from.1.1, size.1), chroma), config.filter);
        for (y, down) in down.iter().enumerate().take(rows) {
            for x in 0..row / to.sample_len() {
                let channel = plane + x % woven;
                let value = sample(config, source, channel, &across[x / woven], down);
                put(&mut target, plane, (x, y), value);
            }
        }
    }
    target
}

fn sample(config: &Config, source: &FrameRef, channel: usize, across: &[Tap], down: &[Tap]) -> i32 {
    let (from, to) = (Samples::of(config.from.0), Samples::of(config.to.0));
    if channel > 0 && config.from.0.planes() == 1 {
        return 1 << (to.bits() - 1);
    }
    let middle = |column: usize| {
        let sum = down.iter().map(|(row, weight)| get(source, channel, (column, *row)) * weight).sum();
        rounded(sum, from.bits()).clamp(-32_768, 32_767)
    };
    let sum = across.iter().map(|(column, weight)| middle(*column) * weight).sum();
    rounded(sum, 28 - to.bits()).clamp(0, (1 << to.bits()) - 1)
}

/// A source sample and its weight.
type Tap = (usize, i32);

/// The source samples that count for each target sample.
fn taps(axis: Axis, filter: Filter) -> Vec<Vec<Tap>> {
    let target = 0..axis.samples().1;
    let Some(taps) = Taps::new(axis, filter).unwrap() else {
        return target.map(|index| vec![(index, ONE)]).collect();
    };
    let counting = |index: usize| {
        let weights = taps.weights(index).iter().enumerate().filter(|(_, weight)| **weight != 0);
        weights.map(|(at, weight)| (taps.starts[index] as usize + at, i32::from(*weight))).collect()
    };
    target.map(counting).collect()
}

fn rounded(sum: i32, shift: u32) -> i32 {
    (sum + (1 << (shift - 1))) >> shift
}

fn get(source: &FrameRef, channel: usize, (x, y): (usize, usize)) -> i32 {
    let format = source.format();
    let (plane, x) = match (format.planes(), channel) {
        (2, 1 | 2) => (1, 2 * x + channel - 1),
        _ => (channel, x),
    };
    let row = source.row(plane, y);
    match (format.sample_len(), format) {
        (1, _) => i32::from(row[x]),
        (_, PixelFormat::P010) => i32::from(u16::from_le_bytes([row[2 * x], row[2 * x + 1]]) >> 6),
        _ => i32::from(i16::from_le_bytes([row[2 * x], row[2 * x + 1]])),
    }
}

fn put(target: &mut Frame, plane: usize, (x, y): (usize, usize), value: i32) {
    let (format, stride) = (target.format(), target.stride(plane));
    let row = &mut target.plane_mut(plane)[y * stride..][..stride];
    match (format.sample_len(), format) {
        (1, _) => row[x] = value as u8,
        (_, PixelFormat::P010) => row[2 * x..][..2].copy_from_slice(&((value as u16) << 6).to_le_bytes()),
        _ => row[2 * x..][..2].copy_from_slice(&(value as u16).to_le_bytes()),
    }
}
