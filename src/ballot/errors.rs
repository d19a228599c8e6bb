//! Why a ballot is refused, and why a box cannot be used.
use super::limits::{Limits, NameError};
use super::time::Moment;

/// Why a ballot was not stored. The box is unchanged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No candidate has this number or name.
    #[error("there is no candidate {0}")]
    UnknownCandidate(String),
    /// It comes before [`Settings::opens`](super::Settings::opens).
    #[error("voting opens at {0}")]
    NotOpenYet(Moment),
    /// It comes at or after [`Settings::closes`](super::Settings::closes).
    #[error("voting closed at {0}")]
    Closed(Moment),
    /// The vote limits votes per voter or who may vote, or this is a change: each needs to know the voter.
    #[error("this vote asks who votes: give a voter")]
    VoterMissing,
    /// One vote per browser: the ballot comes without the cookie that tells browsers apart.
    #[error(
        "this vote takes one vote per browser, and this browser has not shown its cookie yet: allow cookies and try again"
    )]
    BrowserMissing,
    /// One vote per browser, and this one has voted.
    #[error("a vote was cast from this browser already")]
    BrowserHasVoted,
    /// The page, key or cookie is from before the last reset.
    #[error("this was prepared before the vote was reset: load the page again and vote anew")]
    EarlierGeneration,
    /// Only listed voters may vote.
    #[error("voter {0} is not on the list of this vote")]
    UnknownVoter(String),
    /// The voter has cast all their votes.
    #[error("voter {voter} has voted {votes_per_voter} of {votes_per_voter} times")]
    LimitReached {
        /// The voter's id as it was sent.
        voter: String,
        /// How many votes each voter has.
        votes_per_voter: u32,
    },
    /// The vote does not allow a vote to be changed.
    #[error("votes cannot be changed in this vote")]
    ChangeNotAllowed,
    /// Another vote is stored under this key.
    #[error("key {0} was used for another vote")]
    KeyReused(String),
    /// It has this many characters, more than [`Limits::OPINION_CHARS`].
    #[error("the opinion has {0} characters, {max} are allowed", max = Limits::OPINION_CHARS)]
    OpinionTooLong(usize),
    /// NUL ends texts in many programs that would read an export.
    #[error("the opinion holds a NUL character")]
    OpinionUnreadable,
    /// The voter's id is not one that [`check_voter_id`](super::check_voter_id) takes.
    #[error("the voter's id {0}")]
    VoterUnreadable(NameError),
    /// The key is not one that [`check_voter_id`](super::check_voter_id) takes.
    #[error("the key {0}")]
    KeyUnreadable(NameError),
}

/// Why a box cannot be opened, read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BoxError {
    /// There is no box.
    #[error("there is no ballot file {0}")]
    Missing(String),
    /// The server is there, and no vote was made in its database.
    #[error("there is no vote in {0} yet")]
    NoVote(String),
    /// The server that holds the votes does not answer. Nothing was stored.
    #[error("{place} cannot be reached: {reason}")]
    Unreachable {
        /// The address without its password.
        place: String,
        /// What was tried, and what happened.
        reason: String,
    },
    /// The clocks of this machine and of the server that stamps the votes differ by too much.
    #[error("the clock of this machine and that of {place} differ: {reason}")]
    ClockOff {
        /// The address without its password.
        place: String,
        /// By how much, and how much is allowed.
        reason: String,
    },
    /// Something is already at the place of the new box.
    #[error("{0} exists already and is left as it is")]
    Exists(String),
    /// Something other than a box is at the place. It was not touched.
    #[error("{place} is not a ballot file: {reason}")]
    Foreign {
        /// The path, or the address without its password.
        place: String,
        /// What it is instead.
        reason: String,
    },
    /// A newer votekit made it; it was not touched.
    #[error("{place} was made by a newer votekit (format {found}, this one knows {known})")]
    Newer {
        /// The path, or the address without its password.
        place: String,
        /// The version of its format.
        found: u32,
        /// The newest version this program knows.
        known: u32,
    },
    /// It was opened by a name under which other programs would not find its side files. It was not touched.
    #[error("{place} is not used: {reason}")]
    Unsafe {
        /// The box's path or address, as messages name it.
        place: String,
        /// What is wrong with the name, and how to mend it.
        reason: String,
    },
    /// It was moved, deleted, replaced or overwritten while it was open. Nothing was stored.
    #[error("{place}: {reason}")]
    Replaced {
        /// The box's path or address, as messages name it.
        place: String,
        /// What happened, and what to do.
        reason: String,
    },
    /// It is a ballot file, but a broken one.
    #[error("{place} is damaged: {reason}")]
    Damaged {
        /// The path, or the address without its password.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Other programs kept it locked for longer than the busy timeout. Nothing was stored.
    #[error("{place} has been locked by another program for {waited_secs} s: nothing was stored")]
    Busy {
        /// The path, or the address without its password.
        place: String,
        /// Seconds this program waited.
        waited_secs: u64,
    },
    /// It can be read but not written. Nothing was stored.
    #[error("{place} cannot be written: {reason}")]
    ReadOnly {
        /// The path, or the address without its password.
        place: String,
        /// The rule that forbids it, as the end of a sentence.
        reason: String,
    },
    /// No room on the disk. Nothing was stored.
    #[error("the disk of {place} is full: nothing was stored")]
    Full {
        /// The path, or the address without its password.
        place: String,
    },
    /// The commit failed in a way that leaves it open whether the votes are stored.
    #[error("whether it was stored is unknown, since writing {place} failed: {reason}")]
    OutcomeUnknown {
        /// The path, or the address without its password.
        place: String,
        /// What the system said.
        reason: String,
    },
    /// The results are hidden until the vote has closed.
    #[error("the results are hidden until the vote closes{}", closes.map(|at| format!(" at {at}")).unwrap_or_default())]
    Hidden {
        /// When it closes, if that is set.
        closes: Option<Moment>,
    },
    /// The results are shown to the organiser alone.
    #[error("the results are not shown here")]
    HiddenFromAudience,
    /// A candidate cannot be added, renamed or removed, or a new vote cannot have such candidates.
    #[error("{0}")]
    Candidate(String),
    /// The settings of a vote contradict each other, or its list of voters is wrong.
    #[error("{0}")]
    Setup(String),
    /// Any other error of the system. Nothing was stored.
    #[error("{place}: {reason}")]
    Io {
        /// The path, or the address without its password.
        place: String,
        /// What the system said.
        reason: String,
    },
}
