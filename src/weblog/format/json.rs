//! Logs of a JSON object a line. The names of CDNs are in the table of formats; others are found by what servers usually call
//! them, or as the user says.
use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::super::log_time::LogTime;
use super::super::read_time::{read_date, read_moment, read_second};
use super::super::record::{Column, Row, RowError, read_size, without_dash};
use super::super::url;
use super::error::FormatError;
use super::json_head::JsonHead;
use super::line::ReadLine;
use super::needs::Needs;
use super::request::Request;
use super::roles::Role;
use crate::rows::{JsonFields, JsonRow, JsonValue};
use crate::units::DateOrder;

/// The names used by a CDN. Dots lead into objects; of several names, the first that exists counts.
#[derive(Debug)]
pub(super) struct Keys {
    pub when: &'static [&'static str],
    pub size: &'static [&'static str],
    pub url: &'static [&'static str],
    pub status: &'static [&'static str],
    pub host: &'static [&'static str],
    pub content_type: &'static [&'static str],
}

impl Keys {
    /// Those of no CDN: all names are found in the log.
    pub(super) const NONE: Keys = Keys { when: &[], size: &[], url: &[], status: &[], host: &[], content_type: &[] };

    /// How many of `lines` have a time, a size and a URL under these keys.
    pub(super) fn weight(&self, lines: &[&[u8]]) -> usize {
        let fields = JsonFields::new([self.when, self.size, self.url]);
        let rows = lines.iter().filter(|line| line.contains(&b'{')).filter_map(|line| fields.read(line).ok());
        rows.filter(|row| (WHEN..=URL).all(|field| *row.get(field) != JsonValue::Absent)).count()
    }
}

/// How many of `lines` are objects, and so may be rows.
pub(super) fn objects(lines: &[&[u8]]) -> usize {
    let fields = JsonFields::new(Vec::<Vec<&str>>::new());
    lines.iter().filter(|line| line.contains(&b'{') && fields.read(line).is_ok()).count()
}

/// The fields of a row, before the columns that a run asks for.
const WHEN: usize = 0;
const SIZE: usize = 1;
const URL: usize = 2;
/// The time of day, where [`WHEN`] is the day alone.
const CLOCK: usize = 3;
const REQUEST: usize = 4;
const COLUMNS: usize = 5;

/// Reads the values that are needed from one object a line.
#[derive(Debug)]
pub(super) struct Json {
    format: &'static str,
    fields: JsonFields,
    /// What the fields before the columns are called, for errors.
    called: [Vec<String>; COLUMNS],
    columns: Vec<Column>,
    /// Whether a row has had each of the columns.
    seen: Vec<AtomicBool>,
    has_host: bool,
    listed: Vec<String>,
    needs_time: bool,
    date_order: DateOrder,
}

impl Json {
    /// A reader for a log that begins with `head`. `given` are names that the user gave: `size=properties.responseBytes`.
    ///
    /// # Errors
    /// When there is no time, size or URL in it, or two sizes or URLs that disagree.
    pub(super) fn new(
        keys: &Keys,
        given: &[(String, String)],
        head: &[u8],
        format: &'static str,
        needs: &Needs,
    ) -> Result<Self, FormatError> {
        let head = JsonHead::new(head);
        let names = |role: Role, known: &[&str]| -> Vec<String> {
            let given: Vec<String> =
                given.iter().filter(|(alias, _)| role.is_called(alias)).map(|(_, name)| name.clone()).collect();
            let known: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
            match (given.is_empty(), known.iter().any(|name| head.has(name))) {
                (false, _) => given,
                (true, true) => known,
                (true, false) => head.find(role),
            }
        };
        let (when, clock) = when(&names, keys, &head);
        let (size, url) = (names(Role::Size, keys.size), names(Role::Url, keys.url));
        let request = if url.is_empty() { names(Role::Request, &[]) } else { Vec::new() };
        let missing = |column: &str| FormatError::Missing { column: column.to_owned(), found: head.listed() };
        if when.is_empty() {
            return Err(missing("date (or timestamp)"));
        }
        if size.is_empty() {
            return Err(missing("size (or bytes, bytes_sent)"));
        }
        if url.is_empty() && request.is_empty() {
            return Err(missing("url (or uri, request)"));
        }
        head.agree("bytes sent", "size", &size, |value| value.to_owned())?;
        head.agree("URL", "url", &url, |value| String::from_utf8_lossy(url::path(value.as_bytes())).into_owned())?;
        let host = names(Role::Host, keys.host);
        let has_host = !host.is_empty();
        let column = |column: &Column| match column {
            Column::ContentType => names(Role::ContentType, keys.content_type),
            Column::Status => names(Role::Status, keys.status),
            Column::Host => host.clone(),
            Column::Named(name) => vec![head.spelled(name)],
        };
        let columns: Vec<Vec<String>> = needs.columns.iter().map(column).collect();
        let called = [when, size, url, clock, request];
        let fields = JsonFields::new(called.iter().cloned().chain(columns));
        let seen = needs.columns.iter().map(|_| AtomicBool::new(false)).collect();
        let (columns, needs_time, date_order) = (needs.columns.clone(), needs.time, needs.date_order);
        let listed = head.listed();
        Ok(Json { format, fields, called, columns, seen, has_host, listed, needs_time, date_order })
    }

    fn needed<'r>(&self, row: &'r JsonRow<'_, '_>, field: usize) -> Result<Cow<'r, str>, RowError> {
        let missing =
            || RowError::Shape { format: self.format, reason: format!("no {}", self.called[field].join(" or ")) };
        match row.get(field) {
            JsonValue::Number(number) => Ok(written_out(number)),
            value => value.text().map(Cow::Borrowed).ok_or_else(missing),
        }
    }

    fn url<'r>(&self, row: &'r JsonRow<'_, '_>) -> Result<Cow<'r, str>, RowError> {
        if !self.called[REQUEST].is_empty() {
            let line = self.needed(row, REQUEST)?;
            let url = Request::cut(line.as_bytes()).url;
            return Ok(String::from_utf8_lossy(url).into_owned().into());
        }
        self.needed(row, URL)
    }
}

impl ReadLine for Json {
    fn read(&self, line: &[u8], then: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowError> {
        let row = self.fields.read(line).map_err(|fault| RowError::of(self.format, fault))?;
        let when = self.needed(&row, WHEN)?;
        let moment = if self.called[CLOCK].is_empty() {
            read_moment(when.as_bytes(), self.needs_time, self.date_order)?
        } else {
            let second = read_second(self.needed(&row, CLOCK)?.as_bytes())?;
            LogTime { date: read_date(when.as_bytes(), self.date_order)?, second }
        };
        let size_bytes = read_size(self.needed(&row, SIZE)?.as_bytes())?;
        let url = self.url(&row)?;
        let mut texts: Vec<Cow<'_, str>> = Vec::with_capacity(self.columns.len());
        for (index, seen) in self.seen.iter().enumerate() {
            let value = row.get(COLUMNS + index);
            if *value != JsonValue::Absent && !seen.load(Relaxed) {
                seen.store(true, Relaxed);
            }
            texts.push(match value {
                JsonValue::Nested(raw) => first_of(raw).into(),
                value => value.text().unwrap_or_default().into(),
            });
        }
        let columns: Vec<&[u8]> = texts.iter().map(|text| without_dash(text.as_bytes())).collect();
        then(&Row { moment, size_bytes, url: without_dash(url.as_bytes()), columns: &columns });
        Ok(())
    }

    fn without_host(&self) -> Option<Vec<String>> {
        (!self.has_host).then(|| self.listed.clone())
    }

    fn names(&self) -> Vec<String> {
        self.listed.clone()
    }

    fn has_column(&self, place: usize) -> bool {
        let is_told_otherwise = matches!(self.columns.get(place), Some(Column::ContentType | Column::Host));
        is_told_otherwise || self.seen.get(place).is_some_and(|seen| seen.load(Relaxed))
    }
}

/// The names of the time, and of the time of day if that is apart.
fn when(names: &dyn Fn(Role, &[&str]) -> Vec<String>, keys: &Keys, head: &JsonHead) -> (Vec<String>, Vec<String>) {
    let (day, time) = (names(Role::Day, &[]), names(Role::Time, &[]));
    let is_day = |value: &str| read_date(value.as_bytes(), DateOrder::DayFirst).is_ok();
    let is_time = |value: &str| read_second(value.as_bytes()).is_ok();
    let are_apart = keys.when.is_empty()
        && day.iter().any(|name| head.any(name, is_day))
        && time.iter().any(|name| head.any(name, is_time));
    if are_apart { (day, time) } else { (names(Role::Moment, keys.when), Vec::new()) }
}

/// The first of a list of texts: `["image/jpeg"]`, as Caddy writes headers. Nothing for an object.
fn first_of(raw: &str) -> String {
    serde_json::from_str::<Vec<String>>(raw).ok().and_then(|texts| texts.into_iter().next()).unwrap_or_default()
}

/// Writes a number without exponent: some programs log `1.7053632e9` seconds.
fn written_out(number: &str) -> Cow<'_, str> {
    let value = || number.parse::<f64>().ok().filter(|value| value.is_finite());
    match number.contains(['e', 'E']).then(value).flatten() {
        Some(value) => value.to_string().into(),
        None => number.into(),
    }
}
