//! A multivariant playlist, and the playlists it names: RFC 8216bis 4.4.6 and 6.2.4.

use std::collections::HashMap;

use super::lines::{Attributes, Line, lines};
use super::media::Media;
use super::{Measured, rules};
use crate::check::{Place, Report, codecs};

/// What a multivariant playlist says.
#[derive(Debug, Default)]
pub(super) struct Multivariant {
    variants: Vec<Variant>,
    renditions: Vec<Rendition>,
    version: u64,
    at: Option<Place>,
    /// The lowest version that has what is used, and what that is.
    needs: (u64, &'static str),
}

#[derive(Debug)]
struct Variant {
    at: Place,
    uri: String,
    bandwidth: u64,
    groups: Vec<(&'static str, String)>,
}

#[derive(Debug)]
struct Rendition {
    at: Place,
    kind: String,
    group: String,
    name: String,
    choice: Choice,
    uri: Option<String>,
    /// What a player tells it by: LANGUAGE, ASSOC-LANGUAGE, FORCED, CHARACTERISTICS.
    traits: Vec<String>,
}

/// When a player takes a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Default,
    Automatic,
    Asked,
}

impl Multivariant {
    pub(super) fn read(text: &str, number: u32, report: &mut Report) -> Self {
        let mut playlist = Self { version: 1, ..Self::default() };
        let mut open: Option<(Place, Attributes<'_>)> = None;
        for (at, line) in lines(text, number, report) {
            match line {
                Line::Tag("-X-STREAM-INF", value) => {
                    let list = Attributes::read(value, at, report);
                    if let Some((at, _)) = open.replace((at, list)) {
                        report.add(&rules::URI, at, format_args!("EXT-X-STREAM-INF without a URI behind it"));
                    }
                }
                Line::Tag("-X-I-FRAME-STREAM-INF", value) => {
                    let list = Attributes::read(value, at, report);
                    let uri = list.needed("URI", at, report).unwrap_or_default();
                    playlist.add_variant(at, &list, uri, false, report);
                }
                Line::Tag("-X-MEDIA", value) => playlist.add_rendition(at, value, report),
                Line::Tag("-X-VERSION", value) => {
                    playlist.version = value.trim_end().parse().unwrap_or(1);
                    playlist.at = Some(at);
                }
                Line::Tag("-X-DEFINE", value) => {
                    playlist.need(if value.contains("QUERYPARAM") { 11 } else { 8 }, "EXT-X-DEFINE");
                }
                Line::Tag("INF" | "-X-TARGETDURATION" | "-X-MEDIA-SEQUENCE" | "-X-PART", _) => {
                    report.add(
                        &rules::MIXED,
                        at,
                        format_args!("a tag of media playlists in a multivariant one"),
                    );
                }
                Line::Tag(..) => {}
                Line::Uri(uri) => match open.take() {
                    Some((at, list)) => playlist.add_variant(at, &list, uri, true, report),
                    None => report.add(&rules::URI, at, format_args!("{uri} without EXT-X-STREAM-INF")),
                },
            }
        }
        if let Some((at, _)) = open {
            report.add(&rules::URI, at, format_args!("EXT-X-STREAM-INF without a URI behind it"));
        }
        playlist.check(report);
        playlist
    }

    fn add_variant(&mut self, at: Place, list: &Attributes<'_>, uri: &str, plays: bool, report: &mut Report) {
        let bandwidth = list.number("BANDWIDTH", at, report).unwrap_or(0);
        if bandwidth == 0 {
            report.add(
                &rules::BANDWIDTH,
                at,
                format_args!("BANDWIDTH is {}", list.get("BANDWIDTH").unwrap_or("not there")),
            );
        }
        if let Some(average) =
            list.number("AVERAGE-BANDWIDTH", at, report).filter(|average| *average > bandwidth)
        {
            report.add(
                &rules::AVERAGE,
                at,
                format_args!("AVERAGE-BANDWIDTH {average} above BANDWIDTH {bandwidth}"),
            );
        }
        match list.text("CODECS", at, report) {
            None => report.add(&rules::CODECS_MISSING, at, format_args!("no CODECS")),
            Some(all) => {
                for codec in all.split(',').map(str::trim) {
                    if let Some(fault) = codecs::fault(codec) {
                        report.add(&rules::CODECS, at, format_args!("{codec}: {fault}"));
                    }
                    let video =
                        ["avc", "hvc", "hev", "vp0", "av01"].iter().any(|name| codec.starts_with(name));
                    if video && plays && list.get("RESOLUTION").is_none() {
                        report.add(&rules::CODECS_MISSING, at, format_args!("pictures, and no RESOLUTION"));
                    }
                }
            }
        }
        if let Some(size) = list.get("RESOLUTION")
            && !size
                .split_once('x')
                .is_some_and(|(w, h)| w.parse::<u32>().is_ok() && h.parse::<u32>().is_ok())
        {
            report.add(&rules::VALUE, at, format_args!("RESOLUTION={size}"));
        }
        list.seconds("FRAME-RATE", at, report);
        if let Some(range) = list.get("VIDEO-RANGE").filter(|range| !matches!(*range, "SDR" | "HLG" | "PQ")) {
            report.add(&rules::VALUE, at, format_args!("VIDEO-RANGE={range}, expected SDR, HLG or PQ"));
        }
        let group = |kind: &'static str| Some((kind, list.get(kind)?.to_owned()));
        let groups = ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"].into_iter().filter_map(group);
        let groups = groups.filter(|(kind, group)| *kind != "CLOSED-CAPTIONS" || group != "NONE").collect();
        self.variants.push(Variant { at, uri: uri.to_owned(), bandwidth, groups });
    }

    fn add_rendition(&mut self, at: Place, value: &str, report: &mut Report) {
        let list = Attributes::read(value, at, report);
        let kind = list.get("TYPE").unwrap_or_default().to_owned();
        if !matches!(&kind[..], "AUDIO" | "VIDEO" | "SUBTITLES" | "CLOSED-CAPTIONS") {
            report.add(&rules::VALUE, at, format_args!("EXT-X-MEDIA of type {kind}"));
        }
        let group = list.needed("GROUP-ID", at, report).unwrap_or_default().to_owned();
        let name = list.needed("NAME", at, report).unwrap_or_default().to_owned();
        let uri = list.text("URI", at, report).map(str::to_owned);
        let default = list.yes("DEFAULT", at, report);
        if default && list.get("AUTOSELECT").is_some() && !list.yes("AUTOSELECT", at, report) {
            report.add(&rules::RENDITION, at, format_args!("{name}: DEFAULT=YES and AUTOSELECT=NO"));
        }
        let captions = kind == "CLOSED-CAPTIONS";
        if captions && uri.is_some() || kind == "SUBTITLES" && uri.is_none() {
            report.add(
                &rules::RENDITION,
                at,
                format_args!("{name}: {kind} with a URI that must not be, or without one that must"),
            );
        }
        if captions {
            list.needed("INSTREAM-ID", at, report);
        }
        if list.get("INSTREAM-ID").is_some_and(|id| id.starts_with("SERVICE")) {
            self.need(7, "INSTREAM-ID of a SERVICE");
        }
        let choice = match (default, list.yes("AUTOSELECT", at, report)) {
            (true, _) => Choice::Default,
            (false, true) => Choice::Automatic,
            (false, false) => Choice::Asked,
        };
        let traits = ["LANGUAGE", "ASSOC-LANGUAGE", "FORCED", "CHARACTERISTICS"];
        let traits = traits.map(|name| list.get(name).unwrap_or_default().to_owned()).to_vec();
        self.renditions.push(Rendition { at, kind, group, name, choice, uri, traits });
    }

    fn check(&self, report: &mut Report) {
        let mut names: HashMap<(&str, &str, &str), ()> = HashMap::new();
        let mut defaults: HashMap<(&str, &str), ()> = HashMap::new();
        let mut traits: HashMap<(&str, &str, &[String]), ()> = HashMap::new();
        if self.version < self.needs.0 {
            let (needed, what) = self.needs;
            let at = self.at.unwrap_or(Place::Whole);
            report.add(&rules::VERSION, at, format_args!("version {}, {what} needs {needed}", self.version));
        }
        self.check_groups(report);
        for Rendition { at, kind, group, name, choice, traits: own, .. } in &self.renditions {
            if names.insert((kind, group, name), ()).is_some() {
                report.add(&rules::RENDITION, *at, format_args!("a second {name} in group {group}"));
            }
            if *choice != Choice::Asked && traits.insert((kind, group, own), ()).is_some() {
                let what = format_args!(
                    "{name} in group {group}: no player can tell it from one before, both AUTOSELECT"
                );
                report.add(&rules::ALIKE, *at, what);
            }
            if *choice == Choice::Default && defaults.insert((kind, group), ()).is_some() {
                report.add(&rules::RENDITION, *at, format_args!("a second default in group {group}"));
            }
        }
        for variant in &self.variants {
            for (kind, group) in &variant.groups {
                if !self
                    .renditions
                    .iter()
                    .any(|rendition| rendition.kind == *kind && rendition.group == *group)
                {
                    report.add(&rules::GROUP, variant.at, format_args!("{kind} group {group} is nowhere"));
                }
            }
        }
    }

    /// 4.4.6.1.1: groups of one type have members of the same names.
    fn check_groups(&self, report: &mut Report) {
        let mut groups: Vec<((&str, &str), Place, Vec<&str>)> = Vec::new();
        for Rendition { at, kind, group, name, .. } in self.renditions.iter().take(RENDITIONS) {
            match groups.iter_mut().find(|(of, ..)| *of == (kind, group)) {
                Some((.., names)) => names.push(name),
                None => groups.push(((kind, group), *at, vec![name])),
            }
        }
        groups.iter_mut().for_each(|(.., names)| names.sort_unstable());
        for (index, ((kind, group), at, names)) in groups.iter().enumerate() {
            let first = groups[..index].iter().find(|((other, _), ..)| other == kind);
            if let Some(((_, other), _, theirs)) = first.filter(|(.., theirs)| theirs != names) {
                let what = format_args!("group {group} has {names:?}, group {other} has {theirs:?}");
                report.add(&rules::GROUPS_DIFFER, *at, what);
            }
        }
    }

    fn need(&mut self, version: u64, what: &'static str) {
        if version > self.needs.0 {
            self.needs = (version, what);
        }
    }

    /// Compares bit rates with what was measured, by URI.
    pub(super) fn check_rates(&self, measured: &HashMap<String, Measured>, report: &mut Report) {
        for variant in &self.variants {
            let Some(own) = measured.get(&variant.uri) else { continue };
            let audio = self.renditions.iter().filter(|rendition| {
                let named =
                    |(kind, group): &(&str, String)| rendition.kind == *kind && rendition.group == *group;
                rendition.kind == "AUDIO" && variant.groups.iter().any(named)
            });
            let audio =
                audio.filter_map(|rendition| measured.get(rendition.uri.as_ref()?)).map(|rate| rate.peak);
            let due = own.peak.saturating_add(audio.max().unwrap_or(0));
            if variant.bandwidth < due {
                report.add(
                    &rules::BANDWIDTH_LOW,
                    variant.at,
                    format_args!(
                        "BANDWIDTH {}, segments and the largest audio need {due}",
                        variant.bandwidth
                    ),
                );
            }
        }
    }
}

/// Renditions whose groups are compared.
const RENDITIONS: usize = 1024;

/// What all media playlists of a presentation have in common.
pub(super) fn check_alike(playlists: &HashMap<String, Media>, report: &mut Report) {
    let mut all: Vec<_> = playlists.iter().collect();
    all.sort_by_key(|(uri, _)| uri.as_str());
    let Some(((first_uri, first), others)) = all.split_first() else { return };
    let count = |media: &Media| {
        let tags = media.segments.iter().filter(|segment| segment.discontinuity).count() as u64;
        media.discontinuities.saturating_add(tags)
    };
    for (uri, other) in others {
        let at = other.at.unwrap_or(Place::Whole);
        // I-frame playlists of type VOD may have another, 6.2.4.
        let free = |media: &Media| media.i_frames && media.kind.as_deref() == Some("VOD");
        if first.target != other.target && !free(first) && !free(other) {
            report.add(
                &rules::TARGETS_DIFFER,
                at,
                format_args!("{uri}: target {:?}, {first_uri} has {:?}", other.target, first.target),
            );
        }
        if first.end() == other.end() && count(first) != count(other) {
            report.add(
                &rules::DISCONTINUITIES_DIFFER,
                at,
                format_args!(
                    "{uri}: {} discontinuities until segment {}, {first_uri} has {}",
                    count(other),
                    other.end(),
                    count(first)
                ),
            );
        }
    }
}
