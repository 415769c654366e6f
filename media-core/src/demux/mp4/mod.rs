//! MP4, MOV and fragmented MP4 (CMAF): ISO/IEC 14496-12 and what QuickTime has in other ways.
//!
//! From a [stream](Source::Stream) it reads files whose index comes first (faststart) and fragments as they come; from a
//! [seekable](Source::Seekable) source also files whose index comes last: what lies between is passed over. What memory it takes depends on
//! the index alone, which is kept as it stands in the file, and on how far apart the tracks' samples lie.
//!
//! # Time
//!
//! Packets have presentation time, by the edit list (14496-12 8.6.6): empty edits delay a track, a media time begins within it. Sound before an
//! edit's start is [priming](Track::priming), pictures there keep a PTS before it and are only decoded; what comes after the end of an edit is
//! left out, and the last packet's duration ends there. Composition offsets below zero move DTS earlier, never PTS later.
//!
//! # What it bends
//!
//! * Composition offsets of version 0 are read as signed, which QuickTime writes.
//! * A duration of more than 31 bits, a negative one that got lost, is one tick.
//! * `trun` without a data offset in a first run begins in the `mdat` behind the `moof`.
//! * Four zero bytes close lists of boxes in QuickTime sample entries; an edit of no duration lasts to the end.
//! * Which pictures are keys, H.264 and H.265 say themselves ([`Parser`](crate::codec::Parser)); the index only where they say nothing.
//!
//! What is wrong beyond that is made good as [`Faults`] say, and counted. Tracks that cannot be read are [skipped](Demuxer::skipped).
//!
//! # Going elsewhere
//!
//! [`Demuxer::seek`] goes on at another time: by the sample tables, or by the `sidx` boxes of a fragmented file (8.16.3), whichever way those
//! point to each other.
//!
//! Not read: `mfra`, which repeats what the fragments say, `sdtp`, `emsg`, and data in other files (`dref`).

mod boxes;
mod edits;
mod entry;
mod error;
mod fragment;
mod groups;
mod lane;
mod movie;
mod scan;
mod seek;
mod table;
mod window;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

pub use self::error::{Error, Faults, Reason, Skipped};
use self::fragment::Known;
use self::lane::{Lane, Taken};
use self::movie::Movie;
use self::seek::Reference;
use self::window::Window;
use super::{Demux, Output, Source};
use crate::bits::Reader;
use crate::time::WallTime;
#[cfg(doc)]
use crate::track::Track;

/// Reads one file, or the header and the segments of one stream. See [`Demux`] for how it is driven.
#[derive(Debug)]
pub struct Demuxer {
    source: Source,
    window: Window,
    /// Where the next box begins that is not in another.
    scan: u64,
    /// Whether there are no more boxes to look at.
    scanned: bool,
    /// Whether the source has ended.
    ended: bool,
    indexed: bool,
    fragmented: bool,
    lanes: Vec<Lane>,
    known: BTreeMap<u32, Known>,
    /// Bytes of samples given out.
    given: u64,
    announced: bool,
    /// Packets that wait for the tracks to be known.
    early: Vec<Output>,
    outputs: VecDeque<Output>,
    /// Where the next push begins, and how far it must reach before anything can be done.
    want: Option<(u64, u64)>,
    /// Where the last push ended.
    read: u64,
    /// What `sidx` say.
    references: Vec<Reference>,
    /// A time that is sought, in nanoseconds.
    sought: Option<i64>,
    skipped: Vec<Skipped>,
    faults: Faults,
}

/// What a step came to.
enum Step {
    Done,
    Again,
    /// Bytes from here to there are needed.
    Needs(u64, u64),
}

impl Demuxer {
    /// A demuxer at the start of `source`.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            window: Window::default(),
            scan: 0,
            scanned: source == Source::Seekable { len: 0 },
            ended: false,
            indexed: false,
            fragmented: false,
            lanes: Vec::new(),
            known: BTreeMap::new(),
            given: 0,
            announced: false,
            early: Vec::new(),
            outputs: VecDeque::new(),
            want: (source != Source::Seekable { len: 0 }).then_some((0, 8)),
            read: 0,
            references: Vec::new(),
            sought: None,
            skipped: Vec::new(),
            faults: Faults::default(),
        }
    }

    /// What was made good so far.
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The tracks that are not read, once the index was.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Bytes that are held to be looked at later.
    pub const fn held(&self) -> u64 {
        self.window.held()
    }

    /// Where the source ends, once that is known.
    const fn len(&self) -> Option<u64> {
        match self.source {
            Source::Stream if self.ended => Some(self.window.end()),
            Source::Stream => None,
            Source::Seekable { len } => Some(len),
        }
    }

    /// Goes on until bytes are missing.
    fn run(&mut self) -> Result<(), Error> {
        loop {
            match self.step()? {
                Step::Again => {}
                Step::Done => {
                    self.want = None;
                    return Ok(());
                }
                Step::Needs(from, to) => {
                    self.forget();
                    self.want = Some((self.next_read(from), to));
                    return Ok(());
                }
            }
        }
    }

    fn step(&mut self) -> Result<Step, Error> {
        let Some((index, nanos)) = self.next_lane() else {
            if !self.scanned {
                return self.scan_box();
            }
            // Where an index was to lead on, there is none.
            let Some(nanos) = self.sought.take() else { return Ok(Step::Done) };
            self.go_to(nanos);
            return Ok(if self.scanned { Step::Done } else { Step::Again });
        };
        if self.waits(nanos) {
            return self.scan_box();
        }
        Ok(self.give(index))
    }

    /// The track whose sample is due first, and when.
    fn next_lane(&mut self) -> Option<(usize, i64)> {
        let mut first = None;
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            if let Some(due) = lane.head(&mut self.faults)
                && first.is_none_or(|(_, nanos)| due.nanos < nanos)
            {
                first = Some((index, due.nanos));
            }
        }
        first
    }

    /// Whether a track of whose next sample nothing is known may have one that is due before `nanos`. None is waited for longer than
    /// [`PATIENCE`], and one that did not come in that time not again until it comes.
    fn waits(&mut self, nanos: i64) -> bool {
        if !self.fragmented
            || self.scanned
            || self.lanes.iter().all(|lane| lane.peeked().is_some() || lane.absent)
        {
            return false;
        }
        let known = self.lanes.iter().filter(|lane| lane.peeked().is_some());
        let until = known.map(Lane::known_until).max().unwrap_or(nanos);
        if until.saturating_sub(nanos) <= PATIENCE && self.window.held() <= MOST_HELD {
            return true;
        }
        for lane in &mut self.lanes {
            lane.absent |= lane.peeked().is_none();
        }
        false
    }

    /// Gives out the next sample of a track, if its bytes are there.
    fn give(&mut self, index: usize) -> Step {
        let Some(due) = self.lanes[index].peeked() else { return Step::Again };
        let (at, size) = (due.sample.at, u64::from(due.sample.size));
        let end = at.saturating_add(size);
        if let Some(fault) = self.refuses(at, size) {
            *fault += 1;
            self.lanes[index].skip();
            return Step::Again;
        }
        match self.window.get(at, size) {
            Ok(bytes) => self.give_bytes(index, bytes),
            Err(_) if self.ended => {
                self.faults.beyond_end += 1;
                self.lanes[index].skip();
            }
            Err(missing) if self.source == Source::Stream && missing < self.window.end() => {
                self.faults.behind += 1;
                self.lanes[index].skip();
            }
            Err(_) if self.window.held() > MOST_HELD + size => match self.first_at_hand() {
                Some((other, bytes)) => {
                    self.faults.interleave += 1;
                    self.give_bytes(other, bytes);
                }
                None => return Step::Needs(at, end),
            },
            Err(missing) => return Step::Needs(missing, end),
        }
        Step::Again
    }

    /// What a sample is not taken for, if anything: the fault to be counted.
    const fn refuses(&mut self, at: u64, size: u64) -> Option<&mut u64> {
        let faults = &mut self.faults;
        let Some(end) = at.checked_add(size) else { return Some(&mut faults.beyond_end) };
        if size == 0 {
            return Some(&mut faults.empty);
        }
        match self.source {
            Source::Seekable { len } if end > len => Some(&mut faults.beyond_end),
            _ if size > MOST_SAMPLE => Some(&mut faults.oversized),
            _ => None,
        }
    }

    /// Of the samples that are there in whole, the first in the stream.
    fn first_at_hand(&self) -> Option<(usize, Bytes)> {
        let heads =
            self.lanes.iter().enumerate().filter_map(|(index, lane)| Some((index, lane.peeked()?.sample)));
        let mut heads: Vec<_> = heads.collect();
        heads.sort_by_key(|(_, sample)| sample.at);
        heads
            .into_iter()
            .find_map(|(index, sample)| Some((index, self.window.get(sample.at, sample.size.into()).ok()?)))
    }

    fn give_bytes(&mut self, index: usize, bytes: Bytes) {
        self.given = self.given.saturating_add(bytes.len() as u64);
        let source = self.len().unwrap_or(self.window.end());
        if self.given > source.saturating_mul(MOST_GIVEN).saturating_add(1 << 16) {
            self.faults.overlapping += self.lanes.len() as u64;
            self.lanes.iter_mut().for_each(Lane::clear);
            self.scanned = true;
            return;
        }
        let (packet, changed) = match self.lanes[index].take(bytes, &mut self.faults) {
            Taken::Packet(packet) => (packet, false),
            Taken::Changed(packet) => (packet, true),
            Taken::Nothing => return self.give_up_waiting(),
        };
        let packet = Output::Packet(packet);
        if !self.announced {
            self.early.push(packet);
            return self.announce_if_known();
        }
        if changed {
            self.outputs.push_back(self.tracks());
        }
        self.outputs.push_back(packet);
    }

    fn tracks(&self) -> Output {
        Output::Tracks(self.lanes.iter().filter_map(Lane::track).collect())
    }

    fn announce_if_known(&mut self) {
        if self.lanes.iter().all(|lane| lane.track().is_some()) || self.early.len() > MOST_EARLY {
            self.announce();
        }
    }

    /// Gives out the tracks that are known, and what waited for them.
    fn announce(&mut self) {
        if self.lanes.iter().any(|lane| lane.track().is_some()) {
            self.outputs.push_back(self.tracks());
            self.outputs.extend(self.early.drain(..));
            self.announced = true;
        }
    }

    /// A track whose parameter sets do not come is not waited for without end.
    fn give_up_waiting(&mut self) {
        if !self.announced && self.faults.unconfigured > MOST_EARLY as u64 {
            self.announce();
        }
    }

    /// Forgets the bytes that no track is going to need.
    fn forget(&mut self) {
        // Before the index, what was read at the front of a small file may still be asked for.
        if !self.indexed && self.source != Source::Stream && self.window.held() <= NEAR {
            return;
        }
        let heads: Vec<u64> = self.lanes.iter().filter_map(|lane| Some(lane.peeked()?.sample.at)).collect();
        let scan = (!self.scanned).then_some(self.scan);
        // A seekable source is asked again for what lies far ahead; a stream is not.
        let ahead = if self.source == Source::Stream { u64::MAX } else { NEAR };
        let near = |at: u64, start: u64, end: u64| at < end && at.saturating_add(ahead) >= start;
        self.window.retain(|start, end| heads.iter().chain(&scan).any(|at| near(*at, start, end)));
        if self.window.held() > MOST_HELD && self.source != Source::Stream {
            self.window.retain(|start, end| heads.iter().chain(&scan).any(|at| (start..end).contains(at)));
        }
    }

    /// Where to read on when `at` is missing: a stream where it stands; else there, or from nearby, if what lies between is needed as well.
    fn next_read(&self, at: u64) -> u64 {
        let end = self.read;
        let between = || {
            let mut heads = self.lanes.iter().filter_map(Lane::peeked);
            heads.any(|due| (end..at).contains(&due.sample.at))
        };
        match self.source {
            Source::Stream => end,
            Source::Seekable { .. } if end < at && at - end <= NEAR && between() => end,
            Source::Seekable { .. } => at,
        }
    }
}

impl Demux for Demuxer {
    type Error = Error;

    fn wants(&self) -> Option<u64> {
        self.want.map(|(at, _)| at)
    }

    fn push(&mut self, bytes: Bytes) -> Result<(), Error> {
        let Some((at, until)) = self.want else { return Ok(()) };
        let end = at.saturating_add(bytes.len() as u64);
        self.window.put(at, bytes);
        self.read = end;
        if end < until && self.len().is_none_or(|len| end < len) {
            self.want = Some((end, until));
            self.forget();
            if self.window.held() <= MOST_HELD {
                return Ok(());
            }
        }
        self.run().inspect_err(|_| self.want = None)
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn finish(mut self) -> Result<Vec<Output>, Error> {
        self.ended = true;
        let end = self.window.end();
        if self.source == Source::Stream {
            self.lanes.iter_mut().for_each(|lane| lane.limit(end));
        } else {
            self.scanned |= self.indexed;
        }
        if self.want.is_some() {
            self.run()?;
        }
        if !self.announced {
            self.announce();
        }
        match (self.announced, self.indexed) {
            (true, _) => Ok(self.outputs.into()),
            (false, true) => Err(Error::NoTracks { skipped: self.skipped.len() }),
            (false, false) => Err(Error::NoIndex { at: self.len().unwrap_or(end) }),
        }
    }
}

/// Nanoseconds of one track that are held while another one's next fragment has not come.
const PATIENCE: i64 = 10_000_000_000;

/// Bytes held while tracks lie apart, beyond one sample.
const MOST_HELD: u64 = 32 << 20;

/// Bytes that are read through, rather than passed over and asked for again.
const NEAR: u64 = 4 << 20;

/// Bytes of a sample. The largest pictures known, raw ones excepted, are a fifth of it.
const MOST_SAMPLE: u64 = 128 << 20;

/// How many times the source all samples may add up to: tracks may share samples, and edits may repeat them.
const MOST_GIVEN: u64 = 4;

/// Packets that wait for the parameter sets of another track.
const MOST_EARLY: usize = 1000;
