//! Charts as SVG. Each function returns a complete document.
//!
//! Text remains text, so that it can be searched and copied, in the viewer's sans-serif font.
use std::borrow::Cow;

use anyhow::anyhow;
use plotters::chart::ChartContext;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use unicode_width::UnicodeWidthStr;
use votekit::report::Value;
use votekit::units::CalendarUnit;

use super::picture::{Bars, Folded, HeatMap, Timeline, magnitude, short, shortened};
use crate::cli::terminal::console::printable;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

const WIDTH: u32 = 960;
const MARGIN: i32 = 24;
/// Top of the plot in pixels, below the title and the line about the values.
const TOP: i32 = 78;
const FONTS: &str = "Helvetica Neue, Helvetica, Arial, Noto Sans, Noto Sans CJK SC, sans-serif";
const INK: RGBColor = RGBColor(0x22, 0x2b, 0x38);
const FAINT: RGBColor = RGBColor(0x5b, 0x67, 0x78);
const GRID: RGBColor = RGBColor(0xe3, 0xe7, 0xec);
/// The palette of Okabe and Ito, distinguishable with any colour vision, without its pale colours.
const SERIES: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x99, 0x99, 0x99),
];

/// Horizontal bars, one per row, with label and value.
///
/// # Errors
/// When drawing fails, which data cannot cause.
pub(crate) fn bars(figure: &Bars) -> anyhow::Result<String> {
    const ROW: i32 = 28;
    let labels: Vec<Cow<'_, str>> = figure.bars.iter().map(|(label, _)| shown(label, 44)).collect();
    let values: Vec<String> = figure.bars.iter().map(|(_, value)| short(value)).collect();
    let label_width = labels.iter().map(|label| text_width(label, 13)).max().unwrap_or(0);
    let value_width = values.iter().map(|value| text_width(value, 13)).max().unwrap_or(0);
    let height = TOP + ROW * figure.bars.len().max(1) as i32 + 52;
    document(&figure.title, &figure.axis, height, |area| {
        let most = figure.bars.iter().map(|(_, value)| magnitude(value)).fold(0.0, f64::max);
        let count = figure.bars.len().max(1) as f64;
        let mut plot = ChartBuilder::on(area)
            .margin_top(TOP)
            .margin_left(MARGIN + label_width + 10)
            .margin_right(MARGIN + value_width + 10)
            .margin_bottom(MARGIN)
            .x_label_area_size(28)
            .build_cartesian_2d(0.0..if most > 0.0 { most } else { 1.0 }, count..0.0)?;
        let like = figure.bars.iter().map(|(_, value)| value).find(|value| **value != Value::Null);
        let like = like.unwrap_or(&Value::Null);
        plot.configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .x_labels(6)
            .x_label_formatter(&|size| tick(*size, like))
            .x_label_style(font(12, FAINT))
            .axis_style(GRID)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .draw()?;
        plot.draw_series(figure.bars.iter().enumerate().map(|(row, (_, value))| {
            Rectangle::new([(0.0, row as f64 + 0.16), (magnitude(value), row as f64 + 0.84)], SERIES[0].filled())
        }))?;
        for (row, ((_, value), (label, value_text))) in figure.bars.iter().zip(labels.iter().zip(&values)).enumerate() {
            let (left, middle) = plot.backend_coord(&(0.0, row as f64 + 0.5));
            let (end, _) = plot.backend_coord(&(magnitude(value), row as f64 + 0.5));
            write(area, label, (left - 10, middle), font(13, INK).pos(Pos::new(HPos::Right, VPos::Center)))?;
            write(area, value_text, (end + 8, middle), font(13, FAINT).pos(Pos::new(HPos::Left, VPos::Center)))?;
        }
        Ok(())
    })
}

/// Columns over time; several series are stacked and named in a legend. Too many columns are added up with their neighbours,
/// and the picture says so.
///
/// # Errors
/// When drawing fails, which data cannot cause.
pub(crate) fn timeline(figure: &Timeline) -> anyhow::Result<String> {
    let folded = figure.folded(400);
    let axis = match folded.note(figure.step) {
        Some(note) => format!("{} ({note})", figure.axis),
        None => figure.axis.clone(),
    };
    document(&figure.title, &axis, 440, |area| {
        let stacked: Vec<f64> = folded.heights();
        let most = stacked.iter().copied().fold(0.0, f64::max);
        let like = figure.series.iter().flat_map(|series| &series.values).find(|value| **value != Value::Null);
        let like = like.unwrap_or(&Value::Null);
        let legend = if figure.series.len() > 1 { 26 } else { 0 };
        let mut plot = ChartBuilder::on(area)
            .margin_top(TOP + legend)
            .margin_left(MARGIN)
            .margin_right(MARGIN)
            .margin_bottom(MARGIN + 44)
            .y_label_area_size(84)
            .build_cartesian_2d(0.0..stacked.len().max(1) as f64, 0.0..if most > 0.0 { most * 1.04 } else { 1.0 })?;
        plot.configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .y_labels(6)
            .y_label_formatter(&|size| tick(*size, like))
            .y_label_style(font(12, FAINT))
            .axis_style(GRID)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .draw()?;
        let gap = if stacked.len() > 200 { 0.0 } else { 0.1 };
        let mut base = vec![0.0; stacked.len()];
        for (series, sums) in folded.sums.iter().enumerate() {
            let color = SERIES[series % SERIES.len()];
            plot.draw_series(sums.iter().enumerate().filter(|(_, sum)| **sum > 0.0).map(|(column, sum)| {
                let (left, right) = (column as f64 + gap, (column + 1) as f64 - gap);
                Rectangle::new([(left, base[column]), (right, base[column] + sum)], color.filled())
            }))?;
            base.iter_mut().zip(sums).for_each(|(base, sum)| *base += sum);
        }
        time_axis(area, &plot, figure, &folded)?;
        if legend > 0 { draw_legend(area, figure) } else { Ok(()) }
    })
}

fn time_axis(area: &Area<'_>, plot: &Plot<'_, '_>, figure: &Timeline, folded: &Folded) -> Drawn {
    let columns = folded.sums.first().map_or(1, Vec::len).max(1);
    let (left, bottom) = plot.backend_coord(&(0.0, 0.0));
    let (right, _) = plot.backend_coord(&(columns as f64, 0.0));
    area.draw(&PathElement::new([(left, bottom), (right, bottom)], FAINT))?;
    let label_width = figure.starts.first().map_or(1, |first| text_width(&figure.label(*first), 12) + 20);
    // Minutes and hours are labelled at the column's start, days and months at its middle.
    let place = if matches!(figure.step, CalendarUnit::Minute | CalendarUnit::Hour) { 0.0 } else { 0.5 };
    for (column, at) in figure.ticks(folded, ((right - left) / label_width).max(1) as usize) {
        let (x, _) = plot.backend_coord(&(column as f64 + place, 0.0));
        area.draw(&PathElement::new([(x, bottom), (x, bottom + 5)], FAINT))?;
        write(area, &figure.label(at), (x, bottom + 9), font(12, FAINT).pos(Pos::new(HPos::Center, VPos::Top)))?;
    }
    let style = font(12, FAINT).pos(Pos::new(HPos::Center, VPos::Top));
    write(area, &shown(&figure.time_axis(), 80), ((left + right) / 2, bottom + 32), style)
}

fn draw_legend(area: &Area<'_>, figure: &Timeline) -> Drawn {
    let mut left = MARGIN;
    for (index, series) in figure.series.iter().enumerate() {
        let name = shown(&series.name, 24);
        let color = SERIES[index % SERIES.len()];
        area.draw(&Rectangle::new([(left, TOP + 1), (left + 12, TOP + 13)], color.filled()))?;
        write(area, &name, (left + 18, TOP + 7), font(12, INK).pos(Pos::new(HPos::Left, VPos::Center)))?;
        left += 18 + text_width(&name, 12) + 22;
    }
    Ok(())
}

/// Cells coloured by value and labelled with it, above a colour scale.
///
/// # Errors
/// When drawing fails, which data cannot cause.
pub(crate) fn heat_map(figure: &HeatMap) -> anyhow::Result<String> {
    const CELL_HEIGHT: i32 = 30;
    let labels: Vec<Cow<'_, str>> = figure.rows.iter().map(|label| shown(label, 32)).collect();
    let label_width = labels.iter().map(|label| text_width(label, 13)).max().unwrap_or(0);
    let left = MARGIN + label_width.max(text_width(&figure.rows_axis, 12)) + 12;
    let columns = figure.columns.len().max(1) as i32;
    let cell_width = ((WIDTH as i32 - MARGIN - left) / columns).clamp(2, 96);
    let top = TOP + 44;
    let bottom = top + CELL_HEIGHT * figure.rows.len().max(1) as i32;
    document(&figure.title, "", bottom + 84, |area| {
        let right_of =
            |text: &str, at, color| write(area, text, at, font(12, color).pos(Pos::new(HPos::Right, VPos::Center)));
        let centred = |text: &str, at, size, color| {
            write(area, text, at, font(size, color).pos(Pos::new(HPos::Center, VPos::Center)))
        };
        right_of(&shown(&figure.rows_axis, 32), (left - 12, top - 16), FAINT)?;
        centred(&shown(&figure.columns_axis, 80), (left + cell_width * columns / 2, top - 42), 12, FAINT)?;
        let widest = figure.columns.iter().map(|column| text_width(column, 12) + 8).max().unwrap_or(1);
        let every = (widest + cell_width - 1) / cell_width;
        for (column, label) in figure.columns.iter().enumerate().filter(|(column, _)| *column as i32 % every == 0) {
            centred(&shown(label, 24), (left + cell_width * column as i32 + cell_width / 2, top - 16), 12, INK)?;
        }
        let most = figure.cells.iter().flatten().map(magnitude).fold(0.0, f64::max);
        for (row, label) in labels.iter().enumerate() {
            let middle = top + CELL_HEIGHT * row as i32 + CELL_HEIGHT / 2;
            right_of(label, (left - 12, middle), INK)?;
            let cells = figure.cells.get(row).into_iter().flatten().take(figure.columns.len()).enumerate();
            for (column, value) in cells.filter(|(_, value)| **value != Value::Null) {
                let (x, y) = (left + cell_width * column as i32, top + CELL_HEIGHT * row as i32);
                let part = if most > 0.0 { magnitude(value) / most } else { 0.0 };
                let corner = (x + cell_width - 1, y + CELL_HEIGHT - 1);
                area.draw(&Rectangle::new([(x, y), corner], shade(part).filled()))?;
                let text = short(value);
                if text_width(&text, 12) + 4 <= cell_width {
                    centred(&text, (x + cell_width / 2, middle), 12, if part > 0.45 { WHITE } else { INK })?;
                }
            }
        }
        scale(area, (left, bottom + 24), figure, most)
    })
}

/// The colour scale of a heat map.
fn scale(area: &Area<'_>, (left, top): (i32, i32), figure: &HeatMap, most: f64) -> Drawn {
    const STEP_WIDTH: i32 = 4;
    const STEPS: i32 = 50;
    let like = figure.cells.iter().flatten().find(|value| **value != Value::Null).unwrap_or(&Value::Null);
    for step in 0..STEPS {
        let x = left + step * STEP_WIDTH;
        let color = shade(f64::from(step) / f64::from(STEPS - 1));
        area.draw(&Rectangle::new([(x, top), (x + STEP_WIDTH, top + 12)], color.filled()))?;
    }
    let style = |anchor| font(12, FAINT).pos(Pos::new(anchor, VPos::Top));
    write(area, &tick(0.0, like), (left, top + 17), style(HPos::Left))?;
    write(area, &tick(most, like), (left + STEP_WIDTH * STEPS, top + 17), style(HPos::Right))
}

/// A colour from near white through blue to dark blue (the ends and middle of `ColorBrewer`'s Blues) for `part`, 0 to 1.
fn shade(part: f64) -> RGBColor {
    const STOPS: [[f64; 3]; 3] = [[239.0, 245.0, 252.0], [74.0, 144.0, 200.0], [8.0, 48.0, 107.0]];
    let place = part.clamp(0.0, 1.0) * 2.0;
    let (from, to) = if place < 1.0 { (STOPS[0], STOPS[1]) } else { (STOPS[1], STOPS[2]) };
    let mix = |channel: usize| {
        (from[channel] + (to[channel] - from[channel]) * (if place < 1.0 { place } else { place - 1.0 })) as u8
    };
    RGBColor(mix(0), mix(1), mix(2))
}

/// A document of [`WIDTH`] by `height` pixels: title, axis text, and whatever `draw` adds.
fn document(title: &str, axis: &str, height: i32, draw: impl Fn(&Area<'_>) -> Drawn) -> anyhow::Result<String> {
    let mut text = String::new();
    {
        let area = SVGBackend::with_string(&mut text, (WIDTH, height.unsigned_abs())).into_drawing_area();
        let all = || -> Drawn {
            area.fill(&WHITE)?;
            let place = Pos::new(HPos::Left, VPos::Center);
            let title_font = (FONTS, points(19), FontStyle::Bold).into_font().color(&INK).pos(place);
            write(&area, &shown(title, 88), (MARGIN, 32), title_font)?;
            write(&area, &shown(axis, 120), (MARGIN, 56), font(13, FAINT).pos(place))?;
            draw(&area)?;
            Ok(area.present()?)
        };
        all().map_err(|error| anyhow!("cannot draw the picture: {error}"))?;
    }
    Ok(text)
}

/// Draws text; does nothing if it is empty, which plotters would reject.
fn write(area: &Area<'_>, text: &str, at: (i32, i32), style: TextStyle<'_>) -> Drawn {
    if text.is_empty() {
        return Ok(());
    }
    Ok(area.draw_text(text, &style, at)?)
}

/// Shortens text from data and removes what XML forbids: control characters and two code points.
fn shown(text: &str, columns: usize) -> Cow<'_, str> {
    let text = printable(text);
    let short = shortened(&text, columns);
    Cow::Owned(short.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}"))
}

/// Estimated width of `text` in pixels: the viewer's font is unknown.
fn text_width(text: &str, pixels: i32) -> i32 {
    (text.width() as f64 * f64::from(pixels) * 0.57).ceil() as i32
}

fn font(pixels: i32, color: RGBColor) -> TextStyle<'static> {
    (FONTS, points(pixels)).into_font().color(&color)
}

/// Undoes the division in plotters' SVG backend, so that sizes are in pixels.
fn points(pixels: i32) -> f64 {
    f64::from(pixels) * 1.24
}

/// The label of a tick in the unit of `like`; empty for a fraction of a count.
fn tick(size: f64, like: &Value) -> String {
    match like {
        Value::Bytes(_) => short(&Value::Bytes(size.round() as u128)).replace(".0 ", " "),
        Value::Share(_) => format!("{} %", (size * 1000.0).round() / 10.0),
        _ if size.fract().abs() > 1e-9 => String::new(),
        _ => short(&Value::Count(size.round() as u128)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeDelta};

    use super::super::picture::Series;
    use super::*;

    fn hostile() -> String {
        "<script>\u{1b}[31m&\"'\0\u{ffff}薯片".to_owned()
    }

    /// No `<`, `&` or control character comes from the data.
    fn assert_sound(svg: &str) {
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
        assert!(!svg.contains("<script"), "{svg}");
        assert!(
            !svg.contains(|c: char| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}')),
            "{svg}"
        );
        for part in svg.split('&').skip(1) {
            let entity = part.split(';').next().unwrap_or_default();
            assert!(["lt", "gt", "amp", "quot", "apos"].contains(&entity), "&{part}");
        }
    }

    #[test]
    fn text_from_data_stays_text() {
        let figure = Bars {
            title: hostile(),
            axis: hostile(),
            bars: vec![(hostile(), Value::Count(3)), ("薯片".into(), Value::Count(1))],
        };
        let svg = bars(&figure).unwrap();
        assert_sound(&svg);
        assert!(svg.contains("&lt;script&gt;") && svg.contains("薯片"), "{svg}");
    }

    #[test]
    fn nothing_to_draw_is_a_picture_too() {
        for svg in [
            bars(&Bars { title: "t".into(), axis: String::new(), bars: vec![] }),
            bars(&Bars { title: "t".into(), axis: String::new(), bars: vec![("a".into(), Value::Count(0))] }),
            timeline(&Timeline::single("t", "a", CalendarUnit::Day, vec![])),
            heat_map(&HeatMap {
                title: "t".into(),
                rows_axis: "r".into(),
                columns_axis: "c".into(),
                rows: vec![],
                columns: vec![],
                cells: vec![],
            }),
        ] {
            assert_sound(&svg.unwrap());
        }
    }

    #[test]
    fn a_stack_has_a_legend_and_a_long_time_says_what_a_column_is() {
        let first = NaiveDate::from_ymd_opt(2019, 8, 24).unwrap().and_hms_opt(0, 0, 0).unwrap();
        let starts: Vec<_> = (0..1000).map(|minute| first + TimeDelta::minutes(minute)).collect();
        let series = ["jpg", "css"].map(|name| Series { name: name.into(), values: vec![Value::Bytes(5); 1000] });
        let figure = Timeline {
            title: "Bytes".into(),
            axis: "bytes".into(),
            clock: "UTC".into(),
            step: CalendarUnit::Minute,
            starts,
            series: series.into(),
        };
        let svg = timeline(&figure).unwrap();
        assert_sound(&svg);
        for text in ["jpg", "css", "a column is 5 minutes", "time of day on 2019-08-24, UTC", "50 B"] {
            assert!(svg.contains(text), "{text}");
        }
    }
}
