//! Delimited rows, with or without quotes.
use super::fault::{RowFault, excerpt};
use super::quotes::{after_closing_quote, unquote};
use super::split::{Span, Splitter};

/// Reads the wanted columns of delimited lines.
#[derive(Debug, Clone)]
pub struct Delimited {
    delimiter: u8,
    has_quotes: bool,
    /// Whether a quoted field may continue on the next line.
    spans_lines: bool,
    /// The columns that every row must have, if rows must match the header.
    width: Option<Width>,
    splitter: Splitter,
}

/// The number of columns in a header.
#[derive(Debug, Clone, Copy)]
struct Width {
    columns: usize,
    /// Without nameless columns at the end, which rows may lack.
    columns_named: usize,
}

/// The wanted fields of a row, in the order of their columns.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    text: &'a [u8],
    spans: &'a [Span],
}

/// Too many columns are wanted, or one too far to the right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the column {column} is beyond the {}th", Delimited::COLUMNS_MAX)]
pub struct TooWide {
    /// The last wanted column, from 1.
    pub column: usize,
}

impl Delimited {
    /// Columns beyond this one cannot be read.
    pub const COLUMNS_MAX: usize = 256;
    /// Limit on the number of wanted columns.
    pub const WANTED_MAX: usize = 16;

    /// A reader of the columns `wanted` (from 0, in any order, repeated or not). If `has_quotes`, fields may be quoted as RFC
    /// 4180 has it.
    ///
    /// # Errors
    /// When there are too many columns, or one is too far to the right.
    pub fn new(delimiter: u8, has_quotes: bool, mut wanted: Vec<usize>) -> Result<Self, TooWide> {
        wanted.sort_unstable();
        wanted.dedup();
        let needed = wanted.last().map_or(0, |last| last + 1);
        if needed > Self::COLUMNS_MAX || wanted.len() > Self::WANTED_MAX {
            return Err(TooWide { column: needed });
        }
        Ok(Delimited {
            delimiter,
            has_quotes,
            spans_lines: has_quotes,
            width: None,
            splitter: Splitter::new(delimiter, wanted),
        })
    }

    /// The same reader, for rows of one line each: W3C's strings. Where a value only begins with a quote, and the row has as many
    /// columns as the header if quotes mean nothing, it is read so.
    #[must_use]
    pub fn within_lines(mut self) -> Self {
        self.spans_lines = false;
        self
    }

    /// The same reader for rows below a header of `columns` columns, the last `nameless` of which have no name. A row with other
    /// columns is a fault: an unquoted delimiter in a value moves all that follow it under other names. Empty columns at the
    /// end of a row are no harm.
    #[must_use]
    pub fn with_header(mut self, columns: usize, nameless: usize) -> Self {
        self.width = Some(Width { columns, columns_named: columns.saturating_sub(nameless) });
        self
    }

    /// The byte that separates columns.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// Whether fields may be quoted.
    pub fn has_quotes(&self) -> bool {
        self.has_quotes
    }

    /// Whether a row may span several lines, within quotes.
    pub fn spans_lines(&self) -> bool {
        self.spans_lines
    }

    /// The splitter for lines without quotes, for hot loops.
    pub fn splitter(&self) -> &Splitter {
        &self.splitter
    }

    /// The slot of a wanted column in [`Fields`].
    pub fn slot(&self, column: usize) -> usize {
        self.splitter.wanted().partition_point(|other| *other < column)
    }

    /// Reads a row: a line without its line end, or several if it has quoted line breaks.
    ///
    /// # Errors
    /// When it has too few columns, or its quotes are malformed.
    pub fn read<T>(&self, row: &[u8], then: impl FnOnce(Fields<'_>) -> T) -> Result<T, RowFault> {
        let mut spans = [(0, 0); Self::WANTED_MAX];
        let spans = &mut spans[..self.splitter.wanted().len()];
        if self.has_quotes && memchr::memchr(b'"', row).is_some() {
            let mut text = Vec::with_capacity(row.len());
            match self.cut_quoted(row, &mut text, spans) {
                Ok(()) => return Ok(then(Fields { text: &text, spans })),
                Err(RowFault::OpenQuote { .. } | RowFault::TornQuote { .. }) if self.fits_without_quotes(row) => {}
                Err(fault) => return Err(fault),
            }
        }
        let cut = self.splitter.split(row, spans);
        if cut.found < spans.len() {
            return Err(self.too_few(cut.columns));
        }
        self.check_width(row)?;
        Ok(then(Fields { text: row, spans }))
    }

    /// Checks that `row`, which has no quotes, has the columns of the header.
    ///
    /// # Errors
    /// When it has a different number of columns.
    #[inline]
    pub fn check_width(&self, row: &[u8]) -> Result<(), RowFault> {
        let Some(width) = self.width else { return Ok(()) };
        let columns = 1 + memchr::memchr_iter(self.delimiter, row).count();
        if columns == width.columns {
            Ok(())
        } else {
            self.check_columns(row, columns, width, Self::filled(row, self.delimiter))
        }
    }

    /// Whether `row` is certainly one line, and has the columns of its header if quotes mean nothing.
    fn fits_without_quotes(&self, row: &[u8]) -> bool {
        !self.spans_lines && self.width.is_some() && self.check_width(row).is_ok()
    }

    /// The number of columns of `row` without empty ones at its end.
    fn filled(row: &[u8], delimiter: u8) -> usize {
        let end = row.iter().rposition(|byte| *byte != delimiter && *byte != b' ').map_or(0, |at| at + 1);
        if end == 0 { 0 } else { 1 + memchr::memchr_iter(delimiter, &row[..end]).count() }
    }

    /// Checks a row with `columns` columns, of which none after the first `filled` has a value.
    fn check_columns(&self, row: &[u8], columns: usize, width: Width, filled: usize) -> Result<(), RowFault> {
        if columns >= width.columns_named && filled <= width.columns {
            return Ok(());
        }
        Err(RowFault::OtherColumns { found: columns, header: width.columns, excerpt: excerpt(row) })
    }

    /// Appends the wanted fields of `row` to `text`, without their quotes.
    fn cut_quoted(&self, row: &[u8], text: &mut Vec<u8>, spans: &mut [Span]) -> Result<(), RowFault> {
        let (mut at, mut found, mut filled) = (0, 0, 0);
        for column in 0.. {
            let is_wanted = self.splitter.wanted().get(found) == Some(&column);
            let begin = text.len();
            let end = if row.get(at) == Some(&b'"') {
                let end = after_closing_quote(row, at + 1);
                let end = end.ok_or_else(|| RowFault::OpenQuote { excerpt: excerpt(row) })?;
                if row.get(end).is_some_and(|byte| *byte != self.delimiter) {
                    return Err(RowFault::TornQuote { excerpt: excerpt(row) });
                }
                if is_wanted {
                    unquote(&row[at + 1..end - 1], text);
                }
                end
            } else {
                let end = memchr::memchr(self.delimiter, &row[at..]).map_or(row.len(), |len| at + len);
                if is_wanted {
                    text.extend_from_slice(&row[at..end]);
                }
                end
            };
            if is_wanted {
                spans[found] = (begin, text.len());
                found += 1;
            }
            if !matches!(row[at..end].trim_ascii(), b"" | b"\"\"") {
                filled = column + 1;
            }
            if end == row.len() {
                return match self.width {
                    _ if found < spans.len() => Err(self.too_few(column + 1)),
                    Some(width) => self.check_columns(row, column + 1, width, filled),
                    None => Ok(()),
                };
            }
            at = end + 1;
        }
        Ok(())
    }

    /// The fault of a row that has only `found` columns.
    pub fn too_few(&self, found: usize) -> RowFault {
        RowFault::TooFewColumns { found, needed: self.splitter.wanted().last().map_or(0, |last| last + 1) }
    }
}

impl<'a> Fields<'a> {
    /// The fields of `text` at `spans`.
    pub fn new(text: &'a [u8], spans: &'a [Span]) -> Self {
        Fields { text, spans }
    }

    /// The field in `slot`, as returned by [`Delimited::slot`].
    #[inline]
    pub fn get(&self, slot: usize) -> &'a [u8] {
        let (start, end) = self.spans[slot];
        &self.text[start..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(reader: &Delimited, row: &str) -> Result<Vec<String>, RowFault> {
        let fields = 0..reader.splitter().wanted().len();
        reader
            .read(row.as_bytes(), |row| fields.map(|slot| String::from_utf8(row.get(slot).to_vec()).unwrap()).collect())
    }

    #[test]
    fn rows_of_every_shape() {
        let commas = Delimited::new(b',', true, vec![2, 0, 2]).unwrap();
        let fields = |texts: &[&str]| Ok(texts.iter().map(|text| (*text).to_owned()).collect());
        let excerpt = |text: &str| text.to_owned();
        for (row, expected) in [
            ("a,b,c", fields(&["a", "c"])),
            ("a,b,", fields(&["a", ""])),
            ("a,\"b,x\",\"say \"\"hi\"\"\",d", fields(&["a", "say \"hi\""])),
            ("\"a\nb\",,\"\"", fields(&["a\nb", ""])),
            ("a,b", Err(RowFault::TooFewColumns { found: 2, needed: 3 })),
            ("a,\"b\"", Err(RowFault::TooFewColumns { found: 2, needed: 3 })),
            ("", Err(RowFault::TooFewColumns { found: 1, needed: 3 })),
            ("a,\"b,c", Err(RowFault::OpenQuote { excerpt: excerpt("a,\"b,c") })),
            ("a,\"b\"x,c", Err(RowFault::TornQuote { excerpt: excerpt("a,\"b\"x,c") })),
            ("a,b,c,\"d", Err(RowFault::OpenQuote { excerpt: excerpt("a,b,c,\"d") })),
        ] {
            assert_eq!(read(&commas, row), expected, "{row}");
        }
        let pipes = Delimited::new(b'|', false, vec![1]).unwrap();
        assert_eq!(read(&pipes, "\"a|b\"|c"), fields(&["b\""]));
        assert_eq!(Delimited::new(b',', true, vec![256]).unwrap_err(), TooWide { column: 257 });
        assert_eq!(Delimited::new(b',', true, (0..17).collect()).unwrap_err(), TooWide { column: 17 });
    }

    #[test]
    fn rows_have_the_columns_of_their_header() {
        let reader = |has_quotes| Delimited::new(b',', has_quotes, vec![0, 2]).unwrap().with_header(4, 1);
        for (row, fits) in [
            ("a,b,c,d", true),
            ("a,b,c", true),
            ("a,b,c,,,", true),
            ("a,b,c,d,", true),
            ("a,b,c,d, ", true),
            ("a,b,c,d,e", false),
            ("a,b,c,,,e", false),
        ] {
            for has_quotes in [false, true] {
                assert_eq!(read(&reader(has_quotes), row).is_ok(), fits, "{row}");
            }
            let quoted = row.replace('a', "\"x,\"\"y\"");
            assert_eq!(read(&reader(true), &quoted).is_ok(), fits, "{quoted}");
        }
        let held = Delimited::new(b',', true, vec![0]).unwrap().with_header(3, 0);
        let within = Delimited::new(b' ', true, vec![0, 1]).unwrap().with_header(3, 0).within_lines();
        assert_eq!(read(&within, "\"a b\" c d").unwrap(), ["a b", "c"]);
        assert_eq!(read(&within, "a \"b c").unwrap(), ["a", "\"b"]);
        assert!(read(&within, "a \"b c d").is_err());
        let fault = read(&held, "a,b").unwrap_err().to_string();
        assert_eq!(fault, "2 columns where the header has 3: a,b");
        assert!(read(&held, "a,\"b\"").is_err());
        assert!(read(&held, "a,\"b\",c,\"\"").is_ok());
    }

    proptest! {
        #[test]
        fn quoted_rows_are_read_as_the_csv_crate_reads_them(
            fields in prop::collection::vec("[a,\"\n ]{0,5}", 1..6),
            wanted in prop::collection::btree_set(0usize..5, 1..4),
        ) {
            let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
            writer.write_record(&fields).unwrap();
            let row = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let reader = Delimited::new(b',', true, wanted.iter().copied().collect()).unwrap();
            let expected: Option<Vec<String>> = wanted.iter().map(|column| fields.get(*column).cloned()).collect();
            let found = read(&reader, row.strip_suffix('\n').unwrap());
            match expected {
                Some(expected) => prop_assert_eq!(found, Ok(expected)),
                None => prop_assert_eq!(found, Err(reader.too_few(fields.len()))),
            }
        }
    }
}
