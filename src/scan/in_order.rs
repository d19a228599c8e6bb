//! Passes on the results of several threads in input order.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use parking_lot::Mutex;

/// Calls `merge` with results in the order of their numbers, in whatever order threads deliver them.
pub(super) struct InOrder<T, E, M> {
    state: Mutex<State<T, E, M>>,
    stopped: AtomicBool,
}

struct State<T, E, M> {
    next: u64,
    waiting: BTreeMap<u64, Result<T, E>>,
    merge: M,
    error: Option<E>,
}

impl<T, E, M: FnMut(T) -> Result<(), E>> InOrder<T, E, M> {
    pub(super) fn new(merge: M) -> Self {
        let state = State { next: 0, waiting: BTreeMap::new(), merge, error: None };
        InOrder { state: Mutex::new(state), stopped: AtomicBool::new(false) }
    }

    /// Takes result `number`, counted from 0, and merges every result whose predecessors are merged. The first error stops
    /// the scan.
    pub(super) fn hand(&self, number: u64, result: Result<T, E>) {
        let mut state = self.state.lock();
        state.waiting.insert(number, result);
        loop {
            let next = state.next;
            let Some(result) = state.waiting.remove(&next) else { break };
            state.next += 1;
            if state.error.is_none() {
                let merged = result.and_then(|value| (state.merge)(value));
                if let Err(error) = merged {
                    state.error = Some(error);
                    self.stopped.store(true, Relaxed);
                }
            }
        }
    }

    /// Whether an error occurred, so that reading on is pointless.
    pub(super) fn stopped(&self) -> bool {
        self.stopped.load(Relaxed)
    }

    /// The first error in input order, if any.
    pub(super) fn outcome(self) -> Result<(), E> {
        self.state.into_inner().error.map_or(Ok(()), Err)
    }
}
