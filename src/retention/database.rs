//! The embedded database: SQLite that answers as MySQL does.
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::cohort::{Cohorts, Wanted};
use super::collation::Collation;
use super::events::{EventError, EventNames, EventOptions, EventsRead};
use super::load;
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
    #[error("the database {} has no table {table}({columns}): {reason}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// Its columns.
        columns: String,
        /// What SQLite says.
        reason: String,
    },
    /// Its times are not as MySQL writes them, so that no comparison with a day would be right.
    #[error("in the database {}, the column {column} of {table} is not like 2017-04-01 10:00:00, but: {found}", path.display())]
    Time {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// A time that is there.
        found: String,
    },
    /// The query failed.
    #[error("q1.sql failed")]
    Query(#[from] rusqlite::Error),
}

/// Where a database has its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    /// The table.
    pub table: String,
    /// Its columns.
    pub columns: EventNames,
}

impl Default for TableNames {
    fn default() -> Self {
        TableNames { table: "piwik_track".to_owned(), columns: EventNames::default() }
    }
}

impl TableNames {
    /// A temporary view under the name and with the columns that q1.sql asks; it shadows a table of the same name. Columns
    /// are named with their table: SQLite takes a lone name in quotes that is no column for a text.
    fn view(&self, collation: Collation) -> String {
        let EventNames { time, uid, event_name } = &self.columns;
        let [table, time, uid, event_name] = [&self.table, time, uid, event_name].map(|name| quoted(name));
        let name = collation.sqlite_name();
        format!(
            "CREATE TEMP VIEW piwik_track AS SELECT e.{time} AS time, e.{uid} COLLATE {name} AS uid,
             e.{event_name} COLLATE {name} AS event_name FROM main.{table} AS e"
        )
    }
}

/// A name as SQL has it, whatever is in it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The table, with columns that compare as `collation` does.
pub(super) fn table(collation: Collation) -> String {
    let name = collation.sqlite_name();
    format!("CREATE TABLE piwik_track(time TEXT, uid TEXT COLLATE {name}, event_name TEXT COLLATE {name})")
}

impl Database {
    /// A database in memory with what of `inputs` can change the answer to `question`, and how many events these hold.
    ///
    /// # Errors
    /// When the events cannot be read.
    pub fn from_events(
        inputs: &[Input],
        question: &Question,
        collation: Collation,
        options: &EventOptions,
        progress: &dyn Progress,
    ) -> Result<(Self, EventsRead), EventError> {
        let wanted = Wanted::once(&question.event, collation, question.install_day, question.from, question.to);
        let (cohorts, read) = Cohorts::read(inputs, &wanted, options, progress)?;
        Ok((Self::of_users(cohorts.who_came_back(), question)?, read))
    }

    /// A database in memory where each of `users`, and nobody else, installed on the question's install day and was active in
    /// its window. Users are numbers: to any collation two numbers are two users.
    fn of_users(users: impl Iterator<Item = usize>, question: &Question) -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch("CREATE TABLE piwik_track(time TEXT, uid INTEGER, event_name TEXT); BEGIN")?;
        {
            let mut insert = connection.prepare("INSERT INTO piwik_track VALUES (?1, ?3, ?4), (?2, ?3, ?4)")?;
            let [install_day, from] = [question.install_day, question.from].map(|day| format!("{day} 00:00:00"));
            insert.raw_bind_parameter(1, install_day)?;
            insert.raw_bind_parameter(2, from)?;
            insert.raw_bind_parameter(4, &question.event)?;
            for user in users {
                insert.raw_bind_parameter(3, user as i64)?;
                insert.raw_execute()?;
            }
        }
        connection.execute_batch("COMMIT")?;
        Ok(Database { connection })
    }

    /// Someone's database at `path`, which stays as it is. Whatever collations its columns have, `collation` is used.
    ///
    /// # Errors
    /// When it cannot be opened, has no such table, or has times that are none.
    pub fn open(path: &Path, place: &TableNames, collation: Collation) -> Result<Self, DatabaseError> {
        let open_error = |reason: String| DatabaseError::Open { path: path.to_owned(), reason };
        // SQLite would say only "unable to open database file".
        std::fs::File::open(path).map_err(|error| open_error(error.to_string()))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| open_error(error.to_string()))?;
        collation.register(&connection)?;
        connection
            .query_row("SELECT COUNT(*) FROM sqlite_master", [], |_| Ok(()))
            .map_err(|error| open_error(error.to_string()))?;
        let database = Database { connection };
        // What `q1 load` made has the columns that q1.sql wants, and no time but those it read.
        if *place == TableNames::default() && load::made_it(&database.connection, collation)? {
            return Ok(database);
        }
        let table_error = |error: rusqlite::Error| DatabaseError::Table {
            path: path.to_owned(),
            table: place.table.clone(),
            columns: format!("{}, {}, {}", place.columns.time, place.columns.uid, place.columns.event_name),
            reason: error.to_string(),
        };
        database.connection.execute_batch(&place.view(collation)).map_err(table_error)?;
        database.connection.prepare("SELECT time, uid, event_name FROM piwik_track").map_err(table_error)?;
        match database.odd_time(place)? {
            Some(found) => {
                let (table, column) = (place.table.clone(), place.columns.time.clone());
                Err(DatabaseError::Time { path: path.to_owned(), table, column, found })
            }
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

    /// A time that is not like MySQL's, if there is one. Every row is looked at: a single one among sound ones would be left
    /// out of the answer, or counted in it, without a word.
    fn odd_time(&self, place: &TableNames) -> rusqlite::Result<Option<String>> {
        const DAY: &str = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]";
        let (time, table) = (quoted(&place.columns.time), quoted(&place.table));
        let sql = format!(
            "SELECT CAST(e.{time} AS TEXT) FROM main.{table} AS e
             WHERE e.{time} IS NOT NULL
               AND (typeof(e.{time}) <> 'text' OR NOT (e.{time} GLOB '{DAY}' OR e.{time} GLOB '{DAY}[ T]*'))
             LIMIT 1"
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        rows.next()?.map(|row| row.get(0)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_odd_time_among_sound_ones_is_refused() {
        for odd in ["2017-4-1 10:00:00", "1/4/2017", "2017-04-01x"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("theirs.db");
            let theirs = Connection::open(&path).unwrap();
            theirs.execute_batch("CREATE TABLE piwik_track(time TEXT, uid TEXT, event_name TEXT)").unwrap();
            for time in ["0000-00-00 00:00:00", "2016-01-01", odd, "2018-01-01T10:00:00", "9999-12-31 00:00:00"] {
                theirs.execute("INSERT INTO piwik_track VALUES (?1, 'a', 'FIRST_INSTALL')", [time]).unwrap();
            }
            let opened = Database::open(&path, &TableNames::default(), Collation::GeneralCi);
            assert!(matches!(opened, Err(DatabaseError::Time { found, .. }) if found == odd), "{odd}");
        }
    }
}
