//! Keys and their sums in memory.
use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::Sum;

/// What a group costs beside its key while it is in a table: its entry, its place in the index at the emptiest, and what
/// writing it to a file takes.
const GROUP_BYTES: usize = size_of::<Entry>() + 24;

/// How many keys go into the table together: enough that their ways through memory overlap, few enough that all they touch
/// stays near.
pub const TOGETHER: usize = 32;
/// A table of fewer groups is near as a whole.
const GROUPS_NEAR: usize = 4096;

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
pub struct Keys {
    hasher: foldhash::quality::RandomState,
    index: HashTable<u32>,
    entries: Vec<Entry>,
    keys: Vec<u8>,
}

impl Keys {
    /// None yet.
    pub fn new(hasher: foldhash::quality::RandomState) -> Self {
        Keys { hasher, index: HashTable::new(), entries: Vec::new(), keys: Vec::new() }
    }

    /// The hash of `key`.
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The length of all keys.
    pub fn keys_bytes(&self) -> usize {
        self.keys.len()
    }

    /// Adds to the sum of the entry at `at`, as [`Keys::entry`] gave it.
    pub fn add_at(&mut self, at: usize, requests: u64, bytes: u64) {
        self.entries[at].add(requests, bytes);
    }

    /// Reads once what looking up keys with these hashes, at most [`TOGETHER`], will read. Each key's way leads through three
    /// places that are far apart in a large table, each known only from the one before; here the ways of all keys are gone
    /// side by side, so that the waits for memory overlap.
    pub fn touch(&self, hashes: impl Iterator<Item = u64>) {
        if self.entries.len() < GROUPS_NEAR {
            return;
        }
        let mut entries = [0usize; TOGETHER];
        for (hash, entry) in hashes.zip(&mut entries) {
            *entry = self.index.find(hash, |_| true).map_or(0, |at| *at as usize);
        }
        let mut starts = [0usize; TOGETHER];
        for (entry, start) in entries.iter().zip(&mut starts) {
            *start = self.entries[*entry].key_start as usize;
        }
        let bytes = starts.iter().fold(0u8, |bytes, start| bytes ^ self.keys.get(*start).copied().unwrap_or_default());
        std::hint::black_box(bytes);
    }

    /// The entry of `key`, whose hash is `hash`; new where there was none.
    pub fn entry(&mut self, hash: u64, key: &[u8]) -> usize {
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

    /// Adds to the sum of `key`.
    pub fn add(&mut self, key: &[u8], sum: Sum) {
        let at = self.entry(self.hash(key), key);
        let entry = &mut self.entries[at];
        entry.add(sum.requests, sum.bytes as u64);
        entry.bytes_high += (sum.bytes >> 64) as u32;
    }

    fn key(&self, entry: &Entry) -> &[u8] {
        &self.keys[entry.key_start as usize..][..entry.key_len as usize]
    }

    /// The key of the entry at `at`, and its sum.
    pub fn group(&self, at: usize) -> (&[u8], Sum) {
        let entry = &self.entries[at];
        (self.key(entry), entry.sum())
    }

    /// All keys and their sums.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Sum)> {
        (0..self.entries.len()).map(|at| self.group(at))
    }

    /// The memory that they take.
    pub fn used_bytes(&self) -> usize {
        self.keys.len() + self.entries.len() * GROUP_BYTES
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.index.clear();
        self.entries.clear();
        self.keys.clear();
    }
}
