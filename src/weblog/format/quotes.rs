//! Quotes in CSV, as RFC 4180 has them: a field is in quotes if its first byte is one, and a quote in it is doubled.

/// What quotes make of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quotes {
    /// All are closed, and there are this many columns.
    Closed {
        /// How many.
        columns: usize,
    },
    /// The text ends within quotes: the field goes on in the next line, if the log is sound.
    Open,
    /// Something else than the next column stands behind a closing quote.
    Torn,
}

/// Looks at `text`, which begins where a row does and has no line end.
pub fn quotes(text: &[u8], delimiter: u8) -> Quotes {
    let mut columns = 1;
    let mut at = 0;
    loop {
        if text.get(at) == Some(&b'"') {
            let Some(behind) = behind_closing_quote(text, at + 1) else { return Quotes::Open };
            at = behind;
            if text.get(at).is_some_and(|byte| *byte != delimiter) {
                return Quotes::Torn;
            }
        }
        match memchr::memchr(delimiter, &text[at..]) {
            Some(found) => (at, columns) = (at + found + 1, columns + 1),
            None => return Quotes::Closed { columns },
        }
    }
}

/// Where what follows the quote begins that closes those opened before `at`.
fn behind_closing_quote(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at += memchr::memchr(b'"', &text[at..])? + 1;
        if text.get(at) != Some(&b'"') {
            return Some(at);
        }
        at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
