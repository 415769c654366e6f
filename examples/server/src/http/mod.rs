//! Serves streams, pages and numbers over HTTP.
//!
//! | address | what |
//! |---|---|
//! | `/` | all paths, their state, links |
//! | `/<path>/` | a page with a player; `?player=hls` or `?player=dash` |
//! | `/<path>/index.m3u8`, media playlists, segments | HLS (RFC 8216), with low latency (RFC 8216bis) where that is configured |
//! | `/<path>/index.mpd`, `/<path>/manifest.mpd`, the same segments | DASH (ISO/IEC 23009-1) |
//! | `/time` | the time of day, for `UTCTiming` |
//! | `/v3/paths/list`, `/v3/paths/get/<path>` | state as JSON, in the shape of MediaMTX's API |
//! | `/metrics`, `/healthz` | for monitoring |
//!
//! A path's name may hold slashes, so what stands behind the last slash is the file.

mod api;
mod assets;
mod body;
mod metrics;
mod served;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tokio::time::timeout;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use crate::clock;
use crate::stream::{Path, State as StreamState};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
    RETRY_AFTER, USER_AGENT,
};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};

/// All that handlers need.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) paths: Arc<BTreeMap<String, Arc<Path>>>,
}

/// Everything.
pub(crate) fn router(app: App, allowed_origins: &[String]) -> Router {
    Router::new()
        .route("/", get(assets::index))
        .route("/assets/{file}", get(assets::file))
        .route("/time", get(time))
        .route("/healthz", get(healthz))
        .route("/metrics", get(metrics::metrics))
        .route("/v3/paths/list", get(api::list))
        .route("/v3/paths/get/{*name}", get(api::get))
        .fallback(path)
        .layer(cors(allowed_origins))
        .with_state(app)
}

/// `/metrics` and `/healthz` alone, for an address that only monitoring reaches.
pub(crate) fn monitoring(app: App) -> Router {
    Router::new().route("/healthz", get(healthz)).route("/metrics", get(metrics::metrics)).with_state(app)
}

fn cors(allowed_origins: &[String]) -> CorsLayer {
    let origins = match allowed_origins {
        any if any.iter().any(|origin| origin == "*") => AllowOrigin::from(Any),
        listed => AllowOrigin::list(listed.iter().filter_map(|origin| HeaderValue::from_str(origin).ok())),
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::HEAD])
        .allow_headers([RANGE, IF_NONE_MATCH, IF_RANGE])
        .expose_headers([CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderName::from_static("date")])
        .max_age(Duration::from_secs(3600))
}

/// `urn:mpeg:dash:utc:http-iso:2014`: players set their clock by it.
async fn time() -> Response {
    ([(CACHE_CONTROL, "no-store"), (CONTENT_TYPE, "text/plain; charset=utf-8")], clock::iso(clock::wall()))
        .into_response()
}

/// The process answers. A camera that is away does not make it unhealthy: restarting us would not bring it back.
async fn healthz() -> &'static str {
    "ok\n"
}

/// Everything under a path.
async fn path(State(app): State<App>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")], "only GET and HEAD\n")
            .into_response();
    }
    let whole = request.uri().path().trim_start_matches('/');
    if app.paths.contains_key(whole) {
        // Relative addresses on the page need the slash.
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        return Redirect::permanent(&format!("/{whole}/{query}")).into_response();
    }
    let (name, file) = whole.rsplit_once('/').unwrap_or((whole, ""));
    let Some(path) = app.paths.get(name) else {
        return not_found(&format!("there is no path {name:?}\n"));
    };
    note_reader(path, &request);
    match file {
        "" => assets::player(),
        "index.mpd" | "manifest.mpd" if !path.has_dash() => not_found("DASH is switched off for this path\n"),
        _ if file.ends_with(".m3u8") || file.ends_with(".mpd") => {
            begin(path).await;
            if path.status().cuts == 0 {
                return unavailable(path);
            }
            served::answer(path, file, request.uri().query(), request.headers()).await
        }
        _ => served::answer(path, file, request.uri().query(), request.headers()).await,
    }
}

/// Who comes first waits for the first segment.
async fn begin(path: &Path) {
    let mut watch = path.watch();
    let settled = |status: &crate::stream::Status| status.cuts > 0 || status.state.reason().is_some();
    _ = timeout(FIRST_SEGMENT, watch.wait_for(settled)).await;
}

/// The stream has nothing, and why.
fn unavailable(path: &Path) -> Response {
    let status = path.status();
    let reason = match &status.state {
        StreamState::Connecting => "the source has not answered yet",
        StreamState::Ready { .. } if status.cuts > 0 => "nothing has come of the stream for too long",
        StreamState::Ready { .. } => "the stream has no segment yet",
        StreamState::Down { reason } | StreamState::Unusable { reason } => reason,
    };
    let headers = [(RETRY_AFTER, "2"), (CACHE_CONTROL, "no-store")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, format!("{reason}\n")).into_response()
}

/// Weak comparison with a list of tags (RFC 9110 section 13.1.2).
fn matches(header: Option<&HeaderValue>, etag: &str) -> bool {
    let Some(header) = header.and_then(|header| header.to_str().ok()) else { return false };
    header.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

fn not_found(reason: &str) -> Response {
    (StatusCode::NOT_FOUND, [(CACHE_CONTROL, "no-store")], reason.to_owned()).into_response()
}

fn note_reader(path: &Path, request: &Request) {
    let Some(ConnectInfo(address)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else { return };
    let agent = request.headers().get(USER_AGENT).map(HeaderValue::as_bytes);
    let agent = BuildHasherDefault::<DefaultHasher>::default().hash_one(agent);
    path.readers.note(address.ip(), agent);
}

/// How long the first viewer of a stream waits for its first segment before being told to come back.
const FIRST_SEGMENT: Duration = Duration::from_secs(10);

#[cfg(test)]
#[path = "http_test.rs"]
mod tests;
