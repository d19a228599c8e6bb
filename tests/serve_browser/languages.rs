//! The page and the screen in the languages they speak.
use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::service::{Service, votekit};
use crate::{OVER, run, the_script_draws_what_the_server_does};

#[test]
fn a_reader_of_chinese_votes_in_chinese() {
    run(async {
        let names = ["--candidate", "薯片", "--candidate", "Ünïcödé كعك", "--candidate", "<b>林林</b>"];
        let service =
            Service::start(&[&["--votes-per-voter", "1", "--closes", "2999-01-01T00:00:00Z"][..], &names].concat());
        let page = Browser::start(Scripts::On).await;
        page.speaks("zh-TW,zh;q=0.9,en;q=0.8").await;
        page.width(360).await;
        page.client.goto(&service.url()).await.unwrap();
        page.until("return document.querySelector('#connection').textContent === '即時'").await;
        assert_eq!(page.ask("return document.documentElement.lang").await, json!("zh-Hant"));
        assert_eq!(page.text("#summary").await, "尚無人投票。");
        assert_eq!(page.text("#send").await, "投票");
        page.click("[data-id='3'] .name").await;
        assert_eq!(page.text("#send").await, "投給 <b>林林</b>");
        page.write("#voter", "u1").await;
        page.click("#send").await;
        page.until("return document.querySelector('.done').checkVisibility()").await;
        assert_eq!(page.text(".done").await, "✓ 您已投給 <b>林林</b>");
        page.until("return document.querySelector('#summary').textContent === '<b>林林</b> 領先，得票率 100.0 %。'")
            .await;
        page.check_accessible("in Chinese").await;
        // The texts of the server are those of the script.
        the_script_draws_what_the_server_does(&page).await;
        page.client.refresh().await.unwrap();
        assert_eq!(page.text(".done").await, "✓ 您已投給 <b>林林</b>");
        // A refusal too.
        page.until("document.querySelector('#again').click(); return !document.body.dataset.voted").await;
        page.click("[data-id='1'] .name").await;
        page.write("#voter", "u1").await;
        page.click("#send").await;
        page.until("return document.querySelector('#refusal').textContent === '未計入：您已經投過票。'").await;
        assert_eq!(page.ask(OVER).await, json!(0));

        // Nothing of it is left in English, but what is a name.
        assert!(votekit(&service.folder).arg("close").output().unwrap().status.success());
        page.until("return document.body.dataset.state === 'closed'").await;
        for path in ["", "screen"] {
            page.client.goto(&format!("{}{path}", service.url())).await.unwrap();
            let shown = page
                .ask("return document.body.innerText.replace('Ünïcödé', '').replaceAll(/<b>|<\\/b>|UTC|GMT/g, '')")
                .await;
            let shown = shown.as_str().unwrap();
            assert!(!shown.chars().any(|letter| letter.is_ascii_alphabetic()), "{path}: {shown}");
        }
    });
}
