//! Where the rows that count go: nowhere but the sum, or into groups.
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use super::by::{self, By, Key, Suggestions};
use super::format::Needs;
use super::group::{GroupError, GroupOptions, Grouped, Grouping, Groups, finish};
use super::record::{Moment, Row};
use super::url::{self, Extension};

/// What stands in a key where a row has nothing.
const NONE: &[u8] = by::NONE.as_bytes();

/// What sinks want of the rows that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Each row.
    Rows,
    /// Only how many requests and bytes there were in each hour.
    Hours,
    /// The same for each day.
    Days,
}

/// Takes the rows that count. Every thread has its own, in no order.
pub trait Sink: Send {
    /// A row that counts.
    fn row(&mut self, row: &Row<'_>);

    /// `requests` rows that count, with `bytes` in all, of the hour or day that begins with `moment`, on the clocks that the
    /// run is told by: all that a sink gets where [`SumOptions::wanted`](super::SumOptions::wanted) says that it wants no more.
    fn time(&mut self, moment: Moment, requests: u64, bytes: u128);

    /// Whether all further rows are in vain, so that the run had better end.
    fn gave_up(&self) -> bool {
        false
    }
}

impl Sink for () {
    #[inline]
    fn row(&mut self, _row: &Row<'_>) {}

    fn time(&mut self, _moment: Moment, _requests: u64, _bytes: u128) {}
}

impl<S: Sink> Sink for Option<S> {
    fn row(&mut self, row: &Row<'_>) {
        if let Some(sink) = self {
            sink.row(row);
        }
    }

    fn time(&mut self, moment: Moment, requests: u64, bytes: u128) {
        if let Some(sink) = self {
            sink.time(moment, requests, bytes);
        }
    }

    fn gave_up(&self) -> bool {
        self.as_ref().is_some_and(Sink::gave_up)
    }
}

/// Requests and bytes of hours or days.
#[derive(Debug, Clone, Default)]
pub struct TimeSums {
    sums: BTreeMap<Moment, (u64, u128)>,
    /// That of the last, which is that of the next as a rule; not in `sums` yet.
    last: Option<(Moment, u64, u128)>,
}

impl TimeSums {
    /// Adds to what there is of `moment`.
    pub fn add(&mut self, moment: Moment, requests: u64, bytes: u128) {
        if let Some(last) = self.last.as_mut().filter(|last| last.0 == moment) {
            *last = (moment, last.1 + requests, last.2 + bytes);
            return;
        }
        self.settle();
        self.last = Some((moment, requests, bytes));
    }

    /// Adds all of `other`.
    pub fn join(&mut self, mut other: TimeSums) {
        other.settle();
        other.sums.into_iter().for_each(|(moment, (requests, bytes))| self.add(moment, requests, bytes));
    }

    /// Gives all to `sink`.
    pub fn give(mut self, sink: &mut impl Sink) {
        self.settle();
        self.sums.into_iter().for_each(|(moment, (requests, bytes))| sink.time(moment, requests, bytes));
    }

    fn settle(&mut self) {
        if let Some((moment, requests, bytes)) = self.last.take() {
            let sum = self.sums.entry(moment).or_default();
            *sum = (sum.0 + requests, sum.1 + bytes);
        }
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

    /// What the counters want of rows: where the day or the hour tells the group, its sums are enough.
    pub fn wanted(&self) -> Wanted {
        let by = self.keys.by;
        if by.is_empty() || !by.iter().all(By::is_time) {
            Wanted::Rows
        } else if by.contains(&By::Hour) {
            Wanted::Hours
        } else {
            Wanted::Days
        }
    }

    /// A thread's counter.
    pub fn counter(&self) -> GroupCounter<'a> {
        let (groups, keys) = (self.grouping.worker(), self.keys.clone());
        GroupCounter { keys, groups, key: Key::default(), suggestions: Suggestions::default() }
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
    suggestions: Suggestions,
}

impl Sink for GroupCounter<'_> {
    #[inline]
    fn row(&mut self, row: &Row<'_>) {
        let moment = row.moment.shifted(self.keys.offset_secs);
        self.keys.write(row, moment, &mut self.suggestions, &mut self.key);
        self.groups.add(self.key.bytes(), row.size_bytes);
    }

    fn time(&mut self, moment: Moment, requests: u64, bytes: u128) {
        self.key.clear();
        for by in self.keys.by {
            self.key.part(|part| write_time(by, moment, part));
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
    fn write(&self, row: &Row<'_>, moment: Moment, suggestions: &mut Suggestions, key: &mut Key) {
        key.clear();
        for (by, place) in self.by.iter().zip(&self.places) {
            let column = place.and_then(|place| row.columns.get(place)).copied().unwrap_or_default();
            key.part(|part| match by {
                By::Hour | By::Day | By::Month => write_time(by, moment, part),
                By::Ext => part.extend_from_slice(url::extension(row.url).as_ref().map_or(NONE, Extension::as_bytes)),
                By::Dir => part.extend_from_slice(url::dir(row.url).unwrap_or(NONE)),
                By::Url => part.extend_from_slice(url::without_query(row.url)),
                By::Type => {
                    let media_type = suggestions.media_type(row.url, column).unwrap_or(by::NONE);
                    part.extend(media_type.bytes().map(|byte| byte.to_ascii_lowercase()));
                }
                By::Host => {
                    let host = if column.is_empty() { url::host(row.url).unwrap_or(NONE) } else { column };
                    part.extend(host.iter().map(u8::to_ascii_lowercase));
                }
                By::Status | By::Column(_) if column.is_empty() => part.extend_from_slice(NONE),
                By::Status | By::Column(_) => part.extend_from_slice(column),
            });
        }
    }
}

/// Adds the hour, day or month of `moment` to `text`: `2019-08-24T10:00`.
fn write_time(by: &By, moment: Moment, text: &mut Vec<u8>) {
    moment.date.write(text);
    match by {
        By::Hour => {
            let hour = (moment.second / 3600) as u8;
            text.extend([b'T', b'0' + hour / 10, b'0' + hour % 10, b':', b'0', b'0']);
        }
        By::Month => text.truncate(text.len() - "-24".len()),
        _ => {}
    }
}
