//! What is *listed*: the window of segments that a player is told of, and its texts as pure functions.
//!
//! A [`Window`] follows a [segmenter](crate::segment) and knows no bytes. [`hls`] writes its playlists, [`dash`] its manifest; both name the
//! same files through [`Names`]. Where the segments lie is the caller's store: it puts a segment there *before* the window is told of it,
//! and removes it when [`Window::poll`] says so.
//!
//! What players hold on to never changes: the size, the target duration, the origin of the DASH time line and where in it a listed
//! segment lies. Segments only come at the end and go at the head (RFC 8216bis 6.2.1, 6.2.2).
//!
//! ```
//! use media_core::playlist::{Config, Names, Window, dash, hls};
//! use media_core::segment;
//!
//! let mut window = Window::new(Config::new(&segment::Config::new(2_000_000_000)));
//! let names = Names::new("5f2a").expect("plain letters and digits");
//! // for each output of the segmenter: store it, then window.push(&output, now);
//! assert_eq!(hls::multivariant(&window, &names), None); // nothing is known of the tracks yet
//! # let _ = (window.poll(), dash::mpd(&window, &names));
//! ```

pub mod dash;
mod edge;
pub mod hls;
mod meter;
mod names;
mod text;

use std::collections::VecDeque;
use std::sync::Arc;

use self::edge::Edge;
pub use self::meter::Bandwidth;
use self::meter::Meter;
use self::names::SUFFIX;
pub use self::names::{Name, Names};
use crate::segment::position::Position;
use crate::segment::{self, Cut, Init, Segment};
use crate::time::{TimeBase, Timestamp, WallTime};
use crate::track::{Kind, Track, TrackId};

/// What is fixed when a [`Window`] is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// How many cuts are listed. More stay as long as the list would otherwise be shorter than three target durations, RFC 8216bis 6.2.2.
    /// Zero counts as one.
    pub size: usize,
    /// The usual length of a segment in nanoseconds: how often DASH players ask for the manifest.
    pub target: i64,
    /// The longest segment in whole seconds; must be what the segmenter keeps to.
    pub target_duration: u32,
}

impl Config {
    /// Seven segments of what a segmenter with this configuration cuts.
    pub const fn new(segment: &segment::Config) -> Self {
        let target_duration = if segment.target_duration == 0 { 1 } else { segment.target_duration };
        Self { size: 7, target: segment.target, target_duration }
    }
}

/// Something that no list names any more, and has not for so long that no player should still ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expired {
    /// All segments of a cut.
    Cut {
        /// Its number.
        number: u64,
        /// The generation it belongs to.
        generation: u32,
    },
    /// The init segments of a generation; its cuts have expired before.
    Init {
        /// The generation.
        generation: u32,
    },
}

/// The sliding list of the newest cuts.
#[derive(Debug)]
pub struct Window {
    config: Config,
    generations: VecDeque<Generation>,
    /// Every track there has been, as it was last.
    known: Vec<Track>,
    periods: VecDeque<Period>,
    cuts: VecDeque<Listed>,
    meters: Vec<Meter>,
    discontinuity_sequence: u64,
    /// Whether every segment so far could be decoded alone.
    independent: bool,
    origin: Option<Origin>,
    /// By how much the newest Period is later than the origin puts it, in nanoseconds: what the source's clock has lost.
    shift: i64,
    edge: Edge,
    published: WallTime,
    finished: bool,
    /// Media time that has been pushed, in nanoseconds: the clock by which what left the list expires.
    pushed: i64,
    /// Cuts that left the list, and the reading of `pushed` at which they expire.
    unlisted: VecDeque<(Expired, i64)>,
    expired: VecDeque<Expired>,
}

#[derive(Debug)]
struct Generation {
    number: u32,
    tracks: Arc<[Track]>,
}

/// A stretch of cuts on one DASH Period: same tracks, no discontinuity, no track that comes back from a gap, no move of the live edge.
#[derive(Debug)]
struct Period {
    id: u32,
    generation: u32,
    /// Nanoseconds from the start of the presentation.
    start: i64,
    /// What `presentationTimeOffset` names in each track's time base.
    origin: Position,
    /// Where its media ends so far.
    end: Position,
}

/// A cut in the list.
#[derive(Debug)]
struct Listed {
    number: u64,
    generation: u32,
    discontinuity: bool,
    /// The end of its segments' lines in HLS: number, suffix and line break.
    line_end: String,
    period: u32,
    /// The shortest of its segments, in nanoseconds.
    duration: i64,
    /// One per track of the generation.
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    track: TrackId,
    start: Timestamp,
    duration: u64,
    gap: bool,
    /// Its HLS tags, made once.
    tags: String,
}

/// The point where the line of the media is tied to the wall clock.
#[derive(Clone, Copy, Debug)]
struct Origin {
    at: Position,
    wall: WallTime,
}

impl Window {
    /// A window that lists nothing yet.
    pub const fn new(config: Config) -> Self {
        Self {
            config,
            generations: VecDeque::new(),
            known: Vec::new(),
            periods: VecDeque::new(),
            cuts: VecDeque::new(),
            meters: Vec::new(),
            discontinuity_sequence: 0,
            independent: true,
            origin: None,
            shift: 0,
            edge: Edge::new(0),
            published: WallTime::from_nanos(i64::MIN),
            finished: false,
            pushed: 0,
            unlisted: VecDeque::new(),
            expired: VecDeque::new(),
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
        self.expired.pop_front()
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
        self.origin.map(|_| self.published)
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
        let is_gone =
            |expired: &Expired| matches!(expired, Expired::Cut { generation, .. } if *generation == number);
        let listed = self.cuts.back().is_some_and(|cut| cut.generation == number);
        if !listed && !self.unlisted.iter().any(|(expired, _)| is_gone(expired)) {
            self.generations.pop_back();
            self.expired.push_back(Expired::Init { generation: number });
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
        let origin = *self.origin.get_or_insert_with(|| Origin::new(&placed, begin, end, now));
        let moved = self.follow(origin, begin, now.since(origin.wall(end)), cut.discontinuity);
        let period = self.period(cut, &placed, (origin, begin, end), moved);
        let longest = i64::from(self.config.target_duration.max(1)) * SECOND;
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
        self.pushed = self.pushed.saturating_add(duration);
        self.slide();
        self.publish(now);
    }

    fn generation(&self, number: u32) -> Option<&Arc<[Track]>> {
        self.generations
            .iter()
            .find(|generation| generation.number == number)
            .map(|generation| &generation.tracks)
    }

    /// Whether the live edge has to be moved, for media from `begin` on that came out `late` nanoseconds after what the origin says. Less
    /// than a segment is no harm; much more, and players take all that is listed for past or for still to come.
    fn follow(&mut self, origin: Origin, begin: Position, late: i64, broken: bool) -> bool {
        let apart = late.saturating_sub(self.shift);
        // A source that was away goes on where real time is, whatever its clock had lost before.
        let returned = broken && late.saturating_abs() < apart.saturating_abs();
        let tolerance = i64::from(self.config.target_duration.max(1)) * SECOND;
        let drifted = self.edge.push(apart, self.pushed).filter(|least| least.saturating_abs() > tolerance);
        let shift = match drifted {
            _ if returned => 0,
            Some(least) => self.shift.saturating_add(least),
            None => return false,
        };
        let start = begin.since(origin.at).saturating_add(shift);
        if self.periods.back().is_some_and(|last| start <= last.start) {
            return false;
        }
        self.shift = shift;
        self.edge = Edge::new(self.pushed);
        true
    }

    /// The Period that a cut from `begin` to `end` belongs to: the last one, or a new one where the time line of some track breaks or the
    /// live edge is `moved`.
    fn period(
        &mut self,
        cut: &Cut,
        placed: &[Placed<'_>],
        (origin, begin, end): (Origin, Position, Position),
        moved: bool,
    ) -> u32 {
        let returns = |placed: &Placed<'_>| {
            let line = self.cuts.back().and_then(|last| last.line(placed.segment.track));
            !placed.segment.gap && line.is_some_and(|line| line.gap)
        };
        if let Some(last) = self.periods.back()
            && last.generation == cut.generation
            && !cut.discontinuity
            && !moved
            && !placed.iter().any(returns)
        {
            let id = last.id;
            self.periods.back_mut().expect("there is a last one").end = end;
            return id;
        }
        let id = self.periods.back().map_or(0, |last| last.id.wrapping_add(1));
        self.periods.push_back(Period {
            id,
            generation: cut.generation,
            start: begin.since(origin.at).saturating_add(self.shift),
            origin: begin,
            end,
        });
        id
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
            let due = self.pushed.saturating_add(longest).saturating_add(first.duration);
            listed -= first.duration;
            self.discontinuity_sequence += u64::from(first.discontinuity);
            self.unlisted
                .push_back((Expired::Cut { number: first.number, generation: first.generation }, due));
            self.cuts.pop_front();
        }
        let first = self.cuts.front().map_or(0, |first| first.period);
        while self.periods.front().is_some_and(|period| period.id != first) {
            self.periods.pop_front();
        }
        self.expire();
    }

    fn expire(&mut self) {
        while let Some(&(expired, due)) = self.unlisted.front()
            && due <= self.pushed
        {
            self.unlisted.pop_front();
            self.expired.push_back(expired);
        }
        let oldest = match self.unlisted.front() {
            Some((Expired::Cut { generation, .. }, _)) => *generation,
            _ => self.cuts.front().map_or(0, |first| first.generation),
        };
        while let Some(first) = self.generations.front()
            && first.number < oldest
        {
            self.expired.push_back(Expired::Init { generation: first.number });
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

impl Period {
    /// Where in the presentation `position` lies, in nanoseconds.
    fn presents(&self, position: Position) -> i64 {
        self.start.saturating_add(position.since(self.origin))
    }
}

impl Listed {
    fn line(&self, track: TrackId) -> Option<&Line> {
        self.lines.iter().find(|line| line.track == track)
    }
}

impl Origin {
    /// Ties `at`, the origin of the first Period, to the clock that shows `now` when the media up to `end` is complete.
    fn new(placed: &[Placed<'_>], at: Position, end: Position, now: WallTime) -> Self {
        let complete = now.after(-end.since(at));
        let captured = placed.iter().find_map(|placed| Some((placed.segment.wall?, placed.start())));
        let captured = captured.map(|(wall, start)| wall.after(at.since(start)));
        // A second covers what lies between a picture and its listing. What is more is start-up (waiting for a second track, a first key
        // frame), and would keep players that much further behind for ever. A clock that is further off is not the server's.
        let wall = match captured {
            Some(captured) if (SECOND..10 * SECOND).contains(&complete.since(captured)) => {
                captured.after(SECOND)
            }
            _ => complete,
        };
        Self { at, wall: WallTime::from_nanos(wall.nanos() / MILLISECOND * MILLISECOND) }
    }

    /// When what is at `position` was, or will be, complete.
    const fn wall(&self, position: Position) -> WallTime {
        self.wall.after(
            position
                .base
                .to_nanos(position.time.ticks())
                .saturating_sub(self.at.base.to_nanos(self.at.time.ticks())),
        )
    }
}

/// A segment and the time base it counts in.
#[derive(Debug)]
struct Placed<'a> {
    segment: &'a Segment,
    kind: Kind,
    base: TimeBase,
}

impl<'a> Placed<'a> {
    fn new(segment: &'a Segment, tracks: &[Track]) -> Option<Self> {
        let track = tracks.iter().find(|track| track.id == segment.track)?;
        Some(Self { segment, kind: track.kind(), base: track.time_base })
    }

    const fn start(&self) -> Position {
        Position { time: self.segment.start, base: self.base }
    }

    fn end(&self) -> Position {
        self.start().plus(i64::try_from(self.segment.duration).unwrap_or(i64::MAX))
    }

    fn nanos(&self) -> i64 {
        self.end().since(self.start())
    }

    /// Where a Period begins whose first segments these are: with its first picture. Sound before it is not heard; pictures before the
    /// first sound could not be cut off, since all up to the next key frame would go with them.
    fn leading(placed: &[Self]) -> Position {
        let media = || placed.iter().filter(|placed| !placed.segment.gap);
        let leader = media().find(|placed| placed.kind == Kind::Video).or_else(|| media().next());
        leader
            .or(placed.first())
            .map_or(Position { time: Timestamp::ZERO, base: TimeBase::NANOS }, Self::start)
    }
}

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
const MILLISECOND: i64 = 1_000_000;
/// How many times its size a window may list so as to span three target durations. Only a stream that breaks up every moment needs more, and
/// memory is bounded before that rule is kept.
const OVERFULL: usize = 16;
