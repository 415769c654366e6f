//! One source, several encoders: which rung of a ladder is given which frame, and where all of them have their key frames.
//!
//! A player changes from one rung to another at key frames, so those have to stand at the same instants on all rungs, come what may: RFC
//! 8216 section 6.2.4 for HLS, ISO/IEC 23009-1 5.3.3.2 (segment alignment) for DASH. A [`Ladder`] decides that; it holds no frame, no
//! encoder and no thread. Whoever drives it scales each source frame to the [pictures](Ladder::pictures) that are needed, shares each
//! between the rungs of its size, and runs the encoders wherever it likes: `examples/src/bin/encode-a-ladder.rs` does it on threads.
//!
//! * **Key frames go by the PTS**, not by counting frames: the first frame at or after each multiple of [`Config::key_interval`] is one, on
//!   every rung ([`Cadence`]). A source that loses frames, or two processes that encode the same source, stay aligned.
//! * **A rung that falls behind loses frames of its own** and no others: at most [`Config::queue`] are in its hands, the one it works on
//!   included. The last place is kept for key frames, so that one is dropped only by an encoder that stands still. Then the rung's next
//!   frame becomes a key frame ([`KeyFrame::Late`]); the ones after that stand where they do everywhere.
//! * **A rung that fails** is given nothing more, and the others do not notice. It can be [reopened](Ladder::reopen) and begins again with the
//!   next key frame of all.
//!
//! ```
//! # use media_core::encode::{self, FrameRate, KeyFrames, RateControl, ladder};
//! # #[cfg(feature = "x264")]
//! # let codec = encode::x264::Options::default();
//! # #[cfg(not(feature = "x264"))]
//! # let codec = encode::vpx::Options::vp9();
//! # use media_core::time::{TimeBase, Timestamp};
//! let rungs = [((1280, 720), 2_000_000), ((640, 360), 600_000)].map(|(size, bitrate)| {
//!     let mut rung = encode::Config::new(codec.clone(), size, TimeBase::VIDEO, FrameRate::hz(25));
//!     rung.rate = RateControl::Constant { bitrate, buffer_ms: 1000 };
//!     rung.key_frames = KeyFrames::OnlyForced;
//!     rung
//! });
//! let mut ladder = ladder::Ladder::new(ladder::Config::new(rungs.to_vec(), 2_000_000_000))?;
//! for job in ladder.push(Timestamp::new(0), false)? {
//!     // Give the picture number `job.picture` to the encoder number `job.rung`, and when it has been taken:
//!     assert!(job.key.is_some());
//!     ladder.done(job.rung);
//! }
//! # Ok::<(), ladder::Error>(())
//! ```

mod cadence;
mod check;

pub use self::cadence::Cadence;
use super::KeyFrames;
use crate::frame::PixelFormat;
use crate::time::Timestamp;

/// What a [`Ladder`] is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The encoders, best first. All have the same [`time_base`](super::Config::time_base), [`frame_rate`](super::Config::frame_rate) and
    /// [`timing`](super::Config::timing), [`KeyFrames::OnlyForced`], and from one to the next a smaller or equal size and a lower rate.
    pub rungs: Vec<super::Config>,
    /// Nanoseconds from key frame to key frame.
    pub key_interval: i64,
    /// How many frames a rung may have in hand, the one it encodes included, at least 2; 8 by default. What the encoder itself holds back
    /// does not count.
    pub queue: usize,
}

impl Config {
    /// The encoders, best first, and the nanoseconds from key frame to key frame.
    pub const fn new(rungs: Vec<super::Config>, key_interval: i64) -> Self {
        Self { rungs, key_interval, queue: 8 }
    }
}

/// A picture to be made of each source frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Picture {
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// How samples lie.
    pub format: PixelFormat,
}

/// One frame for one encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    /// The index of the encoder in [`Config::rungs`].
    pub rung: usize,
    /// The index of its picture in [`Ladder::pictures`].
    pub picture: usize,
    /// Whether it is to be a key frame ([`FrameType::Key`](super::FrameType::Key)), and which; `None` if not.
    pub key: Option<KeyFrame>,
}

/// A key frame of one rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFrame {
    /// The one that all rungs have here.
    Aligned,
    /// This rung had no room for the one at `due`, so that it comes here, where others have none.
    Late {
        /// Where it should have been.
        due: Timestamp,
    },
}

/// What a rung is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Waiting for the next key frame of all, at the start and when reopened.
    Waiting,
    /// Encoding.
    Running,
    /// Out of the game.
    Failed {
        /// Why, in the words it was reported with.
        reason: String,
        /// The last frame the ladder had seen, `None` before the first.
        at: Option<Timestamp>,
    },
}

/// What became of a rung's frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Given to it.
    pub given: u64,
    /// Not given to it because it had its hands full.
    pub dropped: u64,
    /// In its hands when it failed.
    pub lost: u64,
    /// Key frames that came later than on the other rungs.
    pub late_keys: u64,
    /// How often it failed.
    pub failures: u64,
}

/// One encoder, as seen from above.
#[derive(Clone, Debug)]
pub struct Rung {
    picture: usize,
    state: State,
    in_hand: usize,
    /// Since when it owes a key frame.
    owes_key: Option<Timestamp>,
    counts: Counts,
}

impl Rung {
    /// What it is doing.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What became of its frames.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    /// How many frames it was given and has not [finished with](Ladder::done).
    pub const fn in_hand(&self) -> usize {
        self.in_hand
    }

    /// What it does with the frame at `pts`, at which a key frame of all is `due` or not; the outer `None` is that it is not given it.
    fn push(&mut self, pts: Timestamp, due: bool, queue: usize) -> Option<Option<KeyFrame>> {
        match self.state {
            State::Failed { .. } => return None,
            State::Waiting if !due => return None,
            State::Waiting | State::Running => self.state = State::Running,
        }
        if due {
            self.owes_key = Some(pts);
        }
        let places = if self.owes_key.is_some() { queue } else { queue - 1 };
        if self.in_hand >= places {
            self.counts.dropped += 1;
            return None;
        }
        self.in_hand += 1;
        self.counts.given += 1;
        let key = self.owes_key.take().map(|due| match due == pts {
            true => KeyFrame::Aligned,
            false => KeyFrame::Late { due },
        });
        self.counts.late_keys += u64::from(matches!(key, Some(KeyFrame::Late { .. })));
        Some(key)
    }
}

/// Hands each frame of a source to the encoders of a ladder. See the [module](self).
#[derive(Debug)]
pub struct Ladder {
    pictures: Vec<Picture>,
    rungs: Vec<Rung>,
    cadence: Cadence,
    queue: usize,
    last: Option<Timestamp>,
}

impl Ladder {
    /// A ladder all of whose rungs wait for the first frame.
    ///
    /// # Errors
    /// When there is no rung, two disagree about time, one places key frames itself, sizes or rates do not fall, the key interval is not
    /// positive or the queue has less than two places. What an encoder cannot do by itself is for [`Encoder::open`](super::Encoder::open) to
    /// say.
    pub fn new(config: Config) -> Result<Self, Error> {
        let first = config.rungs.first().ok_or(Error::Empty)?;
        let cadence = Cadence::new(first.time_base, config.key_interval);
        let cadence = cadence.ok_or(Error::KeyInterval { found: config.key_interval })?;
        if config.queue < 2 {
            return Err(Error::Queue { found: config.queue });
        }
        check::rungs(&config.rungs)?;
        let mut pictures = Vec::new();
        let rungs = config.rungs.iter().map(|rung| {
            let picture = Picture { size: rung.size, format: rung.format };
            let known = pictures.iter().position(|known| *known == picture);
            let picture = known.unwrap_or_else(|| {
                pictures.push(picture);
                pictures.len() - 1
            });
            Rung { picture, state: State::Waiting, in_hand: 0, owes_key: None, counts: Counts::default() }
        });
        Ok(Self { rungs: rungs.collect(), pictures, cadence, queue: config.queue, last: None })
    }

    /// What has to be made of each source frame, largest first: one for all rungs of a size and pixel format.
    pub fn pictures(&self) -> &[Picture] {
        &self.pictures
    }

    /// The rungs in the order of [`Config::rungs`].
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// Who is given the frame at `pts`, in ticks of the common time base. With `force_key` it is a key frame of all rungs whatever the
    /// cadence says, which goes on as if nothing had happened: for a scene that changes or a viewer who comes.
    ///
    /// # Errors
    /// [`Error::Order`] for a `pts` not above the last one. Nothing has changed then.
    pub fn push(&mut self, pts: Timestamp, force_key: bool) -> Result<Vec<Job>, Error> {
        if let Some(last) = self.last.filter(|last| pts <= *last) {
            return Err(Error::Order { found: pts, last });
        }
        self.last = Some(pts);
        let due = self.cadence.starts(pts) || force_key;
        let queue = self.queue;
        let jobs = self.rungs.iter_mut().enumerate().filter_map(|(index, rung)| {
            let key = rung.push(pts, due, queue)?;
            Some(Job { rung: index, picture: rung.picture, key })
        });
        Ok(jobs.collect())
    }

    /// Whether the next frame finds room on each rung that has not failed, key frame or not. A live source does not ask; one that reads
    /// a file waits until it is so, and loses nothing.
    pub fn has_room(&self) -> bool {
        let open = |rung: &&Rung| !matches!(rung.state, State::Failed { .. });
        self.rungs.iter().filter(open).all(|rung| rung.in_hand + 1 < self.queue)
    }

    /// The rung's encoder has taken a frame, and the picture is no longer needed there. Of no effect when it has failed.
    ///
    /// # Panics
    /// When there is no such rung.
    pub fn done(&mut self, rung: usize) {
        let rung = &mut self.rungs[rung];
        rung.in_hand = rung.in_hand.saturating_sub(1);
    }

    /// The rung's encoder cannot go on, for whatever reason: what it had in hand is counted as lost, and it is given nothing more. Of no
    /// effect when it has failed already.
    ///
    /// # Panics
    /// When there is no such rung.
    pub fn fail(&mut self, rung: usize, reason: impl Into<String>) {
        let at = self.last;
        let rung = &mut self.rungs[rung];
        if matches!(rung.state, State::Failed { .. }) {
            return;
        }
        rung.state = State::Failed { reason: reason.into(), at };
        rung.counts.lost += rung.in_hand as u64;
        rung.counts.failures += 1;
        rung.in_hand = 0;
    }

    /// The rung has another encoder, and is given frames again from the next key frame of all. To be called when nothing of the old encoder
    /// can come any more; of no effect when it has not failed.
    ///
    /// # Panics
    /// When there is no such rung.
    pub fn reopen(&mut self, rung: usize) {
        let rung = &mut self.rungs[rung];
        if matches!(rung.state, State::Failed { .. }) {
            rung.state = State::Waiting;
        }
    }

    /// Whether all rungs have failed.
    pub fn has_failed(&self) -> bool {
        self.rungs.iter().all(|rung| matches!(rung.state, State::Failed { .. }))
    }
}

/// What cannot be a ladder, or be put on one: the caller's mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No rung.
    #[error("a ladder without rungs")]
    Empty,
    /// A rung has another time base, frame rate or timing than the first.
    #[error("{field} of rung {rung} differs from that of rung 0")]
    Differs {
        /// Index of the rung.
        rung: usize,
        /// The field of [`encode::Config`](super::Config).
        field: &'static str,
    },
    /// A rung would place key frames where others have none.
    #[error("rung {rung} has key frames {found:?}, expected OnlyForced")]
    KeyFrames {
        /// Index of the rung.
        rung: usize,
        /// What it asks for.
        found: KeyFrames,
    },
    /// A rung is wider or higher than the one above.
    #[error("rung {rung} is {}x{}, the one above {}x{}", found.0, found.1, above.0, above.1)]
    Size {
        /// Index of the rung.
        rung: usize,
        /// Its width and height in pixels.
        found: (u32, u32),
        /// Those of the rung above.
        above: (u32, u32),
    },
    /// A rung's rate is not below that of the one above, or both have the same size and one has no rate to tell them apart.
    #[error("rung {rung} has a rate of {found:?} bit/s, the one above {above:?}")]
    Rate {
        /// Index of the rung.
        rung: usize,
        /// Its rate, bits per second; `None` when it is coded for quality alone.
        found: Option<u32>,
        /// That of the rung above.
        above: Option<u32>,
    },
    /// Key frames without distance.
    #[error("key interval of {found} ns, it must be positive")]
    KeyInterval {
        /// Nanoseconds.
        found: i64,
    },
    /// No room beside that for key frames.
    #[error("queue of {found} frames, at least 2 are needed")]
    Queue {
        /// Frames.
        found: usize,
    },
    /// A timestamp that is not above the one before.
    #[error("timestamp {} is not above the last one, {}", found.ticks(), last.ticks())]
    Order {
        /// The timestamp pushed.
        found: Timestamp,
        /// The one before.
        last: Timestamp,
    },
}

#[cfg(test)]
#[path = "ladder_test.rs"]
mod tests;
