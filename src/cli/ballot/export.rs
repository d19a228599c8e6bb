//! `votekit export`: every vote, one by one.
use std::io::{self, BufWriter, IsTerminal, Write};
use std::ops::ControlFlow;

use anyhow::Context;
use serde::Serialize;
use votekit::ballot::{Clock, Record, SystemClock};
use votekit::report::{Report, Value};

use super::ballots::{BallotFile, local};
use crate::cli::terminal::console::{Console, is_unprintable, printable};
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit export --format csv > votes.csv                   what may be published
  votekit export --format json --with-voters > record.json  everything, for those who may see it

Without --with-voters it holds candidates and opinions of standing votes, ordered by these: nothing that tells who voted, when,
or after whom. (An opinion may still tell who wrote it.) With it also ids, times, voters, keys and withdrawn votes.
Where results are hidden until the vote closes, nothing is exported before.";

/// A table is laid out as a whole: beyond this it is no use to anyone.
const TABLE_ROWS_MOST: usize = 100_000;

/// Write out every vote
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// With ids, times, voters and keys, and withdrawn votes too
    #[arg(long)]
    with_voters: bool,
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, it cannot be read, the results are hidden, or stdout cannot be written.
    pub fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let mut votes = self.file.open()?;
        let mut sink = Sink::new(format, self.with_voters);
        let mut result = Ok(());
        let exported = votes.export(self.with_voters, SystemClock.now(), &mut |record| match sink.write(&record) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                result = Err(error);
                ControlFlow::Break(())
            }
        });
        exported?;
        result?;
        sink.finish(console)
    }
}

const COLUMNS: [&str; 3] = ["candidate_id", "candidate", "opinion"];
const PRIVATE_COLUMNS: [&str; 8] =
    ["vote_id", "created_at", "candidate_id", "candidate", "voter", "opinion", "key", "replaced_by"];

#[derive(Serialize)]
struct Public<'a> {
    candidate_id: i64,
    candidate: &'a str,
    opinion: Option<&'a str>,
}

#[derive(Serialize)]
struct Private<'a> {
    vote_id: i64,
    created_at: String,
    candidate_id: i64,
    candidate: &'a str,
    voter: Option<&'a str>,
    opinion: Option<&'a str>,
    key: Option<&'a str>,
    replaced_by: Option<i64>,
}

/// Where votes go, one after the other.
enum Sink {
    Table(Report),
    Plain(BufWriter<io::Stdout>),
    Csv { writer: Box<csv::Writer<io::Stdout>>, terminal: bool },
    Json { writer: BufWriter<io::Stdout>, any: bool },
}

impl Sink {
    fn new(format: Format, with_voters: bool) -> Self {
        let columns: &[&str] = if with_voters { &PRIVATE_COLUMNS } else { &COLUMNS };
        let out = || BufWriter::with_capacity(1 << 16, io::stdout());
        match format {
            Format::Table => Sink::Table(Report::table("votes", columns)),
            Format::Plain => Sink::Plain(out()),
            Format::Csv => {
                let mut writer = csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(io::stdout());
                // Kept in the buffer: it cannot fail yet.
                let _ = writer.write_record(columns);
                Sink::Csv { writer: Box::new(writer), terminal: io::stdout().is_terminal() }
            }
            Format::Json => Sink::Json { writer: out(), any: false },
        }
    }

    fn write(&mut self, record: &Record<'_>) -> anyhow::Result<()> {
        let failed = "cannot write the result to stdout";
        match self {
            Sink::Table(report) => {
                if report.rows.len() == TABLE_ROWS_MOST {
                    let text = "more than 100,000 votes are no table: write them with --format csv, json or plain";
                    return Err(exit::misuse(text));
                }
                let cell = |text: String| if text.is_empty() { Value::Null } else { Value::Text(text) };
                report.row(cells(record).into_iter().map(cell));
                Ok(())
            }
            Sink::Plain(writer) => {
                let cells = cells(record);
                let line: Vec<_> = cells.iter().map(|cell| printable(cell)).collect();
                writeln!(writer, "{}", line.join("\t")).context(failed)
            }
            Sink::Csv { writer, terminal } => {
                let mut cells = cells(record);
                if *terminal {
                    cells.iter_mut().for_each(|cell| *cell = printable(cell).into_owned());
                }
                writer.write_record(cells).map_err(without_csv).context(failed)
            }
            Sink::Json { writer, any } => {
                let before = if *any { ",\n" } else { "{\"votes\": [\n" };
                *any = true;
                writer
                    .write_all(before.as_bytes())
                    .and_then(|()| writer.write_all(json(record)?.as_bytes()))
                    .context(failed)
            }
        }
    }

    fn finish(self, console: &Console) -> anyhow::Result<()> {
        let failed = "cannot write the result to stdout";
        match self {
            Sink::Table(report) => output::print(&report, Format::Table, console),
            Sink::Plain(mut writer) => writer.flush().context(failed),
            Sink::Csv { mut writer, .. } => writer.flush().context(failed),
            Sink::Json { mut writer, any } => {
                let end = if any { "\n]}\n" } else { "{\"votes\": []}\n" };
                writer.write_all(end.as_bytes()).and_then(|()| writer.flush()).context(failed)
            }
        }
    }
}

/// The error of stdout itself: a reader that has gone away is told by its kind.
fn without_csv(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn cells(record: &Record<'_>) -> Vec<String> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let (id, candidate, opinion) = (record.candidate_id.to_string(), record.candidate.to_owned(), text(record.opinion));
    match record.private {
        None => vec![id, candidate, opinion],
        Some(private) => vec![
            private.id.to_string(),
            local(private.created_at),
            id,
            candidate,
            text(private.voter),
            opinion,
            text(private.key),
            private.replaced_by.map(|by| by.to_string()).unwrap_or_default(),
        ],
    }
}

fn json(record: &Record<'_>) -> io::Result<String> {
    let Record { candidate_id, candidate, opinion, private } = *record;
    let text = match private {
        None => serde_json::to_string(&Public { candidate_id, candidate, opinion }),
        Some(private) => serde_json::to_string(&Private {
            vote_id: private.id,
            created_at: local(private.created_at),
            candidate_id,
            candidate,
            voter: private.voter,
            opinion,
            key: private.key,
            replaced_by: private.replaced_by,
        }),
    }?;
    if !text.chars().any(is_unprintable) {
        return Ok(text);
    }
    // As everywhere: nothing that steers a terminal leaves as it is; inside a JSON string an escape means the same.
    let escape = |c: char| if is_unprintable(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    Ok(text.chars().map(escape).collect())
}
