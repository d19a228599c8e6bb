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
    let (mut read, mut lines) = (EventsRead::default(), 0);
    let mut add = |Part { rows, remarks, found, .. }: Part<S::Found>| {
        merge(found)?;
        read.rows.add_part(rows, &name, &mut lines);
        read.remarks.add(&remarks);
        match read.rows.first_bad.first() {
            Some(bad) if options.strict => Err(EventError::Strict(Box::new(bad.clone()))),
            _ => Ok(()),
        }
    };
    let rest = if reader.has_quotes() && !source.is_positioned() {
        Some(source)
    } else {
        let end = source.bytes_total();
        let open_at = read_in_parallel(source, &reader, options, progress, sink, &mut add)?;
        match (open_at, end) {
            (Some(start), Some(end)) => Some(Source::open(input)?.limited(start..end)),
            _ => None,
        }
    };
    if let Some(rest) = rest {
        read_in_order(rest, &reader, options, progress, sink, &mut add)?;
    }
    match read.rows.first_bad.first() {
        Some(first) if read.rows.read == 0 => {
            Err(EventError::NoRow { input: name, rows: read.rows.bad, first: Box::new(first.clone()) })
        }
        _ => Ok(read),
    }
}

/// Reads blocks on every core as if no row spanned lines, up to the block in which a line leaves a quote open: then its offset.
/// From there on, the input must be read in order.
fn read_in_parallel<S: EventSink>(
    source: Source,
    reader: &EventReader,
    options: &EventOptions,
    progress: &dyn Progress,
    sink: &S,
    add: &mut (impl FnMut(Part<S::Found>) -> Result<(), EventError> + Send),
) -> Result<Option<u64>, EventError> {
    enum Stop {
        Open(u64),
        Failed(EventError),
    }
    impl From<SourceError> for Stop {
        fn from(error: SourceError) -> Self {
            Stop::Failed(error.into())
        }
    }
    let visit = |worker: &mut Worker<S::Worker>, block: &Block| (block.offset, reader.visit(block, sink, worker));
    // Blocks are merged in order, so all before the open one are, and none after it.
    let merge = |(offset, part): (u64, Part<S::Found>)| match part.is_open {
        true => Err(Stop::Open(offset)),
        false => add(part).map_err(Stop::Failed),
    };
    match scan::blocks(source, &options.scan, progress, || reader.worker(sink, false), visit, merge) {
        Ok(_) => Ok(None),
        Err(Stop::Open(offset)) => Ok(Some(offset)),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Reads blocks one after the other, so that rows may span lines.
fn read_in_order<S: EventSink>(
    source: Source,
    reader: &EventReader,
    options: &EventOptions,
    progress: &dyn Progress,
    sink: &S,
    add: &mut (impl FnMut(Part<S::Found>) -> Result<(), EventError> + Send),
) -> Result<(), EventError> {
    // A stream is read, and decompressed, by one thread, and its blocks visited by another. A file's blocks must not be visited
    // by two.
    let threads = if source.is_positioned() { 1 } else { options.scan.threads.min(2) };
    let scan = ScanOptions { threads, ..options.scan };
    let visit = |worker: &mut Worker<S::Worker>, block: &Block| reader.visit(block, sink, worker);
    let mut workers = scan::blocks(source, &scan, progress, || reader.worker(sink, true), visit, &mut *add)?;
    match workers.first_mut() {
        Some(worker) => add(reader.finish(sink, worker)),
        None => Ok(()),
    }
}
