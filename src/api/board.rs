//! What everybody may read: the result as bytes, made at most once a change, and never older than the last commit.
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::body::Bytes;
use axum::http::HeaderValue;
use serde::Serialize;
use tokio::sync::{oneshot, watch};

use super::contract;
use crate::ballot::{BallotBox, BoxError, Clock, Moment, SystemClock, Tally};
use crate::units::DurationSecs;

/// How often the file is asked whether another program wrote it: its votes show within this.
const LOOK: Duration = Duration::from_millis(100);

/// A document and what a cache knows it by.
#[derive(Debug, Clone)]
pub struct Document {
    /// The JSON.
    pub body: Bytes,
    /// Its strong ETag: the same for the same bytes, on every machine.
    pub etag: HeaderValue,
}

impl Document {
    /// `value` as JSON.
    pub fn new(value: &impl Serialize) -> Self {
        let body = Bytes::from(serde_json::to_vec(value).unwrap_or_default());
        let mut hasher = foldhash::quality::FixedState::with_seed(0).build_hasher();
        hasher.write(&body);
        let etag = format!("\"{:016x}\"", hasher.finish());
        let etag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        Document { body, etag }
    }
}

/// The vote as it stood at one moment.
#[derive(Debug)]
pub struct Snapshot {
    /// How many changes it knows of.
    changes: u64,
    /// The figures.
    pub tally: Tally,
    /// `GET /result`; not to be shown where the results are hidden.
    pub result: Document,
    /// `GET /candidates`.
    pub candidates: Document,
    /// The data of an event of `GET /events`.
    pub event: Arc<str>,
}

impl Snapshot {
    fn new(changes: u64, tally: Tally) -> Self {
        let result = Document::new(&contract::result(&tally));
        let candidates = Document::new(&contract::candidates(&tally));
        let event = serde_json::to_string(&contract::State::new(&tally)).unwrap_or_default().into();
        Snapshot { changes, tally, result, candidates, event }
    }

    /// Whether it is what this second and all commits that `changes` counts made of the vote.
    fn is_current(&self, changes: u64, now: Moment) -> bool {
        self.changes >= changes && self.tally.at == now
    }
}

/// A snapshot, or why there is none.
pub type Told = Result<Arc<Snapshot>, BoxError>;

/// The board, the thread that keeps it, and who hears when that ends.
pub type Started = (Arc<Board>, JoinHandle<()>, oneshot::Receiver<()>);

/// Who waits for a newer snapshot, and whether the teller shall end.
#[derive(Default)]
struct Asked {
    waiting: Vec<oneshot::Sender<Told>>,
    ending: bool,
}

/// The latest snapshot, and the way to a newer one.
pub struct Board {
    /// Commits of the writer and changes by other programs, as far as they are known.
    changes: AtomicU64,
    latest: ArcSwap<Snapshot>,
    asked: Mutex<Asked>,
    wake: Condvar,
    events: watch::Sender<Arc<Snapshot>>,
    /// Whether the box could be read when it was last tried: 0 is yes.
    failures: AtomicUsize,
}

impl Board {
    /// The board, as `reader` shows it now, and the thread that keeps it.
    ///
    /// # Errors
    /// When the box cannot be read, or the system has no thread.
    pub fn start(mut reader: Box<dyn BallotBox>) -> Result<Started, super::ServeError> {
        let version = reader.version()?;
        let tally = reader.tally(DurationSecs::TEN_MINUTES, SystemClock.now())?;
        let first = Arc::new(Snapshot::new(0, tally));
        let board = Arc::new(Board {
            changes: AtomicU64::new(0),
            latest: ArcSwap::new(first.clone()),
            asked: Mutex::default(),
            wake: Condvar::new(),
            events: watch::Sender::new(first),
            failures: AtomicUsize::new(0),
        });
        let teller = Teller { reader, version, looked: Instant::now(), board: board.clone() };
        let (alive, ended) = oneshot::channel();
        let thread = thread::Builder::new().name("teller".into()).spawn(move || {
            // Dropped however this ends, by a panic too.
            let _alive = alive;
            teller.run();
        });
        Ok((board, thread.map_err(super::ServeError::Thread)?, ended))
    }

    /// Says that the box changed. To be called after the commit and before anybody is told of it.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// The vote as of this second, with every commit in it that anybody has been told of.
    ///
    /// # Errors
    /// When the box cannot be read.
    pub async fn current(&self) -> Told {
        if let Some(latest) = self.latest_if_current() {
            return Ok(latest);
        }
        let (sender, receiver) = oneshot::channel();
        self.lock().waiting.push(sender);
        self.wake.notify_one();
        receiver.await.unwrap_or_else(|_| {
            let reason = "nobody reads it any more".into();
            Err(BoxError::Io { place: "the vote".into(), reason })
        })
    }

    fn latest_if_current(&self) -> Option<Arc<Snapshot>> {
        let latest = self.latest.load();
        let current = latest.is_current(self.changes.load(Ordering::Acquire), SystemClock.now());
        current.then(|| Arc::clone(&latest))
    }

    /// A view of what changes, for event streams.
    pub fn follow(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.events.subscribe()
    }

    /// Whether the box could be read when it was last tried.
    pub fn is_readable(&self) -> bool {
        self.failures.load(Ordering::Relaxed) == 0
    }

    /// Lets the teller end.
    pub fn end(&self) {
        self.lock().ending = true;
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Asked> {
        // Nobody panics while holding it; and the list is whole at any moment.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the box for all who wait, once for all of them.
struct Teller {
    reader: Box<dyn BallotBox>,
    version: u64,
    looked: Instant,
    board: Arc<Board>,
}

impl Teller {
    fn run(mut self) {
        loop {
            let asked = self.board.lock();
            let (mut asked, _) = self
                .board
                .wake
                .wait_timeout_while(asked, LOOK.saturating_sub(self.looked.elapsed()), |asked| {
                    asked.waiting.is_empty() && !asked.ending
                })
                .unwrap_or_else(PoisonError::into_inner);
            let waiting = std::mem::take(&mut asked.waiting);
            let ending = asked.ending;
            drop(asked);
            self.look_at_the_file();
            if !waiting.is_empty() || self.is_followed_and_old() || !self.board.is_readable() {
                let told = self.tell();
                for asker in waiting {
                    let _ = asker.send(told.clone());
                }
            }
            if ending {
                return;
            }
        }
    }

    /// Has another program written the box?
    fn look_at_the_file(&mut self) {
        if self.looked.elapsed() < LOOK {
            return;
        }
        self.looked = Instant::now();
        match self.reader.version() {
            Ok(version) if version == self.version => {}
            Ok(version) => {
                self.version = version;
                self.board.changed();
            }
            Err(error) => self.failed(&error),
        }
    }

    fn is_followed_and_old(&self) -> bool {
        let changes = self.board.changes.load(Ordering::Acquire);
        self.board.events.receiver_count() > 0 && !self.board.latest.load().is_current(changes, SystemClock.now())
    }

    fn tell(&mut self) -> Told {
        // Before reading: what is committed later is not promised.
        let changes = self.board.changes.load(Ordering::Acquire);
        let tally =
            self.reader.tally(DurationSecs::TEN_MINUTES, SystemClock.now()).inspect_err(|error| self.failed(error))?;
        self.board.failures.store(0, Ordering::Relaxed);
        let snapshot = Arc::new(Snapshot::new(changes, tally));
        self.board.latest.store(snapshot.clone());
        self.board.events.send_if_modified(|shown| {
            let news = shown.event != snapshot.event;
            *shown = snapshot.clone();
            news
        });
        Ok(snapshot)
    }

    fn failed(&self, error: &BoxError) {
        // Once, not ten times a second.
        if self.board.failures.fetch_add(1, Ordering::Relaxed) == 0 {
            tracing::error!(%error, "the votes cannot be read");
        }
    }
}
