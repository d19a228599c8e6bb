//! What the library's errors say to whoever typed the command: in which words, with which way out, and whether the command
//! was used wrongly.
use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::Path;

use chrono::Local;
use votekit::ballot::{BoxError, IntakeError, Refusal};
use votekit::nearest::nearest_file;
use votekit::retention::{DatabaseError, EventError};
use votekit::scan::SourceError;
use votekit::weblog::group::GroupError;
use votekit::weblog::{DayRangeError, LogError};

/// The ballot file that commands use unless told otherwise.
pub(super) const DEFAULT_BALLOTS: &str = "ballots.db";

type Cause = dyn Error + 'static;

/// An error as it is shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Explained {
    /// What failed, with its causes.
    pub message: String,
    /// What to do about it, where the message does not say it; several lines are several ways.
    pub hint: Option<String>,
}

/// `error` with its causes on one line, and the way out.
pub(super) fn explained(error: &anyhow::Error) -> Explained {
    let message = error.chain().map(words).collect::<Vec<_>>().join(": ");
    let hint = error.chain().find_map(way_out).or_else(|| error.chain().find_map(out_of_io_error));
    Explained { message, hint }
}

/// Whether `cause` is an option or a value that makes no sense, rather than work that failed.
pub(super) fn is_misuse(cause: &Cause) -> bool {
    cause.is::<DayRangeError>()
}

/// Why a ballot was refused, with times in the zone of this machine.
pub(super) fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotOpenYet(opens) => format!("voting opens at {}", opens.in_zone(&Local)),
        Refusal::Closed(closes) => format!("voting closed at {}", closes.in_zone(&Local)),
        other => other.to_string(),
    }
}

fn box_error(cause: &Cause) -> Option<&BoxError> {
    match cause.downcast_ref() {
        Some(IntakeError::Box(error)) => Some(error),
        _ => cause.downcast_ref(),
    }
}

fn words(cause: &Cause) -> String {
    if let Some(BoxError::Hidden { closes: Some(closes) }) = box_error(cause) {
        return format!("the results are hidden until the vote closes at {}", closes.in_zone(&Local));
    }
    match (cause.downcast_ref(), cause.downcast_ref()) {
        (Some(IntakeError::Read(_)), _) => "cannot read the ballots on stdin".to_owned(),
        (_, Some(Refusal::VoterMissing)) => "this vote asks who votes: add --voter ID".to_owned(),
        (_, Some(reason)) => refusal(reason),
        _ => cause.to_string(),
    }
}

fn way_out(cause: &Cause) -> Option<String> {
    match (box_error(cause), cause.downcast_ref(), unread(cause)) {
        (Some(error), ..) => out_of_box_error(error),
        (_, Some(error), _) => Some(out_of_group_error(error).to_owned()),
        (.., Some(error)) => out_of_missing_input(error),
        _ => None,
    }
}

/// The input that could not be read.
fn unread(cause: &Cause) -> Option<&SourceError> {
    match (cause.downcast_ref(), cause.downcast_ref()) {
        (Some(LogError::Source(error)), _) | (_, Some(EventError::Source(error))) => Some(error),
        _ => cause.downcast_ref(),
    }
}

/// The file whose name is most like that of one that is not there.
fn out_of_missing_input(error: &SourceError) -> Option<String> {
    let path = Path::new(&error.input);
    let is_missing = error.cause.kind() == ErrorKind::NotFound;
    let meant = is_missing.then(|| nearest_file(path, Path::is_file)).flatten()?;
    Some(format!("did you mean {}?", meant.display()))
}

fn out_of_box_error(error: &BoxError) -> Option<String> {
    let file = |place: &str| if place == DEFAULT_BALLOTS { String::new() } else { format!(" --ballots {place}") };
    Some(match error {
        BoxError::Missing(place) => {
            let file = file(place);
            format!(
                "make one with: votekit init{file} --candidate NAME --candidate NAME\n\
                 or with the first vote: votekit vote{file} CANDIDATE"
            )
        }
        BoxError::NoVote(place) => {
            format!("make one with: votekit init --ballots {place} --candidate NAME --candidate NAME")
        }
        BoxError::Exists(_) => "choose another name, or move it away".to_owned(),
        BoxError::Unsafe { .. } | BoxError::Replaced { .. } => return None,
        BoxError::Newer { .. } => "it was left as it is; update votekit".to_owned(),
        BoxError::Foreign { .. } => "it was left as it is; name another with --ballots FILE".to_owned(),
        BoxError::Damaged { place, .. } => {
            format!("it was left as it is; see what is wrong with: votekit check{}", file(place))
        }
        BoxError::Busy { .. } => "try again, and see which program has it open: fuser FILE".to_owned(),
        BoxError::Full { .. } => "make room and try again; the votes before are all there".to_owned(),
        BoxError::OutcomeUnknown { place, .. } => format!(
            "look with: votekit tally{}\n\
             what has a --key can be sent again with the same key, and counts once in any case",
            file(place)
        ),
        BoxError::ReadOnly { .. } | BoxError::Hidden { .. } | BoxError::HiddenFromAudience => return None,
        BoxError::Unreachable { .. } => "nothing was stored; try again when the server answers".to_owned(),
        BoxError::Candidate(_) | BoxError::Setup(_) | BoxError::Io { .. } | BoxError::ClockOff { .. } => return None,
    })
}

/// What helps where a file or a disk does not do what was asked of it.
fn out_of_io_error(cause: &Cause) -> Option<String> {
    let kind = match (cause.downcast_ref::<io::Error>(), cause.downcast_ref()) {
        (Some(error), _) => error.kind(),
        (_, Some(DatabaseError::Open { path, .. })) if !path.exists() => ErrorKind::NotFound,
        _ => return None,
    };
    let hint = match kind {
        ErrorKind::NotFound => "check the name; without a leading / it is looked up in the current folder",
        ErrorKind::PermissionDenied => "let its owner allow it (chmod), or run votekit as a user who may",
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room, or write to another disk, and try again",
        ErrorKind::ReadOnlyFilesystem => "write to another disk",
        ErrorKind::IsADirectory => "name a file in it",
        ErrorKind::NotADirectory => "check the name: a part of it before a / is a file",
        ErrorKind::AddrInUse => {
            "stop the program that listens there, or choose another port with --listen ADDRESS:PORT"
        }
        ErrorKind::AddrNotAvailable => "listen on an address of this machine, such as 127.0.0.1 or 0.0.0.0",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn out_of_group_error(error: &GroupError) -> &'static str {
    match error {
        GroupError::TooMany { .. } => {
            "ask for the largest with --top N, fewer if need be, or allow more with --memory 2GiB"
        }
        GroupError::Spill { .. } => "name another folder with TMPDIR=…, or allow more memory with --memory 2GiB",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message with the hint below.
    fn in_words(error: &anyhow::Error) -> String {
        let Explained { message, hint } = explained(error);
        hint.map_or(message.clone(), |hint| format!("{message}\n{hint}"))
    }

    #[test]
    fn the_way_out_stands_below_wherever_the_error_is_in_the_chain() {
        let missing = |place: &str| BoxError::Missing(place.to_owned());
        let text = in_words(&anyhow::Error::from(missing(DEFAULT_BALLOTS)));
        assert!(text.starts_with("there is no ballot file ballots.db\nmake one with: votekit init --cand"), "{text}");
        let text = in_words(&anyhow::Error::from(IntakeError::Box(missing("a.db"))).context("ended early"));
        assert!(text.starts_with("ended early: there is no ballot file a.db\nmake one with"), "{text}");
        assert!(text.ends_with("votekit vote --ballots a.db CANDIDATE"), "{text}");
        let text = in_words(&anyhow::Error::from(GroupError::TooMany { memory_bytes: 1 << 20 }));
        assert!(text.contains("1 MiB of memory\nask for the largest"), "{text}");
        assert_eq!(in_words(&anyhow::anyhow!("a").context("b")), "b: a");
    }

    #[test]
    fn what_the_library_cannot_know_is_said_in_the_words_of_the_command() {
        let missing = anyhow::Error::from(Refusal::VoterMissing).context("the vote was not stored");
        assert_eq!(in_words(&missing), "the vote was not stored: this vote asks who votes: add --voter ID");
        let read = IntakeError::Read(std::io::Error::other("gone"));
        assert_eq!(in_words(&read.into()), "cannot read the ballots on stdin: gone");
    }
}
