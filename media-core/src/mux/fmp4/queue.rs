//! Packets of several tracks put in the order in which a file has them: by the time they are decoded at, pictures before sound that is
//! due with them.
//!
//! A packet waits until every track has one waiting, so that no earlier one can come. It does not wait longer than the queue's hold in
//! media time, so that a track that is silent does not stop the others.

use std::collections::VecDeque;

use super::Error;
use super::lane::Lane;
use crate::packet::Packet;
use crate::track::Kind;

#[derive(Debug)]
pub(super) struct Queue {
    lanes: Vec<Waiting>,
    /// The latest packet that came, in nanoseconds.
    newest: i64,
    /// Nanoseconds a packet waits for others at most.
    hold: i64,
    /// Packets a track must have waiting before its first one goes: with two, it is known what follows.
    ahead: usize,
}

/// A track and its packets.
#[derive(Debug)]
struct Waiting {
    lane: Lane,
    entries: VecDeque<(i64, Packet)>,
}

/// A packet whose turn it is.
#[derive(Debug)]
pub(super) struct Turn {
    /// The place of its track among the tracks.
    pub(super) index: usize,
    pub(super) packet: Packet,
    /// When it is decoded, in nanoseconds.
    pub(super) order: i64,
    /// Ticks it lasts: until the packet that follows on its track, or as long as is likely.
    pub(super) duration: u32,
    /// Where it is the last of its track as far as is known: ticks it decodes to, if that is more than it shall last.
    pub(super) untrimmed: Option<u32>,
}

impl Queue {
    pub(super) fn new(lanes: impl IntoIterator<Item = Lane>, hold: i64, ahead: usize) -> Self {
        let waiting = |lane| Waiting { lane, entries: VecDeque::new() };
        Self { lanes: lanes.into_iter().map(waiting).collect(), newest: i64::MIN, hold, ahead }
    }

    pub(super) fn lanes(&mut self) -> impl Iterator<Item = &mut Lane> {
        self.lanes.iter_mut().map(|waiting| &mut waiting.lane)
    }

    /// Appends a packet to its track; refuses what the track cannot have, and has then not changed.
    pub(super) fn push(&mut self, mut packet: Packet) -> Result<(), Error> {
        let lane_of = |waiting: &&mut Waiting| waiting.lane.id == packet.track;
        let waiting =
            self.lanes.iter_mut().find(lane_of).ok_or(Error::UnknownTrack { track: packet.track })?;
        let order = waiting.lane.take(&mut packet)?;
        waiting.entries.push_back((order, packet));
        self.newest = self.newest.max(order);
        Ok(())
    }

    /// The packet whose turn it is; at the end, of those left.
    pub(super) fn pop(&mut self, at_end: bool) -> Option<Turn> {
        let first = |waiting: &Waiting| Some((waiting.entries.front()?.0, waiting.lane.kind));
        let (order, index) = (0..self.lanes.len())
            .filter_map(|index| first(&self.lanes[index]).map(|(order, kind)| (order, kind, index)))
            .min_by_key(|(order, kind, index)| (*order, *kind == Kind::Audio, *index))
            .map(|(order, _, index)| (order, index))?;
        if !at_end && !self.is_settled(order) {
            return None;
        }
        let Waiting { lane, entries } = &mut self.lanes[index];
        let (_, packet) = entries.pop_front()?;
        let next = entries.front().map(|(_, next)| next.dts.since(packet.dts));
        let until_next = next.and_then(|ticks| u32::try_from(ticks).ok());
        let duration = until_next.unwrap_or_else(|| lane.length(&packet));
        let untrimmed = match until_next {
            Some(_) => None,
            None => lane.untrimmed(&packet.data, duration),
        };
        Some(Turn { index, packet, order, duration, untrimmed })
    }

    /// Whether a packet at `order`, the first of all, need not wait for others.
    fn is_settled(&self, order: i64) -> bool {
        let lens = || self.lanes.iter().map(|waiting| waiting.entries.len());
        lens().all(|len| len >= self.ahead)
            || self.newest.saturating_sub(order) >= self.hold
            || lens().sum::<usize>() > WAITING_MAX
    }
}

/// Packets that wait at most, whatever their times are.
const WAITING_MAX: usize = 4096;
