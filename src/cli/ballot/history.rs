//! `votekit history`: what was done to a vote, and when.
use votekit::report::Report;

use super::ballots::{BallotFile, local};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit history                   when it was made, opened, closed, changed and reset
  votekit history --format json     for programs

Votes are not in it: votekit export --with-voters has them with their times.";

/// What was done to the vote, and when
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, or it cannot be read.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let mut votes = self.file.open(console)?;
        let mut report = Report::table("history", &["at", "what"]);
        self.file.asked(&mut report);
        for occasion in votes.history()? {
            report.row([local(occasion.at).into(), occasion.what.into()]);
        }
        output::print(&report, format, console)
    }
}
