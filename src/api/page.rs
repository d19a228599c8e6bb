//! The page where people vote and watch the result, rendered here without any script; the scripts beside it update it from each
//! event and sends votes without leaving the page.
//!
//! The template engine escapes all text from data. The page refers to no other host and needs no inline script or style, so
//! that the strictest Content-Security-Policy holds.
use std::borrow::Cow;

use askama::Template;

use super::assets::ASSETS;
use super::figures::{Time, bar_width, grouped, share_words, span_words};
use crate::ballot::{CandidateId, Limits, Moment, Opening};

/// What the page shows.
#[derive(Debug, Clone)]
pub(super) struct View {
    /// What the service's own paths begin with; may be empty.
    pub base: String,
    /// The vote's title; may be empty.
    pub title: String,
    /// Whether votes are taken.
    pub opening: Opening,
    /// When voting opens; None: it is open from the start.
    pub opens: Option<Moment>,
    /// When voting closes; None: never.
    pub closes: Option<Moment>,
    /// In the order of their ids.
    pub candidates: Vec<Shown>,
    /// All votes that count.
    pub votes_total: u64,
    /// Those cast in the last `window_secs`.
    pub votes_recent: u64,
    /// The length of what counts as recent.
    pub window_secs: u32,
    /// The candidates' votes are not to be shown.
    pub hidden: bool,
    /// They are not shown after the end either.
    pub hidden_for_good: bool,
    /// The form asks who votes.
    pub asks_voter: bool,
    /// The generation of the vote that this page shows.
    pub generation: u32,
    /// A voter may replace their latest vote.
    pub change_allowed: bool,
    /// Whether whoever has this page may cast another vote on it.
    pub again: Again,
    /// Names this vote in this generation, for what a browser remembers of it.
    pub tag: String,
    /// The candidate that this browser voted for; None shows the ballot.
    pub voted: Option<CandidateId>,
    /// The key of the vote that this page's form will cast: new on every page, but kept after an unknown outcome, so that
    /// another attempt counts once.
    pub key: String,
    /// The outcome of the vote that the form has just cast, if it has.
    pub notice: Option<Notice>,
    /// What is in the form: what was typed, if the vote was not stored.
    pub typed: Typed,
}

impl View {
    /// The word for its opening that styles and scripts know.
    pub(super) fn state(&self) -> &'static str {
        match self.opening {
            Opening::NotOpenYet => "not_open_yet",
            Opening::Open => "open",
            Opening::Closed => "closed",
        }
    }
}

/// What may follow a vote on the same page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing: a browser votes once.
    No,
    /// A vote in place of the browser's own.
    Change,
    /// Another vote, maybe somebody else's.
    Another,
}

/// A candidate as it is shown.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub id: CandidateId,
    pub name: String,
    /// What is said about it.
    pub about: Option<String>,
    /// The path of its picture.
    pub picture: Option<String>,
    /// None where they are hidden.
    pub votes: Option<u64>,
}

/// The outcome of a vote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Notice {
    Stored,
    /// It is stored in place of the voter's latest one.
    Changed,
    /// It was stored before, and counts once.
    Repeated,
    /// It is not stored, for this reason, which is part of a sentence: `voting closed at …`.
    Refused(String),
    /// It is not stored, or it is not known whether it is; sending it again is safe.
    Unavailable(String),
}

/// What was typed into the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Typed {
    pub voter: String,
    pub opinion: String,
    /// The candidate that was chosen.
    pub choice: Option<CandidateId>,
    /// Whether the latest vote is to be replaced.
    pub change: bool,
}

/// The whole page as HTML.
#[expect(clippy::expect_used, reason = "neither writing to a string nor displaying a value of the page can fail")]
pub(super) fn render(view: &View) -> String {
    Page::of(view).render().expect("a page of plain values is rendered")
}

/// The values of the template. the scripts use the same words.
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
    standing: Standing<'a>,
    leads: &'static str,
    are_tied: &'static str,
    votes_total: String,
    votes_recent: String,
    window: String,
    asks_voter: bool,
    change_allowed: bool,
    again: Again,
    tag: &'a str,
    voted: Option<CandidateId>,
    voted_name: &'a str,
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
    heading: &'static str,
    text: Cow<'a, str>,
}

/// The result in a sentence.
#[derive(Debug, PartialEq)]
pub(super) enum Standing<'a> {
    HiddenFromAll,
    HiddenUntilClosed,
    NoVotes,
    /// The name, and the share of the votes.
    Leads(&'a str, String),
    /// The names of two or three.
    Tied(Vec<&'a str>),
    /// How many, if more.
    ManyTied(usize),
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
    chip: &'static str,
    leads: bool,
    chosen: bool,
    /// This browser voted for it.
    mine: bool,
}

impl<'a> Page<'a> {
    fn of(view: &'a View) -> Self {
        let [style, script, icon, ..] = ASSETS.each_ref().map(|asset| asset.path.as_str());
        let closed = view.opening == Opening::Closed;
        Page {
            base: &view.base,
            style,
            script,
            icon,
            title: if view.title.is_empty() { "Vote" } else { &view.title },
            state: view.state(),
            opens: view.opens.map(Time::of),
            closes: view.closes.map(Time::of),
            notice: view.notice.as_ref().map(NoticeText::of),
            standing: Standing::of(view),
            leads: if closed { "won" } else { "leads" },
            are_tied: if closed { "tied for first" } else { "are tied for the lead" },
            votes_total: grouped(view.votes_total),
            votes_recent: grouped(view.votes_recent),
            window: span_words(view.window_secs),
            asks_voter: view.asks_voter,
            change_allowed: view.change_allowed,
            again: view.again,
            tag: &view.tag,
            voted: view.voted,
            voted_name: view
                .candidates
                .iter()
                .find(|candidate| Some(candidate.id) == view.voted)
                .map_or("", |candidate| &candidate.name),
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
    fn of(notice: &'a Notice) -> Self {
        match notice {
            Notice::Stored => NoticeText { good: true, heading: "Your vote is stored", text: ".".into() },
            Notice::Changed => NoticeText {
                good: true,
                heading: "Your vote is changed",
                text: ". It replaced your latest one.".into(),
            },
            Notice::Repeated => NoticeText {
                good: true,
                heading: "Your vote is stored",
                text: ". It was already, and counts once.".into(),
            },
            Notice::Refused(why) => NoticeText {
                good: false,
                heading: "Your vote is not stored",
                text: format!(": {}.", why.trim_end_matches(['.', '!'])).into(),
            },
            Notice::Unavailable(why) => {
                let text = format!(": {why}. Send it once more: your vote will count once.");
                NoticeText { good: false, heading: "Please try again", text: text.into() }
            }
        }
    }
}

impl<'a> Standing<'a> {
    pub(super) fn of(view: &'a View) -> Self {
        if view.hidden {
            return if view.hidden_for_good { Standing::HiddenFromAll } else { Standing::HiddenUntilClosed };
        }
        let most = most(view);
        if most == 0 {
            return Standing::NoVotes;
        }
        let first: Vec<&str> = view
            .candidates
            .iter()
            .filter(|candidate| candidate.votes == Some(most))
            .map(|candidate| candidate.name.as_str())
            .collect();
        match first[..] {
            [name] => Standing::Leads(name, share_words(most, view.votes_total)),
            [_, _] | [_, _, _] => Standing::Tied(first),
            _ => Standing::ManyTied(first.len()),
        }
    }
}

/// The candidates in their order; when voting is over and nobody can press the wrong button, those with the most votes
/// first.
fn rows<'a>(view: &'a View) -> Vec<Row<'a>> {
    let most = most(view);
    let first = view.candidates.iter().filter(|candidate| candidate.votes == Some(most)).count();
    let closed = view.opening == Opening::Closed;
    let chip = match (closed, first) {
        (true, 1) => "Winner",
        (false, 1) => "Leading",
        _ => "Tied for first",
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
            votes: votes.map(|votes| format!("{} {}", grouped(votes), if votes == 1 { "vote" } else { "votes" })),
            share: votes.map_or_else(String::new, |votes| share_words(votes, view.votes_total)),
            width: bar_width(votes.unwrap_or(0), view.votes_total),
            chip,
            leads: most > 0 && votes == Some(most),
            chosen: view.typed.choice == Some(candidate.id),
            mine: view.voted == Some(candidate.id),
        }
    };
    candidates.into_iter().map(row).collect()
}

/// The most votes that a candidate has; 0 where they are hidden.
pub(super) fn most(view: &View) -> u64 {
    if view.hidden { 0 } else { view.candidates.iter().filter_map(|candidate| candidate.votes).max().unwrap_or(0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(votes: &[u64]) -> View {
        let candidates = votes.iter().zip(1..).map(|(votes, id)| Shown {
            id,
            name: format!("c{id}"),
            about: None,
            picture: None,
            votes: Some(*votes),
        });
        View {
            base: String::new(),
            title: String::new(),
            opening: Opening::Open,
            opens: None,
            closes: None,
            candidates: candidates.collect(),
            votes_total: votes.iter().sum(),
            votes_recent: 0,
            window_secs: 600,
            hidden: false,
            hidden_for_good: false,
            asks_voter: false,
            generation: 1,
            change_allowed: false,
            again: Again::Another,
            tag: "t".into(),
            voted: None,
            key: "k".into(),
            notice: None,
            typed: Typed::default(),
        }
    }

    #[test]
    fn the_result_in_a_sentence() {
        assert_eq!(Standing::of(&view(&[0, 0])), Standing::NoVotes);
        assert_eq!(Standing::of(&view(&[3, 1])), Standing::Leads("c1", "75.0 %".into()));
        assert_eq!(Standing::of(&view(&[1, 0, 1])), Standing::Tied(vec!["c1", "c3"]));
        assert_eq!(Standing::of(&view(&[1, 1, 1, 1])), Standing::ManyTied(4));
        let hidden = View { hidden: true, ..view(&[3, 1]) };
        assert_eq!(Standing::of(&hidden), Standing::HiddenUntilClosed);
        let for_good = View { hidden_for_good: true, ..hidden.clone() };
        assert_eq!(Standing::of(&for_good), Standing::HiddenFromAll);
        assert!(!render(&hidden).contains("3 votes"), "even if the caller passes votes");
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
