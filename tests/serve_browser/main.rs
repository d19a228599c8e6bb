//! The page of `votekit serve` in a real browser, against the real service and command line: a file for each story.
#![cfg(feature = "serve")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#[path = "../support/browser.rs"]
mod browser;
mod engines;
mod held_back;
mod keyboard;
mod languages;
mod screen;
mod service;
mod shared_device;
mod states;
#[path = "../support/mod.rs"]
mod support;
mod watch;
mod without_scripts;

use browser::{Browser, Engine};
use fantoccini::Locator;
use serde_json::json;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const SPACE: &str = " ";
const DOWN: &str = "\u{e015}";

fn run(story: impl Future<Output = ()>) {
    run_in(Engine::Chromium, story);
}

fn run_in(engine: Engine, story: impl Future<Output = ()>) {
    if browser::is_at_hand(engine) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story);
    }
}

/// Waits until the page receives live results.
async fn is_live(page: &Browser) {
    page.until("return document.querySelector('#connection').textContent === 'Live'").await;
}

/// Chooses a candidate by its row and presses the one button.
async fn vote(page: &Browser, candidate: u32) {
    page.click(&format!("[data-id='{candidate}'] .name")).await;
    page.click("#send").await;
}

/// Waits until the page says that this voter voted for `name`.
async fn has_voted(page: &Browser, name: &str) {
    let said = format!("done.checkVisibility() && done.querySelector('bdi').textContent === {}", json!(name));
    page.until(&format!("const done = document.querySelector('.done'); return {said}")).await;
}

/// Presses "Vote again" as the next person would, later than a double tap.
async fn next_voter(page: &Browser) {
    page.until("document.querySelector('#again').click(); return !document.body.dataset.voted && !document.body.dataset.sending")
        .await;
}

/// Waits until the message in `place`, `#trouble` or `#refusal`, is seen and begins with `text`.
async fn is_told(page: &Browser, place: &str, text: &str) {
    let seen = format!("const it = document.querySelector('{place}'); return it.checkVisibility()");
    page.until(&format!("{seen} && it.textContent.startsWith({})", json!(text))).await;
}

/// Scripts that read the page's bars, buttons and figures.
const SHARES: &str = "return [...document.querySelectorAll('.candidate rect')].map((bar) => bar.getAttribute('width'))";

/// How many pixels the page is wider than its window.
const OVER: &str = "const page = document.documentElement; return page.scrollWidth - page.clientWidth";

const HOSTILE: [&str; 4] = [
    "<img src=x onerror=\"window.harmed = true\">",
    "'\"><script>window.harmed = true</script>",
    "\u{202e}txet desrever",
    "&lt;b&gt; {{ 7 * 7 }} ${7 * 7}",
];

/// The page as updated by the script shows the same as a page freshly rendered by the server.
async fn the_script_draws_what_the_server_does(page: &Browser) {
    let script = "const done = arguments[0];
        const said = (document) => ['#summary', '#candidates', '.figures'].map((part) =>
          document.querySelector(part).textContent.replace(/\\s+/g, ' '));
        const bars = (document) => [...document.querySelectorAll('#candidates rect')].map((bar) => bar.getAttribute('width'));
        fetch('/').then((response) => response.text()).then((html) => {
          const fresh = new DOMParser().parseFromString(html, 'text/html');
          const here = document.cloneNode(true);
          done([said(here), bars(here), said(fresh), bars(fresh)]);
        });";
    let drawn = page.client.execute_async(script, Vec::new()).await.unwrap();
    assert_eq!((&drawn[0], &drawn[1]), (&drawn[2], &drawn[3]));
}

async fn typed(page: &Browser, selector: &str) -> String {
    page.client.find(Locator::Css(selector)).await.unwrap().prop("value").await.unwrap().unwrap()
}
