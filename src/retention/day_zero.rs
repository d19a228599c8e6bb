//! The value of a column in a user's day-0 row: the earliest install row of that day.
use std::collections::HashMap;

use super::moment::Moment;

/// An install row with the value of the column by which curves are.
pub(super) struct ValueRow {
    pub(super) slot: u16,
    pub(super) at: Moment,
    pub(super) value: Box<str>,
    /// What its user folds to.
    pub(super) user: Box<[u8]>,
}

/// For each user and install day, the earliest row; of several at the same time the one whose value is least by its bytes.
#[derive(Default)]
pub(super) struct DayZero(HashMap<(u32, u16), (Moment, Box<str>), foldhash::fast::RandomState>);

impl DayZero {
    pub(super) fn add(&mut self, user: u32, slot: u16, at: Moment, value: Box<str>) {
        let row = (at, value);
        match self.0.get_mut(&(user, slot)) {
            Some(earliest) if *earliest <= row => {}
            Some(earliest) => *earliest = row,
            None => {
                self.0.insert((user, slot), row);
            }
        }
    }

    /// The value of a user's earliest row on an install day.
    pub(super) fn value(&self, user: u32, slot: usize) -> &str {
        let row = u16::try_from(slot).ok().and_then(|slot| self.0.get(&(user, slot)));
        row.map_or("", |(_, value)| value)
    }
}
