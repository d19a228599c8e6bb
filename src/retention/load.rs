//! Events in a database of our own, to be asked again and again.
//!
//! Beside the events it holds sets of users that answer a question at once ([`Activity`]). They must never be asked after
//! the events have changed. `SQLite` counts changes in the file's header: whatever connection of whatever tool writes to the
//! file without a write-ahead log sets this counter up, and one with such a log notes it in the header first
//! (<https://www.sqlite.org/fileformat2.html#file_change_counter>). So the counter is set to a number that no counting comes
//! to, the same is kept as the user version, and sets are used only while both are equal and there is no write-ahead log.
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement};

use super::activity::Activity;
use super::batch::{Batch, BatchSink, Stored};
use super::collation::Collation;
use super::event::{EventError, EventOptions, EventsRead};
use super::events::read_events;
use super::names::{EventNames, TableNames};
use super::sqlite_table::quoted;
use crate::pending_file::PendingFile;
use crate::progress::Progress;
use crate::scan::Input;
use crate::threads;

/// Says of a `SQLite` file that `load` made it: "vkq3".
const APPLICATION_ID: i32 = 0x766b_7133;

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
        /// Its path, as it was given.
        path: PathBuf,
        /// The cause, as the system or the server words it.
        cause: std::io::Error,
    },
    /// A column is to be kept under a name that the table has already.
    #[error("the column {0:?} cannot be kept: the table has a column of this name; rename one of them in the file")]
    Kept(String),
    /// The events cannot be read or stored.
    #[error(transparent)]
    Events(#[from] EventError),
}

/// Makes a `SQLite` database at `path` with the events of `inputs` in a table `piwik_track`, and the indexes that q1.sql can
/// use. It appears only once it is complete.
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
    if let Some(twice) = repeated(&options.names.kept) {
        return Err(LoadError::Kept(twice.to_owned()));
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

/// The first column of `kept` whose name the table has already.
fn repeated(kept: &[String]) -> Option<&str> {
    let EventNames { time, uid, event_name, .. } = EventNames::default();
    let mut names: Vec<String> = vec![time, uid, event_name];
    for column in kept {
        let name = column.to_lowercase();
        if names.contains(&name) {
            return Some(column);
        }
        names.push(name);
    }
    None
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
    // A failed run leaves nothing behind, so no journal is needed.
    connection.execute_batch(&format!(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {changes}; {TABLES}"
    ))?;
    let kept = options.names.kept.len();
    for column in &options.names.kept {
        connection.execute_batch(&format!("ALTER TABLE piwik_track ADD COLUMN {} TEXT", quoted(column)))?;
    }
    let transaction = connection.transaction()?;
    let mut activity = Activity::new(collation);
    let read = thread::scope(|scope| {
        let (parts, received) = mpsc::sync_channel(4);
        let activity = &mut activity;
        let reading = scope.spawn(move || {
            read_events(inputs, options, progress, &BatchSink { kept }, |part: Batch| {
                activity.add(part.iter().map(|event| (event.day, event.field(1), event.field(2))));
                parts.send(part).map_err(|_| EventError::NotTaken)
            })
        });
        let store = || -> rusqlite::Result<()> {
            let mut insert = Insert::new(&transaction, 3 + kept)?;
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

/// Whether `place` is what `load` calls the table and its columns.
pub(super) fn has_usual_names(place: &TableNames) -> bool {
    let TableNames { table, columns } = TableNames::default();
    let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
    let asked = &place.columns;
    same(&place.table, &table)
        && same(&asked.time, &columns.time)
        && same(&asked.uid, &columns.uid)
        && same(&asked.event_name, &columns.event_name)
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

/// Whether `load` of another version made a `SQLite` file: it may hold what this one would have refused.
pub(super) fn is_of_other_version(file: &File) -> bool {
    let mut id = [0; size_of::<i32>()];
    let is_read = file.read_exact_at(&mut id, APPLICATION_ID_AT as u64).is_ok();
    is_read && id != APPLICATION_ID.to_be_bytes() && id[..3] == APPLICATION_ID.to_be_bytes()[..3]
}

/// Stores events, many with a statement: to begin and end one takes longer than to store an event.
struct Insert<'a> {
    many: Statement<'a>,
    one: Statement<'a>,
    columns: usize,
}

impl<'a> Insert<'a> {
    const MANY: usize = 64;

    fn new(connection: &'a Connection, columns: usize) -> rusqlite::Result<Self> {
        let row = format!("({})", vec!["?"; columns].join(", "));
        let of = |rows| connection.prepare(&format!("INSERT INTO piwik_track VALUES {}", vec![&*row; rows].join(", ")));
        Ok(Insert { many: of(Self::MANY)?, one: of(1)?, columns })
    }

    fn all(&mut self, batch: &Batch) -> rusqlite::Result<()> {
        let mut events = batch.iter();
        for _ in 0..batch.len() / Self::MANY {
            for (row, event) in events.by_ref().take(Self::MANY).enumerate() {
                bind(&mut self.many, row, self.columns, event)?;
            }
            self.many.raw_execute()?;
        }
        events.try_for_each(|event| {
            bind(&mut self.one, 0, self.columns, event)?;
            self.one.raw_execute().map(|_| ())
        })
    }
}

/// Binds the parameters of a row, counted from 0.
#[inline]
fn bind(statement: &mut Statement, row: usize, columns: usize, event: Stored) -> rusqlite::Result<()> {
    for at in 0..columns {
        statement.raw_bind_parameter(row * columns + at + 1, event.field(at).map(Text))?;
    }
    Ok(())
}

/// Text that is known to be UTF-8.
struct Text<'a>(&'a [u8]);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}
