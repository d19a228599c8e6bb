//! Tab-separated rows without a header.
use std::io::Write;

use votekit::report::{Report, Value};
use votekit::units::byte_size;

use super::render::{Look, Rows};
use super::values::for_programs;
use crate::cli::terminal::console::printable;

struct Plain<'a> {
    look: Look,
    is_sample: bool,
    out: Box<dyn Write + 'a>,
}

/// Begins a report in plain text.
///
/// # Errors
/// None.
pub(super) fn begin<'a>(head: &Report, look: Look, out: Box<dyn Write + 'a>) -> anyhow::Result<Box<dyn Rows + 'a>> {
    Ok(Box::new(Plain { look, is_sample: head.is_sample(), out }))
}

impl Rows for Plain<'_> {
    fn row(&mut self, row: &[Value]) -> anyhow::Result<()> {
        if self.is_sample {
            self.out.write_all(b"sample\t")?;
        }
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                self.out.write_all(b"\t")?;
            }
            match value {
                Value::Bytes(number) if self.look.human_bytes => {
                    self.out.write_all(byte_size::human(*number).as_bytes())?;
                }
                value => self.out.write_all(printable(&for_programs(value)).as_bytes())?,
            }
        }
        Ok(self.out.write_all(b"\n")?)
    }

    fn end(mut self: Box<Self>) -> anyhow::Result<()> {
        Ok(self.out.flush()?)
    }
}
