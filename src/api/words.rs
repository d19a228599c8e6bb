//! What the page and the screen say, in each language: `page/words.….json` has every text once, for the templates and the
//! scripts. A text may have places for values: `{name} leads.`
use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use serde::{Deserialize, Serialize};

use super::figures::Time;

/// A struct of texts: a text that a file lacks or has too many fails the first test.
macro_rules! words {
    ($($name:ident,)*) => {
        #[derive(Debug, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct Words {
            /// The language as HTML names it.
            pub lang: String,
            $(pub $name: String,)*
            /// Why votes are refused, by the kind of problem; what is not here is told as the service tells it.
            pub problems: BTreeMap<String, String>,
        }
    };
}

words! {
    locale, time_shape, time_shape_secs, vote_title, about_page, skip, open, not_open_yet, closed, opens_at, closes_at, closed_at, result_so_far, result, all_votes, recent, span_second, span_seconds, span_minute, span_minutes, span_hour, span_hours, span_day, span_days, no_script, no_script_link, ballot_heading, candidates_heading, you_voted, sending, retry, again, change_mine, your_vote, voter_label, change_label, opinion_add, optional, opinion_label, send, send_for, stored_heading, stored_text, changed_heading, changed_text, repeated_text, refused_heading, refused_text, unavailable_heading, unavailable_text, hidden_for_good, hidden_until_closed, hidden_until, no_votes, leads, leads_said, won, won_said, tied, tied_closed, many_tied, many_tied_closed, comma, and, under, over, votes_one, votes_many, chip_winner, chip_leading, chip_tied, said_open, said_closed, said_not_open_yet, live, polled, lost, lost_said, back_said, service_silent, trouble, outcome_unknown, you_voted_said, refused_said, change_hint, too_long, how_to_vote, qr_label, closed_now, total_one, total_many, more, in_days, in_time,
}

static ENGLISH: LazyLock<Words> = LazyLock::new(|| read(include_str!("page/words.en.json")));
static CHINESE: LazyLock<Words> = LazyLock::new(|| read(include_str!("page/words.zh-Hant.json")));

#[expect(clippy::expect_used, reason = "the files are part of the program, and a test reads them")]
fn read(text: &str) -> Words {
    serde_json::from_str(text).expect("the texts are complete")
}

impl Words {
    /// In the language that the sender of `headers` likes best: English unless it is Chinese.
    pub(super) fn for_reader(headers: &HeaderMap) -> &'static Words {
        let lines = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok());
        let mut best = (0.0, "en");
        for range in lines.flat_map(|line| line.split(',')) {
            let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight: f32 = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok()).unwrap_or(0.0);
            let language = tag.trim().split('-').next().unwrap_or_default();
            let known = ["en", "zh"].into_iter().find(|known| language.eq_ignore_ascii_case(known));
            if let Some(known) = known.filter(|_| weight > best.0) {
                best = (weight, known);
            }
        }
        if best.1 == "zh" { &CHINESE } else { &ENGLISH }
    }

    /// In English.
    #[cfg(test)]
    pub(super) fn english() -> &'static Words {
        &ENGLISH
    }

    /// All texts, for the scripts.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Why a vote is refused: by its `kind`, or as the service tells it.
    pub(super) fn problem<'a>(&'a self, kind: &str, told: &'a str) -> &'a str {
        kind.rsplit(':').next().and_then(|kind| self.problems.get(kind)).map_or(told, String::as_str)
    }
}

/// `text` with its places filled.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = text.to_owned();
    for (name, value) in values {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}

/// A piece of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part<'a> {
    Text(String),
    /// A name from data, which may be written in another direction.
    Name(&'a str),
    Time(Time),
}

/// `text` in pieces, its place `name` taken by `value`.
pub(super) fn parts<'a>(text: &str, name: &str, value: Vec<Part<'a>>) -> Vec<Part<'a>> {
    let place = format!("{{{name}}}");
    let Some((before, after)) = text.split_once(&place) else { return vec![Part::Text(text.to_owned())] };
    let mut all = vec![Part::Text(before.to_owned())];
    all.extend(value);
    all.push(Part::Text(after.to_owned()));
    all.retain(|part| *part != Part::Text(String::new()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_say_the_same_with_the_same_places() {
        let places = |words: &Words| {
            let texts: BTreeMap<String, serde_json::Value> = serde_json::from_str(&words.json()).unwrap();
            let places = |text: &str| {
                let mut names: Vec<_> =
                    text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap().to_owned()).collect();
                names.sort();
                names
            };
            texts.into_iter().filter_map(|(name, text)| Some((name, places(text.as_str()?)))).collect::<Vec<_>>()
        };
        assert_eq!(places(&ENGLISH), places(&CHINESE));
        assert_ne!(ENGLISH.send, CHINESE.send);
    }

    #[test]
    fn a_reader_gets_the_language_they_like_best() {
        for (line, lang) in [
            ("", "en"),
            ("zh-TW,zh;q=0.9,en;q=0.8", "zh-Hant"),
            ("en-GB,en;q=0.9,zh-TW;q=0.8", "en"),
            ("fr-FR,fr;q=0.9,zh-Hant-HK;q=0.5,en;q=0.4", "zh-Hant"),
            ("fr", "en"),
            ("zh;q=0", "en"),
            ("zh;q=x, *", "en"),
            ("ZH-hant", "zh-Hant"),
        ] {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, line.parse().unwrap())]);
            assert_eq!(Words::for_reader(&headers).lang, lang, "{line}");
        }
        assert_eq!(Words::for_reader(&HeaderMap::new()).lang, "en");
    }

    #[test]
    fn sentences_are_cut_where_names_stand() {
        let name = || vec![Part::Name("{x}")];
        let text = |text: &str| Part::Text(text.to_owned());
        assert_eq!(parts("{name} leads.", "name", name()), [Part::Name("{x}"), text(" leads.")]);
        assert_eq!(parts("for {name}", "name", name()), [text("for "), Part::Name("{x}")]);
        assert_eq!(fill("{a} of {b}", &[("a", "1"), ("b", "2")]), "1 of 2");
    }
}
