//! Candidates' pictures, read when they are asked for.
use super::problem::Problem;
use super::reads::{Reads, Said};
use crate::ballot::{BallotBox, CandidateId, Picture};

/// How many may be read or wait to be read: each takes up to 200 KB, and browsers keep what they have.
const WAITING_MOST: usize = 256;

/// Reads pictures from the box.
pub(super) struct Pictures(Reads);

impl Pictures {
    pub(super) fn new(reader: Box<dyn BallotBox>) -> Self {
        let busy = "too many pictures are asked for: try again in a second";
        Pictures(Reads::new(reader, WAITING_MOST, Said { busy, lost: "the pictures cannot be reached" }))
    }

    /// The picture of candidate `id`; None if it has none.
    ///
    /// # Errors
    /// 503 when too many wait or the box cannot be read.
    pub(super) async fn of(&self, id: CandidateId) -> Result<Option<Picture>, Problem> {
        self.0.ask(move |votes| votes.picture(id)).await
    }
}
