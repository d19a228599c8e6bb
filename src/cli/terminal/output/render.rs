//! The interface of a format's renderer.
use std::io::{self, IsTerminal, Write};

use votekit::report::{Report, Value};

use crate::cli::terminal::console::Console;

/// Writes the rows of a report one by one.
pub(super) trait Rows {
    /// Writes a row with one value per column, or keeps it until the end.
    ///
    /// # Errors
    /// When it cannot be written, or there are more rows than the format can lay out.
    fn row(&mut self, row: &[Value]) -> anyhow::Result<()>;

    /// Writes what comes after the last row.
    ///
    /// # Errors
    /// When it cannot be written.
    fn end(self: Box<Self>) -> anyhow::Result<()>;
}

/// Begins a report with the columns and totals of `head`. The returned value takes the rows.
///
/// # Errors
/// When what comes before the rows cannot be written.
pub(super) type Begin =
    for<'a> fn(head: &Report, look: Look, out: Box<dyn Write + 'a>) -> anyhow::Result<Box<dyn Rows + 'a>>;

/// How a report is written, in any format.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Whether styles may be used.
    pub styled: bool,
    /// Whether bytes are shown as `12.1 GB`.
    pub human_bytes: bool,
    /// Whether it goes to a terminal, which data must not control.
    pub to_terminal: bool,
    /// Its place in the output.
    pub place: Place,
}

/// The place of a report in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The whole output, with all rows known.
    Alone,
    /// One of several states of the same result.
    InSeries,
    /// The whole output, with rows written as they are found.
    Streamed,
}

impl Look {
    /// The look for stdout.
    pub(super) fn stdout(console: &Console, place: Place) -> Self {
        Look {
            styled: console.colors_stdout(),
            human_bytes: console.human_bytes(),
            to_terminal: io::stdout().is_terminal(),
            place,
        }
    }
}
