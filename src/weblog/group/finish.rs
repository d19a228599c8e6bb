//! Brings workers' tables together, and tells the largest groups from the rest.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::spill::{PARTS, Spill};
use super::table::Keys;
use super::{GroupError, GroupOptions, Grouped, Grouping, Groups, ROW_BYTES, Row, Sum, spill_error};

/// Brings the workers' groups together.
///
/// # Errors
/// [`GroupError`], of a worker or of the bringing together.
pub fn finish(grouping: &Grouping, workers: Vec<Groups>) -> Result<Grouped, GroupError> {
    let mut workers = workers;
    workers.iter_mut().for_each(Groups::flush);
    if let Some(error) = workers.iter_mut().find_map(|worker| worker.error.take()) {
        return Err(error);
    }
    if workers.iter().all(|worker| worker.spill.is_none()) {
        let mut workers = workers.into_iter().map(|worker| worker.keys);
        let mut all = workers.next().unwrap_or_else(|| Keys::new(grouping.hasher.clone()));
        for keys in workers {
            keys.iter().for_each(|(key, sum)| all.add(key, sum));
        }
        let mut best = Best::new(grouping.options.top);
        best.take(&all);
        best.keep_ceiling(&grouping.options, 1)?;
        return Ok(best.grouped(false));
    }
    let mut spills = Vec::new();
    for mut worker in workers {
        worker.spill_all()?;
        spills.extend(worker.spill);
    }
    finish_parts(grouping, &spills)
}

/// Counts part by part, on every core.
fn finish_parts(grouping: &Grouping, spills: &[Spill]) -> Result<Grouped, GroupError> {
    let options = grouping.options;
    let next = AtomicUsize::new(0);
    let all = Mutex::new(Best::new(options.top));
    let work = || -> Result<(), GroupError> {
        let mut best = Best::new(options.top);
        let mut keys = Keys::new(grouping.hasher.clone());
        loop {
            let part = next.fetch_add(1, Relaxed);
            if part >= PARTS {
                break;
            }
            keys.clear();
            for spill in spills {
                spill.read_part(part, &mut keys).map_err(spill_error)?;
                // The last third is for the rows to tell of.
                if keys.used_bytes() > options.memory_bytes / 3 * 2 / options.workers.max(1) {
                    return Err(GroupError::TooMany { memory_bytes: options.memory_bytes });
                }
            }
            best.take(&keys);
            best.keep_ceiling(&options, options.workers)?;
        }
        let mut all = all.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.join(best);
        all.keep_ceiling(&options, 1)
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..options.workers).map(|_| scope.spawn(work)).collect();
        let mut outcome = work();
        for other in others {
            match other.join() {
                Ok(ended) => outcome = outcome.and(ended),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        outcome
    })?;
    Ok(all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner).grouped(true))
}

/// What rows to tell of may take, however little the memory is.
const ROWS_BYTES_LEAST: usize = 1 << 20;

/// The rows to tell of, and the sum of all.
pub struct Best {
    top: Option<usize>,
    rows: BinaryHeap<Reverse<Row>>,
    /// The length of their keys.
    keys_bytes: usize,
    total: Sum,
    groups: u64,
}

impl Best {
    /// None yet, of which the `top` largest are to be kept.
    pub fn new(top: Option<usize>) -> Self {
        Best { top, rows: BinaryHeap::new(), keys_bytes: 0, total: Sum::default(), groups: 0 }
    }

    /// Takes all of `keys`, none of which it has.
    pub fn take(&mut self, keys: &Keys) {
        for (key, sum) in keys.iter() {
            self.total.add(sum);
            self.groups += 1;
            // Most keys of a long tail are told from their sum alone.
            if self.is_full() && self.rows.peek().is_some_and(|Reverse(least)| sum < least.sum) {
                continue;
            }
            self.offer(Row { sum, key: Reverse(key.to_vec()) });
        }
    }

    fn is_full(&self) -> bool {
        self.top.is_some_and(|top| self.rows.len() >= top)
    }

    fn offer(&mut self, row: Row) {
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

    /// Fails when the rows outgrow their part of the memory, as one of `workers`, by the time they are told: then their keys
    /// are there as they are, as text, and as what is written.
    fn keep_ceiling(&self, options: &GroupOptions, workers: usize) -> Result<(), GroupError> {
        let told_bytes = self.rows.len() * ROW_BYTES + 3 * self.keys_bytes;
        let most = (options.memory_bytes / workers.max(1)).max(ROWS_BYTES_LEAST);
        // Without `top` the tables were held to it.
        if options.top.is_some() && told_bytes > most {
            return Err(GroupError::TooMany { memory_bytes: options.memory_bytes });
        }
        Ok(())
    }

    fn join(&mut self, other: Best) {
        self.total.add(other.total);
        self.groups += other.groups;
        other.rows.into_iter().for_each(|Reverse(row)| self.offer(row));
    }

    /// What was found.
    pub fn grouped(self, spilled: bool) -> Grouped {
        let rows: Vec<Row> = self.rows.into_sorted_vec().into_iter().map(|Reverse(row)| row).collect();
        let shown = rows.iter().fold(Sum::default(), |mut sum, row| {
            sum.add(row.sum);
            sum
        });
        let other = Sum { bytes: self.total.bytes - shown.bytes, requests: self.total.requests - shown.requests };
        Grouped { rows, other, total: self.total, groups: self.groups, spilled }
    }
}
