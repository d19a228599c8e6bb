//! Where the events end. Days after their end are unknown, which is not the same as nobody; so one event of a device whose clock
//! is wrong must not pass for the end.
use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};

use super::moment::{DayNumber, day_number};

/// Where the events end, as far as can be known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataEnd {
    /// The last day of which the events tell; None if no event has a time.
    pub day: Option<NaiveDate>,
    /// How many events are later. They are taken for those of wrong clocks.
    pub late_events: u64,
    /// The day of the last of these.
    pub late_day: Option<NaiveDate>,
}

impl DataEnd {
    /// Whether the events reach the end of `day`.
    pub fn is_known(&self, day: NaiveDate) -> bool {
        self.day.is_some_and(|end| day <= end)
    }

    /// The end as it was asked for, instead of the one that was judged.
    #[must_use]
    pub(super) fn or_given(self, given: Option<NaiveDate>) -> Self {
        match given {
            Some(day) => DataEnd { day: Some(day), ..DataEnd::default() },
            None => self,
        }
    }
}

/// Events after a gap of more days than these may be those of wrong clocks, if they are few.
const GAP_DAYS: i32 = 30;
/// They are few if they are one, or at most this part of all.
const FEW: u64 = 100;

/// Judges where the events end from their number on each day. `today` is the day on this machine's clock.
///
/// What is later than tomorrow (somewhere it is tomorrow already) is of a wrong clock. So is what follows a gap of more than 30
/// days, if it is a single event or at most 1 % of all.
pub(super) fn judge(events: &BTreeMap<i32, u64>, today: NaiveDate) -> DataEnd {
    let tomorrow = day_number(today.checked_add_days(Days::new(1)).unwrap_or(today));
    let all: u64 = events.values().sum();
    let mut days = events.iter().map(|(day, count)| (*day, *count)).rev().peekable();
    let mut late = (0, None);
    let mut end: DayNumber = None;
    // The events since the last gap, from the end backwards.
    let mut since_gap = 0;
    while let Some((day, count)) = days.next() {
        if day > tomorrow {
            late = (late.0 + count, late.1.or(Some(day)));
            continue;
        }
        end = end.or(Some(day));
        since_gap += count;
        let gap = days.peek().map_or(0, |(before, _)| day - before);
        if gap <= GAP_DAYS {
            continue;
        }
        if since_gap > 1 && since_gap * FEW > all {
            break;
        }
        late = (late.0 + since_gap, late.1.or(end));
        (end, since_gap) = (None, 0);
    }
    let date = |day: DayNumber| day.and_then(NaiveDate::from_num_days_from_ce_opt);
    DataEnd { day: date(end), late_events: late.0, late_day: date(late.1) }
}

/// How many events there are on each day: a table that most events find in a processor's cache.
pub(super) struct DayCounts {
    /// The day of the latest events, and how many they are: most events are of the same day as the one before.
    run: (i32, u32),
    slots: Box<[(i32, u32); SLOTS]>,
    others: BTreeMap<i32, u64>,
}

const SLOTS: usize = 256;

impl Default for DayCounts {
    fn default() -> Self {
        DayCounts { run: (0, 0), slots: Box::new([(0, 0); SLOTS]), others: BTreeMap::new() }
    }
}

impl DayCounts {
    #[inline(always)]
    pub(super) fn add(&mut self, day: i32) {
        if self.run.0 != day || self.run.1 == u32::MAX {
            self.end_run();
            self.run.0 = day;
        }
        self.run.1 += 1;
    }

    #[inline(never)]
    fn end_run(&mut self) {
        let (day, count) = std::mem::take(&mut self.run);
        let slot = &mut self.slots[day as usize % SLOTS];
        if slot.0 != day || slot.1.checked_add(count).is_none() {
            if slot.1 > 0 {
                *self.others.entry(slot.0).or_default() += u64::from(slot.1);
            }
            *slot = (day, 0);
        }
        slot.1 += count;
    }

    /// What was counted since the last call.
    pub(super) fn take(&mut self) -> BTreeMap<i32, u64> {
        self.end_run();
        let mut days = std::mem::take(&mut self.others);
        for (day, count) in self.slots.iter_mut().filter(|(_, count)| *count > 0) {
            *days.entry(*day).or_default() += u64::from(std::mem::take(count));
        }
        days
    }
}

/// Adds the counts of further events.
pub(super) fn add_days(all: &mut BTreeMap<i32, u64>, more: BTreeMap<i32, u64>) {
    for (day, count) in more {
        *all.entry(day).or_default() += count;
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn events_end_before_those_of_wrong_clocks() {
        let today = day("2024-06-01");
        for (events, end, late_events) in [
            (&[][..], None, 0),
            (&[("2024-05-01", 2), ("2024-05-03", 1)], Some("2024-05-03"), 0),
            (&[("2024-05-03", 3), ("2038-01-19", 1)], Some("2024-05-03"), 1),
            // However many there are, they are not of tomorrow's tomorrow.
            (&[("2024-05-03", 3), ("2024-06-03", 90), ("2038-01-19", 9)], Some("2024-05-03"), 99),
            (&[("2024-05-03", 3), ("2024-06-02", 1)], Some("2024-06-02"), 0),
            (&[("2023-05-03", 3), ("2024-05-03", 1)], Some("2023-05-03"), 1),
            (&[("2023-05-03", 300), ("2024-01-01", 2), ("2024-01-05", 1)], Some("2023-05-03"), 3),
            (&[("2023-05-03", 30), ("2024-01-01", 2), ("2024-01-05", 1)], Some("2024-01-05"), 0),
            (&[("2023-05-03", 30), ("2023-06-02", 1)], Some("2023-06-02"), 0),
            (&[("2023-05-03", 30), ("2023-06-03", 1)], Some("2023-05-03"), 1),
            (&[("2023-05-03", 30), ("2023-07-01", 1), ("2024-01-01", 1)], Some("2023-05-03"), 2),
            (&[("2024-05-03", 1)], Some("2024-05-03"), 0),
            (&[("2038-01-19", 1)], None, 1),
        ] {
            let events = events.iter().map(|(text, count)| (day_number(day(text)), *count)).collect();
            let found = judge(&events, today);
            assert_eq!((found.day, found.late_events), (end.map(day), late_events), "{events:?}");
        }
    }

    #[test]
    fn every_event_is_counted_on_its_day() {
        let mut counts = DayCounts::default();
        let days = (0..5_000).map(|number| number * 37 % 1_500 - 200);
        let mut expected = BTreeMap::new();
        for day in days {
            counts.add(day);
            *expected.entry(day).or_default() += 1;
        }
        assert_eq!(counts.take(), expected);
        assert!(counts.take().is_empty());
    }
}
