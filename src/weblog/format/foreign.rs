//! What is no log of lines, told by how it begins, so that the error can say what to do about it.
use super::FormatError;

/// What a file begins with, what it then is, and how a log comes out of it.
const BEGINNINGS: &[(&[u8], &str, &str)] = &[
    (b"\xfd7zXZ\0", "packed with xz", "unpack it: xz -dc FILE | votekit logsum"),
    (b"\x04\x22\x4d\x18", "packed with lz4", "unpack it: lz4 -dc FILE | votekit logsum"),
    (b"PK\x03\x04", "a zip archive", "unpack it: unzip -p FILE | votekit logsum"),
    (b"\xff\xfe", "text in UTF-16", UTF_16),
    (b"\xfe\xff", "text in UTF-16", UTF_16),
    (b"PAR1\x15", "a Parquet file, and not lines of text", "write it as CSV, as DuckDB and others do"),
];
const UTF_16: &str = "make it UTF-8: iconv -f UTF-16 -t UTF-8 FILE | votekit logsum";

/// A block of bzip2 begins so, behind `BZh` and a digit.
const BZIP2_BLOCK: &[u8] = b"\x31\x41\x59\x26\x53\x59";
/// Where a tar archive says what it is (POSIX.1, ustar).
const USTAR_AT: usize = 257;

/// Refuses a file that begins with `head` and is no lines of text.
///
/// # Errors
/// When it is of a known other kind, or its lines end with `\r` alone.
pub fn refuse(head: &[u8]) -> Result<(), FormatError> {
    let other = |what, way_out| Err(FormatError::Foreign { what, way_out });
    if let Some((_, what, way_out)) = BEGINNINGS.iter().find(|(beginning, ..)| head.starts_with(beginning)) {
        return other(what, way_out);
    }
    if head.starts_with(b"BZh") && head.get(4..).is_some_and(|block| block.starts_with(BZIP2_BLOCK)) {
        return other("packed with bzip2", "unpack it: bzip2 -dc FILE | votekit logsum");
    }
    if head.get(USTAR_AT..).is_some_and(|magic| magic.starts_with(b"ustar")) {
        return other("a tar archive", "take the logs out of it: tar -xOf FILE | votekit logsum");
    }
    if !head.contains(&b'\n') && head.trim_ascii_end().contains(&b'\r') {
        return other(
            "text whose lines end with a carriage return alone",
            "let them end with newlines: tr '\\r' '\\n' < FILE | votekit logsum",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_of_lines_is_told_apart_from_what_is() {
        let mut tar = b"access.log".to_vec();
        tar.resize(USTAR_AT, 0);
        tar.extend(b"ustar\0");
        let foreign: &[(&[u8], &str)] = &[
            (b"\xfd7zXZ\0\0\x04", "xz"),
            (b"BZh91AY&SY\0\0", "bzip2"),
            (b"\x04\x22\x4d\x18d@", "lz4"),
            (b"PK\x03\x04\x14\0", "zip"),
            (b"\xff\xfed\0a\0", "UTF-16"),
            (b"\xfe\xff\0d\0a", "UTF-16"),
            (b"PAR1\x15\x04", "Parquet"),
            (&tar, "tar"),
            (b"2019-08-24\t10:00:00\t1\t/a.jpg\r2019-08-24\t10:00:00\t1\t/b.jpg\r", "carriage return alone"),
        ];
        for (head, what) in foreign {
            let error = refuse(head).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        for text in
            [&b"BZh9 is a name"[..], b"PAR1\tx", b"one\r\ntwo\r\n", b"one\r", b"one\rtwo\n", b"no line end", b""]
        {
            assert_eq!(refuse(text), Ok(()), "{}", text.escape_ascii());
        }
    }
}
