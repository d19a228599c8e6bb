//! The embedded database: `SQLite` that answers as `MySQL` does.
use std::fs::File;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use rusqlite::{Connection, OpenFlags};

use super::activity::Stored;
use super::collation::Collation;
use super::date_time::day_of;
use super::engine::Engine;
use super::load;
use super::names::{EventNames, TableNames};
use super::question::{Question, SQL};

/// A `SQLite` database with a table of events.
pub struct Database {
    connection: Connection,
    /// The sets of users that `q1 load` stored beside the events, if nothing has written to the file since.
    stored: Option<Stored>,
    /// The database's file. It must be closed after the connection, whose locks would end with it.
    _file: Option<File>,
}

/// After all times of the calendar's last day: `SQLite` compares them as texts.
const CALENDAR_END: &str = "9999-12-32";

/// Why a database cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// It does not exist, is not a database, or cannot be read.
    #[error("cannot open the database {}: {reason}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// It has no such table.
    #[error("the database {} has no table {table}; it has: {found}", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// The tables that it has.
        found: String,
    },
    /// The table has no such column.
    #[error("the table {table} of the database {} has no column {column}; it has: {found}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// The columns that it has.
        found: String,
    },
    /// Its times are not as `MySQL` writes them, so comparisons with a day would be wrong.
    #[error("in the database {}, the column {column} of {table} is not like 2017-04-01 10:00:00, but: {found}", path.display())]
    Time {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// One of its times.
        found: String,
    },
    /// The query failed.
    #[error("q1.sql failed")]
    Query(#[from] rusqlite::Error),
}

/// A temporary view with the name and the columns that q1.sql asks for; it shadows a table of the same name. Columns are
/// named with their table: `SQLite` takes a name in double quotes that is no column for a text.
fn view_sql(names: &TableNames, collation: Collation) -> String {
    let EventNames { time, uid, event_name } = &names.columns;
    let [table, time, uid, event_name] = [&names.table, time, uid, event_name].map(|name| quoted(name));
    let name = collation.sqlite_name();
    format!(
        "CREATE TEMP VIEW piwik_track AS SELECT e.{time} AS time, e.{uid} COLLATE {name} AS uid,
         e.{event_name} COLLATE {name} AS event_name FROM main.{table} AS e"
    )
}

/// Names as an error lists them.
fn listed(names: &[String]) -> String {
    const TOLD_MOST: usize = 20;
    let told = names.iter().take(TOLD_MOST).map(String::as_str).chain((names.len() > TOLD_MOST).then_some("…"));
    if names.is_empty() { "none".to_owned() } else { told.collect::<Vec<_>>().join(", ") }
}

/// `name` quoted for SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Database {
    /// A database in memory where exactly `users` installed on the question's install day and were active in its window. Users
    /// are numbers: in any collation two numbers are two users.
    pub(super) fn of_users(users: impl Iterator<Item = u32>, question: &Question) -> rusqlite::Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(
            "CREATE TABLE user(uid INTEGER PRIMARY KEY); CREATE TABLE event(time TEXT, event_name TEXT);
             CREATE VIEW piwik_track AS SELECT time, uid, event_name FROM event CROSS JOIN user; BEGIN",
        )?;
        {
            let mut insert = connection.prepare("INSERT INTO event VALUES (?1, ?2)")?;
            for day in [question.install_day, question.from] {
                insert.execute((format!("{day} 00:00:00"), &question.event))?;
            }
            let mut insert = connection.prepare("INSERT INTO user VALUES (?1)")?;
            for user in users {
                insert.raw_bind_parameter(1, user)?;
                insert.raw_execute()?;
            }
        }
        connection.execute_batch("COMMIT")?;
        Ok(Database { connection, stored: None, _file: None })
    }

    /// Opens a database of any origin at `path`, to read only. `collation` is used, whatever collations its columns have.
    ///
    /// # Errors
    /// When it cannot be opened, has no such table, or its times are not as `MySQL` writes them.
    pub fn open(path: &Path, place: &TableNames, collation: Collation) -> Result<Self, DatabaseError> {
        let open_error = |reason: String| DatabaseError::Open { path: path.to_owned(), reason };
        // SQLite would say only "unable to open database file".
        let file = File::open(path).map_err(|error| open_error(error.to_string()))?;
        if path.is_dir() {
            return Err(open_error("it is a directory".to_owned()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| open_error(error.to_string()))?;
        collation.register(&connection)?;
        // One transaction from here to the last answer: all of it sees one state.
        connection
            .execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_master")
            .map_err(|error| open_error(error.to_string()))?;
        let is_loaded = *place == TableNames::default() && load::is_untouched(&file);
        let stored = if is_loaded { Stored::open(&connection, collation)? } else { None };
        let database = Database { connection, stored, _file: Some(file) };
        if let Err(error) = database.view(place, collation) {
            return Err(database.what_is_missing(path, place)?.unwrap_or(error.into()));
        }
        // `q1 load` stores only times that it could read.
        match if is_loaded { None } else { database.odd_time(place)? } {
            Some(found) => {
                let (table, column) = (place.table.clone(), place.columns.time.clone());
                Err(DatabaseError::Time { path: path.to_owned(), table, column, found })
            }
            None => Ok(database),
        }
    }

    fn view(&self, place: &TableNames, collation: Collation) -> rusqlite::Result<()> {
        self.connection.execute_batch(&view_sql(place, collation))?;
        self.connection.prepare("SELECT time, uid, event_name FROM piwik_track").map(|_| ())
    }

    /// What of `place` the database at `path` lacks; None if it lacks nothing.
    fn what_is_missing(&self, path: &Path, place: &TableNames) -> rusqlite::Result<Option<DatabaseError>> {
        let names = |sql: &str| -> rusqlite::Result<Vec<String>> {
            let mut statement = self.connection.prepare(sql)?;
            statement.query_map([&place.table], |row| row.get(0))?.collect()
        };
        let (path, table) = (path.to_owned(), place.table.clone());
        let columns = names("SELECT name FROM pragma_table_xinfo(?1, 'main')")?;
        if columns.is_empty() {
            let tables = "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name <> ?1";
            return Ok(Some(DatabaseError::Table { path, table, found: listed(&names(tables)?) }));
        }
        let EventNames { time, uid, event_name } = &place.columns;
        let is_missing = |wanted: &&String| !columns.iter().any(|name| name.eq_ignore_ascii_case(wanted));
        let missing = [time, uid, event_name].into_iter().find(is_missing).cloned();
        Ok(missing.map(|column| DatabaseError::Column { path, table, column, found: listed(&columns) }))
    }

    fn ask(&self, question: &Question) -> Result<u64, DatabaseError> {
        let mut statement = self.connection.prepare(SQL)?;
        for (name, value) in question.parameters(CALENDAR_END) {
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

    /// A time that is not as `MySQL` writes it, if there is one. Every row is checked: a single odd time would silently be left
    /// out of the answer, or counted.
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

impl Engine for Database {
    type Error = DatabaseError;

    fn num_of_user(&mut self, question: &Question) -> Result<u64, DatabaseError> {
        let came_back = self.stored.as_ref().map(|stored| stored.came_back(&self.connection, question)).transpose()?;
        match came_back.flatten() {
            Some(users) => Self::of_users(users.into_iter(), question)?.ask(question),
            None => self.ask(question),
        }
    }

    /// Unless `q1 load` stored the day, all events are looked at.
    fn last_day(&mut self) -> Result<Option<NaiveDate>, DatabaseError> {
        if let Some(stored) = &self.stored {
            return Ok(stored.last_day());
        }
        let latest: Option<String> =
            self.connection.query_row("SELECT MAX(time) FROM piwik_track", [], |row| row.get(0))?;
        Ok(latest.as_deref().and_then(day_of))
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::EventOptions;
    use super::super::events::SAMPLE;
    use super::*;

    fn question() -> Question {
        let day = |day| chrono::NaiveDate::from_ymd_opt(2017, 4, day).unwrap();
        Question { install_day: day(1), from: day(2), to: day(8), event: "FIRST_INSTALL".to_owned() }
    }

    /// The sample, loaded, of which 8 users came back.
    fn loaded(folder: &Path) -> PathBuf {
        let (path, options) = (folder.join("loaded.db"), EventOptions::default());
        load::load(&[SAMPLE], &path, Collation::GeneralCi, &options, &()).unwrap();
        path
    }

    fn ask(path: &Path, collation: Collation) -> (bool, u64) {
        let mut database = Database::open(path, &TableNames::default(), collation).unwrap();
        (database.stored.is_some(), database.num_of_user(&question()).unwrap())
    }

    #[test]
    fn sets_of_users_are_asked_until_anyone_writes_to_the_file() {
        const ONE_MORE: &str = "INSERT INTO piwik_track VALUES ('2017-04-02 10:00:00', 'gus', 'OPEN')";
        const ONE_LESS: &str = "DELETE FROM piwik_track WHERE uid = 'eve'";
        const NONE: &str = "DELETE FROM piwik_track";
        const NORMAL: &str = "PRAGMA locking_mode = NORMAL; SELECT COUNT(*) FROM piwik_track";
        let folder = tempfile::tempdir().unwrap();
        let original = loaded(folder.path());
        assert_eq!(ask(&original, Collation::GeneralCi), (true, 8));
        assert_eq!(ask(&original, Collation::Binary), (false, 5), "these sets are of another collation");
        let wal = |edit| format!("PRAGMA journal_mode = WAL; {edit}");
        let and_back = |edit| format!("{}; PRAGMA journal_mode = DELETE", wal(edit));
        for (name, edit, answer) in [
            ("insert", ONE_MORE.to_owned(), 9),
            ("delete", ONE_LESS.to_owned(), 7),
            (
                "update",
                "UPDATE piwik_track SET time = '2017-04-03' WHERE uid = 'fay' AND event_name <> 'FIRST_INSTALL'"
                    .to_owned(),
                9,
            ),
            ("nothing left", NONE.to_owned(), 0),
            ("other journals", format!("PRAGMA journal_mode = OFF; {ONE_MORE}"), 9),
            (
                "exclusive",
                format!("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; {ONE_MORE}; {NORMAL}"),
                9,
            ),
            ("a log", wal(ONE_MORE), 9),
            ("a log for a while", and_back(ONE_MORE), 9),
            ("a log, and vacuum", format!("{}; VACUUM", and_back(ONE_MORE)), 9),
            ("vacuum", format!("{ONE_LESS}; VACUUM"), 7),
            (
                "another table",
                format!(
                    "CREATE TABLE new AS SELECT * FROM piwik_track; DROP TABLE piwik_track; ALTER TABLE new RENAME TO piwik_track; {ONE_MORE}"
                ),
                9,
            ),
            ("versions", format!("{ONE_MORE}; PRAGMA user_version = 3; PRAGMA application_id = 1986752818"), 9),
        ] {
            let path = folder.path().join("edited.db");
            std::fs::copy(&original, &path).unwrap();
            let theirs = Connection::open(&path).unwrap();
            theirs.execute_batch(&edit).unwrap();
            assert_eq!(ask(&path, Collation::GeneralCi), (false, answer), "{name}, the writer still there");
            drop(theirs);
            assert_eq!(ask(&path, Collation::GeneralCi), (false, answer), "{name}");
            for file in ["edited.db", "edited.db-wal", "edited.db-shm"] {
                let _ = std::fs::remove_file(folder.path().join(file));
            }
        }
    }

    #[test]
    fn the_copy_of_an_edited_database_is_not_taken_for_a_loaded_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = loaded(folder.path());
        let theirs = Connection::open(&path).unwrap();
        theirs.execute_batch("DELETE FROM piwik_track WHERE uid = 'eve'").unwrap();
        let copy = folder.path().join("copy.db");
        theirs.execute("VACUUM INTO ?1", [copy.to_str()]).unwrap();
        assert_eq!(ask(&copy, Collation::GeneralCi), (false, 7));
        std::fs::copy(&path, &copy).unwrap();
        assert_eq!(ask(&copy, Collation::GeneralCi), (false, 7));
    }

    #[test]
    fn nobody_changes_a_database_between_its_questions() {
        let folder = tempfile::tempdir().unwrap();
        let path = loaded(folder.path());
        let mut database = Database::open(&path, &TableNames::default(), Collation::GeneralCi).unwrap();
        let theirs = Connection::open(&path).unwrap();
        theirs.busy_timeout(std::time::Duration::ZERO).unwrap();
        assert!(theirs.execute("DELETE FROM piwik_track", []).is_err(), "it is read from the first look on");
        assert_eq!(database.num_of_user(&question()).unwrap(), 8);
        drop(database);
        theirs.execute("DELETE FROM piwik_track", []).unwrap();
        assert_eq!(ask(&path, Collation::GeneralCi), (false, 0));
    }

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
