//! Events in a database of our own, to be asked again and again.
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use super::collation::Collation;
use super::database::table;
use super::events::{Event, EventError, EventOptions, EventsRead, Taker, read_events};
use super::quick::QuickEvent;
use crate::progress::Progress;
use crate::scan::Input;

/// Says of a SQLite file that `load` made it: "vkq1".
const APPLICATION_ID: i32 = 0x766b_7131;

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

/// Makes a SQLite database at `path` with the events of `inputs` in a table `piwik_track`, and the indexes that q1.sql can use.
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
    use std::os::unix::fs::PermissionsExt;
    if path.symlink_metadata().is_ok() {
        return Err(LoadError::Exists(path.to_owned()));
    }
    let write_error = |cause| LoadError::Write { path: path.to_owned(), cause };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // As readable as any new file; the umask still holds.
    let permissions = std::fs::Permissions::from_mode(0o666);
    let file = tempfile::Builder::new().prefix(".votekit-").permissions(permissions).tempfile_in(folder);
    let file = file.map_err(write_error)?;
    let read = fill(file.path(), inputs, collation, options, progress)?;
    file.as_file().sync_all().map_err(write_error)?;
    file.persist_noclobber(path).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => LoadError::Exists(path.to_owned()),
        _ => write_error(error.error),
    })?;
    Ok(read)
}

fn fill(
    path: &Path,
    inputs: &[Input],
    collation: Collation,
    options: &EventOptions,
    progress: &dyn Progress,
) -> Result<EventsRead, EventError> {
    let mut connection = Connection::open(path).map_err(EventError::Store)?;
    collation.register(&connection)?;
    // A run that fails leaves nothing behind, so that nothing needs a journal.
    connection.execute_batch(&format!(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA cache_size = -65536; PRAGMA threads = 1; PRAGMA application_id = {APPLICATION_ID};
         PRAGMA user_version = {}; {}",
        version(collation),
        table(collation)
    ))?;
    let transaction = connection.transaction()?;
    let read = thread::scope(|scope| {
        let (parts, received) = mpsc::sync_channel(4);
        let reading = scope.spawn(move || {
            read_events(inputs, options, progress, &Copyist, |part: Batch| {
                parts.send(part).map_err(|_| EventError::NotTaken)
            })
        });
        let store = || -> rusqlite::Result<()> {
            let mut insert = transaction.prepare("INSERT INTO piwik_track VALUES (?1, ?2, ?3)")?;
            for part in &received {
                part.each(|fields| insert.execute(fields.map(|field| field.map(Text))).map(|_| ()))?;
            }
            Ok(())
        };
        let stored = store();
        drop(received);
        let read = match reading.join() {
            Ok(read) => read,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        stored.map_err(EventError::Store).and(read)
    })?;
    transaction.execute_batch(
        "CREATE INDEX piwik_track_event ON piwik_track(event_name, time, uid);
         CREATE INDEX piwik_track_user ON piwik_track(uid, time);",
    )?;
    transaction.commit()?;
    connection.close().map_err(|(_, error)| EventError::Store(error))?;
    Ok(read)
}

fn version(collation: Collation) -> i32 {
    match collation {
        Collation::GeneralCi => 1,
        Collation::Binary => 2,
    }
}

/// Whether `load` made this database, with `collation`.
pub(super) fn made_it(connection: &Connection, collation: Collation) -> rusqlite::Result<bool> {
    let pragma = |name: &str| connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i32>(0));
    Ok(pragma("application_id")? == APPLICATION_ID && pragma("user_version")? == version(collation))
}

/// Copies events out of the block they stand in.
struct Copyist;

/// Events, with all their texts, in UTF-8, one behind the other.
#[derive(Default)]
struct Batch {
    text: Vec<u8>,
    /// For each event where its three fields end; None for NULL.
    ends: Vec<[Option<usize>; 3]>,
}

impl Batch {
    fn push(&mut self, fields: [Option<&[u8]>; 3]) {
        let ends = fields.map(|field| {
            self.text.extend_from_slice(field?);
            Some(self.text.len())
        });
        self.ends.push(ends);
    }

    fn each(&self, mut take: impl FnMut([Option<&[u8]>; 3]) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        let mut start = 0;
        for ends in &self.ends {
            take(ends.map(|end| {
                let field = &self.text[start..end?];
                start += field.len();
                Some(field)
            }))?;
        }
        Ok(())
    }
}

impl Taker for Copyist {
    type Worker = Batch;
    type Found = Batch;

    fn worker(&self) -> Batch {
        Batch::default()
    }

    fn take(&self, worker: &mut Batch, event: &Event) {
        worker.push([event.time, event.uid, event.event_name].map(|field| field.map(str::as_bytes)));
    }

    fn take_quick(&self, worker: &mut Batch, event: &QuickEvent) {
        worker.push([event.time, event.uid, event.event_name].map(Some));
    }

    fn found(&self, worker: &mut Batch) -> Batch {
        std::mem::take(worker)
    }
}

/// Text that is known to be UTF-8.
struct Text<'a>(&'a [u8]);

impl ToSql for Text<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}
