//! The embedded database: `SQLite` that answers as `MySQL` does.
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use chrono::NaiveDate;
use rusqlite::{Connection, OpenFlags, Statement};

use super::activity::{Stored, day_counts};
use super::cells::{self, Cell, Cells, from_hex};
use super::collation::Collation;
use super::curve::{Curves, CurvesFound, DaysAfter, Period};
use super::data_end::{DataEnd, judge};
use super::date_time::DateTimeParser;
use super::engine::{Answer, Engine};
use super::event::EventOptions;
use super::event_names::{NameSeen, NamesSeen};
use super::load;
use super::moment::day_number;
use super::names::TableNames;
use super::odd_values;
use super::question::{Borders, Question, SQL};
use super::sql_text::{self, for_install_times};
use super::sqlite_table::{DatabaseError, Kinds, View, what_is_missing};
use crate::units::Zone;

/// A `SQLite` database with a table of events.
pub struct Database {
    connection: Connection,
    /// The sets of users stored by `q1 load`, if nothing has written to the file since.
    stored: Option<Stored>,
    reading: Reading,
    /// Whether rows say when their user installed.
    by_install_time: bool,
    /// The database's file. It must be closed after the connection, whose locks would end with it.
    file: Option<File>,
}

/// How the days of a database's events are determined.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// By whose clocks a day begins; stored times are UTC.
    pub zone: Zone,
    /// The day of this machine's clock: events long after it are of wrong clocks.
    pub today: NaiveDate,
    /// The last day of which the events tell, if it is not to be judged by them.
    pub end: Option<NaiveDate>,
}

impl Default for Reading {
    /// Days of UTC; any day may be today's.
    fn default() -> Self {
        let EventOptions { zone, today, end, .. } = EventOptions::default();
        Reading { zone, today, end }
    }
}

/// After all times of the calendar's last day: `SQLite` compares them as texts.
const CALENDAR_END: &str = "9999-12-32";

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
        let reading = Reading::default();
        Ok(Database { connection, stored: None, reading, by_install_time: false, file: None })
    }

    /// Opens a database of any origin at `path`, to read only. `collation` is used, whatever collations its columns have.
    ///
    /// # Errors
    /// When it cannot be opened, has no such table, or its values cannot be read.
    pub fn open(
        path: &Path,
        place: &TableNames,
        collation: Collation,
        reading: Reading,
    ) -> Result<Self, DatabaseError> {
        let open_error = |reason: String| DatabaseError::Open { path: path.to_owned(), reason };
        // SQLite would say only "unable to open database file".
        let file = File::open(path).map_err(|error| open_error(error.to_string()))?;
        if path.is_dir() {
            return Err(open_error("it is a directory".to_owned()));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| open_error(error.to_string()))?;
        collation.register(&connection)?;
        odd_values::register(&connection)?;
        // One transaction from here to the last answer: all of it sees one state.
        connection
            .execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_master")
            .map_err(|error| open_error(error.to_string()))?;
        let is_loaded = load::has_usual_names(place) && load::is_untouched(&file);
        // The sets know of days of UTC and of events.
        let can_be_asked = is_loaded && reading.zone == Zone::UTC && place.columns.install_time.is_none();
        let stored = if can_be_asked { Stored::open(&connection, collation)? } else { None };
        let by_install_time = place.columns.install_time.is_some();
        let database = Database { connection, stored, reading, by_install_time, file: Some(file) };
        if let Err(error) = database.view(place, collation, is_loaded, path) {
            return Err(what_is_missing(&database.connection, path, place)?.unwrap_or(error));
        }
        Ok(database)
    }

    /// Whether another version's `q1 load` made it: then all of it is read for each answer.
    pub fn is_of_other_version(&self) -> bool {
        self.file.as_ref().is_some_and(load::is_of_other_version)
    }

    fn view(
        &self,
        place: &TableNames,
        collation: Collation,
        is_loaded: bool,
        path: &Path,
    ) -> Result<(), DatabaseError> {
        // `q1 load` stores only what it could read, as MySQL would store it.
        let kinds_of = if is_loaded { Kinds::of_install_times } else { Kinds::of };
        let kinds = kinds_of(&self.connection, place)?;
        if let Some(fault) = kinds.fault(&self.connection, path, place, collation)? {
            return Err(fault);
        }
        let view = View { place, collation, kinds };
        self.connection.execute_batch(&view.sql(View::compares_times(self.reading.zone, place)))?;
        self.connection.prepare("SELECT * FROM piwik_track")?;
        Ok(())
    }

    fn borders(&self) -> Borders<'static> {
        Borders { zone: self.reading.zone, calendar_end: CALENDAR_END }
    }

    /// Prepares a text of `sql/`.
    fn prepare(&self, sql: &str) -> rusqlite::Result<Statement<'_>> {
        if self.by_install_time {
            self.connection.prepare(&for_install_times(sql))
        } else {
            self.connection.prepare(sql)
        }
    }

    /// The number that sql/q1.sql gives.
    pub(super) fn count_users(&mut self, question: &Question) -> Result<u64, DatabaseError> {
        let mut statement = self.prepare(SQL)?;
        for (name, value) in question.parameters(self.borders(), !self.by_install_time) {
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

    /// The number of users of a cohort of one day.
    fn cohort_users(&mut self, question: &Question) -> Result<u64, DatabaseError> {
        let period = Period::day(question.install_day);
        let Some(curves) = Curves::new(&question.event, vec![period], vec![DaysAfter::day(0)]) else { return Ok(0) };
        let cell = Cell { curves: &curves, period, day_zero: question.install_day, active: None };
        Ok(self.cell(&cell)?.iter().map(|(_, users)| users).sum())
    }

    /// Where the events end. Unless `q1 load` stored how many there are on each day, all events are looked at.
    fn end(&self) -> Result<DataEnd, DatabaseError> {
        if let Some(day) = self.reading.end {
            return Ok(DataEnd::default().or_given(Some(day)));
        }
        if self.stored.is_some() {
            return Ok(judge(&day_counts(&self.connection)?, self.reading.today));
        }
        let mut statement = self.connection.prepare(sql_text::DAYS)?;
        let mut rows = statement.query([])?;
        let (mut days, mut latest) = (BTreeMap::new(), BTreeMap::new());
        while let Some(row) = rows.next()? {
            let day: Option<NaiveDate> = row.get::<_, Option<String>>(0)?.and_then(|day| day.parse().ok());
            if let Some(day) = day {
                days.insert(day_number(day), row.get::<_, i64>(1)?.unsigned_abs());
                latest.insert(day, row.get::<_, String>(2)?);
            }
        }
        let end = judge(&days, self.reading.today);
        let local = |day: NaiveDate| {
            let mut times = DateTimeParser::new(self.reading.zone);
            let moment = times.read(latest.get(&day)?)?;
            times.day(moment).and_then(NaiveDate::from_num_days_from_ce_opt)
        };
        Ok(DataEnd { day: end.day.map(|day| local(day).unwrap_or(day)), ..end })
    }
}

impl Cells for Database {
    type Error = DatabaseError;

    fn cell(&mut self, cell: &Cell) -> Result<Vec<(String, u64)>, DatabaseError> {
        let by_value = cell.curves.by_value;
        let mut statement = self.prepare(if by_value { sql_text::CELL_BY_VALUE } else { sql_text::CELL })?;
        for (name, value) in cell.parameters(self.borders(), !self.by_install_time) {
            if let Some(index) = statement.parameter_index(name)? {
                statement.raw_bind_parameter(index, value)?;
            }
        }
        let mut rows = statement.raw_query();
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let value = if by_value { from_hex(&row.get::<_, String>(0)?) } else { String::new() };
            let users: i64 = row.get(usize::from(by_value))?;
            found.push((value, users.unsigned_abs()));
        }
        Ok(found)
    }
}

impl Engine for Database {
    type Error = DatabaseError;

    fn answer(&mut self, question: &Question) -> Result<Answer, DatabaseError> {
        let end = self.end()?;
        let asked = self.stored.as_ref().map(|stored| stored.answer(&self.connection, question)).transpose()?;
        if let Some((cohort_users, came_back)) = asked.flatten() {
            let users = Self::of_users(came_back.into_iter(), question)?.count_users(question)?;
            return Ok(Answer { users, cohort_users, end });
        }
        Ok(Answer { users: self.count_users(question)?, cohort_users: self.cohort_users(question)?, end })
    }

    fn curves(&mut self, curves: &Curves) -> Result<CurvesFound, DatabaseError> {
        let end = self.end()?;
        let asked = self.stored.as_ref().map(|stored| stored.count(&self.connection, curves, &end)).transpose()?;
        let counts = match asked.flatten() {
            Some(counts) => counts,
            None => cells::count(self, curves, &end)?,
        };
        Ok(curves.found(counts, end))
    }

    fn event_names(&mut self) -> Result<Option<Vec<NameSeen>>, DatabaseError> {
        let mut statement = self.connection.prepare(sql_text::NAMES)?;
        let mut rows = statement.query([])?;
        let mut names = NamesSeen::default();
        while let Some(row) = rows.next()? {
            let name = String::from_utf8_lossy(row.get_ref(0)?.as_bytes().unwrap_or_default()).into_owned();
            let day = |at| -> rusqlite::Result<Option<i32>> {
                let time: Option<String> = row.get(at)?;
                Ok(time.as_deref().and_then(|time| time.get(..10)?.parse().ok()).map(day_number))
            };
            names.add(&name, row.get::<_, i64>(1)?.unsigned_abs(), day(2)?, day(3)?);
        }
        Ok(Some(names.sorted()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

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
        let mut database = Database::open(path, &TableNames::default(), collation, Reading::default()).unwrap();
        (database.stored.is_some(), database.answer(&question()).unwrap().users)
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
        let mut database =
            Database::open(&path, &TableNames::default(), Collation::GeneralCi, Reading::default()).unwrap();
        let theirs = Connection::open(&path).unwrap();
        theirs.busy_timeout(std::time::Duration::ZERO).unwrap();
        assert!(theirs.execute("DELETE FROM piwik_track", []).is_err(), "it is read from the first look on");
        assert_eq!(database.answer(&question()).unwrap().users, 8);
        drop(database);
        theirs.execute("DELETE FROM piwik_track", []).unwrap();
        assert_eq!(ask(&path, Collation::GeneralCi), (false, 0));
    }

    #[test]
    fn one_odd_time_among_sound_ones_is_refused() {
        for odd in ["99:99:99", "1/4/2017", "2017-04-01x"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("theirs.db");
            let theirs = Connection::open(&path).unwrap();
            theirs.execute_batch("CREATE TABLE piwik_track(time TEXT, uid TEXT, event_name TEXT)").unwrap();
            for time in ["0000-00-00 00:00:00", "2016-01-01", odd, "2018-01-01T10:00:00", "9999-12-31 00:00:00"] {
                theirs.execute("INSERT INTO piwik_track VALUES (?1, 'a', 'FIRST_INSTALL')", [time]).unwrap();
            }
            let opened = Database::open(&path, &TableNames::default(), Collation::GeneralCi, Reading::default());
            assert!(matches!(opened, Err(DatabaseError::Time { found, .. }) if found == odd), "{odd}");
        }
    }
}
