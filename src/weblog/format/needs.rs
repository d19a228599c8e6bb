//! What is asked of a log, and what the user says of its format.
use super::super::record::Column;
use crate::rows::Delimited;
use crate::units::DateOrder;

/// What a run asks of rows besides day, size and URL, and how it reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The time of day.
    pub time: bool,
    /// The order of `4/8/2019`, which no row can tell.
    pub date_order: DateOrder,
    /// More columns, in the order in which rows will have them.
    pub columns: Vec<Column>,
}

impl Needs {
    /// How many columns a run may ask for.
    pub const COLUMNS_MAX: usize = Delimited::WANTED_MAX - 4;

    /// The place of `column` in [`Row::columns`](super::super::Row::columns); it is asked for if it was not.
    pub fn place_of(&mut self, column: Column) -> usize {
        self.columns.iter().position(|known| *known == column).unwrap_or_else(|| {
            self.columns.push(column);
            self.columns.len() - 1
        })
    }
}

/// Columns that the user counted out, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenColumns {
    /// What separates fields.
    pub delimiter: u8,
    /// Name and position.
    pub columns: Vec<(String, usize)>,
}

/// What the user says of the format.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Choice {
    /// Nothing: it is found out from the content.
    #[default]
    Detect,
    /// One of [`FORMATS`](super::FORMATS).
    Named(String),
    /// Delimited fields in columns that are given.
    Columns(GivenColumns),
}
