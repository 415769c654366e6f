//! The pages and the players' scripts, all part of the program: nothing comes from elsewhere at run time.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};

/// `/`
pub(super) async fn index() -> Html<&'static str> {
    Html(include_str!("../../web/index.html"))
}

/// `/<path>/`
pub(super) fn player() -> Response {
    Html(include_str!("../../web/player.html")).into_response()
}

/// `/assets/<file>`
pub(super) async fn file(Path(file): Path<String>) -> Response {
    let (media_type, bytes): (_, &'static [u8]) = match file.as_str() {
        "style.css" => ("text/css; charset=utf-8", include_bytes!("../../web/style.css")),
        "index.js" => (SCRIPT, include_bytes!("../../web/index.js")),
        "player.js" => (SCRIPT, include_bytes!("../../web/player.js")),
        "hls.min.js" => (SCRIPT, include_bytes!(env!("REELMILL_HLS_JS"))),
        "dash.all.min.js" => (SCRIPT, include_bytes!(env!("REELMILL_DASH_JS"))),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(CONTENT_TYPE, media_type), (CACHE_CONTROL, "public, max-age=3600")], bytes).into_response()
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
