//! Whether votes can be read and written, judging by the most recent attempts.
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Time after a failed write during which the service is not ready; then another attempt is worthwhile.
const FAILURE_COUNTS: Duration = Duration::from_secs(5);
/// A batch that takes longer is waiting for another program, or for a disk that does not respond.
const STUCK_AFTER: Duration = Duration::from_secs(5);

/// Updated by the reader and writer threads, and read to tell whether the service is ready.
#[derive(Debug)]
pub(super) struct Health {
    begun: Instant,
    read_failed: AtomicBool,
    /// Why votes cannot be read or written, as clients may know it; empty where nothing is known to be wrong.
    reason: Mutex<String>,
    /// The box refuses writing altogether, as far as was seen.
    write_forbidden: AtomicBool,
    /// Milliseconds after `begun` at which the current batch began, and at which the last one failed; 0 is never.
    writing_since_ms: AtomicU64,
    write_failed_ms: AtomicU64,
}

impl Health {
    /// Healthy, with nothing tried yet.
    pub(super) fn new() -> Self {
        Health {
            begun: Instant::now(),
            read_failed: AtomicBool::new(false),
            reason: Mutex::default(),
            write_forbidden: AtomicBool::new(false),
            writing_since_ms: AtomicU64::new(0),
            write_failed_ms: AtomicU64::new(0),
        }
    }

    /// Records whether the votes could be read. Returns whether they could before.
    pub(super) fn set_readable(&self, is_readable: bool) -> bool {
        !self.read_failed.swap(!is_readable, Relaxed)
    }

    /// Whether the votes could be read when that was last tried.
    pub(super) fn is_readable(&self) -> bool {
        !self.read_failed.load(Relaxed)
    }

    /// Notes why votes cannot be read or written.
    pub(super) fn explain(&self, reason: &str) {
        reason.clone_into(&mut self.reason.lock());
    }

    /// Why votes could not be read or written when that was last noted.
    pub(super) fn reason(&self) -> String {
        self.reason.lock().clone()
    }

    /// The box may be written, or refuses to be. Returns whether it was so before.
    pub(super) fn set_writable(&self, is_writable: bool) -> bool {
        !self.write_forbidden.swap(!is_writable, Relaxed)
    }

    /// Records that a batch is being written.
    pub(super) fn begin_write(&self) {
        self.writing_since_ms.store(self.now_ms(), Relaxed);
    }

    /// Records that the batch was written, or failed.
    pub(super) fn end_write(&self, is_written: bool) {
        self.writing_since_ms.store(0, Relaxed);
        self.write_failed_ms.store(if is_written { 0 } else { self.now_ms() }, Relaxed);
    }

    /// Whether votes can be written: not if the last batch failed a moment ago, nor while one is stuck.
    pub(super) fn is_writable(&self) -> bool {
        !self.write_forbidden.load(Relaxed)
            && self.is_within(&self.write_failed_ms, FAILURE_COUNTS) != Some(true)
            && self.is_within(&self.writing_since_ms, STUCK_AFTER) != Some(false)
    }

    fn now_ms(&self) -> u64 {
        // Never 0, which means never.
        self.begun.elapsed().as_millis() as u64 + 1
    }

    /// Whether `at_ms` is at most `duration` ago; None if it is 0 (never).
    fn is_within(&self, at_ms: &AtomicU64, duration: Duration) -> Option<bool> {
        let at_ms = at_ms.load(Relaxed);
        (at_ms > 0).then(|| self.now_ms().saturating_sub(at_ms) <= duration.as_millis() as u64)
    }
}
