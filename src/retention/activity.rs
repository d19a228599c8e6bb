//! Who had which event on which day, as sets of users: what `load` keeps beside the events, so that a question need look at
//! none of them. A question knows whole days only, and counts users, not events: these sets hold all it can see.
use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use roaring::RoaringBitmap;
use rusqlite::{Connection, OptionalExtension, Row};

use super::collation::Collation;
use super::date_time::{DayNumber, day_number};
use super::numbered::{Key, Numbered};
use super::question::Question;

/// Of more names than these, no sets are kept: where each event has a name of its own, they would be as many as events.
const NAMES_MOST: usize = 4096;

/// The number that stands for an event of any name, or of none.
const ANY_NAME: u32 = 0;
/// The number that stands for all names that have none of their own, and for no name. Names have the numbers above.
const OTHER_NAME: u32 = 1;

/// The sets as they grow.
pub(super) struct Activity {
    collation: Collation,
    users: Numbered,
    names: Numbered,
    has_all_names: bool,
    sets: HashMap<(u32, i32), Gathered, foldhash::fast::RandomState>,
    last_day: Option<i32>,
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
        Activity { collation, users, names, has_all_names: true, sets, last_day: None, folded }
    }

    /// Takes in events: the day of each, its user and its name, which are UTF-8.
    pub(super) fn add<'a>(&mut self, events: impl Iterator<Item = (DayNumber, Option<&'a [u8]>, Option<&'a [u8]>)>) {
        /// So many users are looked up together. More would leave a processor's first cache.
        const TOGETHER: usize = 256;
        let (mut folded, mut active) = (Vec::new(), Vec::with_capacity(TOGETHER));
        let mut last = (None, OTHER_NAME);
        for (day, uid, event_name) in events {
            let Some(day) = day else { continue };
            self.last_day = self.last_day.max(Some(day));
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

    /// Takes in users, `folded` one behind the other: the set of each, and where it ends.
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
        let Activity { collation, names, has_all_names, last_day, .. } = self;
        Ok(Finished { collation, names, has_all_names, days, last_day, chunks })
    }
}

/// The sets, whole.
pub(super) struct Finished {
    collation: Collation,
    names: Numbered,
    has_all_names: bool,
    days: Vec<u8>,
    last_day: Option<i32>,
    /// Of a name, a day and a chunk of the users, those who had such an event.
    chunks: Vec<((u32, i32, u32), Vec<u8>)>,
}

impl Finished {
    /// Writes the sets into the tables of `sql/load/tables.sql`.
    pub(super) fn store(self, connection: &Connection) -> rusqlite::Result<()> {
        let about = (self.collation.sqlite_name(), self.has_all_names, self.days, self.last_day);
        connection.execute("INSERT INTO votekit_load VALUES (?1, ?2, ?3, ?4)", about)?;
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
    days: RoaringBitmap,
    last_day: Option<i32>,
}

impl Stored {
    /// The sets of a database; None where they were made for another collation.
    pub(super) fn open(connection: &Connection, collation: Collation) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT has_all_names, days, last_day FROM votekit_load WHERE collation = ?1";
        let about =
            |row: &Row| Ok(Stored { collation, has_all_names: row.get(0)?, days: set(row, 1)?, last_day: row.get(2)? });
        connection.query_row(sql, [collation.sqlite_name()], about).optional()
    }

    /// The day of the latest event.
    pub(super) fn last_day(&self) -> Option<NaiveDate> {
        NaiveDate::from_num_days_from_ce_opt(self.last_day?)
    }

    /// The users whom the question counts, by their numbers; None where these sets do not tell.
    pub(super) fn came_back(&self, connection: &Connection, question: &Question) -> rusqlite::Result<Option<Vec<u32>>> {
        let mut folded = Vec::new();
        self.collation.fold(&question.event, &mut folded);
        let sql = "SELECT name FROM votekit_name WHERE folded = ?1";
        let name: Option<u32> = connection.query_row(sql, [folded], |row| row.get(0)).optional()?;
        let Some(name) = name else { return Ok(self.has_all_names.then(Vec::new)) };

        // Only chunks in which the cohort has users are read, and of these only the window's days.
        let mut cohorts = connection
            .prepare("SELECT chunk, users FROM votekit_activity WHERE name = ?1 AND day = ?2 ORDER BY chunk")?;
        let mut active =
            connection.prepare("SELECT users FROM votekit_activity WHERE name = ?1 AND day = ?2 AND chunk = ?3")?;
        let window = rank(day_number(question.from))..rank(day_number(question.to)).saturating_add(1);
        let mut found = Vec::new();
        if window.is_empty() {
            return Ok(Some(found));
        }
        let mut rows = cohorts.query((name, day_number(question.install_day)))?;
        while let Some(row) = rows.next()? {
            let (chunk, cohort): (u32, _) = (row.get(0)?, set(row, 1)?);
            let mut came_back = RoaringBitmap::new();
            for day in self.days.range(window.clone()) {
                let users = active.query_row((ANY_NAME, unranked(day), chunk), |row| set(row, 0)).optional()?;
                came_back |= users.unwrap_or_default() & &cohort;
                if came_back.len() == cohort.len() {
                    break;
                }
            }
            found.extend(came_back);
        }
        Ok(Some(found))
    }
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
            stored.came_back(&connection, &question).unwrap().map(|users| users.len())
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
