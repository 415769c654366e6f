//! One rung: an encoder on a thread, and the file it writes.

use std::error::Error;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use media_core::encode::{Config, Encoder, FrameOptions};
use media_core::frame::Frame;
use media_core::time::Timestamp;
use media_core::track::Track;
use reelmill_examples::movie::Movie;

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
