//! Reads that no snapshot has: made on request, one at a time, with a limit on waiting requests.
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::problem::Problem;
use crate::ballot::{BallotBox, BoxError};

/// Reads from the box on request.
pub(super) struct Reads {
    reader: Arc<Mutex<Box<dyn BallotBox>>>,
    room: Arc<Semaphore>,
    said: Said,
}

/// What clients are told.
pub(super) struct Said {
    /// When too many wait.
    pub busy: &'static str,
    /// When a read did not come to its end.
    pub lost: &'static str,
}

impl Reads {
    /// Reads with `reader`; at most `waiting_most` requests are read or wait.
    pub(super) fn new(reader: Box<dyn BallotBox>, waiting_most: usize, said: Said) -> Self {
        Reads { reader: Arc::new(Mutex::new(reader)), room: Arc::new(Semaphore::new(waiting_most)), said }
    }

    /// What `read` finds in the box.
    ///
    /// # Errors
    /// 503 when too many wait; what `read` fails with.
    pub(super) async fn ask<T, F>(&self, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn BallotBox) -> Result<T, BoxError> + Send + 'static,
    {
        let permit = self.room.clone().try_acquire_owned().map_err(|_| Problem::overloaded(self.said.busy))?;
        let reader = self.reader.clone();
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            // A panic under the lock leaves the handle usable: SQLite undoes what was open.
            read(&mut **reader.lock())
        });
        match done.await {
            Ok(read) => read.map_err(|error| (&error).into()),
            Err(_) => Err(Problem::storage(self.said.lost)),
        }
    }
}
