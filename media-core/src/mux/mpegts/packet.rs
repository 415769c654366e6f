//! Transport packets: a header, an adaptation field where there is something to say or to fill, and payload, together 188 bytes.
//! ISO/IEC 13818-1 2.4.3.2 to 2.4.3.5.

use bytes::{BufMut, BytesMut};

use super::Pid;
use super::clock::Pcr;

/// Bytes of a packet.
pub(super) const PACKET: usize = 188;

/// Bytes behind the header.
pub(super) const ROOM: usize = PACKET - HEADER;

const HEADER: usize = 4;

/// What an adaptation field says, stuffing aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Adaptation {
    /// The clock begins anew with this packet's PCR.
    pub(super) discontinuity: bool,
    /// Decoding can start with the PES packet that begins here.
    pub(super) random_access: bool,
    pub(super) pcr: Option<Pcr>,
}

impl Adaptation {
    /// Nothing but a clock reference.
    pub(super) const fn clock(pcr: Pcr) -> Self {
        Self { discontinuity: false, random_access: false, pcr: Some(pcr) }
    }

    /// Bytes of the field, its length included; zero when there is nothing to say.
    pub(super) const fn len(self) -> usize {
        match self.pcr {
            Some(_) => 8,
            None if self.discontinuity || self.random_access => 2,
            None => 0,
        }
    }

    const fn flags(self) -> u8 {
        (self.discontinuity as u8) << 7 | (self.random_access as u8) << 6 | (self.pcr.is_some() as u8) << 4
    }
}

/// What stands before the payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) pid: Pid,
    /// `payload_unit_start_indicator`: a PES packet or a section begins here.
    pub(super) start: bool,
    pub(super) counter: u8,
    pub(super) adaptation: Adaptation,
}

impl Head {
    /// Writes header and adaptation field, the latter stuffed so that exactly `payload` bytes complete the packet.
    pub(super) fn write(&self, payload: usize, out: &mut BytesMut) {
        let field = ROOM - payload;
        debug_assert!(field >= self.adaptation.len(), "{payload} bytes beside {:?}", self.adaptation);
        out.put_u32(self.word(field > 0, payload > 0));
        match field {
            0 => {}
            // One byte to fill: the field is its length alone, and that is zero.
            1 => out.put_u8(0),
            _ => self.write_field(field, out),
        }
    }

    fn write_field(&self, field: usize, out: &mut BytesMut) {
        out.put_slice(&[field as u8 - 1, self.adaptation.flags()]);
        if let Some(pcr) = self.adaptation.pcr {
            out.put_slice(&pcr.field());
        }
        out.put_bytes(0xff, field - self.adaptation.len().max(2));
    }

    /// The header. A packet without payload repeats the counter of the one before it, 2.4.3.3.
    pub(super) const fn word(&self, has_field: bool, has_payload: bool) -> u32 {
        let counter = (self.counter & 0xf) as u32;
        let word = SYNC | (self.start as u32) << 22 | (self.pid.get() as u32) << 8;
        word | (has_field as u32) << 5 | (has_payload as u32) << 4 | counter
    }
}

/// A packet of nothing, 2.4.1, which keeps a constant rate.
pub(super) const NULL_PACKET: [u8; PACKET] = {
    let mut packet = [0xff; PACKET];
    [packet[0], packet[1], packet[2], packet[3]] = [0x47, 0x1f, 0xff, 0x10];
    packet
};

/// Puts a section into packets of its own, all with counter zero: `pointer_field`, the section, and ones behind it, 2.4.4.
pub(super) fn of_section(pid: Pid, section: &[u8]) -> Vec<[u8; PACKET]> {
    let payload = [&[0], section].concat();
    let packet = |(number, chunk): (usize, &[u8])| {
        let head = Head { pid, start: number == 0, counter: 0, adaptation: Adaptation::default() };
        let mut packet = [0xff; PACKET];
        packet[..HEADER].copy_from_slice(&head.word(false, true).to_be_bytes());
        packet[HEADER..HEADER + chunk.len()].copy_from_slice(chunk);
        packet
    };
    payload.chunks(ROOM).enumerate().map(packet).collect()
}

/// `sync_byte`.
const SYNC: u32 = 0x47 << 24;

#[cfg(test)]
#[path = "packet_test.rs"]
mod tests;
