//! Reads the events of inputs, and counts those that cannot be read.
use super::date_time::DateTimeParser;
use super::event::{BAD_EVENTS_TOLD, BadEvent, EventError, EventOptions, EventSink, EventsRead, Part};
use super::layout::{Layout, read_csv};
use crate::progress::Progress;
use crate::scan::{self, Block, Input, Source};

/// The events that are compiled in; `samples/README.md` derives their answer.
pub const SAMPLE: Input =
    Input::BuiltIn { name: "samples/piwik_track.tsv", bytes: include_bytes!("../../samples/piwik_track.tsv") };

/// Reads all events of `inputs`, one input after the other.
///
/// # Errors
/// When an input cannot be read or holds no events; what `merge` gives; if strict, at the first event that cannot be read.
pub(super) fn read_events<S: EventSink>(
    inputs: &[Input],
    options: &EventOptions,
    progress: &dyn Progress,
    sink: &S,
    mut merge: impl FnMut(S::Found) -> Result<(), EventError> + Send,
) -> Result<EventsRead, EventError> {
    let mut all = EventsRead::default();
    for input in inputs {
        let read = read_input(input, options, progress, sink, &mut merge)?;
        all.rows_read += read.rows_read;
        all.rows_bad += read.rows_bad;
        all.bad_rows.extend(read.bad_rows);
        all.bad_rows.truncate(BAD_EVENTS_TOLD);
    }
    Ok(all)
}

fn read_input<S: EventSink>(
    input: &Input,
    options: &EventOptions,
    progress: &dyn Progress,
    sink: &S,
    mut merge: impl FnMut(S::Found) -> Result<(), EventError> + Send,
) -> Result<EventsRead, EventError> {
    let name = input.name();
    let mut source = Source::open(input)?;
    let head = source.head(HEAD_BYTES)?;
    if head.is_empty() {
        return Err(EventError::Empty(name));
    }
    let mut tally = Tally { name: &name, strict: options.strict, read: EventsRead::default(), lines: 0 };
    let layout = Layout::of(&head, &options.names, &name)?;
    let mut take_part = |(part, found): (Part, S::Found)| {
        merge(found)?;
        tally.add(part)
    };
    match layout {
        Layout::Csv => read_csv(source, &options.names, progress, sink, &mut take_part)?,
        Layout::Lines(reader) => {
            let visit = |worker: &mut (DateTimeParser, S::Worker), block: &Block| {
                let (clock, worker) = worker;
                let part = reader.visit(block, options.scan.line_bytes_max, clock, sink, worker);
                (part, sink.found(worker))
            };
            scan::blocks(source, &options.scan, progress, || (DateTimeParser::new(), sink.worker()), visit, take_part)?;
        }
    }
    let read = tally.read;
    match read.bad_rows.first() {
        Some(first) if read.rows_read == 0 => {
            Err(EventError::NoRow { input: name, rows: read.rows_bad, first: first.clone() })
        }
        _ => Ok(read),
    }
}

/// The header must end within this many bytes.
const HEAD_BYTES: usize = 64 << 10;

struct Tally<'a> {
    name: &'a str,
    strict: bool,
    read: EventsRead,
    lines: u64,
}

impl Tally<'_> {
    fn add(&mut self, part: Part) -> Result<(), EventError> {
        let bad_row = |(line, reason)| BadEvent { input: self.name.to_owned(), line: self.lines + line + 1, reason };
        self.read.bad_rows.extend(part.bad_rows.into_iter().map(bad_row));
        self.read.bad_rows.truncate(BAD_EVENTS_TOLD);
        self.read.rows_read += part.rows_read;
        self.read.rows_bad += part.rows_bad;
        self.lines += part.lines;
        match self.read.bad_rows.first() {
            Some(bad) if self.strict => Err(EventError::Strict(bad.clone())),
            _ => Ok(()),
        }
    }
}
