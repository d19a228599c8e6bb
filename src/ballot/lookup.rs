//! What a store must look up for [`decide`](fn@super::decide).
use super::vote::{CandidateId, VoteId};

/// A vote in the box that has a key, with all that a second ballot under this key is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedVote {
    /// The vote's number in its box.
    pub id: VoteId,
    /// The candidate it was cast for.
    pub candidate_id: CandidateId,
    /// The [visual key](super::visual_key) of the voter's id.
    pub voter: Option<String>,
    /// The opinion; `None` if it is empty.
    pub opinion: Option<String>,
}

/// A voter known to the box: listed, or named by an earlier vote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Standing votes, 0 or more.
    pub votes: i64,
    /// The vote with the highest number, which the next change replaces.
    pub last_vote: Option<VoteId>,
}

/// What a box contains about the keys and voters of a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lookup {
    /// For each of [`BatchIndex::keys`], in their order, the vote stored under it.
    pub keys: Vec<Option<Box<KeyedVote>>>,
    /// For each of [`BatchIndex::voters`], in their order, the account.
    pub voters: Vec<Option<Account>>,
    /// For each of [`BatchIndex::keys`], whether it was used before the last reset. Empty: none was.
    pub spent: Vec<bool>,
}
