//! The engine for files of events: each answer is one pass over all of them.
use chrono::NaiveDate;

use super::cohort::{CohortQuery, Cohorts};
use super::collation::Collation;
use super::curve::{Curve, Curves, CurvesFound};
use super::database::{Database, DatabaseError};
use super::engine::Engine;
use super::event::{EventError, EventOptions, EventsRead};
use super::question::{DaySpan, Question};
use crate::progress::Progress;
use crate::scan::Input;

/// Files of events. Every answer reads them anew, so that of a stream there is only one.
pub struct EventFiles<'a> {
    inputs: &'a [Input],
    collation: Collation,
    options: &'a EventOptions,
    progress: &'a dyn Progress,
    read: Option<EventsRead>,
}

/// Why files of events give no answer.
#[derive(Debug, thiserror::Error)]
pub enum EventFilesError {
    /// They cannot be read.
    #[error("cannot load the events")]
    Read(#[from] EventError),
    /// The query on what was found in them failed.
    #[error(transparent)]
    Query(#[from] DatabaseError),
}

impl<'a> EventFiles<'a> {
    /// The events of `inputs`; `collation` is what makes names and users the same.
    pub fn new(
        inputs: &'a [Input],
        collation: Collation,
        options: &'a EventOptions,
        progress: &'a dyn Progress,
    ) -> Self {
        EventFiles { inputs, collation, options, progress, read: None }
    }

    fn cohorts(&mut self, query: &CohortQuery) -> Result<Cohorts, EventError> {
        let (cohorts, read) = Cohorts::read(self.inputs, query, self.options, self.progress)?;
        self.read = Some(read);
        Ok(cohorts)
    }
}

impl Engine for EventFiles<'_> {
    type Error = EventFilesError;

    /// The users who came back are found in the files and counted by q1.sql, the one text that defines the answer.
    fn num_of_user(&mut self, question: &Question) -> Result<u64, EventFilesError> {
        let Question { install_day, from, to, event } = question;
        let query = CohortQuery::once(event, self.collation, *install_day, *from, *to);
        let cohorts = self.cohorts(&query)?;
        Ok(Database::of_users(cohorts.who_came_back(), question).map_err(DatabaseError::from)?.num_of_user(question)?)
    }

    fn last_day(&mut self) -> Result<Option<NaiveDate>, EventFilesError> {
        let any = NaiveDate::MIN;
        Ok(self.cohorts(&CohortQuery::once("", self.collation, any, any, any))?.last_day)
    }

    /// All numbers in one pass.
    fn curves(&mut self, curves: &Curves, event: &str) -> Result<CurvesFound, EventFilesError> {
        let whole = curves.whole_window();
        let cohorts = self.cohorts(&CohortQuery::days(event, self.collation, curves.installs(), whole))?;
        let last_day = cohorts.last_day;
        let known = |day: NaiveDate, users| last_day.filter(|last| day <= *last).map(|_| users);
        let curve = |(cohort, (install_day, window)): (usize, (NaiveDate, DaySpan))| {
            let first = whole.place(window.first)?;
            let (users, active) = cohorts.curve(cohort, first..first + window.len());
            let days = window.days().zip(active).map(|(day, active)| (day, known(day, active))).collect();
            Some(Curve { install_day, users: known(install_day, users), days })
        };
        Ok(CurvesFound { curves: curves.cohorts().enumerate().filter_map(curve).collect(), last_day })
    }

    fn events_read(&self) -> Option<&EventsRead> {
        self.read.as_ref()
    }
}
