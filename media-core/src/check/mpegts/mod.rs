//! MPEG transport streams: ISO/IEC 13818-1, what TR 101 290 measures of it, and segments of HLS (RFC 8216bis 3.1.1).
//!
//! Intervals are measured by the stream's own clock (PCR). Bytes come in any pieces; a [`Checker`] keeps less than two packets of them, a section of each
//! table, and the first 4 KiB of a picture.
//!
//! ```
//! use media_core::check::mpegts;
//!
//! let mut checker = mpegts::Checker::new();
//! checker.push(&[0; 188]);
//! let report = checker.finish();
//! assert_eq!(report.count(&mpegts::rules::SYNC), 1);
//! ```

mod packet;
mod psi;
pub mod rules;
mod stream;

use std::collections::{BTreeMap, BTreeSet};

use self::packet::Packet;
use self::psi::Section;
use self::stream::{Stream, after};
use super::{Place, Report};

/// Judges one transport stream, or the segments of one rendition in a row.
#[derive(Debug, Default)]
pub struct Checker {
    report: Report,
    pending: Vec<u8>,
    at: u64,
    synced: bool,
    pids: BTreeMap<u16, Counter>,
    pat: Section,
    maps: BTreeMap<u16, Section>,
    clock_pid: Option<u16>,
    clock: Option<u64>,
    epoch: u64,
    streams: BTreeMap<u16, Stream>,
    /// Streams that are no PES packets.
    sections: BTreeSet<u16>,
    segment: Start,
    packets: u64,
}

/// The continuity counter of a PID.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    last: Option<u8>,
    /// The last packet was there twice already.
    repeated: bool,
}

/// How far the start of a segment has been seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Start {
    /// Nobody asked.
    #[default]
    Passed,
    Pat,
    Map,
}

impl Checker {
    /// A checker at the start of a stream.
    pub fn new() -> Self {
        Self { synced: true, ..Self::default() }
    }

    /// A segment of HLS begins with the next byte: it must begin with PAT and PMT. Counters and times go on.
    pub fn segment(&mut self) {
        self.segment = Start::Pat;
    }

    /// Counters, times and tables begin anew with the next byte: `EXT-X-DISCONTINUITY`.
    pub fn discontinuity(&mut self) {
        self.pids.clear();
        self.clock = None;
        self.epoch += 1;
        self.streams.values_mut().for_each(Stream::lose);
        (self.pat, self.maps) = (Section::default(), BTreeMap::new());
    }

    /// The next bytes, as many as there are.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (taken, after) = rest.split_at(rest.len().min(PACKET - self.pending.len()));
            self.pending.extend_from_slice(taken);
            rest = after;
            self.find_sync();
            if let Some(packet) = self.pending.first_chunk::<PACKET>().copied() {
                self.pending.clear();
                self.see(&packet);
                self.at += PACKET as u64;
            }
        }
    }

    /// What was found so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The stream has ended.
    pub fn finish(mut self) -> Report {
        if !self.pending.is_empty() {
            self.report.add(
                &rules::TRUNCATED,
                Place::Byte(self.at),
                format_args!("{} bytes at the end are no packet", self.pending.len()),
            );
        }
        self.streams.values_mut().for_each(|stream| stream.end(true, &mut self.report));
        if self.packets > 0 && (self.clock_pid.is_none() || self.maps.is_empty()) {
            self.report.add(
                &rules::PSI_MISSING,
                Place::Whole,
                format_args!("no program map in {} packets", self.packets),
            );
        }
        self.report
    }

    /// Passes over what is no packet.
    fn find_sync(&mut self) {
        if self.pending.first().is_none_or(|first| *first == SYNC) {
            return;
        }
        let skip = self.pending.iter().position(|byte| *byte == SYNC).unwrap_or(self.pending.len());
        if self.synced {
            self.synced = false;
            self.report.add(
                &rules::SYNC,
                Place::Byte(self.at),
                format_args!("{:#x} where 0x47 should be", self.pending[0]),
            );
            self.streams.values_mut().for_each(Stream::lose);
            self.pids.clear();
        }
        self.pending.drain(..skip);
        self.at += skip as u64;
    }

    fn see(&mut self, data: &[u8; PACKET]) {
        self.synced = true;
        self.packets += 1;
        let Some(packet) = Packet::read(data, self.at, &mut self.report) else { return };
        if packet.pid == NULL {
            return;
        }
        self.check_start(&packet);
        if !self.check_counter(&packet) {
            return;
        }
        if Some(packet.pid) == self.clock_pid {
            self.check_clock(&packet);
        }
        if packet.pid == 0 {
            self.see_pat(&packet);
        } else if self.maps.contains_key(&packet.pid) {
            self.see_map(&packet);
        } else if let Some(stream) = self.streams.get_mut(&packet.pid) {
            stream.push(&packet, self.clock, self.epoch, &mut self.report);
        } else if packet.pid >= 0x20
            && self.clock_pid.is_some_and(|clock| clock != packet.pid)
            && !self.sections.contains(&packet.pid)
        {
            self.report.add(
                &rules::UNKNOWN_PID,
                packet.place(),
                format_args!("PID {:#x} is in no table", packet.pid),
            );
        }
    }

    /// PAT, then PMT, then everything else.
    fn check_start(&mut self, packet: &Packet<'_>) {
        self.segment = match (self.segment, packet.pid) {
            (Start::Passed, _) => return,
            (Start::Pat, 0) => Start::Map,
            (Start::Map, pid) if self.maps.contains_key(&pid) => Start::Passed,
            // More of a long PAT.
            (Start::Map, 0) => Start::Map,
            (start, pid) => {
                let missing = if start == Start::Pat { "PAT" } else { "PMT" };
                self.report.add(
                    &rules::SEGMENT_START,
                    packet.place(),
                    format_args!("PID {pid:#x} where {missing} should be"),
                );
                Start::Passed
            }
        };
    }

    /// Checks a continuity counter; `false` for a packet that is a repetition.
    fn check_counter(&mut self, packet: &Packet<'_>) -> bool {
        let counter = self.pids.entry(packet.pid).or_default();
        let Some(last) = counter.last.replace(packet.counter).filter(|_| !packet.discontinuity) else {
            return true;
        };
        if packet.payload.is_none() {
            if packet.counter != last {
                self.report.add(
                    &rules::CONTINUITY,
                    packet.place(),
                    format_args!(
                        "PID {:#x}: counter {} after {last}, and no payload",
                        packet.pid, packet.counter
                    ),
                );
            }
            return true;
        }
        if packet.counter == last && !counter.repeated {
            counter.repeated = true;
            // A packet sent twice, or fifteen lost: who knows.
            return false;
        }
        counter.repeated = false;
        if packet.counter != (last + 1) & 15 {
            self.report.add(
                &rules::CONTINUITY,
                packet.place(),
                format_args!("PID {:#x}: counter {} after {last}", packet.pid, packet.counter),
            );
            if let Some(stream) = self.streams.get_mut(&packet.pid) {
                stream.lose();
            }
        }
        true
    }

    fn check_clock(&mut self, packet: &Packet<'_>) {
        if packet.discontinuity {
            self.epoch += 1;
            self.clock = None;
            self.forget_tables();
        }
        let Some(now) = packet.pcr else { return };
        if let Some(last) = self.clock {
            let apart = after(now / 300, last / 300);
            let millis = apart / 90;
            if !(0..=90_000).contains(&apart) {
                self.report.add(
                    &rules::PCR_JUMP,
                    packet.place(),
                    format_args!("the clock jumps by {millis} ms"),
                );
                self.epoch += 1;
                self.forget_tables();
            } else if apart > 9000 {
                self.report.add(
                    &rules::PCR_INTERVAL,
                    packet.place(),
                    format_args!("{millis} ms between two clock references"),
                );
            } else if apart > 3600 {
                self.report.add(
                    &rules::PCR_SPARSE,
                    packet.place(),
                    format_args!("{millis} ms between two clock references"),
                );
            }
        }
        self.clock = Some(now);
    }

    fn forget_tables(&mut self) {
        self.pat.seen = None;
        self.maps.values_mut().for_each(|map| map.seen = None);
    }

    fn see_pat(&mut self, packet: &Packet<'_>) {
        let Some(section) = self.pat.push(packet, &mut self.report) else { return };
        check_interval(&mut self.pat, self.clock, packet, &mut self.report);
        let programs = psi::programs(&section);
        self.maps.retain(|pid, _| programs.contains(pid));
        for pid in programs {
            if self.maps.len() < MAPS {
                self.maps.entry(pid).or_default();
            } else {
                self.report.add(
                    &rules::NOT_EXAMINED,
                    packet.place(),
                    format_args!("more than {MAPS} programs"),
                );
            }
        }
    }

    fn see_map(&mut self, packet: &Packet<'_>) {
        let Some(map) = self.maps.get_mut(&packet.pid) else { return };
        let Some(section) = map.push(packet, &mut self.report) else { return };
        check_interval(map, self.clock, packet, &mut self.report);
        let Some((clock, streams)) = psi::streams(&section) else {
            self.report.add(
                &rules::PSI_SECTION,
                packet.place(),
                format_args!("program map of {} bytes", section.len()),
            );
            return;
        };
        // Of several programs the first one's clock counts.
        self.clock_pid = self.clock_pid.filter(|_| self.maps.len() > 1).or(Some(clock));
        for (pid, kind) in streams {
            if Stream::is_sections(kind) {
                self.sections.insert(pid);
                continue;
            }
            let stream = self.streams.entry(pid).or_insert_with(|| Stream::new(kind));
            if !stream.is_of(kind) {
                stream.end(true, &mut self.report);
                *stream = Stream::new(kind);
            }
        }
    }
}

/// That a table comes every 500 ms.
fn check_interval(table: &mut Section, clock: Option<u64>, packet: &Packet<'_>, report: &mut Report) {
    if let (Some(now), Some(last)) = (clock, table.seen) {
        let apart = after(now / 300, last / 300);
        if apart > 45_000 {
            report.add(
                &rules::PSI_INTERVAL,
                packet.place(),
                format_args!("PID {:#x} comes again after {} ms", packet.pid, apart / 90),
            );
        }
    }
    table.seen = clock;
}

const SYNC: u8 = 0x47;
const PACKET: usize = 188;
const NULL: u16 = 0x1fff;
const MAPS: usize = 64;
