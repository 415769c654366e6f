//! Live streams, as an origin serves them.

use std::time::Duration;

use media_core::segment::Format;
use media_core::track::Kind;

use crate::browser::{Browser, Play, Report};
use crate::clip::Clip;
use crate::live::{Live, Section};

/// Parts of 0.2 s.
const PARTS: Option<Duration> = Some(Duration::from_millis(200));
const ALL: [Kind; 2] = [Kind::Video, Kind::Audio];

#[test]
fn a_live_stream_with_parts_plays_close_behind_and_as_before() {
    let Some(mut browser) = Browser::get() else { return };
    let live = Live::start(Format::Fmp4, PARTS, vec![Section::read(&Clip::H264Aac.make(), 12, &ALL)]);
    let plain = |player, file| Play::new(player, live.url(file), 8.0);
    let close = |player, file| Play { low: true, ..plain(player, file) };
    let before = [plain("hls", "index.m3u8"), plain("dash", "index.mpd"), plain("shaka", "index.mpd")];
    let behind = [close("hls", "index.m3u8"), close("shaka", "index.m3u8")];
    // Segments of a second: who does not know of parts stays three behind; who does, less than one, if the machine is idle.
    for (plays, most) in [(&before[..], 6.0), (&behind[..], 3.0)] {
        let late = |report: &Report| report.behind.is_none_or(|behind| behind >= most);
        for (play, report) in plays.iter().zip(watch(&mut browser, plays, late)) {
            let what = check(play, &report);
            assert!(report.behind.is_some_and(|behind| (0.0..most).contains(&behind)), "{what}");
            assert!(report.is_whole(4.0, 0.0), "the buffer has a hole: {what}");
        }
    }
}

#[test]
fn a_live_stream_plays_on_where_its_coding_changes() {
    let Some(mut browser) = Browser::get() else { return };
    let sections = [Clip::H264Aac, Clip::Vp9Opus].map(|clip| Section::read(&clip.make(), 6, &ALL));
    let live = Live::start(Format::Fmp4, PARTS, sections.into());
    // From the one to the other, and back.
    let over = |player, file| Play { sizes: 3, ..Play::new(player, live.url(file), 2.0) };
    let plays = [over("dash", "index.mpd"), over("shaka", "index.mpd")];
    for (play, report) in plays.iter().zip(watch(&mut browser, &plays, |_| false)) {
        let what = check(play, &report);
        let widths: Vec<_> = report.sizes.iter().map(|(_, width, _)| *width).collect();
        assert!(widths.windows(2).all(|pair| pair[0] + pair[1] == 320 + 480), "{what}");
        // Pictures that are reordered begin two pictures later than they are decoded.
        assert!(report.is_whole(4.0, 0.1), "the buffer has a hole: {what}");
    }
}

/// Plays them at the same time. A machine so busy that a player ran dry, or fell behind, says nothing of the stream: it plays it again then, twice
/// at most.
fn watch(browser: &mut Browser, plays: &[Play], late: impl Fn(&Report) -> bool) -> Vec<Report> {
    let mut reports = browser.play(plays);
    for _ in 0..2 {
        let busy = |index: &usize| reports[*index].ran_dry() || late(&reports[*index]);
        let busy: Vec<_> = (0..plays.len()).filter(busy).collect();
        let again: Vec<_> = busy.iter().map(|index| plays[*index].clone()).collect();
        if !again.is_empty() {
            busy.into_iter().zip(browser.play(&again)).for_each(|(index, report)| reports[index] = report);
        }
    }
    reports
}

/// That it was played to the end: pictures and sound, nobody complains, nothing that matters was left out. What to say if it was not so.
fn check(play: &Play, report: &Report) -> String {
    let what = format!("{play:?}: {report:?}");
    assert!(report.complaints().is_empty(), "{what}");
    assert!(report.played() >= play.seconds - 0.1 && report.sizes.len() >= play.sizes, "{what}");
    // Software decoding may drop some.
    assert!(report.sound > 0 && report.pictures as f64 >= report.played() * 10.0, "{what}");
    assert!(report.stood < 5.0, "{what}");
    // shaka-player jumps over a hole from half a second before it.
    assert!(report.jumps.iter().all(|(from, to)| (0.0..0.7).contains(&(to - from))), "{what}");
    what
}
