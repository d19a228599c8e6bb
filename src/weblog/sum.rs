//! Inputs in, totals out.
use super::count::{Sink, Sinks};
use super::filter::DayRange;
use super::format::{FormatError, Layout};
use super::jpeg::is_jpeg;
use super::record::{Date, RowError, read_row};
use crate::progress::Progress;
use crate::scan::{self, Block, Input, ScanOptions, Source, SourceError};

/// What is summed, and how strictly.
#[derive(Debug, Clone)]
pub struct SumOptions {
    /// Rows of these days count.
    pub days: DayRange,
    /// The first row that cannot be read ends the run.
    pub strict: bool,
    /// How inputs are read.
    pub scan: ScanOptions,
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

/// Why there is no sum.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// An input that cannot be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nothing is in it.
    #[error("{0} is empty: it is not a log")]
    Empty(String),
    /// The first line is a header that does not serve.
    #[error("{input} cannot be understood: {cause}")]
    Format {
        /// The input's name.
        input: String,
        /// What is wrong.
        cause: FormatError,
    },
    /// Not one of its rows can be read.
    #[error("{input} is not a log: none of its {rows} rows can be read; the first, {first}")]
    NoRow {
        /// The input's name.
        input: String,
        /// How many rows it has.
        rows: u64,
        /// The first of them.
        first: BadRow,
    },
    /// A row cannot be read, and [`SumOptions::strict`] was asked.
    #[error("{0}")]
    Strict(BadRow),
}

/// Adds up all of `inputs`.
///
/// # Errors
/// When an input cannot be read or is no log, or, if strict, at the first row that cannot be read.
pub fn sum(inputs: &[Input], options: &SumOptions, progress: &dyn Progress) -> Result<Totals, LogError> {
    sum_into(inputs, options, &Sinks::new(|| ()), progress)
}

/// Adds up all of `inputs`, and gives each row that counts to one of `sinks`.
///
/// # Errors
/// As [`sum`].
pub fn sum_into<S: Sink, F: Fn() -> S + Sync>(
    inputs: &[Input],
    options: &SumOptions,
    sinks: &Sinks<S, F>,
    progress: &dyn Progress,
) -> Result<Totals, LogError> {
    let mut totals = Totals::default();
    for input in inputs {
        let of_input = sum_input(input, options, sinks, progress)?;
        totals.add(of_input);
    }
    Ok(totals)
}

impl Totals {
    fn add(&mut self, other: Totals) {
        self.bytes += other.bytes;
        self.requests += other.requests;
        self.rows_read += other.rows_read;
        self.rows_bad += other.rows_bad;
        let room = BAD_ROWS_TOLD - self.bad_rows.len();
        self.bad_rows.extend(other.bad_rows.into_iter().take(room));
    }
}

/// How much of an input is looked at to find its header.
const HEAD_BYTES: usize = 64 << 10;

fn sum_input<S: Sink, F: Fn() -> S + Sync>(
    input: &Input,
    options: &SumOptions,
    sinks: &Sinks<S, F>,
    progress: &dyn Progress,
) -> Result<Totals, LogError> {
    let name = input.name();
    let mut source = Source::open(input)?;
    let head = source.head(HEAD_BYTES)?;
    let Some(first_line) = head.split_inclusive(|byte| *byte == b'\n').next() else {
        return Err(LogError::Empty(name));
    };
    let job = Job { head: Head::of(input, first_line)?, options };
    let mut totals = Totals::default();
    let mut lines = 0;
    let used = scan::blocks(
        source,
        &options.scan,
        progress,
        || sinks.take(),
        |sink, block| job.visit(block, sink),
        |of_block: BlockTotals| {
            of_block.add_to(&mut totals, &name, &mut lines);
            match totals.bad_rows.first() {
                Some(bad) if options.strict => Err(LogError::Strict(bad.clone())),
                _ => Ok(()),
            }
        },
    )?;
    sinks.put(used);
    match totals.bad_rows.first() {
        Some(first) if totals.rows_read == 0 => {
            Err(LogError::NoRow { input: name, rows: totals.rows_bad, first: first.clone() })
        }
        _ => Ok(totals),
    }
}

/// What the beginning of a log tells of the rest.
#[derive(Debug, Clone)]
pub(super) struct Head {
    layout: Layout,
    has_header: bool,
}

impl Head {
    /// What `beginning`, of which the first line is looked at, tells of `input`.
    pub(super) fn of(input: &Input, beginning: &[u8]) -> Result<Self, LogError> {
        let first_line = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let header = Layout::from_header(without_bom(without_line_end(first_line)));
        let header = header.map_err(|cause| LogError::Format { input: input.name(), cause })?;
        Ok(Head { has_header: header.is_some(), layout: header.unwrap_or_else(Layout::four_columns) })
    }

    /// Adds whole lines of `input`, behind `lines` others, to `totals`.
    pub(super) fn add(
        &self,
        input: &Input,
        bytes: &[u8],
        options: &SumOptions,
        (totals, lines): (&mut Totals, &mut u64),
        sink: &mut impl Sink,
    ) {
        let block = Block { bytes, offset: *lines, cut_line: None };
        Job { head: self.clone(), options }.visit(&block, sink).add_to(totals, &input.name(), lines);
    }
}

struct Job<'a> {
    head: Head,
    options: &'a SumOptions,
}

/// What one block holds; line numbers count from its first line, 0.
#[derive(Default)]
struct BlockTotals {
    bytes: u128,
    requests: u64,
    rows_read: u64,
    rows_bad: u64,
    lines: u64,
    bad_rows: Vec<(u64, RowError)>,
}

impl BlockTotals {
    fn bad(&mut self, line: u64, reason: RowError) {
        self.rows_bad += 1;
        if self.bad_rows.len() < BAD_ROWS_TOLD {
            self.bad_rows.push((line, reason));
        }
    }

    fn add_to(self, totals: &mut Totals, input: &str, lines: &mut u64) {
        let bad_row = |(line, reason)| BadRow { input: input.to_owned(), line: *lines + line + 1, reason };
        totals.add(Totals {
            bytes: self.bytes,
            requests: self.requests,
            rows_read: self.rows_read,
            rows_bad: self.rows_bad,
            bad_rows: self.bad_rows.into_iter().map(bad_row).collect(),
        });
        *lines += self.lines;
    }
}

impl Job<'_> {
    fn visit(&self, block: &Block, sink: &mut impl Sink) -> BlockTotals {
        let mut found = BlockTotals::default();
        for line in block.bytes.split_inclusive(|byte| *byte == b'\n') {
            let number = found.lines;
            found.lines += 1;
            let is_first = number == 0 && block.offset == 0;
            let line = without_line_end(if is_first { without_bom(line) } else { line });
            if line.is_empty() || is_first && self.head.has_header {
                continue;
            }
            if line.len() > self.options.scan.line_bytes_max {
                found.bad(number, self.too_long());
                continue;
            }
            match read_row(&self.head.layout, line) {
                Ok(row) => {
                    found.rows_read += 1;
                    if self.counts(row.date, row.url) {
                        found.bytes += u128::from(row.size_bytes);
                        found.requests += 1;
                        sink.row(&row);
                    }
                }
                // Logs that were put together with cat have their header again.
                Err(_) if Layout::from_header(line).is_ok_and(|again| again.as_ref() == Some(&self.head.layout)) => {}
                Err(reason) => found.bad(number, reason),
            }
        }
        if block.cut_line.is_some() {
            found.bad(found.lines, self.too_long());
            found.lines += 1;
        }
        found
    }

    fn counts(&self, date: Date, url: &[u8]) -> bool {
        self.options.days.contains(date) && is_jpeg(url)
    }

    fn too_long(&self) -> RowError {
        RowError::TooLong { max_bytes: self.options.scan.line_bytes_max }
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Windows programs put a byte order mark in front of UTF-8.
fn without_bom(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)
}
