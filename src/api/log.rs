//! The service's log on stderr: faults always, requests if asked for. Never contains ballots, opinions, voters or keys.
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use axum::http::{Method, StatusCode, Uri};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};

/// The format of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people: time, level, words.
    Text,
    /// One JSON object per line.
    Json,
}

/// Whether requests are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLog {
    /// Only faults are logged.
    Off,
    /// Each request is logged.
    On,
}

/// The log. Dropping it flushes it.
pub(super) struct Log {
    lost: ErrorCounter,
    _guard: WorkerGuard,
}

/// Starts the log. If stderr is not read, lines are lost rather than votes held up.
pub(super) fn start(format: LogFormat) -> Log {
    let (writer, guard) = NonBlockingBuilder::default().lossy(true).finish(io::stderr());
    let lost = writer.error_counter();
    let lines = tracing_subscriber::fmt().with_writer(writer).with_max_level(LevelFilter::INFO).with_target(false);
    // If the program has already set up a log, that one is kept.
    let _ = match format {
        LogFormat::Text => tracing::subscriber::set_global_default(lines.with_ansi(false).finish()),
        LogFormat::Json => tracing::subscriber::set_global_default(lines.json().flatten_event(true).finish()),
    };
    Log { lost, _guard: guard }
}

impl Log {
    /// The number of lines lost because stderr was read too slowly.
    pub(super) fn lines_lost(&self) -> usize {
        self.lost.dropped_lines()
    }
}

/// Logs a request that was answered with `status`.
pub(super) fn request(client: IpAddr, method: &Method, uri: &Uri, status: StatusCode, took: Duration) {
    tracing::info!(
        client = %client,
        method = %method,
        // Without the query, where clients may put anything.
        path = uri.path(),
        status = status.as_u16(),
        took_us = took.as_micros() as u64,
        "request"
    );
}
