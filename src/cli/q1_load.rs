//! `votekit q1 load`: events into a database, to ask again and again.
use std::path::PathBuf;

use anyhow::Context;
use votekit::retention;

use super::console::Console;
use super::q1::{self, Reading};

const EXAMPLES: &str = "\
Examples:
  votekit q1 load --events events.tsv --db events.db
  votekit q1 --db events.db --by day

The columns uid and event_name have votekit's collation utf8_general_ci, which a plain sqlite3 does not know: most of its
statements fail there. Load with --collation binary what other tools are to read too.";

/// Load events into a new SQLite database with the indexes that the question needs
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Events: TSV or CSV with a header, NDJSON; gzip and zstd too; a directory stands for its files, - for stdin
    #[arg(long, value_name = "FILE|DIR", required = true, num_args = 1..)]
    events: Vec<PathBuf>,
    /// The database to make; it must not exist yet
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When the events cannot be read or the database cannot be made.
    pub fn run(self, console: &Console) -> anyhow::Result<()> {
        let inputs = q1::inputs(&self.events)?;
        let bar = console.bar(q1::bytes_total(&inputs));
        let read = retention::load(&inputs, &self.db, self.reading.collation(), &self.reading.options(), &bar);
        let read = read.context("cannot load the events")?;
        drop(bar);
        console.note(&format!("{} events are in {}", read.rows_read, self.db.display()));
        q1::tell_of_bad_events(&read, console);
        Ok(())
    }
}
