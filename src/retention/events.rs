//! Reads the events of inputs, and counts those that cannot be read.
use super::event::{EventError, EventOptions, EventSink, EventsRead};
use super::reader::{EventReader, Part, Worker};
use crate::progress::Progress;
use crate::rows::foreign;
use crate::scan::{self, Block, Input, ScanOptions, Source, SourceError};

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
        all.add(read_input(input, options, progress, sink, &mut merge)?);
    }
    Ok(all)
}

/// The header must end within this many bytes.
const HEAD_BYTES: usize = 64 << 10;

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
        return match input {
            // The program that should have written has failed.
            Input::Stdin => Err(EventError::Empty(name)),
            _ => Ok(EventsRead { empty: vec![name], ..EventsRead::default() }),
        };
    }
    foreign::refuse(&head, "votekit q1 -").map_err(|cause| EventError::Foreign { input: name.clone(), cause })?;
    let reader = EventReader::new(&head, options, &name)?;
    let in_order = reader.has_quotes() && !is_a_row_a_line(&reader, &source, input, &options.scan)?;
    let scan = if in_order { ScanOptions { threads: 1, ..options.scan } } else { options.scan };
    let (mut read, mut lines) = (EventsRead::default(), 0);
    let mut add = |Part { rows, remarks, found }: Part<S::Found>| {
        merge(found)?;
        read.rows.add_part(rows, &name, &mut lines);
        read.remarks.add(&remarks);
        match read.rows.first_bad.first() {
            Some(bad) if options.strict => Err(EventError::Strict(Box::new(bad.clone()))),
            _ => Ok(()),
        }
    };
    let worker = || reader.worker(sink, in_order);
    let visit = |worker: &mut Worker<S::Worker>, block: &Block| reader.visit(block, sink, worker);
    let mut workers = scan::blocks(source, &scan, progress, worker, visit, &mut add)?;
    if in_order && let Some(worker) = workers.first_mut() {
        add(reader.finish(sink, worker))?;
    }
    match read.rows.first_bad.first() {
        Some(first) if read.rows.read == 0 => {
            Err(EventError::NoRow { input: name, rows: read.rows.bad, first: Box::new(first.clone()) })
        }
        _ => Ok(read),
    }
}

/// Whether no row of the CSV file `input` spans lines, so that every core can read some of it. False if that would take
/// more than a look at the file.
fn is_a_row_a_line(
    reader: &EventReader,
    source: &Source,
    input: &Input,
    options: &ScanOptions,
) -> Result<bool, SourceError> {
    enum Stop {
        Found,
        Failed(SourceError),
    }
    impl From<SourceError> for Stop {
        fn from(error: SourceError) -> Self {
            Stop::Failed(error)
        }
    }
    if !source.is_positioned() {
        return Ok(false);
    }
    let visit = |(): &mut (), block: &Block| reader.opens_quote(block);
    let merge = |opens: bool| if opens { Err(Stop::Found) } else { Ok(()) };
    match scan::blocks(Source::open(input)?, options, &(), || (), visit, merge) {
        Ok(_) => Ok(true),
        Err(Stop::Found) => Ok(false),
        Err(Stop::Failed(error)) => Err(error),
    }
}
