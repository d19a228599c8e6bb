//! Where the rows that count go: nowhere but the sum, or into groups.
use std::sync::Mutex;

use super::by::{self, By, Key};
use super::group::{GroupError, GroupOptions, Grouped, Grouping, Groups, finish};
use super::record::{Date, Row};

/// Takes each row that counts. Every thread has its own, in no order.
pub trait Sink: Send {
    /// A row that counts.
    fn row(&mut self, row: &Row<'_>);

    /// `requests` rows of a day that count, with `bytes` in all: all that a sink gets where
    /// [`SumOptions::only_days`](super::SumOptions::only_days) says that it wants no more.
    fn day(&mut self, date: Date, requests: u64, bytes: u128);
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
}

/// Gives sinks to threads and takes them back, so that they live through all inputs of a run.
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

    /// A sink that no thread has.
    pub fn take(&self) -> S {
        let idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).pop();
        idle.unwrap_or_else(&self.new)
    }

    /// Takes sinks back.
    pub fn put(&self, sinks: impl IntoIterator<Item = S>) {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(sinks);
    }

    /// All that came back.
    pub fn into_all(self) -> Vec<S> {
        self.idle.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Counts rows into groups.
#[derive(Debug)]
pub struct GroupCounter<'a> {
    by: &'a [By],
    groups: Groups,
    key: Key,
    last: Option<Date>,
    part: Vec<u8>,
}

/// Groups of one run: makes the counters and brings them together.
#[derive(Debug)]
pub struct GroupRun<'a> {
    by: &'a [By],
    grouping: Grouping,
}

impl<'a> GroupRun<'a> {
    /// For one run.
    pub fn new(by: &'a [By], options: GroupOptions) -> Self {
        GroupRun { by, grouping: Grouping::new(options) }
    }

    /// A thread's counter.
    pub fn counter(&self) -> GroupCounter<'a> {
        let groups = self.grouping.worker();
        GroupCounter { by: self.by, groups, key: Key::default(), last: None, part: Vec::new() }
    }

    /// What all counters found.
    ///
    /// # Errors
    /// When groups outgrew their memory or their temporary files.
    pub fn finish(&self, counters: Vec<GroupCounter<'a>>) -> Result<Grouped, GroupError> {
        finish(&self.grouping, counters.into_iter().map(|counter| counter.groups).collect())
    }
}

impl Sink for GroupCounter<'_> {
    #[inline]
    fn row(&mut self, row: &Row<'_>) {
        // Logs are in the order of time, nearly: by day, most rows are of the last row's group.
        if self.last == Some(row.moment.date) {
            return self.groups.again(row.size_bytes);
        }
        self.row_of_new_group(row);
    }

    fn day(&mut self, date: Date, requests: u64, bytes: u128) {
        self.last = None;
        self.key.clear();
        self.part.clear();
        date.write(&mut self.part);
        self.key.part(&self.part);
        // A group keeps 64 bits at a time; absurd sizes come in parts.
        let mut rest = bytes;
        self.groups.add_many(self.key.bytes(), requests, rest.min(u64::MAX.into()) as u64);
        while let Some(more @ 1..) = rest.checked_sub(u64::MAX.into()) {
            rest = more;
            self.groups.again_many(0, rest.min(u64::MAX.into()) as u64);
        }
    }
}

impl GroupCounter<'_> {
    /// What this counter alone has found up to now.
    ///
    /// # Errors
    /// As [`Groups::so_far`].
    pub fn so_far(&self) -> Result<Grouped, GroupError> {
        self.groups.so_far()
    }

    fn row_of_new_group(&mut self, row: &Row<'_>) {
        self.key.clear();
        for by in self.by {
            self.part.clear();
            match by {
                By::Day => row.moment.date.write(&mut self.part),
                By::Ext => self.part.extend_from_slice(&by::ext(row.url)),
                By::Dir => self.part.extend_from_slice(by::dir(row.url)),
                By::Url => self.part.extend_from_slice(by::without_query(row.url)),
                By::Month => {
                    row.moment.date.write(&mut self.part);
                    self.part.truncate("2019-08".len());
                }
                By::Type => self.part.extend_from_slice(by::media_type(row.url)),
                By::Host => self.part.extend(by::host(row.url).unwrap_or_else(|| by::NONE.to_vec())),
                By::Hour | By::Status | By::Column(_) => self.part.extend_from_slice(by::NONE),
            }
            self.key.part(&self.part);
        }
        self.groups.add(self.key.bytes(), row.size_bytes);
        self.last = matches!(self.by, [By::Day]).then_some(row.moment.date);
    }
}
