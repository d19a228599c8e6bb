//! JSON documents with an `ETag` and cache headers.
use std::hash::{BuildHasher, Hasher};

use axum::body::{Body, Bytes};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// For responses that no cache may keep.
pub(super) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// A cache in front answers the crowd and revalidates once a second.
const A_SECOND: HeaderValue = HeaderValue::from_static("public, max-age=1");
/// For what has another path when its content changes.
pub(super) const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON document and its tag.
#[derive(Debug, Clone)]
pub(super) struct Document {
    body: Bytes,
    /// Its strong `ETag`: the same for the same bytes, on every machine.
    etag: HeaderValue,
}

impl Document {
    /// Serialises `value` to JSON.
    pub(super) fn new(value: &impl Serialize) -> Self {
        let body = Bytes::from(serde_json::to_vec(value).unwrap_or_default());
        let mut hasher = foldhash::quality::FixedState::with_seed(0).build_hasher();
        hasher.write(&body);
        let etag = format!("\"{:016x}\"", hasher.finish());
        let etag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        Document { body, etag }
    }
    /// Its `ETag`, which changes when the document does.
    pub(super) fn etag(&self) -> &HeaderValue {
        &self.etag
    }

    /// The JSON text.
    pub(super) fn text(&self) -> &str {
        // JSON is UTF-8.
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// The document, or 304 if `If-None-Match` says that the client has it.
    pub(super) fn respond(&self, headers: &HeaderMap) -> Response {
        let has_it = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok()).any(|line| {
            line.split(',')
                .map(str::trim)
                .any(|tag| tag == "*" || tag.trim_start_matches("W/").as_bytes() == self.etag.as_bytes())
        });
        let mut response = match has_it {
            false => json(self.body.clone(), A_SECOND),
            true => {
                let mut response = StatusCode::NOT_MODIFIED.into_response();
                response.headers_mut().insert(CACHE_CONTROL, A_SECOND);
                response
            }
        };
        response.headers_mut().insert(ETAG, self.etag.clone());
        response
    }
}

/// A response with the JSON `body`.
pub(super) fn json(body: Bytes, cache: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(CACHE_CONTROL, cache);
    response
}
