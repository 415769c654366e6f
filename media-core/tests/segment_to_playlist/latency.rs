//! Live DASH close behind.

use media_core::playlist::dash::{self, Latency};
use media_core::playlist::{self, Config, Names, Window};
use media_core::segment::{self, Output};
use media_core::time::{TimeBase, WallTime};

use crate::readers::Manifest;
use crate::stream::{
    Cutting, MORNING, ORIGIN, SECOND, camera, complete, microphone, mixed, outputs, pictures, sound, tracks,
};

fn names() -> Names {
    Names::new("5f2a").unwrap().with_clock("/time")
}

fn config() -> media_core::segment::Config {
    media_core::segment::Config::new(2 * SECOND)
}

const LATENCY: Latency = Latency { part: 200_000_000, target: 1_500_000_000, prft: true };

fn stream(millis: i64) -> Cutting {
    let media = mixed(camera(0..millis, 2000).chain(microphone(0..millis)));
    let all = std::iter::once(tracks([crate::stream::pictures(), crate::stream::sound()])).chain(media);
    Cutting::of(config(), all)
}

fn attribute<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    text.split(&format!(" {name}=\"")).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// ISO/IEC 23009-1 5.3.9.5.3, 5.12 and annex K; DASH-IF low-latency modes: a segment can be asked for when its first part is complete, the
/// reference times have the ids of the tracks, the clock is told.
#[test]
fn trap_25_low_latency_says_when_parts_are_there() {
    let all = stream(12_000);
    let mut window = Window::new(Config::new(&config()));
    for output in outputs(&all) {
        window.push(&output, complete(&output, 40_000_000));
    }
    let text = dash::low_latency(&window, &names(), &LATENCY).unwrap();
    let plain = dash::mpd(&window, &names()).unwrap();
    assert!(!plain.contains("availabilityTime") && !plain.contains("Latency"));
    // Two seconds of pictures less a part of 0.2 s; sound by its own last segment.
    let offsets = attribute(&text, "availabilityTimeOffset");
    assert_eq!(offsets[0], "1.800000");
    assert!((offsets[1].parse::<f64>().unwrap() - 1.8).abs() < 0.03, "{offsets:?}");
    assert_eq!(attribute(&text, "availabilityTimeComplete"), ["false", "false"]);
    for expected in [
        "isoff-live:2011,http://www.dashif.org/guidelines/low-latency-live-v5\"",
        "suggestedPresentationDelay=\"PT1.5S\"",
        "<Latency target=\"1500\" min=\"750\" max=\"4500\" referenceId=\"1\"/>",
        "<ProducerReferenceTime id=\"1\" inband=\"true\" type=\"captured\" wallClockTime=",
        "<ProducerReferenceTime id=\"2\" inband=\"true\"",
        "<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-iso:2014\" value=\"/time\"/>\n      </ProducerReferenceTime>",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    // With boxes in the media it says what these do: when the first picture was captured. Without, when the server says that it left the encoder.
    assert_eq!(attribute(&text, "wallClockTime")[0], "2026-11-21T09:15:00.000Z");
    let untold = dash::low_latency(&window, &names(), &Latency { prft: false, ..LATENCY }).unwrap();
    assert_eq!(attribute(&untold, "wallClockTime")[0], attribute(&untold, "availabilityStartTime")[0]);
    assert!(untold.contains("inband=\"false\" type=\"encoder\""));
    assert_eq!(attribute(&text, "presentationTime")[0], attribute(&text, "presentationTimeOffset")[0]);
    // What grows is listed, and the next; no more once it is over.
    let segments = |text: &str| Manifest::read(text).periods[0].sets[0].segments.len();
    assert_eq!(segments(&text), segments(&plain) + 2);
    window.finish(WallTime::from_nanos(MORNING + 60 * SECOND));
    let text = dash::low_latency(&window, &names(), &LATENCY).unwrap();
    assert_eq!(segments(&text), segments(&plain));
    assert!(!text.contains("availabilityTimeOffset"));
}

/// As long as segments last alike, one that was listed while it grew is still the same one when it is whole: number and start stay.
#[test]
fn trap_25_what_grows_keeps_its_number_and_start() {
    let all = stream(40_000);
    let mut window = Window::new(playlist::Config { size: 100, ..Config::new(&config()) });
    let mut before: Option<Manifest> = None;
    for output in outputs(&all) {
        window.push(&output, complete(&output, 40_000_000));
        let Some(text) = dash::low_latency(&window, &names(), &LATENCY) else { continue };
        let manifest = Manifest::read(&text);
        if let Some(before) = before {
            let (old, new) = (&before.periods[0].sets[0].segments, &manifest.periods[0].sets[0].segments);
            let same = old.iter().zip(new).filter(|(old, new)| old.uri == new.uri && old.time == new.time);
            assert_eq!(same.count(), old.len(), "{old:?}\n{new:?}");
        }
        before = Some(manifest);
    }
    assert!(before.is_some());
}

/// 48 hours of pictures and sound whose ticks do not divide each other: the line of the manifest is still that of the media, exactly, and
/// what a segment's start says is when it was captured.
#[test]
fn trap_24_two_days_do_not_drift() {
    const HOURS: i64 = 48;
    // One cut of 2 s in ten minutes is enough of each stretch: packets of the others are not needed to get there.
    let (mut window, mut expected) = (Window::new(Config::new(&config())), 0);
    let all = stream(6_000);
    let mut number = 0;
    for output in outputs(&all).into_iter().take(1) {
        window.push(&output, complete(&output, 0));
    }
    let Output::Cut(first) = &outputs(&all)[1] else { panic!("a cut behind the tracks") };
    let frames = |millis: i64| millis * 48 / 1024 * 1024;
    while expected < HOURS * 3_600_000 {
        let mut cut = first.clone();
        cut.number = number;
        for segment in &mut cut.segments {
            let hz = if segment.track.get() == 1 { 90 } else { 48 };
            let place = |millis: i64| if hz == 90 { millis * 90 } else { frames(millis + 21) };
            let start = place(expected);
            segment.start = media_core::time::Timestamp::new(crate::stream::ORIGIN * hz * 1000 + start);
            segment.duration = (place(expected + 2000) - start).unsigned_abs();
            segment.wall = None;
        }
        number += 1;
        expected += 2000;
        window.push(&Output::Cut(cut), WallTime::from_nanos(MORNING + expected * 1_000_000 + 40_000_000));
    }
    let text = dash::mpd(&window, &names()).unwrap();
    let manifest = Manifest::read(&text);
    assert_eq!(manifest.periods.len(), 1, "{text}");
    let period = &manifest.periods[0];
    for (set, hz) in period.sets.iter().zip([90_000_u64, 48_000]) {
        let last = set.segments.last().unwrap();
        let end = (last.time + last.duration) as f64 / hz as f64 - crate::stream::ORIGIN as f64;
        assert!((end - (HOURS * 3600) as f64).abs() < 0.022, "{end}");
        assert!(last.uri.ends_with(&format!("_{}.m4s", number - 1)), "{}", last.uri);
    }
    let pictures = period.sets[0].segments.last().unwrap();
    assert_eq!(pictures.time + pictures.duration, (HOURS as u64 * 3600 + 10) * 90_000);
}

/// The `prft` boxes of a file: track, flags, NTP time, media time; and the `tfdt` behind each.
fn references(bytes: &[u8]) -> Vec<(u32, u32, u64, u64, u64)> {
    let number = |at: usize, len: usize| {
        bytes[at..at + len].iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
    };
    let find = |name: &[u8], from: usize| {
        bytes[from..].windows(4).position(|window| window == name).map(|at| from + at)
    };
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = find(b"prft", from) {
        assert_eq!((number(at - 4, 4), &bytes[at + 32..at + 36]), (32, &b"moof"[..]), "right before a moof");
        let tfdt = find(b"tfdt", at).unwrap();
        let (track, flags) = (number(at + 8, 4) as u32, number(at + 4, 4) as u32 & 0xff_ffff);
        found.push((track, flags, number(at + 12, 8), number(at + 20, 8), number(tfdt + 8, 8)));
        from = at + 4;
    }
    found
}

/// ISO/IEC 14496-12 8.16.5, 23009-1 5.12: the boxes name the track, the time of the chunk's first sample and when that was captured, as
/// ProducerReferenceTime does.
#[test]
fn trap_25_each_chunk_says_when_it_was_captured_as_the_manifest_does() {
    let captured = segment::ProducerTime::Captured;
    let config = segment::Config { producer_time: captured, part: Some(214_000_000), ..config() };
    let media = mixed(camera(0..12_000, 2000).chain(microphone(0..12_000)));
    let all = Cutting::of(config.clone(), [tracks([pictures(), sound()])].into_iter().chain(media));
    for (index, hz) in [(0, 90_000), (1, 48_000)] {
        for segment in all.segments(index) {
            let found = references(&segment.rope.to_bytes());
            assert_eq!(found.len(), segment.parts.len(), "one for each chunk");
            for (track, flags, ntp, media, tfdt) in found {
                assert_eq!((track, flags, media), (segment.track.get(), 24, tfdt));
                let captured = MORNING + TimeBase::hz(hz).to_nanos(media as i64 - ORIGIN * i64::from(hz));
                assert!((WallTime::from_ntp(ntp).nanos() - captured).abs() <= 2, "{captured}");
            }
        }
    }
    let plain = Cutting::of(
        segment::Config { producer_time: segment::ProducerTime::Untold, ..config.clone() },
        short(),
    );
    assert!(plain.segments(0).all(|segment| references(&segment.rope.to_bytes()).is_empty()));
    assert_eq!(checked_sound(&all).findings(), []);
    let mut window = Window::new(Config::new(&config));
    outputs(&all).iter().for_each(|output| window.push(output, complete(output, 40_000_000)));
    let text = dash::low_latency(&window, &names(), &LATENCY).unwrap();
    let (wall, at) = (attribute(&text, "wallClockTime"), attribute(&text, "presentationTime"));
    assert_eq!((wall[0], at[0]), ("2026-11-21T09:15:00.000Z", "900000"), "the first picture");
}

/// What is wrong with the sound: the pictures are made up, and their bytes no VP9.
fn checked_sound(all: &Cutting) -> media_core::check::Report {
    let mut checker = media_core::check::fmp4::Checker::new();
    checker.push(&all.inits[0].headers[1]);
    all.segments(1).for_each(|segment| checker.push(&segment.rope.to_bytes()));
    checker.finish()
}

fn short() -> Vec<media_core::timeline::Output> {
    [tracks([pictures(), sound()])].into_iter().chain(mixed(camera(0..4000, 2000))).collect()
}

/// ISO/IEC 23009-1 7.3.1.
#[test]
fn trap_25_the_last_segment_says_so() {
    let config = segment::Config { part: None, ..config() };
    let media = mixed(camera(0..9000, 2000).chain(microphone(0..9000)));
    let all = Cutting::of(config, [tracks([pictures(), sound()])].into_iter().chain(media));
    for index in [0, 1] {
        let said: Vec<_> = all
            .segments(index)
            .map(|segment| segment.rope.pieces()[0].windows(4).any(|brand| brand == b"lmsg"))
            .collect();
        assert_eq!(said, [false, false, false, false, true]);
    }
}
