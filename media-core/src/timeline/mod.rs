//! From what a camera sends to what a muxer may assume.
//!
//! Cameras send stamps that wrap, jump by hours, repeat, run at the wrong speed, and tell no DTS. A [`Timeline`] takes all of it and
//! **never fails**: what comes out has the [guarantees](Output) that muxers, segmenters and players need, and what had to be bent is
//! [counted by cause](Repairs).
//!
//! The *line* is the common time of all tracks: a position in one track's base is the same instant in another's. It starts at 10 s (so
//! that DTS before the first PTS are not negative) and follows the clock of the leading track, the first video track or, without one,
//! the first audio track.

mod clock;
mod lane;
mod lead;
mod reorder;
mod repairs;
mod sync;
mod wall;

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use crate::codec::{self, AccessUnit};
use crate::packet::Packet;
use crate::time::{Moment, TimeBase, WallTime};
use crate::track::{Kind, Track, TrackId};

pub use clock::Counting;
pub use repairs::Repairs;

use clock::{Clock, Event};
use lane::Lane;
use sync::{Correction, Report};
use wall::Wall;

/// The choices of a [`Timeline`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The time of day at [`Moment`] zero of the clock that `now` is read from.
    pub epoch: WallTime,
    /// How long, in nanoseconds from the first packet on, to wait for the first key picture of each announced video track. 10 s.
    pub wait_for_video: i64,
    /// How long, in nanoseconds from the first packet on, to wait for the first packet of each announced audio track. 2 s.
    pub wait_for_audio: i64,
}

impl Config {
    /// The usual waits; `epoch` is the time of day at [`Moment`] zero.
    pub const fn new(epoch: WallTime) -> Self {
        Self { epoch, wait_for_video: 10 * SECOND, wait_for_audio: 2 * SECOND }
    }
}

/// A track as the source announces it (SDP, PMT), before any of its packets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Announced {
    /// Its name.
    pub id: TrackId,
    /// Pictures or sound.
    pub kind: Kind,
    /// The unit of its stamps, going in and coming out.
    pub time_base: TimeBase,
    /// Whether stamps wrap, and where.
    pub counting: Counting,
    /// Its configuration; `None` when only the stream itself will tell ([`AccessUnit::config`]).
    pub codec: Option<codec::Config>,
    /// As in [`Track::priming`].
    pub priming: u32,
}

impl Announced {
    /// An RTP track of which nothing more is known.
    pub const fn new(id: TrackId, kind: Kind, time_base: TimeBase) -> Self {
        Self { id, kind, time_base, counting: Counting::Rtp, codec: None, priming: 0 }
    }
}

impl From<Track> for Announced {
    /// A track that is fully known; stamps count as in RTP.
    fn from(track: Track) -> Self {
        let kind = track.kind();
        let Track { id, time_base, codec, priming } = track;
        Self { codec: Some(codec), priming, ..Self::new(id, kind, time_base) }
    }
}

/// One access unit as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The track it belongs to.
    pub track: TrackId,
    /// Its presentation stamp: ticks of the track's clock, wrapped as [`Announced::counting`] says.
    pub pts: i64,
    /// Its decoding stamp, where the source tells one (MPEG-TS, RTMP); `None` in RTP.
    pub dts: Option<i64>,
    /// What it contains.
    pub unit: AccessUnit,
}

/// What a [`Timeline`] gives out.
///
/// The first output is [`Output::Tracks`]. On every track, for as long as the timeline lives and across discontinuities, DTS are
/// strictly increasing and `0 <= dts <= pts`. The first picture of a video track after `Tracks` or `Discontinuity` is a
/// [sync picture](codec::Key::is_sync). Every packet has a `wall` time and belongs to one of the latest `Tracks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The tracks from here on, in the order they were announced. Decoding starts anew: comes first, and again when the set of tracks or
    /// one's configuration has changed.
    Tracks(Arc<[Track]>),
    /// The same tracks, but what follows does not continue what came before.
    Discontinuity,
    /// An access unit.
    Packet(Packet),
}

/// Turns the stamps of a live source into ones that can be relied on. See the [module](self).
#[derive(Debug)]
pub struct Timeline {
    config: Config,
    lanes: Vec<Lane>,
    phase: Phase,
    outputs: VecDeque<Output>,
    /// Whether a discontinuity has to be put out before a sync picture.
    broken: bool,
    /// The jump that caused the last discontinuity: jumps of other tracks soon after belong to it.
    jump: Option<Moment>,
    /// Line minus real time, in nanoseconds.
    lead: i64,
    /// Where the line began or went on, in nanoseconds: sound before it is dropped.
    floor: i64,
    wall: Wall,
    first: Option<Moment>,
    now: Moment,
    strangers: u64,
}

#[derive(Debug)]
enum Phase {
    /// Packets are held until every track has come or the wait is over.
    Waiting {
        since: Option<Moment>,
        held: VecDeque<(usize, Sample, Moment)>,
    },
    Flowing,
}

impl Timeline {
    /// A timeline for a source that announces these tracks. Of two with the same id the second is ignored.
    pub fn new(config: Config, announced: impl IntoIterator<Item = Announced>) -> Self {
        let mut lanes = Vec::<Lane>::new();
        for announced in announced {
            if lanes.iter().all(|lane| lane.announced.id != announced.id) {
                lanes.push(Lane::new(announced));
            }
        }
        Self {
            config,
            lanes,
            phase: Phase::waiting(),
            outputs: VecDeque::new(),
            broken: false,
            jump: None,
            lead: ORIGIN,
            floor: ORIGIN,
            wall: Wall::new(),
            first: None,
            now: Moment::default(),
            strangers: 0,
        }
    }

    /// Takes an access unit that came at `now`. Packets of tracks that were not announced are dropped and
    /// [counted](Self::unannounced).
    pub fn push(&mut self, sample: Sample, now: Moment) {
        let now = self.advance(now);
        let Some(index) = self.index(sample.track) else {
            self.strangers += 1;
            return;
        };
        if self.is_waiting() {
            self.hold(index, sample, now);
            self.start_if_due(now);
        } else {
            self.take(index, sample, now);
        }
    }

    /// Takes an RTCP sender report: RTP stamp `rtp` of the track is the same instant as `ntp` (RFC 3550 section 6.4.1).
    pub fn sender_report(&mut self, track: TrackId, rtp: u32, ntp: u64, now: Moment) {
        let now = self.advance(now);
        let Some(index) = self.index(track).filter(|_| ntp != 0) else { return };
        self.lanes[index].sync.report = Some(Report { rtp, ntp: WallTime::from_ntp(ntp), arrival: now });
        if !self.is_waiting() {
            self.refine_wall(index, now);
            self.refine_by_reports(index, now);
        }
    }

    /// Tells that the raw stamp `pts` of a track means the start of the stream, the same instant for every track this is told of: the
    /// `rtptime` of an RTSP `RTP-Info` header (RFC 2326 section 12.33). Counts until sender reports tell better.
    pub fn common_zero(&mut self, track: TrackId, pts: i64) {
        if let Some(index) = self.index(track) {
            self.lanes[index].sync.zero = Some(pts);
        }
    }

    /// Tells that the source went away at `now`. The next packets begin a discontinuity, where real elapsed time puts them.
    pub fn interrupted(&mut self, now: Moment) {
        self.advance(now);
        if let Phase::Waiting { held, .. } = mem::replace(&mut self.phase, Phase::waiting()) {
            for (index, ..) in held {
                self.lanes[index].repairs.dropped_before_start += 1;
            }
        }
        // Where the tracks end has to be taken down before their clocks are forgotten.
        self.floor = self.end().max(self.floor);
        self.broken = self.lanes.iter().any(|lane| lane.listed);
        for lane in &mut self.lanes {
            lane.interrupt();
        }
    }

    /// Tells that the source is back and what it announces now; includes [`interrupted`](Self::interrupted). Tracks are recognised by
    /// their ids; those not named again are gone.
    pub fn announce(&mut self, announced: impl IntoIterator<Item = Announced>, now: Moment) {
        self.interrupted(now);
        for lane in &mut self.lanes {
            lane.gone = true;
        }
        for announced in announced {
            match self.lanes.iter_mut().find(|lane| lane.announced.id == announced.id) {
                Some(lane) => lane.announce(announced),
                None => self.lanes.push(Lane::new(announced)),
            }
        }
    }

    /// Tells that it is `now`, at or after the [`deadline`](Self::deadline).
    pub fn tick(&mut self, now: Moment) {
        let now = self.advance(now);
        self.start_if_due(now);
    }

    /// When [`tick`](Self::tick) has something to do unless packets come before; `None` when it has not.
    pub fn deadline(&self) -> Option<Moment> {
        let due = self.due()?;
        Some(self.first?.after(due.nanos()))
    }

    /// Takes what is ready; `None` is "nothing yet". Whoever pushes also polls: nothing bounds what has not been taken.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Ends the stream and gives out what was still held.
    pub fn finish(mut self) -> impl Iterator<Item = Output> {
        if self.is_waiting() && self.ready().next().is_some() {
            self.start();
        }
        self.outputs.into_iter()
    }

    /// What has been bent on a track so far; `None` for one that was not announced.
    pub fn repairs(&self, track: TrackId) -> Option<&Repairs> {
        self.index(track).map(|index| &self.lanes[index].repairs)
    }

    /// How many packets belonged to no announced track.
    pub const fn unannounced(&self) -> u64 {
        self.strangers
    }

    fn index(&self, track: TrackId) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.announced.id == track && !lane.gone)
    }

    /// The caller's clock as it should be: from zero, never backward, and not for longer than positions can count.
    fn advance(&mut self, now: Moment) -> Moment {
        let first = *self.first.get_or_insert(now);
        let passed = now.since(first).min(LONGEST);
        self.now = self.now.max(Moment::from_nanos(passed));
        self.now
    }

    /// The position of a moment, in nanoseconds.
    fn line(&self, now: Moment) -> i64 {
        now.nanos().saturating_add(self.lead)
    }

    /// Where the last packet of all ends, in nanoseconds.
    fn end(&self) -> i64 {
        self.lanes.iter().filter_map(Lane::end).max().unwrap_or(ORIGIN)
    }
}

/// The start, and every start after an interruption.
impl Timeline {
    const fn is_waiting(&self) -> bool {
        matches!(self.phase, Phase::Waiting { .. })
    }

    fn hold(&mut self, index: usize, mut sample: Sample, now: Moment) {
        let lane = &mut self.lanes[index];
        let Phase::Waiting { since, held } = &mut self.phase else { return };
        since.get_or_insert(now);
        let before = lane.codec.clone();
        lane.configure(sample.unit.config.take());
        if lane.is_video() && lane.codec != before {
            // Pictures of the old configuration are of no use with the new one.
            lane.arrival = None;
            held.retain(|(other, ..)| *other != index);
        }
        let decodable = !lane.is_video() || lane.arrival.is_some() || sample.unit.key.is_sync();
        if lane.codec.is_none() || !decodable {
            lane.repairs.dropped_before_key += 1;
            return;
        }
        lane.arrival = Some(now);
        held.push_back((index, sample, now));
        if held.len() > MOST_HELD && !self.lanes.iter().any(|lane| lane.is_video() && lane.arrival.is_some())
        {
            held.pop_front();
            self.lanes[index].repairs.dropped_before_start += 1;
        }
    }

    /// The tracks that could start.
    fn ready(&self) -> impl Iterator<Item = &Lane> {
        self.lanes.iter().filter(|lane| lane.arrival.is_some() && !lane.gone)
    }

    /// When the wait ends, on the inner clock; `None` when nothing is there to start with.
    fn due(&self) -> Option<Moment> {
        let Phase::Waiting { since: Some(since), .. } = self.phase else { return None };
        self.ready().next()?;
        let mut missing = self.lanes.iter().filter(|lane| lane.arrival.is_none() && !lane.gone).peekable();
        missing.peek()?;
        let video = missing.any(Lane::is_video);
        Some(since.after(if video { self.config.wait_for_video } else { self.config.wait_for_audio }.max(0)))
    }

    fn start_if_due(&mut self, now: Moment) {
        let Phase::Waiting { held, .. } = &self.phase else { return };
        if held.is_empty() {
            return;
        }
        let full = held.len() > MOST_HELD;
        if full || self.due().is_none_or(|due| due <= now) {
            self.start();
        }
    }

    fn start(&mut self) {
        let Phase::Waiting { held, .. } = mem::replace(&mut self.phase, Phase::Flowing) else { return };
        let leading = held.iter().find(|(index, ..)| self.lanes[*index].is_video()).or(held.front());
        let Some(&(index, ref sample, arrival)) = leading else { return };
        let before = self.lanes.iter().any(|lane| lane.listed);
        self.floor = if before { self.line(arrival).max(self.end()).max(self.floor) } else { ORIGIN };
        self.lead = self.floor.saturating_sub(arrival.nanos());
        self.anchor_at(index, sample.pts, self.floor, arrival);
        self.cut();
        for (index, sample, arrival) in held {
            self.take(index, sample, arrival);
        }
    }
}

/// The flow.
impl Timeline {
    fn take(&mut self, index: usize, mut sample: Sample, now: Moment) {
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

    fn anchor_at(&mut self, index: usize, pts: i64, position: i64, now: Moment) {
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

    fn refine_by_reports(&mut self, index: usize, now: Moment) {
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

    fn refine_wall(&mut self, index: usize, now: Moment) {
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
            _ => !self.lanes[index].is_video() || sample.unit.key.is_sync(),
        }
    }

    /// Puts out the tracks, or a discontinuity when they are the same as before.
    fn cut(&mut self) {
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

impl Phase {
    const fn waiting() -> Self {
        Self::Waiting { since: None, held: VecDeque::new() }
    }
}

const SECOND: i64 = 1_000_000_000;
/// Where the line begins: room for the DTS before the first PTS.
const ORIGIN: i64 = 10 * SECOND;
/// Fifty years: in ticks of any base up to 4 GHz they fit 63 bits.
const LONGEST: i64 = 50 * 365 * 86_400 * SECOND;
/// Packets held while waiting: ten seconds of AAC.
const MOST_HELD: usize = 512;
/// A track flows while its last packet is no older than this.
const FLOWING: i64 = 2 * SECOND;
/// Jumps of several tracks within this time are one.
const ONE_JUMP: i64 = 5 * SECOND;
/// Reports and zeros may move the first packet of a track this far from where its arrival puts it.
const FIRST: i64 = 2 * SECOND;
