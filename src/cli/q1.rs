//! `votekit q1`: users of an install cohort who came back.
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use chrono::NaiveDate;
use votekit::ballot::Span;
use votekit::report::Report;
use votekit::retention::server::Address;
use votekit::retention::{Collation, Database, EventsRead, Question, SAMPLE, SQL};
use votekit::scan::Input;
use votekit::units::Day;

use super::console::Console;
use super::exit;
use super::output::{self, Format};
use super::q1_server;

const EXAMPLES: &str = "\
Examples:
  votekit q1                                       the sample that is built in
  votekit q1 --events events.tsv                   a TSV or CSV with a header: time, uid, event_name
  votekit q1 --db events.db --install-day 2017-04-03 --from 2017-04-04 --to 2017-04-10
  votekit q1 --print-sql | mysql matomo            the same question, asked by MySQL

Names of events and users compare as in MySQL's utf8_general_ci: case, most accents and trailing spaces make no difference.
--collation binary compares byte by byte. A field that is \\N is NULL.";

/// Count the users of an install cohort who came back
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Events to load, TSV or CSV with a header; - for stdin [default: the built-in sample]
    #[arg(long, value_name = "FILE", conflicts_with = "db")]
    events: Option<PathBuf>,
    /// A SQLite database, or a server as mysql://USER@HOST/DATABASE, with a table piwik_track(time, uid, event_name); only read
    #[arg(long, value_name = "FILE|URL")]
    db: Option<PathBuf>,
    /// How long a server may take to answer (to connect: 10s at most)
    #[arg(long, value_name = "TIME", default_value = "10m")]
    timeout: Span,
    /// The day of the install
    #[arg(long, value_name = "DAY", default_value = "2017-04-01", value_parser = dated)]
    install_day: NaiveDate,
    /// The first day of the window in which a user must have an event
    #[arg(long, value_name = "DAY", default_value = "2017-04-02", value_parser = dated)]
    from: NaiveDate,
    /// The last day of the window, whole
    #[arg(long, value_name = "DAY", default_value = "2017-04-08", value_parser = dated)]
    to: NaiveDate,
    /// The event that counts as an install
    #[arg(long, value_name = "NAME", default_value = "FIRST_INSTALL")]
    event: String,
    /// How names of events and users compare
    #[arg(long, value_name = "NAME", default_value = "utf8_general_ci")]
    collation: TypedCollation,
    /// Fail at the first event that cannot be read
    #[arg(long)]
    strict: bool,
    /// Print the query, which MySQL runs as it is, and do nothing else
    #[arg(long)]
    print_sql: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum TypedCollation {
    /// As MySQL's default for utf8: without case, accents and trailing spaces
    #[value(name = "utf8_general_ci")]
    GeneralCi,
    /// Byte by byte
    Binary,
}

fn dated(text: &str) -> Result<NaiveDate, String> {
    let day = text.parse::<Day>().map_err(|error| error.to_string())?;
    day.dated().ok_or_else(|| "the year is missing: write 2017-04-01".to_owned())
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When the options contradict each other, or events or database cannot be read.
    pub fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        if self.print_sql {
            return output::write_stdout(SQL);
        }
        if self.from > self.to {
            return Err(exit::misuse(format!("the window ends before it begins: {} is after {}", self.from, self.to)));
        }
        let collation = match self.collation {
            TypedCollation::GeneralCi => Collation::GeneralCi,
            TypedCollation::Binary => Collation::Binary,
        };
        let question =
            Question { install_day: self.install_day, from: self.from, to: self.to, event: self.event.clone() };
        if let Some(address) = self.db.as_deref().and_then(Path::to_str).filter(|text| Address::is_one(text)) {
            let limit = Duration::from_secs(self.timeout.secs.into());
            let num_of_user = q1_server::connect(address, limit, console)?.num_of_user(&question)?;
            return output::print(&Report::figure("num_of_user", num_of_user), format, console);
        }
        let (database, read) = match &self.db {
            Some(path) => (Database::open(path, collation)?, EventsRead::default()),
            None => self.load(collation, console)?,
        };
        let num_of_user = database.num_of_user(&question)?;
        output::print(&Report::figure("num_of_user", num_of_user), format, console)?;
        tell_of_bad_events(&read, console);
        Ok(())
    }

    fn load(&self, collation: Collation, console: &Console) -> anyhow::Result<(Database, EventsRead)> {
        let input = match &self.events {
            Some(path) if path == Path::new("-") => Input::Stdin,
            Some(path) => Input::Path(path.clone()),
            None => {
                console.note("no --events and no --db: these are the sample events that are built in");
                SAMPLE
            }
        };
        let bar = console.bar(input.bytes_total());
        Database::from_events(&input, collation, self.strict, &bar).context("cannot load the events")
    }
}

fn tell_of_bad_events(read: &EventsRead, console: &Console) {
    let bad_rows: Vec<String> = read.bad_rows.iter().map(ToString::to_string).collect();
    console.warn_of_bad_rows("events", read.rows_bad, read.rows_bad + read.rows_read, &bad_rows, "counted");
}
