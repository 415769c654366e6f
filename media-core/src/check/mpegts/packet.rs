//! One packet of 188 bytes and its adaptation field, ISO/IEC 13818-1 2.4.3.2 to 2.4.3.5.

use super::rules;
use crate::check::{Place, Report};

/// A packet that was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<'a> {
    pub(super) at: u64,
    pub(super) pid: u16,
    pub(super) starts: bool,
    pub(super) counter: u8,
    pub(super) payload: Option<&'a [u8]>,
    pub(super) discontinuity: bool,
    pub(super) random_access: bool,
    /// Ticks of 27 MHz.
    pub(super) pcr: Option<u64>,
    pub(super) scrambled: bool,
}

impl<'a> Packet<'a> {
    /// Reads the bytes behind the sync byte; `None` where nothing of them can be relied on.
    pub(super) fn read(data: &'a [u8; 188], at: u64, report: &mut Report) -> Option<Self> {
        let pid = u16::from_be_bytes([data[1], data[2]]) & 0x1fff;
        if data[1] & 0x80 != 0 {
            report.add(
                &rules::DAMAGED,
                Place::Byte(at),
                format_args!("packet of PID {pid:#x} is marked as damaged"),
            );
            return None;
        }
        let mut packet = Self {
            at,
            pid,
            starts: data[1] & 0x40 != 0,
            counter: data[3] & 15,
            payload: None,
            discontinuity: false,
            random_access: false,
            pcr: None,
            scrambled: data[3] & 0xc0 != 0,
        };
        let (adapts, pays) = (data[3] & 0x20 != 0, data[3] & 0x10 != 0);
        let mut rest = &data[4..];
        if adapts {
            let length = usize::from(rest[0]);
            let fits = if pays { length <= 182 } else { length == 183 };
            if !fits {
                report.add(
                    &rules::ADAPTATION,
                    packet.place(),
                    format_args!("adaptation field of {length} bytes, with payload: {pays}"),
                );
                return (!pays).then_some(packet);
            }
            packet.read_field(&rest[1..=length], report);
            rest = &rest[1 + length..];
        }
        if !adapts && !pays {
            report.add(
                &rules::ADAPTATION,
                packet.place(),
                format_args!("neither adaptation field nor payload"),
            );
        }
        packet.payload = pays.then_some(rest);
        Some(packet)
    }

    pub(super) const fn place(&self) -> Place {
        Place::Byte(self.at)
    }

    fn read_field(&mut self, field: &[u8], report: &mut Report) {
        let Some((&flags, mut rest)) = field.split_first() else { return };
        self.discontinuity = flags & 0x80 != 0;
        self.random_access = flags & 0x40 != 0;
        let mut take = |count: usize| {
            let taken = rest.get(..count);
            rest = rest.get(count..).unwrap_or_default();
            taken
        };
        let mut whole = true;
        if flags & 0x10 != 0 {
            let clock = take(6).and_then(|bytes| bytes.first_chunk::<6>());
            whole &= clock.is_some();
            self.pcr = clock.map(|[a, b, c, d, e, f]| {
                let base = u64::from(u32::from_be_bytes([*a, *b, *c, *d])) << 1 | u64::from(e >> 7);
                base * 300 + (u64::from(e & 1) << 8 | u64::from(*f))
            });
        }
        if flags & 0x08 != 0 {
            whole &= take(6).is_some();
        }
        if flags & 0x04 != 0 {
            whole &= take(1).is_some();
        }
        for flag in [0x02, 0x01] {
            if flags & flag != 0 {
                let length = take(1).map_or(0, |length| usize::from(length[0]));
                whole &= take(length).is_some();
            }
        }
        if !whole {
            report.add(
                &rules::ADAPTATION,
                self.place(),
                format_args!(
                    "adaptation field of {} bytes is shorter than its flags {flags:#x} say",
                    field.len()
                ),
            );
        } else if rest.iter().any(|byte| *byte != 0xff) {
            report.add(&rules::ADAPTATION, self.place(), format_args!("stuffing that is not 0xff"));
        }
    }
}
