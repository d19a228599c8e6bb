//! The largest groups, and the sum of all.
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::grouped::{Group, Grouped, Sum};
use super::limits::{GROUP_BYTES, GroupError, GroupOptions};
use super::table::Table;

/// The result may always take this much, however low the memory limit.
const RESULT_BYTES_LEAST: usize = 1 << 20;

/// The largest groups, and the sum of all.
pub(super) struct Best {
    options: GroupOptions,
    /// The smallest first, since that is the one to replace.
    rows: BinaryHeap<Reverse<Group>>,
    /// Total length of their keys in bytes.
    keys_bytes: usize,
    total: Sum,
    groups: u64,
}

impl Best {
    /// Empty, for these limits.
    pub(super) fn new(options: GroupOptions) -> Self {
        Best { options, rows: BinaryHeap::new(), keys_bytes: 0, total: Sum::default(), groups: 0 }
    }

    /// Adds all groups of `table`. Their keys must be new.
    pub(super) fn take(&mut self, table: &Table) {
        for (key, sum) in table.iter() {
            self.total.add(sum);
            self.groups += 1;
            // Most groups are in the long tail: their sum alone rules them out, without copying the key.
            if self.is_full() && self.rows.peek().is_some_and(|Reverse(least)| sum < least.sum) {
                continue;
            }
            self.offer(Group { sum, key: Reverse(key.to_vec()) });
        }
    }

    fn is_full(&self) -> bool {
        self.options.top.is_some_and(|top| self.rows.len() >= top)
    }

    fn offer(&mut self, row: Group) {
        if self.is_full() {
            match self.rows.peek_mut() {
                Some(mut least) if least.0 < row => {
                    self.keys_bytes = self.keys_bytes - least.0.key.0.len() + row.key.0.len();
                    *least = Reverse(row);
                }
                _ => {}
            }
        } else {
            self.keys_bytes += row.key.0.len();
            self.rows.push(Reverse(row));
        }
    }

    /// Fails if the groups outgrow their share of the memory, divided among `workers`. While the result is printed, each key
    /// is in memory three times: as bytes, as text, and in the output.
    pub(super) fn limit_memory(&self, workers: usize) -> Result<(), GroupError> {
        let result_bytes = self.rows.len() * GROUP_BYTES + 3 * self.keys_bytes;
        let most = (self.options.memory_bytes / workers.max(1)).max(RESULT_BYTES_LEAST);
        // Without `top`, the tables' memory already includes the result.
        if self.options.top.is_some() && result_bytes > most {
            return Err(self.options.too_many());
        }
        Ok(())
    }

    /// Adds the groups of `other`. Their keys must be new.
    pub(super) fn join(&mut self, other: Best) {
        self.total.add(other.total);
        self.groups += other.groups;
        other.rows.into_iter().for_each(|Reverse(row)| self.offer(row));
    }

    /// The groups in their final order.
    pub(super) fn grouped(self, spilled: bool) -> Grouped {
        let rows: Vec<Group> = self.rows.into_sorted_vec().into_iter().map(|Reverse(row)| row).collect();
        let shown = rows.iter().fold(Sum::default(), |mut sum, row| {
            sum.add(row.sum);
            sum
        });
        let other = Sum { bytes: self.total.bytes - shown.bytes, requests: self.total.requests - shown.requests };
        Grouped { rows, other, total: self.total, groups: self.groups, spilled }
    }
}
