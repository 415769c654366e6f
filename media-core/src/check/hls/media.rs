//! One media playlist: what it says, and what of it is wrong by itself (RFC 8216bis 4.4.3 to 4.4.5).

use super::lines::{Attributes, Line, date_time, integer, lines, nanos};
use super::rules;
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
    i_frames: bool,
    /// Segments a delta update leaves out.
    pub(super) skipped: Option<(Place, u64)>,
    pub(super) segments: Vec<Segment>,
    /// Parts of the segment that is not there yet.
    pub(super) parts: Vec<Part>,
    pub(super) hint: Option<String>,
    reports: Vec<String>,
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
                    let date = next.date.take();
                    media.segments.push(Segment {
                        at: Some(at),
                        uri: uri.to_owned(),
                        duration,
                        date,
                        ..next
                    });
                    next = Segment { map, ..Segment::default() };
                }
            }
        }
        if timed.is_some() {
            let at = Place::Line { text: number, line: text.lines().count() as u32 };
            report.add(&rules::URI, at, format_args!("the last EXTINF has no URI"));
        }
        media.parts = next.parts;
        media.check(report);
        media
    }

    pub(super) fn place(&self) -> Place {
        self.at.unwrap_or(Place::Whole)
    }

    fn need(&mut self, version: u64, what: &'static str) {
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
        if !ONCE.contains(&name) {
            return;
        }
        if seen.contains(&name) {
            report.add(&rules::TWICE, at, format_args!("a second EXT{name}"));
        }
        seen.push(name);
        if matches!(name, "-X-MEDIA-SEQUENCE" | "-X-DISCONTINUITY-SEQUENCE") && !self.segments.is_empty() {
            report.add(&rules::ORDER, at, format_args!("EXT{name} behind a segment"));
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
                next.range = self.read_range(value, at, report);
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

    fn read_attributes(
        &mut self,
        name: &str,
        value: &str,
        next: &mut Segment,
        at: Place,
        report: &mut Report,
    ) {
        if !LISTS.contains(&name) {
            return;
        }
        let list = Attributes::read(value, at, report);
        match name {
            "-X-MAP" => {
                let uri = list.needed("URI", at, report).unwrap_or_default();
                let range = list.get("BYTERANGE").unwrap_or_default();
                next.map = Some(format!("{uri} {range}"));
                if self.i_frames {
                    self.need(5, "EXT-X-MAP in an I-frame list");
                } else {
                    self.need(6, "EXT-X-MAP");
                }
            }
            "-X-KEY" => self.read_key(&list, at, report),
            "-X-PART-INF" => {
                self.part_target = list.seconds("PART-TARGET", at, report);
                if self.part_target.is_none() {
                    report.add(&rules::ATTRIBUTES, at, format_args!("EXT-X-PART-INF without PART-TARGET"));
                }
            }
            "-X-SERVER-CONTROL" => {
                self.control = Control {
                    block: list.yes("CAN-BLOCK-RELOAD", at, report),
                    skip_until: list.seconds("CAN-SKIP-UNTIL", at, report),
                    hold_back: list.seconds("HOLD-BACK", at, report),
                    part_hold_back: list.seconds("PART-HOLD-BACK", at, report),
                };
            }
            "-X-PART" => {
                if self.part_target.is_none() {
                    report.add(&rules::PART_INF, at, format_args!("a part without EXT-X-PART-INF before it"));
                }
                let duration = list.seconds("DURATION", at, report);
                if duration.is_none() {
                    report.add(&rules::ATTRIBUTES, at, format_args!("a part without DURATION"));
                }
                next.parts.push(Part {
                    uri: list.needed("URI", at, report).unwrap_or_default().to_owned(),
                    duration: duration.unwrap_or(0),
                    range: list.get("BYTERANGE").map(str::to_owned),
                    independent: list.yes("INDEPENDENT", at, report),
                    gap: list.yes("GAP", at, report),
                });
            }
            "-X-PRELOAD-HINT" => {
                let uri = list.needed("URI", at, report).unwrap_or_default();
                match list.get("TYPE") {
                    Some("PART") => self.hint = Some(uri.to_owned()),
                    Some("MAP") => {}
                    other => report.add(
                        &rules::ATTRIBUTES,
                        at,
                        format_args!("a hint of type {}", other.unwrap_or("none")),
                    ),
                }
            }
            "-X-RENDITION-REPORT" => self.read_report(&list, at, report),
            "-X-SKIP" => {
                let skipped = list.number("SKIPPED-SEGMENTS", at, report);
                let removed = list.get("RECENTLY-REMOVED-DATERANGES").is_some();
                self.need(if removed { 10 } else { 9 }, "EXT-X-SKIP");
                match skipped {
                    Some(0) | None => report.add(
                        &rules::SKIP_BOUNDARY,
                        at,
                        format_args!("a delta update that skips nothing"),
                    ),
                    Some(skipped) => self.skipped = Some((at, skipped)),
                }
            }
            "-X-DATERANGE" => {
                list.needed("ID", at, report);
            }
            "-X-DEFINE" => self.need(if list.get("QUERYPARAM").is_some() { 11 } else { 8 }, "EXT-X-DEFINE"),
            _ => {}
        }
    }

    fn read_key(&mut self, list: &Attributes<'_>, at: Place, report: &mut Report) {
        match list.get("METHOD") {
            Some("NONE") => {}
            Some(method) => {
                list.needed("URI", at, report);
                if list.get("IV").is_some() {
                    self.need(2, "IV of EXT-X-KEY");
                }
                if method != "AES-128" || list.get("KEYFORMAT").is_some() {
                    self.need(5, "KEYFORMAT or SAMPLE-AES");
                }
            }
            None => report.add(&rules::ATTRIBUTES, at, format_args!("EXT-X-KEY without METHOD")),
        }
    }

    fn read_report(&mut self, list: &Attributes<'_>, at: Place, report: &mut Report) {
        let uri = list.needed("URI", at, report).unwrap_or_default().to_owned();
        if list.number("LAST-MSN", at, report).is_none() {
            report.add(&rules::REPORT, at, format_args!("the report of {uri} has no LAST-MSN"));
        }
        // LAST-PART is there only where the other rendition has parts, which nobody knows here.
        list.number("LAST-PART", at, report);
        if uri.contains("://") || self.reports.contains(&uri) {
            report.add(
                &rules::REPORT,
                at,
                format_args!("the report of {uri} is a second one or not of a relative URI"),
            );
        }
        self.reports.push(uri);
    }

    /// A byte range; `n@o`.
    fn read_range(&self, value: &str, at: Place, report: &mut Report) -> Option<String> {
        let (length, offset) =
            value.trim_end().split_once('@').map_or((value.trim_end(), None), |(n, o)| (n, Some(o)));
        let sane = integer(length).is_some() && offset.is_none_or(|offset| integer(offset).is_some());
        if !sane {
            report.add(&rules::VALUE, at, format_args!("byte range {value}"));
        }
        if offset.is_none() && self.segments.last().is_none_or(|last| last.range.is_none()) {
            report.add(
                &rules::BYTERANGE,
                at,
                format_args!("a byte range without an offset, and none before it"),
            );
        }
        Some(value.to_owned())
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

const LISTS: &[&str] = &[
    "-X-MAP",
    "-X-KEY",
    "-X-PART-INF",
    "-X-SERVER-CONTROL",
    "-X-PART",
    "-X-PRELOAD-HINT",
    "-X-RENDITION-REPORT",
    "-X-SKIP",
    "-X-DATERANGE",
    "-X-DEFINE",
];
