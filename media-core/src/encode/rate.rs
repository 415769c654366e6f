//! Says what an encoder should be asked for when the link or the processor cannot carry what it was opened with: the bit rate, the speed,
//! whether to code the next frame at all, and when a smaller picture would serve better.
//!
//! A [`Controller`] is told what was measured and answers once per frame. It opens no encoder and reads no clock. What it answers, the
//! caller puts into effect: with [`reconfigure`](super::Encoder::reconfigure), which takes bit rates and the `cpu_used` of libvpx while the
//! encoder runs; a preset of libx264 takes a new encoder, at the next key frame.
//!
//! ```
//! use media_core::encode::{FrameRate, rate};
//! use media_core::time::Moment;
//!
//! let mut config = rate::Config::new((1280, 720), FrameRate::hz(25), 500_000..=4_000_000);
//! config.speeds = 5..=9; // cpu_used of VP9
//! let mut controller = rate::Controller::new(config)?;
//!
//! // Before each frame: the frames that wait, what the last one took, and what the receiver reports.
//! let seen = rate::Observation { queued: 0, encode_time: Some(12_000_000), bandwidth: Some(1_000_000) };
//! let decision = controller.decide(Moment::from_nanos(40_000_000), &seen);
//! assert_eq!(decision.bitrate, Some(850_000));
//! assert_eq!(decision.skip, None);
//! # Ok::<(), rate::Error>(())
//! ```
//!
//! # The bit rate
//!
//! The law is that of draft-ietf-rmcat-gcc-02 section 5.5 (the delay-based half of WebRTC's congestion control), with the estimate of what
//! the link carries in place of the rate received:
//!
//! * **Down at once.** An estimate below the bit rate sets it to 0.85 of the estimate.
//! * **Up slowly.** Below 0.85 of the estimate it grows by 8 % a second at most, two seconds after the last estimate that was too low
//!   at the earliest: the queues on the way have to drain first (the *Hold* of the draft).
//! * **Between the two it stays.** An estimate that wavers by 15 % changes nothing, and a steady one settles the rate for good. TFRC (RFC
//!   5348) averages over eight loss intervals and NADA (RFC 8698) moves to its aim by degrees: smoother, and slower to give way.
//! * **A drop within ten seconds of growing** doubles the two seconds, up to 16, until the rate has once held for ten seconds. A link that
//!   swings is followed down every time and up ever more seldom.
//!
//! The estimate has to be of what the link *could* carry, sound and packet headers taken off. One that only tells what was received cannot
//! exceed what is sent: the rate then never grows. The draft's own bound, 1.5 times what is received, is enough.
//!
//! Without any estimate the bit rate stays as it was at the start: the viewers of HLS and DASH send none. But once there were some, silence
//! is taken as a sign that the link is gone, as RFC 8083 takes missing reports: after [`Config::silence`] the rate falls to 0.85 of itself
//! each second, down to the least. An estimate of 0 gives the least rate at once.
//!
//! # The speed
//!
//! Steps are judged by what eight frames took on average, the longest left out: a key frame or a moment without the processor is no trend.
//!
//! * **Faster at once** when they took more than 85 % of the frame period, by two steps above 170 %; and when the queue has been half full
//!   for eight frame periods, which an encoder that is stuck shows by nothing else.
//! * **Slower after ten seconds** in which all stayed below 35 %, one step at a time. No preset of libx264 and no `cpu_used` of libvpx
//!   costs more than 2.4 times the next faster one (measured in frames per second: `superfast` 34 and `ultrafast` 79 in 1080p, `faster` 40
//!   and `veryfast` 78 in 720p; VP9 `cpu_used` 5 to 9 31, 57, 64, 78, 91), so that a slower step is not taken only to be left again.
//! * **A step that had to be taken back within a minute** doubles the ten seconds, up to ten minutes.
//!
//! # Skipping
//!
//! A frame is skipped when coding it would fill the queue: it never holds [`Config::queue`] frames. At the fastest step, frames are also
//! left out evenly when they take longer than their period, so that what is seen is a lower frame rate rather than a full queue. A skipped
//! frame is not put into the encoder; where it was to be a key frame, the next one becomes it
//! ([`ladder::Cadence`](super::ladder::Cadence)).
//!
//! # A smaller picture
//!
//! Below [`Config::min_bits_per_kilopixel`] a smaller picture looks better than a coarser one. The rate still follows the link, but
//! [`Decision::lower_rung`] says so, until the rate is a quarter above. It says so too when the fastest step is too slow for two seconds.

mod link;
mod patience;
mod speed;

use std::ops::RangeInclusive;

use self::link::Link;
use self::speed::Effort;
use super::FrameRate;
use crate::time::Moment;

/// What a [`Controller`] may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Width and height of the pictures in pixels.
    pub size: (u32, u32),
    /// How often a frame comes.
    pub frame_rate: FrameRate,
    /// The least and the highest bit rate, in bits per second, 1000 to 10^9 as both libraries have it. Answers are whole kbit/s.
    pub bitrate: RangeInclusive<u32>,
    /// The bit rate the encoder was opened with, within [`bitrate`](Self::bitrate); `None`, the default, for the highest.
    pub start: Option<u32>,
    /// The steps of speed from the slowest, which looks best, to the fastest; `0..=0` by default, that is one. VP9: values of `cpu_used` as
    /// they are. VP8 in real time: those below zero without their sign. libx264: presets counted from the slowest.
    pub speeds: RangeInclusive<i8>,
    /// The step the encoder was opened with, within [`speeds`](Self::speeds); `None`, the default, for the fastest.
    pub speed: Option<i8>,
    /// How many frames wait at most for the encoder, 2 or more; 8 by default. The one it works on does not count.
    pub queue: usize,
    /// Bits per thousand pixels of a frame below which a smaller picture is recommended; 30 by default. The thinnest of the rungs Apple has
    /// recommended for H.264 (416x234, 145 kbit/s, 30 Hz) has 50, so 30 is below what anyone would choose. 0 for never.
    pub min_bits_per_kilopixel: u32,
    /// How long estimates may stay out before the rate falls, in nanoseconds: some intervals between them, at least a second. Three seconds by
    /// default; with RTCP reports every five seconds (RFC 3550 section 6.2 without the feedback profile of RFC 4585), 15.
    pub silence: i64,
}

impl Config {
    /// What has no default: width and height in pixels, the frame rate, and the least and the highest bit rate in bits per second.
    pub const fn new(size: (u32, u32), frame_rate: FrameRate, bitrate: RangeInclusive<u32>) -> Self {
        Self {
            size,
            frame_rate,
            bitrate,
            start: None,
            speeds: 0..=0,
            speed: None,
            queue: 8,
            min_bits_per_kilopixel: 30,
            silence: 3 * SECOND,
        }
    }

    fn checked(self) -> Result<Self, Error> {
        let (least, most) = (*self.bitrate.start(), *self.bitrate.end());
        if !(BITRATES.contains(&least) && BITRATES.contains(&most) && least <= most) {
            return Err(Error::Bitrate { least, most });
        }
        if let Some(found) = self.start.filter(|start| !self.bitrate.contains(start)) {
            return Err(Error::Start { found, least, most });
        }
        let (slowest, fastest) = (*self.speeds.start(), *self.speeds.end());
        if slowest > fastest || self.speed.is_some_and(|speed| !self.speeds.contains(&speed)) {
            return Err(Error::Speed { found: self.speed, slowest, fastest });
        }
        if self.queue < 2 {
            return Err(Error::Queue { found: self.queue });
        }
        if self.size.0 == 0 || self.size.1 == 0 {
            return Err(Error::Size { size: self.size });
        }
        Ok(self)
    }

    /// The bit rate at which a frame has [`min_bits_per_kilopixel`](Self::min_bits_per_kilopixel).
    fn floor(&self) -> u32 {
        let pixels = u128::from(self.size.0) * u128::from(self.size.1);
        let bits = pixels * u128::from(self.min_bits_per_kilopixel) / 1000;
        let rate = bits * u128::from(self.frame_rate.num()) / u128::from(self.frame_rate.den());
        u32::try_from(rate).unwrap_or(u32::MAX)
    }
}

/// What was measured since the last decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observation {
    /// What the frame finished last took to encode, in nanoseconds: the time from when the encoder could begin it, without the time it
    /// waited. `None` when none was finished since.
    pub encode_time: Option<i64>,
    /// How many frames wait for the encoder now, those that it works on and the one to be decided on excepted.
    pub queued: usize,
    /// A new estimate of what the link could carry of this video, in bits per second. `None` when there is no new one.
    pub bandwidth: Option<u32>,
}

/// What to do from the next frame on. `None` everywhere, the default, is to go on as before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// The bit rate from now on, in bits per second, whole kbit/s within [`Config::bitrate`]; `None` when it stays.
    pub bitrate: Option<u32>,
    /// The step of speed from now on, within [`Config::speeds`]; `None` when it stays.
    pub speed: Option<i8>,
    /// Not to encode this frame, and why; `None` to encode it.
    pub skip: Option<Skip>,
    /// That a smaller picture would serve better, and why, said as long as it is so; `None` when this one is right.
    pub lower_rung: Option<LowerRung>,
}

/// Why a frame is not to be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Skip {
    /// It would fill the queue.
    Queue,
    /// Frames take longer than their period at the fastest step: one is left out now and then.
    Pace,
}

/// Why a smaller picture would serve better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LowerRung {
    /// There are too few bits for the pixels.
    Bits,
    /// Encoding takes too long at the fastest step.
    Time,
}

/// Decides from measured times and estimates what an encoder is asked for. See the [module](self) for the law.
#[derive(Debug)]
pub struct Controller {
    config: Config,
    clock: Clock,
    link: Link,
    effort: Effort,
    skipped: u64,
}

impl Controller {
    /// A controller for an encoder that was opened with [`Config::start`] and [`Config::speed`].
    ///
    /// # Errors
    /// For bit rates out of range or the wrong way round, a start outside of them, the same for speeds, a queue of less than 2 frames, and a
    /// picture without pixels.
    pub fn new(config: Config) -> Result<Self, Error> {
        let config = config.checked()?;
        Ok(Self {
            clock: Clock::default(),
            link: Link::new(&config),
            effort: Effort::new(&config),
            skipped: 0,
            config,
        })
    }

    /// What to do with the frame at hand and from it on, `now` being when it came. To be called for each frame, skipped ones included.
    ///
    /// Any values do: times below zero count as none, those beyond a hundred frame periods as a hundred. A clock that goes back stands still,
    /// one that jumps goes on by a second.
    pub fn decide(&mut self, now: Moment, seen: &Observation) -> Decision {
        let clock = self.clock.advance(now);
        let bitrate = self.link.decide(clock, seen.bandwidth);
        let speed = self.effort.decide(clock, seen.encode_time, seen.queued);
        let skip = self.effort.skip(clock, seen.queued);
        self.skipped += u64::from(skip.is_some());
        let bits = self.link.starved().then_some(LowerRung::Bits);
        let time = self.effort.starved(clock).then_some(LowerRung::Time);
        Decision { bitrate, speed, skip, lower_rung: bits.or(time) }
    }

    /// Frames come at another rate from now on. What was learnt stays, what was being measured starts anew.
    pub fn set_frame_rate(&mut self, frame_rate: FrameRate) {
        self.config.frame_rate = frame_rate;
        self.link.set_floor(self.config.floor());
        self.effort.set_frame_rate(frame_rate);
    }

    /// The bit rate in effect, in bits per second.
    pub const fn bitrate(&self) -> u32 {
        self.link.rate()
    }

    /// The step of speed in effect.
    pub const fn speed(&self) -> i8 {
        self.effort.speed()
    }

    /// How many frames were skipped so far.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }
}

/// Nanoseconds since the first decision, by a clock that never goes back and never jumps.
#[derive(Debug, Default)]
struct Clock {
    last: Option<Moment>,
    elapsed: i64,
}

impl Clock {
    fn advance(&mut self, now: Moment) -> i64 {
        let step = self.last.map_or(0, |last| now.since(last)).clamp(0, SECOND);
        self.last = Some(now);
        self.elapsed = self.elapsed.saturating_add(step);
        self.elapsed
    }
}

/// A configuration nobody could keep to: the caller's mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bit rates beyond what the libraries take, or the wrong way round.
    #[error("bit rates of {least} to {most} bit/s, possible are 1000 to 1000000000")]
    Bitrate {
        /// The lower end, bits per second.
        least: u32,
        /// The upper end, bits per second.
        most: u32,
    },
    /// A bit rate to begin with outside of the range.
    #[error("begins with {found} bit/s, the range is {least} to {most}")]
    Start {
        /// Bits per second.
        found: u32,
        /// The lower end, bits per second.
        least: u32,
        /// The upper end, bits per second.
        most: u32,
    },
    /// Speeds the wrong way round, or one to begin with outside of them.
    #[error("speed {found:?} of {slowest} to {fastest}")]
    Speed {
        /// The step to begin with.
        found: Option<i8>,
        /// The lower end.
        slowest: i8,
        /// The upper end.
        fastest: i8,
    },
    /// A queue that is full as soon as a frame waits.
    #[error("queue of {found} frames, at least 2 are needed")]
    Queue {
        /// Frames.
        found: usize,
    },
    /// A picture without pixels.
    #[error("picture of {}x{}", size.0, size.1)]
    Size {
        /// Width and height in pixels.
        size: (u32, u32),
    },
}

/// What [`RateControl`](super::RateControl) takes, in bits per second.
const BITRATES: RangeInclusive<u32> = 1000..=1_000_000_000;
const SECOND: i64 = 1_000_000_000;

#[cfg(test)]
#[path = "rate_test.rs"]
mod tests;

#[cfg(test)]
#[path = "rate/simulation_test.rs"]
mod simulation;
