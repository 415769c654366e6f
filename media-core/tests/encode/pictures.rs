//! Pictures that cost an encoder something: texture that moves, the same in every run.

use media_core::frame::{Frame, PixelFormat};

/// `count` pictures of a texture that drifts, with a square that goes its own way.
pub fn moving(format: PixelFormat, size: (u32, u32), count: usize) -> Vec<Frame> {
    (0..count).map(|number| picture(format, size, number)).collect()
}

fn picture(format: PixelFormat, size: (u32, u32), number: usize) -> Frame {
    let mut frame = Frame::new(format, size).unwrap();
    for plane in 0..format.planes() {
        let (row, _) = format.plane_size(plane, size).unwrap();
        let stride = frame.stride(plane);
        if format.bit_depth() > 8 {
            fill_deep(&mut frame, plane, number);
            continue;
        }
        for (y, line) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, sample) in line[..row].iter_mut().enumerate() {
                *sample = texture(x + 2 * number, y + number, plane);
            }
            let left = (number * 5) % row;
            if (20..40).contains(&y) {
                line[left..(left + 16).min(row)].fill(200);
            }
        }
    }
    frame
}

/// The texture in 10 bits, the two lowest of which no 8-bit picture has.
fn fill_deep(frame: &mut Frame, plane: usize, number: usize) {
    let shift = if frame.format() == PixelFormat::P010 { 6 } else { 0 };
    let (row, _) = frame.format().plane_size(plane, frame.size()).unwrap();
    let stride = frame.stride(plane);
    for (y, line) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
        for (x, sample) in line[..row].chunks_exact_mut(2).enumerate() {
            let texture = u16::from(texture(x + 2 * number, y + number, plane));
            let deep = texture * 4 + ((x + y + number) & 3) as u16;
            sample.copy_from_slice(&(deep << shift).to_le_bytes());
        }
    }
}

/// P010 as I010.
pub fn unwoven(woven: &media_core::frame::FrameRef<'_>) -> Frame {
    let mut frame = Frame::new(PixelFormat::I010, woven.size()).unwrap();
    let strides = [0, 1, 2].map(|plane| frame.stride(plane));
    let low = |bytes: &[u8]| (u16::from_le_bytes([bytes[0], bytes[1]]) >> 6).to_le_bytes();
    for (plane, stride) in strides.into_iter().enumerate() {
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            let from = woven.row(plane.min(1), y);
            let (step, first) = if plane == 0 { (2, 0) } else { (4, 2 * (plane - 1)) };
            for (x, pair) in from.chunks(step).enumerate() {
                row[2 * x..][..2].copy_from_slice(&low(&pair[first..]));
            }
        }
    }
    frame
}

/// A sum of two waves and a hash's low bits, so that neither motion search nor transform get it for nothing.
fn texture(x: usize, y: usize, plane: usize) -> u8 {
    let wave = |v: usize| (v % 64).abs_diff(32) as u8;
    let hash = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77)) >> 7;
    60 + wave(x) * 2 + wave(y * 2 + x / 2) + (hash & 15) as u8 + plane as u8
}

/// An I420 picture as NV12.
pub fn woven(planar: &media_core::frame::FrameRef<'_>) -> Frame {
    let mut frame = Frame::new(PixelFormat::Nv12, planar.size()).unwrap();
    let (luma, chroma) = (frame.stride(0), frame.stride(1));
    for (y, row) in frame.plane_mut(0).chunks_mut(luma).enumerate() {
        let from = planar.row(0, y);
        row[..from.len()].copy_from_slice(from);
    }
    for (y, row) in frame.plane_mut(1).chunks_mut(chroma).enumerate() {
        for (x, (u, v)) in planar.row(1, y).iter().zip(planar.row(2, y)).enumerate() {
            row[2 * x..][..2].copy_from_slice(&[*u, *v]);
        }
    }
    frame
}

/// An I010 picture as P010.
pub fn woven_high(planar: &media_core::frame::FrameRef<'_>) -> Frame {
    let mut frame = Frame::new(PixelFormat::P010, planar.size()).unwrap();
    let high = |sample: &[u8]| (u16::from_le_bytes([sample[0], sample[1]]) << 6).to_le_bytes();
    let (luma, chroma) = (frame.stride(0), frame.stride(1));
    for (y, row) in frame.plane_mut(0).chunks_mut(luma).enumerate() {
        for (sample, from) in row.chunks_exact_mut(2).zip(planar.row(0, y).chunks_exact(2)) {
            sample.copy_from_slice(&high(from));
        }
    }
    for (y, row) in frame.plane_mut(1).chunks_mut(chroma).enumerate() {
        let pairs = planar.row(1, y).chunks_exact(2).zip(planar.row(2, y).chunks_exact(2));
        for (both, (u, v)) in row.chunks_exact_mut(4).zip(pairs) {
            both.copy_from_slice(&[high(u), high(v)].concat());
        }
    }
    frame
}
