//! A bar on stderr for whoever computes.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use votekit::progress::Progress;

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Bytes done, with rate and, where the total is known, time left. Draws nothing before [`PATIENCE`] is over.
pub struct Bar {
    shown: bool,
    begun: Instant,
    bytes_total: Option<u64>,
    bytes_done: AtomicU64,
    bar: OnceLock<ProgressBar>,
}

impl Bar {
    /// A bar over `bytes_total` bytes (None where nobody knows); with `shown` false it never draws.
    pub fn new(shown: bool, bytes_total: Option<u64>) -> Self {
        Bar { shown, begun: Instant::now(), bytes_total, bytes_done: AtomicU64::new(0), bar: OnceLock::new() }
    }

    /// Runs `write`, which writes to stderr, while the bar is not there.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match self.bar.get() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn draw(&self) -> ProgressBar {
        let template = match self.bytes_total {
            Some(_) => "{wide_bar} {bytes}/{total_bytes}  {binary_bytes_per_sec}  {eta} left",
            None => "{spinner} {bytes}  {binary_bytes_per_sec}  {elapsed}",
        };
        let bar = self.bytes_total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

impl Progress for Bar {
    fn advance(&self, bytes: u64) {
        let done = self.bytes_done.fetch_add(bytes, Relaxed) + bytes;
        if self.shown && self.begun.elapsed() >= PATIENCE {
            self.bar.get_or_init(|| self.draw()).set_position(done);
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get() {
            bar.finish_and_clear();
        }
    }
}
