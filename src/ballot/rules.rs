//! The rules of a vote: what is allowed at all, and what this vote allows.
use icu_normalizer::ComposingNormalizerBorrowed;

use super::errors::Refusal;
use super::time::Moment;
use super::vote::Ballot;

/// What every vote keeps to. Stated in `--help`, kept by every store.
#[derive(Debug)]
pub struct Limits;

impl Limits {
    /// Candidates in a vote.
    pub const CANDIDATES: usize = 1_000;
    /// Characters in a candidate's name, a title, a voter's id or name, a key.
    pub const NAME_CHARS: usize = 200;
    /// Characters in an opinion.
    pub const OPINION_CHARS: usize = 10_000;
    /// Votes one voter may be given.
    pub const VOTES_PER_VOTER: u32 = 1_000_000;
    /// Bytes in a line of ballots: room for the longest opinion with every character escaped as in `\ud83d\ude00`.
    pub const LINE_BYTES: usize = 256 * 1024;
}

/// What a vote is called and what it allows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settings {
    /// Shown above results; may be empty.
    pub title: String,
    /// Before this no vote is taken.
    pub opens: Option<Moment>,
    /// From this on no vote is taken.
    pub closes: Option<Moment>,
    /// How many votes a voter has. Then every ballot must say who votes.
    pub votes_per_voter: Option<u32>,
    /// Only listed voters may vote. Then every ballot must say who votes.
    pub voters_only: bool,
    /// A voter may replace their latest vote.
    pub change_allowed: bool,
    /// Nobody is shown what the candidates got before `closes`.
    pub hide_until_closed: bool,
}

/// Whether votes are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Not yet.
    NotOpenYet,
    /// Yes.
    Open,
    /// No more.
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

    /// Whether results are hidden at `now`.
    pub fn hides_results(&self, now: Moment) -> bool {
        self.hide_until_closed && self.opening(now) != Opening::Closed
    }

    /// What these rules say to `ballot` at `now` before anything is looked up.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn admit(&self, ballot: &Ballot, now: Moment) -> Result<(), Refusal> {
        match (self.opening(now), self.opens, self.closes) {
            (Opening::NotOpenYet, Some(opens), _) => return Err(Refusal::NotOpenYet(opens)),
            (Opening::Closed, _, Some(closes)) => return Err(Refusal::Closed(closes)),
            _ => {}
        }
        if ballot.change && !self.change_allowed {
            return Err(Refusal::ChangeNotAllowed);
        }
        let asks_who = self.votes_per_voter.is_some() || self.voters_only || ballot.change;
        if asks_who && ballot.voter.is_none() {
            return Err(Refusal::VoterMissing);
        }
        Ok(())
    }

    /// Why these rules contradict themselves, if they do.
    pub fn contradiction(&self) -> Option<String> {
        if let (Some(opens), Some(closes)) = (self.opens, self.closes)
            && opens >= closes
        {
            return Some(format!("a vote that opens at {opens} cannot close at {closes}"));
        }
        if self.hide_until_closed && self.closes.is_none() {
            return Some("results can be hidden until the vote closes only if it closes: give a closing time".into());
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

/// Why a name, an id or a key cannot be one. Reads on after the thing's name: "the key is empty".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// Too many characters.
    #[error("has {0} characters, {max} are allowed", max = Limits::NAME_CHARS)]
    TooLong(usize),
    /// Control characters: they have no place in a name and could steer a terminal.
    #[error("holds a control character")]
    Control,
    /// Two names that look the same would not be.
    #[error("begins or ends with a space")]
    Spaced,
    /// Would be taken for an id.
    #[error("is a number, which would be taken for a candidate's id")]
    Number,
}

fn check_printable(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    // Bytes first: counting characters is for the few that could be too long.
    if text.len() > Limits::NAME_CHARS {
        let chars = text.chars().count();
        if chars > Limits::NAME_CHARS {
            return Err(NameError::TooLong(chars));
        }
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::Control);
    }
    Ok(())
}

/// Whether `name` can be a candidate's: 1 to [`Limits::NAME_CHARS`] characters, no control characters, no space around it,
/// and no whole number, so that it is never mistaken for an id.
///
/// # Errors
/// Why not.
pub fn check_name(name: &str) -> Result<(), NameError> {
    check_printable(name)?;
    if name.trim() != name {
        return Err(NameError::Spaced);
    }
    if name.parse::<i128>().is_ok() {
        return Err(NameError::Number);
    }
    Ok(())
}

/// What `name` is to the eye: two names that give the same are told apart by programs alone. Compatibility forms are unified
/// (Unicode's NFKC: an é of one character and one of two, full-width letters), characters without a shape are left out.
pub fn looks(name: &str) -> String {
    let without_shape = |c: &char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    let shaped: String = name.chars().filter(|c| !without_shape(c)).collect();
    ComposingNormalizerBorrowed::new_nfkc().normalize(&shaped).into_owned()
}

/// Whether `id` can identify a voter, or be a key: 1 to [`Limits::NAME_CHARS`] characters, no control characters, no space
/// around it, so that a space typed by mistake makes no second voter.
///
/// # Errors
/// Why not.
pub fn check_voter_id(id: &str) -> Result<(), NameError> {
    check_printable(id)?;
    let spaced = |c: Option<char>| c.is_some_and(char::is_whitespace);
    if spaced(id.chars().next()) || spaced(id.chars().next_back()) { Err(NameError::Spaced) } else { Ok(()) }
}

impl Ballot {
    /// What is wrong with this ballot in any vote.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check(&self) -> Result<(), Refusal> {
        if let Some(opinion) = &self.opinion {
            if opinion.len() > Limits::OPINION_CHARS {
                let chars = opinion.chars().count();
                if chars > Limits::OPINION_CHARS {
                    return Err(Refusal::OpinionTooLong(chars));
                }
            }
            if opinion.contains('\0') {
                return Err(Refusal::OpinionUnreadable);
            }
        }
        if let Some(voter) = &self.voter {
            check_voter_id(voter).map_err(Refusal::VoterUnreadable)?;
        }
        if let Some(key) = &self.key {
            check_voter_id(key).map_err(Refusal::KeyUnreadable)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_the_same() {
        for (one, other, same) in [
            ("Jos\u{e9}", "Jose\u{301}", true),
            ("\u{ff21}nn", "Ann", true),
            ("An\u{200b}n", "Ann", true),
            ("An\u{ad}n\u{202e}", "Ann", true),
            ("Ann", "ann", false),
            ("薯片", "林林", false),
        ] {
            assert_eq!(looks(one) == looks(other), same, "{one:?} {other:?}");
        }
    }
    use crate::ballot::Choice;

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

    #[test]
    fn names_that_cannot_be_mistaken() {
        for name in ["薯片", "a", "24 hours", "2.5", "O'Brien; DROP TABLE vote"] {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
        let long = "薯".repeat(201);
        for (name, why) in [
            ("", NameError::Empty),
            ("2", NameError::Number),
            ("-7", NameError::Number),
            ("+7", NameError::Number),
            ("99999999999999999999999", NameError::Number),
            (" a", NameError::Spaced),
            ("a\u{3000}", NameError::Spaced),
            ("a\nb", NameError::Control),
            (&long, NameError::TooLong(201)),
        ] {
            assert_eq!(check_name(name), Err(why), "{name:?}");
        }
        assert_eq!(check_name(&long[..600]), Ok(()));
    }

    #[test]
    fn what_no_vote_takes() {
        let mut ballot = Ballot::plain(Choice::Id(1));
        ballot.opinion = Some("薯".repeat(10_000));
        assert_eq!(ballot.check(), Ok(()));
        ballot.opinion = Some("薯".repeat(10_001));
        assert_eq!(ballot.check(), Err(Refusal::OpinionTooLong(10_001)));
        ballot.opinion = None;
        ballot.key = Some(String::new());
        assert_eq!(ballot.check(), Err(Refusal::KeyUnreadable(NameError::Empty)));
    }
}
