//! `votekit export`: every vote, one by one.
use std::borrow::Cow;
use std::ops::ControlFlow;

use votekit::ballot::{Clock, Record, SystemClock};
use votekit::report::{Report, Value};

use super::ballots::{BallotFile, local};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format, Stream};

const EXAMPLES: &str = "\
Examples:
  votekit export --format csv > votes.csv                   what may be published
  votekit export --format json --with-voters > record.json  everything, for those who may see it

Without --with-voters it holds candidates and opinions of the votes that count, ordered by these: nothing that tells who voted, when, \
or after whom. (An opinion may still tell who wrote it.) With it also ids, times, voters, keys and withdrawn votes. \
Where results are hidden until the vote closes, nothing is exported before.

A CSV file is safe to open in a spreadsheet: a text that would be taken for a formula (one that begins with =, +, -, @, a tab or \
a carriage return) has an apostrophe in front. JSON has every text as it was written. Excel reads UTF-8 only with --bom.";

/// Write all votes to stdout
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// With ids, times, voters and keys, and withdrawn votes too
    #[arg(long)]
    with_voters: bool,
    /// With --format csv, begin with the mark by which Excel knows UTF-8
    #[arg(long)]
    bom: bool,
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, it cannot be read, the results are hidden, or stdout cannot be written.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        if self.bom && format != Format::Csv {
            return Err(exit::misuse("--bom is for spreadsheets: add --format csv"));
        }
        let mut votes = self.file.open(console)?;
        let columns: &[&str] = if self.with_voters { &PRIVATE_COLUMNS } else { &COLUMNS };
        let mut head = Report::table("votes", columns);
        self.file.asked(&mut head);
        if self.bom {
            output::write_stdout("\u{feff}")?;
        }
        let is_csv = format == Format::Csv;
        let mut rows = Stream::begin(&head, format, console)?;
        let mut result = Ok(());
        let exported =
            votes.export(self.with_voters, SystemClock.now(), &mut |record| match rows.row(&cells(&record, is_csv)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    result = Err(error);
                    ControlFlow::Break(())
                }
            });
        exported?;
        result?;
        rows.end()
    }
}

const COLUMNS: [&str; 3] = ["candidate_id", "candidate", "opinion"];
const PRIVATE_COLUMNS: [&str; 8] =
    ["vote_id", "created_at", "candidate_id", "candidate", "voter", "opinion", "key", "replaced_by"];

fn cells(record: &Record<'_>, is_csv: bool) -> Vec<Value> {
    let id = |id: i64| Value::Id(id.unsigned_abs());
    let text = |text: &str| if is_csv { not_a_formula(text).as_ref().into() } else { Value::from(text) };
    let optional = |of: Option<&str>| of.map_or(Value::Null, text);
    let (candidate, opinion) = (text(record.candidate), optional(record.opinion));
    match record.private {
        None => vec![id(record.candidate_id), candidate, opinion],
        Some(private) => vec![
            id(private.id),
            local(private.created_at).into(),
            id(record.candidate_id),
            candidate,
            optional(private.voter),
            opinion,
            optional(private.key),
            private.replaced_by.map_or(Value::Null, id),
        ],
    }
}

/// `text` with an apostrophe in front if a spreadsheet would take it for a formula
/// (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn not_a_formula(text: &str) -> Cow<'_, str> {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_texts() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-1", "'-1"),
            ("\t=1", "'\t=1"),
            ("by far", "by far"),
            ("", ""),
        ] {
            assert_eq!(not_a_formula(text), safe);
        }
    }
}
