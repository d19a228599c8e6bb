//! The real service on a free port, and a client that can misbehave.
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longer than anything here takes: a wait that reaches it is a hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn votekit(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
    command.args(args).current_dir(folder).env_remove("VOTEKIT_BALLOTS").env("TZ", "UTC").stdin(Stdio::null());
    command
}

/// Runs a command that must succeed; returns its stdout.
pub(crate) fn stdout(folder: &Path, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = votekit(folder, args).output().unwrap();
    assert!(status.success(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

/// The number of standing votes in the ballot file.
pub(crate) fn total(folder: &Path) -> u64 {
    let tally: Value = serde_json::from_str(&stdout(folder, &["tally", "--format", "json"])).unwrap();
    tally["votes"].as_u64().unwrap()
}

/// A vote whose opinion is its number.
pub(crate) fn numbered(number: u64) -> String {
    format!(r#"{{"candidate_id": {}, "opinion": "{number}"}}"#, number % 3 + 1)
}

/// How often each [`numbered`] vote is in the ballot `file`.
pub(crate) fn stored(folder: &Path, file: &str) -> HashMap<u64, u32> {
    let mut times = HashMap::new();
    for line in stdout(folder, &["export", "--ballots", file]).lines() {
        *times.entry(line.rsplit('\t').next().unwrap().parse().unwrap()).or_insert(0) += 1;
    }
    times
}

/// A running service, killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub address: SocketAddr,
    pub folder: PathBuf,
    stderr: Option<BufReader<std::process::ChildStderr>>,
}

impl Server {
    /// Starts `votekit serve` in `folder` on a free port and waits until it listens.
    pub(crate) fn start(folder: &Path, args: &[&str]) -> Server {
        let all = [&["serve", "--listen", "127.0.0.1:0"], args].concat();
        let mut child = votekit(folder, &all).stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        let address = loop {
            told.clear();
            assert_ne!(stderr.read_line(&mut told).unwrap(), 0, "it ended before it listened");
            if let Some((_, rest)) = told.split_once("http://") {
                break rest.split([' ', '\n', '"']).next().unwrap().parse().unwrap();
            }
        };
        Server { child, address, folder: folder.to_owned(), stderr: Some(stderr) }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address).unwrap()
    }

    /// Sends one GET on a new connection.
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.client().request("GET", path, &[], b"").unwrap()
    }

    pub(crate) fn post(&self, body: &str) -> Reply {
        self.client().vote(body, &[]).unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for it to exit. Returns the status and what it wrote to stderr after it began to listen.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let mut told = String::new();
        self.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        (self.child.wait().unwrap(), told)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An HTTP response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// A persistent connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Client { stream: BufReader::new(stream) })
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    pub(crate) fn request(&mut self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> io::Result<Reply> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n", body.len());
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        self.send(&[head.as_bytes(), body].concat())?;
        self.reply(method)
    }

    pub(crate) fn vote(&mut self, body: &str, headers: &[&str]) -> io::Result<Reply> {
        let headers = [&["Content-Type: application/json"], headers].concat();
        self.request("POST", "/vote", &headers, body.as_bytes())
    }

    /// Reads a line without its line end; an error if the connection has ended.
    pub(crate) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }

    /// Reads the status and headers of a response.
    pub(crate) fn head(&mut self) -> io::Result<Reply> {
        let first = self.line()?;
        let status =
            first.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
        let mut headers = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Reply { status, headers, body: Vec::new() })
    }

    /// All that comes until the connection ends.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.stream.read_to_string(&mut rest).unwrap();
        rest
    }

    pub(crate) fn reply(&mut self, method: &str) -> io::Result<Reply> {
        let mut reply = self.head()?;
        let bytes = reply.header("content-length").map_or(0, |bytes| bytes.parse().unwrap());
        if method != "HEAD" && reply.status != 304 {
            reply.body.resize(bytes, 0);
            self.stream.read_exact(&mut reply.body)?;
        }
        Ok(reply)
    }
}

/// Polls `done` until it is true.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "it never came to this: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
