//! The file itself: recognising a ballot file and opening it.
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};

use super::connection::ready;
use super::fault::fault;
use super::format::{FORMAT, show_as_newest};
use super::held::Opened;
use super::names::{beside, io_fault};
use super::side_log::{self, Need};
use super::{held, names, upgrade, wal};
use crate::ballot::BoxError;

/// `PRAGMA application_id` of a ballot file: "Vote".
const APPLICATION_ID: u32 = 0x566f_7465;

/// The header of a `SQLite` file (<https://sqlite.org/fileformat2.html>, 1.3).
const HEADER_BYTES: usize = 100;

/// A connection to a ballot file, and what was found out about the file.
pub(super) struct Connected {
    pub conn: Connection,
    /// The file's own name: see [`names::resolve`].
    pub real: PathBuf,
    pub opened: Opened,
    pub access: Access,
    /// The file needs a write-ahead log, and there is none, or there was none when votes were written: some may be missing.
    pub lacks_wal: bool,
}

/// What a connection may do.
pub(super) enum Access {
    Write,
    /// Read, along with processes that write.
    Read(BoxError),
    /// Read, as long as nobody writes.
    Frozen(Immutable),
}

/// A file that was opened as immutable: `SQLite` can make no side files beside it, so nothing else may be writing it.
pub(super) struct Immutable {
    /// Why it cannot be opened for writing.
    pub reason: BoxError,
    stamp: Stamp,
}

impl Immutable {
    /// Whether the file is as it was when it was opened.
    pub(super) fn is_unchanged(&self, real: &Path) -> bool {
        Stamp::of(real).as_ref() == Some(&self.stamp)
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
    fn of(real: &Path) -> Option<Stamp> {
        let written = |suffix| beside(real, suffix).metadata().is_ok_and(|side| side.len() > 0);
        if written("-wal") || written("-journal") {
            return None;
        }
        let metadata = real.metadata().ok()?;
        Some(Stamp { modified: metadata.modified().ok(), bytes: metadata.len() })
    }
}

fn foreign(path: &Path, reason: &str) -> BoxError {
    BoxError::Foreign { place: path.display().to_string(), reason: reason.into() }
}

/// Checks that the file at `real` is a ballot file this program can use. Only reads, so that a file of something else stays as
/// it is and gets no `SQLite` side files. Gives the file, open.
///
/// # Errors
/// What it is instead.
fn inspect(path: &Path, real: &Path) -> Result<std::sync::Arc<File>, BoxError> {
    let metadata = fs::metadata(real).map_err(|error| io_fault(path, &error))?;
    if metadata.is_dir() {
        return Err(foreign(path, "it is a folder"));
    }
    if !metadata.is_file() {
        return Err(foreign(path, "it is not a regular file"));
    }
    if metadata.len() == 0 {
        return Err(foreign(path, "it is empty"));
    }
    let file = held::open(path, real)?;
    let mut header = [0; HEADER_BYTES];
    let is_read = file.read_exact_at(&mut header, 0).is_ok();
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    if !is_read || !header.starts_with(b"SQLite format 3\0") {
        return Err(foreign(path, "it is not a SQLite database"));
    }
    if number(68) != APPLICATION_ID {
        return Err(foreign(path, "it is a SQLite database of something else"));
    }
    let found = number(60);
    if found > FORMAT {
        return Err(newer(path, found));
    }
    if found == 0 {
        let reason = "its format number is missing".into();
        return Err(BoxError::Damaged { place: path.display().to_string(), reason });
    }
    Ok(file)
}

fn newer(path: &Path, found: u32) -> BoxError {
    BoxError::Newer { place: path.display().to_string(), found, known: FORMAT }
}

/// Opens the ballot file at `path`, for writing where the system allows it. A file of an older format is upgraded first; where
/// it cannot be written, it is read as it is.
///
/// # Errors
/// When it is not a ballot file, when it cannot be read, or when its name or its side files are not to be trusted.
pub(super) fn connect(path: &Path) -> Result<Connected, BoxError> {
    let real = names::resolve(path)?;
    let file = inspect(path, &real)?;
    wal::check_own(path, &real, &file)?;
    let had_wal = beside(&real, "-wal").metadata().is_ok_and(|log| log.len() > 0);
    let (conn, access) = match names::forbids_writing(path, &real) {
        Some(why) => connect_to_read(path, &real, why)?,
        None => connect_to_write(path, &real)?,
    };
    let opened = Opened::at(path, &real)?;
    let need = side_log::need(&conn).map_err(|error| fault(path, &error))?;
    if need == Need::Log && had_wal && matches!(access, Access::Write) {
        // A service was killed before it took this back, and its log is here: nothing is missing. If the file cannot be
        // written now, the next program does it.
        let _ = side_log::take_back(&conn);
    }
    let lacks_wal = need == Need::LostLog || need == Need::Log && !had_wal;
    Ok(Connected { conn, real, opened, access, lacks_wal })
}

fn connect_to_write(path: &Path, real: &Path) -> Result<(Connection, Access), BoxError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match Connection::open_with_flags(real, flags).and_then(ready) {
        Ok((conn, FORMAT)) => Ok((conn, Access::Write)),
        Ok((conn, found)) if found < FORMAT => match upgrade::upgrade(path, real, &conn) {
            Ok(()) => Ok((conn, Access::Write)),
            Err(why @ (BoxError::Full { .. } | BoxError::ReadOnly { .. } | BoxError::Io { .. })) => {
                show_as_newest(&conn).map_err(|error| fault(path, &error))?;
                Ok((conn, Access::Read(why)))
            }
            Err(error) => Err(error),
        },
        Ok((_, found)) => Err(newer(path, found)),
        // This process may not make side files here, or there is no room for them.
        Err(error) => match connect_immutable(path, real)? {
            Some((conn, stamp)) => Ok((conn, Access::Frozen(Immutable { reason: fault(path, &error), stamp }))),
            None => Err(fault(path, &error)),
        },
    }
}

/// Opens a file that this process may not write, and makes no side files beside it: with those of the process that writes it,
/// or as immutable if there is none.
fn connect_to_read(path: &Path, real: &Path, why: BoxError) -> Result<(Connection, Access), BoxError> {
    for _ in 0..20 {
        if let Some((conn, stamp)) = connect_immutable(path, real)? {
            return Ok((conn, Access::Frozen(Immutable { reason: why, stamp })));
        }
        let has_sides = ["-wal", "-shm"].iter().all(|suffix| beside(real, suffix).exists());
        if has_sides && let Some(conn) = open_uri(path, real, "mode=ro&readonly_shm=1")? {
            return Ok((conn, Access::Read(why)));
        }
        // The process that writes has just begun, or has just ended.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let reason = "votes are being written to what is beside it (…-wal), which cannot be read".into();
    Err(BoxError::Io { place: path.display().to_string(), reason })
}

/// Opens a file as immutable, unless it has side files with something in them.
fn connect_immutable(path: &Path, real: &Path) -> Result<Option<(Connection, Stamp)>, BoxError> {
    let Some(stamp) = Stamp::of(real) else { return Ok(None) };
    Ok(open_uri(path, real, "immutable=1")?.map(|conn| (conn, stamp)))
}

/// Opens a file for reading with `options` of `SQLite`'s URIs; `None` where that cannot be.
fn open_uri(path: &Path, real: &Path, options: &str) -> Result<Option<Connection>, BoxError> {
    let Some(text) = real.to_str() else { return Ok(None) };
    let escaped = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let opened = Connection::open_with_flags(format!("file://{escaped}?{options}"), flags).and_then(ready);
    let (conn, found) = match opened.map_err(|error| fault(path, &error)) {
        Ok(opened) => opened,
        Err(BoxError::ReadOnly { .. } | BoxError::Busy { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    match found {
        FORMAT => {}
        found if found < FORMAT => show_as_newest(&conn).map_err(|error| fault(path, &error))?,
        found => return Err(newer(path, found)),
    }
    Ok(Some(conn))
}
