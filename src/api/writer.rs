//! The one thread that writes: it stores all waiting ballots in one transaction, answers them, and takes those that came in
//! the meantime. Batches grow under load and shrink to one when idle; there is no timer.
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::health::Health;
use super::metrics::Metrics;
use super::snapshots::Snapshots;
use crate::ballot::{Ballot, BallotBox, BoxError, Outcome, SystemClock};

/// The outcome of a ballot, or why the box could not be written.
pub(super) type Answer = Result<Outcome, BoxError>;

struct Waiting {
    ballot: Ballot,
    since: Instant,
    answer: oneshot::Sender<Answer>,
}

/// Why a ballot could not be submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotSubmitted {
    /// As many ballots wait as may wait.
    Full,
    /// The writer has ended.
    Ended,
}

/// The queue of ballots that wait for the writer.
#[derive(Clone)]
pub(super) struct WriteQueue(mpsc::Sender<Waiting>);

impl WriteQueue {
    /// Submits a ballot; the receiver gets its answer after the commit. Dropping the receiver before the writer takes the
    /// ballot withdraws it.
    ///
    /// # Errors
    /// At once, when the queue is full or the writer has ended.
    pub(super) fn submit(&self, ballot: Ballot) -> Result<oneshot::Receiver<Answer>, NotSubmitted> {
        let (answer, answered) = oneshot::channel();
        match self.0.try_send(Waiting { ballot, since: Instant::now(), answer }) {
            Ok(()) => Ok(answered),
            Err(mpsc::error::TrySendError::Full(_)) => Err(NotSubmitted::Full),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(NotSubmitted::Ended),
        }
    }

    /// How many ballots wait.
    pub(super) fn depth(&self) -> usize {
        self.0.max_capacity() - self.0.capacity()
    }
}

/// Starts the writer on `votes`. It ends when the last [`WriteQueue`] is dropped, with all that was submitted written; the
/// receiver is then closed, also when it ends by a panic. `queue_most` ballots may wait.
///
/// # Errors
/// When the system has no thread for it.
pub(super) fn start(
    votes: Box<dyn BallotBox>,
    queue_most: usize,
    snapshots: Arc<Snapshots>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
) -> std::io::Result<(WriteQueue, JoinHandle<()>, oneshot::Receiver<()>)> {
    let (waiting, jobs) = mpsc::channel(queue_most);
    let (alive, ended) = oneshot::channel();
    let writer = Writer { votes, snapshots, metrics, health, failing: None };
    let thread = thread::Builder::new().name("writer".into()).spawn(move || {
        // Dropped however this ends, by a panic too.
        let _alive = alive;
        writer.run(jobs, queue_most);
    })?;
    Ok((WriteQueue(waiting), thread, ended))
}

struct Writer {
    votes: Box<dyn BallotBox>,
    snapshots: Arc<Snapshots>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    /// What the last batch failed with: logged once, not a thousand times a second.
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
        self.health.begin_write();
        let done = self.votes.cast(ballots, &SystemClock);
        self.health.end_write(done.is_ok());
        // Before any voter is answered: who knows that a vote is stored sees it in the result.
        self.snapshots.changed();
        let ended = Instant::now();
        self.metrics.batch_votes.observe(ballots.len() as f64);
        self.metrics.commit_secs.observe((ended - begun).as_secs_f64());
        match done {
            Ok(outcomes) => {
                if self.failing.take().is_some() {
                    tracing::warn!("ballots are stored again");
                }
                self.metrics.count(&outcomes);
                for ((since, answer), outcome) in askers.drain(..).zip(outcomes) {
                    self.metrics.vote_secs.observe((ended - since).as_secs_f64());
                    // Fails when the client has gone.
                    let _ = answer.send(Ok(outcome));
                }
            }
            Err(error) => {
                if self.failing.as_ref() != Some(&error) {
                    tracing::error!(%error, ballots = ballots.len(), "ballots were not stored");
                    self.failing = Some(error.clone());
                }
                self.metrics.count_failed(&error, ballots.len());
                for (_, answer) in askers.drain(..) {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }
}
