//! `GET /screen`: the result for a hall, with the address to vote at. Nobody presses anything there.
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::assets::ASSETS;
use super::figures::{Time, bar_width, grouped};
use super::form::{self, Form};
use super::html::html;
use super::phrases::{share_words, standing, time};
use super::problem::Problem;
use super::public_url::PublicUrl;
use super::qr::{self, Qr};
use super::view::{Shown, View, most};
use super::words::{Part, Words, fill};
use crate::ballot::{CandidateId, Clock, Opening, SystemClock};

/// As many candidates fit a screen in letters that can be read from the last row.
const MOST_ROWS: usize = 12;

pub(super) async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    match app.snapshots.current().await {
        Ok(snapshot) => {
            let view = form::view(&app, Words::for_reader(&headers), &snapshot, Form::default());
            html(StatusCode::OK, render(&view, &address(&app.public, &headers)))
        }
        Err(error) => Problem::from(&error).into_response(),
    }
}

/// Where people vote: the public address, or the host that this was asked of. Empty if neither is known.
fn address(public: &PublicUrl, headers: &HeaderMap) -> String {
    if public.is_known() {
        return public.to_string();
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()?.parse::<Authority>().ok());
    host.map_or_else(String::new, |host| format!("http://{host}/"))
}

#[expect(clippy::expect_used, reason = "neither writing to a string nor displaying a value of the page can fail")]
fn render(view: &View, address: &str) -> String {
    Screen::of(view, address).render().expect("a page of plain values is rendered")
}

/// The values of the template. `page/screen.js` uses the same words.
#[derive(Template)]
#[template(path = "screen.html")]
struct Screen<'a> {
    base: &'a str,
    style: &'static str,
    script: &'static str,
    icon: &'static str,
    title: &'a str,
    state: &'static str,
    generation: u32,
    now: String,
    opens: Option<Time>,
    closes: Option<Time>,
    words: &'static Words,
    json: String,
    standing: Vec<Part<'a>>,
    hidden_for_good: bool,
    votes_word: &'static str,
    more_words: String,
    votes_total: String,
    rows: Vec<Row<'a>>,
    /// How many candidates there are that do not fit.
    more: usize,
    blank: [Row<'static>; 1],
    /// The address without what nobody types.
    short_address: &'a str,
    qr: Option<Qr>,
}

#[derive(Default)]
struct Row<'a> {
    id: CandidateId,
    name: &'a str,
    share: Option<String>,
    width: String,
    leads: bool,
}

impl<'a> Screen<'a> {
    fn of(view: &'a View, address: &'a str) -> Self {
        let [_, _, icon, style, script] = ASSETS.each_ref().map(|asset| asset.path.as_str());
        let words = view.words;
        let rows = rows(view);
        let more = view.candidates.len() - rows.len();
        Screen {
            base: &view.base,
            style,
            script,
            icon,
            title: if view.title.is_empty() { &words.vote_title } else { &view.title },
            state: view.state(),
            generation: view.generation,
            now: SystemClock.now().to_string(),
            opens: view.opens.map(|at| time(words, at)),
            closes: view.closes.map(|at| time(words, at)),
            words,
            json: words.json(),
            standing: standing(view),
            hidden_for_good: view.hidden && view.hidden_for_good,
            votes_word: if view.votes_total == 1 { &words.total_one } else { &words.total_many },
            more_words: fill(&words.more, &[("count", &more.to_string())]),
            votes_total: grouped(view.votes_total),
            more,
            rows,
            blank: [Row { width: bar_width(0, 0), ..Row::default() }],
            short_address: address.trim_start_matches("http://").trim_start_matches("https://").trim_end_matches('/'),
            qr: if address.is_empty() { None } else { qr::of(address) },
        }
    }
}

/// The candidates in their order; once voting is over, or if not all fit, those with the most votes first.
fn rows(view: &View) -> Vec<Row<'_>> {
    let most = most(view);
    let mut candidates: Vec<&Shown> = view.candidates.iter().collect();
    if view.opening == Opening::Closed || candidates.len() > MOST_ROWS {
        candidates.sort_by_key(|candidate| std::cmp::Reverse(candidate.votes));
    }
    candidates.truncate(MOST_ROWS);
    let row = |candidate: &'_ Shown| (if view.hidden { None } else { candidate.votes }, candidate.id);
    candidates
        .into_iter()
        .map(|candidate| {
            let (votes, id) = row(candidate);
            Row {
                id,
                name: &candidate.name,
                share: votes.map(|votes| share_words(view.words, votes, view.votes_total)),
                width: bar_width(votes.unwrap_or(0), view.votes_total),
                leads: most > 0 && votes == Some(most),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_public_one_or_where_this_was_asked() {
        let from = |host: &str| HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
        let here = PublicUrl::default();
        assert_eq!(address(&here, &from("192.168.1.20:5000")), "http://192.168.1.20:5000/");
        assert_eq!(address(&here, &from("a b")), "", "what is no host is not shown");
        assert_eq!(address(&here, &HeaderMap::new()), "");
        let public = "https://vote.example/poll".parse().unwrap();
        assert_eq!(address(&public, &from("127.0.0.1:5000")), "https://vote.example/poll/");
    }
}
