//! `votekit open` and `votekit close`: begin and end voting now.
use votekit::ballot::{Change, SystemClock};

use super::ballots::{BallotFile, told};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format};

const CLOSE_EXAMPLES: &str = "\
Examples:
  votekit close                        no vote is stored from now on
  votekit close --ballots board.db     of another file
  votekit open                         it goes on after all

Whether the vote is open is decided when a vote is written: once this command has ended, no vote is stored any more, whatever \
service took it. Running services and their pages show it within a second. The time is kept: votekit history.";

const OPEN_EXAMPLES: &str = "\
Examples:
  votekit open                         votes are stored from now on
  votekit close                        until now

A closing time that has passed is taken away, and the command says so; one that is still to come stays. Running services and \
their pages show it within a second.";

/// End voting now
#[derive(Debug, clap::Args)]
#[command(after_long_help = CLOSE_EXAMPLES)]
pub(crate) struct CloseArgs {
    #[command(flatten)]
    file: BallotFile,
}

/// Begin voting now
#[derive(Debug, clap::Args)]
#[command(after_long_help = OPEN_EXAMPLES)]
pub(crate) struct OpenArgs {
    #[command(flatten)]
    file: BallotFile,
}

impl CloseArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, or it cannot be written.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        change(&self.file, &Change::Close, "it is closed already", format, console)
    }
}

impl OpenArgs {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, or it cannot be written.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        change(&self.file, &Change::Open, "it is open already", format, console)
    }
}

fn change(file: &BallotFile, change: &Change, nothing: &str, format: Format, console: &Console) -> anyhow::Result<()> {
    let mut votes = file.open(console)?;
    let changed = votes.change(change, &SystemClock)?;
    output::print(&told(file, &changed, nothing, console), format, console)
}
