//! Candidates' pictures, read when they are asked for.
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::problem::Problem;
use crate::ballot::{BallotBox, CandidateId, Picture};

/// How many may be read or wait to be read: each takes up to 200 KB, and browsers keep what they have.
const WAITING_MOST: usize = 256;

/// Reads pictures from the box, one at a time.
pub(super) struct Pictures {
    reader: Arc<Mutex<Box<dyn BallotBox>>>,
    room: Arc<Semaphore>,
}

impl Pictures {
    pub(super) fn new(reader: Box<dyn BallotBox>) -> Self {
        Pictures { reader: Arc::new(Mutex::new(reader)), room: Arc::new(Semaphore::new(WAITING_MOST)) }
    }

    /// The picture of candidate `id`; None if it has none.
    ///
    /// # Errors
    /// 503 when too many wait or the box cannot be read.
    pub(super) async fn of(&self, id: CandidateId) -> Result<Option<Picture>, Problem> {
        let busy = || Problem::overloaded("too many pictures are asked for: try again in a second");
        let permit = self.room.clone().try_acquire_owned().map_err(|_| busy())?;
        let reader = self.reader.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            reader.lock().picture(id)
        });
        match read.await {
            Ok(read) => read.map_err(|error| (&error).into()),
            Err(_) => Err(Problem::storage("the pictures cannot be reached")),
        }
    }
}
