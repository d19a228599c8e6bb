//! Events in a database of our own, to be asked again and again.
//!
//! Beside the events it holds sets of users that answer a question at once ([`Activity`]). They must never be asked after the
//! events have changed. `SQLite` counts changes in the file's header: whatever connection of whatever tool writes to the file
//! without a write-ahead log sets this counter up, and one with such a log notes it in the header first
//! (<https://www.sqlite.org/fileformat2.html#file_change_counter>). So the counter is set to a number that no counting comes
//! to, the same is kept as the user version, and sets are asked only while both are equal and there is no write-ahead log.
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};

use super::activity::Activity;
use super::collation::Collation;
use super::date_time::DayNumber;
use super::event::{Event, EventError, EventOptions, EventSink, EventsRead};
use super::events::read_events;
use super::quick::QuickEvent;
use crate::pending_file::PendingFile;
use crate::progress::Progress;
use crate::scan::Input;
use crate::threads;

/// Says of a `SQLite` file that `load` made it: "vkq2".
const APPLICATION_ID: i32 = 0x766b_7132;

/// The header of a `SQLite` file, and where in it numbers stand, four bytes each, the highest first.
const HEADER_BYTES: usize = 100;
const CHANGE_COUNTER_AT: usize = 24;
const USER_VERSION_AT: usize = 60;
const APPLICATION_ID_AT: usize = 68;
/// The change counter to which some of the header belongs.
const VALID_FOR_AT: usize = 92;
/// The versions for writing and reading: 1 for a rollback journal, 2 for a write-ahead log.
const FORMAT_VERSIONS: std::ops::Range<usize> = 18..20;

const TABLES: &str = include_str!("../../sql/load/tables.sql");
const INDEXES: &str = include_str!("../../sql/load/indexes.sql");

/// Why no database was made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is something already.
    #[error("{} exists already, and is left as it is; name a new file", .0.display())]
    Exists(PathBuf),
    /// The file cannot be written.
    #[error("cannot write {}: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The events cannot be read or stored.
    #[error(transparent)]
    Events(#[from] EventError),
}

/// Makes a `SQLite` database at `path` with the events of `inputs` in a table `piwik_track`, and the indexes that q1.sql can use.
/// It stands there when it is whole, and not before.
///
/// # Errors
/// When `path` exists or cannot be written, or the events cannot be read.
pub fn load(
    inputs: &[Input],
    path: &Path,
    collation: Collation,
    options: &EventOptions,
    progress: &dyn Progress,
) -> Result<EventsRead, LoadError> {
    if path.symlink_metadata().is_ok() {
        return Err(LoadError::Exists(path.to_owned()));
    }
    let write_error = |cause| LoadError::Write { path: path.to_owned(), cause };
    let file = PendingFile::create(path).map_err(write_error)?;
    let (read, changes) = fill(file.temporary_path(), inputs, collation, options, progress)?;
    set_changes(file.file(), changes).map_err(write_error)?;
    file.place().map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => LoadError::Exists(path.to_owned()),
        _ => write_error(error),
    })?;
    Ok(read)
}

fn fill(
    path: &Path,
    inputs: &[Input],
    collation: Collation,
    options: &EventOptions,
    progress: &dyn Progress,
) -> Result<(EventsRead, u32), EventError> {
    let mut connection = Connection::open(path).map_err(EventError::Store)?;
    // No counting from a new file's first changes comes to so much.
    let changes = 1 << 30 | (RandomState::new().hash_one(path) as u32 >> 2);
    // A run that fails leaves nothing behind, so that nothing needs a journal.
    connection.execute_batch(&format!(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {changes}; {TABLES}"
    ))?;
    let transaction = connection.transaction()?;
    let mut activity = Activity::new(collation);
    let read = thread::scope(|scope| {
        let (parts, received) = mpsc::sync_channel(4);
        let activity = &mut activity;
        let reading = scope.spawn(move || {
            read_events(inputs, options, progress, &BatchSink, |part: Batch| {
                activity.add(part.iter().map(|(day, [_, uid, name])| (day, uid, name)));
                parts.send(part).map_err(|_| EventError::NotTaken)
            })
        });
        let store = || -> rusqlite::Result<()> {
            let mut insert = Insert::new(&transaction)?;
            received.iter().try_for_each(|part| insert.all(&part))
        };
        let stored = store();
        drop(received);
        let read = threads::returned(reading.join());
        stored.map_err(EventError::Store).and(read)
    })?;
    thread::scope(|scope| {
        let finishing = scope.spawn(|| activity.finish());
        transaction.execute_batch(INDEXES)?;
        threads::returned(finishing.join())?.store(&transaction)
    })?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| EventError::Store(error))?;
    Ok((read, changes))
}

/// Sets the change counter of a `SQLite` file that nobody has open.
fn set_changes(file: &File, changes: u32) -> std::io::Result<()> {
    [CHANGE_COUNTER_AT, VALID_FOR_AT].iter().try_for_each(|at| file.write_all_at(&changes.to_be_bytes(), *at as u64))
}

/// Whether a `SQLite` file is as `load` made it. `file` must stay open as long as `SQLite`'s connection to it, which must be in a
/// transaction that reads: closing it would end `SQLite`'s locks (POSIX).
pub(super) fn is_untouched(file: &File) -> bool {
    let mut header = [0; HEADER_BYTES];
    if file.read_exact_at(&mut header, 0).is_err() {
        return false;
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let changes = number(CHANGE_COUNTER_AT);
    number(APPLICATION_ID_AT) == APPLICATION_ID.cast_unsigned()
        && header[FORMAT_VERSIONS] == [1, 1]
        && changes == number(USER_VERSION_AT)
        && changes == number(VALID_FOR_AT)
}

/// Copies events out of the block they stand in.
struct BatchSink;

/// Events, with all their texts, in UTF-8, one behind the other.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    events: Vec<Place>,
}

/// The day of an event, and where its time, user and name stand; None for NULL.
struct Place {
    day: DayNumber,
    fields: [Option<Range<usize>>; 3],
}

impl Batch {
    #[inline]
    fn push(&mut self, day: DayNumber, [time, uid, name]: [Option<&[u8]>; 3]) {
        let fields = [self.append(time), self.append(uid), self.append(name)];
        self.events.push(Place { day, fields });
    }

    #[inline]
    fn append(&mut self, field: Option<&[u8]>) -> Option<Range<usize>> {
        let (field, start) = (field?, self.text.len());
        self.text.extend_from_slice(field);
        Some(start..self.text.len())
    }

    fn clear(&mut self) {
        self.text.clear();
        self.events.clear();
    }

    #[inline]
    fn text(&self, range: &Option<Range<usize>>) -> Option<&[u8]> {
        range.clone().map(|range| &self.text[range])
    }

    /// Its events with those of a name together. Within each they stay as they came, mostly in the order of their times: nearly
    /// the order of an index, which `SQLite` then sorts in half the time.
    fn by_name(&self) -> Batch {
        let name_of = |event: &Place| self.text(&event.fields[2]);
        let mut order: Vec<(u128, usize)> = self.events.iter().map(name_of).map(beginning).zip(0..).collect();
        order.sort_by_key(|(name, _)| *name);
        // Who reads them one after the other must not jump to and fro.
        let mut sorted = Batch { text: Vec::with_capacity(self.text.len()), events: Vec::with_capacity(order.len()) };
        for (_, place) in order {
            let Place { day, fields: [time, uid, name] } = &self.events[place];
            sorted.push(*day, [self.text(time), self.text(uid), self.text(name)]);
        }
        sorted
    }

    /// The day, time, user and name of each event.
    #[inline]
    fn iter(&self) -> impl Iterator<Item = (DayNumber, [Option<&[u8]>; 3])> {
        self.events
            .iter()
            .map(|Place { day, fields: [time, uid, name] }| (*day, [self.text(time), self.text(uid), self.text(name)]))
    }
}

/// The first sixteen bytes of a name, in the order of the names; zeros stand for what is not there.
fn beginning(name: Option<&[u8]>) -> u128 {
    let name = name.unwrap_or_default();
    let mut bytes = [0; 16];
    let known = name.len().min(bytes.len());
    bytes[..known].copy_from_slice(&name[..known]);
    u128::from_be_bytes(bytes)
}

/// Stores events, many with a statement: to begin and end one takes longer than to store an event.
struct Insert<'a> {
    many: Statement<'a>,
    one: Statement<'a>,
}

impl<'a> Insert<'a> {
    const MANY: usize = 64;

    fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        let of = |rows| {
            connection.prepare(&format!("INSERT INTO piwik_track VALUES {}", vec!["(?, ?, ?)"; rows].join(", ")))
        };
        Ok(Insert { many: of(Self::MANY)?, one: of(1)? })
    }

    fn all(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let mut events = batch.iter();
        for _ in 0..batch.events.len() / Self::MANY {
            for (row, (_, fields)) in events.by_ref().take(Self::MANY).enumerate() {
                bind(&mut self.many, 3 * row, fields)?;
            }
            self.many.raw_execute()?;
        }
        events.try_for_each(|(_, fields)| {
            bind(&mut self.one, 0, fields)?;
            self.one.raw_execute().map(|_| ())
        })
    }
}

/// Binds the three parameters behind the first `before`.
#[inline]
fn bind(statement: &mut Statement, before: usize, fields: [Option<&[u8]>; 3]) -> rusqlite::Result<()> {
    for (place, field) in (before + 1..).zip(fields) {
        statement.raw_bind_parameter(place, field.map(Text))?;
    }
    Ok(())
}

impl EventSink for BatchSink {
    type Worker = Batch;
    type Found = Batch;

    fn worker(&self) -> Batch {
        Batch::default()
    }

    fn event(&self, worker: &mut Batch, event: &Event) {
        worker.push(event.day, [event.time, event.uid, event.event_name].map(|field| field.map(str::as_bytes)));
    }

    fn quick_event(&self, worker: &mut Batch, event: &QuickEvent) {
        worker.push(Some(event.day), [Some(event.time), Some(event.uid), Some(event.event_name)]);
    }

    fn found(&self, worker: &mut Batch) -> Batch {
        let sorted = worker.by_name();
        worker.clear();
        sorted
    }
}

/// Text that is known to be UTF-8.
struct Text<'a>(&'a [u8]);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}
