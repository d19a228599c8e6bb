//! `GET /events`: the state of the vote whenever it changes.
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep, sleep_until};

use super::app::App;
use super::contract::State as VoteState;
use super::document::NO_STORE;
use super::problem::Problem;

/// The shortest time between two events of a stream: the eye sees no faster.
const EVENT_PAUSE: Duration = Duration::from_millis(100);
/// A stream ends after this time and its client reconnects, so that no client keeps its slot forever.
const STREAM_LIFE: Duration = Duration::from_secs(30 * 60);
/// Interval of keep-alive comments in a stream without news.
const STREAM_BEAT: Duration = Duration::from_secs(15);

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
pub(super) async fn events(State(app): State<Arc<App>>) -> Response {
    let Ok(permit) = app.streams.clone().try_acquire_owned() else {
        return Problem::overloaded("as many event streams are open as may be: ask /result instead").into_response();
    };
    // Subscribed before the first read, so that no change is missed in between.
    let follow = app.snapshots.follow();
    let first = match app.snapshots.current().await {
        Ok(first) => first,
        Err(error) => return Problem::from(error).into_response(),
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
                    () = sleep_until(ends) => return None,
                },
            };
            let event = Event::default().event("result").data(&*snapshot.event);
            Some((Ok::<_, Infallible>(event), (follow, stopping, None, permit, gauge)))
        },
    );
    let mut response = Sse::new(stream).keep_alive(KeepAlive::new().interval(STREAM_BEAT)).into_response();
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    // nginx would buffer the events.
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
