//! Casts ballots in the transaction that is open: looks up, has the rules decide, writes.
use std::collections::{BTreeMap, HashMap, HashSet};

use mysql::prelude::Queryable;
use mysql::{Conn, Params, Value};

use super::fault::Fault;
use super::numbers::Numbers;
use super::rows::{Insert, find_in, hash};
use crate::ballot::{
    Account, Ballot, BatchIndex, Candidate, CandidateId, KeyedVote, Lookup, Moment, NewVote, Outcome, Rules,
    Withdrawal, Writes, decide,
};

const PLAIN: Insert = Insert {
    head: "INSERT INTO votekit_vote (generation, id, created_at, candidate_id) VALUES ",
    columns: 4,
    tail: "",
};
const FULL: Insert = Insert {
    head: "INSERT INTO votekit_vote (generation, id, created_at, candidate_id, voter, opinion, key_text) VALUES ",
    columns: 7,
    tail: "",
};
const KEY: Insert =
    Insert { head: "INSERT INTO votekit_key (hash, generation, vote_id) VALUES ", columns: 3, tail: "" };
const VOTER: &str = "INSERT INTO votekit_voter (hash, id, spelling, generation, votes, last_vote) VALUES ";
const NEW_VOTER: Insert = Insert { head: VOTER, columns: 6, tail: "" };
const VOTER_AGAIN: Insert =
    Insert { head: VOTER, columns: 6, tail: include_str!("../../../sql/ballot_mysql/voter_again.sql") };
const TOTAL: Insert = Insert {
    head: "INSERT INTO votekit_total (generation, candidate_id, slot, votes) VALUES ",
    columns: 4,
    tail: "ON DUPLICATE KEY UPDATE votes = votes + VALUES(votes)",
};
const PACE: Insert = Insert {
    head: "INSERT INTO votekit_pace (generation, at_second, candidate_id, slot, votes) VALUES ",
    columns: 5,
    tail: "ON DUPLICATE KEY UPDATE votes = votes + VALUES(votes)",
};
const ACCOUNTS: &str = "SELECT hash, listed, generation, votes, last_vote FROM votekit_voter WHERE hash IN";

/// The process's transaction: what stays the same in it.
pub(super) struct Batch<'a> {
    pub conn: &'a mut Conn,
    pub rules: &'a Rules,
    pub numbers: &'a mut Numbers,
    pub slot: i64,
    pub now: Moment,
}

/// Rows of `votekit_voter` that are there, which then are locked.
type KnownVoters = HashSet<[u8; 32]>;

impl Batch<'_> {
    fn generation(&self) -> i64 {
        self.rules.settings.generation.into()
    }

    /// Casts `ballots`.
    pub(super) fn cast(&mut self, ballots: &[Ballot], index: &BatchIndex) -> Result<Vec<Outcome>, Fault> {
        let (lookup, known) = self.look_up(index)?;
        let decision = decide(self.rules, ballots, index, lookup, self.now);
        let first = self.numbers.take(self.conn, self.generation(), decision.stored_count())?;
        let writes = decision.number(first);
        self.write(&writes, &known)?;
        Ok(writes.outcomes)
    }

    fn look_up(&mut self, index: &BatchIndex) -> Result<(Lookup, KnownVoters), Fault> {
        let hashes: Vec<[u8; 32]> = index.voters.iter().map(hash).collect();
        // In the order of the index that is locked, the same in every process: so none waits for another in a circle.
        let mut sorted: Vec<Value> = hashes.iter().map(|hash| Value::from(&hash[..])).collect();
        sorted.sort_by(|left, right| bytes(left).cmp(bytes(right)));
        type Row = (Vec<u8>, bool, i64, i64, Option<i64>);
        let rows: Vec<Row> = find_in(self.conn, ACCOUNTS, &[], &sorted, "ORDER BY hash FOR UPDATE")?;
        let mut found: HashMap<[u8; 32], Option<Account>> = HashMap::new();
        for (hash, listed, generation, votes, last_vote) in rows {
            let account = match (generation == self.generation(), listed) {
                (true, _) => Some(Account { votes, last_vote }),
                (false, true) => Some(Account::default()),
                (false, false) => None,
            };
            found.insert(array(&hash), account);
        }
        let voters = hashes.iter().map(|hash| found.get(hash).copied().flatten()).collect();
        // After the voters are locked: a vote that another process stored while this one waited is found by its key, and is
        // not refused because its voter has voted.
        let (keys, spent) = self.look_up_keys(index)?;
        Ok((Lookup { keys, voters, spent }, found.into_keys().collect()))
    }

    /// The votes under the keys, and which keys were used before the last reset.
    #[expect(clippy::type_complexity, reason = "two fields of Lookup")]
    fn look_up_keys(&mut self, index: &BatchIndex) -> Result<(Vec<Option<Box<KeyedVote>>>, Vec<bool>), Fault> {
        type Row = (Vec<u8>, i64, i64, Option<i64>, Option<String>, Option<String>);
        let hashes: Vec<[u8; 32]> = index.keys.iter().map(hash).collect();
        let values: Vec<Value> = hashes.iter().map(|hash| Value::from(&hash[..])).collect();
        let rows: Vec<Row> =
            find_in(self.conn, include_str!("../../../sql/ballot_mysql/keyed_votes.sql"), &[], &values, "")?;
        let mut found: HashMap<[u8; 32], Row> = rows.into_iter().map(|row| (array(&row.0), row)).collect();
        let (mut keys, mut spent) = (Vec::with_capacity(hashes.len()), Vec::with_capacity(hashes.len()));
        for hash in &hashes {
            let row = found.remove(hash);
            spent.push(row.as_ref().is_some_and(|row| row.1 != self.generation()));
            let keyed = row.filter(|row| row.1 == self.generation()).map(|(_, _, id, candidate, voter, opinion)| {
                Box::new(KeyedVote { id, candidate_id: candidate.unwrap_or_default(), voter, opinion })
            });
            keys.push(keyed);
        }
        Ok((keys, spent))
    }

    fn write(&mut self, writes: &Writes<'_>, known: &KnownVoters) -> Result<(), Fault> {
        self.write_accounts(writes, known)?;
        let mut changes: BTreeMap<(i64, CandidateId), i64> = BTreeMap::new();
        self.write_votes(writes, &mut changes)?;
        self.withdraw(&writes.withdrawals, &mut changes)?;
        let mut totals: BTreeMap<CandidateId, i64> = BTreeMap::new();
        changes.iter().for_each(|((_, candidate), votes)| *totals.entry(*candidate).or_default() += votes);
        let (generation, slot) = (self.generation(), self.slot);
        let total = |(candidate, votes): (i64, i64)| [generation, candidate, slot, votes].map(Value::from).to_vec();
        TOTAL.run(self.conn, totals.into_iter().map(total))?;
        let pace = |((second, candidate), votes): ((i64, i64), i64)| {
            [generation, second, candidate, slot, votes].map(Value::from).to_vec()
        };
        Ok(PACE.run(self.conn, changes.into_iter().map(pace))?)
    }

    fn write_accounts(&mut self, writes: &Writes<'_>, known: &KnownVoters) -> Result<(), Fault> {
        let generation = self.generation();
        let mut rows: Vec<([u8; 32], Vec<Value>)> = writes
            .accounts()
            .map(|change| {
                let hash = hash(change.voter);
                let row = vec![
                    Value::from(&hash[..]),
                    change.voter.into(),
                    change.spelling.into(),
                    generation.into(),
                    change.account.votes.into(),
                    change.account.last_vote.into(),
                ];
                (hash, row)
            })
            .collect();
        rows.sort_by_key(|(hash, _)| *hash);
        let (again, new): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(hash, _)| known.contains(hash));
        VOTER_AGAIN.run(self.conn, again.into_iter().map(|(_, row)| row))?;
        // Fails where another process has written one of them since: then all is looked up again.
        Ok(NEW_VOTER.run(self.conn, new.into_iter().map(|(_, row)| row))?)
    }

    fn write_votes(
        &mut self,
        writes: &Writes<'_>,
        changes: &mut BTreeMap<(i64, CandidateId), i64>,
    ) -> Result<(), Fault> {
        let candidates: &[Candidate] = self.rules.candidates.as_slice();
        let (generation, now) = (self.generation(), self.now);
        let head = |vote: &NewVote<'_>| [generation, vote.id, now.0, candidates[vote.candidate].id].map(Value::from);
        let (plain, full): (Vec<_>, Vec<_>) =
            writes.votes().partition(|vote| vote.voter.is_none() && vote.opinion.is_none() && vote.key.is_none());
        for vote in plain.iter().chain(&full) {
            *changes.entry((now.0, candidates[vote.candidate].id)).or_default() += 1;
        }
        PLAIN.run(self.conn, plain.iter().map(|vote| head(vote).to_vec()))?;
        let row = |vote: &NewVote<'_>| {
            let voter = vote.voter.map(|voter| hash(voter).to_vec());
            let mut row = head(vote).to_vec();
            row.extend([voter.into(), vote.opinion.into(), vote.key.into()]);
            row
        };
        FULL.run(self.conn, full.iter().map(row))?;
        let keyed = full.iter().filter_map(|vote| Some((hash(vote.key?), vote.id)));
        let mut keys: Vec<([u8; 32], i64)> = keyed.collect();
        keys.sort_unstable();
        let row = |(hash, id): ([u8; 32], i64)| vec![Value::from(&hash[..]), generation.into(), id.into()];
        Ok(KEY.run(self.conn, keys.into_iter().map(row))?)
    }

    /// Marks votes as withdrawn, and takes them out of `changes` by the second they were cast in.
    fn withdraw(
        &mut self,
        withdrawals: &[Withdrawal],
        changes: &mut BTreeMap<(i64, CandidateId), i64>,
    ) -> Result<(), Fault> {
        let generation = self.generation();
        for chunk in withdrawals.chunks(500) {
            let ids: Vec<Value> = chunk.iter().map(|of| of.id.into()).collect();
            let cast = "SELECT created_at, candidate_id FROM votekit_vote WHERE generation = ? AND id IN";
            let cast: Vec<(i64, i64)> = find_in(self.conn, cast, &[generation.into()], &ids, "")?;
            cast.into_iter().for_each(|of| *changes.entry(of).or_default() -= 1);
            let sql = format!(
                "UPDATE votekit_vote SET replaced_by = CASE id{} END WHERE generation = ? AND id IN ({})",
                " WHEN ? THEN ?".repeat(chunk.len()),
                vec!["?"; chunk.len()].join(",")
            );
            let mut values: Vec<Value> = chunk.iter().flat_map(|of| [of.id.into(), of.by.into()]).collect();
            values.push(generation.into());
            values.extend(ids);
            self.conn.exec_drop(sql, Params::Positional(values))?;
        }
        Ok(())
    }
}

fn bytes(value: &Value) -> &[u8] {
    match value {
        Value::Bytes(bytes) => bytes,
        _ => &[],
    }
}

/// The bytes of a column BINARY(32).
fn array(bytes: &[u8]) -> [u8; 32] {
    let mut array = [0; 32];
    let count = bytes.len().min(array.len());
    array[..count].copy_from_slice(&bytes[..count]);
    array
}
