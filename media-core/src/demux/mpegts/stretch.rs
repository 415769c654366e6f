//! A stretch of a source, read for what to begin with and for its end.

use std::collections::{BTreeMap, VecDeque};

use super::Common;
use super::lane::Lane;
use super::packet::Packet as Transport;
use super::pes::{Pes, Piece};
use crate::demux::Output;
use crate::demux::interleave::Interleave;
use crate::time::Unwrapper;

/// Where a PES packet with a stamp begins, in ticks of 90 kHz and bytes of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) pid: u16,
    pub(super) pts: i64,
    pub(super) dts: i64,
    pub(super) at: u64,
}

/// What was read.
#[derive(Debug)]
pub(super) struct Stretch {
    /// In ticks of 90 kHz: what is shown later is not looked for.
    pub(super) target: i64,
    lanes: Vec<Lane>,
    common: Common,
    marks: VecDeque<Mark>,
    /// The last picture up to the target where decoding can start, and where its PES packet begins.
    key: Option<Mark>,
    /// Of the last access unit, in nanoseconds.
    end: Option<i64>,
}

impl Mark {
    /// The mark of a packet that has one; its times are those nearest to `start`.
    pub(super) fn read(packet: &Transport<'_>, at: u64, mut start: Unwrapper<33>) -> Option<Self> {
        let payload = packet.payload.filter(|_| packet.is_start && !packet.is_scrambled)?;
        let Piece::Begin(Some(stamp), _) = Pes::default().push(payload, true) else { return None };
        let dts = start.unwrap(stamp.dts);
        let pts = start.unwrap(stamp.pts);
        Some(Self { pid: packet.pid, pts, dts: dts.min(pts), at })
    }
}

impl Stretch {
    /// For the access units of streams like these.
    pub(super) fn new<'a>(lanes: impl Iterator<Item = &'a Lane>, start: Unwrapper<33>, target: i64) -> Self {
        let lanes: Vec<Lane> = lanes.map(Lane::elsewhere).collect();
        let mut common = Common::new();
        common.clock = start;
        lanes.iter().filter_map(Lane::track).for_each(|track| common.out.set(track.clone()));
        common.out.start();
        Self { target, lanes, common, marks: VecDeque::new(), key: None, end: None }
    }

    /// A packet, and its mark if it has one.
    pub(super) fn take(&mut self, packet: &Transport<'_>, mark: Option<Mark>) {
        if self.marks.len() == MAX_MARKS {
            self.marks.pop_front();
        }
        self.marks.extend(mark);
        let Some(lane) = self.lanes.iter_mut().find(|lane| lane.stream.pid == packet.pid) else { return };
        lane.push(packet, &mut self.common);
        while let Some(output) = self.common.out.poll() {
            self.see(output);
        }
    }

    /// Where each stream begins that has to: the key picture, and `sound` at its time; `None` where there is no key picture, or less sound than
    /// `is_all` asks for.
    pub(super) fn places(&mut self, sound: &[u16], is_all: bool) -> Option<BTreeMap<u16, u64>> {
        self.flush();
        let key = self.key;
        if key.is_none() && !self.lanes.is_empty() {
            return None;
        }
        let mut places: BTreeMap<u16, u64> = key.iter().map(|key| (key.pid, key.at)).collect();
        let until = key.map_or(self.target, |key| key.pts);
        for &pid in sound {
            match self.marks.iter().rfind(|mark| mark.pid == pid && mark.pts <= until) {
                Some(mark) => drop(places.insert(pid, mark.at)),
                None if is_all => return None,
                None => {}
            }
        }
        (!places.is_empty()).then_some(places)
    }

    /// When the last access unit ends, in nanoseconds.
    pub(super) fn end(&mut self) -> Option<i64> {
        self.flush();
        self.end
    }

    fn flush(&mut self) {
        self.lanes.iter_mut().for_each(|lane| lane.flush(&mut self.common));
        let out = std::mem::replace(&mut self.common.out, Interleave::new());
        out.finish().into_iter().for_each(|output| self.see(output));
    }

    fn see(&mut self, output: Output) {
        let Output::Packet(packet) = output else { return };
        let Some(lane) = self.lanes.iter().find(|lane| lane.id() == packet.track) else { return };
        let Some(track) = lane.track() else { return };
        let ticks = match packet.duration {
            Some(duration) => duration.into(),
            None => lane.interval().unwrap_or(0),
        };
        let end = track.time_base.to_nanos(packet.pts.ticks().saturating_add(ticks));
        self.end = self.end.max(Some(end));
        let (pts, dts) = (packet.pts.ticks(), packet.dts.ticks());
        if lane.is_pictures() && packet.key.is_random_access() && pts <= self.target {
            let begins = |mark: &&Mark| mark.pid == lane.stream.pid && mark.dts <= dts;
            self.key = self.marks.iter().rfind(begins).map(|mark| Mark { pts, ..*mark }).or(self.key);
        }
    }
}

/// PES packets that are remembered.
const MAX_MARKS: usize = 1 << 16;
