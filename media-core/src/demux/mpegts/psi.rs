//! Sections, the program association and the program map, ISO/IEC 13818-1 2.4.4, and the descriptors that tell codings, 2.6.

use super::error::Counts;
use crate::bits::{Reader, crc32_mpeg2};

/// Puts the sections of one PID together.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    buffer: Vec<u8>,
    is_open: bool,
}

impl Sections {
    /// Takes the payload of a packet and gives each section that is whole, with its CRC right, to `out`.
    pub(super) fn push(
        &mut self,
        payload: &[u8],
        is_start: bool,
        counts: &mut Counts,
        mut out: impl FnMut(&[u8]),
    ) {
        if !is_start {
            if self.is_open {
                self.buffer.extend_from_slice(payload);
                self.drain(counts, &mut out);
            }
            return;
        }
        let Some((&pointer, rest)) = payload.split_first() else { return };
        let Some((end, begin)) = rest.split_at_checked(pointer.into()) else { return };
        if self.is_open {
            self.buffer.extend_from_slice(end);
            self.drain(counts, &mut out);
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(begin);
        self.is_open = true;
        self.drain(counts, &mut out);
    }

    /// Packets are missing.
    pub(super) fn interrupt(&mut self) {
        self.buffer.clear();
        self.is_open = false;
    }

    fn drain(&mut self, counts: &mut Counts, out: &mut impl FnMut(&[u8])) {
        loop {
            match self.buffer.first_chunk::<3>() {
                // Stuffing up to the end of the packet.
                Some([0xff, ..]) => return self.interrupt(),
                Some(&[_, high, low]) => {
                    let len = 3 + usize::from(u16::from_be_bytes([high & 0xf, low]));
                    if self.buffer.len() < len {
                        return;
                    }
                    let section = &self.buffer[..len];
                    if crc32_mpeg2(section) == 0 {
                        out(section);
                    } else {
                        counts.damaged_sections += 1;
                    }
                    self.buffer.drain(..len);
                }
                None if self.buffer.first() == Some(&0xff) => return self.interrupt(),
                None => return,
            }
        }
    }
}

/// A section of the long form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Section<'a> {
    extension: u16,
    body: &'a [u8],
}

/// What is in force of a table.
fn section(bytes: &[u8], table: u8) -> Option<Section<'_>> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    let body = rest.get(..rest.len().checked_sub(4)?)?;
    let is_long = head[1] & 0x80 != 0;
    let is_current = head[5] & 1 != 0;
    let extension = u16::from_be_bytes([head[3], head[4]]);
    (head[0] == table && is_long && is_current).then_some(Section { extension, body })
}

/// The programs of a section of the association: numbers, and PIDs of their maps.
pub(super) fn programs(bytes: &[u8]) -> Option<Vec<(u16, u16)>> {
    let section = section(bytes, PAT)?;
    let entry = |entry: &[u8]| {
        let number = u16::from_be_bytes([entry[0], entry[1]]);
        (number, u16::from_be_bytes([entry[2] & 0x1f, entry[3]]))
    };
    // Number 0 is the network information.
    Some(section.body.chunks_exact(4).map(entry).filter(|(number, _)| *number != 0).collect())
}

/// A program map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Map {
    pub(super) program: u16,
    pub(super) clock_pid: u16,
    pub(super) streams: Vec<Stream>,
}

/// A stream as the map has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) pid: u16,
    /// `stream_type`, table 2-34.
    pub(super) kind: u8,
    /// `format_identifier` of a registration descriptor.
    pub(super) registration: Option<[u8; 4]>,
    /// Whether DVB's descriptors say AC-3 (0x6a) or enhanced AC-3 (0x7a).
    pub(super) dvb: Option<u8>,
    pub(super) language: Option<[u8; 3]>,
    /// `channel_config_code` of "Opus in MPEG-TS".
    pub(super) opus: Option<u8>,
}

/// The map in a section.
pub(super) fn map(bytes: &[u8]) -> Option<Map> {
    let section = section(bytes, PMT)?;
    let mut reader = Reader::new(section.body);
    let clock_pid = reader.u16().ok()? & 0x1fff;
    let info = reader.u16().ok()? & 0xfff;
    reader.bytes(info.into()).ok()?;
    let mut streams = Vec::new();
    while !reader.is_empty() {
        let kind = reader.u8().ok()?;
        let pid = reader.u16().ok()? & 0x1fff;
        let info = reader.u16().ok()? & 0xfff;
        let info = reader.bytes(info.into()).ok()?;
        streams.push(described(pid, kind, info));
    }
    Some(Map { program: section.extension, clock_pid, streams })
}

fn described(pid: u16, kind: u8, info: &[u8]) -> Stream {
    let mut stream = Stream { pid, kind, registration: None, dvb: None, language: None, opus: None };
    let mut rest = info;
    while let [tag, len, after @ ..] = rest {
        let Some((body, after)) = after.split_at_checked((*len).into()) else { break };
        rest = after;
        match (tag, body) {
            (0x05, [a, b, c, d, ..]) => stream.registration = Some([*a, *b, *c, *d]),
            (0x0a, [a, b, c, ..]) => stream.language = Some([*a, *b, *c]),
            (0x6a | 0x7a, _) => stream.dvb = Some(*tag),
            (0x7f, [0x80, code, ..]) => stream.opus = Some(*code),
            _ => {}
        }
    }
    stream
}

/// `table_id`.
const PAT: u8 = 0;
const PMT: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn with_crc(section: &[u8]) -> Vec<u8> {
        [section, &crc32_mpeg2(section).to_be_bytes()].concat()
    }

    #[test]
    fn sections_come_in_any_pieces() {
        let pat = with_crc(b"\x00\xb0\x0d\x00\x01\xc1\x00\x00\x00\x01\xf0\x00");
        let payload = [&[0][..], &pat, &pat, &[0xff; 20]].concat();
        for cut in 1..payload.len() {
            let (mut sections, mut counts, mut found) = (Sections::default(), Counts::default(), 0);
            let mut count = |section: &[u8]| {
                assert_eq!(programs(section), Some(vec![(1, 0x1000)]));
                found += 1;
            };
            sections.push(&payload[..cut], true, &mut counts, &mut count);
            sections.push(&payload[cut..], false, &mut counts, &mut count);
            assert_eq!((found, counts), (2, Counts::default()), "{cut}");
        }
    }

    #[test]
    fn a_damaged_section_is_counted() {
        let mut pat = with_crc(b"\x00\xb0\x0d\x00\x01\xc1\x00\x00\x00\x01\xf0\x00");
        pat[9] ^= 4;
        let mut counts = Counts::default();
        Sections::default().push(&[&[0][..], &pat].concat(), true, &mut counts, |_| panic!("it is damaged"));
        assert_eq!(counts.damaged_sections, 1);
    }

    #[test]
    fn a_map_with_descriptors() {
        let map = map(&with_crc(
            b"\x02\xb0\x26\x00\x07\xc3\x00\x00\xe1\x00\xf0\x00\x1b\xe1\x00\xf0\x00\x06\xe1\x01\xf0\x0f\x05\x04Opus\x7f\x02\x80\x02\x0a\x03deu",
        ))
        .expect("a map");
        assert_eq!((map.program, map.clock_pid, map.streams.len()), (7, 0x100, 2));
        assert_eq!(map.streams[1].registration, Some(*b"Opus"));
        assert_eq!((map.streams[1].opus, map.streams[1].language), (Some(2), Some(*b"deu")));
    }
}
