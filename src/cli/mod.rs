//! The command line: what was typed becomes options, and results become text. The only home of clap, indicatif and
//! `comfy_table`.
mod ballot;
mod draw;
mod explain;
mod help;
mod logsum;
mod q1;
pub(crate) mod terminal;
mod usage;

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::ballot::{backup, candidates, check, export, history, init, open_close, reset, serve, set, tally, vote};
use self::terminal::console::{Color, Console};
use self::terminal::exit::{self, Exit};
use self::terminal::output::Format;

/// Answers three questions: how many bytes were sent, how many users came back, what is the vote?
#[derive(Debug, Parser)]
#[command(name = "votekit", version, after_long_help = long_help(), max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  votekit logsum access.log --from 2019-08-24 --to 2019-08-25   how many bytes did the CDN send?
  votekit q1 events.tsv                                         how many users came back?
  votekit tally                                                 what is the vote?";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", exit::HELP)
}

/// The options that all commands share.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct Shared {
    /// How the result is written [default: table on a terminal, else plain]
    #[arg(long, global = true, value_name = "FORMAT")]
    format: Option<Format>,
    /// The same as --format json
    #[arg(long, global = true, hide = true, conflicts_with = "format")]
    json: bool,
    /// No progress bar, no notes; warnings and errors stay
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Say on stderr what was found out about the input
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

impl Shared {
    /// The format that was asked for, if one was.
    fn format(&self) -> Option<Format> {
        if self.json { Some(Format::Json) } else { self.format }
    }
}

/// A line for each command; each has a file of its own.
#[derive(Debug, Subcommand)]
enum Command {
    Backup(backup::Args),
    Candidates(candidates::Args),
    Check(check::Args),
    Close(open_close::CloseArgs),
    Export(export::Args),
    History(history::Args),
    Init(init::Args),
    Logsum(Box<logsum::Args>),
    Open(open_close::OpenArgs),
    #[command(alias = "retention")]
    Q1(Box<q1::Args>),
    Reset(reset::Args),
    Serve(serve::Args),
    Set(set::Args),
    Tally(tally::Args),
    Vote(vote::Args),
}

impl Cli {
    /// The command line `args`.
    ///
    /// # Errors
    /// The exit code where there is nothing left to run: help was asked for, or the command line makes no sense, which is
    /// reported.
    pub(crate) fn read(args: &[OsString], console: &Console) -> Result<Self, Exit> {
        let mut command = help::arranged(Cli::command());
        let matches = command.try_get_matches_from_mut(args);
        let parsed = matches.and_then(|matches| {
            let mut cli = Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
            if let (Command::Q1(args), Some((_, matches))) = (&mut cli.command, matches.subcommand()) {
                args.has_options = has_options(matches);
            }
            Ok(cli)
        });
        parsed.map_err(|error| usage::conclude(&error, &command, args, console))
    }

    /// The console that the shared options ask for.
    pub(crate) fn console(&self) -> Console {
        let is_json = self.shared.format() == Some(Format::Json);
        Console::new(self.shared.quiet, self.shared.verbose, self.shared.color, is_json)
    }

    /// Runs the command that was typed.
    ///
    /// # Errors
    /// What the user did wrong or what could not be done; [`exit::conclude`] reports it.
    pub(crate) fn run(self, console: &Console) -> anyhow::Result<()> {
        let format = Format::or_default(self.shared.format());
        match self.command {
            Command::Backup(args) => args.run(format, console),
            Command::Candidates(args) => args.run(format, console),
            Command::Check(args) => args.run(format, console),
            Command::Close(args) => args.run(format, console),
            Command::Export(args) => args.run(format, console),
            Command::History(args) => args.run(format, console),
            Command::Init(args) => args.run(format, console),
            Command::Logsum(args) => args.run(format, console),
            Command::Open(args) => args.run(format, console),
            Command::Q1(args) => args.run(format, console),
            Command::Reset(args) => args.run(format, console),
            Command::Serve(args) => args.run(console),
            Command::Set(args) => args.run(format, console),
            Command::Tally(args) => args.run(format, console),
            Command::Vote(args) => args.run(format, console),
        }
    }
}

/// The console before the command line `args` is parsed.
pub(crate) fn early_console(args: &[OsString]) -> Console {
    Console::early(usage::asks_for_json(args))
}

/// Whether an option other than `--format` was typed.
fn has_options(matches: &ArgMatches) -> bool {
    let is_typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    matches.ids().map(clap::Id::as_str).any(|id| !matches!(id, "format" | "json") && is_typed(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_makes_sense() {
        help::arranged(Cli::command()).debug_assert();
    }

    /// Services are set up by their environment.
    #[cfg(feature = "serve")]
    #[test]
    fn every_option_of_serve_has_its_variable() {
        let command = Cli::command();
        let serve = command.find_subcommand("serve").unwrap();
        for arg in serve.get_arguments().filter(|arg| !arg.is_hide_set() && !arg.is_global_set()) {
            let Some(name) = arg.get_long() else { continue };
            let variable = format!("VOTEKIT_SERVE_{}", name.to_uppercase().replace('-', "_"));
            let expected = if name == "help" { None } else { Some(variable.as_str()) };
            assert_eq!(arg.get_env().and_then(std::ffi::OsStr::to_str), expected, "--{name}");
        }
    }
}
