//! Shows how to
//!
//! 1. say which part of a picture matters, with offsets to its quantizer
//! 2. send the map along with each frame
//! 3. see what became of it: at the same rate, that part has less to hide
//!
//! Built with libx264, this program is under the GPL.

use std::error::Error;
use std::sync::Arc;

use media_core::encode::{
    Block, Config, Encoder, FrameOptions, FrameRate, Latency, Metrics, RateControl, Regions, x264,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::{TimeBase, Timestamp};

const SIZE: (u32, u32) = (640, 360);

fn main() -> Result<(), Box<dyn Error>> {
    // 1. A face in the middle, in pixels: ten steps finer than the rest, which pays for it with two.
    let mut regions = Regions::new(SIZE);
    regions.fill(0..SIZE.0, 0..SIZE.1, Block::Offset(2));
    regions.fill(240..400, 90..270, Block::Offset(-10));
    let face = FrameOptions { regions: Some(Arc::new(regions)), ..FrameOptions::default() };

    for (name, options) in [("all alike", FrameOptions::default()), ("with a face", face)] {
        // 3. The mean over the picture falls, since bits went where only a part of the picture gains.
        println!("{name}: {:.2} dB", encode(&options)?);
    }
    Ok(())
}

/// The mean PSNR of luma.
fn encode(options: &FrameOptions) -> Result<f32, Box<dyn Error>> {
    let x264 = x264::Options { preset: x264::Preset::Veryfast, ..x264::Options::default() };
    let mut config = Config::new(x264, SIZE, TimeBase::VIDEO, FrameRate::hz(25));
    config.rate = RateControl::Constant { bitrate: 600_000, buffer_ms: 1000 };
    config.latency = Latency::Realtime;
    config.metrics = Metrics { psnr: true, ssim: false };
    let mut encoder = Encoder::open(config)?;
    let mut frame = Frame::new(PixelFormat::I420, SIZE)?;
    for number in 0..100_usize {
        draw(&mut frame, number);
        // 2. The map may be another one each time; it is shared, not copied.
        encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * 3600), options)?;
    }
    let report = encoder.finish()?.report;
    Ok(report.psnr.ok_or("asked for")?.y)
}

fn draw(frame: &mut Frame, number: usize) {
    let stride = frame.stride(0);
    for (y, row) in frame.plane_mut(0).chunks_mut(stride).enumerate() {
        for (x, sample) in row.iter_mut().enumerate() {
            *sample = ((x + number) * (y + 2 * number) / 32) as u8;
        }
    }
}
