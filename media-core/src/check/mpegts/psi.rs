//! The tables of programs, ISO/IEC 13818-1 2.4.4: sections put together, and what they say.

use super::packet::Packet;
use super::rules;
use crate::bits::crc32_mpeg2;
use crate::check::{Place, Report};

/// A section coming in on one PID.
#[derive(Debug, Default)]
pub(super) struct Section {
    data: Vec<u8>,
    open: bool,
    last: Vec<u8>,
    /// Clock at which the last one came, in ticks of 27 MHz.
    pub(super) seen: Option<u64>,
}

impl Section {
    /// The packet that follows; gives out a section that is whole and right, without its CRC.
    pub(super) fn push(&mut self, packet: &Packet<'_>, report: &mut Report) -> Option<Vec<u8>> {
        let mut payload = packet.payload?;
        if packet.starts {
            let (&pointer, rest) = payload.split_first()?;
            let Some(rest) = rest.get(usize::from(pointer)..) else {
                report.add(
                    &rules::PSI_SECTION,
                    packet.place(),
                    format_args!("pointer field {pointer} points out of the packet"),
                );
                return None;
            };
            payload = rest;
            self.data.clear();
            self.open = true;
        }
        if !self.open {
            return None;
        }
        self.data.extend_from_slice(payload);
        let length = 3 + (usize::from(*self.data.get(1)? & 15) << 8 | usize::from(*self.data.get(2)?));
        if !(12..=1024).contains(&length) {
            report.add(&rules::PSI_SECTION, packet.place(), format_args!("section of {length} bytes"));
            self.open = false;
            return None;
        }
        if self.data.len() < length {
            return None;
        }
        self.open = false;
        let section = &self.data[..length];
        if crc32_mpeg2(section) != 0 {
            report.add(
                &rules::PSI_SECTION,
                packet.place(),
                format_args!("CRC of a section of PID {:#x} is wrong", packet.pid),
            );
            return None;
        }
        self.check_version(packet.place(), length, report);
        self.last.clear();
        self.last.extend_from_slice(&self.data[..length]);
        Some(self.data[..length - 4].to_vec())
    }

    fn check_version(&self, at: Place, length: usize, report: &mut Report) {
        let (now, last) = (&self.data[..length], &self.last);
        // Of one number of one table: sections of another program may share the PID.
        let same_table = last.len() > 7 && last[0] == now[0] && last[3..5] == now[3..5] && last[6] == now[6];
        if same_table && now != &last[..] && now[5] >> 1 & 31 == last[5] >> 1 & 31 {
            report.add(
                &rules::PSI_VERSION,
                at,
                format_args!("a table changed and is still version {}", now[5] >> 1 & 31),
            );
        }
    }
}

/// Program maps that a `program_association_section` names.
pub(super) fn programs(section: &[u8]) -> Vec<u16> {
    let rows = section.get(8..).unwrap_or_default().as_chunks::<4>().0;
    let maps = rows.iter().filter(|row| row[..2] != [0, 0]);
    maps.map(|row| u16::from_be_bytes([row[2], row[3]]) & 0x1fff).collect()
}

/// PCR PID and streams, with their types, that a `TS_program_map_section` names.
pub(super) fn streams(section: &[u8]) -> Option<(u16, Vec<(u16, u8)>)> {
    let word = |at: usize| Some(u16::from_be_bytes([*section.get(at)?, *section.get(at + 1)?]));
    let clock = word(8)? & 0x1fff;
    let mut at = 12 + usize::from(word(10)? & 0xfff);
    let mut streams = Vec::new();
    while let (Some(kind), Some(pid), Some(length)) = (section.get(at), word(at + 1), word(at + 3)) {
        streams.push((pid & 0x1fff, *kind));
        at += 5 + usize::from(length & 0xfff);
    }
    Some((clock, streams))
}
