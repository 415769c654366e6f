//! DASH manifests as they come, one thing broken in one like ours, and the histories of ours.

use media_core::check::dash::Checker;
use media_core::check::{Report, Severity};
use media_core::playlist::dash::{self, Latency};
use media_core::playlist::{self, Names, Window};
use media_core::segment::{Config, Segmenter};
use proptest::prelude::*;

use crate::hls::{Event, event, life};
use crate::media;
use crate::stream::complete;

/// What real manifests break: elements out of order, values of other types, attributes left out, representations of one name, profiles that are not
/// kept, and templates that no player knows what to make of.
const BROKEN: &[(&str, &[&str])] = &[
    // ProducerReferenceTime behind Representation, EventStream behind AdaptationSet.
    ("dash/dash-mpd/dashif-low-latency.mpd", &["element-order"]),
    ("dash/dash-mpd/jurassic-compact-5975.mpd", &["element-order"]),
    ("dash/dash-mpd/multiple_supplementals.mpd", &["attribute-missing", "profile", "representation"]),
    // SegmentBase and SegmentList where the live profile is claimed, and beside the Representation instead of in it.
    ("dash/mpd-parser/608-captions.mpd", &["element-order", "profile"]),
    ("dash/mpd-parser/locations.mpd", &["element-order", "profile"]),
    ("dash/mpd-parser/segmentList.mpd", &["element-order", "profile"]),
    ("dash/streamlink/test_dynamic_segment_list_p1.mpd", &["profile"]),
    ("dash/streamlink/test_dynamic_segment_list_p3.mpd", &["profile"]),
    ("dash/streamlink/test_dynamic_segment_list_p5.mpd", &["profile"]),
    ("dash/streamlink/test_segments_byterange.mpd", &["profile"]),
    ("dash/streamlink/test_no_segment_list_or_template.mpd", &["profile"]),
    // An initialisation with $Number$, and media with both $Number$ and $Time$.
    ("dash/mpd-parser/multiperiod-dynamic.mpd", &["attribute-missing", "template"]),
    ("dash/streamlink/test_1.mpd", &["template"]),
    ("dash/streamlink/test_timeline_gap.mpd", &["template"]),
    ("dash/mpd-parser/multiperiod-segment-template.mpd", &["attribute-missing"]),
    // frameRate="30.0", and an AdaptationSet whose id is no number.
    ("dash/mpd-parser/multiperiod-startnumber.mpd", &["value"]),
    ("dash/streamlink/test_baseurl_urljoin.mpd", &["representation", "value"]),
];

#[test]
fn real_manifests_break_what_they_truly_break() {
    let mut wrong = String::new();
    for folder in ["dash", "streams"] {
        let Some(root) = media::folder(folder) else { return };
        for path in media::files(&root, &["mpd"]) {
            let mut checker = Checker::new();
            checker.push(&std::fs::read_to_string(&path).expect("a text"));
            let report = checker.finish();
            wrong.extend(media::unexpected(&path, &report, BROKEN));
        }
    }
    assert_eq!(wrong, "");
    let Some(root) = media::folder("broken") else { return };
    let incomplete = std::fs::read_to_string(root.join("incomplete.mpd")).expect("a text");
    assert_eq!(broken(&[incomplete]), ["xml"]);
}

const LIVE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic" availabilityStartTime="2026-11-21T09:15:00Z" publishTime="2026-11-21T09:16:00Z" minimumUpdatePeriod="PT2S" timeShiftBufferDepth="PT12S" minBufferTime="PT2S">
  <Period id="0" start="PT0S">
    <AdaptationSet mimeType="video/mp4" segmentAlignment="true">
      <Representation id="v" bandwidth="100" codecs="avc1.64001f" width="16" height="16">
        <SegmentTemplate timescale="1000" presentationTimeOffset="0" startNumber="1" media="v_$Number$.m4s" initialization="i.mp4">
          <SegmentTimeline>
            <S t="2000" d="2000" r="2"/>
            <S d="1500"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
  </Period>
</MPD>
"#;

fn broken<S: AsRef<str>>(texts: &[S]) -> Vec<&'static str> {
    let mut checker = Checker::new();
    texts.iter().for_each(|text| checker.push(text.as_ref()));
    let mut names: Vec<_> = checker.finish().counts().map(|(rule, _)| rule.name).collect();
    names.sort_unstable();
    names
}

fn with(from: &str, to: &str) -> String {
    assert!(LIVE.contains(from), "{from}");
    LIVE.replacen(from, to, 1)
}

/// The same, a minute later.
fn later(text: &str) -> String {
    text.replace("T09:16:00Z", "T09:17:00Z")
}

#[test]
fn trap_24_timelines_are_exact_and_stay() {
    // ISO/IEC 23009-1 5.3.9.6, 5.4.
    assert_eq!(broken(&[LIVE]), [""; 0]);
    let next =
        later(LIVE).replace("<S t=\"2000\" d=\"2000\" r=\"2\"/>", "<S t=\"4000\" d=\"2000\" r=\"1\"/>");
    assert_eq!(broken(&[LIVE, &next]), [""; 0]);
    assert_eq!(broken(&[with("<S d=\"1500\"/>", "<S t=\"7999\" d=\"1500\"/>")]), ["timeline-overlap"]);
    assert_eq!(broken(&[with("<S d=\"1500\"/>", "<S t=\"8002\" d=\"1500\"/>")]), ["timeline-gap"]);
    assert_eq!(broken(&[with("<S d=\"1500\"/>", "<S d=\"0\"/>")]), ["timeline"]);
    assert_eq!(broken(&[LIVE.to_owned(), later(&with("d=\"1500\"", "d=\"1501\""))]), ["changed"]);
    assert_eq!(broken(&[LIVE.to_owned(), later(&with("t=\"2000\"", "t=\"3000\""))]), ["changed"]);
    assert_eq!(broken(&[LIVE.to_owned(), later(&with("            <S d=\"1500\"/>\n", ""))]), ["changed"]);
    assert_eq!(broken(&[LIVE.to_owned(), later(&with("Offset=\"0\"", "Offset=\"5\""))]), ["changed"]);
    assert_eq!(broken(&[LIVE.to_owned(), later(&with("start=\"PT0S\"", "start=\"PT1S\""))]), ["changed"]);
    assert_eq!(
        broken(&[LIVE.to_owned(), later(&with("T09:15:00Z", "T09:15:01Z"))]),
        ["availability-start-changed"]
    );
    assert_eq!(broken(&[later(LIVE), LIVE.to_owned()]), ["publish-time"]);
    assert_eq!(
        broken(&[LIVE.to_owned(), with("d=\"1500\"/>", "d=\"1500\"/><S d=\"7\"/>")]),
        ["publish-time-same"]
    );
    // Media begins where the timeline says: tfdt of the first segment.
    let mut checker = Checker::new();
    checker.push(LIVE);
    [2000, 4000, 8000].into_iter().for_each(|time| checker.segment("v", time));
    assert_eq!(checker.report().worst(), None);
    checker.segment("v", 2001);
    assert_eq!(media::errors(&checker.finish()), ["media-time"]);
}

#[test]
fn trap_25_attributes_of_low_latency_go_together() {
    // ISO/IEC 23009-1 5.3.9.5, DASH-IF low latency.
    let early =
        with("startNumber", "availabilityTimeComplete=\"false\" availabilityTimeOffset=\"1.5\" startNumber");
    assert_eq!(broken(&[&early]), ["low-latency"]);
    let told = early
        .replace("<Period", "<ServiceDescription><Latency target=\"3000\"/></ServiceDescription><Period");
    let told = told
        .replace("</MPD>", "<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"/t\"/></MPD>");
    assert_eq!(broken(&[&told]), [""; 0]);
    assert_eq!(broken(&[told.replace(" availabilityTimeOffset=\"1.5\"", "")]), ["low-latency"]);
    // No segment can be asked for before it begins.
    assert_eq!(broken(&[told.replace("Offset=\"1.5\"", "Offset=\"2\"")]), ["low-latency"]);
    // 5.12, K.3: the latency is measured from a reference time that is there.
    let referred = told.replace("target=\"3000\"", "target=\"3000\" referenceId=\"7\"");
    assert_eq!(broken(&[&referred]), ["low-latency"]);
    let time = |id: u32| {
        let time = format!(
            "<ProducerReferenceTime id=\"{id}\" wallClockTime=\"2026-11-21T09:15:00Z\" presentationTime=\"0\"/>"
        );
        referred.replacen("<Representation", &format!("{time}<Representation"), 1)
    };
    assert_eq!((broken(&[time(7)]), broken(&[time(8)])), (vec![], vec!["low-latency"]));
    assert_eq!(broken(&[time(7).replace(" presentationTime=\"0\"", "")]), ["attribute-missing"]);
    // What was announced while it grew may turn out shorter; what was complete may not. The minute ends at 60000 ticks.
    let at = |text: &str, t: u64| {
        text.replace("t=\"2000\" d=\"2000\" r=\"2\"", &format!("t=\"{t}\" d=\"2000\" r=\"2\""))
    };
    let shorter = |text: &str| later(text).replace("<S d=\"1500\"/>", "<S d=\"1400\"/>");
    assert_eq!(broken(&[at(&told, 53_000), shorter(&at(&told, 53_000))]), ["revised"]);
    assert_eq!(broken(&[at(&told, 52_000), shorter(&at(&told, 52_000))]), ["changed"]);
}

#[test]
fn manifests_say_what_they_must() {
    let alone = |from, to| broken(&[with(from, to)]);
    assert_eq!(alone("</MPD>", ""), ["xml"]);
    assert_eq!(broken(&["<NoMPD/>"]), ["mpd"]);
    assert_eq!(alone(" minBufferTime=\"PT2S\"", ""), ["attribute-missing"]);
    assert_eq!(alone(" availabilityStartTime=\"2026-11-21T09:15:00Z\"", ""), ["attribute-missing"]);
    assert_eq!(alone(" publishTime=\"2026-11-21T09:16:00Z\"", ""), ["publish-time-missing"]);
    assert_eq!(alone("\"PT12S\"", "\"12\""), ["value"]);
    assert_eq!(alone("\"PT12S\"", "\"PT1S\""), ["update-period"]);
    assert_eq!(alone(" minimumUpdatePeriod=\"PT2S\"", ""), ["update-period"]);
    assert_eq!(alone("dynamic", "static"), ["duration"]);
    let whole = with("dynamic\"", "static\" mediaPresentationDuration=\"PT9.5S\"");
    let of = |lasts: &str| broken(&[whole.replace("\"PT0S\"", &format!("\"PT0S\" duration=\"{lasts}\""))]);
    assert_eq!((of("PT9.5S"), of("PT9.4S")), (vec![], vec!["duration-differs"]));
    assert_eq!(alone(" bandwidth=\"100\"", ""), ["attribute-missing"]);
    assert_eq!(alone("\"100\"", "\"0\""), ["representation"]);
    assert_eq!(alone(" mimeType=\"video/mp4\"", ""), ["mime-type"]);
    assert_eq!(alone(" codecs=\"avc1.64001f\"", ""), ["codecs-missing"]);
    assert_eq!(alone("avc1.64001f", "avc1.4"), ["codecs"]);
    assert_eq!(alone("v_$Number$", "v_$Numb$"), ["template"]);
    assert_eq!(alone("isoff-live", "isoff-on-demand"), ["profile", "profile"][..1]);
    let twice = LIVE.replace("</Period>", "</Period><Period id=\"0\" start=\"PT9S\"/>");
    assert_eq!(broken(&[twice]), ["period"]);
    assert_eq!(alone("schema:mpd:2011", "schema:mpd:2012"), ["mpd"]);
    let prefixed = LIVE.replace("<MPD xmlns=", "<m:MPD xmlns:m=").replace("</MPD>", "</m:MPD>");
    assert_eq!(broken(&[prefixed]), [""; 0]);
}

#[test]
fn elements_and_values_are_those_of_the_schema() {
    // ISO/IEC 23009-1 annex B.
    let alone = |from, to| broken(&[with(from, to)]);
    assert_eq!(alone("<Period", "<UTCTiming schemeIdUri=\"u\"/><Period"), ["element-order"]);
    assert_eq!(alone("</SegmentTemplate>", "</SegmentTemplate><BaseURL>x</BaseURL>"), ["element-order"]);
    assert_eq!(alone("<Representation", "<Role/><Representation"), ["attribute-missing"]);
    assert_eq!(alone("<Representation", "<Role schemeIdUri=\"u\"/><Later/><Representation"), [""; 0]);
    for (from, to) in [
        ("width=\"16\"", "width=\"-1\""),
        ("width=\"16\"", "width=\"16\" frameRate=\"29.97\""),
        ("width=\"16\"", "width=\"16\" frameRate=\"30/0\""),
        ("width=\"16\"", "width=\"16\" sar=\"1\""),
        ("id=\"v\"", "id=\"v 1\""),
        ("startNumber=\"1\"", "startNumber=\"4294967296\""),
        ("segmentAlignment=\"true\"", "segmentAlignment=\"yes\""),
        ("segmentAlignment=\"true\"", "startWithSAP=\"7\""),
        ("t=\"2000\"", "t=\"2.5\""),
        ("timescale=\"1000\"", "timescale=\"0\""),
    ] {
        assert!(alone(from, to).contains(&"value"), "{to} {:?}", alone(from, to));
    }
    let second = "</AdaptationSet><AdaptationSet id=\"1\" mimeType=\"video/mp4\"/>";
    let one = with("<AdaptationSet ", "<AdaptationSet id=\"1\" ");
    assert_eq!(broken(&[&one]), [""; 0]);
    // The same name, and nothing in it.
    assert_eq!(broken(&[one.replace("</AdaptationSet>", second)]), ["adaptation-set"]);
}

#[test]
fn templates_and_lists_tell_every_segment() {
    // ISO/IEC 23009-1 5.3.9.3, 5.3.9.4.4.
    let alone = |from, to| broken(&[with(from, to)]);
    for media in ["v_$Number$_$Time$.m4s", "v.m4s", "v_$Number%d$.m4s", "v_$Number.m4s"] {
        assert_eq!(alone("v_$Number$.m4s", media), ["template"], "{media}");
    }
    assert_eq!(alone("v_$Number$.m4s", "$$_$Bandwidth$_$RepresentationID$_$Number%05d$"), [""; 0]);
    assert_eq!(alone("i.mp4", "i$Number$.mp4"), ["template"]);
    let list = |urls: usize, attributes: &str| {
        let timeline = LIVE.split_once("          <SegmentTimeline>").expect("a timeline").1;
        let (timeline, _) = timeline.split_once("        </SegmentTemplate>").expect("its end");
        let timeline =
            if attributes.is_empty() { format!("<SegmentTimeline>{timeline}") } else { String::new() };
        let urls = "<SegmentURL media=\"x\"/>".repeat(urls);
        let attributes = attributes.trim();
        let (head, rest) = LIVE.split_once("<SegmentTemplate").expect("a template");
        let (_, tail) = rest.split_once("</SegmentTemplate>").expect("its end");
        let head = head.replace("isoff-live", "isoff-main");
        broken(&[format!(
            "{head}<SegmentList timescale=\"1000\" {attributes}>{timeline}{urls}</SegmentList>{tail}"
        )])
    };
    assert_eq!((list(4, ""), list(3, "")), (vec![], vec!["segment-list"]));
    assert_eq!(
        (list(4, "duration=\"2000\""), list(4, " "), list(1, " ")),
        (vec![], vec!["segment-list"], vec![])
    );
}

#[test]
fn an_index_is_where_it_is_said_to_be() {
    let text = r#"<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" type="static" mediaPresentationDuration="PT1S" minBufferTime="PT1S"><Period>
        <AdaptationSet mimeType="video/mp4"><Representation id="v" bandwidth="1" codecs="avc1.64001f"><BaseURL>v.mp4</BaseURL>
        <SegmentBase indexRange="4-15"><Initialization range="0-3"/></SegmentBase></Representation></AdaptationSet></Period></MPD>"#;
    let of = |file: &[u8], text: &str| {
        let mut checker = Checker::new();
        checker.push(text);
        checker.index("v", file);
        media::errors(&checker.finish())
    };
    assert_eq!(of(b"init\0\0\0\x0csidx1234", text), [""; 0]);
    assert_eq!(of(b"init\x1c\x53\xbb\x6b12345678", text), [""; 0]);
    assert_eq!(of(b"init\0\0\0\x0cmoof1234", text), ["index-range"]);
    assert_eq!(of(b"init", text), ["index-range"]);
    assert_eq!(of(b"", &text.replace("4-15", "15-4")), ["index-range", "profile"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_histories_of_our_manifests_break_no_rule(
        events in prop::collection::vec(event(), 1..12),
        target in 500..4000_i64,
        size in 1..9_usize,
    ) {
        let report = judged(&events, target, size, dash::mpd);
        prop_assert_eq!(report.total(Severity::Error), 0, "{}", media::told(&report));
        // A source that falls silent leaves a hole, and a window of one short segment is asked for more often than it slides.
        let odd = media::broken(&report, Severity::Warning);
        prop_assert!(odd.iter().all(|name| ["timeline-gap", "update-period"].contains(name)), "{}", media::told(&report));
    }

    /// While all tracks play: a segment of one that falls silent was told ahead and does not come.
    #[test]
    fn the_histories_of_our_low_latency_manifests_break_no_rule(
        events in prop::collection::vec(event().prop_filter_map("both tracks play", steady), 1..12),
        target in 500..4000_i64,
        size in 1..9_usize,
    ) {
        let latency = Latency { part: 200_000_000, target: 1_000_000_000, prft: true };
        let report = judged(&events, target, size, |window, names| dash::low_latency(window, names, &latency));
        prop_assert_eq!(report.total(Severity::Error), 0, "{}", media::told(&report));
        // What was told while it grew may turn out otherwise, and the last segment be shorter than what it can be asked for early.
        let odd = media::broken(&report, Severity::Warning);
        let fine = ["low-latency", "revised", "timeline-gap", "update-period"];
        prop_assert!(odd.iter().all(|name| fine.contains(name)), "{}", media::told(&report));
    }
}

/// Play with sound; nothing else.
fn steady(event: Event) -> Option<Event> {
    match event {
        Event::Play { length, gop, .. } => Some(Event::Play { length, gop, audio: true }),
        Event::Silence { .. } | Event::Change { .. } | Event::Interruption { .. } => None,
    }
}

/// What is found in every version of a stream's manifest.
fn judged(
    events: &[Event],
    target: i64,
    size: usize,
    write: impl Fn(&Window, &Names) -> Option<String>,
) -> Report {
    let target_duration = (target as u32).div_ceil(1000);
    let config = Config { target_duration, ..Config::new(target * 1_000_000) };
    let mut window = Window::new(playlist::Config { size, ..playlist::Config::new(&config) });
    let names = Names::new("h").expect("a plain name").with_clock("/time");
    let mut checker = Checker::new();
    let mut segmenter = Segmenter::new(config);
    let mut outputs = Vec::new();
    for output in life(events) {
        segmenter.push(output).expect("a stream");
        outputs.extend(std::iter::from_fn(|| segmenter.poll()));
    }
    outputs.extend(segmenter.finish().expect("an end"));
    for output in &outputs {
        window.push(output, complete(output, 50_000_000));
        write(&window, &names).iter().for_each(|text| checker.push(text));
    }
    checker.finish()
}
