//! What all pages are sent with.
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::document::NO_STORE;

/// Allows nothing but the page's own style, script and icon; its form and its script reach this service alone.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// A page of this service.
pub(super) fn html(status: StatusCode, text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, HTML),
        // Each form has its own key: a cached copy for somebody else would cast the same vote.
        (CACHE_CONTROL, NO_STORE),
        (CONTENT_SECURITY_POLICY, POLICY),
        (VARY, HeaderValue::from_static("accept-language, cookie")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        // With no-referrer, browsers withhold where the form came from too: Origin is null.
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    (status, headers, text).into_response()
}
