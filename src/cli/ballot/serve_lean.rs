//! `votekit serve` in a build without it.
use std::ffi::OsString;

use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;

/// Put the vote on HTTP (not built in)
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whatever it would take.
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _options: Vec<OsString>,
}

impl Args {
    /// Says how to get it.
    ///
    /// # Errors
    /// Always.
    pub(crate) fn run(self, _console: &Console) -> anyhow::Result<()> {
        Err(exit::not_built_in("serve", "serve"))
    }
}
