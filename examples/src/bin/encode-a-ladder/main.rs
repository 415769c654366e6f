//! Shows how to
//!
//! 1. describe a ladder: encoders that differ in size and bit rate, and have their key frames at the same instants
//! 2. run each of them on a thread of its own, behind a bounded channel
//! 3. make each picture once and share it between the encoders that want it
//! 4. go on without the one that fails, and say why it did
//! 5. write an MP4 file of each: `encode-a-ladder out 1280x720 640x360 320x180 && ffplay out/640x360.mp4`
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
use media_core::frame::{Frame, Pool};
use media_core::time::{TimeBase, Timestamp};

use self::rung::{News, Task};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "out".into()));
    fs::create_dir_all(&folder)?;
    let mut sizes = arguments.map(|text| parse_size(&text)).collect::<Result<Vec<_>, _>>()?;
    if sizes.is_empty() {
        sizes = vec![(1280, 720), (640, 360), (320, 180)];
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
    for number in 0..250 {
        // A live source would go on, and the ladder drop what finds no room.
        while !ladder.has_room() {
            note(&mut ladder, news.recv()?);
        }
        news.try_iter().for_each(|news| note(&mut ladder, news));
        if ladder.has_failed() {
            break;
        }
        let pictures = shown.iter().zip(&pools).map(|(picture, pool)| make(*picture, pool, number));
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

/// 3. A ramp that drifts, drawn in the size that is wanted.
fn make(picture: Picture, pool: &Pool, number: usize) -> Result<Arc<Frame>, Box<dyn Error>> {
    let mut frame = pool.take()?.ok_or("all frames are in use")?;
    for plane in 0..picture.format.planes() {
        let stride = frame.stride(plane);
        for (y, row) in frame.plane_mut(plane).chunks_mut(stride).enumerate() {
            for (x, sample) in row.iter_mut().enumerate() {
                *sample = if plane == 0 { (x + y + 3 * number) as u8 } else { 128 };
            }
        }
    }
    Ok(Arc::new(frame))
}

fn parse_size(text: &str) -> Result<(u32, u32), Box<dyn Error>> {
    let (width, height) = text.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
    Ok((width.parse()?, height.parse()?))
}

fn seconds(times: &[Timestamp]) -> String {
    let seconds = |time: &Timestamp| format!("{}.{:03}", time.ticks() / 90_000, time.ticks() % 90_000 / 90);
    times.iter().map(seconds).collect::<Vec<_>>().join(" ")
}
