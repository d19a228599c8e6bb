//! Parse, run, exit code.
#![allow(missing_docs, reason = "a binary has no public items; what is shared is documented where it is declared")]

mod cli;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use cli::Cli;
use cli::terminal::exit::{self, Exit};
use votekit::dial;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let early = cli::early_console(&args);
    exit::quiet_panics(early.clone());
    // Before anything is parsed, so that no message can repeat it.
    if let Err(error) = dial::hide_password() {
        return exit::conclude(&error.into(), &early).into();
    }
    let cli = match Cli::read(&args, &early) {
        Ok(cli) => cli,
        Err(exit) => return exit.into(),
    };
    let console = cli.console();
    let run = AssertUnwindSafe(|| cli.run(&console));
    let exit = match catch_unwind(run) {
        Ok(Ok(())) => Exit::Done,
        Ok(Err(error)) => exit::conclude(&error, &console),
        Err(_panic) => Exit::Failed,
    };
    exit.into()
}
