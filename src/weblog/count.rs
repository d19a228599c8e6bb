//! Where the rows that count go: nowhere but the sum, or into groups.
use std::sync::{Mutex, MutexGuard};

use super::by::{self, By, Key};
use super::format::Needs;
use super::group::{GroupError, GroupOptions, Grouped, Grouping, Groups, finish};
use super::record::{Date, Moment, Row};

/// Takes each row that counts. Every thread has its own, in no order.
pub trait Sink: Send {
    /// A row that counts.
    fn row(&mut self, row: &Row<'_>);

    /// `requests` rows of a day that count, with `bytes` in all: all that a sink gets where
    /// [`SumOptions::only_days`](super::SumOptions::only_days) says that it wants no more.
    fn day(&mut self, date: Date, requests: u64, bytes: u128);

    /// Whether all further rows are in vain, so that the run had better end.
    fn gave_up(&self) -> bool {
        false
    }
}

impl Sink for () {
    #[inline]
    fn row(&mut self, _row: &Row<'_>) {}

    fn day(&mut self, _date: Date, _requests: u64, _bytes: u128) {}
}

impl<S: Sink> Sink for Option<S> {
    fn row(&mut self, row: &Row<'_>) {
        if let Some(sink) = self {
            sink.row(row);
        }
    }

    fn day(&mut self, date: Date, requests: u64, bytes: u128) {
        if let Some(sink) = self {
            sink.day(date, requests, bytes);
        }
    }

    fn gave_up(&self) -> bool {
        self.as_ref().is_some_and(Sink::gave_up)
    }
}

/// Lends sinks to threads, so that they live through all inputs of a run, those that fail among them.
#[derive(Debug)]
pub struct Sinks<S, F> {
    idle: Mutex<Vec<S>>,
    new: F,
}

impl<S: Sink, F: Fn() -> S + Sync> Sinks<S, F> {
    /// Makes sinks with `new` as they are needed.
    pub fn new(new: F) -> Self {
        Sinks { idle: Mutex::new(Vec::new()), new }
    }

    /// A sink that no thread has. It comes back when the lease ends, however the work with it ended.
    pub fn lease(&self) -> Lease<'_, S, F> {
        let idle = self.lock().pop();
        Lease { sink: Some(idle.unwrap_or_else(&self.new)), home: self }
    }

    /// All that came back.
    pub fn into_all(self) -> Vec<S> {
        self.idle.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<S, F> Sinks<S, F> {
    /// No thread panics while it holds the lock, so that a poisoned one is still sound.
    fn lock(&self) -> MutexGuard<'_, Vec<S>> {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A sink while a thread has it.
#[derive(Debug)]
pub struct Lease<'a, S, F> {
    /// Always there until the lease ends.
    sink: Option<S>,
    home: &'a Sinks<S, F>,
}

impl<S: Sink, F: Fn() -> S + Sync> Lease<'_, S, F> {
    /// The sink.
    pub fn sink(&mut self) -> &mut S {
        self.sink.get_or_insert_with(&self.home.new)
    }
}

impl<S, F> Drop for Lease<'_, S, F> {
    fn drop(&mut self) {
        self.home.lock().extend(self.sink.take());
    }
}

/// Groups of one run: makes the threads' counters and brings them together.
#[derive(Debug)]
pub struct GroupRun<'a> {
    keys: Keys<'a>,
    grouping: Grouping,
}

/// What keys are made of.
#[derive(Debug, Clone)]
struct Keys<'a> {
    by: &'a [By],
    /// Where in [`Row::columns`] each stands that needs a column.
    places: Vec<Option<usize>>,
    offset_secs: i32,
}

impl<'a> GroupRun<'a> {
    /// For one run, of whose rows it then `needs` what the keys are made of. Days and hours are those of clocks that are
    /// `offset_secs` ahead of the log's.
    pub fn new(by: &'a [By], needs: &mut Needs, offset_secs: i32, options: GroupOptions) -> Self {
        let places = by.iter().map(|by| by.column().map(|column| needs.place_of(column))).collect();
        needs.time |= by.contains(&By::Hour) || (offset_secs != 0 && by.iter().any(By::is_time));
        GroupRun { keys: Keys { by, places, offset_secs }, grouping: Grouping::new(options) }
    }

    /// Whether a row's day tells its group: then [`Sink::day`] is enough for the counters.
    pub fn only_days(&self) -> bool {
        !self.keys.by.is_empty() && self.keys.by.iter().all(|by| matches!(by, By::Day | By::Month))
    }

    /// A thread's counter.
    pub fn counter(&self) -> GroupCounter<'a> {
        let (groups, keys) = (self.grouping.worker(), self.keys.clone());
        GroupCounter { keys, groups, key: Key::default(), last: None }
    }

    /// What all counters found.
    ///
    /// # Errors
    /// When groups outgrew their memory or their temporary files.
    pub fn finish(&self, counters: Vec<GroupCounter<'a>>) -> Result<Grouped, GroupError> {
        finish(&self.grouping, counters.into_iter().map(|counter| counter.groups).collect())
    }
}

/// Counts rows into groups.
#[derive(Debug)]
pub struct GroupCounter<'a> {
    keys: Keys<'a>,
    groups: Groups,
    key: Key,
    /// The day and hour of the last row, where the group is told by these alone.
    last: Option<(Date, u32)>,
}

impl Sink for GroupCounter<'_> {
    #[inline]
    fn row(&mut self, row: &Row<'_>) {
        // Logs are in the order of time, nearly: by time, most rows are of the last row's group.
        let moment = row.moment.shifted(self.keys.offset_secs);
        if self.last == Some((moment.date, moment.second / 3600)) {
            return self.groups.again(row.size_bytes);
        }
        self.keys.write(row, moment, &mut self.key);
        self.groups.add(self.key.bytes(), row.size_bytes);
        let by_time_alone = self.keys.by.iter().all(By::is_time);
        self.last = by_time_alone.then_some((moment.date, moment.second / 3600));
    }

    fn day(&mut self, date: Date, requests: u64, bytes: u128) {
        self.last = None;
        self.key.clear();
        for by in self.keys.by {
            self.key.part(|part| if *by == By::Month { write_month(date, part) } else { date.write(part) });
        }
        // A group adds 64 bits at a time; absurd sizes come in parts.
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
    /// What this counter alone has found up to now.
    ///
    /// # Errors
    /// As [`Groups::so_far`].
    pub fn so_far(&mut self) -> Result<Grouped, GroupError> {
        self.groups.so_far()
    }
}

impl Keys<'_> {
    /// Makes `key` the row's.
    fn write(&self, row: &Row<'_>, moment: Moment, key: &mut Key) {
        key.clear();
        for (by, place) in self.by.iter().zip(&self.places) {
            let column = place.and_then(|place| row.columns.get(place)).copied().unwrap_or_default();
            key.part(|part| match by {
                By::Hour => {
                    moment.date.write(part);
                    let hour = (moment.second / 3600).min(23) as u8;
                    part.extend([b'T', b'0' + hour / 10, b'0' + hour % 10, b':', b'0', b'0']);
                }
                By::Day => moment.date.write(part),
                By::Month => write_month(moment.date, part),
                By::Ext => part.extend_from_slice(&by::ext(row.url)),
                By::Dir => part.extend_from_slice(by::dir(row.url)),
                By::Url => part.extend_from_slice(by::without_query(row.url)),
                By::Type => part.extend_from_slice(&by::media_type(row.url, column)),
                By::Host if !column.is_empty() => part.extend(column.iter().map(u8::to_ascii_lowercase)),
                By::Host => part.extend(by::host(row.url).unwrap_or_else(|| by::NONE.to_vec())),
                By::Status | By::Column(_) if column.is_empty() => part.extend_from_slice(by::NONE),
                By::Status | By::Column(_) => part.extend_from_slice(column),
            });
        }
    }
}

/// Adds `2019-08` to `text`.
fn write_month(date: Date, text: &mut Vec<u8>) {
    date.write(text);
    text.truncate(text.len() - "-24".len());
}
