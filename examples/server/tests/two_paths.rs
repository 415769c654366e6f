//! Two cameras at once: each path shows its own, and one that goes away does not disturb the other.

mod support;

use support::camera::{Camera, playing};
use support::clip;
use support::ffmpeg::{Content, assert_same_content};
use support::server::Server;

#[test]
fn each_path_shows_its_own_camera() {
    need!(Gstreamer, Ffmpeg, Media);
    let clips = [clip::bframes_and_aac(), clip::h265()];
    let contents = clips.each_ref().map(|clip| Content::of_loop(clip));
    let mut door = Camera::start(&[&playing("door", &clips[0], &["audio=aac"])]);
    let yard = Camera::start(&[&playing("yard", &clips[1], &["video=h265"])]);
    let server = Server::start(&[
        ("door", &format!("source: {}", door.url("door"))),
        ("garden/yard", &format!("source: {}", yard.url("yard"))),
    ]);

    server.wait_for_segments("door", 4);
    door.kill();
    let seen = server.wait_for_segments("garden/yard", 4).end();
    let after = server.wait_for_segments("garden/yard", seen + 3);
    assert_eq!(after.discontinuities(), 0, "the other camera's loss is not ours");
    for (path, content) in ["door", "garden/yard"].into_iter().zip(&contents) {
        let url = server.url(&format!("/{path}/index.m3u8"));
        assert_same_content(&url, &Content::of_live(&url, 2), content, 40);
    }
}
