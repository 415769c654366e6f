//! Shows how to
//!
//! 1. ask for a VP9 file of two passes: 500 kbit/s on average, 10 bits
//! 2. run the first pass, which only looks, and keep its statistics in memory
//! 3. run the second pass, which spends the bits where they are needed
//! 4. write the packets as IVF, which players open: `encode-frames-to-vp9 out.ivf && ffplay out.ivf`

use std::error::Error;
use std::fs;

use media_core::encode::vpx::{Deadline, Options};
use media_core::encode::{Config, Encoder, Finished, FrameOptions, FrameRate, Pass, RateControl};
use media_core::frame::{Frame, PixelFormat};
use media_core::time::{TimeBase, Timestamp};
use reelmill_examples::ivf;

const SIZE: (u32, u32) = (320, 180);
const FRAMES: u32 = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "out.ivf".into());

    // 1.
    let options = Options { deadline: Deadline::Good, cpu_used: 4, ..Options::vp9() };
    let mut config = Config::new(options, SIZE, TimeBase::hz(25), FrameRate::hz(25));
    config.format = PixelFormat::I010;
    config.rate = RateControl::Average { bitrate: 500_000 };

    // 2.
    let first = encode(Config { pass: Pass::First, ..config.clone() })?;
    let statistics = first.statistics.ok_or("a first pass has statistics")?;

    // 3.
    let second = encode(Config { pass: Pass::Second(statistics), ..config })?;
    let report = second.report;

    // 4.
    let header = ivf::Header { codec: *b"VP90", size: (SIZE.0 as u16, SIZE.1 as u16), rate: (25, 1) };
    let packets: Vec<_> = second.packets().collect();
    fs::write(&path, ivf::file(header, &packets))?;
    println!("wrote {path}: {} packets of {} bytes", report.packets, report.bytes);
    Ok(())
}

/// All frames through one encoder; both passes need the same ones.
fn encode(config: Config) -> Result<Finished, Box<dyn Error>> {
    let mut frame = Frame::new(config.format, config.size)?;
    let mut encoder = Encoder::open(config)?;
    let mut coded = Vec::new();
    for number in 0..FRAMES {
        draw(&mut frame, number as usize);
        encoder.push(&frame.as_ref(), Timestamp::new(number.into()), &FrameOptions::default())?;
        coded.extend(std::iter::from_fn(|| encoder.poll()));
    }
    let mut finished = encoder.finish()?;
    coded.append(&mut finished.coded);
    Ok(Finished { coded, ..finished })
}

/// A ramp that drifts, in steps that 8 bits do not have. Samples of 10 bits lie in the low end of 16.
fn draw(frame: &mut Frame, number: usize) {
    for plane in 0..3 {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, sample) in row.chunks_exact_mut(2).enumerate() {
                let value = if plane == 0 { (2 * x + y + 3 * number) % 1024 } else { 512 };
                sample.copy_from_slice(&(value as u16).to_le_bytes());
            }
        }
    }
}
