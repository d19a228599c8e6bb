//! Requests and bytes for each distinct key, in a memory that has a ceiling.
//!
//! Every worker counts into a [`Groups`] of its own; [`finish`] brings them together. When a worker's keys outgrow its part
//! of the ceiling, and only the largest are asked for, it writes what it has to an unnamed temporary file, split into
//! [`PARTS`] by the key's hash, and begins anew. Equal keys lie in equal parts, so at the end each part is counted by itself:
//! the result is exact, whatever the ceiling.
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::hash::BuildHasher;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use hashbrown::HashTable;

/// How many parts a spilled table is split into.
const PARTS: usize = 256;
/// What a group costs beside its key while it is in a table: its entry, its place in the index at the emptiest, and what
/// writing it to a file takes.
const GROUP_BYTES: usize = size_of::<Entry>() + 24;
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
    /// All groups were asked for and there are too many to hold.
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

/// One group. 32 bytes, for there may be many millions.
#[derive(Debug, Clone, Copy)]
struct Entry {
    key_start: u64,
    key_len: u32,
    bytes_high: u32,
    bytes_low: u64,
    requests: u64,
}

impl Entry {
    fn add(&mut self, requests: u64, bytes: u64) {
        let (low, carried) = self.bytes_low.overflowing_add(bytes);
        self.bytes_low = low;
        // 2^96 bytes are beyond any log.
        self.bytes_high += u32::from(carried);
        self.requests += requests;
    }

    fn sum(&self) -> Sum {
        Sum { bytes: u128::from(self.bytes_high) << 64 | u128::from(self.bytes_low), requests: self.requests }
    }
}

/// Keys with their sums: an index into entries, whose keys lie one after the other in one piece of memory.
#[derive(Debug)]
struct Keys {
    hasher: foldhash::quality::RandomState,
    index: HashTable<u32>,
    entries: Vec<Entry>,
    keys: Vec<u8>,
}

impl Keys {
    fn new(hasher: foldhash::quality::RandomState) -> Self {
        Keys { hasher, index: HashTable::new(), entries: Vec::new(), keys: Vec::new() }
    }

    /// The entry of `key`, whose hash is `hash`; new where there was none.
    fn entry(&mut self, hash: u64, key: &[u8]) -> usize {
        let of = |entry: &Entry| &self.keys[entry.key_start as usize..][..entry.key_len as usize];
        if let Some(at) = self.index.find(hash, |at| of(&self.entries[*at as usize]) == key) {
            return *at as usize;
        }
        let at = self.entries.len();
        let rehash = |at: &u32| self.hasher.hash_one(of(&self.entries[*at as usize]));
        // The ceiling ends long before 2^32 entries of 32 bytes.
        self.index.insert_unique(hash, at as u32, rehash);
        let key_start = self.keys.len() as u64;
        self.keys.extend_from_slice(key);
        self.entries.push(Entry { key_start, key_len: key.len() as u32, bytes_high: 0, bytes_low: 0, requests: 0 });
        at
    }

    fn add(&mut self, key: &[u8], sum: Sum) {
        let at = self.entry(self.hasher.hash_one(key), key);
        let entry = &mut self.entries[at];
        entry.add(sum.requests, sum.bytes as u64);
        entry.bytes_high += (sum.bytes >> 64) as u32;
    }

    fn key(&self, entry: &Entry) -> &[u8] {
        &self.keys[entry.key_start as usize..][..entry.key_len as usize]
    }

    fn iter(&self) -> impl Iterator<Item = (&[u8], Sum)> {
        self.entries.iter().map(|entry| (self.key(entry), entry.sum()))
    }

    fn used_bytes(&self) -> usize {
        self.keys.len() + self.entries.len() * GROUP_BYTES
    }

    fn clear(&mut self) {
        self.index.clear();
        self.entries.clear();
        self.keys.clear();
    }
}

/// One worker's groups.
#[derive(Debug)]
pub struct Groups {
    keys: Keys,
    pending: Vec<Pending>,
    /// The keys of `pending`, one after the other.
    pending_keys: Vec<u8>,
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

/// How many keys go into the table together: enough that their ways through memory overlap, few enough that all they touch
/// stays near.
const TOGETHER: usize = 32;
/// A table of fewer groups is near as a whole.
const GROUPS_NEAR: usize = 4096;

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
        if self.pending.len() == TOGETHER {
            self.flush();
        }
        self.pending_keys.extend_from_slice(key);
        let hash = self.keys.hasher.hash_one(key);
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
        let end = |index: usize| self.pending.get(index).map_or(0, |pending| pending.key_end);
        let key = match self.pending.len() {
            0 => return,
            1 => self.pending_keys.clone(),
            count => self.pending_keys[end(count - 2)..end(count - 1)].to_vec(),
        };
        self.add_many(&key, requests, bytes);
    }

    /// Puts all pending keys into the table.
    fn flush(&mut self) {
        self.touch();
        let mut key_start = 0;
        for index in 0..self.pending.len() {
            let Pending { hash, key_end, requests, bytes } = self.pending[index];
            let known = self.keys.entries.len();
            let at = self.keys.entry(hash, &self.pending_keys[key_start..key_end]);
            self.keys.entries[at].add(requests, bytes);
            key_start = key_end;
            if self.keys.entries.len() > known {
                self.keep_ceiling();
            }
        }
        self.pending.clear();
        self.pending_keys.clear();
    }

    /// Reads once what looking all pending keys up will read. Each key's way leads through three places that are far apart
    /// in a large table, each known only from the one before; here the ways of all keys are gone side by side, so that the
    /// waits for memory overlap.
    fn touch(&self) {
        let keys = &self.keys;
        if keys.entries.len() < GROUPS_NEAR {
            return;
        }
        let mut entries = [0usize; TOGETHER];
        for (pending, entry) in self.pending.iter().zip(&mut entries) {
            *entry = keys.index.find(pending.hash, |_| true).map_or(0, |at| *at as usize);
        }
        let mut starts = [0usize; TOGETHER];
        for (entry, start) in entries.iter().zip(&mut starts) {
            *start = keys.entries[*entry].key_start as usize;
        }
        let bytes = starts.iter().fold(0u8, |bytes, start| bytes ^ keys.keys.get(*start).copied().unwrap_or_default());
        std::hint::black_box(bytes);
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
            None => self.keys.entries.len() * ROW_BYTES + self.keys.keys.len(),
        };
        if self.keys.used_bytes() + rows_bytes <= self.memory_bytes || self.keys.entries.len() < 2 {
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

/// A worker's tables on disk. The file has no name: nothing is left when the program ends, however it ends.
#[derive(Debug)]
struct Spill {
    file: File,
    written: u64,
    /// For each part the ranges of the file that hold it.
    ranges: Vec<Vec<(u64, u64)>>,
}

impl Spill {
    fn new() -> io::Result<Self> {
        Ok(Spill { file: tempfile::tempfile()?, written: 0, ranges: vec![Vec::new(); PARTS] })
    }

    /// The hash's bits that the table of a part uses least: neither the lowest, which choose its bucket, nor the highest.
    fn part(hash: u64) -> usize {
        (hash >> 32) as usize % PARTS
    }

    fn write(&mut self, keys: &Keys) -> io::Result<()> {
        let mut of_part: Vec<Vec<u32>> = vec![Vec::new(); PARTS];
        for (at, entry) in keys.entries.iter().enumerate() {
            of_part[Self::part(keys.hasher.hash_one(keys.key(entry)))].push(at as u32);
        }
        let mut file = BufWriter::with_capacity(1 << 18, &self.file);
        for (part, entries) in of_part.iter().enumerate().filter(|(_, entries)| !entries.is_empty()) {
            let start = self.written;
            for at in entries {
                let entry = &keys.entries[*at as usize];
                let sum = entry.sum();
                file.write_all(&entry.key_len.to_le_bytes())?;
                file.write_all(&sum.requests.to_le_bytes())?;
                file.write_all(&sum.bytes.to_le_bytes())?;
                file.write_all(keys.key(entry))?;
                self.written += 4 + 8 + 16 + u64::from(entry.key_len);
            }
            self.ranges[part].push((start, self.written));
        }
        file.flush()
    }

    /// Adds all of a part to `keys`.
    fn read_part(&self, part: usize, keys: &mut Keys) -> io::Result<()> {
        let mut key = Vec::new();
        for (start, end) in &self.ranges[part] {
            let mut reader = BufReader::new(PositionedRange { file: &self.file, at: *start, end: *end });
            let mut left = end - start;
            while left > 0 {
                let (mut len, mut requests, mut bytes) = ([0; 4], [0; 8], [0; 16]);
                reader.read_exact(&mut len)?;
                reader.read_exact(&mut requests)?;
                reader.read_exact(&mut bytes)?;
                key.resize(u32::from_le_bytes(len) as usize, 0);
                reader.read_exact(&mut key)?;
                let sum = Sum { bytes: u128::from_le_bytes(bytes), requests: u64::from_le_bytes(requests) };
                keys.add(&key, sum);
                left -= 4 + 8 + 16 + key.len() as u64;
            }
        }
        Ok(())
    }
}

/// A range of a file that other threads read elsewhere.
struct PositionedRange<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for PositionedRange<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read_at(&mut buffer[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

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
                if keys.used_bytes() > options.memory_bytes / options.workers.max(1) {
                    return Err(GroupError::TooMany { memory_bytes: options.memory_bytes });
                }
            }
            best.take(&keys);
        }
        all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).join(best);
        Ok(())
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

/// The rows to tell of, and the sum of all.
struct Best {
    top: Option<usize>,
    rows: BinaryHeap<Reverse<Row>>,
    total: Sum,
    groups: u64,
}

impl Best {
    fn new(top: Option<usize>) -> Self {
        Best { top, rows: BinaryHeap::new(), total: Sum::default(), groups: 0 }
    }

    fn take(&mut self, keys: &Keys) {
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
                Some(mut least) if least.0 < row => *least = Reverse(row),
                _ => {}
            }
        } else {
            self.rows.push(Reverse(row));
        }
    }

    fn join(&mut self, other: Best) {
        self.total.add(other.total);
        self.groups += other.groups;
        other.rows.into_iter().for_each(|Reverse(row)| self.offer(row));
    }

    fn grouped(self, spilled: bool) -> Grouped {
        let rows: Vec<Row> = self.rows.into_sorted_vec().into_iter().map(|Reverse(row)| row).collect();
        let shown = rows.iter().fold(Sum::default(), |mut sum, row| {
            sum.add(row.sum);
            sum
        });
        let other = Sum { bytes: self.total.bytes - shown.bytes, requests: self.total.requests - shown.requests };
        Grouped { rows, other, total: self.total, groups: self.groups, spilled }
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
