//! Reads the events in lines of TSV, CSV or JSON; the beginning of an input tells which.
use fearless_simd::{Level, Simd, dispatch};

use super::date_time::DateTimeParser;
use super::event::{EventError, EventFault, EventOptions, EventSink};
use super::json::{Json, Looked};
use super::remarks::Remarks;
use super::table::Table;
use crate::rows::{
    Delimited, Fields, Follows, Joiner, PartRows, Piece, RowFault, excerpt, is_repeated, next_line, without_bom,
    without_cr,
};
use crate::scan::Block;
use crate::units::Zone;

/// Reads the events of an input. Has no state, so one serves all threads.
pub(super) struct EventReader {
    layout: Layout,
    zone: Zone,
    line_bytes_max: usize,
}

enum Layout {
    Table(Box<Table>),
    Json(Box<Json>),
}

/// What was read of a part of an input.
pub(super) struct Part<F> {
    pub(super) rows: PartRows<EventFault>,
    pub(super) remarks: Remarks,
    pub(super) found: F,
    /// Whether a line leaves a quote open, so that the block must be read in order: then the part is not complete.
    pub(super) is_open: bool,
}

/// What a thread needs to read events: state that goes from one block to the next.
pub(super) struct Worker<W> {
    times: DateTimeParser,
    /// About the events since the last block.
    remarks: Remarks,
    sink: W,
    /// In CSV whose rows may span lines, and whose blocks therefore come in order.
    joiner: Option<Joiner>,
    /// Without a joiner: whether a line left a quote open, and may be the beginning of a longer row.
    is_open: bool,
}

impl EventReader {
    /// For the input that begins with `head`.
    ///
    /// # Errors
    /// When a header does not name the columns that are needed.
    pub(super) fn new(head: &[u8], options: &EventOptions, input: &str) -> Result<Self, EventError> {
        let text = without_bom(head);
        let layout = if text.trim_ascii_start().starts_with(b"{") {
            Layout::Json(Box::new(Json::new(options)))
        } else {
            Layout::Table(Box::new(Table::new(text, options, input)?))
        };
        Ok(EventReader { layout, zone: options.zone, line_bytes_max: options.scan.line_bytes_max })
    }

    /// Whether rows may have quotes, and so span more than one line.
    pub(super) fn has_quotes(&self) -> bool {
        matches!(&self.layout, Layout::Table(table) if table.reader.has_quotes())
    }

    /// A thread's state. `in_order`: blocks come in order to a single thread, so rows of more than one line can be joined.
    pub(super) fn worker<K: EventSink>(&self, sink: &K, in_order: bool) -> Worker<K::Worker> {
        let joiner = match &self.layout {
            Layout::Table(table) if in_order && table.reader.has_quotes() => {
                Some(Joiner::in_order(table.reader.delimiter(), table.columns, self.line_bytes_max))
            }
            _ => None,
        };
        Worker {
            times: DateTimeParser::new(self.zone),
            remarks: Remarks::default(),
            sink: sink.worker(),
            joiner,
            is_open: false,
        }
    }

    /// Gives `sink` the events of `block`.
    pub(super) fn visit<K: EventSink>(
        &self,
        block: &Block,
        sink: &K,
        worker: &mut Worker<K::Worker>,
    ) -> Part<K::Found> {
        let rows = dispatch!(Level::new(), simd => self.visit_by(simd, block, sink, worker));
        let is_open = std::mem::take(&mut worker.is_open);
        Part { rows, remarks: std::mem::take(&mut worker.remarks), found: sink.found(&mut worker.sink), is_open }
    }

    /// Gives `sink` the events of lines that were held back at the end of the last block, because a row might have gone on.
    pub(super) fn finish<K: EventSink>(&self, sink: &K, worker: &mut Worker<K::Worker>) -> Part<K::Found> {
        let mut rows = PartRows::default();
        if let Layout::Table(table) = &self.layout {
            Visit { table, sink, worker, rows: &mut rows }.joined(&mut &b""[..], Follows::Nothing);
        }
        let found = sink.found(&mut worker.sink);
        Part { rows, remarks: std::mem::take(&mut worker.remarks), found, is_open: false }
    }

    #[inline(always)]
    fn visit_by<S: Simd, K: EventSink>(
        &self,
        simd: S,
        block: &Block,
        sink: &K,
        worker: &mut Worker<K::Worker>,
    ) -> PartRows<EventFault> {
        let mut rows = PartRows::default();
        let mut rest = if block.offset == 0 { without_bom(block.bytes) } else { block.bytes };
        match &self.layout {
            Layout::Json(json) => self.json_lines(simd, json, rest, sink, worker, &mut rows),
            Layout::Table(table) => {
                if block.offset == 0 {
                    skip_header(table.header_lines, &mut rest, &mut rows);
                }
                let mut visit = Visit { table, sink, worker, rows: &mut rows };
                visit.block(simd, rest);
                if block.cut_line.is_some() {
                    // The line is longer than any row, so no row continues in it.
                    visit.joined(&mut &b""[..], Follows::Nothing);
                }
            }
        }
        if block.cut_line.is_some() {
            rows.add_bad(rows.lines, self.too_long());
            rows.lines += 1;
        }
        rows
    }

    #[inline(always)]
    fn json_lines<S: Simd, K: EventSink>(
        &self,
        simd: S,
        json: &Json,
        mut rest: &[u8],
        sink: &K,
        worker: &mut Worker<K::Worker>,
        rows: &mut PartRows<EventFault>,
    ) {
        loop {
            while let Some(looked) = json.look(simd, rest, &mut worker.times) {
                let (len, len_with_end) = match looked {
                    Looked::Quick(len, event) => (len, event.len_with_end),
                    Looked::Slow { len, len_with_end, .. } => (len, len_with_end),
                };
                if len > self.line_bytes_max {
                    break;
                }
                match looked {
                    Looked::Quick(_, event) => sink.quick_event(&mut worker.sink, &event),
                    Looked::Slow { event, .. } => sink.event(&mut worker.sink, &event),
                }
                rows.read += 1;
                rows.lines += 1;
                rest = &rest[len_with_end..];
            }
            let Some(line) = next_line(&mut rest) else { return };
            if !line.trim_ascii().is_empty() {
                let read = match without_cr(line) {
                    line if line.len() > self.line_bytes_max => Err(self.too_long()),
                    line => {
                        let Worker { times, remarks, sink: found, .. } = &mut *worker;
                        json.event(line, times, remarks, |event| sink.event(found, event))
                    }
                };
                match read {
                    Ok(()) => rows.read += 1,
                    Err(fault) => rows.add_bad(rows.lines, fault),
                }
            }
            rows.lines += 1;
        }
    }

    fn too_long(&self) -> EventFault {
        RowFault::TooLong { max_bytes: self.line_bytes_max }.into()
    }
}

/// Removes the header, which has `lines` lines, from `rest`.
fn skip_header(lines: u64, rest: &mut &[u8], rows: &mut PartRows<EventFault>) {
    while rows.lines < lines && next_line(rest).is_some() {
        rows.lines += 1;
    }
}

/// Goes through the rows of a table.
struct Visit<'a, K: EventSink> {
    table: &'a Table,
    sink: &'a K,
    worker: &'a mut Worker<K::Worker>,
    rows: &'a mut PartRows<EventFault>,
}

impl<K: EventSink> Visit<'_, K> {
    #[inline(always)]
    fn block<S: Simd>(&mut self, simd: S, mut rest: &[u8]) {
        if !self.table.reader.has_quotes() {
            self.lines::<S, false>(simd, &mut rest);
            return;
        }
        let mut is_joining = self.worker.joiner.as_ref().is_some_and(|joiner| !joiner.is_idle());
        while is_joining || !rest.is_empty() {
            if is_joining {
                self.joined(&mut rest, Follows::Lines);
            }
            is_joining = self.lines::<S, true>(simd, &mut rest);
            if is_joining && self.worker.joiner.is_none() {
                self.worker.is_open = true;
                return;
            }
        }
    }

    /// Reads lines, each of them a row; true if it stops before a line that may be the beginning of a longer row.
    #[inline(always)]
    fn lines<S: Simd, const QUOTES: bool>(&mut self, simd: S, rest: &mut &[u8]) -> bool {
        let table = self.table;
        let wanted = table.reader.splitter().wanted().len();
        while !rest.is_empty() {
            if let Some(places) = table.places
                && let Some(event) = places.look::<S, QUOTES>(simd, rest, &mut self.worker.times)
            {
                self.sink.quick_event(&mut self.worker.sink, &event);
                self.rows.read += 1;
                self.rows.lines += 1;
                *rest = &rest[event.len_with_end..];
                continue;
            }
            let mut spans = [(0, 0); Delimited::WANTED_MAX];
            let cut = table.reader.splitter().split_by(simd, rest, &mut spans[..wanted]);
            let line = &rest[..cut.len];
            let spans = (cut.found == wanted).then_some(&spans[..wanted]);
            if !line.is_empty() {
                let read = if line.len() > table.line_bytes_max {
                    Err(table.too_long())
                } else if QUOTES && memchr::memchr(b'"', line).is_some() {
                    self.read_quoted(line)
                } else if let Some(spans) = spans {
                    table
                        .reader
                        .check_width(line)
                        .map_err(EventFault::from)
                        .and_then(|()| self.take(&Fields::new(line, spans)))
                } else {
                    Err(table.reader.too_few(cut.columns).into())
                };
                if QUOTES && matches!(&read, Err(EventFault::Row(RowFault::OpenQuote { .. }))) {
                    return true;
                }
                self.count(line, read);
            }
            self.rows.lines += 1;
            *rest = &rest[cut.len_with_end..];
        }
        false
    }

    /// Reads rows that may span lines, at least one and until no line is held back.
    fn joined(&mut self, rest: &mut &[u8], follows: Follows) {
        let Some(mut joiner) = self.worker.joiner.take() else { return };
        while let Some(piece) = joiner.next(rest, follows, &|line| self.table.is_row(line)) {
            let lines = match piece {
                Piece::Line(b"") => 1,
                Piece::Line(line) => {
                    let read = self.read_quoted(line);
                    self.count(line, read);
                    1
                }
                Piece::Row { text, lines } => {
                    let read = self.read_quoted(text);
                    self.count(text, read);
                    lines
                }
                Piece::Open(line) => {
                    self.count(line, Err(RowFault::OpenQuote { excerpt: excerpt(line) }.into()));
                    1
                }
                // Only a joiner for blocks in any order says so.
                Piece::OutOfOrder => 0,
            };
            self.rows.lines += lines;
            if joiner.is_idle() && follows == Follows::Lines {
                break;
            }
        }
        self.worker.joiner = Some(joiner);
    }

    fn read_quoted(&mut self, row: &[u8]) -> Result<(), EventFault> {
        if row.len() > self.table.line_bytes_max {
            return Err(self.table.too_long());
        }
        self.table.reader.read(row, |fields| self.take(&fields))?
    }

    #[inline]
    fn take(&mut self, fields: &Fields) -> Result<(), EventFault> {
        let Worker { times, remarks, sink, .. } = &mut *self.worker;
        self.table.event(fields, times, remarks, |event| self.sink.event(sink, event))
    }

    /// Counts a row whose lines begin at the line that was reached.
    fn count(&mut self, row: &[u8], read: Result<(), EventFault>) {
        match read {
            Ok(()) => self.rows.read += 1,
            // Files that were put together with cat repeat their header.
            Err(EventFault::Time(_)) if is_repeated(&self.table.header, row) => {}
            Err(fault) => self.rows.add_bad(self.rows.lines, fault),
        }
    }
}

#[cfg(test)]
mod tests;
