//! A table of events in a `SQLite` file: what it is called, what is in its columns, and how they are read as `MySQL` would.
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::collation::Collation;
use super::names::{EventNames, TableNames};
use super::odd_values::{AS_MYSQL, COMPARABLE, UNREADABLE};
use crate::rows::excerpt;
use crate::units::Zone;

/// Why a database cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It does not exist, is not a database, or cannot be read.
    #[error("cannot open the database {}: {reason}", path.display())]
    Open {
        /// Its path, as it was given.
        path: PathBuf,
        /// The cause, as the system or the server words it.
        reason: String,
    },
    /// It has no such table.
    #[error("the database {} has no table {table}; it has: {found}", path.display())]
    Table {
        /// Its path, as it was given.
        path: PathBuf,
        /// The table's name, as `--table` gave it.
        table: String,
        /// The tables that it has.
        found: String,
    },
    /// The table has no such column.
    #[error("the table {table} of the database {} has no column {column}; it has: {found}", path.display())]
    Column {
        /// Its path, as it was given.
        path: PathBuf,
        /// The table's name, as `--table` gave it.
        table: String,
        /// The column's name, as an option or the default has it.
        column: String,
        /// The columns that it has.
        found: String,
    },
    /// Not all of its times are times.
    #[error("in the database {}, the column {column} of {table} holds what is not a time: {found}", path.display())]
    Time {
        /// Its path, as it was given.
        path: PathBuf,
        /// The table's name, as `--table` gave it.
        table: String,
        /// The column's name, as an option or the default has it.
        column: String,
        /// One of its times.
        found: String,
    },
    /// A text is not UTF-8, so it cannot be compared with others.
    #[error(
        "in the database {}, the column {column} of {table} holds text that is not UTF-8: {found}; --collation binary compares \
         bytes", path.display()
    )]
    NotUtf8 {
        /// Its path, as it was given.
        path: PathBuf,
        /// The table's name, as `--table` gave it.
        table: String,
        /// The column's name, as an option or the default has it.
        column: String,
        /// One of its texts.
        found: String,
    },
    /// SQLite could not run the query.
    #[error("the query failed")]
    Query(#[from] rusqlite::Error),
}

/// How a table of events is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) place: &'a TableNames,
    pub(super) collation: Collation,
    pub(super) kinds: Kinds,
}

/// The largest kinds of values in the columns of a table, as `odd_values` numbers them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    time: u8,
    uid: u8,
    event_name: u8,
    install_time: u8,
}

impl Kinds {
    /// Looks at every row: a single odd time would silently be left out of the answer, or counted.
    pub(super) fn of(connection: &Connection, place: &TableNames) -> rusqlite::Result<Self> {
        let EventNames { time, uid, event_name, install_time, .. } = &place.columns;
        let install_time = install_time.as_ref().map(|column| format!("MAX(votekit_time_kind(e.{}))", quoted(column)));
        let sql = format!(
            "SELECT MAX(votekit_time_kind(e.{})), MAX(votekit_text_kind(e.{})), MAX(votekit_text_kind(e.{})), {}
             FROM main.{} AS e",
            quoted(time),
            quoted(uid),
            quoted(event_name),
            install_time.as_deref().unwrap_or("0"),
            quoted(&place.table)
        );
        connection.query_row(&sql, [], |row| {
            let kind = |at| row.get::<_, Option<u8>>(at).map(Option::unwrap_or_default);
            Ok(Kinds { time: kind(0)?, uid: kind(1)?, event_name: kind(2)?, install_time: kind(3)? })
        })
    }

    /// The kind of the values in the column of install times, in a table whose other columns are as `q1 load` makes them.
    pub(super) fn of_install_times(connection: &Connection, place: &TableNames) -> rusqlite::Result<Self> {
        match &place.columns.install_time {
            Some(_) => Self::of(connection, place),
            None => Ok(Kinds::default()),
        }
    }

    /// Why such values cannot be asked about, if so.
    pub(super) fn fault(
        self,
        connection: &Connection,
        path: &Path,
        place: &TableNames,
        collation: Collation,
    ) -> rusqlite::Result<Option<DatabaseError>> {
        let EventNames { time, uid, event_name, install_time, .. } = &place.columns;
        let times = [(self.time, Some(time)), (self.install_time, install_time.as_ref())];
        let texts = [(self.uid, uid), (self.event_name, event_name)];
        let (path, table) = (path.to_owned(), place.table.clone());
        let column_of = |column: &str, kind: &str| one_of_kind(connection, &table, column, kind);
        if let Some(column) = times.into_iter().find(|(kind, _)| *kind == UNREADABLE).and_then(|(_, column)| column) {
            let found = column_of(column, "time")?;
            return Ok(Some(DatabaseError::Time { path, table, column: column.clone(), found }));
        }
        match texts.into_iter().find(|(kind, _)| *kind == UNREADABLE && collation != Collation::Binary) {
            Some((_, column)) => {
                let found = column_of(column, "text")?;
                Ok(Some(DatabaseError::NotUtf8 { path, table, column: column.clone(), found }))
            }
            None => Ok(None),
        }
    }
}

/// A value that cannot be read.
fn one_of_kind(connection: &Connection, table: &str, column: &str, kind: &str) -> rusqlite::Result<String> {
    let (table, column) = (quoted(table), quoted(column));
    let sql = format!(
        "SELECT CAST(e.{column} AS BLOB) FROM main.{table} AS e WHERE votekit_{kind}_kind(e.{column}) = {UNREADABLE} LIMIT 1"
    );
    connection.query_row(&sql, [], |row| row.get::<_, Vec<u8>>(0)).map(|bytes| excerpt(&bytes))
}

impl View<'_> {
    /// A temporary view with the name and the columns that the texts ask for; it shadows a table of the same name. Columns are
    /// named with their table: `SQLite` takes a name in double quotes that is not a column for a text.
    ///
    /// Times that compare as texts stay what they are, so that indexes serve; others are converted. Numbers become text, as
    /// they would be in `MySQL`'s columns. `compares_times`: times are compared with others, or with more than midnights of UTC.
    pub(super) fn sql(&self, compares_times: bool) -> String {
        let EventNames { time, uid, event_name, install_time, kept } = &self.place.columns;
        let Kinds { time: time_kind, uid: uid_kind, event_name: name_kind, install_time: install_kind } = self.kinds;
        let comparable = if compares_times { AS_MYSQL } else { COMPARABLE };
        let time_of = |column: &str, kind: u8| {
            let column = format!("e.{}", quoted(column));
            if kind > comparable { format!("votekit_time({column})") } else { column }
        };
        let text_of = |column: &str, kind: u8| {
            let column = format!("e.{}", quoted(column));
            let text = if kind > AS_MYSQL { format!("CAST({column} AS TEXT)") } else { column };
            format!("{text} COLLATE {}", self.collation.sqlite_name())
        };
        let install_time = match install_time {
            Some(column) => format!(", {} AS install_time", time_of(column, install_kind)),
            None => String::new(),
        };
        let value = match kept.first() {
            Some(column) => format!(", CAST(e.{} AS TEXT) AS value", quoted(column)),
            None => String::new(),
        };
        format!(
            "CREATE TEMP VIEW piwik_track AS SELECT {} AS time, {} AS uid, {} AS event_name{install_time}{value}
             FROM main.{} AS e",
            time_of(time, time_kind),
            text_of(uid, uid_kind),
            text_of(event_name, name_kind),
            quoted(&self.place.table)
        )
    }

    /// Whether times must be compared with more than midnights of UTC.
    pub(super) fn compares_times(zone: Zone, place: &TableNames) -> bool {
        zone != Zone::UTC || !place.columns.kept.is_empty()
    }
}

/// What of `place` the database at `path` lacks; None if it lacks nothing.
pub(super) fn what_is_missing(
    connection: &Connection,
    path: &Path,
    place: &TableNames,
) -> rusqlite::Result<Option<DatabaseError>> {
    let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(sql)?;
        statement.query_map([&place.table], |row| row.get(0))?.collect()
    };
    let (path, table) = (path.to_owned(), place.table.clone());
    let columns = names("SELECT name FROM pragma_table_xinfo(?1, 'main')")?;
    if columns.is_empty() {
        let tables = "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name <> ?1";
        return Ok(Some(DatabaseError::Table { path, table, found: listed(&names(tables)?) }));
    }
    let EventNames { time, uid, event_name, install_time, kept } = &place.columns;
    let is_missing = |wanted: &&String| !columns.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    let missing = [time, uid, event_name].into_iter().chain(install_time).chain(kept).find(is_missing).cloned();
    Ok(missing.map(|column| DatabaseError::Column { path, table, column, found: listed(&columns) }))
}

/// Names as an error lists them.
fn listed(names: &[String]) -> String {
    const LISTED_MAX: usize = 20;
    let listed = names.iter().take(LISTED_MAX).map(String::as_str).chain((names.len() > LISTED_MAX).then_some("…"));
    if names.is_empty() { "none".to_owned() } else { listed.collect::<Vec<_>>().join(", ") }
}

/// `name` quoted for SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
