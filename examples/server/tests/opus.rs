//! A camera with H.264 and Opus: both come through unchanged.

mod support;

use support::camera::{Camera, playing};
use support::clip;
use support::ffmpeg::{Content, assert_same_content, probe};
use support::server::Server;

#[test]
fn opus_comes_through_unchanged() {
    need!(Gstreamer, Ffmpeg);
    let clip = clip::opus();
    let source = Content::of_file(&clip);
    let camera = Camera::start(&[&playing("cam", &clip, &["audio=opus"])]);
    let server = Server::start(&[("cam", &format!("source: {}", camera.url("cam")))]);

    server.wait_for_segments("cam", 8);
    for manifest in ["index.m3u8", "index.mpd"] {
        let url = server.url(&format!("/cam/{manifest}"));
        assert_same_content(&url, &Content::of_live(&url, 5), &source, 100);
        assert_eq!(probe(&url).len(), 2, "{url}");
    }
}
