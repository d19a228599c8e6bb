//! A hash table of keys and sums.
use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::grouped::Sum;

/// Memory of a group in a table, without its key: its entry, its slot in a half-empty index, and what spilling needs.
const SLOT_BYTES: usize = size_of::<Entry>() + 24;

/// Keys looked up at once: enough that their cache misses overlap, few enough that the loaded lines stay in the cache.
pub(super) const BATCH: usize = 32;
/// A smaller table fits into the cache.
const CACHED_LEN_MAX: usize = 4096;

/// One group. Kept at 32 bytes, as there may be many millions.
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
        // Never overflows: no log has 2^96 bytes.
        self.bytes_high += u32::from(carried);
        self.requests += requests;
    }

    fn sum(&self) -> Sum {
        Sum { bytes: u128::from(self.bytes_high) << 64 | u128::from(self.bytes_low), requests: self.requests }
    }
}

/// Keys and sums: a hash index of entries, whose keys are stored in one buffer.
#[derive(Debug)]
pub(super) struct Table {
    hasher: foldhash::quality::RandomState,
    index: HashTable<u32>,
    entries: Vec<Entry>,
    keys: Vec<u8>,
}

impl Table {
    /// Creates an empty table.
    pub(super) fn new(hasher: foldhash::quality::RandomState) -> Self {
        Table { hasher, index: HashTable::new(), entries: Vec::new(), keys: Vec::new() }
    }

    /// The hash of `key`.
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// The number of keys.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Total length of all keys in bytes.
    pub(super) fn keys_bytes(&self) -> usize {
        self.keys.len()
    }

    /// Adds to the sum of the entry at index `at`, as returned by [`Table::entry`].
    pub(super) fn add_at(&mut self, at: usize, requests: u64, bytes: u64) {
        self.entries[at].add(requests, bytes);
    }

    /// Prefetches what lookups of keys with these hashes (at most [`BATCH`]) will read. In a large table, each lookup is
    /// three dependent cache misses; here each of the three is done for all keys at once, so that they overlap.
    pub(super) fn touch(&self, hashes: impl Iterator<Item = u64>) {
        if self.entries.len() < CACHED_LEN_MAX {
            return;
        }
        let mut entries = [0usize; BATCH];
        for (hash, entry) in hashes.zip(&mut entries) {
            *entry = self.index.find(hash, |_| true).map_or(0, |at| *at as usize);
        }
        let mut starts = [0usize; BATCH];
        for (entry, start) in entries.iter().zip(&mut starts) {
            *start = self.entries[*entry].key_start as usize;
        }
        let bytes = starts.iter().fold(0u8, |bytes, start| bytes ^ self.keys.get(*start).copied().unwrap_or_default());
        std::hint::black_box(bytes);
    }

    /// The index of the entry of `key`, whose hash is `hash`; adds it if it is missing.
    pub(super) fn entry(&mut self, hash: u64, key: &[u8]) -> usize {
        let of = |entry: &Entry| &self.keys[entry.key_start as usize..][..entry.key_len as usize];
        if let Some(at) = self.index.find(hash, |at| of(&self.entries[*at as usize]) == key) {
            return *at as usize;
        }
        let at = self.entries.len();
        let rehash = |at: &u32| self.hasher.hash_one(of(&self.entries[*at as usize]));
        // Fits: the memory limit allows far fewer than 2^32 entries of 32 bytes.
        self.index.insert_unique(hash, at as u32, rehash);
        let key_start = self.keys.len() as u64;
        self.keys.extend_from_slice(key);
        self.entries.push(Entry { key_start, key_len: key.len() as u32, bytes_high: 0, bytes_low: 0, requests: 0 });
        at
    }

    /// Adds to the sum of `key`.
    pub(super) fn add(&mut self, key: &[u8], sum: Sum) {
        let at = self.entry(self.hash(key), key);
        let entry = &mut self.entries[at];
        entry.add(sum.requests, sum.bytes as u64);
        entry.bytes_high += (sum.bytes >> 64) as u32;
    }

    fn key(&self, entry: &Entry) -> &[u8] {
        &self.keys[entry.key_start as usize..][..entry.key_len as usize]
    }

    /// The key of the entry at `at`, and its sum.
    pub(super) fn group(&self, at: usize) -> (&[u8], Sum) {
        let entry = &self.entries[at];
        (self.key(entry), entry.sum())
    }

    /// All keys and their sums.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], Sum)> {
        (0..self.entries.len()).map(|at| self.group(at))
    }

    /// Memory of the table in bytes.
    pub(super) fn used_bytes(&self) -> usize {
        self.keys.len() + self.entries.len() * SLOT_BYTES
    }

    /// Removes all keys, keeping the memory.
    pub(super) fn clear(&mut self) {
        self.index.clear();
        self.entries.clear();
        self.keys.clear();
    }
}
