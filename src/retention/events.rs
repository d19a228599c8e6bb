//! Tracking events in a file: TSV or CSV with a header that names time, uid and event_name.
use std::io::BufReader;

use chrono::NaiveDateTime;

use crate::progress::Progress;
use crate::scan::{Input, Source, SourceError};

/// The events that are compiled in; `samples/README.md` works their answer out.
pub const SAMPLE: Input =
    Input::BuiltIn { name: "samples/piwik_track.tsv", bytes: include_bytes!("../../samples/piwik_track.tsv") };

/// How many events that cannot be read are told of one by one.
const BAD_EVENTS_TOLD: usize = 3;

/// How many events were read, and what of them could not be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventsRead {
    /// Events that could be read.
    pub rows_read: u64,
    /// Events that could not be read.
    pub rows_bad: u64,
    /// The first of these, at most three.
    pub bad_rows: Vec<BadEvent>,
}

/// An event that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input}:{line}: {reason}")]
pub struct BadEvent {
    /// The input's name.
    pub input: String,
    /// The line's number, from 1.
    pub line: u64,
    /// Why it cannot be read.
    pub reason: String,
}

/// Why events cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The input cannot be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nothing is in it.
    #[error("{0} is empty: it holds no events")]
    Empty(String),
    /// The header lacks a column.
    #[error("{input} has a header that names no column {column:?}; it names: {found}")]
    Column {
        /// The input's name.
        input: String,
        /// The column that is needed.
        column: &'static str,
        /// The columns that there are.
        found: String,
    },
    /// Not one event can be read.
    #[error("{input} holds no events: none of its {rows} rows can be read; the first, {first}")]
    NoRow {
        /// The input's name.
        input: String,
        /// How many rows it has.
        rows: u64,
        /// The first of them.
        first: BadEvent,
    },
    /// An event cannot be read, and that was not to be passed over.
    #[error("{0}")]
    Strict(BadEvent),
    /// Whoever takes the events cannot.
    #[error("cannot store events")]
    Store(#[from] rusqlite::Error),
}

/// One event; a field that is `\N`, as MySQL writes NULL, is None.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event<'a> {
    /// As MySQL writes a DATETIME: `2017-04-01 10:00:00`.
    pub time: Option<&'a str>,
    /// The user.
    pub uid: Option<&'a str>,
    /// What happened.
    pub event_name: Option<&'a str>,
}

/// Reads all events of `input` and hands them to `take`, in order.
///
/// # Errors
/// When the input cannot be read or holds no events; what `take` gives; if `strict`, at the first event that cannot be read.
pub fn read_events(
    input: &Input,
    strict: bool,
    progress: &dyn Progress,
    mut take: impl FnMut(Event) -> Result<(), rusqlite::Error>,
) -> Result<EventsRead, EventError> {
    let name = input.name();
    let mut source = Source::open(input)?;
    let head = source.head(64 << 10)?;
    if head.is_empty() {
        return Err(EventError::Empty(name));
    }
    let is_tsv = head.split(|byte| *byte == b'\n').next().is_some_and(|header| header.contains(&b'\t'));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(if is_tsv { b'\t' } else { b',' })
        .quoting(!is_tsv)
        .flexible(true)
        .from_reader(BufReader::with_capacity(1 << 20, source.into_reader()));
    let unreadable = |error: csv::Error| input.error(error.into());
    let header = reader.byte_headers().map_err(unreadable)?.clone();
    let columns = Columns::find(&header, &name)?;
    let mut read = EventsRead::default();
    let mut row = csv::ByteRecord::new();
    let mut told_bytes = 0;
    while reader.read_byte_record(&mut row).map_err(unreadable)? {
        let bytes = reader.position().byte();
        progress.advance(bytes - told_bytes);
        told_bytes = bytes;
        let mut time = String::new();
        match columns.event(&row, &mut time) {
            Ok(event) => {
                read.rows_read += 1;
                take(event)?;
            }
            Err(reason) => {
                let line = row.position().map_or(0, csv::Position::line);
                let bad = BadEvent { input: name.clone(), line, reason };
                if strict {
                    return Err(EventError::Strict(bad));
                }
                read.rows_bad += 1;
                if read.bad_rows.len() < BAD_EVENTS_TOLD {
                    read.bad_rows.push(bad);
                }
            }
        }
    }
    match read.bad_rows.first() {
        Some(first) if read.rows_read == 0 => {
            Err(EventError::NoRow { input: name, rows: read.rows_bad, first: first.clone() })
        }
        _ => Ok(read),
    }
}

/// Where the columns stand.
struct Columns {
    time: usize,
    uid: usize,
    event_name: usize,
}

impl Columns {
    fn find(header: &csv::ByteRecord, input: &str) -> Result<Self, EventError> {
        let names: Vec<String> = header
            .iter()
            .map(|name| {
                String::from_utf8_lossy(name.strip_prefix(b"\xef\xbb\xbf").unwrap_or(name)).trim().to_lowercase()
            })
            .collect();
        let find = |column: &'static str| {
            let missing = || EventError::Column { input: input.to_owned(), column, found: names.join(", ") };
            names.iter().position(|name| name == column).ok_or_else(missing)
        };
        Ok(Columns { time: find("time")?, uid: find("uid")?, event_name: find("event_name")? })
    }

    /// The event that `row` is; `time` holds its time as MySQL would write it.
    fn event<'a>(&self, row: &'a csv::ByteRecord, time: &'a mut String) -> Result<Event<'a>, String> {
        let field = |at: usize| {
            let Some(field) = row.get(at) else {
                return Err(format!("too few columns: {}, and column {} is needed", row.len(), at + 1));
            };
            let text = std::str::from_utf8(field).map_err(|_| format!("column {} is not UTF-8", at + 1))?;
            Ok((text != "\\N").then_some(text))
        };
        let (uid, event_name) = (field(self.uid)?, field(self.event_name)?);
        let time = match field(self.time)? {
            None => None,
            Some(text) => {
                *time = datetime(text).ok_or_else(|| format!("the time {text:?} is not like 2017-04-01 10:00:00"))?;
                Some(time.as_str())
            }
        };
        Ok(Event { time, uid, event_name })
    }
}

/// `text` as MySQL writes a DATETIME; a fraction of a second stays, as in DATETIME(6). None if it is none.
fn datetime(text: &str) -> Option<String> {
    const ZERO: &str = "0000-00-00 00:00:00";
    if text == ZERO || text == &ZERO[..10] {
        return Some(ZERO.to_owned());
    }
    let is_shaped = text.is_ascii() && text.len() >= 10 && &text[4..5] == "-" && &text[7..8] == "-";
    let whole = if text.len() == 10 { format!("{text} 00:00:00") } else { text.replacen('T', " ", 1) };
    let parsed = NaiveDateTime::parse_from_str(&whole, "%Y-%m-%d %H:%M:%S%.f").ok()?;
    // chrono takes 60 for a leap second; MySQL does not, nor does it know years of other than four digits.
    let seconds_fit = whole.get(17..19).is_some_and(|seconds| seconds < "60");
    (is_shaped && seconds_fit && whole.is_char_boundary(19)).then(|| {
        let fraction = parsed.format("%.f").to_string();
        format!("{}{fraction}", &whole[..19])
    })
}

#[cfg(test)]
mod tests {
    use super::datetime;

    #[test]
    fn times_as_mysql_writes_them() {
        for (text, expected) in [
            ("2017-04-01 10:00:00", Some("2017-04-01 10:00:00")),
            ("2017-04-01T10:00:00", Some("2017-04-01 10:00:00")),
            ("2017-04-01", Some("2017-04-01 00:00:00")),
            ("2017-04-01 10:00:00.250", Some("2017-04-01 10:00:00.250")),
            ("0000-00-00 00:00:00", Some("0000-00-00 00:00:00")),
            ("2017-04-31 10:00:00", None),
            ("2017-04-01 24:00:00", None),
            ("2017-04-01 23:59:60", None),
            ("2017-4-1 10:00:00", None),
            ("1/4/2017 10:00:00", None),
            ("2017-04-01 10:00", None),
            ("2017-04-01 10:00:00 ", None),
            ("", None),
            ("yesterday", None),
        ] {
            assert_eq!(datetime(text).as_deref(), expected, "{text:?}");
        }
    }
}
