//! What must be written of a batch of ballots after deciding.
use std::collections::BTreeMap;

use super::lookup::Account;
use super::sorted::BatchIndex;
use super::vote::{Ballot, Outcome, VoteId};

/// The id of a vote of this batch before it is numbered: the ballot's index, counted from the lowest number there is, which
/// no id in a box ever is.
pub(super) fn provisional_id(at: usize) -> VoteId {
    VoteId::MIN + at as VoteId
}

/// Replaces a provisional id by the final one from `ids`; returns any other id unchanged.
fn final_id(id: VoteId, ids: &[VoteId]) -> VoteId {
    let at = id.wrapping_sub(VoteId::MIN) as u64;
    usize::try_from(at).ok().and_then(|at| ids.get(at)).copied().unwrap_or(id)
}

/// A voter's account while a batch is decided. Kept small: these are read in the order of the ballots.
#[derive(Debug, Clone, Copy)]
pub(super) struct AccountState {
    votes: i64,
    /// 0 if there is none.
    last_vote: VoteId,
    /// Votes stored in this batch.
    stored: u32,
    is_known: bool,
}

impl AccountState {
    pub(super) fn new(account: Option<Account>) -> Self {
        let Account { votes, last_vote } = account.unwrap_or_default();
        AccountState { votes, last_vote: last_vote.unwrap_or(0), stored: 0, is_known: account.is_some() }
    }

    /// Whether the box knew the voter before this batch.
    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    pub(super) fn votes(&self) -> i64 {
        self.votes
    }

    pub(super) fn last_vote(&self) -> Option<VoteId> {
        Some(self.last_vote).filter(|id| *id != 0)
    }

    /// Adds vote `id`, which replaces the last one unless it `is_additional`.
    pub(super) fn charge(&mut self, id: VoteId, is_additional: bool) {
        self.votes += i64::from(is_additional);
        self.last_vote = id;
        self.stored += 1;
    }
}

/// What is written of a ballot, apart from its key. Kept contiguously, since marks are read in writing order, in which the
/// ballots themselves are scattered over memory.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    is_stored: bool,
    has_opinion: bool,
    /// Index of the candidate.
    candidate: u32,
    /// The voter's slot, from 1; 0 if there is none.
    voter: u32,
}

impl Mark {
    pub(super) fn stored(candidate: usize, voter: Option<usize>, has_opinion: bool) -> Self {
        let voter = voter.map_or(0, |slot| slot as u32 + 1);
        Mark { is_stored: true, has_opinion, candidate: candidate as u32, voter }
    }

    pub(super) fn candidate(&self) -> usize {
        self.candidate as usize
    }

    fn voter(&self) -> Option<usize> {
        (self.voter as usize).checked_sub(1)
    }
}

/// The outcomes of a batch. Votes have provisional ids until [`number`](Decision::number) assigns the final ones.
#[derive(Debug)]
pub struct Decision<'a> {
    pub(super) ballots: &'a [Ballot],
    pub(super) index: &'a BatchIndex,
    /// One for each ballot, in their order, with provisional ids.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) accounts: Vec<AccountState>,
    /// One for each ballot, in their order.
    pub(super) marks: Vec<Mark>,
    /// Ballots that are stored in place of another vote, in their order.
    pub(super) replacing: Vec<u32>,
}

/// What a store has to write of a batch, in this order: [`accounts`](Writes::accounts), [`votes`](Writes::votes),
/// [`withdrawals`](Writes::withdrawals), and the totals it keeps.
#[derive(Debug)]
pub struct Writes<'a> {
    /// One for each ballot, in their order.
    pub outcomes: Vec<Outcome>,
    /// Votes that are replaced, in the box before or of this batch, in the order of the ballots that replace them.
    pub withdrawals: Vec<Withdrawal>,
    ballots: &'a [Ballot],
    index: &'a BatchIndex,
    accounts: Vec<AccountState>,
    marks: Vec<Mark>,
    /// Ballots that are stored, in the order of writing.
    order: Vec<u32>,
    first_id: VoteId,
}

/// The new state of a voter's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountChange<'a> {
    /// The [visual key](super::visual_key) of the voter's id.
    pub voter: &'a str,
    /// The id as it was written first, where that is not its key.
    pub spelling: Option<&'a str>,
    /// What the voter has used up of the votes that the rules allow.
    pub account: Account,
    /// Whether the box does not know this voter yet.
    pub is_new: bool,
}

/// A vote to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewVote<'a> {
    /// Its number: one more than that of the vote before.
    pub id: VoteId,
    /// Index of the candidate in [`Candidates::as_slice`](super::Candidates::as_slice).
    pub candidate: usize,
    /// The [visual key](super::visual_key) of the voter's id.
    pub voter: Option<&'a str>,
    /// The opinion, never empty.
    pub opinion: Option<&'a str>,
    /// The client's key, under which the answer is found again.
    pub key: Option<&'a str>,
}

/// A vote to mark as withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Withdrawal {
    /// The vote that is withdrawn.
    pub id: VoteId,
    /// The vote that replaces it.
    pub by: VoteId,
}

impl<'a> Decision<'a> {
    /// How many ballots are stored, which is how many numbers they need.
    pub fn stored_count(&self) -> usize {
        self.marks.iter().filter(|mark| mark.is_stored).count()
    }

    /// Numbers the stored votes from `first_id` on, which must be higher than any id in the box.
    ///
    /// They are numbered in the order of writing: those without a key as their ballots come, then those with one in the
    /// order of the keys, so that a table and an index on keys both grow at one end. But a voter's own votes are numbered as
    /// their ballots come, so that [`Account::last_vote`] is always the highest.
    pub fn number(mut self, first_id: VoteId) -> Writes<'a> {
        let order = self.order();
        let mut ids = vec![0; self.ballots.len()];
        for (id, at) in (first_id..).zip(&order) {
            ids[*at as usize] = id;
        }
        for account in self.accounts.iter_mut().filter(|account| account.stored > 0) {
            account.last_vote = final_id(account.last_vote, &ids);
        }
        self.outcomes.iter_mut().for_each(|outcome| number_outcome(outcome, &ids));
        let withdrawal = |at: &u32| match self.outcomes[*at as usize] {
            Outcome::Stored { id: by, replaced: Some(id) } => Some(Withdrawal { id, by }),
            _ => None,
        };
        let withdrawals = self.replacing.iter().filter_map(withdrawal).collect();
        let Decision { ballots, index, outcomes, accounts, marks, .. } = self;
        Writes { outcomes, withdrawals, ballots, index, accounts, marks, order, first_id }
    }

    /// The ballots that are stored, in the order of writing.
    fn order(&self) -> Vec<u32> {
        let keys = &self.index.keys;
        let is_stored = |at: &u32| self.marks[*at as usize].is_stored;
        let without_key = (0..self.ballots.len() as u32).filter(|at| keys.slot(*at as usize).is_none());
        let mut order: Vec<u32> = without_key.chain(keys.order().iter().copied()).filter(is_stored).collect();
        // Voters with several votes, who are few: their places in the order, rising, go to their ballots, rising.
        let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        if self.accounts.iter().any(|account| account.stored > 1) {
            for (place, at) in order.iter().enumerate() {
                let voter = self.index.voters.slot(*at as usize);
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
}

fn number_outcome(outcome: &mut Outcome, ids: &[VoteId]) {
    match outcome {
        Outcome::Stored { id, replaced } => {
            *id = final_id(*id, ids);
            *replaced = replaced.map(|id| final_id(id, ids));
        }
        Outcome::Repeated { id } => *id = final_id(*id, ids),
        Outcome::Refused(_) => {}
    }
}

impl Writes<'_> {
    /// The accounts that change, in the order of the voters' ids.
    pub fn accounts(&self) -> impl Iterator<Item = AccountChange<'_>> {
        let changed =
            self.index.voters.iter().zip(&self.accounts).enumerate().filter(|(_, (_, account))| account.stored > 0);
        let spelling = |slot: usize| self.ballots[self.index.voters.first(slot)].voter.as_deref();
        changed.map(move |(slot, (voter, state))| AccountChange {
            voter,
            spelling: spelling(slot).filter(|spelling| *spelling != voter),
            account: Account { votes: state.votes, last_vote: state.last_vote() },
            is_new: !state.is_known,
        })
    }

    /// The votes to write, in the order of their ids.
    pub fn votes(&self) -> impl Iterator<Item = NewVote<'_>> {
        (self.first_id..).zip(&self.order).map(|(id, at)| {
            let at = *at as usize;
            let mark = self.marks[at];
            NewVote {
                id,
                candidate: mark.candidate(),
                voter: mark.voter().map(|slot| self.index.voters.text(slot)),
                opinion: if mark.has_opinion { self.ballots[at].stored_opinion() } else { None },
                key: self.index.keys.slot(at).map(|slot| self.index.keys.text(slot)),
            }
        })
    }
}
