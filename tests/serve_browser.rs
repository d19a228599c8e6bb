//! The page of `votekit serve` in a real browser, against the real service and command line.
#![cfg(feature = "serve")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#[path = "support/browser.rs"]
mod browser;
mod support;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use browser::{Browser, Scripts};
use fantoccini::Locator;
use serde_json::{Value, json};
use tempfile::TempDir;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const SPACE: &str = " ";

/// A service on its own ballot file; dropping it stops it.
struct Service {
    folder: TempDir,
    child: Child,
    address: String,
}

impl Service {
    /// Creates a vote with these `votekit init` options and serves it.
    fn start(init: &[&str]) -> Service {
        let folder = tempfile::tempdir().unwrap();
        let made = votekit(&folder).arg("init").args(init).output().unwrap();
        assert!(made.status.success(), "{init:?}: {}", String::from_utf8_lossy(&made.stderr));
        let (child, address) = serve(&folder, "127.0.0.1:0");
        Service { folder, child, address }
    }

    /// Fills the queue, so that the next vote is refused, until the returned values are dropped.
    fn crowd(&self) -> (rusqlite::Connection, Vec<TcpStream>) {
        let lock = rusqlite::Connection::open(self.folder.path().join("page.db")).unwrap();
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        // The writer waits for the lock with the first vote, the next fills the queue of one; none of them will be stored.
        let one = |_| {
            let body = r#"{"candidate_id": 999}"#;
            let head = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
            let mut client = TcpStream::connect(&self.address).unwrap();
            write!(client, "POST /vote HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n{body}").unwrap();
            std::thread::sleep(Duration::from_millis(200));
            client
        };
        (lock, (0..3).map(one).collect())
    }

    /// Takes all slots for event streams (half of the connections) until the returned values are dropped.
    fn streams(&self) -> Vec<TcpStream> {
        let stream = |_| {
            let mut client = TcpStream::connect(&self.address).unwrap();
            client.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            client
        };
        (0..8).map(stream).collect()
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Kills it, like a crash.
    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Restarts it on the same address.
    fn start_again(&mut self) {
        (self.child, _) = serve(&self.folder, &self.address);
    }

    /// Casts a vote on the command line.
    fn vote(&self, args: &[&str]) {
        let cast = votekit(&self.folder).arg("vote").args(args).output().unwrap();
        assert!(cast.status.success(), "{args:?}: {}", String::from_utf8_lossy(&cast.stderr));
    }

    /// Casts one vote per line with `vote --stdin`.
    fn vote_lines(&self, lines: &str) {
        let mut child = votekit(&self.folder)
            .args(["vote", "--stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    /// The votes of each candidate in the file.
    fn tally(&self) -> Vec<u64> {
        let told = votekit(&self.folder).args(["tally", "--format", "json"]).output().unwrap();
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        told["candidates"].as_array().unwrap().iter().map(|row| row["votes"].as_u64().unwrap()).collect()
    }

    /// The opinions in the file.
    fn opinions(&self) -> Vec<String> {
        let told = votekit(&self.folder).args(["export", "--format", "json"]).output().unwrap();
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let votes = told["votes"].as_array().unwrap();
        votes.iter().filter_map(|vote| vote["opinion"].as_str().map(str::to_owned)).collect()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

fn votekit(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
    command.current_dir(folder.path()).env("VOTEKIT_BALLOTS", PathBuf::from("page.db"));
    command
}

fn serve(folder: &TempDir, listen: &str) -> (Child, String) {
    let mut child = votekit(folder)
        .args(["serve", "--queue", "1", "--connections", "16", "--listen", listen])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let address = line.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
    let address = address.unwrap_or_else(|| panic!("serve says where it is, not {line:?}")).to_owned();
    // Later output is discarded, so that it cannot fill the pipe.
    std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
    (child, address)
}

/// A time relative to now, as `--opens` and `--closes` take it.
fn from_now(secs: i64) -> String {
    (chrono::Utc::now() + chrono::TimeDelta::seconds(secs)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

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
        page.click("details summary").await;
        page.write("#opinion", "by far\n薯").await;
        page.click(".candidate[data-id='2'] .vote").await;
        is_told(&page, 2, "Your vote is stored.").await;
        page.until("return document.querySelector('[data-id=\"2\"] rect').getAttribute('width') === '100.0%'").await;
        assert_eq!(page.text("#summary").await, "林林 leads with 100.0 % of the votes.");
        assert_eq!(service.tally(), [0, 1]);
        assert_eq!(service.opinions(), ["by far\n薯"]);
        assert_eq!(page.ask("return document.querySelector('#opinion').value").await, json!(""), "for the next voter");

        // Votes from elsewhere show up, and ties are announced.
        service.vote(&["1"]);
        page.until("return document.querySelector('#votes-total').textContent === '2'").await;
        assert_eq!(page.ask(SHARES).await, json!(["100.0%", "100.0%"]));
        assert_eq!(page.text("#summary").await, "薯片 and 林林 are tied for the lead.");
        for _ in 0..6 {
            service.vote(&["1"]);
        }
        page.until("return document.querySelector('#votes-recent').textContent === '8'").await;
        page.until("return document.querySelector('[data-id=\"2\"] rect').getAttribute('width') === '14.3%'").await;
        assert_eq!(page.text("[data-id='1'] .count").await, "Leading\n7 votes\n87.5 %");
        the_script_draws_what_the_server_does(&page).await;

        // A vote that gets no answer is sent again and counts once.
        service.kill();
        page.click(".candidate[data-id='2'] .vote").await;
        is_told(&page, 2, "The service does not answer. Trying again in ").await;
        page.until("return document.querySelector('#connection').textContent.startsWith('Connection lost')").await;
        page.check_accessible("the lost connection").await;
        service.start_again();
        is_told(&page, 2, "Your vote is stored.").await;
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
        page.click("[data-id='1'] .vote").await;
        is_told(&page, 1, "Your vote is stored, and counts once.").await;
        assert_eq!(service.tally(), [408, 603]);
        page.client.execute(lose, vec![json!(1000)]).await.unwrap();
        page.click("[data-id='1'] .vote").await;
        is_told(&page, 1, "The service does not answer. Trying again in ").await;
        page.client.refresh().await.unwrap();
        is_live(&page).await;
        page.click("[data-id='1'] .vote").await;
        is_told(&page, 1, "Your vote is stored, and counts once.").await;
        assert_eq!(service.tally(), [409, 603]);

        // EventSource gives up if the answer is not a stream, such as "too many streams". The page tries again.
        page.client.goto("about:blank").await.unwrap();
        let streams = service.streams();
        page.client.goto(&service.url()).await.unwrap();
        page.until("return document.querySelector('#connection').textContent.startsWith('Connection lost')").await;
        drop(streams);
        is_live(&page).await;
    });
}

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

const HOSTILE: [&str; 4] = [
    "<img src=x onerror=\"window.harmed = true\">",
    "'\"><script>window.harmed = true</script>",
    "\u{202e}txet desrever",
    "&lt;b&gt; {{ 7 * 7 }} ${7 * 7}",
];

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
            for color_scheme in ["light", "dark"] {
                page.prefer(color_scheme).await;
                page.check_accessible(&format!("{what}, {color_scheme}")).await;
            }
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
                .ask("return [...document.querySelectorAll('.vote')].filter((one) => one.checkVisibility()).length")
                .await;
            assert_eq!(buttons, json!(if pill == "Open" { 5 } else { 0 }), "{what}");
            let figures = page
                .ask("return [...document.querySelectorAll('.count')].filter((one) => one.checkVisibility()).length")
                .await;
            assert_eq!(figures, json!(if what == "hidden" { 0 } else { 5 }), "{what}");
        }
        a_thousand_candidates_are_no_trouble(&page).await;
        pictures_and_texts_leave_room_for_names_and_buttons(&page).await;
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
    page.click("[data-id='1000'] .vote").await;
    page.until("return document.querySelector('[data-id=\"1000\"] rect').getAttribute('width') === '100.0%'").await;
    assert_eq!(page.ask(OVER).await, json!(0));
}

/// At any width, each name, text and picture is seen, beside its button rather than below it, and within its row.
async fn pictures_and_texts_leave_room_for_names_and_buttons(page: &Browser) {
    const MISPLACED: &str = "
        const box = (node) => node.getBoundingClientRect();
        const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
        return [...document.querySelectorAll('.candidate')].flatMap((row) => {
          const parts = [...row.querySelectorAll('.picture, .name, .about, .count, .bar, .vote')];
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
    page.click("[data-id='2'] .vote").await;
    page.until("return document.querySelector('#votes-total').textContent === '1'").await;
    assert_eq!(page.text("#summary").await, "The result is hidden until voting closes.");
    page.until("return document.body.dataset.state === 'closed'").await;
    assert_eq!(page.text("#summary").await, "Bo came first with 100.0 % of the votes.");
    let order = page.ask("return [...document.querySelectorAll('.name')].map((name) => name.textContent)").await;
    assert_eq!(order, json!(["Bo", "Ann"]), "the most votes first");
    the_script_draws_what_the_server_does(page).await;
}

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
        page.client.goto(&service.url()).await.unwrap();
        assert_eq!(page.text("h1").await, HOSTILE[0]);
        assert!(page.text(".standing").await.contains("No votes yet."));
        assert!(page.text(".standing").await.contains("without JavaScript"));

        page.write("#voter", "u1").await;
        let before = page.client.find(Locator::Css("html")).await.unwrap();
        page.press(ENTER).await;
        page.gone(before).await;
        let told = "Your vote is not stored: press the button of the candidate that you vote for.";
        assert_eq!((page.text(".notice").await.as_str(), typed(&page, "#voter").await.as_str()), (told, "u1"));
        assert_eq!(service.tally(), [0, 0], "Enter in a field casts nothing");
        page.click("details summary").await;
        page.write("#opinion", "\nby far & 薯").await;
        page.follow("[data-id='2'] .vote").await;
        assert_eq!(page.text(".notice").await, "Your vote is stored.");
        assert!(page.client.title().await.unwrap().starts_with("Your vote is stored"));
        assert_eq!(page.text("[data-id='2'] .votes").await, "1 vote");
        assert_eq!(service.opinions(), ["\nby far & 薯"]);

        // Refused: the reason shows, and what was typed is kept.
        page.write("#voter", "u1").await;
        page.click("details summary").await;
        page.write("#opinion", "\n</textarea> kept").await;
        page.follow("[data-id='1'] .vote").await;
        assert_eq!(page.text(".notice").await, "Your vote is not stored: voter u1 has voted 1 of 1 times.");
        assert_eq!(typed(&page, "#voter").await, "u1");
        assert_eq!(typed(&page, "#opinion").await, "\n</textarea> kept");
        assert_eq!(service.tally(), [0, 1]);

        // The queue is full: what was typed and the key are kept, and the same button counts once.
        page.client.goto(&service.url()).await.unwrap();
        let key = typed(&page, "[name=key]").await;
        page.write("#voter", "u3").await;
        let (lock, crowd) = service.crowd();
        page.follow("[data-id='2'] .vote").await;
        assert_eq!(
            page.text(".notice").await,
            "Please try again: Too many are voting at this moment. Press the same button again: your vote will count once."
        );
        assert_eq!([typed(&page, "#voter").await, typed(&page, "[name=key]").await], ["u3".to_owned(), key]);
        drop((lock, crowd));
        page.follow("[data-id='2'] .vote").await;
        assert_eq!(page.text(".notice").await, "Your vote is stored.");
        assert_eq!(service.tally(), [0, 2]);

        // A form sent twice, as after going back in the browser, counts once.
        page.client.goto(&service.url()).await.unwrap();
        let key = typed(&page, "[name=key]").await;
        page.write("#voter", "u2").await;
        page.follow("[data-id='1'] .vote").await;
        assert_eq!(page.text(".notice").await, "Your vote is stored.");
        assert_eq!(service.tally(), [1, 2]);
        page.client.back().await.unwrap();
        if typed(&page, "[name=key]").await == key {
            page.follow("[data-id='1'] .vote").await;
            assert_eq!(page.text(".notice").await, "Your vote is stored. It was already, and counts once.");
        }
        assert_eq!(service.tally(), [1, 2]);
    });
}

async fn typed(page: &Browser, selector: &str) -> String {
    page.client.find(Locator::Css(selector)).await.unwrap().prop("value").await.unwrap().unwrap()
}
