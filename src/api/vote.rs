//! `POST /vote`: a ballot as JSON.
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::body::{self, Room};
use super::contract::{self, Stored, VoteRequest};
use super::document::{NO_STORE, json};
use super::problem::Problem;
use crate::ballot::{Ballot, Limits, Outcome};

/// Limit on the body, in bytes: the longest opinion takes up to twelve a character, as `\ud83d\ude00`.
const BODY_BYTES: usize = 192 * 1024;
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Cast a vote
///
/// Answered after the vote is on disk, safe from a power failure.
#[utoipa::path(
    post, path = "/vote", tag = "vote", request_body = VoteRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The client's own id of this vote: the same again is \
        answered as the first time and counts once", min_length = 1, max_length = 200)),
    responses(
        (status = 200, description = "The vote is stored; with `Idempotent-Replayed: true`, it was stored before", body = Stored),
        (status = 400, description = "The body is not a vote", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not open, or not for this voter", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such candidate", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body took too long", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The voter has no vote left", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 192 KiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "No JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another vote", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many votes from one address", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "Storage is broken, or the outcome is unknown", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room just now: try again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) fn vote(State(app): State<Arc<App>>, request: Request<Body>) -> impl Future<Output = Response> {
    // Not in the future: that is allocated for each vote, which takes longer with the request and its parts in it.
    let admitted = admitted(&app, request);
    async move {
        let (headers, body) = match admitted {
            Ok(parts) => parts,
            Err(problem) => return problem.into_response(),
        };
        match store(&app, &headers, body).await {
            Ok(outcome) => {
                let mut response = json(Bytes::from_static(b"{\"success\": true}"), NO_STORE);
                if matches!(outcome, Outcome::Repeated { .. }) {
                    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
                }
                response
            }
            Err(problem) => {
                let is_unmarked = problem.is_of_unknown_browser();
                let mut response = problem.into_response();
                if is_unmarked {
                    app.mark_browser(&headers, response.headers_mut()).await;
                }
                response
            }
        }
    }
}

/// Stores the ballot in `body`.
///
/// # Errors
/// The reason why it is no ballot, or not stored.
async fn store(app: &App, headers: &HeaderMap, body: Body) -> Result<Outcome, Problem> {
    let (ballot, _room) = ballot(headers, body).await?;
    app.cast(app.of_browser(ballot, headers).await?).await
}

/// The headers and the body of a request, if its client may vote now.
///
/// # Errors
/// 429 if the client has used up its rate.
fn admitted(app: &App, request: Request<Body>) -> Result<(HeaderMap, Body), Problem> {
    let (head, body) = request.into_parts();
    app.admit(&head)?;
    Ok((head.headers, body))
}

/// The ballot in a request with a JSON body, and its reserved memory.
///
/// # Errors
/// The reason why it is not a ballot.
async fn ballot(headers: &HeaderMap, body: Body) -> Result<(Ballot, Room), Problem> {
    if !is_json(headers) {
        return Err(Problem::content_type("send the vote as JSON, with the header Content-Type: application/json"));
    }
    let key = key(headers)?;
    let (bytes, room) = body::read(headers, body, BODY_BYTES).await?;
    let mut ballot = contract::ballot(&bytes)?;
    match (&ballot.key, key) {
        (Some(own), Some(key)) if *own != key => {
            return Err(Problem::bad_request("the header Idempotency-Key and the key in the body differ"));
        }
        (None, Some(key)) => ballot.key = Some(key),
        _ => {}
    }
    Ok((ballot, room))
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()) else { return false };
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json") || kind.to_ascii_lowercase().ends_with("+json")
}

/// The key in `Idempotency-Key`: bare, or in quotes as in the draft standard
/// (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut lines = headers.get_all("idempotency-key").iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(Problem::bad_request("the header Idempotency-Key must not be repeated"));
    }
    let wrong = || {
        Problem::bad_request(format!("the header Idempotency-Key must be 1 to {} ASCII characters", Limits::NAME_CHARS))
    };
    let text = line.to_str().map_err(|_| wrong())?.trim();
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    if bare.is_empty() || bare.len() > Limits::NAME_CHARS {
        return Err(wrong());
    }
    Ok(Some(bare.to_owned()))
}
