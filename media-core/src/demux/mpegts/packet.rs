//! Transport packets in a stream of bytes, ISO/IEC 13818-1 2.4.3: of 188 bytes, with 4 bytes of arrival time before each (Blu-ray, 192) or 16
//! of parity behind (204).

use bytes::{Buf, BytesMut};

use super::error::Counts;

/// Bytes of a packet.
pub(super) const PACKET: usize = 188;

/// Finds the packets.
#[derive(Debug, Default)]
pub(super) struct Framer {
    buffer: BytesMut,
    /// Bytes from one packet to the next, once that is known.
    stride: Option<usize>,
    /// Bytes behind the last packet that have not come yet.
    owed: usize,
    /// Where in the source the buffer begins, or will.
    position: u64,
}

impl Framer {
    /// For bytes from `position` on.
    pub(super) fn at(position: u64) -> Self {
        Self { position, ..Self::default() }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (_, bytes) = bytes.split_at(self.pay(bytes.len()));
        self.buffer.extend_from_slice(bytes);
    }

    fn pay(&mut self, count: usize) -> usize {
        let paid = self.owed.min(count);
        self.owed -= paid;
        paid
    }

    /// The next packet and where it lies; `None` until more is pushed. `is_end`: nothing more is.
    pub(super) fn next(&mut self, is_end: bool, counts: &mut Counts) -> Option<(u64, [u8; PACKET])> {
        loop {
            let Some(stride) = self.stride else {
                self.stride = Some(self.search(is_end, counts)?);
                continue;
            };
            let packet = *self.buffer.first_chunk::<PACKET>()?;
            if packet[0] == SYNC {
                let at = self.position;
                self.skip(stride);
                return Some((at, packet));
            }
            // One damaged byte is not worth a search.
            match self.buffer.get(stride) {
                Some(&SYNC) => {
                    counts.damaged_packets += 1;
                    self.skip(stride);
                }
                None if !is_end => return None,
                _ => {
                    counts.sync_losses += 1;
                    self.stride = None;
                }
            }
        }
    }

    fn skip(&mut self, count: usize) {
        let here = count.min(self.buffer.len());
        self.buffer.advance(here);
        self.owed += count - here;
        self.position += count as u64;
    }

    /// Passes over what is no packet, and returns how far apart packets are from there on.
    fn search(&mut self, is_end: bool, counts: &mut Counts) -> Option<usize> {
        let last = if is_end { PACKET } else { 1 + CHECKED * STRIDES[2] };
        let end = (self.buffer.len() + 1).saturating_sub(last);
        let found = (0..end).find_map(|at| {
            let stride = STRIDES.into_iter().find(|&stride| self.is_aligned(at, stride))?;
            Some((at, stride))
        });
        let skipped = found.map_or(end, |(at, _)| at);
        counts.skipped_bytes += skipped as u64;
        self.buffer.advance(skipped);
        self.position += skipped as u64;
        found.map(|(_, stride)| stride)
    }

    /// Whether packets begin at `at` and every `stride` bytes, as far as that is checked.
    fn is_aligned(&self, at: usize, stride: usize) -> bool {
        (0..=CHECKED).all(|n| self.buffer.get(at + n * stride).is_none_or(|&byte| byte == SYNC))
    }
}

/// A packet taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) pid: u16,
    /// `payload_unit_start_indicator`.
    pub(super) is_start: bool,
    /// Whether the payload is scrambled.
    pub(super) is_scrambled: bool,
    /// `continuity_counter`.
    pub(super) counter: u8,
    /// `discontinuity_indicator`.
    pub(super) is_discontinuity: bool,
    /// Whether a program clock reference is in it.
    pub(super) has_clock: bool,
    /// `None` where there is none, which is not the same as an empty one.
    pub(super) payload: Option<&'a [u8]>,
}

impl<'a> Packet<'a> {
    /// `None` where the receiver marked it as damaged (`transport_error_indicator`), or it does not hold what it says.
    pub(super) fn parse(packet: &'a [u8; PACKET]) -> Option<Self> {
        let [_, high, low, flags, rest @ ..] = packet;
        if high & 0x80 != 0 {
            return None;
        }
        let mut parsed = Self {
            pid: u16::from_be_bytes([high & 0x1f, *low]),
            is_start: high & 0x40 != 0,
            is_scrambled: flags & 0xc0 != 0,
            counter: flags & 0xf,
            is_discontinuity: false,
            has_clock: false,
            payload: None,
        };
        let mut payload = &rest[..];
        if flags & 0x20 != 0 {
            let (&len, after) = payload.split_first()?;
            let (field, after) = after.split_at_checked(len.into())?;
            payload = after;
            if let Some(flags) = field.first() {
                parsed.is_discontinuity = flags & 0x80 != 0;
                parsed.has_clock = flags & 0x10 != 0;
            }
        }
        if flags & 0x10 != 0 {
            parsed.payload = Some(payload);
        }
        Some(parsed)
    }
}

const SYNC: u8 = 0x47;

/// From one packet to the next.
const STRIDES: [usize; 3] = [PACKET, 192, 204];

/// Further packets that have to begin where they should.
const CHECKED: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(bytes: &[u8], size: usize) -> (Vec<[u8; PACKET]>, Counts) {
        let (mut framer, mut counts, mut packets) = (Framer::at(1000), Counts::default(), Vec::new());
        for piece in bytes.chunks(size) {
            framer.push(piece);
            packets.extend(std::iter::from_fn(|| framer.next(false, &mut counts)));
        }
        packets.extend(std::iter::from_fn(|| framer.next(true, &mut counts)));
        let packet = |(at, packet): (u64, [u8; PACKET])| {
            assert_eq!(bytes[at as usize - 1000..][..PACKET], packet);
            packet
        };
        (packets.into_iter().map(packet).collect(), counts)
    }

    fn numbered(count: u8) -> Vec<[u8; PACKET]> {
        (0..count)
            .map(|number| {
                let mut packet = [number; PACKET];
                packet[0] = SYNC;
                packet
            })
            .collect()
    }

    #[test]
    fn packets_are_found_at_any_distance_and_in_any_pieces() {
        for count in [1, 2, 9] {
            let expected = numbered(count);
            for (before, behind) in [(0, 0), (4, 0), (0, 16)] {
                let stream: Vec<u8> = expected
                    .iter()
                    .flat_map(|packet| [&vec![1; before][..], packet, &vec![2; behind][..]].concat())
                    .collect();
                for size in [1, 50, 188, 1000, 5000] {
                    assert_eq!(packets(&stream, size).0, expected, "{count} {before} {behind} {size}");
                }
            }
        }
    }

    #[test]
    fn a_broken_stream_is_found_again() {
        let good = numbered(20);
        let mut stream: Vec<u8> = good.concat();
        stream[6 * PACKET] = 0;
        stream.splice(10 * PACKET..10 * PACKET, [9; 100]);
        let (found, counts) = packets(&stream, 333);
        assert_eq!(found.len(), 19);
        assert_eq!((counts.damaged_packets, counts.sync_losses, counts.skipped_bytes), (1, 1, 100));
    }

    #[test]
    fn a_packet_taken_apart() {
        let mut bytes = [0xff; PACKET];
        bytes[..12].copy_from_slice(b"\x47\x41\x00\x35\x07\x90\0\0\0\0\0\0");
        let packet = Packet::parse(&bytes).expect("a packet");
        assert_eq!((packet.pid, packet.is_start, packet.counter), (0x100, true, 5));
        assert!(packet.is_discontinuity && packet.has_clock && !packet.is_scrambled);
        assert_eq!(packet.payload.map(<[u8]>::len), Some(176));
        bytes[4] = 184;
        assert_eq!(Packet::parse(&bytes), None);
    }
}
