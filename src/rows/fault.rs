//! Faults of rows, and counts of readable and unreadable rows.

/// Why a row cannot be read, regardless of the meaning of its fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// It ends before the last needed column.
    #[error("too few columns: {found}, and column {needed} is needed")]
    TooFewColumns {
        /// How many it has.
        found: usize,
        /// The number of columns needed.
        needed: usize,
    },
    /// It has a different number of columns than the header, so its values may be under the wrong names.
    #[error("{found} columns where the header has {header}: {excerpt}")]
    OtherColumns {
        /// How many it has.
        found: usize,
        /// The number of columns in the header.
        header: usize,
        /// How the line begins.
        excerpt: String,
    },
    /// The line is longer than the limit.
    #[error("the line is longer than {max_bytes} bytes")]
    TooLong {
        /// The limit in bytes.
        max_bytes: usize,
    },
    /// A quote is never closed.
    #[error("a quote is not closed: {excerpt}")]
    OpenQuote {
        /// How the line begins.
        excerpt: String,
    },
    /// A closing quote is followed by something other than the next column.
    #[error("text follows a closing quote: {excerpt}")]
    TornQuote {
        /// How the line begins.
        excerpt: String,
    },
    /// A key whose value is needed is repeated.
    #[error("the key {key:?} is there twice: {excerpt}")]
    RepeatedKey {
        /// The key that one object has twice, unescaped.
        key: String,
        /// How the line begins.
        excerpt: String,
    },
    /// The line is not a JSON object.
    #[error("not a JSON object: {excerpt}")]
    NotJson {
        /// How the line begins.
        excerpt: String,
        /// The parser's message, without its position.
        cause: String,
    },
}

/// An unreadable row: its place and the reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{input}:{line}: {reason}")]
pub struct BadRow<R> {
    /// The input as errors name it: its path, or `stdin`.
    pub input: String,
    /// The line number of its first line, from 1.
    pub line: u64,
    /// Why it cannot be read.
    pub reason: R,
}

/// Number of bad rows that are kept and reported one by one.
pub const BAD_ROWS_KEPT: usize = 3;

/// The rows of a part of an input whose position is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRows<R> {
    /// The number of lines, including blank ones and headers.
    pub lines: u64,
    /// Rows that could be read.
    pub read: u64,
    /// Rows that could not be read.
    pub bad: u64,
    /// The first bad rows, with their line in the part, from 0.
    first_bad: Vec<(u64, R)>,
}

impl<R> Default for PartRows<R> {
    fn default() -> Self {
        PartRows { lines: 0, read: 0, bad: 0, first_bad: Vec::new() }
    }
}

impl<R> PartRows<R> {
    /// Counts the row in `line` (from 0 in this part) as bad.
    pub fn add_bad(&mut self, line: u64, reason: R) {
        self.bad += 1;
        if self.first_bad.len() < BAD_ROWS_KEPT {
            self.first_bad.push((line, reason));
        }
    }

    /// Adds the part that follows this one directly.
    pub fn append(&mut self, next: PartRows<R>) {
        self.read += next.read;
        self.bad += next.bad;
        let (lines, room) = (self.lines, BAD_ROWS_KEPT - self.first_bad.len());
        self.first_bad.extend(next.first_bad.into_iter().take(room).map(|(line, reason)| (lines + line, reason)));
        self.lines += next.lines;
    }
}

/// The number of rows of all inputs, and the first bad ones with their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCount<R> {
    /// Rows that could be read.
    pub read: u64,
    /// Rows that could not be read.
    pub bad: u64,
    /// The first bad rows, at most [`BAD_ROWS_KEPT`].
    pub first_bad: Vec<BadRow<R>>,
}

impl<R> Default for RowCount<R> {
    fn default() -> Self {
        RowCount { read: 0, bad: 0, first_bad: Vec::new() }
    }
}

impl<R> RowCount<R> {
    /// Adds a part of `input` that begins after `lines` lines, and advances `lines` to its end.
    pub fn add_part(&mut self, part: PartRows<R>, input: &str, lines: &mut u64) {
        let first_line = *lines + 1;
        let bad_row = |(line, reason)| BadRow { input: input.to_owned(), line: first_line + line, reason };
        *lines += part.lines;
        let first_bad = part.first_bad.into_iter().map(bad_row).collect();
        self.add(RowCount { read: part.read, bad: part.bad, first_bad });
    }

    /// Adds the rows of further inputs.
    pub fn add(&mut self, other: RowCount<R>) {
        self.read += other.read;
        self.bad += other.bad;
        let room = BAD_ROWS_KEPT - self.first_bad.len();
        self.first_bad.extend(other.first_bad.into_iter().take(room));
    }

    /// The number of rows, readable or not.
    pub fn total(&self) -> u64 {
        self.read + self.bad
    }
}

/// The first 40 characters of `text`, for error messages.
pub fn excerpt(text: &[u8]) -> String {
    const CHARS_MOST: usize = 40;
    // A field may be very long: only as many bytes are decoded as these characters can have.
    let text = String::from_utf8_lossy(&text[..text.len().min(4 * (CHARS_MOST + 1))]);
    match text.char_indices().nth(CHARS_MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bad_rows_are_kept_with_their_lines() {
        let part = |lines, bad: &[u64]| {
            let mut part = PartRows { lines, read: lines - bad.len() as u64, ..PartRows::default() };
            bad.iter().for_each(|line| part.add_bad(*line, *line));
            part
        };
        let mut joined = part(10, &[2]);
        joined.append(part(5, &[0, 4]));
        let (mut count, mut lines) = (RowCount::default(), 100);
        count.add_part(joined, "a", &mut lines);
        count.add_part(part(4, &[1]), "a", &mut lines);
        assert_eq!((count.read, count.bad, count.total(), lines), (15, 4, 19, 119));
        let kept: Vec<String> = count.first_bad.iter().map(ToString::to_string).collect();
        assert_eq!(kept, ["a:103: 2", "a:111: 0", "a:115: 4"]);
        let mut both = RowCount::default();
        both.add(count.clone());
        both.add(count);
        assert_eq!((both.total(), both.first_bad.len()), (38, BAD_ROWS_KEPT));
    }

    #[test]
    fn an_excerpt_ends_between_characters() {
        assert_eq!(excerpt(b"short"), "short");
        assert_eq!(excerpt("薯".repeat(50).as_bytes()), format!("{}…", "薯".repeat(40)));
    }
}
