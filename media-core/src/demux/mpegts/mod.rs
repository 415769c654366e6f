//! MPEG transport streams, ISO/IEC 13818-1: files, HLS segments, and broadcasts cut out anywhere.
//!
//! Packets of 188, 192 or 204 bytes are found wherever they begin. Of several programs the first is read whose map has a stream that can be.
//! Packets before that map are kept and read when it has come, up to a megabyte of them.
//!
//! # Codecs
//!
//! H.264 and H.265; AAC in ADTS and in LATM; layers I to III of MPEG audio, AC-3, E-AC-3, Opus. Other streams are [listed](Demuxer::unknown). Access
//! units are found by their own syntax: one may lie in several PES packets, and a PES packet may hold several. Both fields of a frame are one packet.
//!
//! Tracks are given out once each stream of the map has told what it is, or after four megabytes or two seconds of those that have; one that
//! comes later makes for new tracks.
//!
//! # Time
//!
//! Stamps are unwrapped from 33 bits and are else the stream's own: a jump is a jump, ahead or by more than a second back. [Flagged](Counts::discontinuities) ones are counted.
//!
//! * **Pictures** are in ticks of 90 kHz, as stamped. Those without a stamp follow the one before them by the frame rate and their order.
//! * **Sound** is in samples: a PES packet stamps its first frame only, and what counts frames is the sample, of which no whole number fits a
//!   tick of 90 kHz at 44.1 kHz. A frame begins where the one before it ended as long as the stamp agrees within 2 ms, since some sources stamp
//!   in milliseconds. Where stamps show that they do not, by one that is no whole number of them after the first, a step of more than half
//!   a millisecond from one to the next is a [gap](Counts::gaps) as well, and what is less adds up to 2 ms at most. A gap is believed.
//! * Samples that Opus' control headers drop at the front are [priming](crate::track::Track::priming), those at the end shorten the last packet.
//!
//! # Seeking
//!
//! From a [seekable](Source::Seekable) source reading [goes on](Demuxer::seek) at the last place before a time where decoding can start, and the
//! [duration](Demuxer::duration) is [measured](Demuxer::measure) at the end. There is no index: the place is found by halving the file, at the stamps of
//! the first stream of pictures (or else of sound), and reading back from there, further each time, until there is a picture to start with. Times are
//! taken as those nearest to the first one, which is right for 13 hours, whether the clock wraps or not. Where times jump, halving
//! ends at one of the places with that time, if there are any, or at a jump.
//!
//! # Damage
//!
//! Where the continuity counter tells of a loss, the access unit it falls into is dropped and counted, and reading goes on with the next PES
//! packet. Nothing is kept beyond 16 MiB of one access unit.

mod border;
mod counter;
mod error;
mod frames;
mod lane;
mod packet;
mod pes;
mod pictures;
mod psi;
mod search;
mod seek;
mod stream;
mod stretch;

use std::collections::BTreeMap;

use bytes::Bytes;

use self::lane::Lane;
use self::packet::{Framer, PACKET, Packet};
use self::psi::{Map, Sections};
use self::search::Search;
use super::interleave::Interleave;
use super::{Demux, Output, Source};
use crate::time::Unwrapper;

pub use error::{Counts, Error, Unknown};

/// Reads MPEG transport streams.
#[derive(Debug)]
pub struct Demuxer {
    source: Source,
    /// Where to read on.
    taken: u64,
    /// What is read elsewhere first.
    search: Option<Box<Search>>,
    /// The end of the last access unit, in nanoseconds; `None` where it was not looked for.
    end: Option<i64>,
    /// Streams whose packets are passed over up to there.
    skipped: BTreeMap<u16, u64>,
    framer: Framer,
    association: Table,
    /// Program maps by their PID, with the numbers of their programs.
    maps: BTreeMap<u16, Table>,
    /// The program that is read.
    program: Option<Map>,
    /// Packets that came before its map.
    early: Vec<[u8; PACKET]>,
    lanes: Vec<Lane>,
    common: Common,
    unknown: Vec<Unknown>,
    /// Faults of lanes that are gone.
    faults: u64,
    /// Packets since the program is known.
    read: u64,
    /// Whether a stream has told what it is.
    is_known: bool,
    is_over: bool,
}

/// What all streams of the program share.
#[derive(Debug)]
struct Common {
    clock: Unwrapper<33>,
    /// The clock at the first stamp.
    start: Option<Unwrapper<33>>,
    out: Interleave,
    counts: Counts,
    /// How often another stream seems to have begun: packets of the association are missing as well.
    joins: u64,
}

impl Common {
    fn new() -> Self {
        Self {
            clock: Unwrapper::default(),
            start: None,
            out: Interleave::new(),
            counts: Counts::default(),
            joins: 0,
        }
    }
}

/// The sections of a PID.
#[derive(Debug, Default)]
struct Table {
    sections: Sections,
    counter: Option<u8>,
}

impl Demuxer {
    /// A demuxer at the first byte of a source.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            taken: 0,
            search: None,
            end: None,
            skipped: BTreeMap::new(),
            framer: Framer::default(),
            association: Table::default(),
            maps: BTreeMap::new(),
            program: None,
            early: Vec::new(),
            lanes: Vec::new(),
            common: Common::new(),
            unknown: Vec::new(),
            faults: 0,
            read: 0,
            is_known: false,
            is_over: false,
        }
    }

    /// What was put up with so far.
    pub fn counts(&self) -> Counts {
        Counts {
            faults: self.faults + self.lanes.iter().map(Lane::faults).sum::<u64>(),
            ..self.common.counts
        }
    }

    /// The streams of the program that are not read.
    pub fn unknown(&self) -> &[Unknown] {
        &self.unknown
    }

    fn packet(&mut self, at: u64, bytes: &[u8; PACKET]) {
        self.common.counts.packets += 1;
        let Some(packet) = Packet::parse(bytes) else {
            self.common.counts.damaged_packets += 1;
            return;
        };
        if packet.pid == 0 {
            self.associate(&packet);
        } else if self.maps.contains_key(&packet.pid) {
            self.map(&packet);
        } else if self.program.is_some() {
            if self.skipped.get(&packet.pid).is_none_or(|from| *from <= at) {
                self.stream(&packet);
            }
        } else if packet.pid != NULL {
            if self.early.len() == MAX_EARLY {
                self.early.clear();
                self.common.counts.early += MAX_EARLY as u64;
            }
            self.early.push(*bytes);
        }
    }

    fn associate(&mut self, packet: &Packet<'_>) {
        let mut programs = Vec::new();
        let is_continuous = self
            .association
            .push(packet, &mut self.common.counts, |section| programs.extend(psi::programs(section)));
        self.common.joins += u64::from(!is_continuous);
        for (_, pid) in programs.into_iter().flatten() {
            if pid != NULL && self.maps.len() < MAX_PROGRAMS {
                self.maps.entry(pid).or_default();
            }
        }
    }

    fn map(&mut self, packet: &Packet<'_>) {
        let Some(table) = self.maps.get_mut(&packet.pid) else { return };
        let mut maps = Vec::new();
        table.push(packet, &mut self.common.counts, |section| maps.extend(psi::map(section)));
        maps.into_iter().for_each(|map| self.take_map(map));
    }

    /// A map as it is from now on.
    fn take_map(&mut self, map: Map) {
        match &self.program {
            Some(known) if *known == map => return,
            Some(known) if known.program != map.program => {
                self.common.counts.programs += 1;
                return;
            }
            None if map.streams.iter().all(|stream| Lane::new(stream).is_none()) => {
                self.common.counts.programs += 1;
                self.unknown = map.streams.iter().map(Unknown::from).collect();
                return;
            }
            _ => {}
        }
        self.unknown.clear();
        let mut lanes = std::mem::take(&mut self.lanes);
        for stream in map.streams.iter().take(MAX_STREAMS) {
            let same = |lane: &Lane| lane.stream.pid == stream.pid && lane.stream == *stream;
            match lanes.iter().position(same) {
                Some(at) => self.lanes.push(lanes.remove(at)),
                None => match Lane::new(stream) {
                    Some(lane) if self.lanes.iter().all(|known| known.id() != lane.id()) => {
                        self.lanes.push(lane)
                    }
                    _ => self.unknown.push(stream.into()),
                },
            }
        }
        lanes.into_iter().for_each(|lane| self.close(lane));
        let is_first = self.program.replace(map).is_none();
        if is_first {
            for packet in std::mem::take(&mut self.early) {
                if let Some(packet) = Packet::parse(&packet) {
                    self.stream(&packet);
                }
            }
        }
    }

    fn close(&mut self, mut lane: Lane) {
        lane.flush(&mut self.common);
        self.is_known |= lane.is_known();
        self.faults += lane.faults();
        self.common.out.close(lane.id());
    }

    fn stream(&mut self, packet: &Packet<'_>) {
        self.read += 1;
        if packet.is_discontinuity && self.program.as_ref().is_some_and(|map| map.clock_pid == packet.pid) {
            self.common.counts.discontinuities += 1;
        }
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.stream.pid == packet.pid) else { return };
        lane.push(packet, &mut self.common);
        self.is_known |= lane.is_known();
        if self.is_known {
            self.start_if_known();
        }
    }

    fn start_if_known(&mut self) {
        let (_, nanos) = self.common.out.held();
        let is_late = self.read * PACKET as u64 > MAX_HELD || nanos > MAX_WAIT;
        if is_late || self.lanes.iter().all(Lane::is_known) {
            self.common.out.start();
        }
    }

    fn drain(&mut self, is_end: bool) {
        while let Some((at, packet)) = self.framer.next(is_end, &mut self.common.counts) {
            self.packet(at, &packet);
        }
    }
}

impl Table {
    /// Whether this packet follows on the one before. One that came twice does not: tables may be read twice, and the first packet of another
    /// stream may well have the same counter.
    fn push(&mut self, packet: &Packet<'_>, counts: &mut Counts, out: impl FnMut(&[u8])) -> bool {
        let Some(payload) = packet.payload.filter(|_| !packet.is_scrambled) else { return true };
        let last = self.counter.replace(packet.counter);
        let is_continuous = last.is_none_or(|last| (last + 1) & 0xf == packet.counter);
        if !is_continuous {
            self.sections.interrupt();
        }
        self.sections.push(payload, packet.is_start, counts, out);
        is_continuous
    }
}

impl From<&psi::Stream> for Unknown {
    fn from(stream: &psi::Stream) -> Self {
        Self { pid: stream.pid, kind: stream.kind, registration: stream.registration }
    }
}

impl Demux for Demuxer {
    type Error = Error;

    fn wants(&self) -> Option<u64> {
        match self.source {
            _ if self.is_over => None,
            _ if self.search.is_some() => self.search.as_ref().map(|search| search.wants()),
            Source::Seekable { len } if self.taken >= len => None,
            _ => Some(self.taken),
        }
    }

    fn push(&mut self, bytes: Bytes) -> Result<(), Error> {
        if self.is_over {
            return Ok(());
        }
        if self.search.is_some() {
            self.look(&bytes);
            return Ok(());
        }
        self.taken += bytes.len() as u64;
        // A push as large as a file would be held twice.
        for piece in bytes.chunks(MAX_PIECE) {
            self.framer.push(piece);
            self.drain(false);
        }
        if self.common.counts.packets == 0 && self.common.counts.skipped_bytes > MAX_SEARCH {
            self.is_over = true;
            return Err(Error::NoPackets { bytes: self.taken });
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<Output> {
        self.common.out.poll()
    }

    fn finish(mut self) -> Result<Vec<Output>, Error> {
        self.drain(true);
        for lane in &mut self.lanes {
            lane.flush(&mut self.common);
        }
        self.common.out.start();
        for lane in std::mem::take(&mut self.lanes) {
            self.close(lane);
        }
        if !self.is_known {
            return Err(Error::NoTrack { packets: self.common.counts.packets, unknown: self.unknown });
        }
        Ok(self.common.out.finish())
    }
}

/// The PID of packets that only fill.
const NULL: u16 = 0x1fff;

/// Packets that are kept until the program map comes: a megabyte.
const MAX_EARLY: usize = (1 << 20) / PACKET;

/// Programs whose maps are looked at.
const MAX_PROGRAMS: usize = 64;

/// Streams of the program that are read.
const MAX_STREAMS: usize = 32;

/// Bytes of the program in which each stream has to tell what it is.
const MAX_HELD: u64 = 4 << 20;

/// Nanoseconds of packets that wait for that.
const MAX_WAIT: i64 = 2_000_000_000;

/// Bytes that are looked through for packets.
const MAX_SEARCH: u64 = 1 << 20;

/// Bytes that are looked at together.
const MAX_PIECE: usize = 64 << 10;
