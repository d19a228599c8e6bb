//! Rows that span more than one line, because their quoted fields contain line breaks.
//!
//! Blocks end where lines do, and whether a line begins inside quotes only the lines before it tell. So blocks are read in
//! parallel as if no row went on ([`Joiner::parallel`]); the first line that leaves a quote open ends that
//! ([`Piece::OutOfOrder`]), and the input is read again in order ([`Joiner::in_order`]). There lines are joined until the
//! quotes are closed. That they are one row is believed only if the quotes are sound and the number of columns is right.
//! Otherwise the first line is bad, as it is for a reader of lines, and those behind it are looked at anew: a quote that
//! someone forgot costs its own line and not the rest of the file.
use std::ops::Range;

use super::lines::{next_line, without_cr};
use super::quotes::{QuoteScan, Quotes, quotes};

/// Joins lines to rows. Holds the lines of an open row from one block to the next.
#[derive(Debug, Clone)]
pub struct Joiner {
    delimiter: u8,
    /// How many columns a row of more than one line must have.
    columns: usize,
    row_bytes_max: usize,
    is_in_order: bool,
    /// The lines of a row whose quotes are still open, each with its `\n`, and how far they were looked at.
    open: Vec<u8>,
    scan: QuoteScan,
    /// Lines that are looked at anew, from `again_at` on.
    again: Vec<u8>,
    again_at: usize,
    /// What the last piece was made of.
    taken: Vec<u8>,
}

/// What a line, or several, are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line that leaves no quote open, without its line end: a row, a header, or blank.
    Line(&'a [u8]),
    /// A row of more than one line, without its last line end.
    Row {
        /// Its text.
        text: &'a [u8],
        /// How many lines it spans.
        lines: u64,
    },
    /// A line with a quote that is never closed, without its line end.
    Open(&'a [u8]),
    /// A line leaves a quote open, and blocks do not come in order: what follows must be read again in order.
    OutOfOrder,
}

/// What follows the lines that a [`Joiner`] is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// More lines may follow in the next block.
    Lines,
    /// Nothing, or a line that is too long for a row: no open row can be closed.
    Nothing,
}

/// A piece, as ranges of what it was made of.
enum Found<'a> {
    Line(&'a [u8]),
    Again(Range<usize>),
    Row { lines: u64 },
    Open,
    OutOfOrder,
}

impl Joiner {
    /// For blocks in any order.
    pub fn parallel(delimiter: u8, columns: usize, row_bytes_max: usize) -> Self {
        Joiner {
            delimiter,
            columns,
            row_bytes_max,
            is_in_order: false,
            open: Vec::new(),
            scan: QuoteScan::new(delimiter),
            again: Vec::new(),
            again_at: 0,
            taken: Vec::new(),
        }
    }

    /// For the blocks of an input in their order. A row of more than one line has as many `columns` as the header, and at most
    /// `row_bytes_max` bytes.
    pub fn in_order(delimiter: u8, columns: usize, row_bytes_max: usize) -> Self {
        Joiner { is_in_order: true, ..Self::parallel(delimiter, columns, row_bytes_max) }
    }

    /// Whether it holds no lines back, so that the next piece begins where the rest of the text does.
    pub fn is_idle(&self) -> bool {
        self.open.is_empty() && self.again_at == self.again.len()
    }

    /// The next piece of the lines that were held back and of `rest`, off which it takes lines. None where it needs more.
    pub fn next<'a, 'b: 'a>(&'a mut self, rest: &mut &'b [u8], behind: Behind) -> Option<Piece<'a>> {
        Some(match self.find(rest, behind)? {
            Found::Line(line) => Piece::Line(line),
            Found::Again(line) => Piece::Line(&self.again[line]),
            Found::Row { lines } => Piece::Row { text: without_cr(&self.taken[..self.taken.len() - 1]), lines },
            Found::Open => Piece::Open(without_cr(&self.taken)),
            Found::OutOfOrder => Piece::OutOfOrder,
        })
    }

    fn find<'a>(&mut self, rest: &mut &'a [u8], behind: Behind) -> Option<Found<'a>> {
        loop {
            let line = match memchr::memchr(b'\n', &self.again[self.again_at..]) {
                Some(len) => {
                    let line = self.again_at..self.again_at + len;
                    self.again_at = line.end + 1;
                    Ok(line)
                }
                None => match next_line(rest) {
                    Some(line) => Err(line),
                    None if self.open.is_empty() || behind == Behind::Lines => return None,
                    None => return Some(self.give_up()),
                },
            };
            let text = match &line {
                Ok(range) => &self.again[range.clone()],
                Err(line) => line,
            };
            if self.open.is_empty() && !opens_quote(without_cr(text), self.delimiter) {
                return Some(match line {
                    Ok(range) => Found::Again(range.start..range.start + without_cr(text).len()),
                    Err(line) => Found::Line(without_cr(line)),
                });
            }
            if !self.is_in_order {
                return Some(Found::OutOfOrder);
            }
            self.open.extend_from_slice(text);
            self.open.push(b'\n');
            match self.scan.scan(without_cr(&self.open[..self.open.len() - 1])) {
                // With more columns than the header it is no row, whatever follows. To wait for its end would look at the same
                // lines again and again, where each closes a quote and opens another.
                Quotes::Open if self.open.len() <= self.row_bytes_max && self.scan.columns() <= self.columns => {}
                Quotes::Closed { columns } if columns == self.columns => return Some(self.take_row()),
                Quotes::Open | Quotes::Closed { .. } | Quotes::Torn => return Some(self.give_up()),
            }
        }
    }

    fn take_row(&mut self) -> Found<'static> {
        self.taken = std::mem::take(&mut self.open);
        self.scan = QuoteScan::new(self.delimiter);
        Found::Row { lines: memchr::memchr_iter(b'\n', &self.taken).count() as u64 }
    }

    /// Gives the first line of the open row up; those behind it are looked at anew, before any others.
    fn give_up(&mut self) -> Found<'static> {
        let mut lines = std::mem::take(&mut self.open);
        self.scan = QuoteScan::new(self.delimiter);
        let end = memchr::memchr(b'\n', &lines).unwrap_or(lines.len());
        self.taken = lines[..end].to_vec();
        lines.drain(..(end + 1).min(lines.len()));
        lines.extend_from_slice(&self.again[self.again_at..]);
        (self.again, self.again_at) = (lines, 0);
        Found::Open
    }
}

fn opens_quote(line: &[u8], delimiter: u8) -> bool {
    memchr::memchr(b'"', line).is_some() && quotes(line, delimiter) == Quotes::Open
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All pieces of `text`, read in blocks that end after the lines `cuts`.
    fn pieces(text: &str, cuts: &[usize], row_bytes_max: usize) -> Vec<String> {
        let mut joiner = Joiner::in_order(b',', 3, row_bytes_max);
        let mut found = Vec::new();
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let mut begin = 0;
        for end in cuts.iter().copied().filter(|cut| *cut < lines.len()).chain([lines.len()]) {
            let block = lines[begin.min(end)..end].concat();
            begin = end.max(begin);
            let mut rest = block.as_bytes();
            let behind = if end == lines.len() { Behind::Nothing } else { Behind::Lines };
            while let Some(piece) = joiner.next(&mut rest, behind) {
                found.push(match piece {
                    Piece::Line(line) => format!("line {}", String::from_utf8_lossy(line)),
                    Piece::Row { text, lines } => format!("row {lines} {}", String::from_utf8_lossy(text)),
                    Piece::Open(line) => format!("open {}", String::from_utf8_lossy(line)),
                    Piece::OutOfOrder => panic!("blocks are in order"),
                });
            }
        }
        found
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_own_line() {
        let text = "a,b,c\r\n\"one\r\ntwo\",b,c\r\nx,\"open,c\r\nd,e,f\n\"y,z\n1,2,3";
        let expected =
            ["line a,b,c", "row 2 \"one\r\ntwo\",b,c", "open x,\"open,c", "line d,e,f", "open \"y,z", "line 1,2,3"];
        assert_eq!(pieces(text, &[], 1 << 20), expected);
        // A line of five bytes is too long for a row to go on.
        assert_eq!(pieces("\"one\ntwo\",b,c\n", &[], 4), ["open \"one", "line two\",b,c"]);
        // Two columns are not three.
        assert_eq!(pieces("\"one\ntwo\",b\n", &[], 99), ["open \"one", "line two\",b"]);
    }

    #[test]
    fn lines_that_each_close_a_quote_and_open_another_are_given_up_at_once() {
        // A CSV that has lost the first and the last quote of each line.
        let text = "a\",\"b\",\"c\n".repeat(4);
        let mut joiner = Joiner::in_order(b',', 3, 1 << 20);
        let mut rest = text.as_bytes();
        assert_eq!(joiner.next(&mut rest, Behind::Lines), Some(Piece::Open(b"a\",\"b\",\"c")));
        assert!(!rest.is_empty(), "not all lines were waited for");
    }

    #[test]
    fn out_of_order_an_open_quote_ends_the_reading() {
        let mut joiner = Joiner::parallel(b',', 2, 99);
        let mut rest = &b"a,b\n\"c,d\ne,f\n"[..];
        assert_eq!(joiner.next(&mut rest, Behind::Lines), Some(Piece::Line(b"a,b")));
        assert_eq!(joiner.next(&mut rest, Behind::Lines), Some(Piece::OutOfOrder));
    }

    proptest! {
        #[test]
        fn blocks_change_nothing_and_no_line_is_lost(
            lines in prop::collection::vec("[a,\"]{0,6}", 1..12),
            mut cuts in prop::collection::vec(0usize..12, 0..4),
            row_bytes_max in 4usize..40,
        ) {
            let text = lines.join("\n") + "\n";
            cuts.sort_unstable();
            let found = pieces(&text, &cuts, row_bytes_max);
            prop_assert_eq!(&found, &pieces(&text, &[], row_bytes_max));
            let joined: Vec<&str> = found.iter().map(|piece| {
                let (kind, text) = piece.split_once(' ').unwrap();
                if kind == "row" { text.split_once(' ').unwrap().1 } else { text }
            }).collect();
            prop_assert_eq!(joined.join("\n") + "\n", text);
        }
    }
}
