//! Voting by keyboard alone.
use fantoccini::Locator;
use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::service::Service;
use crate::{DOWN, ENTER, SPACE, TAB, has_voted, is_live, is_told, next_voter, run, vote};

#[test]
fn the_keyboard_is_enough_and_enter_in_a_field_casts_nothing() {
    run(async {
        let service =
            Service::start(&["--candidate", "Ann", "--candidate", "Bo", "--votes-per-voter", "1", "--allow-change"]);
        let page = Browser::start(Scripts::On).await;
        page.client.goto(&service.url()).await.unwrap();
        is_live(&page).await;

        // Tab order: the skip link, the candidates, the voter, the box, the opinion, then the button. Enter before it casts
        // nothing: it goes on to the button.
        page.client.find(Locator::Css("body")).await.unwrap().send_keys(TAB).await.unwrap();
        assert_eq!(focus(&page).await, "skip");
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "choice-1");
        page.press(DOWN).await;
        assert_eq!(focus(&page).await, "choice-2");
        page.press(ENTER).await;
        assert_eq!(focus(&page).await, "send");
        page.client.find(Locator::Css("#choice-2")).await.unwrap().send_keys(TAB).await.unwrap();
        assert_eq!(focus(&page).await, "voter");
        page.press("u1").await;
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "change");
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "summary");
        page.press(ENTER).await;
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "opinion");
        page.press("two").await;
        page.press(ENTER).await;
        page.press("lines").await;
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "send");
        assert_eq!(service.tally(), [0, 0], "nothing was cast on the way");
        page.press(SPACE).await;
        has_voted(&page, "Bo").await;
        assert_eq!(focus(&page).await, "outcome", "what was done is read next");
        assert_eq!((service.tally(), service.opinions()), (vec![0, 1], vec!["two\nlines".to_owned()]));
        page.until("return document.querySelector('#live').textContent === 'You voted for Bo.'").await;
        // The next person's ballot is one key further, once no double press can be meant.
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "again");
        while page.ask("return document.body.dataset.voted ?? ''").await != json!("") {
            page.press(ENTER).await;
        }
        assert_eq!(focus(&page).await, "ballot");

        // A text over the limit is not sent at all.
        page.ask("document.querySelector('#opinion').value = '😀'.repeat(10001)").await;
        page.write("#voter", "u9").await;
        vote(&page, 1).await;
        is_told(&page, "#refusal", "Not stored: the opinion has 10,001 characters, 10,000 are allowed.").await;
        page.ask("document.querySelector('#opinion').value = document.querySelector('#voter').value = ''").await;

        // Refused, then changed. A missing voter is asked for before anything is sent.
        page.click("#send").await;
        assert_eq!(focus(&page).await, "voter");
        page.write("#voter", "u1").await;
        page.click("#send").await;
        is_told(&page, "#refusal", "Not stored: voter u1 has voted 1 of 1 times.").await;
        page.check_accessible("a refusal").await;
        page.click("#change").await;
        page.click("#send").await;
        has_voted(&page, "Ann").await;
        assert_eq!(service.tally(), [1, 0]);

        // The queue is full: the page says so and tries again until there is room.
        let (lock, crowd) = service.crowd();
        next_voter(&page).await;
        page.write("#voter", "u2").await;
        vote(&page, 1).await;
        is_told(&page, "#trouble", "Too many are voting at this moment. Trying again in ").await;
        drop((lock, crowd));
        // The wait is cut short by keyboard too.
        assert_eq!(focus(&page).await, "outcome");
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "retry");
        page.press(ENTER).await;
        has_voted(&page, "Ann").await;
        assert_eq!(service.tally(), [2, 0]);

        // Without a stream it is the same.
        page.client.goto("about:blank").await.unwrap();
        let _streams = service.streams();
        page.client.goto(&service.url()).await.unwrap();
        page.until("return document.querySelector('#connection').textContent === 'Renewed every few seconds'").await;
        next_voter(&page).await;
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "choice-1");
        page.press(DOWN).await;
        assert_eq!(focus(&page).await, "choice-2");
        page.press(TAB).await;
        page.press("u3").await;
        page.press(ENTER).await;
        assert_eq!(focus(&page).await, "send");
        page.press(ENTER).await;
        has_voted(&page, "Bo").await;
        assert_eq!(service.tally(), [2, 1]);
    });
}

/// What has the focus, as a short name.
async fn focus(page: &Browser) -> String {
    let script =
        "const it = document.activeElement; return it.id || it.className.split(' ')[0] + ' ' + (it.value ?? '')";
    let said = page.ask(&format!("{script}; ")).await;
    let said = said.as_str().unwrap().trim().to_owned();
    if said.is_empty() {
        page.ask("return document.activeElement.localName").await.as_str().unwrap().to_owned()
    } else {
        said
    }
}
