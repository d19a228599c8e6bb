//! Writes votes and voters, in one transaction and at one moment; the totals grow with them.
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use rusqlite::{CachedStatement, Connection};

use crate::ballot::{Ballot, Candidate, CandidateId, Moment};

/// Rows that are written by one statement where there are as many: what a statement costs by itself is shared.
const ROWS: usize = 32;

/// A statement for one row and one for [`ROWS`], prepared when they are needed.
#[derive(Default)]
struct Pen<'conn> {
    one: OnceCell<CachedStatement<'conn>>,
    many: OnceCell<CachedStatement<'conn>>,
}

const PLAIN: &str = "INSERT INTO vote (id, created_at, candidate_id) VALUES (?1, ?2, ?3)";
static PLAIN_MANY: LazyLock<String> = LazyLock::new(|| many(PLAIN, |row| format!("(?1 + {row}, ?2, ?{})", 3 + row)));

const FULL: &str =
    "INSERT INTO vote (id, created_at, candidate_id, voter, opinion, key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static FULL_MANY: LazyLock<String> = LazyLock::new(|| {
    many(FULL, |row| {
        let first = 3 + 4 * row;
        format!("(?1 + {row}, ?2, ?{first}, ?{}, ?{}, ?{})", first + 1, first + 2, first + 3)
    })
});

const NEW_VOTER: &str = "INSERT INTO voter (id, votes, last_vote) VALUES (?1, ?2, ?3)";
static NEW_VOTER_MANY: LazyLock<String> =
    LazyLock::new(|| many(NEW_VOTER, |row| format!("(?{}, ?{}, ?{})", 3 * row + 1, 3 * row + 2, 3 * row + 3)));

const VOTER_AGAIN: &str = "UPDATE voter SET votes = ?2, last_vote = ?3 WHERE id = ?1";

/// `one`, an INSERT of the row 0, for [`ROWS`] rows.
fn many(one: &str, row: impl Fn(usize) -> String) -> String {
    (1..ROWS).fold(one.to_owned(), |sql, at| sql + ", " + &row(at))
}

fn statement<'pens, 'conn>(
    conn: &'conn Connection,
    pen: &'pens mut OnceCell<CachedStatement<'conn>>,
    sql: &str,
) -> rusqlite::Result<&'pens mut CachedStatement<'conn>> {
    if pen.get().is_none() {
        let _ = pen.set(conn.prepare_cached(sql)?);
    }
    Ok(pen.get_mut().expect("set above where it was not"))
}

/// A vote to be written, for the candidate at `place` in the list.
#[derive(Clone, Copy)]
pub struct Vote<'a> {
    pub place: usize,
    pub voter: Option<&'a str>,
    pub opinion: Option<&'a str>,
    pub key: Option<&'a str>,
}

impl Vote<'_> {
    fn is_plain(&self) -> bool {
        self.voter.is_none() && self.opinion.is_none() && self.key.is_none()
    }
}

/// A voter's account to be written.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pub voter: &'a str,
    pub votes: i64,
    pub last_vote: i64,
    pub is_new: bool,
}

/// Writes votes in the transaction that is open.
pub struct Scribe<'conn> {
    conn: &'conn Connection,
    candidates: &'conn [Candidate],
    plain: Pen<'conn>,
    full: Pen<'conn>,
    new_voter: Pen<'conn>,
    voter_again: OnceCell<CachedStatement<'conn>>,
    pub now: Moment,
    /// The number of the next vote.
    pub next_id: i64,
    /// Votes added, by the candidate's place in the list.
    added: Vec<i64>,
    /// Votes withdrawn, by their second and candidate.
    withdrawn: BTreeMap<(i64, CandidateId), i64>,
}

impl<'conn> Scribe<'conn> {
    pub fn new(conn: &'conn Connection, candidates: &'conn [Candidate], now: Moment) -> rusqlite::Result<Self> {
        let next_id =
            conn.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM vote")?.query_row([], |row| row.get(0))?;
        Ok(Scribe {
            conn,
            candidates,
            plain: Pen::default(),
            full: Pen::default(),
            new_voter: Pen::default(),
            voter_again: OnceCell::new(),
            now,
            next_id,
            added: vec![0; candidates.len()],
            withdrawn: BTreeMap::new(),
        })
    }

    /// Writes voters' accounts.
    pub fn enter<'a>(&mut self, entries: impl Iterator<Item = Entry<'a>>) -> rusqlite::Result<()> {
        let mut new = Vec::with_capacity(ROWS);
        for entry in entries {
            if !entry.is_new {
                let again = statement(self.conn, &mut self.voter_again, VOTER_AGAIN)?;
                again.execute((entry.voter, entry.votes, entry.last_vote))?;
                continue;
            }
            new.push(entry);
            if new.len() == ROWS {
                let many = statement(self.conn, &mut self.new_voter.many, &NEW_VOTER_MANY)?;
                for (row, Entry { voter, votes, last_vote, .. }) in new.drain(..).enumerate() {
                    many.raw_bind_parameter(3 * row + 1, voter)?;
                    many.raw_bind_parameter(3 * row + 2, votes)?;
                    many.raw_bind_parameter(3 * row + 3, last_vote)?;
                }
                many.raw_execute()?;
            }
        }
        for entry in new {
            let one = statement(self.conn, &mut self.new_voter.one, NEW_VOTER)?;
            one.execute((entry.voter, entry.votes, entry.last_vote))?;
        }
        Ok(())
    }

    /// Writes votes, whose voters have been entered, from `next_id` on.
    pub fn store<'a>(&mut self, votes: impl Iterator<Item = Vote<'a>>) -> rusqlite::Result<()> {
        let mut waiting: Vec<Vote<'a>> = Vec::with_capacity(ROWS);
        for vote in votes {
            if waiting.first().is_some_and(|first| first.is_plain() != vote.is_plain()) {
                self.store_alike(&waiting)?;
                waiting.clear();
            }
            waiting.push(vote);
            if waiting.len() == ROWS {
                self.store_alike(&waiting)?;
                waiting.clear();
            }
        }
        self.store_alike(&waiting)
    }

    /// Writes votes that are all plain, or none of them, and at most [`ROWS`].
    fn store_alike(&mut self, votes: &[Vote<'_>]) -> rusqlite::Result<()> {
        let Some(plain) = votes.first().map(Vote::is_plain) else { return Ok(()) };
        let id_of = |vote: &Vote<'_>| self.candidates[vote.place].id;
        if votes.len() == ROWS {
            let (pen, sql) = if plain { (&mut self.plain, &PLAIN_MANY) } else { (&mut self.full, &FULL_MANY) };
            let many = statement(self.conn, &mut pen.many, sql)?;
            many.raw_bind_parameter(1, self.next_id)?;
            many.raw_bind_parameter(2, self.now.0)?;
            for (row, vote) in votes.iter().enumerate() {
                let first = if plain { 3 + row } else { 3 + 4 * row };
                many.raw_bind_parameter(first, id_of(vote))?;
                if !plain {
                    many.raw_bind_parameter(first + 1, vote.voter)?;
                    many.raw_bind_parameter(first + 2, vote.opinion)?;
                    many.raw_bind_parameter(first + 3, vote.key)?;
                }
            }
            many.raw_execute()?;
        } else {
            for (id, vote) in (self.next_id..).zip(votes) {
                if plain {
                    let one = statement(self.conn, &mut self.plain.one, PLAIN)?;
                    one.execute((id, self.now.0, id_of(vote)))?;
                } else {
                    let one = statement(self.conn, &mut self.full.one, FULL)?;
                    one.execute((id, self.now.0, id_of(vote), vote.voter, vote.opinion, vote.key))?;
                }
            }
        }
        self.next_id += votes.len() as i64;
        votes.iter().for_each(|vote| self.added[vote.place] += 1);
        Ok(())
    }

    /// Withdraws vote `id`, which has been written, for vote `by`.
    pub fn withdraw(&mut self, id: i64, by: i64) -> rusqlite::Result<()> {
        let sql = "UPDATE vote SET replaced_by = ?2 WHERE id = ?1 RETURNING created_at, candidate_id";
        let cast: (i64, CandidateId) =
            self.conn.prepare_cached(sql)?.query_row((id, by), |row| Ok((row.get(0)?, row.get(1)?)))?;
        *self.withdrawn.entry(cast).or_default() += 1;
        Ok(())
    }

    /// Brings the kept totals up to date.
    pub fn finish(mut self) -> rusqlite::Result<()> {
        let mut totals = self.conn.prepare_cached("UPDATE candidate SET votes = votes + ?2 WHERE id = ?1")?;
        let mut pace = self.conn.prepare_cached(include_str!("../../../sql/ballot/add_pace.sql"))?;
        let fewer = "UPDATE pace SET votes = votes - ?3 WHERE second = ?1 AND candidate_id = ?2";
        let mut fewer = self.conn.prepare_cached(fewer)?;
        let mut changes: BTreeMap<CandidateId, i64> = BTreeMap::new();
        for (candidate, added) in self.candidates.iter().zip(&self.added).filter(|(_, added)| **added > 0) {
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
pub fn opinion(ballot: &Ballot) -> Option<&str> {
    ballot.opinion.as_deref().filter(|opinion| !opinion.is_empty())
}
