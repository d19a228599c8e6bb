//! Ballots in a SQLite file: WAL, `synchronous=FULL`, totals kept in the transaction that writes the votes.
mod absent;
mod batch;
mod cast;
mod check;
mod fault;
mod file;
mod read;
mod scribe;

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::ballot::{
    AllOrNothing, Ballot, BallotBox, BoxError, Candidate, CandidateId, Clock, Finding, Flow, Limits, Moment, Outcome,
    PacePoint, Record, Settings, Setup, SortedBallots, Tally, check_name, looks,
};
use crate::units::DurationSecs;
use cast::Known;
use fault::{commit_fault, fault};

/// From this many ballots in one call on it is a bulk load.
const BULK_BALLOTS: usize = 10_000;
/// The page cache of a bulk load at most. It writes each page of the file once a transaction, in order.
const BULK_CACHE_KIB: i64 = 64 * 1024;
/// How long the WAL grows in a bulk load before it is moved into the file: 512 MiB of 4 KiB pages. Keys in no order change
/// most pages in each transaction; the longer it grows, the fewer of them are written into the file again.
const BULK_CHECKPOINT_PAGES: i64 = 128 * 1024;

/// A handle on a ballot file.
pub struct SqliteBox {
    path: PathBuf,
    /// Which files that was when it was opened.
    opened: file::Opened,
    conn: Connection,
    /// Reads in another thread what a bulk load must know.
    helper: Option<Connection>,
    /// Set where the file was opened as one that nobody changes.
    alone: Option<file::Alone>,
    /// Waits for other writers only as long as somebody likes to who waits for the answer.
    hurried: bool,
    /// Rules and candidates as of the `data_version` they were read at.
    known: Option<Known>,
    /// `data_version` as last seen, and how often it or an own commit changed something.
    seen: i64,
    changes: u64,
}

/// Makes the file of a new vote. `setup` has been checked.
///
/// # Errors
/// When something is there, or when it cannot be written.
pub fn create(path: &Path, setup: &Setup) -> Result<(), BoxError> {
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
    /// Opens the ballot file at `path`, to write where the system allows it.
    ///
    /// # Errors
    /// When it is none, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, BoxError> {
        let (conn, alone) = file::connect(path)?;
        let opened = file::Opened::at(path)?;
        Ok(SqliteBox {
            path: path.to_owned(),
            opened,
            conn,
            helper: None,
            alone,
            hurried: false,
            known: None,
            seen: 0,
            changes: 0,
        })
    }

    /// Runs `work` in one write transaction. `Ok(None)` from it undoes the transaction.
    fn write<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Option<Known>) -> Result<Option<T>, BoxError>,
    ) -> Result<Option<T>, BoxError> {
        // What kept it from being written may be over: there may be room again.
        if self.alone.is_some() {
            self.reconnect()?;
        }
        let path = &self.path;
        if let Some(alone) = &self.alone {
            return Err(alone.reason.clone());
        }
        if self.conn.is_readonly("main").unwrap_or(false) {
            let reason = "you may read it, but not write it".into();
            return Err(BoxError::ReadOnly { place: path.display().to_string(), reason });
        }
        // Immediate: a transaction that reads first and then wants to write fails at once when another one wrote.
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

    /// Somebody may have written the file after all, who may write where this process may not.
    fn look_again(&mut self) -> Result<(), BoxError> {
        if self.alone.as_ref().is_some_and(|alone| !alone.unchanged(&self.path)) {
            self.reconnect()?;
        }
        self.opened.expect_same(&self.path)
    }

    fn reconnect(&mut self) -> Result<(), BoxError> {
        (self.conn, self.alone) = file::connect(&self.path)?;
        self.opened = file::Opened::at(&self.path)?;
        if self.hurried {
            self.hurry()?;
        }
        self.helper = None;
        self.seen = 0;
        self.changes += 1;
        Ok(())
    }

    /// Runs `work` on one snapshot.
    fn read<T>(&mut self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, BoxError> {
        self.look_again()?;
        let run = || {
            let snapshot = self.conn.unchecked_transaction()?;
            work(&snapshot)
        };
        run().map_err(|error| fault(&self.path, &error))
    }

    /// Makes room for many ballots at once; a connection that casts a few at a time keeps SQLite's 2 MiB. Voters and
    /// candidates that a vote names are there, they have just been looked up: SQLite need not look again, in an order that
    /// makes it dear. `check` looks at all of them.
    fn expect_bulk(&self) -> Result<(), BoxError> {
        let prepare = || {
            self.conn.pragma_update(None, "cache_size", -BULK_CACHE_KIB)?;
            self.conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
            self.conn.pragma_update_and_check(None, "wal_autocheckpoint", BULK_CHECKPOINT_PAGES, |_| Ok(()))
        };
        prepare().map_err(|error| fault(&self.path, &error))
    }

    fn refuse_hidden(&mut self, now: Moment) -> Result<(), BoxError> {
        let settings = self.read(read::settings)?;
        if settings.hides_results(now) { Err(BoxError::Hidden { closes: settings.closes }) } else { Ok(()) }
    }
}

impl BallotBox for SqliteBox {
    fn cast(&mut self, ballots: &[Ballot], clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError> {
        if ballots.is_empty() {
            return Ok(Vec::new());
        }
        if ballots.len() >= BULK_BALLOTS {
            self.expect_bulk()?;
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
        self.expect_bulk()?;
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
        self.expect_bulk()?;
        let path = self.path.clone();
        let mut done = AllOrNothing::default();
        self.write(|conn, known| {
            cast::cast_all(conn, known, ballots, clock.now(), &mut done).map_err(|error| fault(&path, &error))?;
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
            let candidates = read::candidates(conn).map_err(fault)?;
            check_new_name(name, None, &candidates)?;
            if candidates.len() >= Limits::CANDIDATES {
                return Err(BoxError::Candidate(format!("a vote can have {} candidates", Limits::CANDIDATES)));
            }
            let id = candidates.last().map_or(1, |candidate| candidate.id + 1);
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
            let candidates = read::candidates(conn).map_err(fault)?;
            if !candidates.iter().any(|candidate| candidate.id == id) {
                return Err(BoxError::Candidate(format!("there is no candidate {id}")));
            }
            check_new_name(name, Some(id), &candidates)?;
            let voted = conn.query_row("SELECT 1 FROM vote WHERE candidate_id = ?1 LIMIT 1", [id], |_| Ok(()));
            if voted.optional().map_err(fault)?.is_some() {
                let problem = format!("candidate {id} has votes: what was voted for is not renamed");
                return Err(BoxError::Candidate(problem));
            }
            conn.execute("UPDATE candidate SET name = ?2 WHERE id = ?1", params![id, name]).map_err(fault)?;
            Ok(Some(()))
        })?;
        Ok(())
    }

    fn settings(&mut self) -> Result<Settings, BoxError> {
        self.read(read::settings)
    }

    fn version(&mut self) -> Result<u64, BoxError> {
        self.look_again()?;
        let version = cast::data_version(&self.conn).map_err(|error| fault(&self.path, &error))?;
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
        self.refuse_hidden(now)?;
        self.read(|conn| read::export(conn, with_voters, sink))
    }

    fn check(&mut self) -> Result<Vec<Finding>, BoxError> {
        self.read(check::check)
    }

    fn reader(&self) -> Result<Box<dyn BallotBox>, BoxError> {
        Ok(Box::new(SqliteBox::open(&self.path)?))
    }

    fn hurry(&mut self) -> Result<(), BoxError> {
        self.hurried = true;
        file::hurry(&mut self.conn).map_err(|error| fault(&self.path, &error))
    }

    fn settle(&mut self) -> Result<(), BoxError> {
        let settled = self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        settled.map_err(|error| fault(&self.path, &error))
    }
}

/// Whether `name` can be a new one, of candidate `id` where it has one, among `candidates`.
fn check_new_name(name: &str, id: Option<CandidateId>, candidates: &[Candidate]) -> Result<(), BoxError> {
    check_name(name).map_err(|why| BoxError::Candidate(format!("the name {name:?} {why}")))?;
    let look = looks(name);
    match candidates.iter().find(|candidate| looks(&candidate.name) == look) {
        Some(other) if other.name == name => {
            Err(BoxError::Candidate(format!("candidate {} is called {name} already", other.id)))
        }
        // A candidate's own name may be put right.
        Some(other) if Some(other.id) != id => {
            let problem =
                format!("the name {name:?} looks the same as that of candidate {}, {:?}", other.id, other.name);
            Err(BoxError::Candidate(problem))
        }
        _ => Ok(()),
    }
}
