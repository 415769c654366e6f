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

pub(crate) mod position;
mod rendition;

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use self::position::Position;
use self::rendition::Rendition;
use crate::mux::{Rope, fmp4};
use crate::packet::Packet;
use crate::time::{Timestamp, WallTime};
use crate::timeline;
use crate::track::{Kind, Track, TrackId};

/// How a stream is cut. Fixed when the [`Segmenter`] is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The length of a segment that is aimed at, in nanoseconds.
    pub target: i64,
    /// No segment lasts longer than this, to the nearest second: what playlists say as EXT-X-TARGETDURATION. Zero counts as one.
    ///
    /// [`new`](Self::new) sets twice the target, so that a camera whose key frames are up to twice the target apart is still cut
    /// at them. Players stay about three of these behind (RFC 8216bis 4.4.3.8), so who knows the key interval sets it lower.
    pub target_duration: u32,
    /// What to do when no key frame comes in time.
    pub late_key: LateKey,
    /// How far other tracks may be beyond a cut before it is made without those that did not reach it, in nanoseconds of media time.
    pub follower_lag: i64,
    /// Media bytes of all tracks together at which a cut is forced.
    pub max_bytes: usize,
    /// Packets of all tracks together at which a cut is forced.
    pub max_packets: usize,
    /// The number of the first cut, the EXT-X-MEDIA-SEQUENCE of the first playlist.
    pub first_number: u64,
}

impl Config {
    /// Segments of about `target` nanoseconds.
    ///
    /// ```
    /// let config = media_core::segment::Config::new(2_000_000_000);
    /// assert_eq!(config.target_duration, 4);
    /// ```
    pub const fn new(target: i64) -> Self {
        let target = if target < 1 { 1 } else { target };
        let doubled = (target as u64).div_ceil(SECOND as u64 / 2);
        Self {
            target,
            target_duration: if doubled > MAX_TARGET_DURATION {
                MAX_TARGET_DURATION as u32
            } else {
                doubled as u32
            },
            late_key: LateKey::Wait,
            follower_lag: 300_000_000,
            max_bytes: 64 << 20,
            max_packets: 16_384,
            first_number: 0,
        }
    }
}

/// What to do when the target is reached and no key frame has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LateKey {
    /// Wait for one as long as [`Config::target_duration`] allows, then cut without: the next segment is not
    /// [independent](Segment::independent).
    #[default]
    Wait,
    /// Cut at the target. Segments are shorter, and a player can begin only at some of them.
    Cut,
}

/// What a [`Segmenter`] gives out.
#[derive(Clone, Debug)]
pub enum Output {
    /// The headers of the segments that follow. The first output, and again whenever the tracks or a codec configuration changed.
    Init(Init),
    /// One segment of each track.
    Cut(Cut),
}

/// The init segments of a generation: all that a player needs before its segments.
#[derive(Clone, Debug)]
pub struct Init {
    /// Counts from 0 for the first tracks.
    pub generation: u32,
    /// The tracks.
    pub tracks: Arc<[Track]>,
    /// The file header of each track, in the order of `tracks`.
    pub headers: Vec<Bytes>,
}

/// One stretch of time of all tracks.
#[derive(Clone, Debug)]
pub struct Cut {
    /// One more than the cut before: the media sequence number.
    pub number: u64,
    /// The [`Init`] it belongs to.
    pub generation: u32,
    /// Whether time, tracks or configuration break between the cut before and this one.
    pub discontinuity: bool,
    /// One per track, in the order of the generation's tracks. At least one is not a gap.
    pub segments: Vec<Segment>,
}

/// One track's part of a [`Cut`].
#[derive(Clone, Debug)]
pub struct Segment {
    /// The track.
    pub track: TrackId,
    /// Where it begins in presentation, in the track's time base: where its earliest picture is shown, its first sample heard.
    pub start: Timestamp,
    /// Ticks from `start` to its end; at least 1.
    pub duration: u64,
    /// Media bytes and their boxes; empty for a gap. The packets' payloads are in it uncopied.
    pub rope: Rope,
    /// Whether the track has no media here. `start` and `duration` then reach from the segment before, or the start of the cut where that is
    /// too far, to the end of the cut.
    pub gap: bool,
    /// When what is shown at `start` was captured; `None` for a gap and where the source does not tell.
    pub wall: Option<WallTime>,
    /// Whether all of it can be decoded without any other segment.
    pub independent: bool,
}

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
            open: None,
            out: VecDeque::new(),
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
        self.discontinuity = self.number > self.config.first_number;
        self.leader = tracks.iter().position(|track| track.kind() == Kind::Video).unwrap_or(0);
        let longest = self.target_duration() * SECOND + LONGEST_OVER;
        let renditions: Vec<_> =
            tracks.iter().map(|track| Rendition::new(track.clone(), longest)).collect::<Result<_, _>>()?;
        let headers = renditions.iter().map(Rendition::header).collect();
        self.renditions = renditions;
        let init = Init { generation: self.generations, tracks: tracks.clone(), headers };
        self.generations += 1;
        self.out.push_back(Output::Init(init));
        closed
    }

    fn interrupt(&mut self) -> Result<(), Error> {
        let closed = self.close();
        self.discontinuity = self.number > self.config.first_number;
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
            self.discontinuity = false;
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

/// What a caller did wrong, or MP4 cannot hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A packet's track is not among those of the last [`timeline::Output::Tracks`].
    #[error("packet of track {track}, which was not announced")]
    UnknownTrack {
        /// The packet's track.
        track: u32,
    },
    /// The muxer refused a track or the packets of a segment.
    #[error("track {track} cannot be muxed")]
    Mux {
        /// The track.
        track: u32,
        /// What the muxer found.
        source: fmp4::Error,
    },
}

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// How much longer than the target duration a segment may be and still round down to it. One millisecond less than half a second, so that
/// decimals in a playlist cannot round up again.
const LONGEST_OVER: i64 = 499_000_000;
/// How long after the target duration a key frame is still waited for. A camera whose interval is the target duration sends it a few
/// milliseconds late every other time. The rest up to `LONGEST_OVER` is for a picture that takes longer than the one before it.
const LATE: i64 = 250_000_000;
/// Nobody wants longer segments than a day, and arithmetic in nanoseconds stays far from its ends.
const MAX_TARGET_DURATION: u64 = 86_400;
