//! The embedded database: SQLite that answers as MySQL does.
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::collation::Collation;
use super::events::{EventError, EventsRead, read_events};
use super::question::{Question, SQL};
use crate::progress::Progress;
use crate::scan::Input;

/// A database with a table `piwik_track`.
pub struct Database {
    connection: Connection,
}

/// Why a database gives no answer.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It is not there, not a database, or must not be read.
    #[error("cannot open the database {}: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It has no such table or columns.
    #[error("the database {} has no table piwik_track(time, uid, event_name): {reason}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// Its times are not as MySQL writes them, so that no comparison with a day would be right.
    #[error("in the database {}, the column time of piwik_track is not like 2017-04-01 10:00:00, but: {found}", path.display())]
    Time {
        /// The file.
        path: PathBuf,
        /// A time that is there.
        found: String,
    },
    /// The query failed.
    #[error("q1.sql failed")]
    Query(#[from] rusqlite::Error),
}

impl Database {
    /// A database in memory with all events of `input`, and how many those are.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub fn from_events(
        input: &Input,
        collation: Collation,
        strict: bool,
        progress: &dyn Progress,
    ) -> Result<(Self, EventsRead), EventError> {
        let connection = Connection::open_in_memory()?;
        collation.register(&connection)?;
        let name = collation.sqlite_name();
        connection.execute_batch(&format!(
            "CREATE TABLE piwik_track(time TEXT, uid TEXT COLLATE {name}, event_name TEXT COLLATE {name}); BEGIN"
        ))?;
        let read = {
            let mut insert = connection.prepare("INSERT INTO piwik_track VALUES (?1, ?2, ?3)")?;
            read_events(input, strict, progress, |event| {
                insert.execute((event.time, event.uid, event.event_name)).map(|_| ())
            })?
        };
        connection.execute_batch("COMMIT")?;
        Ok((Database { connection }, read))
    }

    /// Someone's database at `path`, which stays as it is. Whatever collations its columns have, `collation` is used.
    ///
    /// # Errors
    /// When it cannot be opened, has no such table, or has times that are none.
    pub fn open(path: &Path, collation: Collation) -> Result<Self, DatabaseError> {
        let open_error = |reason: String| DatabaseError::Open { path: path.to_owned(), reason };
        // SQLite would say only "unable to open database file".
        std::fs::File::open(path).map_err(|error| open_error(error.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| open_error(error.to_string()))?;
        collation.register(&connection)?;
        connection
            .query_row("SELECT COUNT(*) FROM sqlite_master", [], |_| Ok(()))
            .map_err(|error| open_error(error.to_string()))?;
        let name = collation.sqlite_name();
        // A temporary view shadows the table of the same name, so that q1.sql need not know.
        let view = format!(
            "CREATE TEMP VIEW piwik_track AS SELECT time, uid COLLATE {name} AS uid, event_name COLLATE {name} AS event_name
             FROM main.piwik_track"
        );
        let table_error =
            |error: rusqlite::Error| DatabaseError::Table { path: path.to_owned(), reason: error.to_string() };
        connection.execute_batch(&view).map_err(table_error)?;
        connection.prepare("SELECT time, uid, event_name FROM piwik_track").map_err(table_error)?;
        let database = Database { connection };
        match database.odd_time()? {
            Some(found) => Err(DatabaseError::Time { path: path.to_owned(), found }),
            None => Ok(database),
        }
    }

    /// The answer: users.
    ///
    /// # Errors
    /// When the query fails.
    pub fn num_of_user(&self, question: &Question) -> Result<u64, DatabaseError> {
        let mut statement = self.connection.prepare(SQL)?;
        for (name, value) in question.parameters() {
            if let Some(index) = statement.parameter_index(name)? {
                statement.raw_bind_parameter(index, value)?;
            }
        }
        let mut rows = statement.raw_query();
        let count: i64 = match rows.next()? {
            Some(row) => row.get(0)?,
            None => 0,
        };
        Ok(count.unsigned_abs())
    }

    /// A time that is not like MySQL's, if the least or the greatest is none: numbers come before all texts and blobs behind
    /// them, so that these two tell.
    fn odd_time(&self) -> rusqlite::Result<Option<String>> {
        let sql = "SELECT CAST(t AS TEXT) FROM (SELECT MIN(time) AS t FROM main.piwik_track UNION ALL
                     SELECT MAX(time) FROM main.piwik_track)
                   WHERE t IS NOT NULL AND (typeof(t) <> 'text' OR t NOT GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*')";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        rows.next()?.map(|row| row.get(0)).transpose()
    }
}
