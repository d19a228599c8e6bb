//! `votekit q1 load`: events into a database, to ask again and again.
use std::path::PathBuf;

use anyhow::Context;
use clap::builder::NonEmptyStringValueParser;
use votekit::retention::{self, EventNames};
use votekit::units::Zone;

use crate::cli::q1::reading::{self, Reading};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::{exit, inputs};

const EXAMPLES: &str = "\
Examples:
  votekit q1 load events.tsv --db events.db
  votekit q1 --db events.db --by day
  votekit q1 load events.tsv --db events.db --keep country,version
  votekit q1 --db events.db --by country

Any SQLite can read and write the table piwik_track. Once another tool has written to the file, answers come from the events \
themselves: right, but slow; load again to have them at once again. Times are stored in UTC. --collation is the one that \
questions will be asked with.";

/// Load events into a new SQLite database, to ask again and again
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    files: inputs::FileArgs,
    #[arg(long, value_name = "FILE|DIR", num_args = 1.., hide = true)]
    events: Vec<PathBuf>,
    /// The database to make; it must not exist yet
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Further columns to keep, for --by
    #[arg(long, value_name = "COLUMN,…", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    keep: Vec<String>,
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
        const FAILED: &str = "cannot load the events";
        let Some(inputs) = self.files.named(&self.events, FAILED, console)? else {
            return Err(exit::misuse("no events given: name files, or - for stdin"));
        };
        let bar = console.bar(inputs::bytes_total(&inputs));
        let names = EventNames { kept: self.keep.clone(), ..self.reading.names() };
        let options = self.reading.options(names, Zone::UTC, None);
        let read = retention::load(&inputs, &self.db, self.reading.collation(), &options, &bar).context(FAILED)?;
        drop(bar);
        let events = if read.rows.read == 1 { "event is" } else { "events are" };
        console.note(&format!("{} {events} in {}", read.rows.read, self.db.display()));
        reading::report_reading(&read, console);
        Ok(())
    }
}
