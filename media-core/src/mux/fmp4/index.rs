//! Indices of fragments: `sidx`, ISO/IEC 14496-12 8.16.3, and `mfra`, 8.8.9 to 8.8.11.

use bytes::Bytes;

use super::Error;
use super::boxes::{BOX_HEADER, boxed, full_box};
use crate::time::{TimeBase, Timestamp};
use crate::track::TrackId;

/// A stretch of a file that begins with a `moof` and is played without a gap: a row of `sidx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subsegment {
    /// Bytes, at most 2^31 - 1.
    pub size: u32,
    /// Ticks from its earliest presentation time to that of the next one.
    pub duration: u32,
    /// How decoding can start at its first sample; `None` when it cannot.
    pub access: Option<Access>,
}

/// A stream access point at the beginning of a [`Subsegment`], ISO/IEC 14496-12 Annex I.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// `SAP_type`: 1 to 6.
    pub kind: u8,
    /// `SAP_delta_time`: ticks from the earliest presentation time to that from which all can be shown, 28 bits.
    pub delta: u32,
}

impl Access {
    /// Everything is shown in the order it is decoded in: sound, closed groups without leading pictures.
    pub const CLOSED: Self = Self { kind: 1, delta: 0 };

    fn word(access: Option<Self>) -> u32 {
        let Some(Self { kind, delta }) = access else { return 0 };
        1 << 31 | u32::from(kind & 7) << 28 | delta.min((1 << 28) - 1)
    }
}

/// The `sidx` box of these subsegments, the first of which begins `gap` bytes behind the box; `earliest` is the earliest presentation time
/// of all, after edits. More than 65535 get an index of indices, all of which stand at the front.
///
/// # Errors
/// When `earliest` is negative, there are more than 65535 times 65535 subsegments, or one is longer than 2^31 - 1 bytes.
pub fn segment_index(
    track: TrackId,
    base: TimeBase,
    earliest: Timestamp,
    subsegments: &[Subsegment],
    gap: u64,
) -> Result<Bytes, Error> {
    let time = u64::try_from(earliest.ticks()).map_err(|_| Error::BeforeZero { dts: earliest })?;
    if let Some(large) = subsegments.iter().find(|subsegment| subsegment.size > SIZE_MAX) {
        return Err(Error::Index { found: large.size.into(), limit: SIZE_MAX.into() });
    }
    let groups = subsegments.len().div_ceil(COUNT_MAX);
    if groups > COUNT_MAX {
        let limit = (COUNT_MAX * COUNT_MAX) as u64;
        return Err(Error::Index { found: subsegments.len() as u64, limit });
    }
    let sidx = |time, gap, rows: &[Row]| sidx(track, base.den(), time, gap, rows);
    if groups <= 1 {
        let rows: Vec<Row> = subsegments.iter().map(|subsegment| Row::new(subsegment, false)).collect();
        return Ok(sidx(time, gap, &rows).into());
    }
    // The index of indices, then those one after the other: each counts to its own media over the ones behind it and over the media of
    // the ones before it.
    let (mut top, mut indices) = (Vec::new(), Vec::new());
    let mut begins = time;
    let mut media = gap;
    let mut behind: u64 = subsegments.chunks(COUNT_MAX).map(|group| sidx_len(group.len() as u64)).sum();
    for group in subsegments.chunks(COUNT_MAX) {
        let rows: Vec<Row> = group.iter().map(|subsegment| Row::new(subsegment, false)).collect();
        behind -= sidx_len(group.len() as u64);
        let index = sidx(begins, behind + media, &rows);
        let duration = group.iter().map(|subsegment| u64::from(subsegment.duration)).sum::<u64>();
        top.push(Row {
            size: index.len() as u32 | 1 << 31,
            duration: u32::try_from(duration).unwrap_or(u32::MAX),
            access: Access::word(group[0].access),
        });
        begins += duration;
        media += group.iter().map(|subsegment| u64::from(subsegment.size)).sum::<u64>();
        indices.extend(index);
    }
    Ok([sidx(time, 0, &top), indices].concat().into())
}

struct Row {
    /// With `reference_type` in the highest bit.
    size: u32,
    duration: u32,
    access: u32,
}

impl Row {
    fn new(subsegment: &Subsegment, is_index: bool) -> Self {
        Self {
            size: subsegment.size | u32::from(is_index) << 31,
            duration: subsegment.duration,
            access: Access::word(subsegment.access),
        }
    }
}

fn sidx(track: TrackId, timescale: u32, earliest: u64, first_offset: u64, rows: &[Row]) -> Vec<u8> {
    let words: Vec<u8> =
        rows.iter().flat_map(|row| [row.size, row.duration, row.access]).flat_map(u32::to_be_bytes).collect();
    full_box(
        b"sidx",
        1,
        0,
        &[
            &track.get().to_be_bytes(),
            &timescale.to_be_bytes(),
            &earliest.to_be_bytes(),
            &first_offset.to_be_bytes(),
            &[0; 2],
            &(rows.len() as u16).to_be_bytes(),
            &words,
        ],
    )
}

/// Bytes of the `sidx` of so many subsegments, with a `free` box behind it.
pub(super) const fn len_of(count: u64) -> u64 {
    let (groups, rest) = (count / COUNT_MAX as u64, count % COUNT_MAX as u64);
    let index = if groups == 0 || groups == 1 && rest == 0 {
        sidx_len(count)
    } else {
        let last = if rest == 0 { 0 } else { sidx_len(rest) };
        let indices = groups + (rest > 0) as u64;
        sidx_len(indices) + groups * sidx_len(COUNT_MAX as u64) + last
    };
    index + BOX_HEADER as u64
}

const fn sidx_len(rows: u64) -> u64 {
    40 + 12 * rows
}

/// `referenced_size` has 31 bits.
pub(super) const SIZE_MAX: u32 = (1 << 31) - 1;

/// `reference_count` has 16 bits.
const COUNT_MAX: usize = 65_535;

/// Random access points of the tracks of a file, for `mfra`.
#[derive(Debug)]
pub(super) struct RandomAccess {
    tracks: Vec<(TrackId, Vec<Point>)>,
}

/// A row of `tfra`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    /// Presentation time in ticks of the track.
    pub(super) time: u64,
    /// Where its `moof` begins.
    pub(super) moof: u64,
    /// Its `traf` and sample, from 1.
    pub(super) traf: u8,
    pub(super) sample: u32,
}

impl RandomAccess {
    pub(super) fn new(tracks: impl Iterator<Item = TrackId>) -> Self {
        Self { tracks: tracks.map(|track| (track, Vec::new())).collect() }
    }

    pub(super) fn add(&mut self, track: usize, point: Point) {
        self.tracks[track].1.push(point);
    }

    /// The box, of a file in which all fragments lie `shift` bytes further back than they were put.
    pub(super) fn to_box(&self, shift: u64) -> Vec<u8> {
        let mut boxes: Vec<u8> =
            self.tracks.iter().flat_map(|(track, points)| tfra(*track, points, shift)).collect();
        let len = (BOX_HEADER + boxes.len() + MFRO) as u32;
        boxes.extend(full_box(b"mfro", 0, 0, &[&len.to_be_bytes()]));
        boxed(b"mfra", &[&boxes])
    }
}

fn tfra(track: TrackId, points: &[Point], shift: u64) -> Vec<u8> {
    let mut rows = Vec::with_capacity(22 * points.len());
    for point in points {
        rows.extend(point.time.to_be_bytes());
        rows.extend((point.moof + shift).to_be_bytes());
        rows.extend([point.traf, 1]); // there is one trun
        rows.extend(point.sample.to_be_bytes());
    }
    // Numbers of traf and trun have one byte each, that of the sample four.
    let lengths = 3_u32.to_be_bytes();
    let count = (points.len() as u32).to_be_bytes();
    full_box(b"tfra", 1, 0, &[&track.get().to_be_bytes(), &lengths, &count, &rows])
}

const MFRO: usize = 16;

#[cfg(test)]
#[path = "index_test.rs"]
mod tests;
