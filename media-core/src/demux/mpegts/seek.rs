//! Going on at another time, and how long a source lasts.

use super::packet::Framer;
use super::search::{Found, Search};
use super::{Demuxer, Lane, Table};
use crate::demux::Source;
use crate::time::{TimeBase, Unwrapper};

impl Demuxer {
    /// Goes on at the last place where what is shown at `nanos` can be decoded from, or at the beginning. Times are those of the packets, in
    /// nanoseconds; the first packet of a source tells where it begins.
    ///
    /// What comes next are the tracks, then pictures from a key picture on, and sound from the PES packet on that has its time. Until then
    /// [`wants`](crate::demux::Demux::wants) asks for other places: some twenty in a file of gigabytes, a stamp at each, then a megabyte and more back to a
    /// key picture. Outputs that were not polled are gone.
    ///
    /// `false`, and nothing changed, where that is not possible: from a stream, and before the tracks were announced.
    pub fn seek(&mut self, nanos: i64) -> bool {
        let Some((len, start)) = self.is_searchable() else { return false };
        self.common.out.restart();
        self.restart();
        let target = TimeBase::VIDEO.from_nanos(nanos);
        self.search = Some(Box::new(Search::place(len, self.elsewhere(), start, target)));
        true
    }

    /// Reads the end of the source next, which tells its [duration](Self::duration), and then goes on where it was.
    ///
    /// `false`, and nothing changed, where that is not possible: from a stream, before the tracks were announced, and on the way to another time.
    pub fn measure(&mut self) -> bool {
        let Some((len, start)) = self.is_searchable().filter(|_| self.search.is_none()) else { return false };
        self.search = Some(Box::new(Search::end(len, self.elsewhere(), start)));
        true
    }

    /// How long the source lasts, in nanoseconds: from the first PTS to the end of the last access unit. `None` before that was
    /// [measured](Self::measure), and where the end is before the beginning.
    pub fn duration(&self) -> Option<i64> {
        let start = self.lanes.iter().filter_map(Lane::start).min()?;
        let duration = self.end?.checked_sub(TimeBase::VIDEO.to_nanos(start))?;
        (duration > 0).then_some(duration)
    }

    /// Takes bytes that a search wanted.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        let Some(found) = self.search.as_mut().and_then(|search| search.push(bytes)) else { return };
        self.search = None;
        match found {
            Found::End(end) => self.end = end,
            Found::Place(places) => {
                if !places.is_empty() {
                    self.lanes.iter_mut().for_each(Lane::await_key);
                }
                self.taken = places.values().copied().min().unwrap_or(0);
                (self.framer, self.skipped) = (Framer::at(self.taken), places);
            }
        }
    }

    /// The length of the source and the clock at its beginning.
    fn is_searchable(&self) -> Option<(u64, Unwrapper<33>)> {
        let Source::Seekable { len } = self.source else { return None };
        let is_ready = !self.is_over && self.common.out.is_started() && !self.lanes.is_empty();
        self.common.start.filter(|_| is_ready).map(|start| (len, start))
    }

    fn elsewhere(&self) -> Vec<Lane> {
        self.lanes.iter().map(Lane::elsewhere).collect()
    }

    /// Forgets what came last of each stream.
    fn restart(&mut self) {
        self.faults += self.lanes.iter().map(Lane::faults).sum::<u64>();
        self.lanes = self.elsewhere();
        (self.framer, self.association) = (Framer::at(self.taken), Table::default());
        self.maps.values_mut().for_each(|map| *map = Table::default());
        self.common.clock = self.common.start.unwrap_or_default();
    }
}
