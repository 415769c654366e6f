//! Which container bytes are of.

use super::packed;

/// A container that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Container {
    /// MP4, MOV and their fragments.
    Mp4,
    /// WebM and Matroska.
    WebM,
    /// MPEG transport stream, packets of 188 bytes.
    MpegTs,
    /// Bare frames of AAC (ADTS), MPEG audio, AC-3 or E-AC-3, behind an ID3 tag or not: packed audio of HLS, and files of nothing but sound.
    Packed,
}

impl Container {
    /// How many bytes [`sniff`](Self::sniff) looks at, at most.
    pub const SNIFFED: usize = 4096;

    /// The container of a file that begins so; `None` for another, or where more bytes are needed: [`SNIFFED`](Self::SNIFFED) always tell.
    ///
    /// ```
    /// use media_core::demux::Container;
    /// assert_eq!(Container::sniff(b"\0\0\0\x18ftypisom"), Some(Container::Mp4));
    /// assert_eq!(Container::sniff(b"RIFF"), None);
    /// ```
    pub fn sniff(bytes: &[u8]) -> Option<Self> {
        let bytes = &bytes[..bytes.len().min(Self::SNIFFED)];
        if bytes.starts_with(&[0x1a, 0x45, 0xdf, 0xa3]) {
            return Some(Self::WebM);
        }
        if bytes.get(4..8).is_some_and(|kind| FIRST_BOXES.iter().any(|first| first[..] == *kind)) {
            return Some(Self::Mp4);
        }
        // A stream may have been cut into anywhere.
        let synchronous = |start: &usize| {
            let mut syncs = bytes[*start..].iter().step_by(TS_PACKET).take(TS_PACKETS);
            bytes.len() - start > TS_PACKET * (TS_PACKETS - 1) && syncs.all(|byte| *byte == 0x47)
        };
        let is_short = bytes.len() >= 2 * TS_PACKET
            && bytes.len().is_multiple_of(TS_PACKET)
            && bytes.iter().step_by(TS_PACKET).all(|byte| *byte == 0x47);
        let is_ts = is_short || (0..TS_PACKET.min(bytes.len())).any(|start| synchronous(&start));
        match is_ts {
            true => Some(Self::MpegTs),
            false => packed::is_likely(bytes).then_some(Self::Packed),
        }
    }
}

/// Boxes that files and segments begin with, ISO/IEC 14496-12 4.3 and 8.16 and QuickTime.
pub(super) const FIRST_BOXES: [&[u8; 4]; 14] = [
    b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid", b"sidx",
    b"emsg", b"prft", b"pdin",
];

const TS_PACKET: usize = 188;

/// Packets whose first byte has to be right.
const TS_PACKETS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transport_streams_are_found_wherever_they_are_cut() {
        let mut stream = vec![0xff_u8; 1024];
        stream.iter_mut().skip(100).step_by(TS_PACKET).for_each(|byte| *byte = 0x47);
        assert_eq!(Container::sniff(&stream), Some(Container::MpegTs));
        stream[100 + 2 * TS_PACKET] = 0;
        assert_eq!(Container::sniff(&stream), None);
    }

    /// A frame of sound behind its tables.
    #[test]
    fn two_or_three_whole_packets_are_a_transport_stream() {
        let mut stream = vec![0xff_u8; 3 * TS_PACKET];
        stream.iter_mut().step_by(TS_PACKET).for_each(|byte| *byte = 0x47);
        assert_eq!(Container::sniff(&stream), Some(Container::MpegTs));
        assert_eq!(Container::sniff(&stream[..TS_PACKET]), None);
        assert_eq!(Container::sniff(&stream[..2 * TS_PACKET + 1]), None);
    }

    #[test]
    fn matroska_is_told_by_its_first_element() {
        assert_eq!(Container::sniff(b"\x1a\x45\xdf\xa3\x9f"), Some(Container::WebM));
        assert_eq!(Container::sniff(b""), None);
    }

    #[test]
    fn bare_sound_is_told_by_a_tag_or_two_frames() {
        assert_eq!(Container::sniff(b"ID3\x04\0\0\0\0\0\x3fPRIV"), Some(Container::Packed));
        let header = b"\xff\xf1\x4c\x80\x01\x5f\xfc\x21\x10\x04";
        assert_eq!(Container::sniff(&[&header[..], header].concat()), Some(Container::Packed));
        assert_eq!(Container::sniff(&[&header[..], b"RIFF"].concat()), None);
    }
}
