//! WebM and Matroska: files, live streams, and segments behind their header.
//!
//! RFC 9559 (Matroska) in the encoding of RFC 8794 (EBML). A file is read from its first byte to its last; of a
//! [seekable](super::Source::Seekable) source tracks that stand behind their media are found by `SeekHead`, and [`Demuxer::seek`] goes on at
//! another time. Segments and clusters may be of unknown size, as live streams have them; several files one after the other are one stream,
//! with new tracks.
//!
//! # Codecs
//!
//! VP8, VP9, H.264, H.265, Opus and AAC. Other tracks are [refused](Demuxer::refused), each with a reason, and so are those whose frames are
//! encrypted, or compressed by other means than header stripping. Their blocks are counted.
//!
//! # Time
//!
//! A block's time is rounded to a tick of the segment, mostly a millisecond, and is a PTS.
//!
//! * **Pictures** keep it exactly, in a base of 90 kHz where ticks are whole in it, as milliseconds are, else in ticks. Blocks stand in
//!   decoding order; the DTS of H.264 and H.265 are derived from the reorder depth their parameter sets tell, or from the first 32 pictures.
//!   Two pictures with one stamp, as hidden ones of VP8 may have, are put one tick apart, and [counted](Counts::bent).
//! * **Sound** is in samples. A packet begins where the one before it ended, by the samples it decodes to, as long as its block's time agrees
//!   within two ticks of the segment; a [gap](Counts::gaps) is believed. So rounding disappears.
//! * `CodecDelay` is [priming](crate::track::Track::priming) and taken from all stamps; Opus that forgot it has the pre-skip of its header.
//!   `DiscardPadding` shortens the duration of the last packet, to the sample.
//!
//! # What is left out
//!
//! Subtitles, chapters, tags, attachments, and block additions such as alpha planes, for which a packet has no place; these are counted. `Colour`
//! of a track is not read: what the stream itself says of its colours counts, which for VP9 is less.

mod block;
mod cues;
mod ebml;
mod error;
mod found;
mod ids;
mod lane;
mod listed;
mod order;
mod seek;
mod tracks;
mod walk;

use bytes::Bytes;

use self::block::{Block, Damaged, Group};
use self::found::Found;
use self::lane::Lane;
use self::seek::{Index, Search};
use self::walk::Walk;
use super::interleave::Interleave;
use super::{Demux, Output, Source};

pub use error::{Counts, Error, Reason, Refused};

/// Reads WebM and Matroska.
#[derive(Debug)]
pub struct Demuxer {
    walk: Walk,
    lanes: Vec<Lane>,
    out: Interleave,
    refused: Vec<Refused>,
    counts: Counts,
    /// Faults of lanes that are gone.
    faults: u64,
    /// Whether tracks were there, be it in an earlier file of the same stream.
    is_known: bool,
    is_over: bool,
    index: Index,
    /// A time that is being sought.
    search: Option<Search>,
}

impl Demuxer {
    /// A demuxer at the first byte of a source.
    pub fn new(source: Source) -> Self {
        Self {
            walk: Walk::new(source),
            lanes: Vec::new(),
            out: Interleave::new(),
            refused: Vec::new(),
            counts: Counts::NONE,
            faults: 0,
            is_known: false,
            is_over: false,
            index: Index::default(),
            search: None,
        }
    }

    /// What was put up with so far.
    pub fn counts(&self) -> Counts {
        Counts { faults: self.faults + self.lanes.iter().map(Lane::faults).sum::<u64>(), ..self.counts }
    }

    /// The tracks that are not read, and why.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// Goes on until bytes are missing.
    fn run(&mut self) -> Result<(), Error> {
        loop {
            match self.walk.next(&mut self.counts)? {
                found if self.search.is_some() && (found.is_some() || self.walk.is_at_end()) => {
                    self.search_on(found);
                }
                Some(found) => self.take(found)?,
                None => return Ok(()),
            }
        }
    }

    fn take(&mut self, found: Found) -> Result<(), Error> {
        match found {
            Found::File => self.end_of_file(),
            Found::Tracks(body) => return self.tracks(&body),
            Found::Block { at, time, body } => {
                self.block(at, time, block::block(&body).map(|block| (block, Group::default())));
            }
            Found::Group { at, time, body } => self.block(at, time, block::group(&body)),
            Found::Cluster { .. } | Found::Fetched(_) => {}
        }
        Ok(())
    }

    /// Another file begins.
    fn end_of_file(&mut self) {
        for mut lane in self.lanes.drain(..) {
            lane.flush(&mut self.out, &mut self.counts);
            self.out.close(lane.id());
            self.faults += lane.faults();
        }
        self.refused.clear();
        self.index = Index::default();
    }

    fn tracks(&mut self, body: &Bytes) -> Result<(), Error> {
        if !self.lanes.is_empty() {
            return Ok(());
        }
        for (_, range) in ebml::children(body).filter(|(id, _)| *id == TRACK_ENTRY).take(MAX_TRACKS) {
            let entry = tracks::entry(&body.slice(range)).and_then(|entry| {
                let is_new = self.lanes.iter().all(|lane| lane.id() != entry.id);
                if is_new { Ok(entry) } else { Err((entry.id.get().into(), String::new(), Reason::Number)) }
            });
            match entry {
                Ok(entry) => self.lanes.push(Lane::new(entry, self.walk.scale())),
                Err((number, codec, reason)) => self.refused.push(Refused { number, codec, reason }),
            }
        }
        if self.lanes.is_empty() {
            return Err(Error::NoTrack { refused: self.refused.clone() });
        }
        self.is_known = true;
        for lane in &self.lanes {
            // Those that are not known yet have their place too.
            self.out.expect(lane.id());
            lane.track().into_iter().for_each(|track| self.out.set(track.clone()));
        }
        self.start_if_known();
        Ok(())
    }

    fn block(&mut self, at: u64, time: i64, block: Result<(Block, Group), Damaged>) {
        let Ok((block, group)) = block else {
            self.counts.blocks += 1;
            return;
        };
        self.counts.additions += group.additions;
        let lane = self.lanes.iter_mut().find(|lane| u64::from(lane.id().get()) == block.track);
        let Some(lane) = lane else {
            self.counts.strangers += 1;
            return;
        };
        let ticks = time.saturating_add(block.time.into());
        lane.push(at, block, group, ticks, &mut self.out, &mut self.counts);
        self.start_if_known();
    }

    /// Tracks are given out once all of them have told what they are, or too much waits for that.
    fn start_if_known(&mut self) {
        let (bytes, nanos) = self.out.held();
        if self.lanes.iter().all(|lane| lane.track().is_some()) || bytes > MAX_HELD || nanos > MAX_WAIT {
            self.start();
        }
    }

    fn start(&mut self) {
        for track in self.lanes.iter_mut().filter_map(Lane::assume) {
            self.out.set(track);
        }
        self.out.start();
    }
}

impl Demux for Demuxer {
    type Error = Error;

    fn wants(&self) -> Option<u64> {
        if self.is_over { None } else { self.walk.wants() }
    }

    fn push(&mut self, bytes: Bytes) -> Result<(), Error> {
        if self.is_over {
            return Ok(());
        }
        self.walk.push(bytes);
        self.run().inspect_err(|_| self.is_over = true)
    }

    fn poll(&mut self) -> Option<Output> {
        self.out.poll()
    }

    fn finish(mut self) -> Result<Vec<Output>, Error> {
        if !self.is_known {
            return Err(Error::Ended);
        }
        self.start();
        self.end_of_file();
        Ok(self.out.finish())
    }
}

const TRACK_ENTRY: u32 = 0xae;

/// Tracks that are looked at; a number of one byte has 126.
const MAX_TRACKS: usize = 126;

/// Bytes of packets that wait for tracks to be known.
const MAX_HELD: usize = 4 << 20;

/// Nanoseconds of them.
const MAX_WAIT: i64 = 2_000_000_000;
