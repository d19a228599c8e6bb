//! The file itself: recognising a ballot file, opening it, making a new one.
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use parking_lot::Mutex;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::busy;
use super::fault::fault;
use crate::ballot::BoxError;
use crate::pending_file::PendingFile;

/// `PRAGMA application_id` of a ballot file: "Vote".
const APPLICATION_ID: u32 = 0x566f_7465;

/// The steps from format to format, oldest first: a file of format N has had the first N applied. An older file is migrated
/// when it is opened for writing.
const MIGRATIONS: &[&str] = &[include_str!("../../../sql/ballot/1.sql")];

/// The newest format this program knows.
const FORMAT: u32 = MIGRATIONS.len() as u32;

/// The header of a `SQLite` file (<https://sqlite.org/fileformat2.html>, 1.3).
const HEADER_BYTES: usize = 100;

fn foreign(path: &Path, reason: &str) -> BoxError {
    BoxError::Foreign { place: path.display().to_string(), reason: reason.into() }
}

pub(super) fn io_fault(path: &Path, error: &std::io::Error) -> BoxError {
    let place = path.display().to_string();
    match error.kind() {
        ErrorKind::NotFound => BoxError::Missing(place),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => BoxError::Full { place },
        ErrorKind::ReadOnlyFilesystem => BoxError::ReadOnly { place, reason: "its disk is read-only".into() },
        _ => BoxError::Io { place, reason: error.to_string() },
    }
}

/// Checks that `path` is a ballot file this program can use. Only reads, so that a file of something else stays as it is and
/// gets no `SQLite` side files.
///
/// # Errors
/// What it is instead.
pub(super) fn inspect(path: &Path) -> Result<(), BoxError> {
    let metadata = fs::metadata(path).map_err(|error| io_fault(path, &error))?;
    if metadata.is_dir() {
        return Err(foreign(path, "it is a folder"));
    }
    if !metadata.is_file() {
        return Err(foreign(path, "it is no regular file"));
    }
    let header = header(path, &metadata)?;
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if header.is_empty() {
        return Err(foreign(path, "it is empty"));
    }
    if header.len() < HEADER_BYTES || !header.starts_with(b"SQLite format 3\0") {
        return Err(foreign(path, "it is not a SQLite database"));
    }
    if number(68) != APPLICATION_ID {
        return Err(foreign(path, "it is a SQLite database of something else"));
    }
    let found = number(60);
    if found > FORMAT {
        return Err(BoxError::Newer { place: path.display().to_string(), found, known: FORMAT });
    }
    if found == 0 {
        let reason = "its format number is missing".into();
        return Err(BoxError::Damaged { place: path.display().to_string(), reason });
    }
    Ok(())
}

/// The first bytes of the file, up to [`HEADER_BYTES`].
///
/// The file stays open as long as this process lives: closing *any* descriptor of a file drops all POSIX locks the process
/// has on it, also those of `SQLite` connections in other threads
/// (<https://sqlite.org/howtocorrupt.html>, 2.2).
fn header(path: &Path, metadata: &Metadata) -> Result<Vec<u8>, BoxError> {
    static OPEN: Mutex<Option<HashMap<FileId, File>>> = Mutex::new(None);
    let mut open = OPEN.lock();
    let open = open.get_or_insert_with(HashMap::new);
    let id = file_id(metadata);
    let read = |file: &mut File| {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        file.seek(SeekFrom::Start(0))?;
        file.take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let file = match open.entry(id) {
        std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
        std::collections::hash_map::Entry::Vacant(entry) => {
            entry.insert(File::open(path).map_err(|error| io_fault(path, &error))?)
        }
    };
    read(file).map_err(|error: std::io::Error| io_fault(path, &error))
}

/// The identity of the file at `path`.
///
/// # Errors
/// When there is none, or its metadata cannot be read.
fn identity(path: &Path) -> Result<FileId, BoxError> {
    let metadata = fs::metadata(path).map_err(|error| io_fault(path, &error))?;
    Ok(file_id(&metadata))
}

/// A file and its WAL as they were when they were opened. Whatever is written to one that was moved, deleted or replaced since
/// would be lost.
pub(super) struct Opened {
    file: FileId,
    /// `None` where there was none: the file was opened as immutable, or has another kind of journal.
    wal: Option<FileId>,
}

impl Opened {
    /// The files that `path` names now, after a connection has read them.
    ///
    /// # Errors
    /// When there is no such file any more.
    pub(super) fn at(path: &Path) -> Result<Self, BoxError> {
        Ok(Opened { file: identity(path)?, wal: identity(&beside(path, "-wal")).ok() })
    }

    /// Checks that `path` still names the same files.
    ///
    /// # Errors
    /// When it does not.
    pub(super) fn expect_same(&self, path: &Path) -> Result<(), BoxError> {
        let same = |path: &Path, opened: &FileId| identity(path).is_ok_and(|now| now == *opened);
        let reason = if !same(path, &self.file) {
            "it was moved, deleted or replaced while it was open".to_owned()
        } else if self.wal.as_ref().is_some_and(|wal| !same(&beside(path, "-wal"), wal)) {
            // SQLite still has it open, and moves what is in it into the file when it closes that.
            "its …-wal was moved, deleted or replaced while it was open: end the programs that have it open, \
             so that they save what was in it"
                .to_owned()
        } else {
            return Ok(());
        };
        Err(BoxError::Io { place: path.display().to_string(), reason })
    }
}

/// Device and inode: the same for all names of a file.
type FileId = (u64, u64);

fn file_id(metadata: &Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}

/// `path` in a form that `SQLite` never takes for `:memory:` or a `file:` URI.
fn literal(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// `path` with `suffix`: a side file of `SQLite`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A file that was opened as immutable: `SQLite` can make no side files beside it, so nothing else may be writing it.
pub(super) struct Immutable {
    /// Why it cannot be opened for writing.
    pub reason: BoxError,
    stamp: Stamp,
}

impl Immutable {
    /// Whether the file is as it was when it was opened.
    pub(super) fn is_unchanged(&self, path: &Path) -> bool {
        Stamp::of(path).as_ref() == Some(&self.stamp)
    }
}

/// What shows that a file was written.
#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Stamp {
    /// `None` where another program is writing the file: it has a journal that is not empty.
    fn of(path: &Path) -> Option<Stamp> {
        let written = |suffix| beside(path, suffix).metadata().is_ok_and(|side| side.len() > 0);
        if written("-wal") || written("-journal") {
            return None;
        }
        let metadata = path.metadata().ok()?;
        Some(Stamp { modified: metadata.modified().ok(), bytes: metadata.len() })
    }
}

/// Opens the ballot file at `path`, for writing where the system allows it. Where `SQLite` cannot even make side files, opens
/// it as immutable, which the second value tells.
///
/// # Errors
/// When it is not a ballot file, or cannot be read.
pub(super) fn connect(path: &Path) -> Result<(Connection, Option<Immutable>), BoxError> {
    inspect(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match Connection::open_with_flags(literal(path), flags).and_then(ready) {
        Ok((conn, FORMAT)) => Ok((conn, None)),
        Ok((conn, found)) if found < FORMAT => {
            migrate(&conn, found).map_err(|error| fault(path, &error))?;
            Ok((conn, None))
        }
        Ok((_, found)) => Err(BoxError::Newer { place: path.display().to_string(), found, known: FORMAT }),
        // This process may not make side files here, or there is no room for them.
        Err(error) => match connect_immutable(path)? {
            Some((conn, stamp)) => Ok((conn, Some(Immutable { reason: fault(path, &error), stamp }))),
            None => Err(fault(path, &error)),
        },
    }
}

/// Opens a file as immutable, unless it has side files with something in them.
fn connect_immutable(path: &Path) -> Result<Option<(Connection, Stamp)>, BoxError> {
    let Some(stamp) = Stamp::of(path) else { return Ok(None) };
    let absolute = std::path::absolute(path).map_err(|error| io_fault(path, &error))?;
    let Some(text) = absolute.to_str() else { return Ok(None) };
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    match Connection::open_with_flags(format!("file://{escaped}?immutable=1"), flags).and_then(ready) {
        Ok((conn, FORMAT)) => Ok(Some((conn, stamp))),
        Ok(_) => Ok(None),
        Err(error) => Err(fault(path, &error)),
    }
}

/// Sets up a connection and reads the format of its file.
fn ready(mut conn: Connection) -> rusqlite::Result<(Connection, u32)> {
    set_up(&mut conn)?;
    let format = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((conn, format))
}

fn set_up(conn: &mut Connection) -> rusqlite::Result<()> {
    busy::set_timeout(conn)?;
    // A ballot file from an untrusted source must not run code.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    // FULL: a commit returns when its record is synced. The other two do the same on Apple's disks.
    conn.execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;")?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn migrate(conn: &Connection, found: u32) -> rusqlite::Result<()> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let steps = MIGRATIONS.iter().skip(found as usize).try_for_each(|step| conn.execute_batch(step));
    conn.execute_batch(if steps.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    steps
}

/// Makes a ballot file, filled by `fill`, under a temporary name, and then gives it the name `path`, which must be free:
/// nobody ever sees half a file, and of two that try at once one fails with [`BoxError::Exists`].
///
/// # Errors
/// When something is there, or when it cannot be written.
pub(super) fn create(path: &Path, fill: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), BoxError> {
    let exists = |path: &Path| BoxError::Exists(path.display().to_string());
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    // SQLite would play back a left-over journal of another file into the new one.
    for side in ["-wal", "-shm", "-journal"].map(|suffix| beside(path, suffix)) {
        if side.symlink_metadata().is_ok() {
            return Err(exists(&side));
        }
    }
    let pending = PendingFile::create(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => BoxError::Missing(format!("{}: its folder does not exist", path.display())),
        ErrorKind::PermissionDenied => {
            BoxError::ReadOnly { place: path.display().to_string(), reason: "its folder does not let you".into() }
        }
        _ => io_fault(path, &error),
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let made = Connection::open_with_flags(pending.temporary_path(), flags).and_then(|mut conn| {
        set_up(&mut conn)?;
        conn.execute_batch("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; BEGIN;")?;
        MIGRATIONS.iter().try_for_each(|step| conn.execute_batch(step))?;
        fill(&conn)?;
        conn.execute_batch("COMMIT")?;
        // Closing moves everything into the file and syncs it.
        conn.close().map_err(|(_, error)| error)
    });
    if let Err(error) = made {
        for side in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(pending.temporary_path(), side));
        }
        return Err(fault(path, &error));
    }
    pending.place().map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => io_fault(path, &error),
    })
}
