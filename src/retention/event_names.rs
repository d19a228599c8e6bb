//! Which names of events occur, and when: what explains an answer of 0.
use std::collections::BTreeMap;

use chrono::NaiveDate;

/// A name of events that occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameSeen {
    /// The name as the first event has it; others may compare as equal.
    pub name: String,
    /// How many events have it.
    pub events: u64,
    /// The day of the first of them; None if none has a time.
    pub first: Option<NaiveDate>,
    /// The day of the last.
    pub last: Option<NaiveDate>,
}

/// Limit on distinct names: if each event has its own name, more would say nothing.
pub(super) const NAMES_MAX: usize = 1_000;

/// Names with the number of their events and the numbers of their first and last day.
#[derive(Debug, Default)]
pub(super) struct NamesSeen(BTreeMap<String, (u64, Option<i32>, Option<i32>)>);

impl NamesSeen {
    /// Adds `events` events from the day `first` to the day `last`.
    pub(super) fn add(&mut self, name: &str, events: u64, first: Option<i32>, last: Option<i32>) {
        if !self.0.contains_key(name) {
            if self.0.len() >= NAMES_MAX {
                return;
            }
            self.0.insert(name.to_owned(), (0, None, None));
        }
        let Some(seen) = self.0.get_mut(name) else { return };
        seen.0 += events;
        seen.1 = [seen.1, first].into_iter().flatten().min();
        seen.2 = seen.2.max(last);
    }

    pub(super) fn append(&mut self, more: NamesSeen) {
        for (name, (events, first, last)) in more.0 {
            self.add(&name, events, first, last);
        }
    }

    /// All of them, the most frequent first.
    pub(super) fn sorted(self) -> Vec<NameSeen> {
        let date = |day: Option<i32>| day.and_then(NaiveDate::from_num_days_from_ce_opt);
        let seen = |(name, (events, first, last))| NameSeen { name, events, first: date(first), last: date(last) };
        let mut names: Vec<NameSeen> = self.0.into_iter().map(seen).collect();
        names.sort_by_key(|name| std::cmp::Reverse(name.events));
        names
    }
}
