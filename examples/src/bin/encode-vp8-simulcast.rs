//! Shows how to
//!
//! 1. ask for one VP8 stream per size, encoded together: each size begins its search with what the next smaller one found
//! 2. give each picture at each size, and force a key frame in all streams at once
//! 3. write one IVF file per stream: `encode-vp8-simulcast folder && ffplay folder/320x180.ivf`

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use media_core::encode::vpx::{Options, Simulcast};
use media_core::encode::{Config, FrameOptions, FrameRate, KeyFrames, Latency, RateControl};
use media_core::frame::{Frame, FrameRef, PixelFormat};
use media_core::time::{TimeBase, Timestamp};
use reelmill_examples::ivf;

const SIZES: [((u32, u32), u32); 3] = [((640, 360), 800_000), ((320, 180), 300_000), ((160, 90), 100_000)];

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".into()));

    // 1. The largest first.
    let configs = SIZES.map(|(size, bitrate)| Config {
        rate: RateControl::Constant { bitrate, buffer_ms: 1000 },
        key_frames: KeyFrames::OnlyForced,
        latency: Latency::Realtime,
        ..Config::new(Options::vp8(), size, TimeBase::VIDEO, FrameRate::hz(25))
    });
    let mut simulcast = Simulcast::open(&configs)?;

    let mut frames = Vec::new();
    for (size, _) in SIZES {
        frames.push(Frame::new(PixelFormat::I420, size)?);
    }
    let mut streams = vec![Vec::new(); SIZES.len()];
    for number in 0..100 {
        // 2. A server scales one picture to all sizes; this draws each.
        for (frame, step) in frames.iter_mut().zip([1, 2, 4]) {
            draw(frame, number, step);
        }
        let frames: Vec<FrameRef<'_>> = frames.iter().map(Frame::as_ref).collect();
        let options = if number == 60 { FrameOptions::KEY } else { FrameOptions::default() };
        simulcast.push(&frames, Timestamp::new(number as i64 * 3600), &options)?;
        while let Some((stream, coded)) = simulcast.poll() {
            streams[stream].push(coded.packet);
        }
    }
    simulcast.finish()?;

    // 3.
    for (packets, ((width, height), _)) in streams.iter().zip(SIZES) {
        let file = ivf::file(header((width as u16, height as u16)), packets);
        fs::write(folder.join(format!("{width}x{height}.ivf")), file)?;
    }
    println!("wrote {} streams to {}", SIZES.len(), folder.display());
    Ok(())
}

/// A ramp that drifts, seen `step` times smaller.
fn draw(frame: &mut Frame, number: usize, step: usize) {
    let stride = frame.stride(0);
    for (y, row) in frame.plane_mut(0).chunks_mut(stride).enumerate() {
        for (x, sample) in row.iter_mut().enumerate() {
            *sample = ((x + y) * step + 3 * number) as u8;
        }
    }
    (1..3).for_each(|plane| frame.plane_mut(plane).fill(128));
}

fn header(size: (u16, u16)) -> ivf::Header {
    ivf::Header { codec: *b"VP80", size, rate: (90_000, 1) }
}
