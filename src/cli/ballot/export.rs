//! `votekit export`: every vote, one by one.
use std::ops::ControlFlow;

use votekit::ballot::{Clock, Record, SystemClock};
use votekit::report::{Report, Value};

use super::ballots::{BallotFile, local};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{Format, Stream};

const EXAMPLES: &str = "\
Examples:
  votekit export --format csv > votes.csv                   what may be published
  votekit export --format json --with-voters > record.json  everything, for those who may see it

Without --with-voters it holds candidates and opinions of standing votes, ordered by these: nothing that tells who voted, when, \
or after whom. (An opinion may still tell who wrote it.) With it also ids, times, voters, keys and withdrawn votes. \
Where results are hidden until the vote closes, nothing is exported before.";

/// Write out every vote
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// With ids, times, voters and keys, and withdrawn votes too
    #[arg(long)]
    with_voters: bool,
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, it cannot be read, the results are hidden, or stdout cannot be written.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let mut votes = self.file.open()?;
        let columns: &[&str] = if self.with_voters { &PRIVATE_COLUMNS } else { &COLUMNS };
        let mut head = Report::table("votes", columns);
        self.file.asked(&mut head);
        let mut rows = Stream::begin(&head, format, console)?;
        let mut result = Ok(());
        let exported =
            votes.export(self.with_voters, SystemClock.now(), &mut |record| match rows.row(&cells(&record)) {
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

fn cells(record: &Record<'_>) -> Vec<Value> {
    let id = |id: i64| Value::Id(id.unsigned_abs());
    let (candidate, opinion) = (record.candidate.into(), record.opinion.into());
    match record.private {
        None => vec![id(record.candidate_id), candidate, opinion],
        Some(private) => vec![
            id(private.id),
            local(private.created_at).into(),
            id(record.candidate_id),
            candidate,
            private.voter.into(),
            opinion,
            private.key.into(),
            private.replaced_by.map_or(Value::Null, id),
        ],
    }
}
