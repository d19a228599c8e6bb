//! Where ballots lie between the thread that reads them and the one that stores them.
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::sorted::SortedBallots;
use super::{BadLine, Ballot};

/// Ballots in one transaction at most. Each of them with a key or a voter costs less the more there are: each page of the
/// file is written once a transaction.
pub const BALLOTS_MOST: usize = 500_000;
/// Bytes of lines in one transaction at most, where opinions are long.
const BYTES_MOST: u64 = 64 * 1024 * 1024;
/// With how many ballots it begins.
pub const BALLOTS_AT_FIRST: usize = 50_000;
/// While a full heap lies there sorted, so many ballots more at most: what waits is no more than about one transaction.
const BALLOTS_BESIDE: usize = 32_768;
const BYTES_BESIDE: u64 = 8 * 1024 * 1024;

/// Lines that were read: ballots with the numbers of their lines, and lines that are none.
#[derive(Default)]
pub struct Lines {
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

    fn sort(&mut self) -> Sorted {
        let Lines { ballots, numbers, bad, bytes } = std::mem::take(self);
        Sorted { ballots: SortedBallots::new(ballots), numbers, bad, bytes }
    }
}

/// Lines for one transaction.
pub struct Sorted {
    pub ballots: SortedBallots,
    pub numbers: Vec<u64>,
    pub bad: Vec<(u64, BadLine)>,
    pub bytes: u64,
}

struct State {
    /// What was read last.
    gathered: Lines,
    /// What was read before it, sorted.
    ready: Option<Sorted>,
    /// The reader is sorting it.
    is_sorting: bool,
    /// Ballots for one transaction at most.
    ballots_most: usize,
    read_all: bool,
    /// Nobody stores any more.
    left: bool,
}

impl State {
    fn is_full(&self) -> bool {
        self.gathered.ballots.len() >= self.ballots_most || self.gathered.bytes >= BYTES_MOST
    }

    fn is_much_beside(&self) -> bool {
        self.gathered.ballots.len() >= BALLOTS_BESIDE || self.gathered.bytes >= BYTES_BESIDE
    }
}

/// A desk with a reader on one side and a storer on the other. The storer takes whatever lies there; while it is busy, the
/// reader lays down more, up to a full heap, which it sorts while it would have to wait anyway.
pub struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

impl Desk {
    pub fn new() -> Self {
        let state = State {
            gathered: Lines::default(),
            ready: None,
            is_sorting: false,
            ballots_most: BALLOTS_AT_FIRST,
            read_all: false,
            left: false,
        };
        Desk { state: Mutex::new(state), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// The reader lays down `lines`, which are empty then, and waits while there is too much. False: nobody stores any more.
    pub fn put(&self, lines: &mut Lines) -> bool {
        let mut state = self.lock();
        state.gathered.append(lines);
        self.changed.notify_all();
        if state.is_full() {
            state = self.sort(state);
        }
        while !state.left && state.ready.is_some() && state.is_much_beside() {
            state = self.wait(state);
        }
        !state.left
    }

    /// Sorts what lies there, unless something sorted lies there.
    fn sort<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        if state.ready.is_some() {
            return state;
        }
        let mut gathered = std::mem::take(&mut state.gathered);
        state.is_sorting = true;
        drop(state);
        let sorted = gathered.sort();
        let mut state = self.lock();
        state.is_sorting = false;
        state.ready = Some(sorted);
        self.changed.notify_all();
        state
    }

    /// The reader has laid down all there was.
    fn end(&self) {
        let mut state = self.lock();
        if state.gathered.bytes > 0 && !std::thread::panicking() {
            state = self.sort(state);
        }
        state.is_sorting = false;
        state.read_all = true;
        self.changed.notify_all();
    }

    /// Nobody stores any more.
    pub fn leave(&self) {
        self.lock().left = true;
        self.changed.notify_all();
    }

    /// The storer takes what lies there and waits while there is nothing; from then on a transaction has `ballots_most`
    /// ballots at most. None: all that was read is stored.
    pub fn take(&self, ballots_most: usize) -> Option<Sorted> {
        let mut state = self.lock();
        state.ballots_most = ballots_most;
        loop {
            if let Some(ready) = state.ready.take() {
                self.changed.notify_all();
                return Some(ready);
            }
            if !state.is_sorting && state.gathered.bytes > 0 {
                let mut gathered = std::mem::take(&mut state.gathered);
                self.changed.notify_all();
                drop(state);
                return Some(gathered.sort());
            }
            if !state.is_sorting && state.read_all {
                return None;
            }
            state = self.wait(state);
        }
    }
}

/// The reader's place at the desk: dropped, also by a panic, it has laid down all there was.
pub struct Reader(pub std::sync::Arc<Desk>);

impl Drop for Reader {
    fn drop(&mut self) {
        self.0.end();
    }
}
