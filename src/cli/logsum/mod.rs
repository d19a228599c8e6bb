//! `votekit logsum`: sums the bytes in logs.
mod answers;
mod columns;
mod describe;
mod failures;
mod follow;
mod nothing;
mod rows;
mod sample;

use std::path::PathBuf;

use chrono::{TimeDelta, Utc};
use votekit::report::{Report, Value};
use votekit::scan::{Input, ScanOptions};
use votekit::weblog::group::Grouped;
use votekit::weblog::{self, DayRange, GroupRun, LogError, Needs, Outcome, Sinks, SumOptions, Totals};

use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format, Place};
use crate::cli::terminal::{exit, files, inputs, stdin};

const EXAMPLES: &str = "\
Examples:
  votekit logsum access.log --from 2019-08-24 --to 2019-08-25   bytes of JPEGs on two days
  votekit logsum access.log --from 08-24 --to 08-25             the same days of any year
  zcat *.gz | votekit logsum                                    all days, from a pipe
  votekit logsum access.log --by day,ext --top 20 --human       groups, the most bytes first
  votekit logsum access.log --by hour --svg hours.svg           a picture for a report
  votekit logsum access.log --by dir --chart --follow           bars that grow with the log
  votekit logsum access.log --describe                          its format, its columns, its first and last row
  votekit logsum --sample --by day                              the built-in sample

A log has a header that names the columns date, size and url, or consists of the four tab-separated columns date, time, size, \
url, or is in one of the formats at --log-format. JPEGs are recognised by content type if the log has one, else by the URL: \
.jpg, .jpeg, .jpe, .jfif, in any case. Rows that cannot be read are not in the sum; they are counted, and the first three \
are reported.";

/// Sum the bytes of JPEGs in CDN logs
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    files: inputs::FileArgs,
    /// Read the small built-in sample log
    #[arg(long, conflicts_with_all = ["files", "files_from", "follow"])]
    sample: bool,
    #[command(flatten)]
    rows: rows::RowArgs,
    /// Write the rows that cannot be read to this file
    ///
    /// Four tab-separated columns: the log, the line, the reason, and the row itself.
    #[arg(long, value_name = "FILE", help_heading = "Reading", conflicts_with = "follow")]
    rejects: Option<PathBuf>,
    /// Find the days by binary search: the logs must be in time order
    #[arg(long, help_heading = "Reading", conflicts_with_all = ["follow", "rejects"])]
    sorted: bool,
    /// Fail at the first row that cannot be read
    #[arg(long, help_heading = "Reading")]
    strict: bool,
    /// Accept logs of which more than half of the rows cannot be read
    #[arg(long, help_heading = "Reading")]
    allow_bad: bool,
    /// Keep counting as the files grow, like tail -F, until Ctrl-C
    ///
    /// On a terminal the result is redrawn in place; into a pipe it is written again when it changes, at most once a second.
    /// Files that do not exist yet are waited for. What was counted stays counted when a file is truncated or replaced.
    #[arg(long, requires = "files", conflicts_with_all = ["rejects", "files_from"])]
    follow: bool,
    /// If a log cannot be read, print the sum of the others, and exit with code 3
    #[arg(long, conflicts_with = "follow")]
    keep_going: bool,
    /// Say what a log is instead: its format, its columns with an example each, its rows, and when they begin and end
    #[arg(long, conflicts_with_all = ["by", "follow", "keep_going", "rejects", "sorted", "human", "from", "to", "media", "ext", "url",
        "status", "host", "equal"])]
    describe: bool,
    #[command(flatten)]
    answers: answers::AnswerArgs,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When the options contradict each other, an input cannot be read or is not a log, or stdout cannot be written.
    pub(super) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let scan = ScanOptions::default();
        let answers = self.answers.clone().resolve(format, scan.threads, self.follow)?;
        let rows::Rows { filter, mut needs, format: log_format, in_words, mut question, range, zone } =
            self.rows.clone().resolve()?;
        let run = GroupRun::new(&answers.by, &mut needs, filter.time_range.clock.clone(), answers.groups);
        if needs.columns.len() > Needs::COLUMNS_MAX {
            return Err(exit::misuse(format!("at most {} columns can be asked for in one run", Needs::COLUMNS_MAX)));
        }
        if self.sorted && !matches!(filter.time_range.days, DayRange::Dated { .. }) {
            return Err(exit::misuse("--sorted needs days with their year: days of any year stand in many places"));
        }
        let inputs = self.inputs(&range, console)?;
        inputs::refuse_to_overwrite(&inputs, "--rejects", self.rejects.as_deref())?;
        inputs::refuse_to_overwrite(&inputs, "--svg", answers.pictures.svg())?;
        let rejects = self.rejects.as_deref().map(files::OutputFile::create).transpose()?;
        // What groups have taken cannot be given back, and a pipe cannot be read again.
        let is_once = |input: &Input| input.bytes_total().is_none();
        let mut options = SumOptions {
            filter,
            needs,
            format: log_format,
            in_order: !answers.by.is_empty() && inputs.iter().any(is_once),
            granularity: run.granularity(),
            sorted: self.sorted,
            strict: self.strict,
            allow_bad: self.allow_bad,
            latest: (Utc::now() + TimeDelta::days(2)).date_naive().into(),
            rejects: rejects.as_ref().map(files::OutputFile::writer),
            scan,
        };
        if self.describe {
            let totals = describe::run(&inputs, &mut options, &zone.to_string(), format, console)?;
            tell_of_bad_rows(&totals, console);
            return Ok(());
        }
        question.extend(answers.question());
        let about = answers::About {
            rows: in_words,
            clock: zone.to_string(),
            question,
            inputs: (!self.follow).then_some(inputs.len()),
        };
        if self.follow {
            return follow::run(self.files.typed(), &options, &answers, &run, &about, format, console);
        }
        let (Outcome { totals, failed }, grouped) = summed(&inputs, &mut options, &answers, console)?;
        tell_of_formats(&totals, console);
        console.note_empty(&totals.empty);
        let left_out = failed.len();
        if !failed.is_empty() && !self.keep_going {
            return Err(failures::partial(&totals, failed, inputs.len(), console));
        }
        let partial = (left_out > 0).then(|| failures::left_out(failed, inputs.len()));
        columns::check(&totals, &options.needs, &answers.by, console)?;
        if let Some(rejects) = rejects {
            rejects.keep()?;
        }
        if answers.by.is_empty() {
            let is_asked_for = self.sample || inputs != [sample::LOG];
            let sample = || Report::sample("bytes", Value::Bytes(totals.bytes));
            if is_asked_for && format == Format::Table {
                output::write_stdout(&about.sentence(&totals))?;
            } else {
                let figure = if is_asked_for { about.figure(&totals) } else { sample() };
                output::print(&figure, format, &console.with_human_bytes(answers.human_bytes))?;
            }
        } else {
            output::write_stdout(&answers.text(&grouped, &totals, &about, format, Place::Alone, console)?)?;
        }
        tell_of_bad_rows(&totals, console);
        if totals.requests == 0 {
            nothing::explain(&inputs, &options, &totals, console);
        }
        partial.map_or(Ok(()), Err)
    }

    /// The inputs: the named files, else stdin. The built-in sample is read with `--sample`, or if there is no log and the
    /// question can only be about the sample.
    fn inputs(&self, range: &rows::Range, console: &Console) -> anyhow::Result<Vec<Input>> {
        if self.follow {
            return Ok(self.files.typed().iter().cloned().map(Input::Path).collect());
        }
        if let Some(inputs) = self.files.named(&[], "no sum", console)? {
            return Ok(inputs);
        }
        if self.sample {
            return Ok(vec![sample::LOG]);
        }
        if stdin::is_given() {
            return Ok(vec![Input::Stdin]);
        }
        let is_plain = self.rejects.is_none() && !self.strict && !console.is_quiet() && !self.answers.has_groups();
        if is_plain && sample::holds(range) {
            console.note("no log given: this is the built-in sample");
            return Ok(vec![sample::LOG]);
        }
        Err(exit::misuse("no log given: name files, pipe one in, or try the built-in sample with --sample"))
    }
}

/// What the logs add up to, as one sum and by groups. Reads them again in their order if columns change in the middle of one.
///
/// # Errors
/// When groups outgrow their memory.
fn summed(
    inputs: &[Input],
    options: &mut SumOptions,
    answers: &answers::Answers,
    console: &Console,
) -> anyhow::Result<(Outcome, Grouped)> {
    loop {
        let bar = console.bar(inputs::bytes_total(inputs));
        let mut needs = options.needs.clone();
        let run = GroupRun::new(&answers.by, &mut needs, options.filter.time_range.clock.clone(), answers.groups);
        let sinks = Sinks::new(|| run.counter());
        let outcome = if answers.by.is_empty() {
            weblog::sum(inputs, options, &Sinks::new(|| ()), &bar)
        } else {
            weblog::sum(inputs, options, &sinks, &bar)
        };
        if !options.in_order && outcome.failed.iter().any(|error| matches!(error, LogError::Reordered(_))) {
            options.in_order = true;
            continue;
        }
        // Groups that outgrew their memory end a run early; that is the error to report, not the inputs left unread.
        return Ok((outcome, run.finish(sinks.into_all())?));
    }
}

fn tell_of_formats(totals: &Totals, console: &Console) {
    for (name, format) in &totals.formats {
        console.detail(&format!("{name}: read as {format}"));
    }
}

fn tell_of_bad_rows(totals: &Totals, console: &Console) {
    let bad_rows: Vec<String> = totals.rows.first_bad.iter().map(ToString::to_string).collect();
    console.warn_of_bad_rows("rows", totals.rows.bad, totals.rows.total(), &bad_rows, "in the sum");
}
