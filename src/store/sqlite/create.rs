//! A new ballot file: made under another name, and whole on the disk before it gets its own.
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, params};

use super::fault::fault;
use super::names::{beside, io_fault};
use super::{connection, format, wal};
use crate::ballot::{BoxError, Moment, Setup};
use crate::pending_file::PendingFile;

/// Who may read and write a new file: its owner.
const OWNER_MODE: u32 = 0o600;
/// The owner and the group.
const GROUP_MODE: u32 = 0o660;

/// Makes a ballot file at `path`, which must be free: nobody ever sees half a file, and of two that try at once one fails
/// with [`BoxError::Exists`].
///
/// # Errors
/// When something is there, or when it cannot be written.
pub(super) fn create(path: &Path, setup: &Setup, now: Moment) -> Result<(), BoxError> {
    let mode = if setup.group_access { GROUP_MODE } else { OWNER_MODE };
    let pending = begin(path, mode)?;
    let made = with_wal(pending.temporary_path()).and_then(|conn| {
        conn.execute_batch("BEGIN")?;
        format::MIGRATIONS.iter().try_for_each(|step| conn.execute_batch(step))?;
        fill(&conn, setup)?;
        super::change::record_beginning(&conn, now)?;
        conn.execute_batch("COMMIT")?;
        Ok(conn)
    });
    place(path, pending, made)
}

/// Whether the header of the file at `path` says that it has a write-ahead log
/// (<https://sqlite.org/fileformat2.html>, 1.3.3).
fn is_marked(path: &Path) -> bool {
    let mut header = [0; 20];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header[18..] == [2, 2]
}

/// A connection to the empty file at `path`, with a write-ahead log if its file system can have one. Without shared memory it
/// cannot, and a rollback journal is as safe.
///
/// # Errors
/// When the file cannot be written. After a sync that failed during the switch, `SQLite` says that it has a write-ahead log, and
/// goes on with a rollback journal.
fn with_wal(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags)?;
    connection::set_up(&mut conn)?;
    conn.execute_batch("PRAGMA page_size = 4096")?;
    if connection::use_wal(&conn)? && !is_marked(path) {
        return Err(failed("the disk is full, or it failed once while the file was made".to_owned()));
    }
    Ok(conn)
}

/// A file under a temporary name that will be at `path`.
///
/// # Errors
/// When something is there, or when none can be made.
pub(super) fn begin(path: &Path, mode: u32) -> Result<PendingFile, BoxError> {
    if path.symlink_metadata().is_ok() {
        return Err(BoxError::Exists(path.display().to_string()));
    }
    // SQLite would play back a left-over journal of another file into the new one.
    for side in ["-wal", "-shm", "-journal"].map(|suffix| beside(path, suffix)) {
        if side.symlink_metadata().is_ok() {
            return Err(BoxError::Exists(side.display().to_string()));
        }
    }
    PendingFile::create_with_mode(path, mode).map_err(|error| match error.kind() {
        ErrorKind::NotFound => BoxError::Missing(format!("{}: its folder does not exist", path.display())),
        ErrorKind::PermissionDenied => {
            BoxError::ReadOnly { place: path.display().to_string(), reason: "its folder does not let you".into() }
        }
        _ => io_fault(path, &error),
    })
}

/// Gives the file that `conn` has written its name, once all of it is on the disk.
///
/// # Errors
/// When `made` says so, when it cannot be written or synced, or when the name is taken.
pub(super) fn place(path: &Path, pending: PendingFile, made: rusqlite::Result<Connection>) -> Result<(), BoxError> {
    let temporary = pending.temporary_path();
    let finished = made.and_then(finish).map_err(|error| fault(path, &error)).and_then(|()| {
        let left = ["-wal", "-journal"].into_iter().find(|suffix| beside(temporary, suffix).exists());
        let reason = |suffix| format!("SQLite did not move all of its …{suffix} into the new file");
        left.map_or(Ok(()), |suffix| Err(BoxError::Io { place: path.display().to_string(), reason: reason(suffix) }))
    });
    if let Err(error) = finished {
        for side in ["-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(beside(temporary, side));
        }
        return Err(error);
    }
    pending.place().map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => BoxError::Exists(path.display().to_string()),
        _ => io_fault(path, &error),
    })
}

/// Gives the file its own number and checkpoints it. Closing a connection does that too, but says nothing when it fails.
fn finish(conn: Connection) -> rusqlite::Result<()> {
    conn.pragma_update(None, "schema_version", wal::fresh_cookie())?;
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let (is_busy, pages, moved): (i64, i64, i64) = conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], row)?;
    if is_busy != 0 || pages != moved {
        return Err(failed(format!("{moved} of {pages} pages of the log were moved")));
    }
    conn.close().map_err(|(_, error)| error)
}

fn failed(reason: String) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR), Some(reason))
}

fn fill(conn: &Connection, setup: &Setup) -> rusqlite::Result<()> {
    conn.execute(include_str!("../../../sql/ballot/insert_settings.sql"), super::change::columns(&setup.settings))?;
    let mut candidate = conn.prepare("INSERT INTO candidate (id, name, about) VALUES (?1, ?2, ?3)")?;
    let mut picture =
        conn.prepare("INSERT INTO picture (candidate_id, media_type, tag, bytes) VALUES (?1, ?2, ?3, ?4)")?;
    for each in &setup.candidates {
        candidate.execute(params![each.id, each.name, each.about])?;
        if let Some(of) = &each.picture {
            picture.execute(params![each.id, of.media_type, of.tag(), of.bytes])?;
        }
    }
    let mut voter = conn.prepare("INSERT INTO voter (id, name, spelling) VALUES (?1, ?2, ?3)")?;
    for each in &setup.voters {
        let key = crate::ballot::visual_key(&each.id);
        voter.execute(params![key, each.name, (key != each.id).then_some(&each.id)])?;
    }
    Ok(())
}
