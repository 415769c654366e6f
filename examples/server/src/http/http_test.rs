use std::net::Ipv4Addr;

use axum::http::Request as HttpRequest;
use bytes::Bytes;
use http_body_util::BodyExt;
use media_core::mux::Rope;
use tower::ServiceExt;

use super::*;
use crate::config::{self, Source};

const SEGMENT: &str = "abc_1_7.m4s";

/// A stream that is playing, one that is down, and one without DASH.
fn app() -> App {
    let path = |name: &str, dash| {
        let mut config = config::Path::new(Source::Pattern);
        config.dash = dash;
        Arc::new(Path::new(name, config, Duration::from_secs(10)))
    };
    let (live, down, plain) = (path("a/live", true), path("down", true), path("plain", false));
    let rope: Rope = [Bytes::from_static(b"0123"), Bytes::from_static(b"456789")].into_iter().collect();
    for path in [&live, &plain] {
        path.store(|store| {
            store.cut(7, vec![(SEGMENT.to_owned(), Resource::media(SEGMENT, "video/mp4", rope.clone()))]);
            let playlist = |kind, text: &str| Resource::playlist("abc", 3, kind, text.to_owned());
            store.playlists(vec![
                ("index.m3u8".to_owned(), playlist("application/vnd.apple.mpegurl", "#EXTM3U\n")),
                ("index.mpd".to_owned(), playlist("application/dash+xml", "<MPD/>\n")),
            ]);
        });
        path.update(|status| {
            status.cuts = 3;
            status.state = StreamState::Ready;
            true
        });
    }
    down.update(|status| {
        status.state = StreamState::Down { reason: "the camera is away".to_owned() };
        true
    });
    let paths = [live, down, plain].into_iter().map(|path| (path.name().to_owned(), path));
    App { paths: Arc::new(paths.collect()) }
}

struct Got {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

async fn ask(app: &App, method: &str, address: &str, headers: &[(&str, &str)]) -> Got {
    let mut request = HttpRequest::builder().method(method).uri(address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let origins = ["*".to_owned()];
    let request = request.body(Body::empty()).expect("a request");
    let response = router(app.clone(), &origins).oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    Got {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}

async fn get(address: &str, headers: &[(&str, &str)]) -> Got {
    ask(&app(), "GET", address, headers).await
}

#[tokio::test]
async fn playlists_and_segments_have_their_types_and_caching() {
    for (file, kind, cache) in [
        ("index.m3u8", "application/vnd.apple.mpegurl", "no-cache"),
        ("index.mpd", "application/dash+xml", "no-cache"),
        (SEGMENT, "video/mp4", "public, max-age=3600, immutable"),
    ] {
        let got = get(&format!("/a/live/{file}"), &[("Origin", "https://elsewhere.example")]).await;
        assert_eq!(
            (got.status, got.header("content-type"), got.header("cache-control")),
            (200, kind, cache),
            "{file}"
        );
        assert_eq!(got.header("access-control-allow-origin"), "*");
        assert_eq!(got.header("content-length"), got.body.len().to_string());
    }
}

#[tokio::test]
async fn a_segment_is_sent_in_the_pieces_it_lies_in() {
    let mut body = RopeBody::from(
        [Bytes::from_static(b"0123"), Bytes::from_static(b"45")].into_iter().collect::<Rope>(),
    );
    let mut pieces = Vec::new();
    while let Some(frame) = body.frame().await {
        pieces.push(frame.expect("infallible").into_data().expect("data"));
    }
    assert_eq!(pieces, ["0123", "45"]);
    assert_eq!(body.size_hint().exact(), Some(0));
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    for file in ["index.m3u8", SEGMENT] {
        let address = format!("/a/live/{file}");
        let etag = get(&address, &[]).await.header("etag").to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2);
        for tag in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
            let got = get(&address, &[("If-None-Match", &tag)]).await;
            assert_eq!((got.status, got.body.as_str(), got.header("etag")), (304, "", etag.as_str()));
        }
        assert_eq!(get(&address, &[("If-None-Match", "\"other\"")]).await.status, 200);
    }
}

#[tokio::test]
async fn ranges_of_segments_are_served() {
    let address = format!("/a/live/{SEGMENT}");
    let part = get(&address, &[("Range", "bytes=2-5")]).await;
    assert_eq!(
        (part.status, part.body.as_str(), part.header("content-range")),
        (206, "2345", "bytes 2-5/10")
    );
    let none = get(&address, &[("Range", "bytes=10-")]).await;
    assert_eq!((none.status, none.header("content-range")), (416, "bytes */10"));
    let stale = get(&address, &[("Range", "bytes=2-5"), ("If-Range", "\"other\"")]).await;
    assert_eq!((stale.status, stale.body.as_str()), (200, "0123456789"));
    assert_eq!(get("/a/live/index.m3u8", &[("Range", "bytes=0-1")]).await.status, 200);
}

#[tokio::test]
async fn head_has_the_length_and_no_body() {
    let got = ask(&app(), "HEAD", &format!("/a/live/{SEGMENT}"), &[]).await;
    assert_eq!((got.status, got.header("content-length")), (200, "10"));
}

#[tokio::test]
async fn other_methods_are_refused_and_preflights_answered() {
    let app = app();
    let got = ask(&app, "POST", "/a/live/index.m3u8", &[]).await;
    assert_eq!((got.status, got.header("allow")), (405, "GET, HEAD"));
    let preflight = [("Origin", "https://e.example"), ("Access-Control-Request-Method", "GET")];
    let got = ask(&app, "OPTIONS", "/a/live/index.m3u8", &preflight).await;
    assert_eq!((got.status, got.header("access-control-allow-methods")), (200, "GET,HEAD"));
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    for address in [
        "/nosuch/index.m3u8",
        "/a/live/abc_1_6.m4s",
        "/a/live/audio9.m3u8",
        "/plain/index.mpd",
        "/live/index.m3u8",
    ] {
        assert_eq!(get(address, &[]).await.status, 404, "{address}");
    }
}

#[tokio::test]
async fn a_camera_that_is_away_is_unavailable_and_says_why() {
    for file in ["index.m3u8", "index.mpd"] {
        let got = get(&format!("/down/{file}"), &[]).await;
        assert_eq!(
            (got.status, got.body.as_str(), got.header("retry-after")),
            (503, "the camera is away\n", "2")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_viewer_waits_for_the_first_segment() {
    let config = config::Path::new(Source::Pattern);
    let path = Arc::new(Path::new("new", config, Duration::from_secs(10)));
    let app = App { paths: Arc::new([("new".to_owned(), path.clone())].into()) };
    let early = ask(&app, "GET", "/new/index.m3u8", &[]).await;
    assert_eq!((early.status, early.body.as_str()), (503, "the source has not answered yet\n"));
    let publish = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let resource = Resource::playlist("x", 1, "application/vnd.apple.mpegurl", "#EXTM3U\n".to_owned());
        path.store(|store| store.playlists(vec![("index.m3u8".to_owned(), resource)]));
        path.update(|status| {
            status.cuts = 1;
            true
        });
    };
    let (waited, ()) = tokio::join!(ask(&app, "GET", "/new/index.m3u8", &[]), publish);
    assert_eq!((waited.status, waited.body.as_str()), (200, "#EXTM3U\n"));
}

#[tokio::test]
async fn a_path_without_its_slash_is_led_to_the_page() {
    let got = get("/a/live?player=dash", &[]).await;
    assert_eq!((got.status, got.header("location")), (308, "/a/live/?player=dash"));
    let page = get("/a/live/", &[]).await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
}

#[tokio::test]
async fn everything_that_a_page_names_is_there() {
    let app = app();
    for page in ["/", "/a/live/"] {
        let html = ask(&app, "GET", page, &[]).await.body;
        for part in html.split('"').filter(|part| part.starts_with("/assets/")) {
            assert_eq!(ask(&app, "GET", part, &[]).await.status, 200, "{part}");
        }
        assert!(!html.contains("//cdn") && !html.contains("https://"), "{page} loads from elsewhere");
    }
    for script in ["hls.min.js", "dash.all.min.js"] {
        let got = ask(&app, "GET", &format!("/assets/{script}"), &[]).await;
        assert_eq!(got.header("content-type"), "text/javascript; charset=utf-8");
        assert!(got.body.len() > 100_000);
    }
    assert_eq!(ask(&app, "GET", "/assets/nosuch.js", &[]).await.status, 404);
}

#[tokio::test]
async fn the_api_tells_how_paths_are() {
    let list: serde_json::Value = serde_json::from_str(&get("/v3/paths/list", &[]).await.body).expect("JSON");
    assert_eq!((list["itemCount"].as_u64(), list["pageCount"].as_u64()), (Some(3), Some(1)));
    let page: serde_json::Value =
        serde_json::from_str(&get("/v3/paths/list?page=1&itemsPerPage=2", &[]).await.body).expect("JSON");
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
    let one: serde_json::Value =
        serde_json::from_str(&get("/v3/paths/get/down", &[]).await.body).expect("JSON");
    assert_eq!(
        (one["state"].as_str(), one["ready"].as_bool(), one["error"].as_str()),
        (Some("down"), Some(false), Some("the camera is away"))
    );
    assert_eq!(get("/v3/paths/get/a/live", &[]).await.status, 200);
    assert_eq!(get("/v3/paths/get/nosuch", &[]).await.status, 404);
}

#[tokio::test]
async fn metrics_are_counted() {
    let app = app();
    ask(&app, "GET", &format!("/a/live/{SEGMENT}"), &[]).await;
    let text = ask(&app, "GET", "/metrics", &[]).await.body;
    for line in [
        "paths{name=\"a/live\",state=\"ready\"} 1.0",
        "paths_outbound_bytes_total{name=\"a/live\"} 10",
        "paths_drops_total{name=\"a/live\",cause=\"packet_lost\"} 0",
        "paths_readers{name=\"down\"} 0.0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn time_and_health() {
    let time = get("/time", &[]).await;
    assert_eq!((time.status, time.header("cache-control"), time.body.len()), (200, "no-store", 24));
    assert_eq!(get("/healthz", &[]).await.body, "ok\n");
}

#[tokio::test]
async fn only_listed_origins_are_let_in() {
    let origins = ["https://a.example".to_owned()];
    let ask = async |origin: &str| {
        let request = HttpRequest::get("/a/live/index.m3u8")
            .header("Origin", origin)
            .body(Body::empty())
            .expect("valid");
        let response = router(app(), &origins).oneshot(request).await.expect("an answer");
        response.headers().get("access-control-allow-origin").cloned()
    };
    assert_eq!(ask("https://a.example").await, Some(HeaderValue::from_static("https://a.example")));
    assert_eq!(ask("https://b.example").await, None);
}

#[tokio::test]
async fn readers_are_addresses_with_a_player() {
    let app = app();
    for (last, agent) in [(1, "x"), (1, "y"), (2, "x"), (2, "x")] {
        let mut request = HttpRequest::get("/a/live/index.m3u8")
            .header("User-Agent", agent)
            .body(Body::empty())
            .expect("valid");
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((Ipv4Addr::new(10, 0, 0, last), 1234))));
        router(app.clone(), &[]).oneshot(request).await.expect("an answer");
    }
    assert_eq!(app.paths["a/live"].readers.count(), 3);
}
