//! Fragments of several tracks, as a stream, as a recording that becomes an ordinary MP4, or as a track file with an index.

use bytes::{Bytes, BytesMut};

use super::boxes::BOX_HEADER;
use super::brand;
use super::config::{Limits, Room};
use super::file::{BRANDS, filled, free};
use super::fragment::{self, Run};
use super::header::{Description, Timing, fragmented_moov};
use super::index::{self, Access, Point, RandomAccess, Subsegment};
use super::lane::Lane;
use super::movie::Movie;
use super::queue::Turn;
use super::writer::{Ending, Insertion, Output, Seal};
use super::{Composition, Patch, Rope};
use crate::codec::Key;
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp};
use crate::track::{Kind, Track, TrackId};

/// The open fragment, and what was noted of those before.
#[derive(Debug)]
pub(super) struct Fragments {
    form: Form,
    movie: Movie,
    tracks: Vec<Open>,
    limits: Limits,
    composition: Composition,
    /// The first track of pictures, whose key pictures begin fragments.
    leader: Option<usize>,
    /// When the open fragment begins in nanoseconds, its bytes and samples.
    begin: i64,
    len: u64,
    samples: usize,
    is_entrance: bool,
    /// Boxes that stand before the next `moof`.
    events: Vec<Bytes>,
    header: Option<Bytes>,
    position: u64,
    sequence: u32,
    arena: BytesMut,
    random_access: Option<RandomAccess>,
}

/// What becomes of the fragments.
#[derive(Debug)]
pub(super) enum Form {
    /// They stay as they are.
    Stream,
    /// They become the `mdat` of an ordinary MP4, whose header is put at this position.
    Recording { mdat: u64 },
    /// They are listed before the first of them.
    Indexed { room: Room, front: u64, track: Box<Track>, subsegments: Subsegments },
}

/// A track of the open fragment.
#[derive(Debug)]
struct Open {
    id: TrackId,
    kind: Kind,
    run: Run,
    /// Ticks by which decode times in the file are later than DTS plus what the edit takes back.
    lead: i64,
    packets: Vec<Packet>,
    end: Timestamp,
}

impl Fragments {
    pub(super) fn new(
        tracks: Vec<Description>,
        form: Form,
        limits: Limits,
        composition: Composition,
        lists_access: bool,
    ) -> Self {
        let open = |track: &Description| Open {
            id: track.id,
            kind: track.kind(),
            run: Run::new(track.kind(), track.preroll, 0),
            lead: 0,
            packets: Vec::new(),
            end: Timestamp::ZERO,
        };
        let leader = tracks.iter().position(|track| track.kind() == Kind::Video);
        Self {
            form,
            tracks: tracks.iter().map(open).collect(),
            limits,
            composition,
            leader,
            begin: 0,
            len: 0,
            samples: 0,
            is_entrance: false,
            events: Vec::new(),
            header: None,
            position: 0,
            sequence: 1,
            arena: BytesMut::new(),
            random_access: lists_access.then(|| RandomAccess::new(tracks.iter().map(|track| track.id))),
            movie: Movie::new(tracks, composition == Composition::Signed),
        }
    }

    pub(super) const fn is_recording(&self) -> bool {
        matches!(self.form, Form::Recording { .. })
    }

    pub(super) fn header(&self) -> Option<Bytes> {
        self.header.clone()
    }

    /// Puts a box before the next fragment.
    pub(super) fn event(&mut self, event: Bytes) {
        self.events.push(event);
    }

    /// Takes a packet; gives out the fragment that is complete before it.
    pub(super) fn put<'a>(
        &mut self,
        turn: Turn,
        lanes: impl Iterator<Item = &'a mut Lane>,
    ) -> Option<Output> {
        let is_key = turn.packet.key.is_sync();
        let leads = is_key && self.leader == Some(turn.index);
        let output = self.is_full_before(&turn, leads).then(|| self.close(lanes));
        if self.samples == 0 {
            self.begin = turn.order;
            self.is_entrance = leads || self.leader.is_none();
        }
        self.samples += 1;
        self.len += turn.packet.data.len() as u64;
        if self.is_recording() {
            self.movie.table(turn.index).add(&turn);
        }
        let track = &mut self.tracks[turn.index];
        track.end = turn.packet.dts.saturating_add(turn.duration.into());
        track.packets.push(turn.packet);
        output
    }

    fn is_full_before(&self, turn: &Turn, leads: bool) -> bool {
        let span = turn.order.saturating_sub(self.begin);
        // On demand, fragments last from key picture to key picture.
        let is_long = match (&self.form, self.leader) {
            (Form::Indexed { .. }, Some(_)) => false,
            _ => span >= self.limits.fragment,
        };
        let len = self.len + turn.packet.data.len() as u64;
        let is_large = len > self.limits.bytes || self.samples >= SAMPLES_MAX;
        self.samples > 0 && (is_long || is_large || leads && span >= KEY_SPACING)
    }

    /// Writes the open fragment, behind the header where that is not written yet.
    fn close<'a>(&mut self, lanes: impl Iterator<Item = &'a mut Lane>) -> Output {
        let mut rope = self.begin_file(lanes);
        let begin = self.position + rope.len();
        std::mem::take(&mut self.events).into_iter().for_each(|event| rope.push(event));
        let moof = self.position + rope.len();
        let mut plans = Vec::with_capacity(self.tracks.len());
        for track in self.tracks.iter_mut().filter(|track| !track.packets.is_empty()) {
            let plan = track.run.plan(track.id, &track.packets, track.end, track.lead);
            plans.push((track.id, plan.expect("packets were checked when they were pushed")));
        }
        fragment::write(&plans, &mut self.arena, self.sequence);
        let head = self.arena.split().freeze();
        drop(plans);
        self.sequence = self.sequence.wrapping_add(1);
        let mut data = moof + head.len() as u64;
        rope.push(head);
        self.note_access(moof);
        let is_recording = self.is_recording();
        for (index, track) in self.tracks.iter().enumerate().filter(|(_, track)| !track.packets.is_empty()) {
            if is_recording {
                self.movie.table(index).chunk(data, track.packets.len() as u32);
            }
            data += track.packets.iter().map(|packet| packet.data.len() as u64).sum::<u64>();
        }
        if let Form::Indexed { subsegments, .. } = &mut self.form {
            let track = &self.tracks[0];
            subsegments.add(&track.packets, track.end, track.kind, data - begin);
        }
        for track in &mut self.tracks {
            rope.extend(track.packets.drain(..).map(|packet| packet.data));
        }
        self.position = data;
        (self.samples, self.len) = (0, 0);
        Output { rope, is_random_access: self.is_entrance, is_checkpoint: true }
    }

    /// For each track in it, the first sample that decoding can start at.
    fn note_access(&mut self, moof: u64) {
        let Some(random_access) = &mut self.random_access else { return };
        let present = self.tracks.iter().enumerate().filter(|(_, track)| !track.packets.is_empty());
        for (traf, (index, track)) in (1..).zip(present) {
            let Some(sample) = track.packets.iter().position(|packet| packet.key.is_sync()) else { continue };
            let time = u64::try_from(track.packets[sample].pts.ticks()).unwrap_or(0);
            random_access.add(index, Point { time, moof, traf, sample: sample as u32 + 1 });
        }
    }

    /// The header, once it is known where every track begins: an edit takes back what its decode times must be late by to be above
    /// zero.
    fn begin_file<'a>(&mut self, lanes: impl Iterator<Item = &'a mut Lane>) -> Rope {
        if self.header.is_some() {
            return Rope::new();
        }
        let mut timings = Vec::with_capacity(self.tracks.len());
        for (track, lane) in self.tracks.iter_mut().zip(lanes) {
            let (pts, dts) = lane.first().unwrap_or((0, 0));
            let is_signed = self.composition == Composition::Signed && track.kind == Kind::Video;
            // Signed offsets do without an edit, or there is one and they are not signed.
            track.lead = if is_signed && pts >= 0 { pts - dts } else { 0 };
            let priming = if lane.first().is_none() { lane.priming() } else { 0 };
            let shift = (-(dts + track.lead)).max(priming).max(0);
            track.run.shift_by(shift);
            lane.begin_at(-shift - track.lead);
            timings.push(Timing::in_fragments(shift));
        }
        let described: Vec<&Description> = self.movie.describe().collect();
        let mut header = self.form.begin(&described, &timings, self.composition);
        header.extend(fragmented_moov(&described, self.movie.scale().den(), &timings));
        let mut rope = Rope::new();
        if let Form::Indexed { room, front, .. } = &mut self.form {
            *front = header.len() as u64;
            self.header = Some(Bytes::from(header.clone()));
            if let Room::Bytes(bytes) = room {
                *bytes = (*bytes).max(BOX_HEADER as u64);
                header.extend(free(*bytes));
            }
        } else {
            self.header = Some(Bytes::from(header.clone()));
        }
        rope.push(header.into());
        rope
    }

    /// Appends to `rope`, what is not yet given out.
    pub(super) fn finish<'a>(mut self, mut rope: Rope, lanes: impl Iterator<Item = &'a mut Lane>) -> Ending {
        if self.samples > 0 {
            rope.append(self.close(lanes).rope);
        } else {
            let header = self.begin_file(lanes);
            self.position += header.len();
            rope.append(header);
        }
        let list = |shift| self.random_access.as_ref().map(|list| Bytes::from(list.to_box(shift)));
        match &self.form {
            Form::Stream => {
                list(0).into_iter().for_each(|list| rope.push(list));
                Ending { rope, insertion: None, index: None, seal: Seal::new(Vec::new()) }
            }
            Form::Recording { mdat } => {
                rope.push(self.movie.moov(0).into());
                let patch = Patch { offset: *mdat, bytes: wrapping_header(self.position - mdat) };
                Ending { rope, insertion: None, index: None, seal: Seal::new(vec![patch]) }
            }
            Form::Indexed { room, front, track, subsegments } => {
                let index = |gap| subsegments.index(track, gap);
                let len = index(0).len() as u64;
                let (mut insertion, mut patches, mut shift) = (None, Vec::new(), 0);
                let fits = |room: u64| room == len || room >= len + BOX_HEADER as u64;
                match *room {
                    Room::Bytes(bytes) if fits(bytes) => {
                        let bytes = filled(index(bytes - len).into(), bytes).expect("it fits");
                        patches.push(Patch { offset: *front, bytes });
                    }
                    _ => {
                        let gap = if let Room::Bytes(bytes) = room { *bytes } else { 0 };
                        shift = len;
                        let moved = self.position - front;
                        insertion = Some(Insertion { offset: *front, bytes: index(gap), moved });
                    }
                }
                if let Some(list) = list(shift) {
                    insertion.iter_mut().for_each(|insertion| insertion.moved += list.len() as u64);
                    rope.push(list);
                }
                Ending { rope, insertion, index: Some(*front..front + len), seal: Seal::new(patches) }
            }
        }
    }
}

impl Form {
    /// What stands before `moov`.
    fn begin(&mut self, tracks: &[&Description], timings: &[Timing], composition: Composition) -> Vec<u8> {
        let with = |brands| brand::ftyp(&brand::with_codecs(brands, tracks.iter().copied()));
        match self {
            Self::Stream => with(&[*b"iso6", *b"isom", *b"mp41"]),
            Self::Recording { mdat } => {
                let mut header = with(&BRANDS);
                *mdat = header.len() as u64;
                header.extend(free(16));
                header
            }
            Self::Indexed { track, .. } => {
                let has_edit = timings.iter().any(|timing| !timing.edits.is_empty());
                brand::ftyp(&brand::of_track(track, composition, has_edit))
            }
        }
    }
}

/// The header of an `mdat` of `len` bytes over all that was written: 8 bytes of the 16 that were left, or all of them.
fn wrapping_header(len: u64) -> Bytes {
    match u32::try_from(len) {
        Ok(len) => Bytes::from([&len.to_be_bytes()[..], b"mdat"].concat()),
        Err(_) => Bytes::from([&1_u32.to_be_bytes()[..], b"mdat", &len.to_be_bytes()].concat()),
    }
}

/// What `sidx` will say.
#[derive(Debug, Default)]
pub(super) struct Subsegments {
    rows: Vec<Row>,
    /// When the last one ends, in ticks.
    end: i64,
}

#[derive(Debug)]
struct Row {
    size: u64,
    earliest: i64,
    /// `SAP_type`, and the time from which all is shown.
    access: Option<(u8, i64)>,
}

impl Subsegments {
    /// A fragment of `size` bytes. One that decoding cannot start at belongs to the one before it.
    fn add(&mut self, packets: &[Packet], end: Timestamp, kind: Kind, size: u64) {
        let times = || packets.iter().map(|packet| packet.pts.ticks());
        let earliest = times().min().unwrap_or(0).max(0);
        let last_step = packets.last().map_or(0, |last| end.since(last.dts));
        self.end = self.end.max(times().max().unwrap_or(0) + last_step);
        let goes_on = kind == Kind::Video && !packets[0].key.is_random_access();
        match self.rows.last_mut() {
            Some(row) if goes_on && row.size + size <= index::SIZE_MAX.into() => {
                row.size += size;
                row.earliest = row.earliest.min(earliest);
            }
            _ => self.rows.push(Row { size, earliest, access: access(packets, earliest) }),
        }
    }

    fn index(&self, track: &Track, gap: u64) -> Bytes {
        let mut next = self.end;
        let subsegment = |row: &Row| {
            // No duration is negative: where pictures of later subsegments are shown before, this one begins with those.
            let earliest = row.earliest.min(next);
            let narrow = |ticks: i64| u32::try_from(ticks).unwrap_or(u32::MAX);
            let duration = narrow(std::mem::replace(&mut next, earliest) - earliest);
            let access = |(kind, from): (u8, i64)| Access { kind, delta: narrow((from - earliest).max(0)) };
            // A single fragment is bounded by the fragment size, or by one packet.
            let size = row.size.min(index::SIZE_MAX.into()) as u32;
            Subsegment { size, duration, access: row.access.map(access) }
        };
        let mut subsegments: Vec<Subsegment> = self.rows.iter().rev().map(subsegment).collect();
        subsegments.reverse();
        let earliest = Timestamp::new(if self.rows.is_empty() { 0 } else { next });
        let index = index::segment_index(track.id, track.time_base, earliest, &subsegments, gap);
        index.expect("sizes are bounded, and there are not 2^32 fragments")
    }
}

/// How decoding can start at the first of these, the earliest of which is shown at `earliest`: 14496-12 Annex I.
fn access(packets: &[Packet], earliest: i64) -> Option<(u8, i64)> {
    let begin = packets[0].pts.ticks().max(0);
    match packets[0].key {
        Key::No => None,
        Key::Closed if begin > earliest => Some((2, earliest)),
        Key::Closed => Some((1, begin)),
        Key::Open => Some((3, begin)),
        Key::Roll { pictures } => {
            Some((4, packets.get(usize::from(pictures)).map_or(begin, |packet| packet.pts.ticks())))
        }
    }
}

/// Nanoseconds a fragment has at least before a key picture ends it.
const KEY_SPACING: i64 = TimeBase::hz(2).to_nanos(1);

/// Samples of all tracks in a fragment at most.
const SAMPLES_MAX: usize = 1 << 20;
