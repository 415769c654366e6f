//! Viewers: headless Chromium plays the pages with hls.js and with dash.js, and goes on by itself when the camera was away.

mod support;

use std::sync::{Mutex, PoisonError};

use support::camera::{Camera, playing};
use support::server::Server;
use support::viewer::{Report, Viewer};
use support::{clip, wait_for};

/// A browser decodes in software; two at once would starve each other on a small machine.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn the_test_camera_plays() {
    need!(Chromium);
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let server = Server::start_with("", &[("demo", "source: pattern")]);
    server.wait_for_segments("demo", 3);
    for player in ["hls", "dash"] {
        play_for_twenty_seconds(&server, "demo", player);
    }
}

#[test]
fn a_pulled_camera_plays() {
    need!(Chromium, Gstreamer, Ffmpeg, Media);
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let clip = clip::bframes_and_aac();
    let camera = Camera::start(&[&playing("cam", &clip, &["audio=aac"])]);
    let server = Server::start_with("", &[("cam", &format!("source: {}", camera.url("cam")))]);
    server.wait_for_segments("cam", 3);
    for player in ["hls", "dash"] {
        play_for_twenty_seconds(&server, "cam", player);
    }
}

#[test]
fn playback_goes_on_by_itself_when_the_camera_was_away() {
    need!(Chromium, Gstreamer, Ffmpeg, Media);
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let clip = clip::bframes_and_aac();
    for player in ["hls", "dash"] {
        let mut camera = Camera::start(&[&playing("cam", &clip, &["audio=aac"])]);
        let server = Server::start_with("", &[("cam", &format!("source: {}", camera.url("cam")))]);
        server.wait_for_segments("cam", 3);

        let mut viewer =
            Viewer::open(&server.url(&format!("/cam/?player={player}")), &format!("restart-{player}"));
        let begin = viewer.watch_until("the first picture", 30, |report| report.pictures > 0);
        viewer.watch_until("five seconds of it", 30, |report| report.position > begin.position + 5.0);
        camera.kill();
        wait_for("the loss to show", || (!server.state("cam")["ready"].as_bool()?).then_some(()));
        // Long enough to load and play all there is.
        let edge = (0..8).map(|_| viewer.report().edge()).fold(0.0, f64::max);
        camera.restart();
        viewer.watch_until("what came after", 60, |report| report.position > edge + 5.0);
        viewer.close();
    }
}

/// Plays twenty seconds of a path by its page: time advances, the buffer has no hole, there is no error. A machine so busy that a player
/// ran dry says nothing of the stream: another viewer begins then, twice at most.
fn play_for_twenty_seconds(server: &Server, path: &str, player: &str) {
    let what = format!("{path}-{player}");
    let url = server.url(&format!("/{path}/?player={player}"));
    let mut stalls = Vec::new();
    while stalls.len() < 3 {
        let mut viewer = Viewer::open(&url, &what);
        match watch_twenty_seconds(&mut viewer, &what) {
            Ok(()) => return viewer.close(),
            Err(stall) => stalls.push(stall),
        }
    }
    panic!("{what}: three viewers ran dry: {stalls:#?}");
}

/// The report in which the player had run dry, when it did.
fn watch_twenty_seconds(viewer: &mut Viewer, what: &str) -> Result<(), Report> {
    let begin = viewer.watch_until("the first picture", 30, |report| report.pictures > 0);
    for _ in 0..40 {
        let report = viewer.report();
        if report.ran_dry() {
            return Err(report);
        }
        assert_eq!(report.errors, Vec::<String>::new(), "{what}");
        assert!(report.longest_gap_after(begin.position) < 0.1, "{what}: the buffer has a hole: {report:?}");
        if report.position > begin.position + 20.0 {
            // Software decoding may drop some; a stream that lacks pictures lacks most.
            let pictures = report.pictures - begin.pictures;
            assert!(pictures > 300, "{what}: {pictures} pictures in twenty seconds");
            assert!(report.size.0 > 0 && report.size.1 > 0, "{what}: no picture");
            return Ok(());
        }
    }
    Err(viewer.report())
}
