//! Numbers and times as playlists print them.

use crate::time::WallTime;

/// A decimal number. Formatting machinery would take most of the time of a playlist.
pub(super) fn put_number(out: &mut String, mut number: u64) {
    let mut digits = [0_u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.push_str(std::str::from_utf8(&digits[at..]).expect("digits are ASCII"));
}

/// A decimal number of `width` digits, zeros in front.
pub(super) fn put_padded(out: &mut String, number: u64, width: u32) {
    (0..width).rev().for_each(|place| out.push(char::from(b'0' + (number / 10_u64.pow(place) % 10) as u8)));
}

/// RFC 3339 with milliseconds in UTC: `2026-11-21T09:15:00.123Z`. Rounds down, so that no time is named before it has come. Years before 0 and
/// after 9999 cannot be said; a [`WallTime`] spans 1677 to 2262.
pub(super) fn put_date_time(out: &mut String, wall: WallTime) {
    let millis = wall.nanos().div_euclid(1_000_000);
    let (days, of_day) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000).unsigned_abs());
    let (year, month, day) = civil(days);
    put_padded(out, year, 4);
    out.push('-');
    put_padded(out, month, 2);
    out.push('-');
    put_padded(out, day, 2);
    for (mark, unit, count, width) in
        [('T', 3_600_000, 24, 2), (':', 60_000, 60, 2), (':', 1000, 60, 2), ('.', 1, 1000, 3)]
    {
        out.push(mark);
        put_padded(out, of_day / unit % count, width);
    }
    out.push('Z');
}

/// Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last of them, in eras of 400 years, which all have 146,097 days.
fn civil(days: i64) -> (u64, u64, u64) {
    // 0000-03-01 is 719,468 days before 1970-01-01.
    let days = (days + 719_468).max(0).unsigned_abs();
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March have 31, 30, 31, 30, 31 days over and over: 153 in five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let january = u64::from(month >= 10);
    (era * 400 + year + january, if january == 1 { month - 9 } else { month + 3 }, day)
}

/// Seconds with six decimals.
pub(super) fn put_micros(out: &mut String, micros: u64) {
    put_number(out, micros / 1_000_000);
    out.push('.');
    put_padded(out, micros % 1_000_000, 6);
}

/// Seconds with no more decimals than they need.
pub(super) fn put_seconds(out: &mut String, micros: u64) {
    put_number(out, micros / 1_000_000);
    if !micros.is_multiple_of(1_000_000) {
        out.push('.');
        put_padded(out, micros % 1_000_000, 6);
        out.truncate(out.trim_end_matches('0').len());
    }
}

/// An `xs:duration` in seconds, no more decimals than it needs, to the nearest microsecond: `PT2S`, `PT0.5S`.
pub(super) fn put_duration(out: &mut String, nanos: i64) {
    let micros = nanos.max(0).unsigned_abs().saturating_add(500) / 1000;
    out.push_str("PT");
    put_seconds(out, micros);
    out.push('S');
}

/// Text as the value of an XML attribute in double quotes. Characters that XML 1.0 section 2.2 does not allow are left out.
pub(super) fn put_escaped(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {}
            plain => out.push(plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(put: impl FnOnce(&mut String)) -> String {
        let mut out = String::new();
        put(&mut out);
        out
    }

    #[test]
    fn times_of_day() {
        let at = |seconds: i64, nanos: i64| {
            text(|out| put_date_time(out, WallTime::from_nanos(seconds * 1_000_000_000 + nanos)))
        };
        // Checked with GNU date -u -d @seconds.
        assert_eq!(at(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(951_782_399, 999_999_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(at(951_782_400, 0), "2000-02-29T00:00:00.000Z");
        assert_eq!(at(1_795_252_500, 123_000_000), "2026-11-21T09:15:00.123Z");
        assert_eq!(at(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
        assert_eq!(at(-1, 0), "1969-12-31T23:59:59.000Z");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut last = civil(-10_000);
        for day in -9_999..120_000 {
            let next = civil(day);
            let same_month = next == (last.0, last.1, last.2 + 1);
            let new_month = next == (last.0, last.1 + 1, 1) && last.2 >= 28;
            let new_year = next == (last.0 + 1, 1, 1) && (last.1, last.2) == (12, 31);
            assert!(same_month || new_month || new_year, "{last:?} {next:?}");
            last = next;
        }
    }

    #[test]
    fn durations() {
        let duration = |nanos| text(|out| put_duration(out, nanos));
        assert_eq!(duration(0), "PT0S");
        assert_eq!(duration(2_000_000_000), "PT2S");
        assert_eq!(duration(12_500_000_000), "PT12.5S");
        assert_eq!(duration(1_000), "PT0.000001S");
        assert_eq!(text(|out| put_micros(out, 2_002_000)), "2.002000");
        assert_eq!(text(|out| put_number(out, u64::MAX)), u64::MAX.to_string());
        assert_eq!(text(|out| put_number(out, 0)), "0");
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(
            text(|out| put_escaped(out, "/time?a=1&b=\"<2>\"\n\u{1}")),
            "/time?a=1&amp;b=&quot;&lt;2&gt;&quot; "
        );
    }
}
