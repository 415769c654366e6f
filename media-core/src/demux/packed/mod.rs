//! Bare frames of sound, one behind the other: AAC in ADTS, MPEG audio of layers I to III, AC-3, E-AC-3. Packed audio of HLS (RFC 8216 3.4), one segment
//! or several in a row, and files of nothing else.
//!
//! Where an ID3 tag tells the time of the frame behind it, that is its PTS; else time begins at zero. From there samples are counted. The clock of 33 bits is
//! unwrapped from tag to tag, and a tag that disagrees by more than 2 ms is [believed](Counts::gaps).
//!
//! Other tags are passed over, and so is what is no frame, which is [counted](Counts::junk). The frame in which encoders of MP3 put an index ("Xing", "Info")
//! instead of sound is left out.

mod tag;

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use self::tag::Tag;
use super::framing::{Frame, Framing, Step};
use super::sound::Line;
use super::{Demux, Output, Source};
use crate::codec::{Config, Parser};
use crate::packet::Packet;
use crate::time::{TimeBase, Timestamp, Unwrapper};
use crate::track::{Track, TrackId};

/// Reads bare frames of sound. Their track has the number 1, in ticks of its samples.
#[derive(Debug)]
pub struct Demuxer {
    source: Source,
    /// Bytes pushed.
    taken: u64,
    buffer: BytesMut,
    /// Bytes of a tag that have not come yet.
    skipped: u64,
    /// `None` before the first frame.
    stream: Option<Stream>,
    clock: Unwrapper<33>,
    /// What the last tag said of the next frame.
    stamp: Option<i64>,
    is_behind_tag: bool,
    /// Of the last frame, in nanoseconds.
    end: i64,
    outputs: VecDeque<Output>,
    counts: Counts,
    is_over: bool,
}

/// What the frames are.
#[derive(Debug)]
struct Stream {
    framing: Framing,
    is_locked: bool,
    parser: Parser,
    track: Option<Track>,
    line: Option<Line>,
}

/// Why nothing can come of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No frame that is followed by another, or by the end.
    #[error("no frames of AAC, MPEG audio, AC-3 or E-AC-3 in {bytes} bytes")]
    NoFrames {
        /// Bytes looked through.
        bytes: u64,
    },
}

/// What was put up with, counted since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Bytes that are neither a frame nor a tag.
    pub junk: u64,
    /// Tags whose time does not follow from the samples before them.
    pub gaps: u64,
    /// Frames that could not be read.
    pub damaged: u64,
}

impl Demuxer {
    /// A demuxer at the first byte of a source.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            taken: 0,
            buffer: BytesMut::new(),
            skipped: 0,
            stream: None,
            clock: Unwrapper::default(),
            stamp: None,
            is_behind_tag: false,
            end: 0,
            outputs: VecDeque::new(),
            counts: Counts::default(),
            is_over: false,
        }
    }

    /// What was put up with so far.
    pub const fn counts(&self) -> Counts {
        self.counts
    }

    fn read(&mut self, is_end: bool) {
        while self.skip() && self.step(is_end) {}
    }

    /// Passes over what is left of a tag; whether all of it has come.
    fn skip(&mut self) -> bool {
        let here = self.buffer.len().min(usize::try_from(self.skipped).unwrap_or(usize::MAX));
        drop(self.buffer.split_to(here));
        self.skipped -= here as u64;
        self.skipped == 0
    }

    /// One tag, frame, or stretch of junk; whether there may be another.
    fn step(&mut self, is_end: bool) -> bool {
        match Tag::of(&self.buffer) {
            Tag::More if is_end || self.buffer.is_empty() => {}
            Tag::More => return false,
            Tag::Length(length) => return self.tag(length, is_end),
            Tag::None => {}
        }
        let Some(stream) = Stream::known(&mut self.stream, &self.buffer) else {
            return self.pass_over(is_end);
        };
        // Nothing but a frame comes behind a tag, and it need not be followed by another.
        stream.is_locked |= std::mem::take(&mut self.is_behind_tag);
        match stream.framing.step(&self.buffer, stream.is_locked, is_end) {
            Step::More if self.buffer.len() > MAX_UNIT => self.pass_over(true),
            Step::More => false,
            Step::Junk(_) if stream.track.is_none() => {
                self.stream = None;
                self.pass_over(true)
            }
            Step::Junk(count) => {
                stream.is_locked = false;
                let count = tag::before(&self.buffer[..count], is_end);
                self.counts.junk += count as u64;
                drop(self.buffer.split_to(count));
                count > 0
            }
            Step::Frame(frame) => {
                stream.is_locked = true;
                let bytes = self.buffer.split_to(frame.len).freeze();
                self.frame(frame, &bytes);
                true
            }
        }
    }

    /// A tag as long as that: its time, if it has come and is where writers of segments put it.
    fn tag(&mut self, length: usize, is_end: bool) -> bool {
        if self.buffer.len() < length.min(MAX_TAG) && !is_end {
            return false;
        }
        let tag = &self.buffer[..length.min(MAX_TAG).min(self.buffer.len())];
        if let Some(time) = tag::time(tag) {
            self.stamp = Some(self.clock.unwrap(time));
        }
        self.skipped = length as u64;
        self.is_behind_tag = true;
        true
    }

    /// Bytes before anything that may be a frame.
    fn pass_over(&mut self, is_end: bool) -> bool {
        if self.buffer.len() < Framing::GUESSED && !is_end || self.buffer.is_empty() {
            return false;
        }
        self.counts.junk += 1;
        drop(self.buffer.split_to(1));
        true
    }

    fn frame(&mut self, frame: Frame, bytes: &Bytes) {
        let Some(stream) = &mut self.stream else { return };
        if stream.track.is_none() && is_index(bytes) {
            return;
        }
        let told = frame.config.filter(|told| stream.parser.config().as_ref() != Some(told));
        if let Some(told) = &told {
            stream.parser = Parser::new(told);
        }
        let unit = stream.parser.parse(bytes.slice(frame.head..));
        let config = unit.config.clone().or(told.map(|told| *told));
        if let Some(track) = config.and_then(|config| track(&config)) {
            stream.line = Some(Line::new(track.time_base.den(), track.time_base.from_nanos(TOLERANCE)));
            self.outputs.push_back(Output::Tracks([track.clone()].into()));
            stream.track = Some(track);
        }
        let (Some(track), Some(line)) = (&stream.track, &mut stream.line) else {
            self.counts.damaged += 1;
            return;
        };
        let of_sample = |ticks| Timestamp::new(ticks).rescale(TimeBase::VIDEO, track.time_base).ticks();
        let stamp = self.stamp.take().map(of_sample);
        let follows = track.time_base.from_nanos(self.end);
        let placed = line.place(stamp, unit.samples).or_else(|| line.place(Some(follows), unit.samples));
        let Some(placed) = placed.filter(|_| !unit.data.is_empty()) else {
            self.counts.damaged += 1;
            return;
        };
        self.counts.gaps += u64::from(placed.is_gap);
        self.end = track.time_base.to_nanos(placed.at.saturating_add(unit.samples.unwrap_or(0).into()));
        self.outputs.push_back(Output::Packet(Packet {
            track: track.id,
            pts: Timestamp::new(placed.at),
            dts: Timestamp::new(placed.at),
            duration: unit.samples,
            key: unit.key,
            data: unit.data,
            wall: None,
        }));
    }
}

impl Stream {
    /// The stream, once bytes at its front tell what it is.
    fn known<'a>(stream: &'a mut Option<Self>, bytes: &[u8]) -> Option<&'a mut Self> {
        if stream.is_none() {
            let framing = Framing::guess(bytes)?;
            let parser = Parser::waiting(framing.format());
            *stream = Some(Self { framing, is_locked: false, parser, track: None, line: None });
        }
        stream.as_mut()
    }
}

fn track(config: &Config) -> Option<Track> {
    let base = TimeBase::new(1, config.sample_rate()?)?;
    Some(Track::new(TrackId::new(1)?, base, config.clone()))
}

/// Whether a frame of MP3 holds an index instead of sound, behind side information that is all zero.
fn is_index(frame: &[u8]) -> bool {
    let is_mpeg = matches!(frame, [0xff, second, ..] if second & 0xe0 == 0xe0 && second & 0x06 == 0x02);
    let head = &frame[..frame.len().min(4 + 2 + 32 + 4)];
    is_mpeg && [&b"Xing"[..], b"Info"].iter().any(|name| memchr::memmem::find(head, name).is_some())
}

/// Whether a file that begins so is likely to be bare sound: a tag, or a frame with another behind it.
pub(super) fn is_likely(bytes: &[u8]) -> bool {
    let is_frame = |mut framing: Framing| matches!(framing.step(bytes, false, false), Step::Frame(_));
    bytes.starts_with(b"ID3") || Framing::guess(bytes).is_some_and(is_frame)
}

impl Demux for Demuxer {
    type Error = Error;

    fn wants(&self) -> Option<u64> {
        match self.source {
            _ if self.is_over => None,
            Source::Seekable { len } if self.taken >= len => None,
            _ => Some(self.taken),
        }
    }

    fn push(&mut self, bytes: Bytes) -> Result<(), Error> {
        if self.is_over {
            return Ok(());
        }
        self.taken += bytes.len() as u64;
        for piece in bytes.chunks(MAX_PIECE) {
            self.buffer.extend_from_slice(piece);
            self.read(false);
        }
        if self.counts.junk > MAX_SEARCH && self.stream.as_ref().is_none_or(|stream| stream.track.is_none()) {
            self.is_over = true;
            return Err(Error::NoFrames { bytes: self.taken });
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn finish(mut self) -> Result<Vec<Output>, Error> {
        self.read(true);
        match self.stream.as_ref().and_then(|stream| stream.track.as_ref()) {
            Some(_) => Ok(self.outputs.into()),
            None => Err(Error::NoFrames { bytes: self.taken }),
        }
    }
}

/// Bytes of a tag that are looked at: pictures of a cover come behind what is short.
const MAX_TAG: usize = 16 << 10;

/// Nanoseconds by which the time of a tag may be wrong.
const TOLERANCE: i64 = 2_000_000;

/// Bytes that are looked through for a first frame.
const MAX_SEARCH: u64 = 1 << 20;

/// Bytes of an access unit: E-AC-3 of eight programmes, each with eight substreams, has fewer.
const MAX_UNIT: usize = 512 << 10;

/// Bytes that are looked at together.
const MAX_PIECE: usize = 64 << 10;
