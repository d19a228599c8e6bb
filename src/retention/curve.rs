//! Curves of cohorts: for each install day, how many users came back on each of the days after it.
use chrono::{Days, NaiveDate};

use super::question::DaySpan;

/// How many users a cohort has, and how many of them were active on each day of its window. Days after the last event are
/// unknown, which is not the same as nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curve {
    /// The day of the install.
    pub install_day: NaiveDate,
    /// How many users it has; None if the events end before the install day.
    pub users: Option<u64>,
    /// Days, and how many of these users were active on each; None if the events end before it.
    pub days: Vec<(NaiveDate, Option<u64>)>,
}

/// Curves, and how far the events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurvesFound {
    /// A curve for each install day.
    pub curves: Vec<Curve>,
    /// The day of the latest event; None if no event has a time.
    pub last_day: Option<NaiveDate>,
}

/// Cohorts of some install days, and for each the days from `after.0` to `after.1` days after its install.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Curves {
    installs: DaySpan,
    after: (u64, u64),
    window: DaySpan,
}

impl Curves {
    /// None if the days of all windows together are too many, or are beyond the calendar.
    pub fn new(installs: DaySpan, after: (u64, u64)) -> Option<Self> {
        let window = DaySpan::new(window(installs.first, after)?.first, window(installs.last, after)?.last)?;
        Some(Curves { installs, after, window })
    }

    /// How many days after the install the first and the last day of a window are.
    pub fn after(&self) -> (u64, u64) {
        self.after
    }

    /// The install days.
    pub fn installs(&self) -> DaySpan {
        self.installs
    }

    /// The days of all windows together.
    pub fn whole_window(&self) -> DaySpan {
        self.window
    }

    /// Each install day and its window.
    pub fn cohorts(&self) -> impl Iterator<Item = (NaiveDate, DaySpan)> {
        self.installs.days().filter_map(|install_day| Some((install_day, window(install_day, self.after)?)))
    }
}

fn window(install_day: NaiveDate, after: (u64, u64)) -> Option<DaySpan> {
    let day = |after| install_day.checked_add_days(Days::new(after));
    DaySpan::new(day(after.0)?, day(after.1)?)
}
