//! Counts rows into groups.
use super::by::{self, By, Key, Suggestions};
use super::format::Needs;
use super::group::{GroupError, GroupOptions, Grouped, Grouping, Groups, finish};
use super::log_time::LogTime;
use super::record::Row;
use super::sink::{Granularity, Sink};
use super::url::{self, Extension};

/// What stands in a key where a row has nothing.
const NONE: &[u8] = by::NONE.as_bytes();

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

    /// The detail that the counters want: sums by hour or day are enough if all keys are times.
    pub fn granularity(&self) -> Granularity {
        let by = self.keys.by;
        if by.is_empty() || !by.iter().all(By::is_time) {
            Granularity::Rows
        } else if by.contains(&By::Hour) {
            Granularity::Hours
        } else {
            Granularity::Days
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

    fn time(&mut self, moment: LogTime, requests: u64, bytes: u128) {
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
    fn write(&self, row: &Row<'_>, moment: LogTime, suggestions: &mut Suggestions, key: &mut Key) {
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
fn write_time(by: &By, moment: LogTime, text: &mut Vec<u8>) {
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
