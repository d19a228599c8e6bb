//! What a run needs from a log, and what the user says about its format.
use super::super::record::Column;
use crate::rows::Delimited;
use crate::units::DateOrder;

/// What a run asks of rows besides day, size and URL, and how it reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Whether it needs the time of day.
    pub time: bool,
    /// Whether `4/8/2019` has the day or the month first.
    pub date_order: DateOrder,
    /// Further columns, in the order of [`Row::columns`](super::super::Row::columns).
    pub columns: Vec<Column>,
}

impl Needs {
    /// Limit on the number of further columns.
    pub const COLUMNS_MAX: usize = Delimited::WANTED_MAX - 4;

    /// The place of `column` in [`Row::columns`](super::super::Row::columns); it is asked for if it was not.
    pub fn place_of(&mut self, column: Column) -> usize {
        self.columns.iter().position(|known| *known == column).unwrap_or_else(|| {
            self.columns.push(column);
            self.columns.len() - 1
        })
    }
}

/// Columns that the user gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenColumns {
    /// What separates fields; None where the log shows it.
    pub delimiter: Option<u8>,
    /// What a column is to logsum (`size`), and where the log has it.
    pub columns: Vec<(String, Place)>,
}

/// Where a log has a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At this position, from 0.
    At(usize),
    /// Under this name: of a header, or of JSON, where dots lead into objects.
    Named(String),
}

/// What the user says about the format.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Choice {
    /// Nothing: the format that explains most rows of the head is taken.
    #[default]
    Detect,
    /// The name of one of [`FORMATS`](super::FORMATS).
    Named(String),
    /// A format string, as Apache and nginx have it.
    Pattern(String),
    /// Columns that are given.
    Columns(GivenColumns),
}
