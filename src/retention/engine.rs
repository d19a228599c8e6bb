//! What can answer q1's questions: files of events, a `SQLite` database, a table on a server.
use chrono::NaiveDate;

use super::curve::{Curve, Curves, CurvesFound};
use super::event::EventsRead;
use super::question::Question;

/// Answers questions about users of install cohorts. All engines give the same answers about the same events.
pub trait Engine {
    /// Why there is no answer.
    type Error;

    /// The answer to `question`: a number of users.
    ///
    /// # Errors
    /// When the events cannot be read or asked.
    fn num_of_user(&mut self, question: &Question) -> Result<u64, Self::Error>;

    /// The day of the latest event; None if no event has a time.
    ///
    /// # Errors
    /// When the events cannot be read or asked.
    fn last_day(&mut self) -> Result<Option<NaiveDate>, Self::Error>;

    /// How many users have an `event` on `install_day`. By default asked as a question: each of them has at least that event
    /// on that day, so all of them "came back" on it.
    ///
    /// # Errors
    /// When the events cannot be read or asked.
    fn cohort_users(&mut self, event: &str, install_day: NaiveDate) -> Result<u64, Self::Error> {
        self.num_of_user(&Question { install_day, from: install_day, to: install_day, event: event.to_owned() })
    }

    /// For each cohort, how many users it has and how many of them were active on each day of its window. By default a
    /// question for each of these numbers.
    ///
    /// # Errors
    /// When the events cannot be read or asked.
    fn curves(&mut self, curves: &Curves, event: &str) -> Result<CurvesFound, Self::Error> {
        let last_day = self.last_day()?;
        let is_known = |day: NaiveDate| last_day.is_some_and(|last| day <= last);
        let mut found = Vec::new();
        for (install_day, window) in curves.cohorts() {
            let users = is_known(install_day).then(|| self.cohort_users(event, install_day)).transpose()?;
            let mut active_on = |day| {
                let question = Question { install_day, from: day, to: day, event: event.to_owned() };
                is_known(day).then(|| self.num_of_user(&question)).transpose()
            };
            let days = window.days().map(|day| Ok((day, active_on(day)?))).collect::<Result<_, Self::Error>>()?;
            found.push(Curve { install_day, users, days });
        }
        Ok(CurvesFound { curves: found, last_day })
    }

    /// What was read for the last answer, and what of it could not be; None for a database, which reads events elsewhere.
    fn events_read(&self) -> Option<&EventsRead> {
        None
    }
}
