//! HLS playlists as they come, and the histories of ours.

use media_core::check::hls::{Checker, Set};
use media_core::check::{Report, Severity};
use media_core::playlist::hls::{Media, Skip};
use media_core::playlist::{self, Delivery, KeyPictures, Names, Window, hls};
use media_core::segment::{Config, LateKey, Output, Segmenter};
use media_core::timeline;
use proptest::prelude::*;

use crate::media;
use crate::stream::{self, camera, id, microphone, mixed, pictures, sound, tracks};

/// A text of either kind.
fn check(text: &str) -> Report {
    if text.contains("-STREAM-INF") || text.contains("#EXT-X-MEDIA:") {
        let mut set = Set::new();
        set.push(text);
        return set.finish();
    }
    let mut checker = Checker::new();
    checker.push(text);
    checker.finish()
}

/// What real playlists break.
const BROKEN: &[(&str, &[&str])] = &[
    // Parts, and no PART-HOLD-BACK, which 4.4.3.8 requires then.
    ("hls/androidx/live_low_latency_media_can_block_reload_low_latency", &["part-hold-back"]),
    ("hls/androidx/live_low_latency_media_can_block_reload_low_latency_full_segment", &["part-hold-back"]),
    (
        "hls/androidx/live_low_latency_media_can_block_reload_low_latency_full_segment_audio",
        &["part-hold-back"],
    ),
    (
        "hls/androidx/live_low_latency_media_can_block_reload_low_latency_full_segment_audio_next",
        &["part-hold-back"],
    ),
    (
        "hls/androidx/live_low_latency_media_can_block_reload_low_latency_full_segment_audio_next2",
        &["part-hold-back"],
    ),
    (
        "hls/androidx/live_low_latency_media_can_block_reload_low_latency_full_segment_next",
        &["part-hold-back"],
    ),
    (
        "hls/androidx/live_low_latency_media_can_block_reload_low_latency_full_segment_next2",
        &["part-hold-back"],
    ),
    (
        "hls/androidx/live_low_latency_media_can_block_reload_low_latency_full_segment_preload",
        &["part-hold-back"],
    ),
    (
        "hls/androidx/live_low_latency_media_can_block_reload_low_latency_full_segment_preload_next",
        &["part-hold-back"],
    ),
    ("hls/androidx/live_low_latency_media_can_block_reload_low_latency_next", &["part-hold-back"]),
    ("hls/androidx/live_low_latency_segments_and_parts", &["part-hold-back"]),
    // Fixtures of readers that are lenient: each says what it lacks in its first lines.
    ("hls/androidx/media_playlist", &["target-missing", "version"]),
    ("hls/androidx/media_playlist_empty", &["target-missing", "version"]),
    ("hls/androidx/media_playlist_independent_segments", &["target-missing", "version"]),
    ("hls/androidx/media_playlist_vod_empty", &["target-missing", "version"]),
    ("hls/issue_00064.m3u8", &["attributes", "bandwidth"]),
    // A range that goes on in another file than the one before it.
    ("hls/m3u8-parser/byteRange.m3u8", &["byterange", "version"]),
    ("hls/m3u8-parser/emptyPlaylistType.m3u8", &["value"]),
    ("hls/m3u8-parser/extXPlaylistTypeInvalidPlaylist.m3u8", &["value", "version"]),
    ("hls/m3u8-parser/fmp4.m3u8", &["text"]),
    ("hls/m3u8-parser/invalidPlaylistType.m3u8", &["value"]),
    ("hls/m3u8-parser/liveMissingSegmentDuration.m3u8", &["uri", "version"]),
    ("hls/m3u8-parser/llhls-byte-range.m3u8", &["attributes", "byterange", "part-inf", "value", "version"]),
    ("hls/m3u8-parser/llhls.m3u8", &["can-skip-until"]),
    ("hls/m3u8-parser/manifestExtTTargetdurationNegative.m3u8", &["target-missing", "value"]),
    ("hls/m3u8-parser/manifestNoExtM3u.m3u8", &["extm3u"]),
    ("hls/m3u8-parser/master.m3u8", &["attributes", "bandwidth", "extm3u"]),
    ("hls/m3u8-parser/mediaSequence.m3u8", &["version"]),
    ("hls/m3u8-parser/missingExtinf.m3u8", &["uri"]),
    ("hls/m3u8-parser/missingSegmentDuration.m3u8", &["uri", "version"]),
    ("hls/m3u8-parser/multipleAudioGroupsCombinedMain.m3u8", &["attributes"]),
    ("hls/m3u8-parser/playlist.m3u8", &["text"]),
    ("hls/m3u8-parser/start.m3u8", &["extm3u"]),
    ("hls/m3u8-parser/twoMediaSequences.m3u8", &["tag-twice", "version"]),
    ("hls/m3u8-parser/whiteSpace.m3u8", &["text"]),
    ("hls/master-not-ending-in-newline.m3u8", &["uri"]),
    ("hls/master-with-i-frame-stream-inf.m3u8", &["bandwidth", "group", "value"]),
    ("hls/master-with-offset.m3u8", &["codecs"]),
    ("hls/masterplaylist.m3u8", &["uri"]),
    ("hls/masterplaylist2.m3u8", &["attributes", "bandwidth"]),
    ("hls/media-playlist-with-cues.m3u8", &["target-missing"]),
    ("hls/streamlink/test_date.m3u8", &["attributes", "date-range", "value", "version"]),
    ("hls/streamlink/test_master.m3u8", &["codecs", "group", "rendition"]),
    ("hls/streamlink/test_media_language.m3u8", &["attributes"]),
    ("hls/streamlink/test_media_language_special.m3u8", &["attributes"]),
    ("hls/streamlink/test_multivariant_bandwidth.m3u8", &["bandwidth"]),
    ("hls/streamlink/test_simple_multivariant.m3u8", &["codecs"]),
    ("streams/shaka/hls-gap/playlist.m3u8", &["value", "version"]),
    ("streams/shaka/hls-raw-aac/stream.m4a.m3u8", &["text"]),
    ("streams/shaka/hls-ts-muxed-opus-h264-2880/playlist.m3u8", &["target-exceeded"]),
];

#[test]
fn real_playlists_break_what_they_truly_break() {
    let mut wrong = String::new();
    for folder in ["hls", "streams"] {
        let Some(root) = media::folder(folder) else { return };
        for path in media::files(&root, &["m3u8", ""]) {
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            if !text.contains("#EXT") {
                continue;
            }
            let report = check(&text);
            wrong.extend(media::unexpected(&path, &report, BROKEN));
        }
    }
    assert_eq!(wrong, "");
}

/// What a camera does, in milliseconds.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Play { length: i64, gop: i64, audio: bool },
    Silence { length: i64 },
    Interruption { length: i64 },
    Change { audio: bool },
}

pub(crate) fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (40..15_000_i64, 1..200_i64, any::<bool>()).prop_map(|(length, gop, audio)| Event::Play { length, gop: gop * 40, audio }),
        1 => (0..20_000_i64).prop_map(|length| Event::Silence { length }),
        1 => (0..60_000_i64).prop_map(|length| Event::Interruption { length }),
        1 => any::<bool>().prop_map(|audio| Event::Change { audio }),
    ]
}

/// What a timeline would give.
pub(crate) fn life(events: &[Event]) -> Vec<timeline::Output> {
    let mut stream = vec![tracks([pictures(), sound()])];
    let (mut at, mut heard) = (0, true);
    for event in events {
        match *event {
            Event::Play { length, gop, audio } => {
                let start = (at + 39) / 40 * 40;
                let frames = microphone(at..at + length).filter(|_| audio && heard);
                stream.extend(mixed(camera(start..at + length, gop).chain(frames)));
                at += length;
            }
            Event::Silence { length } => at += length,
            Event::Interruption { length } => {
                at += length;
                stream.push(timeline::Output::Discontinuity);
            }
            Event::Change { audio } => {
                heard = audio;
                stream.push(if audio { tracks([pictures(), sound()]) } else { tracks([pictures()]) });
            }
        }
    }
    stream
}

/// The checkers of a stream's two renditions, told of every version of their lists.
struct Watched {
    window: Window,
    names: Names,
    checkers: [Checker; 2],
    key_pictures: Checker,
    sets: Vec<Report>,
}

impl Watched {
    fn push(&mut self, output: &Output) {
        self.window.push(output, stream::complete(output, 50_000_000));
        let mut set = Set::new();
        for (number, checker) in (1..).zip(&mut self.checkers) {
            let whole = Media::new(&self.window, id(number), &self.names);
            let Some(text) = whole.text() else { continue };
            checker.push(&text);
            set.push_media(&number.to_string(), &text);
            let delta = Media { skip: Skip::Segments, ..whole };
            checker.push(&delta.text().expect("the same list"));
        }
        if let Some(text) = hls::iframe_playlist(&self.window, id(1), &self.names) {
            self.key_pictures.push(&text);
            set.push_media("iframes", &text);
        }
        if let Some(text) = hls::multivariant(&self.window, &self.names) {
            set.push(&text);
        }
        self.sets.push(set.finish());
    }
}

/// Tells the checkers of a whole life; what they find is the error.
fn judged(events: &[Event], config: Config, size: usize, directives: bool) -> Result<(), TestCaseError> {
    let mut listed =
        playlist::Config { size, key_pictures: KeyPictures::Listed, ..playlist::Config::new(&config) };
    if directives && config.part.is_none() {
        listed.delivery = Delivery::Directives;
    }
    let mut watched = Watched {
        window: Window::new(listed),
        names: Names::new("h").expect("a plain name"),
        checkers: [Checker::new(), Checker::new()],
        key_pictures: Checker::new(),
        sets: Vec::new(),
    };
    let mut segmenter = Segmenter::new(config);
    for output in life(events) {
        segmenter.push(output).expect("a stream");
        while let Some(output) = segmenter.poll() {
            watched.push(&output);
        }
    }
    for output in segmenter.finish().expect("an end") {
        watched.push(&output);
    }
    let [one, two] = watched.checkers;
    for report in [one.finish(), two.finish(), watched.key_pictures.finish()].iter().chain(&watched.sets) {
        prop_assert_eq!(report.total(Severity::Error), 0, "{}", media::told(report));
        let odd: Vec<_> = media::broken(report, Severity::Warning);
        prop_assert!(odd.iter().all(|name| FINE.contains(name)), "{}", media::told(report));
    }
    Ok(())
}

fn config(target: i64, late_key: LateKey, part: Option<i64>) -> Config {
    let target_duration = (target as u32).div_ceil(1000);
    Config { target_duration, late_key, part, ..Config::new(target * 1_000_000) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_histories_of_our_playlists_break_no_rule(
        events in prop::collection::vec(event(), 1..12),
        target in 500..4000_i64,
        late_key in prop_oneof![Just(LateKey::Wait), Just(LateKey::Cut)],
        size in 1..9_usize,
        directives in any::<bool>(),
    ) {
        judged(&events, config(target, late_key, None), size, directives)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_histories_of_our_low_latency_playlists_break_no_rule(
        events in prop::collection::vec(event(), 1..12),
        target in 500..4000_i64,
        late_key in prop_oneof![Just(LateKey::Wait), Just(LateKey::Cut)],
        size in 1..9_usize,
        part in prop_oneof![8 => 150..1000_i64, 1 => 40..150_i64],
    ) {
        judged(&events, config(target, late_key, Some(part * 1_000_000)), size, false)?;
    }
}

/// What of our playlists is a recommendation not followed, and why: a segment may end where one more part was hinted at, and a source that falls
/// silent without a word leaves a hole that dates tell of.
const FINE: &[&str] = &["date-time", "preload-hint"];
