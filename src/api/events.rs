//! `GET /events`: the state of the vote whenever it changes.
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep, sleep_until};

use super::app::App;
use super::contract::EventData;
use super::document::NO_STORE;
use super::problem::Problem;
use super::snapshots::Snapshot;

/// The shortest time between two events of a stream: the eye sees no faster.
const EVENT_PAUSE: Duration = Duration::from_millis(100);
/// A stream ends after this time and its client reconnects, so that no client keeps its slot forever.
const STREAM_LIFE: Duration = Duration::from_secs(30 * 60);
/// Interval of the events `beat` in a stream without news.
const STREAM_BEAT: Duration = Duration::from_secs(15);

/// The state of the vote whenever it changes
///
/// Server-sent events. `vote` has the title, the times and the candidates; it comes first, and again when any of that changes.
/// `result` has the figures alone: at once, then at most ten a second. `beat` is empty and comes in silence, so that a client
/// notices a connection that is dead.
#[utoipa::path(
    get, path = "/events", tag = "result",
    responses(
        (status = 200, description = "A stream of events, which ends after half an hour", body = EventData, content_type = "text/event-stream"),
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
        Err(error) => return Problem::from(&error).into_response(),
    };
    let stopping = app.stopping.clone();
    app.metrics.streams.inc();
    let (ends, gauge) = (Instant::now() + STREAM_LIFE, Gauged(app));
    let reader = Reader { follow, stopping, ends, next: Some(first), told: None, _permit: permit, _gauge: gauge };
    let stream = futures_util::stream::unfold(reader, |mut reader| async {
        let event = reader.event().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let mut response = Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(STREAM_BEAT).event(Event::default().event("beat").data("")))
        .into_response();
    response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    // nginx would buffer the events.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// One client's stream.
struct Reader {
    follow: watch::Receiver<Arc<Snapshot>>,
    stopping: watch::Receiver<bool>,
    ends: Instant,
    /// A snapshot whose figures are still to be sent.
    next: Option<Arc<Snapshot>>,
    /// The tag of the ballot that was sent last.
    told: Option<HeaderValue>,
    _permit: OwnedSemaphorePermit,
    _gauge: Gauged,
}

impl Reader {
    /// The next event; None ends the stream.
    async fn event(&mut self) -> Option<Event> {
        let snapshot = match self.next.take() {
            Some(snapshot) => snapshot,
            None => self.news().await?,
        };
        if self.told.as_ref() == Some(snapshot.ballot.etag()) {
            return Some(Event::default().event("result").data(&*snapshot.figures));
        }
        self.told = Some(snapshot.ballot.etag().clone());
        let event = Event::default().event("vote").data(snapshot.ballot.text());
        self.next = Some(snapshot);
        Some(event)
    }

    /// The next snapshot that differs, not before the eye could see it.
    async fn news(&mut self) -> Option<Arc<Snapshot>> {
        let (follow, stopping) = (&mut self.follow, &mut self.stopping);
        tokio::select! {
            changed = async { sleep(EVENT_PAUSE).await; follow.changed().await } => {
                changed.ok()?;
                Some(follow.borrow_and_update().clone())
            }
            _ = stopping.wait_for(|stopping| *stopping) => None,
            () = sleep_until(self.ends) => None,
        }
    }
}

/// Counts a stream until it is dropped.
struct Gauged(Arc<App>);

impl Drop for Gauged {
    fn drop(&mut self) {
        self.0.metrics.streams.dec();
    }
}
