//! The sentences that the page and the screen share: figures in the words of a language.
use super::figures::{Share, Time, Unit, grouped, span};
use super::view::{View, most};
use super::words::{Part, Words, fill, parts};
use crate::ballot::{Moment, Opening};

/// `45.2 %`; empty if there are no votes at all.
pub(super) fn share_words(words: &Words, votes: u64, total: u64) -> String {
    match Share::of(votes, total) {
        Share::OfNothing => String::new(),
        Share::Under => words.under.clone(),
        Share::Over => words.over.clone(),
        Share::Exactly(share) => share,
    }
}

/// `In the last 10 minutes`
pub(super) fn recent_words(words: &Words, secs: u32) -> String {
    let (count, unit) = span(secs);
    let (one, many) = match unit {
        Unit::Second => (&words.span_second, &words.span_seconds),
        Unit::Minute => (&words.span_minute, &words.span_minutes),
        Unit::Hour => (&words.span_hour, &words.span_hours),
        Unit::Day => (&words.span_day, &words.span_days),
    };
    let span = fill(if count == 1 { one } else { many }, &[("count", &count.to_string())]);
    fill(&words.recent, &[("span", &span)])
}

/// `1,234 votes`
pub(super) fn votes_words(words: &Words, votes: u64) -> String {
    fill(if votes == 1 { &words.votes_one } else { &words.votes_many }, &[("count", &grouped(votes))])
}

pub(super) fn time(words: &Words, moment: Moment) -> Time {
    Time::of(moment, [&words.time_shape, &words.time_shape_secs])
}

/// The result in a sentence.
pub(super) fn standing<'a>(view: &'a View) -> Vec<Part<'a>> {
    let words = view.words;
    if view.hidden {
        return match view.closes {
            _ if view.hidden_for_good => vec![Part::Text(words.hidden_for_good.clone())],
            Some(closes) => parts(&words.hidden_until, "time", vec![Part::Time(time(words, closes))]),
            None => vec![Part::Text(words.hidden_until_closed.clone())],
        };
    }
    let most = most(view);
    if most == 0 {
        return vec![Part::Text(words.no_votes.clone())];
    }
    let first = view.candidates.iter().filter(|candidate| candidate.votes == Some(most));
    let first: Vec<&str> = first.map(|candidate| candidate.name.as_str()).collect();
    let closed = view.opening == Opening::Closed;
    match first[..] {
        [name] => {
            let text = if closed { &words.won } else { &words.leads };
            let text = fill(text, &[("share", &share_words(words, most, view.votes_total))]);
            parts(&text, "name", vec![Part::Name(name)])
        }
        [_, _] | [_, _, _] => {
            parts(if closed { &words.tied_closed } else { &words.tied }, "names", list(words, &first))
        }
        _ => {
            let text = if closed { &words.many_tied_closed } else { &words.many_tied };
            vec![Part::Text(fill(text, &[("count", &first.len().to_string())]))]
        }
    }
}

/// `Ann, Bo and Cy`
fn list<'a>(words: &Words, names: &[&'a str]) -> Vec<Part<'a>> {
    let before = |index: usize| match index {
        0 => None,
        index if index + 1 == names.len() => Some(Part::Text(words.and.clone())),
        _ => Some(Part::Text(words.comma.clone())),
    };
    names.iter().enumerate().flat_map(|(index, name)| before(index).into_iter().chain([Part::Name(name)])).collect()
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::view;
    use super::*;

    fn said(view: &View) -> String {
        let text = |part| match part {
            Part::Text(text) => text,
            Part::Name(name) => format!("<{name}>"),
            Part::Time(time) => time.iso,
        };
        standing(view).into_iter().map(text).collect()
    }

    #[test]
    fn the_result_in_a_sentence() {
        assert_eq!(said(&view(&[0, 0])), "No votes yet.");
        assert_eq!(said(&view(&[3, 1])), "<c1> leads with 75.0 % of the votes.");
        assert_eq!(said(&view(&[1, 0, 1])), "<c1> and <c3> are tied for the lead.");
        assert_eq!(said(&view(&[1, 1, 1])), "<c1>, <c2> and <c3> are tied for the lead.");
        assert_eq!(said(&view(&[1, 1, 1, 1])), "4 candidates are tied for the lead.");
        let closed = |votes: &[u64]| View { opening: Opening::Closed, ..view(votes) };
        assert_eq!(said(&closed(&[3, 1])), "<c1> won with 75.0 % of the votes.");
        assert_eq!(said(&closed(&[1, 1])), "<c1> and <c2> tied for first.");
        let hidden = View { hidden: true, ..view(&[3, 1]) };
        assert_eq!(said(&hidden), "The result comes when voting is closed.");
        let until = View { closes: Some(Moment(1_795_521_600)), ..hidden.clone() };
        assert_eq!(said(&until), "The result comes when voting closes: 2026-11-24T12:00:00Z.");
        let for_good = View { hidden_for_good: true, ..until };
        assert_eq!(said(&for_good), "The result is not shown here: those who hold the vote announce it.");
    }

    #[test]
    fn spans_as_people_read_them() {
        let words = Words::english();
        assert_eq!(
            [600, 60, 7200, 90].map(|secs| recent_words(words, secs)),
            ["In the last 10 minutes", "In the last minute", "In the last 2 hours", "In the last 90 seconds"]
        );
        assert_eq!([0, 1, 1234].map(|votes| votes_words(words, votes)), ["0 votes", "1 vote", "1,234 votes"]);
    }
}
