//! The page where people vote and watch the result, rendered here without any script; the scripts beside it update it from each
//! event and sends votes without leaving the page.
//!
//! The template engine escapes all text from data. The page refers to no other host and needs no inline script or style, so
//! that the strictest Content-Security-Policy holds.
use std::borrow::Cow;

use askama::Template;

use super::assets::ASSETS;
use super::figures::{Time, bar_width, grouped};
use super::phrases::{recent_words, share_words, standing, time, votes_words};
use super::view::{Again, Notice, Shown, Typed, View, most};
use super::words::{Part, Words, fill, parts};
use crate::ballot::{CandidateId, Limits, Opening};

/// The whole page as HTML.
#[expect(clippy::expect_used, reason = "neither writing to a string nor displaying a value of the page can fail")]
pub(super) fn render(view: &View) -> String {
    Page::of(view).render().expect("a page of plain values is rendered")
}

/// The values of the template. The scripts use the same words.
#[derive(Template)]
#[template(path = "page.html")]
struct Page<'a> {
    base: &'a str,
    style: &'static str,
    script: &'static str,
    icon: &'static str,
    title: &'a str,
    state: &'static str,
    opens: Option<Time>,
    closes: Option<Time>,
    notice: Option<NoticeText<'a>>,
    words: &'static Words,
    json: String,
    /// The address of the page, if it is known.
    url: &'a str,
    standing: Vec<Part<'a>>,
    you_voted: Vec<Part<'a>>,
    sending: Vec<Part<'a>>,
    send_for: Vec<Part<'a>>,
    hidden_for_good: bool,
    votes_total: String,
    votes_recent: String,
    recent: String,
    asks_voter: bool,
    change_allowed: bool,
    again: Again,
    tag: &'a str,
    voted: Option<CandidateId>,
    generation: u32,
    key: &'a str,
    typed: &'a Typed,
    opinion_most: usize,
    rows: Vec<Row<'a>>,
    /// One row, for the script to copy.
    blank: [Row<'static>; 1],
}

/// A notice as the page writes it.
struct NoticeText<'a> {
    good: bool,
    heading: &'a str,
    text: Cow<'a, str>,
}

/// A candidate as the page writes it.
#[derive(Default)]
struct Row<'a> {
    id: CandidateId,
    name: &'a str,
    about: Option<&'a str>,
    picture: Option<&'a str>,
    votes: Option<String>,
    share: String,
    width: String,
    chip: &'a str,
    leads: bool,
    chosen: bool,
    /// This browser voted for it.
    mine: bool,
}

impl<'a> Page<'a> {
    fn of(view: &'a View) -> Self {
        let [style, script, icon, ..] = ASSETS.each_ref().map(|asset| asset.path.as_str());
        let words = view.words;
        let voted_name = view.candidates.iter().find(|candidate| Some(candidate.id) == view.voted);
        let voted_name = voted_name.map_or("", |candidate| &candidate.name);
        Page {
            base: &view.base,
            style,
            script,
            icon,
            title: if view.title.is_empty() { &words.vote_title } else { &view.title },
            state: view.state(),
            opens: view.opens.map(|at| time(words, at)),
            closes: view.closes.map(|at| time(words, at)),
            notice: view.notice.as_ref().map(|notice| NoticeText::of(words, notice)),
            words,
            json: words.json(),
            url: &view.url,
            standing: standing(view),
            you_voted: parts(&words.you_voted, "name", vec![Part::Name(voted_name)]),
            sending: parts(&words.sending, "name", vec![Part::Name("")]),
            send_for: parts(&words.send_for, "name", vec![Part::Name("")]),
            hidden_for_good: view.hidden && view.hidden_for_good,
            votes_total: grouped(view.votes_total),
            votes_recent: grouped(view.votes_recent),
            recent: recent_words(words, view.window_secs),
            asks_voter: view.asks_voter,
            change_allowed: view.change_allowed,
            again: view.again,
            tag: &view.tag,
            voted: view.voted,
            generation: view.generation,
            key: &view.key,
            typed: &view.typed,
            opinion_most: Limits::OPINION_CHARS,
            rows: rows(view),
            blank: [Row { width: bar_width(0, 0), ..Row::default() }],
        }
    }
}

impl<'a> NoticeText<'a> {
    fn of(words: &'a Words, notice: &'a Notice) -> Self {
        let good = |heading: &'a str, text: &'a str| NoticeText { good: true, heading, text: text.into() };
        match notice {
            Notice::Stored => good(&words.stored_heading, &words.stored_text),
            Notice::Changed => good(&words.changed_heading, &words.changed_text),
            Notice::Repeated => good(&words.stored_heading, &words.repeated_text),
            Notice::Refused(why) => {
                let text = fill(&words.refused_text, &[("why", why.trim_end_matches(['.', '!', '。']))]);
                NoticeText { good: false, heading: &words.refused_heading, text: text.into() }
            }
            Notice::Unavailable(why) => {
                let text = fill(&words.unavailable_text, &[("why", why)]);
                NoticeText { good: false, heading: &words.unavailable_heading, text: text.into() }
            }
        }
    }
}

/// The candidates in their order; when voting is over and nobody can press the wrong button, those with the most votes
/// first.
fn rows<'a>(view: &'a View) -> Vec<Row<'a>> {
    let words = view.words;
    let most = most(view);
    let first = view.candidates.iter().filter(|candidate| candidate.votes == Some(most)).count();
    let closed = view.opening == Opening::Closed;
    let chip = match (closed, first) {
        (true, 1) => &words.chip_winner,
        (false, 1) => &words.chip_leading,
        _ => &words.chip_tied,
    };
    let mut candidates: Vec<_> = view.candidates.iter().collect();
    if closed {
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.votes));
    }
    let row = |candidate: &'a Shown| {
        let votes = if view.hidden { None } else { candidate.votes };
        Row {
            id: candidate.id,
            name: &candidate.name,
            about: candidate.about.as_deref(),
            picture: candidate.picture.as_deref(),
            votes: votes.map(|votes| votes_words(words, votes)),
            share: votes.map_or_else(String::new, |votes| share_words(words, votes, view.votes_total)),
            width: bar_width(votes.unwrap_or(0), view.votes_total),
            chip,
            leads: most > 0 && votes == Some(most),
            chosen: view.typed.choice == Some(candidate.id),
            mine: view.voted == Some(candidate.id),
        }
    };
    candidates.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::view::tests::view;
    use super::*;

    #[test]
    fn hidden_votes_are_not_on_the_page_even_if_the_caller_passes_them() {
        let hidden = View { hidden: true, ..view(&[3, 1]) };
        assert!(!render(&hidden).contains("3 votes") && render(&view(&[3, 1])).contains("3 votes"));
    }

    #[test]
    fn the_most_votes_come_first_only_when_voting_is_over() {
        let ids = |view: &View| rows(view).iter().map(|row| row.id).collect::<Vec<_>>();
        let open = view(&[1, 3, 3, 2]);
        assert_eq!(ids(&open), [1, 2, 3, 4]);
        assert_eq!(ids(&View { opening: Opening::Closed, ..open }), [2, 3, 4, 1]);
    }

    #[test]
    fn text_from_data_is_text() {
        let hostile = "</textarea><img src=x onerror=\"a('b')\">&amp;";
        let mut view = View { title: hostile.into(), key: hostile.into(), asks_voter: true, ..view(&[1]) };
        view.candidates[0].name = hostile.into();
        view.candidates[0].about = Some(hostile.into());
        view.candidates[0].picture = Some(hostile.into());
        view.typed = Typed { voter: hostile.into(), opinion: format!("\n{hostile}"), choice: Some(1), change: true };
        view.notice = Some(Notice::Refused(hostile.into()));
        let html = render(&view);
        assert_eq!(html.matches("<img").count(), 1, "the candidate's picture alone: {html}");
        assert!(!html.contains("onerror=\"") && !html.contains("&amp;\""), "{html}");
        assert_eq!(html.matches("</textarea>").count(), 1);
        assert!(html.contains("data-most=\"10000\">\n\n&#60;/textarea"), "the first line break is kept: {html}");
    }

    #[test]
    fn all_paths_begin_with_the_base() {
        let mut view = View { base: "/poll".into(), ..view(&[1]) };
        view.candidates[0].picture = Some("/poll/pictures/1/a".into());
        let html = render(&view);
        for (at, _) in html.match_indices("=\"/") {
            assert!(html[at..].starts_with("=\"/poll"), "{}", &html[at..at + 40]);
        }
        assert!(html.matches("=\"/poll/").count() >= 6);
    }

    #[test]
    fn what_the_page_needs_is_at_the_paths_that_it_names() {
        let html = render(&view(&[1]));
        for asset in &ASSETS[..3] {
            assert!(html.contains(&format!("\"{}\"", asset.path)), "{}", asset.path);
            assert!(!asset.bytes.is_empty());
        }
    }
}
