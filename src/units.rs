//! Days and spans of time as people write them.
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

/// A day as an option or a log gives it: of one year, or of any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// A day of the calendar.
    Dated(NaiveDate),
    /// A day of any year.
    AnyYear {
        /// 1 to 12.
        month: u32,
        /// 1 to 31.
        day: u32,
    },
}

/// A day, or a minute or second of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A whole day.
    Day(Day),
    /// A span within a day of the calendar.
    Within {
        /// The day.
        date: NaiveDate,
        /// The first second since its midnight.
        second: u32,
        /// How many seconds it spans: 60 for a minute, 1 for a second.
        span_secs: u32,
    },
}

impl FromStr for Bound {
    type Err = DayError;

    /// A [`Day`], or a day of the calendar with `T10:00` or `T10:00:30` behind it (a space will do for the T).
    fn from_str(text: &str) -> Result<Self, DayError> {
        let Some((day, time)) = text.split_once(['T', 't', ' ']) else { return text.parse().map(Bound::Day) };
        let date = day.parse::<Day>()?.dated().ok_or(DayError::Time)?;
        let (time, span_secs) = match time.len() {
            5 => (format!("{time}:00"), 60),
            _ => (time.to_owned(), 1),
        };
        let parsed = chrono::NaiveTime::parse_from_str(&time, "%H:%M:%S").map_err(|_| DayError::Time)?;
        // chrono takes `:60` for the second before and keeps the leap in the nanoseconds.
        if chrono::Timelike::nanosecond(&parsed) > 0 {
            return Err(DayError::Time);
        }
        let second = chrono::Timelike::num_seconds_from_midnight(&parsed);
        if time.len() == 8 { Ok(Bound::Within { date, second, span_secs }) } else { Err(DayError::Time) }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Day(day) => day.fmt(f),
            Bound::Within { date, second, span_secs } => {
                write!(f, "{date}T{:02}:{:02}", second / 3600, second / 60 % 60)?;
                if *span_secs == 1 { write!(f, ":{:02}", second % 60) } else { Ok(()) }
            }
        }
    }
}

/// Why a text is no day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DayError {
    /// Not of a known shape.
    #[error("not a day: write 2019-08-24, 24/8/2019, or 08-24 for any year")]
    Shape,
    /// A day with something behind it that is no time.
    #[error("not a time of a day: write 2019-08-24T10:00 or 2019-08-24T10:00:30")]
    Time,
    /// Of a known shape, but the calendar has no such day.
    #[error("no such day in the calendar")]
    Calendar,
}

impl Day {
    /// The day, where its year is known.
    pub fn dated(self) -> Option<NaiveDate> {
        match self {
            Day::Dated(date) => Some(date),
            Day::AnyYear { .. } => None,
        }
    }
}

impl FromStr for Day {
    type Err = DayError;

    /// `2019-08-24` (also unpadded), `24/8/2019` (day first), `08-24` (any year).
    fn from_str(text: &str) -> Result<Self, DayError> {
        let number = |part: &str, digits_most: usize| {
            let digits = !part.is_empty() && part.len() <= digits_most && part.bytes().all(|b| b.is_ascii_digit());
            if digits { part.parse::<u32>().map_err(|_| DayError::Shape) } else { Err(DayError::Shape) }
        };
        let dated = |year: &str, month: &str, day: &str| {
            if year.len() != 4 {
                return Err(DayError::Shape);
            }
            let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
            // MySQL and every CDN count from year 1; a year 0000 is a placeholder for "unknown".
            let year = i32::try_from(year).ok().filter(|year| *year > 0).ok_or(DayError::Calendar)?;
            NaiveDate::from_ymd_opt(year, month, day).map(Day::Dated).ok_or(DayError::Calendar)
        };
        let parts: Vec<&str> = text.split(['-', '/']).collect();
        match (parts.as_slice(), text.contains('-'), text.contains('/')) {
            ([year, month, day], true, false) => dated(year, month, day),
            ([day, month, year], false, true) => dated(year, month, day),
            ([month, day], true, false) => {
                let (month, day) = (number(month, 2)?, number(day, 2)?);
                // 2000 was a leap year: 02-29 is a day of some years.
                NaiveDate::from_ymd_opt(2000, month, day).ok_or(DayError::Calendar)?;
                Ok(Day::AnyYear { month, day })
            }
            _ => Err(DayError::Shape),
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Day::Dated(date) => write!(f, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day()),
            Day::AnyYear { month, day } => write!(f, "{month:02}-{day:02}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_as_people_write_them() {
        let dated = |y, m, d| Ok(Day::Dated(NaiveDate::from_ymd_opt(y, m, d).unwrap()));
        for (text, expected) in [
            ("2019-08-24", dated(2019, 8, 24)),
            ("2019-8-4", dated(2019, 8, 4)),
            ("24/8/2019", dated(2019, 8, 24)),
            ("04/08/2019", dated(2019, 8, 4)),
            ("2020-02-29", dated(2020, 2, 29)),
            ("08-24", Ok(Day::AnyYear { month: 8, day: 24 })),
            ("02-29", Ok(Day::AnyYear { month: 2, day: 29 })),
            ("2019-02-29", Err(DayError::Calendar)),
            ("31/4/2019", Err(DayError::Calendar)),
            ("0000-01-01", Err(DayError::Calendar)),
            ("02-30", Err(DayError::Calendar)),
            ("24/8/19", Err(DayError::Shape)),
            ("2019-08/24", Err(DayError::Shape)),
            ("24-8-2019", Err(DayError::Shape)),
            ("20190824", Err(DayError::Shape)),
            ("2019-+8-24", Err(DayError::Shape)),
            ("2019-08-24 ", Err(DayError::Shape)),
            ("", Err(DayError::Shape)),
        ] {
            assert_eq!(text.parse::<Day>(), expected, "{text:?}");
        }
    }

    #[test]
    fn times_within_a_day() {
        for (text, written) in [
            ("24/8/2019T10:05", "2019-08-24T10:05"),
            ("2019-08-24 10:05:09", "2019-08-24T10:05:09"),
            ("08-24", "08-24"),
        ] {
            assert_eq!(text.parse::<Bound>().unwrap().to_string(), written);
        }
        for text in [
            "08-24T10:00",
            "2019-08-24T",
            "2019-08-24T25:00",
            "2019-08-24T10",
            "2019-08-24T10:00:60",
            "2019-08-24T1:00:00",
        ] {
            assert_eq!(text.parse::<Bound>(), Err(DayError::Time), "{text}");
        }
    }

    #[test]
    fn a_day_is_written_as_it_is_read() {
        for text in ["2019-08-24", "08-04"] {
            assert_eq!(text.parse::<Day>().unwrap().to_string(), text);
        }
    }
}
