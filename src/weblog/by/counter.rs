//! Counts rows into groups.
use super::group_key::GroupKey;
use super::key::{By, write_time};
use crate::units::CalendarUnit;
use crate::weblog::format::Needs;
use crate::weblog::group::{GroupError, GroupOptions, Grouped, Grouping, Groups, finish};
use crate::weblog::log_clock::LogClock;
use crate::weblog::log_time::LogTime;
use crate::weblog::media::MediaTypeCache;
use crate::weblog::record::Row;
use crate::weblog::sink::{Granularity, Sink};

/// The grouping of a run: creates the threads' counters and merges their groups.
#[derive(Debug)]
pub struct GroupRun<'a> {
    keys: KeyWriter<'a>,
    grouping: Grouping,
}

/// Encodes the keys of rows.
#[derive(Debug, Clone)]
struct KeyWriter<'a> {
    by: &'a [By],
    /// For each key, the index of its column in [`Row::columns`], if it needs one.
    places: Vec<Option<usize>>,
    clock: LogClock,
}

impl<'a> GroupRun<'a> {
    /// Groups by the keys `by`, whose columns are added to `needs`. Times are read from `clock`.
    pub fn new(by: &'a [By], needs: &mut Needs, clock: LogClock, options: GroupOptions) -> Self {
        let place = |key: &By| key.needed_column().map(|column| needs.place_of(column.clone()));
        let places = by.iter().map(place).collect();
        needs.time |= by.iter().filter_map(By::unit).any(|unit| unit < CalendarUnit::Day || !clock.is_logs());
        GroupRun { keys: KeyWriter { by, places, clock }, grouping: Grouping::new(options) }
    }

    /// The detail that counters need: if all keys are times, sums of the smallest unit are enough.
    pub fn granularity(&self) -> Granularity {
        let units: Option<Vec<CalendarUnit>> = self.keys.by.iter().map(By::unit).collect();
        units.and_then(|units| units.into_iter().min()).map_or(Granularity::Rows, Granularity::Times)
    }

    /// Creates the counter of one thread.
    pub fn counter(&self) -> GroupCounter<'a> {
        let (groups, keys) = (self.grouping.worker(), self.keys.clone());
        GroupCounter { keys, groups, key: GroupKey::default(), types: MediaTypeCache::default() }
    }

    /// Merges the groups of all counters.
    ///
    /// # Errors
    /// When groups outgrew the memory limit, or temporary files failed.
    pub fn finish(&self, counters: Vec<GroupCounter<'a>>) -> Result<Grouped, GroupError> {
        finish(&self.grouping, counters.into_iter().map(|counter| counter.groups).collect())
    }
}

/// Counts rows into groups.
#[derive(Debug)]
pub struct GroupCounter<'a> {
    keys: KeyWriter<'a>,
    groups: Groups,
    /// The key of the current row, kept to reuse its memory.
    key: GroupKey,
    types: MediaTypeCache,
}

impl Sink for GroupCounter<'_> {
    #[inline]
    fn row(&mut self, row: &Row<'_>) {
        let moment = self.keys.clock.shown(row.moment);
        self.keys.write(row, moment, &mut self.types, &mut self.key);
        self.groups.add(self.key.bytes(), row.size_bytes);
    }

    fn time(&mut self, moment: LogTime, requests: u64, bytes: u128) {
        self.key.clear();
        for unit in self.keys.by.iter().filter_map(By::unit) {
            self.key.part(|part| write_time(unit, moment, part));
        }
        // Groups add 64 bits at a time; larger sums are added in parts.
        let first = bytes.min(u64::MAX.into());
        self.groups.add_many(self.key.bytes(), requests, first as u64);
        let mut rest = bytes - first;
        while rest > 0 {
            let part = rest.min(u64::MAX.into());
            self.groups.again_many(0, part as u64);
            rest -= part;
        }
    }

    fn gave_up(&self) -> bool {
        self.groups.failed()
    }
}

impl GroupCounter<'_> {
    /// The groups counted so far.
    ///
    /// # Errors
    /// As [`Groups::so_far`].
    pub fn so_far(&mut self) -> Result<Grouped, GroupError> {
        self.groups.so_far()
    }
}

impl KeyWriter<'_> {
    /// Encodes the key of `row` into `key`.
    fn write(&self, row: &Row<'_>, moment: LogTime, types: &mut MediaTypeCache, key: &mut GroupKey) {
        key.clear();
        for (by, place) in self.by.iter().zip(&self.places) {
            let column = place.and_then(|place| row.columns.get(place)).copied().unwrap_or_default();
            key.part(|part| by.write(row, moment, column, types, part));
        }
    }
}
