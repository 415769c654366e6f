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
mod give;
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
use self::lane::Lane;
use self::movie::Movie;
use self::seek::References;
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
    /// Bytes of samples given out, and samples dropped.
    given: u64,
    /// Bytes of fragments' headers since the last sample that waited for nobody.
    loaded: u64,
    announced: bool,
    /// Packets that wait for the tracks to be known.
    early: Vec<Output>,
    early_bytes: u64,
    outputs: VecDeque<Output>,
    /// Where the next push begins, and how far it must reach before anything can be done.
    want: Option<(u64, u64)>,
    /// Where the last push ended.
    read: u64,
    /// What lies before this has gone by in a stream, be it still at hand or not: how the bytes come makes no difference.
    gone: u64,
    references: References,
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
            loaded: 0,
            announced: false,
            early: Vec::new(),
            early_bytes: 0,
            outputs: VecDeque::new(),
            want: (source != Source::Seekable { len: 0 }).then_some((0, 8)),
            read: 0,
            gone: 0,
            references: References::default(),
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
            self.loaded = 0;
            return false;
        }
        let known = self.lanes.iter().filter(|lane| lane.peeked().is_some());
        let until = known.map(Lane::known_until).max().unwrap_or(nanos);
        let is_near = until.saturating_sub(nanos) <= PATIENCE;
        if is_near && self.window.held() <= MOST_HELD && self.loaded <= MOST_LOADED {
            return true;
        }
        for lane in &mut self.lanes {
            lane.absent |= lane.peeked().is_none();
        }
        false
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

/// Bytes of fragments' headers that are read while one track is waited for.
const MOST_LOADED: u64 = 4 << 20;

/// Bytes that are read through, rather than passed over and asked for again.
const NEAR: u64 = 4 << 20;
