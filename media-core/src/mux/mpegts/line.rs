//! When what is sent: the clock references and tables between PES packets, continuity counters, null packets.
//!
//! A [`Run`] goes over the PES packets of a call twice: first to count what comes out, by which everything that could be refused is, and then to
//! write it. Between calls a [`Line`] remembers where it was.
//!
//! Without a mux rate time passes from PES packet to PES packet: all bytes of one are sent at its DTS less the lead, and the clock is told
//! there. At a rate, time is what the bytes so far take.

use super::clock::{self, MILLISECOND, Pcr};
use super::packet::{Adaptation, Head, PACKET, ROOM};
use super::program::{Program, STREAMS_MAX};
use super::units::{Mark, Unit, Units};
use super::write::Output;
use super::{Config, Error};

/// Where a transport stream was left. Times are on the system clock.
#[derive(Clone, Debug)]
pub(super) struct Line {
    lead: i64,
    table_interval: i64,
    pace: Pace,
    /// What the clock last showed; `None` before it does.
    pcr: Option<i64>,
    /// When the tables were last sent.
    tables: i64,
    /// The next clock reference begins a new time line.
    discontinuity: bool,
    /// Time goes to wherever the next packet is.
    jump: bool,
    /// Something has been sent.
    started: bool,
    /// Tables come before the next packet.
    pub(super) begin: bool,
    counters: Counters,
    /// Which streams have sent something since a segment began, a bit each.
    entered: u32,
}

#[derive(Clone, Copy, Debug)]
enum Pace {
    /// Time is `now`.
    Free { now: i64 },
    /// Time is what `bytes` take from `origin` on.
    Constant { rate: u64, origin: i64, bytes: u64 },
}

/// `continuity_counter` of the next packet with payload on each PID; the low four bits count.
#[derive(Clone, Debug, Default)]
struct Counters {
    streams: [u8; STREAMS_MAX],
    pat: u8,
    pmt: u8,
}

impl Line {
    pub(super) fn new(config: &Config) -> Self {
        let pace = match config.mux_rate {
            None => Pace::Free { now: 0 },
            Some(rate) => Pace::Constant { rate, origin: 0, bytes: 0 },
        };
        Self {
            lead: clock::from_nanos(config.pcr_lead),
            table_interval: clock::from_nanos(config.table_interval),
            pace,
            pcr: None,
            tables: 0,
            discontinuity: false,
            jump: true,
            started: false,
            begin: true,
            counters: Counters::default(),
            entered: 0,
        }
    }

    /// Time goes elsewhere with the next packet.
    pub(super) const fn interrupt(&mut self) {
        (self.jump, self.begin) = (true, true);
        // Before the first packet there is nothing to be discontinuous with.
        self.discontinuity |= self.started;
    }

    const fn now(&self) -> i64 {
        self.after(0)
    }

    /// What time it is as many bytes later.
    const fn after(&self, more: u64) -> i64 {
        match self.pace {
            Pace::Free { now } => now,
            Pace::Constant { rate, origin, bytes } => {
                let ticks = (bytes + more) as u128 * 8 * clock::SYSTEM_CLOCK.den() as u128 / rate as u128;
                origin + ticks as i64
            }
        }
    }

    /// How many packets can be sent until it is `time`; none where it is already, and no end of them where time does not pass by bytes.
    const fn packets_until(&self, time: i64) -> usize {
        let Pace::Constant { rate, origin, bytes } = self.pace else { return usize::MAX };
        let ticks = time.saturating_sub(origin);
        if ticks <= 0 {
            return 0;
        }
        let second = 8 * clock::SYSTEM_CLOCK.den() as u128;
        let until = (ticks as u128 * rate as u128).div_ceil(second);
        until.saturating_sub(bytes as u128).div_ceil(PACKET as u128) as usize
    }

    /// Makes it `time` now, wherever that is.
    const fn set(&mut self, time: i64) {
        match &mut self.pace {
            Pace::Free { now } => *now = time,
            Pace::Constant { origin, bytes, .. } => (*origin, *bytes) = (time, 0),
        }
    }

    const fn sent(&mut self, packets: usize) {
        if let Pace::Constant { bytes, .. } = &mut self.pace {
            *bytes += (packets * PACKET) as u64;
        }
    }
}

/// One pass over the PES packets of a call.
pub(super) struct Run<'r, O> {
    pub(super) line: &'r mut Line,
    pub(super) program: &'r Program,
    pub(super) units: &'r Units<'r>,
    pub(super) output: O,
}

impl<'r, O: Output> Run<'r, O> {
    /// # Errors
    /// When a PES packet would come too late to be decoded.
    pub(super) fn all(mut self) -> Result<O, Error> {
        let units = self.units;
        for unit in &units.units {
            self.unit(unit)?;
        }
        Ok(self.output)
    }

    fn unit(&mut self, unit: &Unit) -> Result<(), Error> {
        let target = unit.at - self.line.lead;
        self.jump(target);
        let begins = std::mem::take(&mut self.line.begin);
        if begins {
            self.tables();
            self.line.entered = 0;
        }
        self.advance(target);
        if !begins && (unit.key || self.tables_due()) {
            self.tables();
        }
        let has_clock = unit.stream == self.program.clock;
        if !has_clock && (begins || self.line.pcr.is_none() || self.clock_due()) {
            self.clock();
        }
        let adaptation = self.first(unit, has_clock);
        match self.line.pace {
            Pace::Free { now } => self.in_time(unit, self.line.pcr.map_or(now, |pcr| pcr.max(now)))?,
            Pace::Constant { .. } => {}
        }
        self.pes(unit, adaptation);
        match self.line.pace {
            Pace::Free { .. } => Ok(()),
            Pace::Constant { .. } => self.in_time(unit, self.line.now()),
        }
    }

    /// Goes to `target` where it cannot be reached by going on: at the start, when told to, and over a gap.
    fn jump(&mut self, target: i64) {
        let line = &mut *self.line;
        let told = std::mem::take(&mut line.jump);
        let gap = !told && target - line.now() > GAP_MAX;
        if told || gap {
            line.discontinuity |= gap;
            line.set(target);
            line.pcr = None;
            line.tables = target;
        }
        line.started = true;
    }

    /// Lets time pass until `target`, with clock references and tables as they become due.
    fn advance(&mut self, target: i64) {
        match self.line.pace {
            Pace::Free { now } => {
                self.fill(target);
                if target + PCR_INTERVAL - self.line.tables > self.line.table_interval {
                    self.tables();
                }
                self.line.set(now.max(target));
            }
            Pace::Constant { .. } => {
                while self.line.now() < target {
                    if !self.due() {
                        let count = self.line.packets_until(target).min(self.plain());
                        self.output.nothing(count);
                        self.line.sent(count);
                    }
                }
            }
        }
    }

    /// Puts clock references before `target` where it is further than 40 ms from the last one, evenly.
    fn fill(&mut self, target: i64) {
        let Some(last) = self.line.pcr else { return };
        let parts = (target - last + PCR_INTERVAL - 1) / PCR_INTERVAL;
        for part in 1..parts {
            self.line.set(last + (target - last) * part / parts);
            self.clock();
            if self.tables_due() {
                self.tables();
            }
        }
    }

    /// At a constant rate: sends what is due now, if anything.
    fn due(&mut self) -> bool {
        let clock = self.clock_due();
        if clock {
            self.clock();
        }
        let tables = self.tables_due();
        if tables {
            self.tables();
        }
        clock || tables
    }

    /// How many packets can be sent before something is [due](Self::due), the next one included, before which nothing is.
    const fn plain(&self) -> usize {
        let between = self.program.tables.len() + 2;
        let clock = match self.line.pcr {
            Some(last) => self.line.packets_until(last + PCR_INTERVAL + 1).saturating_sub(between),
            None => usize::MAX,
        };
        let tables = self.line.packets_until(self.line.tables + self.line.table_interval - TABLES_AHEAD + 1);
        let first = if clock < tables { clock } else { tables };
        if first > 0 { first } else { 1 }
    }

    /// Whether the clock would be told too late if it were not now: the tables and a packet may come in between.
    fn clock_due(&self) -> bool {
        let until = self.line.after((self.program.tables_len() + 2 * PACKET) as u64);
        self.line.pcr.is_some_and(|last| until - last > PCR_INTERVAL)
    }

    /// Whether the tables would come too late at the next chance, told by clock references before them.
    fn tables_due(&self) -> bool {
        self.line.now() + TABLES_AHEAD - self.line.tables > self.line.table_interval
    }

    fn tables(&mut self) {
        let counters = &mut self.line.counters;
        for packet in &self.program.tables.pat {
            self.output.fixed(packet, next(&mut counters.pat));
        }
        for packet in &self.program.tables.pmt {
            self.output.fixed(packet, next(&mut counters.pmt));
        }
        self.line.tables = self.line.now();
        self.line.sent(self.program.tables.len());
    }

    /// A packet of a clock reference alone. It has no payload, so the counter stays at that of the packet before.
    fn clock(&mut self) {
        let stream = self.program.clock;
        let counter = self.line.counters.streams[stream].wrapping_sub(1);
        let adaptation = self.pcr();
        let head = Head { pid: self.program.streams[stream].pid, start: false, counter, adaptation };
        self.output.packet(head, 0);
        self.line.sent(1);
    }

    /// What the clock shows in the packet that is written next, always later than before. The byte that counts is the one with the last
    /// bit of the base, 2.4.2.2.
    fn pcr(&mut self) -> Adaptation {
        let line = &mut *self.line;
        let pcr = line.after(10).max(line.pcr.map_or(i64::MIN, |last| last + 1));
        line.pcr = Some(pcr);
        let discontinuity = std::mem::take(&mut line.discontinuity);
        Adaptation { discontinuity, ..Adaptation::clock(Pcr::at(pcr)) }
    }

    /// What the first packet of a PES packet says: random access at key pictures, and at the sound that comes first behind the tables.
    fn first(&mut self, unit: &Unit, has_clock: bool) -> Adaptation {
        let adaptation = if has_clock { self.pcr() } else { Adaptation::default() };
        let bit = 1 << unit.stream;
        let enters = self.line.entered & bit == 0;
        self.line.entered |= bit;
        let is_sound = self.program.streams[unit.stream].coding.is_sound();
        Adaptation { random_access: unit.key || enters && is_sound, ..adaptation }
    }

    /// Refuses what has to be decoded before `time`.
    fn in_time(&self, unit: &Unit, time: i64) -> Result<(), Error> {
        if time <= unit.field {
            return Ok(());
        }
        let (track, dts) = (self.program.streams[unit.stream].track, unit.dts);
        Err(match self.line.pace {
            Pace::Free { .. } => Error::Late { track, dts, ticks: (time - unit.field) / clock::PER_STAMP },
            Pace::Constant { rate, .. } => Error::Overflow { track, dts, rate },
        })
    }

    fn pes(&mut self, unit: &Unit, adaptation: Adaptation) {
        let units = self.units;
        self.output.open(unit);
        let has_clock = unit.stream == self.program.clock;
        let mut marks = if has_clock { units.marks(unit) } else { &[] };
        let (mut left, mut start, mut adaptation) = (unit.len, true, adaptation);
        while left > 0 {
            let payload = left.min(ROOM - adaptation.len());
            let full =
                if start || adaptation.len() > 0 { 0 } else { self.full_ahead(marks).min(left / ROOM) };
            left -=
                if full > 0 { self.full(unit, full) } else { self.packet(unit, start, adaptation, payload) };
            start = false;
            if left > 0 {
                adaptation = self.between(unit.len - left, has_clock, &mut marks);
            }
        }
    }

    /// How many packets can follow before something is to be said.
    const fn full_ahead(&self, marks: &[Mark]) -> usize {
        match self.line.pace {
            Pace::Free { .. } if marks.is_empty() => usize::MAX,
            Pace::Free { .. } => 0,
            Pace::Constant { .. } => self.plain(),
        }
    }

    fn packet(&mut self, unit: &Unit, start: bool, adaptation: Adaptation, payload: usize) -> usize {
        let counter = next(&mut self.line.counters.streams[unit.stream]);
        let pid = self.program.streams[unit.stream].pid;
        self.output.packet(Head { pid, start, counter, adaptation }, payload);
        self.line.sent(1);
        payload
    }

    /// As many packets without an adaptation field.
    fn full(&mut self, unit: &Unit, count: usize) -> usize {
        let counter = &mut self.line.counters.streams[unit.stream];
        let pid = self.program.streams[unit.stream].pid;
        let head = Head { pid, start: false, counter: *counter, adaptation: Adaptation::default() };
        *counter = counter.wrapping_add(count as u8);
        self.output.full(head, count);
        self.line.sent(count);
        count * ROOM
    }

    /// What comes before the packet that follows `sent` bytes of a PES packet, and what it says itself.
    fn between(&mut self, sent: usize, has_clock: bool, marks: &mut &[Mark]) -> Adaptation {
        match self.line.pace {
            Pace::Free { now } => {
                let mut time = now;
                while let [first, rest @ ..] = marks
                    && first.offset <= sent
                {
                    (time, *marks) = (time.max(first.at - self.line.lead), rest);
                }
                self.fill(time);
                self.line.set(time);
                if self.tables_due() {
                    self.tables();
                }
                if time > now && self.line.pcr.is_some_and(|last| time - last >= PCR_INTERVAL / 2) {
                    return self.pcr();
                }
            }
            Pace::Constant { .. } if has_clock && self.clock_due() => return self.pcr(),
            Pace::Constant { .. } => {
                self.due();
            }
        }
        Adaptation::default()
    }
}

const fn next(counter: &mut u8) -> u8 {
    let this = *counter;
    *counter = counter.wrapping_add(1);
    this
}

/// Clock references are at most as far apart: 100 ms by ISO/IEC 13818-1 2.7.2, 40 ms by TR 101 290 2.3.
const PCR_INTERVAL: i64 = 40 * MILLISECOND;

/// How long before they have to tables come: from one clock reference to the next, and from one chance to the next.
const TABLES_AHEAD: i64 = 2 * PCR_INTERVAL;

/// A longer silence is jumped over, with a discontinuity, instead of being filled with clock references or null packets.
const GAP_MAX: i64 = 2000 * MILLISECOND;
