//! How a vote is opened, closed and changed while it runs. A store reads the settings, asks [`Change::apply`] and writes what
//! it says, all in one write transaction: no vote is decided by half of a change.
use super::errors::BoxError;
use super::settings::{Hiding, Opening, Settings};
use super::time::Moment;

/// A change of a vote's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Take no more votes from now on.
    Close,
    /// Take votes from now on.
    Open,
    /// Settings one by one; those that are not named stay.
    Set(Box<NewSettings>),
}

/// Settings to change; `None` leaves one as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewSettings {
    /// The new [`Settings::title`]; None leaves it as it is.
    pub title: Option<String>,
    /// The new [`Settings::opens`]; None leaves it as it is.
    pub opens: Option<Option<Moment>>,
    /// The new [`Settings::closes`]; None leaves it as it is.
    pub closes: Option<Option<Moment>>,
    /// The new [`Settings::votes_per_voter`]; None leaves it as it is.
    pub votes_per_voter: Option<Option<u32>>,
    /// The new [`Settings::change_allowed`]; None leaves it as it is.
    pub change_allowed: Option<bool>,
    /// The new [`Settings::hide_results`]; None leaves it as it is.
    pub hide_results: Option<Hiding>,
    /// The new [`Settings::once_per_browser`]; None leaves it as it is.
    pub once_per_browser: Option<bool>,
}

/// What a change comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The settings from now on.
    pub settings: Settings,
    /// What is different, each in words for people: `it closes at …`. Empty: nothing is, and nothing is written.
    pub what: Vec<String>,
}

/// An entry of a vote's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// The second in which it was written.
    pub at: Moment,
    /// What happened, in words for people.
    pub what: String,
}

impl Change {
    /// The settings after this change at `now`.
    ///
    /// # Errors
    /// [`BoxError::Setup`] when they contradict each other or the [`Limits`](super::Limits).
    pub fn apply(&self, settings: &Settings, now: Moment) -> Result<Changed, BoxError> {
        let (settings, what) = match self {
            Change::Close => close(settings.clone(), now),
            Change::Open => open(settings.clone(), now),
            Change::Set(new) => set(new, settings.clone(), now)?,
        };
        match settings.contradiction() {
            Some(problem) => Err(BoxError::Setup(problem)),
            None => Ok(Changed { settings, what }),
        }
    }
}

fn close(mut settings: Settings, now: Moment) -> (Settings, Vec<String>) {
    if settings.opening(now) == Opening::Closed {
        return (settings, Vec::new());
    }
    let mut what = vec!["closed".to_owned()];
    if let Some(opens) = settings.opens.filter(|opens| *opens >= now) {
        settings.opens = None;
        what.push(format!("the opening time {opens} was taken away"));
    }
    settings.closes = Some(now);
    (settings, what)
}

fn open(mut settings: Settings, now: Moment) -> (Settings, Vec<String>) {
    if settings.opening(now) == Opening::Open {
        return (settings, Vec::new());
    }
    let mut what = vec!["opened".to_owned()];
    if settings.opens.is_some_and(|opens| now < opens) {
        settings.opens = Some(now);
    }
    if let Some(closes) = settings.closes.filter(|closes| now >= *closes) {
        settings.closes = None;
        what.push(format!("the closing time {closes}, which had passed, was taken away"));
    }
    (settings, what)
}

fn set(new: &NewSettings, mut settings: Settings, now: Moment) -> Result<(Settings, Vec<String>), BoxError> {
    let mut what = Vec::new();
    if let Some(title) = new.title.as_ref().filter(|title| **title != settings.title) {
        what.push(format!("the title is {title:?}"));
        settings.title = title.clone();
    }
    if let Some(opens) = new.opens.filter(|opens| *opens != settings.opens) {
        what.push(opens.map_or("it is open from the beginning".to_owned(), |at| format!("it opens at {at}")));
        settings.opens = opens;
    }
    if let Some(closes) = new.closes.filter(|closes| *closes != settings.closes) {
        if let Some(past) = closes.filter(|closes| *closes <= now) {
            let problem =
                format!("the closing time {past} is in the past, and it is {now}: to close it now, use close");
            return Err(BoxError::Setup(problem));
        }
        what.push(closes.map_or("it does not close by itself".to_owned(), |at| format!("it closes at {at}")));
        settings.closes = closes;
    }
    if let Some(votes) = new.votes_per_voter.filter(|votes| *votes != settings.votes_per_voter) {
        what.push(
            votes.map_or("voters have any number of votes".to_owned(), |votes| format!("votes per voter: {votes}")),
        );
        settings.votes_per_voter = votes;
    }
    if let Some(allowed) = new.change_allowed.filter(|allowed| *allowed != settings.change_allowed) {
        what.push(format!("votes can{} be changed", if allowed { "" } else { "not" }));
        settings.change_allowed = allowed;
    }
    if let Some(hiding) = new.hide_results.filter(|hiding| *hiding != settings.hide_results) {
        let whom = match hiding {
            Hiding::Nobody => "nobody",
            Hiding::UntilClosed => "everybody until the vote closes",
            Hiding::Audience => "the audience",
        };
        what.push(format!("results are hidden from {whom}"));
        settings.hide_results = hiding;
    }
    if let Some(once) = new.once_per_browser.filter(|once| *once != settings.once_per_browser) {
        what.push(format!("{} vote per browser", if once { "one" } else { "more than one" }));
        settings.once_per_browser = once;
    }
    Ok((settings, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(opens: Option<i64>, closes: Option<i64>) -> Settings {
        Settings { opens: opens.map(Moment), closes: closes.map(Moment), ..Settings::default() }
    }

    #[test]
    fn it_is_closed_and_opened_whatever_its_times_were() {
        for (opens, closes) in
            [(None, None), (Some(10), None), (Some(90), Some(99)), (Some(50), Some(51)), (None, Some(99))]
        {
            let closed = Change::Close.apply(&between(opens, closes), Moment(50)).unwrap();
            assert_eq!(closed.settings.opening(Moment(50)), Opening::Closed, "{opens:?} {closes:?}");
            assert!(!closed.what.is_empty());
            assert_eq!(
                Change::Close.apply(&closed.settings, Moment(51)).unwrap().what,
                [""; 0],
                "it is closed already"
            );
            let opened = Change::Open.apply(&closed.settings, Moment(60)).unwrap();
            assert_eq!(opened.settings.opening(Moment(1_000_000)), Opening::Open);
            assert!(opened.what[1].contains("which had passed, was taken away"), "{:?}", opened.what);
        }
        let early = Change::Open.apply(&between(Some(90), Some(99)), Moment(50)).unwrap();
        assert_eq!((early.settings.opens, early.settings.closes), (Some(Moment(50)), Some(Moment(99))));
    }

    #[test]
    fn single_settings_are_changed_and_no_closing_time_is_in_the_past() {
        let set = |new: NewSettings| Change::Set(Box::new(new)).apply(&between(Some(10), Some(99)), Moment(50));
        let closes = |at| NewSettings { closes: Some(at), ..NewSettings::default() };
        assert_eq!(set(closes(Some(Moment(70)))).unwrap().settings, between(Some(10), Some(70)));
        assert_eq!(set(closes(None)).unwrap().settings, between(Some(10), None));
        assert_eq!(set(closes(Some(Moment(99)))).unwrap().what, [""; 0]);
        assert!(matches!(set(closes(Some(Moment(50)))), Err(BoxError::Setup(_))));
        let both =
            NewSettings { once_per_browser: Some(true), votes_per_voter: Some(Some(1)), ..NewSettings::default() };
        assert!(matches!(set(both), Err(BoxError::Setup(_))));
    }
}
