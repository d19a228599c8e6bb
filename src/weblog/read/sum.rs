//! The run over all inputs.
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use super::block::BlockTotals;
use super::joined::{Carried, visit_rest};
use super::options::SumOptions;
use super::outcome::{BadRow, LogError, Outcome, Totals};
use super::sorted::{self, SortedError};
use super::time_sums::TimeSums;
use super::visit::visit;
use crate::progress::Progress;
use crate::scan::{self, Block, Input, ScanOptions, Source, SourceError};
use crate::threads;
use crate::weblog::format::{self, LineReader};
use crate::weblog::sink::{Granularity, Lease, Sink, Sinks};

/// Sums `inputs` and passes each row that counts to one of `sinks`. A single input is read on all cores; several inputs are
/// read in parallel, on one core each. A strict run ends at the first failure.
pub fn sum<S: Sink, F: Fn() -> S + Sync>(
    inputs: &[Input],
    options: &SumOptions,
    sinks: &Sinks<S, F>,
    progress: &dyn Progress,
) -> Outcome {
    let count = options.scan.threads.max(1).min(inputs.len());
    let inner_threads = if count > 1 { 1 } else { options.scan.threads.max(1) };
    let scan = ScanOptions { threads: inner_threads, ..options.scan };
    let job = SumJob { options: &SumOptions { scan, ..options.clone() }, progress, sinks };
    let results: Vec<OnceLock<Result<Totals, LogError>>> = inputs.iter().map(|_| OnceLock::new()).collect();
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        while !stop.load(Relaxed) {
            let index = next.fetch_add(1, Relaxed);
            let Some(input) = inputs.get(index) else { break };
            let result = results[index].get_or_init(|| job.input(input));
            stop.fetch_or(options.strict && result.is_err(), Relaxed);
        }
    };
    threads::on_each(count, work);
    let mut outcome = Outcome { totals: Totals::default(), failed: Vec::new() };
    for result in results {
        match result.into_inner() {
            Some(Ok(totals)) => outcome.totals.add(totals),
            Some(Err(error)) => outcome.failed.push(error),
            None => {}
        }
    }
    outcome
}

/// Bytes of an input that are read to detect its format.
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// What the inputs of a run share.
struct SumJob<'a, S, F> {
    options: &'a SumOptions,
    progress: &'a dyn Progress,
    sinks: &'a Sinks<S, F>,
}

/// Why reading an input stopped early.
enum Stop {
    Failed(LogError),
    /// A line changed the columns, or a row spans several lines. Later blocks that were visited in parallel were misread, so
    /// the input must be read again in order.
    Changed,
    /// gzip data follows the text: the input must be read again as a stream.
    Packed,
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Stop::Failed(error.into())
    }
}

/// The state of a thread.
struct Worker<'a, S, F> {
    sink: Lease<'a, S, F>,
    carried: Carried,
}

impl<S: Sink, F: Fn() -> S + Sync> SumJob<'_, S, F> {
    fn input(&self, input: &Input) -> Result<Totals, LogError> {
        let mut source = if self.options.in_order { Source::open_as_stream(input)? } else { Source::open(input)? };
        let head = source.head(HEAD_BYTES)?;
        let name = input.name();
        if head.is_empty() {
            return match input {
                Input::Stdin => Err(LogError::Empty(name)),
                _ => Ok(Totals { empty: vec![name], ..Totals::default() }),
            };
        }
        let format_error = |cause| LogError::Format { input: name.clone(), cause: Box::new(cause) };
        let reader = format::detect(&head, &self.options.format, &self.options.needs).map_err(format_error)?;
        let mut skipped_bytes = 0;
        if self.options.sorted {
            let wanted = match sorted::find(&source, &reader, &self.options.filter.time_range) {
                Err(SortedError::Unsorted { .. }) => return self.whole(input),
                wanted => wanted?,
            };
            skipped_bytes = wanted.start;
            source = source.limited(wanted);
        }
        let totals = match self.blocks(source, &reader, self.in_order(input, &reader)) {
            Err(Stop::Packed) if self.options.sorted && self.is_undoable() => return self.whole(input),
            Err(Stop::Packed) if self.is_undoable() => self.blocks(Source::open_as_stream(input)?, &reader, true),
            Err(Stop::Changed) if self.options.sorted => return Err(SortedError::Quotes(name).into()),
            Err(Stop::Failed(LogError::Sorted(SortedError::Unsorted { .. }))) if self.is_undoable() => {
                return self.whole(input);
            }
            Err(Stop::Changed) if self.is_undoable() && is_reopenable(input) => {
                self.blocks(Source::open_as_stream(input)?, &reader, true)
            }
            Err(Stop::Changed | Stop::Packed) => return Err(LogError::Reordered(name)),
            other => other,
        };
        match totals {
            Ok(mut totals) => {
                if skipped_bytes > 0 && !totals.rows.first_bad.is_empty() {
                    let skipped_lines = lines_ahead(input, skipped_bytes)?;
                    totals.rows.first_bad.iter_mut().for_each(|bad| bad.line += skipped_lines);
                }
                self.judge(totals, name, &reader)
            }
            Err(Stop::Failed(error)) => Err(error),
            // In order, the thread that meets a change also reads the lines after it; a stream is unpacked as it is read.
            Err(Stop::Changed | Stop::Packed) => unreachable!("blocks in order are never visited ahead of a change"),
        }
    }

    /// Sums an input whole that turned out not to be in time order.
    fn whole(&self, input: &Input) -> Result<Totals, LogError> {
        let options = SumOptions { sorted: false, ..self.options.clone() };
        let mut totals = SumJob { options: &options, ..*self }.input(input)?;
        totals.unsorted.push(input.name());
        Ok(totals)
    }

    /// Whether blocks must be read in order. A single thread does so anyway; otherwise it takes a log whose columns may change,
    /// if it could not be read a second time: a log with a header, which cat may have repeated in another order, is read on
    /// every core until that is found.
    fn in_order(&self, input: &Input, reader: &LineReader) -> bool {
        let is_likely = reader.may_change() || reader.may_join();
        let can_repeat = self.is_undoable() && matches!(input, Input::Path(_)) && is_reopenable(input);
        let is_compressed = || Source::open(input).is_ok_and(|source| !source.is_positioned());
        self.options.scan.threads <= 1 || self.options.in_order || is_likely && (!can_repeat || is_compressed())
    }

    /// Whether a first attempt leaves nothing behind: a sink cannot give back rows.
    fn is_undoable(&self) -> bool {
        self.sums_are_enough() && self.options.rejects.is_none()
    }

    /// Whether sinks take no single rows.
    fn sums_are_enough(&self) -> bool {
        self.options.granularity != Granularity::Rows || size_of::<S>() == 0
    }

    /// An input that has more bad rows than good ones is not a log of this format.
    fn judge(&self, mut totals: Totals, name: String, reader: &LineReader) -> Result<Totals, LogError> {
        match totals.rows.first_bad.first() {
            Some(first) if totals.rows.read < totals.rows.bad && !self.options.allow_bad => Err(LogError::MostlyBad {
                input: name,
                format: reader.format(),
                bad: totals.rows.bad,
                rows: totals.rows.total(),
                first: Box::new(first.clone()),
            }),
            _ => {
                let columns = 0..self.options.needs.columns.len();
                totals.columns = columns.map(|place| reader.has_column(place)).collect();
                if totals.rows.total() == 0 {
                    totals.empty.push(name.clone());
                } else {
                    let without = totals.columns.iter().enumerate().filter(|(_, has)| !**has);
                    totals.without = without.map(|(place, _)| (name.clone(), place)).collect();
                }
                totals.column_names.extend(reader.names());
                totals.formats.push((name, reader.format()));
                Ok(totals)
            }
        }
    }

    fn blocks(&self, source: Source, reader: &LineReader, in_order: bool) -> Result<Totals, Stop> {
        let name = source.input().name();
        // Of a stream, one thread can read and another visit.
        let is_positioned = source.is_positioned();
        let threads_in_order = if is_positioned { 1 } else { self.options.scan.threads.min(2) };
        let threads = if in_order { threads_in_order } else { self.options.scan.threads };
        let scan = ScanOptions { threads, ..self.options.scan };
        let (mut totals, mut lines, mut times) = (Totals::default(), 0, TimeSums::default());
        let mut order = BlockTotals::default();
        let mut take = |mut found: BlockTotals| {
            if found.packed && is_positioned {
                return Err(Stop::Packed);
            }
            if found.changed && !in_order {
                return Err(Stop::Changed);
            }
            if found.gave_up {
                return Err(Stop::Failed(LogError::GaveUp(name.clone())));
            }
            order.saw_after(found.dates, found.unsorted);
            if let Some((later, earlier)) = order.unsorted {
                let unsorted = SortedError::Unsorted { input: name.clone(), later, earlier };
                return Err(Stop::Failed(unsorted.into()));
            }
            // Rows with their month first, up to the 12th of each month, would be taken for other days: that is not a bad row.
            if let Some((line, reason)) = found.month_first.take() {
                let bad = BadRow { input: name.clone(), line: lines + line + 1, reason };
                return Err(Stop::Failed(LogError::Strict(bad)));
            }
            times.join(std::mem::take(&mut found.times));
            self.reject(&found, &name, lines).map_err(|error| Stop::Failed(LogError::Rejects(error)))?;
            found.add_to(&mut totals, &name, &mut lines);
            match totals.rows.first_bad.first() {
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

/// Whether `input` can be read a second time.
fn is_reopenable(input: &Input) -> bool {
    match input {
        Input::Path(path) => path.is_file(),
        Input::Stdin => false,
        Input::BuiltIn { .. } => true,
    }
}

/// The number of lines in the first `bytes` of `input`.
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
