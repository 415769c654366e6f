//! Playlists read by `quick-m3u8`, manifests by `roxmltree`.

use quick_m3u8::config::ParsingOptions;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader};

/// A media playlist.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Media {
    pub(crate) target_duration: u64,
    pub(crate) sequence: u64,
    pub(crate) discontinuity_sequence: u64,
    pub(crate) items: Vec<Item>,
    pub(crate) ended: bool,
}

/// A segment in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Item {
    pub(crate) uri: String,
    pub(crate) seconds: f64,
    pub(crate) date_time: String,
    pub(crate) discontinuity: bool,
    pub(crate) gap: bool,
    /// The map in force; a gap needs none.
    pub(crate) map: Option<String>,
}

impl Media {
    pub(crate) fn read(text: &str) -> Self {
        let mut reader = Reader::from_str(text, ParsingOptions::default());
        let mut media = Self::default();
        let mut item = Item::default();
        let mut version = 0;
        while let Some(line) = reader.read_line().expect("a line of a playlist") {
            match line {
                HlsLine::KnownTag(KnownTag::Hls(tag)) => match tag {
                    Tag::M3u(_) | Tag::IndependentSegments(_) => {}
                    Tag::Version(tag) => version = tag.version(),
                    Tag::Targetduration(tag) => media.target_duration = tag.target_duration(),
                    Tag::MediaSequence(tag) => media.sequence = tag.media_sequence(),
                    Tag::DiscontinuitySequence(tag) => {
                        media.discontinuity_sequence = tag.discontinuity_sequence()
                    }
                    Tag::Map(tag) => item.map = Some(tag.uri().to_owned()),
                    Tag::ProgramDateTime(tag) => item.date_time = tag.program_date_time().to_string(),
                    Tag::Inf(tag) => item.seconds = tag.duration(),
                    Tag::Discontinuity(_) => item.discontinuity = true,
                    Tag::Gap(_) => item.gap = true,
                    Tag::Endlist(_) => media.ended = true,
                    other => panic!("not written by us: {other:?}"),
                },
                HlsLine::Uri(uri) => {
                    let next = Item { map: item.map.clone(), ..Item::default() };
                    let item = std::mem::replace(&mut item, next);
                    let map = item.map.filter(|_| !item.gap);
                    media.items.push(Item { uri: uri.into_owned(), map, ..item });
                }
                other => panic!("not written by us: {other:?}"),
            }
        }
        let gaps = media.items.iter().any(|item| item.gap);
        assert_eq!(version, if gaps { 8 } else { 6 });
        media
    }
}

/// A manifest.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Manifest {
    pub(crate) start: String,
    pub(crate) published: String,
    pub(crate) periods: Vec<Period>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Period {
    pub(crate) id: String,
    pub(crate) start: f64,
    pub(crate) duration: Option<f64>,
    pub(crate) sets: Vec<Set>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Set {
    pub(crate) timescale: u64,
    pub(crate) offset: u64,
    pub(crate) init: String,
    pub(crate) segments: Vec<Entry>,
}

/// A segment as its URI, time and duration.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) uri: String,
    pub(crate) time: u64,
    pub(crate) duration: u64,
}

impl Manifest {
    pub(crate) fn read(text: &str) -> Self {
        let document = roxmltree::Document::parse(text).expect("XML");
        let mpd = document.root_element();
        assert_eq!(mpd.tag_name().namespace(), Some("urn:mpeg:dash:schema:mpd:2011"));
        assert_eq!(attribute(mpd, "type"), "dynamic");
        Self {
            start: attribute(mpd, "availabilityStartTime").to_owned(),
            published: attribute(mpd, "publishTime").to_owned(),
            periods: children(mpd, "Period").map(Period::read).collect(),
        }
    }
}

impl Period {
    fn read(node: roxmltree::Node<'_, '_>) -> Self {
        Self {
            id: attribute(node, "id").to_owned(),
            start: seconds(attribute(node, "start")),
            duration: node.attribute("duration").map(seconds),
            sets: children(node, "AdaptationSet").map(Set::read).collect(),
        }
    }
}

impl Set {
    fn read(node: roxmltree::Node<'_, '_>) -> Self {
        let representation = children(node, "Representation").next().expect("a Representation");
        let template = children(representation, "SegmentTemplate").next().expect("a SegmentTemplate");
        let timeline = children(template, "SegmentTimeline").next().expect("a SegmentTimeline");
        let mut number: u64 = attribute(template, "startNumber").parse().unwrap();
        let mut time = 0;
        let mut segments = Vec::new();
        for run in children(timeline, "S") {
            let value = |name| run.attribute(name).map(|value| value.parse::<u64>().unwrap());
            time = value("t").unwrap_or(time);
            let duration = value("d").expect("a duration");
            for _ in 0..=value("r").unwrap_or(0) {
                let uri = attribute(template, "media").replace("$Number$", &number.to_string());
                segments.push(Entry { uri, time, duration });
                number += 1;
                time += duration;
            }
        }
        Self {
            timescale: attribute(template, "timescale").parse().unwrap(),
            offset: attribute(template, "presentationTimeOffset").parse().unwrap(),
            init: attribute(template, "initialization").to_owned(),
            segments,
        }
    }

    /// Where tick 0 lies on the time line of the presentation, in seconds, for a Period that begins at `start`.
    pub(crate) fn zero(&self, start: f64) -> f64 {
        start - self.offset as f64 / self.timescale as f64
    }
}

fn children<'a>(
    node: roxmltree::Node<'a, 'a>,
    name: &'static str,
) -> impl Iterator<Item = roxmltree::Node<'a, 'a>> {
    node.children().filter(move |child| child.has_tag_name(("urn:mpeg:dash:schema:mpd:2011", name)))
}

fn attribute<'a>(node: roxmltree::Node<'a, 'a>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_else(|| panic!("{name} of {:?}", node.tag_name()))
}

/// An `xs:duration` of seconds alone.
fn seconds(duration: &str) -> f64 {
    duration.strip_prefix("PT").and_then(|rest| rest.strip_suffix('S')).expect("PT..S").parse().unwrap()
}
