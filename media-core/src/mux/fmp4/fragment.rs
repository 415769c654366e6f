//! `moof` and the `mdat` header of one fragment, 14496-12 8.8.4 to 8.8.8 and 8.1.1.
//!
//! First the packets are measured: that fixes every size and which values are said once for all samples and which for each. Then the
//! boxes are written from front to back.

use bytes::BytesMut;

use super::Error;
use super::entry::{Preroll, refresh_distance};
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
    shift: i64,
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
    /// Pictures until the first one is whole, where it refreshes gradually.
    refresh: Option<i16>,
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
    pub(super) const fn new(kind: Kind, preroll: Option<Preroll>, shift: i64) -> Self {
        Self { default_flags: default_flags(kind), preroll, shift, samples: Vec::new() }
    }

    /// Sets by how many ticks media time is ahead of presentation time.
    pub(super) const fn shift_by(&mut self, ticks: i64) {
        self.shift = ticks;
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
        if packets.len() > SAMPLES_MAX {
            return Err(Error::Samples { samples: packets.len() });
        }
        let decode_time = self.decode_time(first, lead)?;
        self.samples.clear();
        self.samples.reserve(packets.len());
        for (index, packet) in packets.iter().enumerate() {
            let next = packets.get(index + 1).map_or(end, |next| next.dts);
            self.samples.push(Sample::new(track, packet, next, lead)?);
        }
        let samples = self.samples.as_slice();
        let each = Fields::of(samples);
        Ok(Plan {
            samples,
            decode_time,
            each,
            flags: if each.flags { Flags::default() } else { Flags::of(samples, self.default_flags) },
            roll_distance: self.preroll.map(|preroll| preroll.roll_distance(packets)),
            refresh: refresh_distance(first.key).filter(|_| self.preroll.is_none()),
            payload: samples.iter().map(|sample| u64::from(sample.size)).sum(),
        })
    }
}

impl Run {
    fn decode_time(&self, first: &Packet, lead: i64) -> Result<u64, Error> {
        let time = first.dts.checked_add(lead).and_then(|time| time.checked_add(self.shift));
        let time = time.and_then(|time| u64::try_from(time.ticks()).ok());
        time.ok_or(Error::BeforeZero { dts: first.dts })
    }

    /// Whether [`write_one`](Self::write_one) can write a fragment of these packets: a single picture.
    pub(super) fn is_single<'a>(&self, packets: &'a [Packet]) -> Option<&'a Packet> {
        match packets {
            [packet] if self.preroll.is_none() && refresh_distance(packet.key).is_none() => Some(packet),
            _ => None,
        }
    }

    /// What [`write`] makes of the [plan](Self::plan) of a single picture, as low-latency chunks are, in half the time: two fields may be
    /// absent, everything else lies where it always does.
    #[inline]
    pub(super) fn write_one(
        &self,
        arena: &mut BytesMut,
        packet: &Packet,
        (track, end, lead): (TrackId, Timestamp, i64),
        sequence: u32,
    ) -> Result<(), Error> {
        let sample = Sample::new(track, packet, end, lead)?;
        let decode_time = self.decode_time(packet, lead)?;
        let (flags, composition) = (sample.flags != self.default_flags, sample.composition != 0);
        let trun = FULL_BOX + 8 + 4 * (flags as u32 + composition as u32);
        let traf = BOX + TFHD_ONE + TFDT + trun;
        let moof = BOX + MFHD + traf;
        let mdat_header = if is_large(sample.size.into()) { BOX + 8 } else { BOX };
        let mut words = HEAD_ONE;
        for (place, word) in [
            (0, moof),
            (5, sequence),
            (6, traf),
            (11, track.get()),
            (12, sample.duration),
            (13, sample.size),
            (17, (decode_time >> 32) as u32),
            (18, decode_time as u32),
            (19, trun),
            (21, VERSION_1 | DATA_OFFSET | (flags as u32) << 2 | (composition as u32) << 11),
            (23, moof + mdat_header),
        ] {
            words[place] = word.to_be_bytes();
        }
        // Each is overwritten by what follows where it is absent.
        let mut len = HEAD_ONE_LEN;
        words[len] = sample.flags.to_be_bytes();
        len += usize::from(flags);
        words[len] = sample.composition.to_be_bytes();
        len += usize::from(composition);
        if mdat_header > BOX {
            let size = u64::from(sample.size) + u64::from(BOX) + 8;
            let mdat = [1, name(b"mdat"), (size >> 32) as u32, size as u32];
            words[len..len + 4].copy_from_slice(&mdat.map(u32::to_be_bytes));
            len += 4;
        } else {
            words[len..len + 2].copy_from_slice(&[sample.size + BOX, name(b"mdat")].map(u32::to_be_bytes));
            len += 2;
        }
        if arena.capacity() - arena.len() < 4 * len {
            arena.reserve(ARENA);
        }
        arena.extend_from_slice(&words.as_flattened()[..4 * len]);
        Ok(())
    }
}

/// The words of a fragment of one picture that every one has, as they stand in a file; zero where others go.
const HEAD_ONE: [[u8; 4]; HEAD_ONE_LEN + 6] = {
    let words = [
        0,
        name(b"moof"),
        MFHD,
        name(b"mfhd"),
        0,
        0,
        0,
        name(b"traf"),
        TFHD_ONE,
        name(b"tfhd"),
        DEFAULT_BASE_IS_MOOF | DEFAULT_DURATION | DEFAULT_SIZE,
        0,
        0,
        0,
        TFDT,
        name(b"tfdt"),
        VERSION_1,
        0,
        0,
        0,
        name(b"trun"),
        0,
        1,
        0,
    ];
    let mut head = [[0; 4]; HEAD_ONE_LEN + 6];
    let mut index = 0;
    while index < HEAD_ONE_LEN {
        head[index] = u32::to_be_bytes(words[index]);
        index += 1;
    }
    head
};

/// Words of a fragment of one picture before those that may be absent.
const HEAD_ONE_LEN: usize = 24;

/// `tfhd` with a duration and a size.
const TFHD_ONE: u32 = FULL_BOX + 4 + 8;

impl Sample {
    #[inline]
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
    const fn len(self) -> u32 {
        4 * (self.duration as u32 + self.size as u32 + self.flags as u32 + self.composition as u32)
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

/// Writes the `moof` and `mdat` header of runs of one or several tracks, whose samples follow in the same order, behind what `arena`
/// has. All of it is measured first and then written into a slice of just that length.
pub(super) fn write(runs: &[(TrackId, Plan<'_>)], arena: &mut BytesMut, sequence: u32) {
    let trafs: u32 = runs.iter().map(|(_, plan)| plan.sizes().traf).sum();
    let payload: u64 = runs.iter().map(|(_, plan)| plan.payload).sum();
    let moof = BOX + MFHD + trafs;
    let mdat_header = if is_large(payload) { BOX + 8 } else { BOX };
    let len = (moof + mdat_header) as usize;
    let begin = arena.len();
    if arena.capacity() - begin < len {
        arena.reserve(len.max(ARENA));
    }
    arena.resize(begin + len, 0);
    let mut out = Cursor(&mut arena[begin..]);
    out.put([moof, name(b"moof"), MFHD, name(b"mfhd"), 0, sequence]);
    let mut data = u64::from(moof + mdat_header);
    for (track, plan) in runs {
        // A fragment of several tracks is ended before this could need more bits.
        plan.write(&mut out, *track, data as u32);
        data += plan.payload;
    }
    if mdat_header > BOX {
        // A size of 1 says that a larger one follows.
        let len = payload + u64::from(BOX) + 8;
        out.put([1, name(b"mdat"), (len >> 32) as u32, len as u32]);
    } else {
        out.put([payload as u32 + BOX, name(b"mdat")]);
    }
    debug_assert!(out.0.is_empty(), "length of the header as measured");
}

/// Whether the size of an `mdat` needs more than 32 bits.
const fn is_large(payload: u64) -> bool {
    payload > (u32::MAX - BOX) as u64
}

impl Plan<'_> {
    /// Writes `traf`; the samples begin `data` bytes behind the start of `moof`.
    fn write(&self, out: &mut Cursor<'_>, track: TrackId, data: u32) {
        let sizes = self.sizes();
        out.put([sizes.traf, name(b"traf")]);
        self.put_tfhd(out, &sizes, track);
        let (high, low) = ((self.decode_time >> 32) as u32, self.decode_time as u32);
        out.put([TFDT, name(b"tfdt"), VERSION_1, high, low]);
        let first = if self.flags.first.is_some() { FIRST_SAMPLE_FLAGS } else { 0 };
        let present = VERSION_1 | DATA_OFFSET | first | self.each.bits();
        out.put([sizes.trun, name(b"trun"), present, self.samples.len() as u32, data]);
        if let Some(flags) = self.flags.first {
            out.put([flags]);
        }
        self.put_rows(out);
        if let Some(distance) = self.roll_distance {
            self.put_roll(out, distance);
        }
        self.put_pictures(out);
    }

    fn put_tfhd(&self, out: &mut Cursor<'_>, sizes: &Sizes, track: TrackId) {
        let (duration, size) = (!self.each.duration, !self.each.size);
        let bit = |present: bool, bit: u32| if present { bit } else { 0 };
        let present = DEFAULT_BASE_IS_MOOF
            | bit(duration, DEFAULT_DURATION)
            | bit(size, DEFAULT_SIZE)
            | bit(self.flags.rest.is_some(), DEFAULT_FLAGS);
        out.put([sizes.tfhd, name(b"tfhd"), present, track.get()]);
        if duration {
            out.put([self.samples[0].duration]);
        }
        if size {
            out.put([self.samples[0].size]);
        }
        if let Some(flags) = self.flags.rest {
            out.put([flags]);
        }
    }

    fn put_rows(&self, out: &mut Cursor<'_>) {
        let Fields { duration, size, flags, composition } = self.each;
        match (duration, size, flags, composition) {
            (false, false, false, false) => {}
            // The usual case by far.
            (false, true, false, false) => self.samples.iter().for_each(|sample| out.put([sample.size])),
            (false, true, false, true) => {
                self.samples.iter().for_each(|sample| out.put([sample.size, sample.composition as u32]));
            }
            _ => self.samples.iter().for_each(|sample| self.put_row(out, sample)),
        }
    }

    fn put_row(&self, out: &mut Cursor<'_>, sample: &Sample) {
        if self.each.duration {
            out.put([sample.duration]);
        }
        if self.each.size {
            out.put([sample.size]);
        }
        if self.each.flags {
            out.put([sample.flags]);
        }
        if self.each.composition {
            out.put([sample.composition as u32]);
        }
    }

    /// Every sample needs the ones `distance` before it to sound right, 14496-12 10.1: a `roll` group of this fragment's own, which is
    /// what index 0x10001 says (8.9.4).
    fn put_roll(&self, out: &mut Cursor<'_>, distance: i16) {
        let (default_length, entry_count) = (2, 1);
        out.put([SGPD_ROLL, name(b"sgpd"), VERSION_1, name(b"roll"), default_length, entry_count]);
        out.bytes(distance.to_be_bytes());
        let samples = self.samples.len() as u32;
        out.put([SBGP_ROLL, name(b"sbgp"), 0, name(b"roll"), entry_count, samples, 0x1_0001]);
    }

    /// A picture that refreshes gradually and stands alone at the front, as in a fragment that is cut there.
    fn put_pictures(&self, out: &mut Cursor<'_>) {
        let Some(distance) = self.refresh else { return };
        out.put([SGPD_ROLL, name(b"sgpd"), VERSION_1, name(b"roll"), 2, 1]);
        out.bytes(distance.to_be_bytes());
        out.put([SBGP_ROLL, name(b"sbgp"), 0, name(b"roll"), 1, 1, 0x1_0001]);
    }

    /// The boxes' sizes; those of [`Run::plan`] fit in 31 bits.
    const fn sizes(&self) -> Sizes {
        let defaults = !self.each.duration as u32 + !self.each.size as u32 + self.flags.rest.is_some() as u32;
        let tfhd = FULL_BOX + 4 + 4 * defaults;
        let first = if self.flags.first.is_some() { 4 } else { 0 };
        let trun = FULL_BOX + 8 + first + self.samples.len() as u32 * self.each.len();
        let rolls = self.roll_distance.is_some() as u32 + self.refresh.is_some() as u32;
        Sizes { traf: BOX + tfhd + TFDT + trun + rolls * (SGPD_ROLL + SBGP_ROLL), tfhd, trun }
    }
}

/// Bytes of the boxes whose length varies.
#[derive(Debug)]
struct Sizes {
    traf: u32,
    tfhd: u32,
    trun: u32,
}

/// What is left to be written of a header: these boxes are made of 32-bit words.
struct Cursor<'a>(&'a mut [u8]);

impl Cursor<'_> {
    #[inline]
    fn put<const N: usize>(&mut self, words: [u32; N]) {
        let (place, rest) = std::mem::take(&mut self.0).split_at_mut(4 * N);
        place.copy_from_slice(words.map(u32::to_be_bytes).as_flattened());
        self.0 = rest;
    }

    fn bytes(&mut self, bytes: [u8; 2]) {
        let (place, rest) = std::mem::take(&mut self.0).split_at_mut(2);
        place.copy_from_slice(&bytes);
        self.0 = rest;
    }
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

const BOX: u32 = 8;
const FULL_BOX: u32 = BOX + 4;
const MFHD: u32 = FULL_BOX + 4;
const TFDT: u32 = FULL_BOX + 8;
const SGPD_ROLL: u32 = FULL_BOX + 14;
const SBGP_ROLL: u32 = FULL_BOX + 16;

/// `data_offset` has 31 bits and reaches over `moof` and the `mdat` header: rows of 16 bytes and less than 256 bytes around them.
const SAMPLES_MAX: usize = (i32::MAX as usize - 256) / 16;

/// Bytes allocated at once for headers: some hundred headers of single samples.
const ARENA: usize = 16 * 1024;

#[cfg(test)]
#[path = "fragment_test.rs"]
mod tests;
