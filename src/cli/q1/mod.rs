//! `votekit q1`: users of an install cohort who came back.
mod curves;
mod load;
mod reading;
#[cfg(feature = "mysql")]
mod server;

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use votekit::dial::Address;
use votekit::report::Report;
use votekit::retention::{CurvesFound, Database, Engine, EventFiles, EventsRead, Question, SAMPLE, SQL, TableNames};
use votekit::scan::Input;
use votekit::units::{DateOrder, DurationSecs, Zone};

use self::curves::{Asked, CurveArgs};
use self::reading::{Reading, warn_of_bad_events};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format};
use crate::cli::terminal::{inputs, stdin, times};

const EXAMPLES: &str = "\
Examples:
  votekit q1 --events events.tsv                   columns time, uid, event_name by their names
  votekit q1 --events logs/ --by day               how many came back on each day, and what share
  votekit q1 --events events.tsv.gz --cohorts 2017-04-01..2017-04-14 --svg triangle.svg
  votekit q1 --sample --by day                     the sample that is built in
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
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    /// Files or folders of events, - for stdin [default: stdin if something is piped in]
    ///
    /// TSV or CSV with a header, or NDJSON; also gzip or zstd.
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "db", num_args = 1..)]
    events: Vec<PathBuf>,
    /// Read the few sample events that are built in
    #[arg(long, conflicts_with_all = ["events", "db"])]
    sample: bool,
    /// An SQLite file, or a server as <mysql://USER@HOST/DATABASE>; it is only read
    #[arg(long, value_name = "FILE|URL")]
    db: Option<PathBuf>,
    /// How long a server may take to answer (to connect: 10s at most)
    #[arg(long, value_name = "TIME", default_value = "10m")]
    timeout: DurationSecs,
    /// The day of the install
    #[arg(long, value_name = "DAY", default_value = "2017-04-01", allow_hyphen_values = true)]
    install_day: String,
    /// The first day of the window in which a user must have an event
    #[arg(long, value_name = "DAY", default_value = "2017-04-02", visible_alias = "since", allow_hyphen_values = true)]
    from: String,
    /// The last day of the window, whole
    #[arg(long, value_name = "DAY", default_value = "2017-04-08", visible_alias = "until", allow_hyphen_values = true)]
    to: String,
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
    /// Whether an option other than `--format` was typed, even with the value it has anyway.
    #[arg(skip)]
    pub(super) has_options: bool,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Load(load::Args),
}

/// Where the events are.
enum Place {
    Files(Vec<Input>),
    Sqlite(PathBuf),
    Server(String),
}

/// An engine's answer.
enum Answer<'a> {
    Figure(u64),
    Curves(&'a Asked, CurvesFound),
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When the options contradict each other, or events or database cannot be read.
    pub(super) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        if let Some(Command::Load(load)) = self.command {
            return load.run(console);
        }
        if self.print_sql {
            return output::write_stdout(SQL);
        }
        let question = self.question()?;
        let asked = self.curves.resolve(&question, format)?;
        let (answer, read) = self.answer(&question, asked.as_ref(), console)?;
        match answer {
            Answer::Figure(users) if self.is_unasked_sample() => {
                output::print(&Report::sample("users", users), format, console)?;
            }
            Answer::Figure(users) => output::print(&Report::figure("num_of_user", users), format, console)?,
            Answer::Curves(asked, found) => asked.show(&found, format, console)?,
        }
        if let Some(read) = read {
            warn_of_bad_events(&read, console);
        }
        Ok(())
    }

    /// What is asked, with its days as dates.
    fn question(&self) -> anyhow::Result<Question> {
        let day = |option: &str, text: &str| times::day(option, text, Zone::UTC, DateOrder::default());
        let (from, to) = (day("--from", &self.from)?, day("--to", &self.to)?);
        if from > to {
            return Err(exit::misuse(format!("the window ends before it begins: {from} is after {to}")));
        }
        let install_day = day("--install-day", &self.install_day)?;
        Ok(Question { install_day, from, to, event: self.event.clone() })
    }

    /// The answer of the engine for the place of the events, and what it read of files.
    fn answer<'a>(
        &self,
        question: &Question,
        asked: Option<&'a Asked>,
        console: &Console,
    ) -> anyhow::Result<(Answer<'a>, Option<EventsRead>)> {
        let collation = self.reading.collation();
        match self.place(console)? {
            Place::Files(inputs) => {
                self.refuse_to_draw_over(&inputs)?;
                let bar = console.bar(inputs::bytes_total(&inputs));
                let options = self.reading.options();
                ask(EventFiles::new(&inputs, collation, &options, &bar), question, asked)
            }
            Place::Sqlite(path) => {
                self.refuse_to_draw_over(&[Input::Path(path.clone())])?;
                ask(Database::open(&path, &self.names(), collation)?, question, asked)
            }
            #[cfg(feature = "mysql")]
            Place::Server(url) => {
                let limit = self.timeout.into();
                ask(server::connect(&url, limit, self.names(), console)?, question, asked)
            }
            #[cfg(not(feature = "mysql"))]
            Place::Server(_url) => Err(exit::not_built_in("--db mysql://", "mysql")),
        }
    }

    fn place(&self, console: &Console) -> anyhow::Result<Place> {
        let Some(path) = &self.db else {
            if self.sample {
                return Ok(Place::Files(vec![SAMPLE]));
            }
            if self.is_unasked_sample() {
                console.note("no events given: this is the sample that is built in");
                return Ok(Place::Files(vec![SAMPLE]));
            }
            if self.events.is_empty() && stdin::is_given() {
                return Ok(Place::Files(vec![Input::Stdin]));
            }
            if self.events.is_empty() {
                return Err(exit::misuse(
                    "no events given: name files, pipe them in, or try the built-in sample with --sample",
                ));
            }
            return Ok(Place::Files(inputs::named(&self.events, "cannot load the events")?));
        };
        match path.to_str() {
            Some(url) if Address::is_url(url) => {
                if self.reading.collation.is_some() {
                    return Err(exit::misuse("--collation: a server compares as the table's columns do"));
                }
                Ok(Place::Server(url.to_owned()))
            }
            // It may hold a password, so only the scheme is repeated.
            Some(url) if let Some((scheme, _)) = url.split_once("://") => {
                Err(exit::misuse(format!("--db: {scheme}:// is neither mysql:// nor mariadb://, nor a file")))
            }
            _ => Ok(Place::Sqlite(path.clone())),
        }
    }

    /// Whether there are no events, and the question is the one that the built-in sample answers: any option would be about
    /// events of the user's own.
    fn is_unasked_sample(&self) -> bool {
        self.events.is_empty() && self.db.is_none() && !self.sample && !self.has_options && !stdin::is_given()
    }

    fn refuse_to_draw_over(&self, inputs: &[Input]) -> anyhow::Result<()> {
        inputs::refuse_to_overwrite(inputs, "--svg", self.curves.svg())
    }

    fn names(&self) -> TableNames {
        let table = self.table.clone().unwrap_or_else(|| TableNames::default().table);
        TableNames { table, columns: self.reading.options().names }
    }
}

/// Asks `engine` for the curves that were asked for, or else for the one figure.
fn ask<'a, E>(
    mut engine: E,
    question: &Question,
    asked: Option<&'a Asked>,
) -> anyhow::Result<(Answer<'a>, Option<EventsRead>)>
where
    E: Engine<Error: std::error::Error + Send + Sync + 'static>,
{
    let answer = match asked {
        Some(asked) => Answer::Curves(asked, engine.curves(&asked.curves, &question.event)?),
        None => Answer::Figure(engine.num_of_user(question)?),
    };
    Ok((answer, engine.events_read().cloned()))
}
