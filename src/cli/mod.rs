//! The command line: what was typed becomes options, and results become text. The only home of clap, indicatif and
//! `comfy_table`.
mod ballot;
mod draw;
mod explain;
mod logsum;
mod q1;
pub(crate) mod terminal;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use self::ballot::{candidates, check, export, init, serve, tally, vote};
use self::terminal::console::{Color, Console};
use self::terminal::exit;
use self::terminal::output::Format;

/// Three questions at two in the morning: how many bytes did the CDN send, how many users came back, what is the vote?
#[derive(Debug, Parser)]
#[command(name = "votekit", version, after_help = exit::HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    shared: Shared,
    #[command(subcommand)]
    command: Command,
}

/// The options that all commands share.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
struct Shared {
    /// How the result is written [default: table on a terminal, else plain]
    #[arg(long, global = true, value_name = "FORMAT")]
    format: Option<Format>,
    /// No progress bar, no notes; warnings and errors stay
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Tell on stderr what was found out about the input
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    verbose: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,
}

/// A line for each command; each has a file of its own.
#[derive(Debug, Subcommand)]
enum Command {
    Candidates(candidates::Args),
    Check(check::Args),
    Export(export::Args),
    Init(init::Args),
    Logsum(logsum::Args),
    Q1(q1::Args),
    Serve(serve::Args),
    Tally(tally::Args),
    Vote(vote::Args),
}

impl Cli {
    /// The command line of this process; where it makes no sense, ends the process as clap does.
    pub(crate) fn read() -> Self {
        let mut command = Cli::command();
        let matches = command.get_matches_mut();
        let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut command).exit());
        if let (Command::Q1(args), Some((_, matches))) = (&mut cli.command, matches.subcommand()) {
            args.has_options = has_options(matches);
        }
        cli
    }

    /// The console that the shared options ask for.
    pub(crate) fn console(&self) -> Console {
        Console::new(self.shared.quiet, self.shared.verbose, self.shared.color)
    }

    /// Runs the command that was typed.
    ///
    /// # Errors
    /// What the user did wrong or what could not be done; [`exit::conclude`] reports it.
    pub(crate) fn run(self, console: &Console) -> anyhow::Result<()> {
        let format = Format::or_default(self.shared.format);
        match self.command {
            Command::Candidates(args) => args.run(format, console),
            Command::Check(args) => args.run(format, console),
            Command::Export(args) => args.run(format, console),
            Command::Init(args) => args.run(format, console),
            Command::Logsum(args) => args.run(format, console),
            Command::Q1(args) => args.run(format, console),
            Command::Serve(args) => args.run(console),
            Command::Tally(args) => args.run(format, console),
            Command::Vote(args) => args.run(format, console),
        }
    }
}

/// Whether an option other than `--format` was typed.
fn has_options(matches: &ArgMatches) -> bool {
    let is_typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    matches.ids().map(clap::Id::as_str).any(|id| id != "format" && is_typed(id))
}
