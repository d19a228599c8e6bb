//! Recognises files that are not text lines by their first bytes, so that the error can say what to do about them.

/// An input that is not text lines.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is {what}; {way_out}")]
pub struct Foreign {
    /// The kind of file, in words.
    pub what: &'static str,
    /// How to turn it into lines.
    pub way_out: String,
}

/// How to turn a file into lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WayOut {
    /// This command line, followed by the command that reads its output.
    Pipe(&'static str, &'static str),
    /// Advice in words, if there is no command.
    Words(&'static str),
}

const UNPACK: &str = "unpack it";
const UTF_16: WayOut = WayOut::Pipe("make it UTF-8", "iconv -f UTF-16 -t UTF-8 FILE");

/// Magic number, kind of file, and how to turn it into lines.
const BEGINNINGS: &[(&[u8], &str, WayOut)] = &[
    (b"\xfd7zXZ\0", "packed with xz", WayOut::Pipe(UNPACK, "xz -dc FILE")),
    (b"\x04\x22\x4d\x18", "packed with lz4", WayOut::Pipe(UNPACK, "lz4 -dc FILE")),
    (b"PK\x03\x04", "a zip archive", WayOut::Pipe(UNPACK, "unzip -p FILE")),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", WayOut::Pipe(UNPACK, "7z x -so FILE")),
    (b"\xff\xfe", "text in UTF-16", UTF_16),
    (b"\xfe\xff", "text in UTF-16", UTF_16),
    (b"PAR1\x15", "a Parquet file, and not lines of text", WayOut::Words("write it as CSV, as DuckDB and others do")),
    (
        b"SQLite format 3\0",
        "a SQLite database, and not lines of text",
        WayOut::Pipe("take the rows out of it", "sqlite3 -csv -header FILE 'SELECT …'"),
    ),
];

/// The beginning of a bzip2 block, after `BZh` and a digit.
const BZIP2_BLOCK: &[u8] = b"\x31\x41\x59\x26\x53\x59";
/// Where a tar archive says what it is, and how: POSIX.1, and GNU tar. The NUL tells them from a line of text with this word.
const USTAR_AT: usize = 257;
const USTAR: [&[u8]; 2] = [b"ustar\0", b"ustar  \0"];
/// So many characters of UTF-16 without a byte order mark are looked at.
const UTF_16_CHARS: usize = 16;

/// Refuses an input that begins with `head` and is not text lines. `command` is what the advice pipes the lines into.
///
/// # Errors
/// When it is of a known other kind.
pub fn refuse(head: &[u8], command: &str) -> Result<(), Foreign> {
    let Some((what, way_out)) = kind(head) else { return Ok(()) };
    let way_out = match way_out {
        WayOut::Pipe(what, line) => format!("{what}: {line} | {command}"),
        WayOut::Words(words) => words.to_owned(),
    };
    Err(Foreign { what, way_out })
}

fn kind(head: &[u8]) -> Option<(&'static str, WayOut)> {
    if let Some((_, what, way_out)) = BEGINNINGS.iter().find(|(beginning, ..)| head.starts_with(beginning)) {
        return Some((what, *way_out));
    }
    if head.starts_with(b"BZh") && head.get(4..).is_some_and(|block| block.starts_with(BZIP2_BLOCK)) {
        return Some(("packed with bzip2", WayOut::Pipe(UNPACK, "bzip2 -dc FILE")));
    }
    if head.get(USTAR_AT..).is_some_and(|magic| USTAR.iter().any(|ustar| magic.starts_with(ustar))) {
        return Some(("a tar archive", WayOut::Pipe("take the files out of it", "tar -xOf FILE")));
    }
    if let Some(line) = bare_utf_16(head) {
        return Some(("text in UTF-16", WayOut::Pipe("make it UTF-8", line)));
    }
    None
}

/// The way out of UTF-16 without a byte order mark: every other byte of plain text is zero, and no other is.
fn bare_utf_16(head: &[u8]) -> Option<&'static str> {
    let (pairs, _) = head.get(..2 * UTF_16_CHARS)?.as_chunks::<2>();
    let is_plain = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let is_all = |zero: usize| pairs.iter().all(|pair| pair[zero] == 0 && is_plain(pair[1 - zero]));
    match (is_all(1), is_all(0)) {
        (true, _) => Some("iconv -f UTF-16LE -t UTF-8 FILE"),
        (_, true) => Some("iconv -f UTF-16BE -t UTF-8 FILE"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_of_lines_is_told_apart_from_what_is() {
        let mut tar = b"access.log".to_vec();
        tar.resize(USTAR_AT, 0);
        tar.extend(b"ustar\0");
        let utf_16 =
            |order: fn(u16) -> [u8; 2]| "2019-08-24\t10:00:00".encode_utf16().flat_map(order).collect::<Vec<_>>();
        let (little, big) = (utf_16(u16::to_le_bytes), utf_16(u16::to_be_bytes));
        let foreign: &[(&[u8], &str)] = &[
            (b"\xfd7zXZ\0\0\x04", "xz -dc FILE | votekit logsum"),
            (b"BZh91AY&SY\0\0", "bzip2"),
            (b"\x04\x22\x4d\x18d@", "lz4"),
            (b"PK\x03\x04\x14\0", "zip"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "7z"),
            (b"\xff\xfed\0a\0", "UTF-16"),
            (b"\xfe\xff\0d\0a", "UTF-16"),
            (&little, "iconv -f UTF-16LE -t UTF-8 FILE | votekit logsum"),
            (&big, "UTF-16BE"),
            (b"PAR1\x15\x04", "Parquet"),
            (b"SQLite format 3\0\x10\0", "SQLite"),
            (&tar, "tar"),
        ];
        for (head, what) in foreign {
            let error = refuse(head, "votekit logsum").unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        let word_ustar = tar.iter().map(|byte| if *byte == 0 { b'x' } else { *byte }).collect::<Vec<_>>();
        let text: &[&[u8]] = &[
            &word_ustar,
            b"one\rtwo\r",
            b"BZh9 is a name",
            b"PAR1\tx",
            b"one\r\ntwo\r\n",
            b"one\r",
            b"one\rtwo\n",
            b"no line end",
            b"",
            b"a\0b\0",
            b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ];
        for text in text {
            assert_eq!(refuse(text, "x"), Ok(()), "{}", text.escape_ascii());
        }
    }
}
