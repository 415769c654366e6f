//! What goes with chunks that can be asked for before their segment is whole: ISO/IEC 23009-1 5.3.9.5.3, 5.12, annex K, and DASH-IF low latency.

use super::manifest::Reading;
use super::rules;
use super::xml::Node;

pub(super) fn check(mpd: &Node, reading: &mut Reading<'_>) {
    let all = all(mpd);
    let early = || all.iter().filter(|node| node.get("availabilityTimeComplete") == Some("false"));
    let mut add = |node: &Node, what: std::fmt::Arguments<'_>| {
        let at = reading.at(node);
        reading.report.add(&rules::LOW_LATENCY, at, what);
    };
    for node in early() {
        match node.get("availabilityTimeOffset") {
            None => add(node, format_args!("@availabilityTimeComplete without @availabilityTimeOffset")),
            Some(offset) => check_offset(node, offset, &mut add),
        }
    }
    let times: Vec<&str> = named(&all, "ProducerReferenceTime").filter_map(|time| time.get("id")).collect();
    for latency in named(&all, "Latency") {
        if let Some(id) = latency.get("referenceId").filter(|id| !times.contains(id)) {
            add(latency, format_args!("Latency of reference {id}, no ProducerReferenceTime has that id"));
        }
    }
    let Some(first) = early().next() else { return };
    if mpd.get("type") == Some("dynamic") && mpd.child("UTCTiming").is_none() {
        add(first, format_args!("chunks before their segment is whole, and no UTCTiming"));
    }
    if mpd.child("ServiceDescription").and_then(|service| service.child("Latency")).is_none() {
        add(
            first,
            format_args!("chunks before their segment is whole, and no ServiceDescription with a Latency"),
        );
    }
}

/// A segment cannot be asked for before it begins.
fn check_offset(node: &Node, offset: &str, add: &mut impl FnMut(&Node, std::fmt::Arguments<'_>)) {
    let number = |name: &str| node.get(name)?.parse::<f64>().ok();
    let scale = number("timescale").unwrap_or(1.0);
    let runs = node.child("SegmentTimeline").into_iter().flat_map(|timeline| timeline.all("S"));
    let lengths = runs.filter_map(|run| run.get("d")?.parse::<f64>().ok());
    let longest = lengths.chain(number("duration")).fold(0.0, f64::max) / scale;
    if let Ok(offset) = offset.parse::<f64>()
        && longest > 0.0
        && offset >= longest
    {
        add(node, format_args!("@availabilityTimeOffset is {offset} s, segments last {longest} s"));
    }
}

/// An element and all in it.
fn all(root: &Node) -> Vec<&Node> {
    let mut all = vec![root];
    let mut next = 0;
    while let Some(node) = all.get(next).copied() {
        all.extend(&node.children);
        next += 1;
    }
    all
}

fn named<'a>(all: &[&'a Node], name: &'static str) -> impl Iterator<Item = &'a Node> {
    all.iter().copied().filter(move |node| node.name == name)
}
