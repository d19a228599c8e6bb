//! Logs of JSON lines.
use std::borrow::Cow;

use super::super::read_time::read_moment;
use super::super::record::{Column, Row, RowError, read_size, without_dash};
use super::line::ReadLine;
use super::needs::Needs;
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
    /// Users choose the names, and these are only the usual ones, so any object may be a row.
    pub are_chosen: bool,
}

impl Keys {
    /// The number of `lines` with a time, a size and a URL under these names. If there are none, the number of objects that
    /// may have them under other names.
    pub(super) fn weight(&self, lines: &[&[u8]]) -> (usize, usize) {
        let fields = JsonFields::new([self.when, self.size, self.url]);
        let (mut rows, mut objects) = (0, 0);
        for row in lines.iter().filter(|line| line.contains(&b'{')).filter_map(|line| fields.read(line).ok()) {
            objects += usize::from(self.are_chosen);
            rows += usize::from((WHEN..=URL).all(|field| *row.get(field) != JsonValue::Absent));
        }
        if rows > 0 { (rows, 0) } else { (0, objects) }
    }
}

const WHEN: usize = 0;
const SIZE: usize = 1;
const URL: usize = 2;
/// Index of the first additional column.
const COLUMNS: usize = 3;

/// Reads the JSON lines of one CDN.
#[derive(Debug)]
pub(super) struct Json {
    format: &'static str,
    keys: &'static Keys,
    fields: JsonFields,
    columns: usize,
    needs_time: bool,
    date_order: DateOrder,
}

impl Json {
    /// A reader for the names `keys` in logs of `format`.
    pub(super) fn new(keys: &'static Keys, format: &'static str, needs: &Needs) -> Self {
        let column = |column: &Column| match column {
            Column::ContentType => keys.content_type.iter().map(|name| (*name).to_owned()).collect(),
            Column::Status => keys.status.iter().map(|name| (*name).to_owned()).collect(),
            Column::Host => keys.host.iter().map(|name| (*name).to_owned()).collect(),
            Column::Named(name) => vec![name.clone()],
        };
        let known = [keys.when, keys.size, keys.url].map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let fields =
            JsonFields::new(known.into_iter().chain(needs.columns.iter().map(column)).collect::<Vec<Vec<_>>>());
        Json {
            format,
            keys,
            fields,
            columns: needs.columns.len(),
            needs_time: needs.time,
            date_order: needs.date_order,
        }
    }

    fn needed<'a>(&self, row: &'a JsonRow<'_, '_>, field: usize, names: &[&str]) -> Result<&'a str, RowError> {
        let missing = || RowError::Shape { format: self.format, reason: format!("no {}", names.join(" or ")) };
        row.get(field).text().ok_or_else(missing)
    }
}

impl ReadLine for Json {
    fn read(&self, line: &[u8], then: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowError> {
        let row = self.fields.read(line).map_err(|fault| RowError::of(self.format, fault))?;
        let when = match row.get(WHEN) {
            JsonValue::Number(number) => written_out(number),
            _ => self.needed(&row, WHEN, self.keys.when)?.into(),
        };
        let moment = read_moment(when.as_bytes(), self.needs_time, self.date_order)?;
        let size_bytes = read_size(self.needed(&row, SIZE, self.keys.size)?.as_bytes())?;
        let url = self.needed(&row, URL, self.keys.url)?.as_bytes();
        let column = |column| without_dash(row.get(COLUMNS + column).text().unwrap_or_default().as_bytes());
        let columns: Vec<&[u8]> = (0..self.columns).map(column).collect();
        then(&Row { moment, size_bytes, url, columns: &columns });
        Ok(())
    }

    fn without_host(&self) -> Option<Vec<String>> {
        let known = [self.keys.when, self.keys.size, self.keys.url, self.keys.status].concat();
        self.keys.host.is_empty().then(|| known.into_iter().map(str::to_owned).collect())
    }
}

/// Writes a number without exponent: some programs log `1.7053632e9` seconds.
fn written_out(number: &str) -> Cow<'_, str> {
    let value = || number.parse::<f64>().ok().filter(|value| value.is_finite());
    match number.contains(['e', 'E']).then(value).flatten() {
        Some(value) => value.to_string().into(),
        None => number.into(),
    }
}
