//! Days: `2019-08-24`, `24/8/2019`, or `08-24` for any year.
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::digits::number;

/// A day, with its year or of any year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// A day with its year.
    Dated(NaiveDate),
    /// A month and day that match in any year.
    AnyYear {
        /// 1 to 12.
        month: u32,
        /// 1 to 31.
        day: u32,
    },
}

/// Whether day or month comes first in `4/8/2019`: the text alone is ambiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DateOrder {
    /// 4 August.
    #[default]
    DayFirst,
    /// 8 April.
    MonthFirst,
}

/// Why a text is not a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DayError {
    /// Not written in a known form.
    #[error("not a day: write 2019-08-24, 24/8/2019, or 08-24 for any year")]
    Shape,
    /// Well formed, but not in the calendar: `2019-02-30`.
    #[error("no such day in the calendar")]
    Calendar,
    /// `8/24/2019`, which the calendar would have if the month came first.
    #[error("no day of the calendar, for the month is over 12: if the month comes first, use --date-order mdy")]
    MonthFirst,
}

impl Day {
    /// The calendar day, if the year is known.
    pub fn dated(self) -> Option<NaiveDate> {
        match self {
            Day::Dated(date) => Some(date),
            Day::AnyYear { .. } => None,
        }
    }

    /// Parses `2019-08-24`, `24/8/2019` (in the given order) or `08-24` (any year). Months and days may lack the leading
    /// zero; a year has four digits and may be 0000.
    ///
    /// # Errors
    /// When the text has another form, or there is no such day.
    pub fn parse(text: &[u8], order: DateOrder) -> Result<Self, DayError> {
        let separator = *text.iter().find(|byte| !byte.is_ascii_digit()).ok_or(DayError::Shape)?;
        let mut parts = text.split(|byte| *byte == separator);
        let (first, second, third) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default(), parts.next());
        if parts.next().is_some() {
            return Err(DayError::Shape);
        }
        match (separator, third) {
            (b'-', Some(third)) => dated(first, second, third),
            (b'/', Some(third)) if order == DateOrder::MonthFirst => dated(third, first, second),
            (b'/', Some(third)) => match (dated(third, second, first), dated(third, first, second)) {
                (Err(DayError::Calendar), Ok(_)) => Err(DayError::MonthFirst),
                (day, _) => day,
            },
            (b'-', None) => {
                let (month, day) = (one_or_two(first)?, one_or_two(second)?);
                // 2000 was a leap year: 02-29 exists in some years.
                NaiveDate::from_ymd_opt(2000, month, day).ok_or(DayError::Calendar)?;
                Ok(Day::AnyYear { month, day })
            }
            _ => Err(DayError::Shape),
        }
    }
}

fn one_or_two(digits: &[u8]) -> Result<u32, DayError> {
    number(digits, 1, 2).ok_or(DayError::Shape)
}

fn dated(year: &[u8], month: &[u8], day: &[u8]) -> Result<Day, DayError> {
    let year = number(year, 4, 4).ok_or(DayError::Shape)?;
    let (month, day) = (one_or_two(month)?, one_or_two(day)?);
    NaiveDate::from_ymd_opt(year as i32, month, day).map(Day::Dated).ok_or(DayError::Calendar)
}

impl FromStr for Day {
    type Err = DayError;

    /// [`Day::parse`], day first. Year 0000 is refused: to `MySQL` and to CDNs it means "unknown".
    fn from_str(text: &str) -> Result<Self, DayError> {
        match Day::parse(text.as_bytes(), DateOrder::DayFirst)? {
            Day::Dated(date) if date.year() == 0 => Err(DayError::Calendar),
            day => Ok(day),
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
    use proptest::prelude::*;

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
            ("2019-08-24-1", Err(DayError::Shape)),
            ("24/8", Err(DayError::Shape)),
            ("20190824", Err(DayError::Shape)),
            ("2019-+8-24", Err(DayError::Shape)),
            ("2019-08-24 ", Err(DayError::Shape)),
            ("", Err(DayError::Shape)),
        ] {
            assert_eq!(text.parse::<Day>(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_order_of_month_and_day_is_the_callers() {
        let date = |month, day| Ok(Day::Dated(NaiveDate::from_ymd_opt(2019, month, day).unwrap()));
        assert_eq!(Day::parse(b"4/8/2019", DateOrder::DayFirst), date(8, 4));
        assert_eq!(Day::parse(b"4/8/2019", DateOrder::MonthFirst), date(4, 8));
        assert_eq!(Day::parse(b"8/24/2019", DateOrder::DayFirst), Err(DayError::MonthFirst));
        assert_eq!(Day::parse(b"8/34/2019", DateOrder::DayFirst), Err(DayError::Calendar));
        assert_eq!(Day::parse(b"24/8/2019", DateOrder::MonthFirst), Err(DayError::Calendar));
        assert_eq!(Day::parse(b"2019-08-24", DateOrder::MonthFirst), date(8, 24));
    }

    proptest! {
        #[test]
        fn any_bytes_may_be_given(text: Vec<u8>, digits in "[0-9/-]{0,12}") {
            for order in [DateOrder::DayFirst, DateOrder::MonthFirst] {
                let _ = Day::parse(&text, order);
                let _ = Day::parse(digits.as_bytes(), order);
            }
        }

        #[test]
        fn a_day_is_read_as_it_is_written(days in 1i32..3_652_059) {
            let date = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let any_year = Day::AnyYear { month: date.month(), day: date.day() };
            for day in [Day::Dated(date), any_year] {
                prop_assert_eq!(day.to_string().parse(), Ok(day));
            }
        }
    }
}
