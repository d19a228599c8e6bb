//! Double taps, lost answers and the next person on the same device.
use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::service::Service;
use crate::{has_voted, is_live, is_told, next_voter, run, vote};

/// Answers get lost from now on, as often as the argument says; the votes themselves arrive.
const LOSE_ANSWERS: &str = "const send = window.fetch; let lost = arguments[0];
    window.fetch = async (...request) => {
      const answer = await send(...request);
      if (lost-- > 0) throw new TypeError('lost');
      return answer;
    }";

#[test]
fn a_double_tap_votes_once_and_rows_only_mark() {
    run(async {
        let service = Service::start(&["--candidate", "Ann", "--candidate", "Bo", "--candidate", "Cy"]);
        let page = Browser::start(Scripts::On).await;
        page.width(360).await;
        page.client.goto(&service.url()).await.unwrap();
        is_live(&page).await;
        // The ballot comes first, and any part of a row chooses.
        let above = "const top = (part) => document.querySelector(part).getBoundingClientRect().top;
            return top('.ballot') < top('.standing')";
        assert_eq!(page.ask(above).await, json!(true));
        for part in ["[data-id='1'] .bar", "[data-id='3'] .votes", "[data-id='2'] .name"] {
            page.tap(part, 2).await;
        }
        assert_eq!(page.ask("return document.querySelector('.choice:checked').value").await, json!("2"));
        page.tap("#send", 4).await;
        has_voted(&page, "Bo").await;
        assert_eq!(service.tally(), [0, 1, 0]);
        // Not even scripted presses of what is gone vote again.
        page.ask("document.querySelector('#send').click()").await;
        page.client.refresh().await.unwrap();
        has_voted(&page, "Bo").await;
        assert_eq!(service.tally(), [0, 1, 0]);
        assert_eq!(page.text("#again").await, "Vote again");
    });
}

#[test]
fn a_lost_answer_does_not_swallow_the_next_persons_vote() {
    run(async {
        let service = Service::start(&["--candidate", "Ann", "--candidate", "Bo", "--votes-per-voter", "1"]);
        let page = Browser::start(Scripts::On).await;
        page.client.goto(&service.url()).await.unwrap();
        is_live(&page).await;
        page.client.execute(LOSE_ANSWERS, vec![json!(2)]).await.unwrap();
        page.write("#voter", "u1").await;
        vote(&page, 2).await;
        is_told(&page, "#trouble", "The service does not answer. Trying again in ").await;
        // The next person does not wait, and votes for the same.
        next_voter(&page).await;
        page.write("#voter", "u2").await;
        vote(&page, 2).await;
        has_voted(&page, "Bo").await;
        page.until("return JSON.parse(sessionStorage.getItem('votekit.pending')).ballots.length === 0").await;
        assert_eq!(service.tally(), [0, 2], "two people, two votes");

        // What was refused is forgotten: the same person may correct it, and nothing of it is sent again.
        next_voter(&page).await;
        page.write("#voter", "u1").await;
        vote(&page, 1).await;
        is_told(&page, "#refusal", "Not stored: voter u1 has voted 1 of 1 times.").await;
        assert_eq!(page.ask("return JSON.parse(sessionStorage.getItem('votekit.pending')).ballots").await, json!([]));
        page.ask("document.querySelector('#voter').value = ''").await;
        page.write("#voter", "u3").await;
        page.click("#send").await;
        has_voted(&page, "Ann").await;
        assert_eq!(service.tally(), [1, 2]);
    });
}

#[test]
fn a_browser_that_votes_once_may_not_vote_again_but_may_change() {
    run(async {
        let service = Service::start(&["--candidate", "Ann", "--candidate", "Bo", "--once-per-browser"]);
        let page = Browser::start(Scripts::On).await;
        page.client.goto(&service.url()).await.unwrap();
        vote(&page, 2).await;
        has_voted(&page, "Bo").await;
        assert_eq!(page.ask("return document.querySelector('#again')").await, json!(null));
        page.client.goto(&format!("{}?again=1", service.url())).await.unwrap();
        has_voted(&page, "Bo").await;
        service.set(&["--allow-change", "yes"]);
        // The service sees the new rule within a second.
        for _ in 0..100 {
            page.client.refresh().await.unwrap();
            has_voted(&page, "Bo").await;
            if page.ask("return document.querySelector('#again') !== null").await == json!(true) {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(page.text("#again").await, "Change my vote");
        next_voter(&page).await;
        vote(&page, 1).await;
        has_voted(&page, "Ann").await;
        assert_eq!(service.tally(), [1, 0]);
    });
}
