//! The service described by the code itself.
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use utoipa::OpenApi;

use super::contract::{CandidateName, CandidateState, ResultRow, State, Stored, VoteRequest};
use super::problem::Problem;
use super::routes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "votekit serve",
        description = "A vote: cast ballots, read the result. Paths of /vote, /result and /candidates may end with a slash.",
    ),
    paths(
        routes::vote,
        routes::result,
        routes::candidates,
        routes::events,
        routes::healthz,
        routes::readyz,
        routes::metrics_text,
        document,
    ),
    components(schemas(VoteRequest, Stored, Problem, ResultRow, CandidateName, State, CandidateState,))
)]
struct Description;

static JSON: LazyLock<Bytes> = LazyLock::new(|| {
    // The description is fixed when the program is built, and a test reads it.
    Bytes::from(Description::openapi().to_pretty_json().unwrap_or_default())
});

/// This description
#[utoipa::path(get, path = "/openapi.json", tag = "operation", responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)))]
pub async fn document() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], JSON.clone())
}
