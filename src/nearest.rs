//! Finds the known name, or the existing file, most similar to what was typed.
use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

/// Jaro similarity (0.0 to 1.0) from which a name counts as a misspelling of another; clap uses the same.
const LIKENESS_LEAST: f64 = 0.7;
/// Letters from which one slip is a misspelling: any two names of one letter are one slip apart.
const SLIP_LETTERS_LEAST: usize = 3;
/// Slips in the name of a file, the most.
const SLIPS_MOST: usize = 2;

/// The most similar of `names`, ignoring case; None if none is similar enough.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let rated = names.into_iter().filter_map(|name| Some((Likeness::of(typed, name)?, name)));
    rated.min_by_key(|(likeness, _)| *likeness).map(|(_, name)| name)
}

/// The file beside the missing `path` whose name is most similar, among those that `is_meant` accepts. Hidden files never are.
pub fn nearest_file(path: &Path, is_meant: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let typed = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut rated: Vec<(Likeness, String)> = names
        // One of this very name has appeared since it was missing: that is no other file.
        .filter(|name| !name.starts_with('.') && name != typed)
        .filter_map(|name| Some((Likeness::of_files(typed, &name)?, name)))
        .collect();
    rated.sort();
    // The best first, so that few files have to be opened.
    rated.into_iter().map(|(_, name)| path.with_file_name(name)).find(|file| is_meant(file))
}

/// Whether `typed` is `name` with a slip or two, rather than a name of its own: `day1` and `day2` are two names.
pub fn is_slip(typed: &str, name: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|letter| !letter.is_numeric()).collect::<String>();
    strsim::osa_distance(&typed.to_lowercase(), &name.to_lowercase()) <= SLIPS_MOST && letters(typed) != letters(name)
}

/// How similar two names are; the more similar, the less. Slips come first, since Jaro finds `date` more like `dya` than `day`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Likeness {
    /// Letters added, left out, changed, or swapped with the next.
    slips: usize,
    /// Jaro similarity, in millionths.
    jaro: Reverse<u32>,
}

impl Likeness {
    /// None if `name` is not similar enough.
    fn of(typed: &str, name: &str) -> Option<Self> {
        let (typed, name) = (typed.to_lowercase(), name.to_lowercase());
        let slips = strsim::osa_distance(&typed, &name);
        let jaro = strsim::jaro(&typed, &name);
        let is_slip = slips <= 1 && typed.chars().count() >= SLIP_LETTERS_LEAST;
        (is_slip || jaro > LIKENESS_LEAST).then_some(Likeness { slips, jaro: Reverse((jaro * 1e6) as u32) })
    }

    /// The same for names of files. What makes `a.log` and `b.log` alike is only that both are logs, and names with other endings
    /// are of other files but for a slip or two.
    fn of_files(typed: &str, name: &str) -> Option<Self> {
        match (typed.rsplit_once('.'), name.rsplit_once('.')) {
            (Some((typed, kind)), Some((name, same))) if kind == same => Self::of(typed, name),
            _ => Self::of(typed, name).filter(|likeness| likeness.slips <= SLIPS_MOST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name_and_other_words_find_none() {
        let names = ["uid", "event_name", "time", "Zeit"];
        for (typed, expected) in [
            ("event-name", Some("event_name")),
            ("tiem", Some("time")),
            ("EVENTNAME", Some("event_name")),
            ("zeit", Some("Zeit")),
            ("size", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), expected, "{typed}");
        }
        assert_eq!(nearest("a", []), None);
    }

    #[test]
    fn one_slip_is_nearer_than_what_merely_has_the_same_letters() {
        assert_eq!(nearest("dya", ["date", "day"]), Some("day"));
        assert_eq!(nearest("logsm", ["close", "logsum"]), Some("logsum"));
        assert_eq!(nearest("a", ["b"]), None);
    }

    #[test]
    fn a_longer_name_and_another_number_are_no_slips() {
        for (typed, name, expected) in [
            ("baord.db", "board.db", true),
            ("bord.db", "board.db", true),
            ("board_copy.db", "board.db", false),
            ("round2.db", "round1.db", false),
            ("round10.db", "round9.db", false),
        ] {
            assert_eq!(is_slip(typed, name), expected, "{typed}");
        }
    }

    #[test]
    fn files_are_compared_by_what_tells_them_apart() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["cdn.log", "cdn.log.1", "b.log", ".cdm.log"] {
            fs::write(at(name), "").unwrap();
        }
        let any = |typed: &str| nearest_file(&at(typed), |_| true);
        for (typed, expected) in [("cnd.log", "cdn.log"), ("cdn.log.2", "cdn.log.1"), ("cdn.lgo", "cdn.log")] {
            assert_eq!(any(typed), Some(at(expected)), "{typed}");
        }
        assert_eq!(any("a.log"), None, "b.log is another log");
        assert_eq!(any("no/cdn.log"), None);
        assert_eq!(nearest_file(&at("cdn.log.2"), |path| path.ends_with("cdn.log")), Some(at("cdn.log")));
        assert_eq!(nearest_file(&at("b.log"), |_| true), None);
        assert_eq!(nearest_file(Path::new("/"), |_| true), None);
    }
}
