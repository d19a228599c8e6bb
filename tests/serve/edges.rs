//! What comes from other programs at the edge: front ends on other origins, load balancers, proxies, browsers with cookies.
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;

use serde_json::json;

use crate::http::{Server, stdout, total, until};

fn served(init: &[&str], serve: &[&str]) -> (tempfile::TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    stdout(folder.path(), &[&["init", "-q", "--candidate", "Ann", "--candidate", "Bo"], init].concat());
    let server = Server::start(folder.path(), serve);
    (folder, server)
}

const JSON: &str = "Content-Type: application/json";

#[test]
fn pages_of_allowed_origins_may_vote_and_read() {
    let (_folder, server) = served(&[], &["--allow-origin", "http://front.example:8000,https://other.example"]);
    let (front, stranger) = ("Origin: http://front.example:8000", "Origin: http://evil.example");
    let preflight =
        ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type,idempotency-key"];
    let asked = server.client().request("OPTIONS", "/vote/", &[&[front], &preflight[..]].concat(), b"").unwrap();
    assert_eq!(asked.status, 200);
    assert_eq!(asked.header("access-control-allow-origin"), Some("http://front.example:8000"));
    assert!(asked.header("access-control-allow-headers").unwrap().contains("idempotency-key"));
    assert!(asked.header("access-control-allow-methods").unwrap().contains("POST"));
    let voted = server.client().vote(r#"{"candidate_id": 1}"#, &[front]).unwrap();
    assert_eq!((voted.status, voted.header("access-control-allow-origin")), (200, Some("http://front.example:8000")));
    let read = server.client().request("GET", "/result/", &[stranger], b"").unwrap();
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, None));
    let (_folder, closed) = served(&[], &[]);
    let read = closed.client().request("GET", "/result/", &[front], b"").unwrap();
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, None));
}

#[test]
fn bodies_and_heads_of_other_programs_are_understood_or_named() {
    let (_folder, server) = served(&[], &[]);
    let packed = server.client().request("POST", "/vote", &[JSON, "Content-Encoding: gzip"], b"\x1f\x8b\x08").unwrap();
    assert_eq!((packed.status, packed.header("accept-encoding")), (415, Some("identity")));
    assert!(packed.json()["error_message"].as_str().unwrap().contains("compressed (gzip)"), "{packed:?}");
    let marked = server.client().request("POST", "/vote", &[JSON], b"\xef\xbb\xbf{\"candidate_id\": 1}").unwrap();
    assert_eq!(marked.status, 200, "a byte order mark");
    let long = format!(r#"{{"candidate_id": 1, "opinion": "{}"}}"#, "\\ud83d\\ude00".repeat(10_000));
    assert_eq!(server.post(&long).status, 200, "10,000 characters, each as twelve");
    let mut without_host = server.client();
    without_host.send(b"GET /result HTTP/1.1\r\n\r\n").unwrap();
    let refused = without_host.reply("GET").unwrap();
    assert_eq!((refused.status, refused.json()["detail"].as_str().unwrap().contains("Host")), (400, true));
    assert_eq!(total(&server.folder), 2);
}

#[test]
fn a_browser_votes_once_until_the_vote_is_reset() {
    let (folder, server) = served(&["--once-per-browser"], &[]);
    let page = server.get("/");
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    let cookie = format!("Cookie: {}", cookie.split(';').next().unwrap());
    let vote = |headers: &[&str]| server.client().vote(r#"{"candidate_id": 1, "voter": "anybody"}"#, headers).unwrap();
    let without = vote(&[]);
    assert_eq!((without.status, &without.json()["type"]), (403, &json!("urn:votekit:problem:browser-required")));
    assert!(without.header("set-cookie").is_some(), "the next attempt can show it");
    assert_eq!(vote(&[&cookie]).status, 200);
    assert_eq!(vote(&[&cookie]).json()["type"], json!("urn:votekit:problem:limit-reached"));
    let last = if cookie.ends_with('0') { "1" } else { "0" };
    assert_eq!(vote(&[&format!("{}{last}", &cookie[..cookie.len() - 1])]).status, 403, "forged");
    // Another service on the same file believes the same cookies.
    let other = Server::start(folder.path(), &[]);
    assert_eq!(other.client().vote(r#"{"candidate_id": 1}"#, &[&cookie]).unwrap().status, 409);
    stdout(folder.path(), &["reset", "-q", "--yes"]);
    until("the reset is known", || vote(&[&cookie]).status == 403);
    assert_eq!(total(folder.path()), 0);
    let again = format!("Cookie: {}", server.get("/").header("set-cookie").unwrap().split(';').next().unwrap());
    assert_eq!(vote(&[&again]).status, 200);
}

#[test]
fn a_hangup_that_the_parent_ignored_stays_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' HUP; exec \"$0\" serve --listen 127.0.0.1:0 2>told"]).arg(env!("CARGO_BIN_EXE_votekit"));
    let mut child = shell.current_dir(folder.path()).process_group(0).spawn().unwrap();
    let listens = || std::fs::read_to_string(folder.path().join("told")).is_ok_and(|told| told.contains("http://"));
    until("it listens", listens);
    let kill = |signal: &str| {
        assert!(std::process::Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    };
    kill("-HUP");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let is_running = child.try_wait().unwrap().is_none();
    let _ = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(is_running && child.wait().unwrap().success());
}

#[test]
fn load_balancers_are_told_before_the_door_closes() {
    let (_folder, server) = served(&[], &["--shutdown-delay", "2s"]);
    assert_eq!(server.get("/readyz").status, 200);
    server.signal("-TERM");
    until("it says that it is not ready", || server.get("/readyz").status == 503);
    assert_eq!(server.post(r#"{"candidate_id": 1}"#).status, 200, "votes are still taken");
    let folder = server.folder.clone();
    assert!(server.wait().0.success());
    assert_eq!(total(&folder), 1);
}

#[test]
fn a_socket_that_listens_already_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let mut script = tempfile::NamedTempFile::new().unwrap();
    // What systemd does: the socket is file 3, and the variables name this process.
    write!(
        script,
        "import os, socket, sys\ns = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); s.set_inheritable(True)\nprint(s.getsockname()[1], flush=True)\n\
         s.fileno() == 3 or os.dup2(s.fileno(), 3, inheritable=True)\nenv = dict(os.environ, LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n\
         os.execve(sys.argv[1], [sys.argv[1], 'serve'], env)\n"
    )
    .unwrap();
    let mut child = std::process::Command::new("python3")
        .arg(script.path())
        .arg(env!("CARGO_BIN_EXE_votekit"))
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut port = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut port).unwrap();
    let address = format!("127.0.0.1:{}", port.trim()).parse().unwrap();
    let voted = crate::http::Client::connect(address).unwrap().vote(r#"{"candidate_id": 1}"#, &[]).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(voted.status, 200);
}
