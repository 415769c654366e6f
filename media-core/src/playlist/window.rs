//! The window: what of a live stream is listed.

use std::collections::VecDeque;
use std::sync::Arc;

use super::MILLISECOND;
use super::config::Config;
use super::date_range::{DateRange, DateRanges, Error};
use super::expiry::{Expired, Expiry};
use super::hls::Constants;
use super::listed::Listed;
use super::meter::Meter;
use super::names::Suffix;
use super::periods::Periods;
use super::rate::Bandwidth;
use crate::segment::{self, Format, Init};
use crate::time::WallTime;
use crate::track::{Track, TrackId};

/// The sliding list of the newest cuts, and of the parts of the one that is being made.
#[derive(Debug)]
pub struct Window {
    pub(super) config: Config,
    /// What playlists say of it, made once.
    pub(super) constants: Constants,
    pub(super) generations: VecDeque<Generation>,
    /// Every track there has been that has a list of its own, as it was last.
    pub(super) known: Vec<Track>,
    pub(super) periods: Periods,
    pub(super) cuts: VecDeque<Listed>,
    /// The cut that has parts and is not whole.
    pub(super) open: Option<Listed>,
    /// Parts so far.
    pub(super) parts: u64,
    pub(super) meters: Vec<Meter>,
    pub(super) ranges: DateRanges,
    pub(super) discontinuity_sequence: u64,
    /// Whether every segment so far could be decoded alone.
    pub(super) independent: bool,
    pub(super) published: WallTime,
    revision: u64,
    pub(super) finished: bool,
    pub(super) expiry: Expiry,
}

/// The tracks of some cuts.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) number: u32,
    pub(super) format: Format,
    /// What a file for all tracks is named after.
    leader: TrackId,
    pub(super) tracks: Arc<[Track]>,
}

impl Generation {
    /// The tracks that files are named after.
    pub(super) fn files(&self) -> impl Iterator<Item = &Track> {
        let shared = self.format.is_shared();
        self.tracks.iter().filter(move |track| !shared || track.id == self.leader)
    }
}

/// The newest thing that is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Last {
    /// Media sequence number of the last segment that is listed, be it whole or in parts.
    pub msn: u64,
    /// The index of its last part; `None` where no parts are listed of it.
    pub part: Option<u32>,
}

impl Window {
    /// A window that lists nothing yet.
    pub fn new(config: Config) -> Self {
        Self {
            constants: Constants::new(&config),
            discontinuity_sequence: config.discontinuity_sequence,
            config,
            generations: VecDeque::new(),
            known: Vec::new(),
            periods: Periods::new(),
            cuts: VecDeque::new(),
            open: None,
            parts: 0,
            meters: Vec::new(),
            ranges: DateRanges::default(),
            independent: true,
            published: WallTime::from_nanos(i64::MIN),
            revision: 0,
            finished: false,
            expiry: Expiry::new(),
        }
    }

    /// Lists what a segmenter gave out; its bytes must be ready to be served. `now` is the time of the clock that DASH players are told to
    /// set theirs by, so the server's own.
    ///
    /// The first part or cut ties the media to that clock: its last picture was taken when it came out, or at most a second earlier
    /// where the packets' own [`wall`](crate::packet::Packet::wall) says so. When the source's clock has gone apart from it by more than the target
    /// duration, for a minute, a new Period of the DASH manifest moves the live edge back to where it is.
    ///
    /// Parts are left alone unless the window was made for [low latency](super::Delivery::LowLatency).
    pub fn push(&mut self, output: &segment::Output, now: WallTime) {
        match output {
            segment::Output::Init(init) => {
                self.begin(init);
                // What a low-latency manifest had told ahead will not come.
                if !self.cuts.is_empty() {
                    self.publish(now);
                }
            }
            segment::Output::Part(part) => self.list_part(part, now),
            segment::Output::Cut(cut) => self.list_cut(cut, now),
            segment::Output::NeedKey(_) => {}
        }
    }

    /// Announces something that happens at a time of day: EXT-X-DATERANGE, RFC 8216bis 4.4.5.1. One that is listed already gets what is new in
    /// it. It leaves the list when it has ended before the first segment that is listed.
    ///
    /// # Errors
    /// When a playlist could not say it, or it contradicts what was said before. Nothing is changed then.
    pub fn announce(&mut self, range: DateRange, now: WallTime) -> Result<(), Error> {
        self.ranges.insert(range, now)?;
        self.changed();
        Ok(())
    }

    /// What can be removed from the store; `None` until more is pushed.
    ///
    /// A cut expires, and its parts with it, when, after it left the list, media has been pushed for its own length and that of the list
    /// (RFC 8216bis 6.2.2).
    pub fn poll(&mut self) -> Option<Expired> {
        self.expiry.poll()
    }

    /// The stream is over: players are told not to ask again. What is listed stays.
    pub fn finish(&mut self, now: WallTime) {
        if !self.finished {
            self.finished = true;
            self.publish(now);
        }
    }

    /// What was fixed at the beginning.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The tracks now in force; none before the first init segments.
    pub fn tracks(&self) -> &[Track] {
        self.generations.back().map_or(&[], |generation| &generation.tracks)
    }

    /// The tracks now in force that have a media playlist: all of them, or the leader of those that [share](Format::is_shared) a file.
    pub fn listed_tracks(&self) -> impl Iterator<Item = &Track> {
        self.generations.back().into_iter().flat_map(Generation::files)
    }

    /// Every track with a media playlist that the stream has had, as it was last. A player that began when one was there goes on asking for its
    /// playlist.
    pub fn known_tracks(&self) -> &[Track] {
        &self.known
    }

    /// The numbers of the cuts that are listed whole, oldest first.
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.cuts.iter().map(|cut| cut.number)
    }

    /// The end of the list; `None` while nothing is listed.
    pub fn last(&self) -> Option<Last> {
        let last = self.open.as_ref().or(self.cuts.back())?;
        Some(Last { msn: last.number, part: last.parts.count.checked_sub(1) })
    }

    /// How many parts a cut that is listed has, or has so far; none where parts are no longer, or not, listed.
    pub fn parts_of(&self, number: u64) -> u32 {
        let cut = self.open.iter().chain(self.cuts.iter().rev()).find(|cut| cut.number == number);
        cut.map_or(0, |cut| cut.parts.count)
    }

    /// The number of the cut that has parts listed, but is not whole.
    pub fn open_number(&self) -> Option<u64> {
        self.open.as_ref().map(|open| open.number)
    }

    /// How many parts have been listed since the stream began: the number in the name of the next, which a preload hint tells.
    pub const fn part_count(&self) -> u64 {
        self.parts
    }

    /// What the names of a generation's segments of a track end with; `None` when nothing of it is listed or asked for any more.
    pub fn suffix(&self, generation: u32, track: TrackId) -> Option<Suffix> {
        let generation = self.began(generation)?;
        let track = generation.files().find(|known| known.id == track)?;
        Some(Suffix::of(generation.format, track))
    }

    /// The same of the newest generation: what the next segment's name ends with.
    pub fn newest_suffix(&self, track: TrackId) -> Option<Suffix> {
        self.suffix(self.generations.back()?.number, track)
    }

    /// What a track was measured to take; `None` before its first segment.
    pub fn bandwidth(&self, track: TrackId) -> Option<Bandwidth> {
        self.meters.iter().find(|meter| meter.track == track)?.bandwidth()
    }

    /// When the cuts that are listed, or what is to follow them, changed last, by the clock given to [`push`](Self::push), strictly increasing from change to change; `None`
    /// before the first cut.
    pub fn published(&self) -> Option<WallTime> {
        (!self.cuts.is_empty()).then_some(self.published)
    }

    /// What a cut that is listed, or still asked for, is of; for one that has not begun, the newest.
    pub(crate) fn generation_of(&self, number: u64) -> Option<u32> {
        let listed = self.open.iter().chain(self.cuts.iter().rev()).find(|cut| cut.number == number);
        let newest = || self.generations.back().map(|newest| newest.number);
        listed.map(|cut| cut.generation).or_else(|| self.expiry.generation_of(number)).or_else(newest)
    }

    /// Counts the changes of anything that is listed, parts included: while it stays, all texts stay.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// Whether the stream is over.
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    fn begin(&mut self, init: &Init) {
        self.drop_unused();
        let generation = Generation {
            number: init.generation,
            format: init.format,
            leader: init.leader,
            tracks: init.tracks.clone(),
        };
        for track in generation.files() {
            match self.known.iter_mut().find(|known| known.id == track.id) {
                Some(known) => known.clone_from(track),
                None => self.known.push(track.clone()),
            }
            match self.meters.iter_mut().find(|meter| meter.track == track.id) {
                Some(meter) => meter.restart(),
                None => self.meters.push(Meter::new(track.id)),
            }
        }
        self.generations.push_back(generation);
        self.changed();
    }

    /// Drops the last generation when it came to no cut: a source may announce tracks over and over.
    fn drop_unused(&mut self) {
        let Some(number) = self.generations.back().map(|last| last.number) else { return };
        let last = self.open.as_ref().or(self.cuts.back());
        if last.is_none_or(|cut| cut.generation != number) && !self.expiry.holds(number) {
            self.generations.pop_back();
            self.expiry.drop_init(number);
        }
    }

    /// The tracks of a generation.
    pub(super) fn generation(&self, number: u32) -> Option<&Arc<[Track]>> {
        self.began(number).map(|generation| &generation.tracks)
    }

    /// Those that cuts are listed of, and the newest.
    pub(super) fn listed_generations(&self) -> impl DoubleEndedIterator<Item = &Generation> {
        let newest = self.generations.back().map_or(0, |newest| newest.number);
        let first = self.cuts.front().map_or(newest, |first| first.generation);
        self.generations.iter().filter(move |generation| generation.number >= first)
    }

    /// A generation that something is still listed or asked for of.
    pub(super) fn began(&self, number: u32) -> Option<&Generation> {
        self.generations.iter().find(|generation| generation.number == number)
    }

    /// Notes that the cuts that are listed have changed: at `now`, or a millisecond after the last change when that is not later.
    pub(super) fn publish(&mut self, now: WallTime) {
        self.published = now.max(self.published.after(MILLISECOND));
        self.changed();
    }

    /// Notes that some text has changed.
    pub(super) const fn changed(&mut self) {
        self.revision += 1;
    }
}
