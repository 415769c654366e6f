//! What benchmarks of the codecs show them.

// Modules of a benchmark have no outside.
#![allow(unreachable_pub)]

use media_core::frame::{Frame, PixelFormat};

/// 720p.
pub const SIZE: (u32, u32) = (1280, 720);

/// Texture that drifts, as in a panning camera.
pub fn picture(number: usize) -> Frame {
    let mut frame = Frame::new(PixelFormat::I420, SIZE).expect("memory for a few frames");
    for plane in 0..3 {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, sample) in row.iter_mut().enumerate() {
                let (x, y) = (x + 3 * number, y + number);
                let hash = (x.wrapping_mul(0x9e37_79b1) ^ y.wrapping_mul(0x85eb_ca77)) >> 9;
                *sample = 60 + ((x / 3) % 96) as u8 + ((y / 2) % 64) as u8 + (hash & 7) as u8;
            }
        }
    }
    frame
}
