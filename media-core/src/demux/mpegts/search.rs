//! Looking for a place in a source that has no index: by halving it, and then by reading back until there is something to begin with.

use std::collections::BTreeMap;

use super::error::Counts;
use super::lane::Lane;
use super::packet::{Framer, PACKET, Packet};
use super::stretch::{Mark, Stretch};
use crate::time::Unwrapper;

/// A search under way.
#[derive(Debug)]
pub(super) struct Search {
    /// Bytes of the source.
    len: u64,
    /// Where to read on.
    at: u64,
    framer: Framer,
    /// The streams, that of pictures first if there is one: by its stamps the place is found.
    lanes: Vec<Lane>,
    /// The clock at the first stamp of the source.
    start: Unwrapper<33>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// The last stamp up to `target` is at `low` or between it and `high`; the next one behind `middle` tells in which half.
    Halving { target: i64, low: u64, middle: u64, high: u64 },
    /// Reading `span` bytes up to `low`, and on to the first stamp after the target, for what to begin with.
    Back { low: u64, span: u64, stretch: Box<Stretch> },
    /// Reading the last `span` bytes.
    End { span: u64, stretch: Box<Stretch> },
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Where each stream begins; those that are not named begin behind the first of them. Nothing where that is the beginning of the source.
    Place(BTreeMap<u16, u64>),
    /// When the last access unit ends, in nanoseconds; `None` where there is none.
    End(Option<i64>),
}

impl Search {
    /// For what is shown at `target`, in ticks of 90 kHz.
    pub(super) fn place(len: u64, lanes: Vec<Lane>, start: Unwrapper<33>, target: i64) -> Self {
        let stage = Stage::Halving { target, low: 0, middle: 0, high: len };
        let mut search = Self { len, at: 0, framer: Framer::default(), lanes, start, stage };
        search.lanes.sort_by_key(|lane| !lane.is_pictures());
        search.next();
        search
    }

    /// For the end.
    pub(super) fn end(len: u64, lanes: Vec<Lane>, start: Unwrapper<33>) -> Self {
        let mut search = Self::place(len, lanes, start, i64::MAX);
        search.read_end(SPAN);
        search
    }

    pub(super) const fn wants(&self) -> u64 {
        self.at
    }

    /// Takes the bytes that were wanted, and gives what was found once it was.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Option<Found> {
        self.at += bytes.len() as u64;
        self.framer.push(bytes);
        let is_end = self.at >= self.len;
        let mut counts = Counts::default();
        while let Some((at, packet)) = self.framer.next(is_end, &mut counts) {
            if self.is_over(at, &packet) {
                return self.next();
            }
        }
        if let Stage::Halving { middle, high, .. } = &mut self.stage
            && is_end
        {
            *high = *middle;
        }
        if is_end { self.next() } else { None }
    }

    /// Whether a packet ends what is being read.
    fn is_over(&mut self, at: u64, bytes: &[u8; PACKET]) -> bool {
        let Some(packet) = Packet::parse(bytes) else { return false };
        let mark = Mark::read(&packet, at, self.start);
        let own = mark.filter(|mark| mark.pid == self.lanes[0].stream.pid);
        match &mut self.stage {
            Stage::Halving { target, low, middle, high } => {
                match own {
                    Some(mark) if at < *high && mark.dts <= *target => *low = at,
                    None if at < *high && at - *middle < PROBE => return false,
                    _ => *high = *middle,
                }
                true
            }
            Stage::Back { low, stretch, .. } => {
                let is_later = own.is_some_and(|mark| mark.dts > stretch.target && at > *low);
                if is_later || at > *low + PROBE {
                    return true;
                }
                stretch.take(&packet, mark);
                false
            }
            Stage::End { stretch, .. } => {
                stretch.take(&packet, mark);
                false
            }
        }
    }

    /// What comes behind what was read.
    fn next(&mut self) -> Option<Found> {
        match &mut self.stage {
            Stage::Halving { target, low, high, .. } => {
                let (target, low, high) = (*target, *low, *high);
                self.halve(target, low, high);
                None
            }
            Stage::Back { low, span, stretch } => {
                let (low, span, target) = (*low, *span, stretch.target);
                let sound = self.lanes.iter().filter(|lane| !lane.is_pictures());
                let sound: Vec<u16> = sound.map(|lane| lane.stream.pid).collect();
                match stretch.places(&sound, span < FAR.min(low)) {
                    Some(places) => Some(Found::Place(places)),
                    None if span >= low => Some(Found::Place(BTreeMap::new())),
                    None => {
                        self.read_back(target, low, span.saturating_mul(4));
                        None
                    }
                }
            }
            Stage::End { span, stretch } => {
                let span = *span;
                match stretch.end() {
                    None if span < self.len => {
                        self.read_end(span.saturating_mul(4));
                        None
                    }
                    end => Some(Found::End(end)),
                }
            }
        }
    }

    fn halve(&mut self, target: i64, low: u64, high: u64) {
        if high - low <= NEAR {
            return self.read_back(target, low, SPAN);
        }
        let middle = low + (high - low) / 2;
        self.stage = Stage::Halving { target, low, middle, high };
        self.go_to(middle);
    }

    fn read_back(&mut self, target: i64, low: u64, span: u64) {
        // Sound can begin everywhere.
        let pictures = self.lanes.iter().take(1).filter(|lane| lane.is_pictures());
        let stretch = Box::new(Stretch::new(pictures, self.start, target));
        self.stage = Stage::Back { low, span, stretch };
        self.go_to(low.saturating_sub(span));
    }

    fn read_end(&mut self, span: u64) {
        let stretch = Box::new(Stretch::new(self.lanes.iter(), self.start, i64::MAX));
        self.stage = Stage::End { span, stretch };
        self.go_to(self.len.saturating_sub(span));
    }

    fn go_to(&mut self, at: u64) {
        (self.at, self.framer) = (at, Framer::at(at));
    }
}

/// Bytes that are not worth halving.
const NEAR: u64 = 256 << 10;

/// Bytes that are read back first; then four times as many.
const SPAN: u64 = 1 << 20;

/// Bytes behind the middle in which a stamp is looked for. Where there is none, the stream is taken for over.
const PROBE: u64 = 4 << 20;

/// Bytes that are read back for the beginning of sound, while there is that of pictures.
const FAR: u64 = 16 << 20;
