//! The options `--chart` (in the terminal) and `--svg FILE`.
use std::path::{Path, PathBuf};

use super::chart::{self, Canvas};
use super::picture::{Bars, HeatMap, Timeline};
#[cfg(feature = "svg")]
use super::svg;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::files::write_file_atomically;
use crate::cli::terminal::output::Format;

/// The data of any kind of picture.
pub(crate) enum Picture {
    Bars(Bars),
    Timeline(Timeline),
    HeatMap(HeatMap),
}

/// The pictures that were asked for.
#[derive(Debug, Clone)]
pub(crate) struct Pictures {
    chart: bool,
    svg: Option<PathBuf>,
}

impl Pictures {
    /// Checks the values of `--chart` and `--svg`.
    ///
    /// # Errors
    /// When a chart would replace output for programs, or SVG is not built in.
    pub(crate) fn resolve(chart: bool, svg: Option<PathBuf>, format: Format) -> anyhow::Result<Self> {
        if chart && !format.traits().is_for_people {
            return Err(exit::misuse(
                "--chart cannot be combined with --format csv or json: omit --format, or use --svg FILE",
            ));
        }
        if svg.is_some() && !cfg!(feature = "svg") {
            return Err(exit::not_built_in("--svg", "svg"));
        }
        Ok(Pictures { chart, svg })
    }

    /// The path given with `--svg`.
    pub(crate) fn svg(&self) -> Option<&Path> {
        self.svg.as_deref()
    }

    /// The chart to print instead of the result, with `--chart`.
    pub(crate) fn chart(&self, console: &Console, picture: impl FnOnce() -> Picture) -> Option<String> {
        let canvas = Canvas::stdout(console);
        self.chart.then(|| match picture() {
            Picture::Bars(figure) => chart::bars(&figure, canvas),
            Picture::Timeline(figure) => chart::timeline(&figure, canvas),
            Picture::HeatMap(figure) => chart::heat_map(&figure, canvas),
        })
    }

    /// Writes the SVG file, with `--svg`.
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
