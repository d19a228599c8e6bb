//! The page over HTTP: sent to whoever asks, and its form taken as a browser without scripts sends it.
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::app::App;
use super::assets::ASSETS;
use super::body;
use super::contract;
use super::document::FOR_EVER;
use super::html::html;
use super::page;
use super::problem::Problem;
use super::public_url::PublicUrl;
use super::snapshots::Snapshot;
use super::view::{Again, Notice, Shown, Typed, View};
use super::voted;
use super::words::Words;
use crate::ballot::{Ballot, Candidate, CandidateId, Choice, Hiding, Outcome, Settings};

/// A form's bytes at most: the longest opinion takes up to twelve a character.
const FORM_BYTES: usize = 192 * 1024;

/// `GET /`: the page. `?vote=stored` and the like give the outcome of the vote that a form has just cast.
pub(super) async fn show(State(app): State<Arc<App>>, uri: Uri, headers: HeaderMap) -> Response {
    let mut response = page(&app, &uri, &headers).await;
    app.mark_browser(&headers, response.headers_mut()).await;
    response
}

async fn page(app: &App, uri: &Uri, headers: &HeaderMap) -> Response {
    // The URL may be passed on to people whose vote is not stored.
    let notice = if follows_from_here(&app.public, headers) { notice(uri) } else { None };
    match app.snapshots.current().await {
        Ok(snapshot) => {
            let view = view(app, Words::for_reader(headers), &snapshot, Form::default());
            let voted = remembered(app, &snapshot, uri, headers);
            html(StatusCode::OK, page::render(&View { notice, voted, ..view }))
        }
        Err(error) => Problem::from(&error).into_response(),
    }
}

/// The candidate that this browser voted for, unless it asks for another ballot.
fn remembered(app: &App, snapshot: &Snapshot, uri: &Uri, headers: &HeaderMap) -> Option<CandidateId> {
    let tally = &snapshot.tally;
    if uri.query() == Some("again=1") && again(&tally.settings) != Again::No {
        return None;
    }
    let id = voted::read(headers, &app.browsers.tag(tally.settings.generation))?;
    tally.candidates.iter().any(|total| total.candidate.id == id).then_some(id)
}

fn again(settings: &Settings) -> Again {
    match (settings.once_per_browser, settings.change_allowed) {
        (false, _) => Again::Another,
        (true, true) => Again::Change,
        (true, false) => Again::No,
    }
}

fn notice(uri: &Uri) -> Option<Notice> {
    let query = uri.query().unwrap_or_default();
    let (_, outcome) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "vote")?;
    match &*outcome {
        "stored" => Some(Notice::Stored),
        "changed" => Some(Notice::Changed),
        "repeated" => Some(Notice::Repeated),
        _ => None,
    }
}

/// `POST /`: the form. If the vote is stored, it redirects to the page, so that a reload casts nothing; if not, it answers
/// with the page, the reason, and all that was typed.
pub(super) async fn take(State(app): State<Arc<App>>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let admitted = app.admit(&head);
    let (form, unread) = match read(&app.public, &head.headers, body).await {
        Ok(form) => (form, Ok(())),
        Err(problem) => (Form::default(), Err(problem)),
    };
    let cast = async {
        unread?;
        admitted?;
        app.cast(app.of_browser(form.ballot()?, &head.headers).await?).await
    };
    let mut response = match cast.await {
        Ok(outcome) => stored(&app, &outcome, form.typed.choice),
        Err(problem) => match app.snapshots.current().await {
            Ok(snapshot) => refused(&app, Words::for_reader(&head.headers), &snapshot, &problem, form),
            Err(_) => problem.into_response(),
        },
    };
    app.mark_browser(&head.headers, response.headers_mut()).await;
    response
}

/// `GET /assets/…`: what the page needs.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&*name)) else {
        return Problem::not_found(format!("there is nothing at /assets/{name}")).into_response();
    };
    ([(CONTENT_TYPE, HeaderValue::from_static(asset.content_type)), (CACHE_CONTROL, FOR_EVER)], asset.bytes)
        .into_response()
}

/// A form that was sent.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// The candidates that were chosen; browsers send one.
    choices: Vec<String>,
    key: String,
    /// Enter was pressed in a field, and not the button.
    unsent: bool,
    /// That of the page the form is on.
    generation: Option<u32>,
    typed: Typed,
}

impl Form {
    fn parse(body: &[u8]) -> Self {
        let mut form = Form::default();
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "candidate_id" => form.choices.push(value.into_owned()),
                "unsent" => form.unsent = true,
                "key" => form.key = value.into_owned(),
                "generation" => form.generation = value.parse().ok(),
                "voter" => form.typed.voter = value.trim().to_owned(),
                // Forms end lines with CR LF.
                "opinion" => form.typed.opinion = value.replace("\r\n", "\n"),
                "change" => form.typed.change = value == "true",
                _ => {}
            }
        }
        if let [choice] = &form.choices[..] {
            form.typed.choice = choice.parse().ok();
        }
        form
    }

    fn ballot(&self) -> Result<Ballot, Problem> {
        let given = |text: &String| (!text.is_empty()).then(|| text.clone());
        if self.unsent {
            return Err(Problem::bad_body("press the button that sends it"));
        }
        let id = match (&self.choices[..], self.typed.choice) {
            (_, Some(id)) => id,
            ([], None) => return Err(Problem::bad_body("choose the candidate that you vote for")),
            ([choice], None) => return Err(Problem::bad_body(format!("candidate_id {choice:?} is no number"))),
            (many, None) => {
                return Err(Problem::bad_body(format!("the form has {} candidate_id: vote for one", many.len())));
            }
        };
        Ok(Ballot {
            choice: Choice::Id(id),
            voter: given(&self.typed.voter),
            opinion: given(&self.typed.opinion),
            key: given(&self.key),
            change: self.typed.change,
            generation: self.generation,
        })
    }
}

async fn read(public: &PublicUrl, headers: &HeaderMap, body: Body) -> Result<Form, Problem> {
    if !is_from_here(public, headers) {
        return Err(Problem::cross_site("this form was sent from another site: vote on the page itself"));
    }
    let kind = text(headers, "content-type").unwrap_or_default();
    if !kind.trim().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded") {
        return Err(Problem::content_type("the page's form is application/x-www-form-urlencoded; send JSON to /vote"));
    }
    Ok(Form::parse(&body::read(headers, body, FORM_BYTES).await?.0))
}

/// Whether a form was sent by this page, or by no page at all. Browsers say so in `Sec-Fetch-Site` on secure connections, and
/// in `Origin` on any.
fn is_from_here(public: &PublicUrl, headers: &HeaderMap) -> bool {
    match (text(headers, "sec-fetch-site"), text(headers, "origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, None) => true,
        (None, Some(origin)) => is_ours(public, headers, origin),
    }
}

/// Whether a browser comes from this service, as after a form's redirect.
fn follows_from_here(public: &PublicUrl, headers: &HeaderMap) -> bool {
    match (text(headers, "sec-fetch-site"), text(headers, "referer")) {
        (Some(site), _) => site == "same-origin",
        (None, referer) => referer.is_some_and(|url| is_ours(public, headers, url)),
    }
}

/// Whether `url` is of the service's public address, or of the host that the request was sent to.
fn is_ours(public: &PublicUrl, headers: &HeaderMap, url: &str) -> bool {
    if public.has_origin_of(url) {
        return true;
    }
    let host = url.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    host.is_some() && host == text(headers, "host")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

fn stored(app: &App, outcome: &Outcome, choice: Option<CandidateId>) -> Response {
    let (public, tag) = (&app.public, app.browsers.tag(app.snapshots.latest().tally.settings.generation));
    let outcome = match outcome {
        Outcome::Stored { replaced: Some(_), .. } => "changed",
        Outcome::Repeated { .. } => "repeated",
        _ => "stored",
    };
    let place = format!("{}/?vote={outcome}", public.base());
    let no_store = (CACHE_CONTROL.as_str(), "no-store");
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION.as_str(), place.as_str()), no_store]).into_response();
    if let Some(Ok(cookie)) = choice.map(|id| HeaderValue::try_from(voted::cookie(public, &tag, id))) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn refused(app: &App, words: &'static Words, snapshot: &Snapshot, problem: &Problem, form: Form) -> Response {
    let status = problem.status();
    let notice = match problem.try_again() {
        true => Notice::Unavailable(words.problem(problem.kind(), problem.title()).to_owned()),
        false => Notice::Refused(words.problem(problem.kind(), problem.detail()).to_owned()),
    };
    // The key stays: an earlier attempt with this form may be stored without the voter knowing. Only a key that was used for
    // another vote must go.
    let form = if matches!(status, StatusCode::UNPROCESSABLE_ENTITY) || problem.is_of_earlier_generation() {
        Form { key: String::new(), ..form }
    } else {
        form
    };
    let mut response = html(status, page::render(&View { notice: Some(notice), ..view(app, words, snapshot, form) }));
    if let Some(secs) = problem.retry_after_secs() {
        response.headers_mut().insert(RETRY_AFTER, secs.into());
    }
    response
}

/// What a page shows of the vote.
pub(super) fn view(app: &App, words: &'static Words, snapshot: &Snapshot, form: Form) -> View {
    let public = &app.public;
    let tally = &snapshot.tally;
    let settings = &tally.settings;
    let candidates = tally.candidates.iter().map(|total| {
        let Candidate { id, name, about, .. } = total.candidate.clone();
        let picture = contract::picture_path(public.base(), &total.candidate);
        Shown { id, name, about, picture, votes: (!tally.hidden).then_some(total.votes) }
    });
    View {
        words,
        url: if public.is_known() { public.to_string() } else { String::new() },
        base: public.base().to_owned(),
        title: settings.title.clone(),
        opening: tally.opening,
        opens: settings.opens,
        closes: settings.closes,
        candidates: candidates.collect(),
        votes_total: tally.votes_total,
        votes_recent: tally.votes_in_window,
        window_secs: tally.window.secs,
        hidden: tally.hidden,
        hidden_for_good: settings.hide_results == Hiding::Audience,
        asks_voter: settings.asks_voter(),
        generation: settings.generation,
        change_allowed: settings.change_allowed,
        again: again(settings),
        tag: app.browsers.tag(settings.generation),
        voted: None,
        key: if form.key.is_empty() { fresh_key() } else { form.key },
        notice: None,
        typed: form.typed,
    }
}

/// 128 random bits: no two forms have the same, and it cannot be guessed.
#[expect(clippy::expect_used, reason = "a system without random numbers cannot start the service")]
fn fresh_key() -> String {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).expect("a system without random numbers could not have started the service either");
    format!("{:032x}", u128::from_ne_bytes(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_page_may_send_its_form() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
        };
        for (pairs, from_here) in [
            (&[("host", "vote.example")][..], true),
            (&[("host", "vote.example"), ("origin", "https://vote.example")], true),
            (&[("host", "vote.example:5000"), ("origin", "http://vote.example:5000")], true),
            (&[("host", "vote.example"), ("origin", "https://evil.example")], false),
            (&[("host", "vote.example"), ("origin", "https://vote.example.evil.example")], false),
            (&[("host", "vote.example"), ("origin", "null")], false),
            (&[("origin", "null")], false),
            (&[("host", "vote.example"), ("origin", "null"), ("sec-fetch-site", "same-origin")], true),
            (&[("host", "a"), ("origin", "http://a"), ("sec-fetch-site", "cross-site")], false),
            (&[("host", "a"), ("origin", "http://b.a"), ("sec-fetch-site", "same-site")], false),
            (&[("host", "a"), ("sec-fetch-site", "none")], true),
        ] {
            assert_eq!(is_from_here(&PublicUrl::default(), &headers(pairs)), from_here, "{pairs:?}");
        }
        // A proxy that passes its own address on as the host.
        let public = "https://vote.example/poll".parse().unwrap();
        let from = |origin| headers(&[("host", "127.0.0.1:5000"), ("origin", origin)]);
        assert!(is_from_here(&public, &from("https://vote.example")));
        assert!(!is_from_here(&public, &from("https://evil.example")));
    }

    #[test]
    fn a_form_is_read_as_it_was_typed() {
        let form = Form::parse("candidate_id=2&voter=&opinion=%0D%0Aby+far%0D%0A%26+%E8%96%AF&key=k&more=1".as_bytes());
        let ballot = form.ballot().unwrap();
        assert_eq!(
            ballot,
            Ballot { opinion: Some("\nby far\n& 薯".into()), key: Some("k".into()), ..Ballot::plain(Choice::Id(2)) }
        );
        assert_eq!(Form::parse(b"opinion=x").ballot().unwrap_err().detail(), "choose the candidate that you vote for");
        assert_eq!(
            Form::parse(b"candidate_id=2.5").ballot().unwrap_err().detail(),
            "candidate_id \"2.5\" is no number"
        );
        assert_eq!(
            Form::parse(b"candidate_id=2&candidate_id=1").ballot().unwrap_err().detail(),
            "the form has 2 candidate_id: vote for one"
        );
    }
}
