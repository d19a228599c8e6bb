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
    /// The values of the text's parameters, by name, as both engines take them.
    pub fn parameters(&self) -> [(&'static str, String); 5] {
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

fn midnight_after(day: NaiveDate) -> String {
    // MySQL has no day behind its last one: its last microsecond stands for it.
    let next = day.succ_opt().filter(|next| next.year() <= 9999);
    next.map_or_else(|| "9999-12-31 23:59:59.999999".to_owned(), midnight)
}
