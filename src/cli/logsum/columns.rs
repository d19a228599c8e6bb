//! Columns that were asked for and are not there.
use votekit::nearest::nearest;
use votekit::weblog::by::{By, KEYS};
use votekit::weblog::{Column, Needs, Totals};

use crate::cli::terminal::console::Console;

/// How many names of columns an error lists.
const NAMES_LISTED: usize = 60;

/// Checks that some log has each column that the run asks for, also for the keys `by`; warns of logs that lack one.
///
/// # Errors
/// With the first column that no log has.
pub(super) fn check(totals: &Totals, needs: &Needs, by: &[By], console: &Console) -> anyhow::Result<()> {
    let is_needed = |column: &Column| matches!(column, Column::Status | Column::Named(_));
    for (place, column) in needs.columns.iter().enumerate().filter(|(_, column)| is_needed(column)) {
        let lacking: Vec<&str> =
            totals.without.iter().filter(|(_, lacked)| *lacked == place).map(|(name, _)| name.as_str()).collect();
        let Some(first) = lacking.first() else { continue };
        let name = column.name();
        let is_key = by.iter().any(|key| key.needed_column() == Some(column));
        if totals.columns.get(place).copied().unwrap_or(false) {
            let more = if lacking.len() > 1 { format!(" and {} more", lacking.len() - 1) } else { String::new() };
            console.warn(&format!("{first}{more} has no column {name}: its rows have no value there"));
            continue;
        }
        let names = totals.column_names.iter().map(String::as_str);
        // A misspelled key of --by is taken for a column.
        let keys = KEYS.iter().map(By::name).filter(|_| is_key);
        let meant = nearest(name, names.clone().chain(keys.clone()))
            .map_or(String::new(), |nearest| format!(": did you mean {nearest}?"));
        let mut listed: Vec<&str> = names.take(NAMES_LISTED).collect();
        if totals.column_names.len() > NAMES_LISTED {
            listed.push("…");
        }
        let keys: Vec<&str> = keys.collect();
        let keys = if keys.is_empty() { String::new() } else { format!("; other keys of --by: {}", keys.join(", ")) };
        anyhow::bail!("no sum: {first} has no column {name}{meant}; it has: {}{keys}", listed.join(", "));
    }
    Ok(())
}
