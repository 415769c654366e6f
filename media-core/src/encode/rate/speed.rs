//! The speed, and frames left out, by what encoding takes and how many frames wait.

use super::patience::{Limits, Patience};
use super::{Config, SECOND, Skip};
use crate::encode::FrameRate;

#[derive(Debug)]
pub(super) struct Effort {
    slowest: i8,
    fastest: i8,
    speed: i8,
    /// Nanoseconds from frame to frame, as are all times here.
    period: i64,
    queue: usize,
    window: Window,
    /// What frames took, by the last full window.
    mean: i64,
    /// Since when the queue is half full.
    crowded: Option<i64>,
    patience: Patience,
    /// How much longer the encoder has to do with the frames it was given, by the mean.
    owed: i64,
    /// Since when the fastest step is too slow.
    starved: Option<i64>,
}

impl Effort {
    pub(super) fn new(config: &Config) -> Self {
        let (slowest, fastest) = (*config.speeds.start(), *config.speeds.end());
        Self {
            slowest,
            fastest,
            speed: config.speed.unwrap_or(fastest),
            period: period(config.frame_rate),
            queue: config.queue,
            window: Window::default(),
            mean: 0,
            crowded: None,
            patience: Patience::new(PATIENCE),
            owed: 0,
            starved: None,
        }
    }

    pub(super) const fn speed(&self) -> i8 {
        self.speed
    }

    /// Whether the fastest step is too slow, and has been for a while.
    pub(super) fn starved(&self, clock: i64) -> bool {
        self.starved.is_some_and(|since| clock.saturating_sub(since) >= STARVED)
    }

    pub(super) fn set_frame_rate(&mut self, frame_rate: FrameRate) {
        self.period = period(frame_rate);
        self.window = Window::default();
        self.owed = 0;
    }

    /// The new step where it changes.
    pub(super) fn decide(&mut self, clock: i64, encode_time: Option<i64>, queued: usize) -> Option<i8> {
        let time = encode_time.map(|time| time.clamp(0, self.period * LONGEST));
        let mean = time.and_then(|time| self.window.push(time));
        if let Some(mean) = mean {
            self.mean = mean;
            self.watch(clock);
        }
        let speed = match self.judge(clock, mean, queued) {
            Load::TooMuch { steps } => self.speed.saturating_add(steps).min(self.fastest),
            Load::Right => self.speed,
            Load::Little if self.speed > self.slowest && self.patience.is_over(clock) => self.speed - 1,
            Load::Little => self.speed,
        };
        self.change(clock, speed)
    }

    /// Whether to leave out the frame at hand.
    pub(super) fn skip(&mut self, clock: i64, queued: usize) -> Option<Skip> {
        self.owed = self.owed.saturating_sub(self.period).max(0);
        if queued.saturating_add(1) >= self.queue {
            if self.speed == self.fastest {
                self.starved.get_or_insert(clock);
            }
            return Some(Skip::Queue);
        }
        if self.speed < self.fastest || self.mean <= self.period {
            self.owed = 0;
            return None;
        }
        if self.owed >= self.period {
            return Some(Skip::Pace);
        }
        // A sixteenth more than measured, so that a queue that has formed goes away.
        self.owed += self.mean + self.mean / 16;
        None
    }

    fn judge(&mut self, clock: i64, mean: Option<i64>, queued: usize) -> Load {
        let pressed = self.is_pressed(clock, queued);
        let load = match mean {
            Some(mean) if self.is_above(mean, 2 * BUSY) => Load::TooMuch { steps: 2 },
            Some(mean) if self.is_above(mean, BUSY) => Load::TooMuch { steps: 1 },
            _ if pressed => Load::TooMuch { steps: 1 },
            Some(mean) if !self.is_above(mean, CALM) => return Load::Little,
            Some(_) => Load::Right,
            None => return Load::Right,
        };
        self.patience.restart(clock);
        load
    }

    /// Whether frames wait, and not just because several came at once.
    fn is_pressed(&mut self, clock: i64, queued: usize) -> bool {
        let many = (self.queue / 2).max(2).min(self.queue - 1);
        if queued < many {
            self.crowded = None;
            return false;
        }
        let since = *self.crowded.get_or_insert(clock);
        clock.saturating_sub(since) >= Window::FRAMES * self.period
    }

    const fn is_above(&self, mean: i64, percent: i64) -> bool {
        mean * 100 > self.period * percent
    }

    fn watch(&mut self, clock: i64) {
        if self.speed == self.fastest && self.mean > self.period {
            self.starved.get_or_insert(clock);
        } else if !self.is_above(self.mean, BUSY) {
            self.starved = None;
        }
    }

    fn change(&mut self, clock: i64, speed: i8) -> Option<i8> {
        if speed == self.speed {
            return None;
        }
        if speed > self.speed {
            self.patience.take_back(clock);
        } else {
            self.patience.try_at(clock);
            self.patience.restart(clock);
        }
        self.speed = speed;
        self.crowded = None;
        self.window = Window::default();
        Some(speed)
    }
}

/// How much of the time the encoder works.
enum Load {
    TooMuch { steps: i8 },
    Right,
    Little,
}

/// What some frames in a row took.
#[derive(Debug, Default)]
struct Window {
    sum: i64,
    longest: i64,
    count: i64,
}

impl Window {
    /// A third of a second at 25 Hz.
    const FRAMES: i64 = 8;

    /// The mean without the longest, at the end of each window.
    fn push(&mut self, time: i64) -> Option<i64> {
        self.sum += time;
        self.longest = self.longest.max(time);
        self.count += 1;
        if self.count < Self::FRAMES {
            return None;
        }
        let Self { sum, longest, count } = std::mem::take(self);
        Some((sum - longest) / (count - 1))
    }
}

/// Kept between a microsecond and ten seconds, within which all sums here have room.
fn period(rate: FrameRate) -> i64 {
    let nanos = u64::from(rate.den()) * SECOND.unsigned_abs() / u64::from(rate.num());
    i64::try_from(nanos).unwrap_or(i64::MAX).clamp(1000, 10 * SECOND)
}

/// Per cent of the frame period above which there is no room for a frame that takes longer.
const BUSY: i64 = 85;
/// Per cent of the frame period below which the next slower step, which costs up to 2.4 times as much, stays below [`BUSY`].
const CALM: i64 = 35;
/// In frame periods: longer is not told apart from a stop.
const LONGEST: i64 = 100;
const STARVED: i64 = 2 * SECOND;
/// Ten seconds see several scenes. A minute, since a job that runs every minute (a backup, a log rotation) is the most usual burst.
const PATIENCE: Limits = Limits { least: 10 * SECOND, most: 600 * SECOND, proof: 60 * SECOND };
