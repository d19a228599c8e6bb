//! The formats of a ballot file.
use rusqlite::Connection;

/// The steps from format to format, oldest first: a file of format N has had the first N applied.
pub(super) const MIGRATIONS: &[&str] =
    &[include_str!("../../../sql/ballot/1.sql"), include_str!("../../../sql/ballot/2.sql")];

/// The newest format this program knows.
pub(super) const FORMAT: u32 = MIGRATIONS.len() as u32;

/// Lets `conn`, which cannot write its file, read a file of an older format as if it were of the newest.
///
/// # Errors
/// When the file cannot be read.
pub(super) fn show_as_newest(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch("PRAGMA temp_store = MEMORY")?;
    conn.execute_batch(include_str!("../../../sql/ballot/1_as_2.sql"))
}
