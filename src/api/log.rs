//! The service's log on stderr: faults always, requests if asked for. Ballots, opinions, voters and keys are never in it.
use std::io;
use std::net::IpAddr;
use std::time::Duration;

use axum::http::{Method, StatusCode, Uri};
use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Whether each request gets a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccessLog {
    /// No.
    Off,
    /// Yes.
    On,
}

/// The log; dropping it writes what is left.
pub(super) struct Log {
    lost: ErrorCounter,
    _guard: WorkerGuard,
}

/// Starts the log. If nobody reads stderr, lines are lost, and votes are not held up.
pub(super) fn start(format: LogFormat) -> Log {
    let (writer, guard) = NonBlockingBuilder::default().lossy(true).finish(io::stderr());
    let lost = writer.error_counter();
    let lines = tracing_subscriber::fmt().with_writer(writer).with_max_level(LevelFilter::INFO).with_target(false);
    // If the program has set up its own log already, that one is kept.
    let _ = match format {
        LogFormat::Text => tracing::subscriber::set_global_default(lines.with_ansi(false).finish()),
        LogFormat::Json => tracing::subscriber::set_global_default(lines.json().flatten_event(true).finish()),
    };
    Log { lost, _guard: guard }
}

impl Log {
    /// How many lines were lost because nobody read as fast as they were written.
    pub(super) fn lines_lost(&self) -> usize {
        self.lost.dropped_lines()
    }
}

/// Logs a request.
pub(super) fn request(client: IpAddr, method: &Method, uri: &Uri, status: StatusCode, took: Duration) {
    tracing::info!(
        client = %client,
        method = %method,
        // Without the query: clients may put anything there.
        path = uri.path(),
        status = status.as_u16(),
        took_us = took.as_micros() as u64,
        "request"
    );
}
