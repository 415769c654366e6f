//! WebM and Matroska: RFC 8794 (EBML), RFC 9559, the WebM container guidelines, and what DASH asks of WebM segments.
//!
//! A [`Checker`] takes a file, or an init segment and the clusters that follow it, as one run of bytes. It keeps one element of at most
//! [`Checker::LIMIT`] bytes at a time, and where clusters and their key frames are.
//!
//! ```
//! use media_core::check::webm;
//!
//! let mut checker = webm::Checker::new();
//! checker.push(b"\x1a\x45\xdf\xa3\x80");
//! let report = checker.finish();
//! assert_eq!(report.count(&webm::rules::HEADER), 1);
//! ```

mod ebml;
mod head;
pub mod rules;

use std::collections::BTreeSet;

use bytes::BytesMut;

use self::ebml::{Element, Head, Unread};
use self::head::{Cue, Track};
use super::{Place, Report};
use crate::codec::{vp8, vp9};

/// Judges one file, or the segments of one rendition.
#[derive(Debug, Default)]
pub struct Checker {
    report: Report,
    dash: bool,
    pending: BytesMut,
    at: u64,
    passing: u64,
    lost: bool,
    webm: bool,
    header: bool,
    /// Where the segment's body begins, and where it ends if it says so.
    segment: Option<(u64, Option<u64>)>,
    scale: u64,
    duration: Option<f64>,
    tracks: Vec<Track>,
    has_tracks: bool,
    cluster: Option<Cluster>,
    last_cluster: Option<u64>,
    last_block: Option<i64>,
    end: f64,
    /// Positions of elements of the segment, and key frames as (cluster, track, time).
    places: BTreeSet<(u64, u32)>,
    keys: BTreeSet<(u64, u64, u64)>,
    cues: Vec<Cue>,
    seeks: Vec<(u32, u64)>,
}

/// A cluster that is open.
#[derive(Clone, Copy, Debug)]
struct Cluster {
    at: u64,
    end: Option<u64>,
    time: Option<u64>,
    /// Whether a block of pictures was seen.
    pictured: bool,
}

/// A block to look at.
struct Block<'a> {
    at: u64,
    data: &'a [u8],
    /// Whether it is a key frame; `None` where its flags say.
    key: Option<bool>,
    duration: Option<u64>,
}

impl Checker {
    /// Bytes of one element that are kept.
    pub const LIMIT: usize = 64 * 1024 * 1024;

    /// A checker at the start of a file.
    pub fn new() -> Self {
        Self { scale: 1_000_000, ..Self::default() }
    }

    /// The same for files that DASH manifests name: each cluster with pictures begins with a key frame.
    pub fn for_dash() -> Self {
        Self { dash: true, ..Self::new() }
    }

    /// The next bytes, as many as there are.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.lost {
            if self.passing > 0 {
                let passed = bytes.len().min(usize::try_from(self.passing).unwrap_or(usize::MAX));
                self.passing -= passed as u64;
                self.at += passed as u64;
                bytes = &bytes[passed..];
                continue;
            }
            let room = (Self::LIMIT + 16).saturating_sub(self.pending.len());
            let (taken, rest) = bytes.split_at(bytes.len().min(room));
            self.pending.extend_from_slice(taken);
            bytes = rest;
            while self.passing == 0 && !self.lost && self.step() {}
        }
    }

    /// What was found so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The file has ended.
    pub fn finish(mut self) -> Report {
        let cut = self.passing > 0 || !self.pending.is_empty() && !self.lost;
        let ends = self.segment.and_then(|(_, end)| end).filter(|end| *end > self.at);
        if cut || ends.is_some() && !self.lost {
            let left = self.pending.len();
            self.report.add(
                &rules::TRUNCATED,
                Place::Byte(self.at),
                format_args!("the file ends inside an element, {left} bytes of it are left"),
            );
        }
        if !self.header {
            self.report.add(&rules::HEADER, Place::Byte(0), format_args!("no EBML header"));
        }
        if self.segment.is_some() && !self.has_tracks {
            self.report.add(&rules::MISSING, Place::Whole, format_args!("a segment without tracks"));
        }
        if !cut {
            self.check_places();
        }
        self.report
    }

    /// Reads the next element, or the head of one that is entered; `false` where more bytes are needed.
    fn step(&mut self) -> bool {
        let head = match ebml::head(&self.pending) {
            Ok(head) => head,
            Err(Unread::Short) => return false,
            Err(Unread::Broken) => return self.lose("no element begins here"),
        };
        if self.cluster.is_some_and(|cluster| cluster.end.map_or(ebml::is_top(head.id), |end| self.at >= end))
        {
            self.cluster = None;
        }
        let body = self.at + head.length as u64;
        match (head.id, head.size) {
            (ebml::SEGMENT, size) => {
                self.segment = Some((body, size.map(|size| body.saturating_add(size))));
                self.enter(&head)
            }
            (ebml::CLUSTER, size) => {
                self.places.insert((self.relative(), head.id));
                let end = size.map(|size| body.saturating_add(size));
                self.check_within(end.unwrap_or(body));
                self.cluster = Some(Cluster { at: self.relative(), end, time: None, pictured: false });
                self.enter(&head)
            }
            (_, None) => {
                self.report.add(
                    &rules::UNKNOWN_SIZE,
                    Place::Byte(self.at),
                    format_args!("element {:#x} does not say its size", head.id),
                );
                self.lose("an element without an end")
            }
            (_, Some(size)) => self.take(&head, size),
        }
    }

    fn lose(&mut self, why: &str) -> bool {
        self.report.add(&rules::ELEMENT, Place::Byte(self.at), format_args!("{why}"));
        self.lost = true;
        false
    }

    fn enter(&mut self, head: &Head) -> bool {
        let _ = self.pending.split_to(head.length);
        self.at += head.length as u64;
        true
    }

    /// Bytes after the segment's body began.
    fn relative(&self) -> u64 {
        self.at - self.segment.map_or(0, |(start, _)| start)
    }

    fn check_within(&mut self, end: u64) {
        let around = self.cluster.and_then(|cluster| cluster.end).or(self.segment.and_then(|(_, end)| end));
        if let Some(around) = around.filter(|around| end > *around) {
            self.report.add(
                &rules::OVERRUN,
                Place::Byte(self.at),
                format_args!("an element ends at byte {end}, the one around it at {around}"),
            );
        }
    }

    /// Takes an element whole.
    fn take(&mut self, head: &Head, size: u64) -> bool {
        let whole = (head.length as u64).saturating_add(size);
        if whole > Self::LIMIT as u64 {
            self.check_within(self.at.saturating_add(whole));
            self.report.add(
                &rules::NOT_EXAMINED,
                Place::Byte(self.at),
                format_args!("element {:#x} of {size} bytes", head.id),
            );
            let here = self.pending.len() as u64;
            self.pending.clear();
            self.at += here;
            self.passing = whole - here;
            return true;
        }
        if (self.pending.len() as u64) < whole {
            return false;
        }
        self.check_within(self.at + whole);
        let bytes = self.pending.split_to(whole as usize).freeze();
        let start = self.at + head.length as u64;
        self.see(&Element { id: head.id, at: self.at, body: &bytes[head.length..], start });
        self.at += whole;
        true
    }

    fn see(&mut self, found: &Element<'_>) {
        if matches!(
            found.id,
            ebml::EBML | ebml::INFO | ebml::TRACKS | ebml::CUES | ebml::SEEK_HEAD | ebml::BLOCK_GROUP
        ) && let Some(at) = found.children().find_map(Result::err)
        {
            self.report.add(
                &rules::OVERRUN,
                Place::Byte(at),
                format_args!("an element that does not end in {:#x}", found.id),
            );
        }
        if self.cluster.is_none() && self.places.len() < PLACES {
            self.places.insert((self.relative(), found.id));
        }
        match found.id {
            ebml::EBML => self.see_header(found),
            ebml::INFO => self.see_info(found),
            ebml::TRACKS => {
                self.has_tracks = true;
                self.tracks = head::tracks(found, self.webm, &mut self.report);
            }
            ebml::CUES => self.cues = head::cues(found),
            ebml::SEEK_HEAD => self.seeks.extend(head::seeks(found)),
            ebml::TIMESTAMP => self.see_time(found),
            ebml::SIMPLE_BLOCK => {
                self.see_block(&Block { at: found.at, data: found.body, key: None, duration: None })
            }
            ebml::BLOCK_GROUP => {
                let Some(block) = found.child(ebml::BLOCK) else {
                    self.report.add(
                        &rules::MISSING,
                        Place::Byte(found.at),
                        format_args!("a BlockGroup without a block"),
                    );
                    return;
                };
                let key = Some(found.child(ebml::REFERENCE).is_none());
                let duration = found.number_of(ebml::BLOCK_DURATION);
                self.see_block(&Block { at: found.at, data: block.body, key, duration });
            }
            _ => {}
        }
    }

    fn see_header(&mut self, found: &Element<'_>) {
        self.header = true;
        let kind = found.child(ebml::DOC_TYPE).map(|kind| kind.body).unwrap_or_default();
        let kind = kind.strip_suffix(b"\0").unwrap_or(kind);
        self.webm = kind == b"webm";
        if !self.webm && kind != b"matroska" {
            self.report.add(
                &rules::HEADER,
                Place::Byte(found.at),
                format_args!("DocType {:?}", String::from_utf8_lossy(kind)),
            );
        }
    }

    fn see_info(&mut self, found: &Element<'_>) {
        self.scale = found.number_of(ebml::TIMESTAMP_SCALE).unwrap_or(1_000_000);
        if self.scale == 0 {
            self.report.add(&rules::VALUE, Place::Byte(found.at), format_args!("TimestampScale 0"));
        }
        self.duration = found.child(ebml::DURATION).and_then(|duration| duration.float());
        if let Some(duration) = self.duration.filter(|duration| duration.is_nan() || *duration < 0.0) {
            self.report.add(&rules::VALUE, Place::Byte(found.at), format_args!("Duration {duration}"));
        }
    }

    fn see_time(&mut self, found: &Element<'_>) {
        let Some(cluster) = &mut self.cluster else { return };
        let time = found.unsigned().unwrap_or(0);
        cluster.time = Some(time);
        if let Some(last) = self.last_cluster.replace(time).filter(|last| time < *last) {
            self.report.add(
                &rules::CLUSTER_ORDER,
                Place::Byte(found.at),
                format_args!("a cluster at {time} after one at {last}"),
            );
        }
    }

    fn see_block(&mut self, block: &Block<'_>) {
        let at = Place::Byte(block.at);
        let Some(cluster) = &mut self.cluster else {
            self.report.add(&rules::BLOCK, at, format_args!("a block in no cluster"));
            return;
        };
        let read = ebml::number(block.data).ok().and_then(|(track, width)| {
            let [t1, t2, flags] = *block.data.get(width..)?.first_chunk::<3>()?;
            Some((track, i16::from_be_bytes([t1, t2]), flags, &block.data[width + 3..]))
        });
        let (Some((track, offset, flags, data)), Some(base)) = (read, cluster.time) else {
            self.report.add(
                &rules::BLOCK,
                at,
                format_args!(
                    "a block of {} bytes, in a cluster whose time is {:?}",
                    block.data.len(),
                    cluster.time
                ),
            );
            return;
        };
        let time = i64::try_from(base).unwrap_or(i64::MAX).saturating_add(offset.into());
        let key = block.key.unwrap_or(flags & 0x80 != 0);
        let Some(known) = self.tracks.iter().find(|known| known.number == track) else {
            self.report.add(
                &rules::BLOCK_TRACK,
                at,
                format_args!("a block of track {track}, which is none of the file"),
            );
            return;
        };
        if time < 0 {
            self.report.add(&rules::NEGATIVE, at, format_args!("a block at {time}"));
        }
        if let Some(last) = self.last_block.replace(time).filter(|last| time < *last && self.webm) {
            self.report.add(&rules::ORDER, at, format_args!("a block at {time} after one at {last}"));
        }
        if known.video && !std::mem::replace(&mut cluster.pictured, true) && !key && self.dash {
            self.report.add(
                &rules::CLUSTER_KEY,
                at,
                format_args!("the first picture of a cluster is no key frame"),
            );
        }
        // Laced frames share the flag; only the first one's bytes would say.
        let laced = flags & 0x06 != 0;
        let is_key = match &known.codec[..] {
            "V_VP8" => Some(vp8::Config::from_key_frame(data).is_ok()),
            "V_VP9" => Some(vp9::Config::from_key_frame(data).is_ok()),
            _ => None,
        };
        if let Some(is_key) = is_key.filter(|is_key| *is_key != key && !laced && !data.is_empty()) {
            self.report.add(
                &rules::KEY_FLAG,
                at,
                format_args!("a block said to be a key frame: {key}, and it is one: {is_key}"),
            );
        }
        if key && self.keys.len() < PLACES {
            self.keys.insert((cluster.at, track, time.max(0).unsigned_abs()));
        }
        let lasts = block.duration.unwrap_or_else(|| known.frame.checked_div(self.scale).unwrap_or(0));
        self.end = self.end.max(time as f64 + lasts as f64);
    }

    /// That what points at something points at it.
    fn check_places(&mut self) {
        for cue in &self.cues {
            let at = Place::Byte(cue.at);
            if !self.places.contains(&(cue.cluster, ebml::CLUSTER)) {
                self.report.add(
                    &rules::CUE_CLUSTER,
                    at,
                    format_args!("a cue at {} points at {}, where no cluster begins", cue.time, cue.cluster),
                );
            } else if !self.keys.contains(&(cue.cluster, cue.track, cue.time)) && self.keys.len() < PLACES {
                self.report.add(
                    &rules::CUE_KEY,
                    at,
                    format_args!(
                        "a cue at {} of track {} is at no key frame of its cluster",
                        cue.time, cue.track
                    ),
                );
            }
        }
        for (id, position) in &self.seeks {
            if !self.places.contains(&(*position, *id)) && self.places.len() < PLACES {
                self.report.add(
                    &rules::SEEK,
                    Place::Whole,
                    format_args!("element {id:#x} is not at {position}, where SeekHead has it"),
                );
            }
        }
        let slack = 1_000_000_000.0 / self.scale.max(1) as f64;
        if let Some(duration) =
            self.duration.filter(|duration| self.end > 0.0 && (duration - self.end).abs() > slack)
        {
            self.report.add(
                &rules::DURATION,
                Place::Whole,
                format_args!("Duration {duration}, the last block ends at {}", self.end),
            );
        }
    }
}

/// Positions that are remembered.
const PLACES: usize = 1 << 18;
