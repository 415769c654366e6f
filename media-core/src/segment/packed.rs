//! Packed audio: bare frames behind an ID3 tag that says when the first is heard, RFC 8216bis 3.1.3.

use bytes::{BufMut, Bytes, BytesMut};

use super::Refusal;
use super::count::Count;
use crate::codec;
use crate::mux::Rope;
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::Track;

#[derive(Debug)]
pub(super) struct Packed {
    framing: Framing,
    base: TimeBase,
    count: Option<Count>,
    /// Where headers are written; each piece's are split off.
    arena: BytesMut,
}

/// What stands before each frame.
#[derive(Debug)]
enum Framing {
    Adts(codec::aac::Config),
    /// A frame has its own header.
    Own,
}

impl Packed {
    pub(super) fn new(track: &Track) -> Result<Self, Refusal> {
        let framing = match &track.codec {
            codec::Config::Aac(config) => Framing::Adts(config.clone()),
            codec::Config::Mp3(_) | codec::Config::Ac3(_) | codec::Config::Eac3(_) => Framing::Own,
            other => return Err(Refusal::NotPacked { codec: other.format() }),
        };
        framing.header(0)?;
        Ok(Self { framing, base: track.time_base, count: Count::new(track), arena: BytesMut::new() })
    }

    pub(super) fn restart(&mut self) {
        self.count.iter_mut().for_each(Count::restart);
    }

    /// The frames of `packets`, behind the tag where they begin a segment. Payloads are in it uncopied.
    pub(super) fn write(&mut self, packets: &[Packet], begins: bool) -> Result<Rope, Refusal> {
        let mut rope = Rope::with_capacity(1 + 2 * packets.len());
        let base = self.count.as_ref().map_or(self.base, Count::base);
        for (index, packet) in packets.iter().enumerate() {
            let at = match &mut self.count {
                Some(count) => count.place(packet.clone()).pts,
                None => packet.pts,
            };
            if begins && index == 0 {
                self.tag(at.rescale(base, TimeBase::VIDEO));
                rope.push(self.arena.split().freeze());
            }
            rope.push(self.header(packet.data.len())?);
            rope.push(packet.data.clone());
        }
        Ok(rope)
    }

    fn header(&mut self, payload: usize) -> Result<Bytes, Refusal> {
        if let Some(header) = self.framing.header(payload)? {
            if self.arena.capacity() < header.len() {
                self.arena.reserve(ARENA);
            }
            self.arena.put_slice(&header);
        }
        Ok(self.arena.split().freeze())
    }

    /// An ID3 tag of version 2.4 with a private frame: the time in ticks of 90 kHz, as a transport stream would have it, in 33 of 64 bits.
    fn tag(&mut self, at: Timestamp) {
        let frame = OWNER.len() + 8;
        let time = (at.ticks() & ((1 << 33) - 1)).unsigned_abs();
        self.arena.reserve(ARENA.max(2 * HEADER + frame));
        self.arena.put_slice(b"ID3\x04\0\0\0\0\0");
        self.arena.put_u8((HEADER + frame) as u8);
        self.arena.put_slice(b"PRIV\0\0\0");
        self.arena.put_u8(frame as u8);
        self.arena.put_u16(0);
        self.arena.put_slice(OWNER);
        self.arena.put_u64(time);
    }
}

impl Framing {
    fn header(&self, payload: usize) -> Result<Option<[u8; 7]>, Refusal> {
        match self {
            Self::Own => Ok(None),
            Self::Adts(config) => Ok(Some(config.adts(payload)?)),
        }
    }
}

/// RFC 8216bis 3.1.3.
const OWNER: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";
/// Bytes of a tag's header, and of a frame's.
const HEADER: usize = 10;
/// Bytes allocated at once: the headers of a segment.
const ARENA: usize = 2048;

#[cfg(test)]
#[path = "packed_test.rs"]
mod tests;
