//! Shows how to
//!
//! 1. open an encoder for a screen: no delay, text kept sharp, and told beforehand that it will hear what did not change
//! 2. tell it with each frame, as a window system knows from its damage rectangles
//! 3. get slices out before the picture is complete
//!
//! Built with libx264, this program is under the GPL.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use media_core::encode::{
    Block, Config, Encoder, FrameOptions, FrameRate, KeyFrames, Latency, RateControl, Regions, Threads, x264,
};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::{TimeBase, Timestamp};

const SIZE: (u32, u32) = (640, 360);

fn main() -> Result<(), Box<dyn Error>> {
    // 1. Full chroma for coloured text; without weighted prediction, so that what is said is used.
    let options = x264::Options {
        preset: x264::Preset::Veryfast,
        tune: Some(x264::Tune::Animation),
        unchanged_blocks: true,
        params: vec![("weightp".into(), "0".into())],
        ..x264::Options::default()
    };
    let mut config = Config::new(options, SIZE, TimeBase::VIDEO, FrameRate::hz(25));
    config.format = PixelFormat::I444;
    config.rate = RateControl::CappedQuality { q: 24.into(), max: 3_000_000, buffer_ms: 500 };
    config.key_frames = KeyFrames::OnlyForced;
    config.latency = Latency::Realtime;
    config.threads = Threads::Count(2);

    // 3. Called from libx264's threads; a sender would put each into its socket.
    let (sent, slices) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (bytes, count) = (Arc::clone(&sent), Arc::clone(&slices));
    let mut encoder = Encoder::open_with_slices(config, move |slice| {
        bytes.fetch_add(slice.data.len(), Ordering::Relaxed);
        count.fetch_add(1, Ordering::Relaxed);
    })?;

    let mut frame = Frame::new(PixelFormat::I444, SIZE)?;
    (0..SIZE.1).for_each(|row| write_line(&mut frame, row, 0));
    let mut first = 0;
    for number in 0..100_u32 {
        // 2. One line of text is written after the other; nothing else changes.
        let rows = number * 3..number * 3 + 16;
        rows.clone().for_each(|row| write_line(&mut frame, row, number));
        let mut regions = Regions::new(SIZE);
        regions.fill(0..SIZE.0, 0..SIZE.1, Block::Unchanged);
        regions.fill(0..SIZE.0, rows, Block::Offset(0));
        let options = FrameOptions { regions: Some(Arc::new(regions)), ..FrameOptions::default() };
        encoder.push(&frame.as_ref(), Timestamp::new(i64::from(number) * 3600), &options)?;
        while let Some(coded) = encoder.poll() {
            first = if number == 0 { coded.packet.data.len() } else { first };
        }
    }
    encoder.finish()?;
    let (sent, slices) = (sent.load(Ordering::Relaxed), slices.load(Ordering::Relaxed));
    println!(
        "{first} bytes for the first picture, {} for each that follows, in {slices} slices",
        (sent - first) / 99
    );
    Ok(())
}

/// A row of pixels of something like text, in a colour of its own.
fn write_line(frame: &mut Frame, row: u32, colour: u32) {
    for plane in 0..3 {
        let stride = frame.stride(plane);
        let line = &mut frame.plane_mut(plane)[row as usize * stride..][..SIZE.0 as usize];
        for (x, sample) in line.iter_mut().enumerate() {
            let ink = ((x * 7) ^ (row as usize * 13)) % 11 < 4;
            *sample = match (plane, ink) {
                (0, true) => 40,
                (0, false) => 235,
                (_, true) => (128 + colour as usize * plane) as u8,
                (_, false) => 128,
            };
        }
    }
}
