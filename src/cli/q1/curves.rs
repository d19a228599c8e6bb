//! `votekit q1 --by day` and `--cohorts`: who came back on each day, as rows and as pictures.
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use votekit::report::{Report, Value};
use votekit::retention::{Curve, Curves, CurvesFound, DAYS_MOST, DaySpan, Question};
use votekit::units::{DateOrder, Zone};

use crate::cli::draw::picture::{Bars, HeatMap};
use crate::cli::draw::pictures::{Picture, Pictures};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::output::{self, Format};
use crate::cli::terminal::{exit, times};

/// More than the one figure.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Answers")]
pub(super) struct CurveArgs {
    /// A row for each day of the window: how many of the cohort were active, and what share
    ///
    /// Days after the last event are empty: they are not known yet.
    #[arg(long, value_name = "day", conflicts_with = "cohorts")]
    by: Option<By>,
    /// A row for each of these install days: how many were active 1 to 7 days later
    ///
    /// Days after the last event are empty: they are not known yet.
    #[arg(long, value_name = "DAY..DAY", conflicts_with_all = ["install_day", "from", "to"], allow_hyphen_values = true)]
    cohorts: Option<String>,
    /// Draw it in the terminal
    #[arg(long)]
    chart: bool,
    /// Draw it into an SVG file: bars for --by day, a heat map for --cohorts
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum By {
    Day,
}

/// How many days after the install a triangle shows.
const TRIANGLE_AFTER: (u64, u64) = (1, 7);

fn days(text: &str) -> anyhow::Result<DaySpan> {
    let Some((first, last)) = text.split_once("..") else {
        return Err(exit::misuse(format!("--cohorts {text:?} is not two days: write 2017-04-01..2017-04-14")));
    };
    let day = |text: &str| times::day("--cohorts", text, Zone::UTC, DateOrder::default());
    let (first, last) = (day(first)?, day(last)?);
    if first > last {
        return Err(exit::misuse(format!("--cohorts {text:?} ends before it begins: write the earlier day first")));
    }
    DaySpan::new(first, last).ok_or_else(too_many_days)
}

/// The error for more days than one run can tell apart.
fn too_many_days() -> anyhow::Error {
    exit::misuse(format!("these are too many days: at most {DAYS_MOST} from the first to the last"))
}

/// What is asked beyond the one figure, and how it is shown.
#[derive(Debug)]
pub(super) struct Asked {
    /// What is asked.
    pub curves: Curves,
    triangle: bool,
    pictures: Pictures,
}

impl CurveArgs {
    /// Where a picture is to stand.
    pub(super) fn svg(&self) -> Option<&Path> {
        self.svg.as_deref()
    }

    /// The curves that are asked for; None for the one figure.
    ///
    /// # Errors
    /// When options contradict each other.
    pub(super) fn resolve(&self, question: &Question, format: Format) -> anyhow::Result<Option<Asked>> {
        let (installs, after) = match (&self.cohorts, self.by) {
            (Some(installs), _) => (days(installs)?, TRIANGLE_AFTER),
            (None, Some(By::Day)) => {
                let after = |day: NaiveDate| {
                    u64::try_from((day - question.install_day).num_days()).map_err(|_| {
                        exit::misuse(format!(
                            "--by day looks at days after the install: {day} is before {}",
                            question.install_day
                        ))
                    })
                };
                let installs = DaySpan::new(question.install_day, question.install_day).ok_or_else(too_many_days)?;
                (installs, (after(question.from)?, after(question.to)?))
            }
            (None, None) if self.chart || self.svg.is_some() => {
                return Err(exit::misuse(
                    "--chart and --svg draw what --by day or --cohorts A..B tells: add one of them",
                ));
            }
            (None, None) => return Ok(None),
        };
        let pictures = Pictures::resolve(self.chart, self.svg.clone(), format)?;
        let curves = Curves::new(installs, after).ok_or_else(too_many_days)?;
        let triangle = self.cohorts.is_some();
        Ok(Some(Asked { curves, triangle, pictures }))
    }
}

impl Asked {
    /// Prints what was found, as rows or as a chart, and writes the picture if one was asked for. Notes when days are after the
    /// last event.
    ///
    /// # Errors
    /// When the picture or stdout cannot be written.
    pub(super) fn show(&self, found: &CurvesFound, format: Format, console: &Console) -> anyhow::Result<()> {
        let CurvesFound { curves: found, last_day } = found;
        let is_open = found.iter().any(|curve| curve.days.iter().any(|(_, active)| active.is_none()));
        let end = last_day.map_or("no event has a time".to_owned(), |day| format!("the events end on {day}"));
        let end = Some(end.as_str()).filter(|_| is_open);
        if let Some(end) = end {
            console.note(&format!("{end}: days after that are not known yet and left empty"));
        }
        let curve = found.first().filter(|_| !self.triangle);
        let picture = || match curve {
            Some(curve) => Picture::Bars(bars(curve, end)),
            None => Picture::HeatMap(self.heat_map(found, end)),
        };
        self.pictures.write_svg(picture)?;
        if let Some(chart) = self.pictures.chart(console, picture) {
            return output::write_stdout(&chart);
        }
        let report = curve.map_or_else(|| self.triangle_report(found), |curve| self.curve_report(curve));
        output::print(&report, format, console)
    }

    fn after(&self) -> std::ops::RangeInclusive<u64> {
        let (first, last) = self.curves.after();
        first..=last
    }

    fn curve_report(&self, curve: &Curve) -> Report {
        let mut report = Report::table("days", &["day", "days_after", "num_of_user", "share"]);
        for ((day, active), after) in curve.days.iter().zip(self.after()) {
            report.row([day.to_string().into(), after.into(), (*active).into(), share(*active, curve.users)]);
        }
        report.beside("install_day", curve.install_day.to_string());
        report.beside("cohort_users", curve.users);
        report
    }

    fn triangle_report(&self, found: &[Curve]) -> Report {
        let days: Vec<String> = self.after().map(|after| format!("day_{after}")).collect();
        let columns: Vec<&str> =
            ["install_day", "cohort_users"].into_iter().chain(days.iter().map(String::as_str)).collect();
        let mut report = Report::table("cohorts", &columns);
        for curve in found {
            let days = curve.days.iter().map(|(_, active)| Value::from(*active));
            report.row([curve.install_day.to_string().into(), curve.users.into()].into_iter().chain(days));
        }
        report
    }

    /// `end` is where the events end, if parts of the picture are empty because of it.
    fn heat_map(&self, found: &[Curve], end: Option<&str>) -> HeatMap {
        let cells = |curve: &Curve| curve.days.iter().map(|(_, active)| share(*active, curve.users)).collect();
        let label = |curve: &Curve| match curve.users {
            Some(1) => format!("{} (1 user)", curve.install_day),
            Some(users) => format!("{} ({} users)", curve.install_day, output::grouped(users.into())),
            None => curve.install_day.to_string(),
        };
        HeatMap {
            title: "Share of each cohort that was active".to_owned(),
            rows_axis: "install day".to_owned(),
            columns_axis: with_end("days after the install".to_owned(), end),
            rows: found.iter().map(label).collect(),
            columns: self.after().map(|after| after.to_string()).collect(),
            cells: found.iter().map(cells).collect(),
        }
    }
}

/// The share of a cohort; null if the cohort has no users or the number is not known yet.
fn share(active: Option<u64>, users: Option<u64>) -> Value {
    match (active, users) {
        (Some(active), Some(users)) if users > 0 => Value::Share(active as f64 / users as f64),
        _ => Value::Null,
    }
}

fn with_end(axis: String, end: Option<&str>) -> String {
    match end {
        Some(end) => format!("{axis}; {end}"),
        None => axis,
    }
}

fn bars(curve: &Curve, end: Option<&str>) -> Bars {
    let axis = curve.users.map_or("users".to_owned(), |users| format!("users, of {}", output::grouped(users.into())));
    Bars {
        title: format!("Users who installed on {} and were active", curve.install_day),
        axis: with_end(axis, end),
        bars: curve.days.iter().map(|(day, active)| (day.to_string(), (*active).into())).collect(),
    }
}
