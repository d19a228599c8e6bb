//! Detects the format of a log: the one that the user names, or the one that explains most of the first lines.
use super::super::record::Column;
use super::error::FormatError;
use super::needs::{Choice, Needs};
use super::reader::LineReader;
use super::table::{self, FORMATS, Format};
use crate::rows::{foreign, lines, without_bom};

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
        Choice::Columns(given) => table::given(given, needs),
        Choice::Named(name) => {
            let format = FORMATS.iter().find(|format| format.name == name);
            format.ok_or_else(|| FormatError::Unknown(name.clone()))?.open(head, needs)
        }
        Choice::Detect => guess(head).open(head, needs),
    }?;
    let needs_host = needs.columns.contains(&Column::Host);
    match needs_host.then(|| reader.lacks_host(head)).flatten() {
        Some(found) => Err(FormatError::NoHost { found }),
        None => Ok(reader),
    }
}

/// The format that explains most of the first lines of `head`; of several, the first in the table.
fn guess(head: &[u8]) -> &'static Format {
    let lines: Vec<&[u8]> = lines(head).filter(|line| !line.is_empty()).take(LINES_WEIGHED).collect();
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
    best.0
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
            ("nothing known\n".to_owned(), "four-columns"),
            (row.to_owned(), "four-columns"),
            // An unknown column makes a header no worse.
            (format!("date\ttime\tlength\turl\n{row}{row}"), "tsv"),
            // Truncated rows do not outvote their header.
            (format!("date\ttime\tx\tsize\turl\n{row}{row}{row}"), "tsv"),
            // Nor with another delimiter: then rows are bad, and their fields are not mistaken for others.
            (format!("date,time,status,url,size\n{row}{row}"), "csv"),
            (format!("{row}2019-08-24\t10:28:13\t1\turl\n"), "four-columns"),
            // A value may look like the name of a column.
            ("2019-08-24\t10:28:13\t1\turl\n".to_owned(), "four-columns"),
            (format!("half a line\n{common}{common}"), "common"),
            (format!("{row}{common}{common}"), "common"),
            ("{\"a\":1}\n".to_owned(), "fastly"),
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
            assert_eq!(guess(head.as_bytes()).name, expected, "{head}");
        }
    }
}
