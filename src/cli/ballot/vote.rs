//! `votekit vote`: casts a vote.
use std::io::{self, IsTerminal, Read};

use anyhow::{Context, anyhow, bail};
use votekit::ballot::{
    self, BadLine, Ballot, BallotBox, BoxError, Candidates, Choice, Intake, NewCandidate, Outcome, Refusal, Setup,
    SystemClock,
};
use votekit::nearest::nearest;
use votekit::report::{Report, Value};

use super::ballots::BallotFile;
use crate::cli::explain;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format};
use crate::cli::terminal::stdin;

const EXAMPLES: &str = "\
Examples:
  votekit vote 2                              a vote for candidate 2 in ballots.db
  votekit vote 林林 --opinion 'by far'        by name, with a remark
  votekit vote 2 --voter u17 --key 9f3c       by a known voter; sent again, the key keeps it from counting twice
  votekit vote 1 --voter u17 --change         instead of u17's latest vote, where the vote allows it

The vote is on disk before the command says so. Where there is no ballot file, one is made with the candidates 1 薯片, 2 林林 \
and 3 正氣; votekit init makes one of your own. A refused vote stores nothing and ends with exit code 1.

--stdin stores what has come in batches of up to 500,000 ballots and about four seconds: other votes wait that long at most. \
It takes up to 500 MiB of memory, and until it ends up to 700 MiB of disk beside the file. A killed run is run again with the \
same keys, and nothing counts twice.

Limits: opinions up to 10,000 characters; voters' ids and keys up to 200; lines up to 256 KiB.";

/// Cast a vote
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// For whom: an id or a name
    #[arg(required_unless_present = "stdin")]
    candidate: Option<String>,
    /// A remark, up to 10,000 characters
    #[arg(long, value_name = "TEXT")]
    opinion: Option<String>,
    /// Who votes
    #[arg(long, value_name = "ID")]
    voter: Option<String>,
    /// Your own id of this vote: the same again is answered as the first time and not counted again
    #[arg(long)]
    key: Option<String>,
    /// Replace the voter's latest vote, which stays on record as withdrawn
    #[arg(long, requires = "voter")]
    change: bool,
    /// Read ballots from stdin, one a line: a candidate, or candidate, voter, opinion and key with tabs between, or a JSON
    /// object
    #[arg(long, conflicts_with_all = ["candidate", "opinion", "voter", "key", "change"])]
    stdin: bool,
    /// With --stdin: store nothing at all unless every line can be stored; reads all of it into memory first
    #[arg(long, requires = "stdin")]
    strict: bool,
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When the vote is refused, or the ballot file cannot be made, read or written.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let Some(candidate) = &self.candidate else { return many(&self.file, self.strict, format, console) };
        let ballot = Ballot {
            choice: Choice::parse(candidate),
            voter: self.voter,
            opinion: self.opinion,
            key: self.key,
            change: self.change,
            generation: None,
        };
        let mut votes = open_or_make(&self.file, &ballot, console)?;
        let outcomes = votes.cast(std::slice::from_ref(&ballot), &SystemClock)?;
        let candidates = Candidates::new(votes.candidates()?);
        let (outcome, id) = match outcomes.into_iter().next().context("the store gave no answer")? {
            Outcome::Stored { id, replaced: None } => ("stored", id),
            Outcome::Stored { id, replaced: Some(_) } => ("changed", id),
            Outcome::Repeated { id } => ("repeated", id),
            Outcome::Refused(refusal) => return Err(refused(refusal, &candidates).context("the vote was not stored")),
        };
        if outcome == "repeated" {
            console.note("this vote was stored before, under the same key; it counts once");
        }
        let candidate = candidates.position(&ballot.choice).map(|at| candidates.as_slice()[at].clone());
        let candidate = candidate.context("the candidate is gone")?;
        let mut report = Report::table("votes", &["outcome", "candidate_id", "candidate", "vote_id"]);
        self.file.asked(&mut report);
        let number = |id: i64| Value::Count(id.unsigned_abs().into());
        report.row([outcome.into(), number(candidate.id), candidate.name.into(), number(id)]);
        output::print(&report, format, console)
    }
}

/// How many bad lines are reported; with --verbose all are.
const LINES_TOLD: u64 = 100;

/// Stores the ballots on stdin.
fn many(file: &BallotFile, strict: bool, format: Format, console: &Console) -> anyhow::Result<()> {
    if io::stdin().is_terminal() {
        console.note("type ballots, one a line, and end with Ctrl-D");
    }
    let mut votes = file.open_or_make(console)?;
    let bytes_total = stdin::file_bytes();
    let bar = console.bar(bytes_total);
    let mut told_of = 0;
    let mut told = |number: u64, why: &BadLine| {
        told_of += 1;
        let text = format!("line {number} was not stored: {}", told_line(why));
        match told_of {
            1..=LINES_TOLD => bar.suspend(|| console.warn(&text)),
            _ => bar.suspend(|| console.detail(&text)),
        }
    };
    let mut done = Intake::default();
    if strict {
        let mut input = Vec::new();
        io::stdin().read_to_end(&mut input).context("cannot read the ballots on stdin")?;
        done = ballot::take_in_all(&mut *votes, &input, &SystemClock, &bar, &mut told)?;
    } else {
        let taken = ballot::take_in(&mut *votes, io::stdin(), &SystemClock, &bar, &mut told, &mut done);
        taken.with_context(|| {
            format!(
                "ended early; until then {} stored, {} repeated, {} refused",
                done.stored, done.repeated, done.refused
            )
        })?;
    }
    drop(bar);
    if told_of > LINES_TOLD {
        console.warn(&format!("{} more lines were not stored (--verbose lists them all)", told_of - LINES_TOLD));
    }
    if strict && done.refused > 0 {
        bail!("nothing was stored, because of {} lines (--strict)", done.refused);
    }
    let mut report = Report::table("ballots", &["stored", "repeated", "refused"]);
    file.asked(&mut report);
    report.row([done.stored.into(), done.repeated.into(), done.refused.into()]);
    output::print(&report, format, console)?;
    match done.refused {
        0 => Ok(()),
        refused => bail!("{refused} of {} lines were not stored", done.stored + done.repeated + refused),
    }
}

fn told_line(why: &BadLine) -> String {
    match why {
        BadLine::Refused(refusal) => explain::refusal(refusal),
        BadLine::Unreadable(error) => error.to_string(),
    }
}

/// Opens the ballot file, or makes a first one, unless `ballot` would be refused there.
fn open_or_make(file: &BallotFile, ballot: &Ballot, console: &Console) -> anyhow::Result<Box<dyn BallotBox>> {
    match file.open(console) {
        Err(BoxError::Missing(_)) => {}
        opened => return Ok(opened?),
    }
    file.check_not_misspelled().context("the vote was not stored")?;
    let setup = Setup::first();
    let now = votekit::ballot::Clock::now(&SystemClock);
    if let Outcome::Refused(refusal) = ballot::decide_first(&setup, ballot, now) {
        let candidates = Candidates::new(setup.candidates.iter().map(NewCandidate::candidate).collect());
        let context = format!("the vote was not stored, and {} was not made", file.place());
        return Err(refused(refusal, &candidates).context(context));
    }
    file.open_or_make(console)
}

/// Turns `refusal` into an error, with the list of candidates if the name is unknown.
fn refused(refusal: Refusal, candidates: &Candidates) -> anyhow::Error {
    match refusal {
        Refusal::UnknownCandidate(ref name) => {
            let names = candidates.as_slice().iter().map(|candidate| candidate.name.as_str());
            let nearest = nearest(name, names).map(|name| format!(" (did you mean {name}?)")).unwrap_or_default();
            anyhow!("{refusal}{nearest}; there are {}", candidates.listed())
        }
        refusal => refusal.into(),
    }
}
