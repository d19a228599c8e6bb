//! CSV rows that go over more than one line, for there are line breaks in their quotes.
//!
//! Blocks end where lines do, and whether a line begins within quotes only those before it tell. So blocks are visited side
//! by side as if no row went on; the first line that leaves a quote open ends that, and the log is read again, in order.
//! There a row is joined line by line until its quotes are closed. That it is one row is believed only if its quotes and the
//! number of its columns are right; else its first line is a bad row, as it would be for a reader of lines, and those behind
//! it are looked at anew: a quote that somebody forgot must not swallow the rest of a log.
use super::block::BlockTotals;
use super::options::SumOptions;
use super::visitor::Visitor;
use crate::scan::Block;
use crate::weblog::format::{Delimited, LineReader, Quotes, without_cr};
use crate::weblog::sink::Sink;

/// What a block leaves to those behind it.
#[derive(Debug, Clone, Default)]
pub struct Carried {
    /// The reader that a line asked for.
    pub reader: Option<LineReader>,
    /// The lines of a row whose quotes are still open, each with its `\n`. They are not counted yet.
    open: Vec<u8>,
    /// Blocks come in their order.
    in_order: bool,
}

impl Carried {
    /// For blocks that come in their order, or do not.
    pub fn new(in_order: bool) -> Self {
        Carried { in_order, ..Carried::default() }
    }
}

/// What is left when there are no more blocks: a row that was never closed.
pub fn visit_rest(
    options: &SumOptions,
    reader: &LineReader,
    carried: &mut Carried,
    sink: &mut impl Sink,
) -> BlockTotals {
    // Not the first block, so that nothing is taken for a byte order mark.
    let block = Block { bytes: b"", offset: 1, cut_line: None };
    let mut visitor = Visitor::new(options, &block);
    if let LineReader::Delimited(delimited) = reader {
        visitor.give_up_all(delimited, reader, carried, sink);
    }
    visitor.finish()
}

/// Whether lines are a row.
enum Joined {
    Row,
    NotYet,
    No,
}

impl Visitor<'_> {
    /// Reads the lines of the block, and those carried over, as rows.
    pub fn read_joined(&mut self, reader: &LineReader, carried: &mut Carried, sink: &mut impl Sink) {
        if let LineReader::Delimited(delimited) = reader {
            self.join_lines(delimited, reader, carried, Vec::new(), sink);
            if self.has_cut_line() {
                // No row is that long.
                self.give_up_all(delimited, reader, carried, sink);
            }
        }
    }

    /// Reads `again`, which holds whole lines, and then the rest of the block.
    fn join_lines(
        &mut self,
        delimited: &Delimited,
        reader: &LineReader,
        carried: &mut Carried,
        mut again: Vec<u8>,
        sink: &mut impl Sink,
    ) {
        let mut again_at = 0;
        loop {
            let copy;
            let line = match memchr::memchr(b'\n', &again[again_at..]) {
                Some(len) => {
                    copy = again[again_at..again_at + len].to_vec();
                    again_at += len + 1;
                    &copy[..]
                }
                None => match self.next_line() {
                    Some(line) => line,
                    None => return,
                },
            };
            if carried.open.is_empty() && !matches!(delimited.quotes(without_cr(line)), Quotes::Open) {
                self.line(reader, without_cr(line), sink);
                continue;
            }
            if !carried.in_order {
                self.found.changed = true;
                return;
            }
            carried.open.extend_from_slice(line);
            carried.open.push(b'\n');
            match self.joined(delimited, &carried.open) {
                Joined::NotYet => {}
                Joined::Row => {
                    let row = std::mem::take(&mut carried.open);
                    let number = self.found.lines;
                    self.found.lines += memchr::memchr_iter(b'\n', &row).count() as u64;
                    self.row(reader, without_cr(&row[..row.len() - 1]), number, sink);
                }
                Joined::No => {
                    let rest = again.split_off(again_at);
                    again.clear();
                    again_at = 0;
                    self.give_up_first(delimited, carried, &mut again);
                    again.extend_from_slice(&rest);
                }
            }
        }
    }

    /// Whether `lines`, the first of which leaves a quote open, are a row.
    fn joined(&self, delimited: &Delimited, lines: &[u8]) -> Joined {
        match delimited.quotes(without_cr(&lines[..lines.len() - 1])) {
            Quotes::Open if lines.len() <= self.options.scan.line_bytes_max => Joined::NotYet,
            Quotes::Closed { columns } if columns == delimited.columns_named() => Joined::Row,
            Quotes::Open | Quotes::Closed { .. } | Quotes::Torn => Joined::No,
        }
    }

    /// Nothing follows that could close the open row: its lines are rows, or bad ones.
    fn give_up_all(&mut self, delimited: &Delimited, reader: &LineReader, carried: &mut Carried, sink: &mut impl Sink) {
        while !carried.open.is_empty() {
            let mut again = Vec::new();
            self.give_up_first(delimited, carried, &mut again);
            self.join_lines(delimited, reader, carried, again, sink);
        }
    }

    /// Makes the first line of an open row a bad one, and puts those behind it into `again`.
    fn give_up_first(&mut self, delimited: &Delimited, carried: &mut Carried, again: &mut Vec<u8>) {
        let lines = std::mem::take(&mut carried.open);
        let end = memchr::memchr(b'\n', &lines).unwrap_or(lines.len());
        let line = without_cr(&lines[..end]);
        let number = self.found.lines;
        self.found.lines += 1;
        self.bad(number, delimited.not_closed(line), line);
        again.extend_from_slice(lines.get(end + 1..).unwrap_or_default());
    }
}
