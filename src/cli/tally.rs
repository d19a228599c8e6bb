//! `votekit tally`: what the votes add up to.
use votekit::ballot::{Clock, Opening, Span, SystemClock, Tally};
use votekit::report::{Report, Value};

use super::ballots::{BallotFile, local, moment};
use super::console::Console;
use super::output::{self, Format};

const EXAMPLES: &str = "\
Examples:
  votekit tally                               every candidate, the total, and the last 10 minutes
  votekit tally --recent                      the votes of the last 10 minutes, as a bare number
  votekit tally --window 1h                   of the last hour
  votekit tally --at '2026-11-24 20:00'       as it was then (local time; 2026-11-24T20:00:00Z for UTC)
  votekit tally --format json | jq .total_votes

plain and csv hold a row a candidate: id, name, votes. A window holds the votes of its whole seconds: 10m at 20:00:00 those
from 19:50:01 to 20:00:00.";

/// Count the votes
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// How far back "recent" reaches: 90s, 10m, 1h30m, 2d
    #[arg(long, value_name = "SPAN", default_value_t = Span::TEN_MINUTES)]
    window: Span,
    /// The number of recent votes and nothing else
    #[arg(long)]
    recent: bool,
    /// As of another time: 2026-11-24T20:00:00Z, or local 2026-11-24 20:00
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, it cannot be read, or stdout cannot be written.
    pub fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let at = self.at.as_deref().map(|text| moment("--at", text)).transpose()?;
        let mut votes = self.file.open()?;
        let now = SystemClock.now();
        let tally = match at {
            Some(at) => votes.tally_at(self.window, at, now),
            None => votes.tally(self.window, now),
        };
        let tally = tally.map_err(|error| self.file.explain(error))?;
        if at.is_none() && tally.votes_after > 0 {
            console.warn(&format!(
                "{} votes carry a later time than now, so they are in no window: was a clock set back?",
                tally.votes_after
            ));
        }
        let report =
            if self.recent { Report::figure("recent_votes", tally.votes_in_window) } else { report(&tally, format) };
        output::print(&report, format, console)
    }
}

fn report(tally: &Tally, format: Format) -> Report {
    // Programs get the three columns they count on; people and JSON more.
    let rich = matches!(format, Format::Table | Format::Json);
    let columns: &[&str] = if rich { &["id", "name", "votes", "share", "leading"] } else { &["id", "name", "votes"] };
    let mut report = Report::table("candidates", columns);
    let most = tally.candidates.iter().map(|total| total.votes).max().unwrap_or(0);
    for total in &tally.candidates {
        let shown = |value: Value| if tally.hidden { Value::Null } else { value };
        let mut row = vec![
            Value::Count(total.candidate.id.unsigned_abs().into()),
            total.candidate.name.as_str().into(),
            shown(total.votes.into()),
        ];
        if rich {
            let share = total.votes as f64 / tally.votes_total.max(1) as f64;
            row.push(shown(Value::Share(share)));
            row.push(shown(Value::Flag(total.votes == most && most > 0)));
        }
        report.row(row);
    }
    if !tally.settings.title.is_empty() {
        report.beside("title", tally.settings.title.as_str());
    }
    report.beside("total_votes", tally.votes_total);
    report.beside("recent_votes", tally.votes_in_window);
    report.beside("window_secs", u64::from(tally.window.secs));
    report.beside("at", local(tally.at));
    let state = match tally.opening {
        Opening::NotOpenYet => "not open yet",
        Opening::Open => "open",
        Opening::Closed => "closed",
    };
    report.beside("state", state);
    for (name, time) in [("opens", tally.settings.opens), ("closes", tally.settings.closes)] {
        if let Some(time) = time {
            report.beside(name, local(time));
        }
    }
    if tally.hidden {
        report.beside("results", "hidden until the vote closes");
    }
    report
}
