//! `votekit check`: verifies a ballot file.
use anyhow::bail;
use votekit::ballot::{BoxError, Clock, SystemClock};
use votekit::report::Report;
use votekit::units::DurationSecs;

use super::ballots::BallotFile;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit check                    prints what is wrong, and nothing where all is well
  votekit check && votekit tally   the result, if it can be trusted

Counts every vote anew and compares that with the kept totals, the counts by second, the voters' accounts and the rules, and \
has SQLite check pages, indexes and keys. It also says when a copy lacks the …-wal that a service had beside the file: such a \
copy was made with cp and is not complete; votekit backup makes complete ones. Exit code 1 if anything is wrong. Takes about a second for a million votes.";

/// Recount every vote, and compare
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
    /// When there is no ballot file, it cannot be read, or something is wrong in it.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let checked = self.file.open_silently().and_then(|mut votes| Ok((votes.check()?, votes)));
        let (found, mut votes) = match checked {
            // The usual way out is this command.
            Err(damaged @ BoxError::Damaged { .. }) => {
                bail!("{damaged}\nit was left as it is; keep a copy, or see what can be saved: sqlite3 FILE .recover")
            }
            checked => checked?,
        };
        let mut report = Report::table("problems", &["place", "problem"]);
        self.file.asked(&mut report);
        for finding in &found {
            report.row([finding.place.as_str().into(), finding.problem.as_str().into()]);
        }
        output::print(&report, format, console)?;
        if !found.is_empty() {
            bail!("{} is not sound: {} problems", self.file.place(), found.len());
        }
        if let Ok(tally) = votes.tally(DurationSecs::TEN_MINUTES, SystemClock.now()) {
            let votes = if tally.votes_total == 1 { "vote" } else { "votes" };
            console.note(&format!("{} is sound: {} {votes}", self.file.place(), tally.votes_total));
        }
        Ok(())
    }
}
