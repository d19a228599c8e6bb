//! `votekit tally`: counts the votes.
use std::path::PathBuf;
use std::time::Duration;

use votekit::ballot::{BallotBox, Clock, Moment, SystemClock, Tally};
use votekit::report::{Report, Value};
use votekit::scan::Input;
use votekit::units::DurationSecs;

use super::ballots::{BallotFile, local, moment, state_name};
use super::pace::{By, Pace};
use crate::cli::draw::picture::Bars;
use crate::cli::draw::pictures::{Picture, Pictures};
use crate::cli::terminal::console::Console;
use crate::cli::terminal::inputs;
use crate::cli::terminal::live::Live;
use crate::cli::terminal::output::{self, Format, Place};

const EXAMPLES: &str = "\
Examples:
  votekit tally                               every candidate, the total, and the last 10 minutes
  votekit tally --recent                      the votes of the last 10 minutes, as a bare number
  votekit tally --window 1h                   of the last hour
  votekit tally --watch --chart               bars that move as votes come in, until Ctrl-C
  votekit tally --by minute --svg pace.svg    how votes came in, as numbers and as a picture
  votekit tally --at '2026-11-24 20:00'       as it was then, on the clocks of this machine
  votekit tally --format json | jq .votes

plain and csv hold a row a candidate: id, name, votes. A window holds the votes of its whole seconds: 10m at 20:00:00 those \
from 19:50:01 to 20:00:00. Withdrawn votes are in no figure. Candidates that share the most votes are all leading.

While results are hidden, a table, JSON and --recent tell how many voted; plain, csv and pictures end with exit code 1.";

/// How often a watched file is polled: changes show within this time, and the window slides as smoothly.
const LOOK: Duration = Duration::from_millis(200);

/// Count the votes
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// How far back "recent" reaches: 90s, 10m, 1h30m, 2d
    #[arg(long, value_name = "SPAN", default_value_t = DurationSecs::TEN_MINUTES)]
    window: DurationSecs,
    /// The number of recent votes and nothing else
    #[arg(long, conflicts_with_all = ["chart", "by", "svg"])]
    recent: bool,
    /// As of another time, on this machine's clocks: 20:00, -2h, 2026-11-24 20:00; or 2026-11-24T20:00Z
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, conflicts_with_all = ["watch", "by"])]
    at: Option<String>,
    /// Show it again whenever it changes, until Ctrl-C; in place on a terminal
    #[arg(long)]
    watch: bool,
    /// How votes came in over time
    #[arg(long, value_name = "STEP")]
    by: Option<By>,
    /// Draw it in the terminal
    #[arg(long)]
    chart: bool,
    /// Draw it into an SVG picture
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    file: BallotFile,
}

/// What is shown of the votes, and how.
struct View {
    file: BallotFile,
    window: DurationSecs,
    recent: bool,
    at: Option<Moment>,
    by: Option<By>,
    pictures: Pictures,
    format: Format,
    watch: bool,
}

impl Args {
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no ballot file, it cannot be read, or stdout cannot be written.
    pub(crate) fn run(self, format: Format, console: &Console) -> anyhow::Result<()> {
        let at = self.at.as_deref().map(|text| moment("--at", text)).transpose()?;
        let pictures = Pictures::resolve(self.chart, self.svg, format)?;
        inputs::refuse_to_overwrite(&[Input::Path(self.file.path().to_owned())], "--svg", pictures.svg())?;
        let mut votes = self.file.open(console)?;
        let Args { window, recent, by, watch: watched, .. } = self;
        let view = View { file: self.file, window, recent, at, by, pictures, format, watch: watched };
        if watched {
            return watch(&mut *votes, &view, console);
        }
        let text = view.text(&mut *votes, SystemClock.now(), console)?;
        output::write_stdout(&text)
    }
}

/// Shows the votes whenever the file has changed or a second has passed.
fn watch(votes: &mut dyn BallotBox, view: &View, console: &Console) -> anyhow::Result<()> {
    let mut live = Live::new(view.format.traits().is_redrawn, console.colors_stdout());
    let mut last = None;
    loop {
        let now = SystemClock.now();
        let state = (votes.version()?, now);
        if last != Some(state) {
            // In a pipe, where each state stays, only a change of the votes is news, not the time.
            let changed = last.is_none_or(|(version, _)| version != state.0);
            if live.in_place() || changed {
                live.show(&view.text(votes, now, console)?)?;
            }
            last = Some(state);
        }
        std::thread::sleep(LOOK);
    }
}

impl View {
    /// `report` with what was asked.
    fn asked(&self, mut report: Report) -> Report {
        self.file.asked(&mut report);
        match self.by {
            Some(by) => report.asked("by", by.name()),
            None => report.asked("window_secs", u64::from(self.window.secs)),
        }
        report.asked("at", self.at.map(local));
        report
    }

    fn text(&self, votes: &mut dyn BallotBox, now: Moment, console: &Console) -> anyhow::Result<String> {
        let tally = match self.at {
            Some(at) => votes.tally_at(self.window, at, now)?,
            None => votes.tally(self.window, now)?,
        };
        // A rich format has more to say, and says that results are hidden; bare rows or a picture would be empty.
        let told = self.format.traits().is_rich && self.pictures.svg().is_none() || self.recent;
        if tally.hidden && (self.by.is_some() || !told) {
            return Err(tally.hidden_because().into());
        }
        if let Some(by) = self.by {
            let points = votes.pace(60, now)?;
            let pace = Pace::new(&tally, &points, by);
            self.pictures.write_svg(|| Picture::Timeline(pace.timeline()))?;
            let chart = self.pictures.chart(console, || Picture::Timeline(pace.timeline()));
            let report = || self.asked(pace.report());
            return chart.map_or_else(|| output::text(&report(), self.format, Place::Alone, console), Ok);
        }
        if self.at.is_none() && !self.watch && tally.votes_after > 0 {
            console.warn(&format!(
                "{} votes carry a later time than now and are in no window: was a clock set back?",
                tally.votes_after
            ));
        }
        self.pictures.write_svg(|| Picture::Bars(bars(&tally)))?;
        if self.recent {
            let report = self.asked(Report::figure("recent_votes", tally.votes_in_window));
            return output::text(&report, self.format, Place::Alone, console);
        }
        let mut report = self.asked(report(&tally, self.format));
        if let Some(chart) = self.pictures.chart(console, || Picture::Bars(bars(&tally))) {
            report.beside.retain(|(name, _)| name != "title");
            return Ok(chart + "\n" + &output::beside(&report, false));
        }
        let place = if self.watch { Place::InSeries } else { Place::Alone };
        output::text(&report, self.format, place, console)
    }
}

fn bars(tally: &Tally) -> Bars {
    let title = if tally.settings.title.is_empty() { "Votes" } else { &tally.settings.title };
    let bar = |total: &votekit::ballot::CandidateTotal| {
        let votes = if tally.hidden { Value::Null } else { total.votes.into() };
        (total.candidate.name.clone(), votes)
    };
    Bars { title: title.to_owned(), axis: "votes".to_owned(), bars: tally.candidates.iter().map(bar).collect() }
}

fn report(tally: &Tally, format: Format) -> Report {
    // Programs that read plain or csv rely on these three columns.
    let rich = format.traits().is_rich;
    let columns: &[&str] =
        if rich { &["candidate_id", "name", "votes", "share", "leading"] } else { &["candidate_id", "name", "votes"] };
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
    report.beside("votes", tally.votes_total);
    report.beside("recent_votes", tally.votes_in_window);
    report.beside("window_secs", u64::from(tally.window.secs));
    report.beside("at", local(tally.at));
    report.beside("state", state_name(tally.opening));
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
