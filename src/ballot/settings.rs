//! What one vote is called and what it allows.
use super::errors::BoxError;
use super::limits::{Limits, check_printable};
use super::time::Moment;

/// What a vote is called and what it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Shown above results; may be empty.
    pub title: String,
    /// The first second in which votes are taken; `None`: from the beginning.
    pub opens: Option<Moment>,
    /// The first second in which votes are no longer accepted; `None` if it never closes.
    pub closes: Option<Moment>,
    /// How many votes a voter has; every ballot must then name its voter. `None`: no limit.
    pub votes_per_voter: Option<u32>,
    /// Only listed voters may vote; every ballot must then name its voter.
    pub voters_only: bool,
    /// A voter may replace their latest vote.
    pub change_allowed: bool,
    /// From whom results are hidden.
    pub hide_results: Hiding,
    /// A browser votes once, as a cookie signed by the service says. That holds back a second click, not somebody who clears
    /// cookies or uses another browser. The browser then takes the place of the voter.
    pub once_per_browser: bool,
    /// Counts from 1 and grows with each reset: what was made for an earlier generation no longer counts.
    pub generation: u32,
}

/// From whom results are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hiding {
    /// Results are shown to everybody at any time.
    #[default]
    Nobody,
    /// Everybody, until the vote has closed.
    UntilClosed,
    /// The audience: the service tells nobody, the commands tell whoever may read the box.
    Audience,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            title: String::new(),
            opens: None,
            closes: None,
            votes_per_voter: None,
            voters_only: false,
            change_allowed: false,
            hide_results: Hiding::Nobody,
            once_per_browser: false,
            generation: 1,
        }
    }
}

/// Whether votes are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// [`Settings::opens`] is still to come.
    NotOpenYet,
    /// Votes are taken now.
    Open,
    /// [`Settings::closes`] has passed, or somebody closed the vote.
    Closed,
}

impl Settings {
    /// Whether votes are taken at `now`: from `opens` on, until just before `closes`.
    pub fn opening(&self, now: Moment) -> Opening {
        if self.closes.is_some_and(|closes| now >= closes) {
            Opening::Closed
        } else if self.opens.is_some_and(|opens| now < opens) {
            Opening::NotOpenYet
        } else {
            Opening::Open
        }
    }

    /// Whether results are hidden from everybody at `now`.
    pub fn hides_results(&self, now: Moment) -> bool {
        self.hide_results == Hiding::UntilClosed && self.opening(now) != Opening::Closed
    }

    /// Whether a ballot must name its voter, and the voter is asked who they are. With
    /// [`once_per_browser`](Self::once_per_browser) nobody is asked: the service names the browser.
    pub fn asks_voter(&self) -> bool {
        !self.once_per_browser && (self.votes_per_voter.is_some() || self.voters_only)
    }

    /// How many votes a voter has, if that is limited.
    pub fn limit(&self) -> Option<u32> {
        if self.once_per_browser { Some(1) } else { self.votes_per_voter }
    }

    /// Checks that results may be shown at `now`.
    ///
    /// # Errors
    /// [`BoxError::Hidden`] where they may not.
    pub fn check_results_shown(&self, now: Moment) -> Result<(), BoxError> {
        if self.hides_results(now) { Err(BoxError::Hidden { closes: self.closes }) } else { Ok(()) }
    }

    /// How these settings contradict each other or the [`Limits`], if they do.
    pub fn contradiction(&self) -> Option<String> {
        if let (Some(opens), Some(closes)) = (self.opens, self.closes)
            && opens >= closes
        {
            return Some(format!("a vote that opens at {opens} cannot close at {closes}"));
        }
        if self.once_per_browser && (self.votes_per_voter.is_some() || self.voters_only) {
            return Some(
                "one vote per browser and votes per voter exclude each other: a vote that knows its voters counts them"
                    .into(),
            );
        }
        if self.votes_per_voter.is_some_and(|votes| !(1..=Limits::VOTES_PER_VOTER).contains(&votes)) {
            return Some(format!("a voter can have 1 to {} votes", Limits::VOTES_PER_VOTER));
        }
        if !self.title.is_empty() {
            return check_printable(&self.title).err().map(|why| format!("the title {why}"));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_is_open_from_its_opening_until_just_before_it_closes() {
        let settings = Settings { opens: Some(Moment(10)), closes: Some(Moment(20)), ..Settings::default() };
        let at = |secs| settings.opening(Moment(secs));
        assert_eq!(
            [at(9), at(10), at(19), at(20)],
            [Opening::NotOpenYet, Opening::Open, Opening::Open, Opening::Closed]
        );
        assert_eq!(Settings::default().opening(Moment(0)), Opening::Open);
    }
}
