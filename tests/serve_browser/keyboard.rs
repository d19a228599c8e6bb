//! Voting by keyboard alone.
use fantoccini::Locator;

use crate::browser::{Browser, Scripts};
use crate::service::Service;
use crate::{ENTER, SPACE, TAB, is_live, is_told, run};

#[test]
fn the_keyboard_is_enough_and_enter_in_a_field_casts_nothing() {
    run(async {
        let service =
            Service::start(&["--candidate", "Ann", "--candidate", "Bo", "--votes-per-voter", "1", "--allow-change"]);
        let page = Browser::start(Scripts::On).await;
        page.client.goto(&service.url()).await.unwrap();
        is_live(&page).await;

        // Tab order: the skip link, the voter, the box, the opinion, then the buttons. Enter before the buttons casts
        // nothing.
        page.client.find(Locator::Css("body")).await.unwrap().send_keys(TAB).await.unwrap();
        assert_eq!(focus(&page).await, "skip");
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "voter");
        page.press("u1").await;
        page.press(ENTER).await;
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "change");
        page.press(ENTER).await;
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "summary");
        page.press(ENTER).await;
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "opinion");
        page.press("two").await;
        page.press(ENTER).await;
        page.press("lines").await;
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "vote 1");
        page.press(TAB).await;
        assert_eq!(focus(&page).await, "vote 2");
        assert_eq!(service.tally(), [0, 0], "nothing was cast on the way");
        page.press(SPACE).await;
        is_told(&page, 2, "Your vote is stored.").await;
        assert_eq!(focus(&page).await, "vote 2", "the focus stays");
        assert_eq!((service.tally(), service.opinions()), (vec![0, 1], vec!["two\nlines".to_owned()]));
        page.until("return document.querySelector('#live').textContent === 'Bo: Your vote is stored.'").await;

        // A text over the limit is not sent at all.
        page.ask("document.querySelector('#opinion').value = '😀'.repeat(10001)").await;
        page.write("#voter", "u9").await;
        page.click("[data-id='1'] .vote").await;
        is_told(&page, 1, "Not stored: the opinion has 10,001 characters, 10,000 are allowed.").await;
        page.ask("document.querySelector('#opinion').value = document.querySelector('#voter').value = ''").await;

        // Refused, then changed. A missing voter is asked for before anything is sent.
        page.click("[data-id='1'] .vote").await;
        assert_eq!(focus(&page).await, "voter");
        page.write("#voter", "u1").await;
        page.click("[data-id='1'] .vote").await;
        is_told(&page, 1, "Not stored: voter u1 has voted 1 of 1 times.").await;
        page.check_accessible("a refusal").await;
        page.click("#change").await;
        page.click("[data-id='1'] .vote").await;
        is_told(&page, 1, "Your vote is stored.").await;
        assert_eq!(service.tally(), [1, 0]);

        // The queue is full: the page says so and tries again until there is room.
        let (lock, crowd) = service.crowd();
        page.write("#voter", "u2").await;
        page.click("[data-id='1'] .vote").await;
        is_told(&page, 1, "Too many are voting at this moment. Trying again in ").await;
        drop((lock, crowd));
        is_told(&page, 1, "Your vote is stored.").await;
        assert_eq!(service.tally(), [2, 0]);
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
