//! Where the segments of a representation are: templates, timelines, lists and indices (ISO/IEC 23009-1 5.3.9).

use super::manifest::{Addressing, Reading, Representation, Run};
use super::rules;
use super::values::range;
use super::xml::Node;

/// What a representation and the elements around it say, the nearest first.
pub(super) fn read(around: &[&Node; 3], out: &mut Representation, reading: &mut Reading<'_>) {
    // The nearest counts where several are there: a list beside the representation hides a template of its set.
    let nearest = |name: &'static str| around.iter().position(|node| node.child(name).is_some());
    let found = ALL.iter().filter_map(|(addressing, name)| Some((nearest(name)?, *addressing, *name)));
    let Some((_, addressing, name)) = found.min_by_key(|(place, ..)| *place) else { return };
    let nodes: Vec<&Node> = around.iter().filter_map(|node| node.child(name)).collect();
    out.addressing = Some(addressing);
    read_common(&nodes, out, reading);
    match addressing {
        Addressing::Template => check_template(&nodes, out, reading),
        Addressing::List => check_list(&nodes, out, reading),
        Addressing::Base => {}
    }
}

/// Time scale, offset, timeline and ranges; the first node that says something counts.
fn read_common(nodes: &[&Node], out: &mut Representation, reading: &mut Reading<'_>) {
    let first =
        |name: &str| nodes.iter().find_map(|node| node.get(name)).and_then(|text| text.trim().parse().ok());
    out.timescale = first("timescale").unwrap_or(1);
    out.offset = first("presentationTimeOffset").unwrap_or(0);
    let at = reading.at(nodes[0]);
    for name in ["timescale", "duration"] {
        if first(name) == Some(0) {
            reading.report.add(&rules::VALUE, at, format_args!("@{name} is 0"));
        }
    }
    if let Some(node) = nodes.iter().find(|node| node.get("indexRange").is_some()) {
        out.index = range(node.get("indexRange").unwrap_or_default());
        let initial = node.child("Initialization").and_then(|node| node.get("range"));
        let initial = initial.map(|text| (text, range(text)));
        let sane = out.index.is_some() && initial.is_none_or(|(_, initial)| initial.is_some());
        if !sane {
            let at = reading.at(node);
            reading.report.add(
                &rules::RANGE,
                at,
                format_args!("@indexRange {:?}, initialisation {initial:?}", node.get("indexRange")),
            );
        }
    }
    if let Some(timeline) = nodes.iter().find_map(|node| node.child("SegmentTimeline")) {
        out.runs = read_timeline(timeline, out.timescale, reading);
    }
    out.early = nodes.iter().any(|node| node.get("availabilityTimeComplete") == Some("false"));
}

/// `SegmentTimeline`: runs that go forward.
fn read_timeline(timeline: &Node, timescale: u64, reading: &mut Reading<'_>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut end = None;
    let nodes: Vec<&Node> = timeline.all("S").collect();
    for (index, node) in nodes.iter().enumerate() {
        let at = reading.at(node);
        let number = |name: &str| node.get(name).and_then(|text| text.trim().parse::<u64>().ok());
        let start = number("t");
        let Some(duration) = number("d").filter(|duration| *duration > 0) else {
            reading.report.add(&rules::TIMELINE, at, format_args!("S without a duration"));
            continue;
        };
        let repeats = node.get("r").and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(0);
        let begins = start.or(end).unwrap_or(0);
        if let (Some(start), Some(end)) = (start, end) {
            if start < end {
                reading.report.add(
                    &rules::TIMELINE_OVERLAP,
                    at,
                    format_args!("S at {start}, the segments before it go on to {end}"),
                );
            } else if (start - end).saturating_mul(1000) > timescale {
                reading.report.add(
                    &rules::TIMELINE_GAP,
                    at,
                    format_args!("S at {start}, the segments before it end at {end}"),
                );
            }
        }
        let count = match u64::try_from(repeats) {
            Ok(repeats) => repeats.saturating_add(1),
            // Until the next one begins; the last one goes on to the end of the period.
            Err(_) => {
                let next = nodes.get(index + 1).and_then(|next| next.get("t"));
                let next = next.and_then(|next| next.parse::<u64>().ok());
                next.map_or(1, |next| next.saturating_sub(begins).div_ceil(duration).max(1))
            }
        };
        let run = Run { start: begins, duration, count };
        end = Some(run.end());
        runs.push(run);
    }
    runs
}

/// 5.3.9.4: what stands between dollar signs, and where it may.
fn check_template(templates: &[&Node], representation: &Representation, reading: &mut Reading<'_>) {
    let at = reading.at(templates[0]);
    let said = |name: &str| templates.iter().find_map(|node| node.get(name));
    let initial = said("initialization").and_then(placeholders).unwrap_or_default();
    if initial.iter().any(|name| !matches!(*name, "" | "RepresentationID" | "Bandwidth")) {
        reading.report.add(
            &rules::TEMPLATE,
            at,
            format_args!(
                "@initialization of {} has more than its ID and rate: {initial:?}",
                representation.id
            ),
        );
    }
    let Some(media) = said("media") else {
        if said("index").is_none() && said("initialization").is_none() {
            reading.report.add(&rules::TEMPLATE, at, format_args!("a template without @media"));
        }
        return;
    };
    let timeline = templates.iter().any(|node| node.child("SegmentTimeline").is_some());
    if !timeline && said("duration").is_none() {
        // One segment, 5.3.9.4.1: then it needs no number.
        return;
    }
    let known = |name: &&str| {
        matches!(*name, "" | "RepresentationID" | "Number" | "Bandwidth" | "Time" | "SubNumber")
    };
    let names = placeholders(media).filter(|names| names.iter().all(known));
    let has = |name: &str| names.iter().flatten().any(|other| *other == name);
    // One of both, 5.3.9.4.4.
    if has("Number") == has("Time") {
        reading.report.add(
            &rules::TEMPLATE,
            at,
            format_args!(
                "@media of representation {} is {media}, expected $Number$ or $Time$",
                representation.id
            ),
        );
    }
}

/// The names between dollar signs, without their widths; `None` where one does not end or has a width that is none.
fn placeholders(template: &str) -> Option<Vec<&str>> {
    let pieces: Vec<&str> = template.split('$').collect();
    if pieces.len().is_multiple_of(2) {
        return None;
    }
    let name = |piece: &&'_ str| match piece.split_once('%') {
        // RepresentationID has no width.
        Some((name, width)) => {
            let digits = width.strip_prefix('0')?.strip_suffix(['d', 'i', 'u', 'x', 'X', 'o'])?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(name.len())
        }
        None => Some(piece.len()),
    };
    pieces.iter().skip(1).step_by(2).map(|piece| Some(&piece[..name(piece)?])).collect()
}

/// 5.3.9.3: as many addresses as the timeline has segments; more than one need to say how long they last.
fn check_list(lists: &[&Node], representation: &Representation, reading: &mut Reading<'_>) {
    let at = reading.at(lists[0]);
    let own: Vec<&Node> =
        lists.iter().find(|list| list.child("SegmentURL").is_some()).into_iter().copied().collect();
    let count = own.iter().flat_map(|list| list.all("SegmentURL")).count() as u64;
    let listed = representation.runs.iter().fold(0, |sum: u64, run| sum.saturating_add(run.count));
    let id = &representation.id;
    if !representation.runs.is_empty() && count != listed {
        let what = format_args!("{count} SegmentURL of {id}, its timeline has {listed} segments");
        reading.report.add(&rules::LIST, at, what);
    }
    let timed = !representation.runs.is_empty() || lists.iter().any(|list| list.get("duration").is_some());
    if count > 1 && !timed {
        let what = format_args!("{count} SegmentURL of {id}, and neither @duration nor a timeline");
        reading.report.add(&rules::LIST, at, what);
    }
}

const ALL: &[(Addressing, &str)] = &[
    (Addressing::Template, "SegmentTemplate"),
    (Addressing::Base, "SegmentBase"),
    (Addressing::List, "SegmentList"),
];
