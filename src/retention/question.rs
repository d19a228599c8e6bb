//! The question and its SQL text.
use chrono::{Datelike, NaiveDate};

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
    /// The names and values of the text's parameters, for `SQLite` and `MySQL`. The calendar has no day after its last, so
    /// `calendar_end` stands for the midnight at its end.
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

/// Days from a first to a last, both included; at most [`DAYS_MOST`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySpan {
    pub(super) first: NaiveDate,
    pub(super) last: NaiveDate,
}

/// The most days that one run can tell apart: a day's place in its span is stored in a byte.
pub const DAYS_MOST: usize = 256;

impl DaySpan {
    /// From `first` to `last`; None if that is no day, or more than [`DAYS_MOST`].
    pub fn new(first: NaiveDate, last: NaiveDate) -> Option<Self> {
        let days = (last - first).num_days();
        (0..DAYS_MOST as i64).contains(&days).then_some(DaySpan { first, last })
    }

    /// Its days, in order.
    pub fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take(self.len())
    }

    /// How many days it has.
    #[allow(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(self) -> usize {
        (self.last - self.first).num_days() as usize + 1
    }

    /// The index of `day` among its days.
    pub(super) fn place(self, day: NaiveDate) -> Option<usize> {
        (self.first <= day && day <= self.last).then(|| (day - self.first).num_days() as usize)
    }
}
