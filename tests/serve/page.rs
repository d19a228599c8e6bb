//! The page over plain HTTP: caching, and which form posts are accepted. `tests/serve_browser` tests it in a browser.
use crate::http::{Reply, Server, stdout};

fn served() -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    stdout(folder.path(), &["init", "--candidate", "Ann", "--candidate", "Bo"]);
    let server = Server::start(folder.path(), &[]);
    (folder, server)
}

fn post(server: &Server, headers: &[&str], form: &str) -> Reply {
    let headers = [&["Content-Type: application/x-www-form-urlencoded"], headers].concat();
    server.client().request("POST", "/", &headers, form.as_bytes()).unwrap()
}

fn tally(server: &Server) -> String {
    stdout(&server.folder, &["tally"])
}

#[test]
fn the_page_is_for_one_reader_and_what_it_needs_for_all() {
    let (_folder, server) = served();
    let page = server.get("/");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("cache-control"), Some("no-store"), "a copy would cast somebody else's vote");
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none';"));
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    let html = page.text();
    assert!(
        !html.contains("<script>") && !html.contains("style=") && !html.contains("://"),
        "nothing inline, no other host"
    );
    let key = |html: &str| html.split("name=\"key\" value=\"").nth(1).unwrap()[..32].to_owned();
    assert_ne!(key(&html), key(&server.get("/").text()));

    let assets: Vec<&str> = html.split('"').filter(|text| text.starts_with("/assets/")).collect();
    assert_eq!(assets.len(), 3);
    for path in assets {
        let asset = server.get(path);
        let kept = Some("public, max-age=31536000, immutable");
        assert_eq!((asset.status, asset.header("cache-control")), (200, kept), "{path}");
    }
    assert_eq!(server.get("/assets/page.css").status, 404);
}

#[test]
fn a_shared_link_is_shown_with_its_title_and_in_the_readers_language() {
    let folder = tempfile::tempdir().unwrap();
    stdout(folder.path(), &["init", "--title", "Best \"snack\"", "--candidate", "Ann", "--candidate", "Bo"]);
    let server = Server::start(folder.path(), &["--public-url", "https://vote.example/poll"]);
    let html = server.get("/").text();
    for tag in [
        "<meta property=\"og:title\" content=\"Best &#34;snack&#34;\">",
        "<meta property=\"og:url\" content=\"https://vote.example/poll/\">",
        "<meta property=\"og:description\" content=\"Vote, and watch the result.\">",
    ] {
        assert!(html.contains(tag), "{tag} in {html}");
    }
    let chinese = server.client().request("GET", "/", &["Accept-Language: zh-TW,zh;q=0.9,en;q=0.8"], b"").unwrap();
    assert_eq!(chinese.header("vary"), Some("accept-language, cookie"));
    let html = chinese.text();
    assert!(
        html.starts_with("<!doctype html>\n<html lang=\"zh-Hant\">") && html.contains("投票並觀看結果。"),
        "{html}"
    );
}

#[test]
fn a_form_is_taken_from_the_page_alone() {
    let (_folder, server) = served();
    for (headers, status, place) in [
        (&["Sec-Fetch-Site: cross-site"][..], 403, None),
        (&["Sec-Fetch-Site: same-site"], 403, None),
        (&["Origin: http://evil.example"], 403, None),
        (&["Origin: null"], 403, None),
        (&["Origin: http://localhost"], 303, Some("/?vote=stored")),
        (&["Sec-Fetch-Site: same-origin", "Origin: http://localhost"], 303, Some("/?vote=stored")),
    ] {
        let reply = post(&server, headers, "candidate_id=2");
        assert_eq!((reply.status, reply.header("location")), (status, place), "{headers:?}");
        assert_eq!(status == 403, reply.text().contains("vote on the page itself"), "the page says why: {headers:?}");
    }
    assert_eq!(tally(&server), "1\tAnn\t0\n2\tBo\t2\n");
}

#[test]
fn nobody_is_told_that_a_vote_is_stored_by_an_address_that_was_passed_on() {
    let (_folder, server) = served();
    for (headers, told) in [
        (&[][..], false),
        (&["Sec-Fetch-Site: none"], false),
        (&["Sec-Fetch-Site: cross-site", "Referer: http://localhost/"], false),
        (&["Referer: http://evil.example/localhost"], false),
        (&["Referer: http://localhost/?vote=stored"], true),
        (&["Sec-Fetch-Site: same-origin"], true),
    ] {
        let page = server.client().request("GET", "/?vote=stored", headers, b"").unwrap().text();
        assert_eq!(page.contains("<strong>Your vote is stored<"), told, "{headers:?}");
    }
}

#[test]
fn a_form_counts_once_a_key_and_comes_back_with_what_was_typed() {
    let (_folder, server) = served();
    assert_eq!(post(&server, &[], "candidate_id=1&key=k").header("location"), Some("/?vote=stored"));
    assert_eq!(post(&server, &[], "candidate_id=1&key=k").header("location"), Some("/?vote=repeated"));
    let other = post(&server, &[], "candidate_id=2&key=k");
    assert_eq!(other.status, 422);
    let html = other.text();
    assert!(html.contains("key k was used for another vote") && !html.contains("value=\"k\""), "a new key: {html}");

    // The longest allowed opinion, in characters that take the most bytes; and one character more.
    let opinion = "%F0%9F%98%80".repeat(10_000);
    assert_eq!(post(&server, &[], &format!("candidate_id=1&opinion={opinion}")).status, 303);
    let long = post(&server, &[], &format!("candidate_id=1&key=k2&opinion={opinion}x"));
    assert_eq!(long.status, 400);
    let html = long.text();
    assert!(html.contains("the opinion has 10001 characters, 10000 are allowed"));
    assert!(html.contains("😀x</textarea>") && html.contains("value=\"k2\""));

    for (form, status) in
        [("candidate_id=9", 404), ("candidate_id=x", 400), ("candidate_id=1&candidate_id=2", 400), ("", 400)]
    {
        assert_eq!(post(&server, &[], form).status, status, "{form}");
    }
    let text = server.client().request("POST", "/", &["Content-Type: text/plain"], b"candidate_id=1").unwrap();
    assert_eq!((text.status, text.header("content-type")), (415, Some("text/html; charset=utf-8")));
    assert!(text.text().contains("the page&#39;s form is application/x-www-form-urlencoded"), "{}", text.text());
    let mut huge = server.client();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    huge.send(format!("POST / HTTP/1.1\r\nHost: localhost\r\n{kind}\r\nContent-Length: 200000\r\n\r\n").as_bytes())
        .unwrap();
    let huge = huge.reply("POST").unwrap();
    assert_eq!((huge.status, huge.header("content-type")), (413, Some("text/html; charset=utf-8")));
    assert_eq!(tally(&server), "1\tAnn\t2\n2\tBo\t0\n");
}

#[test]
fn a_client_held_to_a_rate_gets_the_page_back_with_what_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &["--rate-limit", "1/h"]);
    let form = "candidate_id=1&key=k&opinion=by+far";
    assert_eq!(post(&server, &[], form).status, 303);
    let again = post(&server, &[], form);
    assert_eq!(again.status, 429);
    assert!(again.header("retry-after").is_some());
    let html = again.text();
    assert!(html.contains("Send it once more") && html.contains("value=\"k\"") && html.contains("by far</textarea>"));
}
