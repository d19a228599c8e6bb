//! The form of a browser that runs no scripts.
use fantoccini::Locator;

use crate::browser::{Browser, Scripts};
use crate::service::Service;
use crate::{ENTER, HOSTILE, run, typed};

#[test]
fn without_scripts_too() {
    run(async {
        let service = Service::start(&[
            "--title",
            HOSTILE[0],
            "--candidate",
            HOSTILE[1],
            "--candidate",
            "Bo",
            "--votes-per-voter",
            "1",
        ]);
        let page = Browser::start(Scripts::Off).await;
        let ballot = format!("{}?again=1", service.url());
        page.client.goto(&ballot).await.unwrap();
        assert_eq!(page.text("h1").await, HOSTILE[0]);
        assert!(page.text(".standing").await.contains("No votes yet."));
        assert!(page.text(".standing").await.contains("without JavaScript"));

        page.write("#voter", "u1").await;
        let before = page.client.find(Locator::Css("html")).await.unwrap();
        page.press(ENTER).await;
        page.gone(before).await;
        let told = "Your vote is not stored: press the button that sends it.";
        assert_eq!((page.text(".notice").await.as_str(), typed(&page, "#voter").await.as_str()), (told, "u1"));
        assert_eq!(service.tally(), [0, 0], "Enter in a field casts nothing");
        page.click("details summary").await;
        page.write("#opinion", "\nby far & 薯").await;
        choose_and_send(&page, 2).await;
        assert_eq!(page.text(".notice").await, "Your vote is stored.");
        assert!(page.client.title().await.unwrap().starts_with("Your vote is stored"));
        assert_eq!(page.text("[data-id='2'] .votes").await, "1 vote");
        assert_eq!(page.text(".done").await, "✓ You voted for Bo");
        page.client.refresh().await.unwrap();
        assert_eq!(page.text(".done").await, "✓ You voted for Bo", "also after a reload");
        page.follow("#again").await;
        assert_eq!(service.opinions(), ["\nby far & 薯"]);

        // Refused: the reason shows, and what was typed is kept.
        page.write("#voter", "u1").await;
        page.click("details summary").await;
        page.write("#opinion", "\n</textarea> kept").await;
        choose_and_send(&page, 1).await;
        assert_eq!(page.text(".notice").await, "Your vote is not stored: voter u1 has voted 1 of 1 times.");
        assert_eq!(typed(&page, "#voter").await, "u1");
        assert_eq!(typed(&page, "#opinion").await, "\n</textarea> kept");
        assert_eq!(service.tally(), [0, 1]);

        // The queue is full: what was typed and the key are kept, and the same button counts once.
        page.client.goto(&ballot).await.unwrap();
        let key = typed(&page, "[name=key]").await;
        page.write("#voter", "u3").await;
        let (lock, crowd) = service.crowd();
        choose_and_send(&page, 2).await;
        assert_eq!(
            page.text(".notice").await,
            "Please try again: Too many are voting at this moment. Send it once more: your vote will count once."
        );
        assert_eq!([typed(&page, "#voter").await, typed(&page, "[name=key]").await], ["u3".to_owned(), key]);
        drop((lock, crowd));
        choose_and_send(&page, 2).await;
        assert_eq!(page.text(".notice").await, "Your vote is stored.");
        assert_eq!(service.tally(), [0, 2]);

        // A form sent twice, as after going back in the browser, counts once.
        page.client.goto(&ballot).await.unwrap();
        let key = typed(&page, "[name=key]").await;
        page.write("#voter", "u2").await;
        choose_and_send(&page, 1).await;
        assert_eq!(page.text(".notice").await, "Your vote is stored.");
        assert_eq!(service.tally(), [1, 2]);
        page.client.back().await.unwrap();
        if typed(&page, "[name=key]").await == key {
            choose_and_send(&page, 1).await;
            assert_eq!(page.text(".notice").await, "Your vote is stored. It was already, and counts once.");
        }
        assert_eq!(service.tally(), [1, 2]);
    });
}

async fn choose_and_send(page: &Browser, candidate: u32) {
    page.click(&format!("[data-id='{candidate}'] .name")).await;
    page.follow("#send").await;
}
