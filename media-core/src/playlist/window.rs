//! The window: what of a live stream is listed, and when it goes.

use std::collections::VecDeque;
use std::sync::Arc;

use super::config::Config;
use super::expiry::{Expired, Expiry};
use super::hls;
use super::listed::{Line, Listed};
use super::meter::{Bandwidth, Meter};
use super::names::SUFFIX;
use super::periods::Periods;
use super::placed::Placed;
use super::{MILLISECOND, SECOND};
use crate::segment::{self, Cut, Init};
use crate::time::WallTime;
use crate::track::{Track, TrackId};

/// The sliding list of the newest cuts.
#[derive(Debug)]
pub struct Window {
    pub(super) config: Config,
    generations: VecDeque<Generation>,
    /// Every track there has been, as it was last.
    pub(super) known: Vec<Track>,
    pub(super) periods: Periods,
    pub(super) cuts: VecDeque<Listed>,
    meters: Vec<Meter>,
    pub(super) discontinuity_sequence: u64,
    /// Whether every segment so far could be decoded alone.
    pub(super) independent: bool,
    pub(super) published: WallTime,
    pub(super) finished: bool,
    expiry: Expiry,
}

#[derive(Debug)]
struct Generation {
    number: u32,
    tracks: Arc<[Track]>,
}

impl Window {
    /// A window that lists nothing yet.
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            generations: VecDeque::new(),
            known: Vec::new(),
            periods: Periods::new(),
            cuts: VecDeque::new(),
            meters: Vec::new(),
            discontinuity_sequence: 0,
            independent: true,
            published: WallTime::from_nanos(i64::MIN),
            finished: false,
            expiry: Expiry::new(),
        }
    }

    /// Lists what a segmenter gave out; its bytes must be ready to be served. `now` is the time of the clock that DASH players are told to
    /// set theirs by, so the server's own.
    ///
    /// The first cut ties the media to that clock: its last picture was taken when the cut came out, or at most a second earlier
    /// where the packets' own [`wall`](crate::packet::Packet::wall) says so. When the source's clock has gone apart from it by more than the target
    /// duration, for a minute, a new Period of the DASH manifest moves the live edge back to where it is.
    pub fn push(&mut self, output: &segment::Output, now: WallTime) {
        match output {
            segment::Output::Init(init) => self.begin(init),
            segment::Output::Cut(cut) => self.list(cut, now),
            segment::Output::Part(_) | segment::Output::NeedKey(_) => {}
        }
    }

    /// What can be removed from the store; `None` until more is pushed.
    ///
    /// A cut expires when, after it left the list, media has been pushed for its own length and that of the list (RFC 8216bis 6.2.2).
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

    /// Every track that the stream has had, as it was last. A player that began when one was there goes on asking for its playlist.
    pub fn known_tracks(&self) -> &[Track] {
        &self.known
    }

    /// The numbers of the cuts that are listed, oldest first.
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.cuts.iter().map(|cut| cut.number)
    }

    /// What a track was measured to take; `None` before its first segment.
    pub fn bandwidth(&self, track: TrackId) -> Option<Bandwidth> {
        self.meters.iter().find(|meter| meter.track == track)?.bandwidth()
    }

    /// When the lists changed last, by the clock given to [`push`](Self::push), strictly increasing from change to change; `None` before the first cut.
    pub fn published(&self) -> Option<WallTime> {
        self.periods.origin.map(|_| self.published)
    }

    /// Whether the stream is over.
    pub const fn is_finished(&self) -> bool {
        self.finished
    }

    fn begin(&mut self, init: &Init) {
        for track in init.tracks.iter() {
            match self.known.iter_mut().find(|known| known.id == track.id) {
                Some(known) => known.clone_from(track),
                None => self.known.push(track.clone()),
            }
            match self.meters.iter_mut().find(|meter| meter.track == track.id) {
                Some(meter) => meter.restart(),
                None => self.meters.push(Meter::new(track.id)),
            }
        }
        self.drop_unused();
        self.generations.push_back(Generation { number: init.generation, tracks: init.tracks.clone() });
    }

    /// Drops the last generation when it came to no cut: a source may announce tracks over and over.
    fn drop_unused(&mut self) {
        let Some(number) = self.generations.back().map(|last| last.number) else { return };
        let listed = self.cuts.back().is_some_and(|cut| cut.generation == number);
        if !listed && !self.expiry.holds(number) {
            self.generations.pop_back();
            self.expiry.drop_init(number);
        }
    }

    fn list(&mut self, cut: &Cut, now: WallTime) {
        let Some(tracks) = self.generation(cut.generation).cloned() else { return };
        let placed: Vec<_> =
            cut.segments.iter().filter_map(|segment| Placed::new(segment, &tracks)).collect();
        let Some(duration) = placed.iter().map(Placed::nanos).min() else { return };
        let Some(end) = placed.iter().filter(|placed| !placed.segment.gap).map(Placed::end).max() else {
            return;
        };
        let begin = Placed::leading(&placed);
        let longest = i64::from(self.config.target_duration.max(1)) * SECOND;
        let origin = self.periods.anchor(&placed, end, now);
        let late = now.since(origin.wall(end));
        let bounds = (longest, self.expiry.pushed);
        let moved = self.periods.follow((origin, begin), late, cut.discontinuity, bounds);
        let returns = placed.iter().any(|placed| self.returns(placed));
        let period = self.periods.place(cut, (origin, begin, end), returns, moved);
        let mut lines = Vec::with_capacity(placed.len());
        for placed in &placed {
            let Some(meter) = self.meters.iter_mut().find(|meter| meter.track == placed.segment.track) else {
                continue;
            };
            let wall = meter.wall(placed, origin);
            meter.measure(placed, longest);
            self.independent &= placed.segment.independent;
            lines.push(Line {
                track: placed.segment.track,
                start: placed.segment.start,
                duration: placed.segment.duration,
                gap: placed.segment.gap,
                tags: hls::segment_tags(placed, wall),
            });
        }
        self.cuts.push_back(Listed {
            number: cut.number,
            generation: cut.generation,
            discontinuity: cut.discontinuity,
            line_end: format!("{}{SUFFIX}\n", cut.number),
            period,
            duration,
            lines,
        });
        self.expiry.pushed = self.expiry.pushed.saturating_add(duration);
        self.slide();
        self.publish(now);
    }

    pub(super) fn generation(&self, number: u32) -> Option<&Arc<[Track]>> {
        self.generations
            .iter()
            .find(|generation| generation.number == number)
            .map(|generation| &generation.tracks)
    }

    /// Whether a track comes back from a gap.
    fn returns(&self, placed: &Placed<'_>) -> bool {
        let line = self.cuts.back().and_then(|last| last.line(placed.segment.track));
        !placed.segment.gap && line.is_some_and(|line| line.gap)
    }

    /// Drops from the head what is over the size.
    fn slide(&mut self) {
        let size = self.config.size.max(1);
        let least = 3 * i64::from(self.config.target_duration.max(1)) * SECOND;
        let mut listed: i64 = self.cuts.iter().map(|cut| cut.duration).sum();
        // The longest list that a player has seen it in: the one before the newest cut came.
        let longest = listed - self.cuts.back().map_or(0, |newest| newest.duration);
        while self.cuts.len() > size
            && let Some(first) = self.cuts.front()
            && (listed - first.duration >= least || self.cuts.len() > size.saturating_mul(OVERFULL))
        {
            let after = longest.saturating_add(first.duration);
            listed -= first.duration;
            self.discontinuity_sequence += u64::from(first.discontinuity);
            self.expiry.unlist(first.number, first.generation, after);
            self.cuts.pop_front();
        }
        self.periods.drop_before(self.cuts.front().map_or(0, |first| first.period));
        self.expire();
    }

    fn expire(&mut self) {
        let listed = self.cuts.front().map_or(0, |first| first.generation);
        let oldest = self.expiry.expire().unwrap_or(listed);
        while let Some(first) = self.generations.front()
            && first.number < oldest
        {
            self.expiry.drop_init(first.number);
            self.generations.pop_front();
        }
        self.meters.retain(|meter| {
            self.generations
                .iter()
                .any(|generation| generation.tracks.iter().any(|track| track.id == meter.track))
        });
    }

    /// Notes that the texts have changed: at `now`, or a millisecond after the last change when that is not later.
    fn publish(&mut self, now: WallTime) {
        self.published = now.max(self.published.after(MILLISECOND));
    }
}

/// How many times its size a window may list so as to span three target durations. Only a stream that breaks up every moment needs more, and
/// memory is bounded before that rule is kept.
const OVERFULL: usize = 16;
