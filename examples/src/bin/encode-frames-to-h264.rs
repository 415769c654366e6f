//! Shows how to
//!
//! 1. ask for an encoder: live settings at 1 Mbit/s, a key frame every two seconds
//! 2. draw into frames that are used over and over
//! 3. push frames and poll packets, forcing a key frame where one is wanted
//! 4. write the packets as a byte stream that players open: `encode-frames-to-h264 out.h264 && ffplay out.h264`
//!
//! Built with libx264, this program is under the GPL.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use media_core::codec;
use media_core::encode::{Config, Encoder, FrameOptions, FrameRate, KeyFrames, Latency, RateControl, x264};
use media_core::frame::{Frame, PixelFormat, Pool};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "out.h264".into());
    let mut out = BufWriter::new(File::create(&path)?);

    // 1.
    let size = (640, 360);
    let options = x264::Options { preset: x264::Preset::Veryfast, ..x264::Options::default() };
    let mut config = Config::new(options, size, TimeBase::VIDEO, FrameRate::hz(25));
    config.rate = RateControl::Constant { bitrate: 1_000_000, buffer_ms: 1000 };
    config.key_frames = KeyFrames::Fixed { every: 50 };
    config.latency = Latency::Realtime;
    let mut encoder = Encoder::open(config)?;
    write_parameter_sets(&mut out, encoder.codec_config())?;

    // 2.
    let pool = Pool::new(PixelFormat::I420, size, 2)?;
    for number in 0..250 {
        let mut frame = pool.take()?.ok_or("all frames are in use")?;
        draw(&mut frame, number);

        // 3. Ticks of 90 kHz; here the scene changes after four seconds.
        let pts = Timestamp::new(number as i64 * 3600);
        let options = if number == 110 { FrameOptions::KEY } else { FrameOptions::default() };
        encoder.push(&frame.as_ref(), pts, &options)?;
        while let Some(coded) = encoder.poll() {
            write_packet(&mut out, &coded.packet)?;
        }
    }
    for packet in encoder.finish()?.packets() {
        write_packet(&mut out, &packet)?;
    }
    println!("wrote {path}");
    Ok(out.flush()?)
}

/// A ramp that drifts, in changing colours.
fn draw(frame: &mut Frame, number: usize) {
    for plane in 0..3 {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, sample) in row.iter_mut().enumerate() {
                *sample = match plane {
                    0 => (x + y + 3 * number) as u8,
                    _ => (128 + number / 2 * plane) as u8,
                };
            }
        }
    }
}

/// 4. A byte stream (H.264 annex B) has start codes where packets have lengths, and parameter sets where packets have none.
fn write_packet(out: &mut impl Write, packet: &Packet) -> std::io::Result<()> {
    let mut rest = &packet.data[..];
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (unit, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        write_unit(out, unit)?;
        rest = after;
    }
    Ok(())
}

fn write_parameter_sets(out: &mut impl Write, config: &codec::Config) -> std::io::Result<()> {
    let codec::Config::H264(config) = config else { unreachable!("libx264 codes H.264") };
    config.sps().iter().chain(config.pps()).try_for_each(|set| write_unit(out, set))
}

fn write_unit(out: &mut impl Write, unit: &[u8]) -> std::io::Result<()> {
    out.write_all(&[0, 0, 0, 1])?;
    out.write_all(unit)
}
