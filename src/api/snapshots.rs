//! The vote as everybody may read it: as bytes, made at most once a change, and never older than the last commit.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use parking_lot::{Condvar, Mutex};
use tokio::sync::{oneshot, watch};

use super::contract;
use super::document::Document;
use super::error::ServeError;
use super::health::Health;
use super::problem::Problem;
use crate::ballot::{BallotBox, BoxError, Clock, Moment, SystemClock, Tally};
use crate::units::DurationSecs;

/// How often the box is asked whether another program wrote to it: its votes show within this.
const POLL_EVERY: Duration = Duration::from_millis(100);

/// Idle time before a checkpoint moves the WAL into the ballot file.
const IDLE_AFTER: Duration = Duration::from_secs(2);
/// How often it is looked whether votes can be written.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The vote at one moment.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// How many changes are in it.
    changes: u64,
    pub tally: Tally,
    /// `GET /result`; an error where the results are hidden.
    pub result: Result<Document, BoxError>,
    /// The answer to `GET /candidates`.
    pub candidates: Document,
    /// The answer to `GET /ballot`, and the data of an event `vote` of `GET /events`.
    pub ballot: Document,
    /// The data of an event `result`.
    pub figures: Arc<str>,
}

impl Snapshot {
    fn new(base: &str, changes: u64, tally: Tally) -> Self {
        let result = contract::result(&tally).map(|result| Document::new(&result));
        let candidates = Document::new(&contract::candidates(base, &tally));
        let ballot = Document::new(&contract::EventVote::new(base, &tally));
        let figures = serde_json::to_string(&contract::EventResult::new(&tally)).unwrap_or_default().into();
        Snapshot { changes, tally, result, candidates, ballot, figures }
    }

    /// Whether it is of this second and has all commits that `changes` counts.
    fn is_current(&self, changes: u64, now: Moment) -> bool {
        self.changes >= changes && self.tally.at == now
    }
}

/// A snapshot, or why it could not be read.
pub(super) type CurrentSnapshot = Result<Arc<Snapshot>, BoxError>;

/// The snapshots, the thread that makes them, and a receiver that is closed when the thread ends.
pub(super) type Started = (Arc<Snapshots>, JoinHandle<()>, oneshot::Receiver<()>);

/// What the thread is asked to do.
#[derive(Default)]
struct Requests {
    /// Those who wait for a newer snapshot.
    waiting: Vec<oneshot::Sender<CurrentSnapshot>>,
    ending: bool,
}

/// The latest snapshot, and the way to a newer one.
pub(super) struct Snapshots {
    /// Commits of the writer and changes by other programs, as far as they are known.
    changes: AtomicU64,
    latest: ArcSwap<Snapshot>,
    requests: Mutex<Requests>,
    wake: Condvar,
    events: watch::Sender<Arc<Snapshot>>,
    health: Arc<Health>,
    /// What the service's own paths begin with.
    base: String,
}

impl Snapshots {
    /// The vote as `reader` shows it now, and the thread that keeps it up to date. Paths in it begin with `base`.
    ///
    /// # Errors
    /// When the box cannot be read, or the system has no thread.
    pub(super) fn start(
        mut reader: Box<dyn BallotBox>,
        health: Arc<Health>,
        base: &str,
    ) -> Result<Started, ServeError> {
        let version = reader.version()?;
        let tally = reader.tally(DurationSecs::TEN_MINUTES, SystemClock.now())?.for_audience();
        let first = Arc::new(Snapshot::new(base, 0, tally));
        let snapshots = Arc::new(Snapshots {
            changes: AtomicU64::new(0),
            latest: ArcSwap::new(first.clone()),
            requests: Mutex::default(),
            wake: Condvar::new(),
            events: watch::Sender::new(first),
            health,
            base: base.to_owned(),
        });
        let now = Instant::now();
        let (snapshots_of, long_ago) = (snapshots.clone(), now.checked_sub(LOOK_EVERY).unwrap_or(now));
        let mut maker = Maker {
            reader,
            version,
            polled: now,
            changed: now,
            is_checkpointed: false,
            looked: long_ago,
            snapshots: snapshots_of,
        };
        maker.look_whether_writable();
        let (alive, ended) = oneshot::channel();
        let thread = thread::Builder::new().name("snapshots".into()).spawn(move || {
            // Dropped however this ends, by a panic too.
            let _alive = alive;
            maker.run();
        });
        Ok((snapshots, thread.map_err(ServeError::Thread)?, ended))
    }

    /// Notes that the box changed. Must be called after the commit and before any voter gets an answer.
    pub(super) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// The vote as of this second, including every commit that was acknowledged.
    ///
    /// # Errors
    /// When the box cannot be read.
    pub(super) async fn current(&self) -> CurrentSnapshot {
        if let Some(latest) = self.latest_if_current() {
            return Ok(latest);
        }
        let (sender, receiver) = oneshot::channel();
        self.requests.lock().waiting.push(sender);
        self.wake.notify_one();
        receiver.await.unwrap_or_else(|_| {
            let reason = "nobody reads it any more".into();
            Err(BoxError::Io { place: "the vote".into(), reason })
        })
    }

    /// The vote as it was known last, however long ago that was.
    pub(super) fn latest(&self) -> Arc<Snapshot> {
        self.latest.load_full()
    }

    fn latest_if_current(&self) -> Option<Arc<Snapshot>> {
        let latest = self.latest.load();
        let current = latest.is_current(self.changes.load(Ordering::Acquire), SystemClock.now());
        current.then(|| Arc::clone(&latest))
    }

    /// The snapshots that differ from the one before, for event streams.
    pub(super) fn follow(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.events.subscribe()
    }

    /// Lets the thread end.
    pub(super) fn end(&self) {
        self.requests.lock().ending = true;
        self.wake.notify_one();
    }
}

/// The thread that reads the box, once for all who wait.
struct Maker {
    reader: Box<dyn BallotBox>,
    version: u64,
    polled: Instant,
    /// When the box was seen to change, or a checkpoint was tried.
    changed: Instant,
    /// All that was written is in the ballot file itself.
    is_checkpointed: bool,
    /// When it was last looked whether votes can be written.
    looked: Instant,
    snapshots: Arc<Snapshots>,
}

impl Maker {
    fn run(mut self) {
        loop {
            let mut requests = self.snapshots.requests.lock();
            let until_poll = POLL_EVERY.saturating_sub(self.polled.elapsed());
            let is_idle = |requests: &mut Requests| requests.waiting.is_empty() && !requests.ending;
            self.snapshots.wake.wait_while_for(&mut requests, is_idle, until_poll);
            let Requests { waiting, ending } = std::mem::take(&mut *requests);
            drop(requests);
            self.poll();
            if !waiting.is_empty() || self.is_followed_and_old() || !self.snapshots.health.is_readable() {
                let made = self.make();
                for asker in waiting {
                    let _ = asker.send(made.clone());
                }
            }
            if ending {
                return;
            }
        }
    }

    /// Asks now and then whether another program has written to the box.
    fn poll(&mut self) {
        if self.polled.elapsed() < POLL_EVERY {
            return;
        }
        self.polled = Instant::now();
        match self.reader.version() {
            Ok(version) if version == self.version => {
                if !self.is_checkpointed && self.changed.elapsed() > IDLE_AFTER {
                    self.checkpoint();
                }
            }
            Ok(version) => {
                self.version = version;
                (self.changed, self.is_checkpointed) = (self.polled, false);
                self.snapshots.changed();
            }
            Err(error) => self.failed(&error),
        }
        self.look_whether_writable();
    }

    /// Checkpoints the ballot file when idle, so that a copy made then is complete.
    fn checkpoint(&mut self) {
        // Another attempt after as long again, if readers are in the way.
        self.changed = self.polled;
        self.is_checkpointed = self.reader.checkpoint().unwrap_or(false);
    }

    fn look_whether_writable(&mut self) {
        if self.looked.elapsed() < LOOK_EVERY {
            return;
        }
        self.looked = self.polled;
        let health = &self.snapshots.health;
        match self.reader.check_writable() {
            Ok(()) => {
                if !health.set_writable(true) {
                    tracing::warn!("the ballot file can be written again");
                    health.explain("");
                }
            }
            // Others hold it just now, or its disk is full: the votes themselves will tell.
            Err(BoxError::Busy { .. } | BoxError::Full { .. }) => {}
            Err(error) => {
                health.explain(Problem::from(&error).detail());
                if health.set_writable(false) {
                    tracing::error!(%error, "votes cannot be written");
                }
            }
        }
    }

    fn is_followed_and_old(&self) -> bool {
        let changes = self.snapshots.changes.load(Ordering::Acquire);
        self.snapshots.events.receiver_count() > 0
            && !self.snapshots.latest.load().is_current(changes, SystemClock.now())
    }

    fn make(&mut self) -> CurrentSnapshot {
        // Before reading: what is committed later is not promised.
        let changes = self.snapshots.changes.load(Ordering::Acquire);
        let tally =
            self.reader.tally(DurationSecs::TEN_MINUTES, SystemClock.now()).inspect_err(|error| self.failed(error))?;
        self.snapshots.health.set_readable(true);
        let snapshot = Arc::new(Snapshot::new(&self.snapshots.base, changes, tally.for_audience()));
        self.snapshots.latest.store(snapshot.clone());
        self.snapshots.events.send_if_modified(|shown| {
            let news = shown.figures != snapshot.figures || shown.ballot.etag() != snapshot.ballot.etag();
            *shown = snapshot.clone();
            news
        });
        Ok(snapshot)
    }

    fn failed(&self, error: &BoxError) {
        // Once, not ten times a second.
        self.snapshots.health.explain(Problem::from(error).detail());
        if self.snapshots.health.set_readable(false) {
            tracing::error!(%error, "the votes cannot be read");
        }
    }
}
