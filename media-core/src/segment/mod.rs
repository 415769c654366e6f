//! Decides *when* to cut: packets in, numbered segments out, and parts of them. What a segment's bytes look like is the [muxer](crate::mux)'s
//! business, which segments a player is told of is the [window](crate::playlist::Window)'s.
//!
//! All tracks are cut at common instants. One such instant gives one [`Cut`]: one number, one [`Segment`] per file. A file is a track, as CMAF, WebM and
//! packed audio have it, or all tracks together as a transport stream: [`Format`] says which, [`Init::files`] lists them. So renditions always
//! have equal numbers of segments, as RFC 8216bis section 6.2.4 wants, and HLS and DASH list the same files.
//!
//! # When a cut falls
//!
//! The **leader**, the first video track or else the first track, decides; the others follow.
//!
//! * At the leader's key frame that is nearest to [`Config::target`], the next key frame being expected as far away as the last one was.
//!   A camera with a key frame every 2 s (give or take some jitter) and a target of 2 s is cut at each of them. Or at that of a
//!   [grid](Align::Grid), at which other segmenters cut too.
//! * When no key frame comes, [`LateKey`] says what happens: wait, cut all the same, or have [asked](NeedKey) the encoder for one. A segment that had
//!   to begin without one ends at the next, short as it may be, so that each key frame the camera sends is a place to start. In no case does a segment
//!   last longer than [`Config::target_duration`], to the nearest second: EXT-X-TARGETDURATION never changes (RFC 8216bis 4.4.3.1).
//! * A follower's segment ends at its first packet that begins at or after the cut. Positions are compared as exact fractions, so
//!   time bases that do not divide each other do not drift apart.
//! * A follower without media in a cut gives a segment that is a [gap](Segment::gap).
//!
//! # Parts
//!
//! With [`Config::part`] each cut comes out in [parts](Part) first: for low-latency HLS, and as chunks of CMAF. A segment's bytes are those of its parts,
//! the same memory.
//!
//! * No part is longer than the target, and none but the last of a segment shorter than 85 % of it (RFC 8216bis 4.4.4.9), whatever comes. To this
//!   end parts are stretches of the line of time, and each track's [piece](Piece::duration) is what begins in one.
//! * A part ends at an access unit of the leader: the last at which it is not too long on any track, as far as that can be told. [`part_target`] finds
//!   a target for which there is one. Without one, as while a picture stands still, it ends by time.
//! * It is out with the access unit that ends it where that [tells](crate::packet::Packet::duration) how long it lasts, else with the next one.
//! * A track of which nothing begins in a part has a [gap](Piece::gap) there. Sound that came too late for its own part is in the next one.
//!
//! # When it comes out
//!
//! As soon as each track is complete up to it: the leader has given the packet that begins the next segment, and each follower a
//! packet that reaches the cut. A stream of pictures alone is therefore listed one picture after its last one. A follower that does not
//! come is waited for until any track is [`Config::follower_lag`] beyond the cut; from then on it is not waited for until it has come nearer
//! than that again. What it delivers too late begins its next segment, nothing is lost. (A transport stream has one clock: there, sound that is later than
//! the clock's lead is left out, and an error says so.)
//!
//! # When something stops
//!
//! * **The leader stops, sound goes on:** cuts fall by time, at every full `target_duration`, in which the leader is a gap; parts from the second
//!   one on. At its return a cut falls at once, so that pictures begin a segment again.
//! * **Nothing arrives for twice the `target_duration`** of media time, or for 256 parts: the open segment ends where its last packet ends and the
//!   next cut is a discontinuity, as if the timeline had said so.
//! * **A segment grows** beyond [`Config::max_bytes`] or [`Config::max_packets`]: a cut falls at once, key frame or not.
//! * **A hole in a sound track** begins a new fragment within the segment, so that no sample is stretched over it. Packed audio, which cannot say
//!   this, has a cut there.
//! * **The stream ends:** sound that ends within its last packet is cut there, and the last segments of fMP4 say that they are by the brand `lmsg`
//!   (ISO/IEC 23009-1 7.3.1). Not where parts of such a segment were out before anybody knew: the brand stands at the head.
//! * **The server stops:** [`Segmenter::state`] is what it has to remember, [`Segmenter::resume`] goes on with the numbers.
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
mod count;
mod decide;
mod emit;
mod error;
mod file;
mod lane;
mod output;
mod packed;
pub(crate) mod part;
pub(crate) mod position;
mod state;
mod writer;

use std::collections::VecDeque;
use std::sync::Arc;

use self::file::File;
use self::lane::Lane;
use self::part::{Ending, GAPS_MAX, Length};
use self::position::Position;
use self::writer::Writer;
use crate::packet::Packet;
use crate::timeline;
use crate::track::{Kind, Track};

pub use self::config::{Align, Config, Format, LateKey, ProducerTime, part_target};
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
    lanes: Vec<Lane>,
    files: Vec<File>,
    /// The lane that decides.
    leader: usize,
    /// Of the tracks now in force, counted from 1: 0 before any.
    generations: u32,
    number: u64,
    /// Parts of the cut that is being made that are out.
    parts: u32,
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
    /// Where the part that comes out next begins; the same where no parts are made.
    part: Position,
    /// Ends that are decided and wait for followers.
    ends: VecDeque<End>,
    /// The furthest packet of any track.
    newest: Position,
    /// Whether the leader has been heard of since the stream began or was interrupted.
    led: bool,
    /// The leader's last key frame.
    key: Option<Position>,
}

/// Where packets begin to belong to the next part, or also to the next segment.
#[derive(Clone, Copy, Debug)]
struct End {
    at: Position,
    is_cut: bool,
}

impl Open {
    const fn new(at: Position) -> Self {
        Self { start: at, part: at, ends: VecDeque::new(), newest: at, led: false, key: None }
    }

    /// Where the segment begins that new packets belong to.
    fn filling(&self) -> Position {
        self.ends.iter().rev().find(|end| end.is_cut).map_or(self.start, |cut| cut.at)
    }

    /// Where the part begins that new packets belong to.
    fn filling_part(&self) -> Position {
        self.ends.back().map_or(self.part, |end| end.at)
    }
}

impl Segmenter {
    /// A segmenter that waits for its tracks.
    pub const fn new(config: Config) -> Self {
        Self {
            number: config.first_number,
            config,
            lanes: Vec::new(),
            files: Vec::new(),
            leader: 0,
            generations: 0,
            parts: 0,
            discontinuity: false,
            begun: false,
            discontinuities: 0,
            ended: None,
            open: None,
            out: VecDeque::new(),
        }
    }

    /// A segmenter that goes on where another one was when it told its [`state`](Self::state): the next cut has the next number and is a
    /// discontinuity.
    ///
    /// # Errors
    /// When the configuration has another target duration, part target or format: players hold on to these.
    pub fn resume(config: Config, state: &State) -> Result<Self, ResumeError> {
        state.fits(&config)?;
        Ok(Self {
            number: state.number,
            generations: state.generation,
            discontinuities: state.discontinuities,
            begun: state.number > config.first_number || state.generation > 0,
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
    /// When a packet is of no known track, or a track or packet does not fit into the format. The packet, or the piece that it would have
    /// been in, is then left out, and the next call goes on behind it.
    pub fn push(&mut self, output: timeline::Output) -> Result<(), Error> {
        match output {
            timeline::Output::Tracks(tracks) => self.begin(&tracks),
            timeline::Output::Discontinuity => self.interrupt(),
            timeline::Output::Packet(packet) => self.packet(packet),
        }
    }

    /// The next header, part or cut; `None` until more packets are pushed.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Ends the stream: what was not polled yet, and the last segments.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(mut self) -> Result<Vec<Output>, Error> {
        self.close(Ending::End)?;
        Ok(self.out.into())
    }

    fn begin(&mut self, tracks: &Arc<[Track]>) -> Result<(), Error> {
        let closed = self.close(Ending::Break);
        self.lanes.clear();
        let mut before = self.files.drain(..).next().map(File::into_writer);
        self.discontinuity = self.begun;
        self.leader = tracks.iter().position(|track| track.kind() == Kind::Video).unwrap_or(0);
        let Some(leader) = tracks.get(self.leader).map(|track| track.id) else { return closed };
        let longest = self.target_duration() * SECOND + LONGEST_OVER;
        let format = self.config.format;
        let width = if format.is_shared() { tracks.len() } else { 1 };
        let mut files = Vec::new();
        for (index, own) in tracks.chunks(width).enumerate() {
            let lanes = index * width..index * width + own.len();
            let first = if format.is_shared() { self.leader } else { index };
            let track = tracks[first].id;
            let writer = Writer::new(&self.config, own, before.take(), self.lag())
                .map_err(|source| Error::Mux { track: track.get(), source })?;
            files.push(File::new(track, lanes, first, writer));
        }
        let headers = files.iter().map(File::header).collect();
        self.files = files;
        self.lanes =
            tracks.iter().map(|track| Lane::new(track.clone(), longest, format.is_shared())).collect();
        let init = Init { generation: self.generations, format, tracks: tracks.clone(), leader, headers };
        self.generations += 1;
        self.out.push_back(Output::Init(init));
        closed
    }

    fn interrupt(&mut self) -> Result<(), Error> {
        let closed = self.close(Ending::Break);
        self.discontinuity = self.begun;
        self.lanes.iter_mut().for_each(Lane::restart);
        closed.and(self.files.iter_mut().try_for_each(File::restart))
    }

    fn packet(&mut self, packet: Packet) -> Result<(), Error> {
        let id = packet.track;
        let Some(index) = self.lanes.iter().position(|lane| lane.track().id == id) else {
            return Err(Error::UnknownTrack { track: id.get() });
        };
        let mut at = self.lanes[index].position(&packet);
        let mut result = Ok(());
        if self.open.as_ref().is_some_and(|open| at >= open.newest.after(self.silence())) {
            result = self.interrupt();
            at = self.lanes[index].position(&packet);
        }
        let key = packet.key;
        self.lanes[index].push(packet);
        let open = self.open.get_or_insert_with(|| Open::new(at));
        open.newest = open.newest.max(at);
        if index == self.leader {
            result = result.and(self.lead(at, key));
        }
        result = result.and(self.cut_at_hole(index, at));
        result.and(self.cut_by_time()).and(self.cut_by_size(at)).and(self.complete())
    }

    fn target(&self) -> i64 {
        self.config.target.clamp(1, TARGET_MAX)
    }

    fn target_duration(&self) -> i64 {
        i64::from(self.config.target_duration.max(1))
    }

    /// How long nothing may come before time is broken, in nanoseconds.
    fn silence(&self) -> i64 {
        let part = self.config.part.map_or(i64::MAX, |part| Length::new(part).longest);
        (2 * self.target_duration() * SECOND).min(part.saturating_mul(GAPS_MAX))
    }

    fn lag(&self) -> i64 {
        self.config.follower_lag.clamp(0, LAG_MAX)
    }
}

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// How much longer than the target duration a segment may be and still round down to it. One millisecond less than half a second, so that
/// decimals in a playlist cannot round up again.
const LONGEST_OVER: i64 = 499_000_000;
/// More than any target duration, and its double is no overflow.
const TARGET_MAX: i64 = i64::MAX / 4;
/// Nobody waits longer, and what is held in the meantime stays bounded.
const LAG_MAX: i64 = 3600 * SECOND;
/// How long after the target duration a key frame is still waited for. A camera whose interval is the target duration sends it a few
/// milliseconds late every other time. The rest up to `LONGEST_OVER` is for a picture that takes longer than the one before it.
const LATE: i64 = 250_000_000;
