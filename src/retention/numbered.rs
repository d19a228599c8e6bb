//! Numbers for byte strings: each has one, from 0 in the order in which they came.
use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;

/// Gives each different byte string a number, from 0.
#[derive(Default)]
pub(super) struct Numbered {
    hasher: foldhash::fast::RandomState,
    /// For each, its [`Key::word`] with the number in the upper bits, to avoid another memory access.
    table: HashTable<u128>,
    /// All byte strings, concatenated.
    bytes: Vec<u8>,
    /// The end of each in `bytes`.
    ends: Vec<usize>,
}

/// A byte string to be looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key<'a> {
    /// Its first eleven bytes, padded with zeros, and its length, or [`LONG`]. The highest 32 bits are zero.
    word: u128,
    bytes: &'a [u8],
}

/// So many bytes have room in a word.
const HEAD_BYTES: usize = 11;
/// The length of what has none.
const LONG: u8 = u8::MAX;
const LENGTH_AT: usize = 8 * HEAD_BYTES;
const NUMBER_AT: usize = LENGTH_AT + 8;
const KEY_BITS: u128 = (1 << NUMBER_AT) - 1;

impl<'a> Key<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        let mut head = [0; 16];
        let known = bytes.len().min(HEAD_BYTES);
        head[..known].copy_from_slice(&bytes[..known]);
        Key { word: word(head, bytes.len()), bytes }
    }

    /// The key of the first `len` of `bytes`: the same, but fast if more bytes follow. None if there are fewer.
    #[inline]
    pub(super) fn first(bytes: &'a [u8], len: usize) -> Option<Self> {
        let key = bytes.get(..len)?;
        Some(match bytes.first_chunk() {
            Some(head) => Key { word: word(*head, len), bytes: key },
            None => Key::new(key),
        })
    }

    #[inline]
    fn hash(&self, hasher: &foldhash::fast::RandomState) -> u64 {
        if self.bytes.len() <= HEAD_BYTES { hash_word(hasher, self.word) } else { hash_long(hasher, self.bytes) }
    }
}

/// The word of a key of `len` bytes that begins like `head`; bytes of `head` after the key are ignored.
#[inline]
fn word(head: [u8; 16], len: usize) -> u128 {
    let known = len.min(HEAD_BYTES);
    let length = if len > HEAD_BYTES { LONG } else { len as u8 };
    u128::from_le_bytes(head) & ((1 << (8 * known)) - 1) | u128::from(length) << LENGTH_AT
}

impl Numbered {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of `key`, if it has one.
    #[inline]
    pub(super) fn find(&self, key: Key) -> Option<u32> {
        self.find_hashed(key.hash(&self.hasher), key)
    }

    #[inline]
    fn find_hashed(&self, hash: u64, key: Key) -> Option<u32> {
        let is_it = |entry: &u128| {
            (entry ^ key.word) & KEY_BITS == 0
                && (key.bytes.len() <= HEAD_BYTES || at(&self.bytes, &self.ends, number_of(*entry)) == key.bytes)
        };
        self.table.find(hash, is_it).map(|entry| number_of(*entry))
    }

    /// The number of each of `keys`, a new one where it has none. All are looked up before any is numbered: lookups of which none
    /// waits for another are three times as fast when the table is larger than a processor's cache.
    pub(super) fn numbers(&mut self, keys: &[Key]) -> impl Iterator<Item = u32> {
        let found: Vec<Option<u32>> = keys.iter().map(|key| self.find(*key)).collect();
        keys.iter().zip(found).map(|(key, found)| found.unwrap_or_else(|| self.number(*key)))
    }

    /// The number of `key`, a new one where it has none.
    #[inline]
    pub(super) fn number(&mut self, key: Key) -> u32 {
        let hash = key.hash(&self.hasher);
        if let Some(number) = self.find_hashed(hash, key) {
            return number;
        }
        // Memory ends long before four billion of them.
        let number = self.ends.len() as u32;
        self.bytes.extend_from_slice(key.bytes);
        self.ends.push(self.bytes.len());
        let hash_of = |entry: &u128| match (entry >> LENGTH_AT) as u8 {
            LONG => hash_long(&self.hasher, at(&self.bytes, &self.ends, number_of(*entry))),
            _ => hash_word(&self.hasher, entry & KEY_BITS),
        };
        self.table.insert_unique(hash, key.word | u128::from(number) << NUMBER_AT, hash_of);
        number
    }

    /// All of them in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len() as u32).map(|number| at(&self.bytes, &self.ends, number))
    }
}

#[inline]
fn number_of(entry: u128) -> u32 {
    (entry >> NUMBER_AT) as u32
}

#[inline]
fn at<'a>(bytes: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = number.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[number]]
}

#[inline]
fn hash_word(hasher: &foldhash::fast::RandomState, word: u128) -> u64 {
    let mut hasher = hasher.build_hasher();
    hasher.write_u128(word);
    hasher.finish()
}

fn hash_long(hasher: &foldhash::fast::RandomState, key: &[u8]) -> u64 {
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
                let followed = format!("{key}abababababababab");
                let first = Key::first(followed.as_bytes(), key.len()).unwrap();
                for key_of in [Key::new(key.as_bytes()), first] {
                    let found = numbered.find(key_of).map(|number| number as usize);
                    prop_assert_eq!(found, seen.iter().position(|one| one == key));
                }
                let number = numbered.number(first) as usize;
                if number == seen.len() {
                    seen.push(key);
                }
                prop_assert_eq!(seen[number], key);
            }
            prop_assert!(numbered.iter().eq(seen.iter().map(|key| key.as_bytes())));
        }
    }
}
