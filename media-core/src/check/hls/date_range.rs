//! Date ranges, RFC 8216bis 4.4.5.1.

use super::lines::{Attributes, date_time, nanos};
use super::rules;
use crate::check::{Place, Report};

/// `EXT-X-DATERANGE`: its attributes by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DateRange {
    pub(super) at: Place,
    pub(super) id: String,
    attributes: Vec<(String, String)>,
}

impl DateRange {
    /// Reads a list and tells what is wrong in it; `None` without an ID.
    pub(super) fn read(list: &Attributes<'_>, at: Place, report: &mut Report) -> Option<Self> {
        let id = list.needed("ID", at, report)?.to_owned();
        let date = |name: &str, report: &mut Report| {
            let text = list.text(name, at, report)?;
            let date = date_time(text);
            if date.is_none() {
                report.add(
                    &rules::VALUE,
                    at,
                    format_args!("{name}={text} is no date and time with a time zone"),
                );
            }
            date
        };
        let [start, end] = ["START-DATE", "END-DATE"].map(|name| date(name, report));
        if list.get("START-DATE").is_none() {
            report.add(&rules::DATE_RANGE, at, format_args!("{id} has no START-DATE"));
        }
        let length = |name: &str, report: &mut Report| {
            let text = list.get(name)?;
            let length = nanos(text);
            if length.is_none() {
                let what = format_args!("{id}: {name}={text}, expected a duration that is not negative");
                report.add(&rules::DATE_RANGE, at, what);
            }
            length
        };
        let [lasts, _] = ["DURATION", "PLANNED-DURATION"].map(|name| length(name, report));
        if let Some((start, end)) = start.zip(end) {
            if end < start {
                report.add(&rules::DATE_RANGE, at, format_args!("{id} ends before it starts"));
            } else if lasts.is_some_and(|lasts| lasts.abs_diff(end.abs_diff(start)) > MILLISECOND) {
                report.add(
                    &rules::DATE_RANGE,
                    at,
                    format_args!("{id}: END-DATE is not DURATION after START-DATE"),
                );
            }
        }
        let ends = list.get("END-DATE").is_some() || list.get("DURATION").is_some();
        match list.get("END-ON-NEXT") {
            None => {}
            Some("YES") if list.get("CLASS").is_some() && !ends => {}
            Some(value) => {
                let what = format_args!(
                    "{id}: END-ON-NEXT={value}, expected YES, with CLASS and without another end"
                );
                report.add(&rules::DATE_RANGE, at, what);
            }
        }
        for name in ["SCTE35-CMD", "SCTE35-OUT", "SCTE35-IN"] {
            let hexadecimal = |text: &str| {
                let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
                digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
            };
            if let Some(text) = list.get(name).filter(|text| !hexadecimal(text)) {
                report.add(&rules::VALUE, at, format_args!("{name}={text} is not hexadecimal"));
            }
        }
        let attributes = list.all().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Self { at, id, attributes })
    }

    /// What was said of it before stays, 4.4.5.1: the first attribute that is another one now.
    pub(super) fn contradicts<'a>(&'a self, before: &Self) -> Option<&'a str> {
        let differs = |(name, value): &&(String, String)| {
            before.attributes.iter().any(|(other, said)| other == name && said != value)
        };
        self.attributes.iter().find(differs).map(|(name, _)| &name[..])
    }
}

/// Date ranges of one list, and those of the list before it.
pub(super) fn check(ranges: &[DateRange], before: &[DateRange], report: &mut Report) {
    for (index, range) in ranges.iter().enumerate().take(RANGES) {
        let known =
            ranges[..index].iter().chain(before.iter().take(RANGES)).filter(|other| other.id == range.id);
        if let Some(name) = known.into_iter().find_map(|other| range.contradicts(other)) {
            let what = format_args!("{name} of {} is not what was said before", range.id);
            report.add(&rules::DATE_RANGE, range.at, what);
        }
    }
}

const MILLISECOND: u64 = 1_000_000;
/// Date ranges of one list that are compared.
const RANGES: usize = 1024;
