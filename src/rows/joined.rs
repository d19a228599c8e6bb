//! Rows that span more than one line, because their quoted fields contain line breaks.
//!
//! Blocks end where lines do, and whether a line begins inside quotes only the lines before it tell. So blocks are read in
//! parallel as if no row went on ([`Joiner::parallel`]); the first line that leaves a quote open ends that
//! ([`Piece::OutOfOrder`]), and the input is read again in order ([`Joiner::in_order`]). There lines are joined until the
//! quotes are closed. That they are one row is believed only if the quotes are sound, the number of columns is right, and no
//! line after the first is a row by itself. Otherwise the first line is bad, as it is for a reader of lines, and the lines
//! after it are looked at again: a quote that someone forgot costs its own line and not the rest of the file.
use std::ops::Range;

use super::lines::next_line;
use super::quotes::{QuoteScan, Quotes, quotes};

/// Joins lines into rows. Holds the lines of an open row from one block to the next.
#[derive(Debug, Clone)]
pub struct Joiner {
    delimiter: u8,
    /// The number of columns that a row of several lines must have.
    columns: usize,
    row_bytes_max: usize,
    is_in_order: bool,
    /// Lines that are not dealt with yet, each with its line end: from `begin` to `end` those of a row whose quotes are still
    /// open, then lines that are to be looked at again because a row was given up. What is before `begin` is done with.
    held: Vec<u8>,
    begin: usize,
    end: usize,
    scan: QuoteScan,
}

/// What a line, or several lines, turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A line that leaves no quote open, without its line end: a row, a header, or blank.
    Line(&'a [u8]),
    /// A row of more than one line, without its last line end.
    Row {
        /// Its text, with the line breaks in between.
        text: &'a [u8],
        /// The number of its lines.
        lines: u64,
    },
    /// A line with a quote that is never closed, without its line end.
    Open(&'a [u8]),
    /// A line leaves a quote open, and blocks do not come in order: what follows must be read again in order.
    OutOfOrder,
}

/// What follows the lines given to a [`Joiner`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// More lines may follow in the next block.
    Lines,
    /// Nothing, or a line that is too long for a row: no open row can be closed.
    Nothing,
}

/// A piece; where it is held back, as its range there.
enum Found<'a> {
    Line(&'a [u8]),
    Held(Range<usize>),
    Row { text: Range<usize>, lines: u64 },
    Open(Range<usize>),
    OutOfOrder,
}

impl Joiner {
    /// A joiner for blocks in any order.
    pub fn parallel(delimiter: u8, columns: usize, row_bytes_max: usize) -> Self {
        Joiner {
            delimiter,
            columns,
            row_bytes_max,
            is_in_order: false,
            held: Vec::new(),
            begin: 0,
            end: 0,
            scan: QuoteScan::new(delimiter),
        }
    }

    /// A joiner for the blocks of an input in order. A row of several lines has as many `columns` as the header, and at most
    /// `row_bytes_max` bytes.
    pub fn in_order(delimiter: u8, columns: usize, row_bytes_max: usize) -> Self {
        Joiner { is_in_order: true, ..Self::parallel(delimiter, columns, row_bytes_max) }
    }

    /// How many columns a row of more than one line has from now on: the header was repeated, with others.
    pub fn set_columns(&mut self, columns: usize) {
        self.columns = columns;
    }

    /// Whether it holds no lines back, so that the next piece begins where the rest of the text does.
    pub fn is_idle(&self) -> bool {
        self.begin == self.held.len()
    }

    /// The next piece of the lines that were held back and of `rest`, off which it takes lines. None where it needs more.
    ///
    /// `is_row` says whether a line is a sound row of the input. It is asked only of lines that an open quote would swallow,
    /// and that have the right number of columns.
    pub fn next<'a, 'b: 'a>(
        &'a mut self,
        rest: &mut &'b [u8],
        follows: Follows,
        is_row: &dyn Fn(&[u8]) -> bool,
    ) -> Option<Piece<'a>> {
        Some(match self.find(rest, follows, is_row)? {
            Found::Line(line) => Piece::Line(line),
            Found::Held(line) => Piece::Line(&self.held[line]),
            Found::Row { text, lines } => Piece::Row { text: &self.held[text], lines },
            Found::Open(line) => Piece::Open(&self.held[line]),
            Found::OutOfOrder => Piece::OutOfOrder,
        })
    }

    fn find<'a>(&mut self, rest: &mut &'a [u8], follows: Follows, is_row: &dyn Fn(&[u8]) -> bool) -> Option<Found<'a>> {
        self.drop_what_is_done();
        loop {
            if self.end == self.held.len() {
                let text = *rest;
                let Some(line) = next_line(rest) else {
                    let is_over = self.begin < self.end && follows == Follows::Nothing;
                    return is_over.then(|| self.give_up());
                };
                if self.begin == self.end {
                    if !opens_quote(line, self.delimiter) {
                        return Some(Found::Line(line));
                    }
                    if !self.is_in_order {
                        return Some(Found::OutOfOrder);
                    }
                }
                self.held.extend_from_slice(&text[..text.len() - rest.len()]);
            }
            if let Some(found) = self.next_held(is_row) {
                return Some(found);
            }
        }
    }

    /// Adds the next line that is held to the open row, or gives it if there is none and it opens none.
    fn next_held(&mut self, is_row: &dyn Fn(&[u8]) -> bool) -> Option<Found<'static>> {
        let mut after = &self.held[self.end..];
        let line = next_line(&mut after)?;
        let (start, end) = (self.end, self.end + line.len());
        let next = self.held.len() - after.len();
        if self.begin == self.end && !opens_quote(line, self.delimiter) {
            (self.begin, self.end) = (next, next);
            return Some(Found::Held(start..end));
        }
        let is_first = self.begin == self.end;
        let has_columns = || quotes(line, self.delimiter) == Quotes::Closed { columns: self.columns };
        if !is_first && has_columns() && is_row(line) {
            return Some(self.give_up());
        }
        self.end = next;
        match self.scan.scan(&self.held[self.begin..end]) {
            // With more columns than the header it is not a row, whatever follows. To wait for its end would look at the same
            // lines again and again, where each closes a quote and opens another.
            Quotes::Open if next - self.begin <= self.row_bytes_max && self.scan.columns() <= self.columns => None,
            Quotes::Closed { columns } if columns == self.columns => {
                let text = self.begin..end;
                let lines = super::lines::lines(&self.held[text.clone()]).count() as u64;
                self.begin = next;
                self.scan = QuoteScan::new(self.delimiter);
                Some(Found::Row { text, lines })
            }
            Quotes::Open | Quotes::Closed { .. } | Quotes::Torn => Some(self.give_up()),
        }
    }

    /// Gives the first line of the open row up; the others are looked at again, before any that follow.
    fn give_up(&mut self) -> Found<'static> {
        let mut after = &self.held[self.begin..];
        let len = next_line(&mut after).map_or(0, <[u8]>::len);
        let line = self.begin..self.begin + len;
        self.begin = self.held.len() - after.len();
        self.end = self.begin;
        self.scan = QuoteScan::new(self.delimiter);
        Found::Open(line)
    }

    /// Makes room where most of what is held is done with.
    fn drop_what_is_done(&mut self) {
        if self.begin > self.held.len() / 2 {
            self.held.drain(..self.begin);
            self.end -= self.begin;
            self.begin = 0;
        }
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
            let follows = if end == lines.len() { Follows::Nothing } else { Follows::Lines };
            while let Some(piece) = joiner.next(&mut rest, follows, &|line| line.starts_with(b"1")) {
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
    fn a_row_between_two_forgotten_quotes_is_a_row() {
        let text = "x,\"a,b\n0,not,one\n1,2,3\n4,c\",d\n";
        assert_eq!(pieces(text, &[], 1 << 20), ["open x,\"a,b", "line 0,not,one", "line 1,2,3", "line 4,c\",d"]);
        // Two lines that would make a row, and each is one.
        assert_eq!(pieces("x,\"a,b\n1,c\",d\n", &[], 1 << 20), ["open x,\"a,b", "line 1,c\",d"]);
        assert_eq!(pieces("x,\"a\rb\",c\r1,\"\r\n\",3\r", &[], 1 << 20), ["row 2 x,\"a\rb\",c", "row 2 1,\"\r\n\",3"]);
    }

    #[test]
    fn lines_that_each_close_a_quote_and_open_another_are_given_up_at_once() {
        // A CSV that has lost the first and the last quote of each line.
        let text = "a\",\"b\",\"c\n".repeat(4);
        let mut joiner = Joiner::in_order(b',', 3, 1 << 20);
        let mut rest = text.as_bytes();
        assert_eq!(joiner.next(&mut rest, Follows::Lines, &|_| false), Some(Piece::Open(b"a\",\"b\",\"c")));
        assert!(!rest.is_empty(), "not all lines were waited for");
    }

    #[test]
    fn out_of_order_an_open_quote_ends_the_reading() {
        let mut joiner = Joiner::parallel(b',', 2, 99);
        let mut rest = &b"a,b\n\"c,d\ne,f\n"[..];
        assert_eq!(joiner.next(&mut rest, Follows::Lines, &|_| false), Some(Piece::Line(b"a,b")));
        assert_eq!(joiner.next(&mut rest, Follows::Lines, &|_| false), Some(Piece::OutOfOrder));
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
