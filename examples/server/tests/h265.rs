//! A camera with H.265: what ffmpeg reads from our HLS and our DASH is what the camera shows.

mod support;

use support::camera::{Camera, playing};
use support::clip;
use support::ffmpeg::{Content, assert_same_content, probe};
use support::server::Server;

#[test]
fn hls_and_dash_show_what_the_camera_shows() {
    need!(Gstreamer, Ffmpeg, Media);
    let clip = clip::h265();
    let source = Content::of_loop(&clip);
    let camera = Camera::start(&[&playing("cam", &clip, &["video=h265"])]);
    let server = Server::start(&[("cam", &format!("source: {}", camera.url("cam")))]);

    server.wait_for_segments("cam", 8);
    for manifest in ["index.m3u8", "index.mpd"] {
        let url = server.url(&format!("/cam/{manifest}"));
        assert_same_content(&url, &Content::of_live(&url, 5), &source, 100);
        assert_eq!(probe(&url), ["hevc 854x480"], "{url}");
    }
    // Apple's players take H.265 as `hvc1` only.
    let multivariant = server.get("/cam/index.m3u8").text();
    assert!(multivariant.contains("CODECS=\"hvc1."), "{multivariant}");
}
