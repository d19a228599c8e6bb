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
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// The database that the address names.
        database: String,
        /// The table's name, as `--table` gave it.
        table: String,
    },
    /// The table lacks a column that the question needs.
    #[error("the table {table} on {server} has no column {column}; it has: {found}")]
    NoColumn {
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// The table's name, as `--table` gave it.
        table: String,
        /// The column's name, as an option or the default has it.
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
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// The table's name, as `--table` gave it.
        table: String,
        /// The column's name, as an option or the default has it.
        column: String,
        /// Its type, as `information_schema` writes it.
        found: String,
    },
    /// The column of events' names holds numbers that are not whole, and no name.
    #[error(
        "the column {column} of {table} on {server} is a {found}, not a text: an event's name would compare as the number 0"
    )]
    NotAName {
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// The table's name, as `--table` gave it.
        table: String,
        /// The column's name, as an option or the default has it.
        column: String,
        /// Its type, as `information_schema` writes it.
        found: String,
    },
    /// The column of names cannot hold the event's name.
    #[error("no event can be called {event:?}: the column {column} on {server} {what}")]
    NoSuchText {
        /// The server as `host:port`, or the path of its socket.
        server: String,
        /// The column's name, as an option or the default has it.
        column: String,
        /// The cause, as the system or the server words it.
        what: String,
        /// The event that was asked for.
        event: String,
    },
}
