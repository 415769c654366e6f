//! Decides *when* to cut: packets in, numbered segments out. What a segment's bytes look like is the [muxer](crate::mux)'s business,
//! which segments a player is told of is the [window](crate::playlist::Window)'s.
//!
//! Every track becomes a rendition of its own: one CMAF track file, cut into segments at instants common to all renditions. One such
//! instant gives one [`Cut`]: one number, one [`Segment`] per track. So renditions always have equal numbers of segments, as RFC 8216bis
//! section 6.2.4 wants, and HLS and DASH list the same files.
//!
//! # When a cut falls
//!
//! The **leader**, the first video track or else the first track, decides; the others follow.
//!
//! * At the leader's key frame that is nearest to [`Config::target`], the next key frame being expected as far away as the last one was.
//!   A camera with a key frame every 2 s (give or take some jitter) and a target of 2 s is cut at each of them.
//! * When no key frame comes, [`LateKey`] says what happens. A segment that had to begin without one ends at the next, short as it may be,
//!   so that each key frame the camera sends is a place to start. In no case does a segment last longer than
//!   [`Config::target_duration`], to the nearest second: EXT-X-TARGETDURATION never changes (RFC 8216bis 4.4.3.1).
//! * A follower's segment ends at its first packet that begins at or after the cut. Positions are compared as exact fractions, so
//!   time bases that do not divide each other do not drift apart.
//! * A follower without media in a cut gives a segment that is a [gap](Segment::gap).
//!
//! # When a cut comes out
//!
//! As soon as each rendition is complete up to it: the leader has given the packet that begins the next segment, and each follower a
//! packet that reaches the cut. A stream of pictures alone is therefore listed one picture after its last one. A follower that does not
//! come is waited for until any track is [`Config::follower_lag`] beyond the cut; from then on it is not waited for until it has reached a
//! cut by itself again. What it delivers too late begins its next segment, nothing is lost.
//!
//! # When something stops
//!
//! * **The leader stops, sound goes on:** cuts fall by time, at every full `target_duration`, in which the leader is a gap. At its return
//!   a cut falls at once, so that pictures begin a segment again.
//! * **Nothing arrives for twice the `target_duration`** of media time: the open segment ends where its last packet ends and the
//!   next cut is a discontinuity, as if the timeline had said so.
//! * **A segment grows** beyond [`Config::max_bytes`] or [`Config::max_packets`]: a cut falls at once, key frame or not.
//! * **A hole in a sound track** begins a new fragment within the segment, so that no sample is stretched over it.
//!
//! ```
//! use media_core::segment::{Config, Segmenter};
//! let mut segmenter = Segmenter::new(Config::new(2_000_000_000));
//! // for each output of the timeline: segmenter.push(output)?;
//! while let Some(output) = segmenter.poll() {
//!     // window.push(&output, now);
//! }
//! # let _ = segmenter;
//! ```

mod config;
mod error;
mod output;
pub(crate) mod position;
mod rendition;
mod state;

use std::collections::VecDeque;
use std::sync::Arc;

use self::position::Position;
use self::rendition::Rendition;
use crate::packet::Packet;
use crate::timeline;
use crate::track::{Kind, Track};

pub use self::config::{Align, Config, Format, LateKey, part_target};
pub use self::error::{Error, Refusal, ResumeError};
pub use self::output::{Chunk, Cut, Init, KeyFrame, NeedKey, Output, Part, Piece, Segment};
pub use self::state::{ParseStateError, State};

/// Cuts packets into segments; see the [module](self) for its rules.
///
/// [`push`](Self::push) then [`poll`](Self::poll) until `None`: what is not polled stays in memory. Everything else that it holds is bounded
/// by its [`Config`].
#[derive(Debug)]
pub struct Segmenter {
    config: Config,
    renditions: Vec<Rendition>,
    leader: usize,
    /// Of the tracks now in force, counted from 1: 0 before any.
    generations: u32,
    number: u64,
    discontinuity: bool,
    /// Whether a cut came before, here or before a restart.
    begun: bool,
    /// Cuts that were marked as a discontinuity.
    discontinuities: u64,
    /// Where the last cut ended, in nanoseconds.
    ended: Option<i64>,
    open: Option<Open>,
    out: VecDeque<Output>,
}

/// What is known of the segments that are being filled.
#[derive(Debug)]
struct Open {
    /// Where the cut that comes out next begins.
    start: Position,
    /// Where it ends, once decided: from there on the packets belong to the one after it.
    cut: Option<Position>,
    /// The furthest packet of any track.
    newest: Position,
    /// Whether the leader has been heard of since the stream began or was interrupted.
    led: bool,
    /// The leader's last key frame.
    key: Option<Position>,
}

impl Open {
    /// Where the segment begins that new packets belong to.
    fn filling(&self) -> Position {
        self.cut.unwrap_or(self.start)
    }
}

impl Segmenter {
    /// A segmenter that waits for its tracks.
    pub const fn new(config: Config) -> Self {
        Self {
            number: config.first_number,
            config,
            renditions: Vec::new(),
            leader: 0,
            generations: 0,
            discontinuity: false,
            begun: false,
            discontinuities: 0,
            ended: None,
            open: None,
            out: VecDeque::new(),
        }
    }

    /// A segmenter that goes on where another one was when it told its [`state`](Self::state): the next cut has the next number and is a discontinuity.
    ///
    /// # Errors
    /// When the configuration has another target duration, part target or format: players hold on to these.
    pub fn resume(config: Config, state: &State) -> Result<Self, ResumeError> {
        state.fits(&config)?;
        Ok(Self {
            number: state.number,
            generations: state.generation,
            discontinuities: state.discontinuities,
            begun: true,
            ended: state.end,
            ..Self::new(config)
        })
    }

    /// What to remember, so that after a restart [`resume`](Self::resume) continues the numbering. Cuts that have come out of
    /// [`poll`](Self::poll) or are ready to do so are counted; what has come out as parts only is not, and its number is given again.
    pub fn state(&self) -> State {
        State {
            number: self.number,
            discontinuities: self.discontinuities,
            generation: self.generations,
            target_duration: self.config.target_duration,
            part: self.config.part,
            format: self.config.format,
            end: self.ended,
        }
    }

    /// Takes what the timeline gives.
    ///
    /// # Errors
    /// When a packet is of no known track, or a track or packet does not fit into MP4. The packet, or the segment that it would have
    /// been in, is then left out, and the next call goes on behind it.
    pub fn push(&mut self, output: timeline::Output) -> Result<(), Error> {
        match output {
            timeline::Output::Tracks(tracks) => self.begin(&tracks),
            timeline::Output::Discontinuity => self.interrupt(),
            timeline::Output::Packet(packet) => self.packet(packet),
        }
    }

    /// The next header or cut; `None` until more packets are pushed.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Ends the stream: what was not polled yet, and the last segments.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<Vec<Output>, Error> {
        self.close()?;
        Ok(self.out.into())
    }

    fn begin(&mut self, tracks: &Arc<[Track]>) -> Result<(), Error> {
        let closed = self.close();
        self.renditions.clear();
        self.discontinuity = self.begun;
        self.leader = tracks.iter().position(|track| track.kind() == Kind::Video).unwrap_or(0);
        let longest = self.target_duration() * SECOND + LONGEST_OVER;
        let renditions: Vec<_> =
            tracks.iter().map(|track| Rendition::new(track.clone(), longest)).collect::<Result<_, _>>()?;
        let headers = renditions.iter().map(Rendition::header).collect();
        self.renditions = renditions;
        let Some(leader) = tracks.get(self.leader).map(|track| track.id) else { return closed };
        let format = self.config.format;
        let init = Init { generation: self.generations, format, tracks: tracks.clone(), leader, headers };
        self.generations += 1;
        self.out.push_back(Output::Init(init));
        closed
    }

    fn interrupt(&mut self) -> Result<(), Error> {
        let closed = self.close();
        self.discontinuity = self.begun;
        closed.and(self.renditions.iter_mut().try_for_each(Rendition::restart))
    }

    fn packet(&mut self, packet: Packet) -> Result<(), Error> {
        let id = packet.track;
        let Some(index) = self.renditions.iter().position(|rendition| rendition.track().id == id) else {
            return Err(Error::UnknownTrack { track: id.get() });
        };
        let mut at = self.renditions[index].position(&packet);
        if self.open.as_ref().is_some_and(|open| at >= open.newest.after(2 * self.target_duration() * SECOND))
        {
            self.interrupt()?;
            at = self.renditions[index].position(&packet);
        }
        let key = packet.key;
        self.renditions[index].push(packet);
        let open = self.open.get_or_insert(Open { start: at, cut: None, newest: at, led: false, key: None });
        open.newest = open.newest.max(at);
        if index == self.leader {
            self.lead(at, key)?;
        }
        self.cut_by_time()?;
        self.cut_by_size(at)?;
        self.complete()
    }

    /// The leader has come to `at`: is this where the next segment begins?
    fn lead(&mut self, at: Position, key: crate::codec::Key) -> Result<(), Error> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let last_key = open.key;
        if key.is_sync() {
            open.key = Some(at);
        }
        if !open.led {
            open.led = true;
            if !self.renditions[self.leader].missed() {
                open.start = at;
                return Ok(());
            }
        }
        let full = self.target_duration() * SECOND;
        while let Some(open) = &self.open
            && at.since(open.filling()) > full + LONGEST_OVER
        {
            self.decide(open.filling().after(full))?;
        }
        let Some(open) = &self.open else { return Ok(()) };
        let elapsed = at.since(open.filling());
        let interval = last_key.filter(|key| *key >= open.filling()).map(|key| at.since(key));
        if elapsed > 0 && (self.renditions[self.leader].missed() || self.is_time(elapsed, interval, key)) {
            self.decide(at)?;
        }
        Ok(())
    }

    /// Whether a leader's packet `elapsed` nanoseconds into the segment begins the next one. `interval` is the distance from the key
    /// frame before it, where that is in the same segment.
    fn is_time(&self, elapsed: i64, interval: Option<i64>, key: crate::codec::Key) -> bool {
        let (target, full) = (self.config.target, self.target_duration() * SECOND);
        let last_chance = elapsed + self.renditions[self.leader].step() > full + LATE;
        if key.is_sync() {
            return match interval {
                // Nearer to the target than the next key frame will be, or the next one will be too late.
                Some(interval) => {
                    2 * elapsed + interval >= 2 * target || elapsed + interval > full + LONGEST_OVER
                }
                // The segment began without one: there is no place to start until it ends.
                None => true,
            };
        }
        match self.config.late_key {
            LateKey::Ask => last_chance,
            LateKey::Cut => elapsed >= target || last_chance,
            LateKey::Wait => (key.is_random_access() && elapsed >= target) || last_chance,
        }
    }

    /// Cuts while the leader does not: every full target duration that other tracks have gone beyond.
    fn cut_by_time(&mut self) -> Result<(), Error> {
        let full = self.target_duration() * SECOND;
        while let Some(open) = &self.open
            && open.newest.since(open.filling()) >= (full + LATE).saturating_add(self.lag())
        {
            self.decide(open.filling().after(full))?;
        }
        Ok(())
    }

    /// Cuts before the packet at `at` when too much is held.
    fn cut_by_size(&mut self, at: Position) -> Result<(), Error> {
        if !self.is_full() {
            return Ok(());
        }
        self.decide(at)?;
        self.emit(Some(at))?;
        while self.is_full() && self.renditions.iter().any(|rendition| rendition.packets() > 1) {
            self.emit(None)?;
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        let bytes: usize = self.renditions.iter().map(Rendition::bytes).sum();
        let packets: usize = self.renditions.iter().map(Rendition::packets).sum();
        bytes > self.config.max_bytes || packets > self.config.max_packets.max(1)
    }

    /// The open segments end at `cut`. One decided before is not waited for any longer.
    fn decide(&mut self, cut: Position) -> Result<(), Error> {
        let earlier = self.open.as_ref().and_then(|open| open.cut);
        let emitted = if earlier.is_some() { self.emit(earlier) } else { Ok(()) };
        if let Some(open) = &mut self.open {
            open.cut = Some(cut);
        }
        emitted
    }

    /// Lets a decided cut out once all tracks have reached it, or have been waited for long enough.
    fn complete(&mut self) -> Result<(), Error> {
        let Some(Open { cut: Some(cut), newest, .. }) = self.open else { return Ok(()) };
        let all = self.renditions.iter().all(|rendition| rendition.missed() || rendition.reaches(cut));
        if all || newest.since(cut) >= self.lag() { self.emit(Some(cut)) } else { Ok(()) }
    }

    /// Ends everything that is open.
    fn close(&mut self) -> Result<(), Error> {
        let mut result = Ok(());
        if let Some(Open { cut: Some(cut), .. }) = self.open {
            result = self.emit(Some(cut));
        }
        while self.renditions.iter().any(|rendition| rendition.packets() > 0) {
            result = result.and(self.emit(None));
        }
        self.open = None;
        result
    }

    /// Takes from each rendition what lies before `cut` (all that fits into one segment, for `None`).
    fn emit(&mut self, cut: Option<Position>) -> Result<(), Error> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut result = Ok(());
        let taken: Vec<_> = self
            .renditions
            .iter_mut()
            .map(|rendition| {
                rendition.take(cut).unwrap_or_else(|error| {
                    result = Err(error);
                    None
                })
            })
            .collect();
        let ends = self
            .renditions
            .iter()
            .zip(&taken)
            .filter_map(|(rendition, taken)| Some(rendition.end(taken.as_ref()?)));
        let end = cut.or(ends.max()).unwrap_or(open.start);
        let span = (open.start, end);
        (open.start, open.cut) = (end, None);
        if taken.iter().any(Option::is_some) {
            let renditions = self.renditions.iter_mut();
            let segments =
                renditions.zip(taken).map(|(track, taken)| taken.unwrap_or_else(|| track.gap(span)));
            let cut = Cut {
                number: self.number,
                generation: self.generations - 1,
                discontinuity: self.discontinuity,
                segments: segments.collect(),
            };
            self.out.push_back(Output::Cut(cut));
            self.number += 1;
            self.discontinuities += u64::from(self.discontinuity);
            (self.discontinuity, self.begun) = (false, true);
            self.ended = Some(end.base.to_nanos(end.time.ticks()));
        }
        result
    }

    fn target_duration(&self) -> i64 {
        i64::from(self.config.target_duration.max(1))
    }

    fn lag(&self) -> i64 {
        self.config.follower_lag.max(0)
    }
}

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// How much longer than the target duration a segment may be and still round down to it. One millisecond less than half a second, so that
/// decimals in a playlist cannot round up again.
const LONGEST_OVER: i64 = 499_000_000;
/// How long after the target duration a key frame is still waited for. A camera whose interval is the target duration sends it a few
/// milliseconds late every other time. The rest up to `LONGEST_OVER` is for a picture that takes longer than the one before it.
const LATE: i64 = 250_000_000;
