//! The header of a PES packet, ISO/IEC 13818-1 2.4.3.6.

use super::clock::Stamp;

/// `stream_id` of table 2-22.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StreamId(u8);

impl StreamId {
    /// `private_stream_1`: codings without a number of their own, and ID3.
    pub(super) const PRIVATE: Self = Self(0xbd);

    /// Of the pictures counted `number`, up to 16.
    pub(super) const fn video(number: u8) -> Self {
        Self(0xe0 | number & 0xf)
    }

    /// Of the sound counted `number`, up to 32.
    pub(super) const fn audio(number: u8) -> Self {
        Self(0xc0 | number & 0x1f)
    }
}

/// Bytes of the longest header: both times.
pub(super) const LONGEST: usize = 19;

/// Bytes that `PES_packet_length` does not count.
const UNCOUNTED: usize = 6;

/// The most bytes behind the header, with both times, that `PES_packet_length` can tell.
pub(super) const PAYLOAD_MAX: usize = u16::MAX as usize - (LONGEST - UNCOUNTED);

/// Appends the header of a packet whose `payload` begins with an access unit. DTS is written only where it differs.
///
/// More than [`PAYLOAD_MAX`] bytes leave the length at zero, "until the next one begins", which is allowed for pictures only.
pub(super) fn write_header(out: &mut Vec<u8>, id: StreamId, pts: Stamp, dts: Stamp, payload: usize) {
    let both = pts != dts;
    let times: u8 = if both { 10 } else { 5 };
    let counted = 3 + usize::from(times) + payload;
    let [high, low] = u16::try_from(counted).unwrap_or(0).to_be_bytes();
    let flags = if both { PTS_AND_DTS } else { PTS_ONLY };
    out.extend_from_slice(&[0, 0, 1, id.0, high, low, ALIGNED, flags, times]);
    if both {
        out.extend_from_slice(&pts.field(3));
        out.extend_from_slice(&dts.field(1));
    } else {
        out.extend_from_slice(&pts.field(2));
    }
}

/// The two fixed bits and `data_alignment_indicator`: an access unit begins right behind the header.
const ALIGNED: u8 = 0x84;

/// `PTS_DTS_flags`.
const PTS_ONLY: u8 = 0x80;
const PTS_AND_DTS: u8 = 0xc0;

#[cfg(test)]
mod tests {
    use super::*;

    fn header(id: StreamId, pts: i64, dts: i64, payload: usize) -> Vec<u8> {
        let mut out = Vec::new();
        write_header(&mut out, id, Stamp::wrapped(pts), Stamp::wrapped(dts), payload);
        out
    }

    #[test]
    fn equal_times_are_written_once() {
        let expected = [0x00, 0x00, 0x01, 0xc0, 0x00, 0x6c, 0x84, 0x80, 0x05, 0x21, 0x00, 0x37, 0x77, 0x41];
        assert_eq!(header(StreamId::audio(0), 900_000, 900_000, 100), expected);
    }

    #[test]
    fn times_that_differ_are_both_written() {
        let expected = [
            0x00, 0x00, 0x01, 0xe1, 0x00, 0x0e, 0x84, 0xc0, 0x0a, 0x31, 0x00, 0x37, 0x77, 0x41, 0x11, 0x00,
            0x01, 0x00, 0x01,
        ];
        assert_eq!(header(StreamId::video(1), 900_000, 0, 1), expected);
        assert_eq!(expected.len(), LONGEST);
    }

    #[test]
    fn a_length_beyond_16_bits_is_not_told() {
        assert_eq!(header(StreamId::PRIVATE, 1, 0, PAYLOAD_MAX)[3..6], [0xbd, 0xff, 0xff]);
        assert_eq!(header(StreamId::video(0), 1, 0, PAYLOAD_MAX + 1)[3..6], [0xe0, 0x00, 0x00]);
        assert_eq!(header(StreamId::video(0), 0, 0, PAYLOAD_MAX + 5)[3..6], [0xe0, 0xff, 0xff]);
        assert_eq!(header(StreamId::video(0), 0, 0, PAYLOAD_MAX + 6)[3..6], [0xe0, 0x00, 0x00]);
    }
}
