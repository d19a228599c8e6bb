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

/// The number in the first of the first pages that the log has; `None` where it has none.
fn cookie_in_log(log: &File) -> Option<u32> {
    let page_bytes = u64::from(number(log, 8)?);
    let salts = (number(log, 16)?, number(log, 20)?);
    for frame in 0..FRAMES_MOST {
        let at = WAL_HEADER_BYTES + frame * (FRAME_HEADER_BYTES + page_bytes);
        if (number(log, at + 8)?, number(log, at + 12)?) != salts {
            return None;
        }
        if number(log, at)? == 1 {
            return number(log, at + FRAME_HEADER_BYTES + COOKIE_AT);
        }
    }
    None
}

/// Checks that the log next to the file at `real`, if any, belongs to it, as far as that can be known.
///
/// # Errors
/// When it is another file's.
pub(super) fn check_own(path: &Path, real: &Path, file: &File) -> Result<(), BoxError> {
    for look in 0..LOOKS {
        let Ok(log) = File::open(beside(real, "-wal")) else { return Ok(()) };
        match (cookie(file), cookie_in_log(&log)) {
            (Some(own), Some(found)) if !is_same(own, found) => {}
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
