//! Which days count.
use chrono::Datelike;

use super::record::Date;
use crate::units::Day;

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
    /// Days of any year; where `from` is behind `to`, over the turn of the year.
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
    /// The first day is behind the last.
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
            Day::Dated(date) => Date::new(date.year().unsigned_abs(), date.month(), date.day()),
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
