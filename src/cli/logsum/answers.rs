//! Answers beyond a single figure: groups and pictures, and their options.
use std::path::PathBuf;

use chrono::{NaiveDate, NaiveDateTime};
use votekit::report::{Report, Value};
use votekit::units::{ByteSize, ByteSizeError, CalendarUnit};
use votekit::weblog::by::{self, By, GroupKey, KEYS, OTHER};
use votekit::weblog::group::{Group, GroupOptions, Grouped, Sum};
use votekit::weblog::{Date, Totals};

use crate::cli::draw::picture::{Bars, Series, Timeline, short};
use crate::cli::draw::pictures::{Picture, Pictures};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format, Place};

/// The options as they are typed.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Answers")]
pub(super) struct AnswerArgs {
    #[arg(long, value_name = "KEY,…", value_delimiter = ',', action = clap::ArgAction::Append, help = by_help(),
        long_help = by_long_help())]
    by: Vec<By>,
    /// Show only the N groups with the most bytes, and one row for the rest
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000), requires = "by")]
    top: Option<u32>,
    /// Limit the memory for groups
    ///
    /// With --top, more groups go through unnamed temporary files (in TMPDIR), and the figures stay exact. Without it, more
    /// groups than fit are an error.
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = memory_bytes, requires = "by")]
    memory: usize,
    /// Show bytes with decimal units, as in 12.1 GB (table and plain)
    #[arg(long)]
    human: bool,
    /// Draw the groups as bars in the terminal
    #[arg(long, requires = "by")]
    chart: bool,
    /// Draw the groups into an SVG file
    ///
    /// Over time if the first key is a time, else bars.
    #[arg(long, value_name = "FILE", requires = "by")]
    svg: Option<PathBuf>,
}

/// The options, checked against each other.
#[derive(Debug, Clone)]
pub(super) struct Answers {
    /// The keys that rows are grouped by; empty for one figure.
    pub by: Vec<By>,
    /// Limits on groups and their memory.
    pub groups: GroupOptions,
    /// Whether bytes are shown as `12.1 GB`.
    pub human_bytes: bool,
    /// The pictures to draw of the groups.
    pub pictures: Pictures,
}

impl AnswerArgs {
    /// Whether groups were asked for.
    pub(super) fn has_groups(&self) -> bool {
        !self.by.is_empty()
    }

    /// Checks the options. `threads` share the memory, except with `--follow`, which has one thread.
    ///
    /// # Errors
    /// When the options contradict each other or `format`.
    pub(super) fn resolve(self, format: Format, threads: usize, follow: bool) -> anyhow::Result<Answers> {
        let names: Vec<&str> = self.by.iter().map(By::name).collect();
        if let Some(twice) = names.iter().enumerate().find_map(|(at, name)| names[..at].contains(name).then_some(name))
        {
            return Err(exit::misuse(format!("--by {twice} is given twice")));
        }
        if self.by.iter().any(By::is_nameless) {
            return Err(exit::misuse(format!("--by needs names: {}, or a column", key_names())));
        }
        if self.by.len() > BY_MOST {
            return Err(exit::misuse(format!("--by takes at most {BY_MOST} keys")));
        }
        let pictures = Pictures::resolve(self.chart, self.svg, format)?;
        let groups = GroupOptions {
            top: self.top.map(|top| top as usize),
            memory_bytes: self.memory,
            workers: if follow { 1 } else { threads.max(1) },
            may_spill: !follow,
        };
        Ok(Answers { by: self.by, groups, human_bytes: self.human, pictures })
    }
}

/// The names of the keys of `--by`: `day, hour, month, …`.
fn key_names() -> String {
    KEYS.iter().map(By::name).collect::<Vec<_>>().join(", ")
}

fn by_help() -> String {
    format!("A row for each {}, or COLUMN; several with commas", key_names())
}

fn by_long_help() -> String {
    let explained = KEYS.iter().filter(|key| !key.about().is_empty());
    // "ext is the file's extension, type the media type, …"
    let verbs = std::iter::once(" is ").chain(std::iter::repeat(" "));
    let keys: Vec<String> =
        explained.zip(verbs).map(|(key, verb)| format!("{}{verb}{}", key.name(), key.about())).collect();
    format!(
        "{}\n\n{}; COLUMN any column of the log by its name. Rows hold requests, bytes and the share of all bytes. They stand in \
         the order of time when the first key is a time, else the most bytes come first.",
        by_help(),
        keys.join(", ")
    )
}

/// With more keys, nobody could read the table.
const BY_MOST: usize = 8;

fn memory_bytes(text: &str) -> Result<usize, String> {
    let size = match text.parse::<ByteSize>() {
        Err(error @ ByteSizeError::Unit) => return Err(error.to_string()),
        Err(ByteSizeError::Number) => None,
        Ok(size) => usize::try_from(size.0).ok(),
    };
    size.filter(|bytes| *bytes >= MEMORY_LEAST).ok_or_else(|| "at least 1MiB, as in 256MiB or 2GiB".to_owned())
}

const MEMORY_LEAST: usize = 1 << 20;

impl Answers {
    /// The part of the question that is about groups.
    pub(super) fn question(&self) -> Vec<(String, Value)> {
        if self.by.is_empty() {
            return Vec::new();
        }
        let names: Vec<&str> = self.by.iter().map(By::name).collect();
        let top = self.groups.top.map(|top| top as u64);
        vec![("by".to_owned(), names.join(",").into()), ("top".to_owned(), top.into())]
    }

    /// The groups as a table or a chart; also writes the SVG file, if there is one.
    ///
    /// # Errors
    /// When the picture cannot be written.
    pub(super) fn text(
        &self,
        grouped: &Grouped,
        totals: &Totals,
        about: &About,
        format: Format,
        place: Place,
        console: &Console,
    ) -> anyhow::Result<String> {
        self.pictures.write_svg(|| self.picture(grouped, about))?;
        let gaps = self.step().filter(|_| grouped.other == Sum::default());
        let bars = || Picture::Bars(self.bars(grouped, about, usize::MAX, gaps));
        if let Some(chart) = self.pictures.chart(console, bars) {
            return Ok(chart + &total(grouped));
        }
        let mut report = by::report(&self.by, grouped);
        about.complete(&mut report, totals);
        output::text(&report, format, place, &console.with_human_bytes(self.human_bytes))
    }

    /// The picture for an SVG file.
    fn picture(&self, grouped: &Grouped, about: &About) -> Picture {
        match self.timeline(grouped, about) {
            Some(timeline) => Picture::Timeline(timeline),
            None => Picture::Bars(self.bars(grouped, about, BARS_MOST, None)),
        }
    }

    fn title(&self) -> String {
        let names: Vec<&str> = self.by.iter().map(By::title).collect();
        format!("Bytes by {}", names.join(" and "))
    }

    /// The time between groups, if the first key is a time.
    fn step(&self) -> Option<CalendarUnit> {
        self.by.first()?.unit()
    }

    /// The first `most` groups as bars, with empty bars for missing times if `gaps` is set. All other groups share one line
    /// without a bar, which would dwarf the rest.
    fn bars(&self, grouped: &Grouped, about: &About, most: usize, gaps: Option<CalendarUnit>) -> Bars {
        let rows = by::ordered(&self.by, &grouped.rows);
        let (shown, folded) = rows.split_at(most.min(rows.len()));
        let mut bars: Vec<(String, Value)> = Vec::with_capacity(shown.len());
        let mut before = None;
        for row in shown {
            if let (Some(step), Some((at, ..))) = (gaps, moment(row)) {
                bars.extend(before.map(|before| gap(step, before, at)).unwrap_or_default());
                before = Some(at);
            }
            bars.push((label(row), Value::Bytes(row.sum.bytes)));
        }
        let others = grouped.groups - shown.len() as u64;
        if others > 0 {
            let bytes = folded.iter().fold(grouped.other.bytes, |bytes, row| bytes + row.sum.bytes);
            let text = format!("{} (not drawn)", short(&Value::Bytes(bytes)));
            bars.push((format!("{OTHER}: {} groups", output::grouped(others.into())), Value::Text(text)));
        }
        Bars { title: self.title(), axis: about.axis(), bars }
    }

    /// The groups over time, if the first key is a time and no group is left out.
    fn timeline(&self, grouped: &Grouped, about: &About) -> Option<Timeline> {
        let step = self.step()?;
        if self.by.len() > 2 || grouped.other != Sum::default() {
            return None;
        }
        let rows: Vec<(NaiveDateTime, String, u128)> = grouped.rows.iter().map(moment).collect::<Option<_>>()?;
        let mut starts: Vec<NaiveDateTime> = rows.iter().map(|(at, ..)| *at).collect();
        starts.sort_unstable();
        starts.dedup();
        let names = largest_names(&rows);
        let mut values = vec![vec![0u128; starts.len()]; names.len()];
        for (at, name, bytes) in &rows {
            let series = names.iter().position(|known| known == name).unwrap_or(names.len() - 1);
            let start = starts.binary_search(at).ok()?;
            values[series][start] += bytes;
        }
        let series = names
            .into_iter()
            .zip(values)
            .map(|(name, values)| Series { name, values: values.into_iter().map(Value::Bytes).collect() });
        Some(Timeline {
            title: self.title(),
            axis: about.axis(),
            clock: about.clock.clone(),
            step,
            starts,
            series: series.collect(),
        })
    }
}

/// The total below a chart.
fn total(grouped: &Grouped) -> String {
    let bytes = Value::Bytes(grouped.total.bytes);
    format!(
        "\n  total: {} ({} bytes) in {} requests\n",
        short(&bytes),
        output::for_people(&bytes, false),
        output::grouped(u128::from(grouped.total.requests))
    )
}

/// What a picture says about its rows.
#[derive(Debug, Clone)]
pub(super) struct About {
    /// The rows that count: `JPEGs, 2019-08-24 to 2019-08-25`.
    pub rows: String,
    /// The zone of days and hours: `UTC`.
    pub clock: String,
    /// What is asked, as JSON echoes it.
    pub question: Vec<(String, Value)>,
    /// How many logs were to be read; None while they are followed.
    pub inputs: Option<usize>,
}

impl About {
    /// Adds to a report what was asked, and which rows that is about.
    pub(super) fn complete(&self, report: &mut Report, totals: &Totals) {
        report.question.clone_from(&self.question);
        report.beside("rows_read", totals.rows.read);
        report.beside("rows_bad", totals.rows.bad);
        let Some(inputs) = self.inputs else { return };
        let day = |date: Option<Date>| date.map_or(Value::Null, |date| date.to_string().into());
        report.beside("first", day(totals.days.map(|days| days.0)));
        report.beside("last", day(totals.days.map(|days| days.1)));
        let has_format = |name: &&String| totals.formats.iter().any(|(with, _)| with == *name);
        let read = totals.formats.len() + totals.empty.iter().filter(|name| !has_format(name)).count();
        report.beside("inputs", read as u64);
        report.beside("inputs_skipped", inputs.saturating_sub(read) as u64);
    }

    /// One figure, with what JSON and tables say beside it.
    pub(super) fn figure(&self, totals: &Totals) -> Report {
        let mut report = Report::figure("bytes", Value::Bytes(totals.bytes));
        report.beside("requests", totals.requests);
        self.complete(&mut report, totals);
        report
    }

    /// `638.6 kB (638,571 bytes) of JPEGs, 2019-08-24 to 2019-08-25 UTC, in 44 of 204 requests, 1 log`.
    pub(super) fn sentence(&self, totals: &Totals) -> String {
        let bytes = Value::Bytes(totals.bytes);
        let inputs = self.inputs.unwrap_or_default();
        let logs = if inputs == 1 { "log" } else { "logs" };
        let exactly = format!("{} bytes", output::grouped(totals.bytes));
        let size = if totals.bytes < 1000 { exactly } else { format!("{} ({exactly})", short(&bytes)) };
        format!(
            "{size} of {} {}, in {} of {} requests, {} {logs}\n",
            self.rows,
            self.clock,
            output::grouped(totals.requests.into()),
            output::grouped(totals.rows.read.into()),
            output::grouped(inputs as u128),
        )
    }

    fn axis(&self) -> String {
        format!("bytes sent: {}", self.rows)
    }
}

/// The most bars in an SVG file.
const BARS_MOST: usize = 50;
/// The most series of a timeline with a colour of their own; all others share one more.
const SERIES_MOST: usize = 6;

/// Longer runs of times without a group become one line.
const GAP_MOST: usize = 24;

/// Empty bars for the times between `before` and `at`.
fn gap(step: CalendarUnit, before: NaiveDateTime, at: NaiveDateTime) -> Vec<(String, Value)> {
    let missing = 1..step.count(before, at);
    if missing.len() > GAP_MOST {
        let text = format!("… {} {}s without any", output::grouped(missing.len() as u128), step.name());
        return vec![(text, Value::Text(String::new()))];
    }
    let time = |steps| step.after(before, steps).map(|at| at.format(step.format()).to_string());
    missing.filter_map(time).map(|label| (label, Value::Bytes(0))).collect()
}

fn label(row: &Group) -> String {
    GroupKey::parts(&row.key.0).iter().map(|part| by::display(part)).collect::<Vec<_>>().join("  ")
}

/// A group's time, the text of its second key (empty if there is none) and its bytes.
fn moment(row: &Group) -> Option<(NaiveDateTime, String, u128)> {
    let parts = GroupKey::parts(&row.key.0);
    let at = by::display(parts.first()?);
    let at = match at.len() {
        7 => NaiveDate::parse_from_str(&format!("{at}-01"), "%Y-%m-%d").ok()?.into(),
        8 => NaiveDate::parse_from_str(&format!("{at}-1"), "%G-W%V-%u").ok()?.into(),
        10 => at.parse::<NaiveDate>().ok()?.into(),
        _ => NaiveDateTime::parse_from_str(&at, "%Y-%m-%dT%H:%M").ok()?,
    };
    Some((at, parts.get(1).map(|part| by::display(part)).unwrap_or_default(), row.sum.bytes))
}

/// The names with the most bytes, in descending order, and one for all others if there are more.
fn largest_names(rows: &[(NaiveDateTime, String, u128)]) -> Vec<String> {
    let mut sums: Vec<(u128, &str)> = Vec::new();
    let mut sorted: Vec<(&str, u128)> = rows.iter().map(|(_, name, bytes)| (name.as_str(), *bytes)).collect();
    sorted.sort_unstable();
    for (name, bytes) in sorted {
        match sums.last_mut() {
            Some((sum, last)) if *last == name => *sum += bytes,
            _ => sums.push((bytes, name)),
        }
    }
    sums.sort_by_key(|(sum, name)| (std::cmp::Reverse(*sum), *name));
    let mut names: Vec<String> = sums.iter().take(SERIES_MOST).map(|(_, name)| (*name).to_owned()).collect();
    if sums.len() > SERIES_MOST {
        names.push(OTHER.to_owned());
    }
    names
}
