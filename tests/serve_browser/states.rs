//! What each state of a vote looks like, at any width.
use serde_json::json;

use crate::browser::{Browser, Scripts};
use crate::service::{Service, from_now, votekit};
use crate::{HOSTILE, OVER, is_live, run, the_script_draws_what_the_server_does, vote};

#[test]
fn each_state_is_told_and_accessible() {
    run(async {
        let page = Browser::start(Scripts::On).await;
        let long = "x".repeat(200);
        let states: [(&str, &[&str], &str); 5] = [
            ("open", &["--title", HOSTILE[0]], "Open"),
            (
                "asking who votes",
                &["--votes-per-voter", "2", "--allow-change", "--closes", "2999-01-01T00:00:00Z"],
                "Open",
            ),
            ("hidden", &["--closes", "2999-01-01T00:00:00Z", "--hide-until-closed"], "Open"),
            ("not open yet", &["--opens", "2999-01-01T00:00:00Z"], "Not open yet"),
            ("closed", &[], "Closed"),
        ];
        for (what, options, pill) in states {
            let candidates = HOSTILE.iter().copied().chain([long.as_str()]).flat_map(|name| ["--candidate", name]);
            let service = Service::start(&options.iter().copied().chain(candidates).collect::<Vec<_>>());
            match pill {
                "Open" => service.vote(&["1", "--voter", "a"]),
                "Closed" => assert!(votekit(&service.folder).arg("close").output().unwrap().status.success()),
                _ => {}
            }
            page.client.goto(&service.url()).await.unwrap();
            is_live(&page).await;
            page.check_accessible(what).await;
            for pixels in [320, 768, 1280] {
                page.width(pixels).await;
                assert_eq!(page.ask(OVER).await, json!(0), "{what} at {pixels}");
            }
            assert_eq!(page.text(".state").await.lines().next().unwrap(), pill, "{what}");
            let shown =
                page.ask("return [...document.querySelectorAll('.name')].map((name) => name.textContent)").await;
            assert_eq!(shown, json!([HOSTILE[0], HOSTILE[1], HOSTILE[2], HOSTILE[3], long]), "{what}");
            assert_eq!(
                page.ask("return [window.harmed ?? 'no harm', document.images.length]").await,
                json!(["no harm", 0])
            );
            let buttons = page
                .ask("return [...document.querySelectorAll('.choice')].filter((one) => one.checkVisibility()).length")
                .await;
            assert_eq!(buttons, json!(if pill == "Open" { 5 } else { 0 }), "{what}");
            let figures = page
                .ask("return [...document.querySelectorAll('.figure')].filter((one) => one.checkVisibility()).length")
                .await;
            assert_eq!(figures, json!(if what == "hidden" { 0 } else { 5 }), "{what}");
        }
        a_thousand_candidates_are_no_trouble(&page).await;
        pictures_and_texts_leave_room_for_names_and_choices(&page).await;
        let (soon, later) = (from_now(2), from_now(5));
        let service = Service::start(&[
            "--candidate",
            "Ann",
            "--candidate",
            "Bo",
            "--opens",
            &soon,
            "--closes",
            &later,
            "--hide-until-closed",
        ]);
        it_opens_and_closes_under_the_readers_eyes(&page, &service).await;
    });
}

async fn a_thousand_candidates_are_no_trouble(page: &Browser) {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.csv");
    let names: String = (1..=1000).map(|id| format!("{id} {}\n", "薯片 a name ".repeat(16))).collect();
    std::fs::write(&list, names).unwrap();
    let service = Service::start(&["--candidates", list.to_str().unwrap(), "--closes", "2999-01-01T00:00:00Z"]);
    page.width(320).await;
    page.live_in("Asia/Taipei").await;
    page.client.goto(&service.url()).await.unwrap();
    is_live(page).await;
    assert_eq!(
        page.text(".state [data-when=open] time").await,
        "Tue, 1 January 2999 at 08:00 GMT+8",
        "in the reader's zone"
    );
    vote(page, 1000).await;
    page.until("return document.querySelector('[data-id=\"1000\"] rect').getAttribute('width') === '100.0%'").await;
    assert_eq!(page.ask(OVER).await, json!(0));
}

/// At any width, each name, text and picture is seen, beside its choice rather than below it, and within its row.
async fn pictures_and_texts_leave_room_for_names_and_choices(page: &Browser) {
    const MISPLACED: &str = "
        const box = (node) => node.getBoundingClientRect();
        const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        return [...document.querySelectorAll('.candidate')].flatMap((row) => {
          const parts = [...row.querySelectorAll('.picture, .name, .about, .count, .bar, .choice')];
          const shown = parts.filter((part) => part.checkVisibility());
          const inside = (part) => box(part).bottom <= box(row).bottom && box(part).right <= box(row).right;
          const bad = shown.filter((part) => box(part).width < 8 || !inside(part));
          const pairs = shown.flatMap((a, at) => shown.slice(at + 1).filter((b) => overlap(box(a), box(b))));
          return [...bad, ...pairs].map((part) => part.className.baseVal ?? part.className);
        });";
    let folder = tempfile::tempdir().unwrap();
    let picture = folder.path().join("a.gif");
    std::fs::write(&picture, b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;")
        .unwrap();
    let list = folder.path().join("list.csv");
    let text = "name,about,picture\nAnn,Sings and dances,a.gif\nBo,,a.gif\nCy,Only a text,\nDee,,\n";
    std::fs::write(&list, text).unwrap();
    let service = Service::start(&["--candidates", list.to_str().unwrap()]);
    page.client.goto(&service.url()).await.unwrap();
    is_live(page).await;
    page.until(
        "return [...document.images].filter((image) => image.complete && image.naturalWidth === 1).length === 2",
    )
    .await;
    for pixels in [320, 500, 768, 1280] {
        page.width(pixels).await;
        assert_eq!(page.ask(MISPLACED).await, json!([]), "at {pixels}");
        assert_eq!(page.ask(OVER).await, json!(0), "at {pixels}");
    }
    page.check_accessible("with pictures").await;
    // A candidate that comes later is drawn by the script.
    assert!(votekit(&service.folder).args(["candidates", "add", "Eve"]).output().unwrap().status.success());
    page.until("return document.querySelectorAll('.candidate').length === 5").await;
    assert_eq!(page.ask(MISPLACED).await, json!([]), "with one more");
}

async fn it_opens_and_closes_under_the_readers_eyes(page: &Browser, service: &Service) {
    page.client.goto(&service.url()).await.unwrap();
    page.until("return document.body.dataset.state === 'open'").await;
    vote(page, 2).await;
    page.until("return document.querySelector('#votes-total').textContent === '1'").await;
    assert_eq!(
        page.text("#summary").await,
        format!("The result comes when voting closes: {}.", page.text(".state [data-when=open] time").await)
    );
    page.until("return document.body.dataset.state === 'closed'").await;
    assert_eq!(page.text("#summary").await, "Bo won with 100.0 % of the votes.");
    let order = page.ask("return [...document.querySelectorAll('.name')].map((name) => name.textContent)").await;
    assert_eq!(order, json!(["Bo", "Ann"]), "the most votes first");
    the_script_draws_what_the_server_does(page).await;
}
