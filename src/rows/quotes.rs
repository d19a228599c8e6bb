//! Quotes as in RFC 4180: a field is quoted if its first byte is a quote, quotes inside it are doubled, and it may contain
//! delimiters and line breaks.

/// The state of the quotes of a text that begins with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// All quotes are closed.
    Closed {
        /// The number of columns in the text.
        columns: usize,
    },
    /// The text ends within quotes: if the file is sound, the field continues on the next line.
    Open,
    /// A closing quote is followed by something other than the next column.
    Torn,
}

/// Scans the quotes of a row; goes on where it was as lines are added to the row.
#[derive(Debug, Clone)]
pub struct QuoteScan {
    delimiter: u8,
    /// Where to go on: at the beginning of a field, or inside a quoted one.
    at: usize,
    columns: usize,
    is_open: bool,
}

impl QuoteScan {
    /// A scan of a row whose columns are separated by `delimiter`.
    pub fn new(delimiter: u8) -> Self {
        QuoteScan { delimiter, at: 0, columns: 1, is_open: false }
    }

    /// The number of columns that begin in the text scanned so far.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Looks at `text`, the row so far without its last line end. After anything but [`Quotes::Open`] the scan is over; after
    /// that, it may be called again with the same text and more after it.
    pub fn scan(&mut self, text: &[u8]) -> Quotes {
        loop {
            if self.is_open || text.get(self.at) == Some(&b'"') {
                let inside = if self.is_open { self.at } else { self.at + 1 };
                let Some(after) = after_closing_quote(text, inside) else {
                    (self.at, self.is_open) = (text.len(), true);
                    return Quotes::Open;
                };
                (self.at, self.is_open) = (after, false);
                if text.get(after).is_some_and(|byte| *byte != self.delimiter) {
                    return Quotes::Torn;
                }
            }
            match memchr::memchr(self.delimiter, &text[self.at..]) {
                Some(found) => (self.at, self.columns) = (self.at + found + 1, self.columns + 1),
                None => return Quotes::Closed { columns: self.columns },
            }
        }
    }
}

/// What the quotes of `text` make of it, a row or the beginning of one, without its last line end.
pub(super) fn quotes(text: &[u8], delimiter: u8) -> Quotes {
    QuoteScan::new(delimiter).scan(text)
}

/// Where the quotes that were opened before `at` are closed: the index after the closing quote.
pub(super) fn after_closing_quote(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'"', &text[at..])? + 1;
        if text.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

/// Adds what a quoted field means to `unquoted`; `inside` is the text between its first and its last quote.
pub(super) fn unquote(inside: &[u8], unquoted: &mut Vec<u8>) {
    let mut rest = inside;
    while let Some(at) = memchr::memchr(b'"', rest) {
        unquoted.extend_from_slice(&rest[..=at]);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    unquoted.extend_from_slice(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_close_or_stay_open() {
        for (text, expected) in [
            ("", Quotes::Closed { columns: 1 }),
            ("a,b", Quotes::Closed { columns: 2 }),
            ("a,\"b,c\",d", Quotes::Closed { columns: 3 }),
            ("\"a\"", Quotes::Closed { columns: 1 }),
            ("\"\",", Quotes::Closed { columns: 2 }),
            ("a\"b,c", Quotes::Closed { columns: 2 }),
            ("a, \"b,c", Quotes::Closed { columns: 3 }),
            ("\"say \"\"hi\"\"\",x", Quotes::Closed { columns: 2 }),
            ("\"line\nbreak\",x", Quotes::Closed { columns: 2 }),
            ("a,\"b", Quotes::Open),
            ("a,\"b\"\"", Quotes::Open),
            ("a,\"", Quotes::Open),
            ("a,\"\"\"", Quotes::Open),
            ("a,\"b\"c", Quotes::Torn),
            ("a,\"b\" ,c", Quotes::Torn),
        ] {
            assert_eq!(quotes(text.as_bytes(), b','), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_scan_line_by_line_finds_what_a_scan_of_the_whole_does(lines in prop::collection::vec("[a,\"]{0,8}\r?", 1..6)) {
            let mut scan = QuoteScan::new(b',');
            let mut text = Vec::new();
            for line in lines {
                text.extend_from_slice(line.as_bytes());
                let row = super::super::lines::without_cr(&text);
                let found = scan.scan(row);
                prop_assert_eq!(found, quotes(row, b','));
                if found != Quotes::Open {
                    return Ok(());
                }
                text.push(b'\n');
            }
        }
    }
}
