//! Times of audio frames by counting samples, for formats whose players do so.
//!
//! A source may stamp sound in milliseconds, or in ticks of 90 kHz that 1024 samples at 44.1 kHz do not divide. Players of transport streams and packed
//! audio count on from a stamp by themselves and hear every one that does not agree as a crack (gohlslib recounts for iOS alike). So the line of such a track
//! is that of its samples; where the stamps leave it for good, it is led after them by a sample per frame, less than 1000 ppm, or moved at once.

use crate::codec;
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::Track;

#[derive(Debug)]
pub(super) struct Count {
    /// That of the stamps.
    from: TimeBase,
    /// A tick per sample.
    base: TimeBase,
    /// Samples per frame.
    samples: i64,
    /// How far stamps may be off by being rounded, in samples.
    rounding: i64,
    next: Option<Timestamp>,
}

impl Count {
    /// For sound whose frames all last the same; `None` for everything else.
    pub(super) fn new(track: &Track) -> Option<Self> {
        let (rate, samples) = match &track.codec {
            codec::Config::Aac(config) => (config.sample_rate(), config.samples_per_frame()),
            codec::Config::Mp3(config) => (config.sample_rate(), config.samples_per_frame()),
            codec::Config::Ac3(config) => (config.sample_rate(), config.samples_per_frame()),
            _ => return None,
        };
        let (from, base) = (track.time_base, TimeBase::new(1, rate)?);
        let tick = Timestamp::new(1).rescale(from, base).ticks();
        Some(Self { from, base, samples: i64::from(samples).max(1), rounding: 2 * tick + 1, next: None })
    }

    pub(super) const fn base(&self) -> TimeBase {
        self.base
    }

    /// The track on the line of its samples.
    pub(super) fn track(&self, track: &Track) -> Track {
        let priming = Timestamp::new(track.priming.into()).rescale(self.from, self.base).ticks();
        Track { time_base: self.base, priming: priming.try_into().unwrap_or(u32::MAX), ..track.clone() }
    }

    pub(super) const fn restart(&mut self) {
        self.next = None;
    }

    /// The packet on the line of its samples.
    pub(super) fn place(&mut self, packet: Packet) -> Packet {
        let stamp = packet.pts.rescale(self.from, self.base);
        let at = match self.next {
            None => stamp,
            Some(next) => match stamp.since(next) {
                off if off.saturating_abs() > self.samples / 2 => {
                    stamp.max(next.saturating_add(1 - self.samples))
                }
                off if off.saturating_abs() > self.rounding => next.saturating_add(off.signum()),
                _ => next,
            },
        };
        self.next = Some(at.saturating_add(self.samples));
        Packet { pts: at, dts: at, duration: u32::try_from(self.samples).ok(), ..packet }
    }
}

#[cfg(test)]
#[path = "count_test.rs"]
mod tests;
