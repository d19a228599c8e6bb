//! Lines of text: what ends them, and what may stand in front of the first.

/// `line` without the carriage returns at its end: programs of Windows write `\r\n`, and a file that was converted twice has
/// `\r\r\n`.
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

/// The lines of `text`, without their line ends; blank ones too.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').map(without_cr)
}

/// The first line of `text` that is not empty, without its line end.
pub fn first_line(text: &[u8]) -> &[u8] {
    lines(text).find(|line| !line.is_empty()).unwrap_or_default()
}

/// Takes the first line off `rest`, without its `\n`; None where nothing is left.
#[inline]
pub fn next_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    if rest.is_empty() {
        return None;
    }
    let text = *rest;
    let end = memchr::memchr(b'\n', text).unwrap_or(text.len());
    *rest = text.get(end + 1..).unwrap_or_default();
    Some(&text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_is_cut_off() {
        let found: Vec<&[u8]> = lines(b"a\r\nb\r\r\n\nc\rd\r\n").collect();
        assert_eq!(found, [&b"a"[..], b"b", b"", b"c\rd", b""]);
        assert_eq!(first_line(b"\r\n\nx\r\n"), b"x");
        let mut rest = &b"a\r\n\nb"[..];
        let mut taken = Vec::new();
        while let Some(line) = next_line(&mut rest) {
            taken.push(line);
        }
        assert_eq!(taken, [&b"a\r"[..], b"", b"b"]);
    }
}
