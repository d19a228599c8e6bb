//! What becomes of many ballots: first everything they ask of the file is looked up, then the rules are held against them in
//! their order, then all is written.
//!
//! Keys and voters are looked up and written in *their* order, not in the ballots': in the ballots' order each of them is on
//! another page of the file, and fetching that from memory costs more than all else (3 million ballots with keys and voters in
//! no order: 30 s instead of 12).
use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, Row};

use super::absent::{Filter, Held};
use super::cast::Known;
use super::scribe::{Entry, Scribe, Vote, opinion};
use crate::ballot::{Ballot, CandidateId, Choice, Moment, Orders, Outcome, Refusal, Texts};

/// Stands for a vote of this batch that has no number yet: the ballot's place in the batch, among the least numbers there
/// are, which no file gets to.
fn provisional(at: usize) -> i64 {
    i64::MIN + at as i64
}

/// The number of a vote that may have had none.
fn final_id(id: i64, ids: &[i64]) -> i64 {
    let at = id.wrapping_sub(i64::MIN) as u64;
    usize::try_from(at).ok().and_then(|at| ids.get(at)).copied().unwrap_or(id)
}

const FIRST: &str = "SELECT id, candidate_id, voter, opinion FROM vote WHERE key = ?1";

/// A vote as the file has it, as far as a second one under its key is held against it.
struct First {
    id: i64,
    candidate_id: CandidateId,
    voter: Option<String>,
    opinion: Option<String>,
}

impl First {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(First { id: row.get(0)?, candidate_id: row.get(1)?, voter: row.get(2)?, opinion: row.get(3)? })
    }
}

/// What a key stands for.
enum KeyUse {
    Free,
    InFile(Box<First>),
    /// The ballot at this place in the batch.
    InBatch(usize),
}

/// A voter's account as the batch goes on.
struct Account {
    votes: i64,
    /// None where this is 0.
    last_vote: i64,
    /// Votes stored in this batch.
    stored: u32,
    in_file: bool,
}

/// What is written of a ballot, beside its key: all that is asked for in another order than the ballots' lies together.
#[derive(Clone, Copy, Default)]
struct Mark {
    stored: bool,
    has_opinion: bool,
    /// The candidate's place in the list.
    place: u32,
    /// The voter's slot, from 1; 0 where there is none.
    voter: u32,
}

/// Ballots on their way into the file.
struct Batch<'a> {
    known: &'a Known,
    ballots: &'a [Ballot],
    unsound: &'a HashMap<u32, Refusal>,
    marks: Vec<Mark>,
    keys: &'a Texts,
    key_uses: Vec<KeyUse>,
    voters: &'a Texts,
    accounts: Vec<Account>,
    /// Ballots that are stored in place of another vote.
    replacing: Vec<u32>,
}

/// Who else helps to look things up, beside the connection that writes.
#[derive(Default)]
pub struct Help<'a> {
    /// Another connection to the file, which looks up keys while the first looks up voters; it sees what is committed, so
    /// the transaction must not have written yet.
    pub conn: Option<&'a mut Connection>,
    /// What the file may hold; all that is looked up is taken in.
    pub held: Option<&'a mut Held>,
}

/// Casts `ballots`, of which there are less than 2^32 and whose keys and voters are `orders`, and gives what became of each,
/// in their order.
///
/// The votes are numbered in the order they are written: those without a key as their ballots come, then those with one in
/// the keys' order, so that both the table and its index are written from one end to the other. But a voter's own are
/// numbered as their ballots come.
pub fn cast(
    conn: &Connection,
    help: Help<'_>,
    scribe: &mut Scribe<'_>,
    known: &Known,
    ballots: &[Ballot],
    orders: &Orders,
) -> rusqlite::Result<Vec<Outcome>> {
    let mut batch = Batch::look_up(conn, help, known, ballots, orders)?;
    let mut outcomes: Vec<Outcome> = (0..ballots.len()).map(|at| batch.decide(at, scribe.now)).collect();
    let order = batch.order();
    let mut ids = vec![0; ballots.len()];
    for (id, at) in (scribe.next_id..).zip(&order) {
        ids[*at as usize] = id;
    }
    batch.write(scribe, &order, &ids, &outcomes)?;
    outcomes.iter_mut().for_each(|outcome| number(outcome, &ids));
    Ok(outcomes)
}

/// Whether `text` may be in the file.
fn may_hold(held: &mut Option<&mut Filter>, text: &str) -> bool {
    held.as_mut().is_none_or(|held| held.insert(text))
}

/// What each of `keys` stands for in the file.
fn key_uses(conn: &Connection, keys: &Texts, mut held: Option<&mut Filter>) -> rusqlite::Result<Vec<KeyUse>> {
    let mut uses = Vec::with_capacity(keys.len());
    if !keys.is_empty() {
        let mut statement = conn.prepare_cached(FIRST)?;
        for key in keys.iter() {
            let first =
                if may_hold(&mut held, key) { statement.query_row([key], First::read).optional()? } else { None };
            uses.push(first.map_or(KeyUse::Free, |first| KeyUse::InFile(Box::new(first))));
        }
    }
    Ok(uses)
}

/// The account of each of `voters` in the file.
fn accounts(conn: &Connection, voters: &Texts, mut held: Option<&mut Filter>) -> rusqlite::Result<Vec<Account>> {
    let mut accounts = Vec::with_capacity(voters.len());
    if !voters.is_empty() {
        let mut statement = conn.prepare_cached("SELECT votes, coalesce(last_vote, 0) FROM voter WHERE id = ?1")?;
        for voter in voters.iter() {
            let found = if may_hold(&mut held, voter) {
                statement.query_row([voter], |row| Ok((row.get(0)?, row.get(1)?))).optional()?
            } else {
                None
            };
            let (votes, last_vote) = found.unwrap_or_default();
            accounts.push(Account { votes, last_vote, stored: 0, in_file: found.is_some() });
        }
    }
    Ok(accounts)
}

/// Puts numbers for what is provisional in `outcome`.
fn number(outcome: &mut Outcome, ids: &[i64]) {
    match outcome {
        Outcome::Stored { id, replaced } => {
            *id = final_id(*id, ids);
            *replaced = replaced.map(|id| final_id(id, ids));
        }
        Outcome::Repeated { id } => *id = final_id(*id, ids),
        Outcome::Refused(_) => {}
    }
}

impl<'a> Batch<'a> {
    fn look_up(
        conn: &Connection,
        help: Help<'_>,
        known: &'a Known,
        ballots: &'a [Ballot],
        orders: &'a Orders,
    ) -> rusqlite::Result<Self> {
        let Orders { keys, voters, unsound } = orders;
        let (held_keys, held_voters) = help.held.map(|held| (&mut held.keys, held.voters.as_mut())).unzip();
        let held_voters = held_voters.flatten();
        let (key_uses, accounts) = match help.conn {
            None => (key_uses(conn, keys, held_keys)?, accounts(conn, voters, held_voters)?),
            Some(helper) => std::thread::scope(|scope| {
                let key_uses = scope.spawn(move || key_uses(helper, keys, held_keys));
                let accounts = accounts(conn, voters, held_voters);
                let key_uses = key_uses.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                Ok::<_, rusqlite::Error>((key_uses?, accounts?))
            })?,
        };
        let marks = vec![Mark::default(); ballots.len()];
        Ok(Batch { known, ballots, unsound, marks, keys, key_uses, voters, accounts, replacing: Vec::new() })
    }

    /// What becomes of the ballot at `at`, by the rules and after all before it.
    fn decide(&mut self, at: usize, now: Moment) -> Outcome {
        let ballot = &self.ballots[at];
        if let Some(refusal) = self.unsound.get(&(at as u32)) {
            return Outcome::Refused(refusal.clone());
        }
        let place = self.known.place(&ballot.choice);
        let key = self.keys.slot(at);
        if let Some(first) = key.and_then(|key| self.stored_under(key, ballot, place)) {
            return first;
        }
        if let Err(refusal) = self.known.settings.admit(ballot, now) {
            return Outcome::Refused(refusal);
        }
        let Some(place) = place else {
            let asked = match &ballot.choice {
                Choice::Id(id) => id.to_string(),
                Choice::Name(name) => name.clone(),
            };
            return Outcome::Refused(Refusal::UnknownCandidate(asked));
        };
        let voter = self.voters.slot(at);
        let replaced = match voter.map(|voter| self.enter(voter, at)).transpose() {
            Ok(replaced) => replaced.flatten(),
            Err(refusal) => return Outcome::Refused(refusal),
        };
        if replaced.is_some() {
            self.replacing.push(at as u32);
        }
        if let Some(key) = key {
            self.key_uses[key] = KeyUse::InBatch(at);
        }
        let voter = voter.map_or(0, |slot| slot as u32 + 1);
        self.marks[at] = Mark { stored: true, has_opinion: opinion(ballot).is_some(), place: place as u32, voter };
        Outcome::Stored { id: provisional(at), replaced }
    }

    /// The answer to a ballot whose key stands for a vote already.
    fn stored_under(&self, key: usize, ballot: &Ballot, place: Option<usize>) -> Option<Outcome> {
        let candidate_id = place.map(|place| self.known.candidates[place].id);
        let (id, first_candidate, first_voter, first_opinion) = match &self.key_uses[key] {
            KeyUse::Free => return None,
            KeyUse::InFile(first) => {
                (first.id, Some(first.candidate_id), first.voter.as_deref(), first.opinion.as_deref())
            }
            KeyUse::InBatch(at) => {
                let first = &self.ballots[*at];
                let candidate_id = self.known.place(&first.choice).map(|place| self.known.candidates[place].id);
                (provisional(*at), candidate_id, first.voter.as_deref(), opinion(first))
            }
        };
        let same = candidate_id.is_some()
            && first_candidate == candidate_id
            && first_voter == ballot.voter.as_deref()
            && first_opinion == opinion(ballot);
        Some(if same {
            Outcome::Repeated { id }
        } else {
            Outcome::Refused(Refusal::KeyReused(self.keys.text(key).to_owned()))
        })
    }

    /// Enters the ballot at `at` on its voter's account, or says why they have no vote left. Gives the vote it replaces.
    fn enter(&mut self, voter: usize, at: usize) -> Result<Option<i64>, Refusal> {
        let (settings, account) = (&self.known.settings, &mut self.accounts[voter]);
        let name = || self.voters.text(voter).to_owned();
        if settings.voters_only && !account.in_file {
            return Err(Refusal::UnknownVoter(name()));
        }
        let replaced = Some(account.last_vote).filter(|last| *last != 0 && self.ballots[at].change);
        if let Some(votes_per_voter) = settings.votes_per_voter
            && replaced.is_none()
            && account.votes >= i64::from(votes_per_voter)
        {
            return Err(Refusal::LimitReached { voter: name(), votes_per_voter });
        }
        account.votes += i64::from(replaced.is_none());
        account.last_vote = provisional(at);
        account.stored += 1;
        Ok(replaced)
    }

    /// The ballots that are stored, in the order of writing.
    fn order(&self) -> Vec<u32> {
        let stored = |at: &u32| self.marks[*at as usize].stored;
        let without_key = (0..self.ballots.len() as u32).filter(|at| self.keys.slot(*at as usize).is_none());
        let mut order: Vec<u32> = without_key.chain(self.keys.order().iter().copied()).filter(stored).collect();
        // Of a voter with several, who are few: their places, in rising order, go to their ballots, in rising order.
        let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        if self.accounts.iter().any(|account| account.stored > 1) {
            for (place, at) in order.iter().enumerate() {
                let voter = self.voters.slot(*at as usize);
                if let Some(voter) = voter.filter(|voter| self.accounts[*voter].stored > 1) {
                    places.entry(voter).or_default().push(place);
                }
            }
        }
        for places in places.values() {
            let mut ballots: Vec<u32> = places.iter().map(|place| order[*place]).collect();
            ballots.sort_unstable();
            places.iter().zip(ballots).for_each(|(place, at)| order[*place] = at);
        }
        order
    }

    fn write(&self, scribe: &mut Scribe<'_>, order: &[u32], ids: &[i64], outcomes: &[Outcome]) -> rusqlite::Result<()> {
        // Voters first: votes refer to them.
        let accounts = self.voters.iter().zip(&self.accounts).filter(|(_, account)| account.stored > 0);
        scribe.enter(accounts.map(|(voter, account)| Entry {
            voter,
            votes: account.votes,
            last_vote: final_id(account.last_vote, ids),
            is_new: !account.in_file,
        }))?;
        scribe.store(order.iter().map(|at| {
            let at = *at as usize;
            let Mark { has_opinion, place, voter, .. } = self.marks[at];
            Vote {
                place: place as usize,
                voter: (voter as usize).checked_sub(1).map(|slot| self.voters.text(slot)),
                opinion: if has_opinion { opinion(&self.ballots[at]) } else { None },
                key: self.keys.slot(at).map(|slot| self.keys.text(slot)),
            }
        }))?;
        for at in &self.replacing {
            if let Outcome::Stored { id, replaced: Some(replaced) } = outcomes[*at as usize] {
                scribe.withdraw(final_id(replaced, ids), final_id(id, ids))?;
            }
        }
        Ok(())
    }
}
