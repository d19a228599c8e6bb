//! `GET /result`, with the last ten minutes or another window, `GET /candidates`, and their pictures.
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, Uri};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::app::App;
use super::contract::{self, CandidateName, EventVote, ResultRow};
use super::document::FOR_EVER;
use super::problem::Problem;
use crate::units::DurationSecs;

/// Whether votes are taken; for clients that poll, since the contract's body does not tell.
const STATE: HeaderName = HeaderName::from_static("votekit-state");
/// The `ETag` of `/ballot`: another one says that what is voted on has changed.
const BALLOT: HeaderName = HeaderName::from_static("votekit-ballot");

/// A picture is shown, and nothing in it is run.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// The votes of each candidate, and of all in the last ten minutes
#[utoipa::path(
    get, path = "/result", tag = "result",
    params(("window" = Option<String>, Query, description = "Another window than ten minutes: 90s, 30m, 1h30m, 2d. The second \
        list then holds `total_vote_in_window` and `window_secs`")),
    responses(
        (status = 200, description = "All candidates, including those without votes", body = Vec<Vec<ResultRow>>, headers(
            ("Votekit-State" = String, description = "`not_open_yet`, `open` or `closed`; with 304 and 403 too, not with `window`"),
            ("Votekit-Ballot" = String, description = "The ETag of `/ballot`; with 304 and 403 too, not with `window`"),
        )),
        (status = 304, description = "The client's copy is current"),
        (status = 400, description = "The window is not a duration", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Hidden until the vote closes", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "Storage is broken", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room just now: try again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn result(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let (Parts { uri, headers, .. }, _) = request.into_parts();
    let response = async {
        if let Some(window) = window(&uri)? {
            return app.windows.result(window).await.map(|document| document.respond(&headers));
        }
        let snapshot = app.snapshots.current().await?;
        let mut response = match &snapshot.result {
            Ok(document) => document.respond(&headers),
            Err(hidden) => Problem::from(hidden).into_response(),
        };
        let state = HeaderValue::from_static(contract::state(snapshot.tally.opening));
        response.headers_mut().extend([(STATE, state), (BALLOT, snapshot.ballot.etag().clone())]);
        Ok::<_, Problem>(response)
    };
    response.await.unwrap_or_else(IntoResponse::into_response)
}

/// The window given in the query, if any.
fn window(uri: &Uri) -> Result<Option<DurationSecs>, Problem> {
    let Some(query) = uri.query() else { return Ok(None) };
    let Some((_, text)) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "window") else {
        return Ok(None);
    };
    // A bare number counts seconds, as it did when the service was first described.
    let is_bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let with_unit = if is_bare { format!("{text}s") } else { text.clone().into_owned() };
    with_unit.parse().map(Some).map_err(|error| Problem::bad_request(format!("window {text:?} is {error}")))
}

/// The candidates in order of their ids
#[utoipa::path(
    get, path = "/candidates", tag = "result",
    responses(
        (status = 200, description = "All candidates", body = Vec<CandidateName>),
        (status = 304, description = "The client's copy is current"),
        (status = 500, description = "Storage is broken", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room just now: try again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn candidates(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let headers = request.into_parts().0.headers;
    match app.snapshots.current().await {
        Ok(snapshot) => snapshot.candidates.respond(&headers),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// What is voted on: title, times, candidates
///
/// The data of an event `vote` of `/events`, for clients that poll: `/result` says in `Votekit-Ballot` when it has changed.
#[utoipa::path(
    get, path = "/ballot", tag = "result",
    responses(
        (status = 200, description = "The ballot", body = EventVote),
        (status = 304, description = "The client's copy is current"),
        (status = 500, description = "Storage is broken", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room just now: try again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn ballot(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let headers = request.into_parts().0.headers;
    match app.snapshots.current().await {
        Ok(snapshot) => snapshot.ballot.respond(&headers),
        Err(error) => Problem::from(error).into_response(),
    }
}

/// A candidate's picture
///
/// Its path is in `/candidates` and changes with the picture, so that it may be cached for ever.
#[utoipa::path(
    get, path = "/pictures/{id}/{tag}", tag = "result",
    params(
        ("id" = i64, Path, description = "The candidate's id", minimum = 1),
        ("tag" = String, Path, description = "Which picture it is, as `/candidates` has it"),
    ),
    responses(
        (status = 200, description = "The picture", body = Vec<u8>, content_type = "image/*"),
        (status = 404, description = "There is no such picture, or no longer", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "Storage is broken", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room just now: try again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn picture(State(app): State<Arc<App>>, Path((id, tag)): Path<(String, String)>) -> Response {
    let found = match id.parse() {
        Ok(id) => app.pictures.of(id).await,
        Err(_) => Ok(None),
    };
    match found {
        Ok(Some(picture)) if picture.tag() == tag => {
            let kind = HeaderValue::from_static(picture.media_type);
            let headers = [(CONTENT_TYPE, kind), (CACHE_CONTROL, FOR_EVER), (CONTENT_SECURITY_POLICY, POLICY)];
            (headers, picture.bytes).into_response()
        }
        Ok(_) => Problem::not_found(format!("there is no picture at /pictures/{id}/{tag}")).into_response(),
        Err(problem) => problem.into_response(),
    }
}
