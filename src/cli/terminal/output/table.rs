//! Aligned columns with a header, for people.
use std::io::Write;

use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use votekit::report::{Report, Value};

use super::render::{Look, Place, Rows};
use super::values::for_people;
use crate::cli::terminal::console::printable;
use crate::cli::terminal::exit;

/// Only a rule under the header, so that text copied from a terminal stays readable.
const RULED_HEADER: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::new(' ', ' ', ' '))
    .header_separator(LineStyle::new('─', '─', '─', '─'))
    .content_lines(ContentLineStyle::new(' ', ' ', ' '));

/// A table is laid out as a whole, so a streamed one is limited to this many rows.
const STREAMED_ROWS_MOST: usize = 100_000;

struct Laid<'a> {
    table: Table,
    look: Look,
    is_sample: bool,
    rows_name: String,
    beside: String,
    rows: usize,
    /// Whether a column holds numbers and is right-aligned.
    is_right: Vec<bool>,
    out: Box<dyn Write + 'a>,
}

/// Begins a table.
///
/// # Errors
/// None.
pub(super) fn begin<'a>(head: &Report, look: Look, out: Box<dyn Write + 'a>) -> anyhow::Result<Box<dyn Rows + 'a>> {
    let mut table = Table::new();
    table.load_style(RULED_HEADER).set_content_arrangement(ContentArrangement::Dynamic);
    if look.styled {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    // A terminal that does not know its width reports 0.
    if table.width() == Some(0) {
        table.set_content_arrangement(ContentArrangement::Disabled);
    }
    table.set_header(head.columns.iter().map(|name| {
        let cell = Cell::new(printable(name));
        if look.styled { cell.add_attribute(Attribute::Bold) } else { cell }
    }));
    Ok(Box::new(Laid {
        table,
        look,
        is_sample: head.is_sample(),
        rows_name: head.rows_name.clone(),
        beside: beside(head, look.human_bytes),
        rows: 0,
        is_right: vec![false; head.columns.len()],
        out,
    }))
}

/// The totals, one per line.
pub(crate) fn beside(report: &Report, human: bool) -> String {
    let line = |(name, value): &(String, Value)| format!("  {}: {}\n", printable(name), for_people(value, human));
    report.beside.iter().map(line).collect()
}

impl Rows for Laid<'_> {
    fn row(&mut self, row: &[Value]) -> anyhow::Result<()> {
        if self.look.place == Place::Streamed && self.rows == STREAMED_ROWS_MOST {
            return Err(exit::misuse(format!(
                "more than 100,000 {} do not fit into a table: use --format csv, json or plain",
                self.rows_name
            )));
        }
        self.rows += 1;
        let mut cells = Vec::with_capacity(row.len());
        for (value, is_right) in row.iter().zip(&mut self.is_right) {
            let cell = Cell::new(for_people(value, self.look.human_bytes));
            cells.push(match value {
                // Aligned like the values of its column.
                Value::Null => cell,
                Value::Text(_) | Value::Id(_) | Value::Other => cell.set_alignment(CellAlignment::Left),
                _ => {
                    *is_right = true;
                    cell.set_alignment(CellAlignment::Right)
                }
            });
        }
        self.table.add_row(cells);
        Ok(())
    }

    fn end(self: Box<Self>) -> anyhow::Result<()> {
        let Laid { mut table, look, is_sample, beside, is_right, mut out, .. } = *self;
        if is_sample {
            let (bold, normal) = if look.styled { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
            writeln!(out, "{bold}built-in sample{normal}\n")?;
        }
        for (column, _) in table.column_iter_mut().zip(is_right).filter(|(_, is_right)| *is_right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for line in table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        if !beside.is_empty() {
            writeln!(out)?;
        }
        out.write_all(beside.as_bytes())?;
        Ok(out.flush()?)
    }
}
