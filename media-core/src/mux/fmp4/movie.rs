//! `moov` of a file whose samples are in tables.

use super::boxes::{BOX_HEADER, boxed};
use super::config::CHUNK;
use super::header::{self, Description, mvhd, next_track, trak};
use super::table::{self, Placed, Table};
use crate::time::TimeBase;

/// The tracks of a file and their samples.
#[derive(Debug)]
pub(super) struct Movie {
    tracks: Vec<(Description, Table)>,
    /// Ticks of the movie per second.
    scale: TimeBase,
    /// Whether offsets are signed where that makes an edit needless.
    signed: bool,
}

impl Movie {
    pub(super) fn new(tracks: Vec<Description>, signed: bool) -> Self {
        let scale = scale(&tracks);
        let with_table = |track: Description| {
            let table = Table::new(track.kind(), track.preroll);
            (track, table)
        };
        Self { tracks: tracks.into_iter().map(with_table).collect(), scale, signed }
    }

    /// The table of the track at `index`.
    pub(super) fn table(&mut self, index: usize) -> &mut Table {
        &mut self.tracks[index].1
    }

    pub(super) fn describe(&self) -> impl Iterator<Item = &Description> {
        self.tracks.iter().map(|(track, _)| track)
    }

    /// Ticks of the movie per second.
    pub(super) const fn scale(&self) -> TimeBase {
        self.scale
    }

    /// `moov` of a file whose chunks lie `shift` bytes further back than they were put.
    pub(super) fn moov(&self, shift: u64) -> Vec<u8> {
        let place = |(track, table): &(Description, Table)| {
            table.place(TimeBase::hz(track.timescale), self.scale, self.signed)
        };
        let placed: Vec<Placed> = self.tracks.iter().map(place).collect();
        let duration = placed.iter().map(|placed| placed.timing.duration).max().unwrap_or(0);
        let next = next_track(self.describe().map(|track| track.id));
        let mut boxes = mvhd(next, self.scale.den(), duration);
        for ((track, table), placed) in self.tracks.iter().zip(&placed) {
            boxes.extend(trak(track, &placed.timing, &table.boxes(placed, shift)));
        }
        boxed(b"moov", &[&boxes])
    }

    /// `moov` that is put before all chunks and so moves them by its own length.
    pub(super) fn moov_before(&self) -> Vec<u8> {
        let mut moov = self.moov(0);
        loop {
            // Chunks may need wider offsets by the move; once they have them, the length stays.
            let moved = self.moov(moov.len() as u64);
            if moved.len() == moov.len() {
                return moved;
            }
            moov = moved;
        }
    }
}

/// Ticks in which a position on any track is a whole number, so that edits are exact; those of the finest track where there are no such
/// below 2^31.
pub(super) fn scale(tracks: &[Description]) -> TimeBase {
    let common = tracks.iter().try_fold(1_u32, |common, track| {
        let multiple = common.checked_mul(track.timescale / divisor(common, track.timescale))?;
        Some(multiple).filter(|ticks| *ticks < 1 << 31)
    });
    let finest = || tracks.iter().map(|track| track.timescale).max().unwrap_or(1);
    TimeBase::new(1, common.unwrap_or_else(finest)).unwrap_or(TimeBase::VIDEO)
}

fn divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// Bytes of `moov` at most, for as many samples in each track as `samples` says.
pub(super) fn len_at_most(tracks: &[Description], samples: impl Iterator<Item = u64>, seconds: u64) -> u64 {
    let mut len = BOX_HEADER as u64 + mvhd(1, 1, u64::MAX).len() as u64;
    // A chunk begins no sooner than the last one is half as long as it should be; the first and the last can be shorter.
    let chunks = 2 * (seconds * 1000).div_ceil(CHUNK.into()) + 2;
    for (track, samples) in tracks.iter().zip(samples) {
        let edit = header::Edit { duration: u64::MAX, media_time: 0 };
        let timing = header::Timing { duration: u64::MAX, media_duration: u64::MAX, edits: vec![edit, edit] };
        len += trak(track, &timing, &[]).len() as u64;
        len += table::len_at_most(track.kind(), samples, chunks.min(samples));
    }
    len
}
