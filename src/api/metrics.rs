//! What Prometheus scrapes, named by its conventions (<https://prometheus.io/docs/practices/naming/>).
use axum::http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::process::Process;
use crate::ballot::{BoxError, Outcome, Refusal};

/// The media type of [`Metrics::text`].
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByOutcome {
    outcome: &'static str,
}

/// The labels of the HTTP servers in Prometheus' own libraries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByRequest {
    method: &'static str,
    code: u16,
}

/// Counters and histograms of one service.
pub(super) struct Metrics {
    /// The service's own metrics.
    registry: Registry,
    /// Those that every program has, under the names that they have everywhere.
    process: Registry,
    requests: Family<ByRequest, Counter>,
    /// Those of nearly all requests, which are not looked up.
    get_ok: Counter,
    post_ok: Counter,
    votes: Family<ByOutcome, Counter>,
    stored: Counter,
    /// Ballots whose client had gone before they were written.
    pub abandoned: Counter,
    /// Ballots that were refused because the queue was full.
    pub overloaded: Counter,
    /// Requests refused because the client votes too often.
    pub rate_limited: Counter,
    /// Seconds from a ballot's arrival to its commit.
    pub vote_secs: Histogram,
    /// Seconds that a transaction took.
    pub commit_secs: Histogram,
    /// Ballots in a transaction.
    pub batch_votes: Histogram,
    /// Ballots that wait for the writer.
    pub queue_depth: Gauge,
    pub connections: Gauge,
    pub streams: Gauge,
}

impl Metrics {
    /// All metrics, at zero.
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("votekit");
        let votes = Family::<ByOutcome, Counter>::default();
        registry.register("votes", "Ballots by what became of them", votes.clone());
        let of = |outcome| votes.get_or_create_owned(&ByOutcome { outcome });
        let (stored, abandoned, overloaded) = (of("stored"), of("abandoned"), of("overloaded"));
        let requests = Family::<ByRequest, Counter>::default();
        let metrics = Metrics {
            stored,
            abandoned,
            overloaded,
            votes,
            rate_limited: Counter::default(),
            vote_secs: Histogram::new(exponential_buckets(0.000_25, 2.0, 16)),
            commit_secs: Histogram::new(exponential_buckets(0.000_125, 2.0, 16)),
            batch_votes: Histogram::new(exponential_buckets(1.0, 2.0, 14)),
            queue_depth: Gauge::default(),
            connections: Gauge::default(),
            streams: Gauge::default(),
            get_ok: requests.get_or_create_owned(&ByRequest { method: "get", code: 200 }),
            post_ok: requests.get_or_create_owned(&ByRequest { method: "post", code: 200 }),
            requests,
            process: Registry::default(),
            registry: Registry::default(),
        };
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program that runs", version);
        registry.register("http_requests", "Requests that were answered", metrics.requests.clone());
        registry.register("rate_limited", "Requests refused with 429", metrics.rate_limited.clone());
        let (vote, commit) = (metrics.vote_secs.clone(), metrics.commit_secs.clone());
        registry.register_with_unit("vote_duration", "From a ballot's arrival to its commit", Unit::Seconds, vote);
        registry.register_with_unit(
            "commit_duration",
            "One transaction, its sync to disk included",
            Unit::Seconds,
            commit,
        );
        registry.register("batch_votes", "Ballots in one transaction", metrics.batch_votes.clone());
        registry.register("queue_depth", "Ballots that wait for the writer", metrics.queue_depth.clone());
        registry.register("connections", "Open connections", metrics.connections.clone());
        registry.register("event_streams", "Open event streams", metrics.streams.clone());
        let mut process = Registry::default();
        process.register_collector(Box::new(Process));
        Metrics { registry, process, ..metrics }
    }

    /// All as `OpenMetrics` text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode_registry(&mut text, &self.registry)
            .and_then(|()| encode_registry(&mut text, &self.process))
            .and_then(|()| encode_eof(&mut text));
        text
    }

    /// Counts a request that was answered with `status`.
    pub(super) fn count_request(&self, method: &Method, status: StatusCode) {
        match (method, status) {
            (&Method::GET, StatusCode::OK) => self.get_ok.inc(),
            (&Method::POST, StatusCode::OK) => self.post_ok.inc(),
            _ => self.requests.get_or_create(&ByRequest { method: method_label(method), code: status.as_u16() }).inc(),
        };
    }

    /// Counts the outcomes of a batch.
    pub(super) fn count(&self, outcomes: &[Outcome]) {
        let plain = |outcome: &&Outcome| matches!(outcome, Outcome::Stored { replaced: None, .. });
        let stored = outcomes.iter().filter(plain).count();
        self.stored.inc_by(stored as u64);
        for outcome in outcomes.iter().filter(|outcome| !plain(outcome)) {
            self.votes.get_or_create(&ByOutcome { outcome: label(outcome) }).inc();
        }
    }

    /// Counts ballots of a batch that could not be written.
    pub(super) fn count_failed(&self, error: &BoxError, ballots: usize) {
        let outcome = match error {
            BoxError::OutcomeUnknown { .. } => "unknown",
            _ => "failed",
        };
        self.votes.get_or_create(&ByOutcome { outcome }).inc_by(ballots as u64);
    }
}

fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "get",
        Method::HEAD => "head",
        Method::POST => "post",
        Method::OPTIONS => "options",
        // Clients may make up any.
        _ => "other",
    }
}

fn label(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Stored { replaced: None, .. } => "stored",
        Outcome::Stored { replaced: Some(_), .. } => "changed",
        Outcome::Repeated { .. } => "repeated",
        Outcome::Refused(refusal) => match refusal {
            Refusal::UnknownCandidate(_) => "unknown_candidate",
            Refusal::NotOpenYet(_) => "not_open_yet",
            Refusal::Closed(_) => "closed",
            Refusal::VoterMissing => "voter_missing",
            Refusal::BrowserMissing => "browser_missing",
            Refusal::BrowserHasVoted => "browser_has_voted",
            Refusal::EarlierGeneration => "earlier_generation",
            Refusal::UnknownVoter(_) => "unknown_voter",
            Refusal::LimitReached { .. } => "limit_reached",
            Refusal::ChangeNotAllowed => "change_not_allowed",
            Refusal::KeyReused(_) => "key_reused",
            Refusal::OpinionTooLong(_)
            | Refusal::OpinionUnreadable
            | Refusal::VoterUnreadable(_)
            | Refusal::KeyUnreadable(_) => "unreadable",
        },
    }
}
