//! On which days users installed and were active: a bit for each user and day.
use super::curve::DaysAfter;
use super::numbered::{Key, Numbered};

/// Days, from the first to the last, by their numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayRange {
    pub(super) first: i32,
    pub(super) last: i32,
}

impl DayRange {
    /// How many days it has.
    pub(super) fn days(self) -> usize {
        self.last.saturating_sub(self.first).saturating_add(1).max(0) as usize
    }
}

/// A bit for each user and day.
#[derive(Debug, Default, Clone)]
pub(super) struct Bits {
    words: usize,
    bits: Vec<u64>,
}

impl Bits {
    /// For this many days per user.
    pub(super) fn new(days: usize) -> Self {
        Bits { words: days.div_ceil(64).max(1), bits: Vec::new() }
    }

    pub(super) fn set(&mut self, user: usize, slot: usize) {
        self.bits[user * self.words + slot / 64] |= 1 << (slot % 64);
    }

    pub(super) fn grow(&mut self, users: usize) {
        self.bits.resize(users * self.words, 0);
    }

    pub(super) fn add(&mut self, other: &Bits) {
        self.bits.iter_mut().zip(&other.bits).for_each(|(mine, theirs)| *mine |= theirs);
    }

    fn of(&self, user: usize) -> &[u64] {
        &self.bits[user * self.words..(user + 1) * self.words]
    }

    /// The first day of a user from `first` to `last`.
    pub(super) fn first_in(&self, user: usize, first: usize, last: usize) -> Option<usize> {
        let words = self.of(user);
        let last = last.min(64 * words.len() - 1);
        let mut at = first;
        while at <= last {
            let rest = words[at / 64] >> (at % 64);
            if rest != 0 {
                let found = at + rest.trailing_zeros() as usize;
                return (found <= last).then_some(found);
            }
            at = (at / 64 + 1) * 64;
        }
        None
    }

    /// Whether a user has any day at all.
    pub(super) fn has_any(&self, user: usize) -> bool {
        self.of(user).iter().any(|word| *word != 0)
    }
}

/// Users of cohorts, by what they fold to, and when they installed.
pub(super) struct Members {
    pub(super) users: Numbered,
    pub(super) installed: Bits,
}

impl Members {
    /// For this many install days.
    pub(super) fn new(days: usize) -> Self {
        Members { users: Numbered::default(), installed: Bits::new(days) }
    }

    /// Notes that a user installed on a day; the user's number.
    pub(super) fn add(&mut self, slot: usize, key: Key) -> u32 {
        let user = self.users.number(key);
        self.installed.grow(self.users.len());
        self.installed.set(user as usize, slot);
        user
    }
}

/// The days of `column`, counted from the first day of a window that begins `lead` days after the first install day, for a user
/// whose day 0 is the install day `day_zero`; `last` is the window's last day, which also stands for all that follow.
pub(super) fn column_days(column: DaysAfter, day_zero: usize, lead: usize, last: usize) -> (usize, usize) {
    let from = day_zero + column.first as usize - lead;
    (from, column.last.map_or(last, |after| day_zero + after as usize - lead))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_first_day_is_found(days in prop::collection::btree_set(0usize..200, 0..6), first in 0usize..200, len in 0usize..200) {
            let mut bits = Bits::new(200);
            bits.grow(3);
            days.iter().for_each(|day| bits.set(1, *day));
            let expected = days.iter().copied().find(|day| (first..=first + len).contains(day));
            prop_assert_eq!(bits.first_in(1, first, first + len), expected);
            prop_assert_eq!(bits.has_any(1), !days.is_empty());
            prop_assert_eq!(bits.first_in(2, 0, 300), None);
        }
    }

    #[test]
    fn days_are_counted() {
        assert_eq!(DayRange { first: 5, last: 5 }.days(), 1);
        assert_eq!(DayRange { first: 5, last: 4 }.days(), 0);
        assert_eq!(DayRange { first: 0, last: i32::MAX }.days(), i32::MAX as usize);
    }
}
