//! `votekit logsum --follow`: prints the result again as the files grow.
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::Context;
use votekit::rows::BAD_ROWS_KEPT;
use votekit::weblog::{FollowedLog, GroupCounter, GroupRun, Notice, SumOptions, Totals};

use super::answers::{About, Answers};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::live::Live;
use crate::cli::terminal::output::{self, Format, Place};

/// How often files are polled: faster than the eye needs, and a poll is one `stat` per file.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// In a pipe, results come at most this often.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Follows `files` until the program is stopped or stdout is closed.
///
/// # Errors
/// When the options do not go with following, a file cannot be read or is not a log, groups outgrow their memory, or stdout
/// cannot be written.
pub(super) fn run(
    files: &[PathBuf],
    options: &SumOptions,
    answers: &Answers,
    groups: &GroupRun<'_>,
    about: &About,
    format: Format,
    console: &Console,
) -> anyhow::Result<()> {
    if files.iter().any(|path| path == Path::new("-")) {
        return Err(exit::misuse("--follow needs files by name: a pipe cannot be rotated or read again"));
    }
    if format.traits().end_in_series.is_none() {
        return Err(exit::misuse(
            "--follow tells one result after the other, which csv cannot hold: use --format json",
        ));
    }
    let mut counter = (!answers.by.is_empty()).then(|| groups.counter());
    let mut logs: Vec<FollowedLog> = files.iter().map(|path| FollowedLog::new(path, options)).collect();
    let mut totals = Totals::default();
    let mut live = Live::new(format.traits().is_for_people, console.colors_stdout());
    let tell_every = if live.in_place() { LOOK_EVERY } else { TELL_EVERY };
    let mut told: Option<Instant> = None;
    let mut news = true;
    let mut bad_told = BAD_ROWS_KEPT as u64;
    loop {
        for log in &mut logs {
            let polled = log.poll(options, &mut totals, &mut counter, &mut |notice| {
                live.leave();
                tell(notice, console);
            });
            news |= polled.context("no sum")?;
        }
        // The first were reported one by one; a log full of them must not fill the terminal.
        if totals.rows.bad >= 2 * bad_told {
            live.leave();
            console.warn(&format!("{} rows could not be read up to now and are not in the sum", totals.rows.bad));
            bad_told = totals.rows.bad;
        }
        if news && told.is_none_or(|at| at.elapsed() >= tell_every) {
            live.show(&text(&totals, counter.as_mut(), answers, about, format, console)?)?;
            told = Some(Instant::now());
            news = false;
        }
        sleep(LOOK_EVERY);
    }
}

/// The result so far. Where results follow each other, groups end as the format wants it.
fn text(
    totals: &Totals,
    counter: Option<&mut GroupCounter<'_>>,
    answers: &Answers,
    about: &About,
    format: Format,
    console: &Console,
) -> anyhow::Result<String> {
    let Some(counter) = counter else {
        let report = about.figure(totals);
        let console = console.with_human_bytes(answers.human_bytes);
        return output::text(&report, format, Place::InSeries, &console);
    };
    let text = answers.text(&counter.so_far()?, totals, about, format, Place::InSeries, console)?;
    Ok(text + format.traits().end_in_series.unwrap_or_default())
}

fn tell(notice: Notice, console: &Console) {
    match notice {
        Notice::Missing(input) => console.warn(&format!("{input} is not there: waiting for it")),
        Notice::Rotated(input) => console.note(&format!("{input} is another file now: reading on at its start")),
        Notice::Truncated { input, lost_bytes: 0 } => {
            console.note(&format!("{input} was truncated: reading on at its start"));
        }
        Notice::Truncated { input, lost_bytes } => console.warn(&format!(
            "{input} was truncated in the middle of a line: {lost_bytes} bytes are in no row; reading on at its start"
        )),
        Notice::Bad(bad) => console.warn(&format!("a row could not be read and is not in the sum: {bad}")),
    }
}
