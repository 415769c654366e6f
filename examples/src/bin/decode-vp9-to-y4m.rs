//! Shows how to
//!
//! 1. open a decoder with limits of one's own
//! 2. make packets of what a container holds, here IVF, the simplest there is
//! 3. push packets and poll pictures, going on after damage
//! 4. write the pictures as Y4M, which players and encoders open:
//!    `decode-vp9-to-y4m in.ivf out.y4m && ffplay out.y4m`

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use bytes::Bytes;
use media_core::codec::Format;
use media_core::decode::{Config, Decoded, Decoder};
use media_core::frame::{FrameRef, PixelFormat};
use reelmill_examples::ivf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(input), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("usage: decode-vp9-to-y4m in.ivf out.y4m".into());
    };
    // 2.
    let file = Bytes::from(std::fs::read(&input)?);
    let (ivf::Header { codec, rate, .. }, packets) = ivf::read(&file)?;
    if codec != *b"VP90" {
        return Err(format!("{input} is not of VP9").into());
    }
    let mut out = Y4m { out: BufWriter::new(File::create(&output)?), rate, shape: None };

    // 1. Two threads, and no picture beyond 2160p, whatever the file says.
    let config = Config { threads: 2, max_size: (3840, 2160), ..Config::default() };
    let mut decoder = Decoder::open(Format::Vp9, &config)?;

    // 3. An error is about one packet: the decoder goes on at the next key frame.
    for packet in packets {
        if let Err(error) = decoder.push(&packet) {
            eprintln!("{error}");
        }
        while let Some(decoded) = decoder.poll() {
            out.write(&decoded)?;
        }
    }
    println!("{:?}", decoder.stats());
    for decoded in decoder.finish()? {
        out.write(&decoded)?;
    }
    Ok(out.out.flush()?)
}

/// 4. A header, then each picture's rows without padding. Y4M has one size for all pictures.
struct Y4m<W> {
    out: W,
    rate: (u32, u32),
    shape: Option<((u32, u32), PixelFormat)>,
}

impl<W: Write> Y4m<W> {
    fn write(&mut self, decoded: &Decoded) -> Result<(), Box<dyn Error>> {
        let frame = decoded.picture.as_ref();
        let shape = (frame.size(), frame.format());
        if self.shape.is_none() {
            self.shape = Some(shape);
            self.write_header(&frame)?;
        }
        if self.shape != Some(shape) {
            return Err("the pictures change their size, which Y4M cannot say".into());
        }
        self.out.write_all(b"FRAME\n")?;
        for plane in 0..frame.planes().len() {
            let (_, rows) = frame.format().plane_size(plane, frame.size()).expect("a plane of it");
            (0..rows).try_for_each(|row| self.out.write_all(frame.row(plane, row)))?;
        }
        Ok(())
    }

    fn write_header(&mut self, frame: &FrameRef<'_>) -> Result<(), Box<dyn Error>> {
        let chroma = match frame.format() {
            PixelFormat::I420 => "420jpeg",
            PixelFormat::I422 => "422",
            PixelFormat::I444 => "444",
            PixelFormat::I010 => "420p10",
            PixelFormat::I210 => "422p10",
            PixelFormat::I410 => "444p10",
            other => return Err(format!("Y4M has no name for {other:?}").into()),
        };
        let ((width, height), (num, den)) = (frame.size(), self.rate);
        Ok(writeln!(self.out, "YUV4MPEG2 W{width} H{height} F{num}:{den} Ip C{chroma}")?)
    }
}
