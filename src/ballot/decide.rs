//! The rules of a vote, which decide the outcome of each ballot.
//!
//! A store casts a batch of ballots in three steps, in one write transaction: it looks up the keys and voters of a
//! [`BatchIndex`] and fills a [`Lookup`]; [`decide`] gives the outcome of each ballot; and the store writes what
//! [`Decision::number`] lists. No store knows a rule.
use std::num::NonZeroU32;

use super::candidates::{Candidates, NewCandidate};
use super::decision::{AccountState, Decision, Mark, provisional_id};
use super::errors::Refusal;
use super::limits::visual_key;
use super::lookup::{Account, KeyedVote, Lookup};
use super::settings::{Opening, Settings};
use super::setup::Setup;
use super::sorted::BatchIndex;
use super::time::Moment;
use super::vote::{Ballot, Outcome, VoteId};

/// Settings and candidates of a vote: read from the box once, and again after another process has changed it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// Opening times, limits and the like.
    pub settings: Settings,
    /// Who can be voted for when the batch begins.
    pub candidates: Candidates,
}

/// Decides the outcomes of `ballots` at `now`. Each is judged as if those before it had been written.
///
/// `index` is of these ballots, and `lookup` of this index: it must have an entry for each key and voter.
pub fn decide<'a>(
    rules: &Rules,
    ballots: &'a [Ballot],
    index: &'a BatchIndex,
    lookup: Lookup,
    now: Moment,
) -> Decision<'a> {
    let mut batch = Batch {
        rules,
        ballots,
        index,
        now,
        stored_keys: lookup.keys,
        spent_keys: lookup.spent,
        batch_keys: vec![None; index.keys.len()],
        accounts: lookup.voters.into_iter().map(AccountState::new).collect(),
        marks: vec![Mark::default(); ballots.len()],
        replacing: Vec::new(),
    };
    let outcomes = (0..ballots.len()).map(|at| batch.decide(at)).collect();
    let Batch { accounts, marks, replacing, .. } = batch;
    Decision { ballots, index, outcomes, accounts, marks, replacing }
}

/// The outcome of `ballot` at `now` if it were the first one in a new box.
pub fn decide_first(setup: &Setup, ballot: &Ballot, now: Moment) -> Outcome {
    let candidates = Candidates::new(setup.candidates.iter().map(NewCandidate::candidate).collect());
    let rules = Rules { settings: setup.settings.clone(), candidates };
    let ballots = std::slice::from_ref(ballot);
    let index = BatchIndex::new(ballots);
    let account =
        |voter: &str| setup.voters.iter().any(|listed| visual_key(&listed.id) == voter).then(Account::default);
    let lookup = Lookup {
        keys: index.keys.iter().map(|_| None).collect(),
        voters: index.voters.iter().map(account).collect(),
        spent: Vec::new(),
    };
    decide(&rules, ballots, &index, lookup, now).number(1).outcomes.remove(0)
}

/// A batch while its ballots are decided one after the other.
struct Batch<'a> {
    rules: &'a Rules,
    ballots: &'a [Ballot],
    index: &'a BatchIndex,
    now: Moment,
    stored_keys: Vec<Option<Box<KeyedVote>>>,
    /// Empty where there were no earlier generations.
    spent_keys: Vec<bool>,
    /// For each key, the ballot of this batch stored under it, as index from 1.
    batch_keys: Vec<Option<NonZeroU32>>,
    accounts: Vec<AccountState>,
    marks: Vec<Mark>,
    replacing: Vec<u32>,
}

impl Batch<'_> {
    fn decide(&mut self, at: usize) -> Outcome {
        self.try_store(at).unwrap_or_else(Outcome::Refused)
    }

    fn try_store(&mut self, at: usize) -> Result<Outcome, Refusal> {
        let ballot = &self.ballots[at];
        if let Some(refusal) = self.index.invalid.get(&(at as u32)) {
            return Err(refusal.clone());
        }
        // Before all other rules: a ballot made before a reset does not belong to this generation.
        let is_spent = |key: usize| self.spent_keys.get(key).copied().unwrap_or(false);
        let is_old = ballot.generation.is_some_and(|generation| generation != self.rules.settings.generation);
        if is_old || self.index.keys.slot(at).is_some_and(is_spent) {
            return Err(Refusal::EarlierGeneration);
        }
        let candidate = self.rules.candidates.position(&ballot.choice);
        // Before the rules that change: a client that asks again after the vote has closed gets its first answer.
        let key = self.index.keys.slot(at);
        if let Some(key) = key
            && let Some(first) = self.stored_under(key, at, candidate)?
        {
            return Ok(Outcome::Repeated { id: first });
        }
        admit(&self.rules.settings, ballot, self.now)?;
        let Some(candidate) = candidate else {
            return Err(Refusal::UnknownCandidate(ballot.choice.to_string()));
        };
        let voter = self.index.voters.slot(at);
        let replaced = match voter {
            Some(voter) => self.charge(voter, at)?,
            None => None,
        };
        if replaced.is_some() {
            self.replacing.push(at as u32);
        }
        if let Some(key) = key {
            self.batch_keys[key] = NonZeroU32::new(at as u32 + 1);
        }
        let has_opinion = ballot.stored_opinion().is_some();
        self.marks[at] = Mark::stored(candidate, voter, has_opinion);
        Ok(Outcome::Stored { id: provisional_id(at), replaced })
    }

    /// The vote stored under the key in slot `key`, if there is one: it must be the same vote.
    fn stored_under(&self, key: usize, at: usize, candidate: Option<usize>) -> Result<Option<VoteId>, Refusal> {
        let ballot = &self.ballots[at];
        let voter_of = |at: usize| self.index.voters.slot(at).map(|slot| self.index.voters.text(slot));
        let candidate_id = |position: usize| self.rules.candidates.as_slice()[position].id;
        let (id, first_candidate, voter, opinion) = match (&self.stored_keys[key], self.batch_keys[key]) {
            (Some(first), _) => (first.id, first.candidate_id, first.voter.as_deref(), first.opinion.as_deref()),
            (None, Some(number)) => {
                let at = number.get() as usize - 1;
                let first = &self.ballots[at];
                let candidate_id = candidate_id(self.marks[at].candidate());
                (provisional_id(at), candidate_id, voter_of(at), first.stored_opinion())
            }
            (None, None) => return Ok(None),
        };
        let same = candidate.map(candidate_id) == Some(first_candidate)
            && voter == voter_of(at)
            && opinion == ballot.stored_opinion();
        if same { Ok(Some(id)) } else { Err(Refusal::KeyReused(self.index.keys.text(key).to_owned())) }
    }

    /// Charges the ballot at `at` to the account in slot `voter`. Gives the vote it replaces.
    fn charge(&mut self, voter: usize, at: usize) -> Result<Option<VoteId>, Refusal> {
        let (settings, account) = (&self.rules.settings, &mut self.accounts[voter]);
        let name = || self.ballots[at].voter.clone().unwrap_or_default();
        if settings.voters_only && !account.is_known() {
            return Err(Refusal::UnknownVoter(name()));
        }
        let replaced = if self.ballots[at].change { account.last_vote() } else { None };
        if let Some(votes_per_voter) = settings.limit()
            && replaced.is_none()
            && account.votes() >= i64::from(votes_per_voter)
        {
            return Err(match settings.once_per_browser {
                true => Refusal::BrowserHasVoted,
                false => Refusal::LimitReached { voter: name(), votes_per_voter },
            });
        }
        account.charge(provisional_id(at), replaced.is_none());
        Ok(replaced)
    }
}

/// Checks `ballot` against the rules that need no lookup.
fn admit(settings: &Settings, ballot: &Ballot, now: Moment) -> Result<(), Refusal> {
    match (settings.opening(now), settings.opens, settings.closes) {
        (Opening::NotOpenYet, Some(opens), _) => return Err(Refusal::NotOpenYet(opens)),
        (Opening::Closed, _, Some(closes)) => return Err(Refusal::Closed(closes)),
        _ => {}
    }
    if ballot.change && !settings.change_allowed {
        return Err(Refusal::ChangeNotAllowed);
    }
    let needs_voter = settings.limit().is_some() || settings.voters_only || ballot.change;
    if needs_voter && ballot.voter.is_none() {
        return Err(if settings.once_per_browser { Refusal::BrowserMissing } else { Refusal::VoterMissing });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
