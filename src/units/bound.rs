//! The ends of a time range: a day, a minute or a second.
use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::day::{Day, DayError};
use super::moment::{self, Form, Notation, Problem};
use super::time_of_day::Precision;

/// One end of a range: a whole day, minute or second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A whole day.
    Day(Day),
    /// A minute or a second of a calendar day.
    Within {
        /// The day.
        date: NaiveDate,
        /// Its first second, counted from midnight: 0 to 86,399.
        second: u32,
        /// Its length in seconds: 60 for a minute, 1 for a second.
        span_secs: u32,
    },
}

impl FromStr for Bound {
    type Err = DayError;

    /// A [`Day`], or a calendar day followed by `T10:00` or `T10:00:30`; a space may replace the `T`.
    fn from_str(text: &str) -> Result<Self, DayError> {
        if !text.contains(['T', 't', ' ']) {
            return text.parse().map(Bound::Day);
        }
        let written = moment::parse(text.as_bytes(), Notation::default()).map_err(|error| match error.problem {
            Problem::NotADay | Problem::NotANumberOfTime => DayError::Shape,
            Problem::NoSuchDay => DayError::Calendar,
            Problem::NoYear | Problem::NotATime | Problem::NotAnOffset => DayError::Time,
        })?;
        if !matches!(written.form, Form::Iso | Form::IsoUnpadded | Form::Slashed) {
            return Err(DayError::Shape);
        }
        if written.date.year() == 0 {
            return Err(DayError::Calendar);
        }
        let time = written.time.filter(|time| time.is_padded && !time.is_leap && written.offset.is_none());
        let time = time.ok_or(DayError::Time)?;
        let span_secs = match time.precision {
            Precision::Minute => 60,
            Precision::Second => 1,
            Precision::Fraction => return Err(DayError::Time),
        };
        Ok(Bound::Within { date: written.date, second: time.second, span_secs })
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_within_a_day() {
        for (text, written) in [
            ("24/8/2019T10:05", "2019-08-24T10:05"),
            ("2019-08-24 10:05:09", "2019-08-24T10:05:09"),
            ("2019-8-4t10:05:09", "2019-08-04T10:05:09"),
            ("08-24", "08-24"),
        ] {
            assert_eq!(text.parse::<Bound>().unwrap().to_string(), written);
        }
        for (text, expected) in [
            ("08-24T10:00", DayError::Time),
            ("2019-08-24T", DayError::Time),
            ("2019-08-24T25:00", DayError::Time),
            ("2019-08-24T10", DayError::Time),
            ("2019-08-24T10:00:60", DayError::Time),
            ("2019-08-24T1:00:00", DayError::Time),
            ("2019-08-24T10:00:00.5", DayError::Time),
            ("2019-08-24T10:00:00Z", DayError::Time),
            ("2019-02-29T10:00", DayError::Calendar),
            ("0000-08-24T10:00", DayError::Calendar),
            ("20190824T100000", DayError::Shape),
            ("24/Aug/2019:10:28:13 +0000", DayError::Shape),
            ("Tuesday", DayError::Shape),
            ("20190824", DayError::Shape),
        ] {
            assert_eq!(text.parse::<Bound>(), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_may_be_given(text: String, near in "[0-9/-]{0,10}[Tt ]?[0-9:.+-]{0,14}Z?") {
            let _ = text.parse::<Bound>();
            let _ = near.parse::<Bound>();
        }

        #[test]
        fn a_bound_is_read_as_it_is_written(days in 1i32..3_652_059, minute in 0u32..1440, second in 0u32..60) {
            let date = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            let minute = 60 * minute;
            for bound in [
                Bound::Day(Day::Dated(date)),
                Bound::Within { date, second: minute, span_secs: 60 },
                Bound::Within { date, second: minute + second, span_secs: 1 },
            ] {
                prop_assert_eq!(bound.to_string().parse(), Ok(bound));
            }
        }
    }
}
