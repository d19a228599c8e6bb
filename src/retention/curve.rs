//! Curves of cohorts: for each of some install days, how many came back on each of the days after it.
use chrono::{Days, NaiveDate};

use super::cohort::{Cohorts, Wanted};
use super::collation::Collation;
use super::events::{EventError, EventOptions, EventsRead};
use super::question::{DaySpan, Question};
use crate::progress::Progress;
use crate::scan::Input;

/// Of a cohort, how many it has and how many came back on each of some days. What lies behind the last day of the events is
/// not known yet, and that is not the same as nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curve {
    /// The day of the install.
    pub install_day: NaiveDate,
    /// How many users it has; None where the events end before.
    pub users: Option<u64>,
    /// Days, and how many of these users were active on each; None where the events end before.
    pub days: Vec<(NaiveDate, Option<u64>)>,
}

/// Curves, and how far the events go that tell them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurvesFound {
    /// A curve for each install day.
    pub curves: Vec<Curve>,
    /// The day of the latest event; None where there is none with a time.
    pub last_day: Option<NaiveDate>,
}

/// What curves are asked for: for each install day the days from `after.0` to `after.1` days behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Curves {
    /// Install days.
    pub installs: DaySpan,
    /// How many days after the install the first and the last day are.
    pub after: (u64, u64),
}

impl Curves {
    /// The days on which the cohort of `install_day` is looked at.
    pub fn window(&self, install_day: NaiveDate) -> Option<DaySpan> {
        let day = |after| install_day.checked_add_days(Days::new(after));
        DaySpan::new(day(self.after.0)?, day(self.after.1)?)
    }

    /// All days on which any cohort is looked at; None where these are too many.
    pub fn whole_window(&self) -> Option<DaySpan> {
        DaySpan::new(self.window(self.installs.first)?.first, self.window(self.installs.last)?.last)
    }

    /// The curves as whoever answers single questions tells them, of events of which the latest is on `last_day`: a cohort's
    /// size is how many of it have an event on the very day of the install, for all of them have one.
    ///
    /// # Errors
    /// What `ask` gives.
    pub fn ask<E>(
        &self,
        event: &str,
        last_day: Option<NaiveDate>,
        mut ask: impl FnMut(&Question) -> Result<u64, E>,
    ) -> Result<CurvesFound, E> {
        let mut curves = Vec::new();
        for install_day in self.installs.days() {
            let mut on = |day| match last_day {
                Some(last) if day <= last => {
                    ask(&Question { install_day, from: day, to: day, event: event.to_owned() }).map(Some)
                }
                _ => Ok(None),
            };
            let users = on(install_day)?;
            let days = self.window(install_day).into_iter().flat_map(DaySpan::days);
            let days = days.map(|day| Ok((day, on(day)?))).collect::<Result<_, E>>()?;
            curves.push(Curve { install_day, users, days });
        }
        Ok(CurvesFound { curves, last_day })
    }

    /// The curves from `inputs`; None where the days are too many.
    ///
    /// # Errors
    /// When an input cannot be read or holds no events.
    pub fn read(
        &self,
        inputs: &[Input],
        event: &str,
        collation: Collation,
        options: &EventOptions,
        progress: &dyn Progress,
    ) -> Result<Option<(CurvesFound, EventsRead)>, EventError> {
        let Some(window) = self.whole_window() else { return Ok(None) };
        let wanted = Wanted::days(event, collation, self.installs, window);
        let (cohorts, read) = Cohorts::read(inputs, &wanted, options, progress)?;
        let curve = |(cohort, install_day): (usize, NaiveDate)| {
            let days = self.window(install_day)?;
            let first = window.place(days.first)?;
            let (users, active) = cohorts.curve(cohort, first..first + days.len());
            let known = |day, users| cohorts.last_day.filter(|last| day <= *last).map(|_| users);
            let days = days.days().zip(active).map(|(day, active)| (day, known(day, active))).collect();
            Some(Curve { install_day, users: known(install_day, users), days })
        };
        let curves = self.installs.days().enumerate().filter_map(curve).collect();
        Ok(Some((CurvesFound { curves, last_day: cohorts.last_day }, read)))
    }
}
