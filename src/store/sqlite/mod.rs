//! Ballots in a `SQLite` file: WAL, `synchronous=FULL`, totals kept in the transaction that writes the votes.
//!
//! A vote is cast in three steps: `lookup` reads what [`decide`](fn@crate::ballot::decide) needs to know, that decides, and
//! `vote_writer` writes what it says; no rule is in this folder.
//!
//! | file | what it knows |
//! |---|---|
//! | `file`, `connection`, `format` | opening a ballot file; how connections are set up; the formats |
//! | `names`, `held`, `wal` | a file's own name; what shows that it was replaced; whose write-ahead log is beside it |
//! | `side_log` | whether the file needs the write-ahead log beside it |
//! | `create`, `upgrade`, `copy` | new files, older formats, backups |
//! | `known`, `lookup`, `filter`, `cast`, `vote_writer` | votes on their way into the file |
//! | `read`, `check`, `change` | queries, the check, changes of a running vote |
//! | `busy`, `fault` | waiting for other writers; errors |
mod busy;
mod cast;
mod change;
mod check;
mod connection;
mod copy;
mod create;
mod fault;
mod file;
mod filter;
mod format;
mod held;
mod known;
mod lookup;
mod names;
mod read;
mod side_log;
mod upgrade;
mod vote_writer;
mod wal;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::ballot::{
    AllOrNothing, Ballot, BallotBox, BoxError, Candidate, CandidateId, Change, Changed, Clock, Finding, Flow, Keep,
    Moment, Occasion, Outcome, PacePoint, Picture, Record, Settings, Setup, SortedBallots, SystemClock, Tally,
};
use crate::store::place::Place;
use crate::units::DurationSecs;
use fault::{commit_fault, fault};
use file::{Access, Connected};
use known::Known;

/// A call with at least this many ballots is a bulk load.
const BULK_BALLOTS: usize = 10_000;
/// Most memory for the page cache of a bulk load, which writes each page of the file once in a transaction, in order.
const BULK_CACHE_KIB: i64 = 64 * 1024;
/// Pages in the WAL before a bulk load moves it into the file: 512 MiB. Keys in no order change most pages in each
/// transaction; the longer the WAL grows, the fewer of them are written to the file again and again.
const BULK_CHECKPOINT_PAGES: i64 = 128 * 1024;

/// A service that has not written for so long says anew that its log is needed: all of it may have been moved into the file.
const ANNOUNCE_AFTER: Duration = Duration::from_secs(1);
/// How often a read is tried that was overtaken by a program that began to write.
const READS_MOST: u32 = 50;

/// A handle on a ballot file.
pub(super) struct SqliteBox {
    /// As it was named.
    path: PathBuf,
    /// Its own name: see [`names::resolve`].
    real: PathBuf,
    opened: held::Opened,
    conn: Connection,
    /// Looks up keys in another thread during a bulk load.
    helper: Option<Connection>,
    access: Access,
    lacks_wal: bool,
    /// Whether the file has a write-ahead log, or cannot have one.
    is_wal_settled: bool,
    /// Votes on this handle are a service's.
    is_service: bool,
    /// The beginning of the log of which this handle has said that it is needed.
    announced_log: Option<(u32, u32)>,
    /// When this handle last wrote.
    written: Instant,
    has_short_timeout: bool,
    known: Option<Known>,
    /// `data_version` when [`BallotBox::version`] was last asked.
    seen: i64,
    /// How often this or another connection has changed the file.
    changes: u64,
}

/// The path of a ballot file.
pub(super) struct FilePlace<'a>(pub &'a Path);

impl Place for FilePlace<'_> {
    fn open(&self) -> Result<Box<dyn BallotBox>, BoxError> {
        Ok(Box::new(SqliteBox::open(self.0)?))
    }

    fn create(&self, setup: &Setup) -> Result<Box<dyn BallotBox>, BoxError> {
        create::create(self.0, setup, SystemClock.now())?;
        self.open()
    }
}

impl SqliteBox {
    fn open(path: &Path) -> Result<Self, BoxError> {
        let Connected { conn, real, opened, access, lacks_wal } = file::connect(path)?;
        Ok(SqliteBox {
            path: path.to_owned(),
            real,
            is_wal_settled: opened.has_wal(),
            opened,
            conn,
            helper: None,
            access,
            lacks_wal,
            is_service: false,
            announced_log: None,
            written: Instant::now(),
            has_short_timeout: false,
            known: None,
            seen: 0,
            changes: 0,
        })
    }

    /// Checks that the file can be written, and connects again where that could not be done before.
    fn prepare_write(&mut self) -> Result<(), BoxError> {
        // The reason may be gone: the disk may have room again.
        if !matches!(self.access, Access::Write) {
            self.reconnect()?;
        }
        match &self.access {
            Access::Write => {}
            Access::Read(reason) | Access::Frozen(file::Immutable { reason, .. }) => return Err(reason.clone()),
        }
        if !self.is_wal_settled {
            connection::use_wal(&self.conn).map_err(|error| fault(&self.path, &error))?;
            self.opened = held::Opened::at(&self.path, &self.real)?;
            self.is_wal_settled = true;
        }
        Ok(())
    }

    /// Runs `work` in one write transaction, which is undone if it gives `None`.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Option<Known>) -> Result<Option<T>, BoxError>,
    ) -> Result<Option<T>, BoxError> {
        self.prepare_write()?;
        let announces = self.is_service && self.announce_log()?;
        let path = &self.path;
        // Immediate: a transaction that reads before it writes fails at once if another one has written in between.
        let transaction = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate);
        let transaction = transaction.map_err(|error| fault(path, &error))?;
        self.opened.expect_same(path, &self.real)?;
        if announces {
            side_log::take_back(&transaction).map_err(|error| fault(path, &error))?;
        }
        if self.lacks_wal {
            side_log::remember_loss(&transaction).map_err(|error| fault(path, &error))?;
        }
        let done = work(&transaction, &mut self.known)?;
        if done.is_some() {
            self.changes += 1;
            transaction.commit().map_err(|error| commit_fault(path, &error))?;
            self.written = Instant::now();
            if announces {
                self.announced_log = wal::beginning(&self.real);
            }
        }
        Ok(done)
    }

    /// Says in the file itself that it needs its log, where the log begins anew or may do so. Returns whether that is to be
    /// taken back in the log.
    fn announce_log(&mut self) -> Result<bool, BoxError> {
        let is_announced = self.announced_log.is_some() && self.announced_log == wal::beginning(&self.real);
        if !self.opened.has_wal() || is_announced && self.written.elapsed() < ANNOUNCE_AFTER {
            return Ok(false);
        }
        let failed = |error: rusqlite::Error| fault(&self.path, &error);
        let transaction = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate).map_err(failed)?;
        self.opened.expect_same(&self.path, &self.real)?;
        side_log::announce(&transaction, format::FORMAT).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        // Readers may be in the way; then a copy is not known for what it is, and that is all.
        self.checkpoint()?;
        Ok(true)
    }

    /// Opens an immutable file again if it has changed after all: another process may be allowed to write it.
    fn refresh(&mut self) -> Result<(), BoxError> {
        if self.is_outdated() {
            self.reconnect()?;
        }
        self.opened.expect_same(&self.path, &self.real)
    }

    /// Whether the file was written after it was opened as immutable.
    fn is_outdated(&self) -> bool {
        matches!(&self.access, Access::Frozen(immutable) if !immutable.is_unchanged(&self.real))
    }

    fn reconnect(&mut self) -> Result<(), BoxError> {
        let Connected { conn, real, opened, access, lacks_wal } = file::connect(&self.path)?;
        self.is_wal_settled = opened.has_wal();
        (self.conn, self.real, self.opened, self.access, self.lacks_wal) = (conn, real, opened, access, lacks_wal);
        if self.has_short_timeout {
            self.set_short_busy_timeout()?;
        }
        self.helper = None;
        self.seen = 0;
        self.changes += 1;
        Ok(())
    }

    /// Runs `work` in one read transaction.
    fn read<T>(&mut self, mut work: impl FnMut(&Connection) -> rusqlite::Result<T>) -> Result<T, BoxError> {
        for _ in 0..READS_MOST {
            self.refresh()?;
            let mut run = || {
                let snapshot = self.conn.unchecked_transaction()?;
                work(&snapshot)
            };
            let done = run().map_err(|error| fault(&self.path, &error));
            // An immutable file has no locks: what was read while somebody wrote may be half old and half new.
            if !self.is_outdated() {
                return done;
            }
        }
        Err(BoxError::Busy { place: self.path.display().to_string(), waited_secs: 0 })
    }

    /// Runs `work`, which changes what this handle knows of the file, in one write transaction.
    fn change_with<T>(&mut self, work: impl FnOnce(&Connection, &Path) -> Result<T, BoxError>) -> Result<T, BoxError> {
        let path = self.path.clone();
        self.known = None;
        let done = self.write(|conn, _| work(conn, &path).map(Some))?;
        done.ok_or_else(|| BoxError::Io { place: path.display().to_string(), reason: "nothing was written".into() })
    }

    fn set_foreign_keys(&self, on: bool) -> Result<(), BoxError> {
        let set = self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, on);
        set.map(drop).map_err(|error| fault(&self.path, &error))
    }

    /// Tunes the connection for many ballots in one transaction; others keep `SQLite`'s 2 MiB of cache. Foreign keys are not
    /// checked: voters and candidates were just looked up, and `SQLite` would look them up again in an order that makes it
    /// expensive. `check` covers them.
    fn prepare_bulk_load(&self) -> Result<(), BoxError> {
        let prepare = || {
            self.conn.pragma_update(None, "cache_size", -BULK_CACHE_KIB)?;
            self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
            self.conn.pragma_update_and_check(None, "wal_autocheckpoint", BULK_CHECKPOINT_PAGES, |_| Ok(()))
        };
        prepare().map_err(|error| fault(&self.path, &error))
    }
}

impl BallotBox for SqliteBox {
    fn cast(&mut self, ballots: &[Ballot], clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError> {
        if ballots.is_empty() {
            return Ok(Vec::new());
        }
        if ballots.len() >= BULK_BALLOTS {
            self.prepare_bulk_load()?;
        }
        let path = self.path.clone();
        let outcomes = self.write(|conn, known| {
            cast::cast(conn, known, ballots, clock.now()).map(Some).map_err(|error| fault(&path, &error))
        });
        Ok(outcomes?.unwrap_or_default())
    }

    fn cast_sorted(&mut self, ballots: &SortedBallots, clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError> {
        if ballots.ballots().len() < BULK_BALLOTS {
            return self.cast(ballots.ballots(), clock);
        }
        self.prepare_bulk_load()?;
        let mut helper = match self.helper.take() {
            None => file::connect(&self.path)?.conn,
            Some(kept) => kept,
        };
        let path = self.path.clone();
        let outcomes = self.write(|conn, known| {
            let outcomes = cast::cast_sorted(conn, &mut helper, known, ballots, clock.now());
            outcomes.map(Some).map_err(|error| fault(&path, &error))
        });
        self.helper = Some(helper);
        Ok(outcomes?.unwrap_or_default())
    }

    fn cast_all(
        &mut self,
        ballots: &mut dyn Iterator<Item = Ballot>,
        clock: &dyn Clock,
    ) -> Result<AllOrNothing, BoxError> {
        self.prepare_bulk_load()?;
        let path = self.path.clone();
        let mut done = AllOrNothing::default();
        self.write(|conn, known| {
            done = cast::cast_all(conn, known, ballots, clock.now()).map_err(|error| fault(&path, &error))?;
            Ok(done.refused.is_empty().then_some(()))
        })?;
        Ok(done)
    }

    fn tally(&mut self, window: DurationSecs, now: Moment) -> Result<Tally, BoxError> {
        self.read(|conn| read::tally(conn, window, now))
    }

    fn tally_at(&mut self, window: DurationSecs, at: Moment, now: Moment) -> Result<Tally, BoxError> {
        self.read(|conn| read::tally_at(conn, window, at, now))
    }

    fn pace(&mut self, step_secs: u32, now: Moment) -> Result<Vec<PacePoint>, BoxError> {
        self.read(|conn| {
            if read::settings(conn)?.hides_results(now) { Ok(Vec::new()) } else { read::pace(conn, step_secs.max(1)) }
        })
    }

    fn candidates(&mut self) -> Result<Vec<Candidate>, BoxError> {
        self.read(read::candidates)
    }

    fn picture(&mut self, id: CandidateId) -> Result<Option<Picture>, BoxError> {
        self.read(|conn| read::picture(conn, id))
    }

    fn add_candidate(&mut self, name: &str, clock: &dyn Clock) -> Result<CandidateId, BoxError> {
        self.change_with(|conn, path| change::add(conn, path, name, clock.now()))
    }

    fn rename_candidate(&mut self, id: CandidateId, name: &str, clock: &dyn Clock) -> Result<(), BoxError> {
        self.change_with(|conn, path| change::rename(conn, path, id, name, clock.now()))
    }

    fn remove_candidate(&mut self, id: CandidateId, clock: &dyn Clock) -> Result<(), BoxError> {
        self.change_with(|conn, path| change::remove(conn, path, id, clock.now()))
    }

    fn change(&mut self, change: &Change, clock: &dyn Clock) -> Result<Changed, BoxError> {
        self.change_with(|conn, path| change::change(conn, path, change, clock.now()))
    }

    fn reset(&mut self, keep: &mut Keep<'_>, clock: &dyn Clock) -> Result<Option<u64>, BoxError> {
        // All votes go: SQLite would look for each of them in all others whether it replaces one.
        self.set_foreign_keys(false)?;
        let path = self.path.clone();
        self.known = None;
        let votes = self.write(|conn, _| match keep(&mut SqliteBox::open(&path)?)? {
            true => change::reset(conn, clock.now()).map(Some).map_err(|error| fault(&path, &error)),
            false => Ok(None),
        });
        self.set_foreign_keys(true)?;
        votes
    }

    fn history(&mut self) -> Result<Vec<Occasion>, BoxError> {
        self.read(change::history)
    }

    fn secret(&mut self) -> Result<Vec<u8>, BoxError> {
        self.read(read::secret)
    }

    fn settings(&mut self) -> Result<Settings, BoxError> {
        self.read(read::settings)
    }

    fn version(&mut self) -> Result<u64, BoxError> {
        self.refresh()?;
        let version = known::data_version(&self.conn).map_err(|error| fault(&self.path, &error))?;
        if version != self.seen {
            self.seen = version;
            self.changes += 1;
        }
        Ok(self.changes)
    }

    fn export(
        &mut self,
        with_voters: bool,
        now: Moment,
        sink: &mut dyn FnMut(Record<'_>) -> Flow,
    ) -> Result<(), BoxError> {
        self.read(read::settings)?.check_results_shown(now)?;
        // Once: what the sink was given cannot be taken back.
        self.refresh()?;
        let mut run = || read::export(&*self.conn.unchecked_transaction()?, with_voters, sink);
        run().map_err(|error| fault(&self.path, &error))
    }

    fn check(&mut self) -> Result<Vec<Finding>, BoxError> {
        let mut found = self.doubts();
        found.append(&mut self.read(check::check)?);
        Ok(found)
    }

    fn doubts(&self) -> Vec<Finding> {
        let problem = "a service had this file open when it was copied, or its …-wal was deleted after the service was killed: \
                       votes that were in the …-wal are missing. Look for the …-wal, or for a copy made with votekit backup, \
                       whose copies are complete";
        match self.lacks_wal {
            true => vec![Finding { place: "file".into(), problem: problem.into() }],
            false => Vec::new(),
        }
    }

    fn reader(&self) -> Result<Box<dyn BallotBox>, BoxError> {
        Ok(Box::new(SqliteBox::open(&self.path)?))
    }

    fn set_short_busy_timeout(&mut self) -> Result<(), BoxError> {
        self.has_short_timeout = true;
        busy::set_short_timeout(&mut self.conn).map_err(|error| fault(&self.path, &error))
    }

    fn checkpoint(&mut self) -> Result<bool, BoxError> {
        let row = |row: &rusqlite::Row<'_>| Ok(row.get::<_, i64>(1)? == row.get::<_, i64>(2)?);
        let checkpoint = self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], row);
        checkpoint.map_err(|error| fault(&self.path, &error))
    }

    fn backup(&mut self, target: &Path) -> Result<Vec<Finding>, BoxError> {
        self.refresh()?;
        let mut found = self.doubts();
        found.append(&mut copy::copy(&self.conn, &self.real, target)?);
        Ok(found)
    }

    fn check_writable(&mut self) -> Result<(), BoxError> {
        self.prepare_write()?;
        self.opened.expect_same(&self.path, &self.real)
    }

    fn begin_service(&mut self) -> Result<(), BoxError> {
        self.is_service = true;
        self.check_writable()
    }
}
