//! What handlers share, and the way of a ballot from a request to its outcome.
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Request};
use ipnet::IpNet;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio::time::timeout;

use super::board::Board;
use super::contract;
use super::limits::{self, Limiter, Peer};
use super::metrics::Metrics;
use super::problem::Problem;
use super::windows::Windows;
use super::writer::{Entrance, NotTaken};
use crate::ballot::{Ballot, Limits, Outcome};

/// A body's bytes at most.
pub const BODY_BYTES: usize = 64 * 1024;
/// A body up to this many bytes always has room.
const SMALL_BODY_BYTES: u64 = 4 * 1024;
/// Room for all larger bodies together, from their arrival until they are answered: 32 MiB.
static LARGE_BODIES_KIB: Semaphore = Semaphore::const_new(32 * 1024);

/// What a large body holds of the room for all of them.
pub type Room = Option<SemaphorePermit<'static>>;

/// How long a body may take to arrive.
pub const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// What handlers share.
pub struct App {
    /// Where ballots go.
    pub entrance: Entrance,
    /// Where results are.
    pub board: Arc<Board>,
    /// Results of other windows.
    pub windows: Windows,
    /// What Prometheus is told.
    pub metrics: Arc<Metrics>,
    /// Holds clients to a rate, where one is set.
    pub limiter: Option<Limiter>,
    /// Proxies that are believed when they say who the client is.
    pub trusted: Vec<IpNet>,
    /// Room for event streams.
    pub streams: Arc<Semaphore>,
    /// True when the service is to end.
    pub stopping: watch::Receiver<bool>,
}

impl App {
    /// Casts `ballot` and waits until it is on disk.
    ///
    /// # Errors
    /// Why it is not stored, or that this is unknown.
    pub async fn cast(&self, ballot: Ballot) -> Result<Outcome, Problem> {
        let answered = self.entrance.hand_in(ballot).map_err(|why| match why {
            NotTaken::Full => {
                self.metrics.overloaded.inc();
                Problem::overloaded("too many are voting at this moment: nothing was stored, try again in a second")
            }
            NotTaken::Ended => Problem::unavailable("the service is ending: nothing was stored, try again"),
        })?;
        match answered.await {
            Ok(Ok(Outcome::Refused(refusal))) => Err(refusal.into()),
            Ok(Ok(outcome)) => Ok(outcome),
            Ok(Err(error)) => Err((&error).into()),
            // The writer went without an answer, which is a bug of ours; the log has it.
            Err(_) => Err(Problem::outcome_unknown("whether this vote is stored is unknown")),
        }
    }

    /// Holds the client of a request to the rate, where one is set.
    ///
    /// # Errors
    /// 429.
    pub fn admit<B>(&self, request: &Request<B>) -> Result<(), Problem> {
        let (Some(limiter), Some(Peer(peer))) = (&self.limiter, request.extensions().get()) else { return Ok(()) };
        let client = limits::client(*peer, request.headers(), &self.trusted);
        limiter.admit(client).inspect_err(|_| {
            self.metrics.rate_limited.inc();
        })
    }
}

/// The body of a request, whole, and the room that it takes while that is held.
///
/// # Errors
/// 413 when it is larger than `bytes_most`, 408 when it does not arrive within [`BODY_PATIENCE`], 400 when it breaks off, 503
/// when too many large ones are there at once.
pub async fn body(request: Request<Body>, bytes_most: usize) -> Result<(Bytes, Room), Problem> {
    let too_large = || Problem::too_large(format!("a body has at most {bytes_most} bytes"));
    let told = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|bytes| bytes > bytes_most as u64) {
        return Err(too_large());
    }
    let bytes = told.unwrap_or(bytes_most as u64);
    let room = match bytes <= SMALL_BODY_BYTES {
        true => None,
        // At most 192 KiB.
        false => Some(LARGE_BODIES_KIB.try_acquire_many(bytes.div_ceil(1024) as u32).map_err(|_| {
            Problem::overloaded("too many long opinions at this moment: nothing was stored, try again in a second")
        })?),
    };
    match timeout(BODY_PATIENCE, to_bytes(request.into_body(), bytes_most)).await {
        Ok(Ok(bytes)) => Ok((bytes, room)),
        Ok(Err(error)) => {
            let cause = std::error::Error::source(&error);
            match cause.is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>()) {
                true => Err(too_large()),
                false => Err(Problem::bad_request("the body broke off")),
            }
        }
        Err(_) => Err(Problem::too_slow(format!("the body did not arrive within {} s", BODY_PATIENCE.as_secs()))),
    }
}

/// The ballot that a request with a JSON body means, and the room that it takes.
///
/// # Errors
/// What is wrong with it.
pub async fn ballot(request: Request<Body>) -> Result<(Ballot, Room), Problem> {
    if !is_json(request.headers()) {
        return Err(Problem::content_type("send the vote as JSON, with the header Content-Type: application/json"));
    }
    let key = key(request.headers())?;
    let (bytes, room) = body(request, BODY_BYTES).await?;
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

/// The key in `Idempotency-Key`: bare, or in quotes as the header's draft writes it
/// (<https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/>).
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut lines = headers.get_all("idempotency-key").iter();
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(Problem::bad_request("the header Idempotency-Key is there more than once"));
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
