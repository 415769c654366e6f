//! Everything that is written of a presentation is held against the clauses by `check`, which shares no code with what wrote it.

use media_core::check::{Report, Severity, dash as judge, hls as judges};
use media_core::playlist::presentation::dash::{self, Addressing};
use media_core::playlist::presentation::webm_dash::{self, Live};
use media_core::playlist::presentation::{
    Container, Files, Images, Presentation, Purpose, Rendition, Role, Segment, Template, Type, hls,
};
use media_core::time::{Timestamp, WallTime};

use crate::model::{add, bright, ladder, many, pictures, ranges, segments, sound};

fn silent(report: &Report, text: &str) {
    let told: Vec<_> = report.findings().iter().map(ToString::to_string).collect();
    assert!(report.worst().is_none_or(|worst| worst < Severity::Warning), "{told:#?}\n{text}");
}

/// The playlists of all renditions, by themselves and together with what their segments take, and the manifests there are.
pub(crate) fn judged(presentation: &Presentation) {
    let mut set = judges::Set::new();
    let multivariant = hls::multivariant(presentation);
    multivariant.iter().for_each(|text| set.push(text));
    for (id, rendition) in presentation.renditions() {
        for (name, text) in [
            (rendition.playlist(), hls::media_playlist(presentation, id)),
            (rendition.iframe_playlist(), hls::iframe_playlist(presentation, id)),
        ] {
            let Some(text) = text else { continue };
            set.push_media(&name, &text);
            let judges::Named::Media { target, joined } = judges::Named::read(&text) else { continue };
            let listed = joined.iter().flat_map(|joined| &joined.segments);
            let stretches = rendition.stretches().iter().flat_map(|stretch| stretch.segments());
            let taken = stretches
                .zip(listed)
                .map(|(segment, listed)| (segment.range.end - segment.range.start, listed.nanos));
            if let Some(measured) = judges::Measured::of(&taken.collect::<Vec<_>>(), target) {
                set.measure(&name, measured);
            }
        }
    }
    silent(&set.finish(), &multivariant.unwrap_or_default());
    for addressing in [Addressing::Timeline, Addressing::Duration, Addressing::List, Addressing::Index] {
        if let Ok(text) = dash::mpd(presentation, addressing) {
            let mut checker = judge::Checker::new();
            checker.push(&text);
            silent(&checker.finish(), &text);
            named(presentation, &text, addressing);
        }
    }
}

/// The same of anything: no error, whatever recommendations a presentation with holes cannot keep.
pub(crate) fn clean(presentation: &Presentation) {
    let addressings = [Addressing::Timeline, Addressing::Duration, Addressing::List, Addressing::Index];
    for text in addressings.into_iter().filter_map(|addressing| dash::mpd(presentation, addressing).ok()) {
        let mut checker = judge::Checker::new();
        checker.push(&text);
        let report = checker.finish();
        assert_eq!(report.total(Severity::Error), 0, "{:#?}\n{text}", report.findings());
    }
    for (id, _) in presentation.renditions() {
        for text in [hls::media_playlist(presentation, id), hls::iframe_playlist(presentation, id)]
            .into_iter()
            .flatten()
        {
            let mut checker = judges::Checker::new();
            checker.push(&text);
            let report = checker.finish();
            assert_eq!(report.total(Severity::Error), 0, "{:#?}\n{text}", report.findings());
        }
    }
}

/// Every file and range that a manifest leads to is one that was listed.
fn named(presentation: &Presentation, text: &str, addressing: Addressing) {
    for joined in judge::files(text) {
        let (id, period) = joined.name.split_once(", period ").unwrap_or((&joined.name, "0"));
        let Some((_, rendition)) = presentation.renditions().find(|(_, rendition)| rendition.id == id) else {
            continue;
        };
        let Some(stretch) = rendition.stretches().get(period.parse::<usize>().unwrap()) else { continue };
        let found: Vec<_> = joined
            .segments
            .iter()
            .map(|listed| (listed.address.uri.clone(), listed.address.range.clone()))
            .collect();
        let due: Vec<_> = match stretch.files() {
            Files::One { name, .. } if addressing == Addressing::Index => vec![(name.clone(), None)],
            Files::One { name, .. } => {
                stretch.segments().iter().map(|segment| (name.clone(), Some(segment.range.clone()))).collect()
            }
            Files::Many { names, .. } => {
                let numbered = stretch.segments().iter().enumerate();
                numbered.map(|(index, segment)| (names.name(index, segment.start.ticks()), None)).collect()
            }
        };
        // One duration for all leaves how many there are to the length of the Period.
        let same = if addressing == Addressing::Duration {
            found.starts_with(&due[..due.len() - 1])
        } else {
            found == due
        };
        assert!(same, "{found:?} {due:?}\n{text}");
    }
}

fn one(name: &str) -> Files {
    Files::One { name: format!("{name}.mp4"), header: 0..900, index: Some(900..1000) }
}

#[test]
fn a_ladder_breaks_nothing() {
    judged(&ladder());
}

#[test]
fn transport_streams_and_packed_audio_break_nothing() {
    let mut presentation = Presentation::new(Type::Vod);
    let ts = |name: &str, after: &str| Files::Many { header: None, names: Template::numbered(name, after) };
    let tracks = [pictures(640, 360)];
    let spans = segments(&[(180_000, 60_000), (180_000, 90_000), (90_000, 9000)]);
    add(&mut presentation, Rendition::new("v", Container::MpegTs), &tracks, ts("v", ".ts"), spans);
    let mut spans = segments(&[(96_256, 30_000), (96_256, 30_000)]);
    spans.iter_mut().for_each(|segment| segment.keys.clear());
    add(&mut presentation, Rendition::new("a", Container::PackedAudio), &[sound()], ts("a", ".aac"), spans);
    presentation.finish();
    judged(&presentation);
}

#[test]
fn ranges_of_one_file_break_nothing() {
    let mut presentation = Presentation::new(Type::Vod);
    for (name, size, bytes) in [("low", (320, 180), 20_000), ("high", (640, 360), 90_000)] {
        let spans = ranges(&[(180_000, bytes), (180_000, bytes * 2), (45_000, bytes / 4)]);
        add(
            &mut presentation,
            Rendition::new(name, Container::Fmp4),
            &[pictures(size.0, size.1)],
            one(name),
            spans,
        );
    }
    presentation.finish();
    judged(&presentation);
}

#[test]
fn several_periods_trick_pictures_and_images_break_nothing() {
    let mut presentation = Presentation::new(Type::Vod);
    let spans = [(180_000, 60_000), (180_000, 60_000)];
    let video = add(
        &mut presentation,
        Rendition::new("video", Container::Fmp4),
        &[bright()],
        many("video"),
        segments(&spans),
    );
    let mut trick = Rendition::new("trick", Container::Fmp4);
    trick.purpose = Purpose::Trick;
    let trick = add(&mut presentation, trick, &[bright()], many("trick"), segments(&spans));
    let mut told = Rendition::new("told", Container::Fmp4);
    told.label = Some("Told & \"shown\"".to_owned());
    told.roles = vec![Role::Description];
    let mut heard = segments(&[(192_000, 60_000)]);
    heard[0].keys.clear();
    let told = add(&mut presentation, told, &[sound()], many("told"), heard);
    let images = Images {
        id: "tiles".to_owned(),
        mime: "image/jpeg".to_owned(),
        names: Template::numbered("tiles_", ".jpg"),
        width: 1600,
        height: 900,
        columns: 10,
        rows: 10,
        duration: 4_000_000_000,
        bytes: 125_000,
    };
    presentation.add_images(images).unwrap();
    let mut whole = presentation.clone();
    whole.finish();
    judged(&whole);
    for (id, name, track) in
        [(video, "v2", pictures(320, 180)), (trick, "t2", pictures(320, 180)), (told, "s2", sound())]
    {
        let ticks = i64::from(track.time_base.den());
        presentation.begin(id, &[track], many(name)).unwrap();
        let mut segment = Segment::new(Timestamp::new(50 * ticks), ticks.unsigned_abs(), 0..9000);
        if id != told {
            segment = segment.with_key(0..100);
        }
        presentation.push(id, segment).unwrap();
    }
    presentation.finish();
    judged(&presentation);
}

/// RFC 8216bis 6.2.1: what grows is held against what it was.
#[test]
fn the_history_of_an_event_breaks_nothing() {
    let mut presentation = Presentation::new(Type::Event { target_duration: 2 });
    let id = add(
        &mut presentation,
        Rendition::new("v", Container::Fmp4),
        &[pictures(640, 360)],
        many("v"),
        Vec::new(),
    );
    let mut checkers = [judges::Checker::new(), judges::Checker::new()];
    let mut last = String::new();
    for (index, mut segment) in segments(&[(180_000, 60_000); 9]).into_iter().enumerate() {
        // Some begin without a key picture: what was said of the one before stays.
        if index % 3 == 1 {
            (segment.keys, segment.independent) = (Vec::new(), false);
        }
        presentation.push(id, segment).unwrap();
        let texts = [hls::media_playlist(&presentation, id), hls::iframe_playlist(&presentation, id)];
        for (checker, text) in checkers.iter_mut().zip(texts) {
            last = text.unwrap();
            checker.push(&last);
        }
    }
    presentation.finish();
    checkers[0].push(&hls::media_playlist(&presentation, id).unwrap());
    checkers.into_iter().for_each(|checker| silent(&checker.finish(), &last));
}

/// RFC 8216bis 4.4.3.6: a picture lasts until the next one, be that more than a segment; 6.2.4: the list may have a target duration of its own.
#[test]
fn trap_17_key_pictures_far_apart_keep_to_their_target() {
    let mut presentation = Presentation::new(Type::Vod);
    let mut spans = segments(&[(180_000, 60_000), (180_000, 60_000), (180_000, 60_000)]);
    (spans[1].keys, spans[1].independent) = (Vec::new(), false);
    let id =
        add(&mut presentation, Rendition::new("v", Container::Fmp4), &[pictures(640, 360)], many("v"), spans);
    presentation.finish();
    judged(&presentation);
    let text = hls::iframe_playlist(&presentation, id).unwrap();
    assert!(text.contains("TARGETDURATION:4\n") && text.contains("#EXTINF:4.000000,\n"), "{text}");
}

#[test]
fn webm_dash_breaks_nothing() {
    let mut presentation = Presentation::new(Type::Vod);
    for (name, size) in [("low", (320, 180)), ("high", (640, 360))] {
        let files = Files::One { name: format!("{name}.webm"), header: 0..900, index: Some(900..1000) };
        let spans = ranges(&[(180_000, 20_000), (180_000, 30_000)]);
        add(
            &mut presentation,
            Rendition::new(name, Container::Webm),
            &[pictures(size.0, size.1)],
            files,
            spans,
        );
    }
    presentation.finish();
    judged(&presentation);
    let text = webm_dash::on_demand(&presentation).unwrap();
    let mut checker = judge::Checker::new();
    checker.push(&text);
    silent(&checker.finish(), &text);
    let files: Vec<_> =
        judge::files(&text).into_iter().map(|joined| joined.segments[0].address.uri.clone()).collect();
    assert_eq!(files, ["low.webm", "high.webm"]);

    let mut presentation = Presentation::new(Type::Event { target_duration: 2 });
    let files = Files::Many { header: Some("c_v.hdr".to_owned()), names: Template::numbered("c_v_", ".chk") };
    add(
        &mut presentation,
        Rendition::new("v", Container::Webm),
        &[pictures(320, 180)],
        files,
        segments(&[(180_000, 9)]),
    );
    let live = Live {
        start: WallTime::from_nanos(1_795_252_500_000_000_000),
        chunk_duration: 2_000_000_000,
        time_shift_buffer_depth: Some(60_000_000_000),
        minimum_update_period: Some(10_000_000_000),
    };
    let text = webm_dash::live(&presentation, &live).unwrap();
    let mut checker = judge::Checker::new();
    checker.push(&text);
    let report = checker.finish();
    // ffmpeg's form has no @publishTime; nothing else is amiss.
    let broken: Vec<_> = report.counts().map(|(rule, _)| rule.name).collect();
    assert_eq!(broken, ["publish-time-missing"], "{text}");
    let joined = judge::files(&text);
    let header = joined[0].header.as_ref().map(|header| &header.uri[..]);
    assert_eq!((header, &joined[0].segments[1].address.uri[..]), (Some("c_v.hdr"), "c_v_2.chk"));
}
