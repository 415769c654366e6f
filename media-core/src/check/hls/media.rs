//! One media playlist: what it says, and what of it is wrong by itself (RFC 8216bis 4.4.3 to 4.4.5).

use super::date_range::DateRange;
use super::lines::{Line, date_time, integer, lines, nanos};
use super::rules;
use super::tags::check_range;
use crate::check::{Place, Report};

/// A media playlist as it was read. Durations are nanoseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Media {
    pub(super) at: Option<Place>,
    pub(super) version: u64,
    pub(super) target: Option<u64>,
    pub(super) sequence: u64,
    pub(super) discontinuities: u64,
    pub(super) part_target: Option<u64>,
    pub(super) control: Control,
    pub(super) kind: Option<String>,
    pub(super) ended: bool,
    pub(super) i_frames: bool,
    /// Whether the segment that is not there yet says when it is.
    pub(super) dated: bool,
    /// Whether a delta update leaves out date ranges.
    pub(super) skips_dates: bool,
    /// Segments a delta update leaves out.
    pub(super) skipped: Option<(Place, u64)>,
    pub(super) segments: Vec<Segment>,
    /// Parts of the segment that is not there yet.
    pub(super) parts: Vec<Part>,
    pub(super) hint: Option<Hint>,
    pub(super) date_ranges: Vec<DateRange>,
    pub(super) reports: Vec<String>,
    pub(super) multivariant: bool,
    /// The lowest version that has what is used, and what that is.
    pub(super) needs: (u64, &'static str),
}

/// `EXT-X-SERVER-CONTROL`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Control {
    pub(super) block: bool,
    pub(super) skip_until: Option<u64>,
    pub(super) hold_back: Option<u64>,
    pub(super) part_hold_back: Option<u64>,
    pub(super) skip_dates: bool,
}

/// A segment and what its tags say.
#[derive(Clone, Debug, Default)]
pub(super) struct Segment {
    pub(super) at: Option<Place>,
    pub(super) uri: String,
    pub(super) duration: u64,
    pub(super) discontinuity: bool,
    pub(super) gap: bool,
    pub(super) range: Option<String>,
    pub(super) map: Option<String>,
    pub(super) date: Option<i64>,
    pub(super) parts: Vec<Part>,
}

/// `EXT-X-PRELOAD-HINT` of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    pub(super) uri: String,
    /// Where it begins in a resource that has more.
    pub(super) start: u64,
}

impl Hint {
    /// Whether a part is the one that was hinted at.
    pub(super) fn is_of(&self, part: &Part) -> bool {
        let start = part.range.as_deref().and_then(|range| integer(range.split_once('@')?.1));
        self.uri == part.uri && start.is_none_or(|start| start == self.start)
    }
}

/// `EXT-X-PART`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) uri: String,
    pub(super) duration: u64,
    pub(super) range: Option<String>,
    pub(super) independent: bool,
    pub(super) gap: bool,
}

impl Media {
    /// Reads the text that was pushed as `number`.
    pub(super) fn read(text: &str, number: u32, report: &mut Report) -> Self {
        let mut media = Self { at: Some(Place::Line { text: number, line: 1 }), ..Self::default() };
        media.version = 1;
        let mut next = Segment::default();
        let mut timed = None;
        let mut seen: Vec<&str> = Vec::new();
        for (at, line) in lines(text, number, report) {
            match line {
                Line::Tag("INF", value) => timed = media.read_inf(value, at, report),
                Line::Tag(name, value) => {
                    media.count(name, &mut seen, at, report);
                    media.read_tag(name, value, &mut next, at, report);
                }
                Line::Uri(uri) => {
                    let Some(duration) = timed.take() else {
                        report.add(&rules::URI, at, format_args!("{uri} without EXTINF"));
                        continue;
                    };
                    let map = next.map.clone();
                    let segment = Segment { at: Some(at), uri: uri.to_owned(), duration, ..next };
                    media.check_continued(&segment, at, report);
                    media.segments.push(segment);
                    next = Segment { map, ..Segment::default() };
                }
            }
        }
        if timed.is_some() {
            let at = Place::Line { text: number, line: text.lines().count() as u32 };
            report.add(&rules::URI, at, format_args!("the last EXTINF has no URI"));
        }
        media.dated = next.date.is_some();
        media.parts = next.parts;
        media.check(report);
        media
    }

    pub(super) fn place(&self) -> Place {
        self.at.unwrap_or(Place::Whole)
    }

    pub(super) fn need(&mut self, version: u64, what: &'static str) {
        if version > self.needs.0 {
            self.needs = (version, what);
        }
    }

    /// `EXTINF`: the duration.
    fn read_inf(&mut self, value: &str, at: Place, report: &mut Report) -> Option<u64> {
        let (text, _) = value.split_once(',').unwrap_or((value, ""));
        if text.contains('.') {
            self.need(3, "EXTINF with a fraction");
        }
        let duration = nanos(text.trim());
        if duration.is_none() {
            report.add(&rules::VALUE, at, format_args!("EXTINF:{value} has no duration"));
        }
        Some(duration.unwrap_or(0))
    }

    /// Tags that there is one of.
    fn count<'a>(&self, name: &'a str, seen: &mut Vec<&'a str>, at: Place, report: &mut Report) {
        if name == "-X-DISCONTINUITY" && !seen.contains(&name) {
            seen.push(name);
        }
        if !ONCE.contains(&name) {
            return;
        }
        if seen.contains(&name) {
            report.add(&rules::TWICE, at, format_args!("a second EXT{name}"));
        }
        seen.push(name);
        if matches!(name, "-X-MEDIA-SEQUENCE" | "-X-DISCONTINUITY-SEQUENCE") && !self.segments.is_empty() {
            report.add(&rules::ORDER, at, format_args!("EXT{name} behind a segment"));
        } else if name == "-X-DISCONTINUITY-SEQUENCE" && seen.contains(&"-X-DISCONTINUITY") {
            report.add(&rules::ORDER, at, format_args!("EXT{name} behind EXT-X-DISCONTINUITY"));
        }
    }

    fn read_tag(&mut self, name: &str, value: &str, next: &mut Segment, at: Place, report: &mut Report) {
        let number = |report: &mut Report| {
            let number = integer(value.trim_end());
            if number.is_none() {
                report.add(&rules::VALUE, at, format_args!("EXT{name}:{value} is no number"));
            }
            number
        };
        match name {
            "-X-VERSION" => self.version = number(report).unwrap_or(self.version),
            "-X-TARGETDURATION" => {
                self.target = Some(number(report).unwrap_or(0)).filter(|target| *target > 0 || value == "0")
            }
            "-X-MEDIA-SEQUENCE" => self.sequence = number(report).unwrap_or(0),
            "-X-DISCONTINUITY-SEQUENCE" => self.discontinuities = number(report).unwrap_or(0),
            "-X-PLAYLIST-TYPE" => {
                if !matches!(value, "VOD" | "EVENT") {
                    report.add(&rules::VALUE, at, format_args!("playlist type {value}"));
                }
                self.kind = Some(value.to_owned());
            }
            "-X-ENDLIST" => self.ended = true,
            "-X-I-FRAMES-ONLY" => {
                self.i_frames = true;
                self.need(4, "EXT-X-I-FRAMES-ONLY");
            }
            "-X-DISCONTINUITY" => next.discontinuity = true,
            "-X-GAP" => next.gap = true,
            "-X-BYTERANGE" => {
                self.need(4, "EXT-X-BYTERANGE");
                let value = value.trim_end();
                check_range(value, at, report);
                next.range = Some(value.to_owned());
            }
            "-X-PROGRAM-DATE-TIME" => {
                next.date = date_time(value.trim_end());
                if next.date.is_none() {
                    report.add(
                        &rules::VALUE,
                        at,
                        format_args!("{value} is no date and time with a time zone"),
                    );
                }
            }
            "-X-STREAM-INF" | "-X-MEDIA" | "-X-I-FRAME-STREAM-INF" | "-X-SESSION-DATA" => {
                self.multivariant = true
            }
            _ => self.read_attributes(name, value, next, at, report),
        }
    }

    /// 4.4.4.2: a range without an offset goes on where the one before it ended, in the same resource.
    fn check_continued(&self, segment: &Segment, at: Place, report: &mut Report) {
        let continued = segment.range.as_ref().is_some_and(|range| !range.contains('@'));
        let last = self.segments.last().filter(|last| last.range.is_some());
        if continued && last.is_none_or(|last| last.uri != segment.uri) {
            report.add(
                &rules::BYTERANGE,
                at,
                format_args!("a byte range of {} without an offset, and none of it before", segment.uri),
            );
        }
    }
}

/// Nanoseconds as seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seconds(pub(super) u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}.{:03}", self.0 / SECOND, self.0 % SECOND / 1_000_000)
    }
}

pub(super) const SECOND: u64 = 1_000_000_000;

const ONCE: &[&str] = &[
    "-X-VERSION",
    "-X-TARGETDURATION",
    "-X-MEDIA-SEQUENCE",
    "-X-DISCONTINUITY-SEQUENCE",
    "-X-ENDLIST",
    "-X-PLAYLIST-TYPE",
    "-X-I-FRAMES-ONLY",
    "-X-PART-INF",
    "-X-SERVER-CONTROL",
    "-X-SKIP",
];
