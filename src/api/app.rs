//! The state shared by all handlers, and how a ballot gets its outcome.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;
use tokio::sync::{Semaphore, watch};

use super::browser::Browsers;
use super::health::Health;
use super::limits::{self, Limiter, Peer};
use super::metrics::Metrics;
use super::pictures::Pictures;
use super::problem::Problem;
use super::public_url::PublicUrl;
use super::snapshots::Snapshots;
use super::windows::Windows;
use super::writer::{NotSubmitted, WriteQueue};
use crate::ballot::{Ballot, Outcome};

/// The state shared by all handlers.
pub(super) struct App {
    /// Queues ballots for the writer.
    pub writes: WriteQueue,
    /// The current state of the vote.
    pub snapshots: Arc<Snapshots>,
    /// Results of other windows.
    pub windows: Windows,
    pub pictures: Pictures,
    /// Where people reach the service.
    pub public: PublicUrl,
    /// Whether votes can be read and written.
    pub health: Arc<Health>,
    /// The metrics served to Prometheus.
    pub metrics: Arc<Metrics>,
    /// Limits clients to a rate, if one is set.
    pub limiter: Option<Limiter>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted: Vec<IpNet>,
    /// Tells browsers apart, where each votes once.
    pub browsers: Browsers,
    /// The service has been told to stop, and still accepts connections until others have noticed.
    pub draining: AtomicBool,
    /// Whether it has been said that a proxy is not trusted.
    pub proxy_noted: AtomicBool,
    /// One permit per possible event stream.
    pub streams: Arc<Semaphore>,
    /// Becomes true when the service is told to stop.
    pub stopping: watch::Receiver<bool>,
    /// The service's `OpenAPI` description.
    pub description: Bytes,
}

impl App {
    /// Casts `ballot` and waits until it is on disk.
    ///
    /// # Errors
    /// The reason why it is not stored, or that the outcome is unknown.
    pub(super) async fn cast(&self, ballot: Ballot) -> Result<Outcome, Problem> {
        let answered = self.writes.submit(ballot).map_err(|why| match why {
            NotSubmitted::Full => {
                self.metrics.overloaded.inc();
                Problem::overloaded("too many are voting at this moment: nothing was stored, try again in a second")
            }
            NotSubmitted::Ended => Problem::unavailable("the service is ending: nothing was stored, try again"),
        })?;
        match answered.await {
            Ok(Ok(Outcome::Refused(refusal))) => Err(refusal.into()),
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err((&error).into()),
            // The writer ended without an answer, which is a bug of ours; the log has it.
            Err(_) => Err(Problem::outcome_unknown("whether this vote is stored is unknown")),
        }
    }

    /// `ballot` with the browser that sent it as its voter, where a browser votes once. Without a cookie it has no voter, and
    /// is refused.
    ///
    /// # Errors
    /// When the vote cannot be read.
    pub(super) async fn of_browser(&self, ballot: Ballot, headers: &HeaderMap) -> Result<Ballot, Problem> {
        // Other votes do not wait for a newer state. If the rule is new, the ballot is refused, and the answer has the cookie.
        if !self.snapshots.latest().tally.settings.once_per_browser {
            return Ok(ballot);
        }
        let snapshot = self.snapshots.current().await?;
        let generation = snapshot.tally.settings.generation;
        let voter = self.browsers.id(headers, generation);
        // A reset that is not known here yet is known where the vote is written.
        Ok(Ballot { voter, generation: ballot.generation.or(Some(generation)), ..ballot })
    }

    /// Gives the browser that sent `headers` a cookie with the `answer`, if it needs one and has none.
    pub(super) async fn mark_browser(&self, headers: &HeaderMap, answer: &mut HeaderMap) {
        let Ok(snapshot) = self.snapshots.current().await else { return };
        let settings = &snapshot.tally.settings;
        if settings.once_per_browser && self.browsers.id(headers, settings.generation).is_none() {
            self.browsers.mark(answer, settings.generation);
        }
    }

    /// Counts a request against its client's rate, if one is set.
    ///
    /// # Errors
    /// 429 if the client has used up its rate.
    pub(super) fn admit(&self, request: &Parts) -> Result<(), Problem> {
        let (Some(limiter), Some(Peer(peer))) = (&self.limiter, request.extensions.get()) else { return Ok(()) };
        let is_forwarded = request.headers.contains_key("x-forwarded-for") && self.trusted.is_empty();
        if is_forwarded && !self.proxy_noted.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "votes come through a proxy, and --rate-limit counts them all as one client's: name it with --trust-proxy"
            );
        }
        let client = limits::client(*peer, &request.headers, &self.trusted);
        limiter.admit(client).inspect_err(|_| {
            self.metrics.rate_limited.inc();
        })
    }
}
