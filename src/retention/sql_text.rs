//! The texts of `sql/` for a table of another name, with other columns, or whose rows say when their user installed.
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::names::TableNames;
use super::question::{Borders, Question, SQL};
use crate::units::Zone;

pub(super) const CELL: &str = include_str!("../../sql/q1/cell.sql");
pub(super) const CELL_BY_VALUE: &str = include_str!("../../sql/q1/cell_by_value.sql");
pub(super) const DAYS: &str = include_str!("../../sql/q1/days.sql");
#[cfg(feature = "mysql")]
pub(super) const LATEST: &str = include_str!("../../sql/q1/latest.sql");
pub(super) const NAMES: &str = include_str!("../../sql/q1/names.sql");

/// `MySQL` has no time after the calendar's last day, so its last microsecond ends the day, and is itself left out.
pub(super) const MYSQL_CALENDAR_END: &str = "9999-12-31 23:59:59.999999";

/// Where the texts say which event is an install.
const INSTALLS: [&str; 2] = [
    "(install.event_name = @event OR @event IS NULL AND install.event_name = 'FIRST_INSTALL')",
    "install.event_name = @event",
];
/// Where sql/q1.sql names the usual event.
const USUAL_EVENT: &str = "'FIRST_INSTALL'";

/// A name in the texts, as the table or, after an alias, as a column.
static PLACES: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "it is constant, and a test uses it")]
    Regex::new(r"\bpiwik_track\b|\b(\w+)\.(time|uid|event_name|value)\b").expect("a valid pattern")
});

/// `sql` for rows that say when their user installed: each of them is an install, at that time. In `SQLite` the view has the
/// column `install_time`.
pub(super) fn for_install_times(sql: &str) -> String {
    let sql = INSTALLS.iter().fold(sql.to_owned(), |sql, place| sql.replace(place, "@event IS NULL"));
    sql.replace("install.time", "install.install_time")
}

/// `sql` itself for the usual names; for others the same text with these, quoted as `MySQL` does, and without its comments.
pub(super) fn for_table(sql: &str, names: &TableNames) -> String {
    if *names == TableNames::default() {
        return sql.to_owned();
    }
    let columns = &names.columns;
    let sql = match columns.install_time {
        Some(_) => INSTALLS.iter().fold(sql.to_owned(), |sql, place| sql.replace(place, "@event IS NULL")),
        None => sql.to_owned(),
    };
    // A name could end a comment's line.
    let code: Vec<&str> = sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let named = |found: &Captures<'_>| {
        let (Some(alias), Some(column)) = (found.get(1), found.get(2)) else { return quoted(&names.table) };
        let alias = alias.as_str();
        match column.as_str() {
            "time" if alias == "install" => {
                format!("{alias}.{}", quoted(columns.install_time.as_ref().unwrap_or(&columns.time)))
            }
            "time" => format!("{alias}.{}", quoted(&columns.time)),
            "uid" => format!("{alias}.{}", quoted(&columns.uid)),
            "value" => {
                let column = columns.kept.first().map(|column| quoted(column)).unwrap_or_default();
                format!("CONVERT({alias}.{column} USING utf8mb4)")
            }
            _ => format!("{alias}.{}", quoted(&columns.event_name)),
        }
    };
    PLACES.replace_all(&code.join("\n"), named).into_owned()
}

/// The text that `MySQL`'s client runs to answer `question`: `sql/q1.sql`, with the question's values set before it.
pub fn with_values(question: &Question, zone: Zone, names: &TableNames) -> String {
    let borders = Borders { zone, calendar_end: MYSQL_CALENDAR_END };
    let settings: Vec<String> = question
        // The event is in the text itself.
        .parameters(borders, false)
        .into_iter()
        .map(|(name, value)| match value {
            Some(value) => format!("{name} = '{value}'"),
            None => format!("{name} = NULL"),
        })
        .collect();
    // A literal takes the collation of the column that it is compared with; a variable would not.
    let event = question.event.replace('\\', "\\\\").replace('\'', "''");
    let sql = for_table(SQL, names);
    let sql = match names.columns.install_time {
        Some(_) => sql,
        None => sql.replace(USUAL_EVENT, &format!("'{event}'")),
    };
    format!("SET {};\n{sql}\n", settings.join(",\n    "))
}

/// `name` as `MySQL` takes any name: in backticks, those in it doubled.
fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::names::EventNames;
    use super::*;

    #[test]
    fn the_usual_names_leave_the_text_as_it_is() {
        assert_eq!(for_table(SQL, &TableNames::default()), SQL);
    }

    #[test]
    fn other_names_replace_the_usual_ones_everywhere() {
        let columns = EventNames {
            time: "server_time".to_owned(),
            uid: "idvisitor".to_owned(),
            event_name: "action.name".to_owned(),
            kept: vec!["country".to_owned()],
            ..EventNames::default()
        };
        let names = TableNames { table: "log`; DROP TABLE x; --\n".to_owned(), columns };
        let usual = Regex::new(r"(?i)\bpiwik_track\b|\.(time|uid|event_name)\b").unwrap();
        for sql in [SQL, CELL, CELL_BY_VALUE, DAYS, NAMES] {
            let text = for_table(sql, &names);
            assert!(text.contains("FROM `log``; DROP TABLE x; --\n` AS ") && !usual.is_match(&text), "{text}");
        }
        let text = for_table(SQL, &names);
        for column in [".`server_time` ", ".`idvisitor`", ".`action.name` ="] {
            assert!(text.contains(column), "{column} in {text}");
        }
        assert!(for_table(CELL_BY_VALUE, &names).contains("HEX(CONVERT(install.`country` USING utf8mb4))"));
    }

    #[test]
    fn rows_that_say_when_their_user_installed_need_no_event() {
        let columns = EventNames { install_time: Some("Install Time".to_owned()), ..EventNames::default() };
        let names = TableNames { columns, ..TableNames::default() };
        for sql in [SQL, CELL, CELL_BY_VALUE] {
            for text in [for_table(sql, &names), for_install_times(sql)] {
                let code: String = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
                assert!(code.contains("@event IS NULL") && !code.contains("install.event_name"), "{text}");
                assert!(code.contains("install.`Install Time`") || code.contains("install.install_time"), "{text}");
                assert!(code.contains("active.`time`") || code.contains("active.time"), "{text}");
            }
        }
    }
}
