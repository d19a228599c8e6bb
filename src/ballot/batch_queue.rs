//! The queue between the thread that reads lines and the one that stores ballots.
use std::sync::Arc;

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::lines::BadLine;
use super::sorted::SortedBallots;
use super::vote::Ballot;

/// Limit on ballots in one transaction. Larger batches make ballots with keys or voters cheaper: a transaction writes each
/// page of the file at most once.
pub(super) const BALLOTS_MOST: usize = 500_000;
/// Limit on bytes of lines in one transaction, for long opinions.
const BYTES_MOST: u64 = 64 * 1024 * 1024;
/// Ballots in one transaction until the speed is known.
pub(super) const BALLOTS_AT_FIRST: usize = 50_000;
/// Ballots that may be read while a sorted batch waits, so that no more than about one transaction is in memory.
const BALLOTS_AHEAD: usize = 32_768;
const BYTES_AHEAD: u64 = 8 * 1024 * 1024;

/// Lines as read: ballots with their line numbers, and lines that are not ballots.
#[derive(Default)]
pub(super) struct Lines {
    pub ballots: Vec<Ballot>,
    pub numbers: Vec<u64>,
    pub bad: Vec<(u64, BadLine)>,
    pub bytes: u64,
}

impl Lines {
    fn append(&mut self, other: &mut Lines) {
        self.ballots.append(&mut other.ballots);
        self.numbers.append(&mut other.numbers);
        self.bad.append(&mut other.bad);
        self.bytes += std::mem::take(&mut other.bytes);
    }

    fn sort(self) -> SortedLines {
        let Lines { ballots, numbers, bad, bytes } = self;
        SortedLines { ballots: SortedBallots::new(ballots), numbers, bad, bytes }
    }
}

/// Lines for one transaction.
pub(super) struct SortedLines {
    pub ballots: SortedBallots,
    pub numbers: Vec<u64>,
    pub bad: Vec<(u64, BadLine)>,
    pub bytes: u64,
}

struct State {
    /// The latest lines, not sorted yet.
    gathered: Lines,
    /// The batch before them, sorted.
    ready: Option<SortedLines>,
    /// The producer is sorting a batch, which is in neither of the above.
    is_sorting: bool,
    /// Limit on ballots in one transaction.
    ballots_most: usize,
    is_input_over: bool,
    /// The consumer has stopped, and nothing more will be stored.
    is_abandoned: bool,
}

impl State {
    fn is_batch_full(&self) -> bool {
        self.gathered.ballots.len() >= self.ballots_most || self.gathered.bytes >= BYTES_MOST
    }

    fn is_far_ahead(&self) -> bool {
        self.gathered.ballots.len() >= BALLOTS_AHEAD || self.gathered.bytes >= BYTES_AHEAD
    }
}

/// A queue with one producer and one consumer. The consumer takes all that waits; while it is busy, the producer adds lines
/// up to a full batch, and sorts that in the time it would have to wait anyway.
pub(super) struct BatchQueue {
    state: Mutex<State>,
    changed: Condvar,
}

impl BatchQueue {
    pub(super) fn new() -> Self {
        let state = State {
            gathered: Lines::default(),
            ready: None,
            is_sorting: false,
            ballots_most: BALLOTS_AT_FIRST,
            is_input_over: false,
            is_abandoned: false,
        };
        BatchQueue { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Adds `lines`, leaving it empty, and waits while too many are queued. Returns false if the consumer has stopped.
    pub(super) fn put(&self, lines: &mut Lines) -> bool {
        let mut state = self.state.lock();
        state.gathered.append(lines);
        self.changed.notify_all();
        if state.is_batch_full() {
            state = self.sort(state);
        }
        while !state.is_abandoned && state.ready.is_some() && state.is_far_ahead() {
            self.changed.wait(&mut state);
        }
        !state.is_abandoned
    }

    /// Sorts the gathered lines, unless a sorted batch still waits.
    fn sort<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.ready.is_some() {
            return state;
        }
        let gathered = std::mem::take(&mut state.gathered);
        state.is_sorting = true;
        drop(state);
        let sorted = gathered.sort();
        let mut state = self.state.lock();
        state.is_sorting = false;
        state.ready = Some(sorted);
        self.changed.notify_all();
        state
    }

    /// Called when the producer has finished.
    fn end_input(&self) {
        let mut state = self.state.lock();
        if state.gathered.bytes > 0 && !std::thread::panicking() {
            state = self.sort(state);
        }
        state.is_sorting = false;
        state.is_input_over = true;
        self.changed.notify_all();
    }

    /// Called when the consumer stops.
    pub(super) fn abandon(&self) {
        self.state.lock().is_abandoned = true;
        self.changed.notify_all();
    }

    /// Takes everything queued, or waits for it. From now on a batch has at most `ballots_most` ballots. `None` once the
    /// input has ended and all of it was taken.
    pub(super) fn take(&self, ballots_most: usize) -> Option<SortedLines> {
        let mut state = self.state.lock();
        state.ballots_most = ballots_most;
        loop {
            if let Some(ready) = state.ready.take() {
                self.changed.notify_all();
                return Some(ready);
            }
            if !state.is_sorting && state.gathered.bytes > 0 {
                let gathered = std::mem::take(&mut state.gathered);
                self.changed.notify_all();
                drop(state);
                return Some(gathered.sort());
            }
            if !state.is_sorting && state.is_input_over {
                return None;
            }
            self.changed.wait(&mut state);
        }
    }
}

/// The producer's end of the queue. Dropping it, also in a panic, ends the input.
pub(super) struct Producer(pub Arc<BatchQueue>);

impl Drop for Producer {
    fn drop(&mut self) {
        self.0.end_input();
    }
}
