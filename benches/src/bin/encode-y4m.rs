//! A whole program around `media_core::encode`, to be measured beside `x264`, `vpxenc` and `ffmpeg` (`script/bench programs`):
//!
//!     encode-y4m x264|vp8|vp9 PRESET-OR-SPEED IN.y4m OUT
//!
//! One thread. libx264 at CRF 23; VP8 and VP9 in real time at a constant 1500 kbit/s. What it writes is packets behind each other.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

use media_core::encode::x264::Preset;
use media_core::encode::{
    Codec, Config, Encoder, FrameOptions, FrameRate, Latency, RateControl, Threads, vpx, x264,
};
use media_core::frame::{FrameRef, PixelFormat};
use media_core::time::{TimeBase, Timestamp};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [codec, speed, input, output] = &arguments[..] else {
        return Err("encode-y4m x264|vp8|vp9 PRESET-OR-SPEED IN.y4m OUT".into());
    };
    let mut input = BufReader::with_capacity(1 << 20, File::open(input)?);
    let mut output = BufWriter::with_capacity(1 << 20, File::create(output)?);

    let header = Header::read(&mut input)?;
    let mut encoder = Encoder::open(config(codec, speed, &header)?)?;
    let mut picture = vec![0; PixelFormat::I420.tight_len(header.size).ok_or("size")?];
    let mut number = 0;
    while next_picture(&mut input, &mut picture)? {
        let frame = FrameRef::tight(PixelFormat::I420, header.size, &picture)?;
        encoder.push(&frame, Timestamp::new(number), &FrameOptions::default())?;
        number += 1;
        while let Some(coded) = encoder.poll() {
            output.write_all(&coded.packet.data)?;
        }
    }
    for packet in encoder.finish()?.packets() {
        output.write_all(&packet.data)?;
    }
    Ok(output.flush()?)
}

fn config(codec: &str, speed: &str, header: &Header) -> Result<Config, Failure> {
    let real_time = |options| -> Result<Codec, Failure> {
        Ok(vpx::Options { cpu_used: speed.parse()?, row_mt: false, ..options }.into())
    };
    let codec = match codec {
        "x264" => x264::Options { preset: preset(speed)?, ..x264::Options::default() }.into(),
        "vp8" => real_time(vpx::Options::vp8())?,
        "vp9" => real_time(vpx::Options::vp9())?,
        other => return Err(format!("codec {other}").into()),
    };
    let (num, den) = (header.rate.num(), header.rate.den());
    let time_base = TimeBase::new(den, num).ok_or("frame rate")?;
    let mut config = Config::new(codec, header.size, time_base, header.rate);
    config.threads = Threads::Count(1);
    if matches!(config.codec, Codec::Vpx(_)) {
        config.latency = Latency::Realtime;
        config.rate = RateControl::Constant { bitrate: 1_500_000, buffer_ms: 600 };
    }
    Ok(config)
}

fn preset(name: &str) -> Result<Preset, Failure> {
    Ok(match name {
        "ultrafast" => Preset::Ultrafast,
        "superfast" => Preset::Superfast,
        "veryfast" => Preset::Veryfast,
        "faster" => Preset::Faster,
        "fast" => Preset::Fast,
        "medium" => Preset::Medium,
        "slow" => Preset::Slow,
        other => return Err(format!("preset {other}").into()),
    })
}

/// The first line of a YUV4MPEG2 stream, 8-bit 4:2:0 only.
struct Header {
    size: (u32, u32),
    rate: FrameRate,
}

impl Header {
    fn read(input: &mut impl BufRead) -> Result<Self, Failure> {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let field = |letter: char| line.split_whitespace().skip(1).find_map(|word| word.strip_prefix(letter));
        if !line.starts_with("YUV4MPEG2 ") || field('C').is_some_and(|chroma| !chroma.starts_with("420")) {
            return Err(format!("not YUV4MPEG2 of 4:2:0: {line}").into());
        }
        let size = (field('W').ok_or("no width")?.parse()?, field('H').ok_or("no height")?.parse()?);
        let (num, den) = field('F').and_then(|rate| rate.split_once(':')).ok_or("no frame rate")?;
        let rate = FrameRate::new(num.parse()?, den.parse()?).ok_or("frame rate of zero")?;
        Ok(Self { size, rate })
    }
}

/// Reads one picture; false at the end.
fn next_picture(input: &mut impl BufRead, picture: &mut [u8]) -> io::Result<bool> {
    let mut line = Vec::new();
    if input.read_until(b'\n', &mut line)? == 0 {
        return Ok(false);
    }
    if !line.starts_with(b"FRAME") {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "no FRAME where one should begin"));
    }
    input.read_exact(picture)?;
    Ok(true)
}
