//! One file of a generation on its way: the tracks that are in it, the muxer that writes it, and the pieces of the segment being made.

use std::ops::Range;

use bytes::Bytes;

use super::lane::{Lane, Taken};
use super::part::Stretch;
use super::writer::{Place, Writer};
use super::{Chunk, Error, KeyFrame, Piece, Refusal, Segment};
use crate::mux::Rope;
use crate::time::Timestamp;
use crate::track::TrackId;

#[derive(Debug)]
pub(super) struct File {
    track: TrackId,
    /// Which of the lanes are in it.
    lanes: Range<usize>,
    /// The lane whose times are the file's.
    leader: usize,
    writer: Writer,
    /// Of the segment that is being made.
    pieces: Vec<Piece>,
    keys: Vec<KeyFrame>,
    bytes: u64,
    packets: usize,
}

impl File {
    pub(super) const fn new(track: TrackId, lanes: Range<usize>, leader: usize, writer: Writer) -> Self {
        Self { track, lanes, leader, writer, pieces: Vec::new(), keys: Vec::new(), bytes: 0, packets: 0 }
    }

    pub(super) fn header(&self) -> Bytes {
        self.writer.header()
    }

    /// Time goes elsewhere.
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        self.writer.restart().map_err(|source| self.refused(source))
    }

    pub(super) fn into_writer(self) -> Writer {
        self.writer
    }

    /// Bytes of the pieces of the segment that is being made; packets, and pieces.
    pub(super) const fn held(&self) -> (u64, usize) {
        (self.bytes, self.packets + self.pieces.len())
    }

    /// Whether the segment that is being made has a piece.
    pub(super) const fn is_begun(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// Writes what was taken from `lanes`, one entry each, as the next piece of the segment. What cannot be written leaves a gap.
    pub(super) fn write(
        &mut self,
        lanes: &mut [Lane],
        taken: &mut [Option<Taken>],
        stretch: Stretch,
    ) -> Result<(), Error> {
        let taken = &mut taken[self.lanes.clone()];
        let leader = self.leader - self.lanes.start;
        let mut result = Ok(());
        let mut rope = Rope::new();
        if taken.iter().any(Option::is_some) {
            let place = Place { begins: self.bytes == 0, ending: stretch.ending };
            match self.writer.write(&lanes[self.lanes.clone()], leader, taken, place) {
                Ok(written) => {
                    let at = self.bytes;
                    let moved =
                        |key: KeyFrame| KeyFrame { bytes: key.bytes.start + at..key.bytes.end + at, ..key };
                    self.keys.extend(written.keys.into_iter().map(moved));
                    rope = written.rope;
                    result = written.lost.map_or(Ok(()), |source| Err(self.refused(source)));
                }
                Err(source) => result = Err(self.refused(source)),
            }
        }
        self.packets += taken.iter().flatten().map(|taken| taken.packets.len()).sum::<usize>();
        let lead = taken[leader].as_ref().filter(|_| !rope.is_empty());
        let piece = self.piece(&mut lanes[self.leader], lead, stretch, rope);
        self.bytes += piece.rope.len();
        self.pieces.push(piece);
        result
    }

    fn piece(&self, lane: &mut Lane, lead: Option<&Taken>, stretch: Stretch, rope: Rope) -> Piece {
        let first = lead.map(|taken| &taken.packets[0]);
        let (start, ticks) = lane.piece(lead, stretch, self.pieces.is_empty());
        Piece {
            track: self.track,
            start,
            duration: ticks.max(1).unsigned_abs(),
            gap: rope.is_empty(),
            independent: first.is_none_or(|packet| lane.is_independent(packet)),
            wall: first.and_then(|packet| lane.wall(packet, start)),
            rope,
        }
    }

    /// Takes back the last piece, a gap.
    pub(super) fn drop_last(&mut self) {
        self.pieces.pop();
    }

    /// The piece that was written last.
    pub(super) fn last(&self) -> Option<&Piece> {
        self.pieces.last()
    }

    /// The segment of all pieces; `lists_parts` where these came out before.
    pub(super) fn cut(&mut self, lane: &Lane, lists_parts: bool) -> Segment {
        let pieces = std::mem::take(&mut self.pieces);
        let (start, end) = span(pieces.iter());
        // Media that came too late for its part lies before the gap it left.
        let (start, end) = if lane.allows(start, end) || pieces.iter().all(|piece| piece.gap) {
            (start, end)
        } else {
            span(pieces.iter().filter(|piece| !piece.gap))
        };
        let first = pieces.iter().find(|piece| !piece.gap);
        let wall =
            first.and_then(|first| Some(first.wall?.after(lane.base().to_nanos(start.since(first.start)))));
        let independent = first.is_none_or(|first| first.independent);
        let gap = first.is_none();
        let parts = if lists_parts { pieces.iter().map(chunk).collect() } else { Vec::new() };
        let mut rope = Rope::new();
        pieces.into_iter().for_each(|piece| rope.append(piece.rope));
        (self.bytes, self.packets) = (0, 0);
        Segment {
            track: self.track,
            start,
            duration: end.since(start).max(1).unsigned_abs(),
            rope,
            parts,
            keys: std::mem::take(&mut self.keys),
            gap,
            wall,
            independent,
        }
    }

    pub(super) const fn leader(&self) -> usize {
        self.leader
    }

    const fn refused(&self, source: Refusal) -> Error {
        Error::Mux { track: self.track.get(), source }
    }
}

/// From where the first of `pieces` begins to where the last ends.
fn span<'a>(pieces: impl Iterator<Item = &'a Piece> + Clone) -> (Timestamp, Timestamp) {
    let end = |piece: &Piece| piece.start.saturating_add(i64::try_from(piece.duration).unwrap_or(i64::MAX));
    let start = pieces.clone().map(|piece| piece.start).min().unwrap_or(Timestamp::ZERO);
    (start, pieces.map(end).max().unwrap_or(start))
}

const fn chunk(piece: &Piece) -> Chunk {
    Chunk {
        start: piece.start,
        duration: piece.duration,
        bytes: piece.rope.len(),
        gap: piece.gap,
        independent: piece.independent,
    }
}
