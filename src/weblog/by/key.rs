//! The keys of `--by`. A key is one entry of [`KEYS`].
use std::borrow::Cow;
use std::convert::Infallible;
use std::str::FromStr;

use chrono::Datelike;

use crate::units::CalendarUnit;
use crate::weblog::log_time::LogTime;
use crate::weblog::media::MediaTypeCache;
use crate::weblog::record::{Column, NONE, Row, read_status};
use crate::weblog::url;

/// The built-in keys; any other name is a column of the log.
pub static KEYS: &[By] = &[
    By::time("day", "", CalendarUnit::Day),
    By::time("minute", "", CalendarUnit::Minute),
    By::time("hour", "", CalendarUnit::Hour),
    By::time("week", "weeks of ISO 8601, from Monday: 2019-W34", CalendarUnit::Week),
    By::time("month", "", CalendarUnit::Month),
    By::url("ext", "file extension", "the file's extension", write_extension),
    By::column("type", "media type", "the media type (image/jpeg)", Column::ContentType, write_media_type),
    By::column("status", "status", "", Column::Status, write_status),
    By::column("host", "host", "", Column::Host, write_host),
    By::url("dir", "folder", "the URL's path without the file name", write_dir),
    By::url("url", "URL", "the URL without query", write_url),
];

/// A key of `--by`: the value that the rows of a group have in common.
#[derive(Debug, Clone)]
pub struct By {
    name: Cow<'static, str>,
    title: Cow<'static, str>,
    about: &'static str,
    value: Value,
}

/// Where a key's value comes from, and how it is written. A column is empty if the log does not have it.
#[derive(Debug, Clone)]
enum Value {
    Time(CalendarUnit),
    Url(WriteUrl),
    Column(Column, WriteColumn),
}

/// Appends the value for a row with this URL.
type WriteUrl = fn(url: &[u8], part: &mut Vec<u8>);
/// Appends the value for a row with this URL and column.
type WriteColumn = fn(url: &[u8], column: &[u8], types: &mut MediaTypeCache, part: &mut Vec<u8>);

impl By {
    const fn time(name: &'static str, about: &'static str, unit: CalendarUnit) -> Self {
        Self::new(name, name, about, Value::Time(unit))
    }

    const fn url(name: &'static str, title: &'static str, about: &'static str, write: WriteUrl) -> Self {
        Self::new(name, title, about, Value::Url(write))
    }

    const fn column(
        name: &'static str,
        title: &'static str,
        about: &'static str,
        column: Column,
        write: WriteColumn,
    ) -> Self {
        Self::new(name, title, about, Value::Column(column, write))
    }

    const fn new(name: &'static str, title: &'static str, about: &'static str, value: Value) -> Self {
        By { name: Cow::Borrowed(name), title: Cow::Borrowed(title), about, value }
    }

    /// The key for the log's column `name`.
    fn named(name: &str) -> Self {
        let snake: String =
            name.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
        let snake = snake.trim_matches('_');
        // These names are taken by the report's own columns.
        let is_taken = ["requests", "bytes", "share", ""].contains(&snake);
        By {
            name: Cow::Owned(if is_taken { format!("by_{snake}") } else { snake.to_owned() }),
            title: Cow::Owned(name.to_owned()),
            about: "",
            value: Value::Column(Column::Named(name.to_owned()), write_as_it_is),
        }
    }

    /// The name of the report's column, in `snake_case`; for [`KEYS`] also the name after `--by`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the name is empty, as in `--by day,`.
    pub fn is_nameless(&self) -> bool {
        self.name == "by_"
    }

    /// Its name in headlines: `file extension`.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The explanation in the help; empty if the name says enough.
    pub fn about(&self) -> &'static str {
        self.about
    }

    /// The column that it needs in addition to day, size and URL.
    pub fn needed_column(&self) -> Option<&Column> {
        match &self.value {
            Value::Column(column, _) => Some(column),
            Value::Time(_) | Value::Url(_) => None,
        }
    }

    /// The unit of time, if the key is a time.
    pub fn unit(&self) -> Option<CalendarUnit> {
        match self.value {
            Value::Time(unit) => Some(unit),
            Value::Url(_) | Value::Column(..) => None,
        }
    }

    /// Appends the value of `row`, whose time on the report's clock is `time` and whose needed column is `column`.
    #[inline]
    pub(super) fn write(
        &self,
        row: &Row<'_>,
        time: LogTime,
        column: &[u8],
        types: &mut MediaTypeCache,
        part: &mut Vec<u8>,
    ) {
        match &self.value {
            Value::Time(unit) => write_time(*unit, time, part),
            Value::Url(write) => write(row.url, part),
            Value::Column(_, write) => write(row.url, column, types, part),
        }
    }
}

impl FromStr for By {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        let name = name.trim();
        let known = KEYS.iter().find(|key| key.name.eq_ignore_ascii_case(name));
        Ok(known.cloned().unwrap_or_else(|| By::named(name)))
    }
}

/// Appends the start of the `unit` that contains `time`, in the format of [`CalendarUnit::format`]: `2019-08-24T10:00`.
pub(super) fn write_time(unit: CalendarUnit, time: LogTime, part: &mut Vec<u8>) {
    let start = part.len();
    time.date.write(part);
    let two_digits = |number: u32| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
    let (hour, minute) = (two_digits(time.second / 3600), two_digits(time.second / 60 % 60));
    match unit {
        CalendarUnit::Minute => part.extend([b'T', hour[0], hour[1], b':', minute[0], minute[1]]),
        CalendarUnit::Hour => part.extend([b'T', hour[0], hour[1], b':', b'0', b'0']),
        CalendarUnit::Day => {}
        CalendarUnit::Week => {
            let Some(week) = time.date.calendar().map(|date| date.iso_week()) else { return };
            let (year, week) = (week.year().unsigned_abs(), two_digits(week.week()));
            part.truncate(start);
            part.extend([year / 1000, year / 100, year / 10, year].map(|number| b'0' + (number % 10) as u8));
            part.extend([b'-', b'W', week[0], week[1]]);
        }
        CalendarUnit::Month => part.truncate(part.len() - "-24".len()),
    }
}

fn write_extension(url: &[u8], part: &mut Vec<u8>) {
    match url::extension(url) {
        Some(extension) => part.extend_from_slice(extension.as_bytes()),
        None => part.extend_from_slice(NONE.as_bytes()),
    }
}

fn write_url(url: &[u8], part: &mut Vec<u8>) {
    let url = url::without_query(url);
    part.extend_from_slice(if url.is_empty() { NONE.as_bytes() } else { url });
}

fn write_dir(url: &[u8], part: &mut Vec<u8>) {
    part.extend_from_slice(url::dir(url).unwrap_or(NONE.as_bytes()));
}

fn write_media_type(url: &[u8], content_type: &[u8], types: &mut MediaTypeCache, part: &mut Vec<u8>) {
    let media_type = types.media_type(url, content_type).unwrap_or(NONE);
    part.extend(media_type.bytes().map(|byte| byte.to_ascii_lowercase()));
}

fn write_host(url: &[u8], host: &[u8], _types: &mut MediaTypeCache, part: &mut Vec<u8>) {
    match url::host_of(host, url) {
        b"" => part.extend_from_slice(NONE.as_bytes()),
        host => part.extend(host.iter().map(u8::to_ascii_lowercase)),
    }
}

fn write_status(url: &[u8], column: &[u8], types: &mut MediaTypeCache, part: &mut Vec<u8>) {
    match read_status(column) {
        Some(status) => part.extend([status / 100, status / 10, status].map(|number| b'0' + (number % 10) as u8)),
        None => write_as_it_is(url, column, types, part),
    }
}

fn write_as_it_is(_url: &[u8], column: &[u8], _types: &mut MediaTypeCache, part: &mut Vec<u8>) {
    part.extend_from_slice(if column.is_empty() { NONE.as_bytes() } else { column });
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, NaiveDateTime};

    use super::*;
    use crate::weblog::log_time::Date;

    #[test]
    fn names_are_snake_case_and_never_those_of_the_figures() {
        for (typed, name) in [
            ("day", "day"),
            (" Day ", "day"),
            ("sc-status", "sc_status"),
            ("cs(Host)", "cs_host"),
            ("bytes", "by_bytes"),
        ] {
            assert_eq!(typed.parse::<By>().unwrap().name(), name);
        }
        assert!(" ".parse::<By>().unwrap().is_nameless());
        assert!(!"bytes".parse::<By>().unwrap().is_nameless());
    }

    #[test]
    fn times_are_written_as_chrono_formats_them() {
        let time = LogTime { date: Date::new(2019, 8, 24), second: 10 * 3600 + 28 * 60 + 13 };
        let begins: NaiveDateTime = NaiveDate::from_ymd_opt(2019, 8, 24).unwrap().and_hms_opt(10, 28, 0).unwrap();
        for (unit, expected) in [
            (CalendarUnit::Minute, "2019-08-24T10:28"),
            (CalendarUnit::Hour, "2019-08-24T10:00"),
            (CalendarUnit::Day, "2019-08-24"),
            (CalendarUnit::Week, "2019-W34"),
            (CalendarUnit::Month, "2019-08"),
        ] {
            let mut part = b"x".to_vec();
            write_time(unit, time, &mut part);
            assert_eq!(part, [b"x", expected.as_bytes()].concat());
            if unit != CalendarUnit::Hour {
                assert_eq!(begins.format(unit.format()).to_string(), expected);
            }
        }
    }

    #[test]
    fn weeks_around_the_new_year_are_those_of_iso_8601() {
        for day in (2015..2030).flat_map(|year| (1..=14).map(move |day| (year, day))) {
            let date = NaiveDate::from_ymd_opt(day.0, 12, 24).unwrap() + chrono::Days::new(day.1);
            let mut part = Vec::new();
            write_time(CalendarUnit::Week, LogTime { date: date.into(), second: 86_399 }, &mut part);
            assert_eq!(String::from_utf8(part).unwrap(), date.format("%G-W%V").to_string());
        }
    }
}
