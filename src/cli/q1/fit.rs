//! Tables of cohorts that fit a terminal: a number or a date is never broken over two lines.
use unicode_width::UnicodeWidthStr;
use votekit::report::{Report, Value};

use crate::cli::terminal::output;

/// What a cell takes besides its text: a blank on either side, and one between columns.
const AROUND: usize = 3;
/// Shown for columns that are left out.
const ELLIPSIS: &str = "…";

/// `report` with the names `short` for its last columns where it is wider than `width`, and then with fewer of these columns.
pub(super) fn fitted(mut report: Report, short: &[String], width: usize) -> Report {
    if table_width(&report) <= width {
        return report;
    }
    let first = report.columns.len() - short.len();
    report.columns.truncate(first);
    report.columns.extend(short.iter().cloned());
    let mut kept = report.columns.len();
    while kept > first + 1 && table_width(&report) > width {
        // The last column stays: it says how far the table goes.
        let cut = kept - 2;
        if report.columns[cut] != ELLIPSIS {
            report.columns[cut] = ELLIPSIS.to_owned();
            report.rows.iter_mut().for_each(|row| row[cut] = Value::Text(ELLIPSIS.to_owned()));
        } else {
            report.columns.remove(cut - 1);
            report.rows.iter_mut().for_each(|row| _ = row.remove(cut - 1));
            kept -= 1;
        }
        if cut <= first + 1 && table_width(&report) > width {
            break;
        }
    }
    report
}

fn table_width(report: &Report) -> usize {
    let widths = report.columns.iter().enumerate().map(|(at, name)| {
        let cells = report.rows.iter().map(|row| output::for_people(&row[at], false).width());
        cells.max().unwrap_or(0).max(name.width()) + AROUND
    });
    widths.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn triangle() -> Report {
        let mut report =
            Report::table("cohorts", &["cohort", "cohort_users", "day_1", "day_2", "day_3", "day_4", "day_5"]);
        let numbers = (1..=5u64).map(|day| Value::from(1_000 * day));
        report.row([Value::from("2017-04-01"), Value::from(9_999u64)].into_iter().chain(numbers));
        report
    }

    #[test]
    fn a_table_gets_short_names_and_then_fewer_columns() {
        let short: Vec<String> = (1..=5).map(|day| format!("d{day}")).collect();
        let fitted = |width| fitted(triangle(), &short, width);
        assert_eq!(fitted(80).columns[2..], ["day_1", "day_2", "day_3", "day_4", "day_5"]);
        for width in [40, 50, 60, 67] {
            let report = fitted(width);
            assert!(table_width(&report) <= width.max(45), "{width}: {:?}", report.columns);
            assert!(report.columns.contains(&"d5".to_owned()), "{:?}", report.columns);
            assert!(report.rows.iter().all(|row| row.len() == report.columns.len()));
        }
        assert!(fitted(50).columns.contains(&ELLIPSIS.to_owned()));
    }
}
