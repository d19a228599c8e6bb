//! What the commands of a vote share: the ballot file, the list of candidates, and times.
use std::path::Path;

use chrono::Local;
use votekit::ballot::{BallotBox, BoxError, Candidate, Moment, Setup};
use votekit::report::{Report, Value};
use votekit::store;
use votekit::units::{DateOrder, Zone};

use crate::cli::explain::DEFAULT_BALLOTS;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::{exit, times};

/// The option that names the ballot file.
#[derive(Debug, clap::Args)]
pub(super) struct BallotFile {
    /// The ballot file [default: ballots.db in this folder]
    // An empty variable counts as unset.
    #[arg(long, value_name = "FILE", env = "VOTEKIT_BALLOTS", hide_env_values = true, global = true)]
    ballots: Option<String>,
}

impl BallotFile {
    /// Whether the user named one.
    #[cfg(feature = "serve")]
    pub(super) fn is_named(&self) -> bool {
        self.ballots.as_deref().is_some_and(|place| !place.is_empty())
    }

    /// Its path or URL.
    pub(super) fn place(&self) -> &str {
        self.ballots.as_deref().filter(|place| !place.is_empty()).unwrap_or(DEFAULT_BALLOTS)
    }

    /// Adds to a report which file it is about.
    pub(super) fn asked(&self, report: &mut Report) {
        report.asked("ballots", self.place());
    }

    /// Where its file is.
    pub(super) fn path(&self) -> &Path {
        Path::new(self.place().strip_prefix("sqlite://").unwrap_or(self.place()))
    }

    /// Opens it.
    ///
    /// # Errors
    /// When there is none, or it is something else.
    pub(super) fn open(&self) -> Result<Box<dyn BallotBox>, BoxError> {
        store::open(self.place())
    }

    /// Opens it; where there is none, makes a first one.
    ///
    /// # Errors
    /// When it can be neither opened nor made.
    pub(super) fn open_or_make(&self, console: &Console) -> Result<Box<dyn BallotBox>, BoxError> {
        match self.open() {
            Err(BoxError::Missing(_)) => self.make_first(console),
            opened => opened,
        }
    }

    fn make_first(&self, console: &Console) -> Result<Box<dyn BallotBox>, BoxError> {
        let setup = Setup::first();
        match store::create(self.place(), &setup) {
            Ok(votes) => {
                let numbered = (1..).zip(&setup.candidates).map(|(id, name): (u64, _)| format!("{id} {name}"));
                let names = numbered.collect::<Vec<_>>().join(", ");
                console.note(&format!("made {} with the candidates {names}", self.place()));
                Ok(votes)
            }
            // Another process has made it since.
            Err(BoxError::Exists(_)) => self.open(),
            Err(error) => Err(error),
        }
    }
}

/// The list of candidates.
pub(super) fn candidates_report(candidates: &[Candidate]) -> Report {
    let mut report = Report::table("candidates", &["candidate_id", "name"]);
    for candidate in candidates {
        report.row([Value::Count(candidate.id.unsigned_abs().into()), candidate.name.as_str().into()]);
    }
    report
}

/// The moment at which the time that was typed as `option` begins; on the clocks of this machine where it has no offset.
///
/// # Errors
/// A usage error if it is not a time, or a day of any year.
pub(super) fn moment(option: &str, text: &str) -> anyhow::Result<Moment> {
    let first = times::time(option, text, Zone::Machine, DateOrder::default())?.first(Zone::Machine);
    let lacks_year = || exit::misuse(format!("{option} {text:?} lacks its year: write 2026-11-24"));
    first.map(Moment).ok_or_else(lacks_year)
}

/// A time in the zone of this machine: `2026-11-24T20:00:00+08:00`.
pub(super) fn local(moment: Moment) -> String {
    moment.in_zone(&Local)
}
