//! The result for a hall.
use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::service::{Service, votekit};
use crate::{OVER, is_live, run};

/// Letters, figures and bars that lie outside the window or are cut off, though the window has the size of the hall's screen.
const CUT_OFF: &str = "
    const out = (box) => box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight;
    const parts = [...document.querySelectorAll('h1, .summary, .candidate, .share, .qr, .address, .total, .clock, .connection')];
    return parts.filter((part) => part.checkVisibility() && out(part.getBoundingClientRect())).map((part) => part.className);";

#[test]
fn a_hall_sees_bars_total_time_and_where_to_vote() {
    run(async {
        let names: Vec<String> =
            (1..=12).map(|id| format!("{id} 臺北市立交響樂團 with a rather long English name")).collect();
        let mut options = vec!["--title", "The longest evening of the year", "--closes", "2999-01-01T00:00:00Z"];
        options.extend(names.iter().flat_map(|name| ["--candidate", name]));
        let service = Service::start(&options);
        let page = Browser::start(Scripts::On).await;
        page.size(1920, 1080).await;
        page.client.goto(&format!("{}screen", service.url())).await.unwrap();
        is_live(&page).await;
        service.vote_lines("2\n2\n2\n7\n");
        page.until("return document.querySelector('#votes-total').textContent === '4'").await;
        assert_eq!(page.ask(CUT_OFF).await, json!([]));
        assert_eq!(page.ask(OVER).await, json!(0));
        let below = "const page = document.documentElement; return page.scrollHeight - page.clientHeight";
        assert_eq!(page.ask(below).await, json!(0), "nobody scrolls there");
        // Read from twenty metres: a row is a twentieth of the picture's height at least, and its letters fill it.
        let small = "return [...document.querySelectorAll('.candidate')].filter((row) =>
            parseFloat(getComputedStyle(row).fontSize) < 40 || row.getBoundingClientRect().height < 54).length";
        assert_eq!(page.ask(small).await, json!(0));
        let bars = "return [...document.querySelectorAll('.bar rect')].map((bar) => bar.getAttribute('width'))";
        assert_eq!(page.ask(bars).await[1], json!("75.0%"), "a share of the whole");
        assert_eq!(page.text("[data-id='7'] .share").await, "25.0 %");
        assert!(page.text(".clock").await.starts_with("Voting closes\nin "), "{}", page.text(".clock").await);
        assert_eq!(page.text(".address").await, service.url().trim_start_matches("http://").trim_end_matches('/'));
        let code = "const box = document.querySelector('.qr').getBoundingClientRect(); return Math.min(box.width, box.height) > 300";
        assert_eq!(page.ask(code).await, json!(true));
        page.check_accessible("the screen").await;
        // Two more than fit: those with the most votes, and how many more.
        for name in ["Zoë", "الأخير"] {
            assert!(votekit(&service.folder).args(["candidates", "add", name]).output().unwrap().status.success());
        }
        service.vote_lines("14\n14\n14\n14\n14\n");
        page.until("return document.querySelector('#votes-total').textContent === '9'").await;
        let order = "return [...document.querySelectorAll('.candidate')].map((row) => Number(row.dataset.id))";
        assert_eq!(page.ask(order).await, json!([14, 2, 7, 1, 3, 4, 5, 6, 8, 9, 10, 11]));
        assert_eq!(page.text("#more").await, "and 2 more");
        assert!(votekit(&service.folder).arg("close").output().unwrap().status.success());
        page.until("return document.body.dataset.state === 'closed'").await;
        assert_eq!(page.text("#summary").await, "الأخير won with 55.6 % of the votes.");
        assert_eq!(page.text(".clock").await, "Voting has closed");
        page.check_accessible("the screen, closed").await;
        let focusable = "return document.querySelectorAll('a, button, input, [tabindex]').length";
        assert_eq!(page.ask(focusable).await, json!(0), "a hall has nothing to press");
        assert_eq!(page.ask(CUT_OFF).await, json!([]));
        page.width(360).await;
        assert_eq!(page.ask(OVER).await, json!(0), "on a phone too");
    });
}

#[test]
fn a_hall_counts_down_and_hides_what_is_hidden() {
    run(async {
        let closes = crate::service::from_now(3600);
        let service = Service::start(&[
            "--candidate",
            "Ann",
            "--candidate",
            "Bo",
            "--closes",
            &closes,
            "--hide-results",
            "until-closed",
        ]);
        let page = Browser::start(Scripts::On).await;
        page.size(1920, 1080).await;
        page.client.goto(&format!("{}screen", service.url())).await.unwrap();
        page.until("return document.querySelector('[data-when=open] .until').textContent.startsWith('in 59:')").await;
        // The end is brought forward while the hall watches.
        service.set(&["--closes", &crate::service::from_now(6)]);
        page.until("return document.querySelector('[data-when=open] .until').textContent === 'in 00:02'").await;
        page.check_accessible("the screen, hidden").await;
        assert!(page.text("#summary").await.starts_with("The result comes when voting closes: "));
        assert_eq!(page.text("[data-id='1'] .share").await, "");
        page.until("return document.body.dataset.state === 'closed'").await;
        page.until("return document.querySelector('#summary').textContent === 'No votes yet.'").await;
    });
}
