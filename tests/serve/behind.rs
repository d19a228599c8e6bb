//! Behind a proxy: Unix sockets, a public address with a path, metrics on an address of their own, and a real nginx.
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::disk::left_out;
use crate::http::{Client, PATIENCE, Reply, Server, stdout, total, until, votekit};

/// A PNG of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";

/// A ballot with a picture and a text.
fn init(folder: &Path, more: &[&str]) {
    fs::write(folder.join("ann.png"), PNG).unwrap();
    fs::write(folder.join("list.csv"), "name,about,picture\nAnn,Sings & <dances>,ann.png\nBo,,\n").unwrap();
    stdout(folder, &[&["init", "-q", "--candidates", "list.csv"], more].concat());
}

/// A service on a Unix socket.
struct OnSocket(Child);

impl OnSocket {
    fn start(folder: &Path, args: &[&str]) -> Self {
        let listen = format!("unix:{}", folder.join("socket").display());
        let mut command = votekit(folder, &[&["serve", "--listen", &listen], args].concat());
        let child = command.stderr(fs::File::create(folder.join("told")).unwrap()).spawn().unwrap();
        until("it listens", || fs::read_to_string(folder.join("told")).is_ok_and(|told| told.contains("serving")));
        OnSocket(child)
    }

    fn end(mut self) {
        assert!(Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for OnSocket {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ask(socket: &Path, request: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_unix_socket_is_made_replaced_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &[]);
    let socket = folder.path().join("socket");
    let get = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let service = OnSocket::start(folder.path(), &[]);
    assert!(ask(&socket, get).starts_with("HTTP/1.1 200"));
    let made = fs::metadata(&socket).unwrap();
    assert!(made.file_type().is_socket());
    assert_eq!(made.permissions().mode() & 0o777, 0o666, "the proxy is another user");
    let listen = format!("unix:{}", socket.display());
    let second = votekit(folder.path(), &["serve", "--listen", &listen]).output().unwrap();
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && told.contains("another service listens there"), "{told}");
    drop(service);
    assert!(socket.exists(), "it was killed");
    let service = OnSocket::start(folder.path(), &[]);
    assert!(ask(&socket, get).starts_with("HTTP/1.1 200"));
    service.end();
    assert!(!socket.exists(), "it ended");
    fs::write(&socket, "a file").unwrap();
    let refused = votekit(folder.path(), &["serve", "--listen", &listen]).output().unwrap();
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && told.contains("not a socket"), "{told}");
    assert_eq!(fs::read_to_string(&socket).unwrap(), "a file");
    let relative = votekit(folder.path(), &["serve", "--listen", "unix:socket"]).output().unwrap();
    assert_eq!(relative.status.code(), Some(2));
}

#[test]
fn pictures_and_texts_are_served() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &[]);
    let server = Server::start(folder.path(), &[]);
    let candidates = server.get("/candidates").json();
    assert_eq!(candidates[0]["about"], json!("Sings & <dances>"));
    assert_eq!(candidates[1], json!({"candidate_id": 2, "name": "Bo"}));
    let path = candidates[0]["picture"].as_str().unwrap();
    let picture = server.get(path);
    assert_eq!((picture.status, picture.header("content-type"), &*picture.body), (200, Some("image/png"), PNG));
    assert!(picture.header("cache-control").unwrap().contains("immutable"));
    for absent in ["/pictures/1/0", "/pictures/2/0", "/pictures/x/0", "/pictures/9/0"] {
        assert_eq!(server.get(absent).status, 404, "{absent}");
    }
    let page = server.get("/").text();
    assert!(page.contains(&format!("src=\"{path}\"")) && page.contains("Sings &#38; &#60;dances&#62;"), "{page}");
}

#[test]
fn a_public_address_is_the_base_of_all_paths() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &["--once-per-browser"]);
    let server = Server::start(folder.path(), &["--public-url", "https://vote.example/poll"]);
    // Whether or not the proxy takes the base away.
    for base in ["", "/poll"] {
        for path in ["/", "/result", "/result?window=30m", "/candidates/", "/healthz", "/openapi.json"] {
            assert_eq!(server.get(&format!("{base}{path}")).status, 200, "{base}{path}");
        }
    }
    assert_eq!(server.get("/poll").status, 200);
    assert_eq!((server.get("/polls").status, server.get("/poll/poll").status), (404, 404));
    let picture = server.get("/candidates").json()[0]["picture"].as_str().unwrap().to_owned();
    assert!(picture.starts_with("/poll/pictures/"));
    assert_eq!(server.get(&picture).status, 200);
    assert_eq!(server.get("/openapi.json").json()["servers"], json!([{"url": "https://vote.example/poll"}]));
    let page = server.get("/poll/");
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.contains("; Path=/poll;") && cookie.ends_with("; Secure"), "{cookie}");
    let html = page.text();
    for (at, _) in html.match_indices("=\"/") {
        assert!(html[at..].starts_with("=\"/poll"), "{}", &html[at..at + 40]);
    }
    let refused = votekit(folder.path(), &["serve", "--public-url", "https://vote.example/vote"]).output().unwrap();
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(2) && told.contains("/vote is one of the service's own"), "{told}");
}

#[test]
fn metrics_have_an_address_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &[]);
    let at = free_address();
    let server = Server::start(folder.path(), &["--metrics-listen", &at.to_string()]);
    server.post(r#"{"candidate_id": 1}"#);
    server.post(r#"{"candidate_id": 9}"#);
    assert_eq!(server.get("/metrics").status, 404);
    assert!(server.get("/openapi.json").json()["paths"]["/metrics"].is_null());
    let ask = |path: &str| Client::connect(at).unwrap().request("GET", path, &[], b"").unwrap();
    let metrics = ask("/metrics").text();
    for line in [
        "votekit_votes_total{outcome=\"stored\"} 1",
        "votekit_http_requests_total{method=\"post\",code=\"200\"} 1",
        "votekit_http_requests_total{method=\"post\",code=\"404\"} 1",
        concat!("votekit_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
    ] {
        assert!(metrics.lines().any(|told| told == line), "{line}: {metrics}");
    }
    let value = |name: &str| -> f64 {
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("{name}: {metrics}")).parse().unwrap()
    };
    let now_secs = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
    assert!((now_secs - value("process_start_time_seconds")).abs() < 60.0);
    assert!(value("process_resident_memory_bytes") > 1e6 && value("process_open_fds") > 3.0);
    assert!(value("process_cpu_seconds_total") >= 0.0 && value("process_max_fds") > value("process_open_fds"));
    assert_eq!((ask("/readyz").status, ask("/vote").status), (200, 404));
}

/// An address that nobody listens on just now.
fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// A real nginx in front of a service, as docs/on-the-air.md says.
struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// With `location` in its server; None where there is no nginx.
    fn start(location: &str) -> Option<Self> {
        if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_err() {
            left_out("nginx");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let (at, address) = (folder.path().display().to_string(), free_address());
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temp: String = kinds.iter().map(|kind| format!("{kind}_temp_path {at}/{kind};\n")).collect();
        let config = format!(
            "daemon off;\nmaster_process off;\npid {at}/pid;\nerror_log {at}/error;\nevents {{}}\n\
             http {{\naccess_log off;\n{temp}server {{\nlisten {address};\n{location}\n}}\n}}\n"
        );
        fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let mut nginx = Command::new("nginx");
        nginx.args(["-e", "error", "-p", &at, "-c", "nginx.conf"]).stderr(Stdio::null());
        let child = nginx.spawn().unwrap();
        let listens = || Client::connect(address).is_ok();
        until("nginx listens", listens);
        Some(Nginx { child, address, _folder: folder })
    }

    fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Reply {
        Client::connect(self.address).unwrap().request(method, path, headers, body).unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The value of the hidden field `name`.
fn field<'a>(html: &'a str, name: &str) -> &'a str {
    let (_, rest) = html.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
    rest.split('"').next().unwrap()
}

/// A whole page as browsers see it, which close the connection after it.
fn page(nginx: &Nginx, path: &str, headers: &[&str]) -> String {
    let mut client = Client::connect(nginx.address).unwrap();
    let all: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    client.send(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n{all}\r\n").as_bytes()).unwrap();
    client.rest()
}

#[test]
fn a_vote_below_a_path_of_nginx() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &[]);
    let socket = folder.path().join("socket").display().to_string();
    // The first takes the base away, the second passes it on, and neither passes Host on.
    for proxied in [format!("http://unix:{socket}:/"), format!("http://unix:{socket}:")] {
        let location = format!(
            "location = /poll {{ return 301 /poll/; }}\nlocation /poll/ {{\nproxy_pass {proxied};\n\
             proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\nproxy_http_version 1.1;\n\
             proxy_set_header Connection \"\";\nproxy_read_timeout 1h;\n}}"
        );
        let Some(nginx) = Nginx::start(&location) else { return };
        let public = format!("http://{}/poll/", nginx.address);
        let limits = ["--public-url", &public, "--trust-proxy", "127.0.0.1", "--rate-limit", "3/h"];
        let service = OnSocket::start(folder.path(), &limits);
        let html = page(&nginx, "/poll/", &[]);
        assert!(html.contains("action=\"/poll/\""), "{html}");
        for at in ["page.", "icon."] {
            let path = html.split('"').find(|part| part.contains(&format!("/assets/{at}"))).unwrap();
            assert_eq!(nginx.ask("GET", path, &[], b"").status, 200, "{path}");
        }
        // As a browser without scripts sends it.
        let before = total(folder.path());
        let body = format!("candidate_id=1&key={}&generation={}", field(&html, "key"), field(&html, "generation"));
        let (origin, kind) = (format!("Origin: http://{}", nginx.address), "application/x-www-form-urlencoded");
        let headers = [&*origin, &format!("Content-Type: {kind}"), "X-Forwarded-For: 203.0.113.9"];
        let cast = nginx.ask("POST", "/poll/", &headers, body.as_bytes());
        assert_eq!((cast.status, cast.header("location")), (303, Some("/poll/?vote=stored")), "{cast:?}");
        let told = page(&nginx, "/poll/?vote=stored", &[&format!("Referer: {public}")]);
        assert!(told.contains("Your vote is stored"), "{told}");
        let evil = ["Origin: http://evil.example", headers[1]];
        assert_eq!(nginx.ask("POST", "/poll/", &evil, body.as_bytes()).status, 403);
        assert_eq!(total(folder.path()), before + 1);
        // The API, and the limit for each client rather than for the proxy: nginx adds the address it was asked from.
        let vote = |client: &str| {
            let headers = ["Content-Type: application/json", client];
            nginx.ask("POST", "/poll/vote", &headers, br#"{"candidate_id": 2}"#).status
        };
        let statuses = [(); 4].map(|()| vote("X-Forwarded-For: 203.0.113.7, 127.0.0.1"));
        assert_eq!(statuses, [200, 200, 200, 429]);
        assert_eq!(vote("X-Forwarded-For: 203.0.113.8"), 200);
        first_event_comes_at_once(&nginx);
        service.end();
    }
}

/// The proxy does not hold back the stream's first event.
fn first_event_comes_at_once(nginx: &Nginx) {
    let mut client = Client::connect(nginx.address).unwrap();
    client.send(b"GET /poll/events HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    assert_eq!(client.head().unwrap().status, 200);
    while !client.line().unwrap().starts_with("data: ") {}
}
