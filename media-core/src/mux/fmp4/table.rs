//! The sample tables of one track, ISO/IEC 14496-12 8.6 to 8.9: collected while samples are written, four bytes for each and as many for
//! each change, and made into boxes at the end.

use super::boxes::full_box;
use super::entry::{Preroll, refresh_distance};
use super::header::{Edit, Timing};
use super::lane::SAMPLE_MAX;
use super::queue::Turn;
use crate::codec::{Key, opus};
use crate::time::{TimeBase, Timestamp};
use crate::track::Kind;

/// What is known of the samples written so far.
#[derive(Debug)]
pub(super) struct Table {
    kind: Kind,
    preroll: Option<Preroll>,
    sizes: Sizes,
    /// `stts`: ticks from a sample to the next one. That of the last sample is still open.
    durations: Runs<u32>,
    /// `ctts` of unsigned composition: ticks from DTS to PTS.
    offsets: Runs<i32>,
    /// `stss`: numbers of the sync samples, from 1.
    syncs: Vec<u32>,
    /// `sbgp` of the groups `rap ` and `roll`: 0 for what is in none.
    open_keys: Runs<u32>,
    rolls: Runs<u32>,
    /// `sgpd` of `roll`.
    distances: Vec<i16>,
    /// Samples of the shortest packet, where the preroll depends on it.
    shortest: Option<u32>,
    /// `stco`, and `stsc`: from which chunk on there are how many samples in each.
    chunks: Vec<u64>,
    per_chunk: Vec<(u32, u32)>,
    span: Option<Span>,
}

/// Where samples lie on the time line, in ticks.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// PTS and DTS of the first sample.
    first: (i64, i64),
    earliest: i64,
    last_dts: i64,
    /// When the last one shown ends, but for the last sample.
    end: i64,
    last_pts: i64,
    last_duration: u32,
    untrimmed: Option<u32>,
}

impl Span {
    /// When the last sample ends, which need not be shown last.
    fn last(&self) -> i64 {
        self.last_pts + i64::from(self.last_duration)
    }

    /// Whether all of it ends before presentation begins.
    fn is_over(&self) -> bool {
        self.end.max(self.last()) <= 0
    }

    /// Ticks of the last sample in the file: as many as it decodes to. Where nothing is played it lasts until zero, if a sample can last as
    /// long, so that what lies before has its right time.
    fn last_sample(&self) -> u32 {
        let ticks = self.untrimmed.unwrap_or(self.last_duration);
        let until_zero = u32::try_from(-self.last_dts).ok().filter(|ticks| *ticks <= SAMPLE_MAX).unwrap_or(0);
        if self.is_over() { ticks.max(until_zero) } else { ticks }
    }
}

/// When a track is played, and by how much its offsets are to be lowered.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) timing: Timing,
    /// Ticks by which all of `ctts` is lower than collected: signed composition.
    lead: i64,
}

impl Table {
    pub(super) fn new(kind: Kind, preroll: Option<Preroll>) -> Self {
        Self {
            kind,
            preroll,
            sizes: Sizes::default(),
            durations: Runs::default(),
            offsets: Runs::default(),
            syncs: Vec::new(),
            open_keys: Runs::default(),
            rolls: Runs::default(),
            distances: Vec::new(),
            shortest: None,
            chunks: Vec::new(),
            per_chunk: Vec::new(),
            span: None,
        }
    }

    /// Appends a sample, which will be in the next chunk.
    pub(super) fn add(&mut self, turn: &Turn) {
        let packet = &turn.packet;
        let (pts, dts) = (packet.pts.ticks(), packet.dts.ticks());
        let first = Span {
            first: (pts, dts),
            earliest: pts,
            last_dts: dts,
            end: i64::MIN,
            last_pts: pts,
            last_duration: 0,
            untrimmed: None,
        };
        let mut span = self.span.map_or(first, |span| {
            // Only now it is known how long the one before lasts.
            let ticks = u32::try_from(dts - span.last_dts).expect("checked when it was pushed");
            self.durations.push(ticks);
            let ticks = if self.kind == Kind::Video { span.last_duration.min(ticks) } else { ticks };
            Span { end: span.end.max(span.last_pts + i64::from(ticks)), ..span }
        });
        span.earliest = span.earliest.min(pts);
        (span.last_pts, span.last_dts) = (pts, dts);
        let said = packet.duration.filter(|ticks| self.kind == Kind::Video && *ticks > 0);
        span.last_duration = said.unwrap_or(turn.duration);
        span.untrimmed = turn.untrimmed;
        self.span = Some(span);
        self.sizes.push(packet.data.len() as u32);
        self.offsets.push((pts - dts) as i32);
        self.add_key(packet.key);
        if self.preroll == Some(Preroll::Opus) {
            let samples = opus::packet_samples(&packet.data).ok();
            self.shortest = self.shortest.into_iter().chain(samples).min();
        }
    }

    /// SAP types 1 and 2 are sync samples; 3 is in the group `rap `, 4 in `roll`: 8.6.2, 10.1, 10.4. What would roll by no picture is whole
    /// at once and so in `rap ` too.
    fn add_key(&mut self, key: Key) {
        if self.kind == Kind::Audio {
            return;
        }
        if key == Key::Closed {
            self.syncs.push(self.sizes.count);
        }
        self.open_keys.push(u32::from(matches!(key, Key::Open | Key::Roll { pictures: 0 })));
        let group = refresh_distance(key).map_or(0, |distance| {
            let known = self.distances.iter().position(|known| *known == distance);
            let at = known.unwrap_or_else(|| {
                self.distances.push(distance);
                self.distances.len() - 1
            });
            at as u32 + 1
        });
        self.rolls.push(group);
    }

    /// The last `samples` samples make a chunk that begins at byte `offset` of the file.
    pub(super) fn chunk(&mut self, offset: u64, samples: u32) {
        self.chunks.push(offset);
        if self.per_chunk.last().is_none_or(|(_, per)| *per != samples) {
            self.per_chunk.push((self.chunks.len() as u32, samples));
        }
    }

    /// When the track is played on the movie's time line of `scale` ticks per second. What has a PTS below zero is not played, what begins
    /// later has an empty edit before it, and what ends within its last sample is cut there. All is counted from absolute positions.
    ///
    /// A track that ends before zero has one edit of no duration where its media end: the last edit must not be an empty one, and no edit
    /// at all would play everything (8.6.6). Readers who take no duration for all that is left find nothing there either.
    pub(super) fn place(&self, base: TimeBase, scale: TimeBase, signed: bool) -> Placed {
        let Some(span) = self.span else { return Placed { timing: Timing::default(), lead: 0 } };
        let (first_pts, first_dts) = span.first;
        let begin = span.earliest.max(0);
        let last = span.last();
        let end = span.end.max(last).max(begin);
        // Signed offsets make sense where they make the edit needless.
        let lead = if signed && first_pts == begin { first_pts - first_dts } else { 0 };
        let media_duration = self.media_duration(&span);
        let mut media_time = begin - first_dts - lead;
        if span.is_over() {
            media_time = media_time.min(media_duration.cast_signed());
        }
        let position = |ticks: i64| {
            let ticks = Timestamp::new(ticks).rescale(base, scale).ticks();
            u64::try_from(ticks).unwrap_or(0)
        };
        let mut edits = Vec::new();
        if position(begin) > 0 {
            edits.push(Edit { duration: position(begin), media_time: -1 });
        }
        edits.push(Edit { duration: position(end) - position(begin), media_time });
        let is_plain = edits.len() == 1 && media_time == 0 && (span.untrimmed.is_none() || span.end > last);
        if is_plain {
            edits.clear();
        }
        Placed { timing: Timing { duration: position(end), media_duration, edits }, lead }
    }

    fn media_duration(&self, span: &Span) -> u64 {
        (span.last_dts - span.first.1) as u64 + u64::from(span.last_sample())
    }

    /// The boxes behind `stsd`; chunks lie `shift` bytes further back than they were put.
    pub(super) fn boxes(&self, placed: &Placed, shift: u64) -> Vec<u8> {
        let mut durations = self.durations.clone();
        if let Some(span) = &self.span {
            durations.push(span.last_sample());
        }
        [
            counted(b"stts", 0, &durations.rows(|ticks| ticks)),
            self.stss(),
            self.ctts(placed.lead),
            self.stsc(),
            self.sizes.to_box(),
            self.offsets(shift),
            self.groups(),
        ]
        .concat()
    }

    /// Nothing when all are sync samples.
    fn stss(&self) -> Vec<u8> {
        if self.kind == Kind::Audio || self.syncs.len() as u32 == self.sizes.count {
            return Vec::new();
        }
        counted(b"stss", 0, &self.syncs.iter().map(|number| [*number]).collect::<Vec<_>>())
    }

    /// Nothing when every PTS is its DTS.
    fn ctts(&self, lead: i64) -> Vec<u8> {
        let offset = |offset: i32| i64::from(offset) - lead;
        if self.offsets.runs.iter().all(|run| offset(run.1) == 0) {
            return Vec::new();
        }
        let is_signed = self.offsets.runs.iter().any(|run| offset(run.1) < 0);
        counted(b"ctts", u8::from(is_signed), &self.offsets.rows(|ticks| offset(ticks) as i32 as u32))
    }

    fn stsc(&self) -> Vec<u8> {
        let rows: Vec<[u32; 3]> =
            self.per_chunk.iter().map(|(chunk, samples)| [*chunk, *samples, 1]).collect();
        counted(b"stsc", 0, &rows)
    }

    fn offsets(&self, shift: u64) -> Vec<u8> {
        let shifted = self.chunks.iter().map(|offset| offset + shift);
        if shifted.clone().all(|offset| u32::try_from(offset).is_ok()) {
            return counted(b"stco", 0, &shifted.map(|offset| [offset as u32]).collect::<Vec<_>>());
        }
        let halves = |offset: u64| [(offset >> 32) as u32, offset as u32];
        counted(b"co64", 0, &shifted.map(halves).collect::<Vec<_>>())
    }

    /// What has to be decoded before a sample, or may be missing after it: 8.9.
    fn groups(&self) -> Vec<u8> {
        let count = self.sizes.count;
        if let Some(preroll) = self.preroll {
            if count == 0 {
                return Vec::new();
            }
            let all = Runs { runs: vec![(count, 1)] };
            return group(b"roll", &[preroll.distance(self.shortest).to_be_bytes()], &all);
        }
        let mut boxes = Vec::new();
        if self.open_keys.runs.iter().any(|run| run.1 != 0) {
            // How many leading samples there are is not said.
            boxes.extend(group(b"rap ", &[[0]], &self.open_keys));
        }
        if !self.distances.is_empty() {
            let distances: Vec<[u8; 2]> =
                self.distances.iter().map(|distance| distance.to_be_bytes()).collect();
            boxes.extend(group(b"roll", &distances, &self.rolls));
        }
        boxes
    }
}

/// `sgpd` and `sbgp`, 8.9.3 and 8.9.2.
fn group<const N: usize>(kind: &[u8; 4], descriptions: &[[u8; N]], runs: &Runs<u32>) -> Vec<u8> {
    let (length, count) = ((N as u32).to_be_bytes(), (descriptions.len() as u32).to_be_bytes());
    let sgpd = full_box(b"sgpd", 1, 0, &[kind, &length, &count, descriptions.as_flattened()]);
    let (count, rows) = ((runs.runs.len() as u32).to_be_bytes(), runs.rows(|group| group));
    let rows: Vec<u8> = rows.as_flattened().iter().flat_map(|word| word.to_be_bytes()).collect();
    [sgpd, full_box(b"sbgp", 0, 0, &[kind, &count, &rows])].concat()
}

/// A table that counts its rows.
fn counted<const N: usize>(kind: &[u8; 4], version: u8, rows: &[[u32; N]]) -> Vec<u8> {
    let bytes: Vec<u8> = rows.as_flattened().iter().flat_map(|word| word.to_be_bytes()).collect();
    full_box(kind, version, 0, &[&(rows.len() as u32).to_be_bytes(), &bytes])
}

/// Values, and how many times each comes one after the other.
#[derive(Clone, Debug, Default)]
struct Runs<T> {
    runs: Vec<(u32, T)>,
}

impl<T: Copy + PartialEq> Runs<T> {
    fn push(&mut self, value: T) {
        match self.runs.last_mut() {
            Some((count, last)) if *last == value => *count += 1,
            _ => self.runs.push((1, value)),
        }
    }

    fn rows(&self, word: impl Fn(T) -> u32) -> Vec<[u32; 2]> {
        self.runs.iter().map(|(count, value)| [*count, word(*value)]).collect()
    }
}

/// `stsz`: one size where all agree.
#[derive(Debug, Default)]
struct Sizes {
    count: u32,
    uniform: u32,
    /// Empty as long as all agree.
    each: Vec<u32>,
}

impl Sizes {
    fn push(&mut self, size: u32) {
        if self.count == 0 {
            self.uniform = size;
        } else if self.each.is_empty() && size != self.uniform {
            self.each = vec![self.uniform; self.count as usize];
        }
        if !self.each.is_empty() {
            self.each.push(size);
        }
        self.count += 1;
    }

    fn to_box(&self) -> Vec<u8> {
        // A uniform size of zero would say that each has its own.
        let zeros = self.each.is_empty() && self.uniform == 0;
        let own = if zeros { vec![0; self.count as usize] } else { Vec::new() };
        let each = if zeros { &own } else { &self.each };
        let uniform = if each.is_empty() { self.uniform } else { 0 };
        let bytes: Vec<u8> = each.iter().flat_map(|size| size.to_be_bytes()).collect();
        full_box(b"stsz", 0, 0, &[&uniform.to_be_bytes(), &self.count.to_be_bytes(), &bytes])
    }
}

/// Bytes of all tables at most, for `samples` samples in `chunks` chunks.
pub(super) const fn len_at_most(kind: Kind, samples: u64, chunks: u64) -> u64 {
    const GROUP: u64 = 24 + 20;
    let kinds = match kind {
        Kind::Audio => 16 + 8 * samples + GROUP + 2 + 8,
        // stss, ctts, `rap ` and `roll`, each with a row for every sample.
        Kind::Video => 16 + 4 * samples + 16 + 8 * samples + 2 * GROUP + 1 + (8 + 8 + 2) * samples,
    };
    let per_sample = 4 + 8; // stsz, stts
    16 + 20 + per_sample * samples + kinds + 16 + 12 * chunks + 16 + 8 * chunks
}

#[cfg(test)]
#[path = "table_test.rs"]
mod tests;
