//! What can answer q1's questions: files of events, a `SQLite` database, a table on a server.
use super::curve::{Curves, CurvesFound};
use super::data_end::DataEnd;
use super::event::EventsRead;
use super::event_names::NameSeen;
use super::question::Question;

/// The answer to a [`Question`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How many users of the cohort came back.
    pub users: u64,
    /// How many users the cohort has.
    pub cohort_users: u64,
    /// Where the events end.
    pub end: DataEnd,
}

/// Answers questions about users of install cohorts. All engines give the same answers about the same events.
pub trait Engine {
    /// Why there is no answer.
    type Error;

    /// The answer to `question`.
    ///
    /// # Errors
    /// When the events cannot be read or asked.
    fn answer(&mut self, question: &Question) -> Result<Answer, Self::Error>;

    /// For each cohort, how many users it has and how many of them came back.
    ///
    /// # Errors
    /// When the events cannot be read or asked.
    fn curves(&mut self, curves: &Curves) -> Result<CurvesFound, Self::Error>;

    /// The names of events, the most frequent first. None if that is no longer known, as for a stream, which is read once.
    ///
    /// # Errors
    /// When the events cannot be read or asked.
    fn event_names(&mut self) -> Result<Option<Vec<NameSeen>>, Self::Error>;

    /// What was read for the last answer, and what of it could not be; None for a database, which reads events elsewhere.
    fn events_read(&self) -> Option<&EventsRead> {
        None
    }
}
