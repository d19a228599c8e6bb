//! Pictures for a report, as SVG. Each function gives the whole document for
//! [`super::files::write_file_atomically`].
use super::picture::{Bars, HeatMap, Timeline};

/// Horizontal bars with their labels and values.
pub fn bars(_figure: &Bars) -> anyhow::Result<String> {
    todo!()
}

/// Columns over time; several series are stacked and named in a legend.
pub fn timeline(_figure: &Timeline) -> anyhow::Result<String> {
    todo!()
}

/// Cells whose colour is their value, with the value in them where it fits.
pub fn heat_map(_figure: &HeatMap) -> anyhow::Result<String> {
    todo!()
}
