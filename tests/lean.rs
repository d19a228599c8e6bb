//! A build without the default features: what is built in works, and what is not is reported with how to get it.
#![cfg(not(any(feature = "mysql", feature = "serve", feature = "svg")))]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::path::Path;
use std::process::{Command, Output};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/cdn.log");
const EVENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/piwik_track.tsv");

fn votekit(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
    command.args(args).current_dir(folder).env_remove("VOTEKIT_BALLOTS").output().unwrap()
}

/// Runs a command that must succeed; returns its stdout.
fn stdout(folder: &Path, args: &[&str]) -> String {
    let done = votekit(folder, args);
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

#[test]
fn logs_files_of_events_and_votes_work() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert_eq!(stdout(folder, &["logsum", "--from", "2019-08-24", "--to", "2019-08-25", SAMPLE]), "638571\n");
    let of_events = stdout(folder, &["q1", EVENTS]);
    stdout(folder, &["q1", "load", EVENTS, "--db", "events.db"]);
    assert_eq!(stdout(folder, &["q1", "--db", "events.db"]), of_events);
    stdout(folder, &["init", "--candidate", "ann", "--candidate", "bob"]);
    stdout(folder, &["vote", "2"]);
    let tally: serde_json::Value = serde_json::from_str(&stdout(folder, &["tally", "--format", "json"])).unwrap();
    assert_eq!(tally["votes"], 1);
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (args, feature) in [
        (&["serve"][..], "serve"),
        (&["serve", "--listen", "127.0.0.1:0", "--rate-limit", "5/s"], "serve"),
        (&["q1", "--db", "mysql://ann@127.0.0.1/matomo"], "mysql"),
        (&["logsum", "--by", "day", "--svg", "a.svg", SAMPLE], "svg"),
        (&["q1", "--by", "day", "--svg", "a.svg"], "svg"),
        (&["tally", "--svg", "a.svg"], "svg"),
    ] {
        let done = votekit(folder.path(), args);
        let reason = String::from_utf8(done.stderr).unwrap();
        assert_eq!((done.status.code(), done.stdout.len()), (Some(2), 0), "{args:?} {reason}");
        let lines = reason
            .lines()
            .filter(|line| line.contains(&format!("is not built in: build votekit with --features {feature}")));
        assert_eq!(lines.count(), 1, "{args:?} {reason}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was written");
}
