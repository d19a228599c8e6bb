//! `votekit q1`: users of an install cohort who came back.
mod curves;
mod load;
mod server;

use std::path::{Path, PathBuf};

use anyhow::Context;
use chrono::NaiveDate;
use clap::builder::NonEmptyStringValueParser;
use votekit::report::Report;
use votekit::retention::server::Address;
use votekit::retention::{
    Collation, Database, EventNames, EventOptions, EventsRead, Question, SAMPLE, SQL, TableNames,
};
use votekit::scan::{Input, ScanOptions};
use votekit::units::{Day, DurationSecs};

use self::curves::CurveArgs;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::files;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit q1                                       the sample that is built in
  votekit q1 --events events.tsv                   columns time, uid, event_name by their names
  votekit q1 --events logs/ --by day               each day of the window: how many came back, and what share
  votekit q1 --events events.tsv.gz --cohorts 2017-04-01..2017-04-14 --svg triangle.svg
  votekit q1 load --events events.tsv --db events.db
  votekit q1 --db events.db --install-day 2017-04-03 --from 2017-04-04 --to 2017-04-10
  votekit q1 --db 'mysql://ann@db.example/matomo?ssl-mode=required' --table log_visit --user idvisitor
  votekit q1 --print-sql | mysql matomo            the same question, asked by MySQL

Names of events and users compare as in MySQL's utf8_general_ci: case, most accents and trailing spaces make no difference. \
--collation binary compares byte by byte. A field that is \\N is NULL.

A server compares as its columns do; its password comes from the address (and leaves the command line at once), MYSQL_PWD or \
~/.my.cnf, in this order; ?ssl-mode= is disabled, preferred (the default), required, verify-ca&ssl-ca=FILE or \
verify-identity; ?socket=PATH is a socket.";

/// Count the users of an install cohort who came back
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Events: TSV or CSV with a header, NDJSON; gzip and zstd too; - for stdin [default: the built-in sample]
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "db", num_args = 1..)]
    events: Vec<PathBuf>,
    /// A SQLite database, or a server as mysql://USER@HOST/DATABASE, with a table piwik_track(time, uid, event_name); only read
    #[arg(long, value_name = "FILE|URL")]
    db: Option<PathBuf>,
    /// How long a server may take to answer (to connect: 10s at most)
    #[arg(long, value_name = "TIME", default_value = "10m")]
    timeout: DurationSecs,
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
    #[command(flatten)]
    reading: Reading,
    /// The table of the database that has the events
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new(), requires = "db")]
    table: Option<String>,
    #[command(flatten)]
    curves: CurveArgs,
    /// Print the query, which MySQL runs as it is, and do nothing else
    #[arg(long)]
    print_sql: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Load(load::Args),
}

/// How events are read, from files and from tables.
#[derive(Debug, clap::Args)]
pub struct Reading {
    /// How names of events and users compare [default: utf8_general_ci; on a server as its columns do]
    #[arg(long, value_name = "NAME")]
    collation: Option<TypedCollation>,
    /// Fail at the first event that cannot be read
    #[arg(long)]
    strict: bool,
    /// The column that says when
    #[arg(long, value_name = "COLUMN", value_parser = NonEmptyStringValueParser::new(), default_value = "time")]
    time: String,
    /// The column that says who
    #[arg(long, value_name = "COLUMN", value_parser = NonEmptyStringValueParser::new(), default_value = "uid")]
    user: String,
    /// The column that says what
    #[arg(long, value_name = "COLUMN", value_parser = NonEmptyStringValueParser::new(), default_value = "event_name")]
    event_column: String,
}

impl Reading {
    /// What makes two names the same.
    pub fn collation(&self) -> Collation {
        match self.collation {
            None | Some(TypedCollation::GeneralCi) => Collation::GeneralCi,
            Some(TypedCollation::Binary) => Collation::Binary,
        }
    }

    /// What was meant.
    pub fn options(&self) -> EventOptions {
        let names =
            EventNames { time: self.time.clone(), uid: self.user.clone(), event_name: self.event_column.clone() };
        EventOptions { names, strict: self.strict, scan: ScanOptions::default() }
    }
}

/// The files that were named, and those in the directories that were.
///
/// # Errors
/// When a directory cannot be listed or holds no file.
pub fn inputs(paths: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            inputs.push(Input::Stdin);
        } else {
            inputs.extend(Input::below(path)?);
        }
    }
    Ok(inputs)
}

/// How many bytes `inputs` hold, where that is known of all.
pub fn bytes_total(inputs: &[Input]) -> Option<u64> {
    inputs.iter().map(Input::bytes_total).sum()
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
        if let Some(Command::Load(load)) = self.command {
            return load.run(console);
        }
        if self.print_sql {
            return output::write_stdout(SQL);
        }
        if self.from > self.to {
            return Err(exit::misuse(format!("the window ends before it begins: {} is after {}", self.from, self.to)));
        }
        let collation = self.reading.collation();
        let question =
            Question { install_day: self.install_day, from: self.from, to: self.to, event: self.event.clone() };
        let asked = self.curves.meant(&question, format)?;
        if let Some(address) = self.db.as_deref().and_then(Path::to_str).filter(|text| Address::is_one(text)) {
            if self.reading.collation.is_some() {
                return Err(exit::misuse("--collation: a server compares as the table's columns do there"));
            }
            let mut server = server::connect(address, self.timeout.into(), console)?.with_names(self.place());
            return match asked {
                Some(asked) => {
                    let last_day = server.last_day()?;
                    let found = asked.curves.ask(&question.event, last_day, |one| server.num_of_user(one))?;
                    asked.show(&found, format, console)
                }
                None => print_figure(server.num_of_user(&question)?, format, console),
            };
        }
        if let Some(path) = &self.db {
            // It may hold a password: only the scheme is told.
            if let Some((scheme, _)) = path.to_str().and_then(|text| text.split_once("://")) {
                return Err(exit::misuse(format!("--db: {scheme}:// is neither mysql:// nor mariadb://, nor a file")));
            }
            self.refuse_to_draw_over(&[Input::Path(path.clone())])?;
            let database = Database::open(path, &self.place(), collation)?;
            return match asked {
                Some(asked) => {
                    let last_day = database.last_day()?;
                    let found = asked.curves.ask(&question.event, last_day, |one| database.num_of_user(one))?;
                    asked.show(&found, format, console)
                }
                None => print_figure(database.num_of_user(&question)?, format, console),
            };
        }
        let inputs = self.inputs(console)?;
        self.refuse_to_draw_over(&inputs)?;
        let bar = console.bar(bytes_total(&inputs));
        let options = self.reading.options();
        let read = match asked {
            Some(asked) => {
                let read = asked.curves.read(&inputs, &question.event, collation, &options, &bar);
                let (found, read) = read.context("cannot load the events")?.ok_or_else(curves::too_many_days)?;
                drop(bar);
                asked.show(&found, format, console)?;
                read
            }
            None => {
                let loaded = Database::from_events(&inputs, &question, collation, &options, &bar);
                let (database, read) = loaded.context("cannot load the events")?;
                drop(bar);
                print_figure(database.num_of_user(&question)?, format, console)?;
                read
            }
        };
        tell_of_bad_events(&read, console);
        Ok(())
    }

    fn refuse_to_draw_over(&self, inputs: &[Input]) -> anyhow::Result<()> {
        self.curves.svg().map_or(Ok(()), |path| files::refuse_input("--svg", path, inputs))
    }

    fn place(&self) -> TableNames {
        let table = self.table.clone().unwrap_or_else(|| TableNames::default().table);
        TableNames { table, columns: self.reading.options().names }
    }

    fn inputs(&self, console: &Console) -> anyhow::Result<Vec<Input>> {
        if self.events.is_empty() {
            console.note("no --events and no --db: these are the sample events that are built in");
            return Ok(vec![SAMPLE]);
        }
        inputs(&self.events)
    }
}

fn print_figure(num_of_user: u64, format: Format, console: &Console) -> anyhow::Result<()> {
    output::print(&Report::figure("num_of_user", num_of_user), format, console)
}

/// Warns of events that could not be read.
pub fn tell_of_bad_events(read: &EventsRead, console: &Console) {
    let bad_rows: Vec<String> = read.bad_rows.iter().map(ToString::to_string).collect();
    console.warn_of_bad_rows("events", read.rows_bad, read.rows_bad + read.rows_read, &bad_rows, "counted");
}
