//! Splits lines into fields, 64 bytes at a time.
use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

use super::lines::after_line_end;

/// Start and end (exclusive) of a field in the text given to [`Splitter::split`].
pub type Span = (usize, usize);

/// Finds the wanted columns of delimited lines. Does not know quotes.
#[derive(Debug, Clone)]
pub struct Splitter {
    delimiter: u8,
    wanted: Vec<usize>,
}

/// The result of splitting a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Length in bytes, without the line end.
    pub len: usize,
    /// Length in bytes, with the line end.
    pub len_with_end: usize,
    /// The number of wanted columns it has.
    pub found: usize,
    /// The number of columns: exact if wanted ones are missing, else a lower bound.
    pub columns: usize,
}

/// What is in a window of bytes, one bit a byte.
struct Window {
    delimiters: u64,
    line_ends: u64,
}

const WINDOW: usize = 64;

impl Splitter {
    /// Splits at `delimiter`; `wanted` are column numbers from 0, ascending.
    pub fn new(delimiter: u8, wanted: Vec<usize>) -> Self {
        debug_assert!(wanted.is_sorted_by(|a, b| a < b), "columns in order, each once");
        Splitter { delimiter, wanted }
    }

    /// The numbers of the wanted columns.
    pub fn wanted(&self) -> &[usize] {
        &self.wanted
    }

    /// Cuts the first line of `text`: `spans[i]` becomes the place of the `i`th wanted column. Lines end as for
    /// [`next_line`](super::next_line).
    pub fn split(&self, text: &[u8], spans: &mut [Span]) -> Line {
        dispatch!(Level::new(), simd => self.split_by(simd, text, spans))
    }

    /// The same for a known instruction set: for loops that have detected it once.
    #[inline(always)]
    pub fn split_by<S: Simd>(&self, simd: S, text: &[u8], spans: &mut [Span]) -> Line {
        let mut column = 0;
        let mut found = 0;
        let mut field_start = 0;
        let mut base = 0;
        loop {
            let Window { mut delimiters, line_ends } = self.window(simd, text, base);
            if line_ends != 0 {
                delimiters &= (line_ends & line_ends.wrapping_neg()) - 1;
            }
            // Between wanted columns that are far apart, delimiters are only counted, a window at a time.
            let ends = delimiters.count_ones() as usize;
            if ends > 0 && self.wanted.get(found).is_some_and(|wanted| column + ends <= *wanted) {
                column += ends;
                field_start = base + WINDOW - delimiters.leading_zeros() as usize;
                delimiters = 0;
            }
            while delimiters != 0 && found < self.wanted.len() {
                let at = base + delimiters.trailing_zeros() as usize;
                delimiters &= delimiters - 1;
                if column == self.wanted[found] {
                    spans[found] = (field_start, at);
                    found += 1;
                }
                column += 1;
                field_start = at + 1;
            }
            let end = if line_ends != 0 {
                base + line_ends.trailing_zeros() as usize
            } else if base + WINDOW >= text.len() {
                text.len()
            } else if found == self.wanted.len() {
                memchr::memchr2(b'\n', b'\r', &text[base + WINDOW..]).map_or(text.len(), |at| base + WINDOW + at)
            } else {
                base += WINDOW;
                continue;
            };
            if found < self.wanted.len() && column == self.wanted[found] {
                spans[found] = (field_start, end);
                found += 1;
            }
            return Line { len: end, len_with_end: after_line_end(text, end), found, columns: column + 1 };
        }
    }

    #[inline(always)]
    fn window<S: Simd>(&self, simd: S, text: &[u8], base: usize) -> Window {
        // One call for both, or the compiler merges their results byte by byte, which takes five times as long.
        let mut padded = [0; WINDOW];
        let window = match text.get(base..base + WINDOW).and_then(|window| window.first_chunk::<WINDOW>()) {
            Some(window) => window,
            None => {
                // Zeros are neither delimiter nor line end.
                let rest = &text[base.min(text.len())..];
                padded[..rest.len()].copy_from_slice(rest);
                &padded
            }
        };
        self.masks(simd, window)
    }

    #[inline(always)]
    fn masks<S: Simd>(&self, simd: S, window: &[u8; WINDOW]) -> Window {
        let bytes = u8x64::from_slice(simd, window);
        let line_ends = (bytes.simd_eq(b'\n') | bytes.simd_eq(b'\r')).to_bitmask();
        Window { delimiters: bytes.simd_eq(self.delimiter).to_bitmask(), line_ends }
    }
}

/// The instruction sets of this processor, least first, so that tests can try each.
#[cfg(test)]
pub(crate) fn levels() -> Vec<Level> {
    let best = Level::new();
    let mut levels = vec![Level::baseline(), best];
    #[cfg(target_arch = "x86_64")]
    levels.extend([best.as_sse4_2().map(Level::Sse4_2), best.as_avx2().map(Level::Avx2)].into_iter().flatten());
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The same, in the simplest way.
    fn plainly(text: &str, wanted: &[usize]) -> (Vec<String>, Line) {
        let mut rest = text.as_bytes();
        let line = std::str::from_utf8(crate::rows::next_line(&mut rest).unwrap()).unwrap();
        let len_with_end = text.len() - rest.len();
        let fields: Vec<&str> = line.split('\t').collect();
        let found: Vec<String> =
            wanted.iter().filter_map(|at| fields.get(*at)).map(|field| (*field).to_owned()).collect();
        let cut = Line { len: line.len(), len_with_end, found: found.len(), columns: fields.len() };
        (found, cut)
    }

    proptest! {
        #[test]
        fn it_cuts_as_a_plain_split_does(
            text in "([a-c]{0,30}[\t\n\r]{0,3}){0,12}",
            wanted in proptest::collection::btree_set(0usize..8, 1..5),
        ) {
            let wanted: Vec<usize> = wanted.into_iter().collect();
            let splitter = Splitter::new(b'\t', wanted.clone());
            let mut rest = text.as_str();
            while !rest.is_empty() {
                let mut spans = [(0, 0); 8];
                let line = splitter.split(rest.as_bytes(), &mut spans);
                for level in levels() {
                    let mut same_spans = [(0, 0); 8];
                    let same = dispatch!(level, simd => splitter.split_by(simd, rest.as_bytes(), &mut same_spans));
                    prop_assert_eq!((same, same_spans), (line, spans), "{:?}", level);
                }
                let (fields, expected) = plainly(rest, &wanted);
                let cut: Vec<&str> = spans[..line.found].iter().map(|(start, end)| &rest[*start..*end]).collect();
                prop_assert_eq!(cut, fields);
                prop_assert_eq!((line.len, line.len_with_end, line.found), (expected.len, expected.len_with_end, expected.found));
                prop_assert!(line.columns <= expected.columns);
                prop_assert!(line.found == wanted.len() || line.columns == expected.columns);
                rest = &rest[line.len_with_end..];
            }
        }
    }
}
