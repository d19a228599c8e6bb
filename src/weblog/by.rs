//! What rows are grouped by: the texts that make a group's key, and the report of the groups.
use std::borrow::Cow;
use std::convert::Infallible;
use std::str::FromStr;

use super::group::{Group, Grouped, Sum};
use super::media;
use super::record::Column;
use super::url::{Extension, extension};
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
pub const NONE: &str = "(none)";
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

    /// The column of the log that it needs beside day, size and URL.
    pub fn column(&self) -> Option<Column> {
        match self {
            By::Type => Some(Column::ContentType),
            By::Status => Some(Column::Status),
            By::Host => Some(Column::Host),
            By::Column(name) => Some(Column::Named(name.clone())),
            By::Hour | By::Day | By::Month | By::Ext | By::Dir | By::Url => None,
        }
    }

    /// Whether it is a span of time, whose groups stand in the order of time.
    pub fn is_time(&self) -> bool {
        matches!(self, By::Hour | By::Day | By::Month)
    }
}

/// Puts a key of one or more parts into the bytes that a group is known by. Keys are in the order of their parts.
#[derive(Debug, Default)]
pub struct Key {
    bytes: Vec<u8>,
    parts: usize,
}

/// Between two parts. A NUL byte inside a part is followed by [`NUL_INSIDE`].
const BETWEEN: &[u8] = &[0, 0];
const NUL_INSIDE: u8 = 0xff;

impl Key {
    /// Begins a new key.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.parts = 0;
    }

    /// Adds a part, which `write` adds to the bytes it gets.
    pub fn part(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.parts > 0 {
            self.bytes.extend_from_slice(BETWEEN);
        }
        self.parts += 1;
        let start = self.bytes.len();
        write(&mut self.bytes);
        if memchr::memchr(0, &self.bytes[start..]).is_some() {
            let part = self.bytes.split_off(start);
            for byte in part {
                self.bytes.push(byte);
                if byte == 0 {
                    self.bytes.push(NUL_INSIDE);
                }
            }
        }
    }

    /// The key.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The parts of a key that was put together here.
    pub fn parts(key: &[u8]) -> Vec<Cow<'_, [u8]>> {
        let mut parts = Vec::new();
        let mut rest = key;
        while let Some(at) = memchr::memmem::find(rest, BETWEEN) {
            parts.push(without_escapes(&rest[..at]));
            rest = &rest[at + BETWEEN.len()..];
        }
        parts.push(without_escapes(rest));
        parts
    }
}

fn without_escapes(part: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(0, part).is_none() {
        return Cow::Borrowed(part);
    }
    let follows_nul = |at: usize| at > 0 && part[at - 1] == 0;
    Cow::Owned((0..part.len()).filter(|at| !follows_nul(*at)).map(|at| part[at]).collect())
}

/// The media types that extensions suggest. It keeps some: logs have a handful of extensions, in any order.
#[derive(Debug, Clone)]
pub struct Suggestions {
    /// Of extensions that share a place the last that was asked for.
    kept: [Option<(Extension, Option<&'static str>)>; Suggestions::PLACES],
}

impl Default for Suggestions {
    fn default() -> Self {
        Suggestions { kept: [None; Suggestions::PLACES] }
    }
}

impl Suggestions {
    /// With this many, the usual extensions of the web have a place each.
    const PLACES: usize = 256;

    /// The media type that `content_type` tells, else the one that the extension of `url` suggests; None where neither does.
    pub fn media_type<'a>(&mut self, url: &[u8], content_type: &'a [u8]) -> Option<&'a str> {
        if let Some(told) = media::essence(content_type) {
            return Some(told);
        }
        let extension = extension(url)?;
        let letters = extension.as_str().bytes();
        let place = letters.fold(0, |hash: usize, letter| hash * 7 + usize::from(letter)) % Self::PLACES;
        match self.kept[place] {
            Some((kept, media_type)) if kept == extension => media_type,
            _ => {
                let media_type = mime_guess::from_ext(extension.as_str()).first_raw();
                self.kept[place] = Some((extension, media_type));
                media_type
            }
        }
    }
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
        let key = Key::parts(&row.key.0).into_iter().map(|part| Value::Text(text(&part)));
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
pub fn ordered<'a>(by: &[By], rows: &'a [Group]) -> Vec<&'a Group> {
    let mut rows: Vec<&Group> = rows.iter().collect();
    if by.first().is_some_and(By::is_time) {
        // Stable: within the same time the rows stay by bytes.
        rows.sort_by_cached_key(|row| Key::parts(&row.key.0).swap_remove(0).into_owned());
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
    fn keys_keep_their_parts_and_their_order() {
        let key = |parts: &[&[u8]]| {
            let mut key = Key::default();
            parts.iter().for_each(|part| key.part(|bytes| bytes.extend_from_slice(part)));
            key.bytes().to_vec()
        };
        let parts: &[&[&[u8]]] = &[
            &[b""],
            &[b"a"],
            &[b"a", b""],
            &[b"a", b"b"],
            &[b"a\0", b"b"],
            &[b"a\0\0b"],
            &[b"a\0\xff"],
            &[b"ab", b"\0"],
        ];
        for parts in parts {
            assert_eq!(Key::parts(&key(parts)), *parts);
        }
        assert!(parts.is_sorted_by_key(|parts| key(parts)));
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
            key.part(|part| part.extend_from_slice(day.as_bytes()));
            key.part(|part| part.extend_from_slice(ext.as_bytes()));
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
