//! Voting with the mouse and watching the result, through lost answers and a service that ends.
use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::service::Service;
use crate::{SHARES, has_voted, is_live, is_told, next_voter, run, the_script_draws_what_the_server_does, vote};

#[test]
fn people_vote_and_watch() {
    run(async {
        let mut service = Service::start(&["--title", "Best snack", "--candidate", "薯片", "--candidate", "林林"]);
        let page = Browser::start(Scripts::On).await;
        page.client.goto(&service.url()).await.unwrap();
        is_live(&page).await;
        page.ask("window.notReloaded = true").await;
        assert_eq!(page.ask(SHARES).await, json!(["0.0%", "0.0%"]));

        // A click: the vote is stored, the bar moves.
        page.tap("[data-id='2'] .bar", 1).await;
        assert_eq!(service.tally(), [0, 0], "a touch of a row marks it and casts nothing");
        assert_eq!(page.text("#send").await, "Vote for 林林");
        page.click("details summary").await;
        page.write("#opinion", "by far\n薯").await;
        page.click("#send").await;
        has_voted(&page, "林林").await;
        assert_eq!(page.text("[data-id='2'] .own").await, "✓ Your vote");
        page.check_accessible("after voting").await;
        page.until("return document.querySelector('[data-id=\"2\"] rect').getAttribute('width') === '100.0%'").await;
        assert_eq!(page.text("#summary").await, "林林 leads with 100.0 % of the votes.");
        assert_eq!(service.tally(), [0, 1]);
        assert_eq!(service.opinions(), ["by far\n薯"]);
        assert_eq!(page.ask("return document.querySelector('#opinion').value").await, json!(""), "for the next voter");

        // Votes from elsewhere show up, and ties are announced.
        service.vote(&["1"]);
        page.until("return document.querySelector('#votes-total').textContent === '2'").await;
        assert_eq!(page.ask(SHARES).await, json!(["50.0%", "50.0%"]));
        assert_eq!(page.text("#summary").await, "薯片 and 林林 are tied for the lead.");
        for _ in 0..6 {
            service.vote(&["1"]);
        }
        page.until("return document.querySelector('#votes-recent').textContent === '8'").await;
        page.until("return document.querySelector('[data-id=\"2\"] rect').getAttribute('width') === '12.5%'").await;
        assert_eq!(page.text("[data-id='1'] .count").await, "Leading\n7 votes\n87.5 %");
        the_script_draws_what_the_server_does(&page).await;

        // A vote that gets no answer is sent again and counts once.
        service.kill();
        next_voter(&page).await;
        vote(&page, 2).await;
        is_told(&page, "#trouble", "The service does not answer. Trying again in ").await;
        page.until("return document.querySelector('#connection').textContent.startsWith('Connection lost')").await;
        page.check_accessible("the lost connection").await;
        service.start_again();
        has_voted(&page, "林林").await;
        is_live(&page).await;
        page.until("return document.querySelector('#votes-total').textContent === '9'").await;
        assert_eq!(service.tally(), [7, 2]);
        service.vote(&["2"]);
        page.until("return document.querySelector('[data-id=\"2\"] .votes').textContent === '3 votes'").await;

        // A thousand changes of the lead must not be a thousand announcements.
        page.ask(
            "window.said = []; new MutationObserver(() => said.push(document.querySelector('#live').textContent))
               .observe(document.querySelector('#live'), { childList: true })",
        )
        .await;
        for candidate in ["2\n", "1\n", "2\n", "1\n", "2\n"] {
            service.vote_lines(&candidate.repeat(200));
        }
        page.until("return document.querySelector('#votes-total').textContent === '1,010'").await;
        let said = page.ask("return said.filter((text) => text !== '')").await;
        assert!(said.as_array().unwrap().len() <= 1, "{said}");
        the_script_draws_what_the_server_does(&page).await;
        assert_eq!(page.ask("return window.notReloaded").await, json!(true));

        // The answer is lost: the vote is sent again, also after a reload, and counts once.
        let lose = "const send = window.fetch; let lost = arguments[0];
            window.fetch = async (...request) => {
              const answer = await send(...request);
              if (lost-- > 0) throw new TypeError('lost');
              return answer;
            }";
        page.client.execute(lose, vec![json!(1)]).await.unwrap();
        next_voter(&page).await;
        vote(&page, 1).await;
        has_voted(&page, "薯片").await;
        assert_eq!(service.tally(), [408, 603]);
        page.client.execute(lose, vec![json!(1000)]).await.unwrap();
        next_voter(&page).await;
        vote(&page, 1).await;
        is_told(&page, "#trouble", "The service does not answer. Trying again in ").await;
        page.check_accessible("a vote without an answer").await;
        page.client.refresh().await.unwrap();
        has_voted(&page, "薯片").await;
        assert_eq!(service.tally(), [409, 603]);
        page.client.refresh().await.unwrap();
        has_voted(&page, "薯片").await;
        assert_eq!(service.tally(), [409, 603]);

        // All streams are taken: the page asks /result, and does not call itself live until it has one.
        page.client.goto("about:blank").await.unwrap();
        let streams = service.streams();
        page.client.goto(&service.url()).await.unwrap();
        is_polled(&page).await;
        page.check_accessible("without a stream").await;
        service.vote(&["1"]);
        page.until("return document.querySelector('#votes-total').textContent === '1,013'").await;
        the_script_draws_what_the_server_does(&page).await;
        next_voter(&page).await;
        vote(&page, 2).await;
        has_voted(&page, "林林").await;
        assert_eq!(service.tally(), [410, 604]);
        is_polled(&page).await;
        drop(streams);
        is_live(&page).await;
    });
}

/// Waits until the page asks for results itself.
async fn is_polled(page: &Browser) {
    page.until("return document.querySelector('#connection').textContent === 'Renewed every few seconds'").await;
}
