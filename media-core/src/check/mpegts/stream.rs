//! One elementary stream: its PES packets, ISO/IEC 13818-1 2.4.3.6, and what its access units begin with.

use super::packet::Packet;
use super::rules;
use crate::check::{Place, Report};

/// An elementary stream and where it stands.
#[derive(Debug)]
pub(super) struct Stream {
    kind: u8,
    epoch: u64,
    pes: Option<Pes>,
    last_pts: Option<u64>,
    last_dts: Option<u64>,
    adts: Adts,
}

/// A PES packet coming in.
#[derive(Debug)]
struct Pes {
    at: u64,
    /// `PES_packet_length` and the six bytes before it; `None` where it does not say.
    length: Option<u64>,
    received: u64,
    random_access: bool,
    /// The beginning of the payload.
    head: Vec<u8>,
}

/// How far ADTS frames have been followed.
#[derive(Debug, Default)]
struct Adts {
    header: Vec<u8>,
    left: usize,
    lost: bool,
}

impl Stream {
    pub(super) const fn new(kind: u8) -> Self {
        Self {
            kind,
            epoch: 0,
            pes: None,
            last_pts: None,
            last_dts: None,
            adts: Adts { header: Vec::new(), left: 0, lost: true },
        }
    }

    pub(super) const fn is_of(&self, kind: u8) -> bool {
        self.kind == kind
    }

    pub(super) const fn is_video(&self) -> bool {
        matches!(self.kind, 0x01 | 0x02 | 0x10 | 0x1b | 0x20 | 0x21 | 0x24 | 0x33 | 0xea)
    }

    /// Streams of sections: private ones, DSM-CC, splice information.
    pub(super) const fn is_sections(kind: u8) -> bool {
        matches!(kind, 0x05 | 0x08 | 0x0a..=0x0d | 0x14 | 0x86)
    }

    /// Bytes are missing: what is open is not judged.
    pub(super) fn lose(&mut self) {
        self.pes = None;
        self.adts.lost = true;
    }

    /// The packet that follows; `clock` is the last PCR, in ticks of 27 MHz, `epoch` counts its jumps.
    pub(super) fn push(&mut self, packet: &Packet<'_>, clock: Option<u64>, epoch: u64, report: &mut Report) {
        let Some(payload) = packet.payload else { return };
        if packet.scrambled {
            return self.lose();
        }
        if epoch != self.epoch {
            self.epoch = epoch;
            (self.last_pts, self.last_dts) = (None, None);
        }
        if !packet.starts {
            let Some(pes) = &mut self.pes else { return };
            pes.received += payload.len() as u64;
            pes.keep(payload);
            self.adts.push(self.kind, payload, packet.place(), report);
            return;
        }
        self.end(false, report);
        let Some(header) = self.read_header(packet, payload, clock, report) else { return };
        let body = &payload[header.min(payload.len())..];
        if self.adts.lost {
            // What is left of a frame nobody saw the start of is passed over by alignment: PES packets of AAC begin with a frame.
            self.adts = Adts::default();
        }
        self.adts.push(self.kind, body, packet.place(), report);
        if let Some(pes) = &mut self.pes {
            pes.keep(body);
        }
    }

    /// The PES packet is over; `cut` where the stream is, and it may go on elsewhere.
    pub(super) fn end(&mut self, cut: bool, report: &mut Report) {
        let Some(pes) = self.pes.take() else { return };
        let at = Place::Byte(pes.at);
        if let Some(length) = pes.length.filter(|length| *length != pes.received)
            && !(cut && pes.received < length)
        {
            report.add(
                &rules::PES_LENGTH,
                at,
                format_args!("PES packet of {} bytes says {length}", pes.received),
            );
        }
        if matches!(self.kind, 0x1b | 0x24) {
            self.check_picture(&pes, report);
        }
    }

    /// Reads the header of a PES packet and gives its length.
    fn read_header(
        &mut self,
        packet: &Packet<'_>,
        payload: &[u8],
        clock: Option<u64>,
        report: &mut Report,
    ) -> Option<usize> {
        let at = packet.place();
        let Some([0, 0, 1, id, l1, l2, flags, times, length]) = payload.first_chunk::<9>().copied() else {
            report.add(
                &rules::PES_HEADER,
                at,
                format_args!(
                    "PID {:#x}: no PES packet begins with {:x?}",
                    packet.pid,
                    &payload[..payload.len().min(9)]
                ),
            );
            return None;
        };
        let said = u64::from(u16::from_be_bytes([l1, l2]));
        if said == 0 && !self.is_video() {
            report.add(
                &rules::PES_LENGTH,
                at,
                format_args!("PID {:#x}: PES packet without a length, and it is no video", packet.pid),
            );
        }
        self.pes = Some(Pes {
            at: packet.at,
            length: (said > 0).then_some(said + 6),
            received: payload.len() as u64,
            random_access: packet.random_access,
            head: Vec::new(),
        });
        // padding, private_stream_2, ECM and others have no more of a header.
        if matches!(id, 0xbc | 0xbe | 0xbf | 0xf0 | 0xf1 | 0xf2 | 0xf8 | 0xff) {
            return Some(6);
        }
        if flags & 0xc0 != 0x80 {
            report.add(&rules::PES_HEADER, at, format_args!("PES flags {flags:#x} do not begin with 10"));
        }
        let stamp = |from: usize| payload.get(from..from + 5).and_then(|bytes| stamp(bytes.first_chunk()?));
        let (pts, dts) = match times >> 6 {
            2 => (stamp(9), None),
            3 => (stamp(9), stamp(14)),
            1 => {
                report.add(&rules::PES_HEADER, at, format_args!("PTS_DTS_flags 01"));
                (None, None)
            }
            _ => return Some(9 + usize::from(length)),
        };
        match pts {
            Some(pts) => self.check_times(pts, dts.unwrap_or(pts), clock, at, report),
            None => report.add(
                &rules::PES_HEADER,
                at,
                format_args!("PID {:#x}: a time without its marker bits", packet.pid),
            ),
        }
        Some(9 + usize::from(length))
    }

    fn check_times(&mut self, pts: u64, dts: u64, clock: Option<u64>, at: Place, report: &mut Report) {
        if after(pts, dts) < 0 {
            report.add(&rules::DTS_ORDER, at, format_args!("DTS {dts} after PTS {pts}"));
        }
        if let Some(last) = self.last_dts.filter(|last| after(dts, *last) <= 0) {
            report.add(&rules::DTS_ORDER, at, format_args!("DTS {dts} after DTS {last}"));
        }
        if let Some(last) = self.last_pts.filter(|last| after(pts, *last) > 63_000) {
            report.add(&rules::PTS_GAP, at, format_args!("{} ms between two PTS", after(pts, last) / 90));
        }
        if let Some(clock) = clock {
            let ahead = after(dts, clock / 300);
            if ahead < 0 {
                report.add(
                    &rules::PCR_LATE,
                    at,
                    format_args!("DTS {dts} is {} ms before the clock", -ahead / 90),
                );
            } else if ahead > 900_000 {
                report.add(
                    &rules::PCR_EARLY,
                    at,
                    format_args!("DTS {dts} is {} ms after the clock", ahead / 90),
                );
            }
        }
        self.last_dts = Some(dts);
        if self.last_pts.is_none_or(|last| after(pts, last) > 0) {
            self.last_pts = Some(pts);
        }
    }

    /// What the access unit at the start of a PES packet begins with.
    fn check_picture(&self, pes: &Pes, report: &mut Report) {
        let at = Place::Byte(pes.at);
        let h265 = self.kind == 0x24;
        let kinds: Vec<u8> = nal_kinds(&pes.head, h265).collect();
        let Some(first) = kinds.first() else { return };
        let (delimiter, sets): (u8, &[u8]) = if h265 { (35, &[33, 34]) } else { (9, &[7, 8]) };
        if *first != delimiter {
            report.add(
                &rules::DELIMITER,
                at,
                format_args!("an access unit begins with a NAL unit of type {first}"),
            );
        }
        let is_key = |kind: &u8| if h265 { (16..24).contains(kind) } else { *kind == 5 };
        let is_picture = |kind: &u8| if h265 { *kind < 32 } else { (1..=5).contains(kind) };
        let Some(picture) = kinds.iter().position(is_picture) else { return };
        let before = &kinds[..picture];
        let key = is_key(&kinds[picture]);
        if key && !sets.iter().all(|set| before.contains(set)) {
            report.add(&rules::SETS, at, format_args!("key picture without parameter sets before it"));
        }
        if key && !pes.random_access {
            report.add(
                &rules::RANDOM_ACCESS,
                at,
                format_args!("key picture without random_access_indicator"),
            );
        }
        // SEI: it may be a recovery point.
        let recovers = before.contains(if h265 { &39 } else { &6 });
        if pes.random_access && !key && !recovers {
            report.add(
                &rules::RANDOM_ACCESS_FALSE,
                at,
                format_args!("random_access_indicator, and no key picture or recovery point"),
            );
        }
    }
}

impl Pes {
    fn keep(&mut self, payload: &[u8]) {
        let room = HEAD.saturating_sub(self.head.len());
        self.head.extend_from_slice(&payload[..payload.len().min(room)]);
    }
}

impl Adts {
    /// Follows frames through payload of stream type 0x0f.
    fn push(&mut self, kind: u8, mut payload: &[u8], at: Place, report: &mut Report) {
        if kind != 0x0f || self.lost {
            return;
        }
        while !payload.is_empty() {
            let skip = self.left.min(payload.len());
            self.left -= skip;
            payload = &payload[skip..];
            let take = payload.len().min(7 - self.header.len());
            if self.left > 0 || take == 0 {
                continue;
            }
            self.header.extend_from_slice(&payload[..take]);
            payload = &payload[take..];
            let Some([a, b, c, d, e, f, _]) = self.header.first_chunk::<7>().copied() else { return };
            self.header.clear();
            let length = usize::from(d & 3) << 11 | usize::from(e) << 3 | usize::from(f >> 5);
            let rate = c >> 2 & 15;
            if a != 0xff || b & 0xf6 != 0xf0 || length < 7 || rate > 12 {
                report.add(
                    &rules::ADTS,
                    at,
                    format_args!("no ADTS frame begins with {:x?}", [a, b, c, d, e, f]),
                );
                self.lost = true;
                return;
            }
            self.left = length - 7;
        }
    }
}

/// A time of 33 bits with its marker bits; `None` where they are not set.
fn stamp(bytes: &[u8; 5]) -> Option<u64> {
    let [a, b, c, d, e] = bytes.map(u64::from);
    let marked = a & 1 == 1 && c & 1 == 1 && e & 1 == 1;
    marked.then_some((a >> 1 & 7) << 30 | b << 22 | (c >> 1) << 15 | d << 7 | e >> 1)
}

/// How far `time` is after `other`, round 33 bits.
pub(super) const fn after(time: u64, other: u64) -> i64 {
    let apart = time.wrapping_sub(other) & ((1 << 33) - 1);
    if apart >= 1 << 32 { apart as i64 - (1 << 33) } else { apart as i64 }
}

/// The types of the NAL units that begin in Annex B data.
fn nal_kinds(data: &[u8], h265: bool) -> impl Iterator<Item = u8> + '_ {
    let starts = data.windows(4).filter(|window| window[..3] == [0, 0, 1]);
    starts.map(move |window| if h265 { window[3] >> 1 & 63 } else { window[3] & 31 })
}

/// Bytes of an access unit that are looked at.
const HEAD: usize = 4096;
