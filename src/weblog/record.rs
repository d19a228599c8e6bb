//! One row of a log, and what its fields mean.
use chrono::{DateTime, Datelike, NaiveDate, Timelike};

use crate::units::{Day, DayError};

/// A day of the calendar, in order: year, month, day. Small, for it is compared for every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

impl Date {
    /// Before all days.
    pub const FIRST: Date = Date(0);
    /// Behind all days.
    pub const LAST: Date = Date(u32::MAX);

    /// Year, month 1 to 12, day 1 to 31.
    pub fn new(year: u32, month: u32, day: u32) -> Self {
        Date(year << 9 | month << 5 | day)
    }

    /// The same month and day in year 0.
    pub fn without_year(self) -> Self {
        Date(self.0 & 0x1ff)
    }

    /// Adds `2019-08-24` to `text`.
    pub fn write(self, text: &mut Vec<u8>) {
        let (year, month, day) = (self.0 >> 9, self.0 >> 5 & 0xf, self.0 & 0x1f);
        let digit = |number: u32| b'0' + (number % 10) as u8;
        text.extend([year / 1000, year / 100, year / 10, year].map(digit));
        text.push(b'-');
        text.extend([month / 10, month].map(digit));
        text.push(b'-');
        text.extend([day / 10, day].map(digit));
    }

    /// The calendar's day; None for a day of year 0, which is none.
    pub fn calendar(self) -> Option<NaiveDate> {
        let year = i32::try_from(self.0 >> 9).ok().filter(|year| *year > 0)?;
        NaiveDate::from_ymd_opt(year, self.0 >> 5 & 0xf, self.0 & 0x1f)
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0 >> 9, self.0 >> 5 & 0xf, self.0 & 0x1f)
    }
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        Date::new(date.year().unsigned_abs(), date.month(), date.day())
    }
}

/// When a request was made, in UTC or in whatever the log means where it does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The day.
    pub date: Date,
    /// Seconds since its midnight, 0 to 86,399.
    pub second: u32,
}

impl Moment {
    /// The beginning of the `unit_secs` (a minute, an hour, a day) that this is in.
    #[must_use]
    pub fn floor(self, unit_secs: u32) -> Moment {
        Moment { second: self.second - self.second % unit_secs, ..self }
    }

    /// The moment `secs` seconds later (earlier if negative), as clocks of another UTC offset show it.
    #[must_use]
    pub fn shifted(self, secs: i32) -> Moment {
        let second = i64::from(self.second) + i64::from(secs);
        let days = second.div_euclid(86_400);
        let date = match days {
            0 => self.date,
            _ => {
                let moved =
                    self.date.calendar().and_then(|date| date.checked_add_signed(chrono::TimeDelta::days(days)));
                moved.map_or(self.date, Date::from)
            }
        };
        Moment { date, second: second.rem_euclid(86_400) as u32 }
    }
}

/// A column of a log that a run may ask for beside day, time, size and URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Column {
    /// The media type of what was sent; empty where the log does not tell.
    ContentType,
    /// The status of the answer.
    Status,
    /// The host that was asked.
    Host,
    /// A column by its name in the log.
    Named(String),
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// When; its second is 0 where the run does not ask for the time.
    pub moment: Moment,
    /// Bytes sent.
    pub size_bytes: u64,
    /// What was asked for.
    pub url: &'a [u8],
    /// The columns that the run asks for, in its order; empty where the log has `-` or no such column.
    pub columns: &'a [&'a [u8]],
}

/// Why a row cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// It ends before the last column that is needed.
    #[error("too few columns: {found}, and column {needed} is needed")]
    TooFewColumns {
        /// How many it has.
        found: usize,
        /// How many it would have to have.
        needed: usize,
    },
    /// The day or time is none.
    #[error("{text:?} is {reason}")]
    Day {
        /// What stands there.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The size is no whole number of bytes.
    #[error("the size {0:?} is not a number of bytes")]
    Size(String),
    /// The line is longer than any row.
    #[error("the line is longer than {max_bytes} bytes")]
    TooLong {
        /// What a line may have.
        max_bytes: usize,
    },
    /// The line is not what lines of the format look like.
    #[error("not a line of {format}: {reason}")]
    Shape {
        /// The format's name.
        format: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A `#Fields` line that lacks what is needed.
    #[error("{0}")]
    Header(String),
}

/// The day of a row: `2019-08-24` or `24/8/2019`.
///
/// # Errors
/// When it is of another shape, has no year, or is not in the calendar.
pub fn read_date(field: &[u8]) -> Result<Date, RowError> {
    iso_date(field).map_or_else(|| read_any_date(field), Ok)
}

/// `2019-08-24`, as nearly all logs have it; None for anything else, a day that is none too.
#[inline]
fn iso_date(field: &[u8]) -> Option<Date> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *field else { return None };
    let number = |digits: &[u8]| digits.iter().fold(0, |number, digit| number * 10 + u32::from(*digit - b'0'));
    if ![y1, y2, y3, y4, m1, m2, d1, d2].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (year, month, day) = (number(&[y1, y2, y3, y4]), number(&[m1, m2]), number(&[d1, d2]));
    let is_day = year > 0 && NaiveDate::from_ymd_opt(year as i32, month, day).is_some();
    is_day.then(|| Date::new(year, month, day))
}

#[cold]
fn read_any_date(field: &[u8]) -> Result<Date, RowError> {
    let day = std::str::from_utf8(field).ok().map_or(Err(DayError::Shape), str::parse::<Day>);
    let reason = match day {
        Ok(day @ Day::Dated(_)) => return Ok(day.into()),
        Ok(Day::AnyYear { .. }) => "a day without a year",
        Err(DayError::Calendar) => "no day of the calendar",
        Err(DayError::Shape | DayError::Time) => "not a day",
    };
    Err(RowError::Day { text: excerpt(field), reason })
}

/// The time of a row, `10:28:13`, as seconds since midnight; a fraction is cut off, and a leap second counts as the second
/// before it.
///
/// # Errors
/// When it is of another shape or no time of a day.
#[inline]
pub fn read_second(field: &[u8]) -> Result<u32, RowError> {
    let wrong = || RowError::Day { text: excerpt(field), reason: "not a time" };
    let (hour, minute, second) = match field {
        [h1, h2, b':', m1, m2, b':', s1, s2] | [h1, h2, b':', m1, m2, b':', s1, s2, b'.', ..] => {
            ([*h1, *h2], [*m1, *m2], [*s1, *s2])
        }
        [h2, b':', m1, m2, b':', s1, s2] => ([b'0', *h2], [*m1, *m2], [*s1, *s2]),
        _ => return Err(wrong()),
    };
    let number = |pair: [u8; 2]| {
        pair.iter().all(u8::is_ascii_digit).then(|| u32::from(pair[0] - b'0') * 10 + u32::from(pair[1] - b'0'))
    };
    match (number(hour), number(minute), number(second)) {
        (Some(hour @ 0..24), Some(minute @ 0..60), Some(second @ 0..=60)) => {
            Ok(hour * 3600 + minute * 60 + second.min(59))
        }
        _ => Err(wrong()),
    }
}

/// Day and time in one field: seconds, milli-, micro- or nanoseconds since 1970 (told apart by their number of digits), RFC
/// 3339 (`2019-08-24T10:28:13.5+02:00`, brought to UTC), the same with a space and without an offset, nginx's
/// `24/Aug/2019:10:28:13 +0200`, or, unless the time matters, a day alone.
///
/// # Errors
/// When it is none of these.
pub fn read_moment(field: &[u8], needs_time: bool) -> Result<Moment, RowError> {
    iso_moment(field).map_or_else(|| read_any_moment(field, needs_time), Ok)
}

/// `2019-08-24T10:28:13`, with a `Z` or with nothing behind it, as many logs have it; None for anything else.
fn iso_moment(field: &[u8]) -> Option<Moment> {
    let (day, behind) = field.split_at_checked("2019-08-24".len())?;
    let [b'T' | b' ', clock @ ..] = behind else { return None };
    let clock = clock.strip_suffix(b"Z").unwrap_or(clock);
    let is_plain = clock.len() == "10:28:13".len();
    Some(Moment { date: iso_date(day)?, second: read_second(clock).ok().filter(|_| is_plain)? })
}

fn read_any_moment(field: &[u8], needs_time: bool) -> Result<Moment, RowError> {
    let wrong = |reason| RowError::Day { text: excerpt(field), reason };
    let text = std::str::from_utf8(field).map_err(|_| wrong("not a time"))?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.is_empty() && whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        let number: i64 = whole.parse().map_err(|_| wrong("not a time"))?;
        let secs = match whole.len() {
            ..=11 => number,
            12..=14 => number / 1_000,
            15..=17 => number / 1_000_000,
            _ => number / 1_000_000_000,
        };
        let time = DateTime::from_timestamp(secs, 0).ok_or_else(|| wrong("not a time"))?;
        return Ok(Moment { date: time.date_naive().into(), second: time.num_seconds_from_midnight() });
    }
    if let Some(moment) = common_moment(text) {
        return Ok(moment);
    }
    let is_day = |(day, _): &(&str, &str)| day.starts_with(|c: char| c.is_ascii_digit());
    let Some((day, time)) = text.split_once(['T', ' ', 't']).filter(is_day) else {
        let date = read_date(field)?;
        return if needs_time { Err(wrong("a day without a time")) } else { Ok(Moment { date, second: 0 }) };
    };
    let date = read_date(day.as_bytes())?;
    let (clock, offset_secs) = split_offset(time).ok_or_else(|| wrong("not a time"))?;
    let second = read_second(clock.as_bytes())?;
    Ok(Moment { date, second }.shifted(-offset_secs))
}

/// `17/May/2015:10:05:03 +0000`, as Apache and nginx (`$time_local`) write it, brought to UTC; None for anything else.
pub fn common_moment(text: &str) -> Option<Moment> {
    // Most that is no such time is told from this alone, and chrono would take years of any length and sign.
    let [_, _, b'/', _, _, _, b'/', year @ .., b':', _, _, b':', _, _, b':', _, _] = text.as_bytes().get(..20)? else {
        return None;
    };
    let is_year = year.iter().all(u8::is_ascii_digit) && year != b"0000";
    let time = is_year.then(|| DateTime::parse_from_str(text, "%d/%b/%Y:%H:%M:%S %z").ok())??.to_utc();
    Some(Moment { date: time.date_naive().into(), second: time.num_seconds_from_midnight() })
}

/// `10:28:13+02:00` as the clock and its offset from UTC in seconds.
fn split_offset(time: &str) -> Option<(&str, i32)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    match time.find(['+', '-']) {
        None => Some((time, 0)),
        Some(at) => Some((time[..at].trim_end(), read_offset(&time[at..])?)),
    }
}

/// `+08:00`, `-0330` or `+8` in seconds; None for anything else.
pub fn read_offset(text: &str) -> Option<i32> {
    let (sign, digits) = match text.as_bytes() {
        [b'+', ..] => (1, &text[1..]),
        [b'-', ..] => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = match (digits.split_once(':'), digits.len()) {
        (Some(parts), _) => parts,
        (None, 4) => (digits.get(..2)?, digits.get(2..)?),
        (None, 1 | 2) => (digits, "0"),
        _ => return None,
    };
    let number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i32>().ok())?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours <= 14 && minutes < 60).then(|| sign * (hours * 3600 + minutes * 60))
}

/// A whole number of bytes in decimal digits.
///
/// # Errors
/// For anything else, a sign or a number beyond 64 bits among it.
pub fn read_size(field: &[u8]) -> Result<u64, RowError> {
    let wrong = || RowError::Size(excerpt(field));
    if field.is_empty() || !field.iter().all(u8::is_ascii_digit) {
        return Err(wrong());
    }
    // 19 digits are below 2^64.
    if field.len() <= 19 {
        return Ok(field.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')));
    }
    std::str::from_utf8(field).ok().and_then(|text| text.parse().ok()).ok_or_else(wrong)
}

/// What can be shown of a field in an error.
pub fn excerpt(field: &[u8]) -> String {
    // 41 characters are at most so many bytes; a field may be a whole line.
    let text = String::from_utf8_lossy(&field[..field.len().min(4 * 41)]);
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_days_that_cannot_be_read_say_why() {
        for (field, expected) in [
            ("-1", "the size \"-1\" is not a number of bytes"),
            ("", "the size \"\" is not a number of bytes"),
            ("1.5", "the size \"1.5\" is not a number of bytes"),
            ("18446744073709551616", "the size \"18446744073709551616\" is not a number of bytes"),
        ] {
            assert_eq!(read_size(field.as_bytes()).unwrap_err().to_string(), expected);
        }
        for (field, expected) in [
            ("31/4/2021", "\"31/4/2021\" is no day of the calendar"),
            ("04-30", "\"04-30\" is a day without a year"),
            ("today", "\"today\" is not a day"),
        ] {
            assert_eq!(read_date(field.as_bytes()).unwrap_err().to_string(), expected);
        }
        assert_eq!(read_size(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(read_size(b"9999999999999999999"), Ok(9_999_999_999_999_999_999));
        assert_eq!(read_size(b"000000000000000000007"), Ok(7));
    }

    #[test]
    fn moments_of_every_shape() {
        let at = |day, second| Ok(Moment { date: Date::new(2019, 8, day), second });
        let second = 10 * 3600 + 28 * 60 + 13;
        for (field, expected) in [
            ("1566642493", at(24, second)),
            ("1566642493.123", at(24, second)),
            ("1566642493123", at(24, second)),
            ("1566642493123456", at(24, second)),
            ("1566642493123456789", at(24, second)),
            ("2019-08-24T10:28:13Z", at(24, second)),
            ("2019-08-24T10:28:13.999Z", at(24, second)),
            ("2019-08-24 10:28:13", at(24, second)),
            ("2019-08-24T12:28:13+02:00", at(24, second)),
            ("2019-08-24T23:30:00-02:00", at(25, 5400)),
            ("2019-08-24", at(24, 0)),
            ("24/8/2019", at(24, 0)),
            ("2019-08-24T23:59:60Z", at(24, 86_399)),
            ("24/Aug/2019:23:28:13 -0200", at(25, 3600 + 28 * 60 + 13)),
        ] {
            assert_eq!(read_moment(field.as_bytes(), false), expected, "{field}");
        }
        assert_eq!(read_moment(b"2019-08-24", true).unwrap_err().to_string(), "\"2019-08-24\" is a day without a time");
        for field in [
            "",
            "-",
            "now",
            "2019-08-24T25:00:00Z",
            "2019-08-24T10:28",
            "99999999999999999999",
            "2019-02-29T00:00:00Z",
            "10.0.0.1",
            "24/Aug/2019:10:28:13",
            "31/Apr/2019:10:28:13 +0000",
            "24/Aug/0000:10:28:13 +0000",
            "24/Aug/-2019:10:28:13 +0000",
            "24/Aug/12019:10:28:13 +0000",
        ] {
            assert!(read_moment(field.as_bytes(), false).is_err(), "{field}");
        }
        // A word is told whole, though a `t` may stand between a day and its time.
        assert_eq!(read_moment(b"date", false).unwrap_err().to_string(), "\"date\" is not a day");
    }

    #[test]
    fn other_clocks() {
        let noon = Moment { date: Date::new(2019, 12, 31), second: 43_200 };
        assert_eq!(noon.shifted(8 * 3600), Moment { date: Date::new(2019, 12, 31), second: 72_000 });
        assert_eq!(noon.shifted(12 * 3600), Moment { date: Date::new(2020, 1, 1), second: 0 });
        assert_eq!(noon.shifted(-12 * 3600 - 1), Moment { date: Date::new(2019, 12, 30), second: 86_399 });
        for (text, secs) in [
            ("+08:00", Some(28_800)),
            ("-0330", Some(-12_600)),
            ("+8", Some(28_800)),
            ("8", None),
            ("+15:00", None),
            ("+1:60", None),
            ("+01350012:00", None),
        ] {
            assert_eq!(read_offset(text), secs, "{text}");
        }
    }

    proptest::proptest! {
        /// The quick ways say what the complete ones say, or nothing.
        #[test]
        fn quick_reading_is_complete_reading(
            year in "[0-9]{4}|20[0-9]{2}", month in "[0-9]{2}|0[1-9]", day in "[0-9]{2}|[0-3][0-9]",
            clock in "[0-9]{2}:[0-9]{2}:[0-9]{2}|1[0-9]:[0-5][0-9]:[0-6][0-9]([.][0-9]{1,3})?",
            between in "[T t-]", end in "Z?|[+]02:00",
        ) {
            let date = format!("{year}-{month}-{day}");
            if let Some(quick) = iso_date(date.as_bytes()) {
                proptest::prop_assert_eq!(read_any_date(date.as_bytes()), Ok(quick));
            } else {
                proptest::prop_assert!(read_any_date(date.as_bytes()).is_err(), "{}", date);
            }
            let moment = format!("{date}{between}{clock}{end}");
            if let Some(quick) = iso_moment(moment.as_bytes()) {
                proptest::prop_assert_eq!(read_any_moment(moment.as_bytes(), true), Ok(quick));
            }
        }
    }
}
