//! The rules of a vote over HTTP.
use serde_json::json;

use crate::http::{Server, stdout};

fn served(init: &[&str]) -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    stdout(folder.path(), &[&["init", "--candidate", "Ann", "--candidate", "Bo"], init].concat());
    let server = Server::start(folder.path(), &[]);
    (folder, server)
}

#[test]
fn a_voter_has_so_many_votes_and_may_change_them() {
    let (folder, server) = served(&["--votes-per-voter", "1", "--allow-change"]);
    for (body, status, kind) in [
        (r#"{"candidate_id": 1}"#, 400, "voter-required"),
        (r#"{"candidate_id": 1, "voter": "u1"}"#, 200, ""),
        (r#"{"candidate_id": 2, "voter": "u1"}"#, 409, "limit-reached"),
        (r#"{"candidate_id": 2, "voter": "u1", "change": true}"#, 200, ""),
        (r#"{"candidate_id": 9, "voter": "u2"}"#, 404, "unknown-candidate"),
    ] {
        let reply = server.post(body);
        assert_eq!(reply.status, status, "{body}: {reply:?}");
        if status != 200 {
            assert_eq!(reply.json()["type"], json!(format!("urn:votekit:problem:{kind}")), "{body}");
        }
    }
    assert_eq!(stdout(folder.path(), &["tally"]), "1\tAnn\t0\n2\tBo\t1\n");
    assert_eq!(server.get("/result").json()[0][1]["num_vote"], json!(1));
}

#[test]
fn voters_of_a_list_only_and_no_change() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("voters.csv"), "id,name\nu1,One\n").unwrap();
    stdout(folder.path(), &["init", "--candidate", "Ann", "--voters", "voters.csv"]);
    let server = Server::start(folder.path(), &[]);
    let status = |body| server.post(body).status;
    assert_eq!(status(r#"{"candidate_id": 1, "voter": "u2"}"#), 403);
    assert_eq!(status(r#"{"candidate_id": 1, "voter": "u1", "change": true}"#), 403);
    assert_eq!(status(r#"{"candidate_id": 1, "voter": "u1"}"#), 200);
}

#[test]
fn before_it_opens_and_after_it_closes() {
    for (init, kind, state) in
        [(&["--opens", "2999-01-01T00:00:00Z"][..], "not-open-yet", "not_open_yet"), (&[], "closed", "closed")]
    {
        let (folder, server) = served(init);
        if state == "closed" {
            stdout(folder.path(), &["close"]);
        }
        let reply = server.post(r#"{"candidate_id": 1}"#);
        assert_eq!((reply.status, &reply.json()["type"]), (403, &json!(format!("urn:votekit:problem:{kind}"))));
        let mut stream = server.client();
        stream.send(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let told = std::iter::repeat_with(|| stream.line().unwrap())
            .find(|line| line.starts_with("data: {\"state\""))
            .unwrap();
        assert!(told.contains(&format!("\"state\":\"{state}\"")), "{told}");
    }
}

#[test]
fn hidden_results_are_told_nobody_until_the_vote_closes() {
    let (_folder, server) = served(&["--hide-until-closed", "--closes", "2999-01-01T00:00:00Z"]);
    for _ in 0..3 {
        assert_eq!(server.post(r#"{"candidate_id": 2}"#).status, 200);
    }
    for path in ["/result", "/result/", "/result?window=1h"] {
        let reply = server.get(path);
        assert_eq!(
            (reply.status, &reply.json()["type"]),
            (403, &json!("urn:votekit:problem:results-hidden")),
            "{path}"
        );
        assert!(reply.json()["error_message"].as_str().unwrap().contains("2999"), "{path}");
    }
    // Those who poll learn the state all the same.
    let (hidden, ballot) = (server.get("/result"), server.get("/ballot"));
    assert_eq!(hidden.header("votekit-state"), Some("open"));
    assert_eq!((hidden.header("votekit-ballot"), ballot.json()["votes"].is_null()), (ballot.header("etag"), true));
    let mut stream = server.client();
    stream.send(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    let told =
        std::iter::repeat_with(|| stream.line().unwrap()).find(|line| line.starts_with("data: {\"state\"")).unwrap();
    assert!(
        told.contains("\"votes\":null") && told.contains("\"total_votes\":3") && !told.contains("\"votes\":3"),
        "{told}"
    );
}
