//! Clusters, RFC 9559 section 5.1.3: blocks within 16 bits of a timestamp of their own.

use bytes::BufMut;

use super::block::{Block, Pieces};
use super::ebml::{Id, UNKNOWN_SIZE, element_len, put_head, put_id, uint_len};

/// The blocks of a cluster whose size is said, and so is known before its first byte is written. Its timestamp is the earliest of theirs.
#[derive(Debug, Default)]
pub(super) struct Cluster {
    blocks: Vec<Block>,
    /// Bytes of all blocks, and how many of these are payload.
    len: u64,
    payload: u64,
    /// Earliest and latest block.
    span: Option<(i64, i64)>,
}

impl Cluster {
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Bytes of the blocks.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// Ticks from the earliest block to the latest, with one at `time` among them.
    pub(super) fn span_with(&self, time: i64) -> i64 {
        let (earliest, latest) = self.span.unwrap_or((time, time));
        latest.max(time) - earliest.min(time)
    }

    /// Appends a block; the caller has seen to it that [`span_with`](Self::span_with) it is at most [`SPAN_MAX`].
    pub(super) fn push(&mut self, block: Block) {
        let (earliest, latest) = self.span.unwrap_or((block.time, block.time));
        self.span = Some((earliest.min(block.time), latest.max(block.time)));
        self.len += block.len();
        self.payload += block.payload_len();
        self.blocks.push(block);
    }

    /// Where the element behind the timestamp begins, counted from the first byte of the cluster's body: what `CueRelativePosition` of
    /// the first block says.
    pub(super) fn first_block(&self) -> u64 {
        self.span.map_or(0, |(earliest, _)| timestamp_len(earliest))
    }

    /// Bytes of the whole element.
    pub(super) fn element_len(&self) -> u64 {
        element_len(CLUSTER, self.first_block() + self.len)
    }

    /// Writes the whole element, and is empty again.
    pub(super) fn write(&mut self, out: &mut Pieces) {
        let Some((timestamp, _)) = self.span.take() else { return };
        let body = timestamp_len(timestamp) + self.len;
        out.reserve(element_len(CLUSTER, body) - self.payload);
        put_head(out.heads(), CLUSTER, body);
        put_timestamp(out, timestamp);
        self.blocks.drain(..).for_each(|block| block.write(timestamp, out));
        (self.len, self.payload) = (0, 0);
    }

    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        (self.len, self.payload, self.span) = (0, 0, None);
    }
}

/// Begins a cluster that lasts until the next one.
pub(super) fn begin_unsized(timestamp: i64, out: &mut Pieces) {
    out.reserve(UNSIZED_HEAD_MAX);
    put_id(out.heads(), CLUSTER);
    out.heads().put_slice(&UNKNOWN_SIZE);
    put_timestamp(out, timestamp);
}

fn put_timestamp(out: &mut Pieces, timestamp: i64) {
    let value = timestamp.cast_unsigned();
    put_head(out.heads(), TIMESTAMP, uint_len(value) as u64);
    out.heads().put_uint(value, uint_len(value));
}

const fn timestamp_len(timestamp: i64) -> u64 {
    element_len(TIMESTAMP, uint_len(timestamp.cast_unsigned()) as u64)
}

/// Ticks from a cluster's timestamp to its last block: they are counted in 16 bits with a sign, RFC 9559 section 10.1.
pub(super) const SPAN_MAX: i64 = i16::MAX as i64;

/// The most bytes before the first block of a cluster without a size.
const UNSIZED_HEAD_MAX: u64 = 32;

pub(super) const CLUSTER: Id = Id(0x1f43_b675);
const TIMESTAMP: Id = Id(0xe7);

#[cfg(test)]
#[path = "cluster_test.rs"]
mod tests;
