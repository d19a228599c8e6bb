//! `logsum --follow`: the real binary on a file that grows, is truncated and is rotated.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

struct Follower {
    child: Child,
    lines: Receiver<String>,
    folder: tempfile::TempDir,
}

impl Follower {
    fn start(options: &[&str], begin_with: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = begin_with {
            fs::write(folder.path().join("log"), text).unwrap();
        }
        // If the tests run in the background of a shell, SIGINT is ignored, and children inherit that.
        let mut child = Command::new("env")
            .args(["--default-signal=INT", env!("CARGO_BIN_EXE_votekit")])
            .args(["logsum", "--follow", "log"])
            .args(options)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        Follower { child, lines, folder }
    }

    /// Waits for the line `expected`. The lines before it must be in `earlier`: a state may be old, never wrong.
    fn until(&self, expected: &str, earlier: &[&str]) {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(20)).expect("a line before the time is over");
            if line == expected {
                return;
            }
            assert!(earlier.contains(&line.as_str()), "{line:?} where {expected:?} was to come");
        }
    }

    fn append(&self, text: &str) {
        let mut file = OpenOptions::new().append(true).create(true).open(self.log()).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn log(&self) -> std::path::PathBuf {
        self.folder.path().join("log")
    }

    /// Ends it like Ctrl-C; returns its stderr.
    fn interrupt(mut self) -> String {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(2), "ended by the signal itself: {status} {stderr}");
        assert!(self.lines.recv_timeout(Duration::from_secs(20)).is_err(), "nothing more is told");
        stderr
    }
}

fn row(day: &str, bytes: u32) -> String {
    format!("{day}\t10:00:00\t{bytes}\t/a.jpg\n")
}

#[test]
fn growth_truncation_and_rotation_are_summed_once() {
    let follower = Follower::start(&["--from", "2019-08-24"], Some(&row("2019-08-24", 1)));
    follower.until("1", &[]);
    // Half a line does not count yet, and a day outside the range does not count at all.
    follower.append(&row("2019-08-23", 1000));
    follower.append("2019-08-24\t10:00:00\t2");
    std::thread::sleep(Duration::from_millis(500));
    follower.append("0\t/b.jpg\n");
    follower.until("21", &["1"]);

    fs::write(follower.log(), row("2019-08-24", 300)).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    follower.append(&row("2019-08-24", 4000));
    follower.until("4321", &["21", "321"]);

    // The last line has no newline when the file is rotated.
    follower.append("2019-08-24\t10:00:00\t50000\t/c.jpg");
    fs::rename(follower.log(), follower.folder.path().join("log.1")).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    fs::write(follower.log(), row("2019-08-24", 600_000)).unwrap();
    follower.until("654321", &["4321", "54321"]);

    let stderr = follower.interrupt();
    assert!(stderr.contains("log was truncated: reading on at its start"), "{stderr}");
    assert!(stderr.contains("log is another file now"), "{stderr}");
}

#[test]
fn a_file_that_is_not_there_yet_is_waited_for_and_groups_grow() {
    let follower = Follower::start(&["--by", "day", "--format", "json"], None);
    let state = |groups: &str, requests: u32, bytes: u32, count: u32, bad: u32| {
        let question = r#"{"from":null,"to":null,"time_zone":"UTC","type":"jpeg","by":"day","top":null}"#;
        let rows = format!(r#""rows_read":{requests},"rows_bad":{bad}"#);
        format!(
            r#"{{"question":{question},"requests":{requests},"bytes":{bytes},"groups_total":{count},{rows},"groups":[{groups}]}}"#
        )
    };
    follower.until(&state("", 0, 0, 0, 0), &[]);
    follower.append(&row("2019-08-24", 30));
    let first = r#"{"day":"2019-08-24","requests":1,"bytes":30,"share":1.0}"#;
    follower.until(&state(first, 1, 30, 1, 0), &[&state("", 0, 0, 0, 0)]);
    follower.append("2019-08-25\t10:00:00\tnone\t/a.jpg\n");
    follower.append(&row("2019-08-25", 10));
    let both = concat!(
        r#"{"day":"2019-08-24","requests":1,"bytes":30,"share":0.75},"#,
        r#"{"day":"2019-08-25","requests":1,"bytes":10,"share":0.25}"#
    );
    follower.until(&state(both, 2, 40, 2, 1), &[&state(first, 1, 30, 1, 0), &state(first, 1, 30, 1, 1)]);
    // Bad rows beyond the number that is listed one by one are still counted.
    follower.append(&("bad\n".repeat(9) + &row("2019-08-25", 20)));
    let all = concat!(
        r#"{"day":"2019-08-24","requests":1,"bytes":30,"share":0.5},"#,
        r#"{"day":"2019-08-25","requests":2,"bytes":30,"share":0.5}"#
    );
    follower.until(&state(all, 3, 60, 2, 10), &[&state(both, 2, 40, 2, 1)]);
    let stderr = follower.interrupt();
    assert!(stderr.contains("10 rows could not be read up to now and are not in the sum"), "{stderr}");
    assert!(stderr.contains("log is not there: waiting for it"), "{stderr}");
    assert!(stderr.contains("log:2: the size \\\"none\\\" is not a number of bytes"), "{stderr}");
}

#[test]
fn what_cannot_be_followed_is_refused() {
    for (args, code, reason) in [
        (&["-"][..], 2, "needs files by name"),
        (&["packed", "--by", "day", "--format", "csv"], 2, "csv"),
        (&["packed"], 1, "packed: it is compressed"),
        (&["."], 1, "regular file"),
        (&["strict", "--strict"], 1, "strict:2: too few columns"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("packed"), b"\x1f\x8b\x08\0abc\nabc\n").unwrap();
        fs::write(folder.path().join("strict"), b"2019-08-24\t10:00:00\t1\t/a.jpg\nabc\n").unwrap();
        let output = run(folder.path(), args);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?} {stderr}");
        assert!(stderr.contains(reason), "{args:?} {stderr}");
    }
}

fn run(folder: &Path, args: &[&str]) -> std::process::Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
    command.args(["logsum", "--follow"]).args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap()
}
