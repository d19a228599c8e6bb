//! Writes votes, voters' accounts and totals, in one transaction and at one moment.
use std::collections::BTreeMap;
use std::sync::LazyLock;

use rusqlite::{CachedStatement, Connection};

use crate::ballot::{AccountChange, Candidate, CandidateId, Moment, NewVote, VoteId, Withdrawal, Writes};

/// Rows in one INSERT statement, where there are as many, to share the fixed cost of a statement.
const ROWS: usize = 32;

/// An INSERT of one row and one of [`ROWS`], each prepared when first needed.
#[derive(Default)]
struct InsertStatements<'conn> {
    one: Option<CachedStatement<'conn>>,
    many: Option<CachedStatement<'conn>>,
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

const NEW_VOTER: &str = "INSERT INTO voter (id, votes, last_vote, spelling) VALUES (?1, ?2, ?3, ?4)";
static NEW_VOTER_MANY: LazyLock<String> = LazyLock::new(|| {
    many(NEW_VOTER, |row| format!("(?{}, ?{}, ?{}, ?{})", 4 * row + 1, 4 * row + 2, 4 * row + 3, 4 * row + 4))
});

const VOTER_AGAIN: &str = "UPDATE voter SET votes = ?2, last_vote = ?3 WHERE id = ?1";

/// The statement `one`, which inserts row 0, for [`ROWS`] rows.
fn many(one: &str, row: impl Fn(usize) -> String) -> String {
    (1..ROWS).fold(one.to_owned(), |sql, at| sql + ", " + &row(at))
}

/// The statement in `slot`, prepared from `sql` the first time.
fn prepared<'slot, 'conn>(
    conn: &'conn Connection,
    slot: &'slot mut Option<CachedStatement<'conn>>,
    sql: &str,
) -> rusqlite::Result<&'slot mut CachedStatement<'conn>> {
    let statement = match slot.take() {
        Some(statement) => statement,
        None => conn.prepare_cached(sql)?,
    };
    Ok(slot.insert(statement))
}

fn is_plain(vote: &NewVote<'_>) -> bool {
    vote.voter.is_none() && vote.opinion.is_none() && vote.key.is_none()
}

/// Writes to the transaction that is open.
pub(super) struct VoteWriter<'conn> {
    conn: &'conn Connection,
    candidates: &'conn [Candidate],
    plain: InsertStatements<'conn>,
    full: InsertStatements<'conn>,
    new_voter: InsertStatements<'conn>,
    voter_again: Option<CachedStatement<'conn>>,
    /// The moment that stamps all votes.
    pub now: Moment,
    /// The lowest id that is free.
    pub next_id: VoteId,
    /// Votes added, by the index of the candidate.
    added: Vec<i64>,
    /// Votes withdrawn, by the second they were cast in and their candidate.
    withdrawn: BTreeMap<(i64, CandidateId), i64>,
}

impl<'conn> VoteWriter<'conn> {
    pub(super) fn new(conn: &'conn Connection, candidates: &'conn [Candidate], now: Moment) -> rusqlite::Result<Self> {
        let next_id =
            conn.prepare_cached("SELECT coalesce(max(id), 0) + 1 FROM vote")?.query_row([], |row| row.get(0))?;
        Ok(VoteWriter {
            conn,
            candidates,
            plain: InsertStatements::default(),
            full: InsertStatements::default(),
            new_voter: InsertStatements::default(),
            voter_again: None,
            now,
            next_id,
            added: vec![0; candidates.len()],
            withdrawn: BTreeMap::new(),
        })
    }

    /// Writes a decided batch, numbered from `next_id` on.
    pub(super) fn write(&mut self, writes: &Writes<'_>) -> rusqlite::Result<()> {
        // Voters first: votes refer to them.
        self.write_accounts(writes.accounts())?;
        self.write_votes(writes.votes())?;
        writes.withdrawals.iter().try_for_each(|withdrawal| self.withdraw(*withdrawal))
    }

    fn write_accounts<'a>(&mut self, changes: impl Iterator<Item = AccountChange<'a>>) -> rusqlite::Result<()> {
        let mut new = Vec::with_capacity(ROWS);
        for change in changes {
            if !change.is_new {
                let update = prepared(self.conn, &mut self.voter_again, VOTER_AGAIN)?;
                update.execute((change.voter, change.account.votes, change.account.last_vote))?;
                continue;
            }
            new.push(change);
            if new.len() == ROWS {
                let many = prepared(self.conn, &mut self.new_voter.many, &NEW_VOTER_MANY)?;
                for (row, AccountChange { voter, account, spelling, .. }) in new.drain(..).enumerate() {
                    many.raw_bind_parameter(4 * row + 1, voter)?;
                    many.raw_bind_parameter(4 * row + 2, account.votes)?;
                    many.raw_bind_parameter(4 * row + 3, account.last_vote)?;
                    many.raw_bind_parameter(4 * row + 4, spelling)?;
                }
                many.raw_execute()?;
            }
        }
        for AccountChange { voter, account, spelling, .. } in new {
            let one = prepared(self.conn, &mut self.new_voter.one, NEW_VOTER)?;
            one.execute((voter, account.votes, account.last_vote, spelling))?;
        }
        Ok(())
    }

    fn write_votes<'a>(&mut self, votes: impl Iterator<Item = NewVote<'a>>) -> rusqlite::Result<()> {
        let mut waiting: Vec<NewVote<'a>> = Vec::with_capacity(ROWS);
        for vote in votes {
            if waiting.first().is_some_and(|first| is_plain(first) != is_plain(&vote)) {
                self.write_alike(&waiting)?;
                waiting.clear();
            }
            waiting.push(vote);
            if waiting.len() == ROWS {
                self.write_alike(&waiting)?;
                waiting.clear();
            }
        }
        self.write_alike(&waiting)
    }

    /// Writes at most [`ROWS`] votes, all of them plain or none.
    fn write_alike(&mut self, votes: &[NewVote<'_>]) -> rusqlite::Result<()> {
        let Some(plain) = votes.first().map(is_plain) else { return Ok(()) };
        let id_of = |vote: &NewVote<'_>| self.candidates[vote.candidate].id;
        if votes.len() == ROWS {
            let (insert, sql) = if plain { (&mut self.plain, &PLAIN_MANY) } else { (&mut self.full, &FULL_MANY) };
            let many = prepared(self.conn, &mut insert.many, sql)?;
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
            for vote in votes {
                if plain {
                    let one = prepared(self.conn, &mut self.plain.one, PLAIN)?;
                    one.execute((vote.id, self.now.0, id_of(vote)))?;
                } else {
                    let one = prepared(self.conn, &mut self.full.one, FULL)?;
                    one.execute((vote.id, self.now.0, id_of(vote), vote.voter, vote.opinion, vote.key))?;
                }
            }
        }
        self.next_id += votes.len() as i64;
        votes.iter().for_each(|vote| self.added[vote.candidate] += 1);
        Ok(())
    }

    fn withdraw(&mut self, Withdrawal { id, by }: Withdrawal) -> rusqlite::Result<()> {
        let sql = "UPDATE vote SET replaced_by = ?2 WHERE id = ?1 RETURNING created_at, candidate_id";
        let cast: (i64, CandidateId) =
            self.conn.prepare_cached(sql)?.query_row((id, by), |row| Ok((row.get(0)?, row.get(1)?)))?;
        *self.withdrawn.entry(cast).or_default() += 1;
        Ok(())
    }

    /// Updates the kept totals. Only then is the transaction complete.
    pub(super) fn finish(mut self) -> rusqlite::Result<()> {
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
