//! More than the one figure: who came back on each day, of one cohort or of several, as rows and as pictures.
use std::path::{Path, PathBuf};

use chrono::{Days, NaiveDate};
use votekit::report::{Report, Value};
use votekit::retention::{Collation, Curve, Curves, CurvesFound, DAYS_MAX, NameSeen, Period};

use super::by_value::{Group, largest};
use super::cohorts::{Every, periods};
use super::columns::{ColumnArgs, Columns, Kind};
use super::figure::ask;
use super::{fit, question, zero};
use crate::cli::draw::picture::{Bars, HeatMap};
use crate::cli::draw::pictures::{Picture, Pictures};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format};

/// The options for more than the one figure.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Answers")]
pub(super) struct CurveArgs {
    /// A row for each day, or for each value of a column of the install rows
    #[arg(long, value_name = "day|COLUMN")]
    by: Option<String>,
    /// So many values of a column have rows of their own, those with the most users first; the rest is (other)
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u32).range(1..))]
    top: u32,
    /// A row for each cohort from the first day to the last
    #[arg(long, value_name = "DAY..DAY", conflicts_with_all = ["install_day", "from", "to"], allow_hyphen_values = true)]
    cohorts: Option<String>,
    /// The period of a cohort
    #[arg(long, value_name = "PERIOD", requires = "cohorts", default_value = "day")]
    every: Every,
    /// Only events of this name count as coming back
    #[arg(long, value_name = "NAME")]
    return_event: Option<String>,
    #[command(flatten)]
    columns: ColumnArgs,
    /// Draw it in the terminal
    #[arg(long)]
    chart: bool,
    /// Draw it into an SVG file: bars for one cohort, a heat map for several
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// What is asked beyond the one figure, and how it is shown.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) curves: Curves,
    /// The column whose values have rows of their own.
    pub(super) by: Option<String>,
    top: usize,
    /// None for a single cohort of one day.
    every: Option<Every>,
    columns: Columns,
    pictures: Pictures,
    /// In words, for titles: `FIRST_INSTALL`.
    membership: String,
    /// The question, which JSON repeats.
    question: Report,
}

impl CurveArgs {
    /// Where a picture is to be.
    pub(super) fn svg(&self) -> Option<&Path> {
        self.svg.as_deref()
    }

    /// The curves that are asked for; None for the one figure.
    ///
    /// # Errors
    /// When options contradict each other.
    pub(super) fn resolve(&self, asked: &question::Asked, format: Format) -> anyhow::Result<Option<Asked>> {
        let by = self.by.clone().filter(|by| !by.eq_ignore_ascii_case("day"));
        let is_curve =
            self.by.is_some() || self.cohorts.is_some() || self.columns.is_asked() || self.return_event.is_some();
        if !is_curve {
            if self.chart || self.svg.is_some() {
                return Err(exit::misuse(
                    "--chart and --svg draw what --by day or --cohorts A..B tells: add one of them",
                ));
            }
            return Ok(None);
        }
        let every = self.cohorts.as_ref().map(|_| self.every);
        let periods = match &self.cohorts {
            Some(days) => periods(days, self.every, asked.zone)?,
            None => vec![Period::day(asked.question.install_day)],
        };
        let columns = self.columns.resolve(asked.window(), every == Some(Every::Week))?;
        let mut curves = Curves::new(&asked.question.event, periods, columns.days.clone()).ok_or_else(|| {
            exit::misuse(format!("these are too many days: at most {DAYS_MAX} from the first install to the last day"))
        })?;
        curves.return_event.clone_from(&self.return_event);
        curves.by_value = by.is_some();
        Ok(Some(Asked {
            question: self.echo(asked, &columns, every),
            curves,
            by,
            top: self.top as usize,
            every,
            pictures: Pictures::resolve(self.chart, self.svg.clone(), format)?,
            columns,
            membership: asked.membership(),
        }))
    }

    /// The question as JSON echoes it.
    fn echo(&self, asked: &question::Asked, columns: &Columns, every: Option<Every>) -> Report {
        let mut echo = Report::table("", &[]);
        ask(&mut echo, asked);
        match (&self.cohorts, every) {
            (Some(cohorts), Some(every)) => {
                echo.asked("cohorts", cohorts.as_str());
                echo.asked("every", every.name());
            }
            _ => echo.asked("install_day", asked.question.install_day.to_string()),
        }
        echo.asked("retention", columns.retention.name());
        let what = if columns.kind == Kind::Week { "weeks" } else { "days" };
        echo.asked(what, columns.labels.join(","));
        if let Some(event) = &self.return_event {
            echo.asked("return_event", event.as_str());
        }
        if let Some(by) = &self.by {
            echo.asked("by", by.as_str());
        }
        echo
    }
}

impl Asked {
    /// Prints what was found, as rows or as a chart, and writes the picture if one was asked for. Says which days the events do
    /// not tell of.
    ///
    /// # Errors
    /// When the picture or stdout cannot be written.
    pub(super) fn show(
        &self,
        found: &CurvesFound,
        names: Option<&[NameSeen]>,
        collation: Collation,
        format: Format,
        console: &Console,
    ) -> anyhow::Result<()> {
        let CurvesFound { curves, end } = found;
        let is_open = curves.iter().any(|curve| curve.active.iter().any(Option::is_none));
        let ends = end.day.map_or("no event has a time".to_owned(), |day| format!("the events end on {day}"));
        let ends = Some(ends.as_str()).filter(|_| is_open);
        if let Some(ends) = ends {
            console.note(&format!("{ends}: days after that are not known yet and left empty"));
            if let Some(late) = zero::late_events(end) {
                console.warn(&late);
            }
        }
        if curves.iter().all(|curve| curve.users.unwrap_or(0) == 0) {
            let periods = self.curves.periods();
            if let (Some(first), Some(last)) = (periods.first(), periods.last()) {
                let period = Period { first: first.first, last: last.last };
                console.warn(&zero::empty_cohort(&self.membership, period, names, collation));
            }
        }
        let single = curves.first().filter(|_| self.every.is_none() && self.by.is_none());
        let rows = self.rows(curves);
        let picture = || match single {
            Some(curve) => Picture::Bars(self.bars(curve, ends)),
            None => Picture::HeatMap(self.heat_map(&rows, ends)),
        };
        self.pictures.write_svg(picture)?;
        if let Some(chart) = self.pictures.chart(console, picture) {
            return output::write_stdout(&chart);
        }
        let mut report = single.map_or_else(|| self.rows_report(&rows), |curve| self.curve_report(curve));
        report.question.clone_from(&self.question.question);
        if format == Format::Table && single.is_none() {
            report = fit::fitted(report, &self.columns.short_names(), console.width_stdout());
        }
        output::print(&report, format, console)
    }

    /// The curves in the order of their rows, each with what it is a curve of.
    fn rows(&self, curves: &[Curve]) -> Vec<(Option<Group>, Curve)> {
        match self.by {
            Some(_) => largest(curves, self.top).into_iter().map(|(group, curve)| (Some(group), curve)).collect(),
            None => curves.iter().map(|curve| (None, curve.clone())).collect(),
        }
    }

    /// A single cohort: a row for each column.
    fn curve_report(&self, curve: &Curve) -> Report {
        let is_day = self.columns.kind == Kind::Day;
        let names: &[&str] = if is_day {
            &["day", "days_after", "users", "share"]
        } else {
            &["from", "to", "days_after", "users", "share"]
        };
        let mut report = Report::table("days", names);
        let after = |days: u32| date_after(curve.period.first, days).into();
        for ((column, label), active) in self.columns.days.iter().zip(&self.columns.labels).zip(&curve.active) {
            let when: Vec<Value> = match column.last.filter(|_| !is_day) {
                Some(last) => vec![after(column.first), after(last), label.as_str().into()],
                None => vec![after(column.first), u64::from(column.first).into()],
            };
            report.row(when.into_iter().chain([(*active).into(), share(*active, curve.users)]));
        }
        report.beside("install_day", curve.period.first.to_string());
        report.beside("cohort_users", curve.users);
        report
    }

    /// Several cohorts or values: a row for each, and a column for each of the days.
    fn rows_report(&self, rows: &[(Option<Group>, Curve)]) -> Report {
        let names = self.columns.names();
        let mut columns: Vec<&str> = self.by.iter().map(String::as_str).collect();
        columns.extend(self.every.map(|_| "cohort"));
        columns.push("cohort_users");
        columns.extend(names.iter().map(String::as_str));
        let mut report = Report::table(if self.by.is_some() { "groups" } else { "cohorts" }, &columns);
        for (group, curve) in rows {
            let mut row: Vec<Value> = group.iter().map(group_value).collect();
            row.extend(self.every.map(|every| every.label(curve.period).into()));
            row.push(curve.users.into());
            row.extend(curve.active.iter().map(|active| Value::from(*active)));
            report.row(row);
        }
        if self.every.is_none()
            && let Some((_, curve)) = rows.first()
        {
            report.beside("install_day", curve.period.first.to_string());
        }
        report
    }

    /// `ends` is where the events end, if parts of the picture are empty because of it.
    fn heat_map(&self, rows: &[(Option<Group>, Curve)], ends: Option<&str>) -> HeatMap {
        let cells = |curve: &Curve| curve.active.iter().map(|active| share(*active, curve.users)).collect();
        let label = |(group, curve): &(Option<Group>, Curve)| {
            let cohort = self.every.map(|every| every.label(curve.period));
            let value = group.as_ref().map(|group| output::for_people(&group_value(group), false).into_owned());
            let name = value.into_iter().chain(cohort).collect::<Vec<_>>().join(" ");
            match curve.users {
                Some(1) => format!("{name} (1 user)"),
                Some(users) => format!("{name} ({} users)", output::grouped(users.into())),
                None => name,
            }
        };
        let by = self.by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
        let rows_axis = match (self.every, &self.by) {
            (None, Some(by)) => by.clone(),
            (Some(Every::Week), _) => "install week".to_owned(),
            (Some(Every::Month), _) => "install month".to_owned(),
            _ => "install day".to_owned(),
        };
        let on = match (self.every, rows.first()) {
            (None, Some((_, curve))) => format!(" on {}", curve.period.first),
            _ => String::new(),
        };
        HeatMap {
            title: format!("Share of users with {}{on} who came back{}{by}", self.membership, self.return_event()),
            rows_axis,
            columns_axis: with_end(self.columns.axis().to_owned(), ends),
            rows: rows.iter().map(label).collect(),
            columns: self.columns.labels.clone(),
            cells: rows.iter().map(|(_, curve)| cells(curve)).collect(),
        }
    }

    fn bars(&self, curve: &Curve, ends: Option<&str>) -> Bars {
        let axis = match curve.users {
            Some(1) => "of 1 user".to_owned(),
            Some(users) => format!("of {} users", output::grouped(users.into())),
            None => String::new(),
        };
        let bar = |((column, label), active): ((&votekit::retention::DaysAfter, &String), &Option<u64>)| {
            let label = match self.columns.kind {
                Kind::Day => date_after(curve.period.first, column.first),
                Kind::Week => format!("week {label}"),
                Kind::Bracket => format!("days {label}"),
            };
            (label, share(*active, curve.users))
        };
        let bars = self.columns.days.iter().zip(&self.columns.labels).zip(&curve.active).map(bar).collect();
        Bars {
            title: format!(
                "Share of users with {} on {} who came back{}",
                self.membership,
                curve.period.first,
                self.return_event()
            ),
            axis: with_end(axis, ends),
            bars,
        }
    }

    fn return_event(&self) -> String {
        self.curves.return_event.as_ref().map(|event| format!(" with {event}")).unwrap_or_default()
    }
}

fn group_value(group: &Group) -> Value {
    match group {
        Group::Value(value) if value.is_empty() => "(none)".into(),
        Group::Value(value) => value.as_str().into(),
        Group::Other => Value::Other,
    }
}

fn date_after(day: NaiveDate, days: u32) -> String {
    day.checked_add_days(Days::new(days.into())).map(|day| day.to_string()).unwrap_or_default()
}

/// The share of a cohort; null if the cohort has no users or the number is not known yet.
fn share(active: Option<u64>, users: Option<u64>) -> Value {
    match (active, users) {
        (Some(active), Some(users)) if users > 0 => Value::Share(active as f64 / users as f64),
        _ => Value::Null,
    }
}

fn with_end(axis: String, ends: Option<&str>) -> String {
    match ends {
        Some(ends) => format!("{axis}; {ends}"),
        None => axis,
    }
}
