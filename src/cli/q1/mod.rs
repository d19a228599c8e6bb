//! `votekit q1`: users of an install cohort who came back.
mod by_value;
mod cohorts;
mod columns;
mod curves;
mod figure;
mod fit;
mod load;
mod question;
mod reading;
#[cfg(feature = "mysql")]
mod server;
mod zero;

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use votekit::dial::Address;
use votekit::retention::{
    self, Answer, CurvesFound, Database, Engine, EventFiles, EventNames, EventsRead, NameSeen, SAMPLE, TableNames,
};
use votekit::scan::Input;
use votekit::units::DurationSecs;

use self::curves::{Asked, CurveArgs};
use self::question::QuestionArgs;
use self::reading::{Reading, report_reading};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format};
use crate::cli::terminal::{exit, inputs, stdin};

const EXAMPLES: &str = "\
Examples:
  votekit q1 events.tsv                            columns time, uid, event_name by their names
  votekit q1 logs/ --install-day 2017-04-03        who came back within seven days?
  votekit q1 events.tsv --by day                   a figure for each day of the window
  votekit q1 events.tsv --days 1,7,30 --by country
  votekit q1 events.tsv.gz --cohorts 2017-04-01..2017-04-14 --svg triangle.svg
  votekit q1 events.tsv --cohorts 2017-01-01..2017-06-30 --every week --retention rolling
  votekit q1 load events.tsv --db events.db        answers at once: votekit q1 --db events.db
  votekit q1 --print-sql | mysql matomo            the same question, asked by MySQL
  votekit q1 --db mysql://ann@db.example/matomo --table matomo_log_visit --time visit_first_action_time \\
    --user idvisitor --event-column visitor_returning --event 0     new visitors of Matomo who came back

A day begins at midnight UTC, or by the clocks of --time-zone; times without an offset are UTC. Times are read in any form: \
2017-04-01 10:00:00, 2017-04-01T10:00:00Z, with an offset, seconds, milliseconds or microseconds since 1970, 20170401. A \
fraction is rounded to the nearest second, as MySQL does when it stores a DATETIME.

In files, \\N and the word NULL are NULL, an empty user is nobody, and backslashes in TSV are escapes, as mysql writes them; \
--literal takes them as they are. Names of events and users compare as in MySQL's utf8_general_ci: case, most accents and \
trailing spaces make no difference; --collation has others.

A server compares as its columns do; its password comes from the address (and leaves the command line at once), MYSQL_PWD or \
~/.my.cnf, in this order; ?ssl-mode= is disabled, preferred (the default), required, verify-ca&ssl-ca=FILE or \
verify-identity; ?socket=PATH is a socket.";

/// Count the users of an install cohort who came back
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    files: inputs::FileArgs,
    #[arg(long, value_name = "FILE|DIR", conflicts_with = "db", num_args = 1.., hide = true)]
    events: Vec<PathBuf>,
    /// Read the few sample events that are built in
    #[arg(long, conflicts_with_all = ["files", "files_from", "events", "db"])]
    sample: bool,
    /// An SQLite file, or a server as <mysql://USER@HOST/DATABASE>; only read
    #[arg(long, value_name = "FILE|URL", conflicts_with_all = ["files", "files_from"])]
    db: Option<PathBuf>,
    /// How long a server may take to answer (to connect: 10s at most)
    #[arg(long, value_name = "TIME", default_value = "10m")]
    timeout: DurationSecs,
    #[command(flatten)]
    question: QuestionArgs,
    #[command(flatten)]
    reading: Reading,
    /// The table of the database that has the events
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    table: Option<String>,
    #[command(flatten)]
    curves: CurveArgs,
    /// Print the question in SQL, as MySQL's client runs it, and do nothing else
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

/// What an engine says.
struct Said {
    answer: Found,
    read: Option<EventsRead>,
    /// The names of events, if the cohorts are empty and the names are known.
    names: Option<Vec<NameSeen>>,
}

enum Found {
    Figure(Answer),
    Curves(CurvesFound),
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
        let asked = self.question.resolve()?;
        let curves = self.curves.resolve(&asked, format)?;
        if self.print_sql {
            if curves.is_some() {
                return Err(exit::misuse(
                    "--print-sql prints the question of the one figure: leave out --by, --cohorts and --days",
                ));
            }
            return output::write_stdout(&asked.sql(&self.table_names(&asked, None)));
        }
        if self.table.is_some() && self.db.is_none() {
            return Err(exit::misuse("--table names a table of a database: add --db FILE|URL"));
        }
        let said = self.ask(&asked, curves.as_ref(), console)?;
        let collation = self.reading.collation();
        match (&said.answer, &curves) {
            (Found::Curves(found), Some(curves)) => {
                curves.show(found, said.names.as_deref(), collation, format, console)?;
            }
            (Found::Figure(answer), _) => {
                let is_sample = self.is_unasked_sample();
                figure::show(&asked, answer, said.names.as_deref(), collation, is_sample, format, console)?;
            }
            (Found::Curves(_), None) => {}
        }
        if let Some(read) = said.read {
            report_reading(&read, console);
        }
        Ok(())
    }

    /// What the engine for the place of the events says.
    fn ask(&self, asked: &question::Asked, curves: Option<&Asked>, console: &Console) -> anyhow::Result<Said> {
        let collation = self.reading.collation();
        let reading = retention::Reading { zone: asked.zone, today: reading::today(), end: asked.end };
        let names = self.table_names(asked, curves);
        match self.place(console)? {
            Place::Files(inputs) => {
                self.refuse_to_draw_over(&inputs)?;
                let bar = console.bar(inputs::bytes_total(&inputs));
                let options = self.reading.options(names.columns, asked.zone, asked.end);
                answer(EventFiles::new(&inputs, collation, &options, &bar), asked, curves)
            }
            Place::Sqlite(path) => {
                self.refuse_to_draw_over(&[Input::Path(path.clone())])?;
                let database = Database::open(&path, &names, collation, reading)?;
                if database.is_of_other_version() {
                    let path = path.display();
                    console.note(&format!(
                        "{path} was loaded by another version, so all of it is read: load the events again for answers at once"
                    ));
                }
                answer(database, asked, curves)
            }
            #[cfg(feature = "mysql")]
            Place::Server(url) => {
                let limit = self.timeout.into();
                answer(server::connect(&url, limit, names, reading, console)?, asked, curves)
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
            if let Some(inputs) = self.files.named(&self.events, "cannot load the events", console)? {
                return Ok(Place::Files(inputs));
            }
            if stdin::is_given() {
                return Ok(Place::Files(vec![Input::Stdin]));
            }
            return Err(exit::misuse(
                "no events given: name files, pipe them in, or try the built-in sample with --sample",
            ));
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
        let is_named = !self.files.is_empty() || !self.events.is_empty() || self.db.is_some();
        !is_named && !self.sample && !self.has_options && !stdin::is_given()
    }

    fn refuse_to_draw_over(&self, inputs: &[Input]) -> anyhow::Result<()> {
        inputs::refuse_to_overwrite(inputs, "--svg", self.curves.svg())
    }

    fn table_names(&self, asked: &question::Asked, curves: Option<&Asked>) -> TableNames {
        let table = self.table.clone().unwrap_or_else(|| TableNames::default().table);
        let kept = curves.and_then(|curves| curves.by.clone()).into_iter().collect();
        let columns = EventNames { install_time: asked.install_column.clone(), kept, ..self.reading.names() };
        TableNames { table, columns }
    }
}

/// Asks `engine` for the curves that were asked for, or else for the one figure.
fn answer<E>(mut engine: E, asked: &question::Asked, curves: Option<&Asked>) -> anyhow::Result<Said>
where
    E: Engine<Error: std::error::Error + Send + Sync + 'static>,
{
    let answer = match curves {
        Some(asked) => Found::Curves(engine.curves(&asked.curves)?),
        None => Found::Figure(engine.answer(&asked.question)?),
    };
    let users = match &answer {
        Found::Figure(answer) => answer.cohort_users,
        Found::Curves(found) => found.curves.iter().filter_map(|curve| curve.users).sum(),
    };
    let read = engine.events_read().cloned();
    let names = if users == 0 { engine.event_names()? } else { None };
    Ok(Said { answer, read, names })
}
