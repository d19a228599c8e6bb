//! The question and its SQL text.
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime};

use crate::units::Zone;

/// `sql/q1.sql`, the one text for `SQLite` and for `MySQL`.
pub const SQL: &str = include_str!("../../sql/q1.sql");

/// Of the users with an `event` on `install_day`, how many have any event from `from` to `to`, both days whole?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The day of the install.
    pub install_day: NaiveDate,
    /// The window's first day.
    pub from: NaiveDate,
    /// The window's last day.
    pub to: NaiveDate,
    /// The name of the event that makes a user a member of the cohort.
    pub event: String,
}

impl Question {
    /// The names and values of the text's parameters. `is_event` says whether installs are events.
    pub(super) fn parameters(&self, borders: Borders, is_event: bool) -> [(&'static str, Option<String>); 5] {
        [
            ("@install_day", Some(borders.start(self.install_day))),
            ("@install_before_day", Some(borders.end(self.install_day))),
            ("@from_day", Some(borders.start(self.from))),
            ("@before_day", Some(borders.end(self.to))),
            ("@event", is_event.then(|| self.event.clone())),
        ]
    }
}

/// When days begin and end, as times of UTC in SQL.
#[derive(Debug, Clone, Copy)]
pub(super) struct Borders<'a> {
    pub(super) zone: Zone,
    /// Replaces the end of the calendar's last day.
    pub(super) calendar_end: &'a str,
}

impl Borders<'_> {
    /// The first moment of `day`. A midnight is the day alone, which compares with times of any form as text, too.
    pub(super) fn start(self, day: NaiveDate) -> String {
        let at = DateTime::from_timestamp(self.zone.day_start(day), 0).map_or(NaiveDateTime::MIN, |at| at.naive_utc());
        match at.year() {
            ..0 => "0000-00-00".to_owned(),
            10_000.. => self.calendar_end.to_owned(),
            _ if at.time() == NaiveTime::MIN => at.format("%Y-%m-%d").to_string(),
            _ => at.format("%Y-%m-%d %H:%M:%S").to_string(),
        }
    }

    /// The first moment after `day`.
    pub(super) fn end(self, day: NaiveDate) -> String {
        day.succ_opt().map_or_else(|| self.calendar_end.to_owned(), |next| self.start(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_by_the_clocks_of_the_zone() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (zone, first, start, end) in [
            (Zone::UTC, "2017-04-01", "2017-04-01", "2017-04-02"),
            (Zone::UTC, "9999-12-31", "9999-12-31", "the end"),
            (Zone::Fixed(8 * 3600), "2017-04-01", "2017-03-31 16:00:00", "2017-04-01 16:00:00"),
            (Zone::Fixed(-3600), "9999-12-31", "9999-12-31 01:00:00", "the end"),
            ("Europe/Berlin".parse().unwrap(), "2017-03-26", "2017-03-25 23:00:00", "2017-03-26 22:00:00"),
            // There, clocks skipped midnight.
            ("America/Sao_Paulo".parse().unwrap(), "2017-10-15", "2017-10-15 03:00:00", "2017-10-16 02:00:00"),
        ] {
            let borders = Borders { zone, calendar_end: "the end" };
            assert_eq!((borders.start(day(first)), borders.end(day(first))), (start.to_owned(), end.to_owned()));
        }
    }
}
