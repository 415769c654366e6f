//! Goes through the elements of a file and gives out those that matter, RFC 8794 section 6 and RFC 9559 section 5.
//!
//! An element of unknown size ends where one begins that cannot be in it (RFC 8794 section 6.2): a cluster at the next child of the segment, a
//! segment at the next EBML header. What cannot be read is passed over up to the next cluster.

use bytes::Bytes;

use super::ebml::{self, HEAD, Head};
use super::error::{Counts, Error};
use super::found::{Depth, Found};
use super::ids::*;
use super::listed::Listed;
use crate::demux::Source;
use crate::demux::input::Input;

/// The way through a file.
#[derive(Debug)]
pub(super) struct Walk {
    input: Input,
    /// Bytes of a source that can be sought in.
    len: Option<u64>,
    place: Place,
    depth: Depth,
    /// Where the latest segment's body begins. Where a segment ends does not matter: files that grew have a wrong size, and what can follow
    /// it is an EBML header.
    body: u64,
    /// Nanoseconds per tick.
    scale: u32,
    has_tracks: bool,
    listed: Listed,
    /// Where clusters can begin.
    media: Option<u64>,
    /// The cluster to go back to once the tracks behind it were read.
    back: Option<u64>,
    /// The ID of the element that has to stand here.
    fetching: Option<u32>,
}

/// In which element the next one lies.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In none, and nothing was read yet.
    Start,
    /// In none, or in a segment.
    Segment,
    /// In a cluster.
    Cluster(Cluster),
    /// Nowhere one can tell.
    Lost,
}

/// A cluster that is open.
#[derive(Clone, Copy, Debug)]
struct Cluster {
    at: u64,
    end: Option<u64>,
    /// Its timestamp once that is known.
    time: Option<i64>,
}

impl Walk {
    pub(super) const fn new(source: Source) -> Self {
        Self {
            input: Input::new(source),
            len: match source {
                Source::Seekable { len } => Some(len),
                Source::Stream => None,
            },
            place: Place::Start,
            depth: Depth::Whole,
            body: 0,
            scale: MILLISECOND,
            has_tracks: false,
            listed: Listed::NONE,
            media: None,
            back: None,
            fetching: None,
        }
    }

    pub(super) const fn wants(&self) -> Option<u64> {
        self.input.wants()
    }

    /// Nanoseconds per tick.
    pub(super) const fn scale(&self) -> u32 {
        self.scale
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        self.input.push(bytes);
    }

    /// Whether nothing comes behind what was pushed.
    pub(super) const fn is_at_end(&self) -> bool {
        self.input.wants().is_none()
    }

    /// Whether the source can be sought in.
    pub(super) const fn is_seekable(&self) -> bool {
        self.len.is_some()
    }

    /// What `SeekHead` tells.
    pub(super) const fn listed(&mut self) -> &mut Listed {
        &mut self.listed
    }

    /// Where clusters can begin.
    pub(super) fn media(&self) -> u64 {
        self.media.unwrap_or(self.body)
    }

    /// Where positions that the file tells are counted from.
    pub(super) const fn body(&self) -> u64 {
        self.body
    }

    /// Goes to a place in the segment, to look at clusters from there on.
    pub(super) fn look(&mut self, at: u64, depth: Depth) {
        self.input.seek(at);
        (self.place, self.depth) = (Place::Segment, depth);
        (self.fetching, self.back) = (None, None);
    }

    /// Goes to where the element `id` should stand: a cluster, which is then entered, or another one, which is read.
    pub(super) fn fetch(&mut self, at: u64, id: u32) {
        self.look(at, Depth::Heads);
        self.fetching = Some(id);
    }

    /// The next element that matters; `None` until more bytes are pushed.
    pub(super) fn next(&mut self, counts: &mut Counts) -> Result<Option<Found>, Error> {
        loop {
            match self.step(counts)? {
                Step::Found(found) => return Ok(Some(found)),
                Step::Wait => return Ok(None),
                Step::On => {}
            }
        }
    }

    fn step(&mut self, counts: &mut Counts) -> Result<Step, Error> {
        match self.place {
            Place::Lost => {
                if !self.input.skip_to(CLUSTER.to_be_bytes()) {
                    return Ok(Step::Wait);
                }
                self.place = Place::Segment;
            }
            Place::Cluster(Cluster { end: Some(end), .. }) if self.input.position() >= end => {
                self.place = Place::Segment;
            }
            _ => {}
        }
        let mut buffer = [0; HEAD];
        let bytes = self.input.head(&mut buffer);
        if matches!(self.place, Place::Start) {
            match bytes.first_chunk::<4>() {
                None => return Ok(Step::Wait),
                Some(&found) if found != EBML.to_be_bytes() => return Err(Error::NotEbml { found }),
                Some(_) => {}
            }
        }
        match ebml::head(bytes) {
            Ok(None) => Ok(Step::Wait),
            Ok(Some(head)) if self.fetching.is_some_and(|id| id != CLUSTER || head.id != id) => {
                Ok(self.fetched(head))
            }
            Ok(Some(head)) => self.element(head, counts),
            Err(_) if self.fetching.take().is_some() => Ok(Step::Found(Found::Fetched(None))),
            Err(_) => Ok(self.lose(counts)),
        }
    }

    /// The element that should stand here, or another one.
    fn fetched(&mut self, head: Head) -> Step {
        let size = head.size.filter(|&size| self.fetching == Some(head.id) && size <= MAX_SMALL);
        let found = match size.map(|_| self.whole(head, MAX_SMALL)) {
            Some(Ok(None)) => return Step::Wait,
            Some(Ok(found)) => found,
            Some(Err(_)) | None => None,
        };
        self.fetching = None;
        Step::Found(Found::Fetched(found))
    }

    fn element(&mut self, head: Head, counts: &mut Counts) -> Result<Step, Error> {
        self.fetching = None;
        if self.back.is_some() && head.id != TRACKS {
            // `SeekHead` was wrong.
            counts.damage += 1;
            return Ok(self.go_back());
        }
        match self.place {
            Place::Cluster(cluster) if is_of_cluster(head.id) => Ok(self.in_cluster(head, cluster, counts)),
            Place::Cluster(Cluster { end: None, .. }) if is_of_segment(head.id) => {
                self.place = Place::Segment;
                Ok(Step::On)
            }
            Place::Cluster(Cluster { end, .. }) => Ok(self.pass(head, end, counts)),
            Place::Segment | Place::Lost | Place::Start => self.in_segment(head, counts),
        }
    }

    fn in_segment(&mut self, head: Head, counts: &mut Counts) -> Result<Step, Error> {
        match head.id {
            // Only what has been read is looked around in, and it ends here.
            EBML | SEGMENT if self.depth != Depth::Whole => Ok(Step::Found(Found::File)),
            EBML => self.header(head),
            SEGMENT => {
                self.input.skip(head.len as u64);
                (self.place, self.body) = (Place::Segment, self.input.position());
                Ok(Step::On)
            }
            INFO | TRACKS | SEEK_HEAD if self.depth == Depth::Whole => self.small(head),
            CLUSTER => Ok(self.cluster(head, counts)),
            CUES => {
                self.listed.cues = self.listed.cues.or(Some(self.input.position()));
                Ok(self.pass(head, None, counts))
            }
            _ => Ok(self.pass(head, None, counts)),
        }
    }

    /// The EBML header.
    fn header(&mut self, head: Head) -> Result<Step, Error> {
        let Some(header) = self.whole(head, MAX_HEADER)? else { return Ok(Step::Wait) };
        let doc_type = ebml::children(&header).find(|(id, _)| *id == DOC_TYPE);
        let found = doc_type.map(|(_, range)| ebml::text(&header[range])).unwrap_or_default();
        if !matches!(found.as_str(), "webm" | "matroska") {
            return Err(Error::DocType { found });
        }
        let is_first = matches!(self.place, Place::Start);
        (self.place, self.body) = (Place::Segment, self.input.position());
        (self.scale, self.has_tracks) = (MILLISECOND, false);
        (self.listed, self.media) = (Listed::default(), None);
        Ok(if is_first { Step::On } else { Step::Found(Found::File) })
    }

    /// An element of the segment that is read as a whole.
    fn small(&mut self, head: Head) -> Result<Step, Error> {
        let Some(bytes) = self.whole(head, MAX_SMALL)? else { return Ok(Step::Wait) };
        match head.id {
            INFO => self.info(&bytes)?,
            SEEK_HEAD => self.listed.read(&bytes, self.body),
            _ => {
                self.has_tracks = true;
                self.media.get_or_insert(self.input.position());
                self.go_back();
                return Ok(Step::Found(Found::Tracks(bytes)));
            }
        }
        Ok(Step::On)
    }

    fn info(&mut self, body: &[u8]) -> Result<(), Error> {
        let scale = ebml::children(body).find(|(id, _)| *id == TIMESTAMP_SCALE);
        let Some((_, range)) = scale else { return Ok(()) };
        let found = ebml::uint(&body[range]);
        match u32::try_from(found) {
            // Tracks have been measured by the scale that came before them.
            Ok(scale @ 1..) if !self.has_tracks => self.scale = scale,
            Ok(1..) => {}
            _ => return Err(Error::TimestampScale { found }),
        }
        Ok(())
    }

    fn cluster(&mut self, head: Head, counts: &mut Counts) -> Step {
        let at = self.input.position();
        if self.depth == Depth::Whole {
            self.media.get_or_insert(at);
        }
        if !self.has_tracks {
            if let Some(tracks) =
                self.listed.tracks.take().filter(|&tracks| self.len.is_some_and(|len| tracks < len))
            {
                self.back = Some(at);
                self.input.seek(tracks);
                return Step::On;
            }
            counts.lost += 1;
            return self.pass(head, None, counts);
        }
        self.input.skip(head.len as u64);
        let end = head.size.map(|size| self.input.position().saturating_add(size));
        self.place = Place::Cluster(Cluster { at, end, time: None });
        Step::On
    }

    fn in_cluster(&mut self, head: Head, cluster: Cluster, counts: &mut Counts) -> Step {
        let Some(size) = self.fitting(head, cluster.end) else { return self.pass(head, cluster.end, counts) };
        let is_block = matches!(head.id, SIMPLE_BLOCK | BLOCK_GROUP);
        if head.id != TIMESTAMP && !is_block || is_block && self.depth == Depth::Clusters {
            counts.encrypted += u64::from(head.id == ENCRYPTED_BLOCK);
            return self.pass(head, cluster.end, counts);
        }
        if size > MAX_BLOCK {
            counts.too_long += 1;
            return self.pass(head, cluster.end, counts);
        }
        let is_shortened = head.id == SIMPLE_BLOCK && self.depth == Depth::Heads;
        let read = if is_shortened { size.min(BLOCK_HEAD) } else { size } as usize;
        if self.input.len() < head.len + read {
            return Step::Wait;
        }
        let at = self.input.position();
        self.input.skip(head.len as u64);
        let body = self.input.take(read);
        self.input.skip(size - read as u64);
        match (head.id, cluster.time) {
            (TIMESTAMP, _) => self.timestamp(&body, cluster, counts),
            (_, None) => {
                counts.blocks += 1;
                Step::On
            }
            (SIMPLE_BLOCK, Some(time)) => Step::Found(Found::Block { at, time, body }),
            (_, Some(time)) => Step::Found(Found::Group { at, time, body }),
        }
    }

    fn timestamp(&mut self, body: &[u8], cluster: Cluster, counts: &mut Counts) -> Step {
        // No file lasts longer than 63 bits of ticks; one that says so is not believed.
        let time = i64::try_from(ebml::uint(body)).ok();
        counts.damage += u64::from(time.is_none());
        self.place = Place::Cluster(Cluster { time, ..cluster });
        let (Some(time), Depth::Heads | Depth::Clusters) = (time, self.depth) else { return Step::On };
        if let (Some(end), Depth::Clusters) = (cluster.end, self.depth) {
            self.input.skip(end.saturating_sub(self.input.position()));
        }
        Step::Found(Found::Cluster { at: cluster.at, time })
    }

    /// The size of an element that is known and does not reach beyond `end`.
    fn fitting(&self, head: Head, end: Option<u64>) -> Option<u64> {
        let size = head.size?;
        let after = self.input.position().checked_add(head.len as u64)?.checked_add(size)?;
        (end.is_none_or(|end| after <= end)).then_some(size)
    }

    /// Passes over an element.
    fn pass(&mut self, head: Head, end: Option<u64>, counts: &mut Counts) -> Step {
        match (self.fitting(head, end), end) {
            (Some(size), _) => {
                self.input.skip(head.len as u64 + size);
                Step::On
            }
            (None, Some(end)) if head.size.is_some() => {
                counts.damage += 1;
                self.input.skip(end - self.input.position());
                Step::On
            }
            (None, _) => self.lose(counts),
        }
    }

    /// Nothing can be read here.
    fn lose(&mut self, counts: &mut Counts) -> Step {
        counts.damage += 1;
        // The next cluster is behind this one.
        self.input.skip(1);
        self.place = Place::Lost;
        Step::On
    }

    fn go_back(&mut self) -> Step {
        if let Some(at) = self.back.take() {
            self.input.seek(at);
        }
        Step::On
    }

    /// The body of an element of at most `most` bytes, once it is there.
    fn whole(&mut self, head: Head, most: u64) -> Result<Option<Bytes>, Error> {
        let size = head.size.unwrap_or(u64::MAX);
        if size > most {
            return Err(Error::TooLong { id: head.id, size, most });
        }
        if self.input.len() < head.len + size as usize {
            return Ok(None);
        }
        self.input.skip(head.len as u64);
        Ok(Some(self.input.take(size as usize)))
    }
}

/// How far one came.
enum Step {
    Found(Found),
    Wait,
    On,
}

/// A `TimestampScale` that is not said.
const MILLISECOND: u32 = 1_000_000;

/// Bytes of an EBML header; a usual one has 40.
const MAX_HEADER: u64 = 64 << 10;
/// Bytes of `Info`, `Tracks` and `SeekHead`, whose codecs' private data may hold pages of headers.
const MAX_SMALL: u64 = 16 << 20;
/// Bytes of a block. An uncompressed picture of 4K has 12 MiB.
const MAX_BLOCK: u64 = 64 << 20;
/// The most bytes of a block before its frames: track number, timestamp and flags.
const BLOCK_HEAD: u64 = 8 + 2 + 1;
