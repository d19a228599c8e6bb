//! Column names, from a header line, from a `#Fields` directive, or known in advance. Case is ignored.
use super::lines::{lines, next_line, without_bom};
use super::quotes::{QuoteScan, Quotes, after_closing_quote, quotes, unquote};

/// The column names of an input, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    found: Vec<(String, usize)>,
}

/// A column that cannot be found by its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// No column has this name.
    #[error("there is no column {column}; there are: {}", found.join(", "))]
    Missing {
        /// The name that was looked for.
        column: String,
        /// The columns that exist, in their order.
        found: Vec<String>,
    },
    /// Several columns have this name, so it is ambiguous.
    #[error("there is more than one column {column}")]
    Twice {
        /// The name as it was asked for.
        column: String,
    },
}

impl Names {
    /// Columns known in advance, from the first on.
    pub fn fixed(names: &[&str]) -> Self {
        Self::in_order(names.iter().map(|name| name.to_lowercase()))
    }

    /// Columns at given positions, from 0.
    pub fn given(columns: &[(String, usize)]) -> Self {
        Names { found: columns.iter().map(|(name, at)| (name.to_lowercase(), *at)).collect() }
    }

    /// The names in a header line, separated by `delimiter`. A byte order mark and a `#` before the first are not part of it,
    /// nor are quotes, which may hold delimiters.
    pub fn of_header(line: &[u8], delimiter: u8) -> Self {
        let text = String::from_utf8_lossy(without_bom(line)).to_lowercase();
        let text = text.trim_start_matches('#');
        let clean = |name: &[u8]| String::from_utf8_lossy(name).trim().trim_matches('"').to_owned();
        Self::in_order(cut(text.as_bytes(), delimiter).iter().map(|name| clean(name)))
    }

    /// The names after `#Fields:`, if `line` is such a directive. Spaces separate them; some tools write tabs.
    pub fn of_directive(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(without_bom(line)).ok()?;
        let (name, fields) = text.strip_prefix('#')?.split_once(':')?;
        let names = || fields.split_whitespace().map(str::to_lowercase);
        name.trim().eq_ignore_ascii_case("fields").then(|| Self::in_order(names()))
    }

    fn in_order(names: impl Iterator<Item = String>) -> Self {
        Names { found: names.zip(0..).collect() }
    }

    /// The position of the first of `names` (in lower case) that exists.
    pub fn first(&self, names: &[&str]) -> Option<usize> {
        let position = |wanted: &&str| self.found.iter().find(|(name, _)| name == wanted).map(|(_, at)| *at);
        names.iter().find_map(position)
    }

    /// The position of the only column `name`.
    ///
    /// # Errors
    /// When there is none, or more than one.
    pub fn only(&self, name: &str) -> Result<usize, NameFault> {
        let column = name.to_lowercase();
        let missing = || NameFault::Missing { column: name.to_owned(), found: self.listed() };
        let at = self.first(&[&column]).ok_or_else(missing)?;
        self.once(&[at]).map(|()| at)
    }

    /// Fails if a column at one of the `wanted` positions shares its name with another.
    ///
    /// # Errors
    /// With the first such name.
    pub fn once(&self, wanted: &[usize]) -> Result<(), NameFault> {
        let is_wanted = |name: &&(String, usize)| wanted.contains(&name.1);
        let is_twice =
            |(name, at): &&(String, usize)| self.found.iter().any(|(other, other_at)| other == name && other_at != at);
        match self.found.iter().filter(is_wanted).find(is_twice) {
            Some((column, _)) => Err(NameFault::Twice { column: column.clone() }),
            None => Ok(()),
        }
    }

    /// Name and position of each, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, usize)> + Clone {
        self.found.iter().map(|(name, at)| (name.as_str(), *at))
    }

    /// These columns, and `aliases` for some of them by position; a column that is called as an alias loses its name, and so do
    /// those that `is_replaced` names.
    #[must_use]
    pub fn with_aliases(&self, aliases: &[(String, usize)], is_replaced: impl Fn(&str) -> bool) -> Self {
        let mut found: Vec<(String, usize)> = aliases.iter().map(|(name, at)| (name.to_lowercase(), *at)).collect();
        let is_free =
            |name: &str| !is_replaced(name) && !aliases.iter().any(|(alias, _)| alias.eq_ignore_ascii_case(name));
        found.extend(self.found.iter().filter(|(name, _)| is_free(name)).cloned());
        Names { found }
    }

    /// How many columns at the end have no name: a header that ends with a delimiter.
    pub fn nameless_at_end(&self) -> usize {
        self.found.iter().rev().take_while(|(name, _)| name.is_empty()).count()
    }

    /// The number of columns.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// All names, in order.
    pub fn listed(&self) -> Vec<String> {
        self.found.iter().map(|(name, _)| name.clone()).collect()
    }
}

/// Splits a header at `delimiter`; quotes count only if all of them are well formed.
fn cut(line: &[u8], delimiter: u8) -> Vec<Vec<u8>> {
    if !matches!(quotes(line, delimiter), Quotes::Closed { .. }) {
        return line.split(|byte| *byte == delimiter).map(<[u8]>::to_vec).collect();
    }
    let mut names = Vec::new();
    let mut at = 0;
    loop {
        let mut name = Vec::new();
        let quoted = (line.get(at) == Some(&b'"')).then(|| after_closing_quote(line, at + 1)).flatten();
        let end = match quoted {
            Some(end) => {
                unquote(&line[at + 1..end - 1], &mut name);
                end
            }
            None => {
                let end = memchr::memchr(delimiter, &line[at..]).map_or(line.len(), |len| at + len);
                name.extend_from_slice(&line[at..end]);
                end
            }
        };
        names.push(name);
        if end == line.len() {
            return names;
        }
        at = end + 1;
    }
}

/// A header, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header<'a> {
    /// Its text, without its last line end. Names in quotes may have line breaks.
    pub text: &'a [u8],
    /// The number of lines before it.
    pub lines_before: u64,
    /// The number of its lines.
    pub lines: u64,
}

/// Number of lines in which a header is looked for.
const LINES_BEFORE_MAX: usize = 64;

impl<'a> Header<'a> {
    /// The first line of `text` that names columns, as `names_columns` says; after blank lines, comments, `sep=;`, a message of
    /// the program that wrote the text, or half a line. None if no line does.
    pub fn find(text: &'a [u8], names_columns: impl Fn(&[u8]) -> bool) -> Option<Self> {
        let found = lines(text).take(LINES_BEFORE_MAX).enumerate().find(|(_, line)| names_columns(line));
        found.map(|(before, line)| Header { text: line, lines_before: before as u64, lines: 1 })
    }

    /// The first line of `text` that may be a header: not blank, not `sep=;`.
    pub fn first(text: &'a [u8]) -> Option<Self> {
        Self::find(text, |line| !line.trim_ascii().is_empty() && separator(line).is_none())
    }

    /// The header with the lines that follow it in `text`, if a quote is open at its end and is closed later, and the row after
    /// that has as many columns. Else someone forgot a quote, and the lines are rows.
    #[must_use]
    pub fn with_open_quotes(self, text: &'a [u8], delimiter: u8) -> Self {
        let mut rest = text;
        (0..self.lines_before).for_each(|_| _ = next_line(&mut rest));
        self.joined(rest, delimiter).unwrap_or(self)
    }

    /// `text` begins with this header.
    fn joined(self, text: &'a [u8], delimiter: u8) -> Option<Self> {
        if quotes(self.text, delimiter) != Quotes::Open {
            return None;
        }
        let (mut scan, mut rest, mut lines, mut widest) = (QuoteScan::new(delimiter), text, 0, 0);
        let (end, columns) = loop {
            let begin = text.len() - rest.len();
            let line = next_line(&mut rest)?;
            lines += 1;
            if lines > 1 {
                widest = widest.max(1 + memchr::memchr_iter(delimiter, line).count());
            }
            match scan.scan(&text[..begin + line.len()]) {
                Quotes::Closed { columns } => break (begin + line.len(), columns),
                Quotes::Open => {}
                Quotes::Torn => return None,
            }
        };
        let next_row = super::lines::lines(rest).find(|line| !line.is_empty());
        let fits = next_row.is_none_or(|row| match quotes(row, delimiter) {
            Quotes::Closed { columns: found } => found == columns,
            Quotes::Open => true,
            Quotes::Torn => false,
        });
        // A later line that is as wide by itself is a row that two forgotten quotes have between them.
        (fits && widest < columns).then_some(Header { text: &text[..end], lines, ..self })
    }
}

/// The delimiter that a line says, as spreadsheets write it before the header: `sep=;`.
pub fn separator(line: &[u8]) -> Option<u8> {
    match *without_bom(line).trim_ascii_end() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => Some(delimiter),
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'='] if line.ends_with(b"\t") => Some(b'\t'),
        _ => None,
    }
}

/// Whether `line` is `header` again, as in files that were put together with cat.
pub fn is_repeated(header: &[u8], line: &[u8]) -> bool {
    let bare = |line| {
        let line: &[u8] = without_bom(line);
        line.strip_prefix(b"#").unwrap_or(line).trim_ascii_start()
    };
    bare(header).eq_ignore_ascii_case(bare(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_headers_of_every_kind() {
        for (header, delimiter, expected) in [
            ("\u{feff}# Date\ttime\tSIZE", b'\t', &["date", "time", "size"][..]),
            ("##date\turl", b'\t', &["date", "url"]),
            ("date;\"URL\"; size ", b';', &["date", "url", "size"]),
            ("a,\"b,c\",\"d \"\"e\"\"\"", b',', &["a", "b,c", "d \"e"]),
            ("a,\"b,c", b',', &["a", "b", "c"]),
            ("a,,b,", b',', &["a", "", "b", ""]),
        ] {
            assert_eq!(Names::of_header(header.as_bytes(), delimiter).listed(), expected, "{header}");
        }
        let directive = Names::of_directive(b"#Fields: date time\tcs(Host)").unwrap();
        assert_eq!(directive.listed(), ["date", "time", "cs(host)"]);
        assert_eq!(Names::of_directive(b"#fields:").unwrap().count(), 0);
        assert!(Names::of_directive(b"#Version: 1.0").is_none() && Names::of_directive(b"Fields: a").is_none());
    }

    #[test]
    fn a_column_is_there_once_or_it_is_said_why_not() {
        let names = Names::of_header(b"a,B,b,c", b',');
        assert_eq!((names.only("A"), names.first(&["x", "c"])), (Ok(0), Some(3)));
        assert_eq!(names.only("b").unwrap_err().to_string(), "there is more than one column b");
        assert_eq!(names.only("x").unwrap_err().to_string(), "there is no column x; there are: a, b, b, c");
        assert_eq!((names.once(&[0, 3]), names.once(&[3, 2]).is_err()), (Ok(()), true));
        assert_eq!((names.nameless_at_end(), Names::of_header(b"a,,b,,", b',').nameless_at_end()), (0, 2));
        assert!(is_repeated(b"# Date\turl", b"date\tURL") && !is_repeated(b"date\turl", b"url\tdate"));
    }
    #[test]
    fn a_header_may_follow_other_lines() {
        let names = |line: &[u8]| line.contains(&b';') && line.starts_with(b"time");
        let text = b"\xef\xbb\xbfsep=;\r\n# exported\r\n\r\ntime;url\r\n1;/a\r\n";
        let header = Header::find(text, names).unwrap();
        assert_eq!(header, Header { text: b"time;url", lines_before: 3, lines: 1 });
        assert_eq!(Header::first(b"\nsep=,\ntime,url\n").unwrap().lines_before, 2);
        assert_eq!(Header::find(b"1;/a\n", names), None);
        assert_eq!(
            [&b"sep=;"[..], b"SEP=,", b"sep=\t", b"sep=", b"sep;url"].map(separator),
            [Some(b';'), Some(b','), Some(b'\t'), None, None]
        );
    }

    #[test]
    fn a_header_over_several_lines_is_believed_if_the_next_row_is_as_wide() {
        let lines = |text: &'static str| {
            let header = Header::first(text.as_bytes()).unwrap().with_open_quotes(text.as_bytes(), b',');
            (std::str::from_utf8(header.text).unwrap(), header.lines)
        };
        assert_eq!(lines("time,\"the\r\nurl\",x\r\n1,2,3\r\n"), ("time,\"the\r\nurl\",x", 2));
        assert_eq!(lines("time,\"url\",x\n1,2,3\n"), ("time,\"url\",x", 1));
        assert_eq!(lines("time,url,\"x\ny\"\n1,2,3\n"), ("time,url,\"x\ny\"", 2));
        // The quote that closes is the next one that someone forgot.
        assert_eq!(lines("time,\"url,x\n1,2,3\n4,5\",6\n7,8,9\n"), ("time,\"url,x", 1));
        assert_eq!(lines("time,\"url,x\n4,5\",6\n7,8,9\n"), ("time,\"url,x", 1));
        assert_eq!(lines("time,\"url,x\n1,2,3\n4,5,6\"\n7,8,9\n"), ("time,\"url,x", 1));
        assert_eq!(lines("time,\"url,x\n1,2,3\n"), ("time,\"url,x", 1));
    }
}
