//! Turns lines into rows, in any format.
use std::any::Any;
use std::sync::Arc;

use super::super::record::{Row, RowError};
use super::super::url;
use super::delimited::Delimited;
use super::line::ReadLine;
use super::needs::Needs;
use crate::rows;

/// The reader of an input's lines.
#[derive(Debug, Clone)]
pub struct LineReader {
    format: &'static str,
    lines: Arc<dyn ReadLine>,
}

impl LineReader {
    pub(super) fn new(format: &'static str, lines: Arc<dyn ReadLine>) -> Self {
        LineReader { format, lines }
    }

    /// The format's name, as in [`FORMATS`](super::FORMATS).
    pub fn format(&self) -> &'static str {
        self.format
    }

    /// Reads `line`, which has no line end, and passes its row to `then`.
    ///
    /// # Errors
    /// When it is not a row.
    pub fn read(&self, line: &[u8], mut then: impl FnMut(&Row<'_>)) -> Result<(), RowError> {
        self.lines.read(line, &mut then)
    }

    /// Whether the raw `line` is a header or comment rather than a row.
    pub fn is_header(&self, line: &[u8]) -> bool {
        self.lines.is_header(line)
    }

    /// The reader for the lines after `line`, if that is a `#Fields` line that changes the columns.
    pub fn changed_by(&self, line: &[u8], needs: &Needs) -> Option<LineReader> {
        self.lines.changed_by(line, needs).map(|lines| LineReader { format: self.format, lines })
    }

    /// What its columns are called.
    pub fn names(&self) -> Vec<String> {
        self.lines.names()
    }

    /// Whether the log has the column at this place of [`Needs::columns`]: in its header, or in a row that was read.
    pub fn has_column(&self, place: usize) -> bool {
        self.lines.has_column(place)
    }

    /// Whether `line`, which cannot be read as a row, is not meant to be one: a comment, `sep=;`.
    pub fn is_remark(&self, line: &[u8]) -> bool {
        self.lines.is_remark(line)
    }

    /// The reader for what follows `line`, which cannot be read as a row, if it is a header of other columns.
    pub fn renamed_by(&self, line: &[u8], needs: &Needs) -> Option<LineReader> {
        self.lines.renamed_by(line, needs).map(|lines| LineReader { format: self.format, lines })
    }

    /// The reader of delimited fields that this is, if it is one: hot loops read those themselves.
    pub(in crate::weblog) fn delimited(&self) -> Option<&Delimited> {
        (&*self.lines as &dyn Any).downcast_ref()
    }

    /// Whether a row may span more than one line.
    pub fn may_join(&self) -> bool {
        self.delimited().is_some_and(Delimited::spans_lines)
    }

    /// Whether a later line may change what the columns are.
    pub fn may_change(&self) -> bool {
        self.lines.may_change()
    }

    /// The columns, if neither they nor the URLs in `head` tell the host.
    pub(super) fn lacks_host(&self, head: &[u8]) -> Option<Vec<String>> {
        self.lines.without_host().filter(|_| !rows::lines(head).any(|line| self.has_absolute_url(line)))
    }

    fn has_absolute_url(&self, line: &[u8]) -> bool {
        let mut found = false;
        let has_host = |row: &Row<'_>| url::host(row.url).is_some();
        let is_row = !self.is_header(line) && self.read(line, |row| found = has_host(row)).is_ok();
        is_row && found
    }
}
