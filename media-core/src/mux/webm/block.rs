//! Blocks, RFC 9559 sections 5.1.3.4, 5.1.3.5 and 10: a `SimpleBlock`, or a `BlockGroup` where there is more to say.

use bytes::{BufMut, Bytes, BytesMut};

use super::ebml::{Id, element_len, put_head, sint_len, uint_len};
use crate::mux::Rope;

/// One packet as it will stand in a cluster.
#[derive(Debug)]
pub(super) struct Block {
    /// `TrackNumber`, 1 to 126, so that it takes one byte.
    pub(super) number: u8,
    /// When it is due, in ticks of the segment; not below zero.
    pub(super) time: i64,
    pub(super) key: bool,
    pub(super) data: Bytes,
    pub(super) group: Option<Box<Group>>,
}

/// What a `SimpleBlock` cannot say.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Ticks of the segment it lasts; what the next block does not tell.
    pub(super) duration: Option<u64>,
    /// Ticks from this block to one it needs, zero where that is not known. Said of blocks that are no key, and tells them from those.
    pub(super) reference: i64,
    /// Nanoseconds at its end that a player drops.
    pub(super) discard_padding: Option<i64>,
    /// The coded alpha plane.
    pub(super) alpha: Option<Bytes>,
}

/// Header pieces and the payloads between them. The headers lie in one allocation that serves many clusters.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    heads: BytesMut,
    /// Payloads, each with the place in `heads` where it comes.
    payloads: Vec<(usize, Bytes)>,
}

impl Block {
    /// Bytes of the whole element.
    pub(super) fn len(&self) -> u64 {
        match &self.group {
            None => element_len(SIMPLE_BLOCK, self.body_len()),
            Some(group) => element_len(BLOCK_GROUP, self.group_body_len(group)),
        }
    }

    /// Bytes of the element that are the packet's own, and so are not written but passed on.
    pub(super) fn payload_len(&self) -> u64 {
        let alpha = self.group.as_ref().and_then(|group| group.alpha.as_ref());
        (self.data.len() + alpha.map_or(0, Bytes::len)) as u64
    }

    fn body_len(&self) -> u64 {
        HEAD + self.data.len() as u64
    }

    fn group_body_len(&self, group: &Group) -> u64 {
        let reference =
            if self.key { 0 } else { element_len(REFERENCE_BLOCK, sint_len(group.reference) as u64) };
        element_len(BLOCK, self.body_len())
            + group.alpha.as_ref().map_or(0, |alpha| element_len(BLOCK_ADDITIONS, additions_body_len(alpha)))
            + group.duration.map_or(0, |ticks| element_len(BLOCK_DURATION, uint_len(ticks) as u64))
            + reference
            + group.discard_padding.map_or(0, |nanos| element_len(DISCARD_PADDING, sint_len(nanos) as u64))
    }

    /// Writes the element into a cluster of the timestamp `cluster`, which it lies within 16 bits of.
    pub(super) fn write(self, cluster: i64, out: &mut Pieces) {
        let relative = (self.time - cluster) as i16;
        debug_assert_eq!(i64::from(relative), self.time - cluster, "within 16 bits of its cluster");
        let Some(group) = &self.group else {
            put_head(&mut out.heads, SIMPLE_BLOCK, self.body_len());
            out.heads.put_u8(0x80 | self.number);
            out.heads.put_i16(relative);
            out.heads.put_u8(if self.key { KEYFRAME } else { 0 });
            out.payload(self.data);
            return;
        };
        put_head(&mut out.heads, BLOCK_GROUP, self.group_body_len(group));
        put_head(&mut out.heads, BLOCK, self.body_len());
        out.heads.put_u8(0x80 | self.number);
        out.heads.put_i16(relative);
        out.heads.put_u8(0);
        let Self { key, data, group, .. } = self;
        out.payload(data);
        group.into_iter().for_each(|group| group.write(key, out));
    }
}

impl Group {
    /// Whether a `SimpleBlock` says as much.
    pub(super) const fn is_empty(&self) -> bool {
        self.duration.is_none() && self.discard_padding.is_none() && self.alpha.is_none()
    }

    /// Writes what follows the block.
    fn write(self, key: bool, out: &mut Pieces) {
        if let Some(alpha) = self.alpha {
            put_head(&mut out.heads, BLOCK_ADDITIONS, additions_body_len(&alpha));
            put_head(&mut out.heads, BLOCK_MORE, more_body_len(&alpha));
            put_head(&mut out.heads, BLOCK_ADD_ID, 1);
            out.heads.put_u8(ALPHA);
            put_head(&mut out.heads, BLOCK_ADDITIONAL, alpha.len() as u64);
            out.payload(alpha);
        }
        if let Some(ticks) = self.duration {
            put_head(&mut out.heads, BLOCK_DURATION, uint_len(ticks) as u64);
            out.heads.put_uint(ticks, uint_len(ticks));
        }
        if !key {
            put_sint(out, REFERENCE_BLOCK, self.reference);
        }
        if let Some(nanos) = self.discard_padding {
            put_sint(out, DISCARD_PADDING, nanos);
        }
    }
}

fn put_sint(out: &mut Pieces, id: Id, value: i64) {
    put_head(&mut out.heads, id, sint_len(value) as u64);
    out.heads.put_int(value, sint_len(value));
}

fn additions_body_len(alpha: &Bytes) -> u64 {
    element_len(BLOCK_MORE, more_body_len(alpha))
}

fn more_body_len(alpha: &Bytes) -> u64 {
    element_len(BLOCK_ADD_ID, 1) + element_len(BLOCK_ADDITIONAL, alpha.len() as u64)
}

impl Pieces {
    /// Where headers are written.
    pub(super) fn heads(&mut self) -> &mut BytesMut {
        &mut self.heads
    }

    /// Makes room for `len` bytes of headers at once.
    pub(super) fn reserve(&mut self, len: u64) {
        if ((self.heads.capacity() - self.heads.len()) as u64) < len {
            self.heads.reserve((len as usize).max(ARENA));
        }
    }

    fn payload(&mut self, data: Bytes) {
        self.payloads.push((self.heads.len(), data));
    }

    /// All that was written, in order.
    pub(super) fn take(&mut self) -> Rope {
        let mut heads = self.heads.split().freeze();
        let mut rope = Rope::with_capacity(2 * self.payloads.len() + 1);
        let mut taken = 0;
        for (at, payload) in self.payloads.drain(..) {
            rope.push(heads.split_to(at - taken));
            rope.push(payload);
            taken = at;
        }
        rope.push(heads);
        rope
    }

    pub(super) fn clear(&mut self) {
        self.heads.clear();
        self.payloads.clear();
    }
}

/// Track number, timestamp and flags before the payload.
const HEAD: u64 = 4;

/// Flag of a `SimpleBlock`: a decoder can start here.
const KEYFRAME: u8 = 0x80;

/// `BlockAddID` of the alpha plane of VP8 and VP9.
const ALPHA: u8 = 1;

const SIMPLE_BLOCK: Id = Id(0xa3);
const BLOCK_GROUP: Id = Id(0xa0);
const BLOCK: Id = Id(0xa1);
const BLOCK_ADDITIONS: Id = Id(0x75a1);
const BLOCK_MORE: Id = Id(0xa6);
const BLOCK_ADD_ID: Id = Id(0xee);
const BLOCK_ADDITIONAL: Id = Id(0xa5);
const BLOCK_DURATION: Id = Id(0x9b);
const REFERENCE_BLOCK: Id = Id(0xfb);
const DISCARD_PADDING: Id = Id(0x75a2);

/// Bytes allocated at once for headers: some thousand blocks.
const ARENA: usize = 16 * 1024;

#[cfg(test)]
#[path = "block_test.rs"]
mod tests;
