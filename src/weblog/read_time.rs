//! Dates and times of rows: which of the forms known to `units` a log may use, and fast paths for the usual ones.
use chrono::{Datelike, NaiveDate};

use super::log_time::{Date, LogTime};
use super::record::RowError;
use crate::rows::excerpt;
use crate::units::moment::{self, Form, Notation, Numbers, Problem, Written};
use crate::units::offset::Offset;
use crate::units::time_of_day::{self, Precision};
use crate::units::{DateOrder, Day, DayError};

const NOT_A_DAY: &str = "not a day";
const NO_SUCH_DAY: &str = "not a day of the calendar";
const MONTH_FIRST: &str =
    "not a day of the calendar, since its month is over 12: if the month comes first, use --date-order mdy";
const NO_YEAR: &str = "a day without a year";
const NOT_A_TIME: &str = "not a time";

/// Whether a row's day has a month over 12, and would be a day if the month came first.
pub(super) fn is_month_first(error: &RowError) -> bool {
    matches!(error, RowError::Day { reason, .. } if *reason == MONTH_FIRST)
}

fn wrong(part: &[u8], reason: &'static str) -> RowError {
    RowError::Day { text: excerpt(part), reason }
}

/// The day of a row: `2019-08-24`, `20190824`, or `24/8/2019` in the given order.
///
/// # Errors
/// When it has another form, has no year, or is not in the calendar.
pub(super) fn read_date(field: &[u8], order: DateOrder) -> Result<Date, RowError> {
    iso_date(field).map_or_else(|| read_any_date(field, order), Ok)
}

/// Fast path for `2019-08-24`; None for anything else, including days that do not exist.
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
fn read_any_date(field: &[u8], order: DateOrder) -> Result<Date, RowError> {
    if let Some(written) = compact(field).filter(|written| written.time.is_none()) {
        return Ok(written.date.into());
    }
    let day = match Day::parse(field, order) {
        Ok(Day::Dated(date)) if date.year() == 0 => Err(DayError::Calendar),
        day => day,
    };
    let reason = match day {
        Ok(day @ Day::Dated(_)) => return Ok(day.into()),
        Ok(Day::AnyYear { .. }) => NO_YEAR,
        Err(DayError::Calendar) => NO_SUCH_DAY,
        Err(DayError::MonthFirst) => MONTH_FIRST,
        Err(DayError::Shape) => NOT_A_DAY,
    };
    Err(wrong(field, reason))
}

/// `20190824` or `20190824102813`, if that is what the digits may be: a day from 1990 on.
fn compact(digits: &[u8]) -> Option<Written> {
    let written = moment::parse(digits, Notation { numbers: Numbers::Compact, ..Notation::default() }).ok()?;
    (written.form == Form::Compact && is_believable(&written)).then_some(written)
}

fn is_believable(written: &Written) -> bool {
    (1990..2100).contains(&written.date.year())
}

/// Parses the time of a row, `10:28:13`, as seconds since midnight; a leap second counts as the second before it. After
/// two-digit hours, a fraction and anything after it is ignored.
///
/// # Errors
/// When it has another form or is not a time of day.
#[inline]
pub fn read_second(field: &[u8]) -> Result<u32, RowError> {
    let clock = if field.get(8) == Some(&b'.') { &field[..8] } else { field };
    quick_second(clock).ok_or(()).or_else(|()| read_any_second(clock).ok_or_else(|| wrong(field, NOT_A_TIME)))
}

/// Fast path for `10:28:13`; None for anything else, including times that do not exist.
#[inline]
fn quick_second(clock: &[u8]) -> Option<u32> {
    let [h1, h2, b':', m1, m2, b':', s1, s2] = *clock else { return None };
    if ![h1, h2, m1, m2, s1, s2].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |tens: u8, ones: u8| u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
    match (number(h1, h2), number(m1, m2), number(s1, s2)) {
        (hour @ 0..24, minute @ 0..60, second @ 0..=60) => Some(hour * 3600 + minute * 60 + second.min(59)),
        _ => None,
    }
}

#[cold]
fn read_any_second(clock: &[u8]) -> Option<u32> {
    time_of_day::parse(clock).filter(|time| time.precision == Precision::Second).map(|time| time.second)
}

/// Day and time in one field: seconds, milli-, micro- or nanoseconds since 1970 (their number of digits tells which), RFC 3339
/// (`2019-08-24T10:28:13.5+02:00`, brought to UTC), the same with a space and without an offset, nginx's
/// `24/Aug/2019:10:28:13 +0200`, `20190824102813`, or, unless the time matters, a day alone.
///
/// # Errors
/// When it is none of these.
pub(super) fn read_moment(field: &[u8], needs_time: bool, order: DateOrder) -> Result<LogTime, RowError> {
    iso_moment(field).map_or_else(|| read_any_moment(field, needs_time, order), Ok)
}

/// Fast path for `2019-08-24T10:28:13`, with or without a `Z`; None for anything else.
fn iso_moment(field: &[u8]) -> Option<LogTime> {
    let (day, behind) = field.split_at_checked("2019-08-24".len())?;
    let [b'T' | b' ', clock @ ..] = behind else { return None };
    let clock = clock.strip_suffix(b"Z").unwrap_or(clock);
    Some(LogTime { date: iso_date(day)?, second: quick_second(clock)? })
}

fn read_any_moment(field: &[u8], needs_time: bool, order: DateOrder) -> Result<LogTime, RowError> {
    let written = moment::parse(field, Notation { order, ..Notation::default() }).map_err(|error| {
        let reason = match error.problem {
            Problem::NotADay => NOT_A_DAY,
            Problem::NoYear => NO_YEAR,
            Problem::MonthFirst => MONTH_FIRST,
            Problem::NoSuchDay => NO_SUCH_DAY,
            Problem::NotATime | Problem::NotAnOffset | Problem::NotANumberOfTime => NOT_A_TIME,
        };
        wrong(error.part, reason)
    })?;
    // As time since 1970, 20190824 is in 1970, and 20190824102813 in 2609.
    let written = match written.form {
        Form::Epoch(_) if !is_believable(&written) => compact(field).unwrap_or(written),
        _ => written,
    };
    log_time(&written, needs_time).map_err(|reason| wrong(field, reason))
}

/// Parses `17/May/2015:10:05:03 +0000`, as Apache and nginx write it, and converts it to UTC. A blank may replace a leading
/// zero.
///
/// # Errors
/// When it has another form.
pub(super) fn read_apache(field: &[u8]) -> Result<LogTime, RowError> {
    quick_apache(field).map_or_else(|| read_any_apache(field), Ok)
}

/// Fast path for the usual form with one space and `+0200`; None for anything else.
fn quick_apache(text: &[u8]) -> Option<LogTime> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let [d1, d2, b'/', month @ .., y1, y2, y3, y4] = text.get(..11)? else { return None };
    let month = MONTHS.iter().position(|name| month.strip_suffix(b"/") == Some(&name[..]))? as u8 + 1;
    let date = [*y1, *y2, *y3, *y4, b'-', b'0' + month / 10, b'0' + month % 10, b'-', *d1, *d2];
    let [b':', clock @ .., b' ', b'+' | b'-', _, _, _, _] = text.get(11..)? else { return None };
    let offset = Offset::parse(&text[text.len() - 5..])?;
    Some(LogTime { date: iso_date(&date)?, second: quick_second(clock)? }.shifted(-offset.secs))
}

fn read_any_apache(field: &[u8]) -> Result<LogTime, RowError> {
    let with_zeros = moment::with_zeros_for_blanks(field, Form::Apache);
    let text = with_zeros.as_deref().unwrap_or(field);
    let written = moment::parse(text, Notation::default()).ok().filter(|written| written.form == Form::Apache);
    let time = written.and_then(|written| log_time(&written, true).ok());
    time.ok_or_else(|| wrong(field, "not a time like 17/May/2015:10:05:03 +0000"))
}

/// Converts a written time to UTC; the error is the reason why a log may not use it.
fn log_time(written: &Written, needs_time: bool) -> Result<LogTime, &'static str> {
    // MySQL and every CDN count from year 1; 0000 means "unknown".
    if written.date.year() == 0 {
        return Err(NO_SUCH_DAY);
    }
    let date = Date::from(written.date);
    let Some(time) = written.time else {
        return if needs_time { Err("a day without a time") } else { Ok(LogTime { date, second: 0 }) };
    };
    let offset_secs = written.offset.map_or(0, |offset| offset.secs);
    let is_offset = written.form == Form::Apache || is_near_utc(offset_secs);
    let is_time = time.precision == Precision::Second || (time.precision == Precision::Fraction && time.is_padded);
    if !is_time || !is_offset {
        return Err(NOT_A_TIME);
    }
    Ok(LogTime { date, second: time.second }.shifted(-offset_secs))
}

/// Parses `+08:00`, `-0330` or `+8` as seconds; None for anything else, including offsets that no zone on earth has.
pub fn read_offset(text: &str) -> Option<i32> {
    Offset::parse(text.as_bytes()).map(|offset| offset.secs).filter(|secs| is_near_utc(*secs))
}

fn is_near_utc(offset_secs: i32) -> bool {
    offset_secs.abs() < 15 * 3600
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_that_cannot_be_read_say_why() {
        for (field, expected) in [
            ("31/4/2021", "\"31/4/2021\" is not a day of the calendar"),
            (
                "1/16/2024",
                "\"1/16/2024\" is not a day of the calendar, since its month is over 12: if the month comes first, use --date-order mdy",
            ),
            ("16/16/2024", "\"16/16/2024\" is not a day of the calendar"),
            ("20241301", "\"20241301\" is not a day"),
            ("18891231", "\"18891231\" is not a day"),
            ("04-30", "\"04-30\" is a day without a year"),
            ("today", "\"today\" is not a day"),
        ] {
            assert_eq!(read_date(field.as_bytes(), DateOrder::DayFirst).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn days_in_digits_alone_and_in_either_order() {
        let date = Date::new(2024, 1, 16);
        assert_eq!(read_date(b"20240116", DateOrder::DayFirst), Ok(date));
        assert_eq!(read_date(b"1/16/2024", DateOrder::MonthFirst), Ok(date));
        assert_eq!(read_moment(b"20240116", false, DateOrder::DayFirst), Ok(LogTime { date, second: 0 }));
        let moment = Ok(LogTime { date, second: 36_005 });
        for text in ["20240116100005", "20240116T100005Z", "1/16/2024 10:00:05"] {
            assert_eq!(read_moment(text.as_bytes(), true, DateOrder::MonthFirst), moment, "{text}");
        }
        assert!(read_moment(b"20240116", true, DateOrder::DayFirst).is_err());
    }

    #[test]
    fn moments_of_every_form() {
        let at = |day, second| Ok(LogTime { date: Date::new(2019, 8, day), second });
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
            assert_eq!(read_moment(field.as_bytes(), false, DateOrder::DayFirst), expected, "{field}");
        }
        assert_eq!(
            read_moment(b"2019-08-24", true, DateOrder::DayFirst).unwrap_err().to_string(),
            "\"2019-08-24\" is a day without a time"
        );
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
            assert!(read_moment(field.as_bytes(), false, DateOrder::DayFirst).is_err(), "{field}");
        }
        // A word is reported whole, though a `t` may be between a day and its time.
        assert_eq!(read_moment(b"date", false, DateOrder::DayFirst).unwrap_err().to_string(), "\"date\" is not a day");
    }

    #[test]
    fn offsets() {
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

    #[test]
    fn times_of_apache() {
        let at = |day, second| Some(LogTime { date: Date::new(2015, 5, day), second });
        for (text, expected) in [
            ("17/May/2015:10:05:03 +0000", at(17, 36_303)),
            ("17/may/2015:10:05:03 +0000", at(17, 36_303)),
            ("17/May/2015:23:05:03 -02:00", at(18, 3903)),
            ("17/May/2015:10:05:60 -2359", at(18, 36_299)),
            (" 7/May/2015: 2: 5: 3 +0000", at(7, 7503)),
            ("17/May/2015: 2:05:03 +0000", at(17, 7503)),
            ("  7/May/2015:10:05:03 +0000", None),
            ("7/May/2015:10:05:03 +0000", None),
            ("17/May/2015:2:05:03 +0000", None),
            ("17/May/2015:  :05:03 +0000", None),
            ("17/May/ 015:10:05:03 +0000", None),
            ("17/May/2015:10:05:03 + 200", None),
            ("17/May/2015:10:05:03", None),
            ("17/May/2015:10:05:03.5 +0000", None),
            ("17/May/0000:10:05:03 +0000", None),
            ("2015-05-17T10:05:03Z", None),
            ("1431857103", None),
        ] {
            assert_eq!(read_apache(text.as_bytes()).ok(), expected, "{text}");
        }
        let error = read_apache(b"x").unwrap_err().to_string();
        assert_eq!(error, "\"x\" is not a time like 17/May/2015:10:05:03 +0000");
    }

    proptest! {
        /// A fast path gives the result of the plain parser, or none.
        #[test]
        fn fast_paths_read_what_the_plain_parser_does(
            year in "[0-9]{4}|20[0-9]{2}", month in "[0-9]{2}|0[1-9]", day in "[0-9]{2}|[0-3][0-9]",
            clock in "[0-9]{2}:[0-9]{2}:[0-9]{2}|1[0-9]:[0-5][0-9]:[0-6][0-9]([.][0-9]{1,3})?",
            between in "[T t-]", end in "Z?|[+]02:00",
        ) {
            let date = format!("{year}-{month}-{day}");
            prop_assert_eq!(iso_date(date.as_bytes()), read_any_date(date.as_bytes(), DateOrder::DayFirst).ok());
            let second = read_any_second(clock.as_bytes());
            prop_assert!(quick_second(clock.as_bytes()) == second || second.is_none() && clock.len() > 8, "{}", clock);
            let moment = format!("{date}{between}{clock}{end}");
            if let Some(quick) = iso_moment(moment.as_bytes()) {
                prop_assert_eq!(read_any_moment(moment.as_bytes(), true, DateOrder::DayFirst), Ok(quick));
            }
        }

        #[test]
        fn the_fast_path_of_apache_reads_what_the_plain_parser_does(
            day in "[0-3][0-9]", month in "[A-Z][a-z]{2}|May|Feb|Dec|may", year in "[0-9]{4}|20[0-9]{2}",
            clock in "[0-9]{2}:[0-9]{2}:[0-9]{2}|1[0-9]:[0-5][0-9]:[0-6][0-9]", offset in "[+-][01][0-9][0-5][0-9]|[+]0000",
        ) {
            let text = format!("{day}/{month}/{year}:{clock} {offset}");
            if let Some(quick) = quick_apache(text.as_bytes()) {
                prop_assert_eq!(read_any_apache(text.as_bytes()), Ok(quick), "{}", text);
            }
        }

        #[test]
        fn any_bytes_may_be_given(
            text: Vec<u8>,
            near in "[0-9/-]{0,10}[Tt ]?[0-9:.]{0,14}( ?[+-][0-9:]{0,6}|Z)?|[0-9]{2}/[A-Z][a-z]{2}/[0-9:]{0,14}[ +0-9]{0,6}",
        ) {
            for text in [&text, near.as_bytes()] {
                let _ = (read_date(text, DateOrder::DayFirst), read_second(text));
                let _ = (read_moment(text, true, DateOrder::MonthFirst), read_apache(text));
            }
        }
    }
}
