//! Shows how to
//!
//! 1. ask for one VP9 stream with three sizes and three frame rates in it
//! 2. encode: each packet holds a picture at all sizes
//! 3. forward less of it to a receiver that can take less, without encoding again
//! 4. write both as IVF: `encode-vp9-svc folder && vpxdec --i420 -o low.yuv folder/low.ivf`

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use media_core::codec::vp9;
use media_core::encode::vpx::{Aq, Layers, Options, Spatial, Temporal};
use media_core::encode::{Config, Encoder, FrameOptions, FrameRate, KeyFrames, Latency, RateControl};
use media_core::frame::{Frame, PixelFormat};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use reelmill_examples::ivf;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".into()));

    // 1. The smallest first, each with its percent of the bit rate.
    let layers = Layers {
        spatial: vec![Spatial::new((1, 4), 15), Spatial::new((1, 2), 30), Spatial::new((1, 1), 55)],
        temporal: Temporal::Three { base: 40, middle: 60 },
        ..Layers::NONE
    };
    let options = Options { layers, aq: Aq::CyclicRefresh, ..Options::vp9() };
    let mut config = Config::new(options, (640, 360), TimeBase::VIDEO, FrameRate::hz(25));
    config.rate = RateControl::Constant { bitrate: 1_000_000, buffer_ms: 1000 };
    config.key_frames = KeyFrames::Fixed { every: 50 };
    config.latency = Latency::Realtime;
    let mut encoder = Encoder::open(config)?;

    let (mut all, mut low) = (Vec::new(), Vec::new());
    let mut frame = Frame::new(PixelFormat::I420, (640, 360))?;
    for number in 0..100 {
        // 2.
        draw(&mut frame, number);
        encoder.push(&frame.as_ref(), Timestamp::new(number as i64 * 3600), &FrameOptions::default())?;
        while let Some(coded) = encoder.poll() {
            // 3. 320x180 at half the frame rate: the lower two sizes, without the uppermost frame rate.
            if coded.picture.layer.temporal < 2 {
                let data = vp9::first_frames(&coded.packet.data, 2);
                low.push(Packet { data, ..coded.packet.clone() });
            }
            all.push(coded.packet);
        }
    }
    all.extend(encoder.finish()?.packets());

    // 4.
    fs::write(folder.join("all.ivf"), ivf::file(header((640, 360)), &all))?;
    fs::write(folder.join("low.ivf"), ivf::file(header((320, 180)), &low))?;
    println!("wrote all.ivf and low.ivf to {}", folder.display());
    Ok(())
}

/// A ramp that drifts.
fn draw(frame: &mut Frame, number: usize) {
    let stride = frame.stride(0);
    for (y, row) in frame.plane_mut(0).chunks_mut(stride).enumerate() {
        for (x, sample) in row.iter_mut().enumerate() {
            *sample = (x + y + 3 * number) as u8;
        }
    }
    (1..3).for_each(|plane| frame.plane_mut(plane).fill(128));
}

fn header(size: (u16, u16)) -> ivf::Header {
    ivf::Header { codec: *b"VP90", size, rate: (90_000, 1) }
}
