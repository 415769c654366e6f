//! Answers of a stream's origin as HTTP has them: what is waited for is awaited, what grows is sent part by part.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE,
    RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use media_core::origin::{Answer, Cache, Ready, Request, Wait};

use super::body::RopeBody;
use crate::stream::Path;

/// The answer to a request for `file` of a path that has an origin.
pub(super) async fn answer(
    path: &Arc<Path>,
    file: &str,
    query: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // Media is tagged with its name.
    let is_same = text(IF_RANGE).is_none_or(|tag| tag.strip_prefix('"') == Some(&format!("{file}\"")));
    let request = Request { path: file, query, range: text(RANGE).filter(|_| is_same) };
    match path.served.request(&request).await {
        Answer::Ready(ready) => send(path, ready, headers),
        Answer::NotFound => super::not_found("there is no such playlist or segment, or it is too old\n"),
        Answer::BadRequest(reason) => {
            (StatusCode::BAD_REQUEST, [(CACHE_CONTROL, "no-store")], format!("{reason}\n")).into_response()
        }
        Answer::NotSatisfiable { length } => {
            let range = format!("bytes */{length}");
            (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, range)]).into_response()
        }
        Answer::Wait(_) | Answer::Unavailable => super::unavailable(path),
    }
}

fn send(path: &Arc<Path>, ready: Ready, headers: &HeaderMap) -> Response {
    let etag = HeaderValue::from_str(&ready.etag).unwrap_or(HeaderValue::from_static("\"\""));
    let cache = match ready.cache {
        Cache::Immutable => HeaderValue::from_static("public, max-age=3600, immutable"),
        Cache::Revalidate => HeaderValue::from_static("no-cache"),
        Cache::For { seconds } => HeaderValue::from_str(&format!("public, max-age={seconds}"))
            .unwrap_or(HeaderValue::from_static("no-cache")),
    };
    let mut response = if super::matches(headers.get(IF_NONE_MATCH), &ready.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        content(path, ready)
    };
    response.headers_mut().insert(ETAG, etag);
    response.headers_mut().insert(CACHE_CONTROL, cache);
    response
}

fn content(path: &Arc<Path>, ready: Ready) -> Response {
    let status = if ready.range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = (status, [(CONTENT_TYPE, ready.media_type)]).into_response();
    let headers = response.headers_mut();
    if ready.cache == Cache::Immutable {
        headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    }
    if let Some(range) = ready.range.and_then(|range| HeaderValue::from_str(&range.to_string()).ok()) {
        headers.insert(CONTENT_RANGE, range);
    }
    let length = ready.body.len();
    path.stats.outbound_bytes.add(length);
    *response.body_mut() = match ready.more {
        None => {
            headers.insert(CONTENT_LENGTH, length.into());
            Body::new(RopeBody::from(ready.body))
        }
        Some(more) => growing(path.clone(), ready.body.into_iter().collect(), more),
    };
    response
}

/// A body that is sent as it comes. One that comes to no end is broken off, so that nobody takes it for whole.
fn growing(path: Arc<Path>, pieces: VecDeque<Bytes>, more: Wait) -> Body {
    let state = (path, pieces, Some(more));
    Body::from_stream(stream::try_unfold(state, async |(path, mut pieces, mut more)| {
        loop {
            if let Some(piece) = pieces.pop_front() {
                return Ok(Some((piece, (path, pieces, more))));
            }
            let Some(wait) = more.take() else { return Ok(None) };
            match path.served.rest(&wait).await {
                Answer::Ready(ready) => {
                    path.stats.outbound_bytes.add(ready.body.len());
                    pieces.extend(ready.body);
                    more = ready.more;
                }
                _ => return Err(io::Error::other("the segment came to no end")),
            }
        }
    }))
}
