//! The flow: every packet onto the line, tracks against each other, and cuts where decoding starts anew.

use super::clock::{Clock, Event};
use super::lane::Lane;
use super::sync::Correction;
use super::{Output, SECOND, Sample, Timeline};
use crate::time::{Moment, WallTime};

impl Timeline {
    pub(super) fn take(&mut self, index: usize, mut sample: Sample, now: Moment) {
        let lane = &mut self.lanes[index];
        lane.arrival = Some(now);
        lane.configure(sample.unit.config.take());
        if lane.codec.is_none() {
            lane.repairs.dropped_before_key += 1;
            return;
        }
        if lane.clock.is_none() {
            self.anchor(index, sample.pts, now);
        }
        let lane = &mut self.lanes[index];
        let Some((at, event)) = lane.place(&sample, now) else { return };
        if event == Event::Jumped {
            self.jumped(index, now);
        }
        self.follow(index, now);

        if (self.broken || self.lanes.iter().any(Lane::is_new)) && self.may_cut(index, &sample, now) {
            self.cut();
        }
        self.put_out(index, sample, at);
    }

    fn put_out(&mut self, index: usize, sample: Sample, at: i64) {
        let lane = &mut self.lanes[index];
        let position = lane.base().to_nanos(at);
        if !lane.listed || (!lane.is_video() && position < self.floor) {
            lane.repairs.dropped_before_start += 1;
            return;
        }
        let wall = self.wall.at(position);
        self.outputs.extend(lane.packet(sample, at, wall).map(Output::Packet));
    }

    /// The track the others are aligned to.
    fn leader(&self) -> Option<usize> {
        let with_clock = |video: bool| {
            self.lanes.iter().position(|lane| lane.clock.is_some() && !lane.gone && lane.is_video() == video)
        };
        with_clock(true).or_else(|| with_clock(false))
    }

    /// Puts the first packet of a track on the line: by sender reports or the common zero, else by its arrival.
    fn anchor(&mut self, index: usize, pts: i64, now: Moment) {
        let arrival = self.line(now);
        self.anchor_at(index, pts, arrival, now);
        let Some(leader) = self.leader().filter(|&leader| leader != index) else { return };
        let error = self.report_error(index, leader, now).or_else(|| self.zero_error(index, leader, now));
        if let Some(error) = error.filter(|error| error.saturating_abs() <= FIRST) {
            let lane = &mut self.lanes[index];
            let ticks = lane.base().from_nanos(error);
            if let Some(clock) = &mut lane.clock {
                clock.shift(ticks);
            }
        }
    }

    pub(super) fn anchor_at(&mut self, index: usize, pts: i64, position: i64, now: Moment) {
        let ours = self.ours(now);
        let lane = &mut self.lanes[index];
        let (base, counting) = (lane.base(), lane.announced.counting);
        lane.clock = Some(Clock::new(base, counting, pts, base.from_nanos(position), now));
        self.wall.by_arrival(ours.nanos().saturating_sub(position), now);
        if lane.sync.report.is_some() {
            self.refine_wall(index, now);
        }
    }

    /// Our time of day at a moment of the inner clock.
    fn ours(&self, now: Moment) -> WallTime {
        let first = self.first.map_or(0, Moment::nanos);
        self.config.epoch.after(first).after(now.nanos())
    }

    /// How far a track has to move so that its sender report agrees with the leader's, in nanoseconds.
    fn report_error(&self, index: usize, leader: usize, now: Moment) -> Option<i64> {
        let (lane, leader) = (&self.lanes[index], &self.lanes[leader]);
        let of = |lane: &Lane| {
            let report = lane.sync.report.filter(|report| report.is_fresh(now))?;
            let clock = lane.clock.as_ref().filter(|clock| clock.is_trusted())?;
            Some((report.position(clock, lane.base()), report.ntp))
        };
        let ((ours, our_ntp), (theirs, their_ntp)) = (of(lane)?, of(leader)?);
        Some(theirs.saturating_add(our_ntp.since(their_ntp)).saturating_sub(ours))
    }

    /// The same by the stamps that mean the start of the stream.
    fn zero_error(&self, index: usize, leader: usize, now: Moment) -> Option<i64> {
        let of = |lane: &Lane| {
            let clock = lane.clock.as_ref()?;
            Some(lane.base().to_nanos(clock.position_of(lane.sync.zero?, now)))
        };
        Some(of(&self.lanes[leader])?.saturating_sub(of(&self.lanes[index])?))
    }

    /// Lets the line follow the leader, and the others follow the line.
    fn follow(&mut self, index: usize, now: Moment) {
        let Some(leader) = self.leader() else { return };
        let Some(lead) = self.lanes[index].clock.as_ref().map(Clock::lead) else { return };
        if index == leader {
            self.lead = lead;
            let ours = self.ours(Moment::from_nanos(0)).nanos();
            self.wall.by_arrival(ours.saturating_sub(lead), now);
            return;
        }
        let fresh = |lane: &Lane| lane.sync.report.is_some_and(|report| report.is_fresh(now));
        let flows = self.lanes[leader].arrival.is_some_and(|at| now.since(at) < FLOWING);
        if flows && !(fresh(&self.lanes[index]) && fresh(&self.lanes[leader])) {
            let ahead = lead.saturating_sub(self.lead);
            let correction = self.lanes[index].sync.by_arrival(ahead, now);
            self.correct(index, correction);
        }
    }

    pub(super) fn refine_by_reports(&mut self, index: usize, now: Moment) {
        let Some(leader) = self.leader() else { return };
        let followers = if index == leader { 0..self.lanes.len() } else { index..index + 1 };
        for follower in followers.filter(|&follower| follower != leader) {
            if let Some(error) = self.report_error(follower, leader, now) {
                let correction = self.lanes[follower].sync.by_reports(error);
                self.correct(follower, correction);
            }
        }
    }

    fn correct(&mut self, index: usize, correction: Correction) {
        let lane = &mut self.lanes[index];
        match correction {
            Correction::None => {}
            Correction::Slew(nanos) => lane.slew(nanos),
            Correction::Resync(nanos) => lane.resync(nanos),
            Correction::Ignore => lane.repairs.reports_ignored += 1,
        }
    }

    pub(super) fn refine_wall(&mut self, index: usize, now: Moment) {
        let lane = &self.lanes[index];
        let (Some(report), Some(clock)) = (lane.sync.report, &lane.clock) else { return };
        if clock.is_trusted() {
            let (position, ours) = (report.position(clock, lane.base()), self.ours(report.arrival));
            self.wall.by_report(report.ntp, position, ours, now);
        }
    }

    fn jumped(&mut self, index: usize, now: Moment) {
        self.lanes[index].sync.forget();
        if self.jump.is_none_or(|at| now.since(at) > ONE_JUMP) {
            self.broken = true;
            self.jump = Some(now);
        }
    }

    /// Whether decoding can start anew at this packet: at a sync picture while there are pictures, so that none is lost.
    fn may_cut(&self, index: usize, sample: &Sample, now: Moment) -> bool {
        let flows = |lane: &Lane| lane.arrival.is_some_and(|at| now.since(at) < FLOWING);
        let leader = self.leader().filter(|&leader| {
            self.lanes[leader].is_video() && self.lanes[leader].listed && flows(&self.lanes[leader])
        });
        match leader {
            Some(leader) if leader != index => false,
            _ if self.lanes[index].is_video() => sample.unit.key.is_sync(),
            // A new video track is not taken in before a picture that it can begin with: players would wait for it.
            _ => self.broken || self.lanes.iter().any(|lane| lane.is_new() && !lane.is_video()),
        }
    }

    /// Puts out the tracks, or a discontinuity when they are the same as before.
    pub(super) fn cut(&mut self) {
        let mut changed = false;
        for lane in &mut self.lanes {
            let present = !lane.gone && (lane.listed || lane.is_new());
            changed |= present != lane.listed;
            lane.listed = present;
            lane.needs_key = lane.is_video();
        }
        if changed {
            let tracks = self.lanes.iter().filter(|lane| lane.listed).filter_map(Lane::track).collect();
            self.outputs.push_back(Output::Tracks(tracks));
        } else {
            self.outputs.push_back(Output::Discontinuity);
        }
        self.broken = false;
    }
}

/// A track flows while its last packet is no older than this.
const FLOWING: i64 = 2 * SECOND;
/// Jumps of several tracks within this time are one.
const ONE_JUMP: i64 = 5 * SECOND;
/// Reports and zeros may move the first packet of a track this far from where its arrival puts it.
const FIRST: i64 = 2 * SECOND;
