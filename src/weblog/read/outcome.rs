//! What a run over logs finds, and why it may fail.
use std::collections::BTreeSet;
use std::io;

use super::sorted::SortedError;
use crate::rows::{self, RowCount};
use crate::scan::SourceError;
use crate::weblog::format::FormatError;
use crate::weblog::log_time::Date;
use crate::weblog::record::RowError;

/// The sums of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Bytes of the rows that count.
    pub bytes: u128,
    /// How many rows count.
    pub requests: u64,
    /// The number of readable rows, whether they count or not, and of unreadable ones.
    pub rows: RowCount<RowError>,
    /// The earliest and the latest day of the rows that could be read, on the log's clock.
    pub days: Option<(Date, Date)>,
    /// Each input's name and format.
    pub formats: Vec<(String, &'static str)>,
    /// The inputs that were said to be in time order, are not, and were read whole.
    pub unsorted: Vec<String>,
    /// The inputs that have no rows.
    pub empty: Vec<String>,
    /// Of each column that is asked for, whether an input has it.
    pub columns: Vec<bool>,
    /// The inputs that lack a column of [`Totals::columns`].
    pub without: Vec<(String, usize)>,
    /// The columns' names in all inputs.
    pub column_names: BTreeSet<String>,
}

/// From the earlier to the later of both.
pub(super) fn joined_spans(one: Option<(Date, Date)>, other: Option<(Date, Date)>) -> Option<(Date, Date)> {
    match (one, other) {
        (Some(one), Some(other)) => Some((one.0.min(other.0), one.1.max(other.1))),
        (one, other) => one.or(other),
    }
}

impl Totals {
    /// Adds the totals of another input, or of further rows of the same one.
    pub(super) fn add(&mut self, other: Totals) {
        self.bytes += other.bytes;
        self.requests += other.requests;
        self.rows.add(other.rows);
        self.days = joined_spans(self.days, other.days);
        self.formats.extend(other.formats);
        self.unsorted.extend(other.unsorted);
        self.empty.extend(other.empty);
        self.columns.resize(self.columns.len().max(other.columns.len()), false);
        self.columns.iter_mut().zip(other.columns).for_each(|(has, other)| *has |= other);
        self.without.extend(other.without);
        self.column_names.extend(other.column_names);
    }
}

/// A row of a log that cannot be read.
pub type BadRow = rows::BadRow<RowError>;

/// Why an input cannot be summed.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The input cannot be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A pipe is empty: the program that should have written to it has failed.
    #[error("{0} is empty: the command before the pipe wrote nothing")]
    Empty(String),
    /// The format cannot be read, or lacks a needed column.
    #[error("{input} cannot be understood: {cause}")]
    Format {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// Why it cannot be read as a log.
        cause: Box<FormatError>,
    },
    /// More of the input's rows are bad than good.
    #[error(
        "{input} is not a log of the format {format}: {bad} of its {rows} rows cannot be read; the first, {first}; \
         --log-format or --columns say how to read it, --allow-bad counts the other rows"
    )]
    MostlyBad {
        /// The input as errors name it: its path, or `stdin`.
        input: String,
        /// The format it was read as.
        format: &'static str,
        /// How many of its rows are bad.
        bad: u64,
        /// How many rows it has.
        rows: u64,
        /// The first bad one.
        first: Box<BadRow>,
    },
    /// The columns change in the middle, and the sinks may have taken rows after that in the wrong columns, or gzip data follows
    /// the text: the run must be repeated with [`SumOptions::in_order`](super::SumOptions::in_order).
    #[error("{0} has another header in the middle, and cannot be read a second time: write it to a file first")]
    Reordered(String),
    /// A sink failed, and holds the reason.
    #[error("{0} was not read to its end")]
    GaveUp(String),
    /// A row cannot be read, and the run is strict, or the row shows that all days are read in the wrong order.
    #[error("{0}")]
    Strict(BadRow),
    /// The log was declared to be sorted, and cannot be searched.
    #[error(transparent)]
    Sorted(#[from] SortedError),
    /// An unreadable row could not be written to the rejects.
    #[error("cannot keep the rows that could not be read")]
    Rejects(#[source] io::Error),
}

impl LogError {
    /// The name of the input, where the error is about one.
    pub fn input(&self) -> Option<&str> {
        match self {
            LogError::Source(SourceError { input, .. })
            | LogError::Empty(input)
            | LogError::Reordered(input)
            | LogError::GaveUp(input)
            | LogError::Format { input, .. }
            | LogError::MostlyBad { input, .. }
            | LogError::Strict(BadRow { input, .. }) => Some(input),
            LogError::Sorted(_) | LogError::Rejects(_) => None,
        }
    }
}

/// The result for all inputs of a run.
#[derive(Debug)]
pub struct Outcome {
    /// The totals of the inputs that could be read.
    pub totals: Totals,
    /// Why the other inputs could not be read. Unless this is empty, the totals are partial, and sinks may have received
    /// some rows of the failed inputs.
    pub failed: Vec<LogError>,
}
