//! `votekit logsum`: bytes of JPEGs that a CDN sent.
use std::path::{Path, PathBuf};

use anyhow::Context;
use votekit::report::{Report, Value};
use votekit::scan::{Input, ScanOptions};
use votekit::units::Day;
use votekit::weblog::{
    self, Choice, Column, DayRange, Filter, GroupRun, Media, Needs, Outcome, Sinks, Span, SumOptions, Totals,
};

use super::console::Console;
use super::output::{self, Format};
use super::{answers, exit, follow, stdin};

const EXAMPLES: &str = "\
Examples:
  votekit logsum access.log --from 2019-08-24 --to 2019-08-25   bytes of JPEGs on two days
  votekit logsum access.log --from 08-24 --to 08-25             the same days of any year
  zcat *.gz | votekit logsum                                    all days, from a pipe
  votekit logsum                                                the sample that is built in
  votekit logsum access.log --by day,ext --top 20 --human       groups, the most bytes first
  votekit logsum access.log --by hour --svg hours.svg           a picture for a report
  votekit logsum access.log --by dir --chart --follow           bars that grow with the log

A log has a header that names its columns date, size and url, or is of the four columns date, time, size, url; tabs stand
between them. JPEGs are told by the URL: .jpg, .jpeg, .jpe, .jfif, in any case. Rows that cannot be read are no part of the
sum; they are counted, and the first three told of.";

/// Sum the bytes of JPEGs in CDN logs
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Logs to read, - for stdin [default: stdin if something is there, else the built-in sample]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The first day: 2019-08-24, 24/8/2019, or 08-24 for any year
    #[arg(long, value_name = "DAY")]
    from: Option<Day>,
    /// The last day, whole
    #[arg(long, value_name = "DAY")]
    to: Option<Day>,
    /// Fail at the first row that cannot be read
    #[arg(long)]
    strict: bool,
    /// Go on as the files grow, as tail -F does: through truncation and rotation, until Ctrl-C
    ///
    /// The result is redrawn in place on a terminal; into a pipe it is told again when it changed, once a second at most. A
    /// file that is not there is waited for. What was counted stays counted when a file is truncated or replaced.
    #[arg(long, requires = "files")]
    follow: bool,
    #[command(flatten)]
    answers: answers::AnswerArgs,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When the options contradict each other, an input cannot be read or is no log, or stdout cannot be written.
    pub fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let days = DayRange::new(self.from, self.to).map_err(|error| exit::misuse(error.to_string()))?;
        let scan = ScanOptions::default();
        let answers = self.answers.meant(format, scan.threads, self.follow)?;
        let mut needs = Needs { time: false, columns: vec![Column::ContentType] };
        let run = GroupRun::new(&answers.by, &mut needs, 0, answers.groups);
        let options = SumOptions {
            filter: Filter { span: Span::days(days), media: Media::Jpeg, content_type: Some(0), tests: Vec::new() },
            needs,
            format: Choice::Detect,
            only_days: run.only_days(),
            strict: self.strict,
            scan,
        };
        let about = answers::About { rows: rows_in_words("JPEGs", self.from, self.to), clock: "UTC".to_owned() };
        if self.follow {
            return follow::run(&self.files, &options, &answers, &run, &about, format, console);
        }
        let inputs = inputs(&self.files, console);
        let bytes_total = inputs.iter().map(Input::bytes_total).sum();
        let bar = console.bar(bytes_total);
        let sinks = Sinks::new(|| run.counter());
        let Outcome { totals, failed } = if answers.by.is_empty() {
            weblog::sum(&inputs, &options, &Sinks::new(|| ()), &bar)
        } else {
            weblog::sum(&inputs, &options, &sinks, &bar)
        };
        let grouped = run.finish(sinks.into_all()).map_err(answers::way_out)?;
        if let Some(error) = failed.into_iter().next() {
            return Err(error).context("no sum");
        }
        drop(bar);
        if answers.by.is_empty() {
            let figure = Report::figure("bytes", Value::Bytes(totals.bytes));
            output::print(&figure, format, &console.with_human_bytes(answers.human_bytes))?;
        } else {
            output::write_stdout(&answers.text(&grouped, &about, format, console)?)?;
        }
        tell_of_bad_rows(&totals, console);
        Ok(())
    }
}

/// Which rows count, for the headline of a picture: `JPEGs, 2019-08-24 to 2019-08-25`.
fn rows_in_words(what: &str, from: Option<Day>, to: Option<Day>) -> String {
    match (from, to) {
        (None, None) => format!("{what}, all days"),
        (Some(from), None) => format!("{what}, from {from} on"),
        (None, Some(to)) => format!("{what}, up to {to}"),
        (Some(from), Some(to)) if from == to => format!("{what}, {from}"),
        (Some(from), Some(to)) => format!("{what}, {from} to {to}"),
    }
}

fn inputs(files: &[PathBuf], console: &Console) -> Vec<Input> {
    if !files.is_empty() {
        let input = |path: &PathBuf| if path == Path::new("-") { Input::Stdin } else { Input::Path(path.clone()) };
        return files.iter().map(input).collect();
    }
    if stdin::is_given() {
        return vec![Input::Stdin];
    }
    console.note("no FILE, and nothing on stdin: this is the sample log that is built in");
    vec![Input::BuiltIn { name: "samples/cdn.log", bytes: include_bytes!("../../samples/cdn.log") }]
}

fn tell_of_bad_rows(totals: &Totals, console: &Console) {
    let bad_rows: Vec<String> = totals.bad_rows.iter().map(ToString::to_string).collect();
    console.warn_of_bad_rows("rows", totals.rows_bad, totals.rows_bad + totals.rows_read, &bad_rows, "in the sum");
}
