//! Clusters of a file: each is complete before it is written, and found again by cues.

use super::block::{Block, Pieces};
use super::cluster::Cluster;
use super::config::{Limits, Role};
use super::cues::{self, CUES, Cue};
use super::header::{self, Places};
use super::queue::Turn;
use super::{Ending, Output, Patch, Rope};

/// The open cluster, and what was noted of those before.
#[derive(Debug)]
pub(super) struct File {
    places: Places,
    /// Bytes left for cues before the first cluster.
    reserve: u64,
    /// Where in the segment's body the open cluster will be.
    position: u64,
    cluster: Cluster,
    /// Whether the open cluster begins with a block that playing can begin at.
    is_entrance: bool,
    /// Those of the open cluster come last, without their place yet: it depends on the cluster's timestamp.
    cues: Vec<Cue>,
    /// Of `cues`, how many are of clusters that are written.
    placed: usize,
    /// Nanoseconds at which the last packet ends.
    end: i64,
}

impl File {
    pub(super) fn new(places: Places, reserve: u64) -> Self {
        Self {
            places,
            reserve,
            position: places.clusters - places.body,
            cluster: Cluster::default(),
            is_entrance: false,
            cues: Vec::new(),
            placed: 0,
            end: 0,
        }
    }

    /// Notes when a packet ends.
    pub(super) fn lasts_until(&mut self, turn: &Turn<'_>) {
        let ticks = turn.until_next.or(turn.packet.duration.map(i64::from)).unwrap_or(turn.step);
        self.end = self.end.max(turn.lane.nanos(turn.packet.pts.saturating_add(ticks)));
    }

    /// Appends a block to the open cluster. Gives out that cluster, and begins another one with the block, where it is full or the block
    /// leads.
    pub(super) fn put(
        &mut self,
        block: Block,
        role: Role,
        limits: &Limits,
        out: &mut Pieces,
    ) -> Option<Output> {
        let (span, len) = (self.cluster.span_with(block.time), self.cluster.len() + block.len());
        let is_full = !self.cluster.is_empty() && limits.end_before(span, len, role);
        let output = if is_full { Some(self.close(out)) } else { None };
        if self.cluster.is_empty() {
            self.is_entrance = role.is_entrance() || self.position == self.places.clusters - self.places.body;
        }
        if role.is_cue() && self.cues[self.placed..].iter().all(|cue| cue.track != block.number) {
            let relative = self.cluster.len() as u32;
            self.cues.push(Cue { time: block.time, track: block.number, cluster: self.position, relative });
        }
        self.cluster.push(block);
        output
    }

    /// Writes the open cluster.
    fn close(&mut self, out: &mut Pieces) -> Output {
        for cue in &mut self.cues[self.placed..] {
            cue.relative += self.cluster.first_block() as u32;
        }
        self.placed = self.cues.len();
        self.position += self.cluster.element_len();
        self.cluster.write(out);
        Output { rope: out.take(), is_random_access: self.is_entrance }
    }

    /// Appends the last cluster and the cues to `rope`, the clusters that are not yet given out.
    pub(super) fn finish(mut self, mut rope: Rope, out: &mut Pieces) -> Ending {
        if !self.cluster.is_empty() {
            rope.append(self.close(out).rope);
        }
        let mut patches = Vec::new();
        let mut patch = |offset, bytes: bytes::Bytes| patches.push(Patch { offset, bytes });
        let (places, body) = (self.places, self.places.body);
        let mut place_of_cues = None;
        if !self.cues.is_empty() {
            let len = cues::cues_len(self.cues.len() as u64);
            let at = match cues::cues_within(&self.cues, self.reserve) {
                Some(bytes) => {
                    patch(places.cues, bytes);
                    places.cues
                }
                None => {
                    let at = body + self.position;
                    rope.push(cues::cues(&self.cues));
                    self.position += len;
                    at
                }
            };
            patch(places.cues_seek, header::seek(CUES, at - body).into());
            place_of_cues = Some(at..at + len);
        }
        let ticks = self.end as f64 / f64::from(places.timestamp_scale);
        patch(places.duration, header::duration(ticks).into());
        patch(places.size, header::segment_size(self.position));
        Ending { rope, patches, cues: place_of_cues }
    }
}
