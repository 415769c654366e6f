//! Puts the packets of all tracks into the order of their decoding, and the tracks before them.

use std::collections::VecDeque;

use super::Output;
use crate::packet::Packet;
use crate::track::{Track, TrackId};

/// Packets of several tracks, each track's own in order, on their way out.
///
/// Nothing comes out before [`start`](Self::start). A packet then waits for those of other tracks that belong before it, but not where that
/// would take more than a second of media or [`MAX_BYTES`].
#[derive(Debug)]
pub(super) struct Interleave {
    lanes: Vec<Lane>,
    ready: VecDeque<Output>,
    bytes: usize,
    /// The latest time, in nanoseconds, at which a packet came.
    newest: i64,
    is_started: bool,
    /// Nothing waits for anything any more.
    is_ending: bool,
}

#[derive(Debug)]
struct Lane {
    id: TrackId,
    /// As it was announced last; `None` until it is.
    track: Option<Track>,
    waiting: VecDeque<Waiting>,
    /// What the next packet belongs to.
    change: Option<Track>,
    /// Nothing more comes.
    is_closed: bool,
}

#[derive(Debug)]
struct Waiting {
    packet: Packet,
    /// DTS in nanoseconds.
    at: i64,
    change: Option<Track>,
}

impl Interleave {
    pub(super) const fn new() -> Self {
        Self {
            lanes: Vec::new(),
            ready: VecDeque::new(),
            bytes: 0,
            newest: 0,
            is_started: false,
            is_ending: false,
        }
    }

    /// Whether packets come out.
    pub(super) const fn is_started(&self) -> bool {
        self.is_started
    }

    /// Forgets the packets that wait or were not polled. What comes now is behind the tracks as they were last.
    pub(super) fn restart(&mut self) {
        self.lanes.retain(|lane| !lane.is_closed);
        for lane in &mut self.lanes {
            lane.track = lane.change.take().or_else(|| lane.latest().cloned());
            lane.waiting.clear();
        }
        self.ready.clear();
        self.bytes = 0;
        self.announce();
    }

    /// A track of which more is to be told, so that it has its place among the others.
    pub(super) fn expect(&mut self, id: TrackId) {
        if !self.lanes.iter().any(|lane| lane.id == id && !lane.is_closed) {
            let (waiting, track, change) = (VecDeque::new(), None, None);
            self.lanes.push(Lane { id, track, waiting, change, is_closed: false });
        }
    }

    /// A new track, or a track from its next packet on.
    pub(super) fn set(&mut self, track: Track) {
        self.expect(track.id);
        let lane = self.lanes.iter_mut().find(|lane| lane.id == track.id && !lane.is_closed);
        let lane = lane.expect("it is there now");
        if !self.is_started && lane.waiting.is_empty() {
            lane.track = Some(track);
        } else {
            lane.change = Some(track).filter(|track| lane.latest() != Some(track));
        }
    }

    /// Nothing more comes of a track; it goes once its packets have.
    pub(super) fn close(&mut self, id: TrackId) {
        self.lanes.iter_mut().filter(|lane| lane.id == id).for_each(|lane| lane.is_closed = true);
        self.settle();
    }

    /// A packet of a track that was [set](Self::set).
    pub(super) fn push(&mut self, packet: Packet) {
        let lane = self.lanes.iter_mut().rfind(|lane| lane.id == packet.track && !lane.is_closed);
        let Some(lane) = lane else { return };
        let change = lane.change.take();
        let Some(track) = change.as_ref().or_else(|| lane.latest()) else { return };
        let at = track.time_base.to_nanos(packet.dts.ticks());
        self.newest = if self.bytes == 0 { at } else { self.newest.max(at) };
        self.bytes += packet.data.len() + OVERHEAD;
        lane.waiting.push_back(Waiting { packet, at, change });
        self.settle();
    }

    /// Bytes and nanoseconds that wait.
    pub(super) fn held(&self) -> (usize, i64) {
        let oldest = self.lanes.iter().filter_map(Lane::at).min();
        (self.bytes, oldest.map_or(0, |oldest| self.newest.saturating_sub(oldest)))
    }

    /// From now on packets come out, behind the tracks that there are.
    pub(super) fn start(&mut self) {
        if !self.is_started {
            self.is_started = true;
            self.announce();
            self.settle();
        }
    }

    pub(super) fn poll(&mut self) -> Option<Output> {
        self.ready.pop_front()
    }

    /// Lets go what need not wait: at once, so that the order does not depend on when somebody asks.
    fn settle(&mut self) {
        while self.is_started
            && let Some(lane) = self.next()
        {
            self.release(lane);
        }
        self.lanes.retain(|lane| !lane.is_over());
    }

    /// Everything that waits.
    pub(super) fn finish(mut self) -> Vec<Output> {
        self.start();
        self.is_ending = true;
        self.settle();
        self.ready.into()
    }

    /// The lane whose packet is next, if that can be told.
    fn next(&self) -> Option<usize> {
        let heads = self.lanes.iter().enumerate().filter_map(|(index, lane)| Some((lane.at()?, index)));
        let (at, index) = heads.min()?;
        let all = self.lanes.iter().all(|lane| lane.is_closed || !lane.waiting.is_empty());
        let late = self.bytes > MAX_BYTES || self.newest.saturating_sub(at) > MAX_SPAN;
        (all || late || self.is_ending).then_some(index)
    }

    fn release(&mut self, lane: usize) {
        // The track is told while its packet still waits: with its last one it would be over.
        if let Some(track) = self.lanes[lane].waiting.front_mut().and_then(|waiting| waiting.change.take()) {
            self.lanes[lane].track = Some(track);
            self.announce();
        }
        let Some(Waiting { packet, .. }) = self.lanes[lane].waiting.pop_front() else { return };
        self.bytes -= packet.data.len() + OVERHEAD;
        self.ready.push_back(Output::Packet(packet));
    }

    /// The tracks as they are now; of one that ended and begins anew under its number only the new one.
    fn announce(&mut self) {
        let mut tracks: Vec<Track> = Vec::with_capacity(self.lanes.len());
        for lane in self.lanes.iter().filter(|lane| !lane.is_over()) {
            let Some(track) = &lane.track else { continue };
            match tracks.iter_mut().find(|known| known.id == track.id) {
                Some(known) => *known = track.clone(),
                None => tracks.push(track.clone()),
            }
        }
        if !tracks.is_empty() {
            self.ready.push_back(Output::Tracks(tracks.into()));
        }
    }
}

impl Lane {
    /// When its first packet is due.
    fn at(&self) -> Option<i64> {
        self.waiting.front().map(|waiting| waiting.at)
    }

    fn is_over(&self) -> bool {
        self.is_closed && self.waiting.is_empty()
    }

    /// What the packet pushed last belongs to.
    fn latest(&self) -> Option<&Track> {
        self.waiting.iter().rev().find_map(|waiting| waiting.change.as_ref()).or(self.track.as_ref())
    }
}

/// Bytes that wait at most.
const MAX_BYTES: usize = 32 << 20;

/// What an empty packet counts for.
const OVERHEAD: usize = 128;

/// Nanoseconds that a packet waits at most. Writers interleave to about half a second.
const MAX_SPAN: i64 = 1_000_000_000;
