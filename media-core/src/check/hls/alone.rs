//! What of one media playlist is wrong by itself: durations, parts, dates, versions (RFC 8216bis 4.4.3, 4.4.4, 8).

use super::media::{Control, Media, Part, SECOND, Seconds, Segment};
use super::rules;
use crate::check::{Place, Report};

impl Media {
    /// What can be said when all was read.
    pub(super) fn check(&self, report: &mut Report) {
        let at = self.place();
        if self.multivariant {
            report.add(
                &rules::MIXED,
                at,
                format_args!("tags of a multivariant playlist in a media playlist"),
            );
        }
        if self.version < self.needs.0 {
            let (needed, what) = self.needs;
            report.add(&rules::VERSION, at, format_args!("version {}, {what} needs {needed}", self.version));
        }
        let Some(target) = self.target else {
            report.add(&rules::TARGET_MISSING, at, format_args!("no EXT-X-TARGETDURATION"));
            return;
        };
        self.check_control(target, report);
        self.check_dates(report);
        let mut due: Option<i64> = None;
        let mut map: Option<&Option<String>> = None;
        let starts = self.age();
        for (segment, age) in self.segments.iter().zip(starts) {
            let place = segment.at.unwrap_or(at);
            let rounded = segment.duration.saturating_add(SECOND / 2) / SECOND;
            if rounded > target {
                let seconds = Seconds(segment.duration);
                report.add(
                    &rules::TARGET_EXCEEDED,
                    place,
                    format_args!("a segment of {seconds} s, the target is {target} s"),
                );
            }
            if segment.map.is_none() && self.skipped.is_none() && !segment.gap && is_mp4(&segment.uri) {
                report.add(&rules::MAP_MISSING, place, format_args!("{} without EXT-X-MAP", segment.uri));
            }
            if map.is_some_and(|map| *map != segment.map)
                && !segment.discontinuity
                && !segment.gap
                && segment.map.is_some()
            {
                report.add(
                    &rules::MAP_CHANGED,
                    place,
                    format_args!("another EXT-X-MAP without a discontinuity"),
                );
            }
            if segment.discontinuity {
                due = None;
            }
            if let (Some(date), Some(due)) = (segment.date, due)
                && date.abs_diff(due) > SECOND / 2
            {
                let off = date.saturating_sub(due) / 1_000_000;
                report.add(
                    &rules::DATE_TIME,
                    place,
                    format_args!("a date {off} ms after what durations since the last one say"),
                );
            }
            due = segment.date.or(due).map(|date| date.saturating_add_unsigned(segment.duration));
            map = Some(&segment.map);
            self.check_parts(&segment.parts, Some(segment), place, report);
            if !segment.parts.is_empty()
                && age > target.saturating_mul(3 * SECOND).saturating_add(segment.duration)
                && !self.ended
            {
                report.add(&rules::PART_OLD, place, format_args!("parts {} s behind the end", Seconds(age)));
            }
        }
        self.check_parts(&self.parts, None, at, report);
    }

    /// Dates that something else in the list asks for.
    fn check_dates(&self, report: &mut Report) {
        let dated = self.dated
            || self.skipped.is_some()
            || self.segments.iter().any(|segment| segment.date.is_some());
        if let Some(range) = self.date_ranges.first().filter(|_| !dated) {
            report.add(
                &rules::DATE_RANGE,
                range.at,
                format_args!("a date range, and no EXT-X-PROGRAM-DATE-TIME"),
            );
        }
        let has_parts =
            !self.parts.is_empty() || self.segments.iter().any(|segment| !segment.parts.is_empty());
        if has_parts && !(dated && self.control.block) {
            let lacks = if dated { "CAN-BLOCK-RELOAD=YES" } else { "EXT-X-PROGRAM-DATE-TIME" };
            report.add(&rules::LOW_LATENCY, self.place(), format_args!("parts, and no {lacks}"));
        }
    }

    /// How far behind the end each segment begins.
    fn age(&self) -> Vec<u64> {
        let mut age: u64 = self.parts.iter().map(|part| part.duration).fold(0, u64::saturating_add);
        let mut ages: Vec<u64> = Vec::new();
        for segment in self.segments.iter().rev() {
            age = age.saturating_add(segment.duration);
            ages.push(age);
        }
        ages.reverse();
        ages
    }

    fn check_control(&self, target: u64, report: &mut Report) {
        let (at, target) = (self.place(), target.saturating_mul(SECOND));
        let Control { skip_until, hold_back, part_hold_back, .. } = self.control;
        if let Some(hold) = hold_back.filter(|hold| *hold < target.saturating_mul(3)) {
            report.add(
                &rules::HOLD_BACK,
                at,
                format_args!("HOLD-BACK={} for a target of {} s", Seconds(hold), Seconds(target)),
            );
        }
        if let Some(skip) = skip_until.filter(|skip| *skip < target.saturating_mul(6)) {
            report.add(
                &rules::SKIP_UNTIL,
                at,
                format_args!("CAN-SKIP-UNTIL={} for a target of {} s", Seconds(skip), Seconds(target)),
            );
        }
        let Some(part) = self.part_target else { return };
        match part_hold_back {
            None => {
                report.add(&rules::PART_HOLD_BACK, at, format_args!("EXT-X-PART-INF without PART-HOLD-BACK"))
            }
            Some(hold) if hold < part.saturating_mul(2) => {
                report.add(
                    &rules::PART_HOLD_BACK,
                    at,
                    format_args!("PART-HOLD-BACK={} for parts of {} s", Seconds(hold), Seconds(part)),
                );
            }
            Some(hold) if hold < part.saturating_mul(3) => {
                report.add(
                    &rules::PART_HOLD_BACK_SHORT,
                    at,
                    format_args!("PART-HOLD-BACK={} for parts of {} s", Seconds(hold), Seconds(part)),
                );
            }
            Some(_) => {}
        }
    }

    /// Parts of a segment, or of the one that is not there yet.
    fn check_parts(&self, parts: &[Part], segment: Option<&Segment>, at: Place, report: &mut Report) {
        let Some(target) = self.part_target else { return };
        for (index, part) in parts.iter().enumerate() {
            let (seconds, limit) = (Seconds(part.duration), Seconds(target));
            if part.duration > target {
                report.add(
                    &rules::PART_LONG,
                    at,
                    format_args!("part {index} of {seconds} s, the part target is {limit} s"),
                );
            }
            // The last part of a segment may be short, and the one at the end may turn out to be the last.
            let short = u128::from(part.duration) * 100 < u128::from(target) * 85;
            if short && index + 1 < parts.len() && !part.gap {
                report.add(
                    &rules::PART_SHORT,
                    at,
                    format_args!("part {index} of {seconds} s is less than 85 % of {limit} s"),
                );
            }
        }
        let Some(segment) = segment.filter(|segment| !parts.is_empty() && !segment.gap) else { return };
        let sum = parts.iter().map(|part| part.duration).fold(0, u64::saturating_add);
        if sum.abs_diff(segment.duration) > 1_000_000 * (1 + parts.len() as u64) {
            report.add(
                &rules::PART_SUM,
                at,
                format_args!("parts of {} s in a segment of {} s", Seconds(sum), Seconds(segment.duration)),
            );
        }
    }
}

/// A name that only fragmented MP4 has.
fn is_mp4(uri: &str) -> bool {
    let path = uri.split(['?', '#']).next().unwrap_or(uri);
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["mp4", "m4s", "m4v", "cmfv", "cmfa", "cmfc"].contains(&ending)
}
