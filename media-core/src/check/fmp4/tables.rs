//! The sample tables of `stbl`, ISO/IEC 14496-12 8.6 and 8.7: what a progressive file says of its samples.
//!
//! Tables are kept as they came and never unfolded: a count of 2^32 costs nothing.

use bytes::Bytes;

use super::boxes::Found;
use super::rules;
use crate::bits::Reader;
use crate::check::{Place, Report};

/// The tables of one track.
#[derive(Debug, Default)]
pub(super) struct Tables {
    track: u32,
    duration: u64,
    /// When the last sample shown ends, in media time.
    end: u64,
    samples: u64,
    negative: bool,
    /// Constant size of samples, and rows of `stsz` where that is zero.
    size: u32,
    sizes: Bytes,
    /// Bits of a size.
    width: u8,
    chunks: Bytes,
    wide: bool,
    /// Rows of `stsc`: first chunk, samples per chunk, description.
    runs: Bytes,
    sync: Option<Bytes>,
}

/// A chunk: where it lies, and its samples.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) at: u64,
    /// The number of its first sample, from 0.
    pub(super) first: u64,
    pub(super) count: u64,
    pub(super) description: u32,
}

impl Tables {
    pub(super) fn read(track: u32, stbl: &Found<'_>, report: &mut Report) -> Self {
        let mut tables = Self { track, ..Self::default() };
        let (durations, offsets) = (Runs::read(stbl, b"stts", report), Runs::read(stbl, b"ctts", report));
        let (timed, composed) = (durations.samples, offsets.samples);
        (tables.duration, tables.negative) = (durations.ticks, offsets.negative);
        tables.end = durations.end_shown(&offsets);
        tables.read_sizes(stbl, report);
        tables.read_chunks(stbl, report);
        let at = stbl.place();
        let sized = tables.samples;
        if timed != sized {
            report.add(
                &rules::TABLES,
                at,
                format_args!("track {track}: stts of {timed} samples, sizes of {sized}"),
            );
        }
        if stbl.child(b"ctts").is_some() && composed != sized {
            report.add(
                &rules::TABLES,
                at,
                format_args!("track {track}: ctts of {composed} samples, sizes of {sized}"),
            );
        }
        let chunked: u64 = tables.chunks().map(|chunk| chunk.count).fold(0, u64::saturating_add);
        if chunked != sized {
            report.add(
                &rules::TABLES,
                at,
                format_args!("track {track}: chunks of {chunked} samples, sizes of {sized}"),
            );
        }
        tables.read_sync(stbl, report);
        tables
    }

    /// Ticks that all samples last.
    pub(super) const fn duration(&self) -> u64 {
        self.duration
    }

    /// When the last sample shown ends, in media time: later than all samples last, where it is shown later than it is decoded.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// Whether a composition offset is negative.
    pub(super) const fn negative(&self) -> bool {
        self.negative
    }

    pub(super) const fn samples(&self) -> u64 {
        self.samples
    }

    /// The size of a sample.
    pub(super) fn size(&self, sample: u64) -> Option<u64> {
        if sample >= self.samples {
            return None;
        }
        if self.size > 0 {
            return Some(self.size.into());
        }
        let at = usize::try_from(sample).ok()?;
        match self.width {
            4 => {
                self.sizes.get(at / 2).map(|pair| u64::from(if at % 2 == 0 { pair >> 4 } else { pair & 15 }))
            }
            8 => self.sizes.get(at).map(|size| u64::from(*size)),
            16 => word::<2>(&self.sizes, at).map(|size| u64::from(u16::from_be_bytes(size))),
            _ => word::<4>(&self.sizes, at).map(|size| u64::from(u32::from_be_bytes(size))),
        }
    }

    /// Whether a sample is said to be a sync sample.
    pub(super) fn is_sync(&self, sample: u64) -> bool {
        let Some(sync) = &self.sync else { return true };
        let rows = sync.as_chunks::<4>().0;
        u32::try_from(sample + 1).is_ok_and(|number| rows.binary_search(&number.to_be_bytes()).is_ok())
    }

    pub(super) fn chunks(&self) -> impl Iterator<Item = Chunk> + '_ {
        let (mut first, mut row) = (0_u64, 0_usize);
        (0..self.chunk_count()).map_while(move |index| {
            let number = u32::try_from(index + 1).ok()?;
            while self.run(row + 1).is_some_and(|(start, ..)| start <= number) {
                row += 1;
            }
            let (_, count, description) = self.run(row)?;
            let at = match self.wide {
                true => u64::from_be_bytes(word::<8>(&self.chunks, index)?),
                false => u32::from_be_bytes(word::<4>(&self.chunks, index)?).into(),
            };
            let chunk = Chunk { at, first, count: count.into(), description };
            first = first.saturating_add(count.into());
            Some(chunk)
        })
    }

    fn chunk_count(&self) -> usize {
        self.chunks.len() / if self.wide { 8 } else { 4 }
    }

    fn run(&self, row: usize) -> Option<(u32, u32, u32)> {
        let mut reader = Reader::new(self.runs.get(row.checked_mul(12)?..)?);
        Some((reader.u32().ok()?, reader.u32().ok()?, reader.u32().ok()?))
    }

    fn read_sizes(&mut self, stbl: &Found<'_>, report: &mut Report) {
        let Some(found) = stbl.children().find(|child| matches!(&child.kind, b"stsz" | b"stz2")) else {
            let at = stbl.place();
            report.add(
                &rules::BOX_MISSING,
                at,
                format_args!("stbl of track {} with neither stsz nor stz2", self.track),
            );
            return;
        };
        let compact = &found.kind == b"stz2";
        let read = found.read(report, |_, _, reader| {
            let size = reader.u32()?;
            let count = reader.u32()?;
            let width = if compact { size as u8 } else { 32 };
            let constant = if compact { 0 } else { size };
            let len = if constant > 0 { 0 } else { (u64::from(count) * u64::from(width)).div_ceil(8) };
            let len = usize::try_from(len).map_err(|_| crate::bits::Error::End)?;
            Ok((constant, width, count, Bytes::copy_from_slice(reader.bytes(len)?)))
        });
        if let Some((size, width, count, sizes)) = read {
            (self.size, self.width, self.samples, self.sizes) = (size, width, count.into(), sizes);
        }
    }

    fn read_chunks(&mut self, stbl: &Found<'_>, report: &mut Report) {
        let Some(found) = stbl.children().find(|child| matches!(&child.kind, b"stco" | b"co64")) else {
            let at = stbl.place();
            report.add(
                &rules::BOX_MISSING,
                at,
                format_args!("stbl of track {} with neither stco nor co64", self.track),
            );
            return;
        };
        self.wide = &found.kind == b"co64";
        let width = if self.wide { 8 } else { 4 };
        self.chunks = rows(&found, width, report);
        self.runs = stbl.child(b"stsc").map_or_else(Bytes::new, |stsc| rows(&stsc, 12, report));
        let mut last = 0;
        for row in 0.. {
            let Some((first, ..)) = self.run(row) else { break };
            if first <= last {
                report.add(
                    &rules::TABLES,
                    stbl.place(),
                    format_args!("track {}: stsc goes from chunk {last} to {first}", self.track),
                );
                break;
            }
            last = first;
        }
    }

    fn read_sync(&mut self, stbl: &Found<'_>, report: &mut Report) {
        let Some(stss) = stbl.child(b"stss") else { return };
        let sync = rows(&stss, 4, report);
        let mut last = 0;
        for row in sync.as_chunks::<4>().0 {
            let number = u32::from_be_bytes(*row);
            if number <= last || u64::from(number) > self.samples {
                let (track, samples) = (self.track, self.samples);
                report.add(
                    &rules::STSS,
                    stss.place(),
                    format_args!("track {track}: sync sample {number} after {last}, of {samples}"),
                );
            }
            last = number;
        }
        self.sync = Some(sync);
    }
}

/// The rows behind a count; fewer where the box is shorter, which is a finding.
fn rows(found: &Found<'_>, width: usize, report: &mut Report) -> Bytes {
    let rows = found.read(report, |_, _, reader| {
        let count = reader.u32()? as usize;
        Ok(Bytes::copy_from_slice(reader.bytes(count.saturating_mul(width))?))
    });
    rows.unwrap_or_default()
}

/// `stts` or `ctts`.
#[derive(Default)]
struct Runs {
    rows: Bytes,
    samples: u64,
    ticks: u64,
    /// Whether a value is below zero.
    negative: bool,
}

impl Runs {
    fn read(stbl: &Found<'_>, kind: &[u8; 4], report: &mut Report) -> Self {
        let Some(found) = stbl.child(kind) else { return Self::default() };
        let version = found.body.first().copied().unwrap_or(0);
        let mut runs = Self { rows: rows(&found, 8, report), ..Self::default() };
        let mut zero = 0_u64;
        let last = runs.rows.len() / 8;
        for (number, (count, value)) in (1..).zip(each(&runs.rows)) {
            runs.samples = runs.samples.saturating_add(count);
            runs.ticks = runs.ticks.saturating_add(count.saturating_mul(value.into()));
            let signed = value.cast_signed();
            runs.negative |= version == 1 && signed < 0;
            if value == 0 && number < last {
                zero = zero.saturating_add(count);
            }
            if kind == b"ctts" && version == 0 && signed < 0 {
                report.add(
                    &rules::COMPOSITION_VERSION,
                    Place::Byte(stbl.at),
                    format_args!("ctts of version 0 with what looks like {signed}"),
                );
            }
        }
        if kind == b"stts" && zero > 0 {
            report.add(
                &rules::ZERO_DURATION,
                Place::Byte(stbl.at),
                format_args!("{zero} samples before the last last no time"),
            );
        }
        runs
    }

    /// When the last sample shown ends, where these are durations: of samples that are alike in both tables that is the last.
    fn end_shown(&self, offsets: &Self) -> u64 {
        let mut offsets = each(&offsets.rows).filter(|(count, _)| *count > 0);
        let (mut left, mut offset) = (0, 0);
        let (mut decoded, mut end) = (0_u64, 0);
        for (mut count, ticks) in each(&self.rows) {
            while count > 0 {
                if left == 0 {
                    (left, offset) = offsets.next().unwrap_or((u64::MAX, 0));
                }
                let alike = count.min(left);
                decoded = decoded.saturating_add(alike.saturating_mul(ticks.into()));
                end = decoded.saturating_add_signed(offset.cast_signed().into()).max(end);
                count -= alike;
                left -= alike;
            }
        }
        end
    }
}

/// Counts and values.
fn each(rows: &Bytes) -> impl Iterator<Item = (u64, u32)> + '_ {
    let fields = |row: &[u8; 8]| (u64::from_be_bytes(*row) >> 32, u64::from_be_bytes(*row) as u32);
    rows.as_chunks::<8>().0.iter().map(fields)
}

fn word<const N: usize>(table: &[u8], index: usize) -> Option<[u8; N]> {
    table.get(index.checked_mul(N)?..)?.first_chunk().copied()
}
