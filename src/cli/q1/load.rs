//! `votekit q1 load`: events into a database, to ask again and again.
use std::path::PathBuf;

use anyhow::Context;
use votekit::retention;

use crate::cli::q1::reading::{self, Reading};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::{exit, inputs};

const EXAMPLES: &str = "\
Examples:
  votekit q1 load --events events.tsv --db events.db
  votekit q1 --db events.db --by day

Any SQLite reads and writes the table piwik_track. Once another tool has written to the file, answers come from the events \
themselves: right, but slow; load anew to have them at once again. --collation says how names will compare when asked.";

/// Load events into a new SQLite database, to ask again and again
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Args {
    /// Events: TSV or CSV with a header, NDJSON; gzip and zstd too; a folder means its files, - is stdin
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
    pub(super) fn run(self, console: &Console) -> anyhow::Result<()> {
        // It may hold a password, so only the scheme is repeated.
        if let Some((scheme, _)) = self.db.to_str().and_then(|text| text.split_once("://")) {
            return Err(exit::misuse(format!("--db: load makes an SQLite file, not {scheme}://: name a file")));
        }
        let inputs = inputs::named(&self.events, "cannot load the events")?;
        let bar = console.bar(inputs::bytes_total(&inputs));
        let read = retention::load(&inputs, &self.db, self.reading.collation(), &self.reading.options(), &bar);
        let read = read.context("cannot load the events")?;
        drop(bar);
        let events = if read.read == 1 { "event is" } else { "events are" };
        console.note(&format!("{} {events} in {}", read.read, self.db.display()));
        reading::warn_of_bad_events(&read, console);
        Ok(())
    }
}
