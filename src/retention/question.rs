//! What is asked, and the text that asks it.
use chrono::{Datelike, NaiveDate};

/// `sql/q1.sql`, the one text for SQLite and for MySQL.
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
    /// The name of the event that makes a user one of the cohort.
    pub event: String,
}

impl Question {
    /// The values of the text's parameters, by name, as both engines take them; no day is behind the calendar's last one, so
    /// that `calendar_end` stands for the midnight that ends it.
    pub fn parameters(&self, calendar_end: &str) -> [(&'static str, String); 5] {
        let midnight_after = |day: NaiveDate| {
            let next = day.succ_opt().filter(|next| next.year() <= 9999);
            next.map_or_else(|| calendar_end.to_owned(), midnight)
        };
        [
            ("@install_day", midnight(self.install_day)),
            ("@install_before_day", midnight_after(self.install_day)),
            ("@from_day", midnight(self.from)),
            ("@before_day", midnight_after(self.to)),
            ("@event", self.event.clone()),
        ]
    }
}

fn midnight(day: NaiveDate) -> String {
    day.format("%Y-%m-%d").to_string()
}

/// Days from a first to a last one, both whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySpan {
    pub(super) first: NaiveDate,
    pub(super) last: NaiveDate,
}

/// More days than this cannot be told apart in one run: a day's place is kept in a byte.
pub const DAYS_MOST: usize = 256;

impl DaySpan {
    /// From `first` to `last`; None where that is no day or more than [`DAYS_MOST`].
    pub fn new(first: NaiveDate, last: NaiveDate) -> Option<Self> {
        let days = (last - first).num_days();
        (0..DAYS_MOST as i64).contains(&days).then_some(DaySpan { first, last })
    }

    /// Its days, in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take(self.len())
    }

    /// How many these are.
    #[allow(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(self) -> usize {
        (self.last - self.first).num_days() as usize + 1
    }

    /// Which of its days `day` is, from 0.
    pub(super) fn place(self, day: NaiveDate) -> Option<usize> {
        (self.first <= day && day <= self.last).then(|| (day - self.first).num_days() as usize)
    }
}
