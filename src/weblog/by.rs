//! What rows are grouped by: the texts that make a group's key, and the report of the groups.
use std::borrow::Cow;
use std::convert::Infallible;
use std::str::FromStr;

use percent_encoding::percent_decode;

use super::group::{Grouped, Row, Sum};
use crate::report::{Report, Value};

/// What a group's rows have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The hour: `2019-08-24T10:00`.
    Hour,
    /// The day: `2019-08-24`.
    Day,
    /// The month: `2019-08`.
    Month,
    /// The extension of the URL's file name, in small letters: `jpg`.
    Ext,
    /// The media type that the log tells, else the one that the extension suggests: `image/jpeg`.
    Type,
    /// The HTTP status: `200`.
    Status,
    /// The host that was asked, in small letters.
    Host,
    /// The URL's path without its file name: `/media/thumbnail/`.
    Dir,
    /// The URL without query and fragment.
    Url,
    /// Any other column, by its name in the log.
    Column(String),
}

/// What stands where a row has nothing: a URL without an extension, a log without a media type.
pub const NONE: &[u8] = b"(none)";
/// What stands for all groups that are not shown one by one.
pub const OTHER: &str = "(other)";

impl FromStr for By {
    type Err = Infallible;

    /// One of the names in `--help`; any other is a column's.
    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(match name.trim().to_ascii_lowercase().as_str() {
            "hour" => By::Hour,
            "day" => By::Day,
            "month" => By::Month,
            "ext" => By::Ext,
            "type" => By::Type,
            "status" => By::Status,
            "host" => By::Host,
            "dir" => By::Dir,
            "url" => By::Url,
            _ => By::Column(name.trim().to_owned()),
        })
    }
}

impl By {
    /// The name of its column in the report, `snake_case`.
    pub fn name(&self) -> String {
        match self {
            By::Hour => "hour".to_owned(),
            By::Day => "day".to_owned(),
            By::Month => "month".to_owned(),
            By::Ext => "ext".to_owned(),
            By::Type => "type".to_owned(),
            By::Status => "status".to_owned(),
            By::Host => "host".to_owned(),
            By::Dir => "dir".to_owned(),
            By::Url => "url".to_owned(),
            By::Column(name) => {
                let snake: String =
                    name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
                let snake = snake.trim_matches('_').to_owned();
                // The report's own columns keep their names.
                if ["requests", "bytes", "share", ""].contains(&snake.as_str()) { format!("by_{snake}") } else { snake }
            }
        }
    }

    /// Whether it is a span of time, whose groups stand in the order of time.
    pub fn is_time(&self) -> bool {
        matches!(self, By::Hour | By::Day | By::Month)
    }
}

/// Puts a key of one or more parts into the bytes that a group is known by.
#[derive(Debug, Default)]
pub struct Key {
    bytes: Vec<u8>,
}

impl Key {
    /// Begins a new key.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// Adds a part.
    pub fn part(&mut self, part: &[u8]) {
        // A line has at most as many bytes as its limit, far below 2^32.
        self.bytes.extend_from_slice(&(part.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(part);
    }

    /// The key.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The parts of a key that was put together here.
    pub fn parts(mut key: &[u8]) -> Vec<&[u8]> {
        let mut parts = Vec::new();
        while let Some((len, rest)) = key.split_first_chunk::<4>() {
            let (part, rest) = rest.split_at(u32::from_le_bytes(*len) as usize);
            parts.push(part);
            key = rest;
        }
        parts
    }
}

/// `url` without query and fragment.
pub fn without_query(url: &[u8]) -> &[u8] {
    memchr::memchr2(b'?', b'#', url).map_or(url, |at| &url[..at])
}

/// The path of `url`, which may begin with a scheme and a host (RFC 3986, section 3); without query and fragment.
fn path(url: &[u8]) -> &[u8] {
    let url = without_query(url);
    let Some(host) = after_scheme(url) else { return url };
    memchr::memchr(b'/', host).map_or(b"/", |at| &host[at..])
}

fn after_scheme(url: &[u8]) -> Option<&[u8]> {
    let at = memchr::memmem::find(url, b"://")?;
    let is_scheme = at > 0 && url[..at].iter().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b));
    is_scheme.then(|| &url[at + 3..])
}

/// The host of an absolute `url`, in small letters and without a port.
pub fn host(url: &[u8]) -> Option<Vec<u8>> {
    let authority = after_scheme(without_query(url))?;
    let authority = authority.split(|b| *b == b'/').next().unwrap_or_default();
    let host = authority.rsplit(|b| *b == b'@').next().unwrap_or_default();
    let port = host.iter().rposition(|b| *b == b':').filter(|at| host[at + 1..].iter().all(u8::is_ascii_digit));
    Some(host[..port.unwrap_or(host.len())].to_ascii_lowercase())
}

/// The path of `url` up to its last `/`, with it.
pub fn dir(url: &[u8]) -> &[u8] {
    let path = path(url);
    memchr::memrchr(b'/', path).map_or(NONE, |at| &path[..=at])
}

/// The extension of the file name in `url`, percent-encoding undone, in small letters; [`NONE`] where it has none. A name
/// that is all extension (`.jpg`) has that extension.
pub fn ext(url: &[u8]) -> Cow<'_, [u8]> {
    let path = path(url);
    let name = memchr::memrchr(b'/', path).map_or(path, |at| &path[at + 1..]);
    let name: Cow<'_, [u8]> = percent_decode(name).into();
    match memchr::memrchr(b'.', &name) {
        Some(at) if at + 1 < name.len() => match name {
            Cow::Borrowed(name) if !name[at + 1..].iter().any(u8::is_ascii_uppercase) => Cow::Borrowed(&name[at + 1..]),
            name => Cow::Owned(name[at + 1..].to_ascii_lowercase()),
        },
        _ => Cow::Borrowed(NONE),
    }
}

/// The media type that the extension of `url` suggests; [`NONE`] where it suggests none.
pub fn media_type(url: &[u8]) -> &'static [u8] {
    let ext = ext(url);
    let ext = std::str::from_utf8(&ext).unwrap_or_default();
    mime_guess::from_ext(ext).first_raw().map_or(NONE, str::as_bytes)
}

/// The groups as a report: in the order of time where that is the first key, else by bytes; what is not shown is one row
/// at the end, so that the rows always sum to the whole.
pub fn report(by: &[By], grouped: &Grouped) -> Report {
    let names: Vec<String> = by.iter().map(By::name).collect();
    let mut columns: Vec<&str> = names.iter().map(String::as_str).collect();
    columns.extend(["requests", "bytes", "share"]);
    let mut report = Report::table("groups", &columns);
    let figures = |sum: Sum| {
        let share = match grouped.total.bytes {
            0 => Value::Null,
            total => Value::Share(sum.bytes as f64 / total as f64),
        };
        [Value::from(sum.requests), Value::Bytes(sum.bytes), share]
    };
    for row in ordered(by, &grouped.rows) {
        let key = Key::parts(&row.key.0).into_iter().map(|part| Value::Text(text(part)));
        report.row(key.chain(figures(row.sum)));
    }
    if grouped.groups > grouped.rows.len() as u64 {
        let key = (0..by.len()).map(|part| if part == 0 { Value::from(OTHER) } else { Value::Null });
        report.row(key.chain(figures(grouped.other)));
    }
    report.beside("total_requests", grouped.total.requests);
    report.beside("total_bytes", Value::Bytes(grouped.total.bytes));
    report.beside("total_groups", grouped.groups);
    report
}

/// `rows`, which come by bytes, in the order they are shown in.
pub fn ordered<'a>(by: &[By], rows: &'a [Row]) -> Vec<&'a Row> {
    let mut rows: Vec<&Row> = rows.iter().collect();
    if by.first().is_some_and(By::is_time) {
        // Stable: within the same time the rows stay by bytes.
        rows.sort_by_cached_key(|row| Key::parts(&row.key.0).first().map(|part| part.to_vec()));
    }
    rows
}

/// `bytes` as text; what is no UTF-8 is written as `\xff`, so that different keys stay different.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::group::{GroupOptions, Grouping, finish};
    use super::*;

    #[test]
    fn parts_of_urls() {
        for (url, expected_ext, expected_dir) in [
            ("/media/a.JPG?x=1.png", "jpg", "/media/"),
            ("/a%2Ejpg", "jpg", "/"),
            ("/a.%4APG#t", "jpg", "/"),
            ("/薯片/b", "(none)", "/薯片/"),
            ("/v1.2/c", "(none)", "/v1.2/"),
            ("/.jpg", "jpg", "/"),
            ("/a.", "(none)", "/"),
            ("a.css", "css", "(none)"),
            ("https://cdn.example", "(none)", "/"),
            ("https://cdn.example/x/y.png", "png", "/x/"),
            ("/go?to=https://a/b.jpg", "(none)", "/"),
            ("", "(none)", "(none)"),
        ] {
            assert_eq!(text(&ext(url.as_bytes())), expected_ext, "{url}");
            assert_eq!(text(dir(url.as_bytes())), expected_dir, "{url}");
        }
        for (url, expected) in [
            ("https://CDN.example:8443/a", Some("cdn.example")),
            ("http://user@h/", Some("h")),
            ("http://[::1]:80/", Some("[::1]")),
            ("/a://b", None),
        ] {
            assert_eq!(host(url.as_bytes()).map(|host| text(&host)).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn names_are_snake_case_and_never_those_of_the_figures() {
        for (typed, name) in
            [("day", "day"), ("sc-status", "sc_status"), ("cs(Host)", "cs_host"), ("bytes", "by_bytes")]
        {
            assert_eq!(typed.parse::<By>().map(|by| by.name()), Ok(name.to_owned()));
        }
    }

    #[test]
    fn rows_stand_in_time_and_then_by_bytes_and_sum_to_the_whole() {
        let by = [By::Day, By::Ext];
        let grouping = Grouping::new(GroupOptions { top: Some(3), memory_bytes: 1 << 20, workers: 1, may_spill: true });
        let mut groups = grouping.worker();
        let mut key = Key::default();
        for (day, ext, bytes) in
            [("2019-08-25", "jpg", 50), ("2019-08-24", "css", 20), ("2019-08-24", "jpg", 25), ("2019-08-25", "png", 5)]
        {
            key.clear();
            key.part(day.as_bytes());
            key.part(ext.as_bytes());
            groups.add(key.bytes(), bytes);
        }
        let report = report(&by, &finish(&grouping, vec![groups]).unwrap());
        assert_eq!(report.columns, ["day", "ext", "requests", "bytes", "share"]);
        let row = |day: &str, ext: Value, bytes, share| {
            vec![Value::from(day), ext, Value::Count(1), Value::Bytes(bytes), Value::Share(share)]
        };
        assert_eq!(
            report.rows,
            [
                row("2019-08-24", "jpg".into(), 25, 0.25),
                row("2019-08-24", "css".into(), 20, 0.2),
                row("2019-08-25", "jpg".into(), 50, 0.5),
                row("(other)", Value::Null, 5, 0.05),
            ]
        );
        assert_eq!(text(b"x\xff"), "x\\xff");
    }
}
