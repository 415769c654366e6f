//! Shows how to
//!
//! 1. look at all frames in a first pass, which gives statistics
//! 2. keep these as bytes, for another process or another day
//! 3. spend the bits where they are needed in a second pass, which meets its rate
//!
//! Built with libx264, this program is under the GPL.

use std::error::Error;

use media_core::encode::{
    Config, Encoder, Finished, FrameOptions, FrameRate, Pass, RateControl, Statistics, x264,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::{TimeBase, Timestamp};

const SIZE: (u32, u32) = (320, 180);
const FRAMES: i64 = 250;

fn main() -> Result<(), Box<dyn Error>> {
    let bitrate = 300_000;
    let options = x264::Options { preset: x264::Preset::Fast, ..x264::Options::default() };
    let mut config = Config::new(options, SIZE, TimeBase::hz(25), FrameRate::hz(25));
    config.rate = RateControl::Average { bitrate };

    // 1. libx264 writes a stream in its first pass too, a quick one.
    let first = encode(Config { pass: Pass::First, ..config.clone() })?;
    let statistics = first.statistics.ok_or("a first pass has statistics")?;

    // 2.
    let bytes = statistics.to_bytes();
    println!("{} bytes of statistics", bytes.len());

    // 3.
    let pass = Pass::Second(Statistics::from_bytes(&bytes)?);
    let second = encode(Config { pass, ..config })?;
    println!("{} bit/s for {bitrate}", second.report.bytes * 8 * 25 / FRAMES as u64);
    Ok(())
}

fn encode(config: Config) -> Result<Finished, Box<dyn Error>> {
    let mut encoder = Encoder::open(config)?;
    let mut frame = Frame::new(PixelFormat::I420, SIZE)?;
    // The packets are all left to `finish`, since there are few; longer streams poll them as they come.
    for number in 0..FRAMES {
        draw(&mut frame, number as usize);
        encoder.push(&frame.as_ref(), Timestamp::new(number), &FrameOptions::default())?;
    }
    Ok(encoder.finish()?)
}

/// Two seconds of stillness, two of motion, and so on.
fn draw(frame: &mut Frame, number: usize) {
    let time = if (number / 50).is_multiple_of(2) { 0 } else { number };
    let stride = frame.stride(0);
    for (y, row) in frame.plane_mut(0).chunks_mut(stride).enumerate() {
        for (x, sample) in row.iter_mut().enumerate() {
            *sample = ((x * y / 8 + 5 * time) ^ (x / 2)) as u8;
        }
    }
}
