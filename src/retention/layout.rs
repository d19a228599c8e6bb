//! How events are laid out in a file: TSV, CSV or NDJSON, told by its first line.
use std::io::BufReader;

use serde_json::Value;

use super::clock::Clock;
use super::events::{Event, EventError, EventNames, Part, Taker};
use crate::progress::Progress;
use crate::scan::split::{Span, Splitter};
use crate::scan::{Block, Source};

/// How a file is to be read.
pub(super) enum Layout {
    /// With quotes as RFC 4180 has them, in which a line may end: read from the start, one row after the other.
    Csv,
    /// A row a line: read on every core.
    Lines(LineReader),
}

/// Reads rows of which each is a line.
pub(super) struct LineReader {
    kind: Kind,
    names: EventNames,
}

enum Kind {
    Tsv { splitter: Splitter, columns: Columns },
    NdJson,
}

impl Layout {
    /// What `head`, the beginning of `input`, tells.
    pub(super) fn of(head: &[u8], names: &EventNames, input: &str) -> Result<Self, EventError> {
        let text = head.strip_prefix(BOM).unwrap_or(head);
        if text.trim_ascii_start().starts_with(b"{") {
            return Ok(Layout::Lines(LineReader { kind: Kind::NdJson, names: names.clone() }));
        }
        let header = text.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
        if !header.contains(&b'\t') {
            return Ok(Layout::Csv);
        }
        let header = header.strip_suffix(b"\r").unwrap_or(header);
        let columns = Columns::find(header.split(|byte| *byte == b'\t'), names, input)?;
        let mut wanted = vec![columns.time, columns.uid, columns.event_name];
        wanted.sort_unstable();
        wanted.dedup();
        let splitter = Splitter::new(b'\t', wanted);
        Ok(Layout::Lines(LineReader { kind: Kind::Tsv { splitter, columns }, names: names.clone() }))
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl LineReader {
    /// Hands the events of `block` to `take`. The first line of an input that has a header is no event.
    pub(super) fn visit(
        &self,
        block: &Block,
        line_bytes_max: usize,
        clock: &mut Clock,
        mut take: impl FnMut(&Event),
    ) -> Part {
        let mut part = Part::default();
        let mut scratch = String::new();
        let mut rest = block.bytes;
        let mut is_header = block.offset == 0 && matches!(self.kind, Kind::Tsv { .. });
        if block.offset == 0 {
            rest = rest.strip_prefix(BOM).unwrap_or(rest);
        }
        let mut row = |line: &[u8], fields: Option<(&[Span], usize)>, part: &mut Part| {
            let read = match (&self.kind, fields) {
                _ if line.len() > line_bytes_max => Err(format!("the line is longer than {line_bytes_max} bytes")),
                (Kind::Tsv { splitter, columns }, Some((spans, found))) => {
                    columns.event(splitter, line, spans, found, clock, &mut scratch).map(|event| take(&event))
                }
                _ => json_event(line, &self.names, clock, &mut take),
            };
            match read {
                Ok(()) => part.rows_read += 1,
                Err(reason) => part.bad(part.lines, reason),
            }
        };
        while !rest.is_empty() {
            let mut spans = [(0, 0); 3];
            let (len, len_with_end, fields) = match &self.kind {
                Kind::Tsv { splitter, .. } => {
                    let line = splitter.split(rest, &mut spans);
                    (line.len, line.len_with_end, Some((&spans[..line.found], line.columns)))
                }
                Kind::NdJson => {
                    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    (end - usize::from(rest[..end].ends_with(b"\r")), (end + 1).min(rest.len()), None)
                }
            };
            let line = &rest[..len];
            let is_blank = line.is_empty() || matches!(self.kind, Kind::NdJson) && line.trim_ascii().is_empty();
            if !is_blank && !std::mem::take(&mut is_header) {
                row(line, fields, &mut part);
            }
            part.lines += 1;
            rest = &rest[len_with_end..];
        }
        if block.cut_line.is_some() {
            part.bad(part.lines, format!("the line is longer than {line_bytes_max} bytes"));
            part.lines += 1;
        }
        part
    }
}

/// The event that a line of NDJSON is.
fn json_event(line: &[u8], names: &EventNames, clock: &mut Clock, take: &mut impl FnMut(&Event)) -> Result<(), String> {
    let row: serde_json::Map<String, Value> =
        serde_json::from_slice(line).map_err(|error| format!("this is no JSON object: {error}"))?;
    let field = |name: &str| match row.get(name) {
        None => Err(format!("it has no {name:?}")),
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(format!("{name:?} is neither text nor a number")),
    };
    let (uid, event_name, time) = (field(&names.uid)?, field(&names.event_name)?, field(&names.time)?);
    let mut scratch = String::new();
    let (time, day) = read_time(time.as_deref(), clock, &mut scratch)?;
    take(&Event { time, day, uid: uid.as_deref(), event_name: event_name.as_deref() });
    Ok(())
}

type Moment<'a> = (Option<&'a str>, Option<i32>);

#[inline]
fn read_time<'a>(text: Option<&'a str>, clock: &mut Clock, scratch: &'a mut String) -> Result<Moment<'a>, String> {
    let Some(text) = text else { return Ok((None, None)) };
    match clock.read(text, scratch) {
        Some((time, day)) => Ok((Some(time), day)),
        None => Err(format!("the time {text:?} is not like 2017-04-01 10:00:00")),
    }
}

/// Hands the events of a CSV file to `taker`, on this thread.
pub(super) fn read_csv<T: Taker>(
    source: Source,
    names: &EventNames,
    progress: &dyn Progress,
    taker: &T,
    merge: &mut impl FnMut((Part, T::Found)) -> Result<(), EventError>,
) -> Result<(), EventError> {
    /// Rows that are handed on together.
    const PART_ROWS: u64 = 1 << 14;
    let input = source.input().clone();
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_reader(BufReader::with_capacity(1 << 20, source.into_reader()));
    let unreadable = |error: csv::Error| input.error(error.into());
    let header = reader.byte_headers().map_err(unreadable)?.clone();
    let first = header.iter().enumerate();
    let header = first.map(|(at, name)| if at == 0 { name.strip_prefix(BOM).unwrap_or(name) } else { name });
    let columns = Columns::find(header, names, &input.name())?;
    let (mut clock, mut worker, mut scratch) = (Clock::new(), taker.worker(), String::new());
    let mut row = csv::ByteRecord::new();
    let (mut part, mut told_bytes) = (Part::default(), 0);
    loop {
        let more = reader.read_byte_record(&mut row).map_err(unreadable)?;
        if !more || part.rows_read + part.rows_bad == PART_ROWS {
            let bytes = reader.position().byte();
            progress.advance(bytes - told_bytes);
            told_bytes = bytes;
            merge((std::mem::take(&mut part), taker.found(&mut worker)))?;
        }
        if !more {
            return Ok(());
        }
        match columns.csv_event(&row, &mut clock, &mut scratch) {
            Ok(event) => {
                part.rows_read += 1;
                taker.take(&mut worker, &event);
            }
            Err(reason) => part.bad(row.position().map_or(0, |at| at.line() - 1), reason),
        }
    }
}

/// Where the columns stand.
struct Columns {
    time: usize,
    uid: usize,
    event_name: usize,
}

impl Columns {
    fn find<'a>(header: impl Iterator<Item = &'a [u8]>, names: &EventNames, input: &str) -> Result<Self, EventError> {
        let found: Vec<String> = header.map(|name| String::from_utf8_lossy(name).trim().to_lowercase()).collect();
        let find = |column: &str| {
            let missing =
                || EventError::Column { input: input.to_owned(), column: column.to_owned(), found: found.join(", ") };
            found.iter().position(|name| *name == column.to_lowercase()).ok_or_else(missing)
        };
        Ok(Columns { time: find(&names.time)?, uid: find(&names.uid)?, event_name: find(&names.event_name)? })
    }

    /// The event that `line` is, which was cut into `spans`.
    #[inline]
    fn event<'a>(
        &self,
        splitter: &Splitter,
        line: &'a [u8],
        spans: &[Span],
        columns: usize,
        clock: &mut Clock,
        scratch: &'a mut String,
    ) -> Result<Event<'a>, String> {
        let field = |at: usize| {
            let place = splitter.wanted().iter().position(|column| *column == at);
            let span = place.and_then(|place| spans.get(place)).map(|(start, end)| &line[*start..*end]);
            text(span, at, columns)
        };
        let (uid, event_name) = (field(self.uid)?, field(self.event_name)?);
        let (time, day) = read_time(field(self.time)?, clock, scratch)?;
        Ok(Event { time, day, uid, event_name })
    }

    fn csv_event<'a>(
        &self,
        row: &'a csv::ByteRecord,
        clock: &mut Clock,
        scratch: &'a mut String,
    ) -> Result<Event<'a>, String> {
        let field = |at: usize| text(row.get(at), at, row.len());
        let (uid, event_name) = (field(self.uid)?, field(self.event_name)?);
        let (time, day) = read_time(field(self.time)?, clock, scratch)?;
        Ok(Event { time, day, uid, event_name })
    }
}

/// A field as text; None where it is `\N`, which is how MySQL writes NULL.
#[inline]
fn text(field: Option<&[u8]>, at: usize, columns: usize) -> Result<Option<&str>, String> {
    let Some(field) = field else {
        return Err(format!("too few columns: {columns}, and column {} is needed", at + 1));
    };
    let text = std::str::from_utf8(field).map_err(|_| format!("column {} is not UTF-8", at + 1))?;
    Ok((text != "\\N").then_some(text))
}
