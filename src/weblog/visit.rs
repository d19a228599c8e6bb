//! The lines of a block, one after the other: the hot loop of logsum.
use std::ops::ControlFlow;

use super::count::Sink;
use super::format::{Delimited, LineReader, When, without_bom, without_cr};
use super::record::{Date, Moment, RowError, read_date};
use super::sum::{BAD_ROWS_TOLD, DaySum, SumOptions};
use crate::scan::Block;

/// What one block holds; line numbers count from its first line, 0.
#[derive(Default)]
pub struct BlockTotals {
    pub bytes: u128,
    pub requests: u64,
    pub rows_read: u64,
    pub rows_bad: u64,
    pub lines: u64,
    pub bad_rows: Vec<(u64, RowError)>,
    /// Sums by day, where sinks want no more.
    pub days: Vec<DaySum>,
    /// A line said that the columns change.
    pub changed: bool,
}

/// Visits the lines of a block.
pub struct Visitor<'a> {
    options: &'a SumOptions,
    block: &'a Block<'a>,
    rest: &'a [u8],
    found: BlockTotals,
    day: Option<DayRun>,
}

/// The day of the lines before, as it was written and as it was judged: logs write thousands of rows of a day one after the
/// other, and its bytes are compared before anything is parsed.
#[derive(Clone, Copy)]
struct DayRun {
    text: [u8; DAY_BYTES_MAX],
    len: usize,
    date: Date,
    counts: bool,
    requests: u64,
    bytes: u128,
}

const DAY_BYTES_MAX: usize = 16;

impl<'a> Visitor<'a> {
    pub fn new(options: &'a SumOptions, block: &'a Block<'a>) -> Self {
        let rest = if block.offset == 0 { without_bom(block.bytes) } else { block.bytes };
        Visitor { options, block, rest, found: BlockTotals::default(), day: None }
    }

    /// Reads lines as `reader` does, to the block's end or to a line that asks for another reader, which is given back.
    pub fn read(&mut self, reader: &LineReader, sink: &mut impl Sink) -> ControlFlow<(), LineReader> {
        match reader {
            LineReader::Delimited(delimited) if self.is_fast(delimited) => self.read_delimited(delimited, reader, sink),
            _ => {
                while !self.rest.is_empty() {
                    let end = memchr::memchr(b'\n', self.rest);
                    let line = without_cr(&self.rest[..end.unwrap_or(self.rest.len())]);
                    self.rest = &self.rest[end.map_or(self.rest.len(), |end| end + 1)..];
                    if let Some(changed) = self.line(reader, line, sink) {
                        return ControlFlow::Continue(changed);
                    }
                }
                ControlFlow::Break(())
            }
        }
    }

    /// What the block holds.
    pub fn finish(mut self) -> BlockTotals {
        self.end_day();
        if self.block.cut_line.is_some() {
            self.bad(self.too_long());
            self.found.lines += 1;
        }
        self.found
    }

    /// Whether a row can be judged by its day's bytes, and its fields be found without looking for quotes.
    fn is_fast(&self, delimited: &Delimited) -> bool {
        !delimited.has_quotes() && !delimited.needs_time() && matches!(delimited.slots.when, When::Apart { .. })
    }

    fn read_delimited(
        &mut self,
        delimited: &Delimited,
        reader: &LineReader,
        sink: &mut impl Sink,
    ) -> ControlFlow<(), LineReader> {
        let When::Apart { day: day_slot, .. } = delimited.slots.when else { return ControlFlow::Break(()) };
        let wanted = delimited.splitter.wanted().len();
        let mut spans = [(0, 0); Delimited::WANTED_MAX];
        while !self.rest.is_empty() {
            let text = self.rest;
            let cut = delimited.splitter.split(text, &mut spans);
            self.rest = &text[cut.len_with_end..];
            let line = &text[..cut.len];
            let day = &text[spans[day_slot].0..spans[day_slot].1.max(spans[day_slot].0)];
            let known = cut.found == wanted && cut.len <= self.options.scan.line_bytes_max && self.is_day(day);
            if !(known || cut.found == wanted && self.new_day(day)) {
                if let Some(changed) = self.line(reader, line, sink) {
                    return ControlFlow::Continue(changed);
                }
                continue;
            }
            self.dated(delimited, line, &spans, sink);
        }
        ControlFlow::Break(())
    }

    /// A row whose day is that of `self.day`.
    #[inline]
    fn dated(&mut self, delimited: &Delimited, line: &[u8], spans: &[(usize, usize)], sink: &mut impl Sink) {
        let Some(run) = &mut self.day else { return };
        let (start, end) = spans[delimited.slots.size];
        let number = self.found.lines;
        self.found.lines += 1;
        if !run.counts {
            match digits(&line[start..end]) {
                true => self.found.rows_read += 1,
                false => match delimited.hand_on(line, spans, Moment { date: run.date, second: 0 }, |_| ()) {
                    Ok(()) => self.found.rows_read += 1,
                    Err(reason) => self.found.bad(number, reason),
                },
            }
            return;
        }
        let (filter, only_days) = (&self.options.filter, self.options.only_days);
        let read = delimited.hand_on(line, spans, Moment { date: run.date, second: 0 }, |row| {
            if filter.keeps_content(row) {
                run.requests += 1;
                run.bytes += u128::from(row.size_bytes);
                if !only_days {
                    sink.row(row);
                }
            }
        });
        match read {
            Ok(()) => self.found.rows_read += 1,
            Err(reason) => self.found.bad(number, reason),
        }
    }

    #[inline]
    fn is_day(&self, text: &[u8]) -> bool {
        self.day.as_ref().is_some_and(|run| run.text[..run.len] == *text)
    }

    /// Makes `text` the day of the lines that follow; false if it is none that can be kept.
    #[cold]
    fn new_day(&mut self, text: &[u8]) -> bool {
        let Ok(date) = read_date(text) else { return false };
        self.end_day();
        let mut kept = [0; DAY_BYTES_MAX];
        kept[..text.len()].copy_from_slice(text);
        let counts = self.options.filter.span.days.contains(date);
        self.day = Some(DayRun { text: kept, len: text.len(), date, counts, requests: 0, bytes: 0 });
        true
    }

    fn end_day(&mut self) {
        if let Some(run) = self.day.take() {
            self.add(run.date, run.requests, run.bytes);
        }
    }

    fn add(&mut self, date: Date, requests: u64, bytes: u128) {
        self.found.requests += requests;
        self.found.bytes += bytes;
        if !self.options.only_days || requests == 0 {
            return;
        }
        match self.found.days.iter_mut().rev().find(|(known, _, _)| *known == date) {
            Some((_, known_requests, known_bytes)) => {
                *known_requests += requests;
                *known_bytes += bytes;
            }
            None => self.found.days.push((date, requests, bytes)),
        }
    }

    /// Any line, read in full.
    fn line(&mut self, reader: &LineReader, line: &[u8], sink: &mut impl Sink) -> Option<LineReader> {
        let number = self.found.lines;
        self.found.lines += 1;
        if line.is_empty() {
            return None;
        }
        if line.len() > self.options.scan.line_bytes_max {
            self.found.bad(number, self.too_long());
            return None;
        }
        if reader.is_header(line) {
            let changed = reader.changed_by(line, &self.options.needs);
            self.found.changed |= changed.is_some();
            return changed;
        }
        let mut counted = None;
        let (filter, only_days) = (&self.options.filter, self.options.only_days);
        let read = reader.read(line, |row| {
            if filter.keeps(row) {
                counted = Some((row.moment.shifted(filter.span.offset_secs).date, row.size_bytes));
                if !only_days {
                    sink.row(row);
                }
            }
        });
        match read {
            Ok(()) => self.found.rows_read += 1,
            Err(reason) => self.found.bad(number, reason),
        }
        if let Some((date, size_bytes)) = counted {
            self.add(date, 1, size_bytes.into());
        }
        None
    }

    fn bad(&mut self, reason: RowError) {
        let number = self.found.lines;
        self.found.bad(number, reason);
    }

    fn too_long(&self) -> RowError {
        RowError::TooLong { max_bytes: self.options.scan.line_bytes_max }
    }
}

impl BlockTotals {
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
