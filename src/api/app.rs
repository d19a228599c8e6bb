//! What handlers share, and a ballot's way to its outcome.
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::Request;
use ipnet::IpNet;
use tokio::sync::{Semaphore, watch};

use super::health::Health;
use super::limits::{self, Limiter, Peer};
use super::metrics::Metrics;
use super::problem::Problem;
use super::snapshots::Snapshots;
use super::windows::Windows;
use super::writer::{NotSubmitted, WriteQueue};
use crate::ballot::{Ballot, Outcome};

/// What handlers share.
pub(super) struct App {
    /// Takes ballots to the writer.
    pub writes: WriteQueue,
    /// The vote as it is now.
    pub snapshots: Arc<Snapshots>,
    /// Results of other windows.
    pub windows: Windows,
    /// Whether votes can be read and written.
    pub health: Arc<Health>,
    /// What Prometheus scrapes.
    pub metrics: Arc<Metrics>,
    /// Holds clients to a rate, where one is set.
    pub limiter: Option<Limiter>,
    /// Proxies whose word on who the client is counts.
    pub trusted: Vec<IpNet>,
    /// Room for event streams.
    pub streams: Arc<Semaphore>,
    /// True once the service is to end.
    pub stopping: watch::Receiver<bool>,
    /// The service's `OpenAPI` description.
    pub description: Bytes,
}

impl App {
    /// Casts `ballot` and waits until it is on disk.
    ///
    /// # Errors
    /// Why it is not stored, or that this is unknown.
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

    /// Holds the client of a request to the rate, where one is set.
    ///
    /// # Errors
    /// 429.
    pub(super) fn admit<B>(&self, request: &Request<B>) -> Result<(), Problem> {
        let (Some(limiter), Some(Peer(peer))) = (&self.limiter, request.extensions().get()) else { return Ok(()) };
        let client = limits::client(*peer, request.headers(), &self.trusted);
        limiter.admit(client).inspect_err(|_| {
            self.metrics.rate_limited.inc();
        })
    }
}
