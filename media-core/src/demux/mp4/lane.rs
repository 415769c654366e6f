//! One track on its way from the index to packets: which sample is next, when it is due, and what becomes of its bytes.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use super::Faults;
use super::edits::{self, Edit, Piece};
use super::entry::Entry;
use super::fragment::{Fragment, Run};
use super::groups::Descriptions;
use super::table::{Cursor, Sample, Tables};
use crate::codec::{Config, Format, Parser};
use crate::packet::{Key, Packet};
use crate::time::{TimeBase, Timestamp, WallTime};
use crate::track::{Kind, Language, Rotation, Track, TrackId};

/// A sample and when it is due.
#[derive(Clone, Copy, Debug)]
pub(super) struct Due {
    pub(super) sample: Sample,
    dts: i64,
    pts: i64,
    duration: u32,
    /// DTS in nanoseconds, to compare tracks by.
    pub(super) nanos: i64,
}

/// What a sample became.
#[derive(Debug)]
pub(super) enum Taken {
    Packet(Packet),
    /// The same, and the track's configuration is another from here on.
    Changed(Packet),
    Nothing,
}

#[derive(Debug)]
pub(super) struct Lane {
    id: TrackId,
    kind: Kind,
    base: TimeBase,
    priming: u32,
    rotation: Rotation,
    language: Option<Language>,
    entries: Vec<Option<Entry>>,
    /// The sample entry in force, counted from one.
    entry: u32,
    /// Bytes of its NAL units' lengths.
    length_size: usize,
    config: Option<Config>,
    /// Reads what is coded in pictures; sound needs none.
    parser: Option<Parser>,
    tables: Tables,
    pieces: Vec<Piece>,
    /// The one of `pieces` that is played, and the place in it.
    piece: usize,
    cursor: Cursor,
    runs: VecDeque<Run>,
    /// Presentation time less media time in fragments.
    shift: i64,
    /// Ticks by which DTS is earlier than written, so that none is after its PTS.
    lead: i64,
    /// Where the runs end, in media time.
    ends: i64,
    head: Option<Due>,
    last: Option<i64>,
    /// A wall clock time and the media time that goes with it, of `prft`.
    wall: Option<(WallTime, i64)>,
    /// Whether the others do not wait for it.
    pub(super) absent: bool,
}

impl Lane {
    pub(super) fn new(
        id: TrackId,
        kind: Kind,
        base: TimeBase,
        entries: Vec<Option<Entry>>,
        tables: Tables,
        edits: &[Edit],
        faults: &mut Faults,
    ) -> Self {
        let (shift, mut priming) = edits::of_fragments(edits, kind, &mut Faults::default());
        let mut pieces = Vec::new();
        if tables.count() > 0 {
            (pieces, priming) = edits::of_tables(&tables, edits, kind, base, faults);
        }
        let mut lane = Self {
            id,
            kind,
            base,
            priming,
            rotation: Rotation::None,
            language: None,
            entries,
            entry: 0,
            length_size: 4,
            config: None,
            parser: None,
            lead: -i64::from(tables.compositions().0),
            ends: tables.duration(),
            cursor: pieces.first().map_or_else(|| Cursor::start(&tables), |piece| piece.from.clone()),
            tables,
            pieces,
            piece: 0,
            runs: VecDeque::new(),
            shift,
            head: None,
            last: None,
            wall: None,
            absent: false,
        };
        let first = lane.entries.iter().position(Option::is_some).unwrap_or(0);
        lane.enter(first as u32 + 1);
        lane
    }

    pub(super) fn shown(self, rotation: Rotation, language: Option<Language>) -> Self {
        Self { rotation, language, ..self }
    }

    pub(super) const fn id(&self) -> TrackId {
        self.id
    }

    pub(super) fn descriptions(&self) -> Descriptions {
        self.tables.descriptions.clone()
    }

    /// What its packets belong to; `None` while parameter sets have not come.
    pub(super) fn track(&self) -> Option<Track> {
        let mut track = Track::new(self.id, self.base, self.config.clone()?);
        (track.priming, track.rotation, track.language) = (self.priming, self.rotation, self.language);
        Some(track)
    }

    /// Takes the runs of a fragment behind those that are there.
    pub(super) fn extend(&mut self, mut fragment: Fragment, source: Option<u64>) {
        let low = fragment.runs.iter().map(Run::lowest_composition).min().unwrap_or(0);
        self.lead = self.lead.max(-i64::from(low));
        for run in &mut fragment.runs {
            if !fragment.timed {
                run.delay(self.ends);
            }
            if let Some(len) = source {
                run.limit(len);
            }
        }
        if let Some(run) = fragment.runs.last() {
            self.ends = run.ends().1;
            self.absent = false;
        }
        self.runs.extend(fragment.runs.into_iter().filter(|run| run.left() > 0));
    }

    /// Says when a media time was captured.
    pub(super) const fn clock(&mut self, wall: WallTime, media: i64) {
        self.wall = Some((wall, media));
    }

    /// Where what is known of it ends, in nanoseconds.
    pub(super) const fn known_until(&self) -> i64 {
        self.base.to_nanos(self.ends.saturating_add(self.shift))
    }

    /// No more samples than can lie before `end`.
    pub(super) fn limit(&mut self, end: u64) {
        self.tables.limit(end);
        self.runs.iter_mut().for_each(|run| run.limit(end));
    }

    /// The next sample.
    pub(super) fn head(&mut self, faults: &mut Faults) -> Option<Due> {
        if self.head.is_none() {
            self.head = self.next_of_tables(faults).or_else(|| self.next_of_runs());
        }
        self.head
    }

    /// The next sample, if it was looked at.
    pub(super) const fn peeked(&self) -> Option<&Due> {
        self.head.as_ref()
    }

    /// Passes over the next sample.
    pub(super) const fn skip(&mut self) {
        self.head = None;
    }

    /// Passes over all that is known.
    pub(super) fn clear(&mut self) {
        self.forget_runs();
        self.piece = self.pieces.len();
    }

    /// Passes over what is known of fragments; what comes next may be of any time.
    pub(super) fn forget_runs(&mut self) {
        (self.head, self.last) = (None, None);
        self.runs.clear();
    }

    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Goes on with the last sample of the tables that is due at `nanos` or before and where decoding can start; when that is shown, in
    /// nanoseconds.
    pub(super) fn seek(&mut self, nanos: i64) -> Option<i64> {
        self.forget_runs();
        let ticks = self.base.from_nanos(nanos);
        self.piece = self.pieces.iter().rposition(|piece| piece.start <= ticks).unwrap_or(0);
        let piece = self.pieces.get(self.piece)?;
        let media = ticks.saturating_sub(piece.shift);
        self.cursor = edits::last_start(&self.tables, self.kind, &piece.from, media);
        let first = self.cursor.clone().next(&self.tables, &mut Faults::default())?;
        Some(self.base.to_nanos(first.pts().saturating_add(piece.shift)))
    }

    fn next_of_tables(&mut self, faults: &mut Faults) -> Option<Due> {
        loop {
            let piece = self.pieces.get(self.piece)?;
            if self.cursor.index() < piece.to
                && let Some(sample) = self.cursor.next(&self.tables, faults)
            {
                return Some(self.due_in_piece(sample));
            }
            self.piece += 1;
            self.cursor = self.pieces.get(self.piece)?.from.clone();
        }
    }

    fn due_in_piece(&self, sample: Sample) -> Due {
        let Piece { shift, start, end, noise, .. } = self.pieces[self.piece];
        let mut due = self.due(sample, shift);
        if let Some(last) = self.last.filter(|_| self.piece > 0 && due.pts < start) {
            // What only a later edit's first pictures need: over before the edit begins.
            let at = last.saturating_add(1).min(start);
            (due.pts, due.dts, due.duration) = (at, at, 1);
        }
        if let Some(end) = end
            && due.pts < end
        {
            let most = end.saturating_sub(due.pts);
            if i64::from(due.duration).saturating_sub(most) > noise {
                due.duration = most.min(u32::MAX.into()) as u32;
            }
        }
        due
    }

    fn next_of_runs(&mut self) -> Option<Due> {
        loop {
            if let Some(sample) = self.runs.front_mut()?.next() {
                return Some(self.due(sample, self.shift));
            }
            self.runs.pop_front();
        }
    }

    const fn due(&self, sample: Sample, shift: i64) -> Due {
        let dts = sample.dts.saturating_add(shift).saturating_sub(self.lead);
        let pts = sample.pts().saturating_add(shift);
        Due { sample, dts, pts, duration: sample.duration, nanos: self.base.to_nanos(dts) }
    }

    /// Makes the next sample, whose bytes these are, a packet.
    pub(super) fn take(&mut self, bytes: Bytes, faults: &mut Faults) -> Taken {
        let Some(mut due) = self.head.take() else { return Taken::Nothing };
        if self.entry(due.sample.entry).is_some_and(Option::is_none) {
            faults.entries += 1;
            return Taken::Nothing;
        }
        let mut changed = due.sample.entry != self.entry && self.enter(due.sample.entry);
        let (data, key) = match &mut self.parser {
            None => (bytes, Key::Closed),
            Some(parser) => {
                let unit = parser.parse(with_long_lengths(bytes, self.length_size, faults));
                if let Some(config) = unit.config
                    && !same(self.config.as_ref(), &config)
                {
                    self.config = Some(config);
                    changed = true;
                }
                (unit.data, key(&due.sample, unit.key, self.config.as_ref()))
            }
        };
        if self.config.is_none() {
            faults.unconfigured += 1;
            return Taken::Nothing;
        }
        if data.is_empty() {
            faults.empty += 1;
            return Taken::Nothing;
        }
        self.order(&mut due, faults);
        let wall = self
            .wall
            .map(|(wall, media)| wall.after(self.base.to_nanos(due.sample.pts().saturating_sub(media))));
        let packet = Packet {
            track: self.id,
            pts: Timestamp::new(due.pts),
            dts: Timestamp::new(due.dts),
            duration: Some(due.duration).filter(|ticks| *ticks > 0),
            key,
            data,
            wall,
        };
        if changed { Taken::Changed(packet) } else { Taken::Packet(packet) }
    }

    /// A sample entry by its number: one that is not read is there and `None`.
    fn entry(&self, number: u32) -> Option<&Option<Entry>> {
        self.entries.get((number as usize).wrapping_sub(1))
    }

    /// Puts a sample entry in force, where there is one of that number: many writers have but one and number it as they like. Whether the configuration is another then.
    fn enter(&mut self, number: u32) -> bool {
        self.entry = number;
        let Some(Some(entry)) = self.entry(number).cloned() else { return false };
        self.length_size = entry.length_size;
        let parser = match &entry.config {
            Some(config) => Parser::new(config),
            None => Parser::waiting(entry.format),
        };
        // Sound whose configuration is known says nothing more.
        self.parser = (self.kind == Kind::Video || entry.config.is_none()).then_some(parser);
        let changed = entry.config.is_some() && entry.config != self.config;
        if changed {
            self.config = entry.config;
        }
        changed
    }

    /// DTS after the last one and not after PTS.
    fn order(&mut self, due: &mut Due, faults: &mut Faults) {
        let second = i64::from(self.base.den() / self.base.num());
        if let Some(last) = self.last
            && due.dts <= last
            // Further back than this is another time line, not a sample out of place.
            && last.saturating_sub(due.dts) <= second
        {
            due.dts = last.saturating_add(1);
            faults.order += 1;
        }
        if due.pts < due.dts {
            faults.order += 1;
            due.pts = due.dts;
        }
        self.last = Some(due.dts);
    }
}

/// What the index and the coded picture say together. The picture knows better, save that an I picture of H.264 without a recovery point
/// looks like any other.
fn key(sample: &Sample, parsed: Key, config: Option<&Config>) -> Key {
    if !matches!(config.map(Config::format), Some(Format::H264 | Format::H265)) {
        return parsed;
    }
    match (parsed, sample.sync, sample.group) {
        (Key::No, _, Some(group)) => group,
        (Key::No, Some(true), None) => Key::Open,
        _ => parsed,
    }
}

/// Whether a track need not be announced anew: the colour of VP9 stands in the index and in the frames, and they are often at odds.
fn same(known: Option<&Config>, found: &Config) -> bool {
    match (known, found) {
        (Some(Config::Vp9(known)), Config::Vp9(found)) => {
            let (known, found) = (known.parts(), found.parts());
            (known.width, known.height, known.profile, known.bit_depth)
                == (found.width, found.height, found.profile, found.bit_depth)
        }
        (known, found) => known == Some(found),
    }
}

/// NAL units behind lengths of 4 bytes, from lengths of `size` bytes.
fn with_long_lengths(data: Bytes, size: usize, faults: &mut Faults) -> Bytes {
    if size == 4 {
        return data;
    }
    let mut out = BytesMut::with_capacity(data.len() + 64);
    let mut rest = &data[..];
    while let Some((length, behind)) = rest.split_at_checked(size) {
        let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let Some((unit, behind)) = behind.split_at_checked(length) else {
            faults.units += 1;
            break;
        };
        out.extend_from_slice(&(length as u32).to_be_bytes());
        out.extend_from_slice(unit);
        rest = behind;
    }
    out.freeze()
}
