//! What a table on a server may lack.
use crate::dial::DialError;

/// Why a server cannot answer the question.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The server cannot be reached or refuses.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// No such table, or not for this user.
    #[error("the database {database} on {server} has no table {table}, or none that this user may read")]
    NoTable {
        /// The server's place.
        server: String,
        /// The database.
        database: String,
        /// The table.
        table: String,
    },
    /// The table lacks a column that the question needs.
    #[error("the table {table} on {server} has no column {column}; it has: {found}")]
    NoColumn {
        /// The server's place.
        server: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Those that it has.
        found: String,
    },
    /// The column of times holds something else, which would not compare with a day.
    #[error(
        "the column {column} of {table} on {server} is a {found}, not a DATETIME: days would not compare right; make a view \
         with CAST({column} AS DATETIME) or FROM_UNIXTIME({column})"
    )]
    NotATime {
        /// The server's place.
        server: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// The column of events' names holds numbers that are not whole, and no name.
    #[error(
        "the column {column} of {table} on {server} is a {found}, not a text: an event's name would compare as the number 0"
    )]
    NotAName {
        /// The server's place.
        server: String,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// The column of names cannot hold the event's name.
    #[error("no event can be called {event:?}: the column {column} on {server} {what}")]
    NoSuchText {
        /// The server's place.
        server: String,
        /// The column.
        column: String,
        /// Why.
        what: String,
        /// The event's name.
        event: String,
    },
}
