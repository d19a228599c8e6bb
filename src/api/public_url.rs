//! The address at which people reach the service, where that is not where it listens: behind a proxy, or below a path.
use std::fmt;
use std::str::FromStr;

use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use url::Url;

/// The first parts of the service's own paths: a base path that began with one could not be told from the API.
const OWN_PATHS: [&str; 12] = [
    "assets",
    "ballot",
    "candidates",
    "events",
    "healthz",
    "metrics",
    "openapi.json",
    "pictures",
    "readyz",
    "result",
    "screen",
    "vote",
];

/// The address at which people reach the service: `https://vote.example/poll`. Its path is the base of all links.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicUrl {
    /// `https://vote.example`; empty if it is not known.
    origin: String,
    /// `/poll`; empty for the root.
    base: String,
}

/// A text that is not the address of a service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublicUrlError {
    /// It is not a URL of the web, or has more than scheme, host, port and path.
    #[error("not an address of the web: write https://vote.example or https://vote.example/poll")]
    Shape,
    /// The path begins as one of the service's own.
    #[error("the path /{0} is one of the service's own: choose another, such as /poll")]
    OwnPath(String),
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let url = Url::parse(text).map_err(|_| PublicUrlError::Shape)?;
        let has_more = url.query().is_some() || url.fragment().is_some() || !url.username().is_empty();
        if !["http", "https"].contains(&url.scheme()) || has_more || url.password().is_some() {
            return Err(PublicUrlError::Shape);
        }
        let base = url.path().trim_end_matches('/');
        if base.contains("//") {
            return Err(PublicUrlError::Shape);
        }
        if let Some(first) = base.split('/').nth(1).filter(|first| OWN_PATHS.contains(first)) {
            return Err(PublicUrlError::OwnPath(first.to_owned()));
        }
        Ok(PublicUrl { origin: url.origin().ascii_serialization(), base: base.to_owned() })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/", self.origin, self.base)
    }
}

impl PublicUrl {
    /// `/poll`, or empty: the service's own paths begin with it.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Whether people reach the service through TLS.
    pub(super) fn is_secure(&self) -> bool {
        self.origin.starts_with("https:")
    }

    /// Whether it is known at all.
    pub(super) fn is_known(&self) -> bool {
        !self.origin.is_empty()
    }

    /// Whether `url` is an address of this origin.
    pub(super) fn has_origin_of(&self, url: &str) -> bool {
        let rest = url.strip_prefix(self.origin.as_str());
        self.is_known() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path of a request below the base: `/vote` of `/poll/vote`. None if the path does not begin with the base: the
    /// proxy removed it, or there is none.
    pub(super) fn below_base(&self, uri: &Uri) -> Option<Uri> {
        let rest = uri.path().strip_prefix(self.base.as_str()).filter(|_| !self.base.is_empty())?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let path = if rest.is_empty() { "/" } else { rest };
        let path = uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"));
        PathAndQuery::try_from(path).ok().map(Uri::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_an_origin_and_a_base() {
        for (text, origin, base) in [
            ("https://vote.example", "https://vote.example", ""),
            ("https://vote.example/", "https://vote.example", ""),
            ("https://vote.example:443/poll/", "https://vote.example", "/poll"),
            ("HTTP://Vote.example:8080/a/b", "http://vote.example:8080", "/a/b"),
        ] {
            assert_eq!(text.parse(), Ok(PublicUrl { origin: origin.into(), base: base.into() }), "{text}");
        }
        for text in ["", "vote.example", "ftp://a", "https://a?b", "https://a#b", "https://u:p@a", "https://a/b//c"] {
            assert_eq!(text.parse::<PublicUrl>(), Err(PublicUrlError::Shape), "{text}");
        }
        assert_eq!("https://a/vote".parse::<PublicUrl>(), Err(PublicUrlError::OwnPath("vote".into())));
        assert!("https://a/votes".parse::<PublicUrl>().is_ok());
    }

    #[test]
    fn requests_are_known_with_their_base_and_without() {
        let public: PublicUrl = "https://vote.example/poll".parse().unwrap();
        let below = |path: &str| public.below_base(&path.parse().unwrap()).map(|uri| uri.to_string());
        assert_eq!(below("/poll/result?window=5m").as_deref(), Some("/result?window=5m"));
        assert_eq!(below("/poll").as_deref(), Some("/"));
        assert_eq!(below("/poll/").as_deref(), Some("/"));
        assert_eq!((below("/result"), below("/polls"), below("/")), (None, None, None));
        assert_eq!(PublicUrl::default().below_base(&"/vote".parse().unwrap()), None);
    }

    #[test]
    fn only_its_own_origin_is_its_own() {
        let public: PublicUrl = "https://vote.example/poll".parse().unwrap();
        assert!(public.has_origin_of("https://vote.example") && public.has_origin_of("https://vote.example/poll/"));
        assert!(!public.has_origin_of("https://vote.example.evil") && !public.has_origin_of("http://vote.example"));
        assert!(!PublicUrl::default().has_origin_of("/") && !PublicUrl::default().has_origin_of(""));
    }
}
