//! Tags of media playlists that have attribute lists, RFC 8216bis 4.4.3.7 to 4.4.5.4.

use super::date_range::DateRange;
use super::lines::{Attributes, integer};
use super::media::{Control, Hint, Media, Part, Segment};
use super::rules;
use crate::check::{Place, Report};

impl Media {
    /// A tag with an attribute list.
    pub(super) fn read_attributes(
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
                    skip_dates: list.yes("CAN-SKIP-DATERANGES", at, report),
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
                    range: list.get("BYTERANGE").map(|range| {
                        check_range(range, at, report);
                        range.to_owned()
                    }),
                    independent: list.yes("INDEPENDENT", at, report),
                    gap: list.yes("GAP", at, report),
                });
            }
            "-X-PRELOAD-HINT" => {
                let uri = list.needed("URI", at, report).unwrap_or_default();
                match list.get("TYPE") {
                    Some("PART") => {
                        let start = list.number("BYTERANGE-START", at, report).unwrap_or(0);
                        self.hint = Some(Hint { uri: uri.to_owned(), start });
                    }
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
                self.skips_dates |= removed;
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
            "-X-DATERANGE" => self.date_ranges.extend(DateRange::read(&list, at, report)),
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
}

/// A byte range: `n` or `n@o`.
pub(super) fn check_range(value: &str, at: Place, report: &mut Report) {
    let (length, offset) = value.split_once('@').map_or((value, None), |(n, o)| (n, Some(o)));
    if integer(length).is_none() || offset.is_some_and(|offset| integer(offset).is_none()) {
        report.add(&rules::VALUE, at, format_args!("byte range {value}"));
    }
}

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
