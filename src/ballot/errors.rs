//! Why a ballot is refused, and why a box cannot be used.
use super::rules::{Limits, NameError};
use super::time::Moment;

/// Why a ballot was not stored. The box is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody stands under this number or name.
    #[error("there is no candidate {0}")]
    UnknownCandidate(String),
    /// The vote has not begun.
    #[error("voting opens at {0}")]
    NotOpenYet(Moment),
    /// The vote is over.
    #[error("voting closed at {0}")]
    Closed(Moment),
    /// The vote counts votes by voter, or is for certain voters only.
    #[error("this vote asks who votes: give a voter")]
    VoterMissing,
    /// The vote is for certain voters only.
    #[error("voter {0} is not on the list of this vote")]
    UnknownVoter(String),
    /// The voter has cast all votes they had.
    #[error("voter {voter} has voted {votes_per_voter} of {votes_per_voter} times")]
    LimitReached {
        /// Who.
        voter: String,
        /// How often one may vote.
        votes_per_voter: u32,
    },
    /// The vote does not allow a vote to be changed.
    #[error("votes cannot be changed in this vote")]
    ChangeNotAllowed,
    /// The key stands for another vote.
    #[error("key {0} was used for another vote")]
    KeyReused(String),
    /// The opinion is too long.
    #[error("the opinion has {0} characters, {max} are allowed", max = Limits::OPINION_CHARS)]
    OpinionTooLong(usize),
    /// The opinion holds a NUL character.
    #[error("the opinion holds a NUL character")]
    OpinionUnreadable,
    /// The voter's id is empty, too long or not printable.
    #[error("the voter's id {0}")]
    VoterUnreadable(NameError),
    /// The key is empty, too long or not printable.
    #[error("the key {0}")]
    KeyUnreadable(NameError),
}

/// Why a box cannot be opened, read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// There is nothing there.
    #[error("there is no ballot file {0}")]
    Missing(String),
    /// A new box was asked for where something is.
    #[error("{0} exists already and is left as it is")]
    Exists(String),
    /// Something else is there; it was not touched.
    #[error("{place} is no ballot file: {reason}")]
    Foreign {
        /// Where.
        place: String,
        /// What it is instead.
        reason: String,
    },
    /// A newer votekit made it; it was not touched.
    #[error("{place} was made by a newer votekit (format {found}, this one knows {known})")]
    Newer {
        /// Where.
        place: String,
        /// The format's version in the file.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// It is a ballot file, but broken.
    #[error("{place} is damaged: {reason}")]
    Damaged {
        /// Where.
        place: String,
        /// What does not hold.
        reason: String,
    },
    /// Others kept it locked for longer than a voter waits. Nothing was stored.
    #[error("{place} has been locked by another program for {waited_secs} s: nothing was stored")]
    Busy {
        /// Where.
        place: String,
        /// How long this one waited.
        waited_secs: u64,
    },
    /// It cannot be written, only read. Nothing was stored.
    #[error("{place} cannot be written: {reason}")]
    ReadOnly {
        /// Where.
        place: String,
        /// Why.
        reason: String,
    },
    /// No room. Nothing was stored.
    #[error("the disk of {place} is full: nothing was stored")]
    Full {
        /// Where.
        place: String,
    },
    /// The commit failed in a way that leaves open whether the vote is stored.
    #[error("whether it was stored is unknown, since writing {place} failed: {reason}")]
    OutcomeUnknown {
        /// Where.
        place: String,
        /// What failed.
        reason: String,
    },
    /// The results are hidden until the vote has closed.
    #[error("the results are hidden until the vote closes{}", closes.map(|at| format!(" at {at}")).unwrap_or_default())]
    Hidden {
        /// When it does.
        closes: Option<Moment>,
    },
    /// A candidate cannot be added or renamed, a vote cannot be set up so.
    #[error("{0}")]
    Candidate(String),
    /// What a new vote should be does not go together.
    #[error("{0}")]
    Setup(String),
    /// Anything else the system said. Nothing was stored.
    #[error("{place}: {reason}")]
    Io {
        /// Where.
        place: String,
        /// What it said.
        reason: String,
    },
}
