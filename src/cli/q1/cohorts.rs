//! `--cohorts A..B --every day|week|month`: the periods in which users installed.
use chrono::{Datelike, Days, Months, NaiveDate};
use votekit::retention::Period;
use votekit::units::{CalendarUnit, DateOrder, Zone};

use crate::cli::terminal::{exit, times};

/// How long the cohorts' periods are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Every {
    /// A cohort a day
    #[default]
    Day,
    /// A cohort an ISO week, from Monday to Sunday
    Week,
    /// A cohort a month
    Month,
}

impl Every {
    fn unit(self) -> CalendarUnit {
        match self {
            Every::Day => CalendarUnit::Day,
            Every::Week => CalendarUnit::Week,
            Every::Month => CalendarUnit::Month,
        }
    }

    pub(super) fn name(self) -> &'static str {
        self.unit().name()
    }

    /// The period that `day` is in.
    pub(super) fn period(self, day: NaiveDate) -> Option<Period> {
        let first = match self {
            Every::Day => Some(day),
            Every::Week => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
            Every::Month => day.with_day(1),
        }?;
        let last = match self {
            Every::Day => Some(day),
            Every::Week => first.checked_add_days(Days::new(6)),
            Every::Month => first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()),
        }?;
        Some(Period { first, last })
    }

    /// What a period is called: `2017-04-01`, `2017-W14`, `2017-04`.
    pub(super) fn label(self, period: Period) -> String {
        period.first.format(self.unit().format()).to_string()
    }
}

/// More cohorts are of no use to anyone.
const COHORTS_MAX: usize = 4_000;

/// The periods from the one of the first day of `text`, as in `2017-04-01..2017-04-14`, to the one of the last, each whole.
///
/// # Errors
/// When these are not two days, or too many.
pub(super) fn periods(text: &str, every: Every, zone: Zone) -> anyhow::Result<Vec<Period>> {
    let Some((first, last)) = text.split_once("..") else {
        return Err(exit::misuse(format!("--cohorts {text:?} is not two days: write 2017-04-01..2017-04-14")));
    };
    let day = |text: &str| times::day("--cohorts", text, zone, DateOrder::default());
    let (first, last) = (day(first)?, day(last)?);
    if first > last {
        return Err(exit::misuse(format!("--cohorts {text:?} ends before it begins: write the earlier day first")));
    }
    let mut periods = Vec::new();
    let mut next = Some(first);
    while let Some(period) = next.and_then(|day| every.period(day)).filter(|period| period.first <= last) {
        if periods.len() == COHORTS_MAX {
            return Err(exit::misuse(format!("--cohorts {text:?} are too many: at most {COHORTS_MAX} cohorts")));
        }
        periods.push(period);
        next = period.last.succ_opt();
    }
    Ok(periods)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_whole_and_have_names() {
        for (text, every, first, last, labels) in [
            ("2017-04-01..2017-04-03", Every::Day, "2017-04-01", "2017-04-03", "2017-04-01 2017-04-02 2017-04-03"),
            ("2017-04-01..2017-04-03", Every::Week, "2017-03-27", "2017-04-09", "2017-W13 2017-W14"),
            ("2018-12-30..2019-01-01", Every::Week, "2018-12-24", "2019-01-06", "2018-W52 2019-W01"),
            ("2016-02-29..2016-03-01", Every::Month, "2016-02-01", "2016-03-31", "2016-02 2016-03"),
        ] {
            let periods = periods(text, every, Zone::UTC).unwrap();
            let found = periods.iter().map(|period| every.label(*period)).collect::<Vec<_>>().join(" ");
            assert_eq!(found, labels);
            assert_eq!(periods.first().unwrap().first.to_string(), first);
            assert_eq!(periods.last().unwrap().last.to_string(), last);
        }
        assert!(periods("2017-04-03..2017-04-01", Every::Day, Zone::UTC).is_err());
        assert!(periods("0001-01-01..9999-12-31", Every::Month, Zone::UTC).is_err());
    }
}
