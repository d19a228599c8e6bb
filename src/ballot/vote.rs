//! A ballot, what became of it, and what they add up to.
use std::collections::{HashMap, HashSet};

use super::errors::{BoxError, Refusal};
use super::rules::{Limits, Opening, Settings, check_name, check_voter_id, looks};
use super::time::Moment;
use crate::units::DurationSecs;

/// A candidate's number, from 1.
pub type CandidateId = i64;

/// Someone or something to vote for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its number, which clients send.
    pub id: CandidateId,
    /// Its name, unique in the vote.
    pub name: String,
}

/// Someone who may vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voter {
    /// What identifies them: a number on a card, an account.
    pub id: String,
    /// What they are called, where that is known.
    pub name: Option<String>,
}

/// How a ballot names its candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// By number.
    Id(CandidateId),
    /// By exact name.
    Name(String),
}

impl Choice {
    /// A whole number is an id, anything else a name; no name is a whole number (see [`check_name`](super::check_name)),
    /// so this cannot be mistaken.
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Choice::Name(text.to_owned()), Choice::Id)
    }
}

/// What a voter hands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// For whom.
    pub choice: Choice,
    /// By whom, where the voter says so or the vote asks for it.
    pub voter: Option<String>,
    /// A remark; empty is the same as none.
    pub opinion: Option<String>,
    /// The client's own id of this vote: the same key again is answered as the first time and stores nothing.
    pub key: Option<String>,
    /// It replaces the voter's latest vote, if there is one and the vote allows it.
    pub change: bool,
}

impl Ballot {
    /// A ballot with nothing but a candidate on it.
    pub fn plain(choice: Choice) -> Self {
        Ballot { choice, voter: None, opinion: None, key: None, change: false }
    }
}

/// What became of a ballot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the box and on disk.
    Stored {
        /// The vote's number, from 1 in the order of writing. It tells order: not for the public. How a store numbers the
        /// votes of one call is its affair, but a voter's own in the order of their ballots.
        id: i64,
        /// The vote it replaced.
        replaced: Option<i64>,
    },
    /// The same vote with the same key had been stored before, as this; nothing was stored now.
    Repeated {
        /// The number the first got.
        id: i64,
    },
    /// Nothing was stored.
    Refused(Refusal),
}

/// What [`cast_all`](super::BallotBox::cast_all) did. Nothing was stored if `refused` is not empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllOrNothing {
    /// How many were stored, or would have been.
    pub stored: u64,
    /// How many had been stored before.
    pub repeated: u64,
    /// Which ballots were refused, counted from 0, and why.
    pub refused: Vec<(u64, Refusal)>,
}

/// A candidate and its standing votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateTotal {
    /// The candidate.
    pub candidate: Candidate,
    /// Its votes; 0 where they are hidden.
    pub votes: u64,
}

/// What the votes add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// What the vote is called and its rules.
    pub settings: Settings,
    /// Whether it is open at [`Tally::at`].
    pub opening: Opening,
    /// All candidates in order of their ids, those without votes too.
    pub candidates: Vec<CandidateTotal>,
    /// All standing votes. Known also where the rest is hidden: turnout is no secret.
    pub votes_total: u64,
    /// Standing votes cast in the window that ends at `at`. Known also where the rest is hidden.
    pub votes_in_window: u64,
    /// The window's length.
    pub window: DurationSecs,
    /// The moment of which this speaks.
    pub at: Moment,
    /// The rules hide the candidates' votes: they stand as 0 here and are not to be shown.
    pub hidden: bool,
    /// Standing votes stamped later than `at`: none, unless the clock was set back or `at` is in the past. They are in
    /// the totals of a live tally, and in no window.
    pub votes_after: u64,
}

/// Standing votes for one candidate in one step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacePoint {
    /// When the step begins.
    pub start: Moment,
    /// For whom.
    pub candidate_id: CandidateId,
    /// How many.
    pub votes: u64,
}

/// A vote as exported. What is `None` is not known or not to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// For whom.
    pub candidate_id: CandidateId,
    /// The candidate's name.
    pub candidate: &'a str,
    /// The remark.
    pub opinion: Option<&'a str>,
    /// What is told only with voters.
    pub private: Option<PrivateRecord<'a>>,
}

/// What tells, or helps to find out, who voted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrivateRecord<'a> {
    /// The vote's number.
    pub id: i64,
    /// When it was written.
    pub created_at: Moment,
    /// By whom.
    pub voter: Option<&'a str>,
    /// The client's key.
    pub key: Option<&'a str>,
    /// The vote that replaced this one, which is thereby withdrawn.
    pub replaced_by: Option<i64>,
}

/// Something that is wrong in a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: `candidate 2`, `vote 17`.
    pub place: String,
    /// What: `the kept total is 5, its votes are 4`.
    pub problem: String,
}

/// What a new box begins with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// Title and rules.
    pub settings: Settings,
    /// The candidates' names; they get the ids 1, 2, 3, …
    pub candidates: Vec<String>,
    /// Who may vote, where [`Settings::voters_only`] is set.
    pub voters: Vec<Voter>,
}

impl Setup {
    /// Whether a vote can be set up so.
    ///
    /// # Errors
    /// [`BoxError::Setup`] where rules contradict each other or the voters' list is wrong, [`BoxError::Candidate`] where
    /// the candidates are.
    pub fn check(&self) -> Result<(), BoxError> {
        if let Some(problem) = self.settings.contradiction() {
            return Err(BoxError::Setup(problem));
        }
        if self.candidates.is_empty() {
            return Err(BoxError::Candidate("a vote needs a candidate".into()));
        }
        if self.candidates.len() > Limits::CANDIDATES {
            let (found, most) = (self.candidates.len(), Limits::CANDIDATES);
            return Err(BoxError::Candidate(format!("{found} candidates are more than the {most} a vote can have")));
        }
        let mut names = HashMap::new();
        for name in &self.candidates {
            check_name(name).map_err(|why| BoxError::Candidate(format!("the name {name:?} {why}")))?;
            match names.insert(looks(name), name) {
                Some(other) if other == name => {
                    return Err(BoxError::Candidate(format!("two candidates are called {name}")));
                }
                Some(other) => {
                    let problem = format!("two candidates' names look the same: {other:?} and {name:?}");
                    return Err(BoxError::Candidate(problem));
                }
                None => {}
            }
        }
        let mut voters = HashSet::new();
        for voter in &self.voters {
            let id = &voter.id;
            check_voter_id(id).map_err(|why| BoxError::Setup(format!("the voter's id {id:?} {why}")))?;
            if let Some(name) = &voter.name {
                check_voter_id(name).map_err(|why| BoxError::Setup(format!("the name of voter {id} {why}")))?;
            }
            if !voters.insert(id) {
                return Err(BoxError::Setup(format!("voter {id} is on the list twice")));
            }
        }
        Ok(())
    }

    /// The vote that `votekit vote` makes where there is none: three candidates, no limits.
    pub fn first() -> Self {
        Setup {
            settings: Settings::default(),
            candidates: ["薯片", "林林", "正氣"].map(str::to_owned).to_vec(),
            voters: Vec::new(),
        }
    }
}
