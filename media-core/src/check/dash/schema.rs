//! What the XML schema of manifests says, ISO/IEC 23009-1 annex B: which attributes must be there, how values are written, and in which order
//! elements stand. Names that it does not have are left alone: editions add some, and others may add theirs.

use super::rules;
use super::values::{duration, range};
use super::xml::Node;
use crate::check::hls::date_time;
use crate::check::{Place, Report};

/// The namespace of every edition.
pub(super) const NAMESPACE: &str = "urn:mpeg:dash:schema:mpd:2011";

/// Looks at an element and all in it, of the text that was pushed as `text`.
pub(super) fn check(root: &Node, text: u32, report: &mut Report) {
    let mut nodes = vec![root];
    while let Some(node) = nodes.pop() {
        let at = Place::Line { text, line: node.line.max(1) };
        for (_, name) in REQUIRED.iter().filter(|(element, _)| element.contains(&&node.name[..])) {
            if node.get(name).is_none() {
                report.add(&rules::MISSING, at, format_args!("{} without @{name}", node.name));
            }
        }
        for (name, value) in node.attributes() {
            if let Some(kind) = kind(&node.name, name).filter(|kind| !kind.fits(value)) {
                report.add(
                    &rules::VALUE,
                    at,
                    format_args!("{}@{name} is {value:?}, expected {}", node.name, kind.expected()),
                );
            }
        }
        check_order(node, text, report);
        nodes.extend(node.children.iter().rev());
    }
}

/// Elements of one kind stand together, and kinds in an order of their own.
fn check_order(node: &Node, text: u32, report: &mut Report) {
    let Some((_, order)) = ORDER.iter().find(|(element, _)| *element == node.name) else { return };
    let known = |child: &Node| order.iter().flat_map(|part| part.iter()).position(|name| *name == child.name);
    let mut last: Option<(usize, &str)> = None;
    for child in &node.children {
        let Some(place) = known(child) else { continue };
        if let Some((_, before)) = last.filter(|(last, _)| place < *last) {
            let at = Place::Line { text, line: child.line.max(1) };
            report.add(
                &rules::ORDER,
                at,
                format_args!("{} behind {before} in {}, expected before it", child.name, node.name),
            );
        }
        last = last.filter(|(last, _)| *last > place).or(Some((place, &child.name)));
    }
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Int,
    Long,
    Integer,
    Duration,
    DateTime,
    Boolean,
    Double,
    Ratio,
    FrameRate,
    Sap,
    Range,
    Alignment,
    Word,
    Presentation,
}

impl Kind {
    fn fits(self, value: &str) -> bool {
        let value = value.trim();
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let boolean = || matches!(value, "true" | "false" | "1" | "0");
        match self {
            Self::Int => value.parse::<u32>().is_ok(),
            Self::Long => value.parse::<u64>().is_ok(),
            Self::Integer => digits(value.strip_prefix('-').unwrap_or(value)),
            Self::Duration => duration(value).is_some(),
            Self::DateTime => date_time(value).or_else(|| date_time(&format!("{value}Z"))).is_some(),
            Self::Boolean => boolean(),
            Self::Double => value == "INF" || value.parse::<f64>().is_ok(),
            Self::Ratio => value.split_once(':').is_some_and(|(a, b)| digits(a) && digits(b)),
            Self::FrameRate => match value.split_once('/') {
                Some((count, of)) => digits(count) && digits(of) && !of.starts_with('0'),
                None => digits(value),
            },
            Self::Sap => matches!(value, "0" | "1" | "2" | "3" | "4" | "5" | "6"),
            Self::Range => range(value).is_some(),
            Self::Alignment => boolean() || value.parse::<u32>().is_ok(),
            Self::Word => !value.is_empty() && !value.contains(char::is_whitespace),
            Self::Presentation => matches!(value, "static" | "dynamic"),
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Int => "a number of 32 bits",
            Self::Long => "a number of 64 bits",
            Self::Integer => "a whole number",
            Self::Duration => "a duration: PT1.5S",
            Self::DateTime => "a date and time: 2026-11-21T09:15:00Z",
            Self::Boolean => "true or false",
            Self::Double => "a number",
            Self::Ratio => "a ratio: 16:9",
            Self::FrameRate => "a frame rate: 25 or 30000/1001",
            Self::Sap => "a type of stream access point, 0 to 6",
            Self::Range => "first and last byte: 0-99",
            Self::Alignment => "true, false or a number",
            Self::Word => "a name without spaces",
            Self::Presentation => "static or dynamic",
        }
    }
}

/// What an attribute of an element has to be.
fn kind(element: &str, name: &str) -> Option<Kind> {
    let segments = matches!(element, "SegmentBase" | "SegmentList" | "SegmentTemplate");
    Some(match name {
        "id" if element == "Representation" => Kind::Word,
        "id" if matches!(element, "AdaptationSet" | "ProducerReferenceTime" | "ServiceDescription") => {
            Kind::Int
        }
        "type" if element == "MPD" => Kind::Presentation,
        "duration" if segments => Kind::Int,
        "duration" if matches!(element, "MPD" | "Period") => Kind::Duration,
        "t" | "n" | "d" | "k" if element == "S" => Kind::Long,
        "r" if element == "S" => Kind::Integer,
        "target" | "min" | "max" | "referenceId" if element == "Latency" => Kind::Int,
        "min" | "max" if element == "PlaybackRate" => Kind::Double,
        "bandwidth" if element == "Representation" => Kind::Int,
        "start" if element == "Period" => Kind::Duration,
        "presentationTime" | "presentationTimeOffset" => Kind::Long,
        "timescale" | "startNumber" | "width" | "height" | "maxWidth" | "maxHeight" | "group" => Kind::Int,
        "availabilityStartTime" | "availabilityEndTime" | "publishTime" => Kind::DateTime,
        "mediaPresentationDuration"
        | "minimumUpdatePeriod"
        | "minBufferTime"
        | "timeShiftBufferDepth"
        | "suggestedPresentationDelay"
        | "maxSegmentDuration"
        | "maxSubsegmentDuration" => Kind::Duration,
        "indexRangeExact"
        | "availabilityTimeComplete"
        | "codingDependency"
        | "bitstreamSwitching"
        | "inband"
            if element != "SegmentTemplate" || name != "bitstreamSwitching" =>
        {
            Kind::Boolean
        }
        "availabilityTimeOffset" | "maxPlayoutRate" => Kind::Double,
        "sar" | "par" => Kind::Ratio,
        "frameRate" | "minFrameRate" | "maxFrameRate" => Kind::FrameRate,
        "startWithSAP" | "subsegmentStartsWithSAP" => Kind::Sap,
        "segmentAlignment" | "subsegmentAlignment" => Kind::Alignment,
        "range" | "mediaRange" => Kind::Range,
        _ => return None,
    })
}

const REQUIRED: &[(&[&str], &str)] = &[
    (&["MPD"], "profiles"),
    (&["MPD"], "minBufferTime"),
    (&["Representation"], "id"),
    (&["Representation"], "bandwidth"),
    (&["ProducerReferenceTime"], "id"),
    (&["ProducerReferenceTime"], "wallClockTime"),
    (&["ProducerReferenceTime"], "presentationTime"),
    (
        &[
            "UTCTiming",
            "EssentialProperty",
            "SupplementalProperty",
            "Role",
            "Accessibility",
            "AudioChannelConfiguration",
            "ContentProtection",
            "EventStream",
            "InbandEventStream",
        ],
        "schemeIdUri",
    ),
];

/// Elements in the order they have in another.
const ORDER: &[(&str, &[&[&str]])] = &[
    (
        "MPD",
        &[&[
            "ProgramInformation",
            "BaseURL",
            "Location",
            "PatchLocation",
            "ServiceDescription",
            "InitializationSet",
            "InitializationGroup",
            "InitializationPresentation",
            "ContentProtection",
            "Period",
            "Metrics",
            "EssentialProperty",
            "SupplementalProperty",
            "UTCTiming",
            "LeapSecondInformation",
        ]],
    ),
    (
        "Period",
        &[
            &["BaseURL"],
            SEGMENTS,
            &[
                "AssetIdentifier",
                "EventStream",
                "ServiceDescription",
                "ContentProtection",
                "AdaptationSet",
                "Subset",
                "SupplementalProperty",
                "EmptyAdaptationSet",
                "GroupLabel",
                "Preselection",
            ],
        ],
    ),
    (
        "AdaptationSet",
        &[
            COMMON,
            &["Accessibility", "Role", "Rating", "Viewpoint", "ContentComponent", "BaseURL"],
            SEGMENTS,
            &["Representation"],
        ],
    ),
    ("Representation", &[COMMON, &["BaseURL", "ExtendedBandwidth", "SubRepresentation"], SEGMENTS]),
    ("SegmentBase", &[INITIAL]),
    ("SegmentTemplate", &[INITIAL, &["SegmentTimeline", "BitstreamSwitching"]]),
    ("SegmentList", &[INITIAL, &["SegmentTimeline", "BitstreamSwitching", "SegmentURL"]]),
    (
        "ServiceDescription",
        &[&["Scope", "Latency", "PlaybackRate", "OperatingQuality", "OperatingBandwidth"]],
    ),
];

const SEGMENTS: &[&str] = &["SegmentBase", "SegmentList", "SegmentTemplate"];

const INITIAL: &[&str] = &["Initialization", "RepresentationIndex", "FailoverContent"];

/// What sets and representations have.
const COMMON: &[&str] = &[
    "FramePacking",
    "AudioChannelConfiguration",
    "ContentProtection",
    "OutputProtection",
    "EssentialProperty",
    "SupplementalProperty",
    "InbandEventStream",
    "Switching",
    "RandomAccess",
    "GroupLabel",
    "Label",
    "ProducerReferenceTime",
    "ContentPopularityRate",
    "Resync",
];
