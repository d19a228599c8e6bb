//! A [`Report`] on stdout, in one of several formats. A format is a file here and an arm of [`Format::traits`].
mod csv;
mod json;
mod plain;
mod render;
mod table;
mod values;

use std::io::{self, BufWriter, IsTerminal, Write};

use anyhow::Context;
use votekit::report::{Report, Value};

pub(crate) use self::render::Place;
use self::render::{Begin, Look, Rows};
pub(crate) use self::table::beside;
pub(crate) use self::values::{for_people, grouped};
use super::console::Console;

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Aligned columns with a header, for people (the default on a terminal)
    Table,
    /// No header, tab separated, for cut and awk (the default into a pipe or file)
    Plain,
    /// A header and quoted fields (RFC 4180)
    Csv,
    /// One JSON document with `snake_case` keys
    Json,
}

/// The properties of a format.
#[derive(Clone, Copy)]
pub(crate) struct Traits {
    /// Whether it shows totals, and columns that are derived from others.
    pub is_rich: bool,
    /// Whether it is for people, so that a chart may replace it.
    pub is_for_people: bool,
    /// Whether, on a terminal, each state of a result replaces the previous one.
    pub is_redrawn: bool,
    /// The text after each of several consecutive results; None if it can hold only one.
    pub end_in_series: Option<&'static str>,
    begin: Begin,
}

impl Format {
    /// The format that was asked for, else the default for stdout.
    pub(crate) fn or_default(asked: Option<Format>) -> Format {
        asked.unwrap_or(if io::stdout().is_terminal() { Format::Table } else { Format::Plain })
    }

    /// The properties of this format.
    pub(crate) fn traits(self) -> Traits {
        let base = Traits {
            is_rich: false,
            is_for_people: false,
            is_redrawn: false,
            end_in_series: None,
            begin: plain::begin,
        };
        match self {
            Format::Table => Traits {
                is_rich: true,
                is_for_people: true,
                is_redrawn: true,
                end_in_series: Some(""),
                begin: table::begin,
            },
            Format::Plain => Traits { is_for_people: true, end_in_series: Some("\n"), ..base },
            Format::Csv => Traits { begin: csv::begin, ..base },
            Format::Json => Traits { is_rich: true, end_in_series: Some(""), begin: json::begin, ..base },
        }
    }
}

/// Writes `report` to stdout.
///
/// # Errors
/// When stdout cannot be written: a full disk, a closed pipe.
pub(crate) fn print(report: &Report, format: Format, console: &Console) -> anyhow::Result<()> {
    write_stdout(&text(report, format, Place::Alone, console)?)
}

/// Renders `report` for stdout.
///
/// # Errors
/// None that data could cause.
pub(crate) fn text(report: &Report, format: Format, place: Place, console: &Console) -> anyhow::Result<String> {
    render(report, format, Look::stdout(console, place))
}

fn render(report: &Report, format: Format, look: Look) -> anyhow::Result<String> {
    let mut text = Vec::new();
    let mut rows = (format.traits().begin)(report, look, Box::new(&mut text))?;
    for row in &report.rows {
        rows.row(row)?;
    }
    rows.end()?;
    Ok(String::from_utf8(text)?)
}

const FAILED: &str = "cannot write the result to stdout";

/// Writes `text` to stdout. Nothing in it but `\n`, `\t` and our own styles can control a terminal, because every format
/// escapes data.
///
/// # Errors
/// When stdout cannot be written.
pub(crate) fn write_stdout(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context(FAILED)
}

/// A report on stdout whose rows are written as they are found.
pub(crate) struct Stream(Box<dyn Rows>);

impl Stream {
    /// Begins a report with the columns of `head`.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(crate) fn begin(head: &Report, format: Format, console: &Console) -> anyhow::Result<Self> {
        let out = Box::new(BufWriter::with_capacity(1 << 16, io::stdout()));
        (format.traits().begin)(head, Look::stdout(console, Place::Streamed), out).map(Stream).map_err(failed)
    }

    /// Writes a row with one value per column.
    ///
    /// # Errors
    /// When stdout cannot be written, or there are more rows than the format can lay out.
    pub(crate) fn row(&mut self, row: &[Value]) -> anyhow::Result<()> {
        self.0.row(row).map_err(failed)
    }

    /// Writes what comes after the last row.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub(crate) fn end(self) -> anyhow::Result<()> {
        self.0.end().map_err(failed)
    }
}

/// Adds context to errors of stdout; others are clear by themselves.
fn failed(error: anyhow::Error) -> anyhow::Error {
    if error.is::<io::Error>() { error.context(FAILED) } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(report: &Report, format: Format, place: Place, human_bytes: bool) -> String {
        render(report, format, Look { styled: false, human_bytes, to_terminal: false, place }).unwrap()
    }

    fn sample() -> Report {
        let mut report = Report::table("candidates", &["name", "num_vote", "share"]);
        report.row([Value::from("薯片"), Value::Count(1234567), Value::Share(2.0 / 3.0)]);
        report.row([Value::from("a\tb\x1b\"c"), Value::Null, Value::Share(0.0)]);
        report.beside("total", 3u64);
        report
    }

    #[test]
    fn plain_has_no_header_and_keeps_its_columns_whatever_the_text() {
        let plain = |report: &Report| rendered(report, Format::Plain, Place::Alone, false);
        assert_eq!(plain(&sample()), "薯片\t1234567\t0.666667\na\\tb\\u{1b}\"c\t\t0\n");
        assert_eq!(plain(&Report::figure("bytes", Value::Bytes(u128::MAX))), format!("{}\n", u128::MAX));
    }

    #[test]
    fn human_bytes_are_for_people_only() {
        let report = Report::figure("bytes", Value::Bytes(1_500_000));
        let text = |format| rendered(&report, format, Place::Alone, true);
        assert_eq!(text(Format::Plain), "1.5 MB\n");
        assert!(text(Format::Table).contains("1.5 MB"));
        assert!(text(Format::Csv).contains("1500000") && text(Format::Json).contains("1500000"));
    }

    #[test]
    fn json_is_one_document_wherever_it_stands() {
        let json = |report: &Report, place| rendered(report, Format::Json, place, false);
        for place in [Place::Alone, Place::InSeries, Place::Streamed] {
            let parsed: serde_json::Value = serde_json::from_str(&json(&sample(), place)).unwrap();
            assert_eq!(parsed["candidates"][1]["name"], "a\tb\x1b\"c");
            assert_eq!(parsed["candidates"][0]["num_vote"], 1234567);
            assert_eq!(parsed["total"], 3);
        }
        let mut report = Report::table("r", &["a", "b"]);
        report.row([Value::Id(1), Value::Null]);
        report.row([Value::Flag(true), Value::Share(0.5)]);
        let rows =
            "    {\n      \"a\": 1,\n      \"b\": null\n    },\n    {\n      \"a\": true,\n      \"b\": 0.5\n    }\n";
        assert_eq!(json(&report, Place::Alone), format!("{{\n  \"r\": [\n{rows}  ]\n}}\n"));
        assert_eq!(json(&report, Place::InSeries), "{\"r\":[{\"a\":1,\"b\":null},{\"a\":true,\"b\":0.5}]}\n");
        assert_eq!(json(&report, Place::Streamed), "{\"r\": [\n{\"a\":1,\"b\":null},\n{\"a\":true,\"b\":0.5}\n]}\n");
        let empty = Report::table("r", &["a"]);
        assert_eq!(json(&empty, Place::Alone), "{\n  \"r\": []\n}\n");
        assert_eq!(json(&empty, Place::Streamed), "{\"r\": []}\n");
    }

    #[test]
    fn a_single_figure_is_a_flat_object_that_steers_nothing() {
        let json = |report: &Report| rendered(report, Format::Json, Place::Alone, false);
        assert_eq!(json(&Report::figure("bytes", Value::Bytes(5))), "{\n  \"bytes\": 5\n}\n");
        assert_eq!(json(&Report::figure("x", "\u{7f}\u{9b}\u{202e}")), "{\n  \"x\": \"\\u007f\\u009b\\u202e\"\n}\n");
    }

    #[test]
    fn the_question_comes_first_and_the_rest_of_all_groups_has_no_keys() {
        let mut report = Report::table("groups", &["day", "ext", "bytes"]);
        report.row(["2019-08-24".into(), "jpg".into(), Value::Bytes(5)]);
        report.row([Value::Other, Value::Null, Value::Bytes(7)]);
        report.beside("bytes", Value::Bytes(12));
        report.asked("by", "day,ext");
        report.asked("top", Value::Null);
        let text = |format| rendered(&report, format, Place::InSeries, false);
        assert_eq!(
            text(Format::Json),
            "{\"question\":{\"by\":\"day,ext\",\"top\":null},\"bytes\":12,\"groups\":[\
             {\"day\":\"2019-08-24\",\"ext\":\"jpg\",\"bytes\":5},{\"other\":true,\"bytes\":7}]}\n"
        );
        assert!(text(Format::Plain).ends_with("(other)\t\t7\n"));
        assert!(text(Format::Table).contains("\n  (other)      "), "{}", text(Format::Table));
    }

    #[test]
    fn a_figure_about_sample_data_says_so_in_every_format() {
        let report = Report::sample("bytes", Value::Bytes(1234));
        let text = |format| rendered(&report, format, Place::Alone, false);
        assert_eq!(text(Format::Plain), "sample\t1234\n");
        assert_eq!(text(Format::Csv), "sample_bytes\n1234\n");
        assert_eq!(text(Format::Json), "{\n  \"sample\": {\n    \"bytes\": 1234\n  }\n}\n");
        let table = text(Format::Table);
        assert!(table.starts_with("built-in sample\n") && table.contains("1,234"), "{table}");
        assert_eq!(rendered(&report, Format::Json, Place::InSeries, false), "{\"sample\":{\"bytes\":1234}}\n");
    }

    #[test]
    fn csv_quotes() {
        let text = rendered(&sample(), Format::Csv, Place::Alone, false);
        assert_eq!(text, "name,num_vote,share\n薯片,1234567,0.666667\n\"a\tb\x1b\"\"c\",,0\n");
    }

    #[test]
    fn tables_line_up_wide_characters() {
        let text = rendered(&sample(), Format::Table, Place::Alone, false);
        assert!(text.contains("  薯片           1,234,567   66.7 %\n"), "{text}");
        assert!(text.ends_with("\n  total: 3\n"), "{text}");
    }

    #[test]
    fn ids_are_read_like_names() {
        let mut report = Report::table("votes", &["vote_id", "n"]);
        report.row([Value::Id(1234), Value::Count(1234)]);
        assert!(rendered(&report, Format::Table, Place::Alone, false).contains("  1234"));
        assert_eq!(rendered(&report, Format::Plain, Place::Alone, false), "1234\t1234\n");
    }
}
