//! What the commands of a vote share: the ballot file, the list of candidates, and times.
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use chrono::Local;
use votekit::ballot::{
    BallotBox, BoxError, Candidate, Candidates, Changed, Clock, Moment, NewCandidate, Opening, Setup, SystemClock,
};
use votekit::dial::{self, Address};
use votekit::nearest::{is_slip, nearest_file};
use votekit::report::{Report, Value};
use votekit::store;
use votekit::units::{DateOrder, DurationSecs, Zone};

use crate::cli::explain::DEFAULT_BALLOTS;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::{exit, times};

/// How a SQLite database begins (<https://sqlite.org/fileformat2.html>, 1.3).
const SQLITE_MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The option that names the ballot file.
#[derive(Debug, clap::Args)]
pub(super) struct BallotFile {
    // An empty variable counts as unset.
    #[arg(long, help = "The ballot file, or mysql://USER@HOST/DATABASE [default: ballots.db in this folder]", value_name = "FILE", env = "VOTEKIT_BALLOTS", hide_env_values = true, global = true, value_parser = Named::parse)]
    ballots: Option<Named>,
}

/// A place as it was typed, and as it may be shown: without a password.
#[derive(Debug, Clone)]
struct Named {
    typed: String,
    shown: String,
}

impl Named {
    #[expect(clippy::unnecessary_wraps, reason = "clap wants a Result")]
    fn parse(text: &str) -> Result<Self, std::convert::Infallible> {
        Ok(Named { typed: text.to_owned(), shown: dial::without_password(text) })
    }
}

impl BallotFile {
    /// Whether the user named one.
    #[cfg(feature = "serve")]
    pub(super) fn is_named(&self) -> bool {
        self.named().is_some()
    }

    fn named(&self) -> Option<&Named> {
        self.ballots.as_ref().filter(|named| !named.typed.is_empty())
    }

    /// Its path or URL, as it may be shown.
    pub(super) fn place(&self) -> &str {
        self.named().map_or(DEFAULT_BALLOTS, |named| &named.shown)
    }

    /// Its path or URL, with the password if it has one.
    pub(super) fn typed(&self) -> &str {
        self.named().map_or(DEFAULT_BALLOTS, |named| &named.typed)
    }

    /// Whether the votes are on a server.
    pub(super) fn is_on_server(&self) -> bool {
        Address::is_url(self.typed())
    }

    /// Refuses what `option` asks for where the votes are on a server.
    ///
    /// # Errors
    /// A usage error that says what to do `instead`.
    pub(super) fn refuse_on_server(&self, option: &str, instead: &str) -> anyhow::Result<()> {
        match self.is_on_server() {
            true => Err(exit::misuse(format!(
                "{option} is for ballot files, and {} is a database: {instead}",
                self.place()
            ))),
            false => Ok(()),
        }
    }

    /// Adds to a report which file it is about.
    pub(super) fn asked(&self, report: &mut Report) {
        report.asked("ballots", self.place());
    }

    /// Where its file is.
    pub(super) fn path(&self) -> &Path {
        Path::new(self.place().strip_prefix("sqlite://").unwrap_or(self.place()))
    }

    /// Opens it, and warns of what speaks against its being complete.
    ///
    /// # Errors
    /// When there is none, or it is something else.
    pub(super) fn open(&self, console: &Console) -> Result<Box<dyn BallotBox>, BoxError> {
        let votes = self.open_silently()?;
        self.warn_of_exposed_password(console);
        for doubt in votes.doubts() {
            console.warn(&format!("{}: {}", self.place(), doubt.problem));
        }
        Ok(votes)
    }

    /// Opens it.
    ///
    /// # Errors
    /// When there is none, or it is something else.
    pub(super) fn open_silently(&self) -> Result<Box<dyn BallotBox>, BoxError> {
        store::open(self.typed())
    }

    fn warn_of_exposed_password(&self, console: &Console) {
        let Ok(address) = Address::parse(self.typed()) else { return };
        if self.is_on_server()
            && let Ok(dial::Completed { exposed_file: Some(path), .. }) = dial::complete(address)
        {
            console
                .warn(&format!("{} holds a password and others can read it; chmod 600 keeps it yours", path.display()));
        }
    }

    /// Opens it, or creates a first one if there is none.
    ///
    /// # Errors
    /// When it can be neither opened nor made, or another one beside it has almost its name.
    pub(super) fn open_or_make(&self, console: &Console) -> anyhow::Result<Box<dyn BallotBox>> {
        match self.open(console) {
            Err(BoxError::Missing(_)) => {
                self.check_not_misspelled()?;
                Ok(self.make_first(console)?)
            }
            opened => Ok(opened?),
        }
    }

    /// Checks that a missing file was not meant to be another one: votes in a new file would be missing in that one.
    ///
    /// # Errors
    /// When there is a ballot file, or another SQLite database, of almost its name.
    pub(super) fn check_not_misspelled(&self) -> anyhow::Result<()> {
        let is_database = |path: &Path| {
            let mut head = [0; SQLITE_MAGIC.len()];
            File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *SQLITE_MAGIC
        };
        let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let typed = name(self.path());
        match nearest_file(self.path(), |path| is_slip(&typed, &name(path)) && is_database(path)) {
            None => Ok(()),
            Some(meant) => anyhow::bail!(
                "there is no {}: did you mean {}? votekit init --ballots {} makes a new one",
                self.place(),
                meant.display(),
                self.place()
            ),
        }
    }

    fn make_first(&self, console: &Console) -> Result<Box<dyn BallotBox>, BoxError> {
        let setup = Setup::first();
        match store::create(self.typed(), &setup) {
            Ok(votes) => {
                let candidates = Candidates::new(setup.candidates.iter().map(NewCandidate::candidate).collect());
                console.note(&format!("made {} with the candidates {}", self.place(), candidates.listed()));
                Ok(votes)
            }
            // Another process has made it since.
            Err(BoxError::Exists(_)) => self.open(console),
            Err(error) => Err(error),
        }
    }
}

/// The list of candidates.
pub(super) fn candidates_report(candidates: &[Candidate]) -> Report {
    let mut report = Report::table("candidates", &["candidate_id", "name"]);
    for candidate in candidates {
        report.row([Value::Count(candidate.id.unsigned_abs().into()), candidate.name.as_str().into()]);
    }
    report
}

/// The moment at which the time that was typed as `option` begins; on the clocks of this machine where it has no offset. `+10m`
/// is so long from now.
///
/// # Errors
/// A usage error if it is not a time, is a day of any year, or depends on a zone of this machine that is not known.
pub(super) fn moment(option: &str, text: &str) -> anyhow::Result<Moment> {
    if let Some(duration) = text.strip_prefix('+') {
        let wrong = |error| exit::misuse(format!("{option} {text:?}: {duration:?} is {error}"));
        let duration: DurationSecs = duration.parse().map_err(wrong)?;
        return Ok(Moment(SystemClock.now().0 + i64::from(duration.secs)));
    }
    let lacks_year = || exit::misuse(format!("{option} {text:?} lacks its year: write 2026-11-24"));
    let on_clocks_of = |zone: Zone| -> anyhow::Result<Moment> {
        let first = times::time(option, text, zone, DateOrder::default())?.first(zone);
        first.map(Moment).ok_or_else(lacks_year)
    };
    if on_clocks_of(Zone::UTC)? != on_clocks_of(Zone::Fixed(3600))? {
        check_time_zone(option)?;
    }
    on_clocks_of(Zone::Machine)
}

/// Reads a time in the future, as [`moment`] reads it.
///
/// # Errors
/// A usage error if it is not one.
pub(super) fn future_moment(option: &str, text: &str) -> anyhow::Result<Moment> {
    let at = moment(option, text)?;
    let now = SystemClock.now();
    if at > now {
        return Ok(at);
    }
    Err(exit::misuse(format!(
        "{option} {text:?} is in the past: it means {}, and it is {} now. Write the time with its day, or +10m for ten minutes \
         from now",
        local(at),
        local(now)
    )))
}

/// Checks that the zone that the environment names is one: otherwise local times would silently be taken as UTC.
fn check_time_zone(option: &str) -> anyhow::Result<()> {
    let Some(zone) = std::env::var("TZ").ok().filter(|zone| !zone.is_empty()) else { return Ok(()) };
    let name = zone.strip_prefix(':').unwrap_or(&zone);
    let folders = [
        std::env::var("TZDIR").unwrap_or_default(),
        "/usr/share/zoneinfo".into(),
        "/usr/lib/zoneinfo".into(),
        "/etc/zoneinfo".into(),
        "/usr/share/lib/zoneinfo".into(),
    ];
    let is_file =
        folders.iter().filter(|folder| !folder.is_empty()).any(|folder| Path::new(folder).join(name).is_file());
    // As POSIX writes zones: three letters or more, or <…>, and an offset.
    let letters = match name.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((_, offset)) => Some(offset),
        None => {
            Some(name.trim_start_matches(|c: char| c.is_ascii_alphabetic())).filter(|rest| name.len() >= rest.len() + 3)
        }
    };
    let is_posix =
        letters.is_some_and(|offset| offset.trim_start_matches(['+', '-']).starts_with(|c: char| c.is_ascii_digit()));
    match is_file || is_posix || matches!(name, "UTC" | "GMT" | "localtime") {
        true => Ok(()),
        false => Err(exit::misuse(format!(
            "{option} is in local time, and this machine does not know the zone TZ={zone}: correct TZ, or write the time with its \
             offset, as in 2026-11-24T20:00:00Z"
        ))),
    }
}

/// A time in the zone of this machine: `2026-11-24T20:00:00+08:00`.
pub(super) fn local(moment: Moment) -> String {
    moment.in_zone(&Local)
}

/// What a change came to: each thing that is different, or a note that `nothing` is; and the vote as it is now.
pub(super) fn told(file: &BallotFile, changed: &Changed, nothing: &str, console: &Console) -> Report {
    let settings = &changed.settings;
    if changed.what.is_empty() {
        console.note(&format!("{}: {nothing}", file.place()));
    }
    for what in &changed.what {
        console.note(&format!("{}: {what}", file.place()));
    }
    let time = |at: Option<Moment>| at.map(local).map_or(Value::Null, Value::from);
    let mut report = Report::table("settings", &["state", "opens", "closes", "title"]);
    file.asked(&mut report);
    let state = state_name(settings.opening(SystemClock.now()));
    report.row([state.into(), time(settings.opens), time(settings.closes), settings.title.as_str().into()]);
    report
}

/// Whether votes are taken, in a word.
pub(super) fn state_name(opening: Opening) -> &'static str {
    match opening {
        Opening::NotOpenYet => "not open yet",
        Opening::Open => "open",
        Opening::Closed => "closed",
    }
}
