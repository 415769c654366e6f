//! `moof` and the `mdat` header of one fragment, 14496-12 8.8.4 to 8.8.8 and 8.1.1.
//!
//! First the packets are measured: that fixes every size and which values are said once for all samples and which for each. Then the
//! boxes are written from front to back.

use bytes::{BufMut, Bytes, BytesMut};

use super::Error;
use super::entry::Preroll;
use crate::codec::Key;
use crate::packet::Packet;
use crate::time::Timestamp;
use crate::track::{Kind, TrackId};

/// Measures fragments of one track; keeps the table of samples to fill it again without allocating.
#[derive(Debug)]
pub(super) struct Run {
    /// `default_sample_flags` of the track's `trex`.
    default_flags: u32,
    preroll: Option<Preroll>,
    /// Ticks by which media time is ahead of presentation time; the edit list takes them back.
    priming: i32,
    samples: Vec<Sample>,
}

/// A row of `trun`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sample {
    duration: u32,
    size: u32,
    flags: u32,
    composition: i32,
}

/// How a fragment will be written: the choices `trun` and `tfhd` leave, and every size.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    samples: &'a [Sample],
    decode_time: u64,
    /// Set where all samples agree, and so said in `tfhd`.
    duration: Option<u32>,
    size: Option<u32>,
    flags: Flags,
    composition: bool,
    roll_distance: Option<i16>,
    payload: u64,
}

/// Where the samples' flags are written, from nowhere (`trex` has them) to each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flags {
    Track,
    Fragment(u32),
    First { first: u32, rest: Option<u32> },
    Each,
}

impl Run {
    pub(super) const fn new(kind: Kind, preroll: Option<Preroll>, priming: i32) -> Self {
        Self { default_flags: default_flags(kind), preroll, priming, samples: Vec::new() }
    }

    /// Measures `packets`, which in the file are decoded `lead` ticks after their DTS: the lead of the first picture's PTS.
    pub(super) fn plan(
        &mut self,
        track: TrackId,
        packets: &[Packet],
        end: Timestamp,
        lead: i64,
    ) -> Result<Plan<'_>, Error> {
        let first = packets.first().ok_or(Error::Empty)?;
        let decode_time = first.dts.checked_add(lead).and_then(|time| time.checked_add(self.priming.into()));
        let decode_time = decode_time.and_then(|time| u64::try_from(time.ticks()).ok());
        let decode_time = decode_time.ok_or(Error::BeforeZero { dts: first.dts })?;
        self.samples.clear();
        let mut payload = 0;
        for (index, packet) in packets.iter().enumerate() {
            let next = packets.get(index + 1).map_or(end, |next| next.dts);
            let sample = Sample::new(track, packet, next, lead)?;
            payload += u64::from(sample.size);
            self.samples.push(sample);
        }
        let samples = self.samples.as_slice();
        let plan = Plan {
            samples,
            decode_time,
            duration: common(samples, |sample| sample.duration),
            size: common(samples, |sample| sample.size),
            flags: Flags::of(samples, self.default_flags),
            composition: samples.iter().any(|sample| sample.composition != 0),
            roll_distance: self.preroll.map(|preroll| preroll.roll_distance(packets)),
            payload,
        };
        if plan.moof_len() > MOOF_MAX { Err(Error::Samples { samples: samples.len() }) } else { Ok(plan) }
    }
}

impl Sample {
    fn new(track: TrackId, packet: &Packet, next: Timestamp, lead: i64) -> Result<Self, Error> {
        if packet.track != track {
            return Err(Error::ForeignPacket { expected: track, found: packet.track });
        }
        let (pts, dts) = (packet.pts, packet.dts);
        let ticks = next.since(dts);
        let composition = pts.ticks().checked_sub(dts.ticks()).and_then(|apart| apart.checked_sub(lead));
        Ok(Self {
            duration: match u32::try_from(ticks) {
                Ok(ticks) if ticks > 0 => ticks,
                _ => return Err(Error::Duration { dts, ticks }),
            },
            size: u32::try_from(packet.data.len())
                .map_err(|_| Error::SampleSize { bytes: packet.data.len() })?,
            flags: sample_flags(packet.key),
            composition: composition
                .and_then(|ticks| i32::try_from(ticks).ok())
                .ok_or(Error::Composition { pts, dts })?,
        })
    }
}

impl Flags {
    fn of(samples: &[Sample], track: u32) -> Self {
        let (first, rest) = (samples[0].flags, &samples[1..]);
        let first_of_rest = rest.first().map_or(track, |sample| sample.flags);
        if rest.iter().any(|sample| sample.flags != first_of_rest) {
            return Self::Each;
        }
        match (first == track, first_of_rest == track) {
            (true, true) => Self::Track,
            (false, false) if first == first_of_rest => Self::Fragment(first),
            (_, true) => Self::First { first, rest: None },
            (_, false) => Self::First { first, rest: Some(first_of_rest) },
        }
    }

    const fn fragment(self) -> Option<u32> {
        match self {
            Self::Fragment(flags) | Self::First { rest: Some(flags), .. } => Some(flags),
            Self::Track | Self::First { rest: None, .. } | Self::Each => None,
        }
    }

    const fn first(self) -> Option<u32> {
        match self {
            Self::First { first, .. } => Some(first),
            Self::Track | Self::Fragment(_) | Self::Each => None,
        }
    }
}

impl Plan<'_> {
    /// Writes the header into `arena` and splits it off.
    pub(super) fn write(&self, arena: &mut BytesMut, track: TrackId, sequence: u32) -> Bytes {
        let len = self.moof_len() + self.mdat_header_len();
        if arena.capacity() < len {
            arena.reserve(len.max(ARENA));
        }
        arena.resize(len, 0);
        let out = &mut arena.as_mut();
        self.write_moof(out, track, sequence);
        self.write_mdat_header(out);
        debug_assert!(out.is_empty(), "{} bytes of {len} are left", out.len());
        arena.split().freeze()
    }

    fn write_moof(&self, out: &mut &mut [u8], track: TrackId, sequence: u32) {
        write_box(out, b"moof", self.moof_len(), |out| {
            write_box(out, b"mfhd", MFHD, |out| {
                out.put_u32(0);
                out.put_u32(sequence);
            });
            write_box(out, b"traf", self.traf_len(), |out| {
                self.write_tfhd(out, track);
                write_box(out, b"tfdt", TFDT, |out| {
                    out.put_u32(VERSION_1);
                    out.put_u64(self.decode_time);
                });
                self.write_trun(out);
                if let Some(distance) = self.roll_distance {
                    self.write_roll(out, distance);
                }
            });
        });
    }

    fn write_tfhd(&self, out: &mut &mut [u8], track: TrackId) {
        let defaults = [
            (DEFAULT_DURATION, self.duration),
            (DEFAULT_SIZE, self.size),
            (DEFAULT_FLAGS, self.flags.fragment()),
        ];
        write_box(out, b"tfhd", self.tfhd_len(), |out| {
            let present = defaults.iter().filter(|(_, value)| value.is_some());
            out.put_u32(present.fold(DEFAULT_BASE_IS_MOOF, |flags, (flag, _)| flags | flag));
            out.put_u32(track.get());
            defaults.iter().filter_map(|(_, value)| *value).for_each(|value| out.put_u32(value));
        });
    }

    fn write_trun(&self, out: &mut &mut [u8]) {
        let fields = self.row();
        write_box(out, b"trun", self.trun_len(), |out| {
            let first = if self.flags.first().is_some() { FIRST_SAMPLE_FLAGS } else { 0 };
            out.put_u32(VERSION_1 | DATA_OFFSET | first | fields.flags());
            out.put_u32(self.samples.len() as u32);
            out.put_u32((self.moof_len() + self.mdat_header_len()) as u32);
            if let Some(flags) = self.flags.first() {
                out.put_u32(flags);
            }
            if fields != Row::default() {
                self.samples.iter().for_each(|sample| fields.write(out, sample));
            }
        });
    }

    /// Every sample needs the ones `distance` before it to sound right, 14496-12 10.1: a `roll` group of this fragment's own, which is
    /// what index 0x10001 says (8.9.4).
    fn write_roll(&self, out: &mut &mut [u8], distance: i16) {
        write_box(out, b"sgpd", SGPD_ROLL, |out| {
            out.put_u32(VERSION_1);
            out.put_slice(b"roll");
            out.put_u32(2); // default_length
            out.put_u32(1); // entry_count
            out.put_i16(distance);
        });
        write_box(out, b"sbgp", SBGP_ROLL, |out| {
            out.put_u32(0);
            out.put_slice(b"roll");
            out.put_u32(1); // entry_count
            out.put_u32(self.samples.len() as u32);
            out.put_u32(0x1_0001);
        });
    }

    fn write_mdat_header(&self, out: &mut &mut [u8]) {
        let len = self.mdat_header_len() as u64 + self.payload;
        match u32::try_from(len) {
            Ok(len) => {
                out.put_u32(len);
                out.put_slice(b"mdat");
            }
            Err(_) => {
                out.put_u32(1); // largesize follows
                out.put_slice(b"mdat");
                out.put_u64(len);
            }
        }
    }

    fn moof_len(&self) -> usize {
        BOX + MFHD + self.traf_len()
    }

    fn traf_len(&self) -> usize {
        let roll = if self.roll_distance.is_some() { SGPD_ROLL + SBGP_ROLL } else { 0 };
        BOX + self.tfhd_len() + TFDT + self.trun_len() + roll
    }

    fn tfhd_len(&self) -> usize {
        let defaults = [self.duration, self.size, self.flags.fragment()];
        FULL_BOX + 4 + 4 * defaults.iter().flatten().count()
    }

    fn trun_len(&self) -> usize {
        let first = if self.flags.first().is_some() { 4 } else { 0 };
        FULL_BOX + 8 + first + self.samples.len() * self.row().len()
    }

    fn mdat_header_len(&self) -> usize {
        if self.payload > u64::from(u32::MAX) - BOX as u64 { BOX + 8 } else { BOX }
    }

    fn row(&self) -> Row {
        Row {
            duration: self.duration.is_none(),
            size: self.size.is_none(),
            flags: self.flags == Flags::Each,
            composition: self.composition,
        }
    }
}

/// Which fields a row of `trun` has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Row {
    duration: bool,
    size: bool,
    flags: bool,
    composition: bool,
}

impl Row {
    const fn len(self) -> usize {
        4 * (self.duration as usize + self.size as usize + self.flags as usize + self.composition as usize)
    }

    const fn flags(self) -> u32 {
        (self.duration as u32) << 8
            | (self.size as u32) << 9
            | (self.flags as u32) << 10
            | (self.composition as u32) << 11
    }

    fn write(self, out: &mut &mut [u8], sample: &Sample) {
        if self.duration {
            out.put_u32(sample.duration);
        }
        if self.size {
            out.put_u32(sample.size);
        }
        if self.flags {
            out.put_u32(sample.flags);
        }
        if self.composition {
            out.put_i32(sample.composition);
        }
    }
}

/// Writes a box that was measured to be `len` bytes long.
#[inline]
fn write_box(out: &mut &mut [u8], kind: &[u8; 4], len: usize, body: impl FnOnce(&mut &mut [u8])) {
    let left = out.len();
    out.put_u32(len as u32);
    out.put_slice(kind);
    body(out);
    debug_assert_eq!(left - out.len(), len, "{} as measured", kind.escape_ascii());
}

/// The value all samples share, if they do.
fn common(samples: &[Sample], value: impl Fn(&Sample) -> u32) -> Option<u32> {
    let first = value(&samples[0]);
    samples[1..].iter().all(|sample| value(sample) == first).then_some(first)
}

/// What `trex` says of every sample that no fragment says otherwise of: sound is all sync samples, pictures mostly are not.
pub(super) const fn default_flags(kind: Kind) -> u32 {
    match kind {
        Kind::Video => DEPENDS | NON_SYNC,
        Kind::Audio => INDEPENDENT,
    }
}

/// The sample flags of 14496-12 8.8.3.1. A gradual refresh (SAP type 4) is no sync sample.
const fn sample_flags(key: Key) -> u32 {
    if key.is_sync() { INDEPENDENT } else { DEPENDS | NON_SYNC }
}

/// `sample_depends_on` 2: it depends on no other sample.
const INDEPENDENT: u32 = 0x0200_0000;
/// `sample_depends_on` 1.
const DEPENDS: u32 = 0x0100_0000;
/// `sample_is_non_sync_sample`.
const NON_SYNC: u32 = 0x0001_0000;

/// `tf_flags` of `tfhd`, 8.8.7.
const DEFAULT_DURATION: u32 = 0x8;
const DEFAULT_SIZE: u32 = 0x10;
const DEFAULT_FLAGS: u32 = 0x20;
const DEFAULT_BASE_IS_MOOF: u32 = 0x2_0000;

/// `tr_flags` of `trun`, 8.8.8.
const DATA_OFFSET: u32 = 0x1;
const FIRST_SAMPLE_FLAGS: u32 = 0x4;

const VERSION_1: u32 = 0x0100_0000;

const BOX: usize = 8;
const FULL_BOX: usize = BOX + 4;
const MFHD: usize = FULL_BOX + 4;
const TFDT: usize = FULL_BOX + 8;
const SGPD_ROLL: usize = FULL_BOX + 14;
const SBGP_ROLL: usize = FULL_BOX + 16;

/// `data_offset` is signed and reaches from the start of `moof` over it and the longest `mdat` header.
const MOOF_MAX: usize = i32::MAX as usize - BOX - 8;

/// Bytes allocated at once for headers: some hundred headers of single samples.
const ARENA: usize = 16 * 1024;

#[cfg(test)]
#[path = "fragment_test.rs"]
mod tests;
