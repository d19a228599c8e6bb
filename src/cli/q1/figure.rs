//! The one figure: how many users came back.
use chrono::{Datelike, NaiveDate};
use votekit::report::{Report, Value};
use votekit::retention::{Answer, Collation, NameSeen, Period};
use votekit::units::Zone;

use super::question::Asked;
use super::zero;
use crate::cli::terminal::console::{Console, printable};
use crate::cli::terminal::output::{self, Format};

/// Prints the answer, and warns of what it does not tell.
///
/// # Errors
/// When stdout cannot be written.
pub(super) fn show(
    asked: &Asked,
    answer: &Answer,
    names: Option<&[NameSeen]>,
    collation: Collation,
    is_sample: bool,
    format: Format,
    console: &Console,
) -> anyhow::Result<()> {
    let question = &asked.question;
    if is_sample {
        output::print(&Report::sample("users", answer.users), format, console)?;
    } else if format == Format::Table {
        output::write_stdout(&sentence(asked, answer))?;
    } else {
        output::print(&report(asked, answer), format, console)?;
    }
    if answer.cohort_users == 0 {
        let period = Period::day(question.install_day);
        console.warn(&match &asked.install_column {
            Some(column) => format!("no row has a {column} on {}", question.install_day),
            None => zero::empty_cohort(&question.event, period, names, collation),
        });
    }
    if let Some(open) = zero::open_window(question, &answer.end) {
        console.warn(&open);
        if let Some(late) = zero::late_events(&answer.end) {
            console.warn(&late);
        }
    }
    Ok(())
}

fn report(asked: &Asked, answer: &Answer) -> Report {
    let question = &asked.question;
    let mut report = Report::figure("users", answer.users);
    ask(&mut report, asked);
    report.asked("install_day", question.install_day.to_string());
    report.asked("from", question.from.to_string());
    report.asked("to", question.to.to_string());
    report.beside("cohort_users", answer.cohort_users);
    report.beside("share", share(answer));
    report
}

/// What every question says of itself.
pub(super) fn ask(report: &mut Report, asked: &Asked) {
    match &asked.install_column {
        Some(column) => report.asked("install_column", column.as_str()),
        None => report.asked("event", asked.question.event.as_str()),
    }
    report.asked("time_zone", asked.zone.to_string());
}

fn share(answer: &Answer) -> Value {
    if answer.cohort_users == 0 { Value::Null } else { Value::Share(answer.users as f64 / answer.cohort_users as f64) }
}

/// `3 of 8 users (37.5 %) with FIRST_INSTALL on 1 April 2017 came back from 2 to 8 April`.
fn sentence(asked: &Asked, answer: &Answer) -> String {
    let question = &asked.question;
    let count = |number: u64| output::grouped(number.into());
    let share = match share(answer) {
        Value::Share(share) => format!(" ({:.1} %)", share * 100.0),
        _ => String::new(),
    };
    let users = if answer.cohort_users == 1 { "user" } else { "users" };
    let zone = if asked.zone == Zone::UTC { String::new() } else { format!(" ({})", asked.zone) };
    format!(
        "{} of {} {users}{share} with {} on {} came back {}{zone}\n",
        count(answer.users),
        count(answer.cohort_users),
        printable(&asked.membership()),
        date(question.install_day),
        span(question.install_day, question.from, question.to),
    )
}

fn date(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// The days from `from` to `to`, without what they share with `before` and with each other.
fn span(before: NaiveDate, from: NaiveDate, to: NaiveDate) -> String {
    let year = |day: NaiveDate| if day.year() == before.year() { "" } else { " %Y" };
    let last = to.format(&format!("%-d %B{}", year(to))).to_string();
    if from == to {
        return format!("on {last}");
    }
    let first = match () {
        () if (from.year(), from.month()) == (to.year(), to.month()) => "%-d".to_owned(),
        () if from.year() == to.year() => "%-d %B".to_owned(),
        () => format!("%-d %B{}", year(from)),
    };
    format!("from {} to {last}", from.format(&first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_say_what_they_do_not_share() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (before, from, to, expected) in [
            ("2017-04-01", "2017-04-02", "2017-04-08", "from 2 to 8 April"),
            ("2017-04-28", "2017-04-29", "2017-05-05", "from 29 April to 5 May"),
            ("2017-12-28", "2017-12-29", "2018-01-04", "from 29 December to 4 January 2018"),
            ("2017-12-31", "2018-01-01", "2018-01-07", "from 1 to 7 January 2018"),
            ("2017-04-01", "2017-04-02", "2017-04-02", "on 2 April"),
        ] {
            assert_eq!(span(day(before), day(from), day(to)), expected);
        }
    }
}
