//! Tracking events in files: which there are, how many, and what of them cannot be read.
use super::date_time::{DateTimeParser, DayNumber};
use super::layout::{Layout, read_csv};
use super::quick::QuickEvent;
use crate::progress::Progress;
use crate::scan::{self, Block, Input, ScanOptions, Source, SourceError};

/// The events that are compiled in; `samples/README.md` works their answer out.
pub const SAMPLE: Input =
    Input::BuiltIn { name: "samples/piwik_track.tsv", bytes: include_bytes!("../../samples/piwik_track.tsv") };

/// How many events that cannot be read are told of one by one.
const BAD_EVENTS_TOLD: usize = 3;

/// How many events were read, and what of them could not be.
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

/// Why events cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The input cannot be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nothing is in it.
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
    /// The header has a column twice.
    #[error("{input} has a header that names the column {column:?} twice: which is meant? Rename one of them")]
    Twice {
        /// The input's name.
        input: String,
        /// The column.
        column: String,
    },
    /// Not one event can be read.
    #[error("{input} holds no events: none of its {rows} rows can be read; the first, {first}")]
    NoRow {
        /// The input's name.
        input: String,
        /// How many rows it has.
        rows: u64,
        /// The first of them.
        first: BadEvent,
    },
    /// An event cannot be read, and that was not to be passed over.
    #[error("{0}")]
    Strict(BadEvent),
    /// Whoever takes the events cannot.
    #[error("cannot store events: {0}")]
    Store(#[from] rusqlite::Error),
    /// Whoever takes the events has stopped, and says why.
    #[error("events are no longer taken")]
    NotTaken,
    /// What must be kept until the end finds no place.
    #[error("cannot keep events in a temporary file (TMPDIR says where): {0}")]
    Spill(std::io::Error),
}

/// One event; a field that is `\N`, as MySQL writes NULL, is None.
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

/// What the columns of an event are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNames {
    /// When it happened.
    pub time: String,
    /// To which user.
    pub uid: String,
    /// What happened.
    pub event_name: String,
}

impl Default for EventNames {
    fn default() -> Self {
        EventNames { time: "time".to_owned(), uid: "uid".to_owned(), event_name: "event_name".to_owned() }
    }
}

/// Who takes events, on every thread: each makes itself a worker, which sees the events of a part of an input and then gives
/// what it found in it; `merge` gets that in the order of the input.
pub(super) trait Taker: Sync {
    /// What a thread has.
    type Worker: Send;
    /// What is found in a part.
    type Found: Send;

    fn worker(&self) -> Self::Worker;
    fn take(&self, worker: &mut Self::Worker, event: &Event);
    /// The same, for an event of which nothing is unusual.
    fn take_quick(&self, worker: &mut Self::Worker, event: &QuickEvent);
    fn found(&self, worker: &mut Self::Worker) -> Self::Found;
}

/// Reads all events of `inputs`, one input after the other.
///
/// # Errors
/// When an input cannot be read or holds no events; what `merge` gives; if strict, at the first event that cannot be read.
pub(super) fn read_events<T: Taker>(
    inputs: &[Input],
    options: &EventOptions,
    progress: &dyn Progress,
    taker: &T,
    mut merge: impl FnMut(T::Found) -> Result<(), EventError> + Send,
) -> Result<EventsRead, EventError> {
    let mut all = EventsRead::default();
    for input in inputs {
        let read = read_input(input, options, progress, taker, &mut merge)?;
        all.rows_read += read.rows_read;
        all.rows_bad += read.rows_bad;
        all.bad_rows.extend(read.bad_rows);
        all.bad_rows.truncate(BAD_EVENTS_TOLD);
    }
    Ok(all)
}

fn read_input<T: Taker>(
    input: &Input,
    options: &EventOptions,
    progress: &dyn Progress,
    taker: &T,
    mut merge: impl FnMut(T::Found) -> Result<(), EventError> + Send,
) -> Result<EventsRead, EventError> {
    let name = input.name();
    let mut source = Source::open(input)?;
    let head = source.head(HEAD_BYTES)?;
    if head.is_empty() {
        return Err(EventError::Empty(name));
    }
    let mut tally = Tally { name: &name, strict: options.strict, read: EventsRead::default(), lines: 0 };
    let layout = Layout::of(&head, &options.names, &name)?;
    let mut take_part = |(part, found): (Part, T::Found)| {
        merge(found)?;
        tally.add(part)
    };
    match layout {
        Layout::Csv => read_csv(source, &options.names, progress, taker, &mut take_part)?,
        Layout::Lines(reader) => {
            let visit = |worker: &mut (DateTimeParser, T::Worker), block: &Block| {
                let (clock, worker) = worker;
                let part = reader.visit(block, options.scan.line_bytes_max, clock, taker, worker);
                (part, taker.found(worker))
            };
            scan::blocks(
                source,
                &options.scan,
                progress,
                || (DateTimeParser::new(), taker.worker()),
                visit,
                take_part,
            )?;
        }
    }
    let read = tally.read;
    match read.bad_rows.first() {
        Some(first) if read.rows_read == 0 => {
            Err(EventError::NoRow { input: name, rows: read.rows_bad, first: first.clone() })
        }
        _ => Ok(read),
    }
}

/// The header must stand in this many first bytes.
const HEAD_BYTES: usize = 64 << 10;

/// What a part of an input held.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) lines: u64,
    pub(super) rows_read: u64,
    pub(super) rows_bad: u64,
    /// The first of them: the line, from 0 in this part, and why.
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

struct Tally<'a> {
    name: &'a str,
    strict: bool,
    read: EventsRead,
    lines: u64,
}

impl Tally<'_> {
    fn add(&mut self, part: Part) -> Result<(), EventError> {
        let bad_row = |(line, reason)| BadEvent { input: self.name.to_owned(), line: self.lines + line + 1, reason };
        self.read.bad_rows.extend(part.bad_rows.into_iter().map(bad_row));
        self.read.bad_rows.truncate(BAD_EVENTS_TOLD);
        self.read.rows_read += part.rows_read;
        self.read.rows_bad += part.rows_bad;
        self.lines += part.lines;
        match self.read.bad_rows.first() {
            Some(bad) if self.strict => Err(EventError::Strict(bad.clone())),
            _ => Ok(()),
        }
    }
}
