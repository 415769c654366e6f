//! Where packets go: counted, or written. Both see the same calls in the same order.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

use super::packet::{Head, NULL_PACKET, PACKET, ROOM};
use super::units::{Unit, Units};

/// What a [`Run`](super::line::Run) gives its packets to.
pub(super) trait Output {
    /// Payload comes from this PES packet from now on.
    fn open(&mut self, unit: &Unit);
    /// A packet with the next `payload` bytes.
    fn packet(&mut self, head: Head, payload: usize);
    /// `count` packets of nothing but a header and payload, counters going up from that of `head`.
    fn full(&mut self, head: Head, count: usize);
    /// A packet that is ready but for its counter.
    fn fixed(&mut self, packet: &[u8; PACKET], counter: u8);
    /// `count` packets of nothing.
    fn nothing(&mut self, count: usize);
}

/// How many packets there are.
#[derive(Debug, Default)]
pub(super) struct Count(pub(super) usize);

impl Output for Count {
    fn open(&mut self, _: &Unit) {}

    fn packet(&mut self, _: Head, _: usize) {
        self.0 += 1;
    }

    fn full(&mut self, _: Head, count: usize) {
        self.0 += count;
    }

    fn fixed(&mut self, _: &[u8; PACKET], _: u8) {
        self.0 += 1;
    }

    fn nothing(&mut self, count: usize) {
        self.0 += count;
    }
}

/// The packets themselves. Here, and only here, payload is copied.
pub(super) struct Write<'a> {
    out: BytesMut,
    units: &'a Units<'a>,
    /// Of the open PES packet: the pieces not begun yet, and what is left of the one that is.
    pieces: Range<usize>,
    slice: &'a [u8],
}

impl<'a> Write<'a> {
    /// Into memory for `packets` packets, no more and no less.
    pub(super) fn new(packets: usize, units: &'a Units<'a>) -> Self {
        Self { out: BytesMut::with_capacity(packets * PACKET), units, pieces: 0..0, slice: &[] }
    }

    pub(super) fn finish(self) -> Bytes {
        debug_assert_eq!(self.out.len(), self.out.capacity(), "as many packets as were counted");
        self.out.freeze()
    }

    fn copy(&mut self, mut count: usize) {
        while count > 0 {
            if self.slice.is_empty() {
                let piece = self.pieces.next().expect("pieces add up to the length of the PES packet");
                self.slice = self.units.piece(piece);
                continue;
            }
            let (head, rest) = self.slice.split_at(count.min(self.slice.len()));
            self.out.extend_from_slice(head);
            self.slice = rest;
            count -= head.len();
        }
    }
}

impl Output for Write<'_> {
    fn open(&mut self, unit: &Unit) {
        self.pieces = unit.pieces.clone();
        self.slice = &[];
    }

    fn packet(&mut self, head: Head, payload: usize) {
        head.write(payload, &mut self.out);
        self.copy(payload);
    }

    fn full(&mut self, mut head: Head, count: usize) {
        let mut left = count;
        while left > 0 {
            let whole = left.min(self.slice.len() / ROOM);
            let (chunks, rest) = self.slice.split_at(whole * ROOM);
            for chunk in chunks.chunks_exact(ROOM) {
                self.out.extend_from_slice(&head.word(false, true).to_be_bytes());
                self.out.extend_from_slice(chunk);
                head.counter = head.counter.wrapping_add(1);
            }
            self.slice = rest;
            left -= whole;
            if left > 0 {
                // One that goes over the end of a slice.
                self.out.extend_from_slice(&head.word(false, true).to_be_bytes());
                self.copy(ROOM);
                head.counter = head.counter.wrapping_add(1);
                left -= 1;
            }
        }
    }

    fn fixed(&mut self, packet: &[u8; PACKET], counter: u8) {
        self.out.extend_from_slice(packet);
        let at = self.out.len() - PACKET + 3;
        self.out[at] |= counter & 0xf;
    }

    fn nothing(&mut self, count: usize) {
        (0..count).for_each(|_| self.out.extend_from_slice(&NULL_PACKET));
    }
}
