//! Results for windows other than ten minutes, read when they are asked for.
use super::contract;
use super::document::Document;
use super::problem::Problem;
use super::reads::{Reads, Said};
use crate::ballot::{BallotBox, Clock, SystemClock};
use crate::units::DurationSecs;

/// How many may wait: a long window of a long vote takes a while, and a crowd of them would take the cores.
const WAITING_MOST: usize = 16;

/// Reads results that no snapshot has.
pub(super) struct Windows(Reads);

impl Windows {
    pub(super) fn new(reader: Box<dyn BallotBox>) -> Self {
        let busy = "too many results of other windows are asked for: try again in a second";
        Windows(Reads::new(reader, WAITING_MOST, Said { busy, lost: "the votes cannot be reached" }))
    }

    /// The result of the `window` that ends now.
    ///
    /// # Errors
    /// 403 where results are hidden, 503 when too many wait or the box cannot be read.
    pub(super) async fn result(&self, window: DurationSecs) -> Result<Document, Problem> {
        let read = move |votes: &mut dyn BallotBox| {
            let tally = votes.tally(window, SystemClock.now())?.for_audience();
            Ok(Document::new(&contract::result_of_window(&tally)?))
        };
        self.0.ask(read).await
    }
}
