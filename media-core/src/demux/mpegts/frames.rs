//! Frames of sound on their way to packets, each at its sample.

use bytes::Bytes;

use super::Common;
use super::lane::{Lane, Start, Units};
use super::stream::Times;
use crate::codec::{Config, Parser};
use crate::demux::framing::{Frame, Step};
use crate::demux::sound::{Line, Placed};
use crate::time::{TimeBase, Timestamp};

/// Whether stamps are whole milliseconds, as those of a stream that came by way of RTMP or Matroska.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Grid {
    first: Option<i64>,
    is_finer: bool,
}

impl Grid {
    /// Whether a stamp, in ticks of 90 kHz, or one before it was no whole number of milliseconds after the first.
    const fn is_finer(&mut self, stamp: i64) -> bool {
        let first = match self.first {
            Some(first) => first,
            None => stamp,
        };
        self.first = Some(first);
        self.is_finer |= stamp.wrapping_sub(first) % MILLISECOND != 0;
        self.is_finer
    }
}

impl Lane {
    /// The next frame of sound; whether there may be another.
    pub(super) fn frame(&mut self, is_end: bool, common: &mut Common) -> bool {
        let Units::Sound { framing, is_locked, .. } = &mut self.units else { return false };
        match framing.step(self.bytes.bytes(), *is_locked, is_end) {
            Step::More => false,
            Step::Junk(count) => {
                *is_locked = false;
                common.counts.junk += count as u64;
                drop(self.bytes.take(count));
                true
            }
            Step::Frame(frame) => {
                *is_locked = true;
                let times = self.bytes.times(0);
                let bytes = self.bytes.take_frozen(frame.len);
                self.sound(frame, &bytes, times, common);
                true
            }
        }
    }

    fn sound(&mut self, mut frame: Frame, bytes: &Bytes, times: Option<Times>, common: &mut Common) {
        common.counts.unstamped += u64::from(times.is_none());
        let told = frame.config.take().filter(|told| self.parser.config().as_ref() != Some(told));
        if let Some(told) = &told {
            self.parser = Parser::new(told);
        }
        let mut first = Some((told.map(|told| *told), times));
        let trim = (u32::from(frame.trim.0), u32::from(frame.trim.1));
        let whole = || vec![bytes.slice(frame.head..)];
        for data in frame.taken.unwrap_or_else(whole) {
            let (told, times) = first.take().unwrap_or_default();
            if data.is_empty() {
                self.unheard(times, common);
            } else {
                self.heard(data, told, trim, times, common);
            }
        }
    }

    /// A frame that cannot be read takes its time all the same.
    fn unheard(&mut self, times: Option<Times>, common: &mut Common) {
        common.counts.damaged_units += 1;
        if let Some(Config::Aac(config)) = self.parser.config() {
            self.place(times, Some(config.samples_per_frame()));
        }
    }

    fn heard(
        &mut self,
        data: Bytes,
        told: Option<Config>,
        (from, to): (u32, u32),
        times: Option<Times>,
        common: &mut Common,
    ) {
        let unit = self.parser.parse(data);
        let config = unit.config.clone().or(told);
        let is_other = config.is_some();
        let config = config.or_else(|| self.parser.config().filter(|_| self.track.is_none()));
        let Units::Sound { line, start, .. } = &mut self.units else { return };
        if is_other {
            *line = None;
        }
        if matches!(start, Start::Over) {
            self.announce(config, 0, common);
        }
        if self.parser.config().is_none() {
            common.counts.damaged_units += 1;
            return;
        }
        let samples = unit.samples;
        let Some(placed) = self.place(times, samples) else { return };
        common.counts.gaps += u64::from(placed.is_gap);
        let duration = samples.map(|samples| samples.saturating_sub(to));
        let packet = self.packet(unit, placed.at, placed.at, duration);
        let Units::Sound { start, .. } = &mut self.units else { return };
        match start {
            Start::Over => common.out.push(packet),
            Start::Waiting { trimmed, packets } => {
                *trimmed += from;
                packets.push(packet);
                // Whole packets may have to be dropped; the last of them is not.
                if from == 0 || samples.is_none_or(|samples| from < samples) || packets.len() > MAX_OPENING {
                    self.begin(common);
                }
            }
        }
    }

    /// The place of a frame on the line of samples; `None` while nothing tells where it is.
    fn place(&mut self, times: Option<Times>, samples: Option<u32>) -> Option<Placed> {
        let rate = self.parser.config()?.sample_rate()?;
        let base = TimeBase::new(1, rate)?;
        let Units::Sound { line, grid, .. } = &mut self.units else { return None };
        let line = line.get_or_insert_with(|| Line::new(rate, base.from_nanos(TOLERANCE)));
        if times.is_some_and(|times| grid.is_finer(times.pts)) {
            line.refine(base.from_nanos(FINE));
        }
        let stamp = times.map(|times| Timestamp::new(times.pts).rescale(TimeBase::VIDEO, base).ticks());
        line.place(stamp, samples)
    }

    /// The first frames of Opus go out, behind their track.
    pub(super) fn begin(&mut self, common: &mut Common) {
        let Units::Sound { start, .. } = &mut self.units else { return };
        let Start::Waiting { trimmed, packets } = std::mem::replace(start, Start::Over) else { return };
        let Some(Config::Opus(config)) = self.parser.config() else { return };
        let config = config.with_pre_skip(u16::try_from(trimmed).unwrap_or(u16::MAX));
        if !packets.is_empty() {
            self.announce(Some(Config::Opus(config)), trimmed, common);
        }
        packets.into_iter().for_each(|packet| common.out.push(packet));
    }
}

/// Ticks of 90 kHz.
const MILLISECOND: i64 = 90;

/// Nanoseconds by which stamps of sound may be wrong. Some sources count in milliseconds, and cut off fractions of what they add up:
/// 1.2 ms are seen.
const TOLERANCE: i64 = 2_000_000;

/// Nanoseconds by which they may be wrong from one to the next where they are finer than milliseconds. They are seen to be wrong by 0.025 ms; half a millisecond
/// leaves room for encoders that stamp by their clock, and what is more is a gap, or a cut.
const FINE: i64 = 500_000;

/// Packets of Opus that are dropped as a whole, at most.
const MAX_OPENING: usize = 50;
