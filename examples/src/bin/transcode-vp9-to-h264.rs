//! Shows how to
//!
//! 1. decode VP9 into pictures, going on after damage
//! 2. bring them to another size, the rows in between and the frames used over and over
//! 3. encode them as H.264 with the timestamps they came with
//! 4. write fragmented MP4: `transcode-vp9-to-h264 in.ivf out.mp4 640x360 && ffplay out.mp4`
//!
//! Built with libx264, this program is under the GPL.

use std::error::Error;
use std::path::Path;

use bytes::Bytes;
use media_core::codec::Format;
use media_core::decode::{self, Decoded, Decoder};
use media_core::encode::{Config, Encoder, FrameOptions, FrameRate, KeyFrames, RateControl, Timing, x264};
use media_core::frame::{PixelFormat, Pool};
use media_core::scale::{self, Scaler};
use media_core::time::TimeBase;
use media_core::track::Track;
use reelmill_examples::ivf;
use reelmill_examples::movie::Movie;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, output, size] = &arguments[..] else {
        return Err("usage: transcode-vp9-to-h264 in.ivf out.mp4 WIDTHxHEIGHT".into());
    };
    let (width, height) = size.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
    let size = (width.parse()?, height.parse()?);
    let file = Bytes::from(std::fs::read(input)?);
    let (header, packets) = ivf::read(&file)?;

    // 3. IVF counts in frames. Of those a file leaves out, libx264 learns by their timestamps.
    let (num, den) = header.rate;
    let time_base = TimeBase::new(den, num).ok_or("no frame rate")?;
    let frame_rate = FrameRate::new(num, den).ok_or("no frame rate")?;
    let mut config = Config::new(x264::Options::default(), size, time_base, frame_rate);
    config.rate = RateControl::Quality { q: 23.into() };
    config.timing = Timing::Variable;
    config.key_frames = KeyFrames::Auto { max: 100 };
    let track_id = config.track;
    let encoder = Encoder::open(config)?;
    let track = Track::new(track_id, time_base, encoder.codec_config().clone());
    let pool = Pool::new(PixelFormat::I420, size, 1)?;
    let mut to_h264 =
        Transcoder { encoder, scaler: None, pool, movie: Movie::create(Path::new(output), &track)? };

    // 1.
    let mut decoder = Decoder::open(Format::Vp9, &decode::Config::default())?;
    for packet in packets {
        if let Err(error) = decoder.push(&packet) {
            eprintln!("{error}");
        }
        while let Some(decoded) = decoder.poll() {
            to_h264.push(&decoded)?;
        }
    }
    for decoded in decoder.finish()? {
        to_h264.push(&decoded)?;
    }
    to_h264.finish()
}

/// Pictures of any size in, a movie of one size out.
struct Transcoder {
    encoder: Encoder,
    /// Made for the pictures that come; VP9 may change their size.
    scaler: Option<Scaler>,
    pool: Pool,
    movie: Movie,
}

impl Transcoder {
    fn push(&mut self, decoded: &Decoded) -> Result<(), Box<dyn Error>> {
        // 2. libx264 has copied the frame when `push` returns, so that one is enough.
        let picture = decoded.picture.as_ref();
        let mut frame = self.pool.take()?.ok_or("the frame is in use")?;
        let shapes = scale::Config::new((picture.format(), picture.size()), (frame.format(), frame.size()));
        let scaler = match self.scaler.take_if(|scaler| *scaler.config() == shapes) {
            Some(scaler) => scaler,
            None => Scaler::new(shapes)?,
        };
        self.scaler.insert(scaler).scale(&picture, &mut frame)?;

        // 3.
        self.encoder.push(&frame.as_ref(), decoded.pts, &FrameOptions::default())?;
        while let Some(coded) = self.encoder.poll() {
            self.movie.push(coded.packet)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Box<dyn Error>> {
        for packet in self.encoder.finish()?.packets() {
            self.movie.push(packet)?;
        }
        // 4.
        self.movie.finish()?;
        Ok(())
    }
}
