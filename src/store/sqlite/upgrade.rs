//! Upgrades files of older formats in one transaction, leaving a copy of the old file next to them.
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, params};

use super::copy;
use super::fault::{commit_fault, fault};
use super::format::{FORMAT, MIGRATIONS};
use crate::ballot::{BoxError, visual_key};

fn format(conn: &Connection) -> rusqlite::Result<u32> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Upgrades the file at `real`, to which `conn` is connected, to the newest format. The old one is copied first, to a name
/// beside it that says its format.
///
/// # Errors
/// When the copy cannot be made, or the file cannot be written; it is then as it was.
pub(super) fn upgrade(path: &Path, real: &Path, conn: &Connection) -> Result<(), BoxError> {
    let failed = |error: rusqlite::Error| fault(path, &error);
    // Keys of voters change, and those of their votes with them; SQLite would look for each voter's votes in all votes.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false).map_err(failed)?;
    let upgraded = in_transaction(path, real, conn);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true).map_err(failed)?;
    upgraded
}

fn in_transaction(path: &Path, real: &Path, conn: &Connection) -> Result<(), BoxError> {
    let failed = |error: rusqlite::Error| fault(path, &error);
    conn.execute_batch("BEGIN IMMEDIATE").map_err(failed)?;
    let upgraded = format(conn).map_err(failed).and_then(|found| match found {
        // Another process has done it since.
        FORMAT.. => Ok(()),
        found => keep_old(real, found).and_then(|()| migrate(conn, found).map_err(failed)),
    });
    match upgraded {
        Ok(()) => conn.execute_batch("COMMIT").map_err(|error| commit_fault(path, &error)),
        Err(error) => {
            let _ = conn.execute_batch("ROLLBACK");
            Err(error)
        }
    }
}

/// Copies the file of format `found` next to itself, unless that was done before.
fn keep_old(real: &Path, found: u32) -> Result<(), BoxError> {
    let mut name = real.as_os_str().to_owned();
    name.push(format!(".format{found}"));
    let target = PathBuf::from(name);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let source = Connection::open_with_flags(real, flags).map_err(|error| fault(real, &error))?;
    match copy::copy(&source, real, &target) {
        // A run before this one made it and then could not go on: the file has changed since at most by votes of the old
        // format, and is itself kept by the transaction.
        Err(BoxError::Exists(_)) => Ok(()),
        done => done.map(drop),
    }
}

fn migrate(conn: &Connection, found: u32) -> rusqlite::Result<()> {
    MIGRATIONS.iter().skip(found as usize).try_for_each(|step| conn.execute_batch(step))?;
    if found < 2 {
        key_voters_by_look(conn)?;
    }
    Ok(())
}

/// Format 2 knows voters by what their ids look like. Two old ones that look the same stay two.
fn key_voters_by_look(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch("CREATE TEMP TABLE respelled (id TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE) WITHOUT ROWID")?;
    {
        let mut voters = conn.prepare("SELECT id FROM voter")?;
        let mut rows = voters.query([])?;
        let mut respell = conn.prepare(
            "INSERT OR IGNORE INTO temp.respelled (id, key) SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM voter WHERE id = ?2)",
        )?;
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            let key = visual_key(&id);
            if key != id {
                respell.execute(params![id, key])?;
            }
        }
    }
    conn.execute_batch(
        "UPDATE vote SET voter = (SELECT key FROM temp.respelled WHERE id = voter) WHERE voter IN (SELECT id FROM temp.respelled);
         UPDATE voter SET spelling = id, id = (SELECT key FROM temp.respelled WHERE respelled.id = voter.id)
         WHERE id IN (SELECT id FROM temp.respelled);
         DROP TABLE temp.respelled",
    )
}
