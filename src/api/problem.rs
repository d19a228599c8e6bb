//! Errors as clients see them: problem details (RFC 9457), with the members that the contract asks for as well.
use axum::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::ballot::{BoxError, Refusal};

/// `Retry-After` in seconds when the queue is full.
const RETRY_AFTER_SECS: u32 = 1;

/// What went wrong, as problem details (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Problem {
    /// What kind it is, the same for all of its kind.
    #[serde(rename = "type")]
    #[schema(example = "urn:votekit:problem:unknown-candidate")]
    kind: &'static str,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status, repeated for clients that see the body alone.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong this time.
    detail: String,
    /// Always false: the vote is not stored (`outcome-unknown` alone leaves it open).
    success: bool,
    /// The same as `detail`.
    error_message: String,
    #[serde(skip)]
    retry_after_secs: Option<u32>,
}

/// The kinds of problems: each has its type, its title and its status.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $urn:literal, $status:ident, $title:literal;)*) => {
        impl Problem {
            $($(#[$doc])*
            pub(super) fn $name(detail: impl Into<String>) -> Self {
                Problem::new(concat!("urn:votekit:problem:", $urn), $title, StatusCode::$status, detail.into())
            })*
        }
    };
}

kinds! {
    /// The body is not JSON.
    malformed_json = "malformed-json", BAD_REQUEST, "The body is not JSON";
    /// The body is JSON, but no object with what a vote needs.
    bad_body = "bad-body", BAD_REQUEST, "The body is not a vote";
    /// A part of the query or a header is invalid.
    bad_request = "bad-request", BAD_REQUEST, "The request is invalid";
    /// The ballot must name its voter, and does not.
    voter_required = "voter-required", BAD_REQUEST, "This vote asks who votes";
    /// No candidate has this id.
    unknown_candidate = "unknown-candidate", NOT_FOUND, "There is no such candidate";
    /// There is nothing at this path.
    not_found = "not-found", NOT_FOUND, "There is nothing here";
    /// The path answers other methods.
    wrong_method = "wrong-method", METHOD_NOT_ALLOWED, "Not with this method";
    /// The body is of another content type.
    content_type = "content-type", UNSUPPORTED_MEDIA_TYPE, "The body is of another content type";
    /// The body is too large.
    too_large = "too-large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// The body did not arrive in time.
    too_slow = "too-slow", REQUEST_TIMEOUT, "The body took too long";
    /// Voting has not begun.
    not_open_yet = "not-open-yet", FORBIDDEN, "Voting has not begun";
    /// Voting is over.
    closed = "closed", FORBIDDEN, "Voting is over";
    /// The voter is not on the list.
    unknown_voter = "unknown-voter", FORBIDDEN, "The voter is not on the list";
    /// Votes cannot be changed.
    change_not_allowed = "change-not-allowed", FORBIDDEN, "Votes cannot be changed";
    /// Results are hidden until the vote closes, or from the audience.
    hidden = "results-hidden", FORBIDDEN, "Results are hidden";
    /// A form of another site.
    cross_site = "cross-site", FORBIDDEN, "Sent by another site";
    /// One vote per browser, and the browser sent no cookie.
    browser_required = "browser-required", FORBIDDEN, "This vote takes one vote per browser";
    /// Prepared before the last reset.
    earlier_generation = "earlier-generation", CONFLICT, "The vote was reset since";
    /// The voter has no vote left.
    limit_reached = "limit-reached", CONFLICT, "The voter has no vote left";
    /// The key was used for another vote.
    key_reused = "key-reused", UNPROCESSABLE_ENTITY, "The key was used for another vote";
    /// The client votes too often.
    rate_limited = "rate-limited", TOO_MANY_REQUESTS, "Too many requests";
    /// As many wait as may wait.
    overloaded = "overloaded", SERVICE_UNAVAILABLE, "Too many are voting at this moment";
    /// The box cannot be used now; nothing was stored.
    unavailable = "storage-unavailable", SERVICE_UNAVAILABLE, "The votes cannot be reached just now";
    /// The box is broken; nothing was stored.
    storage = "storage-failed", INTERNAL_SERVER_ERROR, "The votes cannot be reached";
    /// A commit failed in a way that leaves open whether the vote is stored.
    outcome_unknown = "outcome-unknown", INTERNAL_SERVER_ERROR, "Whether the vote is stored is unknown";
}

impl Problem {
    fn new(kind: &'static str, title: &'static str, status: StatusCode, detail: String) -> Self {
        let retry_after_secs = match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Some(RETRY_AFTER_SECS),
            _ => None,
        };
        let (status, error_message) = (status.as_u16(), detail.clone());
        Problem { kind, title, status, detail, success: false, error_message, retry_after_secs }
    }

    /// The same, to be tried again after `secs` seconds.
    pub(super) fn retry_after(self, secs: u32) -> Self {
        Problem { retry_after_secs: Some(secs.max(1)), ..self }
    }

    /// What went wrong, for people.
    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    /// The kind of problem, the same for all of its kind.
    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    /// The kind of problem, for people.
    pub(super) fn title(&self) -> &'static str {
        self.title
    }

    /// Whether what was sent is from before the last reset.
    pub(super) fn is_of_earlier_generation(&self) -> bool {
        self.kind.ends_with(":earlier-generation")
    }

    /// Whether the browser needs a cookie that it has not shown.
    pub(super) fn is_of_unknown_browser(&self) -> bool {
        self.kind.ends_with(":browser-required")
    }

    /// How long to wait before trying again, where that makes sense.
    pub(super) fn retry_after_secs(&self) -> Option<u32> {
        self.retry_after_secs
    }

    /// Whether trying again later, with the same key, is what the client should do.
    pub(super) fn try_again(&self) -> bool {
        self.status >= 500 || self.retry_after_secs.is_some()
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = serde_json::to_vec(&self).unwrap_or_default();
        // For people who ask with curl.
        body.push(b'\n');
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNSUPPORTED_MEDIA_TYPE.as_u16() {
            // RFC 9110, 15.5.16.
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if let Some(secs) = self.retry_after_secs {
            headers.insert(RETRY_AFTER, secs.into());
        }
        response
    }
}

/// The one place where the ballot's errors get a status.
impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::UnknownCandidate(_) => Problem::unknown_candidate(detail),
            Refusal::NotOpenYet(_) => Problem::not_open_yet(detail),
            Refusal::Closed(_) => Problem::closed(detail),
            Refusal::VoterMissing => Problem::voter_required("voter is required!"),
            Refusal::BrowserMissing => Problem::browser_required(detail),
            Refusal::BrowserHasVoted => Problem::limit_reached(detail),
            Refusal::EarlierGeneration => Problem::earlier_generation(detail),
            Refusal::UnknownVoter(_) => Problem::unknown_voter(detail),
            Refusal::LimitReached { .. } => Problem::limit_reached(detail),
            Refusal::ChangeNotAllowed => Problem::change_not_allowed(detail),
            Refusal::KeyReused(_) => Problem::key_reused(detail),
            Refusal::OpinionTooLong(_)
            | Refusal::OpinionUnreadable
            | Refusal::VoterUnreadable(_)
            | Refusal::KeyUnreadable(_) => Problem::bad_body(detail),
        }
    }
}

impl From<BoxError> for Problem {
    fn from(error: BoxError) -> Self {
        Problem::from(&error)
    }
}

/// The message to clients when the box cannot be used: without paths of this machine. The log has the full error.
impl From<&BoxError> for Problem {
    fn from(error: &BoxError) -> Self {
        match error {
            BoxError::Busy { .. } => {
                Problem::unavailable("another program holds the votes: nothing was stored, try again")
            }
            BoxError::Full { .. } => {
                Problem::unavailable("there is no room for more votes: nothing was stored, try again later")
            }
            BoxError::Unreachable { .. } => {
                Problem::unavailable("the database cannot be reached just now: nothing was stored, try again")
            }
            BoxError::ReadOnly { .. } => Problem::unavailable("votes cannot be written just now: nothing was stored"),
            BoxError::OutcomeUnknown { .. } => Problem::outcome_unknown(
                "writing failed, and whether this vote is stored is unknown: with an Idempotency-Key, send it again",
            ),
            BoxError::Hidden { .. } | BoxError::HiddenFromAudience => Problem::hidden(error.to_string()),
            BoxError::Replaced { .. } => Problem::storage(
                "the votes cannot be reached, because their file was moved, replaced or overwritten: nothing was stored",
            ),
            _ => Problem::storage("the votes cannot be reached: nothing was stored"),
        }
    }
}
