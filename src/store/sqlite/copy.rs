//! Consistent copies of a ballot file, also while votes are written to it.
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use super::names::io_fault;
use super::{busy, check, connection, create, format, side_log};
use crate::ballot::{BoxError, Finding};

/// How long to wait for a program that keeps the file locked.
const PATIENCE: Duration = Duration::from_secs(busy::TIMEOUT_SECS);

/// Copies the file at `real`, to which `conn` is connected, to `target`, which must be free, and checks the copy. Gives what is
/// wrong in it, which then is wrong in the file too. All pages are read in one transaction: writers are not held up, and what
/// they commit meanwhile is not in the copy. Only who may read the file may read the copy.
///
/// # Errors
/// When something is at `target`, or when the copy cannot be written.
pub(super) fn copy(conn: &Connection, real: &Path, target: &Path) -> Result<Vec<Finding>, BoxError> {
    let mode = real.metadata().map_err(|error| io_fault(real, &error))?.mode() & 0o666;
    let pending = create::begin(target, mode)?;
    let temporary = pending.temporary_path().to_owned();
    let mut found = Vec::new();
    let made = copy_pages(conn, &temporary).and_then(|()| {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut conn = Connection::open_with_flags(&temporary, flags)?;
        connection::set_up(&mut conn)?;
        connection::use_wal(&conn)?;
        let format: u32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match format {
            format::FORMAT.. => side_log::forget(&conn)?,
            _ => format::show_as_newest(&conn)?,
        }
        found = check::check(&conn)?;
        Ok(conn)
    });
    create::place(target, pending, made)?;
    Ok(found)
}

fn copy_pages(conn: &Connection, temporary: &Path) -> rusqlite::Result<()> {
    let mut target = Connection::open(temporary)?;
    // It is nobody's yet, and synced as a whole when it is complete.
    target.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")?;
    let backup = Backup::new(conn, &mut target)?;
    let begun = Instant::now();
    loop {
        match backup.step(-1)? {
            StepResult::Done => break,
            StepResult::Busy | StepResult::Locked if begun.elapsed() > PATIENCE => {
                let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
                return Err(rusqlite::Error::SqliteFailure(busy, None));
            }
            _ => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    drop(backup);
    target.close().map_err(|(_, error)| error)
}
