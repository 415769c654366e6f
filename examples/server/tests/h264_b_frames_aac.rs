//! A camera with H.264 in B-frames and AAC, over TCP and over UDP: what ffmpeg reads from our HLS and our DASH is what the camera shows.

mod support;

use support::camera::{Camera, playing};
use support::clip;
use support::ffmpeg::{Content, assert_same_content, probe};
use support::server::Server;

#[test]
fn hls_and_dash_show_what_the_camera_shows_over_tcp_and_udp() {
    need!(Gstreamer, Ffmpeg, Media);
    let clip = clip::bframes_and_aac();
    let source = Content::of_loop(&clip);
    let mounts = [
        playing("tcp", &clip, &["audio=aac", "transport=tcp"]),
        playing("udp", &clip, &["audio=aac", "transport=udp"]),
    ];
    let camera = Camera::start(&[&mounts[0], &mounts[1]]);
    let server = Server::start(&[
        ("tcp", &format!("source: {}\nrtspTransport: tcp", camera.url("tcp"))),
        ("udp", &format!("source: {}\nrtspTransport: udp", camera.url("udp"))),
    ]);

    for path in ["tcp", "udp"] {
        server.wait_for_segments(path, 9);
        for manifest in ["index.m3u8", "index.mpd"] {
            let url = server.url(&format!("/{path}/{manifest}"));
            assert_same_content(&url, &Content::of_live(&url, 6), &source, 100);
            // As ffprobe reads mp4/sample.mp4.
            assert_eq!(probe(&url), ["aac 1 ch", "h264 1080x720"], "{url}");
        }
    }
}

#[test]
fn a_pyramid_of_b_frames_without_sound_comes_out_in_order() {
    need!(Gstreamer, Ffmpeg, Media);
    let clip = clip::pyramid();
    let source = Content::of_loop(&clip);
    let camera = Camera::start(&[&playing("cam", &clip, &[])]);
    let server = Server::start(&[("cam", &format!("source: {}", camera.url("cam")))]);

    server.wait_for_segments("cam", 6);
    let url = server.url("/cam/index.m3u8");
    assert_same_content(&url, &Content::of_live(&url, 4), &source, 90);
}
