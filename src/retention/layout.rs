//! How events are laid out in a file: TSV, CSV or NDJSON, told by its first line.
use std::io::BufReader;

use fearless_simd::{Level, Simd, dispatch};
use serde_json::Value;

use super::date_time::DateTimeParser;
use super::event::{Event, EventError, EventSink, Part};
use super::names::EventNames;
use super::quick::{self, Places};
use crate::progress::Progress;
use crate::rows::split::{Span, Splitter};
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
    /// For a quick look at lines of TSV, where that is possible.
    quick: Option<Places>,
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
            return Ok(Layout::Lines(LineReader { kind: Kind::NdJson, names: names.clone(), quick: None }));
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
        let quick = Places::new(columns.time, columns.uid, columns.event_name);
        Ok(Layout::Lines(LineReader { kind: Kind::Tsv { splitter, columns }, names: names.clone(), quick }))
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

impl LineReader {
    /// Gives `sink` the events of `block`. The first line of an input that has a header is no event.
    pub(super) fn visit<K: EventSink>(
        &self,
        block: &Block,
        line_bytes_max: usize,
        clock: &mut DateTimeParser,
        sink: &K,
        worker: &mut K::Worker,
    ) -> Part {
        dispatch!(Level::new(), simd => self.visit_by(simd, block, line_bytes_max, clock, sink, worker))
    }

    #[inline(always)]
    fn visit_by<S: Simd, K: EventSink>(
        &self,
        simd: S,
        block: &Block,
        line_bytes_max: usize,
        clock: &mut DateTimeParser,
        sink: &K,
        worker: &mut K::Worker,
    ) -> Part {
        let mut part = Part::default();
        let mut rest = block.bytes;
        let mut is_header = block.offset == 0 && matches!(self.kind, Kind::Tsv { .. });
        if block.offset == 0 {
            rest = rest.strip_prefix(BOM).unwrap_or(rest);
        }
        let quick = self.quick.filter(|_| line_bytes_max >= quick::LINE_BYTES_MOST);
        while !rest.is_empty() {
            if let Some(places) = quick
                && !is_header
                && let Some(event) = places.look(simd, rest, clock)
            {
                sink.quick_event(worker, &event);
                part.rows_read += 1;
                part.lines += 1;
                rest = &rest[event.len_with_end..];
                continue;
            }
            let line = self.cut(rest);
            if !line.is_blank && !std::mem::take(&mut is_header) {
                let read = match line.bytes.len() {
                    len if len > line_bytes_max => Err(too_long(line_bytes_max)),
                    _ => self.read(&line, clock, &mut |event| sink.event(worker, event)),
                };
                match read {
                    Ok(()) => part.rows_read += 1,
                    Err(reason) => part.bad(part.lines, reason),
                }
            }
            part.lines += 1;
            rest = &rest[line.len_with_end..];
        }
        if block.cut_line.is_some() {
            part.bad(part.lines, too_long(line_bytes_max));
            part.lines += 1;
        }
        part
    }

    /// The line that `rest` begins with.
    fn cut<'a>(&self, rest: &'a [u8]) -> Cut<'a> {
        let mut spans = [(0, 0); 3];
        match &self.kind {
            Kind::Tsv { splitter, .. } => {
                let line = splitter.split(rest, &mut spans);
                let (bytes, len_with_end) = (&rest[..line.len], line.len_with_end);
                Cut { bytes, len_with_end, is_blank: bytes.is_empty(), spans, found: line.found, columns: line.columns }
            }
            Kind::NdJson => {
                let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                let bytes = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
                let len_with_end = (end + 1).min(rest.len());
                Cut { bytes, len_with_end, is_blank: bytes.trim_ascii().is_empty(), spans, found: 0, columns: 0 }
            }
        }
    }

    /// Hands the event that `line` is to `take`.
    fn read(&self, line: &Cut, clock: &mut DateTimeParser, take: &mut impl FnMut(&Event)) -> Result<(), String> {
        match &self.kind {
            Kind::Tsv { splitter, columns } => {
                let mut scratch = String::new();
                let spans = &line.spans[..line.found];
                let event = columns.event(splitter, line.bytes, spans, line.columns, clock, &mut scratch)?;
                take(&event);
                Ok(())
            }
            Kind::NdJson => json_event(line.bytes, &self.names, clock, take),
        }
    }
}

/// A line, and where its wanted columns stand if it is one of TSV.
struct Cut<'a> {
    bytes: &'a [u8],
    len_with_end: usize,
    is_blank: bool,
    spans: [Span; 3],
    found: usize,
    columns: usize,
}

fn too_long(line_bytes_max: usize) -> String {
    format!("the line is longer than {line_bytes_max} bytes")
}

/// The event that a line of NDJSON is.
fn json_event(
    line: &[u8],
    names: &EventNames,
    clock: &mut DateTimeParser,
    take: &mut impl FnMut(&Event),
) -> Result<(), String> {
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
fn read_time<'a>(
    text: Option<&'a str>,
    clock: &mut DateTimeParser,
    scratch: &'a mut String,
) -> Result<Moment<'a>, String> {
    let Some(text) = text else { return Ok((None, None)) };
    match clock.read(text, scratch) {
        Some((time, day)) => Ok((Some(time), day)),
        None => Err(format!("the time {text:?} is not like 2017-04-01 10:00:00")),
    }
}

/// Hands the events of a CSV file to `sink`, on this thread.
pub(super) fn read_csv<K: EventSink>(
    source: Source,
    names: &EventNames,
    progress: &dyn Progress,
    sink: &K,
    merge: &mut impl FnMut((Part, K::Found)) -> Result<(), EventError>,
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
    let (mut clock, mut worker, mut scratch) = (DateTimeParser::new(), sink.worker(), String::new());
    let mut row = csv::ByteRecord::new();
    let (mut part, mut told_bytes) = (Part::default(), 0);
    loop {
        let more = reader.read_byte_record(&mut row).map_err(unreadable)?;
        if !more || part.rows_read + part.rows_bad == PART_ROWS {
            let bytes = reader.position().byte();
            progress.advance(bytes - told_bytes);
            told_bytes = bytes;
            merge((std::mem::take(&mut part), sink.found(&mut worker)))?;
        }
        if !more {
            return Ok(());
        }
        match columns.csv_event(&row, &mut clock, &mut scratch) {
            Ok(event) => {
                part.rows_read += 1;
                sink.event(&mut worker, &event);
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
            let mut places = (0..found.len()).filter(|at| found[*at] == column.to_lowercase());
            let missing = || EventError::Column {
                input: input.to_owned(),
                column: column.to_owned(),
                found: shortened(found.join(", ")),
                hint: delimiter_hint(&found),
            };
            let first = places.next().ok_or_else(missing)?;
            // Nobody knows which of two is meant.
            match places.next() {
                Some(_) => Err(EventError::Twice { input: input.to_owned(), column: column.to_owned() }),
                None => Ok(first),
            }
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
        clock: &mut DateTimeParser,
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
        clock: &mut DateTimeParser,
        scratch: &'a mut String,
    ) -> Result<Event<'a>, String> {
        let field = |at: usize| text(row.get(at), at, row.len());
        let (uid, event_name) = (field(self.uid)?, field(self.event_name)?);
        let (time, day) = read_time(field(self.time)?, clock, scratch)?;
        Ok(Event { time, day, uid, event_name })
    }
}

/// What helps where a header's only column looks like several with something else between them.
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

/// A header as an error tells it: a file that is no events may have a very long one.
fn shortened(mut header: String) -> String {
    const CHARS_MOST: usize = 300;
    if let Some((at, _)) = header.char_indices().nth(CHARS_MOST) {
        header.truncate(at);
        header.push('…');
    }
    header
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retention::collation::Collation;
    use crate::retention::quick::{QuickEvent, Short};
    use crate::rows::split::levels;
    use proptest::prelude::*;

    /// Keeps every event, field by field, and how many of them a quick look told.
    struct Witness;

    type Seen = (Vec<(Option<i32>, [Option<String>; 3])>, usize);

    impl EventSink for Witness {
        type Worker = Seen;
        type Found = ();

        fn worker(&self) -> Seen {
            Seen::default()
        }

        fn event(&self, seen: &mut Seen, event: &Event) {
            seen.0.push((event.day, [event.time, event.uid, event.event_name].map(|field| field.map(str::to_owned))));
        }

        fn quick_event(&self, seen: &mut Seen, event: &QuickEvent) {
            let text = |bytes: &[u8]| Some(std::str::from_utf8(bytes).unwrap().to_owned());
            seen.0.push((Some(event.day), [text(event.time), text(event.uid), text(event.event_name)]));
            seen.1 += 1;
            let mut folded = Vec::new();
            Collation::GeneralCi.fold_ascii(event.uid, &mut folded);
            assert!(event.short_uid.is_none_or(|short| &short.bytes[..short.len] == event.uid));
            let upper = event.short_uid.and_then(Short::upper);
            assert!(upper.is_none_or(|short| short.bytes[..short.len] == folded));
        }

        fn found(&self, _: &mut Seen) {}
    }

    fn visit(header: &str, text: &[u8], quick: bool) -> (Seen, Part) {
        let Ok(Layout::Lines(mut reader)) = Layout::of(header.as_bytes(), &EventNames::default(), "test") else {
            panic!("the header is one of TSV")
        };
        reader.quick = reader.quick.filter(|_| quick);
        let mut seen = Seen::default();
        let block = Block { bytes: text, offset: 1, cut_line: None };
        let part = reader.visit(&block, 1 << 20, &mut DateTimeParser::new(), &Witness, &mut seen);
        for level in levels() {
            let mut same = Seen::default();
            dispatch!(level, simd => reader.visit_by(simd, &block, 1 << 20, &mut DateTimeParser::new(), &Witness, &mut same));
            assert_eq!(same, seen, "{level:?}");
        }
        (seen, part)
    }

    proptest! {
        #[test]
        fn a_quick_look_tells_what_the_full_reading_does(
            header in prop::sample::select(vec![
                "time\tuid\tevent_name", "uid\ttime\tx\tevent_name", "a\tb\tevent_name\ttime\tuid", "uid\tevent_name\tx\ty\tz\tw\tv\ttime",
            ]),
            lines in prop::collection::vec(
                "((2017-0[13]-(01|28|31)|2016-02-29|0000-0[01]-0[01]|[0-9:-]{10}) [0-3][0-9]:[0-6][0-9]:[0-6][0-9]|[a-z]{1,3}|[A-Za-z0-9 ]{0,20}|é|[\\[`{@/\\\\N \t]{0,3}|x{50,70}){1}(\t((2017-03-01|2017-02-29) 1[0-9]:00:00|[a-zB ]{1,9}|\\\\N|é?)){0,5}\r{0,2}",
                1..30,
            ),
        ) {
            let text = lines.join("\n") + "\n" + &"\n".repeat(200);
            let ((quick, told), quick_part) = visit(header, text.as_bytes(), true);
            let ((full, none), full_part) = visit(header, text.as_bytes(), false);
            prop_assert!(told <= quick.len() && none == 0);
            prop_assert_eq!(quick, full);
            prop_assert_eq!(format!("{quick_part:?}"), format!("{full_part:?}"));
        }
    }

    #[test]
    fn usual_lines_take_the_quick_way() {
        let line = "2017-04-01 10:00:00\tF01A112A\tCOMMENT";
        for (header, line) in [
            ("time\tuid\tevent_name", line.to_owned()),
            ("time\tuid\tevent_name\tnote", format!("{line}\t\r")),
            ("time\tuid\tevent_name", line.replace("F01A112A", "67e55044-10b1-426f-9247-bb680e5fe0c8")),
            ("uid\tx\ttime\tevent_name", "a\t\t2016-02-29 23:59:59\tb c ".to_owned()),
        ] {
            let text = format!("{line}\n").repeat(20);
            let ((events, told), _) = visit(header, text.as_bytes(), true);
            assert!(events.len() == 20 && told >= 15, "{line}: {told}");
        }
    }
}
