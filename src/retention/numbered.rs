//! Numbers for byte strings: each has one, from 0 in the order in which they came.
use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;

/// Byte strings that have a number.
#[derive(Default)]
pub(super) struct Numbered {
    hasher: foldhash::fast::RandomState,
    table: HashTable<Entry>,
    /// All of them, one behind the other.
    bytes: Vec<u8>,
    /// Where each ends.
    ends: Vec<usize>,
}

/// A number, and of its byte string as much as has room: a look elsewhere waits for memory.
#[derive(Clone, Copy)]
struct Entry {
    number: u32,
    /// The length, or [`Entry::LONG`].
    len: u8,
    head: [u8; Entry::HEAD_BYTES],
}

impl Entry {
    const HEAD_BYTES: usize = 11;
    const LONG: u8 = u8::MAX;

    #[inline]
    fn new(number: u32, key: &[u8]) -> Self {
        let mut head = [0; Entry::HEAD_BYTES];
        let known = key.len().min(Entry::HEAD_BYTES);
        head[..known].copy_from_slice(&key[..known]);
        let len = if key.len() > Entry::HEAD_BYTES { Entry::LONG } else { key.len() as u8 };
        Entry { number, len, head }
    }
}

impl Numbered {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of `key`; None where it has none.
    #[inline]
    pub(super) fn find(&self, key: &[u8]) -> Option<u32> {
        self.find_hashed(hash(&self.hasher, key), key)
    }

    #[inline]
    fn find_hashed(&self, hash: u64, key: &[u8]) -> Option<u32> {
        let wanted = Entry::new(0, key);
        let is_it = |entry: &Entry| {
            entry.len == wanted.len
                && entry.head == wanted.head
                && (entry.len != Entry::LONG || at(&self.bytes, &self.ends, entry.number) == key)
        };
        self.table.find(hash, is_it).map(|entry| entry.number)
    }

    /// The number of `key`, a new one where it has none.
    #[inline]
    pub(super) fn number(&mut self, key: &[u8]) -> u32 {
        let hash_of_key = hash(&self.hasher, key);
        if let Some(number) = self.find_hashed(hash_of_key, key) {
            return number;
        }
        // Memory ends long before four billion of them.
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(key);
        self.ends.push(self.bytes.len());
        let hash_of = |entry: &Entry| match entry.len {
            Entry::LONG => hash(&self.hasher, at(&self.bytes, &self.ends, entry.number)),
            len => hash(&self.hasher, &entry.head[..usize::from(len)]),
        };
        self.table.insert_unique(hash_of_key, Entry::new(number, key), hash_of);
        number
    }

    /// All of them in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len() as u32).map(|number| at(&self.bytes, &self.ends, number))
    }
}

#[inline]
fn at<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
}

#[inline]
fn hash(hasher: &foldhash::fast::RandomState, key: &[u8]) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write(key);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equal_keys_and_no_others_have_one_number(
            keys in proptest::collection::vec("[ab\0]{0,3}|[ab]{9,13}|aaaaaaaaaaaaaaaaaaaa[ab]", 1..200),
        ) {
            let mut numbered = Numbered::default();
            let mut seen: Vec<&str> = Vec::new();
            for key in &keys {
                prop_assert_eq!(numbered.find(key.as_bytes()).map(|number| number as usize), seen.iter().position(|one| one == key));
                let number = numbered.number(key.as_bytes()) as usize;
                if number == seen.len() {
                    seen.push(key);
                }
                prop_assert_eq!(seen[number], key);
            }
            prop_assert!(numbered.iter().eq(seen.iter().map(|key| key.as_bytes())));
        }
    }
}
