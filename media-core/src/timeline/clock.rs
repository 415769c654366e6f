//! One track's clock: from the stamps of the source to positions on the line.
//!
//! Owns what is known of the source's clock: its wraps, its last believed stamp, a suspected jump, its rate. Decoding order is left to
//! [`reorder`](super::reorder), the relation of tracks to [`sync`](super::sync).

use super::Repairs;
use super::lead::Lead;
use crate::time::{Moment, TimeBase};

/// How raw stamps count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Counting {
    /// They start over every 2^32 ticks: RTP, RFC 3550 section 5.1.
    #[default]
    Rtp,
    /// They start over every 2^33 ticks: MPEG systems, ISO/IEC 13818-1 2.4.3.7.
    Mpeg,
    /// They do not wrap, or have been unwrapped already.
    Unwrapped,
}

impl Counting {
    pub(super) const fn range(self) -> Option<i64> {
        match self {
            Self::Rtp => Some(1 << 32),
            Self::Mpeg => Some(1 << 33),
            Self::Unwrapped => None,
        }
    }
}

/// Where a stamp may lie relative to the newest one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// After it.
    Forward,
    /// Before it: a picture shown before one that has come. `pictures` of them, where that is known.
    Late { pictures: Option<i64> },
    /// The stream does not tell.
    Either,
}

/// A stamp as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub(super) raw: i64,
    pub(super) order: Order,
    /// How long the packet lasts in ticks, where that is known.
    pub(super) length: Option<i64>,
    pub(super) now: Moment,
}

/// What the clock of the source just did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// It ran on.
    None,
    /// It jumped: stamps before and after cannot be compared.
    Jumped,
}

#[derive(Debug)]
pub(super) struct Clock {
    base: TimeBase,
    counting: Counting,
    newest: Mark,
    suspect: Option<Mark>,
    suspects: u32,
    frozen: Option<Moment>,
    mode: Mode,
    pace: Pace,
    lead: Lead,
    interval: Option<i64>,
    stamps: u32,
    /// The largest position given out.
    last: i64,
    jumps: [Option<Moment>; JUMPS],
    slew: Slew,
}

/// A raw stamp, the position given to it, and when it came.
#[derive(Clone, Copy, Debug)]
struct Mark {
    raw: i64,
    at: i64,
    arrival: Moment,
}

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Stamps are the source's.
    Source,
    /// Stamps are arrival times, `offset` nanoseconds later.
    Arrival { offset: i64 },
}

#[derive(Debug, Default)]
struct Slew {
    /// Ticks the track still has to move.
    wanted: i64,
    /// Ticks of media since the last move.
    credit: i64,
}

enum Verdict {
    Fits,
    Same,
    Back,
    Off,
}

impl Clock {
    /// A clock whose stamp `raw` is at position `at`.
    pub(super) fn new(base: TimeBase, counting: Counting, raw: i64, at: i64, now: Moment) -> Self {
        let raw = wrapped(counting, raw);
        let newest = Mark { raw, at, arrival: now };
        Self {
            base,
            counting,
            newest,
            suspect: None,
            suspects: 0,
            frozen: None,
            mode: Mode::Source,
            pace: Pace::new(raw, now),
            lead: Lead::new(base.to_nanos(at), now),
            interval: None,
            stamps: 0,
            last: at,
            jumps: [None; JUMPS],
            slew: Slew::default(),
        }
    }

    /// The position of the next packet.
    pub(super) fn place(&mut self, mut stamp: Stamp, repairs: &mut Repairs) -> (i64, Event) {
        stamp.raw = self.unwrap(stamp.raw, stamp.now);
        let first = self.stamps == 0;
        self.stamps = self.stamps.saturating_add(1);
        if first && stamp.raw == self.newest.raw {
            return (self.newest.at, Event::None);
        }
        let (at, event) = match self.mode {
            Mode::Source => self.place_as_stamped(&stamp, repairs),
            Mode::Arrival { offset } => (self.place_as_arrived(&stamp, offset), Event::None),
        };
        self.last = self.last.max(at);
        (at, event)
    }

    /// The unwrapped value nearest to where the clock should be by now.
    pub(super) fn unwrap(&self, raw: i64, now: Moment) -> i64 {
        let Some(range) = self.counting.range() else { return raw };
        self.near(raw, range, now)
    }

    /// The position of a 32-bit RTP stamp of this track.
    pub(super) fn position_of_rtp(&self, raw: u32, now: Moment) -> i64 {
        let raw = self.near(i64::from(raw), 1 << 32, now);
        self.position(&self.newest, raw)
    }

    /// The position of the stamp `raw` if the clock ran on evenly.
    pub(super) fn position_of(&self, raw: i64, now: Moment) -> i64 {
        self.position(&self.newest, self.unwrap(raw, now))
    }

    /// How far the line runs before arrival, in nanoseconds.
    pub(super) fn lead(&self) -> i64 {
        self.lead.get()
    }

    /// The usual distance of two packets in ticks; a 30th of a second until it is known.
    pub(super) fn interval(&self) -> i64 {
        self.interval.unwrap_or_else(|| self.base.from_nanos(USUAL_INTERVAL)).max(1)
    }

    /// The largest position given out.
    pub(super) const fn last(&self) -> i64 {
        self.last
    }

    /// Whether stamps are the source's own.
    pub(super) const fn is_trusted(&self) -> bool {
        matches!(self.mode, Mode::Source)
    }

    /// Sets how far the track still has to be moved, in ticks; it is moved by at most [`SLEW`] of the time that passes.
    pub(super) const fn slew(&mut self, ticks: i64) {
        self.slew.wanted = ticks;
    }

    /// Moves the track at once.
    pub(super) fn shift(&mut self, ticks: i64) {
        self.newest.at = self.newest.at.saturating_add(ticks);
        self.lead.shift(self.base.to_nanos(ticks));
        self.slew = Slew::default();
        self.suspect = None;
    }

    fn near(&self, raw: i64, range: i64, now: Moment) -> i64 {
        let elapsed = self.base.from_nanos(now.since(self.newest.arrival).max(0));
        let expected = self.newest.raw.saturating_add(elapsed);
        let step = (i128::from(raw) - i128::from(expected)).rem_euclid(i128::from(range)) as i64;
        expected.saturating_add(if step > range / 2 { step - range } else { step })
    }

    fn position(&self, mark: &Mark, raw: i64) -> i64 {
        let at = i128::from(mark.at) + i128::from(raw) - i128::from(mark.raw);
        at.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    fn place_as_stamped(&mut self, stamp: &Stamp, repairs: &mut Repairs) -> (i64, Event) {
        let verdict = self.verdict(&self.newest, stamp);
        match verdict {
            Verdict::Fits => {
                if self.suspect.take().is_some_and(|suspect| !suspect.is_near(&self.newest, self.base)) {
                    repairs.outliers += 1;
                }
                (self.believe(stamp, repairs), Event::None)
            }
            Verdict::Same => {
                repairs.duplicates += 1;
                if self.is_frozen(stamp.now) {
                    return (self.give_up(stamp, repairs), Event::None);
                }
                (self.last.saturating_add((self.interval() / 2).max(1)), Event::None)
            }
            Verdict::Back | Verdict::Off => {
                repairs.backward += u64::from(matches!(verdict, Verdict::Back));
                match self.suspect {
                    Some(suspect) if matches!(self.verdict(&suspect, stamp), Verdict::Fits) => {
                        self.jump(suspect, stamp, repairs)
                    }
                    _ => self.suspect(stamp, repairs),
                }
            }
        }
    }

    /// Places a packet without regard to its stamp, and remembers that stamp: the next packet will tell what it was.
    fn suspect(&mut self, stamp: &Stamp, repairs: &mut Repairs) -> (i64, Event) {
        self.suspects += 1;
        if self.suspects > MAX_SUSPECTS {
            return (self.give_up(stamp, repairs), Event::Jumped);
        }
        let at = self.predict(stamp);
        self.suspect = Some(Mark { raw: stamp.raw, at, arrival: stamp.now });
        (at, Event::None)
    }

    fn verdict(&self, mark: &Mark, stamp: &Stamp) -> Verdict {
        let step = i128::from(stamp.raw) - i128::from(mark.raw);
        let slack = i128::from(self.slack());
        match stamp.order {
            _ if step > slack => {
                // A long step is no jump when that much time has passed, as after a stall of the network or a still scene.
                let lead =
                    self.base.to_nanos(self.position(mark, stamp.raw)).saturating_sub(stamp.now.nanos());
                let most = self.lead.get().saturating_add(self.base.to_nanos(self.slack()));
                if lead <= most { Verdict::Fits } else { Verdict::Off }
            }
            _ if step > 0 => Verdict::Fits,
            _ if step < -slack => Verdict::Off,
            Order::Forward | Order::Either if step == 0 => Verdict::Same,
            Order::Forward => Verdict::Back,
            Order::Late { .. } | Order::Either => Verdict::Fits,
        }
    }

    /// How far from the newest stamp one may lie without being suspected, in ticks.
    fn slack(&self) -> i64 {
        let least = self.base.from_nanos(if self.stamps < YOUNG { YOUNG_SLACK } else { SLACK });
        let pictures = self.interval.unwrap_or(0).saturating_mul(SLACK_PICTURES);
        least.max(pictures).max(1)
    }

    fn believe(&mut self, stamp: &Stamp, repairs: &mut Repairs) -> i64 {
        self.suspects = 0;
        self.frozen = None;
        let &Stamp { raw, now, .. } = stamp;
        let at = self.position(&self.newest, raw);
        let step = raw.saturating_sub(self.newest.raw);
        if step <= 0 {
            return at;
        }
        self.learn_interval(step);
        let at = at.saturating_add(self.slew.advance(step, repairs));
        self.newest = Mark { raw, at, arrival: now };
        self.lead.push(self.base.to_nanos(at), now);
        if self.pace.judge(raw, self.base, now) == Some(Rate::Wrong) {
            repairs.wallclock_fallback += 1;
            self.follow_arrival(at, now);
        }
        at
    }

    fn follow_arrival(&mut self, at: i64, now: Moment) {
        self.mode = Mode::Arrival { offset: self.base.to_nanos(at).saturating_sub(now.nanos()) };
        self.interval = None; // it was learnt from stamps that mean nothing
    }

    fn learn_interval(&mut self, step: i64) {
        if self.base.to_nanos(step) > LONGEST_INTERVAL {
            return;
        }
        let step = step.max(1);
        self.interval =
            Some(self.interval.map_or(step, |old| (old.saturating_mul(7).saturating_add(step)) / 8));
    }

    /// A second stamp has confirmed the suspect: the clock runs on from there.
    fn jump(&mut self, suspect: Mark, stamp: &Stamp, repairs: &mut Repairs) -> (i64, Event) {
        let (near, forward) = (suspect.is_near(&self.newest, self.base), suspect.raw > self.newest.raw);
        self.suspect = None;
        self.newest = suspect;
        self.slew = Slew::default();
        self.pace.restart(stamp.raw, stamp.now);
        if near {
            return (self.believe(stamp, repairs), Event::None);
        }
        *(if forward { &mut repairs.jumps_forward } else { &mut repairs.jumps_back }) += 1;
        if self.jumps_too_often(stamp.now) {
            return (self.give_up(stamp, repairs), Event::Jumped);
        }
        let at = self.believe(stamp, repairs);
        self.lead = Lead::new(self.base.to_nanos(at), stamp.now);
        (at, Event::Jumped)
    }

    fn jumps_too_often(&mut self, now: Moment) -> bool {
        self.jumps.rotate_left(1);
        self.jumps[JUMPS - 1] = Some(now);
        self.jumps[0].is_some_and(|first| now.since(first) < JUMPS_WITHIN)
    }

    fn is_frozen(&mut self, now: Moment) -> bool {
        let since = *self.frozen.get_or_insert(self.newest.arrival);
        now.since(since) > FROZEN
    }

    /// Where a packet belongs whose stamp is not believed: behind the last one, or where arrival puts it if that is far away.
    fn predict(&self, stamp: &Stamp) -> i64 {
        if let Order::Late { pictures } = stamp.order {
            let back = self.interval().saturating_mul(pictures.unwrap_or(-1).clamp(-SLACK_PICTURES, -1));
            return self.newest.at.saturating_add(back);
        }
        let next = self.last.saturating_add(stamp.length.unwrap_or_else(|| self.interval()));
        let arrival = self.base.from_nanos(stamp.now.nanos().saturating_add(self.lead.get()));
        if self.base.to_nanos(arrival.saturating_sub(next)) > SLACK { arrival } else { next }
    }

    /// Stops believing the source; the packet at hand goes where it would have been expected.
    fn give_up(&mut self, stamp: &Stamp, repairs: &mut Repairs) -> i64 {
        repairs.wallclock_fallback += 1;
        let at = self.predict(&Stamp { order: Order::Forward, ..*stamp });
        self.follow_arrival(at, stamp.now);
        self.restart(stamp.raw, at, stamp.now);
        at
    }

    fn restart(&mut self, raw: i64, at: i64, now: Moment) {
        self.newest = Mark { raw, at, arrival: now };
        self.lead = Lead::new(self.base.to_nanos(at), now);
        self.suspect = None;
        self.suspects = 0;
        self.frozen = None;
        self.slew = Slew::default();
        self.pace.restart(raw, now);
    }

    fn place_as_arrived(&mut self, stamp: &Stamp, offset: i64) -> i64 {
        let &Stamp { raw, length, now, .. } = stamp;
        let arrival = self.base.from_nanos(now.nanos().saturating_add(offset));
        let tolerance = self.base.from_nanos(ARRIVAL_JITTER);
        let at = match length {
            Some(length) => {
                let next = self.last.saturating_add(length);
                if arrival.saturating_sub(next).abs() <= tolerance { next } else { arrival }
            }
            None => arrival,
        };
        let at = at.max(self.last.saturating_add(1));
        self.learn_interval(at.saturating_sub(self.last));
        let forward = raw.saturating_sub(self.newest.raw);
        self.newest.arrival = now;
        self.newest.at = at;
        self.lead.push(self.base.to_nanos(at), now);
        // The stamp is followed from afar, so that a clock that has come to its senses is seen.
        if forward > 0 && self.base.to_nanos(forward) < LONGEST_INTERVAL {
            self.newest.raw = raw;
            if self.pace.judge(raw, self.base, now) == Some(Rate::Right) {
                self.restart(raw, at, now);
                self.mode = Mode::Source;
            }
        } else if forward != 0 {
            self.newest.raw = raw;
            self.pace = Pace::new(raw, now);
        }
        at
    }
}

impl Mark {
    /// Whether two stamps are so near that one may merely be out of order.
    fn is_near(&self, other: &Self, base: TimeBase) -> bool {
        base.to_nanos(self.raw.saturating_sub(other.raw).saturating_abs()) <= SLACK
    }
}

impl Slew {
    /// The ticks by which a packet `step` after the last one is moved.
    fn advance(&mut self, step: i64, repairs: &mut Repairs) -> i64 {
        if self.wanted == 0 {
            self.credit = 0;
            return 0;
        }
        self.credit = self.credit.saturating_add(step);
        let most = self.credit / SLEW;
        let ticks = self.wanted.clamp(-most, most);
        if ticks != 0 {
            repairs.slewed += 1;
            self.wanted -= ticks;
            self.credit -= ticks.abs() * SLEW;
        }
        ticks
    }
}

/// Whether the source's clock runs at the speed of ours.
#[derive(Debug)]
struct Pace {
    raw: i64,
    since: Moment,
    fast: u8,
    slow: u8,
    good: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rate {
    Right,
    Wrong,
}

impl Pace {
    const fn new(raw: i64, now: Moment) -> Self {
        Self { raw, since: now, fast: 0, slow: 0, good: 0 }
    }

    const fn restart(&mut self, raw: i64, now: Moment) {
        self.raw = raw;
        self.since = now;
    }

    /// The verdict of the last windows when they agree, at the end of each.
    fn judge(&mut self, raw: i64, base: TimeBase, now: Moment) -> Option<Rate> {
        let real = now.since(self.since);
        if real < PACE_WINDOW {
            return None;
        }
        let media = i128::from(base.to_nanos(raw.saturating_sub(self.raw)));
        let (fast, slow) = (media * 4 > i128::from(real) * 5, media * 5 < i128::from(real) * 4);
        let count = |yes: bool, before: u8| if yes { before.saturating_add(1) } else { 0 };
        self.fast = count(fast, self.fast);
        self.slow = count(slow, self.slow);
        self.good = count(!fast && !slow, self.good);
        self.restart(raw, now);
        if self.fast >= PACE_WINDOWS || self.slow >= PACE_WINDOWS {
            return Some(Rate::Wrong);
        }
        (self.good >= PACE_WINDOWS).then_some(Rate::Right)
    }
}

fn wrapped(counting: Counting, raw: i64) -> i64 {
    counting.range().map_or(raw, |range| raw.rem_euclid(range))
}

/// Stamps within a second of the newest one are never suspected: bursts, lost packets and stalls of that size are daily life.
const SLACK: i64 = 1_000_000_000;
/// More room while the packet rate is not known yet.
const YOUNG_SLACK: i64 = 3_000_000_000;
/// The number of packets that tell the rate.
const YOUNG: u32 = 16;
/// The deepest reordering, in pictures, with one to spare.
const SLACK_PICTURES: i64 = super::reorder::MAX_DEPTH as i64 + 1;
/// Suspicious stamps in a row, none confirming another, after which the source is not believed any more.
const MAX_SUSPECTS: u32 = 16;
/// So many jumps within [`JUMPS_WITHIN`] make a clock that is no use.
const JUMPS: usize = 4;
const JUMPS_WITHIN: i64 = 60_000_000_000;
/// A clock that has not moved for so long although packets come.
const FROZEN: i64 = 2_000_000_000;
/// The rate is judged over windows of this length,
const PACE_WINDOW: i64 = 10_000_000_000;
/// and so many of them must agree: a burst after a stall fills one or two, in opposite directions.
const PACE_WINDOWS: u8 = 3;
/// A track is moved by at most one tick in so many (1000 ppm): no ear hears it, and ten times what a bad crystal drifts.
pub(super) const SLEW: i64 = 1000;
/// Steps longer than this say nothing about the packet rate.
const LONGEST_INTERVAL: i64 = 10_000_000_000;
/// The distance of packets while none is known.
const USUAL_INTERVAL: i64 = 1_000_000_000 / 30;
/// Audio that is stamped by arrival keeps its own pace within this distance from it.
const ARRIVAL_JITTER: i64 = 200_000_000;
