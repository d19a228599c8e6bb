//! Pages of other origins that may use the API (CORS, <https://fetch.spec.whatwg.org/#http-cors-protocol>).
use std::str::FromStr;
use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser may remember the answer to a preflight request.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// An origin as browsers send it, `https://front.example:8000`, or `*` for any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

/// A text that is not an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an origin: write https://front.example or http://localhost:8000, without a path, or *")]
pub struct OriginError;

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        let host =
            text.split_once("://").filter(|(scheme, _)| ["http", "https"].contains(scheme)).map(|(_, host)| host);
        let is_host = |host: &str| !host.is_empty() && !host.contains(['/', '?', '#', '@', '*', ' ']);
        if text != "*" && !host.is_some_and(is_host) {
            return Err(OriginError);
        }
        HeaderValue::from_str(&text).map(Origin).map_err(|_| OriginError)
    }
}

/// Lets pages of `origins` use the API; None if there are none, so that nothing is said about them.
pub(super) fn layer(origins: &[Origin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let is_any = origins.iter().any(|origin| origin.0 == "*");
    let allowed = match is_any {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.iter().map(|origin| origin.0.clone())),
    };
    let key = HeaderName::from_static("idempotency-key");
    let [replayed, state, ballot] =
        ["idempotent-replayed", "votekit-state", "votekit-ballot"].map(HeaderName::from_static);
    Some(
        CorsLayer::new()
            .allow_origin(allowed)
            .allow_methods([Method::GET, Method::POST])
            .allow_headers([CONTENT_TYPE, key])
            .expose_headers([replayed, state, ballot, RETRY_AFTER])
            .max_age(REMEMBERED),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_what_browsers_send() {
        for text in ["https://front.example", "http://localhost:8000/", "HTTPS://Front.example", "*"] {
            assert!(text.parse::<Origin>().is_ok(), "{text}");
        }
        assert_eq!("HTTPS://Front.example/".parse::<Origin>(), "https://front.example".parse());
        for text in ["", "front.example", "https://", "https://a/b", "ftp://a", "https://*.a", "https://u@a"] {
            assert_eq!(text.parse::<Origin>(), Err(OriginError), "{text}");
        }
    }
}
