//! Inputs in, totals out.
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::thread;

use super::joined::{Carried, visit_rest};
use super::lane::visit_halves;
use super::sorted::{self, SortedError};
use super::visit::{BlockTotals, Visitor};
use crate::progress::Progress;
use crate::scan::{self, Block, Input, ScanOptions, Source, SourceError};
use crate::weblog::count::{Lease, Sink, Sinks, TimeSums, Wanted};
use crate::weblog::filter::Filter;
use crate::weblog::format::{self, Choice, FormatError, LineReader, Needs};
use crate::weblog::record::RowError;

/// What is summed, and how strictly.
#[derive(Debug, Clone)]
pub struct SumOptions {
    /// Which rows count.
    pub filter: Filter,
    /// What rows must have for filter and sinks.
    pub needs: Needs,
    /// What the user says of the inputs' format.
    pub format: Choice,
    /// What sinks want of the rows that count.
    pub wanted: Wanted,
    /// Inputs are in time order: only the rows around the filter's days are looked at, and must be in that order.
    pub sorted: bool,
    /// The first row that cannot be read ends the run.
    pub strict: bool,
    /// Where rows that cannot be read are kept: input, line, reason, and the row as it is, tabs between.
    pub rejects: Option<SharedWriter>,
    /// How inputs are read.
    pub scan: ScanOptions,
}

/// A writer for any thread.
#[derive(Clone)]
pub struct SharedWriter(Arc<Mutex<dyn Write + Send>>);

impl SharedWriter {
    /// Shares `writer`.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        SharedWriter(Arc::new(Mutex::new(writer)))
    }

    /// Writes what is still held back.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn flush(&self) -> io::Result<()> {
        lock(&self.0).flush()
    }

    fn reject(&self, bad: &BadRow, row: &[u8]) -> io::Result<()> {
        let mut writer = lock(&self.0);
        write!(writer, "{}\t{}\t{}\t", bad.input, bad.line, bad.reason)?;
        writer.write_all(row)?;
        writer.write_all(b"\n")
    }
}

impl std::fmt::Debug for SharedWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedWriter")
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes of the rows that count.
    pub bytes: u128,
    /// Rows that count.
    pub requests: u64,
    /// Rows that could be read.
    pub rows_read: u64,
    /// Rows that could not be read.
    pub rows_bad: u64,
    /// The first of these, at most [`BAD_ROWS_TOLD`].
    pub bad_rows: Vec<BadRow>,
    /// Each input's name and format.
    pub formats: Vec<(String, &'static str)>,
}

/// How many rows that cannot be read are told of one by one.
pub const BAD_ROWS_TOLD: usize = 3;

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input}:{line}: {reason}")]
pub struct BadRow {
    /// The input's name.
    pub input: String,
    /// The line's number, from 1.
    pub line: u64,
    /// Why it cannot be read.
    pub reason: RowError,
}

/// Why there is no sum of an input.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// An input that cannot be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nothing is in it.
    #[error("{0} is empty: it is not a log")]
    Empty(String),
    /// Its format does not serve.
    #[error("{input} cannot be understood: {cause}")]
    Format {
        /// The input's name.
        input: String,
        /// What is wrong.
        cause: FormatError,
    },
    /// Not one of its rows can be read.
    #[error(
        "{input} is not a log of the format {format}: none of its {rows} rows can be read; the first, {first}; --log-format or --columns say how to read it"
    )]
    NoRow {
        /// The input's name.
        input: String,
        /// The format as which it was read.
        format: &'static str,
        /// How many rows it has.
        rows: u64,
        /// The first of them.
        first: Box<BadRow>,
    },
    /// The sinks can take no more: they tell why.
    #[error("{0} was not read to its end")]
    GaveUp(String),
    /// A row cannot be read, and [`SumOptions::strict`] was asked.
    #[error("{0}")]
    Strict(BadRow),
    /// It is said to be in time order and cannot be searched.
    #[error(transparent)]
    Sorted(#[from] SortedError),
    /// A row that cannot be read cannot be kept either.
    #[error("cannot keep the rows that could not be read")]
    Rejects(#[source] io::Error),
}

/// What came of all inputs.
#[derive(Debug)]
pub struct Outcome {
    /// The totals of the inputs that could be read.
    pub totals: Totals,
    /// Why others could not be read. Unless this is empty, the totals are not those of the whole, and sinks hold some rows of
    /// those that failed half way.
    pub failed: Vec<LogError>,
}

/// Adds up all of `inputs` and gives each row that counts to one of `sinks`; a single input on all cores, several side by
/// side. If strict, the first failure ends the run.
pub fn sum<S: Sink, F: Fn() -> S + Sync>(
    inputs: &[Input],
    options: &SumOptions,
    sinks: &Sinks<S, F>,
    progress: &dyn Progress,
) -> Outcome {
    let threads = options.scan.threads.max(1).min(inputs.len());
    let inner_threads = if threads > 1 { 1 } else { options.scan.threads.max(1) };
    let scan = ScanOptions { threads: inner_threads, ..options.scan };
    let run = Run { options: &SumOptions { scan, ..options.clone() }, progress, sinks };
    let results: Vec<Mutex<Option<Result<Totals, LogError>>>> = inputs.iter().map(|_| Mutex::new(None)).collect();
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        while !stop.load(Relaxed) {
            let index = next.fetch_add(1, Relaxed);
            let Some(input) = inputs.get(index) else { break };
            let result = run.input(input);
            stop.fetch_or(options.strict && result.is_err(), Relaxed);
            *lock(&results[index]) = Some(result);
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(work);
        }
        work();
    });
    let mut outcome = Outcome { totals: Totals::default(), failed: Vec::new() };
    for result in results {
        match result.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some(Ok(totals)) => outcome.totals.add(totals),
            Some(Err(error)) => outcome.failed.push(error),
            None => {}
        }
    }
    outcome
}

/// No thread panics while it holds one of these locks, so that a poisoned one is still sound.
pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Totals {
    fn add(&mut self, other: Totals) {
        self.bytes += other.bytes;
        self.requests += other.requests;
        self.rows_read += other.rows_read;
        self.rows_bad += other.rows_bad;
        let room = BAD_ROWS_TOLD - self.bad_rows.len();
        self.bad_rows.extend(other.bad_rows.into_iter().take(room));
        self.formats.extend(other.formats);
    }
}

/// How much of an input is looked at to find out its format.
const HEAD_BYTES: usize = 64 << 10;

struct Run<'a, S, F> {
    options: &'a SumOptions,
    progress: &'a dyn Progress,
    sinks: &'a Sinks<S, F>,
}

/// Why the blocks of an input are no longer visited.
enum Stop {
    Failed(LogError),
    /// A line says that the columns change, or a row goes over more than one line: what was visited side by side was visited
    /// wrongly from there on.
    Changed,
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Stop::Failed(error.into())
    }
}

/// What a thread has while it visits blocks.
struct Worker<'a, S, F> {
    sink: Lease<'a, S, F>,
    carried: Carried,
}

impl<S: Sink, F: Fn() -> S + Sync> Run<'_, S, F> {
    fn input(&self, input: &Input) -> Result<Totals, LogError> {
        let mut source = Source::open(input)?;
        let head = source.head(HEAD_BYTES)?;
        let name = input.name();
        if head.is_empty() {
            return Err(LogError::Empty(name));
        }
        let format_error = |cause| LogError::Format { input: name.clone(), cause };
        let reader = format::detect(&head, &self.options.format, &self.options.needs).map_err(format_error)?;
        // Rows that were handed to a sink cannot be taken back; where columns may change, only what can be is read ahead.
        let mut skipped_bytes = 0;
        if self.options.sorted {
            let wanted = sorted::find(&source, &reader, &self.options.filter.span)?;
            skipped_bytes = wanted.start;
            source = source.limited(wanted);
        }
        let undoable = source.is_positioned() && self.sums_are_enough() && self.options.rejects.is_none();
        let in_order = (reader.may_change() || reader.may_join()) && !undoable;
        let totals = match self.blocks(source, &reader, in_order) {
            Err(Stop::Changed) if self.options.sorted => return Err(SortedError::Quotes(name).into()),
            Err(Stop::Changed) => self.blocks(Source::open(input)?, &reader, true),
            other => other,
        };
        match totals {
            Ok(totals) if skipped_bytes > 0 => {
                let skipped_lines = if totals.bad_rows.is_empty() { 0 } else { lines_ahead(input, skipped_bytes)? };
                let mut totals = totals;
                totals.bad_rows.iter_mut().for_each(|bad| bad.line += skipped_lines);
                totals.formats.push((name, reader.format()));
                Ok(totals)
            }
            Ok(totals) => self.judge(totals, name, reader.format()),
            Err(Stop::Failed(error)) => Err(error),
            // In order, a change is taken up by the very thread that meets it.
            Err(Stop::Changed) => unreachable!("no block is visited ahead of another"),
        }
    }

    /// Whether sinks can be given all they want from sums by day.
    fn sums_are_enough(&self) -> bool {
        self.options.wanted != Wanted::Rows || size_of::<S>() == 0
    }

    fn judge(&self, mut totals: Totals, name: String, format: &'static str) -> Result<Totals, LogError> {
        match totals.bad_rows.first() {
            Some(first) if totals.rows_read == 0 => {
                Err(LogError::NoRow { input: name, format, rows: totals.rows_bad, first: Box::new(first.clone()) })
            }
            _ => {
                totals.formats.push((name, format));
                Ok(totals)
            }
        }
    }

    fn blocks(&self, source: Source, reader: &LineReader, in_order: bool) -> Result<Totals, Stop> {
        let name = source.input().name();
        let scan = if in_order { ScanOptions { threads: 1, ..self.options.scan } } else { self.options.scan };
        let (mut totals, mut lines, mut times) = (Totals::default(), 0, TimeSums::default());
        let mut order = BlockTotals::default();
        let mut take = |mut found: BlockTotals| {
            if found.changed && !in_order {
                return Err(Stop::Changed);
            }
            if found.gave_up {
                return Err(Stop::Failed(LogError::GaveUp(name.clone())));
            }
            order.saw_behind(found.dates, found.unsorted);
            if let Some((later, earlier)) = order.unsorted {
                let unsorted = SortedError::Unsorted { input: name.clone(), later, earlier };
                return Err(Stop::Failed(unsorted.into()));
            }
            times.join(std::mem::take(&mut found.times));
            self.reject(&found, &name, lines).map_err(|error| Stop::Failed(LogError::Rejects(error)))?;
            found.add_to(&mut totals, &name, &mut lines);
            match totals.bad_rows.first() {
                Some(bad) if self.options.strict => Err(Stop::Failed(LogError::Strict(bad.clone()))),
                _ => Ok(()),
            }
        };
        let mut workers = scan::blocks(
            source,
            &scan,
            self.progress,
            || Worker { sink: self.sinks.lease(), carried: Carried::new(in_order) },
            |worker, block| self.visit(worker, reader, block),
            &mut take,
        )?;
        if let Some(worker) = workers.first_mut() {
            take(visit_rest(self.options, reader, &mut worker.carried, worker.sink.sink()))?;
            times.give(worker.sink.sink());
        }
        Ok(totals)
    }

    fn reject(&self, found: &BlockTotals, name: &str, lines: u64) -> io::Result<()> {
        let Some(rejects) = &self.options.rejects else { return Ok(()) };
        for (line, reason, row) in &found.rejects {
            let bad = BadRow { input: name.to_owned(), line: lines + line + 1, reason: reason.clone() };
            rejects.reject(&bad, row)?;
        }
        Ok(())
    }

    fn visit(&self, worker: &mut Worker<'_, S, F>, reader: &LineReader, block: &Block) -> BlockTotals {
        let sink = worker.sink.sink();
        let mut found = visit(self.options, block, reader, &mut worker.carried, sink);
        found.gave_up = sink.gave_up();
        found
    }
}

/// How many lines stand in the first `bytes` of `input`.
fn lines_ahead(input: &Input, bytes: u64) -> Result<u64, SourceError> {
    let mut lines = 0;
    let source = Source::open(input)?.limited(0..bytes);
    let count = |(): &mut (), block: &Block| memchr::memchr_iter(b'\n', block.bytes).count() as u64;
    scan::blocks(
        source,
        &ScanOptions::default(),
        &(),
        || (),
        count,
        |of_block| {
            lines += of_block;
            Ok::<(), SourceError>(())
        },
    )?;
    Ok(lines)
}

/// Visits a block with what is carried over from earlier ones, at first with `reader` if they carried none over.
fn visit(
    options: &SumOptions,
    block: &Block,
    reader: &LineReader,
    carried: &mut Carried,
    sink: &mut impl Sink,
) -> BlockTotals {
    if let (None, Some(found)) = (&carried.reader, visit_halves(options, block, reader, sink)) {
        return found;
    }
    let mut visitor = Visitor::new(options, block);
    if reader.may_join() {
        visitor.read_joined(reader, carried, sink);
        return visitor.finish();
    }
    while let ControlFlow::Continue(next) = visitor.read(carried.reader.as_ref().unwrap_or(reader), sink) {
        carried.reader = Some(next);
    }
    visitor.finish()
}

/// A log that is read as it grows.
#[derive(Debug, Clone)]
pub(super) struct Growing {
    reader: LineReader,
    carried: Carried,
    lines: u64,
}

impl Growing {
    /// What `beginning`, which holds the first line whole, tells of `input`.
    pub(super) fn of(input: &Input, beginning: &[u8], options: &SumOptions) -> Result<Self, LogError> {
        let reader = format::detect(beginning, &options.format, &options.needs);
        let reader = reader.map_err(|cause| LogError::Format { input: input.name(), cause })?;
        Ok(Growing { reader, carried: Carried::new(true), lines: 0 })
    }

    /// Adds the whole lines that follow those before.
    pub(super) fn add(
        &mut self,
        input: &Input,
        bytes: &[u8],
        options: &SumOptions,
        totals: &mut Totals,
        sink: &mut impl Sink,
    ) {
        let block = Block { bytes, offset: self.lines, cut_line: None };
        let mut found = visit(options, &block, &self.reader, &mut self.carried, sink);
        std::mem::take(&mut found.times).give(sink);
        found.add_to(totals, &input.name(), &mut self.lines);
    }
}

impl BlockTotals {
    fn add_to(self, totals: &mut Totals, input: &str, lines: &mut u64) {
        let bad_row = |(line, reason)| BadRow { input: input.to_owned(), line: *lines + line + 1, reason };
        totals.add(Totals {
            bytes: self.bytes,
            requests: self.requests,
            rows_read: self.rows_read,
            rows_bad: self.rows_bad,
            bad_rows: self.bad_rows.into_iter().map(bad_row).collect(),
            formats: Vec::new(),
        });
        *lines += self.lines;
    }
}
