//! An event, what receives events, and why events cannot be read.
use super::date_time::DayNumber;
use super::names::EventNames;
use super::quick::QuickEvent;
use crate::scan::{ScanOptions, SourceError};

/// How many of the events that cannot be read are reported one by one.
pub(super) const BAD_EVENTS_TOLD: usize = 3;

/// How many events were read, and which could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventsRead {
    /// Events that could be read.
    pub rows_read: u64,
    /// Events that could not be read.
    pub rows_bad: u64,
    /// The first of these, at most three.
    pub bad_rows: Vec<BadEvent>,
}

/// An event that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input}:{line}: {reason}")]
pub struct BadEvent {
    /// The input's name.
    pub input: String,
    /// The line's number, from 1.
    pub line: u64,
    /// Why it cannot be read.
    pub reason: String,
}

/// Why events cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The input cannot be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// It is empty.
    #[error("{0} is empty: it holds no events")]
    Empty(String),
    /// The header lacks a column.
    #[error("{input} has a header that names no column {column:?}; it names: {found}{hint}")]
    Column {
        /// The input's name.
        input: String,
        /// The column that is needed.
        column: String,
        /// The columns that there are.
        found: String,
        /// What may help.
        hint: String,
    },
    /// The header names a column twice.
    #[error("{input} has a header that names the column {column:?} twice: which is meant? Rename one of them")]
    Twice {
        /// The input's name.
        input: String,
        /// The column.
        column: String,
    },
    /// No event can be read.
    #[error("{input} holds no events: none of its {rows} rows can be read; the first, {first}")]
    NoRow {
        /// The input's name.
        input: String,
        /// How many rows it has.
        rows: u64,
        /// The first of them.
        first: BadEvent,
    },
    /// An event cannot be read, and none may be skipped.
    #[error("{0}")]
    Strict(BadEvent),
    /// The database does not take the events.
    #[error("cannot store events: {0}")]
    Store(#[from] rusqlite::Error),
    /// The receiver of the events has stopped; it says why.
    #[error("events are no longer taken")]
    NotTaken,
    /// There is no room for what must be kept until the end.
    #[error("cannot keep events in a temporary file (TMPDIR says where): {0}")]
    Spill(std::io::Error),
}

/// An event. A field that is `\N`, which is how MySQL writes NULL, is None.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// As MySQL writes a DATETIME: `2017-04-01 10:00:00`.
    pub(super) time: Option<&'a str>,
    /// The day of `time`.
    pub(super) day: DayNumber,
    /// The user.
    pub(super) uid: Option<&'a str>,
    /// What happened.
    pub(super) event_name: Option<&'a str>,
}

/// How events are read.
#[derive(Debug, Clone, Default)]
pub struct EventOptions {
    /// The columns' names in the header, or the keys of NDJSON; case does not matter.
    pub names: EventNames,
    /// Whether the first event that cannot be read is an error.
    pub strict: bool,
    /// How inputs are cut and shared among threads.
    pub scan: ScanOptions,
}

/// Receives events on every thread. Each thread has a worker, which is given the events of a part of an input and then asked
/// for what it found there; that is merged in the order of the input.
pub(super) trait EventSink: Sync {
    /// A thread's state.
    type Worker: Send;
    /// What a part of an input leads to.
    type Found: Send;

    fn worker(&self) -> Self::Worker;
    fn event(&self, worker: &mut Self::Worker, event: &Event);
    /// As `event`, for one that the fast path read.
    fn quick_event(&self, worker: &mut Self::Worker, event: &QuickEvent);
    /// What was found since the last call.
    fn found(&self, worker: &mut Self::Worker) -> Self::Found;
}

/// What was read of a part of an input.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) lines: u64,
    pub(super) rows_read: u64,
    pub(super) rows_bad: u64,
    /// The first of these: the line, from 0 in this part, and why.
    pub(super) bad_rows: Vec<(u64, String)>,
}

impl Part {
    pub(super) fn bad(&mut self, line: u64, reason: String) {
        self.rows_bad += 1;
        if self.bad_rows.len() < BAD_EVENTS_TOLD {
            self.bad_rows.push((line, reason));
        }
    }
}
