//! `--describe`: what a log is.
use anyhow::Context as _;
use votekit::report::{Report, Value};
use votekit::scan::Input;
use votekit::weblog::{self, Description, Media, SumOptions, Totals};

use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format};

/// Prints what the one log in `inputs` is; its times are in `zone`. Returns the totals of all its rows.
///
/// # Errors
/// When it is not one log that can be read twice, or it cannot be read.
pub(super) fn run(
    inputs: &[Input],
    options: &mut SumOptions,
    zone: &str,
    format: Format,
    console: &Console,
) -> anyhow::Result<Totals> {
    let input = match inputs {
        [Input::Stdin] => return Err(exit::misuse("--describe reads a log twice: write it to a file, and name that")),
        [input] => input,
        _ => return Err(exit::misuse(format!("--describe takes one log, not {}", inputs.len()))),
    };
    (options.filter.media, options.filter.content_type) = (Media::Any, None);
    let bar = console.bar(input.bytes_total());
    let described = weblog::describe(input, options, &bar);
    drop(bar);
    let described = described.context("no description")?;
    output::print(&report(&described, &input.name(), zone, format), format, console)?;
    console.note_empty(&described.totals.empty);
    Ok(described.totals)
}

/// Its columns with an example each, and beside them what is said of the whole. Where a format has rows alone, that is in rows too.
fn report(described: &Description, name: &str, zone: &str, format: Format) -> Report {
    let moment = |at: Option<votekit::weblog::LogTime>| at.map_or(Value::Null, |at| at.to_string().into());
    let about: [(&str, Value); 6] = [
        ("log_format", described.format.into()),
        ("rows_read", described.totals.rows.read.into()),
        ("rows_bad", described.totals.rows.bad.into()),
        ("bytes", Value::Bytes(described.totals.bytes)),
        ("first", moment(described.span.map(|span| span.0))),
        ("last", moment(described.span.map(|span| span.1))),
    ];
    let question = [("log", name), ("time_zone", zone)];
    let columns = described.columns.iter().map(|(name, example)| (name.as_str(), Value::from(example.clone())));
    if !format.traits().is_rich {
        let mut report = Report::table("about", &["about", "value"]);
        let columns = columns.map(|(name, example)| (format!("column {name}"), example));
        for (name, value) in question {
            report.row([name.into(), value.into()]);
        }
        for (name, value) in about.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(columns) {
            report.row([name.into(), value]);
        }
        return report;
    }
    let mut report = Report::table("columns", &["column", "example"]);
    columns.for_each(|(name, example)| report.row([name.into(), example]));
    question.into_iter().for_each(|(name, value)| report.asked(name, value));
    about.into_iter().for_each(|(name, value)| report.beside(name, value));
    report
}
