//! Looks up what deciding a batch of ballots needs.
//!
//! Keys and voters are looked up in their own order, not in that of the ballots, which would fetch another page of the file
//! for each of them and make that cost more than all else (3 million ballots with keys and voters in no order: 30 s instead
//! of 12).
use rusqlite::{Connection, OptionalExtension, Row};

use super::filter::{Filter, Filters};
use crate::ballot::{Account, BatchIndex, KeyedVote, Lookup, TextIndex};
use crate::threads;

const VOTE_OF_KEY: &str = "SELECT id, candidate_id, voter, opinion FROM vote WHERE key = ?1";
const SPENT: &str = "SELECT 1 FROM spent_key WHERE key = ?1";
const ACCOUNT: &str = "SELECT votes, last_vote FROM voter WHERE id = ?1";

/// What speeds up lookups, in addition to the writing connection.
#[derive(Default)]
pub(super) struct Help<'a> {
    /// Another connection to the file, which looks up keys while the first looks up voters. It sees only what is committed,
    /// so the transaction must not have written yet.
    pub conn: Option<&'a mut Connection>,
    /// Texts that are not in these need no lookup; every text looked up is inserted.
    pub filters: Option<&'a mut Filters>,
    /// There are keys that were used before the last reset.
    pub has_spent_keys: bool,
}

/// Looks up the keys and voters of `index`.
pub(super) fn look_up(conn: &Connection, help: Help<'_>, index: &BatchIndex) -> rusqlite::Result<Lookup> {
    let BatchIndex { keys, voters, .. } = index;
    let mut spent = Vec::new();
    if help.has_spent_keys {
        let mut statement = conn.prepare_cached(SPENT)?;
        spent = keys.iter().map(|key| statement.exists([key])).collect::<Result<_, _>>()?;
    }
    let (key_filter, voter_filter) = match help.filters {
        Some(filters) => (Some(&mut filters.keys), filters.voters.as_mut()),
        None => (None, None),
    };
    let Some(helper) = help.conn else {
        return Ok(Lookup {
            keys: find(conn, VOTE_OF_KEY, keys, key_filter, keyed_vote)?,
            voters: find(conn, ACCOUNT, voters, voter_filter, account)?,
            spent,
        });
    };
    std::thread::scope(|scope| {
        let keys = scope.spawn(move || find(helper, VOTE_OF_KEY, keys, key_filter, keyed_vote));
        let voters = find(conn, ACCOUNT, voters, voter_filter, account);
        let keys = threads::returned(keys.join());
        Ok(Lookup { keys: keys?, voters: voters?, spent })
    })
}

/// The row of each of `texts` that `sql` finds, if any.
fn find<T>(
    conn: &Connection,
    sql: &str,
    texts: &TextIndex,
    mut filter: Option<&mut Filter>,
    read: fn(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<Option<T>>> {
    let mut found = Vec::with_capacity(texts.len());
    if texts.is_empty() {
        return Ok(found);
    }
    let mut statement = conn.prepare_cached(sql)?;
    for text in texts.iter() {
        let may_be_there = filter.as_mut().is_none_or(|filter| filter.insert(text));
        found.push(if may_be_there { statement.query_row([text], read).optional()? } else { None });
    }
    Ok(found)
}

fn keyed_vote(row: &Row<'_>) -> rusqlite::Result<Box<KeyedVote>> {
    let vote = KeyedVote { id: row.get(0)?, candidate_id: row.get(1)?, voter: row.get(2)?, opinion: row.get(3)? };
    Ok(Box::new(vote))
}

fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account { votes: row.get(0)?, last_vote: row.get(1)? })
}
