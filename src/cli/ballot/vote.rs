//! `votekit vote`: casts a vote.
use std::io::{self, IsTerminal, Read};

use anyhow::{Context, bail};
use votekit::ballot::{
    self, BadLine, Ballot, BallotBox, BoxError, Candidate, Candidates, Choice, Intake, IntakeError, Outcome, Refusal,
    Setup, SystemClock,
};
use votekit::report::{Report, Value};
use votekit::store;

use super::ballots::{BallotFile, local};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format};
use crate::cli::terminal::stdin;

const EXAMPLES: &str = "\
Examples:
  votekit vote 2                              a vote for candidate 2 in ballots.db
  votekit vote 林林 --opinion 'by far'        by name, with a remark
  votekit vote 2 --voter u17 --key 9f3c       by a known voter; sent again, the key keeps it from counting twice
  votekit vote 1 --voter u17 --change         instead of u17's latest vote, where the vote allows it

The vote is on disk before the command says so. Where there is no ballot file, one is made with the candidates 1 薯片, 2 林林
and 3 正氣; votekit init makes one of your own. A refused vote stores nothing and ends with exit code 1.

--stdin stores what has come in batches of up to 500,000 ballots and about four seconds: other votes wait that long at most.
It takes up to 500 MiB of memory, and until it ends up to 700 MiB of disk beside the file. A killed run is run again with the
same keys, and nothing counts twice.

Limits: opinions up to 10,000 characters; voters' ids and keys up to 200; lines up to 256 KiB.";

/// Cast a vote
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// For whom: an id or an exact name
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
    pub fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let Some(candidate) = &self.candidate else { return many(&self.file, self.strict, format, console) };
        let ballot = Ballot {
            choice: Choice::parse(candidate),
            voter: self.voter,
            opinion: self.opinion,
            key: self.key,
            change: self.change,
        };
        let mut votes = open_or_make(&self.file, &ballot, console)?;
        let outcomes =
            votes.cast(std::slice::from_ref(&ballot), &SystemClock).map_err(|error| self.file.explain(error))?;
        let candidates = votes.candidates().map_err(|error| self.file.explain(error))?;
        let (outcome, id) = match outcomes.into_iter().next().context("the store gave no answer")? {
            Outcome::Stored { id, replaced: None } => ("stored", id),
            Outcome::Stored { id, replaced: Some(_) } => ("changed", id),
            Outcome::Repeated { id } => ("repeated", id),
            Outcome::Refused(refusal) => bail!("the vote was not stored: {}", told(&refusal, &candidates)),
        };
        if outcome == "repeated" {
            console.note("this vote was stored before, under the same key; it counts once");
        }
        let candidate = candidates.into_iter().find(|candidate| match &ballot.choice {
            Choice::Id(id) => *id == candidate.id,
            Choice::Name(name) => *name == candidate.name,
        });
        let candidate = candidate.context("the candidate is gone")?;
        let mut report = Report::table("votes", &["outcome", "candidate_id", "candidate", "vote_id"]);
        let number = |id: i64| Value::Count(id.unsigned_abs().into());
        report.row([outcome.into(), number(candidate.id), candidate.name.into(), number(id)]);
        output::print(&report, format, console)
    }
}

/// Lines that are told of at most; with --verbose all.
const LINES_TOLD: u64 = 100;

/// Stores the ballots on stdin.
fn many(file: &BallotFile, strict: bool, format: Format, console: &Console) -> anyhow::Result<()> {
    if io::stdin().is_terminal() {
        console.note("type ballots, one a line, and end with Ctrl-D");
    }
    let mut votes = match store::open(file.place()) {
        Err(BoxError::Missing(_)) => make_first(file, console)?,
        opened => opened.map_err(|error| file.explain(error))?,
    };
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
        done = ballot::take_in_all(&mut *votes, &input, &SystemClock, &bar, &mut told)
            .map_err(|error| file.explain(error))?;
    } else {
        let taken = ballot::take_in(&mut *votes, io::stdin(), &SystemClock, &bar, &mut told, &mut done);
        taken
            .map_err(|error| match error {
                IntakeError::Read(error) => anyhow::Error::from(error).context("cannot read the ballots on stdin"),
                IntakeError::Box(error) => file.explain(error),
            })
            .with_context(|| {
                format!(
                    "ended early; until then {} stored, {} repeated, {} refused",
                    done.stored, done.repeated, done.refused
                )
            })?;
    }
    drop(bar);
    if told_of > LINES_TOLD {
        console.warn(&format!("{} more lines were not stored (--verbose tells of each)", told_of - LINES_TOLD));
    }
    if strict && done.refused > 0 {
        bail!("nothing was stored, because of {} lines (--strict)", done.refused);
    }
    let mut report = Report::table("ballots", &["stored", "repeated", "refused"]);
    report.row([done.stored.into(), done.repeated.into(), done.refused.into()]);
    output::print(&report, format, console)?;
    match done.refused {
        0 => Ok(()),
        refused => bail!("{refused} of {} lines were not stored", done.stored + done.repeated + refused),
    }
}

fn told_line(why: &BadLine) -> String {
    match why {
        BadLine::Refused(Refusal::NotOpenYet(opens)) => format!("voting opens at {}", local(*opens)),
        BadLine::Refused(Refusal::Closed(closes)) => format!("voting closed at {}", local(*closes)),
        other => other.to_string(),
    }
}

/// The ballot file; where there is none, a first one, unless `ballot` would be refused there.
fn open_or_make(file: &BallotFile, ballot: &Ballot, console: &Console) -> anyhow::Result<Box<dyn BallotBox>> {
    match store::open(file.place()) {
        Err(BoxError::Missing(_)) => {}
        opened => return opened.map_err(|error| file.explain(error)),
    }
    let setup = Setup::first();
    let now = votekit::ballot::Clock::now(&SystemClock);
    if let Outcome::Refused(refusal) = ballot::decide_first(&setup, ballot, now) {
        let candidates = Candidates::numbered(&setup.candidates);
        let why = told(&refusal, candidates.as_slice());
        bail!("the vote was not stored, and {} was not made: {why}", file.place());
    }
    make_first(file, console)
}

/// The ballot file; where none is named and there is none, a first one.
pub fn open_or_make_first(file: &BallotFile, console: &Console) -> anyhow::Result<Box<dyn BallotBox>> {
    match store::open(file.place()) {
        Err(BoxError::Missing(_)) if !file.is_named() => make_first(file, console),
        opened => opened.map_err(|error| file.explain(error)),
    }
}

fn make_first(file: &BallotFile, console: &Console) -> anyhow::Result<Box<dyn BallotBox>> {
    let setup = Setup::first();
    match store::create(file.place(), &setup) {
        Ok(votes) => {
            let names: Vec<String> =
                (1..).zip(&setup.candidates).map(|(id, name): (u64, _)| format!("{id} {name}")).collect();
            console.note(&format!("made {} with the candidates {}", file.place(), names.join(", ")));
            Ok(votes)
        }
        // Somebody else's first vote was quicker.
        Err(BoxError::Exists(_)) => file.open(),
        Err(error) => Err(file.explain(error)),
    }
}

/// A refusal for people: times in their zone, and who there is to vote for.
pub fn told(refusal: &Refusal, candidates: &[Candidate]) -> String {
    match refusal {
        Refusal::UnknownCandidate(_) => format!("{refusal}; there are {}", listed(candidates)),
        Refusal::NotOpenYet(opens) => format!("voting opens at {}", local(*opens)),
        Refusal::Closed(closes) => format!("voting closed at {}", local(*closes)),
        Refusal::VoterMissing => "this vote asks who votes: add --voter ID".into(),
        other => other.to_string(),
    }
}

/// `1 薯片, 2 林林, 3 正氣`; of many the first.
fn listed(candidates: &[Candidate]) -> String {
    const SHOWN: usize = 20;
    let names: Vec<String> =
        candidates.iter().take(SHOWN).map(|candidate| format!("{} {}", candidate.id, candidate.name)).collect();
    let rest = if candidates.len() > SHOWN { " … (all: votekit candidates)" } else { "" };
    format!("{}{rest}", names.join(", "))
}
