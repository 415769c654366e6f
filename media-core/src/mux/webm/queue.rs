//! Packets of several tracks put in the order in which a file has them: by time, pictures before sound that is due with them.
//!
//! A packet waits until every track has one waiting, so that no earlier one can come. It does not wait longer than the queue's hold in
//! media time, so that a track that is silent does not stop the others.

use std::collections::VecDeque;

use bytes::Bytes;

use super::Error;
use super::lane::Lane;
use crate::packet::Packet;
use crate::track::Kind;

#[derive(Debug)]
pub(super) struct Queue {
    lanes: Vec<Waiting>,
    /// The latest packet that came, in ticks of the segment.
    newest: i64,
    /// Ticks of the segment a packet waits for others at most.
    hold: i64,
    /// Packets a track must have waiting before its first one goes: with two, it is known what follows.
    ahead: usize,
}

/// A track and its packets.
#[derive(Debug)]
struct Waiting {
    lane: Lane,
    kind: Kind,
    entries: VecDeque<Entry>,
    /// Ticks of the track from the last packet that went to the one that followed it.
    step: i64,
}

#[derive(Debug)]
struct Entry {
    packet: Packet,
    alpha: Option<Bytes>,
    time: i64,
    order: i64,
}

/// A packet whose turn it is.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pub(super) lane: &'a mut Lane,
    pub(super) kind: Kind,
    pub(super) packet: Packet,
    pub(super) alpha: Option<Bytes>,
    /// Timestamp of its block.
    pub(super) time: i64,
    /// Ticks of the track until the packet that follows on it, where that is there.
    pub(super) until_next: Option<i64>,
    /// The last such that was known.
    pub(super) step: i64,
}

impl Queue {
    pub(super) fn new(lanes: impl IntoIterator<Item = (Lane, Kind)>, hold: i64, ahead: usize) -> Self {
        let waiting = |(lane, kind)| Waiting { lane, kind, entries: VecDeque::new(), step: 0 };
        Self { lanes: lanes.into_iter().map(waiting).collect(), newest: i64::MIN, hold, ahead }
    }

    /// Appends a packet to its track; refuses what the track cannot have, and has then not changed.
    pub(super) fn push(&mut self, packet: Packet, alpha: Option<Bytes>) -> Result<(), Error> {
        let lane_of = |waiting: &&mut Waiting| waiting.lane.id == packet.track;
        let waiting =
            self.lanes.iter_mut().find(lane_of).ok_or(Error::ForeignPacket { track: packet.track })?;
        if alpha.is_some() && !waiting.lane.alpha {
            return Err(Error::Alpha { track: packet.track });
        }
        let due = waiting.lane.take(&packet)?;
        waiting.entries.push_back(Entry { packet, alpha, time: due.time, order: due.order });
        self.newest = self.newest.max(due.order);
        Ok(())
    }

    /// The packet whose turn it is; at the end, of those left.
    pub(super) fn pop(&mut self, at_end: bool) -> Option<Turn<'_>> {
        let first = |waiting: &Waiting| Some((waiting.entries.front()?.order, waiting.kind));
        let (order, index) = (0..self.lanes.len())
            .filter_map(|index| first(&self.lanes[index]).map(|(order, kind)| (order, kind, index)))
            .min()
            .map(|(order, _, index)| (order, index))?;
        if !at_end && !self.is_settled(order) {
            return None;
        }
        let Waiting { lane, kind, entries, step } = &mut self.lanes[index];
        let Entry { packet, alpha, time, .. } = entries.pop_front()?;
        let until_next = entries.front().map(|next| next.packet.dts.since(packet.dts));
        *step = until_next.unwrap_or(*step);
        Some(Turn { lane, kind: *kind, packet, alpha, time, until_next, step: *step })
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
