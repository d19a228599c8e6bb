//! What a format's renderer is given, and what it does.
use std::io::{self, IsTerminal, Write};

use votekit::report::{Report, Value};

use crate::cli::terminal::console::Console;

/// Takes a report's rows one by one and writes them.
pub(super) trait Rows {
    /// Writes a row, or keeps it to the end; it has one value a column.
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

/// Begins a report that has the columns of `head`, and the figures beside its rows; the rows are given to what it returns.
///
/// # Errors
/// When what comes before the rows cannot be written.
pub(super) type Begin =
    for<'a> fn(head: &Report, look: Look, out: Box<dyn Write + 'a>) -> anyhow::Result<Box<dyn Rows + 'a>>;

/// How a report is written, whatever its format.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// Whether styles may be used.
    pub styled: bool,
    /// Whether people read bytes as `12.1 GB`.
    pub human_bytes: bool,
    /// Whether it goes to a terminal, which data must not steer.
    pub to_terminal: bool,
    /// Where it stands.
    pub place: Place,
}

/// Where a report stands in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is all of the output, and its rows are known.
    Alone,
    /// It is one of several states of the same result.
    InSeries,
    /// It is all of the output, and its rows are written as they are found.
    Streamed,
}

impl Look {
    /// What suits stdout.
    pub(super) fn stdout(console: &Console, place: Place) -> Self {
        Look {
            styled: console.colors_stdout(),
            human_bytes: console.human_bytes(),
            to_terminal: io::stdout().is_terminal(),
            place,
        }
    }
}
