//! The service as a whole: how it listens, runs and ends.
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use ipnet::IpNet;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::time::{interval, sleep};

use super::app::App;
use super::browser::Browsers;
use super::connections::Connections;
use super::error::ServeError;
use super::health::Health;
use super::limits::{Limiter, Rate};
use super::listener::{Listen, Listener, Place};
use super::log::{self, AccessLog, LogFormat};
use super::metrics::Metrics;
use super::origins::Origin;
use super::pictures::Pictures;
use super::public_url::PublicUrl;
use super::routes::{self, Routes};
use super::snapshots::Snapshots;
use super::windows::Windows;
use super::writer;
use crate::ballot::{BallotBox, BoxError};

/// Connections to the address of the metrics.
const OPERATORS_MOST: usize = 64;
/// How often clients that may vote again are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(10);
/// Files that are not connections: the ballot file's, the runtime's, the standard streams.
const OTHER_FILES: u64 = 32;
/// How long the writer may take for its last batch when the grace is over.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// How the service runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Limit on ballots waiting for the writer. Beyond it, clients get 503.
    pub queue_most: usize,
    /// How many connections may be open; more wait in the system until one closes.
    pub connections_most: usize,
    /// How many votes a client may cast, if that is limited.
    pub rate: Option<Rate>,
    /// Proxies whose word on who the client is counts.
    pub trusted: Vec<IpNet>,
    /// How long open requests may take to finish when the service is to end.
    pub grace: Duration,
    /// How long connections are still accepted when the service is to end and says that it is not ready.
    pub shutdown_delay: Duration,
    /// How long an idle connection stays open, and the head of a request may take to arrive.
    pub keep_alive: Duration,
    /// Where pages may come from that use the API.
    pub origins: Vec<Origin>,
    /// Where people reach the service, if that is not where it listens.
    pub public: PublicUrl,
    /// The format of the log.
    pub log: LogFormat,
    /// Whether requests are logged.
    pub access_log: AccessLog,
}

/// How the service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Connections that had to be cut when the grace was over.
    pub cut: usize,
    /// Whether all that waited was written; if not, another program held the votes, and no client that waited got a success.
    pub written: bool,
    /// Lines of the log that were lost because nobody read them.
    pub log_lines_lost: usize,
}

/// A service that listens.
pub struct Service {
    runtime: Runtime,
    listener: Listener,
    place: Place,
    /// Where operators alone ask for the metrics.
    operators: Option<Listener>,
    app: Arc<App>,
    router: Router,
    options: Options,
    stop: watch::Sender<bool>,
    ended: [oneshot::Receiver<()>; 2],
    threads: Vec<JoinHandle<()>>,
    log: log::Log,
}

impl Service {
    /// Listens; requests are answered from [`run`](Self::run) on. With `metrics`, they are there and nowhere else.
    ///
    /// # Errors
    /// When an address cannot be listened on, or the box cannot be read.
    pub fn bind(
        listen: Listen,
        metrics_at: Option<Listen>,
        mut votes: Box<dyn BallotBox>,
        options: Options,
    ) -> Result<Self, ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(8)
            .build()
            .map_err(ServeError::Thread)?;
        let (listener, operators) = {
            let _within = runtime.enter();
            (Listener::open(listen)?, metrics_at.map(Listener::open).transpose()?)
        };
        let place = listener.place().map_err(ServeError::Thread)?;
        let log = log::start(options.log);
        let (metrics, health) = (Arc::new(Metrics::new()), Arc::new(Health::new()));
        votes.set_short_busy_timeout()?;
        for doubt in votes.doubts() {
            tracing::warn!("{}: {}", doubt.place, doubt.problem);
        }
        // Where it cannot be written, the service is not ready, and says why; it may be mended while it runs.
        match votes.begin_service() {
            Ok(()) => {}
            Err(error @ BoxError::ClockOff { .. }) => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "votes cannot be written now"),
        }
        let browsers = Browsers::new(votes.secret()?, &options.public);
        let (snapshots, snapshots_thread, snapshots_ended) =
            Snapshots::start(votes.reader()?, health.clone(), options.public.base())?;
        let pictures = Pictures::new(votes.reader()?);
        let windows = Windows::new(votes.reader()?);
        let (writes, writer, writer_ended) =
            writer::start(votes, options.queue_most, snapshots.clone(), metrics.clone(), health.clone())
                .map_err(ServeError::Thread)?;
        let connections_most = allow_files(options.connections_most);
        if connections_most < options.connections_most {
            tracing::warn!(
                connections = connections_most,
                "the system allows no more open files (ulimit -n): fewer connections"
            );
        }
        let options = Options { connections_most, ..options };
        let (stop, stopping) = watch::channel(false);
        let Routes { router, description } = routes::of_all(&options.origins, operators.is_none(), &options.public);
        let app = Arc::new(App {
            writes,
            snapshots,
            windows,
            pictures,
            public: options.public.clone(),
            health,
            metrics,
            limiter: options.rate.map(Limiter::new),
            trusted: options.trusted.clone(),
            browsers,
            draining: AtomicBool::new(false),
            proxy_noted: AtomicBool::new(false),
            // The other half is for voters.
            streams: Arc::new(Semaphore::new(connections_most / 2)),
            stopping,
            description,
        });
        Ok(Service {
            runtime,
            listener,
            place,
            operators,
            router: router.with_state(app.clone()),
            app,
            options,
            stop,
            ended: [writer_ended, snapshots_ended],
            threads: vec![writer, snapshots_thread],
            log,
        })
    }

    /// Where it listens, with the real port if 0 was asked for.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Where operators ask for the metrics, if that is another address.
    pub fn metrics_place(&self) -> Option<Place> {
        self.operators.as_ref()?.place().ok()
    }

    /// Answers requests until SIGTERM, SIGINT or SIGHUP; then accepts no more, answers those it has accepted, and writes all
    /// ballots it has taken. A second signal ends the grace at once.
    ///
    /// # Errors
    /// When signals cannot be caught, or a part of the service ended.
    pub fn run(self) -> Result<Ended, ServeError> {
        let Service { runtime, listener, place, operators, app, router, options, stop, ended, threads, log } = self;
        if options.log == LogFormat::Json {
            tracing::info!(url = %place, "serving");
        }
        let snapshots = app.snapshots.clone();
        let connections =
            Connections::new(router, app.clone(), options.connections_most, options.keep_alive, options.access_log);
        let operators = operators.map(|listener| {
            let router = routes::of_operators().with_state(app.clone());
            (Connections::new(router, app.clone(), OPERATORS_MOST, options.keep_alive, AccessLog::Off), listener)
        });
        let done = runtime.block_on(async {
            if let Some((connections, listener)) = operators {
                tokio::spawn(async move { connections.accept(&listener).await });
            }
            serve(listener, connections, app, &options, &stop, ended).await
        });
        // Connections that were cut still hold the queue to the writer, which ends when no one does.
        runtime.shutdown_timeout(Duration::from_secs(1));
        snapshots.end();
        let written = all_end_within(threads, LAST_PATIENCE);
        done.map(|cut| Ended { cut, written, log_lines_lost: log.lines_lost() })
    }
}

/// Waits up to `patience` for `threads`, and returns whether they ended. One that has not waits for another program's lock:
/// nothing that it holds is committed or acknowledged, so it may be left.
fn all_end_within(threads: Vec<JoinHandle<()>>, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    loop {
        if threads.iter().all(JoinHandle::is_finished) {
            return true;
        }
        if Instant::now() >= until {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Raises the limit of open files as far as `connections` need it, and returns how many connections there is room for.
fn allow_files(connections: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let wanted = connections as u64 + OTHER_FILES;
    let allowed = limit.maximum.map_or(wanted, |most| most.min(wanted));
    let current = limit.current.unwrap_or(u64::MAX);
    if current >= wanted {
        return connections;
    }
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(allowed), maximum: limit.maximum }).is_ok();
    let files = if raised { allowed } else { current };
    usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(connections).clamp(1, connections)
}

/// The signals that end the service; None for one that the parent had ignored, as nohup does.
struct Signals {
    terminate: Option<Signal>,
    interrupt: Option<Signal>,
    hangup: Option<Signal>,
}

impl Signals {
    fn new() -> io::Result<Self> {
        let ignored = ignored_signals();
        let unless_ignored = |kind: SignalKind| {
            let is_ignored = ignored >> (kind.as_raw_value() - 1) & 1 == 1;
            if is_ignored { Ok(None) } else { signal(kind).map(Some) }
        };
        Ok(Signals {
            terminate: unless_ignored(SignalKind::terminate())?,
            interrupt: unless_ignored(SignalKind::interrupt())?,
            hangup: unless_ignored(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            () = received(self.terminate.as_mut()) => {}
            () = received(self.interrupt.as_mut()) => {}
            () = received(self.hangup.as_mut()) => {}
        }
    }
}

async fn received(signal: Option<&mut Signal>) {
    match signal {
        Some(signal) => _ = signal.recv().await,
        None => std::future::pending().await,
    }
}

/// The signals that this process ignores, a bit each from signal 1 on; none where the system does not tell (`proc_pid_status(5)`).
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Accepts and answers until a signal; returns how many connections had to be cut.
async fn serve(
    listener: Listener,
    connections: Connections,
    app: Arc<App>,
    options: &Options,
    stop: &watch::Sender<bool>,
    [mut writer_ended, mut snapshots_ended]: [oneshot::Receiver<()>; 2],
) -> Result<usize, ServeError> {
    let mut signals = Signals::new().map_err(ServeError::Thread)?;
    if app.limiter.is_some() {
        tokio::spawn(forget_idle_clients(app.clone()));
    }
    tokio::select! {
        () = connections.accept(&listener) => {}
        () = signals.next() => {}
        _ = &mut writer_ended => return Err(ServeError::ThreadEnded),
        _ = &mut snapshots_ended => return Err(ServeError::ThreadEnded),
    }
    if !options.shutdown_delay.is_zero() {
        app.draining.store(true, Ordering::Relaxed);
        tokio::select! {
            () = connections.accept(&listener) => {}
            () = sleep(options.shutdown_delay) => {}
            () = signals.next() => {}
        }
    }
    drop(listener);
    stop.send_replace(true);
    let open = connections.open_count();
    tokio::select! {
        () = connections.end() => Ok(0),
        () = sleep(options.grace) => Ok(open.load(Ordering::Relaxed)),
        () = signals.next() => Ok(open.load(Ordering::Relaxed)),
    }
}

async fn forget_idle_clients(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    let mut beat = interval(FORGET_EVERY);
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        if let Some(limiter) = &app.limiter {
            limiter.forget_idle();
        }
    }
}
