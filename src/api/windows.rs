//! Results of other windows than the ten minutes: read when asked for, one at a time, and only so many may wait.
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::board::Document;
use super::contract;
use super::problem::Problem;
use crate::ballot::{BallotBox, BoxError, Clock, SystemClock};
use crate::units::DurationSecs;

/// How many may wait: a long window of a long vote takes a while, and a crowd of them would take the cores.
const WAITING_MOST: usize = 16;

/// A handle on the box for results that are not kept ready.
pub struct Windows {
    reader: Arc<Mutex<Box<dyn BallotBox>>>,
    room: Arc<Semaphore>,
}

impl Windows {
    /// Reads with `reader`.
    pub fn new(reader: Box<dyn BallotBox>) -> Self {
        Windows { reader: Arc::new(Mutex::new(reader)), room: Arc::new(Semaphore::new(WAITING_MOST)) }
    }

    /// The result of the `window` that ends now.
    ///
    /// # Errors
    /// 403 where results are hidden, 503 when too many wait or the box cannot be read.
    pub async fn result(&self, window: DurationSecs) -> Result<Document, Problem> {
        let busy = || Problem::overloaded("too many results of other windows are asked for: try again in a second");
        let permit = self.room.clone().try_acquire_owned().map_err(|_| busy())?;
        let reader = self.reader.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            // A handle stays usable after a panic: SQLite undid what was open.
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            let tally = reader.tally(window, SystemClock.now())?;
            if tally.hidden {
                return Err(BoxError::Hidden { closes: tally.settings.closes });
            }
            Ok(Document::new(&contract::result_of_window(&tally)))
        });
        match read.await {
            Ok(read) => read.map_err(|error| (&error).into()),
            Err(_) => Err(Problem::storage("the votes cannot be reached")),
        }
    }
}
