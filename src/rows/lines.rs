//! Line ends, and what may precede the first line.

/// `line` without the carriage returns at its end.
#[inline]
pub fn without_cr(line: &[u8]) -> &[u8] {
    let mut line = line;
    while let [rest @ .., b'\r'] = line {
        line = rest;
    }
    line
}

/// `text` without the byte order mark that programs of Windows write in front of UTF-8.
pub fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// The lines of `text` without their line ends, including blank ones.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || next_line(&mut rest))
}

/// The first line of `text` that is not empty, without its line end.
pub fn first_line(text: &[u8]) -> &[u8] {
    lines(text).find(|line| !line.is_empty()).unwrap_or_default()
}

/// Takes the first line off `rest`, without its line end; None at the end of the text.
///
/// A line ends with `\n`, `\r\n` or `\r\r\n`, or with a `\r` alone, as on the first Macs; a text may mix them.
#[inline]
pub fn next_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let text = *rest;
    let end = memchr::memchr2(b'\n', b'\r', text).unwrap_or(text.len());
    *rest = &text[after_line_end(text, end)..];
    Some(&text[..end])
}

/// More carriage returns in front of a newline are lines of their own. There is a limit so that a file full of them takes
/// linear time.
const RETURNS_MAX: usize = 8;

/// Where the next line begins if a line of `text` ends at `at`, which is the place of a `\n` or `\r`, or the end of the text.
#[inline]
pub(super) fn after_line_end(text: &[u8], at: usize) -> usize {
    if text.get(at) != Some(&b'\r') {
        return (at + 1).min(text.len());
    }
    let returns = text[at..].iter().take(RETURNS_MAX + 1).take_while(|byte| **byte == b'\r').count();
    if text.get(at + returns) == Some(&b'\n') { at + returns + 1 } else { at + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_is_cut_off() {
        let found: Vec<&[u8]> = lines(b"a\r\nb\r\r\n\nc\rd\r\r\re\r").collect();
        assert_eq!(found, [&b"a"[..], b"b", b"", b"c", b"d", b"", b"", b"e"]);
        assert_eq!(first_line(b"\r\n\nx\r\n"), b"x");
        let mut rest = &b"a\r\n\nb"[..];
        let mut taken = Vec::new();
        while let Some(line) = next_line(&mut rest) {
            taken.push(line);
        }
        assert_eq!(taken, [&b"a"[..], b"", b"b"]);
    }
}
