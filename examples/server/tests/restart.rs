//! A camera that loses power and comes back: viewers keep their playlist, which goes on after a discontinuity.

mod support;

use support::camera::{Camera, playing};
use support::ffmpeg::decode_alone;
use support::server::Server;
use support::{clip, output, wait_for};

#[test]
fn the_playlist_goes_on_after_a_discontinuity() {
    need!(Gstreamer, Ffmpeg, Media);
    let clip = clip::bframes_and_aac();
    let mut camera = Camera::start(&[&playing("cam", &clip, &["audio=aac"])]);
    let server = Server::start(&[("cam", &format!("source: {}", camera.url("cam")))]);

    let before = server.wait_for_segments("cam", 3);
    assert_eq!(before.discontinuities(), 0);
    camera.kill();
    wait_for("the loss to show", || (!server.state("cam")["ready"].as_bool()?).then_some(()));
    let during = server.playlists("cam").expect("the playlists stay while the camera is away");
    camera.restart();

    let after = server.wait_for_segments("cam", during[0].end() + 3);
    assert_eq!(after.discontinuities(), 1, "{after:?}");
    assert!(after.segments.starts_with(&before.segments), "what was listed stays as it was");
    assert_eq!(after.target_duration, before.target_duration);
    let sound = &server.playlists("cam").expect("they are served")[1];
    assert_eq!(sound.discontinuities(), 1, "sound follows: {sound:?}");

    let joint = after.segments.iter().position(|segment| segment.discontinuity).expect("it is listed");
    let scratch = output().join(format!("restart-{}.mp4", std::process::id()));
    for segment in &after.segments[joint..] {
        let parts = [&segment.map, &segment.uri].map(|name| server.get(&format!("/cam/{name}")).body);
        let (pictures, complaints) = decode_alone(&parts.concat(), &scratch);
        assert_eq!((pictures > 0, complaints.as_str()), (true, ""), "{}", segment.uri);
    }
    std::fs::remove_file(&scratch).expect("we wrote it");
}
