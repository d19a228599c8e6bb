//! A [`Report`] as table, plain text, CSV or JSON on stdout.
use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use anyhow::Context;
use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use votekit::report::{Report, Value};
use votekit::units::byte_size;

use super::console::{Console, is_unprintable, printable};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned columns with a header, for people (the default on a terminal)
    Table,
    /// No header, tab separated, for cut and awk (the default into a pipe or file)
    Plain,
    /// A header and quoted fields (RFC 4180)
    Csv,
    /// One JSON document with snake_case keys
    Json,
}

impl Format {
    /// What was asked, else what suits whoever reads stdout.
    pub fn or_default(asked: Option<Format>) -> Format {
        asked.unwrap_or(if io::stdout().is_terminal() { Format::Table } else { Format::Plain })
    }
}

/// Writes `report` to stdout.
///
/// # Errors
/// When stdout cannot be written: a full disk, a closed pipe.
pub fn print(report: &Report, format: Format, console: &Console) -> anyhow::Result<()> {
    write_stdout(&text(report, format, console)?)
}

/// `report` as it is written to stdout.
///
/// # Errors
/// None that data could cause.
pub fn text(report: &Report, format: Format, console: &Console) -> anyhow::Result<String> {
    Ok(match format {
        Format::Table => table(report, console.colors_stdout(), console.human_bytes()),
        Format::Plain => plain(report, console.human_bytes()),
        Format::Csv => csv(report)?,
        Format::Json => json(report, serde_json::to_string_pretty)?,
    })
}

/// `report` as one line of JSON, for results that come one after the other.
///
/// # Errors
/// None that data could cause.
pub fn json_line(report: &Report) -> anyhow::Result<String> {
    json(report, serde_json::to_string)
}

/// Writes `text` to stdout; on a terminal nothing in it but `\n`, `\t` and our own styles can steer it, because every
/// format escapes data there.
///
/// # Errors
/// When stdout cannot be written.
pub fn write_stdout(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context("cannot write the result to stdout")
}

/// A rule under the header and nothing else: what is copied out of a terminal stays readable.
const RULED_HEADER: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::new(' ', ' ', ' '))
    .header_separator(LineStyle::new('─', '─', '─', '─'))
    .content_lines(ContentLineStyle::new(' ', ' ', ' '));

fn table(report: &Report, styled: bool, human: bool) -> String {
    let mut table = Table::new();
    table.load_style(RULED_HEADER).set_content_arrangement(ContentArrangement::Dynamic);
    if styled {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    // A terminal that does not know its width says 0.
    if table.width() == Some(0) {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table.set_header(report.columns.iter().map(|name| {
        let cell = Cell::new(printable(name));
        if styled { cell.add_attribute(Attribute::Bold) } else { cell }
    }));
    for row in &report.rows {
        table.add_row(row.iter().map(|value| {
            let cell = Cell::new(for_people(value, human));
            match value {
                // Nothing stands where its column's values stand.
                Value::Null => cell,
                Value::Text(_) => cell.set_alignment(CellAlignment::Left),
                _ => cell.set_alignment(CellAlignment::Right),
            }
        }));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        if report.rows.iter().any(|row| !matches!(row[index], Value::Text(_) | Value::Null)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if !report.beside.is_empty() {
        text.push('\n');
    }
    text.push_str(&beside(report, human));
    text
}

/// The figures beside the rows, a line each, as a table has them below it.
pub fn beside(report: &Report, human: bool) -> String {
    let line = |(name, value): &(String, Value)| format!("  {}: {}\n", printable(name), for_people(value, human));
    report.beside.iter().map(line).collect()
}

/// A value as a person reads it; bytes as `12.1 GB` when `human` is set, else every digit of them.
pub fn for_people(value: &Value, human: bool) -> Cow<'_, str> {
    match value {
        Value::Bytes(number) if human => byte_size::human(*number).into(),
        Value::Null => "-".into(),
        Value::Text(text) => printable(text),
        Value::Count(number) | Value::Bytes(number) => grouped(*number).into(),
        Value::Share(share) => format!("{:.1} %", share * 100.0).into(),
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.into(),
    }
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn for_programs(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => "".into(),
        Value::Text(text) => text.into(),
        Value::Count(number) | Value::Bytes(number) => number.to_string().into(),
        Value::Share(share) => rounded(*share).to_string().into(),
        Value::Flag(flag) => if *flag { "true" } else { "false" }.into(),
    }
}

/// A share to six places: more would be noise.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

fn plain(report: &Report, human: bool) -> String {
    let mut text = String::new();
    for row in &report.rows {
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                text.push('\t');
            }
            match value {
                Value::Bytes(number) if human => text.push_str(&byte_size::human(*number)),
                value => text.push_str(&printable(&for_programs(value))),
            }
        }
        text.push('\n');
    }
    text
}

fn csv(report: &Report) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&report.columns)?;
    let to_terminal = io::stdout().is_terminal();
    for row in &report.rows {
        let fields = row
            .iter()
            .map(for_programs)
            .map(|field| if to_terminal { printable(&field).into_owned() } else { field.into_owned() });
        writer.write_record(fields)?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn json<'a>(report: &'a Report, write: impl FnOnce(&Json<'a>) -> serde_json::Result<String>) -> anyhow::Result<String> {
    let text = write(&Json(report))?;
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // serde_json escapes C0; what else steers a terminal can stand only inside strings, where an escape means the same.
        if is_unprintable(c) && c != '\n' { out.push_str(&format!("\\u{:04x}", u32::from(c))) } else { out.push(c) }
    }
    out.push('\n');
    Ok(out)
}

struct Json<'a>(&'a Report);
struct JsonRows<'a>(&'a Report);
struct JsonRow<'a>(&'a [String], &'a [Value]);
struct JsonValue<'a>(&'a Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.0;
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in report.beside.iter().map(|(name, value)| (name, value)) {
            map.serialize_entry(name, &JsonValue(value))?;
        }
        if report.is_single() {
            for (name, value) in report.columns.iter().zip(report.rows.iter().flatten()) {
                map.serialize_entry(name, &JsonValue(value))?;
            }
        } else {
            map.serialize_entry(&report.rows_name, &JsonRows(report))?;
        }
        map.end()
    }
}

impl Serialize for JsonRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.rows.len()))?;
        for row in &self.0.rows {
            seq.serialize_element(&JsonRow(&self.0.columns, row))?;
        }
        seq.end()
    }
}

impl Serialize for JsonRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().zip(self.1.iter().map(JsonValue)))
    }
}

impl Serialize for JsonValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => serializer.serialize_none(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Count(number) | Value::Bytes(number) => serializer.serialize_u128(*number),
            Value::Share(share) => serializer.serialize_f64(rounded(*share)),
            Value::Flag(flag) => serializer.serialize_bool(*flag),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Report {
        let mut report = Report::table("candidates", &["name", "num_vote", "share"]);
        report.row([Value::from("薯片"), Value::Count(1234567), Value::Share(2.0 / 3.0)]);
        report.row([Value::from("a\tb\x1b\"c"), Value::Null, Value::Share(0.0)]);
        report.beside("total", 3u64);
        report
    }

    #[test]
    fn plain_has_no_header_and_keeps_its_columns_whatever_the_text() {
        assert_eq!(plain(&sample(), false), "薯片\t1234567\t0.666667\na\\tb\\u{1b}\"c\t\t0\n");
        assert_eq!(plain(&Report::figure("bytes", Value::Bytes(u128::MAX)), false), format!("{}\n", u128::MAX));
    }

    #[test]
    fn human_bytes_are_for_people_only() {
        let report = Report::figure("bytes", Value::Bytes(1_500_000));
        assert_eq!(plain(&report, true), "1.5 MB\n");
        assert!(table(&report, false, true).contains("1.5 MB"));
        assert!(csv(&report).unwrap().contains("1500000") && json_line(&report).unwrap().contains("1500000"));
    }

    #[test]
    fn json_is_one_document() {
        let parsed: serde_json::Value =
            serde_json::from_str(&json(&sample(), serde_json::to_string_pretty).unwrap()).unwrap();
        assert_eq!(parsed["candidates"][1]["name"], "a\tb\x1b\"c");
        assert_eq!(parsed["candidates"][0]["num_vote"], 1234567);
        assert_eq!(parsed["total"], 3);
        assert_eq!(
            json(&Report::figure("bytes", Value::Bytes(5)), serde_json::to_string_pretty).unwrap(),
            "{\n  \"bytes\": 5\n}\n"
        );
        let steering = json(&Report::figure("x", "\u{7f}\u{9b}\u{202e}"), serde_json::to_string_pretty).unwrap();
        assert_eq!(steering, "{\n  \"x\": \"\\u007f\\u009b\\u202e\"\n}\n");
    }

    #[test]
    fn csv_quotes() {
        assert_eq!(csv(&sample()).unwrap(), "name,num_vote,share\n薯片,1234567,0.666667\n\"a\tb\x1b\"\"c\",,0\n");
    }

    #[test]
    fn tables_line_up_wide_characters() {
        let text = table(&sample(), false, false);
        assert!(text.contains("  薯片           1,234,567   66.7 %\n"), "{text}");
        assert!(text.ends_with("\n  total: 3\n"), "{text}");
    }
}
