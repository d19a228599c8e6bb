//! Apache's and nginx's logs, common and combined:
//! `127.0.0.1 - frank [17/May/2015:10:05:03 +0000] "GET /a.jpg HTTP/1.1" 200 2326 "http://…" "Mozilla/5.0 …"`,
//! <https://httpd.apache.org/docs/2.4/logs.html#common>.
use super::super::read_time::read_apache;
use super::super::record::{Column, Row, RowError, read_size, without_dash};
use super::error::FormatError;
use super::line::ReadLine;
use super::needs::Needs;
use crate::rows::excerpt;

/// Reads common and combined lines.
#[derive(Debug, Clone)]
pub(super) struct Common {
    columns: Vec<Part>,
}

/// What of a line can be asked for by name.
#[derive(Debug, Clone, Copy)]
enum Part {
    Nothing,
    Address,
    User,
    Method,
    Protocol,
    Status,
    Referer,
    Agent,
}

const PARTS: &[(&str, Part)] = &[
    ("remote_addr", Part::Address),
    ("remote_user", Part::User),
    ("method", Part::Method),
    ("protocol", Part::Protocol),
    ("status", Part::Status),
    ("referer", Part::Referer),
    ("user_agent", Part::Agent),
];

/// A line, cut.
struct Cut<'a> {
    before: &'a [u8],
    time: &'a [u8],
    request: &'a [u8],
    status: &'a [u8],
    bytes: &'a [u8],
    behind: &'a [u8],
}

impl Common {
    /// The format's name, for errors.
    const FORMAT: &'static str = "common";

    /// A reader for the columns that are asked for.
    pub(super) fn new(needs: &Needs) -> Result<Self, FormatError> {
        let find = |name: &str| PARTS.iter().find(|(other, _)| *other == name).map(|(_, part)| *part);
        let part = |column: &Column| {
            let (part, name) = match column {
                Column::ContentType => (Some(Part::Nothing), ""),
                Column::Status => (Some(Part::Status), ""),
                // Only the absolute URLs of a proxy tell it.
                Column::Host => (Some(Part::Nothing), ""),
                Column::Named(name) => (find(&name.to_lowercase()), name.as_str()),
            };
            part.ok_or_else(|| FormatError::Missing { column: name.to_owned(), found: Self::listed() })
        };
        Ok(Common { columns: needs.columns.iter().map(part).collect::<Result<_, _>>()? })
    }

    fn listed() -> Vec<String> {
        PARTS.iter().map(|(name, _)| (*name).to_owned()).collect()
    }
}

impl ReadLine for Common {
    fn read(&self, line: &[u8], then: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowError> {
        let cut = cut(line)?;
        let moment = read_apache(cut.time)?;
        let size_bytes = if cut.bytes == b"-" { 0 } else { read_size(cut.bytes)? };
        let mut words = cut.request.split(|byte| *byte == b' ');
        let (method, url) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let column = |part: &Part| match part {
            Part::Nothing => &b""[..],
            Part::Address => cut.before.split(|byte| *byte == b' ').next().unwrap_or_default(),
            Part::User => cut.before.split(|byte| *byte == b' ').nth(2).unwrap_or_default(),
            Part::Method => method,
            Part::Protocol => cut.request.rsplit(|byte| *byte == b' ').next().unwrap_or_default(),
            Part::Status => cut.status,
            Part::Referer => quoted(cut.behind).map_or(&b""[..], |(inside, _)| inside),
            Part::Agent => {
                quoted(cut.behind).and_then(|(_, behind)| quoted(behind)).map_or(&b""[..], |(inside, _)| inside)
            }
        };
        let columns: Vec<&[u8]> = self.columns.iter().map(|part| without_dash(column(part))).collect();
        then(&Row { moment, size_bytes, url, columns: &columns });
        Ok(())
    }

    /// The columns: none of them is the host.
    fn without_host(&self) -> Option<Vec<String>> {
        Some(Self::listed())
    }
}

/// Whether `line` looks like one.
pub(super) fn looks_like(line: &[u8]) -> bool {
    cut(line).is_ok_and(|cut| read_apache(cut.time).is_ok())
}

fn cut(line: &[u8]) -> Result<Cut<'_>, RowError> {
    let shape = |what: &str| RowError::Shape { format: Common::FORMAT, reason: format!("{what}: {}", excerpt(line)) };
    let open = memchr::memmem::find(line, b" [").ok_or_else(|| shape("no [time]"))?;
    let close = memchr::memchr(b']', &line[open..]).ok_or_else(|| shape("no ] behind the time"))? + open;
    let (request, rest) = quoted(&line[close + 1..]).ok_or_else(|| shape("no \"request\""))?;
    let mut words = rest.trim_ascii_start().splitn(3, |byte| *byte == b' ');
    let (status, bytes) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    if status.len() != 3 || !status.iter().all(u8::is_ascii_digit) {
        return Err(shape("no status behind the request"));
    }
    let behind = words.next().unwrap_or_default();
    Ok(Cut { before: &line[..open], time: &line[open + 2..close], request, status, bytes, behind })
}

/// What stands in the first quotes of `text`, and what behind them; `\"` does not close them.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = memchr::memchr(b'"', text)? + 1;
    let mut at = start;
    loop {
        at += memchr::memchr2(b'"', b'\\', &text[at..])?;
        if text[at] == b'"' {
            return Some((&text[start..at], &text[at + 1..]));
        }
        at = (at + 2).min(text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weblog::log_time::{Date, LogTime};

    #[test]
    fn a_combined_line_in_all_its_parts() {
        let columns = ["remote_addr", "remote_user", "method", "protocol", "status", "referer", "user_agent"];
        let needs = Needs {
            time: true,
            columns: columns.iter().map(|name| Column::Named((*name).to_owned())).collect(),
            ..Needs::default()
        };
        let line =
            br#"10.0.0.1 - frank [17/May/2015:23:05:03 -0200] "GET /a.jpg?x=\"1 HTTP/1.1" 206 2326 "-" "Moz \"x\" 5""#;
        let mut seen = false;
        Common::new(&needs)
            .unwrap()
            .read(line, &mut |row: &Row<'_>| {
                seen = true;
                assert_eq!(row.moment, LogTime { date: Date::new(2015, 5, 18), second: 3600 + 303 });
                assert_eq!((row.size_bytes, row.url), (2326, &br#"/a.jpg?x=\"1"#[..]));
                let expected: [&[u8]; 7] = [b"10.0.0.1", b"frank", b"GET", b"HTTP/1.1", b"206", b"", br#"Moz \"x\" 5"#];
                assert_eq!(row.columns, expected);
            })
            .unwrap();
        assert!(seen);
    }

    #[test]
    fn a_dash_for_bytes_is_nothing_sent_and_other_lines_say_what_they_lack() {
        let common = Common::new(&Needs::default()).unwrap();
        let line = b"h - - [17/May/2015:10:05:03 +0000] \"-\" 408 -";
        common.read(line, &mut |row: &Row<'_>| assert_eq!((row.size_bytes, row.url), (0, &b""[..]))).unwrap();
        for (line, expected) in [
            ("nothing", "not a line of common: no [time]: nothing"),
            ("h - - [17/May/2015", "not a line of common: no ] behind the time: h - - [17/May/2015"),
            ("h - - [x] \"GET / HTTP/1.1", "not a line of common: no \"request\": h - - [x] \"GET / HTTP/1.1"),
            ("h - - [x] \"GET /\" 20", "not a line of common: no status behind the request: h - - [x] \"GET /\" 20"),
            ("h - - [x] \"GET /\" 200 1", "\"x\" is not a time like 17/May/2015:10:05:03 +0000"),
            ("h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 x", "the size \"x\" is not a number of bytes"),
        ] {
            assert_eq!(common.read(line.as_bytes(), &mut |_| ()).unwrap_err().to_string(), expected);
        }
    }
}
