//! Detects the format of a log: the one that the user names, or the one that explains most of the first lines.
use super::super::log_time::Date;
use super::super::record::Column;
use super::error::FormatError;
use super::needs::{Choice, Needs};
use super::reader::LineReader;
use super::table::{self, FORMATS, Format};
use crate::rows::{excerpt, foreign, lines, without_bom};

/// Number of lines that detection looks at.
const LINES_WEIGHED: usize = 256;

/// The reader for an input that begins with `head`, which must contain the whole first line.
///
/// # Errors
/// When the log lacks a column in `needs`, does not match `choice`, or is not text lines.
pub fn detect(head: &[u8], choice: &Choice, needs: &Needs) -> Result<LineReader, FormatError> {
    let head = without_bom(head);
    foreign::refuse(head, "votekit logsum")?;
    let reader = match choice {
        Choice::Columns(given) => table::given(given, head, needs),
        Choice::Pattern(pattern) => table::of_pattern(pattern, needs),
        Choice::Named(name) => {
            let format = FORMATS.iter().find(|format| format.name == name);
            format.ok_or_else(|| FormatError::Unknown(name.clone()))?.open(head, needs)
        }
        Choice::Detect => guess(head)?.open(head, needs),
    }?;
    let needs_host = needs.columns.contains(&Column::Host);
    match needs_host.then(|| reader.lacks_host(head)).flatten() {
        Some(found) => Err(FormatError::NoHost { found }),
        None => Ok(reader),
    }
}

/// The format that explains most of the first lines of `head`; of several that do and read the same, the first in the table.
///
/// # Errors
/// When none explains half of them, or two explain equally many and read other days or bytes.
fn guess(head: &[u8]) -> Result<&'static Format, FormatError> {
    let lines: Vec<&[u8]> = lines(head).filter(|line| !line.trim_ascii().is_empty()).take(LINES_WEIGHED).collect();
    let mut best = (&FORMATS[0], (0, 0));
    for format in FORMATS {
        let weight = format.weight(&lines);
        if weight > best.1 {
            best = (format, weight);
        }
        if best.1.0 == lines.len() {
            break;
        }
    }
    let (format, (explained, _)) = best;
    // JSON without the usual names is refused with a list of those it has.
    let is_known_otherwise = best.1.1 > 0;
    if is_known_otherwise || 2 * explained >= lines.len() {
        return match rival(format, explained, &lines) {
            None => Ok(format),
            Some(rival) => Err(rival),
        };
    }
    match lines.first().map(|line| line.trim_ascii()) {
        Some(b"[" | b"[{") => return Err(FormatError::Pretty { filter: "'.[]'" }),
        Some(b"{") => return Err(FormatError::Pretty { filter: "." }),
        Some(line) if line.starts_with(b"[{\"") => return Err(FormatError::Pretty { filter: "'.[]'" }),
        _ => {}
    }
    let other = lines.iter().find(|line| format.weight(&[line]).0 == 0);
    let example = other.map_or(String::new(), |line| format!("; another is {:?}", excerpt(line)));
    Err(FormatError::Unexplained { best: format.name, explained, lines: lines.len(), example })
}

/// Why `format` is not sure to be that of `lines`: another explains as many of them, and reads other days or bytes.
fn rival(format: &'static Format, explained: usize, lines: &[&[u8]]) -> Option<FormatError> {
    let (first, head) = (lines.get(..1)?, lines.join(&b'\n'));
    let is_as_good = |other: &&Format| {
        // Almost all are out after one line: that saves weighing all lines of each of a thousand files.
        let is_like_it = other.weight(first).0 == format.weight(first).0;
        is_like_it && other.name != format.name && !other.is_by_usual_names() && other.weight(lines).0 == explained
    };
    let mut read = None;
    FORMATS.iter().filter(is_as_good).find_map(|other| {
        let read = read.get_or_insert_with(|| values(format, &head, lines));
        let (line, (one, two)) = read
            .iter()
            .zip(values(other, &head, lines))
            .enumerate()
            .find_map(|(at, (one, two))| Some((at, ((*one)?, two?))).filter(|(_, (one, two))| one != two))?;
        Some(FormatError::Rivals {
            formats: [format.name, other.name],
            explained,
            line: excerpt(lines[line]),
            read: [one, two].map(|(day, bytes)| format!("{day}, {bytes} bytes")),
        })
    })
}

/// The day and the bytes that `format` reads from each of `lines`, where it can.
fn values(format: &'static Format, head: &[u8], lines: &[&[u8]]) -> Vec<Option<(Date, u64)>> {
    let Ok(reader) = format.open(head, &Needs::default()) else { return vec![None; lines.len()] };
    let read = |line: &&[u8]| {
        let mut found = None;
        let _ = reader.read(line, |row| found = Some((row.moment.date, row.size_bytes)));
        found
    };
    lines.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_explains_most_lines_is_the_format() {
        let row = "2019-08-24\t10:28:13\t13500\t/a.jpg\n";
        let common = "h - - [17/May/2015:10:05:03 +0000] \"GET /a.jpg HTTP/1.1\" 200 5\n";
        let cloudflare = "{\"EdgeStartTimestamp\":1,\"EdgeResponseBytes\":1,\"ClientRequestURI\":\"/\"}\n";
        for (head, expected) in [
            (row.to_owned(), "four-columns"),
            // An unknown column makes a header no worse.
            (format!("date\ttime\tlength\turl\n{row}{row}"), "tsv"),
            // Truncated rows do not outvote their header.
            (format!("date\ttime\tx\tsize\turl\n{row}{row}{row}"), "tsv"),
            (format!("{row}2019-08-24\t10:28:13\t1\turl\n"), "four-columns"),
            // A value may look like the name of a column.
            ("2019-08-24\t10:28:13\t1\turl\n".to_owned(), "four-columns"),
            (format!("half a line\n{common}{common}"), "common"),
            (format!("{row}{common}{common}"), "common"),
            (
                "start-up message\n\n# a comment\ndate;time;size;url\n2019-08-24;10:28:13;1;/a.jpg\n2019-08-24;10:28:13;1;/a\n"
                    .to_owned(),
                "csv",
            ),
            ("{\"a\":1}\n".to_owned(), "json"),
            (format!("{{\"a\":1}}\n{cloudflare}"), "cloudflare"),
            ("{\"reqTimeSec\":1,\"bytes\":1,\"reqPath\":\"/\"}\n".to_owned(), "akamai"),
            ("{\"timestamp\":1,\"bytes\":1,\"url\":\"/\"}\n".to_owned(), "fastly"),
            ("#Fields: date\n".to_owned(), "cloudfront"),
            ("#Software: x\n#Fields: date\n".to_owned(), "w3c"),
            ("#Fields: date time\n2019-08-24 10:00:00\n".to_owned(), "w3c"),
            ("#Fields: date time\n2019-08-24\t10:00:00\n".to_owned(), "cloudfront"),
            ("# date\n".to_owned(), "tsv"),
            ("date,time\n".to_owned(), "csv"),
        ] {
            assert_eq!(guess(head.as_bytes()).unwrap().name, expected, "{head}");
        }
    }

    #[test]
    fn two_formats_that_read_other_bytes_are_asked_about() {
        let both = "{\"EdgeStartTimestamp\":\"2026-11-23T10:00:00Z\",\"EdgeResponseBytes\":700,\"ClientRequestURI\":\"/a.jpg\",\
                    \"timestamp\":\"2026-11-23T10:00:00Z\",\"bytes\":512,\"url\":\"/a.jpg\"}\n";
        let error = guess(both.as_bytes()).unwrap_err().to_string();
        for part in ["cloudflare or fastly", "2026-11-23, 700 bytes", "2026-11-23, 512 bytes", "--log-format"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        // Where both read the same, it is no question.
        assert_eq!(guess(both.replace("512", "700").as_bytes()).unwrap().name, "cloudflare");
        // One line more for one of them decides.
        let one =
            "{\"EdgeStartTimestamp\":\"2026-11-23T10:00:00Z\",\"EdgeResponseBytes\":7,\"ClientRequestURI\":\"/\"}\n";
        assert_eq!(guess(format!("{both}{one}").as_bytes()).unwrap().name, "cloudflare");
    }

    #[test]
    fn what_no_format_explains_is_refused_with_the_evidence() {
        let refused = |head: &str| guess(head.as_bytes()).unwrap_err().to_string();
        let common = "h - - [17/May/2015:10:05:03 +0000] \"GET /a.jpg HTTP/1.1\" 200 5\n";
        assert!(
            refused("nothing known\n").contains("explains 0 of its first 1 lines"),
            "{}",
            refused("nothing known\n")
        );
        assert!(
            refused(&format!("{common}one\ntwo\n"))
                .contains("common explains 1 of its first 3 lines; another is \"one\"")
        );
        // Fields of rows are not taken for others where the header has other delimiters.
        let row = "2019-08-24\t10:28:13\t13500\t/a.jpg\n";
        assert!(
            refused(&format!("date,time,status,url,size\n{row}{row}")).contains("csv explains 1 of its first 3 lines")
        );
        assert!(refused("[\n  {\n    \"a\": 1\n  }\n]\n").contains("jq -c '.[]' FILE"));
        assert!(refused("{\n  \"a\": 1\n}\n").contains("jq -c . FILE"));
    }
}
