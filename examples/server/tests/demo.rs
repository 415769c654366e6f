//! The server without any configuration: a test picture with a tone, and the pages around it.

mod support;

use std::process::Command;

use support::ffmpeg::{Content, probe};
use support::server::Server;

#[test]
fn without_configuration_there_is_a_test_camera() {
    need!(Ffmpeg);
    let empty_folder = support::output().join(format!("empty-{}", std::process::id()));
    std::fs::create_dir_all(&empty_folder).expect("the output folder is writable");
    let mut command = Command::new(env!("CARGO_BIN_EXE_reelmill"));
    let server = Server::launch(command.current_dir(&empty_folder).env("MTX_HLSADDRESS", "127.0.0.1:0"));

    server.wait_for_segments("demo", 5);
    for manifest in ["index.m3u8", "index.mpd", "manifest.mpd"] {
        let url = server.url(&format!("/demo/{manifest}"));
        let content = Content::of_live(&url, 2);
        assert_eq!(content.complaints, "", "{url}");
        assert!(content.pictures.len() > 20, "{url}: {} pictures", content.pictures.len());
        assert!(!content.sounds.is_empty(), "{url}: the tone is missing");
        let mut different = content.pictures.clone();
        different.dedup();
        assert!(different.len() > 20, "{url}: the picture stands still");
        assert_eq!(probe(&url).len(), 2, "{url}");
    }
    for (target, kind) in [
        ("/", "text/html"),
        ("/demo/", "text/html"),
        ("/demo/index.m3u8", "application/vnd.apple.mpegurl"),
        ("/demo/index.mpd", "application/dash+xml"),
        ("/metrics", "text/plain"),
    ] {
        let answer = server.get(target);
        assert_eq!(answer.status, 200, "{target}");
        let found = answer.header("content-type").unwrap_or_default();
        assert!(
            found.starts_with(kind) || found.starts_with("application/openmetrics-text"),
            "{target} is {found:?}"
        );
    }
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/nobody/index.m3u8").status, 404);
    assert!(server.terminate().success(), "an asked-for end is a success");
    std::fs::remove_dir_all(&empty_folder).expect("we made it");
}
