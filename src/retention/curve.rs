//! Retention curves of cohorts: how many of the users who installed in a period came back some days later.
use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::data_end::DataEnd;

/// The days on which a cohort's users installed, from the first to the last. A user's day 0 is the day of the first install row
/// within them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Included.
    pub first: NaiveDate,
    /// The last day, whole.
    pub last: NaiveDate,
}

impl Period {
    /// The period of `day` alone.
    pub fn day(day: NaiveDate) -> Self {
        Period { first: day, last: day }
    }

    pub(super) fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take_while(move |day| *day <= self.last)
    }
}

/// Days after day 0: from the first to the last, or from the first to the end of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaysAfter {
    /// The first; 0 is the day of the install.
    pub first: u32,
    /// The last, whole; None for all that follow ("rolling").
    pub last: Option<u32>,
}

impl DaysAfter {
    /// A single day ("classic").
    pub fn day(after: u32) -> Self {
        DaysAfter { first: after, last: Some(after) }
    }
}

/// Cohorts, and the days after the install on which their users are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curves {
    /// The event that makes a user a member; without effect where events say themselves when their user installed.
    pub event: String,
    /// The event that counts as coming back; None for any.
    pub return_event: Option<String>,
    /// A curve for each value of the first column that is kept, rather than one for all users.
    pub by_value: bool,
    periods: Vec<Period>,
    columns: Vec<DaysAfter>,
}

/// Limit on the days from the first install to the last day of a run: ten years.
pub const DAYS_MAX: i64 = 3_660;

impl Curves {
    /// Cohorts of `periods`, and for each the days of `columns`. None if the days are too many, or beyond the calendar.
    pub fn new(event: &str, periods: Vec<Period>, columns: Vec<DaysAfter>) -> Option<Self> {
        let first = periods.iter().map(|period| period.first).min()?;
        let last = periods.iter().map(|period| period.last).max()?;
        let reach = columns.iter().map(|column| column.last.unwrap_or(column.first)).max()?;
        let end = last.checked_add_days(Days::new(reach.into()))?;
        ((end - first).num_days() < DAYS_MAX).then(|| Curves {
            event: event.to_owned(),
            return_event: None,
            by_value: false,
            periods,
            columns,
        })
    }

    /// The periods whose users are cohorts, in order of time.
    pub fn periods(&self) -> &[Period] {
        &self.periods
    }

    /// The days after day 0 that are looked at.
    pub fn columns(&self) -> &[DaysAfter] {
        &self.columns
    }

    /// The first and the last install day.
    pub(super) fn installs(&self) -> Period {
        let (first, last) = self.periods.iter().fold((NaiveDate::MAX, NaiveDate::MIN), |(first, last), period| {
            (first.min(period.first), last.max(period.last))
        });
        Period { first, last }
    }

    /// The first and last day that count. If a column continues to the end of the events, the last day represents all later
    /// days; if other columns do not, it is the day after the last of theirs.
    pub(super) fn window(&self) -> Period {
        let installs = self.installs();
        let first = self.columns.iter().map(|column| column.first).min().unwrap_or(0);
        let reach = self.columns.iter().map(|column| column.last.unwrap_or(column.first)).max().unwrap_or(0);
        let is_mixed = self.is_rolling() && self.columns.iter().any(|column| column.last.is_some());
        let reach = reach + u32::from(is_mixed);
        let after = |day: NaiveDate, days: u32| day.checked_add_days(Days::new(days.into())).unwrap_or(NaiveDate::MAX);
        Period { first: after(installs.first, first), last: after(installs.last, reach) }
    }

    /// Whether a column continues to the end of the events.
    pub(super) fn is_rolling(&self) -> bool {
        self.columns.iter().any(|column| column.last.is_none())
    }

    /// Whether all users of a cohort have had the days of `column`, and the events tell of them.
    pub(super) fn is_known(period: Period, column: DaysAfter, end: &DataEnd) -> bool {
        let needed = column.last.unwrap_or(column.first);
        period.last.checked_add_days(Days::new(needed.into())).is_some_and(|day| end.is_known(day))
    }

    /// The curves, once all is counted; what the events do not tell is None.
    pub(super) fn found(&self, counts: Counts, end: DataEnd) -> CurvesFound {
        let mut curves = Vec::new();
        for (period, values) in self.periods.iter().zip(counts.periods) {
            if self.by_value && !end.is_known(period.first) {
                // Which values its users have is as unknown as how many they are.
                continue;
            }
            for (value, Count { users, active }) in values {
                let known =
                    |(column, users): (&DaysAfter, u64)| Self::is_known(*period, *column, &end).then_some(users);
                let active = self.columns.iter().zip(active).map(known).collect();
                let users = end.is_known(period.first).then_some(users);
                curves.push(Curve { period: *period, value: self.by_value.then_some(value), users, active });
            }
        }
        CurvesFound { curves, end }
    }
}

/// How many users a cohort has, and how many of them came back. What is after the end of the events is unknown, which is not the
/// same as nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Curve {
    /// When its users installed.
    pub period: Period,
    /// What they have in common besides, if curves are by value: that of the day-0 row; of several at the same time the least by
    /// its bytes. Empty where that row has none.
    pub value: Option<String>,
    /// How many users it has; None if the events end before the period.
    pub users: Option<u64>,
    /// How many of these users came back, for each of the columns; None if the events end before the column's last day of the
    /// user who installed last.
    pub active: Vec<Option<u64>>,
}

/// Curves, and how far the events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurvesFound {
    /// A curve for each period, or for each value of each period, in the order of the periods and of the values' bytes.
    pub curves: Vec<Curve>,
    /// Where the events end.
    pub end: DataEnd,
}

/// Users who were counted, and how many of them came back in each column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) users: u64,
    pub(super) active: Vec<u64>,
}

/// Counts for each value of each period.
pub(super) struct Counts {
    columns: usize,
    periods: Vec<BTreeMap<String, Count>>,
}

impl Counts {
    pub(super) fn new(curves: &Curves) -> Self {
        let mut counts = Counts { columns: curves.columns.len(), periods: vec![BTreeMap::new(); curves.periods.len()] };
        if !curves.by_value {
            // A cohort without users is a row too.
            (0..curves.periods.len()).for_each(|period| _ = counts.of(period, ""));
        }
        counts
    }

    pub(super) fn of(&mut self, period: usize, value: &str) -> &mut Count {
        let columns = self.columns;
        let new = || Count { users: 0, active: vec![0; columns] };
        self.periods[period].entry(value.to_owned()).or_insert_with(new)
    }
}
