//! `moof` and the `mdat` header of one fragment, 14496-12 8.8.4 to 8.8.8 and 8.1.1.
//!
//! First the packets are measured: that fixes every size and which values are said once for all samples and which for each. Then the
//! boxes are written from front to back.

use bytes::{Bytes, BytesMut};

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
    /// What `trun` says of each sample; the rest is the same for all and said in `tfhd`.
    each: Fields,
    flags: Flags,
    roll_distance: Option<i16>,
    /// Bytes of all samples.
    payload: u64,
}

/// Fields of a row of `trun`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fields {
    duration: bool,
    size: bool,
    flags: bool,
    composition: bool,
}

/// Where flags that are not in each row are said. What `trex` says is not said again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Flags {
    /// `first_sample_flags` of `trun`.
    first: Option<u32>,
    /// `default_sample_flags` of `tfhd`.
    rest: Option<u32>,
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
        self.samples.reserve(packets.len());
        for (index, packet) in packets.iter().enumerate() {
            let next = packets.get(index + 1).map_or(end, |next| next.dts);
            self.samples.push(Sample::new(track, packet, next, lead)?);
        }
        let samples = self.samples.as_slice();
        let each = Fields::of(samples);
        let plan = Plan {
            samples,
            decode_time,
            each,
            flags: if each.flags { Flags::default() } else { Flags::of(samples, self.default_flags) },
            roll_distance: self.preroll.map(|preroll| preroll.roll_distance(packets)),
            payload: samples.iter().map(|sample| u64::from(sample.size)).sum(),
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

impl Fields {
    /// The fields in which samples differ. The first one's flags may differ from all others: they have a place of their own.
    fn of(samples: &[Sample]) -> Self {
        let first = samples[0];
        let mut fields = Self { composition: first.composition != 0, ..Self::default() };
        let Some(second) = samples.get(1) else { return fields };
        for sample in &samples[1..] {
            fields.duration |= sample.duration != first.duration;
            fields.size |= sample.size != first.size;
            fields.flags |= sample.flags != second.flags;
            fields.composition |= sample.composition != 0;
        }
        fields
    }

    /// Bytes of a row.
    const fn len(self) -> usize {
        4 * (self.duration as usize + self.size as usize + self.flags as usize + self.composition as usize)
    }

    /// `tr_flags`.
    const fn bits(self) -> u32 {
        let Self { duration, size, flags, composition } = self;
        (duration as u32) << 8 | (size as u32) << 9 | (flags as u32) << 10 | (composition as u32) << 11
    }
}

impl Flags {
    /// For samples that agree from the second on.
    fn of(samples: &[Sample], track: u32) -> Self {
        let other = |flags: u32, than: u32| (flags != than).then_some(flags);
        let first = samples[0].flags;
        match samples.get(1) {
            None => Self { first: other(first, track), rest: None },
            Some(second) => Self { first: other(first, second.flags), rest: other(second.flags, track) },
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
        let (moof, traf) = (self.moof_len() as u32, self.traf_len() as u32);
        put(arena, [moof, name(b"moof"), MFHD, name(b"mfhd"), 0, sequence, traf, name(b"traf")]);
        self.write_tfhd(arena, track);
        let decode_time = [(self.decode_time >> 32) as u32, self.decode_time as u32];
        put(arena, [TFDT, name(b"tfdt"), VERSION_1, decode_time[0], decode_time[1]]);
        self.write_trun(arena);
        if let Some(distance) = self.roll_distance {
            self.write_roll(arena, distance);
        }
        debug_assert_eq!(arena.len(), self.moof_len(), "length of moof as measured");
        self.write_mdat_header(arena);
        debug_assert_eq!(arena.len(), len, "length of the header as measured");
        arena.split().freeze()
    }

    fn write_tfhd(&self, out: &mut BytesMut, track: TrackId) {
        let duration = if self.each.duration { 0 } else { DEFAULT_DURATION };
        let size = if self.each.size { 0 } else { DEFAULT_SIZE };
        let flags = if self.flags.rest.is_some() { DEFAULT_FLAGS } else { 0 };
        let present = DEFAULT_BASE_IS_MOOF | duration | size | flags;
        put(out, [self.tfhd_len() as u32, name(b"tfhd"), present, track.get()]);
        if !self.each.duration {
            put(out, [self.samples[0].duration]);
        }
        if !self.each.size {
            put(out, [self.samples[0].size]);
        }
        if let Some(flags) = self.flags.rest {
            put(out, [flags]);
        }
    }

    fn write_trun(&self, out: &mut BytesMut) {
        let first = if self.flags.first.is_some() { FIRST_SAMPLE_FLAGS } else { 0 };
        let present = VERSION_1 | DATA_OFFSET | first | self.each.bits();
        let data_offset = self.moof_len() + self.mdat_header_len();
        let (len, count) = (self.trun_len() as u32, self.samples.len() as u32);
        put(out, [len, name(b"trun"), present, count, data_offset as u32]);
        if let Some(flags) = self.flags.first {
            put(out, [flags]);
        }
        self.write_rows(out);
    }

    fn write_rows(&self, out: &mut BytesMut) {
        let each = self.each;
        if each == Fields::default() {
            return;
        }
        for sample in self.samples {
            let mut row = [[0; 4]; 4];
            let mut len = 0;
            let fields = [
                (each.duration, sample.duration),
                (each.size, sample.size),
                (each.flags, sample.flags),
                (each.composition, sample.composition as u32),
            ];
            for (_, value) in fields.into_iter().filter(|(present, _)| *present) {
                row[len] = value.to_be_bytes();
                len += 1;
            }
            out.extend_from_slice(row[..len].as_flattened());
        }
    }

    /// Every sample needs the ones `distance` before it to sound right, 14496-12 10.1: a `roll` group of this fragment's own, which is
    /// what index 0x10001 says (8.9.4).
    fn write_roll(&self, out: &mut BytesMut, distance: i16) {
        let (default_length, entry_count) = (2, 1);
        put(out, [SGPD_ROLL, name(b"sgpd"), VERSION_1, name(b"roll"), default_length, entry_count]);
        out.extend_from_slice(&distance.to_be_bytes());
        let samples = self.samples.len() as u32;
        put(out, [SBGP_ROLL, name(b"sbgp"), 0, name(b"roll"), entry_count, samples, 0x1_0001]);
    }

    fn write_mdat_header(&self, out: &mut BytesMut) {
        let len = self.mdat_header_len() as u64 + self.payload;
        match u32::try_from(len) {
            Ok(len) => put(out, [len, name(b"mdat")]),
            // A size of 1 says that a larger one follows.
            Err(_) => put(out, [1, name(b"mdat"), (len >> 32) as u32, len as u32]),
        }
    }

    fn moof_len(&self) -> usize {
        BOX + MFHD as usize + self.traf_len()
    }

    fn traf_len(&self) -> usize {
        let roll = if self.roll_distance.is_some() { SGPD_ROLL + SBGP_ROLL } else { 0 };
        BOX + self.tfhd_len() + TFDT as usize + self.trun_len() + roll as usize
    }

    fn tfhd_len(&self) -> usize {
        let defaults = [!self.each.duration, !self.each.size, self.flags.rest.is_some()];
        FULL_BOX + 4 + 4 * defaults.into_iter().map(usize::from).sum::<usize>()
    }

    fn trun_len(&self) -> usize {
        let first = if self.flags.first.is_some() { 4 } else { 0 };
        FULL_BOX + 8 + first + self.samples.len() * self.each.len()
    }

    fn mdat_header_len(&self) -> usize {
        if self.payload > u64::from(u32::MAX) - BOX as u64 { BOX + 8 } else { BOX }
    }
}

/// Puts 32-bit words, which is all that these boxes are made of; a box begins with its length and its name.
#[inline]
fn put<const N: usize>(out: &mut BytesMut, words: [u32; N]) {
    out.extend_from_slice(words.map(u32::to_be_bytes).as_flattened());
}

/// The name of a box as a word.
const fn name(kind: &[u8; 4]) -> u32 {
    u32::from_be_bytes(*kind)
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
const MFHD: u32 = FULL_BOX as u32 + 4;
const TFDT: u32 = FULL_BOX as u32 + 8;
const SGPD_ROLL: u32 = FULL_BOX as u32 + 14;
const SBGP_ROLL: u32 = FULL_BOX as u32 + 16;

/// `data_offset` is signed and reaches from the start of `moof` over it and the longest `mdat` header.
const MOOF_MAX: usize = i32::MAX as usize - BOX - 8;

/// Bytes allocated at once for headers: some hundred headers of single samples.
const ARENA: usize = 16 * 1024;

#[cfg(test)]
#[path = "fragment_test.rs"]
mod tests;
