//! What goes wrong with cameras is told by the API and the log in words, and never takes the server down.

mod support;

use support::camera::{Camera, playing};
use support::clip;
use support::server::Server;

#[test]
fn each_trouble_is_told_for_what_it_is() {
    need!(Gstreamer, Ffmpeg);
    let camera =
        Camera::start(&["jpeg?live=jpeg", &playing("sound", &clip::sound(), &["video=none", "audio=aac"])]);
    // A port that was free a moment ago.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a port");
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_url = format!("source: rtsp://{}/cam", silent.local_addr().expect("it is bound"));
    let server = Server::start_with(
        "readTimeout: 2s",
        &[
            ("nonsense", "source: 'rtsp:///nowhere'"),
            ("scheme", "source: gopher://127.0.0.1/cam"),
            ("refused", &format!("source: rtsp://{closed}/cam")),
            ("silent", &silent_url),
            ("absent", &format!("source: {}", camera.url("no-such-mount"))),
            ("jpeg", &format!("source: {}", camera.url("jpeg"))),
            ("sound", &format!("source: {}", camera.url("sound"))),
            ("demo", "source: pattern"),
        ],
    );

    for (path, words) in [
        ("nonsense", &["bad URL"][..]),
        ("scheme", &["bad URL", "gopher"]),
        ("refused", &["refused"]),
        ("silent", &["answer"]),
        ("absent", &["404"]),
        ("jpeg", &["unsupported", "jpeg"]),
    ] {
        server.wait_for_state(path, words);
        assert_eq!(server.get(&format!("/{path}/index.m3u8")).status, 503, "{path}");
        assert_eq!(server.get(&format!("/{path}/")).status, 200, "the page of {path} says what is wrong");
    }
    // Sound alone is served as sound, and said to be no more.
    server.wait_for_segments("sound", 2);
    server.wait_for_state("sound", &["no video"]);
    let tracks = &server.state("sound")["tracks"];
    assert_eq!(tracks.as_array().map(Vec::len), Some(1), "{tracks}");
    server.wait_for_segments("demo", 3);
    assert_eq!(server.get("/healthz").status, 200);
    let ticks = processor_ticks(server.process_id());
    server.wait_for_segments("demo", 6);
    // Three seconds of the test picture, encoded; seven unhappy paths must not add a busy loop (100 ticks a second) to it.
    assert!(processor_ticks(server.process_id()) - ticks < 250, "the server is busy with nothing");
}

/// Time a process has spent on processors, in ticks of 10 ms: fields 14 and 15 of /proc/PID/stat, proc(5).
fn processor_ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    after_name.split(' ').skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum()
}
