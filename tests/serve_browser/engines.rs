//! The main story in Firefox and `WebKit`, the engines of other phones.
use serde_json::json;

use crate::browser::{Browser, Engine, Scripts};
use crate::service::Service;
use crate::{has_voted, is_live, is_told, next_voter, run_in, vote};

#[test]
fn people_vote_once_in_firefox() {
    run_in(Engine::Firefox, people_vote_once(Engine::Firefox));
}

#[test]
fn people_vote_once_in_webkit() {
    run_in(Engine::WebKit, people_vote_once(Engine::WebKit));
}

async fn people_vote_once(engine: Engine) {
    let mut service = Service::start(&["--title", "Best snack", "--candidate", "薯片", "--candidate", "林林"]);
    let page = Browser::start_in(engine, Scripts::On).await;
    page.client.goto(&service.url()).await.unwrap();
    is_live(&page).await;
    page.tap("[data-id='2'] .votes", 2).await;
    assert_eq!(page.ask("return document.querySelector('.choice:checked').value").await, json!("2"));
    assert_eq!(service.tally(), [0, 0], "a touch of a row marks it and casts nothing");
    page.check_accessible(&format!("{engine:?}")).await;
    page.tap("#send", 3).await;
    has_voted(&page, "林林").await;
    page.until("return document.querySelector('#summary').textContent === '林林 leads with 100.0 % of the votes.'")
        .await;
    page.client.refresh().await.unwrap();
    has_voted(&page, "林林").await;
    assert_eq!(service.tally(), [0, 1], "once");
    // The service goes away while somebody else votes, and comes back.
    is_live(&page).await;
    next_voter(&page).await;
    service.kill();
    vote(&page, 2).await;
    is_told(&page, "#trouble", "The service does not answer. Trying again in ").await;
    service.start_again();
    has_voted(&page, "林林").await;
    is_live(&page).await;
    assert_eq!(service.tally(), [0, 2]);
    // The hall, too.
    page.client.goto(&format!("{}screen", service.url())).await.unwrap();
    is_live(&page).await;
    assert_eq!(page.text("#votes-total").await, "2");
}
