//! A disk that fails while a vote is written: what the real program reports, and what a retry does. A preloaded library
//! makes the syncs fail.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

#[path = "support/disk.rs"]
mod disk;

use disk::FailingSync;

/// A folder with a ballot file, and a disk that can be made to fail.
struct Disk {
    folder: TempDir,
    sync: FailingSync,
}

impl Disk {
    fn new(init: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sync = FailingSync::new();
        let disk = Disk { folder, sync };
        assert!(
            run(disk.votekit(&[&["init", "--candidate", "a", "--candidate", "b"], init].concat()), "").status.success()
        );
        disk
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn votekit(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
        command.args(args).current_dir(self.path()).env_remove("VOTEKIT_BALLOTS");
        command
    }

    /// votekit, with `times` failing syncs of files whose name ends in `name`, from sync number `from` on.
    fn failing(&self, args: &[&str], name: &str, from: u32, times: u32) -> Command {
        let mut command = self.votekit(args);
        self.sync.arm(&mut command, name, from, times);
        command
    }

    fn total(&self) -> u64 {
        let done = run(self.votekit(&["tally", "--format", "json"]), "");
        let tally: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        tally["votes"].as_u64().unwrap()
    }

    fn sound(&self) {
        let check = run(self.votekit(&["check", "-q"]), "");
        assert!(check.status.success(), "{}", told(&check));
    }
}

fn run(mut command: Command, input: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that has failed stops reading.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn told(done: &Output) -> String {
    String::from_utf8(done.stderr.clone()).unwrap()
}

#[test]
fn a_commit_whose_sync_fails_is_unknown_and_can_be_tried_again_with_its_key() {
    // The first sync of a new WAL is for its header, the second for the commit.
    for sync in [1, 2] {
        let disk = Disk::new(&[]);
        let vote = ["vote", "2", "--key", "k"];
        let done = run(disk.failing(&vote, "-wal", sync, 1), "");
        let text = told(&done);
        assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(1), &b""[..]), "sync {sync}: {text}");
        for part in ["whether it was stored is unknown", "ballots.db", "votekit tally", "--key"] {
            assert!(text.contains(part), "sync {sync}: {text}");
        }
        disk.sound();
        assert!(disk.total() <= 1);
        let again = run(disk.votekit(&vote), "");
        assert!(again.status.success(), "{}", told(&again));
        assert_eq!(disk.total(), 1, "it counts once, whatever became of the first");
        disk.sound();
    }
}

#[test]
fn a_bulk_load_whose_commit_fails_says_what_is_sure_and_can_be_run_again() {
    let disk = Disk::new(&["--votes-per-voter", "1"]);
    let lines: String = (0..60_000).map(|at| format!("{}\tu{at}\t\tk{at}\n", at % 2 + 1)).collect();
    // The third sync fails: one batch has been committed before.
    let done = run(disk.failing(&["vote", "--stdin"], "-wal", 3, 1), &lines);
    let text = told(&done);
    assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(1), &b""[..]), "{text}");
    assert!(text.contains("unknown") && text.contains("votekit tally") && text.contains("key"), "{text}");
    let sure = text.split("until then ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    let sure: u64 = sure.parse().unwrap();
    assert!(sure > 0 && disk.total() >= sure, "{text}");
    disk.sound();
    let again = run(disk.votekit(&["vote", "--stdin"]), &lines);
    assert!(again.status.success(), "{}", told(&again));
    assert_eq!(disk.total(), 60_000);
    disk.sound();
}

#[test]
fn what_fails_after_the_commit_takes_nothing_back() {
    let disk = Disk::new(&[]);
    // The commit is in the WAL; the checkpoint fails every time.
    let done = run(disk.failing(&["vote", "2"], "ballots.db", 1, 1_000), "");
    assert!(done.status.success(), "{}", told(&done));
    assert_eq!(disk.total(), 1);
    disk.sound();
}
