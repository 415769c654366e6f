//! Lets parts and cuts out: takes from each track what lies before their end, and has it written.

use super::file::File;
use super::lane::Lane;
use super::part::{Ending, Length, Stretch};
use super::position::Position;
use super::{Cut, End, Error, Open, Output, Part, Segmenter};

impl Segmenter {
    /// Lets out what was decided, as far as all tracks have reached it, or have been waited for long enough.
    pub(super) fn complete(&mut self) -> Result<(), Error> {
        let mut result = Ok(());
        while let Some(open) = &self.open
            && let Some(&end) = open.ends.front()
        {
            let behind = open.newest.after(-self.lag());
            let here = |lane: &Lane| lane.reaches(end.at) || lane.is_given_up(behind);
            if !self.lanes.iter().all(here) && open.newest.since(end.at) < self.lag() {
                break;
            }
            result = result.and(self.emit_next());
        }
        result
    }

    /// Lets out what was decided first.
    pub(super) fn emit_next(&mut self) -> Result<(), Error> {
        let Some(end) = self.open.as_mut().and_then(|open| open.ends.pop_front()) else { return Ok(()) };
        let ending = if end.is_cut { Ending::Cut } else { Ending::Part };
        let emitted = self.emit_part(Some(end.at), ending);
        if end.is_cut {
            self.emit_cut(Some(end.at));
        }
        emitted
    }

    /// Lets out all that was decided.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        let mut result = Ok(());
        while self.open.as_ref().is_some_and(|open| !open.ends.is_empty()) {
            result = result.and(self.emit_next());
        }
        result
    }

    /// Lets out all that is here as far as it fits into one segment, whatever was decided.
    pub(super) fn emit_all(&mut self, ending: Ending) -> Result<(), Error> {
        let emitted = self.emit_part(None, ending);
        self.emit_cut(None);
        emitted
    }

    /// Ends everything that is open: the stream, or where it breaks.
    pub(super) fn close(&mut self, ending: Ending) -> Result<(), Error> {
        // What is said to last for ever does not.
        let silence = self.silence();
        let end = |lane: &Lane| Some(lane.likely_end()?.min(lane.latest()?.after(silence)));
        if let Some(end) = self.lanes.iter().filter_map(end).max() {
            self.parts_before(end);
        }
        let mut result = self.flush();
        while self.is_holding() {
            result = result.and(self.emit_all(ending));
        }
        self.open = None;
        result
    }

    fn is_holding(&self) -> bool {
        self.lanes.iter().any(|lane| lane.packets() > 0) || self.files.iter().any(|file| file.is_begun())
    }

    /// Takes from each track what begins before `end` (all that fits into the segment, for `None`) and writes it.
    fn emit_part(&mut self, end: Option<Position>, ending: Ending) -> Result<(), Error> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut taken: Vec<_> = self.lanes.iter_mut().map(|lane| lane.take(end, ending)).collect();
        let ends = self.lanes.iter().zip(&taken);
        let ends = ends.filter_map(|(lane, taken)| Some(lane.at(taken.as_ref()?.end)));
        // Late packets alone do not move it back.
        let end = end.unwrap_or_else(|| ends.fold(open.part, Position::max));
        let length = self.config.part.map(Length::new);
        let stretch = Stretch { from: open.part, end, ending, length };
        open.part = end;
        let begun = self.files.iter().any(File::is_begun);
        // A part in which nothing is heard or seen has its place in a segment that has begun.
        if taken.iter().all(Option::is_none) && (length.is_none() || !begun || end <= stretch.from) {
            return Ok(());
        }
        let mut result = Ok(());
        for file in &mut self.files {
            result = result.and(file.write(&mut self.lanes, &mut taken, stretch));
        }
        let is_gap = self.files.iter().all(|file| file.last().is_none_or(|piece| piece.gap));
        if is_gap && (length.is_none() || !begun) {
            self.files.iter_mut().for_each(File::drop_last);
        } else if length.is_some() {
            self.put_part();
        }
        result
    }

    fn put_part(&mut self) {
        let pieces: Vec<_> = self.files.iter().filter_map(|file| file.last().cloned()).collect();
        let part = Part {
            number: self.number,
            index: self.parts,
            generation: self.generations.saturating_sub(1),
            discontinuity: self.discontinuity,
            pieces,
        };
        self.parts += 1;
        self.out.push_back(Output::Part(part));
    }

    /// What was written since the last cut is the next one, which ends at `end` (where its media ends, for `None`).
    pub(super) fn emit_cut(&mut self, end: Option<Position>) {
        let Some(Open { start, part, .. }) = &mut self.open else { return };
        let end = end.unwrap_or(*part);
        (*start, *part) = (end, end);
        self.lanes.iter_mut().for_each(Lane::cut);
        let lists_parts = self.config.part.is_some();
        let cut =
            |file: &mut File| file.is_begun().then(|| file.cut(&self.lanes[file.leader()], lists_parts));
        let segments: Vec<_> = self.files.iter_mut().filter_map(cut).collect();
        self.parts = 0;
        if segments.is_empty() {
            return;
        }
        let cut = Cut {
            number: self.number,
            generation: self.generations.saturating_sub(1),
            discontinuity: self.discontinuity,
            segments,
        };
        self.out.push_back(Output::Cut(cut));
        self.number += 1;
        self.discontinuities += u64::from(self.discontinuity);
        (self.discontinuity, self.begun) = (false, true);
        self.ended = Some(end.base.to_nanos(end.time.ticks()));
    }

    /// Whether more is held than is allowed.
    pub(super) fn is_full(&self) -> bool {
        let held = self.files.iter().map(|file| file.held());
        let (mut bytes, mut packets) = held.fold((0_u64, 0), |sum, held| (sum.0 + held.0, sum.1 + held.1));
        bytes += self.lanes.iter().map(|lane| lane.bytes() as u64).sum::<u64>();
        packets += self.lanes.iter().map(Lane::packets).sum::<usize>();
        bytes > self.config.max_bytes as u64 || packets > self.config.max_packets.max(1)
    }

    /// What is decided but not out yet.
    pub(super) fn push_end(&mut self, at: Position, is_cut: bool) {
        if let Some(open) = &mut self.open {
            open.ends.push_back(End { at, is_cut });
        }
    }
}
