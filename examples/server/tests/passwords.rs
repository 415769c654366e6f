//! Cameras behind passwords: the right one shows the picture by basic and by digest, the wrong one is named as what is wrong.

mod support;

use support::camera::Camera;
use support::server::Server;

#[test]
fn the_right_password_works_and_the_wrong_one_is_named() {
    need!(Gstreamer);
    for method in ["basic", "digest"] {
        let camera = Camera::guarded(&["cam?live=slices"], method, "admin", "p:ss w");
        let source = |user, password| format!("source: {}", camera.url_with("cam", user, password));
        let server = Server::start(&[
            ("right", &source("admin", "p%3Ass%20w")),
            ("wrong", &source("admin", "guess")),
            ("none", &format!("source: {}", camera.url("cam"))),
        ]);

        server.wait_for_segments("right", 2);
        server.wait_for_state("wrong", &["password"]);
        server.wait_for_state("none", &["password"]);
        for path in ["wrong", "none"] {
            assert_eq!(server.get(&format!("/{path}/index.m3u8")).status, 503, "{method}: {path}");
        }
        assert!(!server.log().contains("guess"), "{method}: the password is in the log:\n{}", server.log());
        assert!(!server.state("wrong").to_string().contains("guess"), "{method}: the password is in the API");
    }
}
