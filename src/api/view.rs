//! What the page and the screen show of a vote.
use super::words::Words;
use crate::ballot::{CandidateId, Moment, Opening};

/// What the page shows.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// What it says, in the reader's language.
    pub words: &'static Words,
    /// Where people reach the page; empty if that is not known.
    pub url: String,
    /// What the service's own paths begin with; may be empty.
    pub base: String,
    /// The vote's title; may be empty.
    pub title: String,
    /// Whether votes are taken.
    pub opening: Opening,
    /// When voting opens; None: it is open from the start.
    pub opens: Option<Moment>,
    /// When voting closes; None: never.
    pub closes: Option<Moment>,
    /// In the order of their ids.
    pub candidates: Vec<Shown>,
    /// All votes that count.
    pub votes_total: u64,
    /// Those cast in the last `window_secs`.
    pub votes_recent: u64,
    /// The length of what counts as recent.
    pub window_secs: u32,
    /// The candidates' votes are not to be shown.
    pub hidden: bool,
    /// They are not shown after the end either.
    pub hidden_for_good: bool,
    /// The form asks who votes.
    pub asks_voter: bool,
    /// The generation of the vote that this page shows.
    pub generation: u32,
    /// A voter may replace their latest vote.
    pub change_allowed: bool,
    /// Whether whoever has this page may cast another vote on it.
    pub again: Again,
    /// Names this vote in this generation, for what a browser remembers of it.
    pub tag: String,
    /// The candidate that this browser voted for; None shows the ballot.
    pub voted: Option<CandidateId>,
    /// The key of the vote that this page's form will cast: new on every page, but kept after an unknown outcome, so that
    /// another attempt counts once.
    pub key: String,
    /// The outcome of the vote that the form has just cast, if it has.
    pub notice: Option<Notice>,
    /// What is in the form: what was typed, if the vote was not stored.
    pub typed: Typed,
}

impl View {
    /// The word for its opening that styles and scripts know.
    pub(super) fn state(&self) -> &'static str {
        match self.opening {
            Opening::NotOpenYet => "not_open_yet",
            Opening::Open => "open",
            Opening::Closed => "closed",
        }
    }
}

/// What may follow a vote on the same page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing: a browser votes once.
    No,
    /// A vote in place of the browser's own.
    Change,
    /// Another vote, maybe somebody else's.
    Another,
}

/// A candidate as it is shown.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub id: CandidateId,
    pub name: String,
    /// What is said about it.
    pub about: Option<String>,
    /// The path of its picture.
    pub picture: Option<String>,
    /// None where they are hidden.
    pub votes: Option<u64>,
}

/// The outcome of a vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    Stored,
    /// It is stored in place of the voter's latest one.
    Changed,
    /// It was stored before, and counts once.
    Repeated,
    /// It is not stored, for this reason, which is part of a sentence: `voting closed at …`.
    Refused(String),
    /// It is not stored, or it is not known whether it is; sending it again is safe.
    Unavailable(String),
}

/// What was typed into the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub voter: String,
    pub opinion: String,
    /// The candidate that was chosen.
    pub choice: Option<CandidateId>,
    /// Whether the latest vote is to be replaced.
    pub change: bool,
}

/// The most votes that a candidate has; 0 where they are hidden.
pub(super) fn most(view: &View) -> u64 {
    if view.hidden { 0 } else { view.candidates.iter().filter_map(|candidate| candidate.votes).max().unwrap_or(0) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A vote whose candidates have these votes.
    pub(in crate::api) fn view(votes: &[u64]) -> View {
        let candidates = votes.iter().zip(1..).map(|(votes, id)| Shown {
            id,
            name: format!("c{id}"),
            about: None,
            picture: None,
            votes: Some(*votes),
        });
        View {
            words: Words::english(),
            url: String::new(),
            base: String::new(),
            title: String::new(),
            opening: Opening::Open,
            opens: None,
            closes: None,
            candidates: candidates.collect(),
            votes_total: votes.iter().sum(),
            votes_recent: 0,
            window_secs: 600,
            hidden: false,
            hidden_for_good: false,
            asks_voter: false,
            generation: 1,
            change_allowed: false,
            again: Again::Another,
            tag: "t".into(),
            voted: None,
            key: "k".into(),
            notice: None,
            typed: Typed::default(),
        }
    }
}
