//! Which day it is, by the clocks of a zone, at a moment of UTC.
use chrono::NaiveDate;

use super::moment::{Moment, day_number};
use crate::units::Zone;

/// Days by the clocks of a zone, fast for moments of the same day of UTC.
#[derive(Debug, Clone)]
pub(super) struct LocalDays {
    zone: Zone,
    utc_day: i32,
    /// From which second of `utc_day` on it is which day there.
    begins: Vec<(u32, i32)>,
}

impl LocalDays {
    pub(super) fn new(zone: Zone) -> Self {
        LocalDays { zone, utc_day: i32::MIN, begins: Vec::new() }
    }

    /// The day at `moment`; None for the zero date.
    #[inline]
    pub(super) fn day(&mut self, moment: Moment) -> Option<i32> {
        let utc_day = moment.day?;
        if self.zone == Zone::UTC {
            return Some(utc_day);
        }
        if utc_day != self.utc_day {
            (self.utc_day, self.begins) = (utc_day, begins(self.zone, utc_day));
        }
        let begun = self.begins.iter().rev().find(|(second, _)| *second <= moment.second);
        Some(begun.map_or(utc_day, |(_, day)| *day))
    }
}

fn begins(zone: Zone, utc_day: i32) -> Vec<(u32, i32)> {
    const EPOCH: i64 = 719_163;
    const DAY_SECS: i64 = 86_400;
    let midnight = (i64::from(utc_day) - EPOCH) * DAY_SECS;
    // No clock is further from UTC than this many days.
    let days = (utc_day - 2..=utc_day + 2).filter_map(NaiveDate::from_num_days_from_ce_opt);
    let mut begins = Vec::new();
    for day in days {
        let start = zone.day_start(day) - midnight;
        if start <= 0 {
            begins = vec![(0, day_number(day))];
        } else if start < DAY_SECS {
            begins.push((start as u32, day_number(day)));
        }
    }
    begins
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_the_day_that_clocks_show(
            secs in prop::collection::vec(1_483_000_000i64..1_700_000_000, 1..20),
            zone in prop::sample::select(vec!["Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Kiritimati", "America/New_York"]),
            fixed in prop::option::of(-86_000i32..86_000),
        ) {
            let zone = fixed.map_or_else(|| zone.parse().unwrap(), Zone::Fixed);
            let mut days = LocalDays::new(zone);
            for secs in secs {
                let at = DateTime::from_timestamp(secs, 0).unwrap();
                let moment = Moment { day: Some(day_number(at.date_naive())), second: (secs % 86_400) as u32 };
                prop_assert_eq!(days.day(moment), Some(day_number(zone.shown(secs).date())), "{}", at);
            }
        }
    }

    #[test]
    fn an_hour_that_comes_twice_around_midnight_belongs_to_the_day_that_has_begun() {
        // At midnight of 18 February 2018, clocks in São Paulo went back to 23:00: that day began at its second midnight.
        let mut days = LocalDays::new("America/Sao_Paulo".parse().unwrap());
        let mut day = |text: &str| {
            let at = text.parse::<chrono::NaiveDateTime>().unwrap();
            let second = (at.and_utc().timestamp() % 86_400) as u32;
            let day = days.day(Moment { day: Some(day_number(at.date())), second }).unwrap();
            NaiveDate::from_num_days_from_ce_opt(day).unwrap().to_string()
        };
        assert_eq!(day("2018-02-18T01:59:59"), "2018-02-17");
        assert_eq!(day("2018-02-18T02:59:59"), "2018-02-17");
        assert_eq!(day("2018-02-18T03:00:00"), "2018-02-18");
    }
}
