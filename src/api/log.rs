//! The service's log on stderr: faults always, requests where asked for. Ballots, opinions, voters and keys are never in it.
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

/// Keeps the log; dropping it writes what is left.
pub struct Log {
    lost: ErrorCounter,
    _guard: WorkerGuard,
}

/// Starts the log. A reader of stderr that does not read loses lines and does not hold up votes.
pub fn start(format: LogFormat) -> Log {
    let (writer, guard) = NonBlockingBuilder::default().lossy(true).finish(io::stderr());
    let lost = writer.error_counter();
    let lines = tracing_subscriber::fmt().with_writer(writer).with_max_level(LevelFilter::INFO).with_target(false);
    // Where a program has set its own log up already, that one is kept.
    let _ = match format {
        LogFormat::Text => tracing::subscriber::set_global_default(lines.with_ansi(false).finish()),
        LogFormat::Json => tracing::subscriber::set_global_default(lines.json().flatten_event(true).finish()),
    };
    Log { lost, _guard: guard }
}

impl Log {
    /// Lines that were lost, because nobody read as fast as they were written.
    pub fn lines_lost(&self) -> usize {
        self.lost.dropped_lines()
    }
}

/// The line of one request.
pub fn request(client: IpAddr, method: &Method, uri: &Uri, status: StatusCode, took: Duration) {
    tracing::info!(
        client = %client,
        method = %method,
        // Not the query: who knows what clients put there.
        path = uri.path(),
        status = status.as_u16(),
        took_us = took.as_micros() as u64,
        "request"
    );
}
