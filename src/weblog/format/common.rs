//! The common and combined formats of Apache and nginx: `127.0.0.1 - frank [17/May/2015:10:05:03 +0000] "GET /a.jpg
//! HTTP/1.1" 200 2326 "http://…" "Mozilla/5.0 …"`, <https://httpd.apache.org/docs/2.4/logs.html#common>. A host may come
//! first (`vhost_combined`), and a syslog prefix before all.
use std::net::IpAddr;

use super::super::read_time::read_apache;
use super::super::record::{Column, Row, RowError, read_size, without_dash};
use super::super::url;
use super::error::FormatError;
use super::line::ReadLine;
use super::needs::Needs;
use super::request::Request;
use crate::rows::{excerpt, lines};

/// Reads common and combined lines.
#[derive(Debug, Clone)]
pub(super) struct Common {
    columns: Vec<Option<Part>>,
    /// Which word after the status is the number of bytes, and how many words there are before the next quote.
    bytes_at: usize,
    words: usize,
    /// Whether lines begin with the host.
    has_host: bool,
}

/// The parts of a line that can be asked for by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Host,
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
    ("host", Part::Host),
];

/// The parts of a line.
struct Cut<'a> {
    before: &'a [u8],
    time: &'a [u8],
    request: &'a [u8],
    status: &'a [u8],
    /// The words between the status and the next quote or the end.
    words: &'a [u8],
    /// From that quote on.
    quoted: &'a [u8],
}

/// Who asked, and which host.
#[derive(Debug, PartialEq, Eq)]
struct Client<'a> {
    host: &'a [u8],
    address: &'a [u8],
    user: &'a [u8],
}

/// So many lines show where the number of bytes is.
const LINES_LOOKED_AT: usize = 256;

impl Common {
    /// The format's name, for errors.
    const FORMAT: &'static str = "common";

    /// A reader for the columns that are asked for, of a log that begins with `head`.
    pub(super) fn new(head: &[u8], needs: &Needs) -> Result<Self, FormatError> {
        let cuts: Vec<Cut<'_>> = lines(head).take(LINES_LOOKED_AT).filter_map(|line| cut(line).ok()).collect();
        let (bytes_at, words) = place_of_bytes(&cuts)?;
        let has_host = cuts.iter().any(|cut| !client(cut.before).host.is_empty());
        let find = |name: &str| PARTS.iter().find(|(other, _)| *other == name).map(|(_, part)| *part);
        let part = |column: &Column| match column {
            Column::ContentType => None,
            Column::Status => Some(Part::Status),
            Column::Host => Some(Part::Host),
            Column::Named(name) => find(&name.to_lowercase()).filter(|part| has_host || *part != Part::Host),
        };
        Ok(Common { columns: needs.columns.iter().map(part).collect(), bytes_at, words, has_host })
    }

    fn listed(has_host: bool) -> Vec<String> {
        PARTS.iter().filter(|(_, part)| has_host || *part != Part::Host).map(|(name, _)| (*name).to_owned()).collect()
    }
}

impl ReadLine for Common {
    fn read(&self, line: &[u8], then: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowError> {
        let cut = cut(line)?;
        let moment = read_apache(cut.time)?;
        let mut words = cut.words.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let bytes = words.nth(self.bytes_at).unwrap_or_default();
        if bytes.is_empty() || words.count() + self.bytes_at + 1 != self.words {
            return Err(shape(line, "other words than in most lines between the status and the next quote"));
        }
        let size_bytes = read_size(bytes)?;
        let request = Request::cut(cut.request);
        let column = |part: &Part| match part {
            Part::Host => client(cut.before).host,
            Part::Address => client(cut.before).address,
            Part::User => client(cut.before).user,
            Part::Method => request.method,
            Part::Protocol => request.protocol,
            Part::Status => cut.status,
            Part::Referer => quoted(cut.quoted).map_or(&b""[..], |(inside, _)| inside),
            Part::Agent => {
                quoted(cut.quoted).and_then(|(_, after)| quoted(after)).map_or(&b""[..], |(inside, _)| inside)
            }
        };
        let columns: Vec<&[u8]> =
            self.columns.iter().map(|part| part.as_ref().map_or(&b""[..], |part| without_dash(column(part)))).collect();
        then(&Row { moment, size_bytes, url: request.url, columns: &columns });
        Ok(())
    }

    fn without_host(&self) -> Option<Vec<String>> {
        (!self.has_host).then(|| Self::listed(false))
    }

    fn names(&self) -> Vec<String> {
        Self::listed(self.has_host)
    }

    fn has_column(&self, place: usize) -> bool {
        self.columns.get(place).is_some_and(Option::is_some)
    }
}

/// Whether `line` looks like a line of this format.
pub(super) fn looks_like(line: &[u8]) -> bool {
    cut(line).is_ok_and(|cut| read_apache(cut.time).is_ok() && !cut.words.is_empty())
}

/// Which of the words after the status is the number of bytes, and how many there are: in most lines one alone.
fn place_of_bytes(cuts: &[Cut<'_>]) -> Result<(usize, usize), FormatError> {
    let words = |cut: &Cut<'_>| cut.words.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).count();
    let mut counts: Vec<usize> = cuts.iter().map(words).filter(|words| *words > 0).collect();
    counts.sort_unstable();
    let Some(usual) = counts.get(counts.len() / 2).copied() else { return Ok((0, 1)) };
    if usual == 1 {
        return Ok((0, 1));
    }
    let is_number = |word: &[u8]| word == b"-" || word.iter().all(u8::is_ascii_digit);
    let of = |cut: &Cut<'_>, at: usize| {
        cut.words.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).nth(at).is_some_and(is_number)
    };
    let usual_cuts = || cuts.iter().filter(|cut| words(cut) == usual);
    let places: Vec<usize> = (0..usual).filter(|at| usual_cuts().all(|cut| of(cut, *at))).collect();
    match places[..] {
        [place] => Ok((place, usual)),
        _ => {
            let example = usual_cuts().next().map(|cut| String::from_utf8_lossy(cut.words).into_owned());
            Err(FormatError::WhichBytes { words: example.unwrap_or_default() })
        }
    }
}

fn shape(line: &[u8], what: &str) -> RowError {
    RowError::Shape { format: Common::FORMAT, reason: format!("{what}: {}", excerpt(line)) }
}

fn cut(line: &[u8]) -> Result<Cut<'_>, RowError> {
    let open = memchr::memmem::find(line, b" [").ok_or_else(|| shape(line, "no [time]"))?;
    let close = memchr::memchr(b']', &line[open..]).ok_or_else(|| shape(line, "no ] after the time"))? + open;
    let (request, rest) = quoted(&line[close + 1..]).ok_or_else(|| shape(line, "no \"request\""))?;
    let rest = rest.trim_ascii_start();
    let (status, rest) = rest.split_at(memchr::memchr(b' ', rest).unwrap_or(rest.len()));
    if status.len() != 3 || !status.iter().all(u8::is_ascii_digit) {
        return Err(shape(line, "no status after the request"));
    }
    let (words, quoted) = rest.split_at(memchr::memchr(b'"', rest).unwrap_or(rest.len()));
    Ok(Cut { before: &line[..open], time: &line[open + 2..close], request, status, words: words.trim_ascii(), quoted })
}

/// The client in what comes before the time: `192.0.2.7 - ann`, `www.example.org:443 192.0.2.7 - ann`, and either after a syslog
/// prefix.
fn client(before: &[u8]) -> Client<'_> {
    let before = without_syslog(before);
    let first_end = memchr::memchr(b' ', before).unwrap_or(before.len());
    let (first, after_first) = (&before[..first_end], before[first_end..].trim_ascii_start());
    let second = after_first.split(|byte| *byte == b' ').next().unwrap_or_default();
    let is_host_first = is_address(second) && (after_first.len() > second.len());
    let (host, rest) = if is_host_first { (url::bare_host(first), after_first) } else { (&b""[..], before) };
    // Proxies are listed with commas: `192.0.2.2, 192.0.2.1`.
    let mut end = memchr::memchr(b' ', rest).unwrap_or(rest.len());
    while rest[..end].ends_with(b",") {
        end = memchr::memchr(b' ', &rest[(end + 1).min(rest.len())..]).map_or(rest.len(), |at| end + 1 + at);
    }
    let ident_and_user = rest[end..].trim_ascii_start();
    let user = memchr::memchr(b' ', ident_and_user).map_or(&b""[..], |at| &ident_and_user[at + 1..]);
    Client { host, address: &rest[..end], user }
}

fn is_address(word: &[u8]) -> bool {
    let word = word.strip_suffix(b",").unwrap_or(word);
    std::str::from_utf8(word).is_ok_and(|word| word.parse::<IpAddr>().is_ok())
}

/// `text` without `Jan 16 10:00:00 web1 nginx: ` or `<134>1 2024-01-16T10:00:00Z web1 nginx[7]: ` at its beginning.
fn without_syslog(text: &[u8]) -> &[u8] {
    match memchr::memmem::find(text, b": ") {
        // A host with a port, or an IPv6 address, has no space after its colon.
        Some(at) if text[..at].contains(&b' ') || text.starts_with(b"<") => text[at + 2..].trim_ascii_start(),
        _ => text,
    }
}

/// The text in the first quotes of `text`, and what follows them; `\"` does not close them.
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
        Common::new(line, &needs)
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
        let common = Common::new(b"", &Needs::default()).unwrap();
        let line = b"h - - [17/May/2015:10:05:03 +0000] \"-\" 408 -";
        common.read(line, &mut |row: &Row<'_>| assert_eq!((row.size_bytes, row.url), (0, &b""[..]))).unwrap();
        for (line, expected) in [
            ("nothing", "not a line of common: no [time]: nothing"),
            ("h - - [17/May/2015", "not a line of common: no ] after the time: h - - [17/May/2015"),
            ("h - - [x] \"GET / HTTP/1.1", "not a line of common: no \"request\": h - - [x] \"GET / HTTP/1.1"),
            ("h - - [x] \"GET /\" 20", "not a line of common: no status after the request: h - - [x] \"GET /\" 20"),
            ("h - - [x] \"GET /\" 200 1", "\"x\" is not a time like 17/May/2015:10:05:03 +0000"),
            (
                "h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1 2",
                "not a line of common: other words than in most lines between the status and the next quote: \
                 h - - [17/May/2015:10:05:03 +0000] \"GET …",
            ),
            ("h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 x", "the size \"x\" is not a number of bytes"),
        ] {
            assert_eq!(common.read(line.as_bytes(), &mut |_| ()).unwrap_err().to_string(), expected);
        }
    }
    #[test]
    fn who_asked_is_found_after_a_host_and_a_syslog_prefix() {
        for (before, host, address, user) in [
            ("192.0.2.7 - -", "", "192.0.2.7", "-"),
            ("client.example - ann", "", "client.example", "ann"),
            ("192.0.2.7 - ann lee", "", "192.0.2.7", "ann lee"),
            ("www.example.org:443 192.0.2.7 - ann", "www.example.org", "192.0.2.7", "ann"),
            ("www.example.org 2001:db8::7 - ann", "www.example.org", "2001:db8::7", "ann"),
            ("www.example.org 192.0.2.7, 192.0.2.1 - -", "www.example.org", "192.0.2.7, 192.0.2.1", "-"),
            ("Jan 16 10:00:00 web1 nginx: 192.0.2.7 - ann", "", "192.0.2.7", "ann"),
            ("<134>Jan 16 10:00:00 web1 nginx: www.example.org 192.0.2.7 - ann", "www.example.org", "192.0.2.7", "ann"),
            ("192.0.2.7", "", "192.0.2.7", ""),
            ("", "", "", ""),
        ] {
            let [host, address, user] = [host, address, user].map(str::as_bytes);
            assert_eq!(client(before.as_bytes()), Client { host, address, user }, "{before}");
        }
    }

    #[test]
    fn the_bytes_are_the_only_number_after_the_status() {
        let read = |line: &str| {
            let mut size = None;
            let common = Common::new(line.as_bytes(), &Needs::default()).map_err(|error| error.to_string())?;
            common
                .read(line.as_bytes(), &mut |row: &Row<'_>| size = Some(row.size_bytes))
                .map_err(|error| error.to_string())?;
            Ok::<_, String>(size)
        };
        let line = |words: &str| {
            format!("h - - [17/May/2015:10:05:03 +0000] \"GET /a b.jpg HTTP/1.1\" 200 {words} \"-\" \"x\"")
        };
        for (words, expected) in
            [("1000", 1000), ("0.005 1000", 1000), ("HIT 1000", 1000), ("1000 0.005", 1000), ("-", 0)]
        {
            assert_eq!(read(&line(words)), Ok(Some(expected)), "{words}");
        }
        assert!(read(&line("12 1000")).unwrap_err().contains("which of 12 1000"), "{:?}", read(&line("12 1000")));
    }
}
