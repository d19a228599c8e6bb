//! Results for windows other than ten minutes: read on request, one at a time, with a limit on waiting requests.
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::contract;
use super::document::Document;
use super::problem::Problem;
use crate::ballot::{BallotBox, BoxError, Clock, SystemClock};
use crate::units::DurationSecs;

/// How many may wait: a long window of a long vote takes a while, and a crowd of them would take the cores.
const WAITING_MOST: usize = 16;

/// Reads results that no snapshot has.
pub(super) struct Windows {
    reader: Arc<Mutex<Box<dyn BallotBox>>>,
    room: Arc<Semaphore>,
}

impl Windows {
    pub(super) fn new(reader: Box<dyn BallotBox>) -> Self {
        Windows { reader: Arc::new(Mutex::new(reader)), room: Arc::new(Semaphore::new(WAITING_MOST)) }
    }

    /// The result of the `window` that ends now.
    ///
    /// # Errors
    /// 403 where results are hidden, 503 when too many wait or the box cannot be read.
    pub(super) async fn result(&self, window: DurationSecs) -> Result<Document, Problem> {
        let busy = || Problem::overloaded("too many results of other windows are asked for: try again in a second");
        let permit = self.room.clone().try_acquire_owned().map_err(|_| busy())?;
        let reader = self.reader.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            // A panic under the lock leaves the handle usable: SQLite undoes what was open.
            let tally = reader.lock().tally(window, SystemClock.now())?.for_audience();
            Ok::<_, BoxError>(Document::new(&contract::result_of_window(&tally)?))
        });
        match read.await {
            Ok(read) => read.map_err(|error| (&error).into()),
            Err(_) => Err(Problem::storage("the votes cannot be reached")),
        }
    }
}
