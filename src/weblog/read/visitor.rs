//! Visits the lines of a block: logsum's hot loop.
use fearless_simd::Simd;

use super::block::BlockTotals;
use super::options::SumOptions;
use super::quick::RowPrefix;
use crate::rows::{Fields, RowFault, next_line, without_bom};
use crate::scan::{Block, goes_on_packed};
use crate::units::DateOrder;
use crate::weblog::format::{Delimited, LineReader, When};
use crate::weblog::log_time::{Date, LogTime};
use crate::weblog::read_time::{is_month_first, read_date, read_second};
use crate::weblog::record::RowError;
use crate::weblog::sink::{Granularity, Sink};

/// Visits the lines of a block.
pub(super) struct Visitor<'a> {
    pub(super) options: &'a SumOptions,
    block: &'a Block<'a>,
    /// The bytes not yet visited.
    pub(super) rest: &'a [u8],
    pub(super) found: BlockTotals,
    pub(super) streak: Option<Streak>,
}

/// Consecutive rows of the same day, or of the same hour or minute if the time is needed. Logs have thousands of them in a
/// row, so the day is parsed and filtered only for the first; the others are compared with its bytes.
#[derive(Clone, Copy)]
pub(super) struct Streak {
    day: [u8; DAY_BYTES_MAX],
    day_len: usize,
    /// The first bytes of its rows, for the fast path.
    pub(super) prefix: Option<RowPrefix>,
    /// The start of its day, hour or minute.
    first: LogTime,
    /// The length of its day, hour or minute in seconds.
    secs: u32,
    /// Whether its rows are in the filter's time range; None if some are.
    pub(super) counts: Option<bool>,
    pub(super) requests: u64,
    pub(super) bytes: u128,
}

const DAY_BYTES_MAX: usize = 16;
const DAY_SECS: u32 = 86_400;

impl<'a> Visitor<'a> {
    pub(super) fn new(options: &'a SumOptions, block: &'a Block<'a>) -> Self {
        let rest = if block.offset == 0 { without_bom(block.bytes) } else { block.bytes };
        Visitor { options, block, rest, found: BlockTotals::default(), streak: None }
    }

    /// The next line, without its `\n`.
    pub(super) fn next_line(&mut self) -> Option<&'a [u8]> {
        next_line(&mut self.rest)
    }

    /// Whether the block is followed by an overlong line.
    pub(super) fn has_cut_line(&self) -> bool {
        self.block.cut_line.is_some()
    }

    /// The results of the block.
    pub(super) fn finish(mut self) -> BlockTotals {
        self.end_streak();
        if let Some(line) = self.block.cut_line {
            self.bad(self.found.rows.lines, self.too_long(), line);
            self.found.rows.lines += 1;
        }
        self.found
    }

    /// Visits the next delimited line. Returns the reader for the lines after it if it changes the columns.
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
        let cut = delimited.splitter().split_by(simd, text, &mut spans);
        self.rest = &text[cut.len_with_end..];
        let line = &text[..cut.len];
        let is_whole = cut.found == delimited.splitter().wanted().len()
            && cut.len <= self.options.scan.line_bytes_max
            && (!delimited.has_quotes() || delimited.is_cut_right(line));
        let second = is_whole.then(|| {
            let day = &line[spans[day].0..spans[day].1];
            let time = time.map(|time| &line[spans[time].0..spans[time].1]);
            let second = time.map_or(Some(0), |time| read_second(time).ok())?;
            (self.is_in_streak(day, second) || self.start_streak(delimited.date_order(), day, time, second))
                .then_some(second)
        });
        let Some(second) = second.flatten() else { return self.line(reader, line, sink) };
        self.row_in_streak(delimited, line, &Fields::new(line, &spans), second, sink);
        None
    }

    /// Visits a row of the current streak.
    #[inline]
    fn row_in_streak(
        &mut self,
        delimited: &Delimited,
        line: &[u8],
        fields: &Fields<'_>,
        second: u32,
        sink: &mut impl Sink,
    ) {
        let Some(streak) = &mut self.streak else { return };
        let number = self.found.rows.lines;
        self.found.rows.lines += 1;
        let moment = LogTime { date: streak.first.date, second };
        let (filter, granularity) = (&self.options.filter, self.options.granularity);
        if !streak.counts.unwrap_or_else(|| filter.time_range.contains(moment)) {
            match is_plain_number(fields.get(delimited.slots.size)) {
                true => self.found.rows.read += 1,
                false => match delimited.hand_on(fields, moment, |_| ()) {
                    Ok(()) => self.found.rows.read += 1,
                    Err(reason) => self.bad(number, reason, line),
                },
            }
            return;
        }
        let read = delimited.hand_on(fields, moment, |row| {
            if filter.keeps_content(row) {
                streak.requests += 1;
                streak.bytes += u128::from(row.size_bytes);
                if granularity == Granularity::Rows {
                    sink.row(row);
                }
            }
        });
        match read {
            Ok(()) => self.found.rows.read += 1,
            Err(reason) => self.bad(number, reason, line),
        }
    }

    #[inline]
    fn is_in_streak(&self, day: &[u8], second: u32) -> bool {
        self.streak.as_ref().is_some_and(|streak| {
            streak.day[..streak.day_len] == *day && second.wrapping_sub(streak.first.second) < streak.secs
        })
    }

    /// Starts a streak of the rows on `day`, or, if the time is needed, in the same hour or minute as `second`. Returns
    /// false if `day` cannot be parsed or is too long to be kept.
    #[cold]
    fn start_streak(&mut self, order: DateOrder, day: &[u8], time: Option<&[u8]>, second: u32) -> bool {
        let mut kept = [0; DAY_BYTES_MAX];
        let (Ok(date), Some(kept_day)) = (read_date(day, order), kept.get_mut(..day.len())) else { return false };
        if !self.is_believable(date) {
            return false;
        }
        kept_day.copy_from_slice(day);
        self.end_streak();
        self.found.span(date);
        if self.options.sorted {
            self.found.saw(date);
        }
        let time_range = &self.options.filter.time_range;
        let unit_secs = self.options.granularity.unit_secs().unwrap_or(DAY_SECS);
        let secs = if time.is_some() { time_range.clock.unit_secs().min(unit_secs) } else { DAY_SECS };
        let first = LogTime { date, second }.floor(secs);
        let (last, same_bytes) = match secs {
            DAY_SECS => (first, 0),
            3600 => (LogTime { second: first.second + secs - 1, ..first }, "10:".len()),
            _ => (LogTime { second: first.second + secs - 1, ..first }, "10:28".len()),
        };
        let counts = match time {
            Some(_) => time_range.contains_all(first, last),
            None => Some(time_range.days.contains(date)),
        };
        let same_time = time.map_or(&b""[..], |time| &time[..same_bytes.min(time.len())]);
        let prefix = RowPrefix::new(day, same_time);
        self.streak =
            Some(Streak { day: kept, day_len: day.len(), prefix, first, secs, counts, requests: 0, bytes: 0 });
        true
    }

    /// Whether a request may have been made on `date`.
    fn is_believable(&self, date: Date) -> bool {
        (Date::EARLIEST..=self.options.latest).contains(&date)
    }

    fn end_streak(&mut self) {
        if let Some(streak) = self.streak.take() {
            self.add(streak.first, streak.requests, streak.bytes);
        }
    }

    /// Counts `requests` in the unit of time that begins at `moment`.
    fn add(&mut self, moment: LogTime, requests: u64, bytes: u128) {
        self.found.requests += requests;
        self.found.bytes += bytes;
        if let Some(unit_secs) = self.options.granularity.unit_secs().filter(|_| requests > 0) {
            let shown = self.options.filter.time_range.clock.shown(moment).floor(unit_secs);
            self.found.times.add(shown, requests, bytes);
        }
    }

    /// Visits any line, without the shortcuts of a streak. Returns the reader for the lines after it if it changes the
    /// columns.
    pub(super) fn line(&mut self, reader: &LineReader, line: &[u8], sink: &mut impl Sink) -> Option<LineReader> {
        let number = self.found.rows.lines;
        self.found.rows.lines += 1;
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
        self.row(reader, line, number, sink)
    }

    /// Visits the row that begins in line `number`; it has several lines if there are line breaks within quotes. If it is a
    /// header of other columns, gives the reader for the lines after it.
    pub(super) fn row(
        &mut self,
        reader: &LineReader,
        row: &[u8],
        number: u64,
        sink: &mut impl Sink,
    ) -> Option<LineReader> {
        let mut counted = None;
        let mut seen = None;
        let mut far = None;
        let believable = Date::EARLIEST..=self.options.latest;
        let (filter, granularity) = (&self.options.filter, self.options.granularity);
        let read = reader.read(row, |row| {
            if !believable.contains(&row.moment.date) {
                far = Some(row.moment.date);
                return;
            }
            seen = Some(row.moment.date);
            if filter.keeps(row) {
                counted = Some((row.moment, row.size_bytes));
                if granularity == Granularity::Rows {
                    sink.row(row);
                }
            }
        });
        if let Some(date) = seen {
            self.found.span(date);
            if self.options.sorted {
                self.found.saw(date);
            }
        }
        if let Some((moment, size_bytes)) = counted {
            self.add(moment, 1, size_bytes.into());
        }
        match (read, far) {
            (Ok(()), None) => self.found.rows.read += 1,
            (Ok(()), Some(date)) => self.bad(number, RowError::FarTime(date), row),
            (Err(reason), _) => return self.no_row(reader, row, number, reason, sink),
        }
        None
    }

    /// What becomes of a line that cannot be read as a row, for this `reason`.
    #[cold]
    fn no_row(
        &mut self,
        reader: &LineReader,
        row: &[u8],
        number: u64,
        reason: RowError,
        sink: &mut impl Sink,
    ) -> Option<LineReader> {
        // What copytruncate leaves in front of the first row that is written after it.
        let nuls = row.iter().take_while(|byte| **byte == 0).count();
        if nuls > 0 {
            return if nuls < row.len() { self.row(reader, &row[nuls..], number, sink) } else { None };
        }
        if reader.is_remark(row) {
            return None;
        }
        let renamed = reader.renamed_by(row, &self.options.needs);
        match &renamed {
            Some(_) => self.found.changed = true,
            None => self.bad(number, reason, row),
        }
        renamed
    }

    /// Counts an unreadable row, and keeps it if rejects are kept.
    pub(super) fn bad(&mut self, number: u64, reason: RowError, line: &[u8]) {
        self.found.packed |= goes_on_packed(line);
        if is_month_first(&reason) {
            self.found.month_first.get_or_insert_with(|| (number, reason.clone()));
        }
        if self.options.rejects.is_some() {
            self.found.rejects.push((number, reason.clone(), line.to_vec()));
        }
        self.found.rows.add_bad(number, reason);
    }

    fn too_long(&self) -> RowError {
        RowFault::TooLong { max_bytes: self.options.scan.line_bytes_max }.into()
    }
}

/// Whether `field` consists of digits and surely fits into 64 bits.
#[inline]
fn is_plain_number(field: &[u8]) -> bool {
    (1..=19).contains(&field.len()) && field.iter().all(u8::is_ascii_digit)
}
