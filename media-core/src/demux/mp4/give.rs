//! Samples whose bytes are there become packets, behind the tracks they belong to; those that cannot be are dropped and counted.

use super::lane::Taken;
use super::*;

impl Demuxer {
    /// Gives out the next sample of a track, if its bytes are there.
    pub(super) fn give(&mut self, index: usize) -> Step {
        let Some(due) = self.lanes[index].peeked() else { return Step::Again };
        let (at, size) = (due.sample.at, u64::from(due.sample.size));
        let end = at.saturating_add(size);
        if let Some(fault) = self.refuses(at, size) {
            *fault += 1;
            return self.drop_sample(index);
        }
        match self.window.get(at, size) {
            Ok(bytes) => self.give_bytes(index, bytes),
            Err(_) if self.ended => {
                self.faults.beyond_end += 1;
                return self.drop_sample(index);
            }
            Err(missing) if self.source == Source::Stream && missing < self.window.end() => {
                self.faults.behind += 1;
                return self.drop_sample(index);
            }
            Err(_) if self.window.held() > MOST_HELD + size => match self.first_at_hand() {
                Some((other, bytes)) => {
                    self.faults.interleave += 1;
                    self.give_bytes(other, bytes);
                }
                None => return Step::Needs(at, end),
            },
            Err(missing) => return Step::Needs(missing, end),
        }
        Step::Again
    }

    /// What a sample is not taken for, if anything: the fault to be counted.
    const fn refuses(&mut self, at: u64, size: u64) -> Option<&mut u64> {
        let faults = &mut self.faults;
        let Some(end) = at.checked_add(size) else { return Some(&mut faults.beyond_end) };
        if size == 0 {
            return Some(&mut faults.empty);
        }
        match self.source {
            Source::Stream if at < self.gone => Some(&mut faults.behind),
            Source::Seekable { len } if end > len => Some(&mut faults.beyond_end),
            _ if size > MOST_SAMPLE => Some(&mut faults.oversized),
            _ => None,
        }
    }

    /// Of the samples that are there in whole, the first in the stream.
    fn first_at_hand(&self) -> Option<(usize, Bytes)> {
        let heads =
            self.lanes.iter().enumerate().filter_map(|(index, lane)| Some((index, lane.peeked()?.sample)));
        let mut heads: Vec<_> = heads.collect();
        heads.sort_by_key(|(_, sample)| sample.at);
        heads
            .into_iter()
            .find_map(|(index, sample)| Some((index, self.window.get(sample.at, sample.size.into()).ok()?)))
    }

    fn drop_sample(&mut self, index: usize) -> Step {
        self.lanes[index].skip();
        self.is_too_much(1);
        Step::Again
    }

    /// Whether samples are more, with these bytes, than there can be in the source; the tracks have ended then.
    fn is_too_much(&mut self, bytes: u64) -> bool {
        self.given = self.given.saturating_add(bytes);
        let source = self.len().unwrap_or(self.window.end());
        let is_over = self.given > source.saturating_mul(MOST_GIVEN).saturating_add(1 << 16);
        if is_over {
            self.faults.overlapping += self.lanes.len() as u64;
            self.lanes.iter_mut().for_each(Lane::clear);
            self.scanned = true;
        }
        is_over
    }

    fn give_bytes(&mut self, index: usize, bytes: Bytes) {
        if self.is_too_much(bytes.len() as u64) {
            return;
        }
        let len = bytes.len() as u64;
        let (packet, changed) = match self.lanes[index].take(bytes, &mut self.faults) {
            Taken::Packet(packet) => (packet, false),
            Taken::Changed(packet) => (packet, true),
            Taken::Nothing => return self.give_up_waiting(),
        };
        let packet = Output::Packet(packet);
        if !self.announced {
            self.early_bytes += len;
            self.early.push(packet);
            return self.announce_if_known();
        }
        if changed {
            self.outputs.push_back(self.tracks());
        }
        self.outputs.push_back(packet);
    }

    fn tracks(&self) -> Output {
        Output::Tracks(self.lanes.iter().filter_map(Lane::track).collect())
    }

    pub(super) fn announce_if_known(&mut self) {
        let is_known = self.lanes.iter().all(|lane| lane.track().is_some());
        if is_known || self.early.len() > MOST_EARLY || self.early_bytes > MOST_HELD {
            self.announce();
        }
    }

    /// Gives out the tracks that are known, and what waited for them.
    pub(super) fn announce(&mut self) {
        if self.lanes.iter().any(|lane| lane.track().is_some()) {
            self.outputs.push_back(self.tracks());
            self.outputs.extend(self.early.drain(..));
            self.early_bytes = 0;
            self.announced = true;
        }
    }

    /// A track whose parameter sets do not come is not waited for without end.
    fn give_up_waiting(&mut self) {
        if !self.announced && self.faults.unconfigured > MOST_EARLY as u64 {
            self.announce();
        }
    }
}

/// Bytes of a sample. The largest pictures known, raw ones excepted, are a fifth of it.
const MOST_SAMPLE: u64 = 128 << 20;

/// How many times the source all samples may add up to: tracks may share samples, and edits may repeat them.
const MOST_GIVEN: u64 = 4;

/// Packets that wait for the parameter sets of another track.
const MOST_EARLY: usize = 1000;
