//! A ballot, and what became of it.
use std::fmt;
use std::ops::ControlFlow;

use super::errors::Refusal;
use super::limits::{Limits, check_voter_id};

/// A candidate's number, from 1.
pub type CandidateId = i64;

/// A vote's number, from 1 in the order of writing.
pub type VoteId = i64;

/// How a ballot names its candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// By the candidate's id.
    Id(CandidateId),
    /// By the candidate's name, compared by look as candidates are.
    Name(String),
}

impl Choice {
    /// Reads a whole number as an id, anything else as a name. This is never ambiguous: no name is a whole number (see
    /// [`check_name`](super::check_name)).
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Choice::Name(text.to_owned()), Choice::Id)
    }
}

/// The number or the name, as the voter wrote it.
impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Choice::Id(id) => id.fmt(f),
            Choice::Name(name) => name.fmt(f),
        }
    }
}

/// What a voter hands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// Whom it is for.
    pub choice: Choice,
    /// The voter's id, where given or required.
    pub voter: Option<String>,
    /// A remark; an empty one counts as none.
    pub opinion: Option<String>,
    /// The client's own id of this vote: the same key again gets the same answer and stores nothing.
    pub key: Option<String>,
    /// Replaces the voter's latest vote, if there is one and the vote allows it.
    pub change: bool,
    /// The [generation](super::Settings::generation) of the page it comes from, where known: another one is refused.
    pub generation: Option<u32>,
}

impl Ballot {
    /// A ballot that names only a candidate.
    pub fn plain(choice: Choice) -> Self {
        Ballot { choice, voter: None, opinion: None, key: None, change: false, generation: None }
    }

    /// The opinion as stored and compared: None if it is empty.
    pub fn stored_opinion(&self) -> Option<&str> {
        self.opinion.as_deref().filter(|opinion| !opinion.is_empty())
    }

    /// Checks what holds in every vote: the length and the characters of its texts.
    ///
    /// # Errors
    /// Why no vote takes this ballot.
    pub fn check(&self) -> Result<(), Refusal> {
        if let Some(opinion) = &self.opinion {
            if opinion.len() > Limits::OPINION_CHARS {
                let chars = opinion.chars().count();
                if chars > Limits::OPINION_CHARS {
                    return Err(Refusal::OpinionTooLong(chars));
                }
            }
            if opinion.contains('\0') {
                return Err(Refusal::OpinionUnreadable);
            }
        }
        if let Some(voter) = &self.voter {
            check_voter_id(voter).map_err(Refusal::VoterUnreadable)?;
        }
        if let Some(key) = &self.key {
            check_voter_id(key).map_err(Refusal::KeyUnreadable)?;
        }
        Ok(())
    }
}

/// What became of a ballot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The vote is stored and on disk.
    Stored {
        /// The vote's number. It reveals the order of votes, so it is not for the public. A store may number the votes of
        /// one call in any order, except that a voter's own votes are numbered in the order of their ballots.
        id: VoteId,
        /// The vote it replaced.
        replaced: Option<VoteId>,
    },
    /// The same vote was stored before under the same key; nothing was stored now.
    Repeated {
        /// The number of the first one.
        id: VoteId,
    },
    /// Nothing was stored, for this reason.
    Refused(Refusal),
}

/// What [`cast_all`](super::BallotBox::cast_all) did. If `refused` is not empty, nothing was stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllOrNothing {
    /// Votes stored, or that would have been.
    pub stored: u64,
    /// Votes that were in the box before.
    pub repeated: u64,
    /// Which ballots were refused, by their index from 0, and why. Not more than [`AllOrNothing::REFUSALS_MOST`].
    pub refused: Vec<(u64, Refusal)>,
}

impl AllOrNothing {
    /// Nobody reads more refusals than this: casting ends there.
    pub const REFUSALS_MOST: usize = 1_000;

    /// Counts the outcomes of the next ballots. [`ControlFlow::Break`]: enough were refused, no more need be cast.
    pub fn count(&mut self, outcomes: Vec<Outcome>) -> ControlFlow<()> {
        let first = self.stored + self.repeated + self.refused.len() as u64;
        for (index, outcome) in (first..).zip(outcomes) {
            match outcome {
                Outcome::Stored { .. } => self.stored += 1,
                Outcome::Repeated { .. } => self.repeated += 1,
                Outcome::Refused(refusal) => self.refused.push((index, refusal)),
            }
        }
        if self.refused.len() < Self::REFUSALS_MOST {
            return ControlFlow::Continue(());
        }
        self.refused.truncate(Self::REFUSALS_MOST);
        ControlFlow::Break(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::limits::NameError;
    use super::*;

    #[test]
    fn what_no_vote_takes() {
        let mut ballot = Ballot::plain(Choice::Id(1));
        ballot.opinion = Some("薯".repeat(10_000));
        assert_eq!(ballot.check(), Ok(()));
        ballot.opinion = Some("薯".repeat(10_001));
        assert_eq!(ballot.check(), Err(Refusal::OpinionTooLong(10_001)));
        ballot.opinion = None;
        ballot.key = Some(String::new());
        assert_eq!(ballot.check(), Err(Refusal::KeyUnreadable(NameError::Empty)));
    }

    #[test]
    fn outcomes_are_counted_on_from_call_to_call_until_enough_are_refused() {
        let mut all = AllOrNothing::default();
        let refused = || Outcome::Refused(Refusal::VoterMissing);
        assert!(all.count(vec![Outcome::Stored { id: 1, replaced: None }, refused()]).is_continue());
        assert!(all.count(vec![Outcome::Repeated { id: 1 }, refused()]).is_continue());
        assert_eq!((all.stored, all.repeated), (1, 1));
        assert_eq!(all.refused, [(1, Refusal::VoterMissing), (3, Refusal::VoterMissing)]);
        assert!(all.count(vec![refused(); AllOrNothing::REFUSALS_MOST]).is_break());
        assert_eq!(all.refused.len(), AllOrNothing::REFUSALS_MOST);
    }
}
