//! AAC over RTP: `mpeg4-generic` in the modes AAC-hbr and AAC-lbr (RFC 3640 section 3.3).
//!
//! A payload is a count of header bits, the headers, then the frames; or a piece of one frame that did not fit.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::{Losses, Packet, Unit};

/// The depacketiser for AAC.
#[derive(Debug)]
pub(crate) struct Aac {
    headers: Headers,
    /// RTP ticks from one frame to the next.
    step: u32,
    /// A frame of which not all has come.
    partial: Option<Partial>,
    ready: VecDeque<Unit>,
    pub(super) losses: Losses,
}

/// Widths of the fields of an AU header in bits, from the `fmtp` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Headers {
    /// `sizelength`: the frame's size in bytes.
    pub(crate) size: u32,
    /// `indexlength`: interleaving, in the first header.
    pub(crate) index: u32,
    /// `indexdeltalength`: the same in those after it.
    pub(crate) index_delta: u32,
}

impl Headers {
    /// The mode AAC-hbr, RFC 3640 section 3.3.6.
    pub(crate) const HIGH_RATE: Self = Self { size: 13, index: 3, index_delta: 3 };
}

#[derive(Debug)]
struct Partial {
    timestamp: u32,
    size: usize,
    data: BytesMut,
}

impl Aac {
    /// A stream whose frames are `step` RTP ticks apart.
    pub(crate) const fn new(headers: Headers, step: u32) -> Self {
        Self { headers, step, partial: None, ready: VecDeque::new(), losses: LOSSLESS }
    }

    pub(super) fn push(&mut self, packet: Packet) {
        self.losses.packets += u64::from(packet.missing);
        let lost_a_piece =
            packet.missing > 0 || self.partial.as_ref().is_some_and(|p| p.timestamp != packet.timestamp);
        if lost_a_piece && self.partial.take().is_some() {
            self.losses.damaged += 1;
        }
        if self.read(&packet).is_none() {
            self.partial = None;
            self.losses.malformed += 1;
        }
    }

    pub(super) fn poll(&mut self) -> Option<Unit> {
        self.ready.pop_front()
    }

    /// Reads one payload; `None` when it contradicts itself.
    fn read(&mut self, packet: &Packet) -> Option<()> {
        let payload = &packet.payload;
        let bits = usize::from(u16::from_be_bytes([*payload.first()?, *payload.get(1)?]));
        let mut position = 2 + bits.div_ceil(8);
        let headers = payload.get(2..position)?;
        let mut timestamp = packet.timestamp;
        let mut bit = 0;
        let mut first = true;
        while bit < bits {
            let size = read_bits(headers, bit, self.headers.size)?;
            bit += (self.headers.size + if first { self.headers.index } else { self.headers.index_delta })
                as usize;
            first = false;
            let left = payload.len() - position;
            if size > left {
                return self.piece(timestamp, size, payload.slice(position..), packet.marker);
            }
            if size > 0 {
                self.ready.push_back(Unit { timestamp, data: payload.slice(position..position + size) });
            }
            position += size;
            timestamp = timestamp.wrapping_add(self.step);
        }
        Some(())
    }

    /// Takes a piece of a frame of `size` bytes; every piece repeats the header (RFC 3640 section 3.2.3).
    fn piece(&mut self, timestamp: u32, size: usize, piece: Bytes, last: bool) -> Option<()> {
        let partial = self.partial.get_or_insert_with(|| Partial { timestamp, size, data: BytesMut::new() });
        if partial.size != size || partial.data.len() + piece.len() > size {
            return None;
        }
        partial.data.extend_from_slice(&piece);
        if partial.data.len() == size {
            let whole = self.partial.take()?;
            self.ready.push_back(Unit { timestamp: whole.timestamp, data: whole.data.freeze() });
            return Some(());
        }
        (!last).then_some(())
    }
}

/// `count` bits (at most 32) from bit `at`.
fn read_bits(bytes: &[u8], at: usize, count: u32) -> Option<usize> {
    let mut value = 0;
    for bit in at..at + count as usize {
        value = value << 1 | usize::from(bytes.get(bit / 8)? >> (7 - bit % 8) & 1);
    }
    Some(value)
}

const LOSSLESS: Losses = Losses { packets: 0, damaged: 0, malformed: 0, late_slices: 0 };

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(timestamp: u32, marker: bool, payload: &[u8]) -> Packet {
        Packet { timestamp, marker, missing: 0, payload: Bytes::copy_from_slice(payload) }
    }

    fn units(aac: &mut Aac) -> Vec<(u32, Vec<u8>)> {
        std::iter::from_fn(|| aac.poll()).map(|unit| (unit.timestamp, unit.data.to_vec())).collect()
    }

    #[test]
    fn several_frames_in_a_packet_are_a_step_apart() {
        let mut aac = Aac::new(Headers::HIGH_RATE, 1024);
        // Two headers of 13 + 3 bits: sizes 2 and 3.
        aac.push(packet(1000, true, &[0, 32, 0, 2 << 3, 0, 3 << 3, 1, 2, 3, 4, 5]));
        assert_eq!(units(&mut aac), [(1000, vec![1, 2]), (2024, vec![3, 4, 5])]);
    }

    #[test]
    fn low_rate_headers_are_one_byte() {
        let mut aac = Aac::new(Headers { size: 6, index: 2, index_delta: 2 }, 1024);
        aac.push(packet(0, true, &[0, 8, 2 << 2, 7, 8]));
        assert_eq!(units(&mut aac), [(0, vec![7, 8])]);
    }

    #[test]
    fn a_frame_in_pieces_is_put_together() {
        let mut aac = Aac::new(Headers::HIGH_RATE, 1024);
        aac.push(packet(5, false, &[0, 16, 0, 4 << 3, 1, 2]));
        assert_eq!(units(&mut aac), []);
        aac.push(packet(5, true, &[0, 16, 0, 4 << 3, 3, 4]));
        assert_eq!(units(&mut aac), [(5, vec![1, 2, 3, 4])]);
    }

    #[test]
    fn a_lost_piece_drops_the_frame() {
        let mut aac = Aac::new(Headers::HIGH_RATE, 1024);
        aac.push(packet(5, false, &[0, 16, 0, 4 << 3, 1, 2]));
        let mut next = packet(1029, true, &[0, 16, 0, 1 << 3, 9]);
        next.missing = 1;
        aac.push(next);
        assert_eq!(units(&mut aac), [(1029, vec![9])]);
        assert_eq!(aac.losses, Losses { packets: 1, damaged: 1, ..Losses::default() });
    }

    #[test]
    fn nonsense_is_counted() {
        let mut aac = Aac::new(Headers::HIGH_RATE, 1024);
        for payload in [&[][..], &[0], &[0, 16], &[0xff, 0xff, 1], &[0, 16, 0xff, 0xff]] {
            aac.push(packet(0, true, payload));
        }
        assert_eq!(units(&mut aac), []);
        assert_eq!(aac.losses.malformed, 5);
    }
}
