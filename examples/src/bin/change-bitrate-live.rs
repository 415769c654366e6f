//! Shows how to
//!
//! 1. open an encoder whose rate can change: with a buffer, and a level that has room for the highest rate
//! 2. give it another rate while it runs, as a sender does that is told of congestion
//! 3. hear of what cannot change
//!
//! Built with libx264, this program is under the GPL.

use std::error::Error;

use media_core::encode::{Change, Config, Encoder, FrameOptions, FrameRate, Latency, RateControl, x264};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::{TimeBase, Timestamp};

const SIZE: (u32, u32) = (640, 360);

fn main() -> Result<(), Box<dyn Error>> {
    // 1. The level is written at the beginning of the stream: without one, it would be the lowest for the first rate.
    let options =
        x264::Options { preset: x264::Preset::Superfast, level: Some(31), ..x264::Options::default() };
    let constant = |bitrate| RateControl::Constant { bitrate, buffer_ms: 500 };
    let mut config = Config::new(options, SIZE, TimeBase::VIDEO, FrameRate::hz(25));
    config.rate = constant(1_000_000);
    config.latency = Latency::Realtime;
    let mut encoder = Encoder::open(config)?;

    let mut frame = Frame::new(PixelFormat::I420, SIZE)?;
    let mut bytes = 0;
    for number in 0..300_usize {
        // 2. From the next frame on.
        match number {
            100 => encoder.reconfigure(&Change::rate(constant(250_000)))?,
            200 => encoder.reconfigure(&Change::rate(constant(2_000_000)))?,
            _ => {}
        }
        draw(&mut frame, number);
        encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * 3600), &FrameOptions::default())?;
        while let Some(coded) = encoder.poll() {
            bytes += coded.packet.data.len();
        }
        // A second after each change, rate control has settled.
        match number % 100 {
            24 => bytes = 0,
            99 => println!("{} bit/s for {:?}", bytes * 8 / 3, encoder.config().rate),
            _ => {}
        }
    }

    // 3.
    if let Err(error) = encoder.reconfigure(&Change::frame_rate(FrameRate::hz(50))) {
        println!("{error}");
    }
    encoder.finish()?;
    Ok(())
}

/// Something that never gets easy.
fn draw(frame: &mut Frame, number: usize) {
    let stride = frame.stride(0);
    for (y, row) in frame.plane_mut(0).chunks_mut(stride).enumerate() {
        for (x, sample) in row.iter_mut().enumerate() {
            *sample = (((x + 3 * number) * (y % 37) / 4) ^ (29 * number + y)) as u8;
        }
    }
}
