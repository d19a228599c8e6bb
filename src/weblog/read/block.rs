//! What is found in one block.
use super::outcome::{Totals, joined_spans};
use super::time_sums::TimeSums;
use crate::rows::PartRows;
use crate::weblog::log_time::Date;
use crate::weblog::record::RowError;

/// The results of one block. Line numbers count from 0 at its first line.
#[derive(Default)]
pub(super) struct BlockTotals {
    /// Bytes of the rows that count.
    pub bytes: u128,
    /// The number of rows that count.
    pub requests: u64,
    /// Its lines, and how many rows were readable or not.
    pub rows: PartRows<RowError>,
    /// Sums by hour or day, unless sinks need single rows.
    pub times: TimeSums,
    /// The earliest and the latest day of the rows that could be read.
    pub span: Option<(Date, Date)>,
    /// The first and the last day, if rows must be in time order.
    pub dates: Option<(Date, Date)>,
    /// A day and an earlier one after it, if rows must be in time order.
    pub unsorted: Option<(Date, Date)>,
    /// All unreadable rows, if they are kept.
    pub rejects: Vec<(u64, RowError, Vec<u8>)>,
    /// A line changed the columns, or a row spans several lines, so later blocks that were visited in parallel were misread.
    pub changed: bool,
    /// gzip data begins in a line, which is why it is no row.
    pub packed: bool,
    /// The first row whose day is one only if the month comes first.
    pub month_first: Option<(u64, RowError)>,
    /// The sink failed and accepts no more rows.
    pub gave_up: bool,
}

impl BlockTotals {
    /// Takes note of a day that rows have.
    pub(super) fn span(&mut self, date: Date) {
        self.span = joined_spans(self.span, Some((date, date)));
    }

    /// Takes note of the day of the next row.
    pub(super) fn saw(&mut self, date: Date) {
        match &mut self.dates {
            None => self.dates = Some((date, date)),
            Some((_, last)) if *last <= date => *last = date,
            Some((_, last)) => self.unsorted = self.unsorted.or(Some((*last, date))),
        }
    }

    /// Records the days of the rows that follow.
    pub(super) fn saw_after(&mut self, dates: Option<(Date, Date)>, unsorted: Option<(Date, Date)>) {
        if let Some((first, last)) = dates {
            self.saw(first);
            self.saw(last);
        }
        self.unsorted = self.unsorted.or(unsorted);
    }

    /// The results of these lines followed by those of `other`.
    pub(super) fn followed_by(mut self, other: BlockTotals) -> BlockTotals {
        self.bytes += other.bytes;
        self.requests += other.requests;
        let lines = self.rows.lines;
        self.rows.append(other.rows);
        self.rejects.extend(other.rejects.into_iter().map(|(line, reason, row)| (lines + line, reason, row)));
        self.times.join(other.times);
        self.changed |= other.changed;
        self.packed |= other.packed;
        self.span = joined_spans(self.span, other.span);
        self.month_first = self.month_first.or(other.month_first.map(|(line, reason)| (lines + line, reason)));
        self.saw_after(other.dates, other.unsorted);
        self
    }

    /// Adds this block, which begins at line `lines` of `input`, to `totals`, and its lines to `lines`.
    pub(super) fn add_to(self, totals: &mut Totals, input: &str, lines: &mut u64) {
        totals.bytes += self.bytes;
        totals.requests += self.requests;
        totals.days = joined_spans(totals.days, self.span);
        totals.rows.add_part(self.rows, input, lines);
    }
}
