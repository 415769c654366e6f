//! One rung: an encoder on a thread, and the file it writes.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use media_core::encode::{Config, Encoder, FrameOptions};
use media_core::frame::Frame;
use media_core::mux::fmp4;
use media_core::packet::Packet;
use media_core::time::Timestamp;
use media_core::track::Track;

/// One frame for one encoder.
pub(crate) struct Task {
    pub(crate) picture: Arc<Frame>,
    pub(crate) pts: Timestamp,
    pub(crate) options: FrameOptions,
}

/// What a thread says of its rung: that it has taken a frame, or why it ends before the others.
pub(crate) type News = (usize, Result<(), String>);

/// 2. The thread of a rung. 4. Whatever ends it is said before its channel closes; gives where its key frames stand.
pub(crate) fn run(
    index: usize,
    config: Config,
    path: &Path,
    work: &Receiver<Task>,
    news: &Sender<News>,
) -> Vec<Timestamp> {
    let done = || drop(news.send((index, Ok(()))));
    let ended = panic::catch_unwind(AssertUnwindSafe(|| encode(config, path, work, done)));
    match ended.unwrap_or_else(|_| Err("its thread panicked".into())) {
        Ok(keys) => keys,
        Err(error) => {
            drop(news.send((index, Err(error.to_string()))));
            Vec::new()
        }
    }
}

fn encode(
    config: Config,
    path: &Path,
    work: &Receiver<Task>,
    done: impl Fn(),
) -> Result<Vec<Timestamp>, Box<dyn Error>> {
    let (id, time_base) = (config.track, config.time_base);
    let mut encoder = Encoder::open(config)?;
    let track = Track::new(id, time_base, encoder.codec_config().clone());
    let mut movie = Movie::create(path, &track)?;
    for task in work {
        encoder.push(&Frame::as_ref(&task.picture), task.pts, &task.options)?;
        drop(task);
        done();
        while let Some(coded) = encoder.poll() {
            movie.push(coded.packet)?;
        }
    }
    for packet in encoder.finish()?.packets() {
        movie.push(packet)?;
    }
    movie.finish()
}

/// 5. An MP4 file with a fragment from each key frame to the next.
struct Movie {
    file: BufWriter<File>,
    muxer: fmp4::Muxer,
    fragment: Vec<Packet>,
    keys: Vec<Timestamp>,
}

impl Movie {
    fn create(path: &Path, track: &Track) -> Result<Self, Box<dyn Error>> {
        let (mut file, muxer) = (BufWriter::new(File::create(path)?), fmp4::Muxer::new(track)?);
        file.write_all(&muxer.init())?;
        Ok(Self { file, muxer, fragment: Vec::new(), keys: Vec::new() })
    }

    fn push(&mut self, packet: Packet) -> Result<(), Box<dyn Error>> {
        if packet.key.is_sync() {
            self.cut(packet.dts)?;
            self.keys.push(packet.pts);
        }
        self.fragment.push(packet);
        Ok(())
    }

    fn cut(&mut self, end: Timestamp) -> Result<(), Box<dyn Error>> {
        if !self.fragment.is_empty() {
            let rope = self.muxer.fragment(&self.fragment, end)?;
            rope.pieces().iter().try_for_each(|piece| self.file.write_all(piece))?;
            self.fragment.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Timestamp>, Box<dyn Error>> {
        if let Some(last) = self.fragment.last() {
            self.cut(last.dts.saturating_add(last.duration.unwrap_or(1).into()))?;
        }
        self.file.flush()?;
        Ok(self.keys)
    }
}
