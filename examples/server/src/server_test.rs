use std::path::PathBuf;
use std::process::Command;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::config;

async fn demo() -> Server {
    let mut config = Config { hls_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), ..Config::default() };
    config.paths.insert("demo".to_owned(), config::Path::new(Source::Pattern));
    Server::start(&config, &[Handle::current()]).await.expect("a free port")
}

/// The body of a successful answer.
async fn get(server: &Server, address: &str) -> Vec<u8> {
    let mut connection = TcpStream::connect(server.address()).await.expect("the server listens");
    let request = format!("GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.expect("the server answers");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("headers end");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    assert!(head.starts_with("HTTP/1.1 200"), "{address}: {head}");
    answer.split_off(end + 4)
}

async fn text(server: &Server, address: &str) -> String {
    String::from_utf8(get(server, address).await).expect("text")
}

/// The header and the first listed segment of a media playlist.
async fn beginning(server: &Server, playlist: &str) -> Vec<u8> {
    let playlist = text(server, &format!("/demo/{playlist}")).await;
    let header = playlist.split("URI=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a map");
    let segment = playlist.lines().find(|line| line.ends_with(".m4s")).expect("a segment");
    let mut file = get(server, &format!("/demo/{header}")).await;
    file.extend(get(server, &format!("/demo/{segment}")).await);
    file
}

/// What ffprobe finds in a file: codec and number of decoded frames. `None` where there is no ffprobe.
fn probe(name: &str, file: &[u8]) -> Option<(String, u32)> {
    let path: PathBuf = std::env::temp_dir().join(format!("reelmill-{}-{name}.mp4", std::process::id()));
    std::fs::write(&path, file).expect("a temporary file");
    let arguments = [
        "-v",
        "error",
        "-count_frames",
        "-show_entries",
        "stream=codec_name,nb_read_frames",
        "-of",
        "csv=p=0",
    ];
    let output = Command::new("ffprobe").args(arguments).arg(&path).output();
    std::fs::remove_file(&path).expect("the temporary file is ours");
    let Ok(output) = output else {
        eprintln!("skipped: ffprobe is not installed");
        return None;
    };
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let (codec, frames) = line.trim().split_once(',').unwrap_or_else(|| panic!("ffprobe says {line:?}"));
    Some((codec.to_owned(), frames.parse().expect("a number")))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_test_camera_is_served_by_hls_and_dash() {
    let server = demo().await;
    let multivariant = text(&server, "/demo/index.m3u8").await;
    assert!(
        multivariant.contains("RESOLUTION=640x360") && multivariant.contains("mp4a.40.2"),
        "{multivariant}"
    );

    let video = if cfg!(feature = "x264") { "h264" } else { "vp9" };
    for (playlist, codec) in [("video1.m3u8", video), ("audio2.m3u8", "aac")] {
        assert!(multivariant.contains(playlist), "{multivariant}");
        if let Some((found, frames)) = probe(codec, &beginning(&server, playlist).await) {
            assert_eq!(found, codec);
            assert!(frames > 0);
        }
    }

    let manifest = text(&server, "/demo/index.mpd").await;
    let prefix = multivariant_prefix(&text(&server, "/demo/video1.m3u8").await);
    assert!(manifest.contains(&format!("{prefix}_1_$Number$.m4s")), "the same segments: {manifest}");

    let metrics = text(&server, "/metrics").await;
    assert!(metrics.contains("paths{name=\"demo\",state=\"ready\"} 1.0"), "{metrics}");
    server.stop().await;
}

fn multivariant_prefix(playlist: &str) -> String {
    let segment = playlist.lines().find(|line| line.ends_with(".m4s")).expect("a segment");
    segment.split('_').next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_listens_no_more() {
    let server = demo().await;
    let address = server.address();
    assert_eq!(text(&server, "/healthz").await, "ok\n");
    server.stop().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let server = demo().await;
    let config = Config { hls_address: server.address(), ..Config::default() };
    let error =
        Server::start(&config, &[Handle::current()]).await.expect_err("the port is taken").to_string();
    assert!(error.starts_with(&format!("cannot listen on {}", server.address())), "{error}");
    server.stop().await;
}
