//! Opus over RTP (RFC 7587): a payload is an Opus packet.

use super::{Losses, Packet, Unit};

/// The depacketiser for Opus.
#[derive(Debug, Default)]
pub(crate) struct Opus {
    ready: Option<Unit>,
    pub(super) losses: Losses,
}

impl Opus {
    pub(super) fn push(&mut self, packet: Packet) {
        self.losses.packets += u64::from(packet.missing);
        if packet.payload.is_empty() {
            self.losses.malformed += 1;
            return;
        }
        self.ready = Some(Unit { timestamp: packet.timestamp, data: packet.payload });
    }

    pub(super) const fn poll(&mut self) -> Option<Unit> {
        self.ready.take()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_payload_is_a_packet() {
        let mut opus = Opus::default();
        let payload = Bytes::from_static(&[0xfc, 1, 2]);
        opus.push(Packet { timestamp: 960, marker: false, missing: 2, payload: payload.clone() });
        assert_eq!(opus.poll(), Some(Unit { timestamp: 960, data: payload }));
        assert_eq!(opus.poll(), None);
        opus.push(Packet { timestamp: 1920, marker: false, missing: 0, payload: Bytes::new() });
        assert_eq!(opus.poll(), None);
        assert_eq!(opus.losses, Losses { packets: 2, malformed: 1, ..Losses::default() });
    }
}
