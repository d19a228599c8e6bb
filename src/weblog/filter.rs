//! Filters: which rows count.
use regex::bytes::Regex;

use super::log_clock::LogClock;
use super::log_time::{Date, LogTime};
use super::media::Media;
use super::record::{NONE, Row, read_status};
use super::url;
use crate::units::Day;

/// The conditions that a row must meet to count.
#[derive(Debug, Clone)]
pub struct Filter {
    /// The time range of requests.
    pub time_range: TimeRange,
    /// The media type of responses.
    pub media: Media,
    /// The place of the content type in [`Row::columns`], if the run asks for it.
    pub content_type: Option<usize>,
    /// Further tests, all of which must hold.
    pub tests: Vec<Test>,
}

/// A test of a row.
#[derive(Debug, Clone)]
pub enum Test {
    /// Its media type is one of these. The index is that of the content type in [`Row::columns`].
    Media(usize, Vec<Media>),
    /// The extension of its URL, in lower case, is one of these.
    Extension(Vec<String>),
    /// Its URL matches the regular expression.
    Url(Regex),
    /// The column at this index of [`Row::columns`] is one of these statuses.
    Status(usize, Vec<StatusKind>),
    /// The column at this place, or where it is empty the host of an absolute URL, is one of these, whatever the case, the port
    /// and a last dot; see [`Test::host_in`].
    HostIn(usize, Vec<String>),
    /// The column at this place is this; see [`Test::is`].
    Is(usize, String),
}

/// A status or a class of statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusKind {
    /// One status: 206.
    Exactly(u16),
    /// A class: 2 is 200 to 299.
    Class(u16),
}

impl Test {
    /// The column at `place` is a host of one of these names.
    pub fn host_in(place: usize, names: impl IntoIterator<Item = String>) -> Self {
        let bare = |name: String| String::from_utf8_lossy(url::bare_host(name.as_bytes())).into_owned();
        Test::HostIn(place, names.into_iter().map(bare).collect())
    }

    /// The column at `place` is `value`; `-` and `(none)` are those of rows that have no value there.
    pub fn is(place: usize, value: &str) -> Self {
        Test::Is(place, if ["-", NONE].contains(&value) { String::new() } else { value.to_owned() })
    }

    fn holds(&self, row: &Row) -> bool {
        match self {
            Test::Media(at, kinds) => kinds.iter().any(|media| media.contains(row.url, row.columns[*at])),
            Test::Extension(wanted) => {
                url::extension(row.url).is_some_and(|ext| wanted.iter().any(|wanted| wanted == ext.as_str()))
            }
            Test::Url(regex) => regex.is_match(row.url),
            Test::Status(at, kinds) => {
                let status = read_status(row.columns[*at]);
                status.is_some_and(|status| kinds.iter().any(|kind| kind.contains(status)))
            }
            Test::HostIn(at, hosts) => {
                let host = url::host_of(row.columns[*at], row.url);
                hosts.iter().any(|wanted| wanted.as_bytes().eq_ignore_ascii_case(host))
            }
            Test::Is(at, value) => value.as_bytes() == row.columns[*at],
        }
    }
}

impl StatusKind {
    fn contains(self, status: u16) -> bool {
        match self {
            StatusKind::Exactly(exactly) => status == exactly,
            StatusKind::Class(class) => status / 100 == class,
        }
    }
}

impl Filter {
    /// Whether `row` meets all conditions.
    pub fn keeps(&self, row: &Row) -> bool {
        self.time_range.contains(row.moment) && self.keeps_content(row)
    }

    /// Whether `row` meets all conditions but the time range.
    pub fn keeps_content(&self, row: &Row) -> bool {
        let content_type = self.content_type.map_or(&b""[..], |at| row.columns[at]);
        self.media.contains(row.url, content_type) && self.tests.iter().all(|test| test.holds(row))
    }
}

/// A range of time: whole days, narrowed to the second if its ends are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeRange {
    /// Whole days on `clock`.
    pub days: DayRange,
    /// The clock that the days are read from.
    pub clock: LogClock,
    /// The first second, on the log's clock.
    pub from: Option<LogTime>,
    /// The last second, on the log's clock.
    pub to: Option<LogTime>,
}

impl TimeRange {
    /// Whole days on the log's clock.
    pub fn days(days: DayRange) -> Self {
        TimeRange { days, clock: LogClock::LOGS, from: None, to: None }
    }

    /// Whether the time of day is needed, because the day alone does not decide.
    pub fn needs_time(&self) -> bool {
        !self.clock.is_logs() || self.from.is_some() || self.to.is_some()
    }

    /// Whether all rows from `first` to `last` count, or none of them; None if only some do. Both are on the log's clock and
    /// within one [`LogClock::unit_secs`].
    pub fn contains_all(&self, first: LogTime, last: LogTime) -> Option<bool> {
        match (self.contains(first), self.contains(last)) {
            (true, true) => Some(true),
            _ if self.days.contains(self.clock.shown(first).date) && self.cuts(first, last) => None,
            _ => Some(false),
        }
    }

    /// Whether the range begins or ends between `first` and `last`.
    fn cuts(&self, first: LogTime, last: LogTime) -> bool {
        [self.from, self.to].iter().flatten().any(|end| (first..=last).contains(end))
    }

    /// Whether the range contains this moment of the log's clock.
    pub fn contains(&self, moment: LogTime) -> bool {
        self.days.contains(self.clock.shown(moment).date)
            && self.from.is_none_or(|from| from <= moment)
            && self.to.is_none_or(|to| moment <= to)
    }
}

/// A range of whole days, ends included. Either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayRange {
    /// Days of a certain year.
    Dated {
        /// Included.
        from: Date,
        /// Included; not before `from`.
        to: Date,
    },
    /// Days of any year; where `from` is after `to`, over the turn of the year.
    AnyYear {
        /// Included.
        from: Date,
        /// Included; not before `from`.
        to: Date,
    },
}

/// Two days that are not a range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DayRangeError {
    /// The first day is after the last.
    #[error("the range ends before it begins: {from} is after {to}")]
    Backwards {
        /// Included.
        from: Day,
        /// Included; not before `from`.
        to: Day,
    },
    /// Only one of the days has a year.
    #[error("give the year with both days or with neither: {from}, {to}")]
    Mixed {
        /// Included.
        from: Day,
        /// Included; not before `from`.
        to: Day,
    },
}

impl DayRange {
    /// The range from `from` to `to`.
    ///
    /// # Errors
    /// When the first day is after the last, or only one has a year.
    pub fn new(from: Option<Day>, to: Option<Day>) -> Result<Self, DayRangeError> {
        let (first, last) = (Date::FIRST, Date::LAST);
        Ok(match (from, to) {
            (None, None) => DayRange::Dated { from: first, to: last },
            (Some(from), Some(to)) if from.dated().is_some() != to.dated().is_some() => {
                return Err(DayRangeError::Mixed { from, to });
            }
            (Some(from @ Day::Dated(start)), Some(to @ Day::Dated(end))) if start > end => {
                return Err(DayRangeError::Backwards { from, to });
            }
            (from, to) => {
                let any_year = [from, to].iter().flatten().any(|day| matches!(day, Day::AnyYear { .. }));
                let (from, to) = (from.map_or(first, Date::from), to.map_or(last, Date::from));
                if any_year {
                    DayRange::AnyYear { from: from.without_year(), to: to.without_year() }
                } else {
                    DayRange::Dated { from, to }
                }
            }
        })
    }

    /// Whether the range contains `date`.
    pub fn contains(&self, date: Date) -> bool {
        match *self {
            DayRange::Dated { from, to } => (from..=to).contains(&date),
            DayRange::AnyYear { from, to } if from <= to => (from..=to).contains(&date.without_year()),
            DayRange::AnyYear { from, to } => date.without_year() >= from || date.without_year() <= to,
        }
    }
}

impl From<Day> for Date {
    /// A day of any year becomes one of year 0.
    fn from(day: Day) -> Self {
        match day {
            Day::Dated(date) => date.into(),
            Day::AnyYear { month, day } => Date::new(0, month, day),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> Result<DayRange, DayRangeError> {
        DayRange::new(from.parse().ok(), to.parse().ok())
    }

    #[test]
    fn both_days_are_whole_and_ends_may_be_open() {
        for (from, to, inside, outside) in [
            (
                "2019-08-24",
                "2019-08-25",
                vec!["2019-08-24", "2019-08-25"],
                vec!["2019-08-23", "2019-08-26", "2018-08-24"],
            ),
            ("24/8/2019", "", vec!["2019-08-24", "2030-01-01"], vec!["2019-08-23"]),
            ("", "2019-08-25", vec!["2019-08-25", "1999-12-31"], vec!["2019-08-26"]),
            ("", "", vec!["0001-01-01", "9999-12-31"], vec![]),
            ("08-24", "08-25", vec!["2019-08-24", "2020-08-25"], vec!["2019-08-23", "2019-08-26"]),
            ("08-24", "", vec!["2019-08-24", "2019-12-31"], vec!["2019-08-23"]),
            ("", "08-25", vec!["2019-01-01", "2019-08-25"], vec!["2019-08-26"]),
            ("12-30", "01-02", vec!["2019-12-30", "2020-01-02"], vec!["2019-12-29", "2020-01-03"]),
        ] {
            let range = range(from, to).unwrap();
            for (days, expected) in [(inside, true), (outside, false)] {
                for day in days {
                    assert_eq!(range.contains(day.parse::<Day>().unwrap().into()), expected, "{from}..{to}: {day}");
                }
            }
        }
    }

    #[test]
    fn days_that_make_no_range_are_refused() {
        assert!(matches!(range("2019-08-25", "2019-08-24"), Err(DayRangeError::Backwards { .. })));
        assert!(matches!(range("2019-08-25", "08-26"), Err(DayRangeError::Mixed { .. })));
        assert!(matches!(range("08-25", "2019-08-26"), Err(DayRangeError::Mixed { .. })));
    }
}
