//! An event, what receives events, and why events cannot be read.
use chrono::NaiveDate;

use super::moment::{DayNumber, Moment};
use super::names::EventNames;
use super::quick::QuickEvent;
use super::remarks::{Literal, Remarks};
use crate::rows::foreign::Foreign;
use crate::rows::{BadRow, RowCount, RowFault, TooWide};
use crate::scan::{ScanOptions, SourceError};
use crate::units::Zone;

/// What was read of files of events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventsRead {
    /// How many events were read, how many could not be, and the first of these.
    pub rows: RowCount<EventFault>,
    /// What was taken for something else than it says.
    pub remarks: Remarks,
    /// The files that are empty.
    pub empty: Vec<String>,
}

impl EventsRead {
    /// Adds what was read of further inputs.
    pub(super) fn add(&mut self, other: EventsRead) {
        self.rows.add(other.rows);
        self.remarks.add(&other.remarks);
        self.empty.extend(other.empty);
    }
}

/// An event that cannot be read.
pub type BadEvent = BadRow<EventFault>;

/// Why an event cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventFault {
    /// Its row cannot be read.
    #[error(transparent)]
    Row(#[from] RowFault),
    /// A field is not UTF-8.
    #[error("column {column} is not UTF-8")]
    NotUtf8 {
        /// The column, from 1.
        column: usize,
    },
    /// The time is not one.
    #[error("the time {0:?} is not like 2017-04-01 10:00:00, 2017-04-01T10:00:00Z, 1491040800 or 20170401")]
    Time(String),
    /// The JSON object lacks a key.
    #[error("it has no {0:?}")]
    NoKey(String),
    /// A value in the JSON object is of another type.
    #[error("{0:?} is neither text nor a number")]
    NotText(String),
}

/// Why events cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The input cannot be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A pipe is empty.
    #[error("{0} is empty: the command before the pipe wrote nothing")]
    Empty(String),
    /// The header lacks a column.
    #[error("{input} has a header that names no column {column:?}; it names: {found}{hint}")]
    Column {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// The column that is needed.
        column: String,
        /// The columns that there are.
        found: String,
        /// What the user can do about it, as a sentence.
        hint: String,
    },
    /// The header names a column twice.
    #[error("{input} has a header that names the column {column:?} twice: which is meant? Rename one of them")]
    Twice {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// The column's name in the header.
        column: String,
    },
    /// It is not text of lines.
    #[error("{input} holds no lines of events: {cause}")]
    Foreign {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// What it is, and what to do about it.
        cause: Foreign,
    },
    /// A column is too far to the right.
    #[error("cannot read {input}: {cause}")]
    TooWide {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// Which value is too long, and the limit in bytes.
        cause: TooWide,
    },
    /// No event can be read.
    #[error("{input} holds no events: none of its {rows} rows can be read; the first, {first}")]
    NoRow {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// How many rows it has.
        rows: u64,
        /// The first of them.
        first: Box<BadEvent>,
    },
    /// An event cannot be read, and none may be skipped.
    #[error("{0}")]
    Strict(Box<BadEvent>),
    /// The database does not take the events.
    #[error("cannot store events: {0}")]
    Store(#[from] rusqlite::Error),
    /// The receiver of the events has stopped; it says why.
    #[error("events are no longer taken")]
    NotTaken,
    /// There is not enough memory or disk for what must be kept until the end.
    #[error("cannot keep events in a temporary file (TMPDIR says where): {0}")]
    Spill(std::io::Error),
}

/// An event. A field that is NULL is None.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Event<'a> {
    /// None if it has no time: then no question finds it.
    pub(super) time: Option<Moment>,
    /// The day of `time`, in the zone of the question.
    pub(super) day: DayNumber,
    /// None if the event has no user.
    pub(super) uid: Option<&'a str>,
    /// None is NULL, which equals no name.
    pub(super) event_name: Option<&'a str>,
    /// When the user installed, if the row says so.
    pub(super) install: Option<Moment>,
    /// The day of `install`, in the zone of the question.
    pub(super) install_day: DayNumber,
    /// The values of further columns that are wanted.
    pub(super) kept: &'a [Option<&'a str>],
}

/// How events are read.
#[derive(Debug, Clone)]
pub struct EventOptions {
    /// The columns' names in the header, or the keys of NDJSON; case does not matter.
    pub names: EventNames,
    /// Whether the first event that cannot be read is an error.
    pub strict: bool,
    /// What is taken as it is written.
    pub literal: Literal,
    /// By whose clocks a day begins. A time without an offset is UTC.
    pub zone: Zone,
    /// The day of this machine's clock: events long after it are of wrong clocks.
    pub today: NaiveDate,
    /// The last day of which the events tell, if it is not to be judged by them.
    pub end: Option<NaiveDate>,
    /// How inputs are cut and shared among threads.
    pub scan: ScanOptions,
}

impl Default for EventOptions {
    /// The usual names and rules, in UTC; any day may be today's.
    fn default() -> Self {
        EventOptions {
            names: EventNames::default(),
            strict: false,
            literal: Literal::default(),
            zone: Zone::UTC,
            today: NaiveDate::MAX,
            end: None,
            scan: ScanOptions::default(),
        }
    }
}

/// Receives events on every thread. Each thread has a worker, which is given the events of a part of an input and then asked
/// for what it found there; that is merged in the order of the input.
pub(super) trait EventSink: Sync {
    /// What one thread gathers of its share of the events.
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
