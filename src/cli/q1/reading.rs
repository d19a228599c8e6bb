//! How events are named and read: the options and the notes about rows that `q1` and `q1 load` share.
use chrono::{NaiveDate, Utc};
use clap::builder::NonEmptyStringValueParser;
use votekit::retention::{Collation, EventNames, EventOptions, EventsRead, Literal, Remarks};
use votekit::units::Zone;

use crate::cli::terminal::console::Console;

/// How events are read, from files and from tables.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Reading")]
pub(super) struct Reading {
    /// How names of events and users compare [default: `utf8_general_ci`; on a server as its columns do]
    #[arg(long, value_name = "NAME")]
    pub collation: Option<TypedCollation>,
    /// Fail at the first event that cannot be read
    #[arg(long)]
    strict: bool,
    /// In files, take as written what is otherwise read as MySQL writes it
    #[arg(long, value_name = "RULE,…", value_delimiter = ',')]
    literal: Vec<TypedLiteral>,
    /// The column with the time; in JSON, dots lead into objects, as in properties.time
    #[arg(long, value_name = "COLUMN", value_parser = NonEmptyStringValueParser::new(), default_value = "time")]
    time: String,
    /// The column with the user
    #[arg(long, value_name = "COLUMN", value_parser = NonEmptyStringValueParser::new(), default_value = "uid")]
    user: String,
    /// The column with the event's name
    #[arg(long, value_name = "COLUMN", value_parser = NonEmptyStringValueParser::new(), default_value = "event_name")]
    event_column: String,
}

impl Reading {
    /// The collation, also where none was typed.
    pub(super) fn collation(&self) -> Collation {
        match self.collation {
            None | Some(TypedCollation::GeneralCi) => Collation::GeneralCi,
            Some(TypedCollation::UnicodeCi) => Collation::UnicodeCi,
            Some(TypedCollation::Ai0900) => Collation::Ai0900,
            Some(TypedCollation::Binary) => Collation::Binary,
        }
    }

    /// What the columns are called.
    pub(super) fn names(&self) -> EventNames {
        let [time, uid, event_name] = [&self.time, &self.user, &self.event_column].map(Clone::clone);
        EventNames { time, uid, event_name, install_time: None, kept: Vec::new() }
    }

    /// How the events of files are read.
    pub(super) fn options(&self, names: EventNames, zone: Zone, end: Option<NaiveDate>) -> EventOptions {
        let is_literal = |rule| self.literal.contains(&rule);
        let literal = Literal {
            null: is_literal(TypedLiteral::Null),
            empty: is_literal(TypedLiteral::Empty),
            escapes: is_literal(TypedLiteral::Escapes),
        };
        EventOptions { names, strict: self.strict, literal, zone, today: today(), end, ..EventOptions::default() }
    }
}

/// The day of this machine's clock, in UTC.
pub(super) fn today() -> NaiveDate {
    Utc::now().date_naive()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum TypedCollation {
    /// As `MySQL`'s default for utf8: case, most accents and trailing spaces make no difference
    #[value(name = "utf8_general_ci", alias = "utf8mb4_general_ci")]
    GeneralCi,
    /// By letters alone; trailing spaces make no difference
    #[value(name = "utf8mb4_unicode_ci", alias = "utf8_unicode_ci")]
    UnicodeCi,
    /// As `MySQL` 8's default: by letters alone; trailing spaces differ
    #[value(name = "utf8mb4_0900_ai_ci")]
    Ai0900,
    /// Byte by byte
    Binary,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum TypedLiteral {
    /// The words NULL and \N are texts, not NULL
    Null,
    /// An empty user is a user, not nobody
    Empty,
    /// Backslashes in TSV are characters, not escapes
    Escapes,
}

/// Reports events that could not be read, and what was read as something else than it says.
pub(super) fn report_reading(read: &EventsRead, console: &Console) {
    let Remarks { null_words, empty_users, escapes } = read.remarks;
    let count = |count: u64, one: &str, several: &str| format!("{count} {}", if count == 1 { one } else { several });
    if null_words > 0 {
        let fields = count(null_words, "field is", "fields are");
        console.note(&format!("{fields} the word NULL, read as NULL (--literal null takes it as text)"));
    }
    if empty_users > 0 {
        let events = count(empty_users, "event has", "events have");
        console.note(&format!("{events} no user, and counted for nobody (--literal empty takes them for one user)"));
    }
    if escapes > 0 {
        let fields = count(escapes, "field has", "fields have");
        console.note(&format!("{fields} backslash escapes, read as mysql writes them (--literal escapes keeps them)"));
    }
    console.note_empty(&read.empty);
    let bad_rows: Vec<String> = read.rows.first_bad.iter().map(ToString::to_string).collect();
    console.warn_of_bad_rows("events", read.rows.bad, read.rows.total(), &bad_rows, "counted");
}
