//! What holds for every presentation.

use media_core::playlist::presentation::dash::{self, Addressing};
use media_core::playlist::presentation::{
    Container, Files, Presentation, Rendition, RenditionId, Segment, Template, Type, hls,
};
use media_core::time::{TimeBase, Timestamp};
use media_core::track::Track;
use proptest::prelude::*;
use quick_m3u8::config::ParsingOptions;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader};

use crate::model::{pictures, sound};

/// Ticks per second, start, and per segment: ticks of hole before it, ticks it lasts, bytes.
type Script = (u32, i64, Vec<(i64, u64, u64)>);

fn scripts() -> impl Strategy<Value = Vec<Script>> {
    let spans = prop::collection::vec(
        (prop_oneof![9 => Just(0_i64), 1 => 1..5000_i64], 1..900_000_u64, 1..9_000_000_u64),
        1..30,
    );
    let hz = prop::sample::select(vec![1_u32, 25, 1000, 44_100, 48_000, 90_000, 30_000, 10_000_000]);
    prop::collection::vec((hz, 0..1_i64 << 40, spans), 1..4)
}

/// A rendition of pictures, the others sound.
fn presentation(scripts: &[Script], in_one_file: bool) -> (Presentation, Vec<(RenditionId, i64)>) {
    let mut presentation = Presentation::new(Type::Vod);
    let mut ids = Vec::new();
    for (index, (hz, start, spans)) in scripts.iter().enumerate() {
        let name = format!("r{index}");
        let track = if index == 0 { pictures(320, 180) } else { sound() };
        let track = Track { time_base: TimeBase::hz(*hz), ..track };
        let files = if in_one_file {
            Files::One { name: format!("{name}.mp4"), header: 0..77, index: Some(77..99) }
        } else {
            Files::Many { header: Some(format!("{name}.mp4")), names: Template::numbered(&name, ".m4s") }
        };
        let id = presentation.add(Rendition::new(&name, Container::Fmp4)).unwrap();
        presentation.begin(id, &[track], files).unwrap();
        let (mut at, mut offset) = (*start, 99);
        for (hole, duration, bytes) in spans {
            let from = if in_one_file { offset } else { 0 };
            let start = Timestamp::new(at + hole);
            presentation
                .push(id, Segment::new(start, *duration, from..from + bytes).with_key(from..from + 1))
                .unwrap();
            at += hole + *duration as i64;
            offset += bytes;
        }
        let holes: i64 = spans.iter().map(|(hole, ..)| hole).sum();
        let ticks = at - start - holes;
        ids.push((id, (i128::from(ticks) * 1_000_000 / i128::from(*hz)) as i64));
    }
    presentation.finish();
    (presentation, ids)
}

/// The target duration and each EXTINF in microseconds, by quick-m3u8.
fn read(text: &str) -> (u64, Vec<i64>) {
    let mut reader = Reader::from_str(text, ParsingOptions::default());
    let (mut target, mut all) = (0, Vec::new());
    while let Some(line) = reader.read_line().expect("a line of a playlist") {
        match line {
            HlsLine::KnownTag(KnownTag::Hls(Tag::Targetduration(tag))) => target = tag.target_duration(),
            HlsLine::KnownTag(KnownTag::Hls(Tag::Inf(tag))) => {
                all.push((tag.duration() * 1e6).round() as i64)
            }
            HlsLine::KnownTag(KnownTag::Hls(_)) | HlsLine::Uri(_) => {}
            other => panic!("not written by us: {other:?}"),
        }
    }
    (target, all)
}

proptest! {
    #[test]
    fn playlists_add_up_and_round_to_their_target(scripts in scripts(), one in any::<bool>()) {
        let (presentation, ids) = presentation(&scripts, one);
        for (id, micros) in ids {
            let (target, durations) = read(&hls::media_playlist(&presentation, id).unwrap());
            prop_assert!(durations.iter().all(|micros| (micros + 500_000) / 1_000_000 <= target as i64));
            prop_assert_eq!(target, u64::from(presentation.target_duration()));
            let holes = durations.len() as i64;
            prop_assert!((durations.iter().sum::<i64>() - micros).abs() <= 1 + holes, "{:?} {}", durations, micros);
            let (other, _) = read(&hls::iframe_playlist(&presentation, id).unwrap());
            // Pictures farther apart than a segment lasts have a target of their own.
            prop_assert!(other >= target);
        }
        read_multivariant(&hls::multivariant(&presentation).unwrap());
        crate::judged::clean(&presentation);
    }

    #[test]
    fn manifests_say_every_segment_exactly(scripts in scripts(), one in any::<bool>()) {
        let (presentation, _) = presentation(&scripts, one);
        let addressing = if one { Addressing::List } else { Addressing::Timeline };
        let text = dash::mpd(&presentation, addressing).unwrap();
        let document = roxmltree::Document::parse(&text).unwrap();
        let timelines: Vec<_> = document.descendants().filter(|node| node.has_tag_name(("urn:mpeg:dash:schema:mpd:2011", "SegmentTimeline"))).collect();
        let expected: Vec<_> = presentation.renditions().map(|(_, rendition)| rendition).collect();
        prop_assert_eq!(timelines.len(), expected.len());
        for timeline in timelines {
            let representation = timeline.ancestors().find(|node| node.has_tag_name(("urn:mpeg:dash:schema:mpd:2011", "Representation"))).unwrap();
            let rendition = expected.iter().find(|rendition| Some(rendition.id.as_str()) == representation.attribute("id")).unwrap();
            let spans: Vec<_> = rendition.stretches()[0].segments().iter().map(|segment| (segment.start.ticks() as u64, segment.duration)).collect();
            prop_assert_eq!(unroll(timeline), spans);
            let bandwidth: u64 = representation.attribute("bandwidth").unwrap().parse().unwrap();
            prop_assert!((1..=u64::from(u32::MAX)).contains(&bandwidth));
        }
        if one {
            let text = dash::mpd(&presentation, Addressing::Index).unwrap();
            roxmltree::Document::parse(&text).unwrap();
        }
    }
}

fn unroll(timeline: roxmltree::Node<'_, '_>) -> Vec<(u64, u64)> {
    let number =
        |node: roxmltree::Node<'_, '_>, name| node.attribute(name).map(|text| text.parse::<u64>().unwrap());
    let mut at = 0;
    let mut all = Vec::new();
    for s in timeline.children().filter(roxmltree::Node::is_element) {
        at = number(s, "t").unwrap_or(at);
        let duration = number(s, "d").unwrap();
        for _ in 0..=number(s, "r").unwrap_or(0) {
            all.push((at, duration));
            at += duration;
        }
    }
    all
}

fn read_multivariant(text: &str) {
    let mut reader = Reader::from_str(text, ParsingOptions::default());
    while let Some(line) = reader.read_line().expect("a line of a playlist") {
        assert!(matches!(line, HlsLine::KnownTag(KnownTag::Hls(_)) | HlsLine::Uri(_)), "{line:?}");
    }
}
