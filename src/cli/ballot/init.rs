//! `votekit init`: makes a ballot file.
use std::path::{Path, PathBuf};

use anyhow::bail;
use votekit::ballot::{BoxError, Hiding, Moment, NewCandidate, Settings, Setup};
use votekit::store;

use super::ballots::{BallotFile, candidates_report, future_moment, local, moment};
use super::lists::{self, Reading};
use super::set::HideResults;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit init --title 'Best snack' --candidate 薯片 --candidate 林林 --candidate 正氣
  votekit init --ballots board.db --candidates people.csv --voters members.csv --votes-per-voter 1
  votekit init --candidate yes --candidate no --closes '2026-11-24 20:00' --hide-results until-closed
  votekit init --candidate yes --candidate no --once-per-browser --hide-results audience
  votekit init --ballots mysql://USER@HOST/DATABASE --candidate yes --candidate no    for several services at once

--candidates reads a CSV with a column `name`, and if you like `id` (a whole number, which clients send), `about` (a text) and \
`picture` (a JPEG, PNG, GIF, WebP or AVIF file of at most 200 kB, kept in the ballot file); or a name a line. Without ids, \
candidates get 1, 2, 3, … in the order given. --voters reads a CSV with the columns `id` and, if you like, `name`, or without a \
header. Commas, semicolons or tabs separate columns. A time is on this machine's clocks (2026-11-24 20:00, 20:00 today, \
tomorrow), has its offset (2026-11-24T20:00Z), or is so long from now (+10m). The vote is open from --opens until just before \
--closes.

--once-per-browser: a browser votes once, as a signed cookie says. That holds back second clicks, not somebody who clears \
cookies or uses another browser: where it matters who votes, use --voters.

Limits: 1,000 candidates; lists of 256 MiB; names, ids and titles of 200 characters without control characters. A name cannot be \
a number, which would be taken for an id, nor look like another's: upper and lower case, blanks, and Unicode's ways to write one \
letter make no difference. So it is with voters' ids.

Who can read the file can read who voted for whom, and hidden results too: it is as secret as its permissions make it. They are \
those of its owner alone (0600), or with --group-access of the owner's group too (0660).";

/// Create a ballot file; an existing one is never touched
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// What the vote is called
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    title: String,
    /// A candidate's name; once for each
    #[arg(long = "candidate", value_name = "NAME")]
    names: Vec<String>,
    /// A CSV file of candidates, - for stdin
    #[arg(long, value_name = "FILE")]
    candidates: Option<PathBuf>,
    /// The column of --candidates with the names, if it is not called name
    #[arg(long, value_name = "NAME", requires = "candidates")]
    candidate_column: Option<String>,
    /// How many votes a voter has; then every vote must say who votes
    #[arg(long, value_name = "N")]
    votes_per_voter: Option<u32>,
    /// A CSV file of those who may vote, - for stdin; then nobody else may
    #[arg(long, value_name = "FILE")]
    voters: Option<PathBuf>,
    /// The column of --voters with the ids, if it is not called id
    #[arg(long, value_name = "NAME", requires = "voters")]
    voter_column: Option<String>,
    /// The first row of the lists is an entry, even if it looks like a header
    #[arg(long)]
    no_header: bool,
    /// Voters may change their latest vote
    #[arg(long)]
    allow_change: bool,
    /// A browser votes once only, as a cookie says
    #[arg(long)]
    once_per_browser: bool,
    /// When voting begins
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    opens: Option<String>,
    /// When voting ends
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    closes: Option<String>,
    /// From whom results are hidden
    #[arg(long, value_name = "FROM", default_value = "never", hide_default_value = true)]
    hide_results: HideResults,
    /// The same as --hide-results until-closed
    #[arg(long, hide = true, conflicts_with = "hide_results")]
    hide_until_closed: bool,
    /// Let the group of the file read and write it too
    #[arg(long)]
    group_access: bool,
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When the options contradict each other, a list cannot be read, or the file is there or cannot be made.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let file = &self.file;
        if self.group_access {
            file.refuse_on_server("--group-access", "its server decides who may read it")?;
        }
        let setup = self.setup()?;
        let mut votes = store::create(file.typed(), &setup).map_err(|error| match error {
            BoxError::Setup(problem) | BoxError::Candidate(problem) => exit::misuse(problem),
            error => error.into(),
        })?;
        console.note(&format!("made {}: {}", file.place(), summary(&setup)));
        let candidates = votes.candidates()?;
        let mut report = candidates_report(&candidates);
        file.asked(&mut report);
        output::print(&report, format, console)
    }

    fn reading<'a>(&self, column: &'a Option<String>) -> Reading<'a> {
        Reading { column: column.as_deref(), no_header: self.no_header }
    }

    fn setup(&self) -> anyhow::Result<Setup> {
        let mut candidates = match &self.candidates {
            Some(path) => lists::candidates(path, self.reading(&self.candidate_column))?,
            None => Vec::new(),
        };
        // Names on the command line come after the list: their ids must be free.
        let first = candidates.iter().map(|candidate| candidate.id).max().unwrap_or(0) + 1;
        let named = (first..).zip(NewCandidate::numbered(&self.names));
        candidates.extend(named.map(|(id, candidate)| NewCandidate { id, ..candidate }));
        let voters = match &self.voters {
            Some(path) => lists::voters(path, self.reading(&self.voter_column))?,
            None => Vec::new(),
        };
        if candidates.is_empty() {
            return Err(exit::misuse("a vote needs candidates: --candidate NAME for each, or --candidates FILE.csv"));
        }
        if self.voters.is_some() && voters.is_empty() {
            let list = self.voters.as_deref().unwrap_or(Path::new("-")).display();
            bail!("nobody could vote: there is no voter in {list}");
        }
        let hide_results = if self.hide_until_closed { Hiding::UntilClosed } else { self.hide_results.into() };
        let settings = Settings {
            title: self.title.clone(),
            opens: self.opens.as_deref().map(|text| moment("--opens", text)).transpose()?,
            closes: self.closes.as_deref().map(|text| future_moment("--closes", text)).transpose()?,
            votes_per_voter: self.votes_per_voter,
            voters_only: self.voters.is_some(),
            change_allowed: self.allow_change,
            hide_results,
            once_per_browser: self.once_per_browser,
            ..Settings::default()
        };
        Ok(Setup { settings, candidates, voters, group_access: self.group_access })
    }
}

/// What was made, in a sentence: how many candidates and voters, and the times as they were understood.
fn summary(setup: &Setup) -> String {
    let count = |number: usize, one: &str| format!("{number} {one}{}", if number == 1 { "" } else { "s" });
    let mut parts = vec![count(setup.candidates.len(), "candidate")];
    if let Some(first) = setup.voters.first() {
        parts.push(format!("{}, the first {}", count(setup.voters.len(), "voter"), first.id));
    }
    let settings = &setup.settings;
    let mut time =
        |verb: &str, at: Option<Moment>| at.into_iter().for_each(|at| parts.push(format!("{verb} {}", local(at))));
    time("opens", settings.opens);
    time("closes", settings.closes);
    if settings.once_per_browser {
        parts.push("one vote per browser".to_owned());
    }
    parts.join("; ")
}
