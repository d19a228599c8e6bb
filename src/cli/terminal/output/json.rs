//! One JSON document: the figures beside the rows, then the rows as objects.
use std::io::Write;

use votekit::report::{Report, Value};

use super::render::{Look, Place, Rows};
use super::values::rounded;
use crate::cli::terminal::console::printable_json;

/// What stands before, between and after the parts of a document.
struct Spacing {
    /// Before the first entry, between entries, and after the last.
    entries: [&'static str; 3],
    entry_colon: &'static str,
    /// The same for rows.
    rows: [&'static str; 3],
    /// The same for a row's fields.
    fields: [&'static str; 3],
    field_colon: &'static str,
}

/// Indented, for people who look into it.
const INDENTED: Spacing = Spacing {
    entries: ["\n  ", ",\n  ", "\n"],
    entry_colon: ": ",
    rows: ["\n    ", ",\n    ", "\n  "],
    fields: ["\n      ", ",\n      ", "\n    "],
    field_colon: ": ",
};

/// A line a document.
const LINE: Spacing =
    Spacing { entries: ["", ",", ""], entry_colon: ":", rows: ["", ",", ""], fields: ["", ",", ""], field_colon: ":" };

/// A line a row.
const LINES: Spacing = Spacing { entry_colon: ": ", rows: ["\n", ",\n", "\n"], ..LINE };

struct Json<'a> {
    out: Box<dyn Write + 'a>,
    spacing: Spacing,
    /// The columns' names, quoted.
    columns: Vec<String>,
    is_single: bool,
    is_sample: bool,
    entries: usize,
    rows: usize,
}

/// Begins a report in JSON.
///
/// # Errors
/// When what comes before the rows cannot be written.
pub(super) fn begin<'a>(head: &Report, look: Look, out: Box<dyn Write + 'a>) -> anyhow::Result<Box<dyn Rows + 'a>> {
    let spacing = match look.place {
        Place::Alone => INDENTED,
        Place::InSeries => LINE,
        Place::Streamed => LINES,
    };
    let columns = head.columns.iter().map(|name| text(name)).collect::<Result<_, _>>()?;
    let mut json =
        Json { out, spacing, columns, is_single: head.is_single(), is_sample: head.is_sample(), entries: 0, rows: 0 };
    json.out.write_all(b"{")?;
    json.question(&head.question)?;
    for (name, value) in &head.beside {
        let value = value_text(value)?;
        json.entry(&text(name)?)?;
        json.out.write_all(value.as_bytes())?;
    }
    if !json.is_single {
        json.entry(&text(&head.rows_name)?)?;
        json.out.write_all(b"[")?;
    }
    Ok(Box::new(json))
}

impl Json<'_> {
    /// The object that echoes what was asked.
    fn question(&mut self, question: &[(String, Value)]) -> anyhow::Result<()> {
        if question.is_empty() {
            return Ok(());
        }
        self.entry("\"question\"")?;
        self.out.write_all(b"{")?;
        let [before, between, after] = self.spacing.rows;
        for (index, (name, value)) in question.iter().enumerate() {
            let spacing = if index == 0 { before } else { between };
            write!(self.out, "{spacing}{}{}{}", text(name)?, self.spacing.field_colon, value_text(value)?)?;
        }
        write!(self.out, "{after}}}")?;
        Ok(())
    }

    /// Begins an entry of the document; `name` is quoted.
    fn entry(&mut self, name: &str) -> std::io::Result<()> {
        let before = self.spacing.entries[usize::from(self.entries > 0)];
        self.entries += 1;
        write!(self.out, "{before}{name}{}", self.spacing.entry_colon)
    }
}

impl Rows for Json<'_> {
    fn row(&mut self, row: &[Value]) -> anyhow::Result<()> {
        if self.is_sample {
            self.entry("\"sample\"")?;
            write!(self.out, "{{")?;
            for (index, (name, value)) in self.columns.iter().zip(row).enumerate() {
                let [before, between, _] = self.spacing.rows;
                let spacing = if index == 0 { before } else { between };
                write!(self.out, "{spacing}{name}{}{}", self.spacing.field_colon, value_text(value)?)?;
            }
            write!(self.out, "{}}}", self.spacing.rows[2])?;
            return Ok(());
        }
        if self.is_single {
            for (name, value) in std::mem::take(&mut self.columns).iter().zip(row) {
                self.entry(name)?;
                self.out.write_all(value_text(value)?.as_bytes())?;
            }
            return Ok(());
        }
        let Spacing { rows, fields, field_colon, .. } = &self.spacing;
        write!(self.out, "{}{{", rows[usize::from(self.rows > 0)])?;
        // Keys that the rest of all groups does not have are left out.
        let is_other = row.first() == Some(&Value::Other);
        let values = self.columns.iter().zip(row).filter(|(_, value)| !is_other || **value != Value::Null);
        for (index, (name, value)) in values.enumerate() {
            let name = if *value == Value::Other { "\"other\"" } else { name };
            write!(self.out, "{}{name}{field_colon}{}", fields[usize::from(index > 0)], value_text(value)?)?;
        }
        write!(self.out, "{}}}", fields[2])?;
        self.rows += 1;
        Ok(())
    }

    fn end(mut self: Box<Self>) -> anyhow::Result<()> {
        if !self.is_single {
            let after = if self.rows > 0 { self.spacing.rows[2] } else { "" };
            write!(self.out, "{after}]")?;
        }
        writeln!(self.out, "{}}}", self.spacing.entries[2])?;
        Ok(self.out.flush()?)
    }
}

fn value_text(value: &Value) -> serde_json::Result<String> {
    match value {
        Value::Null => Ok("null".to_owned()),
        Value::Text(words) => text(words),
        Value::Id(id) => Ok(id.to_string()),
        Value::Count(number) | Value::Bytes(number) => Ok(number.to_string()),
        Value::Share(share) => serde_json::to_string(&rounded(*share)),
        Value::Flag(flag) => Ok(flag.to_string()),
        Value::Other => Ok("true".to_owned()),
    }
}

fn text(words: &str) -> serde_json::Result<String> {
    Ok(printable_json(&serde_json::to_string(words)?).into_owned())
}
