//! Times as people type them: `today`, `-2d`, `18:00`, `20260124`, `2026-01-24T18:00Z`.
use chrono::{Datelike, Days, MappedLocalTime, NaiveDate, NaiveDateTime, TimeDelta, Timelike};

use super::day::{DateOrder, Day};
use super::duration::DurationSecs;
use super::moment::{self, Form, Notation, Numbers, Problem};
use super::offset::Offset;
use super::time_of_day::{self, Precision, TimeOfDay};
use super::zone::Zone;

/// A range of time as long as the unit it was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypedTime {
    /// A whole day in the zone: a calendar day, or one of any year.
    Day(Day),
    /// An hour, a minute or a second.
    Part {
        /// Its first second, in Unix seconds.
        first: i64,
        /// Its last second, in Unix seconds.
        last: i64,
    },
}

/// What the text leaves open.
#[derive(Debug, Clone, Copy)]
pub struct TypedTimeContext {
    /// The current time in Unix seconds.
    pub now: i64,
    /// The zone of days, and of times without an offset.
    pub zone: Zone,
    /// Whether `4/8/2019` has the day or the month first.
    pub order: DateOrder,
}

/// Why a text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TypedTimeError {
    /// Not written in a known form.
    #[error(
        "not a time: write 2026-01-24, 20260124, 2026-01-24T18:00, 2026-01-24T18:00Z, 18:00, today, yesterday or -2d"
    )]
    Form,
    /// A day written as in 24.8.2019.
    #[error("not a time: a day is not written with dots here, write {0}")]
    Dotted(NaiveDate),
    /// The calendar has no such day.
    #[error("no day of the calendar: write the year first, as in 2026-01-24")]
    Calendar,
    /// A month over 12, in a text that would be a day if the month came first.
    #[error("no day of the calendar, for the month is over 12: if the month comes first, use --date-order mdy")]
    MonthFirst,
    /// A day with something after it that is not a time.
    #[error("not a time of day: write 2026-01-24T18:00 or 2026-01-24T18:00:30")]
    TimeOfDay,
    /// A part of a second.
    #[error("more exact than a second: write whole seconds, as in 2026-01-24T18:00:30")]
    Fraction,
    /// A time of a day of any year.
    #[error("a time of a day without its year: write 2026-01-24T18:00")]
    Year,
    /// The zone's clocks are put forward over this time.
    #[error(
        "skipped by the clocks of the zone, which are put forward then: write it with its offset, as in 2026-01-24T18:00Z"
    )]
    Skipped,
    /// The zone's clocks are put back, and show this time twice.
    #[error(
        "shown twice by the clocks of the zone, which are put back then: write it with its offset, as in 2026-01-24T18:00Z"
    )]
    Repeated,
}

impl TypedTime {
    /// The day, where a whole one was typed.
    pub fn day(self) -> Option<Day> {
        match self {
            TypedTime::Day(day) => Some(day),
            TypedTime::Part { .. } => None,
        }
    }

    /// The first second, in Unix seconds; None for a day of any year.
    pub fn first(self, zone: Zone) -> Option<i64> {
        match self {
            TypedTime::Day(day) => day.dated().map(|date| zone.day_start(date)),
            TypedTime::Part { first, .. } => Some(first),
        }
    }

    /// The last second, in Unix seconds; None for a day of any year.
    pub fn last(self, zone: Zone) -> Option<i64> {
        match self {
            TypedTime::Day(day) => day.dated().map(|date| zone.day_end(date)),
            TypedTime::Part { last, .. } => Some(last),
        }
    }

    /// As a report writes it at the beginning of a range: `2019-08-24`, `08-24`, or RFC 3339 on the clocks of `zone`.
    pub fn first_text(self, zone: Zone) -> String {
        match self {
            TypedTime::Day(day) => day.to_string(),
            TypedTime::Part { first, .. } => zone.rfc3339(first),
        }
    }

    /// As a report writes it at the end of a range.
    pub fn last_text(self, zone: Zone) -> String {
        match self {
            TypedTime::Day(day) => day.to_string(),
            TypedTime::Part { last, .. } => zone.rfc3339(last),
        }
    }
}

/// Reads what was typed.
///
/// A day is whole, a time as long as it is written exactly: `18:00` is a minute of today. `-2d` is the whole day before yesterday,
/// `-3h` the whole hour that the clocks showed three hours ago, `-90m` a minute.
///
/// # Errors
/// When `text` is not a time, or the clocks of the zone skip or repeat it.
pub fn parse(text: &str, context: &TypedTimeContext) -> Result<TypedTime, TypedTimeError> {
    let text = text.trim();
    let today = context.zone.shown(context.now).date();
    let dated =
        |date: Option<NaiveDate>| date.map(|date| TypedTime::Day(Day::Dated(date))).ok_or(TypedTimeError::Calendar);
    match text.to_ascii_lowercase().as_str() {
        "now" => return Ok(TypedTime::Part { first: context.now, last: context.now }),
        "today" => return dated(Some(today)),
        "yesterday" => return dated(today.pred_opt()),
        "tomorrow" => return dated(today.succ_opt()),
        _ => {}
    }
    if let Some(span) = text.strip_prefix('-') {
        return ago(span, today, context);
    }
    if let Some((clock, offset)) = clock_alone(text) {
        let zone = offset.map_or(context.zone, |offset| Zone::Fixed(offset.secs));
        return part(zone.shown(context.now).date(), clock, zone);
    }
    match compact_with_colons(text) {
        Some(text) => written(&text, context),
        None => written(text, context),
    }
}

/// `2d` of `-2d`: the whole unit that is so long ago.
fn ago(span: &str, today: NaiveDate, context: &TypedTimeContext) -> Result<TypedTime, TypedTimeError> {
    // Days are those of the calendar, and as many as were typed.
    if let Some(days) = span
        .strip_suffix('d')
        .filter(|days| days.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|days| days.parse::<u32>().ok())
        .filter(|days| *days > 0)
    {
        let date = today.checked_sub_days(Days::new(days.into())).filter(|date| date.year() > 0);
        return date.map(|date| TypedTime::Day(Day::Dated(date))).ok_or(TypedTimeError::Calendar);
    }
    let secs = span.parse::<DurationSecs>().map_err(|_| TypedTimeError::Form)?.secs;
    let unit_secs = match span.bytes().last() {
        Some(b'd') => return Err(TypedTimeError::Form),
        Some(b'h') => 3600,
        Some(b'm') => 60,
        _ => 1,
    };
    let moment = context.now - i64::from(secs);
    let past = context.zone.shown(moment).num_seconds_from_midnight() % unit_secs;
    let first = moment - i64::from(past);
    Ok(TypedTime::Part { first, last: first + i64::from(unit_secs) - 1 })
}

/// `18:00`, `18:00:30`, `18:00Z`, `18:00+02:00`.
fn clock_alone(text: &str) -> Option<(TimeOfDay, Option<Offset>)> {
    let (clock, offset) = moment::split_offset(text.as_bytes())?;
    Some((time_of_day::parse(clock)?, offset))
}

/// `20260124T1800` and `20260124T18:00` with the signs that their parts lack; None for anything else.
fn compact_with_colons(text: &str) -> Option<String> {
    let (day, clock) = text.split_at_checked("20260124".len())?;
    let (year, month) = (day.get(..4)?, day.get(4..6)?);
    let clock = clock.strip_prefix(['T', 't', ' '])?;
    if !day.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = clock.bytes().take_while(u8::is_ascii_digit).count();
    let (numbers, rest) = clock.split_at(digits);
    let clock = match digits {
        4 => format!("{}:{}{rest}", &numbers[..2], &numbers[2..]),
        6 => format!("{}:{}:{}{rest}", &numbers[..2], &numbers[2..4], &numbers[4..]),
        _ => clock.to_owned(),
    };
    Some(format!("{year}-{month}-{}T{clock}", &day[6..]))
}

/// A day, or a day and a time.
fn written(text: &str, context: &TypedTimeContext) -> Result<TypedTime, TypedTimeError> {
    let notation = Notation { order: context.order, numbers: Numbers::Compact };
    let written = match moment::parse(text.as_bytes(), notation) {
        Ok(written) => written,
        Err(error) => return not_written(text, error.part, error.problem, context.order),
    };
    // MySQL and every CDN count from year 1; 0000 stands for "unknown".
    if written.date.year() == 0 {
        return Err(TypedTimeError::Calendar);
    }
    let Some(time) = written.time else { return Ok(TypedTime::Day(Day::Dated(written.date))) };
    let is_padded = time.is_padded || written.form != Form::Compact;
    if time.is_leap || !is_padded {
        return Err(TypedTimeError::TimeOfDay);
    }
    let zone = written.offset.map_or(context.zone, |offset| Zone::Fixed(offset.secs));
    part(written.date, time, zone)
}

/// A day of any year, or why `text` is not a time.
fn not_written(text: &str, part: &[u8], problem: Problem, order: DateOrder) -> Result<TypedTime, TypedTimeError> {
    let is_whole = part.len() == text.len();
    Err(match problem {
        Problem::NoYear if is_whole => {
            return Day::parse(part, order).map(TypedTime::Day).map_err(|_| TypedTimeError::Calendar);
        }
        Problem::NoYear => TypedTimeError::Year,
        Problem::NoSuchDay => TypedTimeError::Calendar,
        Problem::MonthFirst => TypedTimeError::MonthFirst,
        Problem::NotANumberOfTime if matches!(text.len(), 8 | 14) => TypedTimeError::Calendar,
        Problem::NotADay | Problem::NotANumberOfTime => {
            dotted(text).map_or(TypedTimeError::Form, TypedTimeError::Dotted)
        }
        Problem::NotATime | Problem::NotAnOffset => TypedTimeError::TimeOfDay,
    })
}

/// The day of `24.08.2019`.
fn dotted(text: &str) -> Option<NaiveDate> {
    let mut numbers = text.split('.').map(|part| part.parse::<u32>().ok());
    let [day, month, year] = [numbers.next()??, numbers.next()??, numbers.next()??];
    let date = NaiveDate::from_ymd_opt(year.try_into().ok()?, month, day)?;
    (numbers.next().is_none() && (1000..10_000).contains(&year)).then_some(date)
}

/// A minute or second of a day on the clocks of `zone`.
fn part(date: NaiveDate, time: TimeOfDay, zone: Zone) -> Result<TypedTime, TypedTimeError> {
    let span_secs = match time.precision {
        Precision::Minute => 60,
        Precision::Second => 1,
        Precision::Fraction => return Err(TypedTimeError::Fraction),
    };
    let shown = NaiveDateTime::from(date) + TimeDelta::seconds(time.second.into());
    match zone.moments(shown) {
        MappedLocalTime::Single(first) => Ok(TypedTime::Part { first, last: first + span_secs - 1 }),
        MappedLocalTime::Ambiguous(..) => Err(TypedTimeError::Repeated),
        MappedLocalTime::None => Err(TypedTimeError::Skipped),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-01-24 18:05:30 UTC, a Saturday.
    const NOW: i64 = 1_769_277_930;

    fn in_zone(zone: Zone) -> TypedTimeContext {
        TypedTimeContext { now: NOW, zone, order: DateOrder::default() }
    }

    /// First and last second.
    fn read(text: &str, zone: Zone) -> Result<String, TypedTimeError> {
        let time = parse(text, &in_zone(zone))?;
        Ok(match time {
            TypedTime::Day(day) => day.to_string(),
            TypedTime::Part { first, last } => format!("{} {}", Zone::UTC.rfc3339(first), last + 1 - first),
        })
    }

    #[test]
    fn times_as_people_type_them() {
        for (text, expected) in [
            ("today", "2026-01-24"),
            (" Yesterday ", "2026-01-23"),
            ("tomorrow", "2026-01-25"),
            ("now", "2026-01-24T18:05:30Z 1"),
            ("-2d", "2026-01-22"),
            ("-1d", "2026-01-23"),
            ("-2000d", "2020-08-03"),
            ("-3h", "2026-01-24T15:00:00Z 3600"),
            ("-90m", "2026-01-24T16:35:00Z 60"),
            ("-1h30m", "2026-01-24T16:35:00Z 60"),
            ("-30s", "2026-01-24T18:05:00Z 1"),
            ("18:00", "2026-01-24T18:00:00Z 60"),
            ("9:05", "2026-01-24T09:05:00Z 60"),
            ("18:00:30", "2026-01-24T18:00:30Z 1"),
            ("18:00+02:00", "2026-01-24T16:00:00Z 60"),
            ("20260124", "2026-01-24"),
            ("20260124T1800", "2026-01-24T18:00:00Z 60"),
            ("20260124T180005Z", "2026-01-24T18:00:05Z 1"),
            ("20260124180005", "2026-01-24T18:00:05Z 1"),
            ("2026-01-24", "2026-01-24"),
            ("2026-1-4", "2026-01-04"),
            ("24/1/2026", "2026-01-24"),
            ("01-24", "01-24"),
            ("02-29", "02-29"),
            ("2026-01-24T18:00", "2026-01-24T18:00:00Z 60"),
            ("2026-01-24 9:00", "2026-01-24T09:00:00Z 60"),
            ("24/1/2026T18:00", "2026-01-24T18:00:00Z 60"),
            ("2026-01-24T18:00Z", "2026-01-24T18:00:00Z 60"),
            ("2026-01-24 18:00:05 +0800", "2026-01-24T10:00:05Z 1"),
            ("2026-01-24T18:00:05-03:30", "2026-01-24T21:30:05Z 1"),
            ("24/Aug/2019:10:28:13 +0200", "2019-08-24T08:28:13Z 1"),
        ] {
            assert_eq!(read(text, Zone::UTC).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_time_says_why() {
        for (text, expected) in [
            ("", TypedTimeError::Form),
            ("Tuesday", TypedTimeError::Form),
            ("-", TypedTimeError::Form),
            ("-2", TypedTimeError::Form),
            ("-2x", TypedTimeError::Form),
            ("-0d", TypedTimeError::Form),
            ("-+2d", TypedTimeError::Form),
            ("-9999999d", TypedTimeError::Calendar),
            ("2d", TypedTimeError::Form),
            ("24/8", TypedTimeError::Form),
            ("24.8.2019", TypedTimeError::Dotted(NaiveDate::from_ymd_opt(2019, 8, 24).unwrap())),
            ("24.8.19", TypedTimeError::Form),
            ("31.4.2019", TypedTimeError::Form),
            ("1.2.3.4", TypedTimeError::Form),
            ("24/8/19", TypedTimeError::Form),
            ("1769277930", TypedTimeError::Form),
            ("20261301", TypedTimeError::Calendar),
            ("2019-02-29", TypedTimeError::Calendar),
            ("2019-02-29T10:00", TypedTimeError::Calendar),
            ("0000-01-01", TypedTimeError::Calendar),
            ("02-30", TypedTimeError::Calendar),
            ("31/4/2019", TypedTimeError::Calendar),
            ("1/24/2026", TypedTimeError::MonthFirst),
            ("1/24/2026 10:00", TypedTimeError::MonthFirst),
            ("08-24T10:00", TypedTimeError::Year),
            ("2019-08-24T", TypedTimeError::TimeOfDay),
            ("2019-08-24T25:00", TypedTimeError::TimeOfDay),
            ("2019-08-24T10", TypedTimeError::TimeOfDay),
            ("2019-08-24T10:00:60", TypedTimeError::TimeOfDay),
            ("2019-08-24T10:00:00.5", TypedTimeError::Fraction),
        ] {
            assert_eq!(read(text, Zone::UTC), Err(expected), "{text:?}");
        }
        let month_first = TypedTimeContext { order: DateOrder::MonthFirst, ..in_zone(Zone::UTC) };
        assert_eq!(
            parse("1/24/2026", &month_first).map(|time| time.first_text(Zone::UTC)).as_deref(),
            Ok("2026-01-24")
        );
    }

    #[test]
    fn the_zone_says_which_day_it_is() {
        let [berlin, apia] = ["Europe/Berlin", "Pacific/Apia"].map(|name| name.parse::<Zone>().unwrap());
        assert_eq!(read("today", apia).as_deref(), Ok("2026-01-25"));
        assert_eq!(read("-1d", apia).as_deref(), Ok("2026-01-24"));
        assert_eq!(read("18:00", berlin).as_deref(), Ok("2026-01-24T17:00:00Z 60"));
        // At 18:05:30 UTC it is 23:35:30 in India: the hour is one of its clocks.
        assert_eq!(read("-1h", Zone::Fixed(19_800)).as_deref(), Ok("2026-01-24T16:30:00Z 3600"));
    }

    #[test]
    fn times_that_clocks_skip_or_repeat_need_their_offset() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        for (text, expected) in [
            ("2026-03-29T01:59", Ok("2026-03-29T00:59:00Z 60")),
            ("2026-03-29T02:30", Err(TypedTimeError::Skipped)),
            ("2026-03-29T03:00", Ok("2026-03-29T01:00:00Z 60")),
            ("2026-10-25T02:30", Err(TypedTimeError::Repeated)),
            ("2026-10-25T02:30+02:00", Ok("2026-10-25T00:30:00Z 60")),
            ("2026-10-25T02:30+01:00", Ok("2026-10-25T01:30:00Z 60")),
            ("2026-10-25T03:00", Ok("2026-10-25T02:00:00Z 60")),
        ] {
            assert_eq!(read(text, berlin), expected.map(str::to_owned), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_may_be_given(text: String, near in "-?[0-9/-]{0,14}[Tt ]?[0-9:.+-]{0,14}[Zdhms]?") {
            for text in [text, near] {
                let _ = parse(&text, &in_zone(Zone::UTC));
                let _ = parse(&text, &in_zone("America/Sao_Paulo".parse().unwrap()));
            }
        }

        #[test]
        fn a_time_is_read_as_it_is_written(secs in -2_208_988_800i64..4_133_980_800, minutes in -900i32..900) {
            let zone = Zone::Fixed(60 * minutes);
            let shown = zone.rfc3339(secs);
            prop_assert_eq!(parse(&shown, &in_zone(Zone::UTC)), Ok(TypedTime::Part { first: secs, last: secs }));
            let day = zone.shown(secs).date();
            let time = parse(&day.format("%Y%m%d").to_string(), &in_zone(zone)).unwrap();
            prop_assert_eq!(time, TypedTime::Day(Day::Dated(day)));
            prop_assert!(time.first(zone).unwrap() <= secs && secs <= time.last(zone).unwrap());
        }
    }
}
