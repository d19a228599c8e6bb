//! Which request is answered by what.
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::time::{Instant, sleep};
use url::form_urlencoded;

use super::app::{self, App};
use super::board::{Document, Snapshot};
use super::contract::{CandidateName, ResultRow, State as VoteState, Stored, VoteRequest};
use super::form;
use super::metrics;
use super::openapi;
use super::problem::Problem;
use crate::ballot::{BoxError, Outcome};
use crate::units::DurationSecs;

/// Between two events of a stream at least: an eye sees no more.
const EVENT_PAUSE: Duration = Duration::from_millis(100);
/// A stream ends after this, and its client connects again: nobody holds a place for ever.
const STREAM_LIFE: Duration = Duration::from_secs(30 * 60);
/// How often a stream without news shows that it is alive.
const STREAM_BEAT: Duration = Duration::from_secs(15);

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// A cache in front answers the crowd and asks once a second.
const A_SECOND: HeaderValue = HeaderValue::from_static("public, max-age=1");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// All routes. Paths of the contract are there with and without the slash at their end.
pub fn router(app: Arc<App>) -> Router {
    let both = |router: Router<Arc<App>>, path: &str, method: axum::routing::MethodRouter<Arc<App>>| {
        router.route(path, method.clone()).route(&format!("{path}/"), method)
    };
    let mut router = Router::new();
    router = both(router, "/vote", post(vote));
    router = both(router, "/result", get(result));
    router = both(router, "/candidates", get(candidates));
    router
        .route("/", get(form::show).post(form::take))
        .route("/assets/{name}", get(form::asset))
        .route("/events", get(events))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics_text))
        .route("/openapi.json", get(openapi::document))
        .fallback(|uri: Uri| async move { Problem::not_found(format!("there is nothing at {}", uri.path())) })
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

/// axum adds the header Allow.
async fn wrong_method(request: Request<Body>) -> Problem {
    Problem::wrong_method(format!("{} is not answered at {}", request.method(), request.uri().path()))
}

/// Cast a vote
///
/// Answered after the vote is on disk, safe from a power failure.
#[utoipa::path(
    post, path = "/vote", tag = "vote", request_body = VoteRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "The client's own id of this vote: the same again is \
        answered as the first time and counts once", min_length = 1, max_length = 200)),
    responses(
        (status = 200, description = "The vote is stored; with `Idempotent-Replayed: true`, it was stored before", body = Stored),
        (status = 400, description = "No vote can be read from it", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Not open, or not for this voter", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such candidate", body = Problem, content_type = "application/problem+json"),
        (status = 408, description = "The body took too long", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The voter has no vote left", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "More than 64 KiB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "No JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The key was used for another vote", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many votes from one address", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "Storage is broken, or the outcome is unknown", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room just now: try again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn vote(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let cast = async {
        app.admit(&request)?;
        let (ballot, _room) = app::ballot(request).await?;
        app.cast(ballot).await
    };
    match cast.await {
        Ok(outcome) => {
            let mut response = json(Bytes::from_static(b"{\"success\": true}"), NO_STORE);
            if matches!(outcome, Outcome::Repeated { .. }) {
                response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

fn json(body: Bytes, cache: HeaderValue) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(CACHE_CONTROL, cache);
    response
}

/// `document`, or that it is what the client has.
fn known_by_tag(document: &Document, headers: &HeaderMap) -> Response {
    let has_it = headers.get_all(IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok()).any(|line| {
        line.split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag.trim_start_matches("W/").as_bytes() == document.etag.as_bytes())
    });
    let mut response = match has_it {
        false => json(document.body.clone(), A_SECOND),
        true => {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            response.headers_mut().insert(CACHE_CONTROL, A_SECOND);
            response
        }
    };
    response.headers_mut().insert(ETAG, document.etag.clone());
    response
}

async fn snapshot(app: &App) -> Result<Arc<Snapshot>, Problem> {
    app.board.current().await.map_err(|error| (&error).into())
}

/// The votes of each candidate, and of all in the last ten minutes
#[utoipa::path(
    get, path = "/result", tag = "result",
    params(("window" = Option<String>, Query, description = "Another window than ten minutes: 90s, 30m, 1h30m, 2d. The second \
        list then holds `total_vote_in_window` and `window_secs`")),
    responses(
        (status = 200, description = "All candidates, those without votes too", body = Vec<Vec<ResultRow>>),
        (status = 304, description = "As the client has it"),
        (status = 400, description = "The window is none", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "Hidden until the vote closes", body = Problem, content_type = "application/problem+json"),
        (status = 500, description = "Storage is broken", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room just now: try again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn result(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let (Parts { uri, headers, .. }, _) = request.into_parts();
    let told = async {
        if let Some(window) = window(&uri)? {
            return app.windows.result(window).await.map(|document| known_by_tag(&document, &headers));
        }
        let snapshot = snapshot(&app).await?;
        if snapshot.tally.hidden {
            return Err((&BoxError::Hidden { closes: snapshot.tally.settings.closes }).into());
        }
        Ok(known_by_tag(&snapshot.result, &headers))
    };
    told.await.unwrap_or_else(IntoResponse::into_response)
}

/// What the query says of the window.
fn window(uri: &Uri) -> Result<Option<DurationSecs>, Problem> {
    let Some(query) = uri.query() else { return Ok(None) };
    let Some((_, text)) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "window") else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|error| Problem::bad_request(format!("window {text:?} is {error}")))
}

/// The candidates in order of their ids
#[utoipa::path(
    get, path = "/candidates", tag = "result",
    responses(
        (status = 200, description = "All candidates", body = Vec<CandidateName>),
        (status = 304, description = "As the client has it"),
        (status = 500, description = "Storage is broken", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room just now: try again", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn candidates(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let headers = request.into_parts().0.headers;
    match snapshot(&app).await {
        Ok(snapshot) => known_by_tag(&snapshot.candidates, &headers),
        Err(problem) => problem.into_response(),
    }
}

/// The state of the vote whenever it changes
///
/// Server-sent events named `result`: the first at once, then at most ten a second. Their data is a `State`.
#[utoipa::path(
    get, path = "/events", tag = "result",
    responses(
        (status = 200, description = "A stream of events, which ends after half an hour", body = VoteState, content_type = "text/event-stream"),
        (status = 500, description = "Storage is broken", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "No room for another stream", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn events(State(app): State<Arc<App>>) -> Response {
    let Ok(permit) = app.streams.clone().try_acquire_owned() else {
        return Problem::overloaded("as many event streams are open as may be: ask /result instead").into_response();
    };
    // Followed before it is read: no change falls between the two.
    let follow = app.board.follow();
    let first = match snapshot(&app).await {
        Ok(first) => first,
        Err(problem) => return problem.into_response(),
    };
    let stopping = app.stopping.clone();
    let ends = Instant::now() + STREAM_LIFE;
    app.metrics.streams.inc();
    let gauge = Gauged(app.clone());
    let stream = futures_util::stream::unfold(
        (follow, stopping, Some(first), permit, gauge),
        move |(mut follow, mut stopping, first, permit, gauge)| async move {
            let snapshot = match first {
                Some(first) => first,
                None => tokio::select! {
                    changed = async { sleep(EVENT_PAUSE).await; follow.changed().await } => {
                        changed.ok()?;
                        follow.borrow_and_update().clone()
                    }
                    _ = stopping.wait_for(|stopping| *stopping) => return None,
                    () = tokio::time::sleep_until(ends) => return None,
                },
            };
            let event = Event::default().event("result").data(&*snapshot.event);
            Some((Ok::<_, Infallible>(event), (follow, stopping, None, permit, gauge)))
        },
    );
    let mut response = Sse::new(stream).keep_alive(KeepAlive::new().interval(STREAM_BEAT)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    // nginx would hold events back.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Counts a stream until it is dropped.
struct Gauged(Arc<App>);

impl Drop for Gauged {
    fn drop(&mut self) {
        self.0.metrics.streams.dec();
    }
}

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, description = "It does", body = String, content_type = "text/plain")))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether votes can be taken and read
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses(
        (status = 200, description = "They can", body = String, content_type = "text/plain"),
        (status = 503, description = "They cannot, or the service is ending", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn readyz(State(app): State<Arc<App>>) -> Response {
    if *app.stopping.borrow() {
        return Problem::unavailable("the service is ending").into_response();
    }
    if !app.board.is_readable() {
        return Problem::unavailable("the votes cannot be read").into_response();
    }
    if !app.entrance.is_well() {
        return Problem::unavailable("votes cannot be written").into_response();
    }
    "ready\n".into_response()
}

/// Counters and histograms for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text")))]
pub async fn metrics_text(State(app): State<Arc<App>>) -> Response {
    app.metrics.queue_depth.set(app.entrance.depth() as i64);
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], app.metrics.text()).into_response()
}
