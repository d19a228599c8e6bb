//! The file itself: is it a ballot file, how is it opened, how does a new one appear.
use std::cell::Cell;
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::fault;
use crate::ballot::BoxError;

/// How long one waits for other writers before giving up.
const PATIENCE_SECS: u64 = 60;
/// The same where somebody waits for the answer; longer than a transaction of a bulk load should take.
const HURRIED_PATIENCE_SECS: u64 = 6;

/// `PRAGMA application_id` of a ballot file: "Vote".
const APPLICATION_ID: u32 = 0x566f_7465;

/// The formats' schemas, oldest first; a file of format N has had the first N applied. A file of an older format is
/// brought up to date when it is opened to write.
const MIGRATIONS: &[&str] = &[include_str!("../../../sql/ballot/1.sql")];

/// The newest format this program knows.
const FORMAT: u32 = MIGRATIONS.len() as u32;

/// What a SQLite file begins with (<https://sqlite.org/fileformat2.html>, 1.3).
const HEADER_BYTES: usize = 100;

fn foreign(path: &Path, reason: &str) -> BoxError {
    BoxError::Foreign { place: path.display().to_string(), reason: reason.into() }
}

pub fn io_fault(path: &Path, error: &std::io::Error) -> BoxError {
    let place = path.display().to_string();
    match error.kind() {
        ErrorKind::NotFound => BoxError::Missing(place),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => BoxError::Full { place },
        ErrorKind::ReadOnlyFilesystem => BoxError::ReadOnly { place, reason: "its disk is read-only".into() },
        _ => BoxError::Io { place, reason: error.to_string() },
    }
}

/// Whether `path` is a ballot file that this program can use; only reads, so that a stranger's file stays as it is and
/// gets no SQLite side files.
///
/// # Errors
/// What it is instead.
pub fn inspect(path: &Path) -> Result<(), BoxError> {
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
/// The file stays open for as long as this process lives: closing *any* descriptor of a file drops all POSIX locks that
/// the process has on it, also those of SQLite connections in other threads
/// (<https://sqlite.org/howtocorrupt.html>, 2.2).
fn header(path: &Path, metadata: &Metadata) -> Result<Vec<u8>, BoxError> {
    static OPEN: Mutex<Option<HashMap<FileId, File>>> = Mutex::new(None);
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    let open = open.get_or_insert_with(HashMap::new);
    let id = file_id(path, metadata);
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

/// Which file `path` names.
///
/// # Errors
/// When there is none, or it cannot be looked at.
fn identity(path: &Path) -> Result<FileId, BoxError> {
    let metadata = fs::metadata(path).map_err(|error| io_fault(path, &error))?;
    Ok(file_id(path, &metadata))
}

/// A file and its WAL as they were when they were opened. What is written into one that was moved, deleted or replaced
/// meanwhile, nobody would find.
pub struct Opened {
    file: FileId,
    /// None where there was none: the file was opened alone, or has another journal.
    wal: Option<FileId>,
}

impl Opened {
    /// What `path` names now that a connection has read it.
    ///
    /// # Errors
    /// When there is no such file any more.
    pub fn at(path: &Path) -> Result<Self, BoxError> {
        Ok(Opened { file: identity(path)?, wal: identity(&beside(path, "-wal")).ok() })
    }

    /// Whether `path` names the same still.
    ///
    /// # Errors
    /// When it does not.
    pub fn expect_same(&self, path: &Path) -> Result<(), BoxError> {
        let same = |path: &Path, opened: &FileId| identity(path).is_ok_and(|now| now == *opened);
        let reason = if !same(path, &self.file) {
            "it was moved, deleted or replaced while it was open".to_owned()
        } else if self.wal.as_ref().is_some_and(|wal| !same(&beside(path, "-wal"), wal)) {
            // SQLite still has it and moves what is in it into the file when it closes that.
            "its …-wal was moved, deleted or replaced while it was open: end the programs that have it open, \
             so that they save what was in it"
                .to_owned()
        } else {
            return Ok(());
        };
        Err(BoxError::Io { place: path.display().to_string(), reason })
    }
}

/// What tells one file from another, whatever it is called.
#[cfg(unix)]
type FileId = (u64, u64);

#[cfg(unix)]
fn file_id(_path: &Path, metadata: &Metadata) -> FileId {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// What tells one file from another.
#[cfg(not(unix))]
type FileId = PathBuf;

#[cfg(not(unix))]
fn file_id(path: &Path, _metadata: &Metadata) -> FileId {
    path.to_owned()
}

/// `path` so that SQLite takes it for a path, whatever it is: not for `:memory:`, nor for a `file:` URI.
fn literal(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// The side file `path` with `suffix`.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Why a file was opened as one that nobody changes, and how it looked.
pub struct Alone {
    /// Why it cannot be written.
    pub reason: BoxError,
    look: Look,
}

impl Alone {
    /// Whether the file is as it was then.
    pub fn unchanged(&self, path: &Path) -> bool {
        Look::at(path).as_ref() == Some(&self.look)
    }
}

/// How a file that nobody is writing looks.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    modified: Option<SystemTime>,
    bytes: u64,
}

impl Look {
    /// None where somebody is writing it: it has a journal with something in it.
    fn at(path: &Path) -> Option<Look> {
        let written = |suffix| beside(path, suffix).metadata().is_ok_and(|side| side.len() > 0);
        if written("-wal") || written("-journal") {
            return None;
        }
        let metadata = path.metadata().ok()?;
        Some(Look { modified: metadata.modified().ok(), bytes: metadata.len() })
    }
}

/// Opens the ballot file at `path`, to write where the system allows it. Where it does not even let SQLite make side
/// files, it is opened as a file that nobody changes, and the second value says so.
///
/// # Errors
/// When it is none, or cannot be read.
pub fn connect(path: &Path) -> Result<(Connection, Option<Alone>), BoxError> {
    inspect(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match Connection::open_with_flags(literal(path), flags).and_then(ready) {
        Ok((conn, FORMAT)) => Ok((conn, None)),
        Ok((conn, found)) if found < FORMAT => {
            migrate(&conn, found).map_err(|error| fault(path, &error))?;
            Ok((conn, None))
        }
        Ok((_, found)) => Err(BoxError::Newer { place: path.display().to_string(), found, known: FORMAT }),
        // This process may not write side files here, or there is no room for them: the file alone, if it is all there is.
        Err(error) => match connect_alone(path)? {
            Some((conn, look)) => Ok((conn, Some(Alone { reason: fault(path, &error), look }))),
            None => Err(fault(path, &error)),
        },
    }
}

/// Opens a file that has no side files as one that nobody changes, or `None` where it has.
fn connect_alone(path: &Path) -> Result<Option<(Connection, Look)>, BoxError> {
    let Some(look) = Look::at(path) else { return Ok(None) };
    let absolute = std::path::absolute(path).map_err(|error| io_fault(path, &error))?;
    let Some(text) = absolute.to_str() else { return Ok(None) };
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    match Connection::open_with_flags(format!("file://{escaped}?immutable=1"), flags).and_then(ready) {
        Ok((conn, FORMAT)) => Ok(Some((conn, look))),
        Ok(_) => Ok(None),
        Err(error) => Err(fault(path, &error)),
    }
}

/// A connection that is set up, and the format it finds.
fn ready(mut conn: Connection) -> rusqlite::Result<(Connection, u32)> {
    prepare(&mut conn)?;
    let format = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((conn, format))
}

fn prepare(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.busy_handler(Some(wait_for_others::<PATIENCE_SECS>))?;
    // A ballot file that somebody else handed over runs no code of theirs.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    // FULL: the commit record is synced before a commit returns. The other two are the same for Apple's disks.
    conn.execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;")?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

thread_local! {
    /// Since when this thread waits for others, or waited last.
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Waits a little, not the same for everybody, until `PATIENCE_SECS` are over. SQLite's own handler sleeps up to 100 ms, in
/// which dozens of others overtake.
fn wait_for_others<const PATIENCE_SECS: u64>(times: i32) -> bool {
    let now = Instant::now();
    if times == 0 {
        BEGUN.set(Some(now));
    }
    if BEGUN.get().is_some_and(|begun| now - begun > Duration::from_secs(PATIENCE_SECS)) {
        return false;
    }
    // 0.3 to 2.3 ms, spread by process and round.
    let round = u64::from(std::process::id()) << 32 | u64::from(times.unsigned_abs());
    let spread = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53;
    std::thread::sleep(Duration::from_micros(300 + spread));
    true
}

/// How long this thread has waited for others before it gave up just now.
pub fn waited_secs() -> u64 {
    BEGUN.get().map_or(0, |begun| begun.elapsed().as_secs())
}

/// Makes `conn` wait less for others: somebody waits for the answer.
///
/// # Errors
/// None in practice; SQLite could say no.
pub fn hurry(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.busy_handler(Some(wait_for_others::<HURRIED_PATIENCE_SECS>))
}

fn migrate(conn: &Connection, found: u32) -> rusqlite::Result<()> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let steps = MIGRATIONS.iter().skip(found as usize).try_for_each(|step| conn.execute_batch(step));
    conn.execute_batch(if steps.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    steps
}

/// Makes a ballot file that `fill` fills, under a name of its own, and then gives it the name `path`, which must be free:
/// nobody ever sees half a file, and of two who try at once one is told that it exists.
///
/// # Errors
/// When something is there, or when it cannot be written.
pub fn create(path: &Path, fill: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), BoxError> {
    let exists = |path: &Path| BoxError::Exists(path.display().to_string());
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    // SQLite would play a left-over journal of another file back into the new one.
    for side in ["-wal", "-shm", "-journal"].map(|suffix| beside(path, suffix)) {
        if side.symlink_metadata().is_ok() {
            return Err(exists(&side));
        }
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temp = tempfile::Builder::new();
    let temp = new_file(temp, folder).map_err(|error| match error.kind() {
        ErrorKind::NotFound => BoxError::Missing(format!("{}: its folder does not exist", path.display())),
        ErrorKind::PermissionDenied => {
            BoxError::ReadOnly { place: path.display().to_string(), reason: "its folder does not let you".into() }
        }
        _ => io_fault(path, &error),
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let made = Connection::open_with_flags(temp.path(), flags).and_then(|mut conn| {
        prepare(&mut conn)?;
        conn.execute_batch("PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; BEGIN;")?;
        MIGRATIONS.iter().try_for_each(|step| conn.execute_batch(step))?;
        fill(&conn)?;
        conn.execute_batch("COMMIT")?;
        // Closing moves all of it into the file and syncs that.
        conn.close().map_err(|(_, error)| error)
    });
    if let Err(error) = made {
        for side in ["-wal", "-shm"] {
            let _ = fs::remove_file(beside(temp.path(), side));
        }
        return Err(fault(path, &error));
    }
    temp.persist_noclobber(path).map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => io_fault(path, &error.error),
    })?;
    sync_folder(folder).map_err(|error| io_fault(path, &error))
}

#[cfg(unix)]
fn new_file(mut builder: tempfile::Builder, folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    // As any new file: what the umask leaves. Other users read a ballot file only where its owner lets them.
    builder.prefix(".votekit-").permissions(fs::Permissions::from_mode(0o666)).tempfile_in(folder)
}

#[cfg(not(unix))]
fn new_file(mut builder: tempfile::Builder, folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    builder.prefix(".votekit-").tempfile_in(folder)
}

/// A new name is on disk when its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}
