//! `votekit reset`: takes the votes of a rehearsal away.
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::PathBuf;

use anyhow::bail;
use votekit::ballot::{BallotBox, Clock, SystemClock};
use votekit::report::{Report, Value};
use votekit::units::DurationSecs;

use super::ballots::BallotFile;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit reset          asks, makes a backup beside the file, and takes all votes away
  votekit reset --yes    does not ask
  votekit reset --no-backup --ballots mysql://USER@HOST/DATABASE    after a backup with the server's own tools

While the backup is made, votes wait: whatever was acknowledged is in it. Title, rules, candidates and voters stay. Pages, keys and cookies from before no longer count: what is sent with them afterwards \
is refused, and counted in /metrics. Running services go on, and show it within a second.";

/// Take all votes away, after a rehearsal; makes a backup first
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Make no backup: for votes in a database, which its server's own tools back up
    #[arg(long)]
    no_backup: bool,
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When it is not confirmed, when no backup can be made, or the file cannot be written.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        if !self.no_backup {
            let instead =
                "make a backup with the server's own tools, as mysqldump --single-transaction, and add --no-backup";
            self.file.refuse_on_server("the backup of votekit reset", instead)?;
        }
        let mut votes = self.file.open(console)?;
        votes.check_writable()?;
        let there = votes.tally(DurationSecs::TEN_MINUTES, SystemClock.now())?.votes_total;
        if !self.yes {
            confirm(&format!("take all {there} votes out of {}", self.file.place()))?;
        }
        let taken = if self.no_backup {
            votes.reset(&mut |_| Ok(true), &SystemClock)?.map(|taken| (taken, None))
        } else {
            self.reset_with_backup(&mut *votes)?.map(|(taken, backup)| (taken, Some(backup)))
        };
        let Some((taken, backup)) = taken else { bail!("nothing was taken away") };
        if let Some(backup) = &backup {
            console.note(&format!("the votes from before are in {}", backup.display()));
        }
        let mut report = Report::table("resets", &["votes", "backup"]);
        self.file.asked(&mut report);
        let backup = backup.map_or(Value::Null, |path| path.display().to_string().into());
        report.row([Value::Count(taken.into()), backup]);
        output::print(&report, format, console)
    }

    /// Gives how many votes there were, and where they are kept.
    fn reset_with_backup(&self, votes: &mut dyn BallotBox) -> anyhow::Result<Option<(u64, PathBuf)>> {
        let backup = self.file.backup_path();
        let mut found = Vec::new();
        let mut keep = |votes: &mut dyn BallotBox| {
            found = votes.backup(&backup)?;
            Ok(found.is_empty())
        };
        let Some(taken) = votes.reset(&mut keep, &SystemClock)? else {
            let finding = found.first().map_or_else(String::new, |of| format!(" ({}: {})", of.place, of.problem));
            bail!("nothing was taken away: the file is not sound{finding}; a copy of it is {}", backup.display());
        };
        Ok(Some((taken, backup)))
    }
}

/// Asks on the terminal.
///
/// # Errors
/// When there is none, or the answer is not yes.
fn confirm(what: &str) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        return Err(exit::misuse(format!("this would {what}: add --yes to do it without being asked")));
    }
    let mut stderr = io::stderr();
    write!(stderr, "votekit: {what}? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => bail!("nothing was taken away"),
    }
}
