//! Limits that hold in every vote, and what may be a name, an id or a key.
use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

/// The limits of every vote, whatever its settings and its store.
#[derive(Debug)]
pub struct Limits;

impl Limits {
    /// Candidates in one vote.
    pub const CANDIDATES: usize = 1_000;
    /// Characters in a candidate's name, a title, a voter's id or name, or a key.
    pub const NAME_CHARS: usize = 200;
    /// Characters in an opinion.
    pub const OPINION_CHARS: usize = 10_000;
    /// The highest value of [`Settings::votes_per_voter`](super::Settings::votes_per_voter).
    pub const VOTES_PER_VOTER: u32 = 1_000_000;
    /// Characters in what is said about a candidate.
    pub const ABOUT_CHARS: usize = 2_000;
    /// Bytes in a candidate's picture, which is kept in the ballot file.
    pub const PICTURE_BYTES: usize = 200_000;
    /// Bytes in a line of ballots: room for the longest opinion with every character escaped as in `\ud83d\ude00`.
    pub const LINE_BYTES: usize = 256 * 1024;
}

/// Why a text cannot be a name, an id or a key. Its message continues the subject: "the key is empty".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No characters at all.
    #[error("is empty")]
    Empty,
    /// It has this many characters, more than [`Limits::NAME_CHARS`].
    #[error("has {0} characters, {max} are allowed", max = Limits::NAME_CHARS)]
    TooLong(usize),
    /// A control character, which could steer a terminal.
    #[error("holds a control character")]
    Control,
    /// A space at an end, which would make two ids out of one.
    #[error("begins or ends with a space")]
    Spaced,
    /// Nothing but characters without a shape, which nobody could read or tell apart.
    #[error("has no visible character")]
    Invisible,
    /// A whole number, which would be read as a candidate's id.
    #[error("is a number, which would be taken for a candidate's id")]
    Number,
}

/// Checks the length and refuses control characters, which is all that titles are checked for.
pub(super) fn check_printable(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    // Bytes first: only the few texts that could be too long have their characters counted.
    if text.len() > Limits::NAME_CHARS {
        let chars = text.chars().count();
        if chars > Limits::NAME_CHARS {
            return Err(NameError::TooLong(chars));
        }
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::Control);
    }
    if !text.is_ascii() && text.chars().all(|c| c.is_whitespace() || is_shapeless(c)) {
        return Err(NameError::Invisible);
    }
    Ok(())
}

/// Checks a candidate's name: 1 to [`Limits::NAME_CHARS`] characters, no control characters, no space at either end, and not
/// a whole number, so that it is never mistaken for an id.
///
/// # Errors
/// The first of these that does not hold.
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

/// Checks a voter's id or a key: 1 to [`Limits::NAME_CHARS`] characters, no control characters, no space at either end, so
/// that a space typed by mistake does not make a second voter.
///
/// # Errors
/// The first of these that does not hold.
pub fn check_voter_id(id: &str) -> Result<(), NameError> {
    check_printable(id)?;
    let spaced = |c: Option<char>| c.is_some_and(char::is_whitespace);
    if spaced(id.chars().next()) || spaced(id.chars().next_back()) { Err(NameError::Spaced) } else { Ok(()) }
}

/// Equal for names that look the same to people: compatibility forms are unified (Unicode's NFKC: é as one character or
/// two, full-width letters), upper and lower case are one, characters without a shape are dropped, and blanks count as one
/// space. Ids of printable ASCII in lower case are their own key, and cost nothing.
pub fn visual_key(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| matches!(byte, b'!'..=b'~') && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    let nfkc = ComposingNormalizerBorrowed::new_nfkc();
    let shaped: String = name.chars().filter(|c| !is_shapeless(*c)).collect();
    // Upper case first: it unifies more, as ß and ss, or the two small sigmas.
    let folded: String =
        nfkc.normalize(&shaped).chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect();
    let mut key = String::with_capacity(folded.len());
    for word in nfkc.normalize(&folded).split_whitespace() {
        if !key.is_empty() {
            key.push(' ');
        }
        key.push_str(word);
    }
    if key == name { Cow::Borrowed(name) } else { Cow::Owned(key) }
}

/// Whether `c` leaves no mark: Unicode's default ignorable characters, and the empty Braille pattern.
fn is_shapeless(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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
            ("Ann", "ann", true),
            ("Stra\u{df}e", "STRASSE", true),
            ("Ann  Lee", "ann\u{a0}lee ", true),
            ("Ann\u{3164}", "Ann", true),
            ("Ann", "An", false),
            ("薯片", "林林", false),
        ] {
            assert_eq!(visual_key(one) == visual_key(other), same, "{one:?} {other:?}");
        }
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
            ("\u{200b}\u{3164}", NameError::Invisible),
            ("\u{2800}", NameError::Invisible),
            (&long, NameError::TooLong(201)),
        ] {
            assert_eq!(check_name(name), Err(why), "{name:?}");
        }
        assert_eq!(check_name(&long[..600]), Ok(()));
        for id in ["u17", "a.b@example.org", "9f3c-1"] {
            assert!(matches!(visual_key(id), Cow::Borrowed(key) if key == id), "{id} costs nothing");
        }
    }
}
