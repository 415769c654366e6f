//! A camera that codes each picture in two slices (x264 with `-tune zerolatency -threads 2`) and one that sends its parameter sets in
//! the SDP only: others make segments of both that no decoder can start with. Every segment of ours decodes alone.

mod support;

use support::camera::{Camera, playing};
use support::ffmpeg::{Content, assert_same_content, decode_alone};
use support::server::Server;
use support::{clip, output};

#[test]
fn every_segment_decodes_alone() {
    need!(Gstreamer, Ffmpeg);
    let clip = clip::slices();
    let source = Content::of_file(&clip);
    let mounts =
        [playing("inband", &clip, &[]), playing("sdp", &clip, &["sets=sdp"]), "live?live=slices".to_owned()];
    let camera = Camera::start(&[&mounts[0], &mounts[1], &mounts[2]]);
    let sources = ["inband", "sdp", "live"].map(|name| (name, format!("source: {}", camera.url(name))));
    let server = Server::start(&sources.each_ref().map(|(name, source)| (*name, source.as_str())));

    for path in ["inband", "sdp", "live"] {
        let playlist = server.wait_for_segments(path, 5);
        let scratch = output().join(format!("slices-{}-{path}.mp4", std::process::id()));
        for segment in playlist.segments.iter().take(5) {
            let parts = [&segment.map, &segment.uri].map(|name| server.get(&format!("/{path}/{name}")).body);
            let (pictures, complaints) = decode_alone(&parts.concat(), &scratch);
            assert_eq!(complaints, "", "{path}/{}", segment.uri);
            // 25 fps, and a key frame each second: a segment is 25 pictures, the first perhaps cut short by when we tuned in.
            assert!((1..=50).contains(&pictures), "{path}/{} has {pictures} pictures", segment.uri);
        }
        std::fs::remove_file(&scratch).expect("we wrote it");
    }
    let url = server.url("/sdp/index.m3u8");
    assert_same_content(&url, &Content::of_live(&url, 4), &source, 90);
}
