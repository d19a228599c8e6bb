//! The data of a picture, drawn by [`super::chart`] in the terminal or by [`super::svg`] into a file.
use std::borrow::Cow;

use chrono::{Datelike, NaiveDate, NaiveDateTime, Timelike};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use votekit::report::Value;
use votekit::units::{CalendarUnit, byte_size};

use crate::cli::terminal::output::grouped;

/// Labelled values, one bar each, in the given order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bars {
    /// The headline: `Bytes by file type`.
    pub title: String,
    /// What the values are, with their unit unless the values carry it: `votes`.
    pub axis: String,
    /// Label and value. Labels may come from data: they are escaped when drawn.
    pub bars: Vec<(String, Value)>,
}

/// Values over time, one column per [`CalendarUnit`]; several series are stacked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Timeline {
    /// The headline: `Votes per minute`.
    pub title: String,
    /// What the values are, with their unit unless the values carry it: `votes`.
    pub axis: String,
    /// The time zone of `starts`, as shown: `UTC`, `UTC+08:00`.
    pub clock: String,
    /// The time that one column covers.
    pub step: CalendarUnit,
    /// The start of each column, ascending, on whole steps. A missing step is drawn as an empty column.
    pub starts: Vec<NaiveDateTime>,
    /// The series, stacked from the bottom up.
    pub series: Vec<Series>,
}

/// One series of a [`Timeline`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// The name in the legend, which is drawn only if there are several series.
    pub name: String,
    /// One value per entry of [`Timeline::starts`].
    pub values: Vec<Value>,
}

/// Coloured values in rows and columns: the cohort triangle.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HeatMap {
    pub title: String,
    /// What the rows are: `cohort (install day)`.
    pub rows_axis: String,
    /// What the columns are: `day after install`.
    pub columns_axis: String,
    /// Row labels, from top to bottom.
    pub rows: Vec<String>,
    /// Column labels, from left to right.
    pub columns: Vec<String>,
    /// `cells[row][column]`; [`Value::Null`] is an empty cell, and so are missing ones at the end of a row.
    pub cells: Vec<Vec<Value>>,
}

impl Timeline {
    /// A timeline of one series.
    #[cfg(test)]
    pub(crate) fn single(title: &str, axis: &str, step: CalendarUnit, points: Vec<(NaiveDateTime, Value)>) -> Self {
        let (starts, values) = points.into_iter().unzip();
        Timeline {
            title: title.to_owned(),
            axis: axis.to_owned(),
            clock: "UTC".to_owned(),
            step,
            starts,
            series: vec![Series { name: String::new(), values }],
        }
    }

    /// The columns to draw if at most `columns_most` fit: neighbours are added up until they do, preferably so that columns
    /// start on whole hours, days or years. Missing steps are empty columns.
    pub(crate) fn folded(&self, columns_most: usize) -> Folded {
        let Some(first) = self.starts.first() else {
            return Folded { steps_per_column: 1, lead_steps: 0, sums: Vec::new() };
        };
        let places: Vec<usize> = self.starts.iter().map(|start| self.step.count(*first, *start)).collect();
        let count = places.iter().max().map_or(0, |last| last + 1);
        let steps_per_column = stride(self.step, count.div_ceil(columns_most.max(1)));
        let lead_steps = offset(self.step, *first) % steps_per_column;
        let fold = |series: &Series| {
            let mut sums = vec![0.0; (count + lead_steps).div_ceil(steps_per_column)];
            let values = places.iter().zip(&series.values);
            values.for_each(|(place, value)| sums[(place + lead_steps) / steps_per_column] += magnitude(value));
            sums
        };
        Folded { steps_per_column, lead_steps, sums: self.series.iter().map(fold).collect() }
    }

    /// The columns of `folded` that get a label if at most `labels_most` fit, with their start times.
    pub(crate) fn ticks(&self, folded: &Folded, labels_most: usize) -> Vec<(usize, NaiveDateTime)> {
        let Some(first) = self.starts.first() else { return Vec::new() };
        let columns = folded.sums.first().map_or(0, Vec::len);
        let stride = stride(self.step, (columns * folded.steps_per_column).div_ceil(labels_most.max(1)));
        let offset = offset(self.step, *first) - folded.lead_steps;
        let holds_whole_stride = |column: &usize| {
            let from = offset + column * folded.steps_per_column;
            from.next_multiple_of(stride) < from + folded.steps_per_column
        };
        let start = |column: usize| {
            self.step.after(*first, (column * folded.steps_per_column).saturating_sub(folded.lead_steps))
        };
        (0..columns).filter(holds_whole_stride).filter_map(|column| Some((column, start(column)?))).collect()
    }
}

/// The columns of a [`Timeline`], added up as they will be drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Folded {
    /// Steps per drawn column.
    pub steps_per_column: usize,
    /// Steps of the first drawn column that lie before the first entry of [`Timeline::starts`].
    pub lead_steps: usize,
    /// Heights: `sums[series][column]`.
    pub sums: Vec<Vec<f64>>,
}

impl Folded {
    /// The total height of each column.
    pub(crate) fn heights(&self) -> Vec<f64> {
        let columns = self.sums.first().map_or(0, Vec::len);
        (0..columns).map(|column| self.sums.iter().map(|sums| sums[column]).sum()).collect()
    }

    /// The note `a column is 2 minutes`, if a column is more than one step.
    pub(crate) fn note(&self, step: CalendarUnit) -> Option<String> {
        (self.steps_per_column > 1).then(|| format!("a column is {} {}s", self.steps_per_column, step.name()))
    }
}

/// The smallest round number of steps that is at least `needed`, such as 15 minutes or 6 hours.
fn stride(step: CalendarUnit, needed: usize) -> usize {
    let strides: &[usize] = match step {
        CalendarUnit::Minute => &[1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080],
        CalendarUnit::Hour => &[1, 2, 3, 6, 12, 24, 48, 168, 336],
        CalendarUnit::Day => &[1, 2, 7, 14, 28, 56],
        CalendarUnit::Week => &[1, 2, 4, 13, 26, 52],
        CalendarUnit::Month => &[1, 3, 6, 12, 24, 60],
    };
    strides.iter().copied().find(|stride| *stride >= needed).unwrap_or(needed).max(1)
}

/// Steps from the start of the day (or year, for months) to `at`, so that strides start on whole hours, days or years.
fn offset(step: CalendarUnit, at: NaiveDateTime) -> usize {
    match step {
        CalendarUnit::Minute => at.hour() as usize * 60 + at.minute() as usize,
        CalendarUnit::Hour => at.hour() as usize,
        CalendarUnit::Day | CalendarUnit::Week => 0,
        CalendarUnit::Month => at.month0() as usize,
    }
}

impl Timeline {
    /// What all times have in common, so that the axis title shows it once: the day or the year.
    fn shared(&self) -> Shared {
        let (Some(first), Some(last)) = (self.starts.first(), self.starts.last()) else { return Shared::Nothing };
        match self.step {
            CalendarUnit::Minute | CalendarUnit::Hour if first.date() == last.date() => Shared::Day(first.date()),
            CalendarUnit::Minute | CalendarUnit::Hour if first.year() == last.year() => Shared::Year(first.year()),
            _ => Shared::Nothing,
        }
    }

    /// The axis label of a time.
    pub(crate) fn label(&self, at: NaiveDateTime) -> String {
        let shape = match (self.step, self.shared()) {
            (unit @ (CalendarUnit::Day | CalendarUnit::Week | CalendarUnit::Month), _) => unit.format(),
            (CalendarUnit::Hour | CalendarUnit::Minute, Shared::Day(_)) => "%H:%M",
            (CalendarUnit::Hour | CalendarUnit::Minute, Shared::Year(_)) => "%m-%d %H:%M",
            (CalendarUnit::Hour | CalendarUnit::Minute, Shared::Nothing) => "%Y-%m-%d %H:%M",
        };
        at.format(shape).to_string()
    }

    /// The axis title: `time of day on 2019-08-24, UTC`.
    pub(crate) fn time_axis(&self) -> String {
        match self.shared() {
            Shared::Day(day) => format!("time of day on {day}, {}", self.clock),
            Shared::Year(year) => format!("time in {year}, {}", self.clock),
            Shared::Nothing => format!("time, {}", self.clock),
        }
    }
}

enum Shared {
    Day(NaiveDate),
    Year(i32),
    Nothing,
}

/// A value as a length to draw; 0 for anything but a number.
pub(crate) fn magnitude(value: &Value) -> f64 {
    match value {
        Value::Count(number) | Value::Bytes(number) => *number as f64,
        Value::Share(share) if share.is_finite() => *share,
        _ => 0.0,
    }
}

/// A value as pictures show it: `1,234`, `12.1 GB`, `34.5 %`. Bytes always have a unit: there is no room for twelve digits.
pub(crate) fn short(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Text(text) => text.clone(),
        Value::Id(id) => id.to_string(),
        Value::Count(number) => grouped(*number),
        Value::Bytes(number) => byte_size::human(*number),
        Value::Share(share) => format!("{:.1} %", share * 100.0),
        Value::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Value::Other => "(other)".to_owned(),
    }
}

/// Shortens `text` to `columns` terminal columns by replacing its middle with `…`: the ends of a URL say more.
pub(crate) fn shortened(text: &str, columns: usize) -> Cow<'_, str> {
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let room = columns.saturating_sub(1);
    let (head_room, tail_room) = (room / 3, room - room / 3);
    let head = taken(text.chars(), head_room);
    let tail: Vec<char> = taken(text.chars().rev(), tail_room).chars().rev().collect();
    Cow::Owned(head + "…" + &tail.into_iter().collect::<String>())
}

/// As many of `chars` as fit into `columns` terminal columns.
fn taken(chars: impl Iterator<Item = char>, columns: usize) -> String {
    let mut used = 0;
    chars
        .take_while(|c| {
            used += c.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn day(text: &str) -> NaiveDateTime {
        text.parse::<NaiveDate>().unwrap().into()
    }

    #[test]
    fn long_labels_keep_both_ends_and_wide_characters_their_columns() {
        assert_eq!(shortened("/a/b.jpg", 8), "/a/b.jpg");
        assert_eq!(shortened("/media/photos/2019/aa.jpg", 13), "/med…9/aa.jpg");
        assert_eq!(shortened("薯片薯片薯片", 7), "薯…薯片");
        assert_eq!(shortened("abc", 0), "…");
    }

    #[test]
    fn steps_that_are_missing_keep_their_place() {
        let days = ["2019-12-30", "2020-01-02"].map(|text| (day(text), Value::Bytes(1)));
        let line = Timeline::single("t", "a", CalendarUnit::Day, days.to_vec());
        assert_eq!(line.folded(9).heights(), [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(line.ticks(&line.folded(9), 9)[2], (2, day("2020-01-01")));
        let months = ["2019-12-01", "2020-03-01"].map(|text| (day(text), Value::Bytes(1)));
        let line = Timeline::single("t", "a", CalendarUnit::Month, months.to_vec());
        assert_eq!(line.folded(9).heights(), [1.0, 0.0, 0.0, 1.0]);
        assert_eq!(line.ticks(&line.folded(9), 9)[2], (2, day("2020-02-01")));
    }

    #[test]
    fn what_is_added_up_begins_at_whole_hours() {
        let starts = (0..100).map(|minute| (day("2020-01-01") + TimeDelta::minutes(50 + minute), Value::Count(1)));
        let line = Timeline::single("t", "a", CalendarUnit::Minute, starts.collect());
        let folded = line.folded(4);
        assert_eq!((folded.steps_per_column, folded.lead_steps), (30, 20));
        assert_eq!(folded.heights(), [10.0, 30.0, 30.0, 30.0]);
        let at = |minute| day("2020-01-01") + TimeDelta::minutes(minute);
        assert_eq!(line.ticks(&folded, 2), [(1, at(60)), (3, at(120))]);
        assert_eq!(folded.note(CalendarUnit::Minute).as_deref(), Some("a column is 30 minutes"));
    }
}
