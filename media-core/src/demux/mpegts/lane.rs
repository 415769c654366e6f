//! One stream of the program on its way to packets.

use super::Common;
use super::border::Border;
use super::counter::{Counter, Follows};
use super::frames::Grid;
use super::packet::Packet as Transport;
use super::pes::{Pes, Piece};
use super::pictures::{Cut, Cutter};
use super::psi;
use super::stream::{Bytestream, Times};
use crate::codec::{AccessUnit, Config, Format, Parser, aac, opus};
use crate::demux::framing::Framing;
use crate::demux::language;
use crate::demux::sound::Line;
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::{Track, TrackId};

/// A stream being read.
#[derive(Debug)]
pub(super) struct Lane {
    /// As the program map has it.
    pub(super) stream: psi::Stream,
    id: TrackId,
    counter: Counter,
    /// [`Common::joins`] at the packet before.
    joins: u64,
    pes: Pes,
    pub(super) bytes: Bytestream,
    pub(super) units: Units,
    pub(super) parser: Parser,
    /// As it was announced last; `None` while its configuration has not come.
    pub(super) track: Option<Track>,
    /// The first PTS, in ticks of 90 kHz.
    start: Option<i64>,
    /// Pictures before the next key picture are of no use.
    awaits_key: bool,
}

#[derive(Debug)]
pub(super) enum Units {
    Pictures { cutter: Cutter, last: Option<Last> },
    Sound { framing: Framing, line: Option<Line>, grid: Grid, is_locked: bool, start: Start },
}

/// The picture before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    times: Times,
    order: Option<i32>,
    interval: i64,
}

/// The first frames of Opus, until it is known how much of them is to be dropped.
#[derive(Debug)]
pub(super) enum Start {
    Waiting { trimmed: u32, packets: Vec<Packet> },
    Over,
}

/// The stream codings that are read.
enum Coding {
    Pictures(Format),
    Sound(Framing),
}

impl Lane {
    /// `None` for a stream that is not read.
    pub(super) fn new(stream: &psi::Stream) -> Option<Self> {
        let id = TrackId::new(stream.pid.into())?;
        let (units, parser) = match coding(stream)? {
            Coding::Pictures(format) => {
                let border = if format == Format::H264 { Border::H264(Box::default()) } else { Border::H265 };
                (Units::Pictures { cutter: Cutter::new(border), last: None }, Parser::waiting(format))
            }
            Coding::Sound(framing) => {
                let parser = match (
                    &framing,
                    stream.opus.map(|code| opus::Config::new(if code == 0 { 2 } else { code })),
                ) {
                    (Framing::Opus, Some(Ok(config))) => Parser::new(&Config::Opus(config)),
                    (Framing::Opus, Some(Err(_))) => return None,
                    _ => Parser::waiting(framing.format()),
                };
                let start = match framing {
                    Framing::Opus => Start::Waiting { trimmed: 0, packets: Vec::new() },
                    _ => Start::Over,
                };
                (Units::Sound { framing, line: None, grid: Grid::default(), is_locked: false, start }, parser)
            }
        };
        Some(Self {
            stream: stream.clone(),
            id,
            counter: Counter::default(),
            joins: 0,
            pes: Pes::None,
            bytes: Bytestream::default(),
            units,
            parser,
            track: None,
            start: None,
            awaits_key: false,
        })
    }

    /// The same stream from elsewhere, known as it is here.
    pub(super) fn elsewhere(&self) -> Self {
        let mut lane = Self::new(&self.stream).expect("it was made of the same");
        lane.start = self.start;
        let Some(config) = self.track.as_ref().and_then(|_| self.parser.config()) else { return lane };
        (lane.parser, lane.track) = (Parser::new(&config), self.track.clone());
        if let (Units::Sound { framing, start, .. }, Units::Sound { framing: known, .. }) =
            (&mut lane.units, &self.units)
        {
            (*framing, *start) = (known.clone(), Start::Over);
        }
        lane
    }

    pub(super) const fn track(&self) -> Option<&Track> {
        self.track.as_ref()
    }

    pub(super) const fn is_pictures(&self) -> bool {
        matches!(self.units, Units::Pictures { .. })
    }

    /// The first PTS, in ticks of 90 kHz.
    pub(super) const fn start(&self) -> Option<i64> {
        self.start
    }

    /// Pictures before the next key picture are of no use.
    pub(super) const fn await_key(&mut self) {
        self.awaits_key = true;
    }

    pub(super) const fn id(&self) -> TrackId {
        self.id
    }

    pub(super) const fn is_known(&self) -> bool {
        self.track.is_some()
    }

    pub(super) const fn faults(&self) -> u64 {
        self.parser.faults().total()
    }

    /// A transport packet of the stream.
    pub(super) fn push(&mut self, packet: &Transport<'_>, common: &mut Common) {
        let Some(payload) = packet.payload else { return };
        if packet.is_scrambled {
            common.counts.scrambled += 1;
            self.counter.follows(packet.counter, &[]);
            return;
        }
        match self.counter.follows(packet.counter, payload) {
            Follows::Twice if !packet.is_discontinuity => {
                common.counts.duplicates += 1;
                return;
            }
            Follows::On => {}
            // Another stream begins, as segments that are written one after the other may.
            _ if self.joins != common.joins => {
                self.flush(common);
                self.pes = Pes::None;
            }
            _ => {
                common.counts.losses += u64::from(!packet.is_discontinuity);
                self.interrupt(common);
            }
        }
        self.joins = common.joins;
        match self.pes.push(payload, packet.is_start) {
            Piece::Nothing => {}
            Piece::Damaged => {
                common.counts.damaged_pes += 1;
                self.interrupt(common);
            }
            Piece::Begin(stamp, body) => {
                if let Some(stamp) = stamp {
                    let dts = common.clock.unwrap(stamp.dts);
                    common.start.get_or_insert(common.clock);
                    // PTS are unwrapped from their own DTS.
                    let mut near = common.clock;
                    let pts = near.unwrap(stamp.pts);
                    common.counts.bent += u64::from(dts > pts);
                    self.start.get_or_insert(pts);
                    self.bytes.mark(Times { pts, dts: dts.min(pts) });
                }
                self.take(&body, common);
            }
            Piece::More(body) => self.take(body, common),
        }
    }

    /// Bytes are missing: what they would have completed goes.
    fn interrupt(&mut self, common: &mut Common) {
        self.pes = Pes::None;
        let mut cuts = Vec::new();
        let is_incomplete = match &mut self.units {
            Units::Pictures { cutter, .. } => cutter.interrupt(&mut self.bytes, &mut cuts),
            Units::Sound { is_locked, .. } => {
                *is_locked = false;
                let is_incomplete = !self.bytes.bytes().is_empty();
                self.bytes.clear();
                is_incomplete
            }
        };
        common.counts.damaged_units += u64::from(is_incomplete);
        cuts.into_iter().for_each(|cut| self.picture(cut, common));
    }

    fn take(&mut self, body: &[u8], common: &mut Common) {
        self.bytes.push(body);
        self.read(false, common);
        if self.bytes.bytes().len() > MAX_UNIT {
            common.counts.too_long += 1;
            self.interrupt(common);
        }
    }

    /// Nothing more comes of the stream.
    pub(super) fn flush(&mut self, common: &mut Common) {
        self.read(true, common);
        self.begin(common);
    }

    fn read(&mut self, is_end: bool, common: &mut Common) {
        match &mut self.units {
            Units::Pictures { cutter, .. } => {
                let mut cuts = Vec::new();
                if is_end {
                    cutter.flush(&mut self.bytes, &mut cuts);
                } else {
                    cutter.cut(&mut self.bytes, &mut cuts);
                }
                cuts.into_iter().for_each(|cut| self.picture(cut, common));
            }
            Units::Sound { .. } => while self.frame(is_end, common) {},
        }
    }

    fn picture(&mut self, cut: Cut, common: &mut Common) {
        let unit = self.parser.parse(cut.data);
        self.announce(unit.config.clone(), 0, common);
        let interval = self.interval().unwrap_or(3600);
        let Units::Pictures { last, .. } = &mut self.units else { return };
        let order = unit.order.filter(|order| !order.restarts).map(|order| order.count);
        common.counts.unstamped += u64::from(cut.times.is_none());
        let Some(times) = cut.times.or_else(|| last.map(|last| last.next(order))) else { return };
        let times = match last {
            // Two pictures of one time, or a little before: the second gives way. Far before is another time.
            Some(last) if (0..SECOND).contains(&(last.times.dts - times.dts)) => {
                common.counts.bent += 1;
                Times { pts: times.pts.max(last.times.dts + 1), dts: last.times.dts + 1 }
            }
            _ => times,
        };
        let order = unit.order.map(|order| order.count);
        *last = Some(Last { times, order, interval: interval.max(1) });
        if unit.data.is_empty() {
            common.counts.empty += 1;
            return;
        }
        self.awaits_key &= !unit.key.is_random_access();
        if self.awaits_key {
            return;
        }
        common.out.push(self.packet(unit, times.pts, times.dts, None));
    }

    /// Ticks of 90 kHz from one picture to the next, where the configuration tells.
    pub(super) fn interval(&self) -> Option<i64> {
        let (num, den) = self.parser.config()?.frame_rate()?;
        Some(90_000 * i64::from(den) / i64::from(num.max(1)))
    }

    pub(super) fn packet(&self, unit: AccessUnit, pts: i64, dts: i64, duration: Option<u32>) -> Packet {
        Packet {
            track: self.id,
            pts: Timestamp::new(pts),
            dts: Timestamp::new(dts),
            duration,
            key: unit.key,
            data: unit.data,
            wall: None,
        }
    }

    /// The track from the next packet on, where it is not what it was.
    pub(super) fn announce(&mut self, config: Option<Config>, priming: u32, common: &mut Common) {
        let Some(config) = config else { return };
        let rate = config.sample_rate().and_then(|rate| TimeBase::new(1, rate));
        let track = Track {
            priming,
            language: self.stream.language.and_then(language::from_code),
            ..Track::new(self.id, rate.unwrap_or(TimeBase::VIDEO), config)
        };
        if self.track.as_ref() != Some(&track) {
            common.out.set(track.clone());
            self.track = Some(track);
        }
    }
}

impl Last {
    /// The times of a picture behind this one that has none: one interval later, and shown where its order puts it.
    fn next(self, order: Option<i32>) -> Times {
        let dts = self.times.dts.saturating_add(self.interval);
        let pts = match (order, self.order) {
            // Frames count in twos, mostly.
            (Some(order), Some(last)) => {
                let pictures = (i64::from(order) - i64::from(last)) / 2;
                self.times.pts.saturating_add(pictures.saturating_mul(self.interval))
            }
            _ => self.times.pts.saturating_add(self.interval),
        };
        Times { pts: pts.max(dts), dts }
    }
}

/// What a stream of the map holds: table 2-34, ATSC A/53, ETSI TS 101 154 and EN 300 468, and the registrations of SMPTE RA.
fn coding(stream: &psi::Stream) -> Option<Coding> {
    let sound = |framing| Some(Coding::Sound(framing));
    match (stream.kind, stream.registration.as_ref()) {
        (0x1b, _) => Some(Coding::Pictures(Format::H264)),
        (0x24, _) | (0x06, Some(b"HEVC")) => Some(Coding::Pictures(Format::H265)),
        (0x0f, _) => sound(Framing::Adts),
        (0x11, _) => sound(Framing::Loas(aac::LatmReader::default())),
        (0x03 | 0x04, _) => sound(Framing::Mpeg),
        (0x81, _) | (0x06, Some(b"AC-3")) => sound(Framing::Ac3),
        (0x87, _) | (0x06, Some(b"EAC3")) => sound(Framing::Eac3),
        (0x06, Some(b"Opus")) => sound(Framing::Opus),
        (0x06, _) => match stream.dvb? {
            0x6a => sound(Framing::Ac3),
            _ => sound(Framing::Eac3),
        },
        _ => None,
    }
}

/// Bytes of an access unit, at most.
const MAX_UNIT: usize = 16 << 20;

/// Ticks of 90 kHz.
const SECOND: i64 = 90_000;
