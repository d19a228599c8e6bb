//! Which rows count.
use regex::bytes::Regex;

use super::log_clock::LogClock;
use super::log_time::{Date, LogTime};
use super::media::Media;
use super::record::{NONE, Row, read_status};
use super::url;
use crate::units::Day;

/// What a row must be to count.
#[derive(Debug, Clone)]
pub struct Filter {
    /// When it was.
    pub time_range: TimeRange,
    /// What was sent.
    pub media: Media,
    /// The place of the content type in [`Row::columns`], if the run asks for it.
    pub content_type: Option<usize>,
    /// What else holds for it: all of these.
    pub tests: Vec<Test>,
}

/// Something that holds for a row or does not.
#[derive(Debug, Clone)]
pub enum Test {
    /// It is one of these kinds of things; the column at this place of [`Row::columns`] is its content type.
    Media(usize, Vec<Media>),
    /// Its URL's extension is one of these, in lower case.
    Extension(Vec<String>),
    /// Its URL matches.
    Url(Regex),
    /// The column at this place of [`Row::columns`] is a status of one of these kinds.
    Status(usize, Vec<StatusKind>),
    /// The column at this place, or where it is empty the host of an absolute URL, is one of these, whatever the case, the port
    /// and a last dot; see [`Test::host_in`].
    HostIn(usize, Vec<String>),
    /// The column at this place is this; see [`Test::is`].
    Is(usize, String),
}

/// A status or a class of them.
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
    /// Whether `row` counts.
    pub fn keeps(&self, row: &Row) -> bool {
        self.time_range.contains(row.moment) && self.keeps_content(row)
    }

    /// Whether `row` counts, its moment aside.
    pub fn keeps_content(&self, row: &Row) -> bool {
        let content_type = self.content_type.map_or(&b""[..], |at| row.columns[at]);
        self.media.contains(row.url, content_type) && self.tests.iter().all(|test| test.holds(row))
    }
}

/// A range of time: whole days, and, if its ends are given, to the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeRange {
    /// Whole days, as `clock` shows them.
    pub days: DayRange,
    /// The clock of the days.
    pub clock: LogClock,
    /// The first moment, as the log has it.
    pub from: Option<LogTime>,
    /// The last moment, as the log has it.
    pub to: Option<LogTime>,
}

impl TimeRange {
    /// Whole days, as the log has them.
    pub fn days(days: DayRange) -> Self {
        TimeRange { days, clock: LogClock::LOGS, from: None, to: None }
    }

    /// Whether the day alone does not tell.
    pub fn needs_time(&self) -> bool {
        !self.clock.is_logs() || self.from.is_some() || self.to.is_some()
    }

    /// Whether all rows of `first` to `last`, as the log has them and within one [`LogClock::unit_secs`], count, or none; None
    /// where some do.
    pub fn contains_all(&self, first: LogTime, last: LogTime) -> Option<bool> {
        match (self.contains(first), self.contains(last)) {
            (true, true) => Some(true),
            _ if self.days.contains(self.clock.shown(first).date) && self.cuts(first, last) => None,
            _ => Some(false),
        }
    }

    /// Whether an end of the range is in `first` to `last`.
    fn cuts(&self, first: LogTime, last: LogTime) -> bool {
        [self.from, self.to].iter().flatten().any(|end| (first..=last).contains(end))
    }

    /// Whether a row of this moment, as the log has it, counts.
    pub fn contains(&self, moment: LogTime) -> bool {
        self.days.contains(self.clock.shown(moment).date)
            && self.from.is_none_or(|from| from <= moment)
            && self.to.is_none_or(|to| moment <= to)
    }
}

/// The days from one to another, both whole; either end may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayRange {
    /// Days of the calendar.
    Dated {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
    /// Days of any year; where `from` is after `to`, over the turn of the year.
    AnyYear {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
    },
}

/// Days that make no range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DayRangeError {
    /// The first day is after the last.
    #[error("the range ends before it begins: {from} is after {to}")]
    Backwards {
        /// The first day.
        from: Day,
        /// The last day.
        to: Day,
    },
    /// One day has a year, the other has none.
    #[error("give the year with both days or with neither: {from}, {to}")]
    Mixed {
        /// The first day.
        from: Day,
        /// The last day.
        to: Day,
    },
}

impl DayRange {
    /// The range from `from` to `to`.
    ///
    /// # Errors
    /// When the days make no range.
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

    /// Whether `date` is one of the days.
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
