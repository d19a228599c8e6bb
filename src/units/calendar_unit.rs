//! Minutes, hours, days, weeks and months of the calendar.
use chrono::{Datelike, Days, Months, NaiveDateTime, TimeDelta};

/// A unit of the calendar, ordered from short to long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CalendarUnit {
    /// 60 seconds, from a whole minute.
    Minute,
    /// 60 minutes, from a whole hour.
    Hour,
    /// 24 hours, from midnight.
    Day,
    /// Seven days, from Monday: a week of ISO 8601.
    Week,
    /// 28 to 31 days, from the first of the month.
    Month,
}

impl CalendarUnit {
    /// The name, in the singular: `minute`.
    pub fn name(self) -> &'static str {
        match self {
            CalendarUnit::Minute => "minute",
            CalendarUnit::Hour => "hour",
            CalendarUnit::Day => "day",
            CalendarUnit::Week => "week",
            CalendarUnit::Month => "month",
        }
    }

    /// chrono's format for the start of one: `2019-08-24T10:00`, `2019-08-24`, `2019-W34` or `2019-08`.
    /// As texts, these sort like the times.
    pub fn format(self) -> &'static str {
        match self {
            CalendarUnit::Minute | CalendarUnit::Hour => "%Y-%m-%dT%H:%M",
            CalendarUnit::Day => "%Y-%m-%d",
            CalendarUnit::Week => "%G-W%V",
            CalendarUnit::Month => "%Y-%m",
        }
    }

    /// The number of whole units from `first` to `later`; 0 if `later` is earlier.
    pub fn count(self, first: NaiveDateTime, later: NaiveDateTime) -> usize {
        let months = |at: NaiveDateTime| i64::from(at.year()) * 12 + i64::from(at.month0());
        let units = match self {
            CalendarUnit::Minute => (later - first).num_minutes(),
            CalendarUnit::Hour => (later - first).num_hours(),
            CalendarUnit::Day => (later - first).num_days(),
            CalendarUnit::Week => (later - first).num_weeks(),
            CalendarUnit::Month => months(later) - months(first),
        };
        usize::try_from(units).unwrap_or(0)
    }

    /// The time `count` units after `first`; None past the end of the calendar.
    pub fn after(self, first: NaiveDateTime, count: usize) -> Option<NaiveDateTime> {
        let units = i64::try_from(count).ok()?;
        match self {
            CalendarUnit::Minute => first.checked_add_signed(TimeDelta::try_minutes(units)?),
            CalendarUnit::Hour => first.checked_add_signed(TimeDelta::try_hours(units)?),
            CalendarUnit::Day => first.checked_add_days(Days::new(count as u64)),
            CalendarUnit::Week => first.checked_add_signed(TimeDelta::try_weeks(units)?),
            CalendarUnit::Month => first.checked_add_months(Months::new(u32::try_from(count).ok()?)),
        }
    }
}
