//! Events in delimited text: which columns of a header are theirs, and the event that a row's fields are.
use super::date_time::DateTimeParser;
use super::event::{Event, EventError, EventFault, EventOptions};
use super::field::{self, Rules};
use super::quick::{self, Places};
use super::remarks::Remarks;
use crate::rows::{Delimited, Fields, Header, NameFault, Names, RowFault};
use crate::units::Zone;

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
    install_time: Option<Column>,
    kept: Vec<Column>,
    rules: Rules,
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
    pub(super) fn new(text: &[u8], options: &EventOptions, input: &str) -> Result<Self, EventError> {
        let EventOptions { names, literal, scan, .. } = options;
        let line_bytes_max = scan.line_bytes_max;
        let first = Header::first(text).unwrap_or(Header { text: b"", lines_before: 0, lines: 1 });
        let delimiter = if first.text.contains(&b'\t') { b'\t' } else { b',' };
        let found = if delimiter == b',' { first.with_open_quotes(text, delimiter) } else { first };
        let (header, header_lines) = (found.text, found.lines_before + found.lines);
        let found = Names::of_header(header, delimiter);
        let find = |name: &str| found.only(name).map_err(|fault| column_error(fault, input));
        let [time, uid, event_name] = [find(&names.time)?, find(&names.uid)?, find(&names.event_name)?];
        let install_time = names.install_time.as_deref().map(find).transpose()?;
        let kept = names.kept.iter().map(|name| find(name)).collect::<Result<Vec<_>, _>>()?;
        let is_usual = install_time.is_none() && kept.is_empty() && options.zone == Zone::UTC;
        let wanted = [time, uid, event_name].into_iter().chain(install_time).chain(kept.iter().copied()).collect();
        // Tabs separate what MySQL's client writes, which has no quotes.
        let reader = Delimited::new(delimiter, delimiter != b'\t', wanted)
            .map_err(|cause| EventError::TooWide { input: input.to_owned(), cause })?;
        // In TSV, programs leave out empty columns at the end.
        let may_lack = if delimiter == b'\t' { found.count() } else { found.nameless_at_end() };
        let reader = reader.with_header(found.count(), may_lack);
        let column = |at| Column { at, slot: reader.slot(at) };
        let [time, uid, event_name] = [time, uid, event_name].map(column);
        let (install_time, kept) = (install_time.map(column), kept.into_iter().map(column).collect());
        let rules = if delimiter == b'\t' { Rules::of_tsv(*literal) } else { Rules::of_csv(*literal) };
        let places = Places::new(delimiter, [time.at, uid.at, event_name.at], found.count());
        let places = places.filter(|_| is_usual && line_bytes_max >= quick::LINE_BYTES_MOST);
        let (header, columns) = (header.to_vec(), found.count());
        Ok(Table {
            reader,
            header,
            header_lines,
            columns,
            time,
            uid,
            event_name,
            install_time,
            kept,
            rules,
            places,
            line_bytes_max,
        })
    }

    /// Whether `line` alone is an event, judging by its columns and time.
    pub(super) fn is_row(&self, line: &[u8]) -> bool {
        let is_time = |text: &str| DateTimeParser::new(Zone::UTC).read(text).is_some();
        let read = self.reader.read(line, |fields| {
            let time = self.rules.text(fields.get(self.time.slot), &mut Remarks::default());
            time.is_ok_and(|time| time.is_none_or(|time| is_time(&time)))
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
        remarks: &mut Remarks,
        take: impl FnOnce(&Event),
    ) -> Result<(), EventFault> {
        // What is said of a bad row's fields is not said.
        let mut said = *remarks;
        let mut text = |column: Column| {
            let text = self.rules.text(fields.get(column.slot), &mut said);
            text.map_err(|_| EventFault::NotUtf8 { column: column.at + 1 })
        };
        let (uid, event_name, time) = (text(self.uid)?, text(self.event_name)?, text(self.time)?);
        let install_time = self.install_time.map(&mut text).transpose()?.flatten();
        let kept = self.kept.iter().map(|column| text(*column)).collect::<Result<Vec<_>, _>>()?;
        let kept: Vec<Option<&str>> = kept.iter().map(Option::as_deref).collect();
        let (time, day) = field::time(time.as_deref(), times)?;
        let (install, install_day) = field::time(install_time.as_deref(), times)?;
        let uid = self.rules.user(uid.as_deref(), &mut said);
        *remarks = said;
        take(&Event { time, day, uid, event_name: event_name.as_deref(), install, install_day, kept: &kept });
        Ok(())
    }
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
        Some(delimiter) => {
            format!(". Columns have tabs or commas between them: try tr '{delimiter}' '\\t' < FILE | votekit q1 -")
        }
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
