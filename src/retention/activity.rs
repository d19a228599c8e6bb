//! Which users had which event on which day, as sets of users. `load` stores them in addition to the events, so that a
//! question need not read any event: questions are about whole days and count users, so these sets contain all they need.
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use roaring::RoaringBitmap;
use rusqlite::{Connection, OptionalExtension, Row, Statement};

use super::collation::Collation;
use super::curve::{Counts, Curves, DaysAfter};
use super::data_end::DataEnd;
use super::moment::{DayNumber, day_number};
use super::numbered::{Key, Numbered};
use super::question::Question;

/// Limit on names with sets: if each event had its own name, there would be as many sets as events.
const NAMES_MOST: usize = 4096;

/// The number for any event, with or without a name.
const ANY_NAME: u32 = 0;
/// The number for all names without a number, and for no name. Names have higher numbers.
const OTHER_NAME: u32 = 1;

/// The sets while they are collected.
pub(super) struct Activity {
    collation: Collation,
    users: Numbered,
    names: Numbered,
    has_all_names: bool,
    sets: HashMap<(u32, i32), Gathered, foldhash::fast::RandomState>,
    /// How many events there are on each day, of a user or of nobody.
    events: BTreeMap<i32, u64>,
    folded: Vec<u8>,
}

/// Users as they come; sorted now and then, each once.
#[derive(Default)]
struct Gathered {
    users: Vec<u32>,
    sorted: usize,
}

impl Gathered {
    fn push(&mut self, user: u32) {
        /// Fewer are not worth sorting.
        const UNSORTED_LEAST: usize = 1 << 16;
        if self.users.len() >= 2 * self.sorted + UNSORTED_LEAST {
            self.sort();
        }
        self.users.push(user);
    }

    fn sort(&mut self) {
        self.users.sort_unstable();
        self.users.dedup();
        self.sorted = self.users.len();
    }

    /// The users, each once, in rising order.
    fn into_sorted(mut self) -> Vec<u32> {
        self.sort();
        self.users
    }
}

impl Activity {
    pub(super) fn new(collation: Collation) -> Self {
        let (users, names) = (Numbered::default(), Numbered::default());
        let (sets, folded) = (HashMap::default(), Vec::new());
        Activity { collation, users, names, has_all_names: true, sets, events: BTreeMap::new(), folded }
    }

    /// Takes in events: the day of each, its user and its name, which are UTF-8.
    pub(super) fn add<'a>(&mut self, events: impl Iterator<Item = (DayNumber, Option<&'a [u8]>, Option<&'a [u8]>)>) {
        /// So many users are looked up together. More would leave a processor's first cache.
        const TOGETHER: usize = 256;
        let (mut folded, mut active) = (Vec::new(), Vec::with_capacity(TOGETHER));
        let mut last = (None, OTHER_NAME);
        for (day, uid, event_name) in events {
            let Some(day) = day else { continue };
            *self.events.entry(day).or_default() += 1;
            let Some(uid) = uid else { continue };
            if last.0 != event_name {
                last = (event_name, event_name.map_or(OTHER_NAME, |name| self.name(name)));
            }
            let name = last.1;
            fold(self.collation, uid, &mut folded);
            active.push(((name, day), folded.len()));
            if active.len() == TOGETHER {
                self.gather(&folded, &active);
                folded.clear();
                active.clear();
            }
        }
        self.gather(&folded, &active);
    }

    /// Adds users, concatenated in `folded`: the set of each, and its end.
    fn gather(&mut self, folded: &[u8], active: &[((u32, i32), usize)]) {
        let starts = std::iter::once(0).chain(active.iter().map(|(_, end)| *end));
        let keys: Vec<Key> = starts.zip(active).map(|(start, (_, end))| Key::new(&folded[start..*end])).collect();
        let mut users = self.users.numbers(&keys);
        for one_set in active.chunk_by(|(one, _), (next, _)| one == next) {
            let set = self.sets.entry(one_set[0].0).or_default();
            users.by_ref().take(one_set.len()).for_each(|user| set.push(user));
        }
    }

    fn name(&mut self, name: &[u8]) -> u32 {
        self.folded.clear();
        fold(self.collation, name, &mut self.folded);
        let name = Key::new(&self.folded);
        match self.names.find(name) {
            None if self.names.len() == NAMES_MOST => {
                self.has_all_names = false;
                OTHER_NAME
            }
            None => OTHER_NAME + 1 + self.names.number(name),
            Some(number) => OTHER_NAME + 1 + number,
        }
    }

    /// The sets, as they are to be stored.
    pub(super) fn finish(mut self) -> rusqlite::Result<Finished> {
        let mut chunks: BTreeMap<(u32, i32, u32), RoaringBitmap> = BTreeMap::new();
        for ((name, day), users) in std::mem::take(&mut self.sets) {
            for users in users.into_sorted().chunk_by(|one, next| chunk(*one) == chunk(*next)) {
                #[expect(clippy::expect_used, reason = "the users are sorted, each once")]
                let set = RoaringBitmap::from_sorted_iter(users.iter().copied()).expect("each is above the one before");
                *chunks.entry((ANY_NAME, day, chunk(users[0]))).or_default() |= &set;
                if name != OTHER_NAME {
                    chunks.insert((name, day, chunk(users[0])), set);
                }
            }
        }
        let days = chunks.keys().filter(|(name, ..)| *name == ANY_NAME).map(|(_, day, _)| rank(*day)).collect();
        let chunks = chunks.into_iter().map(|(key, users)| Ok((key, serialized(&users)?)));
        let (days, chunks) = (serialized(&days)?, chunks.collect::<rusqlite::Result<_>>()?);
        let Activity { collation, names, has_all_names, events, .. } = self;
        Ok(Finished { collation, names, has_all_names, days, events, chunks })
    }
}

/// The sets of users once all events are read.
pub(super) struct Finished {
    collation: Collation,
    names: Numbered,
    has_all_names: bool,
    days: Vec<u8>,
    events: BTreeMap<i32, u64>,
    /// Of a name, a day and a chunk of the users, those who had such an event.
    chunks: Vec<((u32, i32, u32), Vec<u8>)>,
}

impl Finished {
    /// Writes the sets into the tables of `sql/load/tables.sql`.
    pub(super) fn store(self, connection: &Connection) -> rusqlite::Result<()> {
        let about = (self.collation.sqlite_name(), self.has_all_names, self.days);
        connection.execute("INSERT INTO votekit_load VALUES (?1, ?2, ?3)", about)?;
        let mut insert = connection.prepare("INSERT INTO votekit_day VALUES (?1, ?2)")?;
        for (day, events) in self.events {
            insert.execute((day, i64::try_from(events).unwrap_or(i64::MAX)))?;
        }
        let mut insert = connection.prepare("INSERT INTO votekit_name VALUES (?1, ?2)")?;
        for (number, folded) in (OTHER_NAME + 1..).zip(self.names.iter()) {
            insert.execute((number, folded))?;
        }
        let mut insert = connection.prepare("INSERT INTO votekit_activity VALUES (?1, ?2, ?3, ?4)")?;
        for ((name, day, chunk), users) in self.chunks {
            insert.execute((name, day, chunk, users))?;
        }
        Ok(())
    }
}

/// Which of the sets of a database can be asked.
pub(super) struct Stored {
    collation: Collation,
    has_all_names: bool,
    /// The days on which any user had an event, each plus 2,147,483,648.
    days: RoaringBitmap,
}

/// The number of an event's name.
enum NameNumber {
    Known(u32),
    /// No event has the name.
    Absent,
    /// It may be one of those that have no sets.
    Untold,
}

impl Stored {
    /// The sets of a database; None where they were made for another collation.
    pub(super) fn open(connection: &Connection, collation: Collation) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT has_all_names, days FROM votekit_load WHERE collation = ?1";
        let about = |row: &Row| Ok(Stored { collation, has_all_names: row.get(0)?, days: set(row, 1)? });
        connection.query_row(sql, [collation.sqlite_name()], about).optional()
    }

    fn name(&self, connection: &Connection, event: &str) -> rusqlite::Result<NameNumber> {
        let mut folded = Vec::new();
        self.collation.fold(event, &mut folded);
        let sql = "SELECT name FROM votekit_name WHERE folded = ?1";
        let name: Option<u32> = connection.query_row(sql, [folded], |row| row.get(0)).optional()?;
        Ok(match name {
            Some(name) => NameNumber::Known(name),
            None if self.has_all_names => NameNumber::Absent,
            None => NameNumber::Untold,
        })
    }

    /// How many users are in the question's cohort, and those who came back, by their numbers; None where these sets do not tell.
    pub(super) fn answer(
        &self,
        connection: &Connection,
        question: &Question,
    ) -> rusqlite::Result<Option<(u64, Vec<u32>)>> {
        let name = match self.name(connection, &question.event)? {
            NameNumber::Known(name) => name,
            NameNumber::Absent => return Ok(Some((0, Vec::new()))),
            NameNumber::Untold => return Ok(None),
        };
        // Only chunks in which the cohort has users are read, and of these only the window's days.
        let mut cohorts = connection
            .prepare("SELECT chunk, users FROM votekit_activity WHERE name = ?1 AND day = ?2 ORDER BY chunk")?;
        let mut active =
            connection.prepare("SELECT users FROM votekit_activity WHERE name = ?1 AND day = ?2 AND chunk = ?3")?;
        let window = rank(day_number(question.from))..rank(day_number(question.to)).saturating_add(1);
        let (mut cohort_users, mut found) = (0, Vec::new());
        let mut rows = cohorts.query((name, day_number(question.install_day)))?;
        while let Some(row) = rows.next()? {
            let (chunk, cohort): (u32, _) = (row.get(0)?, set(row, 1)?);
            cohort_users += cohort.len();
            let mut came_back = RoaringBitmap::new();
            let days = if window.is_empty() { 0..0 } else { window.clone() };
            for day in self.days.range(days) {
                let users = active.query_row((ANY_NAME, unranked(day), chunk), |row| set(row, 0)).optional()?;
                came_back |= users.unwrap_or_default() & &cohort;
                if came_back.len() == cohort.len() {
                    break;
                }
            }
            found.extend(came_back);
        }
        Ok(Some((cohort_users, found)))
    }

    /// What `curves` ask for; None where these sets do not tell.
    pub(super) fn count(
        &self,
        connection: &Connection,
        curves: &Curves,
        end: &DataEnd,
    ) -> rusqlite::Result<Option<Counts>> {
        if curves.by_value {
            return Ok(None);
        }
        let name = match self.name(connection, &curves.event)? {
            NameNumber::Known(name) => name,
            NameNumber::Absent => return Ok(Some(Counts::new(curves))),
            NameNumber::Untold => return Ok(None),
        };
        let returning = match curves.return_event.as_deref().map(|event| self.name(connection, event)).transpose()? {
            None => Some(ANY_NAME),
            Some(NameNumber::Known(name)) => Some(name),
            Some(NameNumber::Absent) => None,
            Some(NameNumber::Untold) => return Ok(None),
        };
        let mut counts = Counts::new(curves);
        let mut sets = Sets { users: connection.prepare(USERS)?, known: HashMap::default() };
        for (index, period) in curves.periods().iter().enumerate() {
            let mut before = RoaringBitmap::new();
            for day in period.days() {
                let cohort = sets.of(name, day_number(day))? - &before;
                before |= &cohort;
                let count = counts.of(index, "");
                count.users += cohort.len();
                if cohort.is_empty() {
                    continue;
                }
                for (column, active) in curves.columns().iter().zip(&mut count.active) {
                    if let Some(name) = returning
                        && Curves::is_known(*period, *column, end)
                    {
                        *active += self.came_back(&mut sets, name, &cohort, self.days_of(day, *column, end))?;
                    }
                }
            }
        }
        Ok(Some(counts))
    }

    /// The days of a column on which anybody had an event, for users whose day 0 is `day_zero`.
    fn days_of(&self, day_zero: NaiveDate, column: DaysAfter, end: &DataEnd) -> std::ops::Range<u32> {
        let after = |days: u32| day_number(day_zero).saturating_add_unsigned(days);
        let last = column.last.map_or(end.day.map_or(i32::MIN, day_number), after);
        rank(after(column.first))..rank(last).saturating_add(1)
    }

    fn came_back(
        &self,
        sets: &mut Sets,
        name: u32,
        cohort: &RoaringBitmap,
        days: std::ops::Range<u32>,
    ) -> rusqlite::Result<u64> {
        let days = if days.is_empty() { 0..0 } else { days };
        if days.len() == 1 {
            let is_known = self.days.contains(days.start);
            return Ok(if is_known { sets.of(name, unranked(days.start))?.intersection_len(cohort) } else { 0 });
        }
        let mut came_back = RoaringBitmap::new();
        for day in self.days.range(days) {
            came_back |= sets.of(name, unranked(day))? & cohort;
            if came_back.len() == cohort.len() {
                break;
            }
        }
        Ok(came_back.len())
    }
}

const USERS: &str = "SELECT users FROM votekit_activity WHERE name = ?1 AND day = ?2";

/// Users who had an event of a name on a day, each set read once.
struct Sets<'c> {
    users: Statement<'c>,
    known: HashMap<(u32, i32), RoaringBitmap, foldhash::fast::RandomState>,
}

impl Sets<'_> {
    fn of(&mut self, name: u32, day: i32) -> rusqlite::Result<&RoaringBitmap> {
        match self.known.entry((name, day)) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(unknown) => {
                let mut rows = self.users.query((name, day))?;
                let mut users = RoaringBitmap::new();
                while let Some(row) = rows.next()? {
                    users |= set(row, 0)?;
                }
                Ok(unknown.insert(users))
            }
        }
    }
}

/// How many events there are on each day.
pub(super) fn day_counts(connection: &Connection) -> rusqlite::Result<BTreeMap<i32, u64>> {
    let mut statement = connection.prepare("SELECT day, events FROM votekit_day")?;
    let days = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
    days.collect()
}

/// The chunk that a user belongs to.
fn chunk(user: u32) -> u32 {
    user >> 16
}

/// A number that is in the same order as `day`, and not below zero.
fn rank(day: i32) -> u32 {
    day.cast_unsigned() ^ 1 << 31
}

fn unranked(rank: u32) -> i32 {
    (rank ^ 1 << 31).cast_signed()
}

/// Appends what `text`, which is UTF-8, folds to.
fn fold(collation: Collation, text: &[u8], folded: &mut Vec<u8>) {
    if text.is_ascii() {
        collation.fold_ascii(text, folded);
    } else {
        collation.fold(&String::from_utf8_lossy(text), folded);
    }
}

fn serialized(set: &RoaringBitmap) -> rusqlite::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(set.serialized_size());
    set.serialize_into(&mut bytes).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    Ok(bytes)
}

fn set(row: &Row, column: usize) -> rusqlite::Result<RoaringBitmap> {
    let bytes = row.get_ref(column)?.as_blob()?;
    RoaringBitmap::deserialize_from(bytes)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Blob, error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_sets_are_left_to_the_events() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(include_str!("../../sql/load/tables.sql")).unwrap();
        let day = chrono::NaiveDate::from_ymd_opt(2017, 4, 1).unwrap();
        let mut activity = Activity::new(Collation::GeneralCi);
        for number in 0..=NAMES_MOST {
            let name = format!("event {number}");
            // So many users in all that they fill more than one chunk.
            let uids: Vec<_> = (0..20).map(|uid| format!("{number}-{uid}")).collect();
            activity.add(uids.iter().map(|uid| (Some(day_number(day)), Some(uid.as_bytes()), Some(name.as_bytes()))));
        }
        activity.finish().unwrap().store(&connection).unwrap();
        let stored = Stored::open(&connection, Collation::GeneralCi).unwrap().unwrap();
        let ask = |event: &str| {
            let question = Question { install_day: day, from: day, to: day, event: event.to_owned() };
            stored.answer(&connection, &question).unwrap().map(|(_, users)| users.len())
        };
        assert_eq!(ask("EVENT 7 "), Some(20));
        assert_eq!(ask(&format!("event {}", NAMES_MOST - 1)), Some(20));
        assert_eq!(ask(&format!("event {NAMES_MOST}")), None);
        assert_eq!(ask("never"), None, "it may be one of those that were too many");
    }

    #[test]
    fn days_keep_their_order() {
        let days = [i32::MIN, -1, 0, 1, 736_420, i32::MAX];
        assert!(days.is_sorted_by_key(|day| rank(*day)));
        assert!(days.iter().all(|day| unranked(rank(*day)) == *day));
    }
}
