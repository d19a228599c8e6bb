//! The lines of a block, one after the other: the hot loop of logsum.
use std::ops::ControlFlow;

use super::count::Sink;
use super::format::{Delimited, LineReader, When, without_bom, without_cr};
use super::media::Media;
use super::quick::{self, DayKey};
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
    /// The first and the last day, where rows must be in their order.
    pub dates: Option<(Date, Date)>,
    /// A day, and an earlier one that stands behind it, where rows must be in their order.
    pub unsorted: Option<(Date, Date)>,
    /// All rows that could not be read, where they are to be kept.
    pub rejects: Vec<(u64, RowError, Vec<u8>)>,
    /// A line said that the columns change.
    pub changed: bool,
    /// The sink can take no more.
    pub gave_up: bool,
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
    key: Option<DayKey>,
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
        if let Some(line) = self.block.cut_line {
            self.bad(self.found.lines, self.too_long(), line);
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
        let is_quick = is_quick(self.options, delimited, sink);
        while !self.rest.is_empty() {
            if let Some(changed) = self.delimited_line(delimited, reader, sink) {
                return ControlFlow::Continue(changed);
            }
            if let Some(mut lane) = is_quick.then(|| self.lane()).flatten() {
                while lane.step() {}
                self.leave(lane);
            }
        }
        ControlFlow::Break(())
    }

    /// The next line; a reader for those behind it, if it asks for one.
    fn delimited_line(
        &mut self,
        delimited: &Delimited,
        reader: &LineReader,
        sink: &mut impl Sink,
    ) -> Option<LineReader> {
        let When::Apart { day, .. } = delimited.slots.when else { return None };
        let mut spans = [(0, 0); Delimited::WANTED_MAX];
        let text = self.rest;
        let cut = delimited.splitter.split(text, &mut spans);
        self.rest = &text[cut.len_with_end..];
        let line = &text[..cut.len];
        let is_whole = cut.found == delimited.splitter.wanted().len() && cut.len <= self.options.scan.line_bytes_max;
        let is_dated = is_whole && {
            let day = &line[spans[day].0..spans[day].1];
            self.is_day(day) || self.new_day(day)
        };
        if !is_dated {
            return self.line(reader, line, sink);
        }
        self.dated(delimited, line, &spans, sink);
        None
    }

    /// What a quick look at the rows that follow needs; None where the day before them is not known.
    fn lane(&self) -> Option<Lane<'a>> {
        let run = self.day.as_ref()?;
        Some(Lane { rest: self.rest, key: run.key?, counts: run.counts, rows: 0, requests: 0, bytes: 0 })
    }

    /// Takes over what a quick look has found.
    fn leave(&mut self, lane: Lane<'a>) {
        self.rest = lane.rest;
        self.found.lines += lane.rows;
        self.found.rows_read += lane.rows;
        if let Some(run) = &mut self.day {
            run.requests += lane.requests;
            run.bytes += u128::from(lane.bytes);
        }
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
                    Err(reason) => self.bad(number, reason, line),
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
            Err(reason) => self.bad(number, reason, line),
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
        if self.options.sorted {
            self.found.saw(date);
        }
        let mut kept = [0; DAY_BYTES_MAX];
        kept[..text.len()].copy_from_slice(text);
        let counts = self.options.filter.span.days.contains(date);
        self.day =
            Some(DayRun { text: kept, len: text.len(), key: DayKey::new(text), date, counts, requests: 0, bytes: 0 });
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
            self.bad(number, self.too_long(), line);
            return None;
        }
        if reader.is_header(line) {
            let changed = reader.changed_by(line, &self.options.needs);
            self.found.changed |= changed.is_some();
            return changed;
        }
        let mut counted = None;
        let mut seen = None;
        let (filter, only_days) = (&self.options.filter, self.options.only_days);
        let read = reader.read(line, |row| {
            seen = Some(row.moment.date);
            if filter.keeps(row) {
                counted = Some((row.moment.shifted(filter.span.offset_secs).date, row.size_bytes));
                if !only_days {
                    sink.row(row);
                }
            }
        });
        match read {
            Ok(()) => self.found.rows_read += 1,
            Err(reason) => self.bad(number, reason, line),
        }
        if let Some(date) = seen.filter(|_| self.options.sorted) {
            self.found.saw(date);
        }
        if let Some((date, size_bytes)) = counted {
            self.add(date, 1, size_bytes.into());
        }
        None
    }

    fn bad(&mut self, number: u64, reason: RowError, line: &[u8]) {
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
    fn followed_by(mut self, other: BlockTotals) -> BlockTotals {
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
        self.days.extend(other.days);
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

/// Whether a quick look at a row can tell all that is asked.
fn is_quick<S: Sink>(options: &SumOptions, delimited: &Delimited, _sink: &S) -> bool {
    delimited.is_four_columns()
        && options.filter.media == Media::Jpeg
        && options.filter.tests.is_empty()
        && !options.filter.span.needs_time()
        && (options.only_days || size_of::<S>() == 0)
        && options.scan.line_bytes_max >= quick::LOOKED_AT
}

/// Rows of one day, as far as a quick look at each tells all.
struct Lane<'a> {
    rest: &'a [u8],
    key: DayKey,
    counts: bool,
    rows: u64,
    requests: u64,
    bytes: u64,
}

impl Lane<'_> {
    /// Looks at the next row; false where that does not tell.
    #[inline(always)]
    fn step(&mut self) -> bool {
        let Some(row) = quick::look(self.rest, &self.key) else { return false };
        self.rest = &self.rest[row.len_with_end..];
        self.rows += 1;
        if self.counts {
            let counts = u64::from(row.is_jpeg());
            self.requests += counts;
            self.bytes += row.size_bytes() * counts;
        }
        true
    }
}

/// Blocks below this are not worth two lanes.
const HALVES_BYTES_MIN: usize = 16 << 10;

/// Visits both halves of a block at once, where a quick look is enough for most of its rows; None where it is not. A row begins
/// where the one before it ends, and a core would wait for that most of the time: with two lanes it has something to do.
pub fn visit_halves(
    options: &SumOptions,
    block: &Block,
    reader: &LineReader,
    sink: &mut impl Sink,
) -> Option<BlockTotals> {
    let LineReader::Delimited(delimited) = reader else { return None };
    if block.bytes.len() < HALVES_BYTES_MIN || !is_quick(options, delimited, sink) {
        return None;
    }
    let middle = memchr::memchr(b'\n', &block.bytes[block.bytes.len() / 2..])? + block.bytes.len() / 2 + 1;
    let (first, second) = block.bytes.split_at(middle);
    let first = Block { bytes: first, cut_line: None, ..*block };
    let second = Block { bytes: second, offset: block.offset + middle as u64, ..*block };
    let (mut left, mut right) = (Visitor::new(options, &first), Visitor::new(options, &second));
    while !left.rest.is_empty() && !right.rest.is_empty() {
        // A header with these four columns cannot be changed by a line.
        let (_, _) = (left.delimited_line(delimited, reader, sink), right.delimited_line(delimited, reader, sink));
        if let (Some(mut one), Some(mut other)) = (left.lane(), right.lane()) {
            while one.step() & other.step() {}
            left.leave(one);
            right.leave(other);
        }
    }
    let (_, _) = (left.read(reader, sink), right.read(reader, sink));
    Some(left.finish().followed_by(right.finish()))
}

/// Whether `field` is a number that surely fits 64 bits.
#[inline]
fn digits(field: &[u8]) -> bool {
    (1..=19).contains(&field.len()) && field.iter().all(u8::is_ascii_digit)
}
