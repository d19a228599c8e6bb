//! Finds the rows of a range of days in a sorted log by binary search, without reading the rest.
use std::ops::Range;

use crate::rows::without_cr;
use crate::scan::{Source, SourceError};
use crate::weblog::filter::{DayRange, TimeRange};
use crate::weblog::format::LineReader;
use crate::weblog::log_time::{Date, LogTime};

/// Bytes read at an offset to find a row there.
const PEEK_BYTES: usize = 64 << 10;

/// So far before and after the days that are wanted rows are looked at, for those that are late.
const LATE_BYTES: u64 = 256 << 10;

/// Why a log cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum SortedError {
    /// The log cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The log is a stream or compressed.
    #[error("{0} cannot be searched: it is a pipe or compressed; omit --sorted")]
    Stream(String),
    /// The log's columns may change anywhere.
    #[error(
        "{input} cannot be searched: a #Fields line may change the columns of {format} logs anywhere; omit --sorted"
    )]
    Directives {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// Its format, by its name in `--log-format`.
        format: &'static str,
    },
    /// A row goes over several lines.
    #[error("{0} cannot be searched: a quoted field has more than one line; omit --sorted")]
    Quotes(String),
    /// A row is earlier than the row before it.
    #[error("{input} is not in time order: a row of {later} comes before one of {earlier}; omit --sorted")]
    Unsorted {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// The day of the row that comes first in the file.
        later: Date,
        /// The day of the row after it.
        earlier: Date,
    },
    /// No row can be read at an offset that the search needs.
    #[error("{input} cannot be searched: no row can be read near byte {offset}; omit --sorted")]
    NoRow {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// Approximate offset from the beginning of the input, in bytes.
        offset: u64,
    },
}

/// A search in progress.
struct Search<'a> {
    source: &'a Source,
    reader: &'a LineReader,
    bytes_total: u64,
    /// Offset and time of the rows read so far.
    seen: Vec<(u64, LogTime)>,
}

/// The range of bytes, in whole lines, that holds all rows of `time_range`. It covers whole days of the log's clock, with one more
/// day at each end if the days of `time_range` are those of another clock.
///
/// # Errors
/// When the log cannot be searched, or the rows that were read on the way are not in time order.
pub(super) fn find(source: &Source, reader: &LineReader, time_range: &TimeRange) -> Result<Range<u64>, SortedError> {
    let name = source.input().name();
    let Some(bytes_total) = source.bytes_total() else { return Err(SortedError::Stream(name)) };
    if reader.may_change() {
        return Err(SortedError::Directives { input: name, format: reader.format() });
    }
    let DayRange::Dated { from, to } = time_range.days else { return Ok(0..bytes_total) };
    let mut search = Search { source, reader, bytes_total, seen: Vec::new() };
    let at_midnight = |date: Date, days: i32| match date {
        Date::FIRST | Date::LAST => LogTime { date, second: 0 },
        _ => LogTime { date, second: 0 }.shifted(days * 86_400),
    };
    let slack_days = i32::from(!time_range.clock.is_logs());
    let start = match from {
        Date::FIRST => 0,
        _ => search.first_at_or_after(at_midnight(from, -slack_days))?,
    };
    let end = match to {
        Date::LAST => bytes_total,
        _ => search.first_at_or_after(at_midnight(to, 1 + slack_days))?,
    };
    search.check_order()?;
    let (start, end) = (search.earlier(start)?, search.later(end.max(start))?);
    Ok(start..end)
}

impl Search<'_> {
    /// The end of the last row before `moment`; 0 if there is none.
    fn first_at_or_after(&mut self, moment: LogTime) -> Result<u64, SortedError> {
        // All rows that end at or before `low` are before `moment`; no row that begins at or after `high` is.
        let (mut low, mut high) = (0, self.bytes_total);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.first_row(middle, high)? {
                Some((end, at)) if at < moment => low = end,
                _ => high = middle,
            }
        }
        Ok(low)
    }

    /// Where a line begins at most [`LATE_BYTES`] before `offset`: rows that are late by some rows are looked at too, and show
    /// that the log is not in time order.
    fn earlier(&self, offset: u64) -> Result<u64, SortedError> {
        let from = offset.saturating_sub(LATE_BYTES);
        if from == 0 {
            return Ok(0);
        }
        let text = self.source.peek(from, (offset - from) as usize)?;
        Ok(memchr::memchr(b'\n', &text).map_or(offset, |at| from + at as u64 + 1))
    }

    /// Where a line begins at most [`LATE_BYTES`] after `offset`.
    fn later(&self, offset: u64) -> Result<u64, SortedError> {
        let text = self.source.peek(offset, LATE_BYTES as usize)?;
        let is_rest = offset + text.len() as u64 >= self.bytes_total;
        let end = if is_rest { Some(text.len()) } else { memchr::memrchr(b'\n', &text).map(|at| at + 1) };
        Ok(end.map_or(offset, |end| offset + end as u64))
    }

    /// The first readable row among the lines that begin in `from..until`: where it ends, and its time. None if no row begins
    /// there.
    fn first_row(&mut self, from: u64, until: u64) -> Result<Option<(u64, LogTime)>, SortedError> {
        let ahead = u64::from(from > 0);
        let text = self.source.peek(from - ahead, PEEK_BYTES)?;
        let mut at = match ahead {
            0 => 0,
            _ => match memchr::memchr(b'\n', &text) {
                Some(newline) => newline + 1,
                None => text.len(),
            },
        };
        let is_last = (text.len() as u64) < PEEK_BYTES as u64;
        while at < text.len() && from - ahead + (at as u64) < until {
            let end = match memchr::memchr(b'\n', &text[at..]) {
                Some(newline) => at + newline,
                None if is_last => text.len(),
                None => break,
            };
            let line = without_cr(&text[at..end]);
            let mut moment = None;
            let is_row = !line.is_empty() && !self.reader.is_header(line);
            if is_row
                && self.reader.read(line, |row| moment = Some(row.moment)).is_ok()
                && let Some(moment) = moment
            {
                let begin = from - ahead + at as u64;
                self.seen.push((begin, moment));
                return Ok(Some(((from - ahead + end as u64 + 1).min(self.bytes_total), moment)));
            }
            at = end + 1;
        }
        let reached = from - ahead + at as u64;
        if reached >= until || (is_last && at >= text.len()) {
            return Ok(None);
        }
        Err(SortedError::NoRow { input: self.source.input().name(), offset: from })
    }

    /// Fails unless all rows read so far are in time order.
    fn check_order(&mut self) -> Result<(), SortedError> {
        self.seen.sort_unstable_by_key(|(offset, _)| *offset);
        match self.seen.windows(2).find(|pair| pair[0].1 > pair[1].1) {
            Some(pair) => Err(SortedError::Unsorted {
                input: self.source.input().name(),
                later: pair[0].1.date,
                earlier: pair[1].1.date,
            }),
            None => Ok(()),
        }
    }
}
