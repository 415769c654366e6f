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
mod media;
mod places;
pub mod rules;

use self::ebml::{Element, Head, Unread};
use self::head::Track;
use self::media::Media;
use self::places::Places;
use super::input::Input;
use super::{Place, Report};

/// Judges one file, or the segments of one rendition.
#[derive(Debug, Default)]
pub struct Checker {
    report: Report,
    input: Input,
    has_header: bool,
    /// Where the segment's body begins, and where it ends if it says so.
    segment: Option<(u64, Option<u64>)>,
    has_info: bool,
    /// Nanoseconds per tick.
    scale: u64,
    duration: Option<f64>,
    tracks: Vec<Track>,
    has_tracks: bool,
    media: Media,
    places: Places,
}

impl Checker {
    /// Bytes of one element that are kept.
    pub const LIMIT: usize = Input::LIMIT;

    /// A checker at the start of a file.
    pub fn new() -> Self {
        Self { scale: 1_000_000, ..Self::default() }
    }

    /// The same for files that DASH manifests name: each cluster with pictures begins with a key frame.
    pub fn for_dash() -> Self {
        Self { media: Media::for_dash(), ..Self::new() }
    }

    /// The next bytes, as many as there are.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while self.input.fill(&mut bytes) {
            while !self.input.is_lost() && self.step() {}
        }
    }

    /// What was found so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The file has ended.
    pub fn finish(mut self) -> Report {
        let (left, is_lost) = (self.input.pending().len(), self.input.is_lost());
        let is_cut = self.input.passing() > 0 || left > 0 && !is_lost;
        let lacks = self.segment.and_then(|(_, end)| end).is_some_and(|end| end > self.input.at());
        if is_cut || lacks && !is_lost {
            self.report.add(
                &rules::TRUNCATED,
                Place::Byte(self.input.at()),
                format_args!("the file ends inside an element, {left} bytes of it are left"),
            );
        }
        if !self.has_header {
            self.report.add(&rules::HEADER, Place::Byte(0), format_args!("no EBML header"));
        }
        let parts = [
            (self.segment.is_some(), "a file without a segment"),
            (self.segment.is_none() || self.has_info, "a segment without Info"),
            (self.segment.is_none() || self.has_tracks, "a segment without tracks"),
        ];
        for (_, what) in parts.iter().filter(|(is_there, _)| !is_there && !is_lost) {
            self.report.add(&rules::MISSING, Place::Whole, format_args!("{what}"));
        }
        if !is_cut {
            self.places.check(&mut self.report);
            if let Some(duration) = self.duration {
                self.media.check_duration(duration, self.scale, &mut self.report);
            }
        }
        self.report
    }

    /// Reads the next element, or the head of one that is entered; `false` where more bytes are needed.
    fn step(&mut self) -> bool {
        let head = match ebml::head(self.input.pending()) {
            Ok(head) => head,
            Err(Unread::Short) => return false,
            Err(Unread::Broken) => return self.lose("no element begins here"),
        };
        let at = self.input.at();
        self.media.close_before(at, head.id);
        let body = at + head.length as u64;
        match (head.id, head.size) {
            (ebml::SEGMENT, size) => {
                self.segment = Some((body, size.map(|size| body.saturating_add(size))));
                self.enter(&head)
            }
            (ebml::CLUSTER, size) => {
                self.places.see_element(self.relative(at), head.id);
                self.check_within(size.map_or(body, |size| body.saturating_add(size)));
                self.media.open(self.relative(at), body, size);
                self.enter(&head)
            }
            (_, None) => {
                self.report.add(
                    &rules::UNKNOWN_SIZE,
                    Place::Byte(at),
                    format_args!("element {:#x} does not say its size", head.id),
                );
                self.lose("an element without an end")
            }
            (_, Some(size)) => self.take(&head, size),
        }
    }

    fn lose(&mut self, why: &str) -> bool {
        self.report.add(&rules::ELEMENT, Place::Byte(self.input.at()), format_args!("{why}"));
        self.input.lose();
        false
    }

    fn enter(&mut self, head: &Head) -> bool {
        self.input.take(head.length);
        true
    }

    /// Bytes after the segment's body began.
    fn relative(&self, at: u64) -> u64 {
        at - self.segment.map_or(0, |(start, _)| start)
    }

    /// That an element ends within the one around it.
    fn check_within(&mut self, end: u64) {
        let around = self.media.cluster_end().or(self.segment.and_then(|(_, end)| end));
        if let Some(around) = around.filter(|around| end > *around) {
            self.report.add(
                &rules::OVERRUN,
                Place::Byte(self.input.at()),
                format_args!("an element ends at byte {end}, the one around it at {around}"),
            );
        }
    }

    /// Takes an element whole.
    fn take(&mut self, head: &Head, size: u64) -> bool {
        let whole = (head.length as u64).saturating_add(size);
        if whole > Self::LIMIT as u64 {
            self.check_within(self.input.at().saturating_add(whole));
            self.report.add(
                &rules::NOT_EXAMINED,
                Place::Byte(self.input.at()),
                format_args!("element {:#x} of {size} bytes", head.id),
            );
            self.input.pass(whole);
            return true;
        }
        if (self.input.pending().len() as u64) < whole {
            return false;
        }
        self.check_within(self.input.at() + whole);
        let (at, bytes) = self.input.take(whole as usize);
        let start = at + head.length as u64;
        self.see(&Element { id: head.id, at, body: &bytes[head.length..], start });
        true
    }

    fn see(&mut self, found: &Element<'_>) {
        if ebml::is_master(found.id) {
            self.check_inside(found);
        }
        if !self.media.is_in_cluster() {
            self.places.see_element(self.relative(found.at), found.id);
        }
        match found.id {
            ebml::EBML => self.see_header(found),
            ebml::INFO => self.see_info(found),
            ebml::TRACKS => {
                self.has_tracks = true;
                self.tracks = head::tracks(found, self.media.is_webm, &mut self.report);
            }
            ebml::CUES => self.places.see_cues(found),
            ebml::SEEK_HEAD => self.places.see_seeks(found),
            ebml::TIMESTAMP => self.media.see_time(found, &mut self.report),
            ebml::SIMPLE_BLOCK | ebml::BLOCK_GROUP => {
                self.media.see_block(found, &self.tracks, self.scale, &mut self.places, &mut self.report);
            }
            _ => {}
        }
    }

    /// That the elements in an element end with it, and are what their checksum says.
    fn check_inside(&mut self, found: &Element<'_>) {
        if let Some(at) = found.children().find_map(Result::err) {
            self.report.add(
                &rules::OVERRUN,
                Place::Byte(at),
                format_args!("an element that does not end in {:#x}", found.id),
            );
        }
        if let Some((said, counted)) = found.checksums().filter(|(said, counted)| said != counted) {
            self.report.add(
                &rules::CRC,
                Place::Byte(found.at),
                format_args!("CRC-32 of {:#x} is {said:08x}, counted {counted:08x}", found.id),
            );
        }
    }

    fn see_header(&mut self, found: &Element<'_>) {
        self.has_header = true;
        let kind = found.child(ebml::DOC_TYPE).map(|kind| kind.body).unwrap_or_default();
        let kind = kind.strip_suffix(b"\0").unwrap_or(kind);
        self.media.is_webm = kind == b"webm";
        if !self.media.is_webm && kind != b"matroska" {
            self.report.add(
                &rules::HEADER,
                Place::Byte(found.at),
                format_args!("DocType {:?}", String::from_utf8_lossy(kind)),
            );
        }
        let [version, read] =
            [ebml::DOC_TYPE_VERSION, ebml::DOC_TYPE_READ_VERSION].map(|id| found.number_of(id).unwrap_or(1));
        if version == 0 || read == 0 || read > version {
            self.report.add(
                &rules::HEADER,
                Place::Byte(found.at),
                format_args!("DocTypeVersion {version}, DocTypeReadVersion {read}"),
            );
        }
    }

    fn see_info(&mut self, found: &Element<'_>) {
        self.has_info = true;
        self.scale = found.number_of(ebml::TIMESTAMP_SCALE).unwrap_or(1_000_000);
        if self.scale == 0 {
            self.report.add(&rules::VALUE, Place::Byte(found.at), format_args!("TimestampScale 0"));
        }
        self.duration = found.child(ebml::DURATION).and_then(|duration| duration.float());
        if let Some(duration) = self.duration.filter(|duration| duration.is_nan() || *duration <= 0.0) {
            self.report.add(&rules::VALUE, Place::Byte(found.at), format_args!("Duration {duration}"));
        }
    }
}
