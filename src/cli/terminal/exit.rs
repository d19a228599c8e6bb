//! Exit codes, and how an error reaches the user.
use std::io::{self, ErrorKind};
use std::process::ExitCode;

use super::console::Console;
use crate::cli::explain::{self, Explained};

/// The exit codes in `--help`, kept next to the codes so that both change together.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  failed: a file, the data or the database did not allow it
  2  used wrongly: an invalid option or value
  3  done in part: --keep-going left out what could not be read";

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The answer is complete.
    Done = 0,
    /// The command was valid but failed.
    Failed = 1,
    /// Usage error (clap exits with the same code).
    Misused = 2,
    /// An answer was printed, and it is not about all that was named.
    Partial = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Usage error: invalid option or value. Ends the run with [`Exit::Misused`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misuse(pub String);

/// A usage error with this message.
pub(crate) fn misuse(message: impl Into<String>) -> anyhow::Error {
    Misuse(message.into()).into()
}

/// What an answer lacks that was printed all the same. Ends the run with [`Exit::Partial`].
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct PartialAnswer(String);

/// The error after an answer that lacks something.
pub(crate) fn partial(message: impl Into<String>) -> anyhow::Error {
    PartialAnswer(message.into()).into()
}

/// The usage error for `what`, which needs the Cargo feature `feature` that this build does not have.
pub(crate) fn not_built_in(what: &str, feature: &str) -> anyhow::Error {
    misuse(format!("{what} is not built in: build votekit with --features {feature}, or with the default features"))
}

/// Reports `error` on stderr and returns the exit code. A closed pipe is not an error: `votekit … | head -1` ends quietly.
pub(crate) fn conclude(error: &anyhow::Error, console: &Console) -> Exit {
    if error.chain().any(is_closed_pipe) {
        return Exit::Done;
    }
    let is_misuse = |cause: &(dyn std::error::Error + 'static)| cause.is::<Misuse>() || explain::is_misuse(cause);
    let exit = match () {
        () if error.is::<PartialAnswer>() => Exit::Partial,
        () if error.chain().any(is_misuse) => Exit::Misused,
        () => Exit::Failed,
    };
    let Explained { message, hint } = explain::explained(error);
    console.error(&without_os_codes(&message), hint.as_deref(), exit as u8);
    exit
}

/// Reports a panic, which is always a bug, as one line instead of a backtrace.
pub(crate) fn quiet_panics(console: Console) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let cause = panic.payload_as_str().unwrap_or("unknown");
        let message = format!("this is a bug in votekit: {} ({place})", cause.replace('\n', " "));
        console.error(&message, Some("please report it with the command that you typed"), Exit::Failed as u8);
    }));
}

fn is_closed_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    let kind = |error: &io::Error| error.kind() == ErrorKind::BrokenPipe;
    cause.downcast_ref::<io::Error>().is_some_and(kind)
}

/// Removes the number from `No such file or directory (os error 2)`.
fn without_os_codes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(" (os error ") {
        let (before, after) = rest.split_at(start);
        out.push_str(before);
        match after.find(')') {
            Some(end) => rest = &after[end + 1..],
            None => {
                rest = after;
                break;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_codes_are_dropped_and_the_rest_is_kept() {
        assert_eq!(without_os_codes("a: No such file (os error 2): b"), "a: No such file: b");
        assert_eq!(without_os_codes("odd (os error 2"), "odd (os error 2");
    }
}
