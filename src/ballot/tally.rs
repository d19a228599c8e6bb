//! What the votes of a box add up to, and its votes as they are exported.
use super::candidates::Candidate;
use super::errors::BoxError;
use super::settings::{Hiding, Opening, Settings};
use super::time::Moment;
use super::vote::{CandidateId, VoteId};
use crate::units::DurationSecs;

/// A candidate and its standing votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CandidateTotal {
    /// Its number and name.
    pub candidate: Candidate,
    /// Standing votes; 0 where they are hidden.
    pub votes: u64,
}

/// What the votes add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// The title and the rules of the vote.
    pub settings: Settings,
    /// Whether it is open at [`Tally::at`].
    pub opening: Opening,
    /// All candidates in order of their ids, also those without votes.
    pub candidates: Vec<CandidateTotal>,
    /// All standing votes. Not hidden with the rest: turnout is not secret.
    pub votes_total: u64,
    /// Standing votes cast in the window that ends at `at`. Not hidden with the rest.
    pub votes_in_window: u64,
    /// The length of the window.
    pub window: DurationSecs,
    /// The moment this tally describes.
    pub at: Moment,
    /// The rules hide the candidates' votes: they are 0 here and must not be shown.
    pub hidden: bool,
    /// Standing votes stamped later than `at`: 0 unless the clock was set back or `at` is in the past. A live tally counts
    /// them in its totals, and in no window.
    pub votes_after: u64,
}

/// What a store counts for a [`Tally`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// All candidates in order of their ids, with their votes whether hidden or not.
    pub candidates: Vec<CandidateTotal>,
    /// Standing votes in the seconds after [`Tally::window_start`] up to and including `at`.
    pub votes_in_window: u64,
    /// Standing votes in the seconds after `at`.
    pub votes_after: u64,
}

impl Tally {
    /// The tally of `counts`, which describe `at`; figures are withheld where `settings` hide them at `now`.
    pub fn new(settings: Settings, counts: Counts, window: DurationSecs, at: Moment, now: Moment) -> Self {
        let Counts { mut candidates, votes_in_window, votes_after } = counts;
        let votes_total = candidates.iter().map(|total| total.votes).sum();
        let hidden = settings.hides_results(now);
        if hidden {
            candidates.iter_mut().for_each(|total| total.votes = 0);
        }
        let opening = settings.opening(at);
        Tally { settings, opening, candidates, votes_total, votes_in_window, window, at, hidden, votes_after }
    }

    /// What the audience may see of it: figures are withheld where the rules hide them from the audience.
    pub fn for_audience(mut self) -> Self {
        if self.settings.hide_results == Hiding::Audience {
            self.hidden = true;
            self.candidates.iter_mut().for_each(|total| total.votes = 0);
        }
        self
    }

    /// Why the figures are withheld; to be asked where they are.
    pub fn hidden_because(&self) -> BoxError {
        match self.settings.hide_results {
            Hiding::Audience => BoxError::HiddenFromAudience,
            _ => BoxError::Hidden { closes: self.settings.closes },
        }
    }

    /// The last second before the `window` that ends at `at`.
    pub fn window_start(window: DurationSecs, at: Moment) -> Moment {
        Moment(at.0.saturating_sub(window.secs.into()))
    }
}

/// Standing votes for one candidate in one step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PacePoint {
    /// The first second of the step.
    pub start: Moment,
    /// The candidate's id.
    pub candidate_id: CandidateId,
    /// Standing votes cast in the step.
    pub votes: u64,
}

/// A vote as exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The candidate's id, from 1.
    pub candidate_id: CandidateId,
    /// The candidate's name at the time of the export.
    pub candidate: &'a str,
    /// The voter's remark as it was sent, line breaks included.
    pub opinion: Option<&'a str>,
    /// Present only in an export with voters.
    pub private: Option<PrivateRecord<'a>>,
}

/// The part of a vote that reveals, or helps to find out, who cast it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrivateRecord<'a> {
    /// The vote's number: later votes have larger ones.
    pub id: VoteId,
    /// When it was written.
    pub created_at: Moment,
    /// The voter's id, where the vote asks for one.
    pub voter: Option<&'a str>,
    /// The client's key, if it sent one.
    pub key: Option<&'a str>,
    /// The vote that replaced this one, which is thereby withdrawn.
    pub replaced_by: Option<VoteId>,
}

/// A fault found in a box by [`BallotBox::check`](super::BallotBox::check).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where: `candidate 2`, `vote 17`.
    pub place: String,
    /// What: `the kept total is 5, its votes are 4`.
    pub problem: String,
}
