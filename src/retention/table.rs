//! Events in delimited text: which columns of a header are theirs, and the event that a row's fields are.
use super::date_time::DateTimeParser;
use super::event::{Event, EventError, EventFault, read_time};
use super::names::EventNames;
use super::quick::{self, Places};
use crate::rows::{Delimited, Fields, Header, NameFault, Names, RowFault};

/// Delimited text with a header.
pub(super) struct Table {
    pub(super) reader: Delimited,
    /// To recognise it where it is repeated.
    pub(super) header: Vec<u8>,
    /// How many lines the header takes, and blank ones before it.
    pub(super) header_lines: u64,
    /// How many columns the header has.
    pub(super) columns: usize,
    time: Column,
    uid: Column,
    event_name: Column,
    /// For the fast path, if the columns allow it.
    pub(super) places: Option<Places>,
    pub(super) line_bytes_max: usize,
}

/// A column, from 0, and its place among the fields that are read.
#[derive(Clone, Copy)]
struct Column {
    at: usize,
    slot: usize,
}

impl Table {
    /// For text that begins with a header.
    ///
    /// # Errors
    /// When the header does not name the columns that are needed.
    pub(super) fn new(text: &[u8], names: &EventNames, input: &str, line_bytes_max: usize) -> Result<Self, EventError> {
        let first = Header::first(text).unwrap_or(Header { text: b"", lines_before: 0, lines: 1 });
        let delimiter = if first.text.contains(&b'\t') { b'\t' } else { b',' };
        let found = if delimiter == b',' { first.with_open_quotes(text, delimiter) } else { first };
        let (header, header_lines) = (found.text, found.lines_before + found.lines);
        let found = Names::of_header(header, delimiter);
        let find = |name: &str| found.only(name).map_err(|fault| column_error(fault, input));
        let [time, uid, event_name] = [find(&names.time)?, find(&names.uid)?, find(&names.event_name)?];
        // Tabs separate what MySQL's client writes, which has no quotes.
        let reader = Delimited::new(delimiter, delimiter != b'\t', vec![time, uid, event_name])
            .map_err(|cause| EventError::TooWide { input: input.to_owned(), cause })?;
        let [time, uid, event_name] = [time, uid, event_name].map(|at| Column { at, slot: reader.slot(at) });
        let places = Places::new(delimiter, time.at, uid.at, event_name.at);
        let places = places.filter(|_| line_bytes_max >= quick::LINE_BYTES_MOST);
        let (header, columns) = (header.to_vec(), found.count());
        Ok(Table { reader, header, header_lines, columns, time, uid, event_name, places, line_bytes_max })
    }

    /// Whether `line` is an event by itself, as far as its columns and its time show.
    pub(super) fn is_row(&self, line: &[u8]) -> bool {
        let read = self.reader.read(line, |fields| {
            let (mut times, mut scratch) = (DateTimeParser::new(), String::new());
            text(&fields, self.time).and_then(|time| read_time(time, &mut times, &mut scratch).map(|_| ())).is_ok()
        });
        read == Ok(true)
    }

    /// The fault of a line that is too long.
    pub(super) fn too_long(&self) -> EventFault {
        RowFault::TooLong { max_bytes: self.line_bytes_max }.into()
    }

    /// Gives the event that `fields` are to `take`.
    #[inline]
    pub(super) fn event(
        &self,
        fields: &Fields,
        times: &mut DateTimeParser,
        take: impl FnOnce(&Event),
    ) -> Result<(), EventFault> {
        let mut scratch = String::new();
        let (uid, event_name) = (text(fields, self.uid)?, text(fields, self.event_name)?);
        let (time, day) = read_time(text(fields, self.time)?, times, &mut scratch)?;
        take(&Event { time, day, uid, event_name });
        Ok(())
    }
}

/// A field as text; None if it is `\N`, which is how `MySQL` writes NULL.
#[inline]
fn text<'a>(fields: &Fields<'a>, column: Column) -> Result<Option<&'a str>, EventFault> {
    let text = std::str::from_utf8(fields.get(column.slot));
    let text = text.map_err(|_| EventFault::NotUtf8 { column: column.at + 1 })?;
    Ok((text != "\\N").then_some(text))
}

/// Explains why a column was not found in the header of `input`.
fn column_error(fault: NameFault, input: &str) -> EventError {
    let input = input.to_owned();
    match fault {
        NameFault::Twice { column } => EventError::Twice { input, column },
        NameFault::Missing { column, found } => {
            let hint = delimiter_hint(&found);
            EventError::Column { input, column, found: shortened(found.join(", ")), hint }
        }
    }
}

/// What may help if a header's only column looks like several with another delimiter.
fn delimiter_hint(found: &[String]) -> String {
    let [header] = found else { return String::new() };
    let is_between = |delimiter: &&char| header.matches(**delimiter).count() >= 2;
    match [';', '|', ' '].iter().find(is_between) {
        Some(delimiter) => format!(
            ". Columns have tabs or commas between them: try tr '{delimiter}' '\\t' < FILE | votekit q1 --events -"
        ),
        None => String::new(),
    }
}

/// A header as an error shows it; that of a file without events may be very long.
fn shortened(mut header: String) -> String {
    const CHARS_MOST: usize = 300;
    if let Some((at, _)) = header.char_indices().nth(CHARS_MOST) {
        header.truncate(at);
        header.push('…');
    }
    header
}
