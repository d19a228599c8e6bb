//! CSV rows that span lines, and other state that one block passes on to the next.
use super::block::BlockTotals;
use super::options::SumOptions;
use super::visitor::Visitor;
use crate::rows::{Follows, Joiner, Piece, RowFault, excerpt};
use crate::scan::Block;
use crate::weblog::format::{Delimited, LineReader};
use crate::weblog::sink::Sink;

/// The state that a block passes on to the next.
#[derive(Debug, Clone)]
pub(super) struct Carried {
    /// The reader for the columns that a line named.
    pub reader: Option<LineReader>,
    /// Holds a row with an open quote.
    joiner: Option<Joiner>,
    pub in_order: bool,
}

impl Carried {
    /// For blocks in order, or in any order.
    pub(super) fn new(in_order: bool) -> Self {
        Carried { reader: None, joiner: None, in_order }
    }
}

/// Handles what is left after the last block: a row with a quote that was never closed.
pub(super) fn visit_rest(
    options: &SumOptions,
    reader: &LineReader,
    carried: &mut Carried,
    sink: &mut impl Sink,
) -> BlockTotals {
    // An offset other than 0, so that nothing is taken for a byte order mark.
    let block = Block { bytes: b"", offset: 1, cut_line: None };
    let mut visitor = Visitor::new(options, &block);
    if reader.may_join() {
        visitor.read_pieces(reader, carried, Follows::Nothing, sink);
    }
    visitor.finish()
}

impl Visitor<'_> {
    /// Reads the lines of the block, and those carried over.
    pub(super) fn read_joined(&mut self, reader: &LineReader, carried: &mut Carried, sink: &mut impl Sink) {
        let follows = if self.has_cut_line() { Follows::Nothing } else { Follows::Lines };
        self.read_pieces(reader, carried, follows, sink);
    }

    fn read_pieces(&mut self, reader: &LineReader, carried: &mut Carried, follows: Follows, sink: &mut impl Sink) {
        let mut reader = carried.reader.clone().unwrap_or_else(|| reader.clone());
        let Some(delimited) = reader.delimited() else { return };
        let new_joiner = if carried.in_order { Joiner::in_order } else { Joiner::parallel };
        let joiner = carried.joiner.get_or_insert_with(|| {
            new_joiner(delimited.delimiter(), delimited.columns_named(), self.options.scan.line_bytes_max)
        });
        let mut rest = std::mem::take(&mut self.rest);
        loop {
            let is_row = |line: &[u8]| reader.read(line, |_| ()).is_ok();
            let Some(piece) = joiner.next(&mut rest, follows, &is_row) else { return };
            let number = self.found.rows.lines;
            let changed = match piece {
                Piece::Line(line) => self.line(&reader, line, sink),
                Piece::Row { text, lines } => {
                    self.found.rows.lines += lines;
                    if reader.is_header(text) { None } else { self.row(&reader, text, number, sink) }
                }
                Piece::Open(line) => {
                    self.found.rows.lines += 1;
                    self.open_quote(&reader, line, number);
                    None
                }
                Piece::OutOfOrder => {
                    self.found.changed = true;
                    return;
                }
            };
            if let Some(changed) = changed {
                if !carried.in_order {
                    return;
                }
                let columns = changed.delimited().map(Delimited::columns_named);
                joiner.set_columns(columns.unwrap_or(usize::MAX));
                carried.reader = Some(changed.clone());
                reader = changed;
            }
        }
    }

    fn open_quote(&mut self, reader: &LineReader, line: &[u8], number: u64) {
        let fault = RowFault::OpenQuote { excerpt: excerpt(line) };
        let reason =
            reader.delimited().map_or_else(|| fault.clone().into(), |delimited| delimited.error(fault.clone()));
        self.bad(number, reason, line);
    }
}
