//! The start, and every start after an interruption: packets are held until every track has come or the wait is over.

use std::mem;

use super::lane::Lane;
use super::{ORIGIN, Phase, Sample, Timeline};
use crate::time::Moment;

impl Timeline {
    pub(super) const fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    pub(super) fn hold(&mut self, index: usize, mut sample: Sample, now: Moment) {
        let lane = &mut self.lanes[index];
        let Phase::Waiting { since, held } = &mut self.phase else { return };
        since.get_or_insert(now);
        if lane.configure(sample.unit.config.take()) && lane.is_video() {
            // Pictures of the old configuration are of no use with the new one.
            lane.arrival = None;
            let before = held.len();
            held.retain(|(other, ..)| *other != index);
            lane.repairs.dropped_before_start += (before - held.len()) as u64;
        }
        let decodable = !lane.is_video() || lane.arrival.is_some() || sample.unit.key.is_sync();
        if lane.codec.is_none() || !decodable {
            lane.repairs.dropped_before_key += 1;
            return;
        }
        lane.arrival = Some(now);
        held.push_back((index, sample, now));
        // With a picture among them, a full queue ends the wait.
        let picture = self.lanes.iter().any(|lane| lane.is_video() && lane.arrival.is_some());
        if held.len() > MOST_HELD && !picture {
            let oldest = held.pop_front().map_or(index, |(oldest, ..)| oldest);
            self.lanes[oldest].repairs.dropped_before_start += 1;
        }
    }

    /// The tracks that could start.
    pub(super) fn ready(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().filter(|lane| lane.arrival.is_some() && !lane.gone)
    }

    /// When the wait ends, on the inner clock; `None` when nothing is there to start with.
    pub(super) fn due(&self) -> Option<Moment> {
        let Phase::Waiting { since: Some(since), .. } = self.phase else { return None };
        self.ready().next()?;
        let mut missing = self.lanes.iter().filter(|lane| lane.arrival.is_none() && !lane.gone).peekable();
        missing.peek()?;
        let video = missing.any(Lane::is_video);
        let wait = if video { self.config.wait_for_video } else { self.config.wait_for_audio };
        // The clock has an end, at which the wait is over too: a deadline beyond it would never be kept.
        Some(since.after(wait.max(0)).min(self.clock_end()))
    }

    pub(super) fn start_if_due(&mut self, now: Moment) {
        let Phase::Waiting { held, .. } = &self.phase else { return };
        if held.is_empty() {
            return;
        }
        let full = held.len() > MOST_HELD;
        if full || self.due().is_none_or(|due| due <= now) {
            self.start();
        }
    }

    pub(super) fn start(&mut self) {
        let Phase::Waiting { held, .. } = mem::replace(&mut self.phase, Phase::Flowing) else { return };
        let leading = held.iter().find(|(index, ..)| self.lanes[*index].is_video()).or(held.front());
        let Some(&(index, ref sample, arrival)) = leading else { return };
        let before = self.lanes.iter().any(|lane| lane.listed);
        if before {
            // By the first start, not by how far the line ran ahead last: a camera that sends some seconds of old pictures whenever it
            // is asked would carry it further away at each return.
            let last = self.end().max(self.floor);
            let real = arrival.nanos().saturating_add(self.home);
            let ran_on = self.line(arrival).max(last);
            self.floor = real.max(last);
            self.wall.shift(self.floor.saturating_sub(ran_on));
        } else {
            self.floor = ORIGIN;
            self.home = ORIGIN.saturating_sub(arrival.nanos());
        }
        self.lead = self.floor.saturating_sub(arrival.nanos());
        self.anchor_at(index, sample.pts, self.floor, arrival);
        self.cut();
        for (index, sample, arrival) in held {
            self.take(index, sample, arrival);
        }
    }
}

/// Packets held while waiting: ten seconds of AAC.
const MOST_HELD: usize = 512;
