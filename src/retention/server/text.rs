//! The text for a table of another name or with other columns.
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::retention::names::TableNames;
use crate::retention::question::SQL;

/// A name of the text, where it stands for the table or, behind an alias, for a column.
static NAMES: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "it is constant, and a test uses it")]
    Regex::new(r"\bpiwik_track\b|\.(time|uid|event_name)\b").expect("a valid pattern")
});

/// `sql/q1.sql` itself for the usual names; for others the same text with these, quoted, and without its comments.
pub(super) fn text(names: &TableNames) -> String {
    with_names(SQL, names)
}

/// The time of the latest event. By name, so that an index on `(event_name, time, uid)` need be looked into only once a name.
pub(super) fn latest(names: &TableNames) -> String {
    with_names(
        "SELECT MAX(latest) FROM (SELECT MAX(e.time) AS latest FROM piwik_track AS e GROUP BY e.event_name) AS by_name",
        names,
    )
}

fn with_names(sql: &str, names: &TableNames) -> String {
    if *names == TableNames::default() {
        return sql.to_owned();
    }
    // A name could end a comment's line.
    let code: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let named = |found: &Captures<'_>| match found.get(1).map(|column| column.as_str()) {
        None => quoted(&names.table),
        Some("time") => format!(".{}", quoted(&names.columns.time)),
        Some("uid") => format!(".{}", quoted(&names.columns.uid)),
        Some(_) => format!(".{}", quoted(&names.columns.event_name)),
    };
    NAMES.replace_all(&code.join("\n"), named).into_owned()
}

/// `name` as `MySQL` takes any name: in backticks, those in it doubled.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::retention::names::EventNames;

    #[test]
    fn the_usual_names_leave_the_text_as_it_is() {
        assert_eq!(text(&TableNames::default()), SQL);
    }

    #[test]
    fn other_names_stand_wherever_the_usual_ones_did() {
        let columns = EventNames {
            time: "server_time".to_owned(),
            uid: "idvisitor".to_owned(),
            event_name: "action.name".to_owned(),
        };
        let text = text(&TableNames { table: "log`; DROP TABLE x; --\n".to_owned(), columns });
        assert_eq!(text.matches("FROM `log``; DROP TABLE x; --\n` AS ").count(), 2, "{text}");
        let usual = Regex::new(r"(?i)\b(piwik_track|time|uid|event_name)\b").unwrap();
        assert!(!usual.is_match(&text), "{text}");
        for column in [".`server_time` ", ".`idvisitor`", ".`action.name` ="] {
            assert!(text.contains(column), "{column} in {text}");
        }
    }
}
