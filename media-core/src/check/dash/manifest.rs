//! One manifest: what it says, and what of it is wrong by itself (ISO/IEC 23009-1 5.3, 8).

use super::rules;
use super::values::{duration, range};
use super::xml::Node;
use crate::check::hls::date_time;
use crate::check::{Place, Report, codecs};

/// A manifest as it was read. Times are nanoseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Manifest {
    pub(super) start: Option<i64>,
    pub(super) published: Option<i64>,
    profiles: String,
    pub(super) periods: Vec<Period>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Period {
    pub(super) id: Option<String>,
    pub(super) start: Option<u64>,
    pub(super) representations: Vec<Representation>,
}

/// A representation with what it inherits.
#[derive(Clone, Debug, Default)]
pub(super) struct Representation {
    pub(super) id: String,
    pub(super) line: u32,
    pub(super) timescale: u64,
    pub(super) offset: u64,
    pub(super) runs: Vec<Run>,
    pub(super) index: Option<(u64, u64)>,
}

/// An `S`: segments alike, one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) start: u64,
    pub(super) duration: u64,
    pub(super) count: u64,
}

impl Run {
    pub(super) const fn end(self) -> u64 {
        self.start.saturating_add(self.duration.saturating_mul(self.count))
    }
}

/// What is read of one text.
struct Reading<'a> {
    text: u32,
    report: &'a mut Report,
}

impl Reading<'_> {
    fn at(&self, node: &Node) -> Place {
        Place::Line { text: self.text, line: node.line.max(1) }
    }

    fn needed<'n>(&mut self, node: &'n Node, name: &str) -> Option<&'n str> {
        let found = node.get(name);
        if found.is_none() {
            let at = self.at(node);
            self.report.add(&rules::MISSING, at, format_args!("{} without @{name}", node.name));
        }
        found
    }

    /// A value that is read by `read`.
    fn value<T>(&mut self, node: &Node, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = node.get(name)?;
        let value = read(text.trim());
        if value.is_none() {
            let at = self.at(node);
            self.report.add(&rules::VALUE, at, format_args!("{}@{name} is {text}", node.name));
        }
        value
    }

    fn number(&mut self, node: &Node, name: &str) -> Option<u64> {
        self.value(node, name, |text| text.parse().ok())
    }
}

impl Manifest {
    /// Reads the element of the text that was pushed as `text`.
    pub(super) fn read(mpd: &Node, text: u32, report: &mut Report) -> Self {
        let mut reading = Reading { text, report };
        let at = reading.at(mpd);
        let profiles = reading.needed(mpd, "profiles").unwrap_or_default().to_owned();
        reading.needed(mpd, "minBufferTime");
        let dynamic = mpd.get("type") == Some("dynamic");
        let mut manifest = Self {
            start: reading.value(mpd, "availabilityStartTime", moment),
            published: reading.value(mpd, "publishTime", moment),
            profiles,
            periods: Vec::new(),
        };
        let [whole, update, depth, _, _] = [
            "mediaPresentationDuration",
            "minimumUpdatePeriod",
            "timeShiftBufferDepth",
            "minBufferTime",
            "suggestedPresentationDelay",
        ]
        .map(|name| reading.value(mpd, name, duration));
        let mut last = 0;
        let mut ends = false;
        for node in mpd.all("Period") {
            let start = reading.value(node, "start", duration);
            if let Some(start) = start.filter(|start| *start < last) {
                let place = reading.at(node);
                reading.report.add(
                    &rules::PERIOD,
                    place,
                    format_args!(
                        "a period at {} ms, the one before it goes on to {} ms",
                        start / 1_000_000,
                        last / 1_000_000
                    ),
                );
            }
            let lasts = reading.value(node, "duration", duration);
            ends = lasts.is_some();
            last = start.unwrap_or(last).saturating_add(lasts.unwrap_or(0));
            let period = manifest.read_period(node, start, &mut reading);
            if period.id.is_some() && manifest.periods.iter().any(|other| other.id == period.id) {
                let place = reading.at(node);
                reading.report.add(&rules::PERIOD, place, format_args!("a second period {:?}", period.id));
            }
            manifest.periods.push(period);
        }
        if manifest.periods.is_empty() {
            reading.report.add(&rules::PERIOD, at, format_args!("no period"));
        }
        if dynamic {
            reading.needed(mpd, "availabilityStartTime");
            if manifest.published.is_none() {
                reading.report.add(
                    &rules::PUBLISH_TIME,
                    at,
                    format_args!("type dynamic without @publishTime"),
                );
            }
            if whole.is_none() && update.is_none() && !ends {
                reading.report.add(
                    &rules::UPDATE,
                    at,
                    format_args!("neither @minimumUpdatePeriod nor an end"),
                );
            }
            if let (Some(update), Some(depth)) = (update, depth)
                && update > depth
                && depth > 0
                && whole.is_none()
            {
                reading.report.add(
                    &rules::UPDATE,
                    at,
                    format_args!(
                        "asked for every {} ms, {} ms are kept",
                        update / 1_000_000,
                        depth / 1_000_000
                    ),
                );
            }
        } else if whole.is_none() && !ends {
            reading.report.add(
                &rules::DURATION,
                at,
                format_args!(
                    "type static without @mediaPresentationDuration, and the last period has no @duration"
                ),
            );
        }
        if dynamic && manifest.profiles.contains("isoff-on-demand") {
            reading.report.add(&rules::PROFILE, at, format_args!("type dynamic with the on-demand profile"));
        }
        check_low_latency(mpd, dynamic, &mut reading);
        manifest
    }

    fn read_period(&self, node: &Node, start: Option<u64>, reading: &mut Reading<'_>) -> Period {
        let mut period = Period { id: node.get("id").map(str::to_owned), start, representations: Vec::new() };
        for set in node.all("AdaptationSet") {
            for found in set.all("Representation") {
                let around = [found, set, node];
                let representation = self.read_representation(&around, reading);
                let twice = period.representations.iter().any(|other| other.id == representation.id);
                if twice && !representation.id.is_empty() {
                    let at = reading.at(found);
                    reading.report.add(
                        &rules::REPRESENTATION,
                        at,
                        format_args!("a second representation {}", representation.id),
                    );
                }
                period.representations.push(representation);
            }
        }
        period
    }

    /// A representation; what it does not say, those around it do.
    fn read_representation(&self, around: &[&Node; 3], reading: &mut Reading<'_>) -> Representation {
        let [own, set, _] = *around;
        let at = reading.at(own);
        let id = reading.needed(own, "id").unwrap_or_default().to_owned();
        if reading.number(own, "bandwidth").is_none_or(|bandwidth| bandwidth == 0) {
            reading.report.add(
                &rules::REPRESENTATION,
                at,
                format_args!("representation {id} has no bit rate"),
            );
        }
        let said = |name: &str| [own, set].iter().find_map(|node| node.get(name));
        let mime = said("mimeType");
        if mime.is_none() {
            reading.report.add(&rules::MIME_TYPE, at, format_args!("representation {id} has no @mimeType"));
        }
        match said("codecs") {
            Some(all) => {
                for codec in all.split(',').map(str::trim) {
                    // WebM says vp9 and vorbis, the names that were before RFC 6381.
                    if let Some(fault) = codecs::fault(codec) {
                        reading.report.add(&rules::CODECS, at, format_args!("{codec}: {fault}"));
                    }
                }
            }
            None if mime.is_some_and(|mime| mime.starts_with("video/") || mime.starts_with("audio/")) => {
                reading.report.add(
                    &rules::CODECS_MISSING,
                    at,
                    format_args!("representation {id} has no @codecs"),
                );
            }
            None => {}
        }
        let mut representation =
            Representation { id, line: own.line, timescale: 1, ..Representation::default() };
        let of = |name: &'static str| -> Vec<&Node> {
            around.iter().filter_map(|node| node.child(name)).collect()
        };
        let (templates, bases, lists) = (of("SegmentTemplate"), of("SegmentBase"), of("SegmentList"));
        for segments in [&templates, &bases, &lists].into_iter().filter(|found| !found.is_empty()) {
            read_segments(segments, &mut representation, reading);
        }
        if !templates.is_empty() {
            check_template(&templates, &representation, reading);
        }
        if self
            .profiles
            .split(',')
            .any(|profile| profile.trim() == "urn:mpeg:dash:profile:isoff-on-demand:2011")
            && !self.profiles.contains("isoff-live")
            && representation.index.is_none()
        {
            reading.report.add(
                &rules::PROFILE,
                at,
                format_args!("on-demand profile, and representation {} has no index", representation.id),
            );
        }
        representation
    }
}

/// Time scale, offset, timeline and ranges; the first node that says something counts.
fn read_segments(nodes: &[&Node], out: &mut Representation, reading: &mut Reading<'_>) {
    let mut first = |name: &str| {
        nodes.iter().find(|node| node.get(name).is_some()).and_then(|node| reading.number(node, name))
    };
    out.timescale = first("timescale").unwrap_or(1);
    out.offset = first("presentationTimeOffset").unwrap_or(0);
    if out.timescale == 0 {
        let at = reading.at(nodes[0]);
        reading.report.add(&rules::VALUE, at, format_args!("@timescale is 0"));
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
}

/// `SegmentTimeline`: runs that go forward.
fn read_timeline(timeline: &Node, timescale: u64, reading: &mut Reading<'_>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut end = None;
    let nodes: Vec<&Node> = timeline.all("S").collect();
    for (index, node) in nodes.iter().enumerate() {
        let at = reading.at(node);
        let start = reading.number(node, "t");
        let Some(duration) = reading.number(node, "d").filter(|duration| *duration > 0) else {
            reading.report.add(&rules::TIMELINE, at, format_args!("S without a duration"));
            continue;
        };
        let repeats = reading.value(node, "r", |text| text.parse::<i64>().ok()).unwrap_or(0);
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
                let next = nodes
                    .get(index + 1)
                    .and_then(|next| next.get("t"))
                    .and_then(|next| next.parse::<u64>().ok());
                next.map_or(1, |next| next.saturating_sub(begins).div_ceil(duration).max(1))
            }
        };
        let run = Run { start: begins, duration, count };
        end = Some(run.end());
        runs.push(run);
    }
    runs
}

fn check_template(templates: &[&Node], representation: &Representation, reading: &mut Reading<'_>) {
    let at = reading.at(templates[0]);
    let said = |name: &str| templates.iter().find_map(|node| node.get(name));
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
    let names: Vec<&str> = media.split('$').skip(1).step_by(2).collect();
    let known = |name: &str| {
        let name = name.split_once('%').map_or(name, |(name, _)| name);
        matches!(name, "" | "RepresentationID" | "Number" | "Bandwidth" | "Time" | "SubNumber")
    };
    let closed = media.matches('$').count() % 2 == 0;
    let numbered = names.iter().any(|name| name.starts_with("Number") || name.starts_with("Time"));
    if !closed || !numbered || !names.iter().all(|name| known(name)) {
        reading.report.add(
            &rules::TEMPLATE,
            at,
            format_args!("@media of representation {} is {media}", representation.id),
        );
    }
}

/// What goes with chunks that come before their segment is whole.
fn check_low_latency(mpd: &Node, dynamic: bool, reading: &mut Reading<'_>) {
    let mut nodes = vec![mpd];
    let mut early = None;
    while let Some(node) = nodes.pop() {
        if node.get("availabilityTimeComplete") == Some("false") {
            early = early.or(Some(node));
            if node.get("availabilityTimeOffset").is_none() {
                let at = reading.at(node);
                reading.report.add(
                    &rules::LOW_LATENCY,
                    at,
                    format_args!("@availabilityTimeComplete without @availabilityTimeOffset"),
                );
            }
        }
        nodes.extend(&node.children);
    }
    let Some(early) = early else { return };
    let at = reading.at(early);
    if dynamic && mpd.child("UTCTiming").is_none() {
        reading.report.add(
            &rules::LOW_LATENCY,
            at,
            format_args!("chunks before their segment is whole, and no UTCTiming"),
        );
    }
    if mpd.child("ServiceDescription").and_then(|service| service.child("Latency")).is_none() {
        reading.report.add(
            &rules::LOW_LATENCY,
            at,
            format_args!("chunks before their segment is whole, and no ServiceDescription with a Latency"),
        );
    }
}

/// `xs:dateTime`; without a time zone it is in UTC.
fn moment(text: &str) -> Option<i64> {
    date_time(text).or_else(|| date_time(&format!("{text}Z")))
}
