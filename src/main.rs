//! Parse, run, exit code.
#![allow(missing_docs, reason = "a binary has no public items; what is shared is documented where it stands")]

mod cli;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use cli::Cli;
use cli::terminal::console::{Color, Console};
use cli::terminal::exit;
use votekit::dial;

fn main() -> ExitCode {
    exit::quiet_panics();
    // Before anything is parsed, so that no message can repeat it.
    if let Err(error) = dial::hide_password() {
        return exit::conclude(&error.into(), &Console::new(false, false, Color::Auto)).into();
    }
    let cli = Cli::read();
    let console = cli.console();
    let run = AssertUnwindSafe(|| cli.run(&console));
    let exit = match catch_unwind(run) {
        Ok(Ok(())) => exit::Exit::Done,
        Ok(Err(error)) => exit::conclude(&error, &console),
        Err(_panic) => exit::Exit::Failed,
    };
    exit.into()
}
