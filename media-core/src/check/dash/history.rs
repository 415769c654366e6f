//! A manifest against the one before it: what may change and what may not, ISO/IEC 23009-1 5.4.

use super::manifest::{Manifest, Period, Representation};
use super::rules;
use crate::check::{Place, Report};

/// A manifest after the one before it.
pub(super) fn follow(last: &Manifest, manifest: &Manifest, differs: bool, at: Place, report: &mut Report) {
    if last.start.is_some() && last.start != manifest.start {
        report.add(&rules::START_CHANGED, at, format_args!("@availabilityStartTime is not what it was"));
    }
    if let (Some(was), Some(is)) = (last.published, manifest.published) {
        if is < was {
            report.add(
                &rules::PUBLISH_BACK,
                at,
                format_args!("@publishTime is {} ms earlier than it was", was.saturating_sub(is) / 1_000_000),
            );
        } else if is == was && differs {
            report.add(
                &rules::PUBLISH_SAME,
                at,
                format_args!("the manifest changed, its @publishTime did not"),
            );
        }
    }
    let known = manifest.periods.iter().filter(|period| period.id.is_some());
    for period in known {
        let Some(before) = last.periods.iter().find(|before| before.id == period.id) else { continue };
        let complete = last.start.zip(last.published).map(|(start, now)| now.saturating_sub(start));
        follow_period((before, complete), period, at, report);
    }
}

/// A Period after what it was before, when `complete` nanoseconds of the presentation were.
fn follow_period(
    (before, complete): (&Period, Option<i64>),
    period: &Period,
    at: Place,
    report: &mut Report,
) {
    let id = period.id.as_deref().unwrap_or_default();
    if before.start != period.start && before.start.is_some() {
        report.add(&rules::CHANGED, at, format_args!("the start of period {id} is not what it was"));
    }
    for now in &period.representations {
        let Some(was) = before.representations.iter().find(|was| was.id == now.id) else { continue };
        if (was.timescale, was.offset) != (now.timescale, now.offset) {
            report.add(
                &rules::CHANGED,
                at,
                format_args!("time scale or offset of {} in period {id} is not what it was", now.id),
            );
            continue;
        }
        // What was announced before it was complete may turn out otherwise.
        let settled =
            complete.filter(|_| was.early).map_or(u64::MAX, |complete| settled(before, was, complete));
        follow_timeline(was, now, settled, at, report);
    }
}

/// The ticks of a representation's time line up to which media was complete.
fn settled(period: &Period, of: &Representation, complete: i64) -> u64 {
    let nanos = i128::from(complete) - i128::from(period.begins);
    let ticks = nanos * i128::from(of.timescale) / 1_000_000_000 + i128::from(of.offset);
    u64::try_from(ticks.max(0)).unwrap_or(u64::MAX)
}

/// Segments begin and last as they did, and the list ends no earlier.
fn follow_timeline(was: &Representation, now: &Representation, settled: u64, at: Place, report: &mut Report) {
    let mut old = was.runs.iter().peekable();
    for run in &now.runs {
        while old.next_if(|old| old.end() <= run.start).is_some() {}
        let Some(covers) = old.peek().filter(|old| old.start <= run.start) else { continue };
        let apart = run.start - covers.start;
        if covers.duration == run.duration && apart.is_multiple_of(covers.duration) {
            continue;
        }
        let (start, is, lasted) = (run.start, run.duration, covers.duration);
        let rule = match run.start.saturating_add(covers.duration) <= settled {
            true => &rules::CHANGED,
            false => &rules::REVISED,
        };
        report.add(
            rule,
            at,
            format_args!("a segment of {} at {start} lasts {is}, it lasted {lasted}", now.id),
        );
    }
    let ended = was.runs.iter().filter_map(|run| run.end_before(settled)).max().unwrap_or(0);
    let ends = now.runs.last().map_or(0, |last| last.end());
    if !now.runs.is_empty() && ends < ended {
        let what =
            format_args!("the segments of {} end at {ends}, those up to {ended} were complete", now.id);
        report.add(&rules::CHANGED, at, what);
    }
}
