//! What is said of logs that cannot be read.
use votekit::weblog::{LogError, Totals};

use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;

/// How many different failures are listed.
const FAILURES_LISTED: usize = 20;
/// How many logs are listed that fail alike.
const LOGS_LISTED: usize = 3;

/// The error for logs that cannot be read. Reports the sum of the others, on stderr only: on stdout it would pass for the sum
/// of all.
pub(super) fn partial(totals: &Totals, mut failed: Vec<LogError>, inputs: usize, console: &Console) -> anyhow::Error {
    let read = totals.formats.len();
    if read > 0 {
        console.warn(&format!(
            "partial: {} bytes in the {read} of {inputs} logs that could be read; nothing is printed on stdout, for it is not \
             the sum of all",
            totals.bytes
        ));
    }
    let count = failed.len();
    if let Some(only) = failed.pop_if(|_| count == 1) {
        return anyhow::Error::from(only).context("no sum");
    }
    let failures = failures(failed);
    let mut text = format!("no sum, for {count} logs cannot be read:");
    for failure in failures.iter().take(FAILURES_LISTED) {
        text.push('\n');
        text.push_str(&failure.in_words());
    }
    if failures.len() > FAILURES_LISTED {
        text.push_str(&format!("\n… and {} more", failures.len() - FAILURES_LISTED));
    }
    anyhow::anyhow!(text)
}

/// What remains to be said with `--keep-going`: which logs are not in the sum that was printed.
pub(super) fn left_out(failed: Vec<LogError>, inputs: usize) -> anyhow::Error {
    let count = failed.len();
    let mut text = format!("{count} of {inputs} logs could not be read and are not in the sum:");
    for failure in failures(failed).iter().take(FAILURES_LISTED) {
        text.push('\n');
        text.push_str(&failure.in_words());
    }
    exit::partial(text)
}

/// What is wrong with one log, and the names of others with the same.
#[derive(Debug)]
struct Failure {
    text: String,
    /// The text with the log's name left out.
    cause: String,
    others: Vec<String>,
}

/// Failures in their order, the same ones of several logs as one.
fn failures(failed: Vec<LogError>) -> Vec<Failure> {
    let mut failures: Vec<Failure> = Vec::new();
    for error in failed {
        let name = error.input().unwrap_or_default().to_owned();
        let text = format!("{:#}", anyhow::Error::from(error));
        let cause = if name.is_empty() { text.clone() } else { text.replace(&name, "") };
        match failures.iter_mut().find(|failure| failure.cause == cause) {
            Some(same) => same.others.push(name),
            None => failures.push(Failure { text, cause, others: Vec::new() }),
        }
    }
    failures
}

impl Failure {
    fn in_words(&self) -> String {
        let Failure { text, others, .. } = self;
        let names = others.iter().take(LOGS_LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
        match others.len() {
            0 => text.clone(),
            listed if listed <= LOGS_LISTED => format!("{text} (the same: {names})"),
            all => format!("{text} (the same: {names} and {} more)", all - LOGS_LISTED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_failure_of_many_logs_is_told_once() {
        let broken = |name: &str| LogError::GaveUp(name.to_owned());
        let text = |names: &[&str]| {
            let failures = failures(names.iter().map(|name| broken(name)).collect());
            failures.iter().map(Failure::in_words).collect::<Vec<_>>()
        };
        assert_eq!(text(&["1.log"]), ["1.log was not read to its end"]);
        assert_eq!(text(&["1.log", "2.log"]), ["1.log was not read to its end (the same: 2.log)"]);
        assert_eq!(
            text(&["1.log", "2.log", "3.log", "4.log", "5.log", "6.log"]),
            ["1.log was not read to its end (the same: 2.log, 3.log, 4.log and 2 more)"]
        );
    }
}
