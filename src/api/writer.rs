//! The one writer: takes all ballots that wait into one transaction, answers them, and takes what came in the meantime.
//! Batches grow under load and shrink to one when idle; there is no timer.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::board::Board;
use super::metrics::Metrics;
use crate::ballot::{Ballot, BallotBox, BoxError, Outcome, SystemClock};

/// What became of a ballot, or why the box could not be written.
pub type Answer = Result<Outcome, BoxError>;

struct Waiting {
    ballot: Ballot,
    since: Instant,
    answer: oneshot::Sender<Answer>,
}

/// Why a ballot was not even taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotTaken {
    /// As many wait as may wait.
    Full,
    /// The writer has ended.
    Ended,
}

/// Where ballots wait for the writer.
#[derive(Clone)]
pub struct Entrance {
    waiting: mpsc::Sender<Waiting>,
    health: Arc<Health>,
}

impl Entrance {
    /// Hands in a ballot; the receiver gets its answer after the commit. Dropping the receiver before the writer takes the
    /// ballot takes it back.
    ///
    /// # Errors
    /// At once, when as many wait as may wait, or when the writer has ended.
    pub fn hand_in(&self, ballot: Ballot) -> Result<oneshot::Receiver<Answer>, NotTaken> {
        let (answer, answered) = oneshot::channel();
        match self.waiting.try_send(Waiting { ballot, since: Instant::now(), answer }) {
            Ok(()) => Ok(answered),
            Err(mpsc::error::TrySendError::Full(_)) => Err(NotTaken::Full),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(NotTaken::Ended),
        }
    }

    /// Whether votes can be taken, as far as the last ones tell: not when the last batch failed a moment ago, nor while one
    /// is stuck.
    pub fn is_well(&self) -> bool {
        self.health.is_well()
    }

    /// How many wait.
    pub fn depth(&self) -> usize {
        self.waiting.max_capacity() - self.waiting.capacity()
    }
}

/// Starts the writer on `votes`. It ends, with all that was handed in written, when the last [`Entrance`] is gone;
/// the receiver hears of it, also when it ends by a panic. `queue_most` ballots may wait.
///
/// # Errors
/// When the system has no thread for it.
pub fn start(
    votes: Box<dyn BallotBox>,
    queue_most: usize,
    board: Arc<Board>,
    metrics: Arc<Metrics>,
) -> std::io::Result<(Entrance, JoinHandle<()>, oneshot::Receiver<()>)> {
    let health = Arc::new(Health::new());
    let (waiting, jobs) = mpsc::channel(queue_most);
    let (alive, ended) = oneshot::channel();
    let writer = Writer { votes, board, metrics, health: health.clone(), failing: None };
    let thread = thread::Builder::new().name("writer".into()).spawn(move || {
        // Dropped however this ends, by a panic too.
        let _alive = alive;
        writer.run(jobs, queue_most);
    })?;
    Ok((Entrance { waiting, health }, thread, ended))
}

/// How writing goes, for who asks whether votes can be taken.
#[derive(Debug)]
pub struct Health {
    begun: Instant,
    /// Milliseconds after `begun` at which the present batch was taken, and at which one failed last; 0 is never.
    writing_since_ms: AtomicU64,
    failed_ms: AtomicU64,
}

/// A failure counts for so long: then votes are worth another try.
const FAILURE_COUNTS: Duration = Duration::from_secs(5);
/// A batch that takes longer waits for another program, or for a disk that does not answer.
const STUCK_AFTER: Duration = Duration::from_secs(5);

impl Health {
    fn new() -> Self {
        Health { begun: Instant::now(), writing_since_ms: AtomicU64::new(0), failed_ms: AtomicU64::new(0) }
    }

    fn now_ms(&self) -> u64 {
        // Never 0, and far from the end of a u64.
        self.begun.elapsed().as_millis() as u64 + 1
    }

    fn is_within(&self, at_ms: &AtomicU64, span: Duration) -> Option<bool> {
        let at_ms = at_ms.load(Ordering::Relaxed);
        (at_ms > 0).then(|| self.now_ms().saturating_sub(at_ms) <= span.as_millis() as u64)
    }

    /// Whether votes can be taken, as far as the last ones tell.
    pub fn is_well(&self) -> bool {
        self.is_within(&self.failed_ms, FAILURE_COUNTS) != Some(true)
            && self.is_within(&self.writing_since_ms, STUCK_AFTER) != Some(false)
    }
}

struct Writer {
    votes: Box<dyn BallotBox>,
    board: Arc<Board>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    /// What the last batch failed with: told once, not a thousand times a second.
    failing: Option<BoxError>,
}

impl Writer {
    fn run(mut self, mut jobs: mpsc::Receiver<Waiting>, batch_most: usize) {
        let mut taken = Vec::with_capacity(batch_most);
        let (mut ballots, mut askers) = (Vec::with_capacity(batch_most), Vec::with_capacity(batch_most));
        while jobs.blocking_recv_many(&mut taken, batch_most) > 0 {
            for Waiting { ballot, since, answer } in taken.drain(..) {
                if answer.is_closed() {
                    self.metrics.abandoned.inc();
                } else {
                    ballots.push(ballot);
                    askers.push((since, answer));
                }
            }
            if !ballots.is_empty() {
                self.write(&ballots, &mut askers);
                ballots.clear();
            }
        }
        if let Err(error) = self.votes.checkpoint() {
            tracing::warn!(%error, "the side files could not be moved into the ballot file; they are safe where they are");
        }
    }

    fn write(&mut self, ballots: &[Ballot], askers: &mut Vec<(Instant, oneshot::Sender<Answer>)>) {
        let begun = Instant::now();
        self.health.writing_since_ms.store(self.health.now_ms(), Ordering::Relaxed);
        let done = self.votes.cast(ballots, &SystemClock);
        self.health.writing_since_ms.store(0, Ordering::Relaxed);
        // Before anybody is answered: who has been told of a vote sees it in the result.
        self.board.changed();
        let ended = Instant::now();
        self.metrics.batch_votes.observe(ballots.len() as f64);
        self.metrics.commit_secs.observe((ended - begun).as_secs_f64());
        match done {
            Ok(outcomes) => {
                if self.failing.take().is_some() {
                    tracing::warn!("ballots are stored again");
                }
                self.health.failed_ms.store(0, Ordering::Relaxed);
                self.metrics.count(&outcomes);
                for ((since, answer), outcome) in askers.drain(..).zip(outcomes) {
                    self.metrics.vote_secs.observe((ended - since).as_secs_f64());
                    // Who has gone is not told.
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                if self.failing.as_ref() != Some(&error) {
                    tracing::error!(%error, ballots = ballots.len(), "ballots were not stored");
                    self.failing = Some(error.clone());
                }
                self.health.failed_ms.store(self.health.now_ms(), Ordering::Relaxed);
                self.metrics.count_failed(&error, ballots.len());
                for (_, answer) in askers.drain(..) {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }
}
