//! Ballots become votes: the rules are held against what the file says, and the totals grow, in one transaction.
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::LazyLock;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params, params_from_iter};

use super::read;
use crate::ballot::{AllOrNothing, Ballot, Candidate, CandidateId, Choice, Moment, Outcome, Refusal, Settings};

/// More refusals than this nobody reads: [`cast_all`] ends there.
const REFUSALS_MOST: usize = 1_000;

/// Rules and candidates as one `data_version` of the file had them.
pub struct Known {
    version: i64,
    settings: Settings,
    candidates: Vec<Candidate>,
    ids: HashMap<String, CandidateId>,
}

impl Known {
    fn read(conn: &Connection, version: i64) -> rusqlite::Result<Self> {
        let candidates = read::candidates(conn)?;
        let ids = candidates.iter().map(|candidate| (candidate.name.clone(), candidate.id)).collect();
        Ok(Known { version, settings: read::settings(conn)?, candidates, ids })
    }

    /// Where the candidate stands in the list.
    fn place(&self, choice: &Choice) -> Option<usize> {
        let id = match choice {
            Choice::Id(id) => *id,
            Choice::Name(name) => *self.ids.get(name)?,
        };
        // Ids are 1, 2, 3, …: look there first.
        let guess = usize::try_from(id).ok()?.checked_sub(1)?;
        match self.candidates.get(guess) {
            Some(candidate) if candidate.id == id => Some(guess),
            _ => self.candidates.binary_search_by_key(&id, |candidate| candidate.id).ok(),
        }
    }
}

/// SQLite's number of the state of the file as this connection sees it; another one's commit makes it another.
pub fn data_version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// Casts `ballots` at `now`, in the transaction that is open.
pub fn cast(
    conn: &Connection,
    known: &mut Option<Known>,
    ballots: &[Ballot],
    now: Moment,
) -> rusqlite::Result<Vec<Outcome>> {
    let mut scribe = Scribe::new(conn, known, now)?;
    let outcomes = ballots.iter().map(|ballot| scribe.place(ballot)).collect::<rusqlite::Result<_>>()?;
    scribe.finish()?;
    Ok(outcomes)
}

/// Casts what `ballots` gives and counts it in `done`; whether the transaction is kept is for the caller to say.
pub fn cast_all(
    conn: &Connection,
    known: &mut Option<Known>,
    ballots: &mut dyn Iterator<Item = Ballot>,
    now: Moment,
    done: &mut AllOrNothing,
) -> rusqlite::Result<()> {
    let mut scribe = Scribe::new(conn, known, now)?;
    for (index, ballot) in (0..).zip(ballots) {
        match scribe.place(&ballot)? {
            Outcome::Stored { .. } => done.stored += 1,
            Outcome::Repeated { .. } => done.repeated += 1,
            Outcome::Refused(refusal) => done.refused.push((index, refusal)),
        }
        if done.refused.len() >= REFUSALS_MOST {
            break;
        }
    }
    scribe.finish()
}

/// Statements are prepared when the first ballot needs them.
#[derive(Default)]
struct Pens<'conn> {
    plain: OnceCell<CachedStatement<'conn>>,
    plain_many: OnceCell<CachedStatement<'conn>>,
    full: OnceCell<CachedStatement<'conn>>,
    key: OnceCell<CachedStatement<'conn>>,
    voter: OnceCell<CachedStatement<'conn>>,
    new_voter: OnceCell<CachedStatement<'conn>>,
    voter_again: OnceCell<CachedStatement<'conn>>,
}

const PLAIN: &str = "INSERT INTO vote (id, created_at, candidate_id) VALUES (?1, ?2, ?3)";
/// [`PLAIN`] for this many votes with ids one after the other, in which what a statement costs by itself is shared.
const PLAIN_ROWS: usize = 32;
static PLAIN_MANY: LazyLock<String> = LazyLock::new(|| {
    let mut sql = PLAIN.to_owned();
    for more in 1..PLAIN_ROWS {
        let _ = write!(sql, ", (?1 + {more}, ?2, ?{})", more + 3);
    }
    sql
});
const FULL: &str =
    "INSERT INTO vote (id, created_at, candidate_id, voter, opinion, key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const KEY: &str = "SELECT id, candidate_id, voter, opinion FROM vote WHERE key = ?1";
const VOTER: &str = "SELECT votes, last_vote FROM voter WHERE id = ?1";
const NEW_VOTER: &str = "INSERT INTO voter (id, votes, last_vote) VALUES (?1, 1, ?2) ON CONFLICT (id) DO NOTHING";
const VOTER_AGAIN: &str = "UPDATE voter SET votes = votes + ?3, last_vote = ?2 WHERE id = ?1";

fn pen<'pens, 'conn>(
    conn: &'conn Connection,
    pen: &'pens mut OnceCell<CachedStatement<'conn>>,
    sql: &str,
) -> rusqlite::Result<&'pens mut CachedStatement<'conn>> {
    if pen.get().is_none() {
        let _ = pen.set(conn.prepare_cached(sql)?);
    }
    Ok(pen.get_mut().expect("set above where it was not"))
}

/// Writes votes in one transaction, at one moment.
struct Scribe<'conn> {
    conn: &'conn Connection,
    known: &'conn Known,
    pens: Pens<'conn>,
    now: Moment,
    next_id: i64,
    /// The candidates of votes that are nothing else, with the ids just before `next_id`, still to be written.
    plain: Vec<CandidateId>,
    /// Votes added, by the candidate's place in the list.
    added: Vec<i64>,
    /// Votes withdrawn, by their second and candidate.
    withdrawn: BTreeMap<(i64, CandidateId), i64>,
}

impl<'conn> Scribe<'conn> {
    fn new(conn: &'conn Connection, known: &'conn mut Option<Known>, now: Moment) -> rusqlite::Result<Self> {
        let version = data_version(conn)?;
        if known.as_ref().is_none_or(|known| known.version != version) {
            *known = Some(Known::read(conn, version)?);
        }
        let known = known.as_ref().expect("read above where it was not");
        let next_id =
            conn.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM vote")?.query_row([], |row| row.get(0))?;
        let added = vec![0; known.candidates.len()];
        let (pens, plain) = (Pens::default(), Vec::with_capacity(PLAIN_ROWS));
        Ok(Scribe { conn, known, pens, now, next_id, plain, added, withdrawn: BTreeMap::new() })
    }

    /// One ballot, by the rules. What it finds wrong it finds before it writes.
    fn place(&mut self, ballot: &Ballot) -> rusqlite::Result<Outcome> {
        if let Err(refusal) = ballot.check() {
            return Ok(Outcome::Refused(refusal));
        }
        let place = self.known.place(&ballot.choice);
        if let Some(key) = &ballot.key
            && let Some(first) = self.stored_under(key, ballot, place)?
        {
            return Ok(first);
        }
        if let Err(refusal) = self.known.settings.admit(ballot, self.now) {
            return Ok(Outcome::Refused(refusal));
        }
        let Some(place) = place else {
            let asked = match &ballot.choice {
                Choice::Id(id) => id.to_string(),
                Choice::Name(name) => name.clone(),
            };
            return Ok(Outcome::Refused(Refusal::UnknownCandidate(asked)));
        };
        let replaced = match &ballot.voter {
            None => None,
            Some(voter) => match self.enter(voter, ballot.change)? {
                Ok(replaced) => replaced,
                Err(refusal) => return Ok(Outcome::Refused(refusal)),
            },
        };
        let id = self.store(ballot, place)?;
        if let Some(replaced) = replaced {
            self.withdraw(replaced, id)?;
        }
        Ok(Outcome::Stored { id, replaced })
    }

    /// The answer to a ballot whose key is in the file already.
    fn stored_under(&mut self, key: &str, ballot: &Ballot, place: Option<usize>) -> rusqlite::Result<Option<Outcome>> {
        let statement = pen(self.conn, &mut self.pens.key, KEY)?;
        let mut rows = statement.query([key])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let text = |index| row.get_ref(index).and_then(|value| Ok(value.as_str_or_null()?));
        let same = place.is_some_and(|place| row.get(1) == Ok(self.known.candidates[place].id))
            && text(2)? == ballot.voter.as_deref()
            && text(3)? == opinion(ballot);
        Ok(Some(if same {
            Outcome::Repeated { id: row.get(0)? }
        } else {
            Outcome::Refused(Refusal::KeyReused(key.to_owned()))
        }))
    }

    /// Enters the voter's next vote on their account, or says why they have none left. Gives the vote that it replaces.
    fn enter(&mut self, voter: &str, change: bool) -> rusqlite::Result<Result<Option<i64>, Refusal>> {
        let settings = &self.known.settings;
        // Most are new where anybody may vote: one look at the table instead of two.
        if !settings.voters_only
            && pen(self.conn, &mut self.pens.new_voter, NEW_VOTER)?.execute(params![voter, self.next_id])? == 1
        {
            return Ok(Ok(None));
        }
        let account = pen(self.conn, &mut self.pens.voter, VOTER)?
            .query_row([voter], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)))
            .optional()?;
        let Some((votes, last_vote)) = account else {
            return Ok(Err(Refusal::UnknownVoter(voter.to_owned())));
        };
        let replaced = last_vote.filter(|_| change);
        if let Some(votes_per_voter) = settings.votes_per_voter
            && replaced.is_none()
            && votes >= i64::from(votes_per_voter)
        {
            return Ok(Err(Refusal::LimitReached { voter: voter.to_owned(), votes_per_voter }));
        }
        let more = i64::from(replaced.is_none());
        pen(self.conn, &mut self.pens.voter_again, VOTER_AGAIN)?.execute(params![voter, self.next_id, more])?;
        Ok(Ok(replaced))
    }

    fn store(&mut self, ballot: &Ballot, place: usize) -> rusqlite::Result<i64> {
        let (id, candidate_id) = (self.next_id, self.known.candidates[place].id);
        let opinion = opinion(ballot);
        if ballot.voter.is_none() && ballot.key.is_none() && opinion.is_none() {
            self.plain.push(candidate_id);
        } else {
            self.write_plain()?;
            let texts = (ballot.voter.as_deref(), opinion, ballot.key.as_deref());
            let full = pen(self.conn, &mut self.pens.full, FULL)?;
            full.execute((id, self.now.0, candidate_id, texts.0, texts.1, texts.2))?;
        }
        self.next_id += 1;
        self.added[place] += 1;
        if self.plain.len() == PLAIN_ROWS {
            self.write_plain()?;
        }
        Ok(id)
    }

    /// Writes the plain votes that wait, before any vote with a higher id: rows are written in the order of ids.
    fn write_plain(&mut self) -> rusqlite::Result<()> {
        let first_id = self.next_id - self.plain.len() as i64;
        if self.plain.len() == PLAIN_ROWS {
            let many = pen(self.conn, &mut self.pens.plain_many, &PLAIN_MANY)?;
            many.execute(params_from_iter([first_id, self.now.0].iter().chain(&self.plain)))?;
        } else {
            for (id, candidate_id) in (first_id..).zip(&self.plain) {
                pen(self.conn, &mut self.pens.plain, PLAIN)?.execute((id, self.now.0, candidate_id))?;
            }
        }
        self.plain.clear();
        Ok(())
    }

    fn withdraw(&mut self, id: i64, by: i64) -> rusqlite::Result<()> {
        let sql = "UPDATE vote SET replaced_by = ?2 WHERE id = ?1 RETURNING created_at, candidate_id";
        let cast: (i64, CandidateId) =
            self.conn.prepare_cached(sql)?.query_row((id, by), |row| Ok((row.get(0)?, row.get(1)?)))?;
        *self.withdrawn.entry(cast).or_default() += 1;
        Ok(())
    }

    /// Brings the kept totals up to date.
    fn finish(mut self) -> rusqlite::Result<()> {
        self.write_plain()?;
        let mut totals = self.conn.prepare_cached("UPDATE candidate SET votes = votes + ?2 WHERE id = ?1")?;
        let mut pace = self.conn.prepare_cached(include_str!("../../../sql/ballot/add_pace.sql"))?;
        let fewer = "UPDATE pace SET votes = votes - ?3 WHERE second = ?1 AND candidate_id = ?2";
        let mut fewer = self.conn.prepare_cached(fewer)?;
        let mut changes: BTreeMap<CandidateId, i64> = BTreeMap::new();
        for (candidate, added) in self.known.candidates.iter().zip(&self.added).filter(|(_, added)| **added > 0) {
            pace.execute((self.now.0, candidate.id, added))?;
            changes.insert(candidate.id, *added);
        }
        for ((second, candidate_id), votes) in std::mem::take(&mut self.withdrawn) {
            fewer.execute((second, candidate_id, votes))?;
            *changes.entry(candidate_id).or_default() -= votes;
        }
        for (candidate_id, change) in changes.into_iter().filter(|(_, change)| *change != 0) {
            totals.execute((candidate_id, change))?;
        }
        Ok(())
    }
}

/// An empty opinion is none.
fn opinion(ballot: &Ballot) -> Option<&str> {
    ballot.opinion.as_deref().filter(|opinion| !opinion.is_empty())
}
