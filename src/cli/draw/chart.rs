//! Charts for the terminal. Each function returns complete lines of text.
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;
use votekit::report::Value;

use super::picture::{Bars, HeatMap, Timeline, magnitude, short, shortened};
use crate::cli::terminal::console::{Console, printable};

/// The terminal area a chart is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Canvas {
    /// Width in terminal columns.
    pub width: usize,
    /// Whether escape sequences for colours may be used.
    pub colored: bool,
}

impl Canvas {
    /// The width and colours of stdout.
    pub(crate) fn stdout(console: &Console) -> Self {
        Canvas { width: console.width_stdout(), colored: console.colors_stdout() }
    }

    fn painted(self, style: &str, text: &str) -> String {
        if self.colored && !text.is_empty() { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

const TITLE: &str = "1";
const BAR: &str = "36";
const FAINT: &str = "2";

/// 0/8 to 7/8 of a character cell, filled from the left.
const EIGHTHS_RIGHT: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/// 0/8 to 7/8 of a character cell, filled from below.
const EIGHTHS_UP: [&str; 8] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇"];
/// Height of a timeline in rows.
const TIMELINE_HEIGHT: usize = 8;
/// A narrower chart would have no room for bars.
const WIDTH_LEAST: usize = 40;

/// Horizontal bars, one per line: label, value, bar. The longest bar fills the width left over by labels and values.
pub(crate) fn bars(figure: &Bars, canvas: Canvas) -> String {
    let width = canvas.width.max(WIDTH_LEAST);
    let labels: Vec<String> =
        figure.bars.iter().map(|(label, _)| shortened(&printable(label), width * 2 / 5).into_owned()).collect();
    let values: Vec<String> = figure.bars.iter().map(|(_, value)| short(value)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| text.width()).max().unwrap_or(0);
    let (label_width, value_width) = (widest(&labels), widest(&values));
    let room = width.saturating_sub(label_width + value_width + 6).max(8);
    let most = figure.bars.iter().map(|(_, value)| magnitude(value)).fold(0.0, f64::max);

    let mut text = headline(&figure.title, &figure.axis, canvas);
    for ((_, value), (label, value_text)) in figure.bars.iter().zip(labels.iter().zip(&values)) {
        let bar = bar(magnitude(value), most, room);
        let (label_gap, value_gap) = (label_width - label.width(), value_width - value_text.width());
        let line = format!("  {label}{:label_gap$}  {:value_gap$}{value_text}  {}", "", "", canvas.painted(BAR, &bar));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A bar for `value`, where `most` would take `room` columns. Any value above zero is visible.
fn bar(value: f64, most: f64, room: usize) -> String {
    if value <= 0.0 || most <= 0.0 {
        return String::new();
    }
    let eighths = ((value / most * (room * 8) as f64).round() as usize).clamp(1, room * 8);
    "█".repeat(eighths / 8) + EIGHTHS_RIGHT[eighths % 8]
}

/// Columns over time. If there are more columns than fit, neighbours are added up.
pub(crate) fn timeline(figure: &Timeline, canvas: Canvas) -> String {
    let mut text = headline(&figure.title, &figure.axis, canvas);
    let room = canvas.width.max(WIDTH_LEAST) - 14;
    let folded = figure.folded(room);
    let sums = folded.heights();
    if sums.is_empty() {
        return text + "  nothing to draw\n";
    }
    // A few columns are drawn wider, to fill the chart.
    let thickness = (room / sums.len()).clamp(1, 6);
    let most = sums.iter().copied().fold(0.0, f64::max);
    let alike = |size: f64| match figure.series.iter().flat_map(|series| &series.values).find(|v| **v != Value::Null) {
        Some(Value::Bytes(_)) => short(&Value::Bytes(size as u128)),
        Some(Value::Share(_)) => short(&Value::Share(size)),
        _ => short(&Value::Count(size as u128)),
    };
    for row in (0..TIMELINE_HEIGHT).rev() {
        let label = if row + 1 == TIMELINE_HEIGHT { alike(most) } else { String::new() };
        let cells: String = sums.iter().map(|sum| column_cell(*sum, most, row, thickness)).collect();
        let line = format!("  {label:>10} {}", canvas.painted(BAR, cells.trim_end()));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text + &time_axis(figure, sums.len() * thickness, folded.note(figure.step), canvas)
}

/// One row, counted from below, of a column of height `sum`.
fn column_cell(sum: f64, most: f64, row: usize, thickness: usize) -> String {
    let eighths = if sum <= 0.0 { 0 } else { ((sum / most * 64.0).round() as usize).clamp(1, 64) };
    let cell = match eighths.saturating_sub(row * 8) {
        0 => " ",
        part @ 1..=7 => EIGHTHS_UP[part],
        _ => "█",
    };
    let gap = usize::from(thickness > 2);
    cell.repeat(thickness - gap) + &" ".repeat(gap)
}

fn time_axis(figure: &Timeline, width: usize, note: Option<String>, canvas: Canvas) -> String {
    let (Some(first), Some(last)) = (figure.starts.first(), figure.starts.last()) else { return String::new() };
    let (first, last) = (figure.label(*first), figure.label(*last));
    let gap = width.saturating_sub(first.width() + last.width()).max(1);
    let last = if last == first { String::new() } else { last };
    let mut text = canvas.painted(FAINT, &format!("  {:>10} {}", 0, "─".repeat(width))) + "\n";
    let _ = writeln!(text, "{:13}{first}{:gap$}{last}", "", "");
    let axis = figure.time_axis() + &note.map(|note| format!("; {note}")).unwrap_or_default();
    let _ = writeln!(text, "  {}", canvas.painted(FAINT, &axis));
    text
}

/// One line per row, one cell per column. In colour, larger values are darker; without colours only the numbers show.
pub(crate) fn heat_map(figure: &HeatMap, canvas: Canvas) -> String {
    let cell = |row: &Vec<Value>, column: usize| row.get(column).map(short).unwrap_or_default();
    let widths: Vec<usize> = (0..figure.columns.len())
        .map(|column| {
            let cells = figure.cells.iter().map(|row| cell(row, column).width());
            cells.max().unwrap_or(0).max(printable(&figure.columns[column]).width())
        })
        .collect();
    let labels: Vec<String> = figure.rows.iter().map(|label| shortened(&printable(label), 32).into_owned()).collect();
    let label_width =
        labels.iter().map(|label| label.width()).max().unwrap_or(0).max(printable(&figure.rows_axis).width());
    let most = figure.cells.iter().flatten().map(magnitude).fold(0.0, f64::max);

    let mut text = headline(&figure.title, &figure.columns_axis, canvas);
    let mut header = padded(&printable(&figure.rows_axis), label_width, false);
    for (column, width) in figure.columns.iter().zip(&widths) {
        header += &format!("  {} ", padded(&printable(column), *width, true));
    }
    let _ = writeln!(text, "  {}", canvas.painted(FAINT, header.trim_end()));
    for (row, label) in figure.cells.iter().zip(&labels) {
        let mut line = format!("  {} ", padded(label, label_width, false));
        for (column, width) in widths.iter().enumerate() {
            let shown = format!(" {} ", padded(&cell(row, column), *width, true));
            let value = row.get(column).filter(|value| **value != Value::Null);
            line += &match value {
                Some(value) => canvas.painted(&shade(magnitude(value), most), &shown),
                None => shown,
            };
            line.push(' ');
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The style of a cell: one of six blues of the 256-colour palette, and black or white text, whichever is readable on it.
fn shade(value: f64, most: f64) -> String {
    const BLUES: [u8; 6] = [189, 153, 111, 69, 26, 18];
    let step = if most > 0.0 { (value / most * 5.0).round() as usize } else { 0 };
    let step = step.min(BLUES.len() - 1);
    format!("{};48;5;{}", if step < 3 { "38;5;16" } else { "38;5;231" }, BLUES[step])
}

fn padded(text: &str, width: usize, right: bool) -> String {
    let gap = " ".repeat(width.saturating_sub(text.width()));
    if right { gap + text } else { text.to_owned() + &gap }
}

fn headline(title: &str, axis: &str, canvas: Canvas) -> String {
    let axis = if axis.is_empty() { String::new() } else { format!(" · {}", printable(axis)) };
    format!("{}{}\n\n", canvas.painted(TITLE, &printable(title)), canvas.painted(FAINT, &axis))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use votekit::units::CalendarUnit;

    use super::*;

    const PLAIN: Canvas = Canvas { width: 44, colored: false };

    #[test]
    fn bars_fill_the_width_and_line_up_wide_characters() {
        let figure = Bars {
            title: "Votes".into(),
            axis: "votes".into(),
            bars: vec![
                ("薯片".into(), Value::Count(1000)),
                ("a\x1b[31m".into(), Value::Count(1)),
                ("none".into(), Value::Count(0)),
            ],
        };
        let text = bars(&figure, PLAIN);
        let expected = "\
Votes · votes

  薯片         1,000  ██████████████████████
  a\\u{1b}[31m      1  ▏
  none             0
";
        assert_eq!(text, expected);
        assert!(text.lines().all(|line| line.width() <= 44), "{text}");
    }

    #[test]
    fn a_timeline_adds_up_what_has_no_room() {
        let day = |n: u32| NaiveDate::from_ymd_opt(2019, 1, 1).unwrap().and_hms_opt(0, n, 0).unwrap();
        let points = (0..59).map(|n| (day(n), Value::Count(1))).collect();
        let text = timeline(
            &Timeline::single("Votes per minute", "votes", CalendarUnit::Minute, points),
            Canvas { width: 60, colored: false },
        );
        assert!(text.contains("           2 █████████████████████████████\n"), "{text}");
        assert!(text.contains("00:00"), "{text}");
        assert!(text.contains("time of day on 2019-01-01, UTC; a column is 2 minutes"), "{text}");
        assert!(text.lines().all(|line| line.width() <= 60), "{text}");
    }

    #[test]
    fn a_heat_map_leaves_out_what_is_not_there() {
        let figure = HeatMap {
            title: "Retention".into(),
            rows_axis: "cohort".into(),
            columns_axis: "day after install".into(),
            rows: vec!["2017-04-01".into(), "2017-04-02".into()],
            columns: vec!["1".into(), "2".into()],
            cells: vec![vec![Value::Share(0.5), Value::Share(0.25)], vec![Value::Share(0.125), Value::Null]],
        };
        let expected = "\
Retention · day after install

  cohort           1        2
  2017-04-01  50.0 %   25.0 %
  2017-04-02  12.5 %
";
        assert_eq!(heat_map(&figure, PLAIN), expected);
        assert!(heat_map(&figure, Canvas { colored: true, ..PLAIN }).contains("\x1b[38;5;231;48;5;18m 50.0 % \x1b[0m"));
    }
}
