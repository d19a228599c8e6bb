//! CSV with a header (RFC 4180).
use std::io::{self, Write};

use votekit::report::{Report, Value};

use super::render::{Look, Rows};
use super::values::for_programs;
use crate::cli::terminal::console::printable;

struct Csv<'a> {
    look: Look,
    writer: ::csv::Writer<Box<dyn Write + 'a>>,
}

/// Begins a report in CSV.
///
/// # Errors
/// When the header cannot be written.
pub(super) fn begin<'a>(head: &Report, look: Look, out: Box<dyn Write + 'a>) -> anyhow::Result<Box<dyn Rows + 'a>> {
    let mut writer = ::csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(out);
    let prefix = if head.is_sample() { "sample_" } else { "" };
    writer.write_record(head.columns.iter().map(|name| format!("{prefix}{name}"))).map_err(cause)?;
    Ok(Box::new(Csv { look, writer }))
}

impl Rows for Csv<'_> {
    fn row(&mut self, row: &[Value]) -> anyhow::Result<()> {
        for value in row {
            let field = for_programs(value);
            let field = if self.look.to_terminal { printable(&field) } else { field };
            self.writer.write_field(field.as_bytes()).map_err(cause)?;
        }
        Ok(self.writer.write_record(None::<&[u8]>).map_err(cause)?)
    }

    fn end(mut self: Box<Self>) -> anyhow::Result<()> {
        Ok(self.writer.flush()?)
    }
}

/// The I/O error inside: a closed pipe is recognised by its kind.
fn cause(error: ::csv::Error) -> io::Error {
    match error.into_kind() {
        ::csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
