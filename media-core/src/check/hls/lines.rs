//! Playlists line by line: tags, attribute lists and values, RFC 8216bis 4.1 and 4.2.

use super::rules;
use crate::check::{Place, Report};

/// A line that means something.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line<'a> {
    /// A tag without its `#EXT`, and what follows the colon.
    Tag(&'a str, &'a str),
    Uri(&'a str),
}

/// The lines of a text that are no comments, with their places.
pub(super) fn lines<'a>(text: &'a str, number: u32, report: &mut Report) -> Vec<(Place, Line<'a>)> {
    let mut found = Vec::new();
    let place = |line: usize| Place::Line { text: number, line: u32::try_from(line + 1).unwrap_or(u32::MAX) };
    if text.starts_with('\u{feff}') {
        report.add(&rules::TEXT, place(0), format_args!("a byte order mark"));
    }
    let text = text.trim_start_matches('\u{feff}');
    let all = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate();
    if text.lines().next().is_none_or(|first| first.trim_end() != "#EXTM3U") {
        report.add(&rules::EXTM3U, place(0), format_args!("the first line is not #EXTM3U"));
    }
    for (index, line) in all {
        if line.chars().any(char::is_control) {
            report.add(&rules::TEXT, place(index), format_args!("a control character"));
        }
        if found.len() == LINES {
            report.add(&rules::NOT_EXAMINED, place(index), format_args!("more than {LINES} lines"));
            break;
        }
        match line.strip_prefix("#EXT") {
            Some("M3U") => {}
            Some(tag) => {
                let (name, value) = tag.split_once(':').unwrap_or((tag, ""));
                found.push((place(index), Line::Tag(name, value)));
            }
            None if line.starts_with('#') || line.trim().is_empty() => {}
            None => found.push((place(index), Line::Uri(line))),
        }
    }
    found
}

/// An attribute list that was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes<'a> {
    list: Vec<(&'a str, &'a str, bool)>,
}

impl<'a> Attributes<'a> {
    /// Reads a list; what is broken is a finding, what comes before it is kept.
    pub(super) fn read(text: &'a str, at: Place, report: &mut Report) -> Self {
        let mut found = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let Some((name, value, quoted, after)) = attribute(rest) else {
                report.add(&rules::ATTRIBUTES, at, format_args!("no attribute: {rest}"));
                break;
            };
            if found.get(name).is_some() {
                report.add(&rules::ATTRIBUTES, at, format_args!("{name} twice"));
            } else if found.list.len() < ATTRIBUTES {
                found.list.push((name, value, quoted));
            }
            rest = after;
        }
        found
    }

    /// Names and values.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.list.iter().map(|(name, value, _)| (*name, *value))
    }

    /// The value of an attribute, without its quotes.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.list.iter().find(|(own, ..)| *own == name).map(|(_, value, _)| *value)
    }

    /// A quoted value.
    pub(super) fn text(&self, name: &str, at: Place, report: &mut Report) -> Option<&'a str> {
        let (_, value, quoted) = self.list.iter().find(|(own, ..)| *own == name)?;
        if !quoted {
            report.add(&rules::ATTRIBUTES, at, format_args!("{name}={value} without quotes"));
        }
        Some(value)
    }

    /// The same where it must be there.
    pub(super) fn needed(&self, name: &str, at: Place, report: &mut Report) -> Option<&'a str> {
        if self.get(name).is_none() {
            report.add(&rules::ATTRIBUTES, at, format_args!("no {name}"));
        }
        self.text(name, at, report)
    }

    /// A duration in nanoseconds.
    pub(super) fn seconds(&self, name: &str, at: Place, report: &mut Report) -> Option<u64> {
        let value = self.get(name)?;
        let nanos = nanos(value);
        if nanos.is_none() {
            report.add(&rules::VALUE, at, format_args!("{name}={value} is no duration"));
        }
        nanos
    }

    /// A decimal number.
    pub(super) fn number(&self, name: &str, at: Place, report: &mut Report) -> Option<u64> {
        let value = self.get(name)?;
        let number = integer(value);
        if number.is_none() {
            report.add(&rules::VALUE, at, format_args!("{name}={value} is no number"));
        }
        number
    }

    /// `YES` or `NO`; not there is no.
    pub(super) fn yes(&self, name: &str, at: Place, report: &mut Report) -> bool {
        match self.get(name) {
            Some("YES") => true,
            None | Some("NO") => false,
            Some(other) => {
                report.add(&rules::VALUE, at, format_args!("{name}={other} is neither YES nor NO"));
                false
            }
        }
    }
}

/// The first attribute: its name, its value, whether that had quotes, and what follows the comma.
fn attribute(text: &str) -> Option<(&str, &str, bool, &str)> {
    let (name, rest) = text.split_once('=')?;
    let plain = !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'-'));
    if !plain {
        return None;
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        let (value, after) = quoted.split_once('"')?;
        let after = if after.is_empty() { after } else { after.strip_prefix(',')? };
        return Some((name, value, true, after));
    }
    let (value, after) = rest.split_once(',').unwrap_or((rest, ""));
    (!value.is_empty() && !value.contains([' ', '"'])).then_some((name, value, false, after))
}

/// A decimal integer of at most 20 digits.
pub(super) fn integer(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// Seconds with or without a fraction, as nanoseconds.
pub(super) fn nanos(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut nanos = integer(whole)?.checked_mul(1_000_000_000)?;
    if text.ends_with('.') || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut unit = 100_000_000;
    for digit in fraction.bytes().take(9) {
        nanos = nanos.checked_add(u64::from(digit - b'0') * unit)?;
        unit /= 10;
    }
    Some(nanos)
}

/// A date and time of ISO 8601 with a time zone, as nanoseconds after 1970 began.
pub(in crate::check) fn date_time(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| {
        let digits = text.get(from..to)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok()).flatten()
    };
    let marks = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| bytes.get(*at) != Some(mark))
        || !matches!(bytes.get(10), Some(b'T' | b't'))
    {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let sane =
        (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    let rest = text.get(19..)?;
    let digits = rest.strip_prefix('.').map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
    let (fraction, zone) = rest.split_at(if digits > 0 { digits + 1 } else { 0 });
    let fraction = if digits > 0 { i64::try_from(nanos(&format!("0{fraction}"))?).ok()? } else { 0 };
    let offset = match zone.as_bytes() {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] | [sign @ (b'+' | b'-'), h1, h2, m1, m2] => {
            let digits = [h1, h2, m1, m2].map(|digit| i64::from(*digit) - 48);
            if digits.iter().any(|digit| !(0..10).contains(digit)) {
                return None;
            }
            let minutes = (digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3];
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset * 60;
    sane.then(|| seconds.checked_mul(1_000_000_000)?.checked_add(fraction)).flatten()
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Lines of one text that are looked at.
const LINES: usize = 1 << 17;
/// Attributes of one list that are kept.
const ATTRIBUTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_exactly() {
        assert_eq!(nanos("4.004"), Some(4_004_000_000));
        assert_eq!(nanos("0.0000000019"), Some(1));
        assert_eq!([nanos("-1"), nanos("1."), nanos("1e3"), nanos(".5x")], [None; 4]);
        // 2026-11-21T09:15:00Z, checked with GNU date.
        assert_eq!(date_time("2026-11-21T09:15:00Z"), Some(1_795_252_500_000_000_000));
        assert_eq!(date_time("2026-11-21T10:15:00.250+01:00"), Some(1_795_252_500_250_000_000));
        assert_eq!(date_time("2026-11-21T10:15:00.25+0100"), Some(1_795_252_500_250_000_000));
        assert_eq!([date_time("2026-11-21T09:15:00"), date_time("2026-13-21T09:15:00Z")], [None; 2]);
    }

    #[test]
    fn attribute_lists_keep_commas_in_quotes() {
        let mut report = Report::default();
        let at = Place::Whole;
        let list = Attributes::read("BANDWIDTH=1,CODECS=\"a,b\",X-Y=2.5", at, &mut report);
        assert_eq!(
            (list.get("CODECS"), list.seconds("X-Y", at, &mut report)),
            (Some("a,b"), Some(2_500_000_000))
        );
        assert!(report.findings().is_empty());
        Attributes::read("A=1,A=2,b=3", at, &mut report);
        assert_eq!(report.count(&rules::ATTRIBUTES), 2);
    }
}
