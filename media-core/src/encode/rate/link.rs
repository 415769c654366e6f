//! The bit rate, by what the link is estimated to carry.

use super::patience::{Limits, Patience};
use super::{Config, SECOND};

#[derive(Debug)]
pub(super) struct Link {
    /// Whole kbit/s, as are the other rates.
    least: u32,
    most: u32,
    rate: u32,
    /// When the rate changed last.
    changed: i64,
    estimate: Option<Estimate>,
    patience: Patience,
    silence: i64,
    floor: u32,
    starved: bool,
}

#[derive(Clone, Copy, Debug)]
struct Estimate {
    bits: u32,
    at: i64,
}

impl Link {
    pub(super) fn new(config: &Config) -> Self {
        let least = config.bitrate.start().div_ceil(1000) * 1000;
        let most = whole_kilobits(*config.bitrate.end()).max(least);
        let start = config.start.unwrap_or(most);
        let mut link = Self {
            least,
            most,
            rate: whole_kilobits(start).clamp(least, most),
            changed: 0,
            estimate: None,
            patience: Patience::new(PATIENCE),
            silence: config.silence.max(SECOND),
            floor: 0,
            starved: false,
        };
        link.set_floor(config.floor());
        link
    }

    pub(super) const fn rate(&self) -> u32 {
        self.rate
    }

    /// Whether the picture is too large for its bits.
    pub(super) const fn starved(&self) -> bool {
        self.starved
    }

    pub(super) fn set_floor(&mut self, floor: u32) {
        self.floor = floor;
        self.judge();
    }

    /// The new rate where it changes.
    pub(super) fn decide(&mut self, clock: i64, bandwidth: Option<u32>) -> Option<u32> {
        if let Some(bits) = bandwidth {
            self.estimate = Some(Estimate { bits, at: clock });
        }
        let estimate = self.estimate?;
        let rate = if clock.saturating_sub(estimate.at) < self.silence {
            self.follow(clock, estimate.bits)
        } else {
            self.recede(clock)
        };
        if rate == self.rate {
            return None;
        }
        self.rate = rate;
        self.changed = clock;
        self.judge();
        Some(rate)
    }

    fn follow(&mut self, clock: i64, bits: u32) -> u32 {
        let right = self.within(share(bits));
        if bits < self.rate {
            if right < self.rate {
                self.patience.take_back(clock);
            }
            self.patience.restart(clock);
            return right;
        }
        let worth_it = right.saturating_sub(self.rate) >= self.rate / WORTH || right == self.most;
        if right <= self.rate || !worth_it || !self.is_a_second_later(clock) || !self.patience.is_over(clock)
        {
            return self.rate;
        }
        self.patience.try_at(clock);
        right.min(grown(self.rate))
    }

    /// One step down for each second without an estimate.
    fn recede(&mut self, clock: i64) -> u32 {
        self.patience.restart(clock);
        if self.is_a_second_later(clock) { self.within(share(self.rate)) } else { self.rate }
    }

    const fn is_a_second_later(&self, clock: i64) -> bool {
        clock.saturating_sub(self.changed) >= SECOND
    }

    fn within(&self, rate: u32) -> u32 {
        whole_kilobits(rate).clamp(self.least, self.most)
    }

    fn judge(&mut self) {
        // Where the range does not reach a quarter above the floor, its upper end is enough.
        let enough = self.floor.saturating_add(self.floor / 4).min(self.most).max(self.floor);
        self.starved = self.rate < if self.starved { enough } else { self.floor };
    }
}

/// 0.85: beta of draft-ietf-rmcat-gcc-02, table 1.
fn share(bits: u32) -> u32 {
    u32::try_from(u64::from(bits) * 85 / 100).expect("less than it was")
}

/// 8 % more (draft-ietf-rmcat-gcc-02 section 5.5), and at least the unit in which rates are counted.
const fn grown(rate: u32) -> u32 {
    let more = whole_kilobits((rate as u64 * 108 / 100) as u32);
    if more > rate { more } else { rate + 1000 }
}

const fn whole_kilobits(rate: u32) -> u32 {
    rate / 1000 * 1000
}

/// A rate is not raised by less than a 32nd: an estimate that trembles would have the encoder reconfigured at each new maximum.
const WORTH: u32 = 32;
/// Two seconds drain what a second at one and a half times the link's rate has filled. Growth that held for ten seconds was no mistake. With
/// 16 seconds a link that swings faster than that is overrun no more than four times a minute.
const PATIENCE: Limits = Limits { least: 2 * SECOND, most: 16 * SECOND, proof: 10 * SECOND };
