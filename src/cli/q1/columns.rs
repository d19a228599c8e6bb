//! Which days after the install are looked at: `--days`, `--horizon`, `--retention`, `--brackets`, and weeks.
use std::str::FromStr;

use votekit::retention::DaysAfter;

use crate::cli::terminal::exit;

/// What counts as coming back after a number of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Retention {
    /// An event on that very day
    Classic,
    /// An event on that day or any later one, up to the end of the events
    Rolling,
    /// An event on one of several days, as --brackets says
    Bracket,
}

impl Retention {
    pub(super) fn name(self) -> &'static str {
        match self {
            Retention::Classic => "classic",
            Retention::Rolling => "rolling",
            Retention::Bracket => "bracket",
        }
    }
}

/// The options for the days that are looked at.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Answers")]
pub(super) struct ColumnArgs {
    /// Look at these days after the install
    #[arg(long, value_name = "N,…", value_delimiter = ',', conflicts_with_all = ["horizon", "brackets", "from", "to"], value_parser = one_day)]
    days: Vec<u32>,
    /// Look at all days up to this many after the install
    #[arg(long, value_name = "DAYS", conflicts_with_all = ["brackets", "from", "to"], value_parser = clap::value_parser!(u32).range(1..))]
    horizon: Option<u32>,
    /// What counts as coming back
    #[arg(long, value_name = "KIND")]
    retention: Option<Retention>,
    /// Spans of days after the install
    #[arg(long, value_name = "A-B,…", value_delimiter = ',', conflicts_with_all = ["from", "to"])]
    brackets: Vec<Bracket>,
}

/// `7`: a day after the install.
fn one_day(text: &str) -> Result<u32, String> {
    text.trim()
        .parse()
        .map_err(|_| "write days after the install, as in 1,7,30; spans are --brackets 1-7,8-14".to_owned())
}

/// `1-7`: days after the install.
#[derive(Debug, Clone, Copy)]
struct Bracket(u32, u32);

impl FromStr for Bracket {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ends = text.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
        match ends {
            Some((first, last)) if first <= last => Ok(Bracket(first, last)),
            _ => Err("write two days after the install, as in 1-7".to_owned()),
        }
    }
}

/// The days that are looked at, and what they are called.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) retention: Retention,
    pub(super) days: Vec<DaysAfter>,
    /// `1`, `1-7`; the number of a week.
    pub(super) labels: Vec<String>,
    pub(super) kind: Kind,
}

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Day,
    /// Seven days, counted from day 0.
    Week,
    Bracket,
}

impl ColumnArgs {
    /// Whether one of these options asks for more than the one figure.
    pub(super) fn is_asked(&self) -> bool {
        !self.days.is_empty() || self.horizon.is_some() || self.retention.is_some() || !self.brackets.is_empty()
    }

    /// The days that are looked at; `window` is the first and the last day after the install unless options say otherwise, and
    /// `by_week` whether cohorts are weeks.
    ///
    /// # Errors
    /// When options contradict each other.
    pub(super) fn resolve(&self, window: (u32, u32), by_week: bool) -> anyhow::Result<Columns> {
        let default = if self.brackets.is_empty() { Retention::Classic } else { Retention::Bracket };
        let retention = self.retention.unwrap_or(default);
        match (retention, self.brackets.is_empty()) {
            (Retention::Bracket, true) if self.days.is_empty() && self.horizon.is_none() => {
                Ok(Columns::brackets(&[Bracket(window.0, window.1)]))
            }
            (Retention::Bracket, true) => {
                Err(exit::misuse("--retention bracket takes --brackets 1-3,4-7 rather than --days or --horizon"))
            }
            (Retention::Bracket, false) => Ok(Columns::brackets(&self.brackets)),
            (_, false) => Err(exit::misuse("--brackets are for --retention bracket: leave one of them out")),
            _ if by_week && self.days.is_empty() => {
                let horizon = self.horizon.unwrap_or(WEEKS_HORIZON);
                if horizon < 13 {
                    return Err(exit::misuse(
                        "--horizon is too short for weeks: week 1 ends 13 days after the install",
                    ));
                }
                Ok(Columns::weeks((horizon - 6) / 7, retention))
            }
            _ => {
                let days = match self.horizon {
                    Some(horizon) => (1..=horizon).collect(),
                    None if self.days.is_empty() => (window.0..=window.1).collect(),
                    None => self.days.clone(),
                };
                if days.len() > COLUMNS_MAX {
                    return Err(exit::misuse(format!(
                        "these are too many days: at most {COLUMNS_MAX} can be looked at"
                    )));
                }
                Ok(Columns::days(days, retention))
            }
        }
    }
}

/// Four weeks after week 0.
const WEEKS_HORIZON: u32 = 4 * 7 + 6;

/// More columns are of no use to anyone.
const COLUMNS_MAX: usize = 400;

impl Columns {
    fn days(days: Vec<u32>, retention: Retention) -> Self {
        let last = |day| (retention == Retention::Classic).then_some(day);
        let labels = days.iter().map(ToString::to_string).collect();
        let days = days.into_iter().map(|day| DaysAfter { first: day, last: last(day) }).collect();
        Columns { retention, days, labels, kind: Kind::Day }
    }

    fn weeks(weeks: u32, retention: Retention) -> Self {
        let last = |week: u32| (retention == Retention::Classic).then_some(7 * week + 6);
        let days = (1..=weeks).map(|week| DaysAfter { first: 7 * week, last: last(week) }).collect();
        Columns { retention, days, labels: (1..=weeks).map(|week| week.to_string()).collect(), kind: Kind::Week }
    }

    fn brackets(brackets: &[Bracket]) -> Self {
        let days = brackets.iter().map(|Bracket(first, last)| DaysAfter { first: *first, last: Some(*last) }).collect();
        let labels = brackets.iter().map(|Bracket(first, last)| format!("{first}-{last}")).collect();
        Columns { retention: Retention::Bracket, days, labels, kind: Kind::Bracket }
    }

    /// What the columns are called where names are programs': `day_1`, `week_1`, `days_1_7`.
    pub(super) fn names(&self) -> Vec<String> {
        let name = |label: &String| match self.kind {
            Kind::Day => format!("day_{label}"),
            Kind::Week => format!("week_{label}"),
            Kind::Bracket => format!("days_{}", label.replace('-', "_")),
        };
        self.labels.iter().map(name).collect()
    }

    /// What they are called where there is little room: `d1`, `w1`, `d1-7`.
    pub(super) fn short_names(&self) -> Vec<String> {
        let letter = if self.kind == Kind::Week { 'w' } else { 'd' };
        self.labels.iter().map(|label| format!("{letter}{label}")).collect()
    }

    /// What the axis of a picture says.
    pub(super) fn axis(&self) -> &'static str {
        match (self.kind, self.retention) {
            (Kind::Week, Retention::Rolling) => "weeks after the install, that one or later",
            (Kind::Week, _) => "weeks after the install",
            (_, Retention::Rolling) => "days after the install, that one or later",
            _ => "days after the install",
        }
    }
}
