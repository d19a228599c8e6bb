//! The progress bar on stderr.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use indicatif::{BinaryBytes, HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use votekit::progress::Progress;

/// Shorter work shows no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// Bytes done, the rate, and, if the total is known, the time left. Draws nothing before [`PATIENCE`] is over.
pub(crate) struct Bar {
    shown: bool,
    begun: Instant,
    bytes_total: Option<u64>,
    bytes_done: AtomicU64,
    bar: OnceLock<ProgressBar>,
}

impl Bar {
    /// A bar over `bytes_total` bytes (None if unknown); if `shown` is false it never draws.
    pub(crate) fn new(shown: bool, bytes_total: Option<u64>) -> Self {
        Bar { shown, begun: Instant::now(), bytes_total, bytes_done: AtomicU64::new(0), bar: OnceLock::new() }
    }

    /// Runs `write`, which writes to stderr, with the bar hidden.
    pub(crate) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match self.bar.get() {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    fn draw(&self) -> ProgressBar {
        let template = match self.bytes_total {
            Some(_) => "{wide_bar} {bytes}/{total_bytes}  {rate}  {left} left",
            None => "{spinner} {bytes}  {rate}  {elapsed}",
        };
        // The mean since the start: progress comes in large steps, so a recent rate would jump.
        let begun = self.begun;
        let rate = move |bytes: u64| bytes as f64 / begun.elapsed().as_secs_f64();
        let told_rate = move |state: &ProgressState, to: &mut dyn std::fmt::Write| {
            let _ = write!(to, "{}/s", BinaryBytes(rate(state.pos()) as u64));
        };
        let told_left = move |state: &ProgressState, to: &mut dyn std::fmt::Write| {
            let bytes_left = state.len().unwrap_or(0).saturating_sub(state.pos());
            let secs = (bytes_left as f64 / rate(state.pos()).max(1.0)).ceil();
            let _ = write!(to, "{:#}", HumanDuration(Duration::from_secs(secs as u64)));
        };
        let bar = self.bytes_total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
        match ProgressStyle::with_template(template) {
            Ok(style) => bar.with_style(style.with_key("rate", told_rate).with_key("left", told_left)),
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
