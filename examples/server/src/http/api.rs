//! `/v3/paths/…`: the part of MediaMTX's API that tells how paths are, with our additions `state`, `error`, `fps`, `bitrate`, `gop` and `hlsVariant`.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use crate::config::Source;
use crate::stream::{self, TrackSummary};

/// Which part of a list is wanted.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    #[serde(default)]
    page: usize,
    #[serde(default = "hundred")]
    items_per_page: usize,
}

const fn hundred() -> usize {
    100
}

/// `/v3/paths/list?page=&itemsPerPage=`
pub(super) async fn list(State(app): State<App>, Query(page): Query<Page>) -> Json<Value> {
    let per_page = page.items_per_page.max(1);
    let items: Vec<Value> = app
        .paths
        .values()
        .skip(page.page.saturating_mul(per_page))
        .take(per_page)
        .map(|path| describe(path))
        .collect();
    let count = app.paths.len();
    Json(json!({ "itemCount": count, "pageCount": count.div_ceil(per_page), "items": items }))
}

/// `/v3/paths/get/<name>`
pub(super) async fn get(State(app): State<App>, Path(name): Path<String>) -> Response {
    match app.paths.get(&name) {
        Some(path) => Json(describe(path)).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({ "error": "path not found" }))).into_response(),
    }
}

fn describe(path: &stream::Path) -> Value {
    let status = path.status();
    let measured = path.stats.measured();
    let ready = status.state.is_ready();
    let readers = path.readers.count();
    let (kind, id) = match &path.config().source {
        Source::Pattern => ("patternSource", String::new()),
        Source::Rtsp(camera) => ("rtspSource", camera.url.to_string()),
        Source::Unusable { found, .. } => ("unusable", found.clone()),
    };
    json!({
        "name": path.name(),
        "confName": path.name(),
        "source": { "type": kind, "id": id },
        "ready": ready,
        "readyTime": status.ready_time,
        "available": ready,
        "tracks": status.tracks.iter().map(|track| track.codec).collect::<Vec<_>>(),
        "tracks2": status.tracks.iter().map(track).collect::<Vec<_>>(),
        "inboundBytes": path.stats.inbound_bytes.get(),
        "outboundBytes": path.stats.outbound_bytes.get(),
        "readers": vec![json!({ "type": "hlsSession", "id": "" }); readers.min(1000)],
        "dash": path.has_dash(),
        "hlsVariant": path.variant().name(),
        "state": status.state.name(),
        "error": status.state.reason(),
        "fps": measured.millihertz as f64 / 1000.0,
        "bitrate": measured.bitrate,
        "gop": measured.gop_millis as f64 / 1000.0,
    })
}

fn track(track: &TrackSummary) -> Value {
    let properties = match (track.size, track.sound) {
        (Some((width, height)), _) => json!({ "width": width, "height": height }),
        (None, Some((rate, channels))) => json!({ "sampleRate": rate, "channelCount": channels }),
        (None, None) => Value::Null,
    };
    json!({ "codec": track.codec, "codecs": track.codecs, "codecProps": properties })
}
