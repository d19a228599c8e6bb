//! The files a command creates, and their names, are on disk when it ends: a folder that cannot be synced is an error.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::path::Path;
use std::process::Command;

#[path = "support/disk.rs"]
mod disk;

use disk::FailingSync;

#[test]
fn a_new_file_is_safe_from_a_power_failure() {
    let sync = FailingSync::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let (log, events) = (samples.join("cdn.log"), samples.join("piwik_track.tsv"));
    let (log, events) = (log.to_str().unwrap(), events.to_str().unwrap());
    for args in [
        &["init", "--ballots", "out", "--candidate", "a"][..],
        &["q1", "load", events, "--db", "out"],
        &["logsum", "--by", "day", "--svg", "out", log],
        &["logsum", "--rejects", "out", log],
    ] {
        for (syncs, fails) in [("votekit-folder", true), ("another", false)] {
            let outside = tempfile::tempdir().unwrap();
            let folder = outside.path().join("votekit-folder");
            std::fs::create_dir(&folder).unwrap();
            let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
            command.args(args).current_dir(&folder).env_remove("VOTEKIT_BALLOTS");
            sync.arm(&mut command, syncs, 1, 100);
            let done = command.output().unwrap();
            let told = String::from_utf8_lossy(&done.stderr);
            assert_eq!(!done.status.success(), fails, "{args:?} {told}");
            assert_eq!(told.contains("Input/output error"), fails, "{args:?} {told}");
        }
    }
}
