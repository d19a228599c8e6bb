//! The ballot file and what people do around it: copies, links, other owners, older formats, disks that fail.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

#[path = "support/disk.rs"]
mod disk;

use disk::{FailingSync, SmallDisk, left_out};

fn votekit(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
    command.args(args).current_dir(folder).env_remove("VOTEKIT_BALLOTS").env("TZ", "UTC").stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Exit code, stdout and stderr.
fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = votekit(folder, args).output().unwrap();
    (status.code().unwrap_or(-1), text(&stdout), text(&stderr))
}

fn stdout(folder: &Path, args: &[&str]) -> String {
    let done = run(folder, args);
    assert_eq!(done.0, 0, "{args:?}: {}", done.2);
    done.1
}

/// What a run that must fail said.
fn failure(folder: &Path, args: &[&str]) -> String {
    let done = run(folder, args);
    assert!(done.0 != 0 && done.1.is_empty(), "{args:?}: {done:?}");
    done.2
}

/// A service on `file`, and its port.
fn serve(folder: &Path, file: &str) -> (Child, String) {
    let mut child = votekit(folder, &["serve", "--ballots", file, "--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let address = lines.find_map(|line| Some(line.split("http://").nth(1)?.split(' ').next()?.to_owned())).unwrap();
    std::thread::spawn(move || lines.count());
    (child, address)
}

fn curl(args: &[&str]) -> String {
    text(&Command::new("curl").args(["-s", "-m", "20"]).args(args).output().unwrap().stdout)
}

fn cast(address: &str) -> String {
    let url = format!("http://{address}/vote");
    curl(&["-H", "Content-Type: application/json", "-d", r#"{"candidate_id": 1}"#, &url])
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = std::time::Instant::now();
    while !done() {
        assert!(begun.elapsed().as_secs() < 30, "it never came to this: {what}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn end(mut child: Child) {
    let _ = child.kill();
    child.wait().unwrap();
}

fn init(folder: &Path, file: &str) {
    stdout(folder, &["init", "-q", "--ballots", file, "--candidate", "a", "--candidate", "b"]);
}

#[test]
fn a_copy_of_a_live_file_is_known_for_what_it_is_and_a_backup_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    init(here, "live.db");
    let (service, address) = serve(here, "live.db");
    for _ in 0..20 {
        assert!(cast(&address).contains("true"));
    }
    fs::copy(here.join("live.db"), here.join("copy.db")).unwrap();
    let (code, found, _) = run(here, &["check", "--ballots", "copy.db"]);
    assert!(code == 1 && found.contains("are missing"), "{found}");
    assert!(run(here, &["tally", "--ballots", "copy.db"]).2.contains("warning"), "a tally says so too");
    let made = stdout(here, &["backup", "--ballots", "live.db", "backup.db"]);
    assert_eq!(made, "backup.db\t20\n");
    assert_eq!(stdout(here, &["check", "--ballots", "backup.db"]), "");
    assert_eq!(here.join("backup.db").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(failure(here, &["backup", "--ballots", "live.db", "backup.db"]).contains("exists already"));
    // Idle for some seconds, the service moves all votes into the file itself.
    until("the file has all votes", || {
        let _ = fs::remove_file(here.join("later.db"));
        fs::copy(here.join("live.db"), here.join("later.db")).unwrap();
        run(here, &["tally", "--ballots", "later.db"]).1.starts_with("1\ta\t20\n")
    });
    // A killed service leaves its log beside the file: nothing is missing.
    end(service);
    assert_eq!(stdout(here, &["tally", "--ballots", "live.db"]), "1\ta\t20\n2\tb\t0\n");
    assert_eq!(run(here, &["check", "--ballots", "live.db"]).0, 0);
    // But if that is gone too, it is.
    let (service, address) = serve(here, "live.db");
    assert!(cast(&address).contains("true"));
    end(service);
    fs::remove_file(here.join("live.db-wal")).unwrap();
    assert!(run(here, &["check", "--ballots", "live.db"]).1.contains("are missing"));
}

#[test]
fn a_log_of_another_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    init(here, "a.db");
    stdout(here, &["backup", "--ballots", "a.db", "backup.db"]);
    let (service, address) = serve(here, "a.db");
    for _ in 0..300 {
        assert!(cast(&address).contains("true"));
    }
    end(service);
    // The old file's log is left beside the restored one.
    fs::copy(here.join("backup.db"), here.join("a.db")).unwrap();
    let told = failure(here, &["tally", "--ballots", "a.db"]);
    assert!(told.contains("belongs to another file") && told.contains("move the …-wal"), "{told}");
    for side in ["a.db-wal", "a.db-shm"] {
        fs::remove_file(here.join(side)).unwrap();
    }
    assert_eq!(stdout(here, &["tally", "--ballots", "a.db"]), "1\ta\t0\n2\tb\t0\n");
}

#[test]
fn a_service_whose_file_was_replaced_or_cannot_be_written_is_not_ready_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    init(here, "a.db");
    stdout(here, &["backup", "--ballots", "a.db", "old.db"]);
    // In place, and by another name.
    for replace in [["cp", "old.db", "a.db"], ["mv", "old.db", "a.db"]] {
        let (service, address) = serve(here, "a.db");
        assert!(cast(&address).contains("true"));
        assert!(Command::new(replace[0]).args(&replace[1..]).current_dir(here).status().unwrap().success());
        until("it is not ready", || curl(&[&format!("http://{address}/readyz")]).contains("replaced or overwritten"));
        assert!(!cast(&address).contains("true"), "no vote is acknowledged");
        end(service);
        for side in ["a.db-wal", "a.db-shm"] {
            let _ = fs::remove_file(here.join(side));
        }
    }
}

#[test]
fn links_lead_to_the_file_and_second_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::create_dir(here.join("real")).unwrap();
    init(here, "real/a.db");
    std::os::unix::fs::symlink("real/a.db", here.join("link.db")).unwrap();
    let (service, address) = serve(here, "link.db");
    assert!(cast(&address).contains("true"));
    assert!(here.join("real/a.db-wal").exists() && !here.join("link.db-wal").exists());
    fs::remove_file(here.join("real/a.db-wal")).unwrap();
    assert!(!cast(&address).contains("true"), "what would be lost is not acknowledged");
    end(service);
    init(here, "b.db");
    // A power failure between the two steps by which a file gets its name leaves the temporary one too.
    fs::hard_link(here.join("b.db"), here.join(".votekit-aB3xYz")).unwrap();
    stdout(here, &["vote", "1", "--ballots", "b.db"]);
    assert!(!here.join(".votekit-aB3xYz").exists(), "it is cleared up");
    fs::hard_link(here.join("b.db"), here.join("second.db")).unwrap();
    for file in ["b.db", "second.db"] {
        let told = failure(here, &["vote", "1", "--ballots", file]);
        assert!(told.contains("more than one name"), "{told}");
    }
    let Some(disk) = SmallDisk::mount("1m") else { return };
    fs::write(disk.path().join("point"), "").unwrap();
    let point = disk.path().join("point");
    let inner = format!(
        "mount --bind {} {} && exec {} vote 1 --ballots {}",
        here.join("real/a.db").display(),
        point.display(),
        env!("CARGO_BIN_EXE_votekit"),
        point.display()
    );
    let done = Command::new("unshare").args(["-m", "sh", "-c", &inner]).output().unwrap();
    assert!(!done.status.success() && text(&done.stderr).contains("mounted by itself"), "{}", text(&done.stderr));
}

#[test]
fn a_reader_leaves_nothing_behind_that_the_owner_could_not_write() {
    if !rustix_is_root() {
        return left_out("root, to be two other users");
    }
    let outside = tempfile::tempdir().unwrap();
    fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let folder = outside.path().join("shared");
    fs::create_dir(&folder).unwrap();
    std::os::unix::fs::chown(&folder, Some(1000), Some(65534)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o2775)).unwrap();
    let program = outside.path().join("votekit");
    fs::copy(env!("CARGO_BIN_EXE_votekit"), &program).unwrap();
    let by = |user: u32, args: &[&str]| {
        let mut command = Command::new(&program);
        command.args(args).current_dir(&folder).env_remove("VOTEKIT_BALLOTS").uid(user).gid(65534).stdin(Stdio::null());
        command
    };
    let owner = |args: &[&str]| {
        let done = by(1000, args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}", text(&done.stderr));
        text(&done.stdout)
    };
    owner(&["init", "-q", "--ballots", "a.db", "--candidate", "a", "--candidate", "b"]);
    assert!(!by(1001, &["tally", "--ballots", "a.db"]).output().unwrap().status.success(), "it is the owner's alone");
    fs::set_permissions(folder.join("a.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let mut watch = by(1001, &["tally", "--watch", "--ballots", "a.db"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watch.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut see = |votes: u32| {
        let wanted = format!("1\ta\t{votes}");
        assert!(lines.any(|line| line == wanted), "the reader sees {votes}");
    };
    see(0);
    for votes in 1..4 {
        owner(&["vote", "1", "--ballots", "a.db"]);
        see(votes);
    }
    assert!(!by(1001, &["vote", "1", "--ballots", "a.db"]).output().unwrap().status.success());
    end(watch);
    owner(&["vote", "1", "--ballots", "a.db"]);
    assert_eq!(owner(&["tally", "--ballots", "a.db"]), "1\ta\t4\n2\tb\t0\n");
}

fn rustix_is_root() -> bool {
    text(&Command::new("id").arg("-u").output().unwrap().stdout).trim() == "0"
}

/// A file of format 1, with votes by voters whose names look alike.
fn format_1(path: &Path) {
    let sql = format!(
        "PRAGMA journal_mode = WAL;\n{}\n\
         INSERT INTO settings VALUES (1, 'Old', NULL, NULL, NULL, 0, 0, 0);\n\
         INSERT INTO candidate VALUES (1, 'a', 2), (2, 'b', 1);\n\
         INSERT INTO voter VALUES ('Ann', NULL, 1, 1), ('ANN', NULL, 1, 2), ('u1', NULL, 1, 3);\n\
         INSERT INTO vote VALUES (1, 10, 1, 'Ann', NULL, NULL, NULL), (2, 10, 1, 'ANN', NULL, 'k', NULL), (3, 11, 2, 'u1', NULL, NULL, NULL);\n\
         INSERT INTO pace VALUES (10, 1, 2), (11, 2, 1);\n",
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/ballot/1.sql")).unwrap()
    );
    let mut child = Command::new("sqlite3").arg(path).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), sql.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_file_of_format_1_is_upgraded_with_a_copy_beside_it_or_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    format_1(&here.join("old.db"));
    let before = fs::read(here.join("old.db")).unwrap();
    let voters = "export --with-voters --format csv --ballots old.db".split(' ').collect::<Vec<_>>();
    // Immutable, for this program: its folder and its disk cannot be written.
    if let Some(disk) = SmallDisk::mount("1m") {
        fs::copy(here.join("old.db"), disk.path().join("old.db")).unwrap();
        disk.remount("ro");
        assert_eq!(stdout(disk.path(), &["tally", "--ballots", "old.db"]), "1\ta\t2\n2\tb\t1\n");
        assert_eq!(stdout(disk.path(), &["check", "--ballots", "old.db"]), "");
        assert_eq!(stdout(disk.path(), &voters).lines().count(), 4);
        assert_eq!(stdout(disk.path(), &["history", "--ballots", "old.db"]), "");
        disk.remount("rw");
    }
    assert_eq!(stdout(here, &["vote", "2", "--voter", "ann", "--ballots", "old.db"]), "stored\t2\tb\t4\n");
    assert_eq!(stdout(here, &["tally", "--ballots", "old.db"]), "1\ta\t2\n2\tb\t2\n");
    assert_eq!(stdout(here, &["check", "--ballots", "old.db"]), "");
    let record = stdout(here, &voters);
    assert!(record.contains(",Ann,") && record.contains(",ANN,"), "voters are named as before: {record}");
    assert_eq!(
        run(here, &["vote", "1", "--voter", "ANN", "--key", "k", "--ballots", "old.db"]).1.split('\t').next(),
        Some("repeated")
    );
    let kept: PathBuf = here.join("old.db.format1");
    assert_ne!(fs::read(&kept).unwrap(), before, "it has a number of its own");
    let count =
        Command::new("sqlite3").arg(&kept).arg("PRAGMA user_version; SELECT count(*) FROM vote").output().unwrap();
    assert_eq!(text(&count.stdout), "1\n3\n");
    // A newer one is refused by name, and left alone.
    Command::new("sqlite3").arg(here.join("old.db")).arg("PRAGMA user_version = 99").status().unwrap();
    let told = failure(here, &["tally", "--ballots", "old.db"]);
    assert!(told.contains("old.db was made by a newer votekit (format 99, this one knows 2)"), "{told}");
}

#[test]
fn a_file_with_a_rollback_journal_gets_a_write_ahead_log_with_its_first_vote() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    init(here, "a.db");
    let vacuum = format!("VACUUM INTO '{}'", here.join("b.db").display());
    assert!(Command::new("sqlite3").arg(here.join("a.db")).arg(vacuum).status().unwrap().success());
    let mode =
        || text(&Command::new("sqlite3").arg(here.join("b.db")).arg("PRAGMA journal_mode").output().unwrap().stdout);
    assert_eq!(mode(), "delete\n");
    stdout(here, &["tally", "--ballots", "b.db"]);
    assert_eq!(mode(), "delete\n", "a look changes nothing");
    stdout(here, &["vote", "1", "--ballots", "b.db"]);
    assert_eq!(mode(), "wal\n");
    assert_eq!(run(here, &["check", "--ballots", "b.db"]).0, 0);
}

#[test]
fn a_sync_that_fails_while_a_file_is_made_is_no_success() {
    let sync = FailingSync::new();
    let mut succeeded = 0;
    for number in 1..30 {
        let folder = tempfile::tempdir().unwrap();
        let mut command = votekit(folder.path(), &["init", "-q", "--candidate", "a"]);
        // Any file at all, but no folder: SQLite syncs that of its log, which is gone in the end.
        sync.arm(&mut command, "", number, 1);
        let done = command.output().unwrap();
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        match done.status.success() {
            true => {
                succeeded += 1;
                assert_eq!(names, ["ballots.db"]);
                assert_eq!(run(folder.path(), &["check"]).0, 0);
            }
            false => assert!(succeeded == 0 && names.is_empty(), "sync {number}: {names:?}"),
        }
    }
    assert!((1..29).contains(&succeeded), "some failed, and then there were no more syncs: {succeeded}");
}

#[test]
fn a_nearly_full_disk_leaves_a_whole_file_or_none() {
    for free_kib in [4, 8, 16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 200] {
        let Some(disk) = SmallDisk::mount(&format!("{}k", free_kib)) else { return };
        for args in [&["init", "-q", "--candidate", "a"][..], &["vote", "-q", "1"]] {
            let (code, _, told) = run(disk.path(), args);
            let names: Vec<_> = fs::read_dir(disk.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert!(names.iter().all(|name| name == "ballots.db"), "{free_kib} KiB, {args:?}: {names:?}");
            if code == 0 || !names.is_empty() {
                assert_eq!(run(disk.path(), &["check"]).0, 0, "{free_kib} KiB, {args:?}: {told}");
                let _ = fs::remove_file(disk.path().join("ballots.db"));
            } else {
                assert!(told.contains("full"), "{free_kib} KiB, {args:?}: {told}");
            }
        }
    }
}
