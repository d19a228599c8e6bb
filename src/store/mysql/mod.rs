//! Ballots in a database on a server that speaks `MySQL`'s protocol, shared by any number of services and commands.
//!
//! A vote is cast as in a file: `cast` looks up what [`decide`](fn@crate::ballot::decide) needs to know and writes what it says.
//! A process that writes leases a row of `votekit_writer` and locks it for each transaction; a change of the vote locks all
//! these rows. So writers do not wait for each other, changes wait for all of them, and what a transaction wrote can be
//! told from the row even if the answer to its COMMIT was lost.
//!
//! | file | what it knows |
//! |---|---|
//! | `place` | finding and making a vote in a database |
//! | `session` | the connection and its settings; the clocks |
//! | `lease` | the writer's row, and how an unknown outcome is settled |
//! | `numbers` | the numbers of votes |
//! | `cast`, `rows` | votes on their way into the tables; statements of many rows |
//! | `read`, `check`, `change` | queries, the check, changes of a running vote |
//! | `fault` | errors, and which of them are tried again |
mod cast;
mod change;
mod check;
mod fault;
mod lease;
mod numbers;
mod place;
mod read;
mod rows;
mod session;

use std::path::Path;
use std::time::{Duration, Instant};

use mysql::Conn;
use mysql::prelude::Queryable;

use crate::ballot::{
    AllOrNothing, Ballot, BallotBox, BatchIndex, BoxError, Candidate, CandidateId, Change, Changed, Clock, Finding,
    Flow, Keep, Moment, Occasion, Outcome, PacePoint, Picture, Record, Rules, Settings, Setup, SortedBallots, Tally,
};
use crate::store::place::Place;
use crate::units::DurationSecs;
use cast::Batch;
use fault::{Fault, Remedy};
use lease::Lease;
use numbers::Numbers;
use session::Session;

/// Ballots that are looked up and written together. Bounds the memory, and what other writers of the same voters wait for.
const BALLOTS_AT_ONCE: usize = 20_000;
/// From so many ballots on, numbers are reserved beforehand.
const RESERVE_FROM: usize = 1_000;
/// The pause before a transaction is tried again; it doubles up to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(300));
/// What a Galera node answers to a COMMIT that another node was in the way of. Other errors leave the outcome open.
const ROLLED_BACK: u16 = 1213;

/// The URL of a database.
pub(super) struct DatabasePlace<'a>(pub &'a str);

impl Place for DatabasePlace<'_> {
    fn open(&self) -> Result<Box<dyn BallotBox>, BoxError> {
        let mut session = place::session(self.0)?;
        place::expect_vote(&mut session)?;
        Ok(Box::new(MysqlBox::new(session)))
    }

    fn create(&self, setup: &Setup) -> Result<Box<dyn BallotBox>, BoxError> {
        let mut session = place::session(self.0)?;
        place::create(&mut session, setup)?;
        Ok(Box::new(MysqlBox::new(session)))
    }
}

/// A handle on a vote in a database.
struct MysqlBox {
    session: Session,
    lease: Option<Lease>,
    numbers: Numbers,
    /// Votes on this handle are a service's: it reserves numbers beforehand.
    is_service: bool,
    /// The rules at a `votekit_box.version`.
    known: Option<(i64, Rules)>,
    /// Version and batches when [`BallotBox::version`] was last asked.
    seen: Option<(i64, i64)>,
    /// How often these were different.
    changes: u64,
}

/// How a transaction ended.
enum Ended<T> {
    Done(Option<T>),
    /// Nothing of it is stored.
    Failed(Fault),
    /// The answer to its COMMIT was lost.
    Unknown(T, mysql::Error),
}

/// Ends the open transaction with what `work` came to.
fn end<T>(conn: &mut Conn, done: Result<Option<T>, Fault>) -> Ended<T> {
    match done {
        Ok(Some(value)) => match conn.query_drop("COMMIT") {
            Ok(()) => Ended::Done(Some(value)),
            Err(mysql::Error::MySqlError(said)) if said.code == ROLLED_BACK => {
                Ended::Failed(Fault::Driver(mysql::Error::MySqlError(said)))
            }
            Err(error) => Ended::Unknown(value, error),
        },
        Ok(None) => match conn.query_drop("ROLLBACK") {
            Ok(()) => Ended::Done(None),
            Err(error) => Ended::Failed(error.into()),
        },
        Err(fault) => Ended::Failed(fault),
    }
}

/// Waits before a transaction is tried again: longer each time, and not equally long in every process.
struct Retry {
    begun: Instant,
    patience: Duration,
    pause: Duration,
}

impl Retry {
    fn new(patience: Duration) -> Self {
        Retry { begun: Instant::now(), patience, pause: PAUSES.0 }
    }

    /// Pauses. False: the patience is over.
    fn pause(&mut self) -> bool {
        let spread = self.begun.elapsed().subsec_nanos() ^ std::process::id();
        let pause = self.pause + self.pause * (spread % 64) / 64;
        if self.begun.elapsed() + pause > self.patience {
            return false;
        }
        std::thread::sleep(pause);
        self.pause = (self.pause * 2).min(PAUSES.1);
        true
    }
}

impl MysqlBox {
    fn new(session: Session) -> Self {
        let numbers = Numbers::default();
        MysqlBox { session, lease: None, numbers, is_service: false, known: None, seen: None, changes: 0 }
    }

    /// Makes the connection usable after `fault`, and pauses. Gives the fault back if it is final.
    fn recover(&mut self, fault: Fault, retry: &mut Retry) -> Result<(), BoxError> {
        let remedy = fault.remedy();
        match (remedy, self.session.if_connected()) {
            (Remedy::Reconnect, _) => self.session.disconnect(),
            (_, Some(conn)) => {
                if conn.query_drop("ROLLBACK").is_err() {
                    self.session.disconnect();
                }
            }
            (_, None) => {}
        }
        if matches!(fault, Fault::LeaseLost) {
            self.lease = None;
        }
        if remedy != Remedy::GiveUp && retry.pause() {
            return Ok(());
        }
        Err(fault.explain(self.session.place(), retry.begun.elapsed()))
    }

    /// Runs `work` in one transaction that writes votes, which is undone if it gives `None`; again if it was in the way of
    /// another. `reserve` numbers are made sure of beforehand.
    fn write<T>(
        &mut self,
        reserve: usize,
        clock: &dyn Clock,
        mut work: impl FnMut(&mut Batch<'_>) -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, BoxError> {
        let mut retry = Retry::new(self.session.patience());
        loop {
            let fault = match self.attempt(reserve, clock, &mut work) {
                Ended::Done(value) => {
                    self.committed(value.is_some());
                    return Ok(value);
                }
                Ended::Failed(fault) => fault,
                Ended::Unknown(value, error) => match self.settle(&error, &mut retry)? {
                    true => {
                        self.committed(true);
                        return Ok(Some(value));
                    }
                    // The fence has said that nothing is stored: again.
                    false => continue,
                },
            };
            self.recover(fault, &mut retry)?;
        }
    }

    fn committed(&mut self, has_written: bool) {
        if let Some(lease) = self.lease.as_mut().filter(|_| has_written) {
            lease.batch += 1;
        }
    }

    fn attempt<T>(
        &mut self,
        reserve: usize,
        clock: &dyn Clock,
        work: &mut impl FnMut(&mut Batch<'_>) -> Result<Option<T>, Fault>,
    ) -> Ended<T> {
        let MysqlBox { session, lease, numbers, known, .. } = self;
        let mut begin = || -> Result<(i64, Moment), Fault> {
            let conn = session.conn()?;
            let slot = match lease {
                Some(lease) => lease.slot,
                None => lease.insert(Lease::take(conn)?).slot,
            };
            if reserve > 0 {
                numbers.reserve(conn, reserve)?;
            }
            conn.query_drop("START TRANSACTION")?;
            if let Some(lease) = lease {
                lease.begin_batch(conn)?;
            }
            let row: Option<(i64, i64)> =
                conn.query_first("SELECT UNIX_TIMESTAMP(), version FROM votekit_box WHERE id = 1")?;
            let (now, version) = row.unwrap_or_default();
            if known.as_ref().is_none_or(|(of, _)| *of != version) {
                *known = Some((version, read::rules(conn)?));
            }
            Ok((slot, Moment(now)))
        };
        let (slot, now) = match begin() {
            Ok(begun) => begun,
            Err(fault) => return Ended::Failed(fault),
        };
        let (Some((_, rules)), Some(conn)) = (known, session.if_connected()) else {
            return Ended::Failed(Fault::LeaseLost);
        };
        let done = work(&mut Batch { conn: &mut *conn, rules, numbers, slot, now: clock.in_store(now) });
        end(conn, done)
    }

    /// Finds out whether a transaction is committed whose COMMIT was not answered.
    ///
    /// # Errors
    /// [`BoxError::OutcomeUnknown`] when it cannot be found out in time.
    fn settle(&mut self, lost: &mysql::Error, retry: &mut Retry) -> Result<bool, BoxError> {
        let place = self.session.place().to_owned();
        loop {
            // What the server does with the old connection it does while the fence waits for it.
            self.session.disconnect();
            let Some(lease) = self.lease.clone() else { break };
            let asked = self.session.conn().and_then(|conn| Ok(lease.settle(conn)?));
            match asked {
                Ok(Some(is_stored)) => return Ok(is_stored),
                Ok(None) => break,
                Err(fault) if fault.remedy() == Remedy::GiveUp => break,
                Err(_) if !retry.pause() => break,
                Err(_) => {}
            }
        }
        // Its batches are not known any more.
        self.lease = None;
        Err(BoxError::OutcomeUnknown { place, reason: format!("the answer of the server was lost ({lost})") })
    }

    /// Runs `work`, which changes the vote, in one transaction that all writers wait for; it is undone if it gives `None`.
    fn change_with<T>(
        &mut self,
        clock: &dyn Clock,
        mut work: impl FnMut(&mut Conn, Moment) -> Result<Option<T>, Fault>,
    ) -> Result<Option<T>, BoxError> {
        let mut retry = Retry::new(self.session.patience());
        loop {
            let mut run = || -> Result<Ended<T>, Fault> {
                let conn = self.session.conn()?;
                conn.query_drop("START TRANSACTION")?;
                change::lock(conn)?;
                let now: i64 = conn.query_first("SELECT UNIX_TIMESTAMP()")?.unwrap_or_default();
                let done = work(conn, clock.in_store(Moment(now)));
                Ok(end(conn, done))
            };
            match run().unwrap_or_else(Ended::Failed) {
                Ended::Done(value) => return Ok(value),
                Ended::Failed(fault) => self.recover(fault, &mut retry)?,
                Ended::Unknown(_, error) => {
                    self.session.disconnect();
                    let reason = format!("the answer of the server was lost ({error}); votekit history tells");
                    return Err(BoxError::OutcomeUnknown { place: self.session.place().to_owned(), reason });
                }
            }
        }
    }

    /// As [`change_with`](Self::change_with), for work that never undoes.
    fn change_always<T>(
        &mut self,
        clock: &dyn Clock,
        mut work: impl FnMut(&mut Conn, Moment) -> Result<T, Fault>,
    ) -> Result<T, BoxError> {
        let done = self.change_with(clock, |conn, now| work(conn, now).map(Some))?;
        let place = self.session.place().to_owned();
        done.ok_or_else(|| BoxError::Io { place, reason: "nothing was written".into() })
    }

    /// Runs `work` on one snapshot.
    fn read<T>(&mut self, mut work: impl FnMut(&mut Conn) -> Result<T, Fault>) -> Result<T, BoxError> {
        let mut retry = Retry::new(self.session.patience());
        loop {
            let mut run = || -> Result<T, Fault> {
                let conn = self.session.conn()?;
                conn.query_drop("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
                conn.query_drop("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
                let done = work(conn)?;
                conn.query_drop("COMMIT")?;
                Ok(done)
            };
            match run() {
                Ok(done) => return Ok(done),
                Err(fault) => self.recover(fault, &mut retry)?,
            }
        }
    }

    /// Casts `ballots`, of which `index` is, in one transaction.
    fn cast_indexed(
        &mut self,
        ballots: &[Ballot],
        index: &BatchIndex,
        clock: &dyn Clock,
    ) -> Result<Vec<Outcome>, BoxError> {
        let reserve = if self.is_service || ballots.len() >= RESERVE_FROM { ballots.len() } else { 0 };
        let outcomes = self.write(reserve, clock, |batch| batch.cast(ballots, index).map(Some))?;
        Ok(outcomes.unwrap_or_default())
    }
}

impl Drop for MysqlBox {
    /// Gives the writer's row back. If that fails, the lease runs out by itself.
    fn drop(&mut self) {
        if let (Some(lease), Some(conn)) = (&self.lease, self.session.if_connected()) {
            let _ = lease.release(conn);
        }
    }
}

impl BallotBox for MysqlBox {
    fn cast(&mut self, ballots: &[Ballot], clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError> {
        if ballots.is_empty() {
            return Ok(Vec::new());
        }
        self.cast_indexed(ballots, &BatchIndex::new(ballots), clock)
    }

    fn cast_sorted(&mut self, ballots: &SortedBallots, clock: &dyn Clock) -> Result<Vec<Outcome>, BoxError> {
        if ballots.ballots().is_empty() {
            return Ok(Vec::new());
        }
        self.cast_indexed(ballots.ballots(), ballots.index(), clock)
    }

    fn bulk_most(&self) -> usize {
        BALLOTS_AT_ONCE
    }

    fn cast_all(
        &mut self,
        ballots: &mut dyn Iterator<Item = Ballot>,
        clock: &dyn Clock,
    ) -> Result<AllOrNothing, BoxError> {
        // The transaction may have to be run again.
        let ballots: Vec<Ballot> = ballots.collect();
        let mut done = AllOrNothing::default();
        self.write(0, clock, |batch| {
            done = AllOrNothing::default();
            for chunk in ballots.chunks(BALLOTS_AT_ONCE) {
                if done.count(batch.cast(chunk, &BatchIndex::new(chunk))?).is_break() {
                    break;
                }
            }
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
        self.read(|conn| read::pace(conn, step_secs, now))
    }

    fn candidates(&mut self) -> Result<Vec<Candidate>, BoxError> {
        self.read(read::candidates)
    }

    fn picture(&mut self, id: CandidateId) -> Result<Option<Picture>, BoxError> {
        self.read(|conn| Ok(read::picture(conn, id)?))
    }

    fn add_candidate(&mut self, name: &str, clock: &dyn Clock) -> Result<CandidateId, BoxError> {
        self.change_always(clock, |conn, now| change::add(conn, name, now))
    }

    fn rename_candidate(&mut self, id: CandidateId, name: &str, clock: &dyn Clock) -> Result<(), BoxError> {
        self.change_always(clock, |conn, now| change::rename(conn, id, name, now))
    }

    fn remove_candidate(&mut self, id: CandidateId, clock: &dyn Clock) -> Result<(), BoxError> {
        self.change_always(clock, |conn, now| change::remove(conn, id, now))
    }

    fn change(&mut self, change: &Change, clock: &dyn Clock) -> Result<Changed, BoxError> {
        self.change_always(clock, |conn, now| change::change(conn, change, now))
    }

    fn reset(&mut self, keep: &mut Keep<'_>, clock: &dyn Clock) -> Result<Option<u64>, BoxError> {
        let mut other = MysqlBox::new(self.session.another());
        let votes = self.change_with(clock, |conn, now| match keep(&mut other)? {
            true => change::reset(conn, now).map(Some),
            false => Ok(None),
        })?;
        // Nothing reads it any more, so what is left after a failure does no harm; the next reset deletes it.
        if votes.is_some()
            && let Some(conn) = self.session.if_connected()
            && change::delete_old(conn).is_err()
        {
            self.session.disconnect();
        }
        Ok(votes)
    }

    fn history(&mut self) -> Result<Vec<Occasion>, BoxError> {
        self.read(|conn| Ok(read::history(conn)?))
    }

    fn secret(&mut self) -> Result<Vec<u8>, BoxError> {
        self.read(|conn| Ok(conn.query_first("SELECT secret FROM votekit_box WHERE id = 1")?.unwrap_or_default()))
    }

    fn settings(&mut self) -> Result<Settings, BoxError> {
        self.read(read::settings)
    }

    fn version(&mut self) -> Result<u64, BoxError> {
        let sql = "SELECT box.version, CAST((SELECT COALESCE(SUM(batch), 0) FROM votekit_writer) AS SIGNED) \
                   FROM votekit_box AS box WHERE box.id = 1";
        // Once: it is asked again soon.
        let found: Result<Option<(i64, i64)>, Fault> = self.session.conn().and_then(|conn| Ok(conn.query_first(sql)?));
        let found = found.map_err(|fault| {
            self.session.disconnect();
            fault.explain(self.session.place(), Duration::ZERO)
        })?;
        if self.seen != found {
            self.seen = found;
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
        let mut begun = false;
        let place = self.session.place().to_owned();
        self.read(|conn| {
            let settings = read::settings(conn)?;
            settings.check_results_shown(now)?;
            // What the sink was given cannot be taken back.
            if std::mem::replace(&mut begun, true) {
                let reason = "the server closed the connection, and the export is not complete".to_owned();
                return Err(Fault::Box(BoxError::Unreachable { place: place.clone(), reason }));
            }
            Ok(read::export(conn, settings.generation, with_voters, sink)?)
        })
    }

    fn check(&mut self) -> Result<Vec<Finding>, BoxError> {
        self.read(check::check)
    }

    fn reader(&self) -> Result<Box<dyn BallotBox>, BoxError> {
        Ok(Box::new(MysqlBox::new(self.session.another())))
    }

    fn set_short_busy_timeout(&mut self) -> Result<(), BoxError> {
        self.session.be_short();
        Ok(())
    }

    fn checkpoint(&mut self) -> Result<bool, BoxError> {
        Ok(true)
    }

    fn backup(&mut self, _target: &Path) -> Result<Vec<Finding>, BoxError> {
        let reason =
            "votekit copies files; back up a database with the server's own tools, as mysqldump --single-transaction";
        Err(BoxError::Io { place: self.session.place().to_owned(), reason: reason.into() })
    }

    fn check_writable(&mut self) -> Result<(), BoxError> {
        let found = self.session.conn().and_then(|conn| Ok(conn.query_drop("SELECT 1 FROM votekit_box WHERE id = 1")?));
        found.map_err(|fault| {
            self.session.disconnect();
            fault.explain(self.session.place(), Duration::ZERO)
        })
    }

    fn begin_service(&mut self) -> Result<(), BoxError> {
        self.is_service = true;
        let clock = self.session.check_clock();
        clock.map_err(|fault| fault.explain(self.session.place(), Duration::ZERO))
    }
}
