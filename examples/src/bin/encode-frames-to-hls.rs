//! Shows how to
//!
//! 1. encode frames to H.264, a key frame every second
//! 2. cut the packets into segments, each a file of its own
//! 3. keep a list of them, and write it for HLS and DASH players: `encode-frames-to-hls out && ffplay out/index.m3u8`
//!
//! A live source goes through a `Timeline` before step 2; an encoder's stamps need no repair. Built with libx264, this program is
//! under the GPL.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use media_core::encode::{Config, Encoder, FrameOptions, FrameRate, KeyFrames, Latency, RateControl, x264};
use media_core::frame::{Frame, PixelFormat, Pool};
use media_core::playlist::{self, Names, Window, dash, hls};
use media_core::segment::{self, Segmenter};
use media_core::time::{TimeBase, Timestamp, WallTime};
use media_core::timeline;
use media_core::track::{Track, TrackId};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "out".into()));
    fs::create_dir_all(&folder)?;

    // 1.
    let id = TrackId::new(1).ok_or("track 0")?;
    let size = (640, 360);
    let mut config = Config::new(x264::Options::default(), size, TimeBase::VIDEO, FrameRate::hz(25));
    config.rate = RateControl::Constant { bitrate: 1_000_000, buffer_ms: 1000 };
    config.key_frames = KeyFrames::Fixed { every: 25 };
    config.latency = Latency::Realtime;
    config.track = id;
    let mut encoder = Encoder::open(config)?;

    // 2. Segments of a second; 3. of which ten are listed.
    let track = Track::new(id, TimeBase::VIDEO, encoder.codec_config().clone());
    let cutting = segment::Config::new(1_000_000_000);
    let listing = playlist::Config { size: 10, ..playlist::Config::new(&cutting) };
    let mut segmenter = Segmenter::new(cutting);
    let mut window = Window::new(listing);
    let names = Names::new("example").ok_or("a name that needs escaping")?;
    segmenter.push(timeline::Output::Tracks(Arc::new([track])))?;

    let pool = Pool::new(PixelFormat::I420, size, 2)?;
    for number in 0..250 {
        let mut frame = pool.take()?.ok_or("all frames are in use")?;
        draw(&mut frame, number);
        let pts = Timestamp::new(number as i64 * 3600);
        encoder.push(&frame.as_ref(), pts, &FrameOptions::default())?;
        while let Some(coded) = encoder.poll() {
            segmenter.push(timeline::Output::Packet(coded.packet))?;
        }
        while let Some(output) = segmenter.poll() {
            keep(&folder, &names, &mut window, &output)?;
        }
    }
    for packet in encoder.finish()?.packets() {
        segmenter.push(timeline::Output::Packet(packet))?;
    }
    for output in segmenter.finish()? {
        keep(&folder, &names, &mut window, &output)?;
    }

    window.finish(now()?);
    let track = window.tracks().first().ok_or("no track")?;
    let texts = [
        ("index.m3u8".to_owned(), hls::multivariant(&window, &names)),
        (names.media(track), hls::media_playlist(&window, id, &names)),
        ("index.mpd".to_owned(), dash::mpd(&window, &names)),
    ];
    for (name, text) in texts {
        fs::write(folder.join(name), text.ok_or("nothing was listed")?)?;
    }
    println!("wrote {}", folder.display());
    Ok(())
}

/// Writes what the segmenter gave, then lists it: what a list names can be fetched.
fn keep(
    folder: &Path,
    names: &Names,
    window: &mut Window,
    output: &segment::Output,
) -> Result<(), Box<dyn Error>> {
    match output {
        segment::Output::Init(init) => {
            for (track, header) in init.tracks.iter().zip(&init.headers) {
                fs::write(folder.join(names.init(track.id, init.generation)), header)?;
            }
        }
        segment::Output::Cut(cut) => {
            for segment in cut.segments.iter().filter(|segment| !segment.gap) {
                fs::write(folder.join(names.segment(segment.track, cut.number)), segment.rope.to_bytes())?;
            }
        }
        segment::Output::Part(_) | segment::Output::NeedKey(_) => {}
    }
    window.push(output, now()?);
    Ok(())
}

fn now() -> Result<WallTime, Box<dyn Error>> {
    Ok(WallTime::from_nanos(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos().try_into()?))
}

/// A ramp that drifts.
fn draw(frame: &mut Frame, number: usize) {
    for plane in 0..3 {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, sample) in row.iter_mut().enumerate() {
                *sample = if plane == 0 { (x + y + 3 * number) as u8 } else { 128 };
            }
        }
    }
}
