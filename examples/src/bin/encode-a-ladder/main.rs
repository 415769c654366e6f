//! Shows how to
//!
//! 1. describe a ladder: encoders that differ in size and bit rate, and have their key frames at the same instants
//! 2. run each of them on a thread of its own, behind a bounded channel
//! 3. scale each picture once to a size and share it between the encoders that want it
//! 4. go on without the one that fails, and say why it did
//! 5. write an MP4 file of each: `encode-a-ladder out 640x360 480x270 320x180 && ffplay out/480x270.mp4`
//!
//! Built with libx264, this program is under the GPL.

mod rung;

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use media_core::encode::ladder::{self, Ladder, Picture, State};
use media_core::encode::{Config, FrameOptions, FrameRate, KeyFrames, Latency, RateControl, x264};
use media_core::frame::{Frame, PixelFormat, Pool};
use media_core::scale::{self, Scaler};
use media_core::time::{TimeBase, Timestamp};

use self::rung::{News, Task};

/// Width and height of the pictures that come.
const SOURCE: (u32, u32) = (640, 360);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "out".into()));
    fs::create_dir_all(&folder)?;
    let mut sizes = arguments.map(|text| parse_size(&text)).collect::<Result<Vec<_>, _>>()?;
    if sizes.is_empty() {
        sizes = vec![(640, 360), (480, 270), (320, 180)];
    }

    // 1.
    let rungs: Vec<Config> = sizes.iter().map(|size| describe(*size)).collect();
    let config = ladder::Config::new(rungs.clone(), 2_000_000_000);
    let queue = config.queue;
    let mut ladder = Ladder::new(config)?;

    // 2.
    let (sender, news) = mpsc::channel();
    let mut threads = Vec::new();
    for (index, rung) in rungs.into_iter().enumerate() {
        let (tasks, work) = mpsc::sync_channel(queue);
        let path = folder.join(format!("{}x{}.mp4", rung.size.0, rung.size.1));
        let (to, sender) = (path.clone(), sender.clone());
        threads.push((path, tasks, thread::spawn(move || rung::run(index, rung, &to, &work, &sender))));
    }
    drop(sender);

    // 3.
    let shown = ladder.pictures().to_vec();
    let limit = queue * sizes.len() + 1;
    let pools = shown.iter().map(|picture| Pool::new(picture.format, picture.size, limit));
    let pools = pools.collect::<Result<Vec<_>, _>>()?;
    let mut source = Frame::new(PixelFormat::I420, SOURCE)?;
    let scaler = |to: &Picture| {
        Scaler::new(scale::Config::new((source.format(), source.size()), (to.format, to.size)))
    };
    let mut scalers = shown.iter().map(scaler).collect::<Result<Vec<_>, _>>()?;
    for number in 0..250 {
        // A live source would go on, and the ladder drop what finds no room.
        while !ladder.has_room() {
            note(&mut ladder, news.recv()?);
        }
        news.try_iter().for_each(|news| note(&mut ladder, news));
        if ladder.has_failed() {
            break;
        }
        draw(&mut source, number);
        let pictures = scalers.iter_mut().zip(&pools).map(|(scaler, pool)| scaled(&source, scaler, pool));
        let pictures = pictures.collect::<Result<Vec<_>, _>>()?;
        let pts = Timestamp::new(number as i64 * 3600);
        for job in ladder.push(pts, false)? {
            let options = if job.key.is_some() { FrameOptions::KEY } else { FrameOptions::default() };
            let picture = Arc::clone(&pictures[job.picture]);
            // There is room, since a rung has no more in hand than its channel holds. 4. Where nobody listens any more, the news has come.
            let _ = threads[job.rung].1.try_send(Task { picture, pts, options });
        }
    }

    // A thread ends when its channel does.
    let mut files = Vec::new();
    for (path, tasks, thread) in threads {
        drop(tasks);
        files.push((path, thread.join().map_err(|_| "a thread panicked")?));
    }
    news.try_iter().for_each(|news| note(&mut ladder, news));
    for ((path, keys), rung) in files.iter().zip(ladder.rungs()) {
        match rung.state() {
            State::Failed { reason, .. } => println!("{} failed: {reason}", path.display()),
            _ => println!("{} has key frames at {}", path.display(), seconds(keys)),
        }
    }
    if ladder.has_failed() { Err("no rung is whole".into()) } else { Ok(()) }
}

/// 1. Live settings, at a tenth of a bit per pixel.
fn describe(size: (u32, u32)) -> Config {
    let bitrate = u64::from(size.0) * u64::from(size.1) * 25 / 10 + 10_000;
    let options = x264::Options { preset: x264::Preset::Veryfast, ..x264::Options::default() };
    let mut config = Config::new(options, size, TimeBase::VIDEO, FrameRate::hz(25));
    config.rate = RateControl::Constant { bitrate: bitrate.try_into().unwrap_or(u32::MAX), buffer_ms: 1000 };
    config.key_frames = KeyFrames::OnlyForced;
    config.latency = Latency::Realtime;
    config
}

fn note(ladder: &mut Ladder, (rung, news): News) {
    match news {
        Ok(()) => ladder.done(rung),
        Err(reason) => ladder.fail(rung, reason),
    }
}

/// 3. One size of a picture.
fn scaled(source: &Frame, scaler: &mut Scaler, pool: &Pool) -> Result<Arc<Frame>, Box<dyn Error>> {
    let mut frame = pool.take()?.ok_or("all frames are in use")?;
    scaler.scale(&source.as_ref(), &mut frame)?;
    Ok(Arc::new(frame))
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

fn parse_size(text: &str) -> Result<(u32, u32), Box<dyn Error>> {
    let (width, height) = text.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
    Ok((width.parse()?, height.parse()?))
}

fn seconds(times: &[Timestamp]) -> String {
    let seconds = |time: &Timestamp| format!("{}.{:03}", time.ticks() / 90_000, time.ticks() % 90_000 / 90);
    times.iter().map(seconds).collect::<Vec<_>>().join(" ")
}
