//! Whether a ballot file needs the write-ahead log beside it. A service says so in the file itself, before votes go to the log,
//! and takes it back in the log, with the votes. So a copy of the file alone says that something is missing; with its log, or
//! once all of that was moved into the file, it does not.
use rusqlite::Connection;

/// What the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// All votes are where they should be.
    Nothing,
    /// Votes are in the log.
    Log,
    /// The log was missing when it was needed, and votes were written since.
    LostLog,
}

/// What the file says, with what is in its log.
pub(super) fn need(conn: &Connection) -> rusqlite::Result<Need> {
    let need = conn.query_row("SELECT need FROM side_log", [], |row| row.get::<_, i64>(0))?;
    Ok(match need {
        0 => Need::Nothing,
        1 => Need::Log,
        _ => Need::LostLog,
    })
}

/// Says that votes go to the log from now on; to be moved into the file before they do. Writes the first page anew, which shows
/// whose log this is, should it be left beside another file.
pub(super) fn announce(conn: &Connection, format: u32) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE side_log SET need = 1 WHERE need = 0")?.execute([])?;
    conn.pragma_update(None, "user_version", format)
}

/// Takes that back: whoever reads this has the log.
pub(super) fn take_back(conn: &Connection) -> rusqlite::Result<()> {
    conn.prepare_cached("UPDATE side_log SET need = 0 WHERE need = 1")?.execute([]).map(drop)
}

/// Remembers that the log was missing.
pub(super) fn remember_loss(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute("UPDATE side_log SET need = 2", []).map(drop)
}

/// Forgets all of that, in a copy that was checked.
pub(super) fn forget(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute("UPDATE side_log SET need = 0", []).map(drop)
}
