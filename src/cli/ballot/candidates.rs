//! `votekit candidates`: lists, adds, renames and removes candidates.
use votekit::ballot::SystemClock;

use super::ballots::{BallotFile, candidates_report};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit candidates                      all of them
  votekit candidates add 'Somebody New'   gets the next id
  votekit candidates rename 3 正氣        as long as nobody voted for 3
  votekit candidates remove 3             likewise

Limits: 1,000 candidates; names of 200 characters without control characters, and not a number.";

/// List, add, rename or remove candidates
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    change: Option<Change>,
    #[command(flatten)]
    file: BallotFile,
}

#[derive(Debug, clap::Subcommand)]
enum Change {
    /// Add a candidate, who gets the next id
    Add {
        /// Not a number, and not another's
        name: String,
    },
    /// Remove a candidate for whom nobody has voted yet
    Remove {
        /// The candidate's number
        id: i64,
    },
    /// Rename a candidate for whom nobody has voted yet
    Rename {
        /// The candidate's number
        id: i64,
        /// Not a number, and not another's
        name: String,
    },
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, it cannot be read or written, or the change is not allowed.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let mut votes = self.file.open(console)?;
        let changed = match &self.change {
            None => Ok(()),
            Some(Change::Add { name }) => votes.add_candidate(name, &SystemClock).map(|_| ()),
            Some(Change::Rename { id, name }) => votes.rename_candidate(*id, name, &SystemClock),
            Some(Change::Remove { id }) => votes.remove_candidate(*id, &SystemClock),
        };
        let candidates = changed.and_then(|()| votes.candidates())?;
        let mut report = candidates_report(&candidates);
        self.file.asked(&mut report);
        output::print(&report, format, console)
    }
}
