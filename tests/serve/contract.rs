//! The contract that existing clients rely on, and the promises of the rest of the service.
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Server, stdout, until, votekit};

fn served(args: &[&str]) -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), args);
    (folder, server)
}

#[test]
fn the_contract_word_by_word_with_and_without_the_slash() {
    let (_folder, server) = served(&[]);
    for path in ["/vote/", "/vote"] {
        let post =
            |body: &[u8]| server.client().request("POST", path, &["Content-Type: application/json"], body).unwrap();
        for body in [r#"{"candidate_id": 2}"#, r#"{"candidate_id": 2, "opinion": "test"}"#] {
            let reply = post(body.as_bytes());
            assert_eq!((reply.status, reply.json()), (200, json!({"success": true})), "{path} {body}");
        }
        let reply = post(br#"{"opinion": "test"}"#);
        assert_eq!(reply.status, 400, "{path}");
        assert_eq!(reply.json()["success"], json!(false));
        assert_eq!(reply.json()["error_message"], json!("candidate_id is required!"));
    }
    let expected = json!([
        [
            {"candidate_id": 1, "num_vote": 0},
            {"candidate_id": 2, "num_vote": 4},
            {"candidate_id": 3, "num_vote": 0},
        ],
        [{"total_vote_10_min": 4}],
    ]);
    for path in ["/result/", "/result"] {
        let reply = server.get(path);
        assert_eq!((reply.status, reply.json()), (200, expected.clone()), "{path}");
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
    assert_eq!(stdout(&server.folder, &["export"]), "2\t林林\t\n2\t林林\t\n2\t林林\ttest\n2\t林林\ttest\n");
}

/// Body, status, problem type, part of the message.
const BAD_BODIES: &[(&str, u16, &str, &str)] = &[
    ("", 400, "malformed-json", "empty"),
    ("candidate_id=2", 400, "malformed-json", "not JSON"),
    (r#"{"candidate_id": 2"#, 400, "malformed-json", "not JSON"),
    (r#"{"candidate_id": 2} x"#, 400, "malformed-json", "not JSON"),
    ("[]", 400, "bad-body", "not an array"),
    ("[2, null, null, null, null]", 400, "bad-body", "not an array"),
    ("null", 400, "bad-body", "not null"),
    ("\"2\"", 400, "bad-body", "not text"),
    ("{}", 400, "bad-body", "candidate_id is required!"),
    (r#"{"candidate_id": null}"#, 400, "bad-body", "candidate_id is required!"),
    (r#"{"candidate_id": "2"}"#, 400, "bad-body", "whole number, not text"),
    (r#"{"candidate_id": true}"#, 400, "bad-body", "whole number, not true or false"),
    (r#"{"candidate_id": [2]}"#, 400, "bad-body", "whole number, not an array"),
    (r#"{"candidate_id": 2.5}"#, 400, "bad-body", "not 2.5"),
    (r#"{"candidate_id": 2.0}"#, 400, "bad-body", "not 2.0"),
    (r#"{"candidate_id": -2}"#, 400, "bad-body", "not -2"),
    (r#"{"candidate_id": 0}"#, 400, "bad-body", "not 0"),
    (r#"{"candidate_id": 9223372036854775808}"#, 400, "bad-body", "not 9223372036854775808"),
    (r#"{"candidate_id": 1e400}"#, 400, "malformed-json", "number out of range"),
    (r#"{"candidate_id": 2, "candidate_id": 3}"#, 400, "bad-body", "duplicate"),
    (r#"{"candidate_id": 2, "opinion": 7}"#, 400, "bad-body", "opinion must be text, not a number"),
    (r#"{"candidate_id": 2, "voter": {}}"#, 400, "bad-body", "voter must be text, not an object"),
    (r#"{"candidate_id": 2, "voter": ""}"#, 400, "bad-body", "voter's id is empty"),
    (r#"{"candidate_id": 2, "key": "a\nb"}"#, 400, "bad-body", "control character"),
    (r#"{"candidate_id": 2, "change": 1}"#, 400, "bad-body", "change must be true or false"),
    (r#"{"candidate_id": 2, "opinion": "\u0000"}"#, 400, "bad-body", "NUL"),
    (r#"{"candidate_id": 9}"#, 404, "unknown-candidate", "there is no candidate 9"),
];

fn is_problem(reply: &crate::http::Reply, status: u16, kind: &str, message: &str, what: &str) {
    let told = reply.json();
    assert_eq!(reply.status, status, "{what}: {told}");
    assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{what}");
    assert_eq!(told["type"], json!(format!("urn:votekit:problem:{kind}")), "{what}");
    assert_eq!((&told["status"], &told["success"]), (&json!(status), &json!(false)), "{what}");
    assert!(told["title"].is_string() && told["detail"] == told["error_message"], "{what}: {told}");
    assert!(told["error_message"].as_str().unwrap().contains(message), "{what}: {told}");
}

#[test]
fn each_kind_of_bad_request_has_its_own_answer_and_stores_nothing() {
    let (_folder, server) = served(&[]);
    let json_header = "Content-Type: application/json";
    for (body, status, kind, message) in BAD_BODIES {
        is_problem(&server.post(body), *status, kind, message, body);
    }
    let long = format!(r#"{{"candidate_id": 2, "opinion": "{}"}}"#, "薯".repeat(10_001));
    is_problem(&server.post(&long), 400, "bad-body", "10001 characters", "a long opinion");
    let huge = "x".repeat(192 * 1024 + 1);
    is_problem(&server.post(&huge), 413, "too-large", "196608 bytes", "a large body");
    let mut chunked = server.client();
    chunked
        .send(b"POST /vote HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    chunked.send(format!("{:x}\r\n{huge}\r\n0\r\n\r\n", huge.len()).as_bytes()).unwrap();
    is_problem(&chunked.reply("POST").unwrap(), 413, "too-large", "196608 bytes", "a large body in chunks");

    for (headers, status, kind) in [
        (&[][..], 415, "content-type"),
        (&["Content-Type: text/plain"], 415, "content-type"),
        (&["Content-Type: application/x-www-form-urlencoded"], 415, "content-type"),
        (&[json_header, "Idempotency-Key: "], 400, "bad-request"),
        (&[json_header, "Idempotency-Key: a", "Idempotency-Key: b"], 400, "bad-request"),
    ] {
        let reply = server.client().request("POST", "/vote", headers, br#"{"candidate_id": 2}"#).unwrap();
        is_problem(&reply, status, kind, "", &format!("{headers:?}"));
    }
    for (method, path, status, kind, allow) in [
        ("GET", "/nix", 404, "not-found", None),
        ("GET", "/vote/2", 404, "not-found", None),
        ("GET", "/result?window=soon", 400, "bad-request", None),
        ("GET", "/vote", 405, "wrong-method", Some("POST")),
        ("DELETE", "/vote/", 405, "wrong-method", Some("POST")),
        ("POST", "/result", 405, "wrong-method", Some("GET,HEAD")),
    ] {
        let reply = server.client().request(method, path, &[], b"").unwrap();
        is_problem(&reply, status, kind, "", &format!("{method} {path}"));
        assert_eq!(reply.header("allow"), allow, "{method} {path}");
    }
    assert_eq!(crate::http::total(&server.folder), 0);
    let fine = r#"{"candidate_id": 2, "opinion": null, "extra": [1, {"a": "b"}], "voter": null}"#;
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"] {
        let header = format!("Content-Type: {kind}");
        assert_eq!(
            server.client().request("POST", "/vote", &[&header], fine.as_bytes()).unwrap().status,
            200,
            "{kind}"
        );
    }
}

#[test]
fn a_key_counts_once_wherever_it_stands() {
    let (_folder, server) = served(&[]);
    let body = r#"{"candidate_id": 2, "opinion": "so"}"#;
    let first = server.client().vote(body, &["Idempotency-Key: \"k-1\""]).unwrap();
    assert_eq!((first.status, first.header("idempotent-replayed")), (200, None));
    for (body, header) in [
        (body, "Idempotency-Key: k-1"),
        (body, "Idempotency-Key: \"k-1\""),
        (r#"{"candidate_id": 2, "opinion": "so", "key": "k-1"}"#, "X-Other: a"),
        (r#"{"candidate_id": 2, "opinion": "so", "key": "k-1"}"#, "Idempotency-Key: k-1"),
    ] {
        let again = server.client().vote(body, &[header]).unwrap();
        assert_eq!((again.status, &again.body), (200, &first.body), "{body} {header}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{body} {header}");
    }
    let other = server.client().vote(r#"{"candidate_id": 3}"#, &["Idempotency-Key: k-1"]).unwrap();
    is_problem(&other, 422, "key-reused", "k-1", "another vote under the key");
    let both = server.client().vote(r#"{"candidate_id": 2, "key": "k-2"}"#, &["Idempotency-Key: k-3"]).unwrap();
    is_problem(&both, 400, "bad-request", "differ", "two keys");
    assert_eq!(crate::http::total(&server.folder), 1);
}

#[test]
fn a_result_is_as_new_as_the_last_answer_and_known_by_its_tag() {
    let (_folder, server) = served(&[]);
    let mut client = server.client();
    for votes in 1..=50 {
        assert_eq!(client.vote(r#"{"candidate_id": 1}"#, &[]).unwrap().status, 200);
        let reply = client.request("GET", "/result", &[], b"").unwrap();
        assert_eq!(reply.json()[0][0]["num_vote"], json!(votes));
        assert_eq!(reply.json()[1][0]["total_vote_10_min"], json!(votes));
    }
    let reply = server.get("/result");
    let tag = reply.header("etag").unwrap().to_owned();
    assert_eq!(reply.header("cache-control"), Some("public, max-age=1"));
    for tags in [tag.clone(), format!("\"x\", W/{tag}"), "*".into()] {
        let known = client.request("GET", "/result", &[&format!("If-None-Match: {tags}")], b"").unwrap();
        assert_eq!((known.status, known.header("etag")), (304, Some(tag.as_str())), "{tags}");
    }
    server.post(r#"{"candidate_id": 1}"#);
    let new = client.request("GET", "/result", &[&format!("If-None-Match: {tag}")], b"").unwrap();
    assert_eq!((new.status, &new.json()[0][0]["num_vote"]), (200, &json!(51)));
    let head = client.request("HEAD", "/result", &[], b"").unwrap();
    assert_eq!((head.status, head.body.len()), (200, 0));
    let window = server.get("/result?window=1h30m").json();
    assert_eq!(window[1], json!([{"total_vote_in_window": 51, "window_secs": 5400}]));
}

#[test]
fn the_window_slides_when_nobody_votes() {
    let (_folder, server) = served(&[]);
    server.post(r#"{"candidate_id": 1}"#);
    let recent = || server.get("/result?window=2s").json()[1][0]["total_vote_in_window"].as_u64().unwrap();
    assert_eq!(recent(), 1);
    until("the vote leaves the window", || recent() == 0);
    assert_eq!(server.get("/result").json()[1][0]["total_vote_10_min"], json!(1));
}

#[test]
fn votes_of_other_programs_and_other_services_show_within_a_second() {
    let (folder, one) = served(&[]);
    let other = Server::start(folder.path(), &[]);
    let votes = |server: &Server| server.get("/result").json()[0][2]["num_vote"].as_u64().unwrap();
    assert_eq!((votes(&one), votes(&other)), (0, 0));
    stdout(folder.path(), &["vote", "3"]);
    assert_eq!(other.post(r#"{"candidate_id": 3}"#).status, 200);
    let begun = Instant::now();
    until("both know both votes", || (votes(&one), votes(&other)) == (2, 2));
    assert!(begun.elapsed() < Duration::from_secs(5), "within a second, on a machine that does other things too");
}

#[test]
fn events_tell_of_every_change() {
    let (_folder, server) = served(&[]);
    let mut stream = server.client();
    stream.send(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let head = stream.head().unwrap();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    let mut next = || loop {
        let line = stream.line().unwrap();
        if let Some(data) = line.strip_prefix("data: ") {
            break serde_json::from_str::<Value>(data).unwrap();
        }
    };
    let vote = next();
    assert_eq!(
        (&vote["candidates"][1], &vote["generation"]),
        (&json!({"id": 2, "name": "林林"}), &json!(1)),
        "the names once"
    );
    assert_eq!(next()["total_votes"], json!(0));
    server.post(r#"{"candidate_id": 2}"#);
    let told = next();
    assert_eq!((&told["total_votes"], &told["recent_votes"], &told["state"]), (&json!(1), &json!(1), &json!("open")));
    assert_eq!(told["candidates"][1], json!({"id": 2, "votes": 1}), "figures alone");
    stdout(&server.folder, &["vote", "3"]);
    assert_eq!(next()["candidates"][2]["votes"], json!(1));
    stdout(&server.folder, &["candidates", "add", "Dee"]);
    assert_eq!(next()["candidates"].as_array().unwrap().last().unwrap()["name"], json!("Dee"), "the names again");
    assert_eq!(next()["total_votes"], json!(2));
}

#[test]
fn who_polls_learns_when_the_ballot_or_the_state_changes() {
    let (_folder, server) = served(&[]);
    let ballot = || server.get("/ballot");
    let told = || {
        let reply = server.get("/result");
        ["votekit-state", "votekit-ballot"].map(|name| reply.header(name).unwrap().to_owned())
    };
    let first = told();
    assert_eq!([Some(first[0].as_str()), Some(first[1].as_str())], [Some("open"), ballot().header("etag")]);
    server.post(r#"{"candidate_id": 2}"#);
    assert_eq!(told(), first, "votes alone change neither");
    stdout(&server.folder, &["set", "--title", "The finale"]);
    until("the new title", || ballot().json()["title"] == json!("The finale"));
    let renamed = told();
    assert_ne!(renamed[1], first[1]);
    let tag = server.get("/result").header("etag").unwrap().to_owned();
    stdout(&server.folder, &["close"]);
    until("closed", || told()[0] == "closed");
    let same = server.client().request("GET", "/result", &[&format!("If-None-Match: {tag}")], b"").unwrap();
    assert_eq!((same.status, same.header("votekit-state")), (304, Some("closed")), "though the votes are the same");
}

#[test]
fn the_service_tells_of_itself() {
    let (_folder, server) = served(&[]);
    server.post(r#"{"candidate_id": 2, "opinion": "secret", "voter": "ann"}"#);
    server.post(r#"{"candidate_id": 9}"#);
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/readyz").status, 200);
    assert_eq!(server.get("/candidates/").json()[1], json!({"candidate_id": 2, "name": "林林"}));
    let metrics = server.get("/metrics").text();
    for line in [
        "votekit_votes_total{outcome=\"stored\"} 1",
        "votekit_votes_total{outcome=\"unknown_candidate\"} 1",
        "votekit_vote_duration_seconds_count 2",
        "votekit_batch_votes_sum 2.0",
        "votekit_queue_depth 0",
    ] {
        assert!(metrics.lines().any(|told| told == line), "{line}: {metrics}");
    }
    let openapi = server.get("/openapi.json").json();
    for path in
        ["/vote", "/result", "/ballot", "/candidates", "/events", "/healthz", "/readyz", "/metrics", "/openapi.json"]
    {
        assert!(openapi["paths"][path].is_object(), "{path}");
    }
    assert_eq!(server.get("/result").header("x-content-type-options"), Some("nosniff"));
}

#[test]
fn the_access_log_has_requests_and_no_votes() {
    for (format, status) in [("text", "status=200"), ("json", "\"status\":200")] {
        let (_folder, server) = served(&["--access-log", format]);
        let body = r#"{"candidate_id": 2, "opinion": "secretly", "voter": "ann17", "key": "k17"}"#;
        server
            .client()
            .request("POST", "/vote?token=hush", &["Content-Type: application/json"], body.as_bytes())
            .unwrap();
        server.signal("-TERM");
        let (exit, told) = server.wait();
        assert!(exit.success() && told.contains(status) && told.contains("/vote"), "{told}");
        assert!(!["secretly", "ann17", "k17", "hush"].iter().any(|word| told.contains(word)), "{told}");
        if format == "json" {
            assert!(told.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{told}");
        }
    }
}

#[test]
fn a_client_is_held_to_its_rate() {
    let (_folder, server) = served(&["--rate-limit", "3/h", "--trust-proxy", "127.0.0.1"]);
    let vote = |from: &str| {
        let header = format!("X-Forwarded-For: {from}");
        server.client().vote(r#"{"candidate_id": 2}"#, &[&header]).unwrap()
    };
    for _ in 0..3 {
        assert_eq!(vote("192.0.2.1").status, 200);
    }
    let late = vote("198.51.100.7, 192.0.2.1");
    is_problem(&late, 429, "rate-limited", "too many votes", "the fourth");
    assert!(late.header("retry-after").unwrap().parse::<u32>().unwrap() > 60);
    assert_eq!(vote("192.0.2.2").status, 200);
    assert_eq!(crate::http::total(&server.folder), 4);
}

#[test]
fn what_cannot_be_served_is_said_with_the_way_out() {
    let (folder, server) = served(&[]);
    let port = server.address.to_string();
    for (args, code, told) in [
        (&["--listen", port.as_str()][..], 1, "in use"),
        (&["--listen", "nowhere"], 2, "127.0.0.1:5000"),
        (&["--listen", "127.0.0.1:99999"], 2, "127.0.0.1:5000"),
        (&["--ballots", "none.db"], 1, "votekit init --ballots none.db"),
        (&["--rate-limit", "0/s"], 2, "5/s"),
        (&["--trust-proxy", "localhost"], 2, "10.0.0.0/8"),
        (&["--queue", "0"], 2, "1..=1000000"),
    ] {
        let done = votekit(folder.path(), &[&["serve"], args].concat()).output().unwrap();
        let stderr = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(stderr.contains(told), "{args:?}: {stderr}");
    }
    assert!(!folder.path().join("none.db").exists());
}
