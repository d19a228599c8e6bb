//! The page of `votekit serve` in a real browser, against the real service and command line: a file for each story.
#![cfg(feature = "serve")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#[path = "../support/browser.rs"]
mod browser;
mod keyboard;
mod service;
mod states;
#[path = "../support/mod.rs"]
mod support;
mod watch;
mod without_scripts;

use browser::Browser;
use fantoccini::Locator;
use serde_json::json;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const SPACE: &str = " ";

fn run(story: impl Future<Output = ()>) {
    if browser::is_at_hand() {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(story);
    }
}

/// Waits until the page receives live results.
async fn is_live(page: &Browser) {
    page.until("return document.querySelector('#connection').textContent === 'Live'").await;
}

/// Waits until the message beside a candidate begins with `text`.
async fn is_told(page: &Browser, candidate: u32, text: &str) {
    let message = format!("document.querySelector('[data-id=\"{candidate}\"] .message').textContent");
    page.until(&format!("return {message}.startsWith({})", json!(text))).await;
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
          for (const message of fresh.querySelectorAll('.message')) message.textContent = '';
          const here = document.cloneNode(true);
          for (const message of here.querySelectorAll('.message')) message.textContent = '';
          done([said(here), bars(here), said(fresh), bars(fresh)]);
        });";
    let drawn = page.client.execute_async(script, Vec::new()).await.unwrap();
    assert_eq!((&drawn[0], &drawn[1]), (&drawn[2], &drawn[3]));
}

async fn typed(page: &Browser, selector: &str) -> String {
    page.client.find(Locator::Css(selector)).await.unwrap().prop("value").await.unwrap().unwrap()
}
