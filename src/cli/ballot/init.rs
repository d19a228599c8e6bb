//! `votekit init`: makes a ballot file.
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use votekit::ballot::{BoxError, Settings, Setup, Voter};
use votekit::store;

use super::ballots::{BallotFile, candidates_report, moment};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit init --title 'Best snack' --candidate 薯片 --candidate 林林 --candidate 正氣
  votekit init --ballots board.db --candidates people.csv --voters members.csv --votes-per-voter 1
  votekit init --candidate yes --candidate no --closes '2026-11-24 20:00' --hide-until-closed

Candidates get the ids 1, 2, 3, … in the order given. --candidates reads a CSV whose column `name` counts, or whose only column; \
--voters one with the columns `id` and, if you like, `name`, or without a header. A time is on this \
machine's clocks (2026-11-24 20:00, 20:00 today, tomorrow) or has its offset (2026-11-24T20:00Z). The vote is open from --opens \
until just before --closes.

Limits: 1,000 candidates; lists of 256 MiB; names, ids and titles of 200 characters without control characters. A name cannot be a number, \
which would be taken for an id, nor look like another's.

Who can read the file can read who voted for whom, and hidden results too: it is as secret as its permissions make it.";

/// Lists are read into memory.
const LIST_BYTES_MOST: u64 = 256 << 20;

/// Make a ballot file; never touches one that is there
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
    /// How many votes a voter has; then every vote must say who votes
    #[arg(long, value_name = "N")]
    votes_per_voter: Option<u32>,
    /// A CSV file of those who may vote, - for stdin; then nobody else may
    #[arg(long, value_name = "FILE")]
    voters: Option<PathBuf>,
    /// Voters may change their latest vote
    #[arg(long)]
    allow_change: bool,
    /// When voting begins
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    opens: Option<String>,
    /// When voting ends
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    closes: Option<String>,
    /// Show nobody what candidates got before --closes
    #[arg(long)]
    hide_until_closed: bool,
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
        let time = |option: &str, text: &Option<String>| text.as_deref().map(|text| moment(option, text)).transpose();
        let mut candidates = self.names.clone();
        if let Some(path) = &self.candidates {
            candidates.extend(read_list(path, "name", None)?.into_iter().map(|(name, _)| name));
        }
        let voter = |(id, name): (String, Option<String>)| Voter { id, name: name.filter(|name| !name.is_empty()) };
        let voters = match &self.voters {
            Some(path) => read_list(path, "id", Some("name"))?.into_iter().map(voter).collect(),
            None => Vec::new(),
        };
        if candidates.is_empty() {
            return Err(exit::misuse("a vote needs candidates: --candidate NAME for each, or --candidates FILE.csv"));
        }
        if self.voters.is_some() && voters.is_empty() {
            bail!(
                "nobody could vote: there is no voter in {}",
                self.voters.as_deref().unwrap_or(Path::new("-")).display()
            );
        }
        let settings = Settings {
            title: self.title.clone(),
            opens: time("--opens", &self.opens)?,
            closes: time("--closes", &self.closes)?,
            votes_per_voter: self.votes_per_voter,
            voters_only: self.voters.is_some(),
            change_allowed: self.allow_change,
            hide_until_closed: self.hide_until_closed,
        };
        let setup = Setup { settings, candidates, voters };
        let mut votes = store::create(file.place(), &setup).map_err(|error| match error {
            BoxError::Setup(problem) | BoxError::Candidate(problem) => exit::misuse(problem),
            error => error.into(),
        })?;
        console.note(&format!("made {}", file.place()));
        let candidates = votes.candidates()?;
        let mut report = candidates_report(&candidates);
        file.asked(&mut report);
        output::print(&report, format, console)
    }
}

/// The columns `first` and `second` of a CSV with a header, or without one the first two columns. Columns are separated by
/// commas, or by semicolons or tabs, as spreadsheets in some locales write them, if the header shows it.
fn read_list(path: &Path, first: &str, second: Option<&str>) -> anyhow::Result<Vec<(String, Option<String>)>> {
    let what = || format!("cannot read the list {}", path.display());
    let input: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(path).with_context(what)?),
    };
    let mut text = Vec::new();
    input.take(LIST_BYTES_MOST + 1).read_to_end(&mut text).with_context(what)?;
    if text.len() as u64 > LIST_BYTES_MOST {
        bail!("{}: it is longer than {} MiB", what(), LIST_BYTES_MOST >> 20);
    }
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter(text, first))
        .from_reader(text);
    let mut list = Vec::new();
    // The positions of the columns, known after the first row.
    let mut places: Option<(usize, Option<usize>)> = None;
    for row in reader.records() {
        let row = row.with_context(what)?;
        let (at, beside) = match places {
            Some(places) => places,
            None => {
                let place = |name: &str| row.iter().position(|cell| cell.eq_ignore_ascii_case(name));
                if let Some(at) = place(first) {
                    places = Some((at, second.and_then(place)));
                    continue;
                }
                if row.len() > if second.is_some() { 2 } else { 1 } {
                    bail!("{}: {} columns and no header that names `{first}`", what(), row.len());
                }
                *places.insert((0, second.map(|_| 1)))
            }
        };
        let Some(text) = row.get(at).filter(|text| !text.is_empty()) else {
            let line = row.position().map_or(0, csv::Position::line);
            bail!("{}: line {line} has no {first}", what());
        };
        list.push((text.to_owned(), beside.and_then(|beside| row.get(beside)).map(str::to_owned)));
    }
    Ok(list)
}

/// The separator that makes the first line of `text` a header that names `first`; else the comma.
fn delimiter(text: &[u8], first: &str) -> u8 {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let names = |separator: u8| {
        let mut cells = line.split(|byte| *byte == separator).map(<[u8]>::trim_ascii);
        let bare =
            |cell: &[u8]| cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell).to_owned();
        cells.any(|cell| bare(cell).eq_ignore_ascii_case(first.as_bytes()))
    };
    b",;\t".iter().copied().find(|separator| names(*separator)).unwrap_or(b',')
}
