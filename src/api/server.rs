//! Connections: how many there may be, how slow they may be, and how all of it ends.
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderValue, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};
use tokio::time::{interval, sleep};
use tokio_io_timeout::TimeoutStream;
use tower::Service as _;

use super::app::App;
use super::board::Board;
use super::limits::{self, Limiter, Peer, Rate};
use super::log::{self, AccessLog, LogFormat};
use super::metrics::Metrics;
use super::windows::Windows;
use super::{routes, writer};
use crate::ballot::{BallotBox, BoxError};

/// How long the head of a request may take to arrive, and how long a connection may idle before the next one.
const HEAD_PATIENCE: Duration = Duration::from_secs(20);
/// How long a client may take none of its answer.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// The head of a request at most, and what is read of a body at once.
const READ_BUFFER_BYTES: usize = 32 * 1024;
/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 4096;
/// After a failure to accept, which is lack of something that others must give back first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How often clients that may vote again are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(10);
/// Files that are no connections: the ballot file's, the runtime's, the standard streams.
const OTHER_FILES: u64 = 32;
/// How long the writer may take for its last batch when the grace is over.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// How the service is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// Ballots that may wait for the writer; who comes when as many wait is told to come back.
    pub queue_most: usize,
    /// Open connections at most; more wait in the system until one closes.
    pub connections_most: usize,
    /// Votes a client may cast, if that is limited.
    pub rate: Option<Rate>,
    /// Proxies that are believed when they say who the client is.
    pub trusted: Vec<IpNet>,
    /// How long open requests may take to end when the service is to end.
    pub grace: Duration,
    /// How the log is written.
    pub log: LogFormat,
    /// Whether each request is in it.
    pub access_log: AccessLog,
}

/// Why the service could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The votes cannot be read.
    #[error(transparent)]
    Box(#[from] BoxError),
    /// The system gives no thread.
    #[error("the system gives no thread")]
    Thread(#[source] io::Error),
    /// The thread that writes, or the one that reads, ended, which is a bug of ours.
    #[error("a part of the service ended before the service did: this is a bug in votekit, please report it")]
    ThreadEnded,
}

/// How the service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Connections that had to be cut when the grace was over.
    pub cut: usize,
    /// Whether all that waited was written; if not, another program held the votes, and who waited was not told of success.
    pub written: bool,
    /// Lines of the log that nobody read.
    pub log_lines_lost: usize,
}

/// A service that listens.
pub struct Service {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
    app: Arc<App>,
    options: Options,
    stop: watch::Sender<bool>,
    ended: [oneshot::Receiver<()>; 2],
    threads: Vec<JoinHandle<()>>,
    log: log::Log,
}

impl Service {
    /// Listens on `address`; requests are answered from [`run`](Self::run) on.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the box cannot be read.
    pub fn bind(address: SocketAddr, mut votes: Box<dyn BallotBox>, options: Options) -> Result<Self, ServeError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(8)
            .build()
            .map_err(ServeError::Thread)?;
        let listener = {
            let _within = runtime.enter();
            listen(address).map_err(|source| ServeError::Listen { address, source })?
        };
        let address = listener.local_addr().unwrap_or(address);
        let log = log::start(options.log);
        let metrics = Arc::new(Metrics::new());
        votes.set_short_busy_timeout()?;
        let (board, teller, teller_ended) = Board::start(votes.reader()?)?;
        let windows = Windows::new(votes.reader()?);
        let (entrance, writer, writer_ended) =
            writer::start(votes, options.queue_most, board.clone(), metrics.clone()).map_err(ServeError::Thread)?;
        let connections_most = allow_files(options.connections_most);
        if connections_most < options.connections_most {
            tracing::warn!(
                connections = connections_most,
                "the system allows no more open files (ulimit -n): fewer connections"
            );
        }
        let options = Options { connections_most, ..options };
        let (stop, stopping) = watch::channel(false);
        let app = Arc::new(App {
            entrance,
            board,
            windows,
            metrics,
            limiter: options.rate.map(Limiter::new),
            trusted: options.trusted.clone(),
            // The other half is for those who vote.
            streams: Arc::new(Semaphore::new(connections_most / 2)),
            stopping,
        });
        let threads = vec![writer, teller];
        Ok(Service {
            runtime,
            listener,
            address,
            app,
            options,
            stop,
            ended: [writer_ended, teller_ended],
            threads,
            log,
        })
    }

    /// Where it listens: the port too where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until SIGTERM, SIGINT or SIGHUP; then no new ones are accepted, those that were are answered, and all that
    /// was taken is written. A second signal ends the grace at once.
    ///
    /// # Errors
    /// When signals cannot be caught, or a part of the service ended.
    pub fn run(self) -> Result<Ended, ServeError> {
        let Service { runtime, listener, address, app, options, stop, ended, threads, log } = self;
        if options.log == LogFormat::Json {
            tracing::info!(url = %format_args!("http://{address}"), "serving");
        }
        let board = app.board.clone();
        let done = runtime.block_on(serve(listener, app, &options, &stop, ended));
        // What was cut holds the way to the writer, which ends when nobody does.
        runtime.shutdown_timeout(Duration::from_secs(1));
        board.end();
        let written = all_end_within(threads, LAST_PATIENCE);
        done.map(|cut| Ended { cut, written, log_lines_lost: log.lines_lost() })
    }
}

/// Waits for `threads` for so long, and says whether they ended. One that does not waits for another program's lock: nothing of
/// what it holds is committed or acknowledged, so it may be left.
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

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A service that is started again need not wait for the last one's connections.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    let listener: StdListener = socket.listen(BACKLOG)?.into_std()?;
    TcpListener::from_std(listener)
}

/// Raises the limit of open files as far as `connections` need it, and gives how many connections there is room for.
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

/// The signals that end the service.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

/// Accepts and answers until a signal; gives how many connections had to be cut.
async fn serve(
    listener: TcpListener,
    app: Arc<App>,
    options: &Options,
    stop: &watch::Sender<bool>,
    [mut writer_ended, mut teller_ended]: [oneshot::Receiver<()>; 2],
) -> Result<usize, ServeError> {
    let mut signals = Signals::new().map_err(ServeError::Thread)?;
    if app.limiter.is_some() {
        tokio::spawn(forget_idle_clients(app.clone()));
    }
    let connections = Connections::new(app, options);
    tokio::select! {
        () = connections.accept(listener) => {}
        () = signals.next() => {}
        _ = &mut writer_ended => return Err(ServeError::ThreadEnded),
        _ = &mut teller_ended => return Err(ServeError::ThreadEnded),
    }
    stop.send_replace(true);
    let open = connections.open.clone();
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

/// All open connections.
struct Connections {
    router: Router,
    app: Arc<App>,
    builder: http1::Builder,
    room: Arc<Semaphore>,
    graceful: GracefulShutdown,
    open: Arc<AtomicUsize>,
    access_log: AccessLog,
}

impl Connections {
    fn new(app: Arc<App>, options: &Options) -> Self {
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(HEAD_PATIENCE).max_buf_size(READ_BUFFER_BYTES);
        Connections {
            router: routes::router(app.clone()),
            app,
            builder,
            room: Arc::new(Semaphore::new(options.connections_most)),
            graceful: GracefulShutdown::new(),
            open: Arc::default(),
            access_log: options.access_log,
        }
    }

    async fn accept(&self, listener: TcpListener) {
        let mut failing = false;
        loop {
            // The semaphore is never closed.
            let Ok(place) = self.room.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    failing = false;
                    self.open(stream, peer, place);
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::error!(%error, "connections cannot be accepted");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn open(&self, stream: TcpStream, peer: SocketAddr, place: OwnedSemaphorePermit) {
        // Answers are small and whole: nothing is gained by waiting for more. A socket that is gone already will say so.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE_PATIENCE));
        let (router, app, access_log) = (self.router.clone(), self.app.clone(), self.access_log);
        let service = service_fn(move |request| answer(router.clone(), app.clone(), peer, access_log, request));
        let connection = self.builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let watcher: Watcher = self.graceful.watcher();
        let counted = Counted::new(self.app.clone(), self.open.clone());
        tokio::spawn(async move {
            // How a connection ends is its client's business.
            let _ = watcher.watch(connection).await;
            drop((counted, place));
        });
    }

    /// Lets all that were accepted be answered.
    async fn end(self) {
        self.graceful.shutdown().await;
    }
}

async fn answer(
    mut router: Router,
    app: Arc<App>,
    peer: SocketAddr,
    access_log: AccessLog,
    mut request: Request<Incoming>,
) -> Result<axum::response::Response, std::convert::Infallible> {
    if app.limiter.is_some() {
        request.extensions_mut().insert(Peer(peer));
    }
    let told = (access_log == AccessLog::On).then(|| {
        let client = limits::client(peer, request.headers(), &app.trusted);
        (client, request.method().clone(), request.uri().clone(), Instant::now())
    });
    let mut response = router.call(request).await?;
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    if let Some((client, method, uri, begun)) = told {
        log::request(client, &method, &uri, response.status(), begun.elapsed());
    }
    Ok(response)
}

/// Counts a connection until it is dropped.
struct Counted {
    app: Arc<App>,
    open: Arc<AtomicUsize>,
}

impl Counted {
    fn new(app: Arc<App>, open: Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        app.metrics.connections.inc();
        Counted { app, open }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
        self.app.metrics.connections.dec();
    }
}
