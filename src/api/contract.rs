//! The documents of the REST contract, and the ballot in the body of a request.
use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::problem::Problem;
use crate::ballot::{Ballot, BoxError, Candidate, CandidateId, CandidateTotal, Choice, Hiding, Opening, Tally};

/// The body of a vote. Unknown keys are ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct VoteRequest<'a> {
    /// The candidate's id, as `/candidates` has it.
    #[schema(minimum = 1, example = 2)]
    candidate_id: i64,
    /// A remark, up to 10,000 characters.
    #[serde(borrow, default)]
    #[schema(max_length = 10_000, example = "by far")]
    opinion: Option<Cow<'a, str>>,
    /// Who votes, where the vote asks for it.
    #[serde(borrow, default)]
    #[schema(min_length = 1, max_length = 200)]
    voter: Option<Cow<'a, str>>,
    /// The client's own id of this vote: the same again is answered as the first time and counts once. The header
    /// `Idempotency-Key` is the same.
    #[serde(borrow, default)]
    #[schema(min_length = 1, max_length = 200)]
    key: Option<Cow<'a, str>>,
    /// It replaces the voter's latest vote, where the vote allows it.
    #[serde(default)]
    change: Option<bool>,
    /// The `generation` of the state that the voter saw: a vote for another one, from before a reset, is refused.
    #[serde(default)]
    generation: Option<u32>,
}

/// The ballot in `body`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn ballot(body: &[u8]) -> Result<Ballot, Problem> {
    // Programs of Windows write a byte order mark in front of UTF-8.
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // serde would take an array for an object's values in order.
    let object = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
    if object
        && let Ok(vote) = serde_json::from_slice::<VoteRequest<'_>>(body)
        && vote.candidate_id >= 1
    {
        let text = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        return Ok(Ballot {
            choice: Choice::Id(vote.candidate_id),
            voter: text(vote.voter),
            opinion: text(vote.opinion),
            key: text(vote.key),
            change: vote.change.unwrap_or(false),
            generation: vote.generation,
        });
    }
    Err(what_is_wrong(body))
}

fn what_is_wrong(body: &[u8]) -> Problem {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Problem::malformed_json("the body is empty: send a JSON object as {\"candidate_id\": 2}");
    }
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return Problem::malformed_json(format!("the body is not JSON: {error}")),
    };
    let Value::Object(vote) = &value else {
        let detail = format!("the body must be an object as {{\"candidate_id\": 2}}, not {}", kind(&value));
        return Problem::bad_body(detail);
    };
    match vote.get("candidate_id").unwrap_or(&Value::Null) {
        Value::Null => return Problem::bad_body("candidate_id is required!"),
        Value::Number(number) if number.as_i64().is_some_and(|id| id >= 1) => {}
        Value::Number(number) => {
            return Problem::bad_body(format!(
                "candidate_id must be a whole number from 1 to {}, not {number}",
                i64::MAX
            ));
        }
        other => return Problem::bad_body(format!("candidate_id must be a whole number, not {}", kind(other))),
    }
    for name in ["opinion", "voter", "key"] {
        if let Some(other) = vote.get(name).filter(|value| !value.is_string() && !value.is_null()) {
            return Problem::bad_body(format!("{name} must be text, not {}", kind(other)));
        }
    }
    if let Some(other) = vote.get("change").filter(|value| !value.is_boolean() && !value.is_null()) {
        return Problem::bad_body(format!("change must be true or false, not {}", kind(other)));
    }
    let is_generation = |value: &Value| value.as_u64().is_some_and(|number| u32::try_from(number).is_ok());
    if let Some(other) = vote.get("generation").filter(|value| !is_generation(value) && !value.is_null()) {
        return Problem::bad_body(format!("generation must be a whole number, not {other}"));
    }
    // What is left is a key that occurs twice.
    match serde_json::from_slice::<VoteRequest<'_>>(body) {
        Err(error) => Problem::bad_body(format!("the body is not a vote: {error}")),
        Ok(_) => Problem::bad_body("the body is not a vote"),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// A vote is stored.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stored {
    /// Always true: errors have another body.
    pub success: bool,
}

/// What a result consists of: two lists, the first of votes by candidate, the second of one window.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum ResultRow {
    /// Votes for one candidate.
    Candidate {
        /// The candidate's id, as `/candidates` has it.
        #[schema(minimum = 1)]
        candidate_id: CandidateId,
        /// Votes that count for it now.
        num_vote: u64,
    },
    /// Votes for all candidates of the last ten minutes.
    TenMinutes {
        /// Votes cast in the window.
        total_vote_10_min: u64,
    },
    /// Votes for all candidates of another window.
    Window {
        /// Votes cast in the window.
        total_vote_in_window: u64,
        /// The window's length in seconds.
        #[schema(minimum = 1)]
        window_secs: u32,
    },
}

/// `[[{"candidate_id": 2, "num_vote": 3}, …], [{"total_vote_10_min": 3}]]`
///
/// # Errors
/// When the results are hidden.
pub(super) fn result(tally: &Tally) -> Result<[Vec<ResultRow>; 2], BoxError> {
    Ok([votes(tally)?, vec![ResultRow::TenMinutes { total_vote_10_min: tally.votes_in_window }]])
}

/// `[[{"candidate_id": 2, "num_vote": 3}, …], [{"total_vote_in_window": 3, "window_secs": 1800}]]`
///
/// # Errors
/// When the results are hidden.
pub(super) fn result_of_window(tally: &Tally) -> Result<[Vec<ResultRow>; 2], BoxError> {
    let (total_vote_in_window, window_secs) = (tally.votes_in_window, tally.window.secs);
    Ok([votes(tally)?, vec![ResultRow::Window { total_vote_in_window, window_secs }]])
}

fn votes(tally: &Tally) -> Result<Vec<ResultRow>, BoxError> {
    if tally.hidden {
        return Err(tally.hidden_because());
    }
    let votes =
        |total: &CandidateTotal| ResultRow::Candidate { candidate_id: total.candidate.id, num_vote: total.votes };
    Ok(tally.candidates.iter().map(votes).collect())
}

/// A candidate as voters choose it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CandidateName {
    candidate_id: CandidateId,
    name: String,
    /// What is said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    /// The path of its picture; another one when the picture changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
}

/// The path of a candidate's picture; the service's own paths begin with `base`.
pub(super) fn picture_path(base: &str, candidate: &Candidate) -> Option<String> {
    candidate.picture.as_ref().map(|tag| format!("{base}/pictures/{}/{tag}", candidate.id))
}

/// `[{"candidate_id": 2, "name": "林林"}, …]`; paths begin with `base`.
pub(super) fn candidates(base: &str, tally: &Tally) -> Vec<CandidateName> {
    let name = |total: &CandidateTotal| {
        let Candidate { id, name, about, .. } = total.candidate.clone();
        CandidateName { candidate_id: id, name, about, picture: picture_path(base, &total.candidate) }
    };
    tally.candidates.iter().map(name).collect()
}

/// The data of an event: `vote` first and when it changes, then `result` whenever the figures do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes the stream, whose events are made one by one")]
pub(super) enum EventData {
    Vote(EventVote),
    Result(EventResult),
}

/// What is voted on: all that seldom changes. `GET /ballot` is the same.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventVote {
    title: String,
    /// When voting opens: RFC 3339, UTC.
    opens: Option<String>,
    /// When voting closes: RFC 3339, UTC.
    closes: Option<String>,
    /// Grows with each reset: a vote that names an earlier one is refused.
    generation: u32,
    /// The length of what counts as recent.
    window_secs: u32,
    candidates: Vec<EventCandidate>,
}

/// A candidate as voters choose it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventCandidate {
    id: CandidateId,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
}

impl EventVote {
    /// What `tally` is of; paths begin with `base`.
    pub(super) fn new(base: &str, tally: &Tally) -> Self {
        let settings = &tally.settings;
        let candidate = |total: &CandidateTotal| {
            let Candidate { id, name, about, .. } = total.candidate.clone();
            EventCandidate { id, name, about, picture: picture_path(base, &total.candidate) }
        };
        EventVote {
            title: settings.title.clone(),
            opens: settings.opens.map(|at| at.to_string()),
            closes: settings.closes.map(|at| at.to_string()),
            generation: settings.generation,
            window_secs: tally.window.secs,
            candidates: tally.candidates.iter().map(candidate).collect(),
        }
    }
}

/// The figures, and what decides whether there are any.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventResult {
    /// Whether votes are taken: `not_open_yet`, `open`, `closed`.
    state: &'static str,
    /// The candidates' votes are hidden, for now or from this audience.
    hidden: bool,
    /// Until when or from whom they are hidden: `until_closed`, `audience`.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_from: Option<&'static str>,
    total_votes: u64,
    recent_votes: u64,
    candidates: Vec<EventVotes>,
}

/// A candidate's votes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventVotes {
    id: CandidateId,
    /// None where they are hidden.
    votes: Option<u64>,
}

/// Whether votes are taken, as the API writes it.
pub(super) fn state(opening: Opening) -> &'static str {
    match opening {
        Opening::NotOpenYet => "not_open_yet",
        Opening::Open => "open",
        Opening::Closed => "closed",
    }
}

impl EventResult {
    /// The figures of `tally`.
    pub(super) fn new(tally: &Tally) -> Self {
        let votes = |total: &CandidateTotal| EventVotes {
            id: total.candidate.id,
            votes: (!tally.hidden).then_some(total.votes),
        };
        EventResult {
            state: state(tally.opening),
            hidden: tally.hidden,
            hidden_from: tally.hidden.then_some(match tally.settings.hide_results {
                Hiding::Audience => "audience",
                _ => "until_closed",
            }),
            total_votes: tally.votes_total,
            recent_votes: tally.votes_in_window,
            candidates: tally.candidates.iter().map(votes).collect(),
        }
    }
}
