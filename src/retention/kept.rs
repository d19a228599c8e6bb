//! What is kept of events until it is known which users belong to a cohort: records of a day and of what the user folds to, and a
//! place for many of them.
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use super::numbered::Key;
use super::quick::Short;

/// Marks a length that needs more than a byte.
const LONG: u8 = u8::MAX;

/// Appends a slot and bytes: `slot, length, bytes`, or `slot, LONG, length in four bytes, bytes`; a slot takes two bytes.
#[inline]
pub(super) fn record(records: &mut Vec<u8>, slot: u16, write: impl FnOnce(&mut Vec<u8>)) {
    let [low, high] = slot.to_le_bytes();
    records.extend_from_slice(&[low, high, 0]);
    let start = records.len();
    write(records);
    let len = records.len() - start;
    match u8::try_from(len) {
        Ok(short) if short != LONG => records[start - 1] = short,
        _ => {
            records[start - 1] = LONG;
            // A field is at most as long as a line, which is far below 4 GiB.
            let len = (len as u32).to_le_bytes();
            records.splice(start..start, len);
        }
    }
}

/// The same for few bytes.
#[inline(always)]
pub(super) fn record_short(records: &mut Vec<u8>, slot: u16, short: Short) {
    let start = records.len();
    let [low, high] = slot.to_le_bytes();
    records.extend_from_slice(&[low, high, short.len as u8]);
    records.extend_from_slice(&short.bytes);
    records.truncate(start + 3 + short.len);
}

/// The records that [`record`] wrote, one after the other.
pub(super) fn records(mut bytes: &[u8]) -> impl Iterator<Item = (u16, Key<'_>)> {
    std::iter::from_fn(move || {
        let (&[low, high, short], rest) = bytes.split_first_chunk::<3>()?;
        let (len, rest) = match short {
            LONG => rest.split_first_chunk::<4>().map(|(len, rest)| (u32::from_le_bytes(*len) as usize, rest))?,
            short => (usize::from(short), rest),
        };
        let key = Key::first(rest, len)?;
        bytes = &rest[len..];
        Some((u16::from_le_bytes([low, high]), key))
    })
}

/// Records of the window's events: in memory up to a limit, all others in an unnamed temporary file.
#[derive(Default)]
pub(super) struct Kept {
    parts: Vec<Box<[u8]>>,
    bytes: usize,
    spilled: Option<File>,
    /// Where each part in the file begins, and how long it is.
    places: Vec<(u64, usize)>,
    file_bytes: u64,
}

/// So much is held in memory.
const KEPT_BYTES_MOST: usize = 40 << 20;

impl Kept {
    pub(super) fn push(&mut self, part: Box<[u8]>) -> std::io::Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        if self.bytes + part.len() <= KEPT_BYTES_MOST {
            self.bytes += part.len();
            self.parts.push(part);
            return Ok(());
        }
        let file = match &mut self.spilled {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.write_all(&part)?;
        self.places.push((self.file_bytes, part.len()));
        self.file_bytes += part.len() as u64;
        Ok(())
    }

    /// The part of that number, from 0, in `buffer` or where it is; None after the last.
    pub(super) fn part<'a>(&'a self, number: usize, buffer: &'a mut Vec<u8>) -> std::io::Result<Option<&'a [u8]>> {
        if let Some(part) = self.parts.get(number) {
            return Ok(Some(part));
        }
        let (Some((start, len)), Some(file)) = (self.places.get(number - self.parts.len()), &self.spilled) else {
            return Ok(None);
        };
        buffer.resize(*len, 0);
        file.read_exact_at(buffer, *start)?;
        Ok(Some(buffer))
    }
}
