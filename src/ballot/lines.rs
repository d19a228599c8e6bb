//! Ballots as lines of text: a candidate alone, tab-separated fields, or a JSON object.
use serde::Deserialize;

use super::errors::Refusal;
use super::limits::Limits;
use super::vote::{Ballot, Choice};

/// Why a line is not a ballot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// It has more than [`Limits::LINE_BYTES`] bytes.
    #[error("the line is longer than {max} bytes", max = Limits::LINE_BYTES)]
    TooLong,
    /// Some other encoding, or binary.
    #[error("the line is not UTF-8")]
    NotUtf8,
    /// More than four, counted.
    #[error("{0} tab-separated fields, at most 4 are known: candidate, voter, opinion, key")]
    TooManyFields(usize),
    /// The first field is empty.
    #[error("there is no candidate in it")]
    NoCandidate,
    /// Starts with `{` but is not a JSON ballot; says why and where.
    #[error("not a JSON ballot: {0}")]
    Json(String),
}

/// A ballot as in the REST contract; unknown keys are ignored.
#[derive(Deserialize)]
struct JsonBallot {
    candidate_id: i64,
    voter: Option<String>,
    opinion: Option<String>,
    key: Option<String>,
    #[serde(default)]
    change: bool,
}

/// Reads one line, without its end: `2` or a candidate's name; `candidate⇥voter⇥opinion⇥key`, of which the last three may be
/// empty or left out; or `{"candidate_id": 2, "voter": "u17", "opinion": "…", "key": "9f3c", "change": true}`, of which only
/// `candidate_id` is required. `None`: a blank line.
///
/// # Errors
/// Why it is not a ballot.
pub fn parse_line(line: &[u8]) -> Result<Option<Ballot>, LineError> {
    if line.len() > Limits::LINE_BYTES {
        return Err(LineError::TooLong);
    }
    let line = std::str::from_utf8(line).map_err(|_| LineError::NotUtf8)?.trim_end_matches('\r');
    match line.bytes().next() {
        None => Ok(None),
        Some(b'{') => json(line).map(Some),
        Some(_) => fields(line),
    }
}

fn fields(line: &str) -> Result<Option<Ballot>, LineError> {
    if line.trim().is_empty() && !line.contains('\t') {
        return Ok(None);
    }
    let mut fields = line.split('\t');
    let candidate = fields.next().unwrap_or_default();
    if candidate.is_empty() {
        return Err(LineError::NoCandidate);
    }
    let mut next = || fields.next().filter(|text| !text.is_empty()).map(str::to_owned);
    let (voter, opinion, key) = (next(), next(), next());
    match fields.count() {
        0 => {
            Ok(Some(Ballot { choice: Choice::parse(candidate), voter, opinion, key, change: false, generation: None }))
        }
        more => Err(LineError::TooManyFields(4 + more)),
    }
}

fn json(line: &str) -> Result<Ballot, LineError> {
    let ballot: JsonBallot = serde_json::from_str(line).map_err(|error| {
        // serde_json counts lines within this one: only its column helps.
        let text = error.to_string();
        LineError::Json(text.replace(" at line 1 column ", ", at byte "))
    })?;
    let JsonBallot { candidate_id, voter, opinion, key, change } = ballot;
    Ok(Ballot { choice: Choice::Id(candidate_id), voter, opinion, key, change, generation: None })
}

/// Why the vote on a line was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// The line is not a ballot.
    #[error(transparent)]
    Unreadable(#[from] LineError),
    /// The rules refuse the ballot.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ballot(choice: Choice, [voter, opinion, key]: [&str; 3]) -> Result<Option<Ballot>, LineError> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let (voter, opinion, key) = (text(voter), text(opinion), text(key));
        Ok(Some(Ballot { choice, voter, opinion, key, change: false, generation: None }))
    }

    #[test]
    fn the_three_ways_to_write_a_ballot() {
        let name = |name: &str| Choice::Name(name.to_owned());
        for (line, expected) in [
            ("2", ballot(Choice::Id(2), ["", "", ""])),
            ("2\r", ballot(Choice::Id(2), ["", "", ""])),
            ("林林", ballot(name("林林"), ["", "", ""])),
            ("24 hours", ballot(name("24 hours"), ["", "", ""])),
            ("2\tu1", ballot(Choice::Id(2), ["u1", "", ""])),
            ("2\tu1\tby far\tk1", ballot(Choice::Id(2), ["u1", "by far", "k1"])),
            ("2\t\t\tk1", ballot(Choice::Id(2), ["", "", "k1"])),
            ("2\tu1\tby far\tk1\t", Err(LineError::TooManyFields(5))),
            ("\tu1", Err(LineError::NoCandidate)),
            ("", Ok(None)),
            ("\r", Ok(None)),
            ("  ", Ok(None)),
            (r#"{"candidate_id": 2, "opinion": "a\tb", "extra": [1]}"#, ballot(Choice::Id(2), ["", "a\tb", ""])),
            (r#"{"candidate_id":2,"voter":"u1","key":"k1","opinion":null}"#, ballot(Choice::Id(2), ["u1", "", "k1"])),
        ] {
            assert_eq!(parse_line(line.as_bytes()), expected, "{line:?}");
        }
        for line in [r#"{"candidate_id": "2"}"#, r#"{"candidate_id": 2.5}"#, "{}", "{", r#"{"candidate_id":1} x"#] {
            assert!(matches!(parse_line(line.as_bytes()), Err(LineError::Json(_))), "{line:?}");
        }
        assert_eq!(parse_line(b"\xff"), Err(LineError::NotUtf8));
        assert_eq!(parse_line(&vec![b'2'; Limits::LINE_BYTES + 1]), Err(LineError::TooLong));
    }
}
