//! Viewers: headless Chromium plays the pages with hls.js and with dash.js, and goes on by itself when the camera was away.

mod support;

use support::camera::{Camera, playing};
use support::clip;
use support::server::Server;
use support::viewer::{Report, Viewer};

#[test]
fn the_test_camera_plays() {
    need!(Chromium);
    let server = Server::start_with("", &[("demo", "source: pattern")]);
    server.wait_for_segments("demo", 3);
    for player in ["hls", "dash"] {
        play_for_twenty_seconds(&server, "demo", player);
    }
}

#[test]
fn a_pulled_camera_plays() {
    need!(Chromium, Gstreamer, Ffmpeg, Media);
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
        let mut last = 0;
        let stalled = viewer.watch_until("the picture to stand still", 60, |report| {
            let stands = report.pictures == last;
            last = report.pictures;
            stands
        });
        camera.restart();
        let goes_on = |report: &Report| report.pictures > stalled.pictures + 100;
        let after = viewer.watch_until("the picture to move again", 60, goes_on);
        assert!(after.position > stalled.position, "{player}: {after:?}");
        viewer.close();
    }
}

/// Plays a path's page: time advances, the buffer has no hole, there is no error.
fn play_for_twenty_seconds(server: &Server, path: &str, player: &str) {
    let what = format!("{path}-{player}");
    let mut viewer = Viewer::open(&server.url(&format!("/{path}/?player={player}")), &what);
    let begin = viewer.watch_until("the first picture", 30, |report| report.pictures > 0);
    let reports: Vec<Report> = (0..20).map(|_| viewer.report()).collect();
    let end = &reports[reports.len() - 1];

    for report in &reports {
        assert_eq!(report.errors, Vec::<String>::new(), "{what}");
        assert!(report.gaps.iter().all(|gap| *gap < 0.1), "{what}: the buffer has holes: {report:?}");
    }
    assert!(end.position - begin.position > 15.0, "{what}: from {begin:?} to {end:?} in twenty seconds");
    assert!(
        end.pictures > begin.pictures + 300,
        "{what}: {} pictures in twenty seconds",
        end.pictures - begin.pictures
    );
    assert!(end.size.0 > 0 && end.size.1 > 0, "{what}: no picture");
    viewer.close();
}
