//! What a connection keeps in memory about the file, as long as no other one changes it.
use rusqlite::Connection;

use super::filter::Filters;
use super::read;
use crate::ballot::{Candidates, Rules};

/// What was read of the file at one `data_version`.
pub(super) struct Known {
    version: i64,
    pub rules: Rules,
    /// Keys were used before the last reset.
    pub has_spent_keys: bool,
    /// Present once a bulk load has read them.
    pub filters: Option<Filters>,
}

impl Known {
    /// What is known of the file as it is now: `known`, read again if need be.
    pub(super) fn now<'known>(
        conn: &Connection,
        known: &'known mut Option<Known>,
    ) -> rusqlite::Result<&'known mut Known> {
        let version = data_version(conn)?;
        let current = match known.take() {
            Some(kept) if kept.version == version => kept,
            _ => Known { version, rules: rules(conn)?, has_spent_keys: has_spent_keys(conn)?, filters: None },
        };
        Ok(known.insert(current))
    }
}

/// Title, rules and candidates.
pub(super) fn rules(conn: &Connection) -> rusqlite::Result<Rules> {
    Ok(Rules { settings: read::settings(conn)?, candidates: Candidates::new(read::candidates(conn)?) })
}

fn has_spent_keys(conn: &Connection) -> rusqlite::Result<bool> {
    conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM spent_key)")?.query_row([], |row| row.get(0))
}

/// `SQLite`'s number for the state of the file as this connection sees it; a commit of another connection changes it.
pub(super) fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}
