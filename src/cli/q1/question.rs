//! The question: who is in the cohort, and on which days its users are looked for.
use chrono::{Days, NaiveDate};
use clap::builder::NonEmptyStringValueParser;
use votekit::retention::{self, Question, SQL, TableNames};
use votekit::units::{DateOrder, Zone};

use crate::cli::terminal::{exit, times};

/// The install day of the text in sql/, which is asked unless options say otherwise.
const INSTALL_DAY: &str = "2017-04-01";
const EVENT: &str = "FIRST_INSTALL";
/// Days after the install, where no window is given.
const WINDOW: (u64, u64) = (1, 7);

/// The options that make the question.
#[derive(Debug, clap::Args)]
pub(super) struct QuestionArgs {
    /// The day of the install
    #[arg(long, value_name = "DAY", default_value = INSTALL_DAY, allow_hyphen_values = true)]
    install_day: String,
    /// First day to come back [default: a day after]
    #[arg(long, value_name = "DAY", visible_alias = "since", allow_hyphen_values = true)]
    from: Option<String>,
    /// Last day to come back, whole [default: 7 days after]
    #[arg(long, value_name = "DAY", visible_alias = "until", allow_hyphen_values = true)]
    to: Option<String>,
    /// The event that counts as an install [default: `FIRST_INSTALL`]
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// The column that says in each row when its user installed; then no event of an install is needed
    #[arg(long, value_name = "COLUMN", conflicts_with = "event", value_parser = NonEmptyStringValueParser::new())]
    install_column: Option<String>,
    /// The last day of which the events tell [default: judged by the events]
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    data_end: Option<String>,
    #[command(flatten)]
    clock: times::ClockArgs,
}

/// What is asked, with its days as dates.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) question: Question,
    pub(super) install_column: Option<String>,
    /// By whose clocks days begin.
    pub(super) zone: Zone,
    /// The last day of which the events tell, if it was given.
    pub(super) end: Option<NaiveDate>,
}

impl QuestionArgs {
    /// The question, with a window that follows the install day unless it was given.
    ///
    /// # Errors
    /// When a day is not one, or the install is not before the window.
    pub(super) fn resolve(&self) -> anyhow::Result<Asked> {
        let zone = self.clock.zone();
        let day = |option: &str, text: &str| times::day(option, text, zone, DateOrder::default());
        let install_day = day("--install-day", &self.install_day)?;
        let after = |days: u64| {
            let after = install_day.checked_add_days(Days::new(days));
            after.ok_or_else(|| {
                exit::misuse(format!("--install-day {install_day}: the calendar ends before the window does"))
            })
        };
        let typed = |option: &str, text: &Option<String>| text.as_ref().map(|text| day(option, text)).transpose();
        let from = typed("--from", &self.from)?.map_or_else(|| after(WINDOW.0), Ok)?;
        let to = typed("--to", &self.to)?.map_or_else(|| after(WINDOW.1), Ok)?;
        if from > to {
            return Err(exit::misuse(format!("the window ends before it begins: {from} is after {to}")));
        }
        if install_day >= from {
            return Err(exit::misuse(format!(
                "the install day {install_day} is not before the window from {from} to {to}, so that every install would count \
                 as coming back: give --install-day, --from and --to"
            )));
        }
        let event = self.event.clone().unwrap_or_else(|| EVENT.to_owned());
        let end = typed("--data-end", &self.data_end)?;
        let question = Question { install_day, from, to, event };
        Ok(Asked { question, install_column: self.install_column.clone(), zone, end })
    }
}

impl Asked {
    /// The question in SQL: without options the very file, otherwise with its values set before it.
    pub(super) fn sql(&self, names: &TableNames) -> String {
        let is_usual = self.zone == Zone::UTC
            && *names == TableNames::default()
            && QuestionArgs::usual().is_some_and(|usual| usual == self.question);
        if is_usual { SQL.to_owned() } else { retention::sql_with_values(&self.question, self.zone, names) }
    }

    /// How many days after the install the window begins and ends.
    pub(super) fn window(&self) -> (u32, u32) {
        let after = |day: NaiveDate| u32::try_from((day - self.question.install_day).num_days()).unwrap_or(0);
        (after(self.question.from), after(self.question.to))
    }

    /// What makes a user a member, in words.
    pub(super) fn membership(&self) -> String {
        match &self.install_column {
            Some(column) => format!("a {column}"),
            None => self.question.event.clone(),
        }
    }
}

impl QuestionArgs {
    fn usual() -> Option<Question> {
        let install_day: NaiveDate = INSTALL_DAY.parse().ok()?;
        let after = |days| install_day.checked_add_days(Days::new(days));
        Some(Question { install_day, from: after(WINDOW.0)?, to: after(WINDOW.1)?, event: EVENT.to_owned() })
    }
}
