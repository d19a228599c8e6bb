//! Days and times as a log's clock shows them.
use chrono::{Datelike, NaiveDate};

/// A day, ordered by year, month and day; year 0 means any year. Packed into a word, since it is compared for every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(u32);

impl Date {
    /// Less than every day.
    pub const FIRST: Date = Date(0);
    /// Greater than every day.
    pub const LAST: Date = Date(u32::MAX);

    /// The earliest day of a request that is believed: the web is not older.
    pub const EARLIEST: Date = Date(1990 << 9 | 1 << 5 | 1);

    /// From year, month (1 to 12) and day (1 to 31).
    pub fn new(year: u32, month: u32, day: u32) -> Self {
        Date(year << 9 | month << 5 | day)
    }

    /// The same month and day in year 0.
    pub fn without_year(self) -> Self {
        Date(self.0 & 0x1ff)
    }

    /// Appends `2019-08-24` to `text`.
    pub fn write(self, text: &mut Vec<u8>) {
        let (year, month, day) = (self.0 >> 9, self.0 >> 5 & 0xf, self.0 & 0x1f);
        let digit = |number: u32| b'0' + (number % 10) as u8;
        text.extend([year / 1000, year / 100, year / 10, year].map(digit));
        text.push(b'-');
        text.extend([month / 10, month].map(digit));
        text.push(b'-');
        text.extend([day / 10, day].map(digit));
    }

    /// The day as a chrono date; None in year 0.
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

/// The time of a request: in UTC if the log gives an offset, else on the log's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogTime {
    /// The calendar day in the zone of the log's clock.
    pub date: Date,
    /// Seconds since midnight, 0 to 86,399.
    pub second: u32,
}

impl LogTime {
    /// From Unix seconds, in UTC, clamped to the years 1 to 9999.
    pub fn from_unix(secs: i64) -> Self {
        let within =
            chrono::DateTime::from_timestamp(secs.clamp(-62_135_596_800, 253_402_300_799), 0).unwrap_or_default();
        LogTime { date: within.date_naive().into(), second: secs.rem_euclid(86_400) as u32 }
    }

    /// The start of the minute, hour or day (60, 3,600 or 86,400 `unit_secs`) that contains this time.
    #[must_use]
    pub fn floor(self, unit_secs: u32) -> LogTime {
        LogTime { second: self.second - self.second % unit_secs, ..self }
    }

    /// The time `secs` seconds later (earlier if negative), as a clock with another offset shows it.
    #[must_use]
    pub fn shifted(self, secs: i32) -> LogTime {
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
        LogTime { date, second: second.rem_euclid(86_400) as u32 }
    }
}

/// `2019-08-24T10:28:13`
impl std::fmt::Display for LogTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (hour, minute, second) = (self.second / 3600, self.second / 60 % 60, self.second % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}", self.date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_clocks() {
        let noon = LogTime { date: Date::new(2019, 12, 31), second: 43_200 };
        assert_eq!(noon.shifted(8 * 3600), LogTime { date: Date::new(2019, 12, 31), second: 72_000 });
        assert_eq!(noon.shifted(12 * 3600), LogTime { date: Date::new(2020, 1, 1), second: 0 });
        assert_eq!(noon.shifted(-12 * 3600 - 1), LogTime { date: Date::new(2019, 12, 30), second: 86_399 });
    }
}
