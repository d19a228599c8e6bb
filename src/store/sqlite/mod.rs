//! Ballots in a `SQLite` file: WAL, `synchronous=FULL`, totals kept in the transaction that writes the votes.
//!
//! A vote is cast in three steps: `lookup` reads what [`decide`](fn@crate::ballot::decide) needs to know, that decides, and
//! `vote_writer` writes what it says; no rule is in this folder.
mod busy;
mod cast;
mod check;
mod fault;
mod file;
mod filter;
mod known;
mod lookup;
mod read;
mod vote_writer;

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::ballot::{
    AllOrNothing, Ballot, BallotBox, BoxError, Candidate, CandidateId, Clock, Finding, Flow, Moment, Outcome,
    PacePoint, Record, Settings, Setup, SortedBallots, Tally,
};
use crate::store::place::Place;
use crate::units::DurationSecs;
use fault::{commit_fault, fault};
use known::Known;

/// A call with at least so many ballots is a bulk load.
const BULK_BALLOTS: usize = 10_000;
/// Most memory for the page cache of a bulk load, which writes each page of the file once in a transaction, in order.
const BULK_CACHE_KIB: i64 = 64 * 1024;
/// Pages in the WAL before a bulk load moves it into the file: 512 MiB. Keys in no order change most pages in each
/// transaction; the longer the WAL grows, the fewer of them are written to the file again and again.
const BULK_CHECKPOINT_PAGES: i64 = 128 * 1024;

/// A handle on a ballot file.
pub(super) struct SqliteBox {
    path: PathBuf,
    opened: file::Opened,
    conn: Connection,
    /// Looks up keys in another thread during a bulk load.
    helper: Option<Connection>,
    /// Set where the file could only be opened as immutable.
    immutable: Option<file::Immutable>,
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
        create(self.0, setup)?;
        self.open()
    }
}

fn create(path: &Path, setup: &Setup) -> Result<(), BoxError> {
    file::create(path, |conn| {
        let settings = &setup.settings;
        conn.execute(
            include_str!("../../../sql/ballot/insert_settings.sql"),
            params![
                settings.title,
                settings.opens.map(|at| at.0),
                settings.closes.map(|at| at.0),
                settings.votes_per_voter,
                settings.voters_only,
                settings.change_allowed,
                settings.hide_until_closed
            ],
        )?;
        let mut candidate = conn.prepare("INSERT INTO candidate (id, name) VALUES (?1, ?2)")?;
        for (id, name) in (1i64..).zip(&setup.candidates) {
            candidate.execute(params![id, name])?;
        }
        let mut voter = conn.prepare("INSERT INTO voter (id, name) VALUES (?1, ?2)")?;
        for each in &setup.voters {
            voter.execute(params![each.id, each.name])?;
        }
        Ok(())
    })
}

impl SqliteBox {
    fn open(path: &Path) -> Result<Self, BoxError> {
        let (conn, immutable) = file::connect(path)?;
        let opened = file::Opened::at(path)?;
        Ok(SqliteBox {
            path: path.to_owned(),
            opened,
            conn,
            helper: None,
            immutable,
            has_short_timeout: false,
            known: None,
            seen: 0,
            changes: 0,
        })
    }

    /// Runs `work` in one write transaction, which is undone if it gives `None`.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Option<Known>) -> Result<Option<T>, BoxError>,
    ) -> Result<Option<T>, BoxError> {
        // The reason may be gone: the disk may have room again.
        if self.immutable.is_some() {
            self.reconnect()?;
        }
        let path = &self.path;
        if let Some(immutable) = &self.immutable {
            return Err(immutable.reason.clone());
        }
        if self.conn.is_readonly("main").unwrap_or(false) {
            let reason = "you may read it, but not write it".into();
            return Err(BoxError::ReadOnly { place: path.display().to_string(), reason });
        }
        // Immediate: a transaction that reads before it writes fails at once if another one has written in between.
        let transaction = Transaction::new_unchecked(&self.conn, TransactionBehavior::Immediate);
        let transaction = transaction.map_err(|error| fault(path, &error))?;
        self.opened.expect_same(path)?;
        let done = work(&transaction, &mut self.known)?;
        if done.is_some() {
            self.changes += 1;
            transaction.commit().map_err(|error| commit_fault(path, &error))?;
        }
        Ok(done)
    }

    /// Opens an immutable file again if it has changed after all: another process may be allowed to write it.
    fn refresh(&mut self) -> Result<(), BoxError> {
        if self.immutable.as_ref().is_some_and(|immutable| !immutable.is_unchanged(&self.path)) {
            self.reconnect()?;
        }
        self.opened.expect_same(&self.path)
    }

    fn reconnect(&mut self) -> Result<(), BoxError> {
        (self.conn, self.immutable) = file::connect(&self.path)?;
        self.opened = file::Opened::at(&self.path)?;
        if self.has_short_timeout {
            self.set_short_busy_timeout()?;
        }
        self.helper = None;
        self.seen = 0;
        self.changes += 1;
        Ok(())
    }

    /// Runs `work` in one read transaction.
    fn read<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, BoxError> {
        self.refresh()?;
        let run = || {
            let snapshot = self.conn.unchecked_transaction()?;
            work(&snapshot)
        };
        run().map_err(|error| fault(&self.path, &error))
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
            None => file::connect(&self.path)?.0,
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

    fn add_candidate(&mut self, name: &str) -> Result<CandidateId, BoxError> {
        let path = self.path.clone();
        self.known = None;
        let id = self.write(|conn, _| {
            let fault = |error: rusqlite::Error| fault(&path, &error);
            let Candidate { id, name } = known::rules(conn).map_err(fault)?.candidates.add(name)?;
            conn.execute("INSERT INTO candidate (id, name) VALUES (?1, ?2)", params![id, name]).map_err(fault)?;
            Ok(Some(id))
        })?;
        Ok(id.unwrap_or_default())
    }

    fn rename_candidate(&mut self, id: CandidateId, name: &str) -> Result<(), BoxError> {
        let path = self.path.clone();
        self.known = None;
        self.write(|conn, _| {
            let fault = |error: rusqlite::Error| fault(&path, &error);
            let candidates = known::rules(conn).map_err(fault)?.candidates;
            let has_votes = read::has_votes(conn, id).map_err(fault)?;
            let Candidate { id, name } = candidates.rename(id, name, has_votes)?;
            conn.execute("UPDATE candidate SET name = ?2 WHERE id = ?1", params![id, name]).map_err(fault)?;
            Ok(Some(()))
        })?;
        Ok(())
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
        self.read(|conn| read::export(conn, with_voters, sink))
    }

    fn check(&mut self) -> Result<Vec<Finding>, BoxError> {
        self.read(check::check)
    }

    fn reader(&self) -> Result<Box<dyn BallotBox>, BoxError> {
        Ok(Box::new(SqliteBox::open(&self.path)?))
    }

    fn set_short_busy_timeout(&mut self) -> Result<(), BoxError> {
        self.has_short_timeout = true;
        busy::set_short_timeout(&mut self.conn).map_err(|error| fault(&self.path, &error))
    }

    fn checkpoint(&mut self) -> Result<(), BoxError> {
        let checkpoint = self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        checkpoint.map_err(|error| fault(&self.path, &error))
    }
}
