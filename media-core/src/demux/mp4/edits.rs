//! Edit lists, ISO/IEC 14496-12 8.6.6: which samples are played, and when.
//!
//! The presentation begins at the movie's zero. An empty edit moves what follows later; the media time of an edit moves it earlier, and what
//! is decoded before it without being shown keeps its place, before the edit's start. Times come on the track's own line: the start of an
//! edit is one absolute position, rounded once from the movie's time scale.

use bytes::Bytes;

use super::Faults;
use super::boxes::Rows;
use super::table::{Cursor, Sample, Tables};
use crate::bits::Reader;
use crate::time::{TimeBase, Timestamp};
use crate::track::Kind;

/// One edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// Where it begins and ends on the track's presentation line; no end where it lasts as long as the media.
    start: i64,
    end: Option<i64>,
    /// In media time.
    media: i64,
    /// By how many ticks the end may be off.
    noise: i64,
}

/// Samples that are played one after the other, all moved by as much.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) from: Cursor,
    /// The number of the first sample that is not played.
    pub(super) to: u64,
    /// Presentation time less media time.
    pub(super) shift: i64,
    pub(super) start: i64,
    pub(super) end: Option<i64>,
    /// By how many ticks the end may be off.
    pub(super) noise: i64,
}

/// Reads `elst`: the edits that show something. Durations are in ticks of `movie`, media times in ticks of `media`.
pub(super) fn read(elst: &Bytes, movie: Option<TimeBase>, media: TimeBase, faults: &mut Faults) -> Vec<Edit> {
    let wide = elst.first() == Some(&1);
    let width = if wide { 20 } else { 12 };
    let Some(rows) = Rows::of(elst, width, &mut faults.tables) else { return Vec::new() };
    let mut line = 0_i64;
    let mut edits = Vec::new();
    let place = |line| movie.map_or(0, |movie| Timestamp::new(line).rescale(movie, media).ticks());
    let noise = noise(movie, media);
    faults.edits += rows.len().saturating_sub(MAX_EDITS) as u64;
    for row in (0..rows.len().min(MAX_EDITS)).filter_map(|row| rows.get(row)) {
        let Some((duration, time, rate)) = fields(row, wide) else { break };
        let start = place(line);
        line = line.saturating_add(duration);
        if time < 0 {
            continue;
        }
        faults.edits += u64::from(rate != 0x0001_0000);
        // Nothing lasts no time; writers that do not know the end put zero there, and it does not depend on a movie without a time scale.
        let end = (duration > 0 && movie.is_some()).then(|| place(line));
        edits.push(Edit { start, end, media: time, noise });
    }
    edits
}

/// The end of an edit is rounded to the movie's ticks, by some writers up and by some down, at both of its ends. More than two milliseconds is
/// no rounding, however long the ticks are. Where each tick of the media is a whole number of the movie's, there is nothing to round.
fn noise(movie: Option<TimeBase>, media: TimeBase) -> i64 {
    if movie
        .is_some_and(|movie| movie.num() == 1 && media.num() == 1 && movie.den().is_multiple_of(media.den()))
    {
        return 0;
    }
    let ticks = movie.map_or(0, |movie| Timestamp::new(2).rescale(movie, media).ticks());
    ticks.min(i64::from(media.den() / 500))
}

fn fields(row: &[u8], wide: bool) -> Option<(i64, i64, u32)> {
    let mut reader = Reader::new(row);
    let (duration, time) = if wide {
        (reader.u64().ok()?.min(i64::MAX as u64) as i64, reader.u64().ok()?.cast_signed())
    } else {
        (reader.u32().ok()?.into(), reader.u32().ok()?.cast_signed().into())
    };
    Some((duration, time, reader.u32().ok()?))
}

/// The shift and the priming of a track whose samples are in fragments: only where its first edit begins counts.
pub(super) fn of_fragments(edits: &[Edit], kind: Kind, faults: &mut Faults) -> (i64, u32) {
    let Some(first) = edits.first() else { return (0, 0) };
    faults.edits += edits.len() as u64 - 1;
    let priming = if kind == Kind::Audio { u32::try_from(first.media).unwrap_or(0) } else { 0 };
    (first.start.saturating_sub(first.media), priming)
}

/// What of the tables is played, and the priming.
pub(super) fn of_tables(
    tables: &Tables,
    edits: &[Edit],
    kind: Kind,
    base: TimeBase,
    faults: &mut Faults,
) -> (Vec<Piece>, u32) {
    let whole =
        Piece { from: Cursor::start(tables), to: u64::MAX, shift: 0, start: i64::MIN, end: None, noise: 0 };
    if edits.is_empty() {
        return (vec![whole], 0);
    }
    let (low, high) = tables.compositions();
    let mut search = Search {
        tables,
        kind,
        // What sound needs before it, at most: a decoder warms up in well under a second.
        ahead: if kind == Kind::Audio { i64::from(base.den() / base.num().max(1)) } else { 0 },
        low: low.into(),
        end: tables.duration().saturating_add(high.into()),
        left: tables.cost().saturating_mul(8).saturating_add(1 << 20),
        cursor: Cursor::start(tables),
    };
    let pieces: Vec<_> = edits.iter().filter_map(|edit| search.piece(edit)).collect();
    faults.edits += (edits.len() - pieces.len()) as u64;
    let first = pieces.first().and_then(|piece| {
        let sample = piece.from.clone().next(tables, &mut Faults::default())?;
        Some(piece.start.saturating_sub(piece.shift).saturating_sub(sample.pts()))
    });
    let priming = first.unwrap_or(0);
    let priming = if kind == Kind::Audio { u32::try_from(priming).unwrap_or(0) } else { 0 };
    (pieces, priming)
}

/// Before the last sample, from a place on, where decoding can start for what is shown at `media`; that place where there is none.
pub(super) fn last_start(tables: &Tables, kind: Kind, from: &Cursor, media: i64) -> Cursor {
    let mut search = Search {
        tables,
        kind,
        ahead: 0,
        low: tables.compositions().0.into(),
        end: 0,
        left: u64::MAX,
        cursor: from.clone(),
    };
    search.start_behind(from.clone(), media).unwrap_or_else(|| from.clone())
}

/// Looks samples up by time, from the front to the back.
struct Search<'a> {
    tables: &'a Tables,
    kind: Kind,
    ahead: i64,
    /// The lowest composition offset.
    low: i64,
    /// No sample is shown as late as this.
    end: i64,
    /// Samples and rows that may still be looked at: a list of many short edits far apart must not cost more than some times the table.
    left: u64,
    cursor: Cursor,
}

impl Search<'_> {
    fn piece(&mut self, edit: &Edit) -> Option<Piece> {
        let from = self.start(edit.media)?;
        let end = edit.end.map(|end| edit.media.saturating_add(end.saturating_sub(edit.start)));
        let to = match end {
            Some(end) if end < self.end => self.stop(&from, end)?,
            _ => u64::MAX,
        };
        let shift = edit.start.saturating_sub(edit.media);
        Some(Piece { from, to, shift, start: edit.start, end: edit.end, noise: edit.noise })
    }

    /// Before the last sample where decoding can start for what is shown at `media`.
    fn start(&mut self, media: i64) -> Option<Cursor> {
        let wanted = media.saturating_sub(self.ahead);
        let mut at = Cursor::start(self.tables);
        // Going on from the last place is enough where time goes on.
        if let Some(next) = self.next(&mut self.cursor.clone())?
            && next.pts() <= wanted
            && (self.kind == Kind::Audio || next.sync != Some(false))
        {
            at = self.cursor.clone();
        }
        let best = self.start_behind(at, wanted)?;
        self.cursor = best.clone();
        Some(best)
    }

    fn start_behind(&mut self, mut at: Cursor, wanted: i64) -> Option<Cursor> {
        let mut best = at.clone();
        loop {
            let before = at.clone();
            let Some(sample) = self.next(&mut at)? else { break };
            if sample.dts.saturating_add(self.low) > wanted {
                break;
            }
            let starts = self.kind == Kind::Audio || sample.sync != Some(false) || sample.group.is_some();
            if starts && sample.pts() <= wanted {
                best = before;
            }
        }
        Some(best)
    }

    /// The sample behind a place, of which `None` is the end; `None` of all where it would cost too much.
    fn next(&mut self, at: &mut Cursor) -> Option<Option<Sample>> {
        if self.left == 0 {
            return None;
        }
        let cost = at.cost();
        let sample = at.next(self.tables, &mut Faults::default());
        self.left = self.left.saturating_sub(at.cost() - cost);
        (self.left > 0).then_some(sample)
    }

    /// The number of the first sample, in decoding order, that is not needed for anything shown before `end`.
    fn stop(&mut self, from: &Cursor, end: i64) -> Option<u64> {
        let mut at = from.clone();
        let mut to = from.index();
        while let Some(sample) = self.next(&mut at)? {
            if sample.pts() < end {
                to = at.index();
            }
            if sample.dts.saturating_add(self.low) >= end {
                break;
            }
        }
        Some(to)
    }
}

/// Edits of a track that are followed.
const MAX_EDITS: usize = 1024;
