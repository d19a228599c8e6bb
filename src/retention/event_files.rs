//! The engine for files of events: each answer is one pass over all of them.
use super::cohort::Cohorts;
use super::cohort_query::CohortQuery;
use super::collation::Collation;
use super::curve::{Curves, CurvesFound};
use super::database::Database;
use super::engine::{Answer, Engine};
use super::event::{Event, EventError, EventOptions, EventSink, EventsRead};
use super::event_names::{NameSeen, NamesSeen};
use super::events::read_events;
use super::question::Question;
use super::quick::QuickEvent;
use super::sqlite_table::DatabaseError;
use crate::progress::Progress;
use crate::scan::Input;

/// Files of events. Each answer reads them again, so a stream allows only one.
pub struct EventFiles<'a> {
    inputs: &'a [Input],
    collation: Collation,
    options: &'a EventOptions,
    progress: &'a dyn Progress,
    read: Option<EventsRead>,
    /// The names that occur in inputs which cannot be read again.
    names: Option<Vec<NameSeen>>,
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
        EventFiles { inputs, collation, options, progress, read: None, names: None }
    }

    fn cohorts(&mut self, query: CohortQuery) -> Result<Cohorts, EventError> {
        let by_install_time = self.options.names.install_time.is_some();
        let query = CohortQuery { by_install_time, with_names: self.is_stream(), ..query };
        let (mut cohorts, read) = Cohorts::read(self.inputs, &query, self.options, self.progress)?;
        self.read = Some(read);
        if query.with_names {
            self.names = Some(std::mem::take(&mut cohorts.names).sorted());
        }
        Ok(cohorts)
    }

    fn is_stream(&self) -> bool {
        let can_be_reopened = |input: &Input| match input {
            Input::Path(path) => path.metadata().is_ok_and(|meta| meta.is_file()),
            Input::Stdin => false,
            Input::BuiltIn { .. } => true,
        };
        !self.inputs.iter().all(can_be_reopened)
    }
}

impl Engine for EventFiles<'_> {
    type Error = EventFilesError;

    /// The users who came back are found in the files and counted by q1.sql, the one text that defines the answer.
    fn answer(&mut self, question: &Question) -> Result<Answer, EventFilesError> {
        let cohorts = self.cohorts(CohortQuery::once(question, self.collation))?;
        let mut counting = Database::of_users(cohorts.who_came_back(), question).map_err(DatabaseError::from)?;
        let users = counting.count_users(question)?;
        Ok(Answer { users, cohort_users: cohorts.users(), end: cohorts.end })
    }

    /// All numbers in one pass.
    fn curves(&mut self, curves: &Curves) -> Result<CurvesFound, EventFilesError> {
        let cohorts = self.cohorts(CohortQuery::curves(curves, self.collation))?;
        Ok(curves.found(cohorts.count(curves), cohorts.end))
    }

    fn event_names(&mut self) -> Result<Option<Vec<NameSeen>>, EventFilesError> {
        if self.is_stream() {
            return Ok(self.names.clone());
        }
        let mut names = NamesSeen::default();
        read_events(self.inputs, self.options, self.progress, &NameSink, |found| {
            names.append(found);
            Ok(())
        })?;
        Ok(Some(names.sorted()))
    }

    fn events_read(&self) -> Option<&EventsRead> {
        self.read.as_ref()
    }
}

/// Notes the names that occur.
struct NameSink;

impl EventSink for NameSink {
    type Worker = NamesSeen;
    type Found = NamesSeen;

    fn worker(&self) -> NamesSeen {
        NamesSeen::default()
    }

    fn event(&self, worker: &mut NamesSeen, event: &Event) {
        if let Some(name) = event.event_name {
            worker.add(name, 1, event.day, event.day);
        }
    }

    fn quick_event(&self, worker: &mut NamesSeen, event: &QuickEvent) {
        worker.add(&String::from_utf8_lossy(event.event_name), 1, Some(event.day), Some(event.day));
    }

    fn found(&self, worker: &mut NamesSeen) -> NamesSeen {
        std::mem::take(worker)
    }
}
