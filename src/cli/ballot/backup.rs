//! `votekit backup`: a consistent copy of a ballot file.
use std::path::PathBuf;

use anyhow::bail;
use chrono::Local;
use votekit::ballot::{Clock, SystemClock};
use votekit::report::{Report, Value};
use votekit::units::DurationSecs;

use super::ballots::BallotFile;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit backup                        to ballots.db.2026-11-24T20-00-00.backup, beside the file
  votekit backup /mnt/safe/show.db      to a file of that name, which must not be there yet

The copy is consistent while votes pour in: it holds all votes of one moment. It is checked after it is made.

A copy made with cp while a service or another program has the file open is NOT complete: the latest votes are in the …-wal \
beside it. votekit check says so of such a copy, as far as it can be known.

To restore: end the service; move the old file and its …-wal and …-shm away; cp the backup to its name; votekit check; start the \
service. A …-wal that is left from the old file is recognised and refused.";

/// Copy the ballot file, also while votes are cast
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where to [default: next to the ballot file, with the time in its name]
    #[arg(value_name = "FILE")]
    target: Option<PathBuf>,
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, something is at the target, or the copy cannot be made or is not sound.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        self.file
            .refuse_on_server("votekit backup", "use the server's own tools, as mysqldump --single-transaction")?;
        let mut votes = self.file.open(console)?;
        let target = self.target.unwrap_or_else(|| self.file.backup_path());
        let found = votes.backup(&target)?;
        let copied = votekit::store::open(&target.to_string_lossy())
            .and_then(|mut copy| copy.tally(DurationSecs::TEN_MINUTES, SystemClock.now()))?;
        let mut report = Report::table("backups", &["file", "votes"]);
        self.file.asked(&mut report);
        report.row([target.display().to_string().into(), Value::Count(copied.votes_total.into())]);
        output::print(&report, format, console)?;
        for finding in &found {
            console.warn(&format!("{}: {}", finding.place, finding.problem));
        }
        match found.len() {
            0 => Ok(()),
            problems => bail!("{} is copied as it is, and it is not sound: {problems} problems", self.file.place()),
        }
    }
}

impl BallotFile {
    /// A free name for a backup made now, next to the file.
    pub(super) fn backup_path(&self) -> PathBuf {
        let now = Local::now().format(".%Y-%m-%dT%H-%M-%S").to_string();
        let named = |suffix: String| {
            let mut name = self.path().as_os_str().to_owned();
            name.push(format!("{now}{suffix}.backup"));
            PathBuf::from(name)
        };
        // There may be others of this second.
        let further = (2_u32..).map(|number| named(format!("-{number}")));
        let mut names = std::iter::once(named(String::new())).chain(further);
        names.find(|name| name.symlink_metadata().is_err()).unwrap_or_else(|| named(String::new()))
    }
}
