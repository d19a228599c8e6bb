//! How every connection to a ballot file is set up.
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};

use super::busy;

/// Sets up a connection and reads the format of its file.
pub(super) fn ready(mut conn: Connection) -> rusqlite::Result<(Connection, u32)> {
    set_up(&mut conn)?;
    let format = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    Ok((conn, format))
}

/// Sets up a connection to any ballot file.
pub(super) fn set_up(conn: &mut Connection) -> rusqlite::Result<()> {
    busy::set_timeout(conn)?;
    // A ballot file from an untrusted source must not run code.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    // A commit returns when its record is synced. EXTRA is FULL with a write-ahead log; with a rollback journal, whose removal
    // is the commit, it syncs the folder too. The other two do the same on Apple's disks.
    conn.execute_batch("PRAGMA synchronous = EXTRA; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;")?;
    conn.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Gives the file a write-ahead log, if it has none, as one that `VACUUM INTO` wrote. Whether it has one then: it stays
/// without where another program is reading it, or where the file system has no shared memory, and is as safe, but slower.
///
/// # Errors
/// When the file cannot be read or written.
pub(super) fn use_wal(conn: &Connection) -> rusqlite::Result<bool> {
    let mode = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0));
    if mode("PRAGMA journal_mode")? == "wal" {
        return Ok(true);
    }
    match mode("PRAGMA journal_mode = WAL") {
        Ok(mode) => Ok(mode == "wal"),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(false),
        Err(error) => Err(error),
    }
}
