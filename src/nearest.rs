//! The known name that is most like one that does not exist.

/// How alike two names must be (Jaro's measure, 0.0 to 1.0) for one to be a slip of the other; clap takes the same.
const LIKENESS_LEAST: f64 = 0.7;

/// The one of `names` that is most like `typed`, whatever the case; None if none is much like it.
pub fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let likeness = |name: &&str| strsim::jaro(&typed, &name.to_lowercase());
    let rated = names.into_iter().map(|name| (likeness(&name), name));
    let best = rated.reduce(|best, other| if other.0 > best.0 { other } else { best });
    best.filter(|(likeness, _)| *likeness > LIKENESS_LEAST).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

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
}
