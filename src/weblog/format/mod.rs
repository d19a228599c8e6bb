//! The formats of logs: found out from the content, or named. A format is an entry in [`NAMES`] and in [`detect`], with a
//! file of its own where its lines are not just fields between delimiters.
mod common;
mod delimited;
mod foreign;
mod json;
mod names;
mod quotes;

pub use delimited::Delimited;

use super::record::{Column, Row, RowError};
use super::url;
use common::Common;
use json::Json;
use names::Names;
pub(super) use names::When;
pub(super) use quotes::Quotes;

/// What a run asks of rows, beside day, size and URL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The time of day.
    pub time: bool,
    /// More columns, in the order in which rows will have them.
    pub columns: Vec<Column>,
}

impl Needs {
    /// How many columns a run may ask for.
    pub const COLUMNS_MAX: usize = Delimited::WANTED_MAX - 4;

    /// Where `column` stands in [`Row::columns`]; it is asked for if it was not.
    pub fn place_of(&mut self, column: Column) -> usize {
        self.columns.iter().position(|known| *known == column).unwrap_or_else(|| {
            self.columns.push(column);
            self.columns.len() - 1
        })
    }
}

/// The formats that can be named, with what they are.
pub const NAMES: &[(&str, &str)] = &[
    ("four-columns", "date, time, size, url between tabs, no header"),
    ("tsv", "tabs, and a header that names the columns"),
    ("csv", "commas, quotes, and a header that names the columns"),
    ("cloudfront", "CloudFront standard logs of every age"),
    ("cloudfront-realtime", "CloudFront real-time logs, all fields in their default order"),
    ("w3c", "W3C extended, as IIS writes it"),
    ("common", "Apache and nginx, common and combined"),
    ("cloudflare", "Cloudflare Logpush, a JSON object a line"),
    ("google", "Google Cloud CDN and load balancers, a JSON object a line"),
    ("fastly", "Fastly, a JSON object a line, also behind a syslog prefix"),
    ("akamai", "Akamai DataStream 2, a JSON object a line"),
    ("bunny", "bunny.net, 12 fields between |"),
];

/// Columns that the user counted out, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenColumns {
    /// What stands between fields.
    pub delimiter: u8,
    /// Name and position.
    pub columns: Vec<(String, usize)>,
}

/// What the user says of the format.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Choice {
    /// Nothing: it is found out from the content.
    #[default]
    Detect,
    /// One of [`NAMES`].
    Named(String),
    /// Fields between delimiters, whose columns are given.
    Columns(GivenColumns),
}

/// A log that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It names no such column.
    #[error("it has no column {column}; it has: {}", found.join(", "))]
    Missing {
        /// The column that is needed.
        column: String,
        /// The columns that there are.
        found: Vec<String>,
    },
    /// It does not tell the host.
    #[error(
        "it does not tell the host: no column is called host (or cs(Host), x-host-header), and its first URLs are no absolute ones; it has: {}",
        found.join(", ")
    )]
    NoHost {
        /// The columns that there are.
        found: Vec<String>,
    },
    /// A column stands too far to the right.
    #[error("the column {column} is beyond the {}th", Delimited::COLUMNS_MAX)]
    TooWide {
        /// The column that is needed.
        column: String,
    },
    /// The format has no header where one must be.
    #[error("there is no header that names the columns of {format}")]
    NoHeader {
        /// The format's name.
        format: &'static str,
    },
    /// There is no such format.
    #[error("there is no log format {0:?}")]
    Unknown(String),
    /// It names a column twice that is needed.
    #[error("it has more than one column {column}, and which of them counts is not known; --columns can say it")]
    Twice {
        /// The column's name.
        column: String,
    },
    /// It is no text of lines.
    #[error("it is {what}; {way_out}")]
    Foreign {
        /// What it is.
        what: &'static str,
        /// What to do about it.
        way_out: &'static str,
    },
}

/// Makes rows of an input's lines.
#[derive(Debug, Clone)]
pub enum LineReader {
    /// Fields between delimiters.
    Delimited(Delimited),
    /// nginx and Apache.
    Common(Common),
    /// A JSON object a line.
    Json(Json),
    /// A `#Fields` line said that a column is gone which is needed: no row can be read until another says that it is back.
    Lost {
        /// The reader before.
        before: Delimited,
        /// What is missing.
        reason: String,
    },
}

impl LineReader {
    /// The format's name, one of [`NAMES`].
    pub fn format(&self) -> &'static str {
        match self {
            LineReader::Delimited(delimited) => delimited.format(),
            LineReader::Common(_) => Common::FORMAT,
            LineReader::Json(json) => json.format(),
            LineReader::Lost { before, .. } => before.format(),
        }
    }

    /// Reads `line`, which has no line end, and hands its row to `then`.
    ///
    /// # Errors
    /// When it is no row.
    pub fn read(&self, line: &[u8], then: impl FnOnce(&Row)) -> Result<(), RowError> {
        match self {
            LineReader::Delimited(delimited) => delimited.read(line, then),
            LineReader::Common(common) => common.read(line, then),
            LineReader::Json(json) => json.read(line, then),
            LineReader::Lost { reason, .. } => Err(RowError::Header(reason.clone())),
        }
    }

    /// Whether `line`, as it stands in the log, is a header or comment and no row.
    pub fn is_header(&self, line: &[u8]) -> bool {
        match self {
            LineReader::Delimited(delimited) | LineReader::Lost { before: delimited, .. } => delimited.is_header(line),
            LineReader::Common(_) | LineReader::Json(_) => false,
        }
    }

    /// The reader for what follows `line`, if that is a `#Fields` line with other columns than those before it.
    pub fn changed_by(&self, line: &[u8], needs: &Needs) -> Option<LineReader> {
        let (before, lost) = match self {
            LineReader::Delimited(before) => (before, false),
            LineReader::Lost { before, .. } => (before, true),
            LineReader::Common(_) | LineReader::Json(_) => return None,
        };
        match before.changed_by(line, lost, needs)? {
            Ok(changed) => Some(LineReader::Delimited(changed)),
            Err(error) => {
                Some(LineReader::Lost { before: before.clone(), reason: format!("behind this #Fields line, {error}") })
            }
        }
    }

    /// Its columns, where none of them is the host.
    fn without_host(&self) -> Option<Vec<String>> {
        match self {
            LineReader::Delimited(delimited) | LineReader::Lost { before: delimited, .. } => delimited.without_host(),
            LineReader::Common(_) => Some(Common::listed()),
            LineReader::Json(json) => json.without_host(),
        }
    }

    /// Whether one of the lines in `text` is a row with an absolute URL.
    fn finds_host(&self, text: &[u8]) -> bool {
        text.split(|byte| *byte == b'\n').map(without_cr).any(|line| {
            let mut found = false;
            let is_row = !self.is_header(line) && self.read(line, |row| found = url::host(row.url).is_some()).is_ok();
            is_row && found
        })
    }

    /// Whether a row may go over more than one line.
    pub fn may_join(&self) -> bool {
        matches!(self, LineReader::Delimited(delimited) if delimited.has_quotes())
    }

    /// Whether a later line may change what the columns are.
    pub fn may_change(&self) -> bool {
        match self {
            LineReader::Delimited(delimited) => delimited.has_directives(),
            LineReader::Common(_) | LineReader::Json(_) => false,
            LineReader::Lost { .. } => true,
        }
    }
}

/// The reader for an input that begins with `head`, which is not empty and holds the first line whole.
///
/// # Errors
/// When the format lacks a column that `needs` asks for, or is not what `choice` says, or the input is no text of lines.
pub fn detect(head: &[u8], choice: &Choice, needs: &Needs) -> Result<LineReader, FormatError> {
    let head = without_bom(head);
    foreign::refuse(head)?;
    let reader = match choice {
        Choice::Columns(given) => Delimited::given(given, needs).map(LineReader::Delimited),
        Choice::Named(name) => named(head, name, needs),
        Choice::Detect => named(head, guess(head), needs),
    }?;
    match reader.without_host().filter(|_| needs.columns.contains(&Column::Host)) {
        Some(found) if !reader.finds_host(head) => Err(FormatError::NoHost { found }),
        _ => Ok(reader),
    }
}

fn named(head: &[u8], name: &str, needs: &Needs) -> Result<LineReader, FormatError> {
    let first = first_line(head);
    let headed = |delimiter, format| {
        let header = Delimited::from_header(first, delimiter, format, needs);
        header?.ok_or(FormatError::NoHeader { format }).map(LineReader::Delimited)
    };
    let fixed = |format, delimiter, names: &Names| {
        Delimited::of_names(names, delimiter, format, needs).map(LineReader::Delimited)
    };
    match name {
        // A log without a header may have come together with one that has it.
        "four-columns" => Delimited::from_header(b"date\ttime\tsize\turl", b'\t', "four-columns", needs)?
            .map(LineReader::Delimited)
            .ok_or(FormatError::NoHeader { format: "four-columns" }),
        "tsv" => headed(b'\t', "tsv"),
        "csv" => headed(b',', "csv"),
        "cloudfront" => Delimited::from_directives(head, b'\t', "cloudfront", needs).map(LineReader::Delimited),
        "cloudfront-realtime" => fixed("cloudfront-realtime", b'\t', &Names::fixed(names::CLOUDFRONT_REALTIME)),
        "w3c" => Delimited::from_directives(head, b' ', "w3c", needs).map(LineReader::Delimited),
        "common" => Common::new(needs).map(LineReader::Common),
        "bunny" => fixed("bunny", b'|', &Names::fixed(names::BUNNY)),
        "cloudflare" | "google" | "fastly" | "akamai" => Json::new(name, needs).map(LineReader::Json),
        _ => Err(FormatError::Unknown(name.to_owned())),
    }
}

/// The format that `head` looks like.
fn guess(head: &[u8]) -> &'static str {
    let first = first_line(head);
    if let Some(format) = json::guess(first) {
        return format;
    }
    if first.first() == Some(&b'#') && Delimited::is_directive(first) {
        let row = head.split(|byte| *byte == b'\n').find(|line| !line.is_empty() && line[0] != b'#');
        // Both write `#Fields:`; what stands between the fields of a row tells them apart.
        return match row {
            Some(row) => {
                if row.contains(&b'\t') {
                    "cloudfront"
                } else {
                    "w3c"
                }
            }
            None if first_line(head).starts_with(b"#Software") => "w3c",
            None => "cloudfront",
        };
    }
    if common::looks_like(first) {
        return Common::FORMAT;
    }
    if names::looks_like_bunny(first) {
        return "bunny";
    }
    if names::looks_like_realtime(first) {
        return "cloudfront-realtime";
    }
    let is_header = |delimiter| Names::of_header(first, delimiter).is_header();
    match (first.contains(&b'\t'), first.contains(&b',')) {
        (true, _) if is_header(b'\t') => "tsv",
        (false, true) if is_header(b',') => "csv",
        (false, false) if first.starts_with(b"#") && is_header(b'\t') => "tsv",
        _ => "four-columns",
    }
}

/// The first line of `text` that is not empty, without its line end.
fn first_line(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == b'\n').map(without_cr).find(|line| !line.is_empty()).unwrap_or_default()
}

/// Logs that were written on Windows end their lines with `\r\n`.
pub fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Windows programs put a byte order mark in front of UTF-8.
pub fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// What logs write for nothing.
pub(super) fn without_dash(field: &[u8]) -> &[u8] {
    if field == b"-" { b"" } else { field }
}
