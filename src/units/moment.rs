//! Dates and times, in every form used by logs, exports and people.
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use super::day::{DateOrder, Day, DayError};
use super::digits::number;
use super::offset::{Offset, OffsetForm};
use super::time_of_day::{self, Precision, TimeOfDay, fraction_nanos};

/// A parsed day, or day and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The form in which the day was written.
    pub form: Form,
    /// The day on the clock of `offset`. May be of year 0000.
    pub date: NaiveDate,
    /// The time; None if only a day was given.
    pub time: Option<TimeOfDay>,
    /// The offset from UTC, if one was given.
    pub offset: Option<Offset>,
}

/// The forms a day may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `2019-08-24`.
    Iso,
    /// `2019-8-4`.
    IsoUnpadded,
    /// `24/8/2019`, or `8/24/2019` with the month first.
    Slashed,
    /// `24/Aug/2019:10:28:13 +0000`, as Apache and nginx (`$time_local`) write it; always with time and offset.
    Apache,
    /// `20190824`, `20190824102813`, `20190824T102813Z`.
    Compact,
    /// Time since 1970-01-01 UTC.
    Epoch(EpochUnit),
}

/// The unit of an epoch, told by its number of digits. Unambiguous from 1973 to 5138.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochUnit {
    /// Up to 11 digits.
    Secs,
    /// 12 to 14 digits.
    Millis,
    /// 15 to 17 digits.
    Micros,
    /// 18 and 19 digits.
    Nanos,
}

/// What a text alone leaves ambiguous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Notation {
    /// Whether `4/8/2019` has the day or the month first.
    pub order: DateOrder,
    /// What a number without separators is.
    pub numbers: Numbers,
}

/// What a number without separators is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Numbers {
    /// An epoch: seconds, milli-, micro- or nanoseconds since 1970, with or without a fraction.
    #[default]
    Epoch,
    /// `20190824` or `20190824102813`.
    Compact,
}

/// Why a text is not a date or time, and which part is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MomentError<'a> {
    /// The part of the text that is wrong.
    pub part: &'a [u8],
    /// What is wrong with the part.
    pub problem: Problem,
}

/// What is wrong with a part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Not a day in a known form.
    NotADay,
    /// A day without a year.
    NoYear,
    /// Well formed, but not in the calendar: `2019-02-30`.
    NoSuchDay,
    /// A month over 12, in a day that the calendar would have if the month came first.
    MonthFirst,
    /// Not a time of a day.
    NotATime,
    /// Not a known offset from UTC.
    NotAnOffset,
    /// Not a number, or an epoch outside the calendar.
    NotANumberOfTime,
}

impl Written {
    /// Whether seconds were given.
    pub fn has_seconds(&self) -> bool {
        self.time.is_some_and(|time| time.precision >= Precision::Second)
    }

    /// Day and time as written, without the offset, to the second. Midnight if no time was given.
    pub fn on_its_clock(&self) -> NaiveDateTime {
        let second = self.time.map_or(0, |time| time.second);
        NaiveDateTime::from(self.date) + TimeDelta::seconds(second.into())
    }
}

/// Parses a day, or a day and a time.
///
/// Day and time are separated by `T`, `t` or a space. An offset may follow the time, with or without spaces; `UTC` needs a
/// space.
///
/// # Errors
/// When `text` is neither; names the part that is wrong.
pub fn parse(text: &[u8], notation: Notation) -> Result<Written, MomentError<'_>> {
    if let Some(number) = bare_number(text) {
        return number.read(notation.numbers).ok_or(MomentError { part: text, problem: Problem::NotANumberOfTime });
    }
    if let Some(written) = apache(text).or_else(|| compact(text)) {
        return Ok(written);
    }
    let starts_with_digit = text.first().is_some_and(u8::is_ascii_digit);
    let separator = text.iter().position(|byte| matches!(byte, b'T' | b't' | b' ')).filter(|_| starts_with_digit);
    let day = &text[..separator.unwrap_or(text.len())];
    let date = match Day::parse(day, notation.order) {
        Ok(Day::Dated(date)) => date,
        Ok(Day::AnyYear { .. }) => return Err(MomentError { part: day, problem: Problem::NoYear }),
        Err(DayError::MonthFirst) => return Err(MomentError { part: day, problem: Problem::MonthFirst }),
        Err(DayError::Calendar) => return Err(MomentError { part: day, problem: Problem::NoSuchDay }),
        Err(DayError::Shape) => return Err(MomentError { part: day, problem: Problem::NotADay }),
    };
    let form = match day {
        [_, _, _, _, b'-', ..] if day.len() == 10 => Form::Iso,
        [_, _, _, _, b'-', ..] => Form::IsoUnpadded,
        _ => Form::Slashed,
    };
    let Some(separator) = separator else { return Ok(Written { form, date, time: None, offset: None }) };
    let (clock, offset) =
        split_offset(&text[separator + 1..]).ok_or(MomentError { part: text, problem: Problem::NotAnOffset })?;
    let time = time_of_day::parse(clock).ok_or(MomentError { part: clock, problem: Problem::NotATime })?;
    Ok(Written { form, date, time: Some(time), offset })
}

/// `text` with blanks that pad two-digit numbers replaced by zeros, as in ` 4/Aug/2019: 9:28:13 +0000` (strftime's `%e` and
/// `%k`). None if no number is padded with a blank, or `form` is neither Apache's nor ISO's.
pub fn with_zeros_for_blanks(text: &[u8], form: Form) -> Option<Vec<u8>> {
    let first_digits: &[usize] = match form {
        // Day, hour, minute and second of `24/Aug/2019:10:28:13`.
        Form::Apache => &[0, 12, 15, 18],
        // Month to second of `2019-08-24 10:28:13`.
        Form::Iso => &[5, 8, 11, 14, 17],
        _ => return None,
    };
    let is_blank = |at: &&usize| text.get(**at) == Some(&b' ');
    let mut padded = first_digits.iter().filter(is_blank).peekable();
    padded.peek()?;
    let mut with_zeros = text.to_vec();
    padded.for_each(|at| with_zeros[*at] = b'0');
    Some(with_zeros)
}

/// Splits `10:28:13+02:00` into time and offset. None if what follows the time is not an offset.
pub(super) fn split_offset(text: &[u8]) -> Option<(&[u8], Option<Offset>)> {
    if let Some(clock) = text.strip_suffix(b"Z").or(text.strip_suffix(b"z")) {
        return Some((clock.trim_ascii_end(), Some(Offset { secs: 0, form: OffsetForm::Zulu })));
    }
    if let Some(clock) = text.strip_suffix(b" UTC") {
        return Some((clock.trim_ascii_end(), Some(Offset::UTC)));
    }
    match text.iter().position(|byte| matches!(byte, b'+' | b'-')) {
        None => Some((text, None)),
        Some(at) => Some((text[..at].trim_ascii_end(), Some(Offset::parse(&text[at..])?))),
    }
}

/// `24/Aug/2019:10:28:13 +0000`.
fn apache(text: &[u8]) -> Option<Written> {
    const MONTHS: [&[u8; 3]; 12] =
        [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];
    let (day, behind) = text.split_at_checked("24/Aug/2019:".len())?;
    let [day @ .., b'/', m1, m2, m3, b'/', y1, y2, y3, y4, b':'] = day else { return None };
    let month = [*m1, *m2, *m3].map(|letter| letter.to_ascii_lowercase());
    let month = MONTHS.iter().position(|name| **name == month)? as u32 + 1;
    let (year, day) = (number(&[*y1, *y2, *y3, *y4], 4, 4)?, number(day, 2, 2)?);
    let (clock, offset) = behind.split_at_checked("10:28:13".len())?;
    let time = time_of_day::parse(clock).filter(|time| time.precision == Precision::Second && time.is_padded)?;
    let offset = Offset::parse(offset.trim_ascii_start());
    let offset = offset.filter(|offset| matches!(offset.form, OffsetForm::Digits | OffsetForm::Colon))?;
    let date = NaiveDate::from_ymd_opt(year as i32, month, day)?;
    Some(Written { form: Form::Apache, date, time: Some(time), offset: Some(offset) })
}

/// `20190824T102813`, with or without a fraction and an offset.
fn compact(text: &[u8]) -> Option<Written> {
    let (day, [b'T' | b't', behind @ ..]) = text.split_at_checked("20190824".len())? else { return None };
    let (clock, offset) = split_offset(behind)?;
    let (clock, fraction) = clock.split_at_checked("102813".len())?;
    let time = Some(compact_time(clock, fraction)?);
    Some(Written { form: Form::Compact, date: compact_date(day)?, time, offset })
}

fn compact_date(digits: &[u8]) -> Option<NaiveDate> {
    let digits = number(digits, 8, 8)?;
    NaiveDate::from_ymd_opt((digits / 10_000) as i32, digits / 100 % 100, digits % 100)
}

/// `102813`; `fraction` includes the decimal point.
fn compact_time(digits: &[u8], fraction: &[u8]) -> Option<TimeOfDay> {
    let [h1, h2, m1, m2, s1, s2] = *digits else { return None };
    time_of_day::parse(&[&[h1, h2, b':', m1, m2, b':', s1, s2], fraction].concat())
}

/// Digits with an optional fraction.
#[derive(Debug, Clone, Copy)]
struct BareNumber<'a> {
    whole: &'a [u8],
    /// Includes the decimal point; empty if there is no fraction.
    fraction: &'a [u8],
}

fn bare_number(text: &[u8]) -> Option<BareNumber<'_>> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, fraction) = text.split_at(digits);
    let is_fraction = fraction.is_empty() || fraction.strip_prefix(b".").and_then(fraction_nanos).is_some();
    (digits > 0 && is_fraction).then_some(BareNumber { whole, fraction })
}

impl BareNumber<'_> {
    fn read(self, numbers: Numbers) -> Option<Written> {
        match numbers {
            Numbers::Epoch => self.epoch(),
            Numbers::Compact => {
                let (day, clock) = self.whole.split_at_checked("20190824".len())?;
                let is_day_alone = clock.is_empty() && self.fraction.is_empty();
                let time = if is_day_alone { None } else { Some(compact_time(clock, self.fraction)?) };
                Some(Written { form: Form::Compact, date: compact_date(day)?, time, offset: None })
            }
        }
    }

    fn epoch(self) -> Option<Written> {
        let number: i64 = std::str::from_utf8(self.whole).ok()?.parse().ok()?;
        let (unit, per_sec) = match self.whole.len() {
            ..=11 => (EpochUnit::Secs, 1),
            12..=14 => (EpochUnit::Millis, 1_000),
            15..=17 => (EpochUnit::Micros, 1_000_000),
            _ => (EpochUnit::Nanos, 1_000_000_000),
        };
        let fraction = self.fraction.strip_prefix(b".").and_then(fraction_nanos);
        let nanos = number % per_sec * (1_000_000_000 / per_sec) + i64::from(fraction.unwrap_or(0)) / per_sec;
        let at = DateTime::from_timestamp(number / per_sec, u32::try_from(nanos).ok()?)?;
        let is_whole = unit == EpochUnit::Secs && fraction.is_none();
        let time = TimeOfDay {
            second: at.num_seconds_from_midnight(),
            nanos: at.nanosecond(),
            precision: if is_whole { Precision::Second } else { Precision::Fraction },
            is_leap: false,
            is_padded: true,
        };
        Some(Written { form: Form::Epoch(unit), date: at.date_naive(), time: Some(time), offset: Some(Offset::UTC) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMPACT: Notation = Notation { order: DateOrder::DayFirst, numbers: Numbers::Compact };

    /// The form, the time as RFC 3339 to the nanosecond, and the form of the offset.
    fn shown(text: &str, notation: Notation) -> Option<(Form, String, Option<OffsetForm>)> {
        let written = parse(text.as_bytes(), notation).ok()?;
        let nanos = written.time.map_or(0, |time| time.nanos);
        let fraction = if nanos > 0 { format!(".{nanos:09}") } else { String::new() };
        let offset = written.offset.map_or(String::new(), |offset| offset.to_string());
        let at = written.on_its_clock();
        let at = if written.time.is_some() { at.to_string() } else { written.date.to_string() };
        Some((written.form, format!("{at}{fraction}{offset}"), written.offset.map(|offset| offset.form)))
    }

    #[test]
    fn every_form() {
        use EpochUnit::{Micros, Millis, Nanos, Secs};
        let (zulu, utc) = (Some(OffsetForm::Zulu), Some(OffsetForm::Utc));
        for (text, form, moment, offset) in [
            ("2019-08-24", Form::Iso, "2019-08-24", None),
            ("2019-8-4", Form::IsoUnpadded, "2019-08-04", None),
            ("24/8/2019", Form::Slashed, "2019-08-24", None),
            ("24/8/2019 9:28:13", Form::Slashed, "2019-08-24 09:28:13", None),
            ("2019-08-24T10:28", Form::Iso, "2019-08-24 10:28:00", None),
            ("2019-08-24T10:28:13Z", Form::Iso, "2019-08-24 10:28:13+00:00", zulu),
            ("2019-08-24t10:28:13.5z", Form::Iso, "2019-08-24 10:28:13.500000000+00:00", zulu),
            ("2019-08-24 10:28:13+02:00", Form::Iso, "2019-08-24 10:28:13+02:00", Some(OffsetForm::Colon)),
            ("2019-08-24 10:28:13 -0330", Form::Iso, "2019-08-24 10:28:13-03:30", Some(OffsetForm::Digits)),
            ("2019-08-24 10:28:13.25 +8", Form::Iso, "2019-08-24 10:28:13.250000000+08:00", Some(OffsetForm::Short)),
            ("2019-08-24 10:28:13.5 Z", Form::Iso, "2019-08-24 10:28:13.500000000+00:00", zulu),
            ("2019-08-24 10:28:13 UTC", Form::Iso, "2019-08-24 10:28:13+00:00", utc),
            ("2019-08-24T23:59:60Z", Form::Iso, "2019-08-24 23:59:59+00:00", zulu),
            ("0000-01-01", Form::Iso, "0000-01-01", None),
            ("24/Aug/2019:10:28:13 +0200", Form::Apache, "2019-08-24 10:28:13+02:00", Some(OffsetForm::Digits)),
            ("24/aug/2019:10:28:13 -23:59", Form::Apache, "2019-08-24 10:28:13-23:59", Some(OffsetForm::Colon)),
            ("20190824T102813Z", Form::Compact, "2019-08-24 10:28:13+00:00", zulu),
            ("20190824T102813.5", Form::Compact, "2019-08-24 10:28:13.500000000", None),
            ("1566642493", Form::Epoch(Secs), "2019-08-24 10:28:13+00:00", utc),
            ("0", Form::Epoch(Secs), "1970-01-01 00:00:00+00:00", utc),
            ("1566642493.123", Form::Epoch(Secs), "2019-08-24 10:28:13.123000000+00:00", utc),
            ("1566642493123", Form::Epoch(Millis), "2019-08-24 10:28:13.123000000+00:00", utc),
            ("1566642493123.5", Form::Epoch(Millis), "2019-08-24 10:28:13.123500000+00:00", utc),
            ("1566642493123456", Form::Epoch(Micros), "2019-08-24 10:28:13.123456000+00:00", utc),
            ("1566642493123456789", Form::Epoch(Nanos), "2019-08-24 10:28:13.123456789+00:00", utc),
        ] {
            assert_eq!(shown(text, Notation::default()), Some((form, moment.to_owned(), offset)), "{text}");
        }
    }

    #[test]
    fn what_a_text_cannot_tell_is_the_callers() {
        for (text, moment) in [
            ("20240116", Some("2024-01-16")),
            ("20240116100000", Some("2024-01-16 10:00:00")),
            ("20240116100000.5", Some("2024-01-16 10:00:00.500000000")),
            ("20240116.5", None),
            ("20241301", None),
            ("202401161000", None),
            ("1566642493", None),
        ] {
            let expected = moment.map(|moment| (Form::Compact, moment.to_owned(), None));
            assert_eq!(shown(text, COMPACT), expected, "{text}");
        }
        let month_first = Notation { order: DateOrder::MonthFirst, ..Notation::default() };
        let moment = shown("8/24/2019 10:28:13", month_first).map(|(_, moment, _)| moment);
        assert_eq!(moment.as_deref(), Some("2019-08-24 10:28:13"));
    }

    #[test]
    fn blanks_stand_for_leading_zeros_alone() {
        for (form, text, expected) in [
            (Form::Apache, " 4/Aug/2019: 9: 8: 3 +0000", Some("04/Aug/2019:09:08:03 +0000")),
            (Form::Apache, "24/Aug/2019:10:28:13 + 200", None),
            (Form::Iso, "2019- 8- 4  9: 8: 3.5", Some("2019-08-04 09:08:03.5")),
            (Form::Iso, "2019-08- 4", Some("2019-08-04")),
            (Form::Iso, "2019-08-24 9:28:13 +02:00", None),
            (Form::Iso, " 4/Aug/2019:10:28:13 +0000", None),
            (Form::Slashed, " 4/ 8/2019", None),
            (Form::Apache, "", None),
        ] {
            let with_zeros = with_zeros_for_blanks(text.as_bytes(), form);
            assert_eq!(with_zeros.as_deref(), expected.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_moment_says_which_part_is_wrong() {
        for (text, part, problem) in [
            ("", "", Problem::NotADay),
            ("-", "-", Problem::NotADay),
            ("date", "date", Problem::NotADay),
            ("10.0.0.1", "10.0.0.1", Problem::NotADay),
            ("1566642493.", "1566642493.", Problem::NotADay),
            ("99999999999999999999", "99999999999999999999", Problem::NotANumberOfTime),
            ("2019-02-29T00:00:00Z", "2019-02-29", Problem::NoSuchDay),
            ("08-24 10:28:13", "08-24", Problem::NoYear),
            ("2019-08-24T25:00:00Z", "25:00:00", Problem::NotATime),
            ("2019-08-24T10:28:13UTC", "10:28:13UTC", Problem::NotATime),
            ("2019-08-24  10:28:13", " 10:28:13", Problem::NotATime),
            ("2019-08-24 10:28:13+25:00", "2019-08-24 10:28:13+25:00", Problem::NotAnOffset),
            ("24/Aug/2019:10:28:13", "24/Aug/2019:10:28:13", Problem::NotADay),
            ("31/Apr/2019:10:28:13 +0000", "31/Apr/2019:10:28:13", Problem::NotADay),
            ("24/Aug/2019:9:28:13 +0000", "24/Aug/2019:9:28:13", Problem::NotADay),
            ("24/Aug/-2019:10:28:13 +0000", "24/Aug/-2019:10:28:13", Problem::NotADay),
            ("24/Aug/2019:10:28:13 +2", "24/Aug/2019:10:28:13", Problem::NotADay),
            ("20190824T1028", "20190824", Problem::NotADay),
        ] {
            let expected = MomentError { part: part.as_bytes(), problem };
            assert_eq!(parse(text.as_bytes(), Notation::default()), Err(expected), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_may_be_given(
            text: Vec<u8>,
            near in "[0-9]{0,20}|[0-9/-]{0,10}[Tt ]?[0-9:.]{0,14}( ?[+-][0-9:]{0,6}|Z)?|[0-9]{2}/[A-Z][a-z]{2}/[0-9:]{0,14}[ +0-9]{0,6}",
        ) {
            for notation in [Notation::default(), COMPACT] {
                let _ = parse(&text, notation);
                let _ = parse(near.as_bytes(), notation);
            }
        }

        #[test]
        fn a_moment_is_read_as_it_is_written(secs in -62_135_596_800i64..253_402_300_800, nanos in 0u32..1_000_000_000) {
            let at = DateTime::from_timestamp(secs, nanos).unwrap();
            let whole = ["%Y-%m-%d %H:%M:%S", "%d/%m/%YT%H:%M:%SZ", "%d/%b/%Y:%H:%M:%S %z", "%Y%m%dT%H%M%S", "%Y%m%d%H%M%S"];
            let exact = ["%Y-%m-%dT%H:%M:%S%.9fZ", "%Y-%m-%d %H:%M:%S%.9f %z", "%Y%m%d%H%M%S%.9f"];
            let read = |shape: &str| {
                let written = parse(at.format(shape).to_string().as_bytes(), COMPACT).ok()?;
                Some((written.on_its_clock(), written.time?.nanos, written.offset.map_or(0, |offset| offset.secs)))
            };
            let second = at.naive_utc().with_nanosecond(0).unwrap();
            for shape in whole {
                prop_assert_eq!(read(shape), Some((second, 0, 0)), "{}", shape);
            }
            for shape in exact {
                prop_assert_eq!(read(shape), Some((second, nanos, 0)), "{}", shape);
            }
        }

        #[test]
        fn an_epoch_is_read_in_each_of_its_units(secs in 1_000_000_000i64..9_000_000_000, nanos in 0u32..1_000_000_000) {
            let at = DateTime::from_timestamp(secs, 0).unwrap().naive_utc();
            for (text, kept) in [
                (format!("{secs}"), 0),
                (format!("{secs}.{nanos:09}"), nanos),
                (format!("{secs}{:03}", nanos / 1_000_000), nanos / 1_000_000 * 1_000_000),
                (format!("{secs}{:06}", nanos / 1_000), nanos / 1_000 * 1_000),
                (format!("{secs}{nanos:09}"), nanos),
            ] {
                let written = parse(text.as_bytes(), Notation::default()).unwrap();
                prop_assert_eq!((written.on_its_clock(), written.time.map(|time| time.nanos)), (at, Some(kept)), "{}", text);
            }
        }
    }
}
