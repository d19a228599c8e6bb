//! Waiting for other writers.
use std::cell::Cell;
use std::time::{Duration, Instant};

use rusqlite::Connection;

/// How long a command waits for another program's lock.
pub(super) const TIMEOUT_SECS: u64 = 60;
/// The timeout where callers wait for an answer: longer than a transaction of a bulk load should take.
const SHORT_TIMEOUT_SECS: u64 = 6;

thread_local! {
    /// When this thread began to wait, or began the last time.
    static BEGUN: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// `SQLite`'s busy handler: sleeps a little, not equally long in every process, until `SECS` are over. `SQLite`'s own sleeps up
/// to 100 ms, in which dozens of others overtake.
fn wait_for_others<const SECS: u64>(times: i32) -> bool {
    let now = Instant::now();
    if times == 0 {
        BEGUN.set(Some(now));
    }
    if BEGUN.get().is_some_and(|begun| now - begun > Duration::from_secs(SECS)) {
        return false;
    }
    // 0.3 to 2.3 ms, spread by process and round.
    let round = u64::from(std::process::id()) << 32 | u64::from(times.unsigned_abs());
    let spread = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 53;
    std::thread::sleep(Duration::from_micros(300 + spread));
    true
}

/// Sets the usual timeout.
pub(super) fn set_timeout(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.busy_handler(Some(wait_for_others::<TIMEOUT_SECS>))
}

/// Sets the short timeout.
pub(super) fn set_short_timeout(conn: &mut Connection) -> rusqlite::Result<()> {
    conn.busy_handler(Some(wait_for_others::<SHORT_TIMEOUT_SECS>))
}

/// How long this thread waited before it gave up just now.
pub(super) fn waited_secs() -> u64 {
    BEGUN.get().map_or(0, |begun| begun.elapsed().as_secs())
}
