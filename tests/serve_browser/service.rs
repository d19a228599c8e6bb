//! `votekit serve` on a ballot file of its own, and the command line beside it.
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// A service on its own ballot file; dropping it stops it.
pub(crate) struct Service {
    pub(crate) folder: TempDir,
    child: Child,
    pub(crate) address: String,
}

impl Service {
    /// Creates a vote with these `votekit init` options and serves it.
    pub(crate) fn start(init: &[&str]) -> Service {
        let folder = tempfile::tempdir().unwrap();
        let made = votekit(&folder).arg("init").args(init).output().unwrap();
        assert!(made.status.success(), "{init:?}: {}", String::from_utf8_lossy(&made.stderr));
        let (child, address) = serve(&folder, "127.0.0.1:0");
        Service { folder, child, address }
    }

    /// Fills the queue, so that the next vote is refused, until the returned values are dropped.
    pub(crate) fn crowd(&self) -> (rusqlite::Connection, Vec<TcpStream>) {
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
    pub(crate) fn streams(&self) -> Vec<TcpStream> {
        let stream = |_| {
            let mut client = TcpStream::connect(&self.address).unwrap();
            client.write_all(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            client
        };
        (0..8).map(stream).collect()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Kills it, like a crash.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Restarts it on the same address.
    pub(crate) fn start_again(&mut self) {
        (self.child, _) = serve(&self.folder, &self.address);
    }

    /// Casts a vote on the command line.
    pub(crate) fn vote(&self, args: &[&str]) {
        let cast = votekit(&self.folder).arg("vote").args(args).output().unwrap();
        assert!(cast.status.success(), "{args:?}: {}", String::from_utf8_lossy(&cast.stderr));
    }

    /// Changes the rules.
    pub(crate) fn set(&self, args: &[&str]) {
        let set = votekit(&self.folder).arg("set").args(args).output().unwrap();
        assert!(set.status.success(), "{args:?}: {}", String::from_utf8_lossy(&set.stderr));
    }

    /// Casts one vote per line with `vote --stdin`.
    pub(crate) fn vote_lines(&self, lines: &str) {
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
    pub(crate) fn tally(&self) -> Vec<u64> {
        let told = votekit(&self.folder).args(["tally", "--format", "json"]).output().unwrap();
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        told["candidates"].as_array().unwrap().iter().map(|row| row["votes"].as_u64().unwrap()).collect()
    }

    /// The opinions in the file.
    pub(crate) fn opinions(&self) -> Vec<String> {
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

pub(crate) fn votekit(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
    command.current_dir(folder.path()).env("VOTEKIT_BALLOTS", PathBuf::from("page.db"));
    command
}

pub(crate) fn serve(folder: &TempDir, listen: &str) -> (Child, String) {
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
pub(crate) fn from_now(secs: i64) -> String {
    (chrono::Utc::now() + chrono::TimeDelta::seconds(secs)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
