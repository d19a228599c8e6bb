//! What the commands of a vote share: which ballot file is meant, its times, and how its errors are told.
use anyhow::anyhow;
use chrono::Local;
use votekit::ballot::{BallotBox, BoxError, Candidate, Moment};
use votekit::report::{Report, Value};
use votekit::store;

use crate::cli::terminal::exit;

/// The file that is meant where none is named.
const DEFAULT_FILE: &str = "ballots.db";

/// Which ballot file.
#[derive(Debug, clap::Args)]
pub struct BallotFile {
    /// The ballot file [default: ballots.db in this folder]
    // An empty variable counts as none.
    #[arg(long, value_name = "FILE", env = "VOTEKIT_BALLOTS", hide_env_values = true, global = true)]
    ballots: Option<String>,
}

impl BallotFile {
    /// Whether somebody said which.
    pub fn is_named(&self) -> bool {
        self.ballots.as_deref().is_some_and(|place| !place.is_empty())
    }

    /// Its path or URL.
    pub fn place(&self) -> &str {
        self.ballots.as_deref().filter(|place| !place.is_empty()).unwrap_or(DEFAULT_FILE)
    }

    /// Opens it.
    ///
    /// # Errors
    /// When there is none or it is something else, with what to do about it.
    pub fn open(&self) -> anyhow::Result<Box<dyn BallotBox>> {
        store::open(self.place()).map_err(|error| self.explain(error))
    }

    /// `error` with the way out.
    pub fn explain(&self, error: BoxError) -> anyhow::Error {
        let file = if self.place() == DEFAULT_FILE { String::new() } else { format!(" --ballots {}", self.place()) };
        let hint = match &error {
            BoxError::Missing(place) if place == self.place() => format!(
                "make one with: votekit init{file} --candidate NAME --candidate NAME\n\
                 or with the first vote: votekit vote{file} CANDIDATE"
            ),
            BoxError::Exists(_) => "choose another name, or move it away".into(),
            BoxError::Newer { .. } => "it was left as it is; update votekit".into(),
            BoxError::Foreign { .. } => "it was left as it is; name another with --ballots FILE".into(),
            BoxError::Damaged { .. } => {
                format!("it was left as it is; see what is wrong with: votekit check{file}")
            }
            BoxError::Busy { .. } => "try again, and see which program has it open: fuser FILE".into(),
            BoxError::Full { .. } => "make room and try again; the votes before are all there".into(),
            BoxError::OutcomeUnknown { .. } => format!(
                "look with: votekit tally{file}\n\
                 what has a --key can be sent again with the same key, and counts once in any case"
            ),
            BoxError::Hidden { closes: Some(closes) } => {
                return anyhow!("the results are hidden until the vote closes at {}", local(*closes));
            }
            BoxError::Missing(_) | BoxError::ReadOnly { .. } | BoxError::Hidden { .. } => return error.into(),
            BoxError::Candidate(_) | BoxError::Setup(_) | BoxError::Io { .. } => return error.into(),
        };
        anyhow!("{error}\n{hint}")
    }
}

/// The candidates as they are listed.
pub fn candidates_report(candidates: &[Candidate]) -> Report {
    let mut report = Report::table("candidates", &["id", "name"]);
    for candidate in candidates {
        report.row([Value::Count(candidate.id.unsigned_abs().into()), candidate.name.as_str().into()]);
    }
    report
}

/// Reads a time as typed: RFC 3339, or local time where it names no zone.
///
/// # Errors
/// When it is no time; the option is used wrongly then.
pub fn moment(option: &str, text: &str) -> anyhow::Result<Moment> {
    Moment::parse(text, &Local).map_err(|error| exit::misuse(format!("{option} {text:?} is {error}")))
}

/// A moment for people, in the zone of this machine: `2026-11-24T20:00:00+08:00`.
pub fn local(moment: Moment) -> String {
    moment.in_zone(&Local)
}
