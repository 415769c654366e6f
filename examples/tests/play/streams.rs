//! Live streams, as an origin serves them.

use std::time::Duration;

use media_core::segment::Format;
use media_core::track::Kind;

use crate::browser::{Browser, Play, Report};
use crate::clip::Clip;
use crate::live::{Live, Section};

#[test]
fn live_streams_play() {
    let Some(mut browser) = Browser::get() else { return };
    let of = |clip: Clip, kinds: &[Kind]| vec![Section::read(&clip.make(), 12, kinds)];
    let fragments = Live::start(Format::Fmp4, None, of(Clip::H264Aac, &ALL));
    let transport = Live::start(Format::MpegTs, None, of(Clip::H264Aac, &ALL));
    let webm = Live::start(Format::Webm, None, of(Clip::Vp9Opus, &ALL));
    let sound = Live::start(Format::Fmp4, None, of(Clip::H264Aac, &[Kind::Audio]));
    let play = |player, live: &Live, file| Play::new(player, live.url(file), 6.0);
    for plays in [
        vec![
            play("hls", &fragments, "index.m3u8"),
            play("shaka", &fragments, "index.m3u8"),
            play("dash", &fragments, "index.mpd"),
            play("shaka", &fragments, "index.mpd"),
        ],
        vec![
            play("hls", &transport, "index.m3u8"),
            play("shaka", &transport, "index.m3u8"),
            play("dash", &webm, "index.mpd"),
            play("shaka", &webm, "index.mpd"),
        ],
        vec![
            play("hls", &sound, "index.m3u8"),
            play("shaka", &sound, "index.m3u8"),
            play("dash", &sound, "index.mpd"),
            play("shaka", &sound, "index.mpd"),
        ],
    ] {
        close_behind(&mut browser, &plays, 8.0);
    }
}

#[test]
fn live_streams_with_parts_play_close_behind() {
    let Some(mut browser) = Browser::get() else { return };
    let section = Section::read(&Clip::H264Aac.make(), 12, &ALL);
    let live = Live::start(Format::Fmp4, PARTS, vec![section]);
    let play = |player, file| Play { low: true, ..Play::new(player, live.url(file), 6.0) };
    let plays = [
        play("hls", "index.m3u8"),
        play("shaka", "index.m3u8"),
        play("dash", "index.mpd"),
        play("shaka", "index.mpd"),
    ];
    // One to two seconds on an idle machine. Without parts it is three segments of a second, and what is fetched before.
    close_behind(&mut browser, &plays, 4.0);
    let whole =
        [Play::new("hls", live.url("index.m3u8"), 4.0), Play::new("shaka", live.url("index.m3u8"), 4.0)];
    close_behind(&mut browser, &whole, 8.0);
}

/// From H.264 and AAC to VP9 and Opus, and back. shaka-player takes the codecs of an HLS rendition from the first list: there, it is another
/// profile of H.264, another size, and another rate of AAC.
#[test]
fn a_live_stream_plays_on_where_its_coding_changes() {
    let Some(mut browser) = Browser::get() else { return };
    let stream = |part, clips: [Clip; 2]| {
        let sections = clips.map(|clip| Section::read(&clip.make(), 6, &ALL));
        Live::start(Format::Fmp4, part, sections.into())
    };
    let whole = stream(None, [Clip::BaselineAac, Clip::Vp9Opus]);
    let parts = stream(PARTS, [Clip::BaselineAac, Clip::Vp9Opus]);
    let alike = stream(None, [Clip::BaselineAac, Clip::HighAac]);
    let over =
        |player, live: &Live, file, low| Play { sizes: 3, low, ..Play::new(player, live.url(file), 2.0) };
    for plays in [
        vec![
            over("hls", &whole, "index.m3u8", false),
            over("dash", &whole, "index.mpd", false),
            over("shaka", &whole, "index.mpd", false),
            over("shaka", &alike, "index.m3u8", false),
        ],
        vec![
            over("hls", &parts, "index.m3u8", true),
            over("dash", &parts, "index.mpd", true),
            over("shaka", &parts, "index.mpd", true),
        ],
    ] {
        for (play, report) in plays.iter().zip(watch(&mut browser, &plays, |_| false)) {
            let what = check(play, &report);
            let widths: Vec<_> = report.sizes.iter().map(|(_, width, _)| *width).collect();
            assert!(widths.windows(2).all(|pair| pair[0] + pair[1] == 320 + 480), "{what}");
            assert!(report.is_whole(3.0, 0.05), "the buffer has a hole: {what}");
        }
    }
}

/// Plays them, less than so many seconds behind.
fn close_behind(browser: &mut Browser, plays: &[Play], seconds: f64) {
    let late = |report: &Report| report.behind.is_none_or(|behind| behind >= seconds);
    for (play, report) in plays.iter().zip(watch(browser, plays, late)) {
        let what = check(play, &report);
        assert!(report.behind.is_some_and(|behind| (0.0..seconds).contains(&behind)), "{what}");
        assert!(report.is_whole(3.0, 0.0), "the buffer has a hole: {what}");
    }
}

/// Plays them at the same time. A machine so busy that a player ran dry, fell behind, or left something out to stay close, says nothing of the stream: it plays it again then, twice
/// at most. So does one that never began: of twenty starts of shaka-player in low-latency HLS, one comes to nothing.
fn watch(browser: &mut Browser, plays: &[Play], late: impl Fn(&Report) -> bool) -> Vec<Report> {
    let mut reports = browser.play(plays);
    for _ in 0..2 {
        let busy = |index: &usize| {
            let report = &reports[*index];
            let jumped = plays[*index].low && !report.jumps.is_empty();
            report.begin.is_none() || report.ran_dry() || jumped || late(report)
        };
        let busy: Vec<_> = (0..plays.len()).filter(busy).collect();
        let again: Vec<_> = busy.iter().map(|index| plays[*index].clone()).collect();
        if !again.is_empty() {
            busy.into_iter().zip(browser.play(&again)).for_each(|(index, report)| reports[index] = report);
        }
    }
    reports
}

/// That it was played to the end: pictures and sound, nobody complains, nothing is left out. What to say if it was not so.
fn check(play: &Play, report: &Report) -> String {
    let what = format!("{play:?}: {report:?}");
    if std::env::var_os("SAY").is_some() {
        eprintln!("{what}");
    }
    assert!(report.complaints().is_empty(), "{what}");
    assert!(report.played() >= play.seconds - 0.1 && report.sizes.len() >= play.sizes, "{what}");
    let has_pictures = report.sizes.iter().any(|(_, width, _)| *width > 0);
    // Software decoding may drop some.
    assert!(!has_pictures || report.pictures as f64 >= report.played() * 10.0, "{what}");
    assert!(report.sound > 0 && report.stood < 5.0, "{what}");
    assert!(report.jumps.iter().all(|(from, to)| (to - from).abs() < 0.1), "{what}");
    what
}

/// Parts of 0.2 s.
const PARTS: Option<Duration> = Some(Duration::from_millis(200));
const ALL: [Kind; 2] = [Kind::Video, Kind::Audio];
