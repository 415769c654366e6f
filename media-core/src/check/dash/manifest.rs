//! One manifest: what it says, and what of it is wrong by itself (ISO/IEC 23009-1 5.3, 8).

use super::values::duration;
use super::xml::Node;
use super::{latency, rules, segments};
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
    /// As it says.
    pub(super) start: Option<u64>,
    /// As it says, or where the one before it ends.
    pub(super) begins: u64,
    pub(super) duration: Option<u64>,
    pub(super) representations: Vec<Representation>,
}

/// A representation with what it inherits.
#[derive(Clone, Debug, Default)]
pub(super) struct Representation {
    pub(super) id: String,
    pub(super) line: u32,
    pub(super) timescale: u64,
    pub(super) offset: u64,
    pub(super) addressing: Option<Addressing>,
    pub(super) runs: Vec<Run>,
    pub(super) index: Option<(u64, u64)>,
    /// Whether segments can be asked for before they are complete.
    pub(super) early: bool,
}

/// How it is said where segments are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addressing {
    Template,
    List,
    Base,
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

    /// Where the last of its segments ends that does so by `tick`; `None` where none does.
    pub(super) fn end_before(self, tick: u64) -> Option<u64> {
        let whole = tick.checked_sub(self.start)?.checked_div(self.duration)?.min(self.count);
        (whole > 0).then(|| self.start.saturating_add(self.duration.saturating_mul(whole)))
    }
}

/// What is read of one text.
pub(super) struct Reading<'a> {
    pub(super) text: u32,
    pub(super) report: &'a mut Report,
}

impl Reading<'_> {
    pub(super) fn at(&self, node: &Node) -> Place {
        Place::Line { text: self.text, line: node.line.max(1) }
    }
}

/// A value that is read by `read`; one that cannot be is a finding of the schema's.
fn value<T>(node: &Node, name: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    read(node.get(name)?.trim())
}

impl Manifest {
    /// Reads the element of the text that was pushed as `text`.
    pub(super) fn read(mpd: &Node, text: u32, report: &mut Report) -> Self {
        let mut reading = Reading { text, report };
        let mut manifest = Self {
            start: value(mpd, "availabilityStartTime", moment),
            published: value(mpd, "publishTime", moment),
            profiles: mpd.get("profiles").unwrap_or_default().to_owned(),
            periods: Vec::new(),
        };
        let mut end = 0;
        let mut lasts = None;
        for node in mpd.all("Period") {
            let period = manifest.read_period(node, end, &mut reading);
            lasts = period.duration;
            end = period.begins.saturating_add(lasts.unwrap_or(0));
            manifest.periods.push(period);
        }
        if manifest.periods.is_empty() {
            let at = reading.at(mpd);
            reading.report.add(&rules::PERIOD, at, format_args!("no period"));
        }
        match mpd.get("type") {
            Some("dynamic") => manifest.check_dynamic(mpd, lasts.is_some(), &mut reading),
            _ => manifest.check_static(mpd, lasts.map(|_| end), &mut reading),
        }
        latency::check(mpd, &mut reading);
        manifest
    }

    /// 5.3.1.2: a presentation that grows.
    fn check_dynamic(&self, mpd: &Node, ends: bool, reading: &mut Reading<'_>) {
        let at = reading.at(mpd);
        let report = &mut *reading.report;
        if mpd.get("availabilityStartTime").is_none() {
            report.add(&rules::MISSING, at, format_args!("type dynamic without @availabilityStartTime"));
        }
        if self.published.is_none() {
            report.add(&rules::PUBLISH_TIME, at, format_args!("type dynamic without @publishTime"));
        }
        let [whole, update, depth] =
            ["mediaPresentationDuration", "minimumUpdatePeriod", "timeShiftBufferDepth"]
                .map(|name| value(mpd, name, duration));
        if whole.is_none() && update.is_none() && !ends {
            report.add(&rules::UPDATE, at, format_args!("neither @minimumUpdatePeriod nor an end"));
        }
        if let (Some(update), Some(depth)) = (update, depth)
            && update > depth
            && depth > 0
            && whole.is_none()
        {
            let (update, depth) = (update / 1_000_000, depth / 1_000_000);
            report.add(&rules::UPDATE, at, format_args!("asked for every {update} ms, {depth} ms are kept"));
        }
        if self.claims("isoff-on-demand:2011") {
            report.add(&rules::PROFILE, at, format_args!("type dynamic with the on-demand profile"));
        }
    }

    /// 5.3.1.2: a presentation that is whole; `end` where the last Period says how long it is.
    fn check_static(&self, mpd: &Node, end: Option<u64>, reading: &mut Reading<'_>) {
        let at = reading.at(mpd);
        let whole = value(mpd, "mediaPresentationDuration", duration);
        match (whole, end) {
            (None, None) => reading.report.add(
                &rules::DURATION,
                at,
                format_args!(
                    "type static without @mediaPresentationDuration, and the last period has no @duration"
                ),
            ),
            // A millisecond for what rounds each.
            (Some(whole), Some(end)) if whole.abs_diff(end) > 1_000_000 => {
                let (whole, end) = (whole / 1_000_000, end / 1_000_000);
                reading.report.add(
                    &rules::TOTAL,
                    at,
                    format_args!(
                        "@mediaPresentationDuration is {whole} ms, the last period ends at {end} ms"
                    ),
                );
            }
            _ => {}
        }
    }

    /// Whether a profile is among those that are claimed.
    fn claims(&self, profile: &str) -> bool {
        let own = self.profiles.split(',').map(str::trim);
        own.into_iter().any(|own| own.strip_prefix("urn:mpeg:dash:profile:") == Some(profile))
    }

    /// A Period behind what ends at `last`.
    fn read_period(&self, node: &Node, last: u64, reading: &mut Reading<'_>) -> Period {
        let at = reading.at(node);
        let start = value(node, "start", duration);
        if let Some(start) = start.filter(|start| *start < last) {
            let (start, last) = (start / 1_000_000, last / 1_000_000);
            reading.report.add(
                &rules::PERIOD,
                at,
                format_args!("a period at {start} ms, the one before it goes on to {last} ms"),
            );
        }
        let mut period = Period {
            id: node.get("id").map(str::to_owned),
            start,
            begins: start.unwrap_or(last),
            duration: value(node, "duration", duration),
            representations: Vec::new(),
        };
        if period.id.is_some() && self.periods.iter().any(|other| other.id == period.id) {
            reading.report.add(&rules::PERIOD, at, format_args!("a second period {:?}", period.id));
        }
        let mut sets: Vec<&str> = Vec::new();
        for set in node.all("AdaptationSet") {
            let at = reading.at(set);
            if let Some(id) = set.get("id") {
                if sets.contains(&id) {
                    reading.report.add(&rules::SET, at, format_args!("a second set {id} in a period"));
                }
                sets.push(id);
            }
            if set.child("Representation").is_none() && set.get("xlink:href").is_none() {
                reading.report.add(&rules::SET, at, format_args!("a set without a Representation"));
            }
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
        let id = own.get("id").unwrap_or_default().to_owned();
        if value(own, "bandwidth", |text| text.parse::<u64>().ok()) == Some(0) {
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
        segments::read(around, &mut representation, reading);
        self.check_profiles(&representation, at, mime, reading);
        representation
    }

    /// 8.3, 8.4: what the profiles that are claimed ask of a representation of media.
    fn check_profiles(&self, own: &Representation, at: Place, mime: Option<&str>, reading: &mut Reading<'_>) {
        if mime.is_some_and(|mime| !mime.starts_with("video/") && !mime.starts_with("audio/")) {
            return;
        }
        let (id, addressing) = (&own.id, own.addressing);
        if self.claims("isoff-on-demand:2011") && !self.claims("isoff-live:2011") && own.index.is_none() {
            let what = format_args!("on-demand profile, and representation {id} has no index");
            reading.report.add(&rules::PROFILE, at, what);
        }
        let live = self.claims("isoff-live:2011") && !self.claims("isoff-main:2011");
        if live && addressing.is_some_and(|addressing| addressing != Addressing::Template) {
            let what = format_args!("live profile, and representation {id} has no SegmentTemplate");
            reading.report.add(&rules::PROFILE, at, what);
        }
    }
}

/// `xs:dateTime`; without a time zone it is in UTC.
fn moment(text: &str) -> Option<i64> {
    date_time(text).or_else(|| date_time(&format!("{text}Z")))
}
