//! Finds the known name most similar to an unknown one.

/// Jaro similarity (0.0 to 1.0) from which a name counts as a misspelling of another; clap uses the same.
const LIKENESS_LEAST: f64 = 0.7;

/// The most similar of `names`, ignoring case; None if none is similar enough.
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
