//! The headers of RTP (RFC 3550 section 5.1) and the sender reports of RTCP (section 6.4.1).

use bytes::Bytes;

/// What an RTP header says, and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Datagram {
    pub(crate) payload_type: u8,
    pub(crate) marker: bool,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) payload: Bytes,
}

impl Datagram {
    /// Reads a packet; `None` when it is none of version 2 or contradicts its length.
    pub(crate) fn read(data: &Bytes) -> Option<Self> {
        let &[first, second, s1, s2, t1, t2, t3, t4, ..] = &data[..] else { return None };
        if first >> 6 != 2 {
            return None;
        }
        let mut start = 12 + 4 * usize::from(first & 0x0f);
        if first & 0x10 != 0 {
            let words = data.get(start + 2..start + 4)?;
            start += 4 + 4 * usize::from(u16::from_be_bytes([words[0], words[1]]));
        }
        let padding = if first & 0x20 != 0 { usize::from(*data.last()?).max(1) } else { 0 };
        let end = data.len().checked_sub(padding).filter(|end| *end >= start)?;
        Some(Self {
            payload_type: second & 0x7f,
            marker: second & 0x80 != 0,
            sequence: u16::from_be_bytes([s1, s2]),
            timestamp: u32::from_be_bytes([t1, t2, t3, t4]),
            payload: data.slice(start..end),
        })
    }
}

/// The RTP timestamp and the NTP time of the first sender report in a compound packet.
pub(crate) fn sender_report(mut compound: &[u8]) -> Option<(u32, u64)> {
    while let &[first, kind, l1, l2, ..] = compound {
        let length = 4 * (usize::from(u16::from_be_bytes([l1, l2])) + 1);
        if first >> 6 != 2 || length > compound.len() {
            return None;
        }
        if kind == SENDER_REPORT {
            let ntp = u64::from_be_bytes(compound.get(8..16)?.try_into().ok()?);
            let rtp = u32::from_be_bytes(compound.get(16..20)?.try_into().ok()?);
            return (length >= 28).then_some((rtp, ntp));
        }
        compound = &compound[length..];
    }
    None
}

const SENDER_REPORT: u8 = 200;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_header() {
        let data = Bytes::from_static(&[0x80, 0xe0, 1, 2, 0, 0, 0x0e, 0x10, 9, 9, 9, 9, 7, 8]);
        let read = Datagram::read(&data).expect("a packet");
        let payload = data.slice(12..);
        assert_eq!(
            read,
            Datagram { payload_type: 96, marker: true, sequence: 0x102, timestamp: 3600, payload }
        );
    }

    #[test]
    fn sources_extensions_and_padding_are_taken_off() {
        let mut data = vec![0xb1, 0x60, 0, 1, 0, 0, 0, 0, 9, 9, 9, 9];
        data.extend([1, 1, 1, 1]); // one contributing source
        data.extend([0xbe, 0xde, 0, 1, 5, 5, 5, 5]); // an extension of one word
        data.extend([7, 8, 0, 2]); // two bytes and two of padding
        assert_eq!(Datagram::read(&Bytes::from(data)).expect("a packet").payload, [7, 8][..]);
    }

    #[test]
    fn every_cut_of_a_packet_is_survived() {
        let whole = [0xb1, 0x60, 0, 1, 0, 0, 0, 0, 9, 9, 9, 9, 1, 1, 1, 1, 0xbe, 0xde, 0xff, 0xff, 5, 0xff];
        for length in 0..=whole.len() {
            assert_eq!(Datagram::read(&Bytes::copy_from_slice(&whole[..length])), None);
        }
    }

    #[test]
    fn reports() {
        // RFC 3550 section 6.4.1: receiver report of no source first, then a sender report.
        let mut compound = vec![0x80, 201, 0, 1, 1, 1, 1, 1];
        compound.extend([0x80, 200, 0, 6, 1, 1, 1, 1]);
        compound.extend([0, 0, 0, 5, 0x80, 0, 0, 0, 0, 0, 0x0e, 0x10, 0, 0, 0, 1, 0, 0, 0, 2]);
        assert_eq!(sender_report(&compound), Some((3600, 5 << 32 | 0x8000_0000)));
        for length in 0..compound.len() {
            assert_eq!(sender_report(&compound[..length]), None);
        }
    }
}
