//! The sample table, ISO/IEC 14496-12 8.6 and 8.7, as runs and rows of the file itself: a sample is worked out when it is its turn.

use bytes::Bytes;

use super::Faults;
use super::boxes::{Rows, children, full};
use super::groups::{Descriptions, Groups};
use crate::packet::Key;

/// What an index says of one sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) at: u64,
    pub(super) size: u32,
    /// In media time.
    pub(super) dts: i64,
    /// PTS less DTS.
    pub(super) composition: i32,
    pub(super) duration: u32,
    /// `None` where nobody says.
    pub(super) sync: Option<bool>,
    /// What a sample group says.
    pub(super) group: Option<Key>,
    /// The sample entry, counted from one.
    pub(super) entry: u32,
}

impl Sample {
    pub(super) const fn pts(&self) -> i64 {
        self.dts.saturating_add(self.composition as i64)
    }
}

/// The tables of one track.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    times: Rows,
    compositions: Option<Rows>,
    chunks: Rows,
    /// Of `stsc`.
    layout: Rows,
    sizes: Sizes,
    sync: Option<Rows>,
    groups: Option<Groups>,
    pub(super) descriptions: Descriptions,
}

#[derive(Clone, Debug, Default)]
enum Sizes {
    #[default]
    None,
    Same {
        size: u32,
        count: u64,
    },
    Words(Rows),
    /// `stz2` of 4, 8 or 16 bits.
    Small {
        bits: usize,
        count: u64,
        data: Bytes,
    },
}

impl Tables {
    /// Reads `stbl`. What a table counts but does not have is left out; `len` is the length of the source where that is known.
    pub(super) fn read(stbl: &Bytes, len: Option<u64>, faults: &mut Faults) -> Self {
        let mut tables = Self::default();
        let short = &mut faults.tables;
        for child in children(stbl.clone()) {
            let body = &child.body;
            match &child.kind {
                b"stts" => tables.times = Rows::of(body, 8, short).unwrap_or_default(),
                b"ctts" => tables.compositions = Rows::of(body, 8, short).filter(|rows| rows.len() > 0),
                b"stsc" => tables.layout = Rows::of(body, 12, short).unwrap_or_default(),
                b"stco" => tables.chunks = Rows::of(body, 4, short).unwrap_or_default(),
                b"co64" => tables.chunks = Rows::of(body, 8, short).unwrap_or_default(),
                b"stss" => tables.sync = Rows::of(body, 4, short),
                b"stsz" => tables.sizes = Sizes::stsz(body, len, short).unwrap_or_default(),
                b"stz2" => tables.sizes = Sizes::stz2(body, short).unwrap_or_default(),
                _ => {}
            }
        }
        tables.descriptions = Descriptions::read(stbl);
        tables.groups = Groups::read(stbl, Descriptions::default(), tables.descriptions.clone(), short);
        let timed: u64 = tables.runs().map(|[count, _]| u64::from(count)).sum();
        *short += u64::from(timed != tables.count());
        tables
    }

    /// How many samples there are sizes of.
    pub(super) const fn count(&self) -> u64 {
        match &self.sizes {
            Sizes::None => 0,
            Sizes::Same { count, .. } | Sizes::Small { count, .. } => *count,
            Sizes::Words(rows) => rows.len() as u64,
        }
    }

    /// What it costs to go through once: its rows, and the samples that have none as far as files have so many (27 hours of AC-3).
    pub(super) fn cost(&self) -> u64 {
        let rows = [&self.times, &self.chunks, &self.layout].into_iter();
        let rows =
            rows.chain(&self.compositions).chain(&self.sync).map(|rows| rows.len() as u64).sum::<u64>();
        let samples = match self.sizes {
            Sizes::Same { count, .. } => count.min(1 << 18),
            _ => self.count(),
        };
        rows + samples
    }

    /// What all samples last together, in ticks.
    pub(super) fn duration(&self) -> i64 {
        let runs = self.runs().map(|[count, delta]| i64::from(count).saturating_mul(i64::from(sane(delta))));
        runs.fold(0, i64::saturating_add)
    }

    /// The lowest and the highest composition offset, zero among them.
    pub(super) fn compositions(&self) -> (i32, i32) {
        let rows =
            self.compositions.iter().flat_map(|rows| (0..rows.len()).filter_map(|row| rows.words(row)));
        rows.fold((0, 0), |(low, high), [_, offset]: [u32; 2]| {
            (low.min(offset.cast_signed()), high.max(offset.cast_signed()))
        })
    }

    /// No more samples than lie before `end`, where all are of one size and their number costs no bytes.
    pub(super) fn limit(&mut self, end: u64) {
        if let Sizes::Same { size, count } = &mut self.sizes {
            *count = (*count).min(end / u64::from(*size));
        }
    }

    fn runs(&self) -> impl Iterator<Item = [u32; 2]> {
        (0..self.times.len()).filter_map(|row| self.times.words(row))
    }

    fn size(&self, index: u64) -> Option<u32> {
        if index >= self.count() {
            return None;
        }
        match &self.sizes {
            Sizes::None => None,
            Sizes::Same { size, .. } => Some(*size),
            Sizes::Words(rows) => rows.words(usize::try_from(index).ok()?).map(|[size]| size),
            Sizes::Small { bits, data, .. } => {
                let at = usize::try_from(index).ok()?.checked_mul(*bits)?;
                Some(match bits {
                    4 => (data.get(at / 8)? >> (4 - at % 8)).into(),
                    8 => (*data.get(at / 8)?).into(),
                    _ => u16::from_be_bytes(*data.get(at / 8..)?.first_chunk()?).into(),
                })
            }
        }
        .map(|size: u32| if matches!(self.sizes, Sizes::Small { bits: 4, .. }) { size & 0xf } else { size })
    }

    fn chunk(&self, index: usize) -> Option<u64> {
        match self.chunks.get(index)? {
            [a, b, c, d] => Some(u32::from_be_bytes([*a, *b, *c, *d]).into()),
            wide => wide.first_chunk().map(|wide| u64::from_be_bytes(*wide)),
        }
    }
}

impl Sizes {
    fn stsz(body: &Bytes, len: Option<u64>, short: &mut u64) -> Option<Self> {
        let (_, _, rest) = full(body)?;
        let size = u32::from_be_bytes(*rest.first_chunk()?);
        let count = u32::from_be_bytes(*rest.get(4..)?.first_chunk()?).into();
        if size == 0 {
            return Some(Self::Words(Rows::new(rest.slice(8..), 4, count, short)));
        }
        // A count without rows behind it costs a writer nothing, so it is held against the bytes there are.
        let most = len.map_or(u64::MAX, |len| len / u64::from(size));
        *short += u64::from(count > most);
        Some(Self::Same { size, count: count.min(most) })
    }

    fn stz2(body: &Bytes, short: &mut u64) -> Option<Self> {
        let (_, _, rest) = full(body)?;
        let bits = usize::from(*rest.get(3)?);
        let count: u64 = u32::from_be_bytes(*rest.get(4..)?.first_chunk()?).into();
        let data = rest.slice(8..);
        if !matches!(bits, 4 | 8 | 16) {
            *short += 1;
            return None;
        }
        let there = data.len() as u64 * 8 / bits as u64;
        *short += u64::from(count > there);
        Some(Self::Small { bits, count: count.min(there), data })
    }
}

/// A place between two samples of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Cursor {
    index: u64,
    dts: i64,
    time: Run,
    composition: Run,
    chunk: usize,
    layout: usize,
    in_chunk: u32,
    /// Where the next sample of the chunk begins.
    at: u64,
    sync: usize,
    groups: Option<Groups>,
}

/// A place in a table of runs.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    row: usize,
    used: u32,
}

impl Run {
    /// The value of the next sample; behind the last run, `None`.
    fn next(&mut self, rows: &Rows) -> Option<u32> {
        loop {
            let [count, value] = rows.words(self.row)?;
            if self.used < count {
                self.used += 1;
                return Some(value);
            }
            *self = Self { row: self.row + 1, used: 0 };
        }
    }
}

impl Cursor {
    /// Before the first sample.
    pub(super) fn start(tables: &Tables) -> Self {
        Self { groups: tables.groups.clone(), ..Self::default() }
    }

    /// How many samples lie before it.
    pub(super) const fn index(&self) -> u64 {
        self.index
    }

    /// What it cost to come here from the front: samples and rows.
    pub(super) fn cost(&self) -> u64 {
        let rows = self.time.row + self.composition.row + self.chunk + self.layout + self.sync;
        self.index + rows as u64 + self.groups.as_ref().map_or(0, Groups::rows)
    }

    /// The next sample; `None` behind the last, or where no chunk is left to hold it.
    pub(super) fn next(&mut self, tables: &Tables, faults: &mut Faults) -> Option<Sample> {
        let size = tables.size(self.index)?;
        let entry = self.enter_chunk(tables)?;
        let delta = self.time.next(&tables.times).or_else(|| {
            let last = tables.times.words(tables.times.len().checked_sub(1)?);
            last.map(|[_, delta]| delta)
        });
        let delta = delta.unwrap_or(0);
        faults.durations += u64::from(delta != sane(delta));
        let composition = tables.compositions.as_ref().and_then(|rows| self.composition.next(rows));
        let sample = Sample {
            at: self.at,
            size,
            dts: self.dts,
            // Version 0 is unsigned by the letter; QuickTime writes negative offsets into it.
            composition: composition.unwrap_or(0).cast_signed(),
            duration: sane(delta),
            sync: tables.sync.as_ref().map(|rows| self.is_sync(rows)),
            group: self.groups.as_mut().and_then(Groups::next),
            entry,
        };
        self.index += 1;
        self.in_chunk += 1;
        self.at = self.at.saturating_add(size.into());
        self.dts = self.dts.saturating_add(sample.duration.into());
        Some(sample)
    }

    /// Stands in a chunk that has another sample; the sample entry of that chunk.
    fn enter_chunk(&mut self, tables: &Tables) -> Option<u32> {
        loop {
            while let Some([first, ..]) = tables.layout.words::<3>(self.layout + 1)
                && u64::from(first) <= self.chunk as u64 + 1
            {
                self.layout += 1;
            }
            let [_, samples, entry] = tables.layout.words(self.layout)?;
            if self.in_chunk == 0 {
                self.at = tables.chunk(self.chunk)?;
            }
            if self.in_chunk < samples {
                return Some(entry);
            }
            self.chunk += 1;
            self.in_chunk = 0;
        }
    }

    fn is_sync(&mut self, rows: &Rows) -> bool {
        let number = self.index + 1;
        while let Some([sync]) = rows.words(self.sync) {
            if u64::from(sync) >= number {
                return u64::from(sync) == number;
            }
            self.sync += 1;
        }
        false
    }
}

/// A duration of more than 31 bits is a negative one that got lost.
const fn sane(delta: u32) -> u32 {
    if delta > i32::MAX as u32 { 1 } else { delta }
}
