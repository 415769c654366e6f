//! Goes through the elements of a file and gives out those that matter, RFC 8794 section 6 and RFC 9559 section 5.
//!
//! An element of unknown size ends where one begins that cannot be in it (RFC 8794 section 6.2): a cluster at the next child of the segment, a
//! segment at the next EBML header. What cannot be read is passed over up to the next cluster.

use bytes::Bytes;

use super::ebml::{self, HEAD, Head};
use super::error::{Counts, Error};
use crate::demux::Source;
use crate::demux::input::Input;

/// What was found.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// Another file begins.
    File,
    /// The body of `Tracks`.
    Tracks(Bytes),
    /// The body of a `SimpleBlock`, in a cluster of this timestamp.
    Block { time: i64, body: Bytes },
    /// The body of a `BlockGroup`, likewise.
    Group { time: i64, body: Bytes },
}

/// The way through a file.
#[derive(Debug)]
pub(super) struct Walk {
    input: Input,
    /// Bytes of a source that can be sought in.
    len: Option<u64>,
    place: Place,
    /// Nanoseconds per tick.
    scale: u32,
    has_tracks: bool,
    /// Where `Tracks` stand, by `SeekHead`.
    tracks_at: Option<u64>,
    /// The cluster to go back to once they were read.
    back: Option<u64>,
}

/// In which element the next one lies.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In none, and nothing was read yet.
    Start,
    /// In none, or in a segment; `body` is where the latest segment's body begins. Where a segment ends does not matter: files that grew
    /// have a wrong size, and what can follow it is an EBML header.
    Segment { body: u64 },
    /// In a cluster, of a timestamp once that is known.
    Cluster { body: u64, end: Option<u64>, time: Option<i64> },
    /// Nowhere one can tell.
    Lost { body: u64 },
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
            scale: MILLISECOND,
            has_tracks: false,
            tracks_at: None,
            back: None,
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
            Place::Lost { body } => {
                if !self.input.skip_to(CLUSTER.to_be_bytes()) {
                    return Ok(Step::Wait);
                }
                self.place = Place::Segment { body };
            }
            Place::Cluster { body, end: Some(end), .. } if self.input.position() >= end => {
                self.place = Place::Segment { body };
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
            Ok(Some(head)) => self.element(head, counts),
            Err(_) => Ok(self.lose(counts)),
        }
    }

    fn element(&mut self, head: Head, counts: &mut Counts) -> Result<Step, Error> {
        if self.back.is_some() && head.id != TRACKS {
            // `SeekHead` was wrong.
            counts.damage += 1;
            return Ok(self.go_back());
        }
        match self.place {
            Place::Cluster { body, end, time } if is_of_cluster(head.id) => {
                Ok(self.in_cluster(head, (body, end, time), counts))
            }
            Place::Cluster { body, end: None, .. } if is_of_segment(head.id) => {
                self.place = Place::Segment { body };
                Ok(Step::On)
            }
            Place::Cluster { end, .. } => Ok(self.pass(head, end, counts)),
            Place::Segment { body } | Place::Lost { body } => self.in_segment(head, body, counts),
            Place::Start => self.in_segment(head, 0, counts),
        }
    }

    fn in_segment(&mut self, head: Head, body: u64, counts: &mut Counts) -> Result<Step, Error> {
        match head.id {
            EBML => self.header(head),
            SEGMENT => {
                self.input.skip(head.len as u64);
                self.place = Place::Segment { body: self.input.position() };
                Ok(Step::On)
            }
            INFO | TRACKS | SEEK_HEAD => self.small(head, body),
            CLUSTER => Ok(self.cluster(head, body, counts)),
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
        self.place = Place::Segment { body: self.input.position() };
        (self.scale, self.has_tracks, self.tracks_at) = (MILLISECOND, false, None);
        Ok(if is_first { Step::On } else { Step::Found(Found::File) })
    }

    /// An element of the segment that is read as a whole.
    fn small(&mut self, head: Head, body: u64) -> Result<Step, Error> {
        let Some(bytes) = self.whole(head, MAX_SMALL)? else { return Ok(Step::Wait) };
        match head.id {
            INFO => self.info(&bytes)?,
            SEEK_HEAD => self.tracks_at = self.tracks_at.or_else(|| tracks_at(&bytes)?.checked_add(body)),
            _ => {
                self.has_tracks = true;
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

    fn cluster(&mut self, head: Head, body: u64, counts: &mut Counts) -> Step {
        if !self.has_tracks {
            if let Some(at) = self.tracks_at.take().filter(|&at| self.len.is_some_and(|len| at < len)) {
                self.back = Some(self.input.position());
                self.input.seek(at);
                return Step::On;
            }
            counts.lost += 1;
            return self.pass(head, None, counts);
        }
        self.input.skip(head.len as u64);
        let end = head.size.map(|size| self.input.position().saturating_add(size));
        self.place = Place::Cluster { body, end, time: None };
        Step::On
    }

    fn in_cluster(
        &mut self,
        head: Head,
        (body, end, time): (u64, Option<u64>, Option<i64>),
        counts: &mut Counts,
    ) -> Step {
        let Some(size) = self.fitting(head, end) else { return self.pass(head, end, counts) };
        if !matches!(head.id, TIMESTAMP | SIMPLE_BLOCK | BLOCK_GROUP) {
            counts.encrypted += u64::from(head.id == ENCRYPTED_BLOCK);
            return self.pass(head, end, counts);
        }
        if size > MAX_BLOCK {
            counts.too_long += 1;
            return self.pass(head, end, counts);
        }
        if self.input.len() < head.len + size as usize {
            return Step::Wait;
        }
        self.input.skip(head.len as u64);
        let element = self.input.take(size as usize);
        match (head.id, time) {
            (TIMESTAMP, _) => {
                // No file lasts longer than 63 bits of ticks; one that says so is not believed.
                let time = i64::try_from(ebml::uint(&element)).ok();
                counts.damage += u64::from(time.is_none());
                self.place = Place::Cluster { body, end, time };
                Step::On
            }
            (_, None) => {
                counts.blocks += 1;
                Step::On
            }
            (SIMPLE_BLOCK, Some(time)) => Step::Found(Found::Block { time, body: element }),
            (_, Some(time)) => Step::Found(Found::Group { time, body: element }),
        }
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
        let body = match self.place {
            Place::Segment { body } | Place::Cluster { body, .. } | Place::Lost { body } => body,
            Place::Start => 0,
        };
        // The next cluster is behind this one.
        self.input.skip(1);
        self.place = Place::Lost { body };
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

/// The position of `Tracks` in the segment's body.
fn tracks_at(seek_head: &[u8]) -> Option<u64> {
    ebml::children(seek_head).filter(|(id, _)| *id == SEEK).find_map(|(_, range)| {
        let seek = &seek_head[range];
        let value = |wanted| {
            let (_, range) = ebml::children(seek).find(|(id, _)| *id == wanted)?;
            Some(ebml::uint(&seek[range]))
        };
        (value(SEEK_ID)? == u64::from(TRACKS)).then(|| value(SEEK_POSITION))?
    })
}

/// Whether an element may stand in a cluster.
const fn is_of_cluster(id: u32) -> bool {
    matches!(
        id,
        TIMESTAMP
            | SIMPLE_BLOCK
            | BLOCK_GROUP
            | ENCRYPTED_BLOCK
            | SILENT_TRACKS
            | POSITION
            | PREV_SIZE
            | VOID
            | CRC_32
    )
}

/// Whether an element may stand in a segment but not in a cluster, or begins a file.
const fn is_of_segment(id: u32) -> bool {
    matches!(id, EBML | SEGMENT | SEEK_HEAD | INFO | TRACKS | CLUSTER | CUES | CHAPTERS | TAGS | ATTACHMENTS)
}

/// A `TimestampScale` that is not said.
const MILLISECOND: u32 = 1_000_000;

/// Bytes of an EBML header; a usual one has 40.
const MAX_HEADER: u64 = 64 << 10;
/// Bytes of `Info`, `Tracks` and `SeekHead`, whose codecs' private data may hold pages of headers.
const MAX_SMALL: u64 = 16 << 20;
/// Bytes of a block. An uncompressed picture of 4K has 12 MiB.
const MAX_BLOCK: u64 = 64 << 20;

const EBML: u32 = 0x1a45_dfa3;
const DOC_TYPE: u32 = 0x4282;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114d_9b74;
const SEEK: u32 = 0x4dbb;
const SEEK_ID: u32 = 0x53ab;
const SEEK_POSITION: u32 = 0x53ac;
const INFO: u32 = 0x1549_a966;
const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
const TRACKS: u32 = 0x1654_ae6b;
const CUES: u32 = 0x1c53_bb6b;
const CHAPTERS: u32 = 0x1043_a770;
const TAGS: u32 = 0x1254_c367;
const ATTACHMENTS: u32 = 0x1941_a469;
const CLUSTER: u32 = 0x1f43_b675;
const TIMESTAMP: u32 = 0xe7;
const SIMPLE_BLOCK: u32 = 0xa3;
const BLOCK_GROUP: u32 = 0xa0;
const ENCRYPTED_BLOCK: u32 = 0xaf;
const SILENT_TRACKS: u32 = 0x5854;
const POSITION: u32 = 0xa7;
const PREV_SIZE: u32 = 0xab;
const VOID: u32 = 0xec;
const CRC_32: u32 = 0xbf;
