//! The text for a table of another name or with other columns.
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::retention::question::SQL;

/// Where the events are on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// Its column of times.
    pub time: String,
    /// Its column of users.
    pub uid: String,
    /// Its column of events' names.
    pub event_name: String,
}

impl Default for Table {
    fn default() -> Self {
        Table {
            name: "piwik_track".to_owned(),
            time: "time".to_owned(),
            uid: "uid".to_owned(),
            event_name: "event_name".to_owned(),
        }
    }
}

/// A name of the text, where it stands for the table or, behind an alias, for a column.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "it is constant, and a test uses it")]
    Regex::new(r"\bpiwik_track\b|\.(time|uid|event_name)\b").expect("a valid pattern")
});

impl Table {
    /// `sql/q1.sql` itself for the usual names; for others the same text with these, quoted, and without its comments.
    pub(super) fn text(&self) -> String {
        if *self == Table::default() {
            return SQL.to_owned();
        }
        // A name could end a comment's line.
        let code: Vec<&str> = SQL.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        let named = |found: &Captures<'_>| match found.get(1).map(|column| column.as_str()) {
            None => quoted(&self.name),
            Some("time") => format!(".{}", quoted(&self.time)),
            Some("uid") => format!(".{}", quoted(&self.uid)),
            Some(_) => format!(".{}", quoted(&self.event_name)),
        };
        NAMES.replace_all(&code.join("\n"), named).into_owned()
    }
}

/// `name` as MySQL takes any name: in backticks, those in it doubled.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_names_leave_the_text_as_it_is() {
        assert_eq!(Table::default().text(), SQL);
    }

    #[test]
    fn other_names_stand_wherever_the_usual_ones_did() {
        let table = Table {
            name: "log`; DROP TABLE x; --\n".to_owned(),
            time: "server_time".to_owned(),
            uid: "idvisitor".to_owned(),
            event_name: "action.name".to_owned(),
        };
        let text = table.text();
        assert_eq!(text.matches("FROM `log``; DROP TABLE x; --\n` AS ").count(), 2, "{text}");
        let usual = Regex::new(r"(?i)\b(piwik_track|time|uid|event_name)\b").expect("a valid pattern");
        assert!(!usual.is_match(&text), "{text}");
        for column in [".`server_time` ", ".`idvisitor`", ".`action.name` ="] {
            assert!(text.contains(column), "{column} in {text}");
        }
    }
}
