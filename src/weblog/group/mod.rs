//! Requests and bytes for each distinct key, in a memory that has a ceiling.
//!
//! Every worker counts into a [`Groups`] of its own; [`finish`] brings them together. When a worker's keys outgrow its part
//! of the ceiling, and only the largest are asked for, it writes what it has to an unnamed temporary file, split into
//! parts by the key's hash, and begins anew. Equal keys lie in equal parts, so at the end each part is counted by itself:
//! the result is exact, whatever the ceiling.
mod finish;
mod spill;
mod table;

use std::cmp::Reverse;
use std::io;

use finish::Best;
pub use finish::finish;
use spill::Spill;
use table::{Keys, TOGETHER};

/// What a row of the result costs beside its key.
const ROW_BYTES: usize = 256;

/// What is to be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupOptions {
    /// Only the groups with the most bytes, at least 1; the others are one sum. None: all.
    pub top: Option<usize>,
    /// What all workers' tables may take together.
    pub memory_bytes: usize,
    /// How many workers share that memory, at least 1.
    pub workers: usize,
    /// Whether what outgrows the memory may go to temporary files; [`Groups::so_far`] then is not to be had.
    pub may_spill: bool,
}

/// Why groups cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// More groups were asked for than there is room to hold.
    #[error("the groups need more than {} MiB of memory", memory_bytes >> 20)]
    TooMany {
        /// The ceiling.
        memory_bytes: usize,
    },
    /// A temporary file cannot be written or read.
    #[error("cannot keep groups in a temporary file in {}", folder.display())]
    Spill {
        /// Where temporary files are made.
        folder: std::path::PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
}

fn spill_error(cause: io::Error) -> GroupError {
    GroupError::Spill { folder: std::env::temp_dir(), cause }
}

/// What is counted for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Sum {
    /// Bytes of all requests.
    pub bytes: u128,
    /// Requests.
    pub requests: u64,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.bytes += other.bytes;
        self.requests += other.requests;
    }
}

/// A key and its sum. Rows are ordered by bytes, then requests, then by key against the alphabet, so that the greatest is
/// the one to be told first and no two runs differ.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    /// What is counted.
    pub sum: Sum,
    /// The key's parts as [`Groups::add`] got them.
    pub key: Reverse<Vec<u8>>,
}

/// All that is known at the end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grouped {
    /// The groups that were asked for, the one with the most bytes first.
    pub rows: Vec<Row>,
    /// The sum of all groups that are not in `rows`.
    pub other: Sum,
    /// The sum of all groups.
    pub total: Sum,
    /// How many groups there are, those in `other` too.
    pub groups: u64,
    /// Whether temporary files were needed.
    pub spilled: bool,
}

/// One worker's groups.
#[derive(Debug)]
pub struct Groups {
    keys: Keys,
    pending: Vec<Pending>,
    /// The keys of `pending`, one after the other.
    pending_keys: Vec<u8>,
    /// Where the last of them begins.
    last_start: usize,
    memory_bytes: usize,
    options: GroupOptions,
    spill: Option<Spill>,
    error: Option<GroupError>,
}

/// A key on its way into the table.
#[derive(Debug, Clone, Copy)]
struct Pending {
    hash: u64,
    key_end: usize,
    requests: u64,
    bytes: u64,
}

/// Makes the workers' [`Groups`]; they share what [`finish`] needs to bring them together.
#[derive(Debug, Clone)]
pub struct Grouping {
    options: GroupOptions,
    // Seeded anew for each run: URLs come from strangers, who could otherwise choose colliding ones.
    hasher: foldhash::quality::RandomState,
}

impl Grouping {
    /// For one run.
    pub fn new(options: GroupOptions) -> Self {
        Grouping { options, hasher: foldhash::quality::RandomState::default() }
    }

    /// A worker's groups, empty.
    pub fn worker(&self) -> Groups {
        Groups {
            keys: Keys::new(self.hasher.clone()),
            pending: Vec::with_capacity(TOGETHER),
            pending_keys: Vec::new(),
            last_start: 0,
            // The last third is for bringing the tables together.
            memory_bytes: self.options.memory_bytes / 3 * 2 / self.options.workers.max(1),
            options: self.options,
            spill: None,
            error: None,
        }
    }
}

impl Groups {
    /// Counts a request of `bytes` for `key`.
    pub fn add(&mut self, key: &[u8], bytes: u64) {
        self.add_many(key, 1, bytes);
    }

    /// Counts `requests` of `bytes` in all for `key`.
    pub fn add_many(&mut self, key: &[u8], requests: u64, bytes: u64) {
        // Of few groups, as extensions or folders are, the next is often the last again.
        if !self.pending.is_empty() && self.pending_keys[self.last_start..] == *key {
            return self.again_many(requests, bytes);
        }
        self.begin(key, requests, bytes);
    }

    /// Makes `key` the last.
    fn begin(&mut self, key: &[u8], requests: u64, bytes: u64) {
        if self.pending.len() == TOGETHER {
            self.flush();
        }
        self.last_start = self.pending_keys.len();
        self.pending_keys.extend_from_slice(key);
        let hash = self.keys.hash(key);
        self.pending.push(Pending { hash, key_end: self.pending_keys.len(), requests, bytes });
    }

    /// Counts a request of `bytes` for the key of the last [`Groups::add`], which there must have been.
    #[inline]
    pub fn again(&mut self, bytes: u64) {
        self.again_many(1, bytes);
    }

    /// Counts many requests for the key of the last [`Groups::add`], which there must have been.
    #[inline]
    pub fn again_many(&mut self, requests: u64, bytes: u64) {
        let Some(last) = self.pending.last_mut() else { return };
        match last.bytes.checked_add(bytes) {
            Some(sum) => {
                last.bytes = sum;
                last.requests += requests;
            }
            None => self.again_beyond_64_bits(requests, bytes),
        }
    }

    #[cold]
    fn again_beyond_64_bits(&mut self, requests: u64, bytes: u64) {
        let key = self.pending_keys[self.last_start..].to_vec();
        self.begin(&key, requests, bytes);
    }

    /// Puts all pending keys into the table.
    fn flush(&mut self) {
        self.keys.touch(self.pending.iter().map(|pending| pending.hash));
        let mut key_start = 0;
        for index in 0..self.pending.len() {
            let Pending { hash, key_end, requests, bytes } = self.pending[index];
            let known = self.keys.len();
            let at = self.keys.entry(hash, &self.pending_keys[key_start..key_end]);
            self.keys.add_at(at, requests, bytes);
            key_start = key_end;
            if self.keys.len() > known {
                self.keep_ceiling();
            }
        }
        self.pending.clear();
        self.pending_keys.clear();
    }

    /// Whether counting on is in vain: [`finish`] will tell why.
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }

    /// What this worker alone has counted up to now, while nothing has gone to a file.
    ///
    /// # Errors
    /// When its groups outgrew their memory.
    pub fn so_far(&mut self) -> Result<Grouped, GroupError> {
        self.flush();
        if self.error.is_some() || self.spill.is_some() {
            return Err(GroupError::TooMany { memory_bytes: self.options.memory_bytes });
        }
        let mut best = Best::new(self.options.top);
        best.take(&self.keys);
        Ok(best.grouped(false))
    }

    /// Makes room when the newest key is one too many.
    fn keep_ceiling(&mut self) {
        let rows_bytes = match self.options.top {
            Some(_) => 0,
            None => self.keys.len() * ROW_BYTES + self.keys.keys_bytes(),
        };
        if self.keys.used_bytes() + rows_bytes <= self.memory_bytes || self.keys.len() < 2 {
            return;
        }
        let made_room = match self.options.top {
            Some(_) if self.options.may_spill => self.spill_all(),
            _ => Err(GroupError::TooMany { memory_bytes: self.options.memory_bytes }),
        };
        if let Err(error) = made_room {
            // The first error is the cause of all later ones.
            self.error.get_or_insert(error);
            self.keys.clear();
        }
    }

    fn spill_all(&mut self) -> Result<(), GroupError> {
        let spill = match &mut self.spill {
            Some(spill) => spill,
            None => self.spill.insert(Spill::new().map_err(spill_error)?),
        };
        spill.write(&self.keys).map_err(spill_error)?;
        self.keys.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn grouped(requests: &[(Vec<u8>, u64)], options: GroupOptions) -> Result<Grouped, GroupError> {
        let grouping = Grouping::new(options);
        let mut workers: Vec<Groups> = (0..options.workers).map(|_| grouping.worker()).collect();
        for (at, (key, bytes)) in requests.iter().enumerate() {
            let worker = &mut workers[at % options.workers];
            worker.add(key, *bytes);
            if bytes % 3 == 0 {
                worker.again(7);
            }
        }
        finish(&grouping, workers)
    }

    /// The plain reference.
    fn expected(requests: &[(Vec<u8>, u64)], top: Option<usize>) -> (Vec<(Vec<u8>, Sum)>, Sum, Sum) {
        let mut sums: BTreeMap<Vec<u8>, Sum> = BTreeMap::new();
        for (key, bytes) in requests {
            let sum = sums.entry(key.clone()).or_default();
            sum.add(Sum { bytes: u128::from(*bytes), requests: 1 });
            if bytes % 3 == 0 {
                sum.add(Sum { bytes: 7, requests: 1 });
            }
        }
        let mut rows: Vec<(Vec<u8>, Sum)> = sums.into_iter().collect();
        // Stable: equal sums stay in the alphabet's order.
        rows.sort_by_key(|(_, sum)| Reverse(*sum));
        let total = |rows: &[(Vec<u8>, Sum)]| {
            rows.iter().fold(Sum::default(), |mut all, (_, sum)| {
                all.add(*sum);
                all
            })
        };
        let whole = total(&rows);
        let rest = rows.split_off(top.unwrap_or(usize::MAX).min(rows.len()));
        (rows, total(&rest), whole)
    }

    proptest! {
        #[test]
        fn rows_and_rest_are_the_whole_whatever_the_memory(
            requests in proptest::collection::vec((proptest::collection::vec(0u8..4, 0..5), 0u64..50), 0..400),
            top in proptest::option::of(1usize..20),
            workers in 1usize..4,
            memory_bytes in prop_oneof![Just(1usize << 20), 100usize..3000],
        ) {
            // What must hold all has to have room for all.
            let memory_bytes = if top.is_none() { 1 << 22 } else { memory_bytes.max(workers * 200) };
            let result = match grouped(&requests, GroupOptions { top, memory_bytes, workers, may_spill: true }) {
                // So little memory that not even a part of 256 fits: said, not guessed.
                Err(GroupError::TooMany { .. }) if memory_bytes < 3000 => return Ok(()),
                result => result.unwrap(),
            };
            let (rows, other, total) = expected(&requests, top);
            let found: Vec<(Vec<u8>, Sum)> = result.rows.into_iter().map(|row| (row.key.0, row.sum)).collect();
            prop_assert_eq!(found, rows);
            prop_assert_eq!(result.other, other);
            prop_assert_eq!(result.total, total);
        }
    }

    #[test]
    fn a_table_that_outgrows_its_memory_is_counted_exactly_from_disk() {
        let requests: Vec<(Vec<u8>, u64)> =
            (0..20_000u64).map(|n| (format!("/url/{}", n * 7919 % 5000).into_bytes(), n % 11)).collect();
        let options = GroupOptions { top: Some(10), memory_bytes: 64 << 10, workers: 2, may_spill: true };
        let result = grouped(&requests, options).unwrap();
        assert!(result.spilled);
        assert_eq!(result.groups, 5000);
        let (rows, other, total) = expected(&requests, Some(10));
        assert_eq!((result.other, result.total), (other, total));
        assert_eq!(result.rows.into_iter().map(|row| (row.key.0, row.sum)).collect::<Vec<_>>(), rows);
    }

    #[test]
    fn all_groups_that_do_not_fit_are_an_error_that_is_known_early() {
        let grouping = Grouping::new(GroupOptions { top: None, memory_bytes: 1 << 20, workers: 1, may_spill: true });
        let mut groups = grouping.worker();
        let many = (0..100_000).take_while(|n| {
            groups.add(format!("{n}").as_bytes(), 1);
            groups.again(1);
            !groups.failed()
        });
        assert!(many.count() < 10_000);
        assert!(matches!(finish(&grouping, vec![groups]), Err(GroupError::TooMany { .. })));
    }

    #[test]
    fn the_largest_groups_keep_the_ceiling_too() {
        let requests: Vec<(Vec<u8>, u64)> =
            (0..5000u64).map(|n| (format!("{n}{}", "x".repeat(1000)).into_bytes(), n)).collect();
        for (memory_bytes, workers) in [(1 << 20, 1), (1 << 20, 2), (8 << 20, 1), (8 << 20, 2)] {
            let result =
                |top| grouped(&requests, GroupOptions { top: Some(top), memory_bytes, workers, may_spill: true });
            assert_eq!(result(10).unwrap().rows.len(), 10);
            assert!(matches!(result(4000), Err(GroupError::TooMany { .. })), "{memory_bytes} {workers}");
        }
        let options = GroupOptions { top: Some(4000), memory_bytes: 64 << 20, workers: 2, may_spill: true };
        assert_eq!(grouped(&requests, options).unwrap().rows.len(), 4000);
    }

    #[test]
    fn sums_go_beyond_64_bits() {
        let grouping = Grouping::new(GroupOptions { top: None, memory_bytes: 1 << 20, workers: 2, may_spill: true });
        let workers = [(), ()].map(|()| {
            let mut groups = grouping.worker();
            groups.add(b"a", u64::MAX);
            groups.again(u64::MAX);
            groups
        });
        let result = finish(&grouping, workers.into()).unwrap();
        assert_eq!(result.total.bytes, u128::from(u64::MAX) * 4);
        assert_eq!(result.rows[0].sum, Sum { bytes: u128::from(u64::MAX) * 4, requests: 4 });
    }
}
