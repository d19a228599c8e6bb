//! Connections: how many there may be, how slow they may be, and how their requests are served.
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::header::HOST;
use axum::http::{HeaderValue, Request, Version};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;
use tokio_io_timeout::TimeoutStream;
use tower::Service as _;

use super::app::App;
use super::limits::{self, Peer};
use super::listener::{Accepted, Listener};
use super::log::{self, AccessLog};
use super::problem::Problem;

/// Timeout for a client that reads nothing of its response.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// Limit on the head of a request, and bytes of a body per read.
const READ_BUFFER_BYTES: usize = 32 * 1024;
/// Pause after accept fails, as when file descriptors run out: others must be closed first.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections and counts the open ones.
pub(super) struct Connections {
    router: Router,
    app: Arc<App>,
    builder: http1::Builder,
    room: Arc<Semaphore>,
    graceful: GracefulShutdown,
    open: Arc<AtomicUsize>,
    access_log: AccessLog,
}

impl Connections {
    /// Allows at most `connections_most` connections at a time. `patience` is the timeout for the head of a request to arrive, and
    /// for an idle connection.
    pub(super) fn new(
        router: Router,
        app: Arc<App>,
        connections_most: usize,
        patience: Duration,
        access_log: AccessLog,
    ) -> Self {
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(patience).max_buf_size(READ_BUFFER_BYTES);
        Connections {
            router,
            app,
            builder,
            room: Arc::new(Semaphore::new(connections_most)),
            graceful: GracefulShutdown::new(),
            open: Arc::default(),
            access_log,
        }
    }

    /// The number of open connections, valid even after [`end`](Self::end).
    pub(super) fn open_count(&self) -> Arc<AtomicUsize> {
        self.open.clone()
    }

    /// Accepts and serves connections forever.
    pub(super) async fn accept(&self, listener: &Listener) {
        let mut failing = false;
        loop {
            // The semaphore is never closed.
            let Ok(place) = self.room.clone().acquire_owned().await else { return };
            match listener.accept().await {
                Ok(accepted) => {
                    failing = false;
                    match accepted {
                        Accepted::Tcp(stream, peer) => self.open(stream, peer, place),
                        Accepted::Unix(stream, peer) => self.open(stream, peer, place),
                    }
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

    fn open<S>(&self, stream: S, peer: IpAddr, place: OwnedSemaphorePermit)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(WRITE_PATIENCE));
        let (router, app, access_log) = (self.router.clone(), self.app.clone(), self.access_log);
        let service = service_fn(move |request| answer(router.clone(), app.clone(), peer, access_log, request));
        let connection = self.builder.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let watcher: Watcher = self.graceful.watcher();
        let counted = Counted::new(self.app.clone(), self.open.clone());
        tokio::spawn(async move {
            // A connection that ends with an error concerns only its client.
            let _ = watcher.watch(connection).await;
            drop((counted, place));
        });
    }

    /// Waits until all accepted requests are answered.
    pub(super) async fn end(self) {
        self.graceful.shutdown().await;
    }
}

async fn answer(
    mut router: Router,
    app: Arc<App>,
    peer: IpAddr,
    access_log: AccessLog,
    mut request: Request<Incoming>,
) -> Result<Response, Infallible> {
    if app.limiter.is_some() {
        request.extensions_mut().insert(Peer(peer));
    }
    let logged = (access_log == AccessLog::On).then(|| {
        let client = limits::client(peer, request.headers(), &app.trusted);
        (client, request.method().clone(), request.uri().clone(), Instant::now())
    });
    if let Some(uri) = app.public.below_base(request.uri()) {
        *request.uri_mut() = uri;
    }
    let method = request.method().clone();
    let mut response = match request.version() == Version::HTTP_11 && !request.headers().contains_key(HOST) {
        // RFC 9112, 3.2.
        true => Problem::bad_request("a request of HTTP/1.1 has the header Host").into_response(),
        false => router.call(request).await?,
    };
    app.metrics.count_request(&method, response.status());
    response.headers_mut().insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    if let Some((client, method, uri, begun)) = logged {
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
