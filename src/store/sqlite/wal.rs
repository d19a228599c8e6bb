//! Whether a write-ahead log belongs to the file that it is beside. `SQLite` replays any log that is sound in itself: one left
//! by another file, when a backup was put in that one's place, would overwrite pages of the new one.
//!
//! Every ballot file that votekit makes has a number of its own where `SQLite` counts changes of the schema, on its first page;
//! so has each backup. A log that holds a first page shows whose it is.
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

use super::names::beside;
use crate::ballot::BoxError;

/// Where the first page has the number (<https://sqlite.org/fileformat2.html>, 1.3).
const COOKIE_AT: u64 = 40;
/// Migrations and `VACUUM` count on by a few; numbers of different files are much further apart.
const COUNTED_ON_MOST: u32 = 1_000;
/// The log's own header, and that of each page in it (the same, 4.1).
const WAL_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;
/// How a log begins, but for the last bit, and the largest frame it can have.
const WAL_MAGIC: u32 = 0x377f_0682;
const FRAME_BYTES_MOST: usize = 65_536 + FRAME_HEADER_BYTES as usize;
/// How many pages of a log are looked at. A service writes the first page whenever its log begins anew; other programs
/// whenever the file grows.
const FRAMES_MOST: u64 = 1_024;
/// A log that is written at this moment may show half a page: looked at as often, with a pause between.
const LOOKS: u32 = 5;

fn number(file: &File, at: u64) -> Option<u32> {
    let mut bytes = [0; 4];
    file.read_exact_at(&mut bytes, at).ok()?;
    Some(u32::from_be_bytes(bytes))
}

/// The number of the ballot `file`; `None` where it is too short to have one.
pub(super) fn cookie(file: &File) -> Option<u32> {
    number(file, COOKIE_AT)
}

/// Whether two numbers are of one file.
pub(super) fn is_same(one: u32, other: u32) -> bool {
    one.abs_diff(other) <= COUNTED_ON_MOST
}

/// A number for a new file or a new copy: far from the small ones of files that other programs made.
pub(super) fn fresh_cookie() -> u32 {
    use std::hash::{BuildHasher, RandomState};
    1 << 24 | RandomState::new().hash_one(std::process::id()) as u32 >> 2
}

/// What distinguishes this start of the file's log from the next; `None` if there is no log.
pub(super) fn beginning(real: &Path) -> Option<(u32, u32)> {
    let log = File::open(beside(real, "-wal")).ok()?;
    Some((number(&log, 16)?, number(&log, 20)?))
}

/// The number in the first of the first pages that the log has, and the number of that frame; `None` where it has none.
fn cookie_in_log(log: &File) -> Option<(u32, u64)> {
    let page_bytes = u64::from(number(log, 8)?);
    let salts = (number(log, 16)?, number(log, 20)?);
    for frame in 0..FRAMES_MOST {
        let at = WAL_HEADER_BYTES + frame * (FRAME_HEADER_BYTES + page_bytes);
        if (number(log, at + 8)?, number(log, at + 12)?) != salts {
            return None;
        }
        if number(log, at)? == 1 {
            return Some((number(log, at + FRAME_HEADER_BYTES + COOKIE_AT)?, frame));
        }
    }
    None
}

/// Whether the log is sound up to and with `frame`, counted from 0, so that `SQLite` may replay it. What a power failure left of a
/// frame that was not synced is not: its page may hold anything.
fn is_sound(log: &File, frame: u64) -> Option<bool> {
    let magic = number(log, 0)?;
    // The last bit says in which order the bytes of the numbers are that are summed.
    let word = |bytes: [u8; 4]| if magic & 1 == 1 { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
    let mut header = [0; WAL_HEADER_BYTES as usize];
    log.read_exact_at(&mut header, 0).ok()?;
    let mut sums = checksum((0, 0), &header[..24], word);
    if magic & !1 != WAL_MAGIC || sums != (number(log, 24)?, number(log, 28)?) {
        return Some(false);
    }
    let page_bytes = u64::from(number(log, 8)?);
    let frame_bytes =
        usize::try_from(FRAME_HEADER_BYTES + page_bytes).ok().filter(|bytes| *bytes <= FRAME_BYTES_MOST)?;
    let mut bytes = vec![0; frame_bytes];
    for at in 0..=frame {
        let start = WAL_HEADER_BYTES + at * frame_bytes as u64;
        log.read_exact_at(&mut bytes, start).ok()?;
        let (head, page) = bytes.split_at(FRAME_HEADER_BYTES as usize);
        sums = checksum(checksum(sums, &head[..8], word), page, word);
        if sums != (number(log, start + 16)?, number(log, start + 20)?) {
            return Some(false);
        }
    }
    Some(true)
}

/// The checksum of a log (<https://sqlite.org/fileformat2.html>, 4.2), continued from `sums`.
fn checksum(sums: (u32, u32), bytes: &[u8], word: impl Fn([u8; 4]) -> u32) -> (u32, u32) {
    let (pairs, _) = bytes.as_chunks::<8>();
    pairs.iter().fold(sums, |(first, second), [a, b, c, d, e, f, g, h]| {
        let first = first.wrapping_add(word([*a, *b, *c, *d])).wrapping_add(second);
        (first, second.wrapping_add(word([*e, *f, *g, *h])).wrapping_add(first))
    })
}

/// Checks that the log next to the file at `real`, if any, belongs to it, as far as that can be known.
///
/// # Errors
/// When it is another file's.
pub(super) fn check_own(path: &Path, real: &Path, file: &File) -> Result<(), BoxError> {
    for look in 0..LOOKS {
        let Ok(log) = File::open(beside(real, "-wal")) else { return Ok(()) };
        match (cookie(file), cookie_in_log(&log)) {
            (Some(own), Some((found, frame))) if !is_same(own, found) && is_sound(&log, frame) == Some(true) => {}
            _ => return Ok(()),
        }
        if look + 1 < LOOKS {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let reason = "the …-wal beside it belongs to another file, and SQLite would write that one's pages into this one. If this \
                  file was put here in place of another, end the programs that have it open and move the …-wal and …-shm away"
        .to_owned();
    Err(BoxError::Unsafe { place: path.display().to_string(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn a_torn_frame_is_nobodys_and_a_sound_one_shows_whose_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)").unwrap();
        conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA schema_version = 99999; INSERT INTO t VALUES (2)")
            .unwrap();
        let log = beside(&path, "-wal");
        let (found, frame) = cookie_in_log(&File::open(&log).unwrap()).unwrap();
        assert!(found >= 99_999 && is_sound(&File::open(&log).unwrap(), frame) == Some(true));
        // The file itself says another number: it is another file's log.
        let file = File::open(&path).unwrap();
        assert!(matches!(check_own(&path, &path, &file), Err(BoxError::Unsafe { .. })));
        // The header of the frame is there, its page is not.
        let torn = folder.path().join("b.db-wal");
        let mut bytes = std::fs::read(&log).unwrap();
        let page = (WAL_HEADER_BYTES + frame * (FRAME_HEADER_BYTES + 4096) + FRAME_HEADER_BYTES) as usize;
        bytes[page..page + 4096].fill(0);
        std::fs::write(&torn, bytes).unwrap();
        let other = folder.path().join("b.db");
        std::fs::copy(&path, &other).unwrap();
        check_own(&other, &other, &File::open(&other).unwrap()).unwrap();
    }
}
