//! The pictures that a command is asked for: `--chart` in the terminal, `--svg FILE` for a report.
use std::path::{Path, PathBuf};

use super::chart::{self, Canvas};
use super::picture::{Bars, HeatMap, Timeline};
#[cfg(feature = "svg")]
use super::svg;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::files::write_file_atomically;
use crate::cli::terminal::output::Format;

/// A picture, whatever draws it.
pub(crate) enum Picture {
    /// Labelled bars.
    Bars(Bars),
    /// Columns over time.
    Timeline(Timeline),
    /// Coloured cells.
    HeatMap(HeatMap),
}

/// Which pictures are wanted.
#[derive(Debug, Clone)]
pub(crate) struct Pictures {
    chart: bool,
    svg: Option<PathBuf>,
}

impl Pictures {
    /// What `--chart` and `--svg` ask for.
    ///
    /// # Errors
    /// When the chart would take the place of a result for programs, or SVG is not built in.
    pub(crate) fn resolve(chart: bool, svg: Option<PathBuf>, format: Format) -> anyhow::Result<Self> {
        if chart && !format.traits().is_for_people {
            return Err(exit::misuse(
                "--chart is drawn for people: leave --format away, or draw a file with --svg FILE",
            ));
        }
        if svg.is_some() && !cfg!(feature = "svg") {
            return Err(exit::not_built_in("--svg", "svg"));
        }
        Ok(Pictures { chart, svg })
    }

    /// The file that a picture goes into, if one is wanted.
    pub(crate) fn svg(&self) -> Option<&Path> {
        self.svg.as_deref()
    }

    /// The chart that is printed instead of the result, if one is wanted.
    pub(crate) fn chart(&self, console: &Console, picture: impl FnOnce() -> Picture) -> Option<String> {
        let canvas = Canvas::stdout(console);
        self.chart.then(|| match picture() {
            Picture::Bars(figure) => chart::bars(&figure, canvas),
            Picture::Timeline(figure) => chart::timeline(&figure, canvas),
            Picture::HeatMap(figure) => chart::heat_map(&figure, canvas),
        })
    }

    /// Writes the picture into its file, if one is wanted.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn write_svg(&self, picture: impl FnOnce() -> Picture) -> anyhow::Result<()> {
        let Some(path) = &self.svg else { return Ok(()) };
        write_file_atomically(path, svg_document(&picture())?.as_bytes())
    }
}

#[cfg(feature = "svg")]
fn svg_document(picture: &Picture) -> anyhow::Result<String> {
    match picture {
        Picture::Bars(figure) => svg::bars(figure),
        Picture::Timeline(figure) => svg::timeline(figure),
        Picture::HeatMap(figure) => svg::heat_map(figure),
    }
}

#[cfg(not(feature = "svg"))]
fn svg_document(_: &Picture) -> anyhow::Result<String> {
    Err(exit::not_built_in("--svg", "svg"))
}
