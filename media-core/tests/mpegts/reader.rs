//! A strict reader of transport streams that shares nothing with the muxer. It panics at whatever is not as ISO/IEC 13818-1 and
//! TR 101 290 have it, or not as the muxer promises: continuity, clock references at most 40 ms apart and never after the DTS of what follows, CRC and
//! versions of tables, lengths and stuffing, delimiters, parameter sets and random access.

use std::collections::BTreeMap;

/// All that was read.
#[derive(Debug, Default)]
pub(crate) struct Transport {
    /// By PID.
    pub(crate) streams: BTreeMap<u16, Elementary>,
    pub(crate) clocks: Vec<Clock>,
    /// Numbers of the packets in which a program association begins.
    pub(crate) tables: Vec<usize>,
    /// Versions of the program map in the order they came.
    pub(crate) versions: Vec<u8>,
    /// The descriptors of the program.
    pub(crate) program_info: Vec<u8>,
    pub(crate) clock_pid: u16,
    pub(crate) packets: usize,
    pub(crate) null_packets: usize,
    pmt_pid: Option<u16>,
    pmt: Vec<u8>,
    sections: BTreeMap<u16, Vec<u8>>,
    counters: BTreeMap<u16, u8>,
}

/// One elementary stream.
#[derive(Debug, Default)]
pub(crate) struct Elementary {
    pub(crate) stream_type: u8,
    pub(crate) info: Vec<u8>,
    pub(crate) pes: Vec<Pes>,
    open: Option<Pes>,
}

/// One PES packet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pes {
    pub(crate) stream_id: u8,
    pub(crate) pts: u64,
    pub(crate) dts: u64,
    pub(crate) random_access: bool,
    /// The number of the packet it begins in.
    pub(crate) packet: usize,
    pub(crate) data: Vec<u8>,
    /// `PES_packet_length`.
    pub(crate) length: usize,
    raw: Vec<u8>,
    clock: u64,
}

/// A clock reference.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    pub(crate) packet: usize,
    /// In ticks of 27 MHz.
    pub(crate) value: u64,
    pub(crate) discontinuity: bool,
    /// In a packet without payload.
    pub(crate) alone: bool,
}

/// Reads a whole stream.
pub(crate) fn read(bytes: &[u8]) -> Transport {
    let mut transport = Transport::default();
    transport.feed(bytes);
    transport.end();
    transport
}

/// What a segment begins with: both tables and then the clock.
pub(crate) fn check_segment(bytes: &[u8]) {
    let pids: Vec<u16> = bytes.chunks(188).map(|packet| number(&packet[1..3]) & 0x1fff).collect();
    assert_eq!(pids[0], 0, "a segment begins with PAT");
    let mut tables = Transport::default();
    let first = pids.iter().position(|pid| ![0, pids[1], 0x1fff].contains(pid)).expect("a stream");
    tables.feed(&bytes[..(first + 1) * 188]);
    assert_eq!((pids[first], tables.clocks.len()), (tables.clock_pid, 1), "then comes the clock");
}

impl Transport {
    /// Reads on.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        assert_eq!(bytes.len() % 188, 0, "whole packets");
        bytes.chunks(188).for_each(|packet| self.packet(packet));
    }

    /// No more follows: what is open is complete.
    pub(crate) fn end(&mut self) {
        let clock_pid = self.clock_pid;
        for (pid, stream) in &mut self.streams {
            stream.close(*pid == clock_pid);
        }
    }

    fn packet(&mut self, packet: &[u8]) {
        let this = self.packets;
        self.packets += 1;
        assert_eq!(packet[0], 0x47, "sync byte of packet {this}");
        let [error, start, priority] = [0x80, 0x40, 0x20].map(|bit| packet[1] & bit != 0);
        assert!(!error && !priority);
        let pid = number(&packet[1..3]) & 0x1fff;
        assert_eq!(packet[3] & 0xc0, 0, "not scrambled");
        let (has_field, has_payload) = (packet[3] & 0x20 != 0, packet[3] & 0x10 != 0);
        assert!(has_field || has_payload);
        if pid == 0x1fff {
            assert!(!start && has_payload && packet[4..].iter().all(|byte| *byte == 0xff));
            self.null_packets += 1;
            return;
        }
        self.count(pid, packet[3] & 0xf, has_payload);
        let (field, payload) = match has_field {
            true => packet[4..].split_at(1 + usize::from(packet[4])),
            false => (&[][..], &packet[4..]),
        };
        assert_eq!(has_payload, !payload.is_empty(), "packet {this}");
        assert!(has_payload || !start);
        let random_access = self.adaptation(pid, field, !has_payload);
        if payload.is_empty() {
            return;
        }
        if pid == 0 || self.pmt_pid == Some(pid) {
            assert!(!has_field, "tables are stuffed behind the section");
            return self.section(pid, start, payload);
        }
        let is_clock = pid == self.clock_pid;
        let clock = self.clocks.last().copied();
        let stream = self.streams.get_mut(&pid).unwrap_or_else(|| panic!("PID {pid:#x} is in no table"));
        if start {
            stream.close(is_clock);
            let clock = clock.expect("the clock is told before the first PES packet").value;
            stream.open = Some(Pes { random_access, packet: this, clock, ..Pes::default() });
        } else {
            assert!(!random_access);
        }
        stream.open.as_mut().expect("a PES packet begins with a start indicator").raw.extend(payload);
    }

    /// 2.4.3.3: one more with each packet that has payload, the same without; nothing is sent twice.
    fn count(&mut self, pid: u16, counter: u8, has_payload: bool) {
        if let Some(last) = self.counters.insert(pid, counter) {
            assert_eq!(counter, (last + u8::from(has_payload)) & 0xf, "continuity of PID {pid:#x}");
        }
    }

    /// Whether it says random access.
    fn adaptation(&mut self, pid: u16, field: &[u8], alone: bool) -> bool {
        let [_, flags, rest @ ..] = field else { return false };
        assert_eq!(flags & !0xd0, 0, "flags nobody sets here");
        let (discontinuity, random_access) = (flags & 0x80 != 0, flags & 0x40 != 0);
        let mut stuffing = rest;
        if flags & 0x10 != 0 {
            let (pcr, behind) = rest.split_at(6);
            stuffing = behind;
            self.clock(pid, pcr, discontinuity, alone);
        }
        assert!(stuffing.iter().all(|byte| *byte == 0xff));
        let has_clock = flags & 0x10 != 0;
        assert!(has_clock || !discontinuity);
        // 2.4.3.5: on the PID of the clock, random access comes with a clock reference.
        assert!(has_clock || !random_access || pid != self.clock_pid);
        random_access
    }

    fn clock(&mut self, pid: u16, pcr: &[u8], discontinuity: bool, alone: bool) {
        assert_eq!(pid, self.clock_pid, "one PID has the clock");
        let all = pcr.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        assert_eq!(all >> 9 & 0x3f, 0x3f, "reserved bits");
        assert!(all & 0x1ff < 300);
        let value = (all >> 15) * 300 + (all & 0x1ff);
        if let Some(last) = self.clocks.last().filter(|_| !discontinuity) {
            let step = (value + CLOCK_RANGE - last.value) % CLOCK_RANGE;
            assert!(
                (1..=40 * 27_000).contains(&step),
                "clock steps by {step} at packet {}",
                self.packets - 1
            );
        }
        self.clocks.push(Clock { packet: self.packets - 1, value, discontinuity, alone });
    }

    fn section(&mut self, pid: u16, start: bool, payload: &[u8]) {
        if start {
            assert_eq!(payload[0], 0, "pointer_field");
            assert!(self.sections.insert(pid, payload[1..].to_vec()).is_none(), "the last section was whole");
        } else {
            self.sections.get_mut(&pid).expect("a section begins first").extend(payload);
        }
        let section = &self.sections[&pid];
        let len = 3 + usize::from(number(&section[1..3]) & 0xfff);
        assert!(len <= 1024);
        if section.len() < len {
            return;
        }
        let section = self.sections.remove(&pid).expect("it is there");
        let (section, stuffing) = section.split_at(len);
        assert!(stuffing.len() < 184 && stuffing.iter().all(|byte| *byte == 0xff));
        assert_eq!(section[1] >> 4, 0b1011, "long form");
        assert_eq!(crc(section), 0, "CRC of the table on PID {pid:#x}");
        assert_eq!(section[5] & 0xc1, 0xc1, "in force");
        assert_eq!(section[6..8], [0, 0], "one section");
        let body = &section[8..len - 4];
        match section[0] {
            0 => self.association(body),
            2 => self.map(section[5] >> 1 & 0x1f, section, body),
            table => panic!("table {table}"),
        }
    }

    fn association(&mut self, body: &[u8]) {
        assert_eq!(body.len(), 4, "one program");
        assert_eq!(body[2] >> 5, 0b111);
        let pid = number(&body[2..4]) & 0x1fff;
        assert_eq!(*self.pmt_pid.get_or_insert(pid), pid);
        self.tables.push(self.packets - 1);
    }

    fn map(&mut self, version: u8, section: &[u8], body: &[u8]) {
        if self.pmt == section {
            return;
        }
        if let Some(last) = self.versions.last() {
            assert_eq!(version, (last + 1) & 0x1f, "another table has the next version");
        }
        self.versions.push(version);
        self.pmt = section.to_vec();
        self.end();
        self.clock_pid = number(&body[..2]) & 0x1fff;
        let info = usize::from(number(&body[2..4]) & 0xfff);
        self.program_info = body[4..4 + info].to_vec();
        descriptors(&self.program_info);
        let mut rest = &body[4 + info..];
        while !rest.is_empty() {
            let (pid, len) = (number(&rest[1..3]) & 0x1fff, usize::from(number(&rest[3..5]) & 0xfff));
            let stream = self.streams.entry(pid).or_default();
            (stream.stream_type, stream.info) = (rest[0], rest[5..5 + len].to_vec());
            descriptors(&stream.info);
            rest = &rest[5 + len..];
        }
        assert!(self.streams.contains_key(&self.clock_pid));
    }
}

impl Elementary {
    fn close(&mut self, has_clock: bool) {
        let Some(mut pes) = self.open.take() else { return };
        pes.parse();
        assert!(pes.length > 0 || pes.stream_id & 0xf0 == 0xe0, "no length, and not of pictures");
        // The clock, when the packet begins, is not past its DTS, and less than 11 s before it.
        let ahead = (pes.dts * 300 + CLOCK_RANGE - pes.clock) % CLOCK_RANGE;
        assert!(ahead < 11 * 27_000_000, "PCR {} at DTS {}", pes.clock / 300, pes.dts);
        match self.stream_type {
            0x1b => check_h264(&pes),
            0x24 => check_h265(&pes),
            0x0f => assert_eq!(pes.data[..2], [0xff, 0xf1]),
            0x11 => assert_eq!((pes.data[0], pes.data[1] & 0xe0), (0x56, 0xe0)),
            0x03 | 0x04 => assert_eq!((pes.data[0], pes.data[1] & 0xe0), (0xff, 0xe0)),
            0x81 => assert_eq!((&pes.data[..2], &self.info[2..6]), (&[0x0b, 0x77][..], &b"AC-3"[..])),
            0x87 => assert_eq!((&pes.data[..2], &self.info[2..6]), (&[0x0b, 0x77][..], &b"EAC3"[..])),
            0x06 => assert_eq!(self.info[..6], *b"\x05\x04Opus"),
            0x15 => assert!(!has_clock && pes.stream_id == 0xbd),
            other => panic!("stream type {other:#x}"),
        }
        self.pes.push(pes);
    }
}

impl Pes {
    fn parse(&mut self) {
        let raw = &self.raw;
        assert_eq!(raw[..3], [0, 0, 1], "start code prefix");
        self.stream_id = raw[3];
        self.length = number(&raw[4..6]).into();
        assert!(self.length == 0 || self.length + 6 == raw.len(), "{} in {}", self.length, raw.len());
        assert_eq!(raw[6], 0x84, "aligned");
        let (times, header) = (raw[7], usize::from(raw[8]));
        self.pts = stamp(&raw[9..14], if times == 0xc0 { 3 } else { 2 });
        self.dts = match (times, header) {
            (0x80, 5) => self.pts,
            (0xc0, 10) => stamp(&raw[14..19], 1),
            other => panic!("times {other:?}"),
        };
        assert!(times == 0x80 || self.pts != self.dts, "equal times are written once");
        self.data = raw[9 + header..].to_vec();
        self.raw = Vec::new();
    }
}

/// The five bytes of a time.
fn stamp(field: &[u8], prefix: u8) -> u64 {
    assert_eq!(field[0] >> 4, prefix);
    assert_eq!((field[0] & 1, field[2] & 1, field[4] & 1), (1, 1, 1), "marker bits");
    let part = |bytes: &[u8]| u64::from(number(bytes) >> 1);
    u64::from(field[0] >> 1 & 7) << 30 | part(&field[1..3]) << 15 | part(&field[3..5])
}

fn check_h264(pes: &Pes) {
    let nals = nals(&pes.data);
    let kinds: Vec<u8> = nals.iter().map(|nal| nal[0] & 0x1f).collect();
    assert_eq!((kinds[0], nals[0][1]), (9, 0xf0), "a delimiter begins");
    assert!(!kinds[1..].contains(&9), "one delimiter");
    if pes.random_access {
        assert_eq!(kinds[1], 7, "the sequence parameter set comes next");
        assert!(kinds[2..].contains(&8));
    }
    assert!(pes.random_access || !kinds.contains(&5), "an IDR picture is a place to start");
}

fn check_h265(pes: &Pes) {
    let nals = nals(&pes.data);
    let kinds: Vec<u8> = nals.iter().map(|nal| nal[0] >> 1 & 0x3f).collect();
    assert_eq!((kinds[0], nals[0][2]), (35, 0x50), "a delimiter begins");
    assert!(!kinds[1..].contains(&35), "one delimiter");
    let slice = nals.iter().find(|nal| nal[0] >> 1 & 0x3f < 32);
    assert!(slice.is_none_or(|slice| slice[1] & 7 == nals[0][1] & 7), "of the same temporal layer");
    if pes.random_access {
        assert_eq!(kinds[1], 32, "the video parameter set comes next");
        assert!(kinds.contains(&33) && kinds.contains(&34));
    }
    assert!(pes.random_access || !kinds.iter().any(|kind| (16..=21).contains(kind)));
}

/// The NAL units of a byte stream.
pub(crate) fn nals(stream: &[u8]) -> Vec<&[u8]> {
    assert_eq!(stream[..4], [0, 0, 0, 1]);
    let mut starts: Vec<usize> =
        (0..stream.len() - 2).filter(|at| stream[*at..*at + 3] == [0, 0, 1]).collect();
    starts.push(stream.len() + 1);
    let nal = |pair: &[usize]| {
        let nal = &stream[pair[0] + 3..(pair[1] - 1).min(stream.len())];
        assert!(!nal.is_empty(), "an empty NAL unit");
        nal
    };
    starts.windows(2).map(nal).collect()
}

/// The frames behind ADTS headers, with the headers' first four bytes.
pub(crate) fn adts(mut data: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut frames = Vec::new();
    while !data.is_empty() {
        let len = usize::from(data[3] & 3) << 11 | usize::from(data[4]) << 3 | usize::from(data[5] >> 5);
        let (frame, rest) = data.split_at(len);
        frames.push((frame[..4].try_into().expect("a header"), &frame[7..]));
        data = rest;
    }
    frames
}

/// Packets of Opus behind their control headers, and how many samples of each are dropped at its start.
pub(crate) fn opus(mut data: &[u8]) -> Vec<(u16, &[u8])> {
    let mut packets = Vec::new();
    while !data.is_empty() {
        assert_eq!((data[0], data[1] & 0xef), (0x7f, 0xe0));
        let trimmed = data[1] & 0x10 != 0;
        let steps = data[2..].iter().take_while(|byte| **byte == 0xff).count();
        let len = 255 * steps + usize::from(data[2 + steps]);
        data = &data[3 + steps..];
        let trim = if trimmed { number(&data[..2]) } else { 0 };
        data = &data[if trimmed { 2 } else { 0 }..];
        let (packet, rest) = data.split_at(len);
        packets.push((trim, packet));
        data = rest;
    }
    packets
}

/// Tags and lengths that add up.
fn descriptors(mut info: &[u8]) {
    while !info.is_empty() {
        info = &info[2 + usize::from(info[1])..];
    }
}

fn number(bytes: &[u8]) -> u16 {
    u16::from_be_bytes(bytes.try_into().expect("two bytes"))
}

/// Annex A, bit by bit: zero over a section with its CRC.
fn crc(data: &[u8]) -> u32 {
    let bits = data.iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1)));
    bits.fold(u32::MAX, |crc, bit| {
        let carry = crc >> 31 ^ bit;
        crc << 1 ^ if carry == 1 { 0x04c1_1db7 } else { 0 }
    })
}

/// Where the clock starts over: 2^33 ticks of 90 kHz.
const CLOCK_RANGE: u64 = 300 << 33;
