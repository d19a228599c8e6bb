//! `votekit set`: changes the rules of a vote while it runs.
use votekit::ballot::{BoxError, Change, Hiding, NewSettings, SystemClock};

use super::ballots::{BallotFile, future_moment, moment, told};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;
use crate::cli::terminal::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit set --closes +10m              ten minutes from now
  votekit set --closes 22:30             today, in the zone of this machine
  votekit set --closes none              not by itself; see votekit close
  votekit set --title 'Second round' --hide-results audience

Running services and their pages show it within a second, and every vote written from then on is decided by the new rules. Each \
change is kept with its time: votekit history.";

/// From whom results are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum HideResults {
    /// From nobody
    Never,
    /// From everybody, until the vote has closed
    UntilClosed,
    /// From the audience: the page and the API hide them, the commands show them
    Audience,
}

impl From<HideResults> for Hiding {
    fn from(hide: HideResults) -> Self {
        match hide {
            HideResults::Never => Hiding::Nobody,
            HideResults::UntilClosed => Hiding::UntilClosed,
            HideResults::Audience => Hiding::Audience,
        }
    }
}

/// Change the title, times and rules of a running vote
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// What the vote is called
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// When voting begins: a time, +10m, or none
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    opens: Option<String>,
    /// When voting ends: a time, 22:30, +10m, or none
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    closes: Option<String>,
    /// How many votes a voter has, or any
    #[arg(long, value_name = "N|any")]
    votes_per_voter: Option<String>,
    /// Whether voters may change their latest vote
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    allow_change: Option<bool>,
    /// From whom results are hidden
    #[arg(long, value_name = "FROM")]
    hide_results: Option<HideResults>,
    /// Whether a browser votes once only, as a cookie says
    #[arg(long, value_name = "yes|no", value_parser = yes_or_no)]
    once_per_browser: Option<bool>,
    #[command(flatten)]
    file: BallotFile,
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "true" | "on" => Ok(true),
        "no" | "false" | "off" => Ok(false),
        _ => Err("write yes or no".into()),
    }
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When nothing is to be changed, when the rules would contradict each other, or the file cannot be written.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let votes_per_voter = self.votes_per_voter.as_deref().map(|text| match text {
            "any" | "none" => Ok(None),
            number => {
                let wrong = || exit::misuse(format!("--votes-per-voter {text:?} is not a number: write 1, or any"));
                number.parse().map(Some).map_err(|_| wrong())
            }
        });
        let none_or = |text: &Option<String>, read: &dyn Fn(&str) -> anyhow::Result<votekit::ballot::Moment>| {
            let read = |text: &str| if text == "none" { Ok(None) } else { read(text).map(Some) };
            text.as_deref().map(read).transpose()
        };
        let new = NewSettings {
            title: self.title,
            opens: none_or(&self.opens, &|text| moment("--opens", text))?,
            closes: none_or(&self.closes, &|text| future_moment("--closes", text))?,
            votes_per_voter: votes_per_voter.transpose()?,
            change_allowed: self.allow_change,
            hide_results: self.hide_results.map(Hiding::from),
            once_per_browser: self.once_per_browser,
        };
        if new == NewSettings::default() {
            return Err(exit::misuse(
                "nothing to set: give --title, --opens, --closes or another rule; see votekit set --help",
            ));
        }
        let mut votes = self.file.open(console)?;
        let changed = votes.change(&Change::Set(Box::new(new)), &SystemClock).map_err(|error| match error {
            BoxError::Setup(problem) => exit::misuse(problem),
            error => error.into(),
        })?;
        output::print(&told(&self.file, &changed, "it is so already", console), format, console)
    }
}
