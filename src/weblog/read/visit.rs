//! The lines of a block, one after the other: the hot loop of logsum.
use std::ops::ControlFlow;

use fearless_simd::{Level, Simd, dispatch};

use super::lane::is_quick;
use super::quick::Beginning;
use super::sum::{BAD_ROWS_TOLD, SumOptions};
use crate::scan::Block;
use crate::weblog::count::{Sink, TimeSums, Wanted};
use crate::weblog::format::{Delimited, LineReader, When, without_bom, without_cr};
use crate::weblog::record::{Date, Moment, RowError, read_date, read_second};

/// What one block holds; line numbers count from its first line, 0.
#[derive(Default)]
pub struct BlockTotals {
    pub bytes: u128,
    pub requests: u64,
    pub rows_read: u64,
    pub rows_bad: u64,
    pub lines: u64,
    pub bad_rows: Vec<(u64, RowError)>,
    /// Sums by day or hour, where sinks want no more.
    pub times: TimeSums,
    /// The first and the last day, where rows must be in their order.
    pub dates: Option<(Date, Date)>,
    /// A day, and an earlier one that stands behind it, where rows must be in their order.
    pub unsorted: Option<(Date, Date)>,
    /// All rows that could not be read, where they are to be kept.
    pub rejects: Vec<(u64, RowError, Vec<u8>)>,
    /// A line said that the columns change, or a row goes over more than one line: what stands behind it was read wrongly,
    /// unless it was read in order.
    pub changed: bool,
    /// The sink can take no more.
    pub gave_up: bool,
}

/// Visits the lines of a block.
pub struct Visitor<'a> {
    pub(super) options: &'a SumOptions,
    block: &'a Block<'a>,
    pub(super) rest: &'a [u8],
    pub(super) found: BlockTotals,
    pub(super) run: Option<Run>,
}

/// The day of the lines before, or the hour where rows are asked for their time, as it was written and as it was judged: logs
/// write thousands of rows of a day one after the other, and its bytes are compared before anything is parsed.
#[derive(Clone, Copy)]
pub(super) struct Run {
    day: [u8; DAY_BYTES_MAX],
    day_len: usize,
    /// How its rows begin, for a quick look.
    pub(super) beginning: Option<Beginning>,
    /// Its first moment.
    first: Moment,
    /// How many seconds it has.
    secs: u32,
    /// Whether its rows count; None where some do.
    pub(super) counts: Option<bool>,
    pub(super) requests: u64,
    pub(super) bytes: u128,
}

const DAY_BYTES_MAX: usize = 16;
const DAY_SECS: u32 = 86_400;

impl<'a> Visitor<'a> {
    pub fn new(options: &'a SumOptions, block: &'a Block<'a>) -> Self {
        let rest = if block.offset == 0 { without_bom(block.bytes) } else { block.bytes };
        Visitor { options, block, rest, found: BlockTotals::default(), run: None }
    }

    /// Reads lines as `reader` does, to the block's end or to a line that asks for another reader, which is given back.
    pub fn read(&mut self, reader: &LineReader, sink: &mut impl Sink) -> ControlFlow<(), LineReader> {
        match reader {
            LineReader::Delimited(delimited) if is_fast(delimited) => {
                dispatch!(Level::new(), simd => self.read_delimited(simd, delimited, reader, sink))
            }
            _ => {
                while let Some(line) = self.next_line() {
                    if let Some(changed) = self.line(reader, without_cr(line), sink) {
                        return ControlFlow::Continue(changed);
                    }
                }
                ControlFlow::Break(())
            }
        }
    }

    /// The next line, without its `\n`.
    pub(super) fn next_line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
        let line = &self.rest[..end];
        self.rest = &self.rest[(end + 1).min(self.rest.len())..];
        Some(line)
    }

    /// Whether a line behind the block is too long to be in it.
    pub(super) fn has_cut_line(&self) -> bool {
        self.block.cut_line.is_some()
    }

    /// What the block holds.
    pub fn finish(mut self) -> BlockTotals {
        self.end_run();
        if let Some(line) = self.block.cut_line {
            self.bad(self.found.lines, self.too_long(), line);
            self.found.lines += 1;
        }
        self.found
    }

    #[inline(always)]
    fn read_delimited<S: Simd>(
        &mut self,
        simd: S,
        delimited: &Delimited,
        reader: &LineReader,
        sink: &mut impl Sink,
    ) -> ControlFlow<(), LineReader> {
        let is_quick = is_quick(self.options, delimited, sink);
        while !self.rest.is_empty() {
            if let Some(changed) = self.delimited_line(simd, delimited, reader, sink) {
                return ControlFlow::Continue(changed);
            }
            if let Some(mut lane) = is_quick.then(|| self.lane()).flatten() {
                while lane.step(simd) {}
                self.leave(lane);
            }
        }
        ControlFlow::Break(())
    }

    /// The next line; a reader for those behind it, if it asks for one.
    #[inline(always)]
    pub(super) fn delimited_line<S: Simd>(
        &mut self,
        simd: S,
        delimited: &Delimited,
        reader: &LineReader,
        sink: &mut impl Sink,
    ) -> Option<LineReader> {
        let When::Apart { day, time } = delimited.slots.when else { return None };
        let mut spans = [(0, 0); Delimited::WANTED_MAX];
        let text = self.rest;
        let cut = delimited.splitter.split_by(simd, text, &mut spans);
        self.rest = &text[cut.len_with_end..];
        let line = &text[..cut.len];
        let is_whole = cut.found == delimited.splitter.wanted().len() && cut.len <= self.options.scan.line_bytes_max;
        let second = is_whole.then(|| {
            let day = &line[spans[day].0..spans[day].1];
            let time = time.map(|time| &line[spans[time].0..spans[time].1]);
            let second = time.map_or(Some(0), |time| read_second(time).ok())?;
            (self.is_of_run(day, second) || self.new_run(day, time, second)).then_some(second)
        });
        let Some(second) = second.flatten() else { return self.line(reader, line, sink) };
        self.dated(delimited, line, &spans, second, sink);
        None
    }

    /// A row of `self.run`.
    #[inline]
    fn dated(
        &mut self,
        delimited: &Delimited,
        line: &[u8],
        spans: &[(usize, usize)],
        second: u32,
        sink: &mut impl Sink,
    ) {
        let Some(run) = &mut self.run else { return };
        let (start, end) = spans[delimited.slots.size];
        let number = self.found.lines;
        self.found.lines += 1;
        let moment = Moment { date: run.first.date, second };
        let (filter, wanted) = (&self.options.filter, self.options.wanted);
        if !run.counts.unwrap_or_else(|| filter.span.contains(moment)) {
            match digits(&line[start..end]) {
                true => self.found.rows_read += 1,
                false => match delimited.hand_on(line, spans, moment, |_| ()) {
                    Ok(()) => self.found.rows_read += 1,
                    Err(reason) => self.bad(number, reason, line),
                },
            }
            return;
        }
        let read = delimited.hand_on(line, spans, moment, |row| {
            if filter.keeps_content(row) {
                run.requests += 1;
                run.bytes += u128::from(row.size_bytes);
                if wanted == Wanted::Rows {
                    sink.row(row);
                }
            }
        });
        match read {
            Ok(()) => self.found.rows_read += 1,
            Err(reason) => self.bad(number, reason, line),
        }
    }

    #[inline]
    fn is_of_run(&self, day: &[u8], second: u32) -> bool {
        self.run
            .as_ref()
            .is_some_and(|run| run.day[..run.day_len] == *day && second.wrapping_sub(run.first.second) < run.secs)
    }

    /// Makes `day`, or where rows have a `time` the hour that `second` of it is in, the run of the lines that follow; false if
    /// it is none that can be kept.
    #[cold]
    fn new_run(&mut self, day: &[u8], time: Option<&[u8]>, second: u32) -> bool {
        let Ok(date) = read_date(day) else { return false };
        self.end_run();
        if self.options.sorted {
            self.found.saw(date);
        }
        let span = &self.options.filter.span;
        let secs = if time.is_some() { span.unit_secs() } else { DAY_SECS };
        let first = Moment { date, second }.floor(secs);
        let (last, same_bytes) = match secs {
            DAY_SECS => (first, 0),
            3600 => (Moment { second: first.second + secs - 1, ..first }, "10:".len()),
            _ => (Moment { second: first.second + secs - 1, ..first }, "10:28".len()),
        };
        let counts = match time {
            Some(_) => span.contains_all(first, last),
            None => Some(span.days.contains(date)),
        };
        let same_time = time.map_or(&b""[..], |time| &time[..same_bytes.min(time.len())]);
        let mut kept = [0; DAY_BYTES_MAX];
        kept[..day.len()].copy_from_slice(day);
        let beginning = Beginning::new(day, same_time);
        self.run = Some(Run { day: kept, day_len: day.len(), beginning, first, secs, counts, requests: 0, bytes: 0 });
        true
    }

    fn end_run(&mut self) {
        if let Some(run) = self.run.take() {
            self.add(run.first, run.requests, run.bytes);
        }
    }

    /// Counts `requests` of the hour or day that `moment` is in.
    fn add(&mut self, moment: Moment, requests: u64, bytes: u128) {
        self.found.requests += requests;
        self.found.bytes += bytes;
        let unit_secs = match self.options.wanted {
            Wanted::Rows => return,
            Wanted::Hours => 3600,
            Wanted::Days => DAY_SECS,
        };
        if requests > 0 {
            let shown = moment.shifted(self.options.filter.span.offset_secs).floor(unit_secs);
            self.found.times.add(shown, requests, bytes);
        }
    }

    /// Any line, read in full.
    pub(super) fn line(&mut self, reader: &LineReader, line: &[u8], sink: &mut impl Sink) -> Option<LineReader> {
        let number = self.found.lines;
        self.found.lines += 1;
        if line.is_empty() {
            return None;
        }
        if line.len() > self.options.scan.line_bytes_max {
            self.bad(number, self.too_long(), line);
            return None;
        }
        if reader.is_header(line) {
            let changed = reader.changed_by(line, &self.options.needs);
            self.found.changed |= changed.is_some();
            return changed;
        }
        self.row(reader, line, number, sink);
        None
    }

    /// The row that stands in line `number`, and in more if it has line breaks.
    pub(super) fn row(&mut self, reader: &LineReader, row: &[u8], number: u64, sink: &mut impl Sink) {
        let mut counted = None;
        let mut seen = None;
        let (filter, wanted) = (&self.options.filter, self.options.wanted);
        let read = reader.read(row, |row| {
            seen = Some(row.moment.date);
            if filter.keeps(row) {
                counted = Some((row.moment, row.size_bytes));
                if wanted == Wanted::Rows {
                    sink.row(row);
                }
            }
        });
        match read {
            Ok(()) => self.found.rows_read += 1,
            Err(reason) => self.bad(number, reason, row),
        }
        if let Some(date) = seen.filter(|_| self.options.sorted) {
            self.found.saw(date);
        }
        if let Some((moment, size_bytes)) = counted {
            self.add(moment, 1, size_bytes.into());
        }
    }

    pub(super) fn bad(&mut self, number: u64, reason: RowError, line: &[u8]) {
        if self.options.rejects.is_some() {
            self.found.rejects.push((number, reason.clone(), line.to_vec()));
        }
        self.found.bad(number, reason);
    }

    fn too_long(&self) -> RowError {
        RowError::TooLong { max_bytes: self.options.scan.line_bytes_max }
    }
}

impl BlockTotals {
    /// Takes note of a row's day.
    fn saw(&mut self, date: Date) {
        match &mut self.dates {
            None => self.dates = Some((date, date)),
            Some((_, last)) if *last <= date => *last = date,
            Some((_, last)) => self.unsorted = self.unsorted.or(Some((*last, date))),
        }
    }

    /// Takes note of the days of rows behind these.
    pub fn saw_behind(&mut self, dates: Option<(Date, Date)>, unsorted: Option<(Date, Date)>) {
        if let Some((first, last)) = dates {
            self.saw(first);
            self.saw(last);
        }
        self.unsorted = self.unsorted.or(unsorted);
    }

    /// These lines, and `other` behind them.
    pub fn followed_by(mut self, other: BlockTotals) -> BlockTotals {
        self.bytes += other.bytes;
        self.requests += other.requests;
        self.rows_read += other.rows_read;
        self.rows_bad += other.rows_bad;
        let room = BAD_ROWS_TOLD - self.bad_rows.len();
        let lines = self.lines;
        self.bad_rows.extend(other.bad_rows.into_iter().take(room).map(|(line, reason)| (lines + line, reason)));
        let behind = |(line, reason, row)| (lines + line, reason, row);
        self.rejects.extend(other.rejects.into_iter().map(behind));
        self.lines += other.lines;
        self.times.join(other.times);
        self.changed |= other.changed;
        self.saw_behind(other.dates, other.unsorted);
        self
    }

    fn bad(&mut self, line: u64, reason: RowError) {
        self.rows_bad += 1;
        if self.bad_rows.len() < BAD_ROWS_TOLD {
            self.bad_rows.push((line, reason));
        }
    }
}

/// Whether `field` is a number that surely fits 64 bits.
#[inline]
fn digits(field: &[u8]) -> bool {
    (1..=19).contains(&field.len()) && field.iter().all(u8::is_ascii_digit)
}

/// Whether a row can be judged by the bytes of its day and time, and its fields be found without looking for quotes.
fn is_fast(delimited: &Delimited) -> bool {
    let has_time = matches!(delimited.slots.when, When::Apart { time: Some(_), .. });
    let is_apart = matches!(delimited.slots.when, When::Apart { .. });
    !delimited.has_quotes() && is_apart && (has_time || !delimited.needs_time())
}
