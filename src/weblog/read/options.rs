//! The options of a run over logs.
use std::io::{self, Write};
use std::sync::Arc;

use parking_lot::Mutex;

use super::outcome::BadRow;
use crate::scan::ScanOptions;
use crate::weblog::filter::Filter;
use crate::weblog::format::{Choice, Needs};
use crate::weblog::log_time::Date;
use crate::weblog::sink::Granularity;

/// The options of a run over logs.
#[derive(Debug, Clone)]
pub struct SumOptions {
    /// The condition that rows must meet to count.
    pub filter: Filter,
    /// The columns needed by the filter and the sinks.
    pub needs: Needs,
    /// The format of the inputs, if the user chose one.
    pub format: Choice,
    /// The detail that the sinks need.
    pub granularity: Granularity,
    /// The inputs are in time order: only the part around the filter's days is read, and its rows must be in order.
    pub sorted: bool,
    /// The run fails at the first row that cannot be read.
    pub strict: bool,
    /// Inputs are read in order from their start, as far as their columns may change, and gzip data after text is unpacked.
    pub in_order: bool,
    /// An input may have more bad rows than good ones.
    pub allow_bad: bool,
    /// The last day that is believed of a row: two days after this one, for clocks and zones that are ahead.
    pub latest: Date,
    /// Where unreadable rows are written: input, line, reason and the row itself, tab separated.
    pub rejects: Option<SharedWriter>,
    /// Threads and block sizes.
    pub scan: ScanOptions,
}

/// A writer shared by threads.
#[derive(Clone)]
pub struct SharedWriter(Arc<Mutex<dyn Write + Send>>);

impl SharedWriter {
    /// Lets all threads write to `writer`, one whole row at a time.
    pub fn new(writer: impl Write + Send + 'static) -> Self {
        SharedWriter(Arc::new(Mutex::new(writer)))
    }

    /// Flushes the buffer.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn flush(&self) -> io::Result<()> {
        self.0.lock().flush()
    }

    /// Writes a row that could not be read.
    pub(super) fn reject(&self, bad: &BadRow, row: &[u8]) -> io::Result<()> {
        let mut writer = self.0.lock();
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
