//! How events are named and read: the options and the report of bad rows that `q1` and `q1 load` share.
use clap::builder::NonEmptyStringValueParser;
use votekit::retention::{Collation, EventNames, EventOptions, EventsRead};
use votekit::scan::ScanOptions;

use crate::cli::terminal::console::Console;

/// How events are read, from files and from tables.
#[derive(Debug, clap::Args)]
pub(super) struct Reading {
    /// How names of events and users compare [default: `utf8_general_ci`; on a server as its columns do]
    #[arg(long, value_name = "NAME")]
    pub collation: Option<TypedCollation>,
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
    /// The collation, also where none was typed.
    pub(super) fn collation(&self) -> Collation {
        match self.collation {
            None | Some(TypedCollation::GeneralCi) => Collation::GeneralCi,
            Some(TypedCollation::Binary) => Collation::Binary,
        }
    }

    /// How the files' events are read.
    pub(super) fn options(&self) -> EventOptions {
        let names =
            EventNames { time: self.time.clone(), uid: self.user.clone(), event_name: self.event_column.clone() };
        EventOptions { names, strict: self.strict, scan: ScanOptions::default() }
    }
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum TypedCollation {
    /// As `MySQL`'s default for utf8: without case, accents and trailing spaces
    #[value(name = "utf8_general_ci")]
    GeneralCi,
    /// Byte by byte
    Binary,
}

/// Warns of events that could not be read.
pub(super) fn warn_of_bad_events(read: &EventsRead, console: &Console) {
    let bad_rows: Vec<String> = read.first_bad.iter().map(ToString::to_string).collect();
    console.warn_of_bad_rows("events", read.bad, read.total(), &bad_rows, "counted");
}
