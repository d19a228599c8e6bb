//! The bytes that identify a group.
use std::borrow::Cow;

/// The values of one or more keys, encoded as the bytes that identify a group. Encoded keys sort like their parts.
#[derive(Debug, Default)]
pub struct GroupKey {
    bytes: Vec<u8>,
    parts: usize,
}

/// Separates two parts. A NUL byte within a part is escaped by a [`NUL_ESCAPE`] after it.
const SEPARATOR: &[u8] = &[0, 0];
const NUL_ESCAPE: u8 = 0xff;

impl GroupKey {
    /// Makes it empty, keeping its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.parts = 0;
    }

    /// Adds a part: whatever `write` appends to the bytes it gets.
    pub fn part(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if self.parts > 0 {
            self.bytes.extend_from_slice(SEPARATOR);
        }
        self.parts += 1;
        let start = self.bytes.len();
        write(&mut self.bytes);
        if memchr::memchr(0, &self.bytes[start..]).is_some() {
            let part = self.bytes.split_off(start);
            for byte in part {
                self.bytes.push(byte);
                if byte == 0 {
                    self.bytes.push(NUL_ESCAPE);
                }
            }
        }
    }

    /// The key as it identifies the group.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Decodes a key into its parts.
    pub fn parts(key: &[u8]) -> Vec<Cow<'_, [u8]>> {
        let mut parts = Vec::new();
        let mut rest = key;
        while let Some(at) = memchr::memmem::find(rest, SEPARATOR) {
            parts.push(without_escapes(&rest[..at]));
            rest = &rest[at + SEPARATOR.len()..];
        }
        parts.push(without_escapes(rest));
        parts
    }
}

fn without_escapes(part: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(0, part).is_none() {
        return Cow::Borrowed(part);
    }
    let follows_nul = |at: usize| at > 0 && part[at - 1] == 0;
    Cow::Owned((0..part.len()).filter(|at| !follows_nul(*at)).map(|at| part[at]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_keep_their_parts_and_their_order() {
        let key = |parts: &[&[u8]]| {
            let mut key = GroupKey::default();
            parts.iter().for_each(|part| key.part(|bytes| bytes.extend_from_slice(part)));
            key.bytes().to_vec()
        };
        let parts: &[&[&[u8]]] = &[
            &[b""],
            &[b"a"],
            &[b"a", b""],
            &[b"a", b"b"],
            &[b"a\0", b"b"],
            &[b"a\0\0b"],
            &[b"a\0\xff"],
            &[b"ab", b"\0"],
        ];
        for parts in parts {
            assert_eq!(GroupKey::parts(&key(parts)), *parts);
        }
        assert!(parts.is_sorted_by_key(|parts| key(parts)));
    }
}
