//! From what a camera sends to what a muxer may assume.
//!
//! Cameras send stamps that wrap, jump by hours, repeat, run at the wrong speed, and tell no DTS. A [`Timeline`] takes all of it and
//! **never fails**: what comes out has the [guarantees](Output) that muxers, segmenters and players need, and what had to be bent is
//! [counted by cause](Repairs). No packet waits once the stream has started: each is put out when it comes.
//!
//! The *line* is the common time of all tracks: a position in one track's base is the same instant in another's. It starts at 10 s (so
//! that the DTS before the first PTS are not negative) and follows the clock of the leading track, the first video track or, without
//! one, the first audio track. Positions are the source's own ticks, moved; durations therefore add up exactly. [PTS and
//! DTS](crate::time) are explained once for all.
//!
//! ```
//! use media_core::codec::{self, AccessUnit, Key, vp8};
//! use media_core::time::{Moment, TimeBase, WallTime};
//! use media_core::timeline::{Config, Output, Sample, Timeline};
//! use media_core::track::{Track, TrackId};
//!
//! # fn main() -> Result<(), vp8::Error> {
//! let id = TrackId::new(1).expect("not zero");
//! let track = Track::new(id, TimeBase::VIDEO, codec::Config::Vp8(vp8::Config::new(640, 360)?));
//! let mut timeline = Timeline::new(Config::new(WallTime::from_nanos(0)), [track.into()]);
//!
//! // Two pictures, 40 ms apart; the RTP clock wraps between them.
//! for (now, pts) in [(0, 0xffff_ff00), (40_000_000, 3_344)] {
//!     let key = if now == 0 { Key::Closed } else { Key::No };
//!     let unit = AccessUnit { data: Default::default(), key, order: None, config: None, samples: None };
//!     timeline.push(Sample { track: id, pts, dts: None, unit }, Moment::from_nanos(now));
//! }
//! assert!(matches!(timeline.poll(), Some(Output::Tracks(tracks)) if tracks.len() == 1));
//! let pts = std::iter::from_fn(|| timeline.poll()).map(|output| match output {
//!     Output::Packet(packet) => packet.pts.ticks(),
//!     other => unreachable!("{other:?}"),
//! });
//! assert_eq!(pts.collect::<Vec<_>>(), [900_000, 903_600]);
//! # Ok(())
//! # }
//! ```
//!
//! # What is bent, and for whom
//!
//! | what comes | what is made of it | seen with |
//! |---|---|---|
//! | clocks of 32 or 33 bits | unwrapped to the value nearest to where real time expects it, so also after hours of silence | RTP, MPEG-TS |
//! | PTS only, B pictures | DTS are the sorted PTS, moved by the reorder depth; the depth is declared, or learnt (up to 16) from the picture order count of the P picture, before a B picture is late | Hikvision H.264 reordered by 11 pictures; H.265 without VUI; default `libx264` |
//! | a depth that grows | DTS squeezed into the room before the next picture to be shown | the same |
//! | equal stamps | the second is moved on by half a picture | slices sent as pictures of their own by a GStreamer relay |
//! | stamps back by less than 1 s without B pictures | placed after their predecessor; if the stream goes on from there, so does the line | cameras whose clock is set by NTP |
//! | a stamp far off (1 s, or 17 pictures, ahead of real time or behind) | placed where its neighbours suggest; the *next* packet tells whether it was one bad packet or a jump | DVR pictures stamped hours off |
//! | a jump | the line goes on without a seam; [`Output::Discontinuity`] at the next sync picture, so that no picture is lost. Jumps of several tracks within 5 s are one | clocks set by hand or by daylight saving, encoders restarted |
//! | a gap or burst that arrival explains | kept as it is | stalls of the network, pictures of a still scene, caches of old pictures at the start |
//! | a clock 25 % off for 30 s, standing still for 2 s, jumping four times a minute, or without any sense for 16 packets | stamps are made from arrival until the clock has been right for 30 s | millisecond stamps at "90 kHz", cameras without a battery |
//! | tracks that do not fit together | placed by arrival, better by the [common zero](Timeline::common_zero), exactly by sender reports; moved by at most 1000 ppm. More than 100 ms: at once when the first report says so (up to 2 s) or three agree (up to 10 s); reports that ask for more are ignored | audio sent 300 ms late |
//! | drift of audio against video | followed in the same way; without reports by arrival, once it exceeds 40 ms | an audio clock slower than the video clock, which elsewhere silences the audio after 15 to 25 minutes |
//! | sender reports more than a day off our clock | tell how tracks belong together, but not the [time of day](Packet::wall), which is then made from arrival | cameras without NTP, living in 1970 |
//! | a source clock that is set | the time of day follows at 1000 ppm, in one step when three reports are more than 1 s off | NTP coming late |
//! | a track that comes late or never | waited for (audio 2 s, video 10 s), then left out; joins at a sync picture when it comes | cameras with the microphone switched off |
//! | a track that stops | waited for by nobody | everything on a bad network |
//! | new parameter sets | [`Output::Tracks`] at the picture that brings them | cameras whose resolution is changed |
//! | pictures before the first sync picture, or shown before it | dropped | every join in mid-stream; open GOPs |
//!
//! What is not done: a stream that is refreshed gradually and never sends a sync picture does not start.

mod clock;
mod flow;
mod lane;
mod lead;
mod pace;
mod reorder;
mod repairs;
mod start;
mod sync;
mod wall;

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

use crate::codec::{self, AccessUnit};
use crate::packet::Packet;
use crate::time::{Moment, TimeBase, WallTime};
use crate::track::{Kind, Language, Rotation, Track, TrackId};

pub use clock::Counting;
pub use repairs::Repairs;

use lane::Lane;
use sync::Report;
use wall::Wall;

/// The choices of a [`Timeline`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The time of day at [`Moment`] zero of the clock that `now` is read from.
    pub epoch: WallTime,
    /// How long, in nanoseconds from the first packet on, to wait for the first key picture of each announced video track. 10 s.
    pub wait_for_video: i64,
    /// How long, in nanoseconds from the first packet on, to wait for the first packet of each announced audio track. 2 s.
    pub wait_for_audio: i64,
}

impl Config {
    /// The usual waits; `epoch` is the time of day at [`Moment`] zero.
    pub const fn new(epoch: WallTime) -> Self {
        Self { epoch, wait_for_video: 10 * SECOND, wait_for_audio: 2 * SECOND }
    }
}

/// A track as the source announces it (SDP, PMT), before any of its packets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Announced {
    /// Its name.
    pub id: TrackId,
    /// Pictures or sound.
    pub kind: Kind,
    /// The unit of its stamps, going in and coming out.
    pub time_base: TimeBase,
    /// Whether stamps wrap, and where.
    pub counting: Counting,
    /// Its configuration; `None` when only the stream itself will tell ([`AccessUnit::config`]).
    pub codec: Option<codec::Config>,
    /// As in [`Track::priming`].
    pub priming: u32,
    /// As in [`Track::rotation`].
    pub rotation: Rotation,
    /// As in [`Track::language`].
    pub language: Option<Language>,
}

impl Announced {
    /// An RTP track of which nothing more is known.
    pub const fn new(id: TrackId, kind: Kind, time_base: TimeBase) -> Self {
        Self {
            id,
            kind,
            time_base,
            counting: Counting::Rtp,
            codec: None,
            priming: 0,
            rotation: Rotation::None,
            language: None,
        }
    }
}

impl From<Track> for Announced {
    /// A track that is fully known; stamps count as in RTP.
    fn from(track: Track) -> Self {
        let kind = track.kind();
        let Track { id, time_base, codec, priming, rotation, language } = track;
        Self { codec: Some(codec), priming, rotation, language, ..Self::new(id, kind, time_base) }
    }
}

/// One access unit as it was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The track it belongs to.
    pub track: TrackId,
    /// Its presentation stamp: ticks of the track's clock, wrapped as [`Announced::counting`] says.
    pub pts: i64,
    /// Its decoding stamp, where the source tells one (MPEG-TS, RTMP); `None` in RTP.
    pub dts: Option<i64>,
    /// What it contains.
    pub unit: AccessUnit,
}

/// What a [`Timeline`] gives out.
///
/// The first output is [`Output::Tracks`]. On every track, for as long as the timeline lives and across discontinuities, DTS are
/// strictly increasing and `0 <= dts <= pts`. The first picture of a video track after `Tracks` or `Discontinuity` is a
/// [sync picture](codec::Key::is_sync). Every packet has a `wall` time and belongs to one of the latest `Tracks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The tracks from here on, in the order they were announced. Decoding starts anew: comes first, and again when the set of tracks or
    /// one's configuration has changed.
    Tracks(Arc<[Track]>),
    /// The same tracks, but what follows does not continue what came before.
    Discontinuity,
    /// An access unit.
    Packet(Packet),
}

/// Turns the stamps of a live source into ones that can be relied on. See the [module](self).
#[derive(Debug)]
pub struct Timeline {
    config: Config,
    lanes: Vec<Lane>,
    phase: Phase,
    outputs: VecDeque<Output>,
    /// Whether a discontinuity has to be put out before a sync picture.
    broken: bool,
    /// The jump that caused the last discontinuity: jumps of other tracks soon after belong to it.
    jump: Option<Moment>,
    /// Line minus real time, in nanoseconds.
    lead: i64,
    /// What it was at the first start.
    home: i64,
    /// Where the line began or went on, in nanoseconds: sound before it is dropped.
    floor: i64,
    wall: Wall,
    first: Option<Moment>,
    now: Moment,
    strangers: u64,
}

#[derive(Debug)]
enum Phase {
    /// Packets are held until every track has come or the wait is over.
    Waiting {
        since: Option<Moment>,
        held: VecDeque<(usize, Sample, Moment)>,
    },
    Flowing,
}

impl Timeline {
    /// A timeline for a source that announces these tracks. Of two with the same id the second is ignored.
    pub fn new(config: Config, announced: impl IntoIterator<Item = Announced>) -> Self {
        let mut lanes = Vec::<Lane>::new();
        for announced in announced {
            if lanes.iter().all(|lane| lane.announced.id != announced.id) {
                lanes.push(Lane::new(announced));
            }
        }
        Self {
            config,
            lanes,
            phase: Phase::waiting(),
            outputs: VecDeque::new(),
            broken: false,
            jump: None,
            lead: ORIGIN,
            home: ORIGIN,
            floor: ORIGIN,
            wall: Wall::new(),
            first: None,
            now: Moment::default(),
            strangers: 0,
        }
    }

    /// Takes an access unit that came at `now`. Packets of tracks that were not announced are dropped and
    /// [counted](Self::unannounced).
    pub fn push(&mut self, sample: Sample, now: Moment) {
        let now = self.advance(now);
        let Some(index) = self.index(sample.track) else {
            self.strangers += 1;
            return;
        };
        if self.is_waiting() {
            self.hold(index, sample, now);
            self.start_if_due(now);
        } else {
            self.take(index, sample, now);
        }
    }

    /// Takes an RTCP sender report: RTP stamp `rtp` of the track is the same instant as `ntp` (RFC 3550 section 6.4.1).
    pub fn sender_report(&mut self, track: TrackId, rtp: u32, ntp: u64, now: Moment) {
        let now = self.advance(now);
        let Some(index) = self.index(track).filter(|_| ntp != 0) else { return };
        self.lanes[index].sync.report = Some(Report { rtp, ntp: WallTime::from_ntp(ntp), arrival: now });
        if !self.is_waiting() {
            self.refine_wall(index, now);
            self.refine_by_reports(index, now);
        }
    }

    /// Tells that the raw stamp `pts` of a track means the start of the stream, the same instant for every track this is told of: the
    /// `rtptime` of an RTSP `RTP-Info` header (RFC 2326 section 12.33). Counts until sender reports tell better or the source is
    /// [interrupted](Self::interrupted).
    pub fn common_zero(&mut self, track: TrackId, pts: i64) {
        if let Some(index) = self.index(track) {
            self.lanes[index].sync.zero = Some(pts);
        }
    }

    /// Tells that the source went away at `now`. The next packets begin a discontinuity, where real elapsed time puts them.
    pub fn interrupted(&mut self, now: Moment) {
        self.advance(now);
        if let Phase::Waiting { held, .. } = mem::replace(&mut self.phase, Phase::waiting()) {
            for (index, ..) in held {
                self.lanes[index].repairs.dropped_before_start += 1;
            }
        }
        // Where the tracks end has to be taken down before their clocks are forgotten.
        self.floor = self.end().max(self.floor);
        self.broken = self.lanes.iter().any(|lane| lane.listed);
        for lane in &mut self.lanes {
            lane.interrupt();
        }
    }

    /// Tells that the source is back and what it announces now; includes [`interrupted`](Self::interrupted). Tracks are recognised by
    /// their ids; those not named again are gone.
    pub fn announce(&mut self, announced: impl IntoIterator<Item = Announced>, now: Moment) {
        self.interrupted(now);
        for lane in &mut self.lanes {
            lane.gone = true;
        }
        for announced in announced {
            match self.lanes.iter_mut().find(|lane| lane.announced.id == announced.id) {
                Some(lane) => lane.announce(announced),
                None => self.lanes.push(Lane::new(announced)),
            }
        }
    }

    /// Tells that it is `now`, at or after the [`deadline`](Self::deadline).
    pub fn tick(&mut self, now: Moment) {
        let now = self.advance(now);
        self.start_if_due(now);
    }

    /// When [`tick`](Self::tick) has something to do unless packets come before; `None` when it has not.
    pub fn deadline(&self) -> Option<Moment> {
        let due = self.due()?;
        Some(self.first?.after(due.nanos()))
    }

    /// Takes what is ready; `None` is "nothing yet". Whoever pushes also polls: nothing bounds what has not been taken.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Ends the stream and gives out what was still held.
    pub fn finish(mut self) -> impl Iterator<Item = Output> {
        if self.is_waiting() && self.ready().next().is_some() {
            self.start();
        }
        self.outputs.into_iter()
    }

    /// What has been bent on a track so far; `None` for one that was not announced.
    pub fn repairs(&self, track: TrackId) -> Option<&Repairs> {
        self.index(track).map(|index| &self.lanes[index].repairs)
    }

    /// How many packets belonged to no announced track.
    pub const fn unannounced(&self) -> u64 {
        self.strangers
    }

    fn index(&self, track: TrackId) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.announced.id == track && !lane.gone)
    }

    /// The caller's clock as it should be: from zero, never backward, and not for longer than positions can count.
    fn advance(&mut self, now: Moment) -> Moment {
        let first = *self.first.get_or_insert(now);
        let passed = now.since(first).min(LONGEST);
        self.now = self.now.max(Moment::from_nanos(passed));
        self.now
    }

    /// The last moment that [`advance`](Self::advance) gives: a caller's clock that began late in 64 bits has less before it.
    fn clock_end(&self) -> Moment {
        let left = i64::MAX.saturating_sub(self.first.unwrap_or_default().nanos());
        Moment::from_nanos(left.min(LONGEST))
    }

    /// The position of a moment, in nanoseconds.
    fn line(&self, now: Moment) -> i64 {
        now.nanos().saturating_add(self.lead)
    }

    /// Where the last packet of all ends, in nanoseconds.
    fn end(&self) -> i64 {
        self.lanes.iter().filter_map(Lane::end).max().unwrap_or(ORIGIN)
    }
}

impl Phase {
    const fn waiting() -> Self {
        Self::Waiting { since: None, held: VecDeque::new() }
    }
}

const SECOND: i64 = 1_000_000_000;
/// Where the line begins: room for the DTS before the first PTS.
const ORIGIN: i64 = 10 * SECOND;
/// Fifty years: in ticks of any base up to 4 GHz they fit 63 bits.
const LONGEST: i64 = 50 * 365 * 86_400 * SECOND;
