//! A moment of UTC to the second, and days as numbers.
use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};

/// A day as its number from the first of the year 1; None for the zero date.
pub(super) type DayNumber = Option<i32>;

/// The number of `day`.
pub(super) fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// A moment to the second, in UTC. A fraction is rounded to the nearest second, as `MySQL` does when it stores a DATETIME.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// The day of UTC; None for `MySQL`'s zero date, which is before all days.
    pub(super) day: DayNumber,
    /// Seconds since midnight, below 86,400.
    pub(super) second: u32,
}

impl Moment {
    /// MySQL's `0000-00-00 00:00:00`, which is before every day.
    pub(super) const ZERO: Moment = Moment { day: None, second: 0 };

    /// As `MySQL` writes a DATETIME: `2017-04-01 10:00:00`.
    pub(super) fn text(self) -> [u8; 19] {
        let mut text = *b"0000-00-00 00:00:00";
        let date = self.day.and_then(NaiveDate::from_num_days_from_ce_opt);
        let (year, month, day) = date.map_or((0, 0, 0), |date| (date.year().unsigned_abs(), date.month(), date.day()));
        let (hour, minute, second) = (self.second / 3600, self.second / 60 % 60, self.second % 60);
        let pairs = [(0, year / 100), (2, year % 100), (5, month), (8, day), (11, hour), (14, minute), (17, second)];
        for (at, number) in pairs {
            (text[at], text[at + 1]) = (b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8);
        }
        text
    }

    /// The next second; the calendar's last second stays.
    pub(super) fn next(self) -> Self {
        const LAST_DAY: i32 = 3_652_059;
        match (self.day, self.second) {
            (Some(LAST_DAY), 86_399) | (None, _) => self,
            (Some(day), 86_399) => Moment { day: Some(day + 1), second: 0 },
            (day, second) => Moment { day, second: second + 1 },
        }
    }

    /// The moment `at`, of UTC.
    pub(super) fn of(at: NaiveDateTime) -> Self {
        Moment { day: Some(day_number(at.date())), second: at.num_seconds_from_midnight() }
    }
}
