//! The real program under load and failure: crowds, crashes, full disks, foreign files, clocks set back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[path = "support/disk.rs"]
mod disk;

use disk::{SmallDisk, left_out};

fn votekit(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_votekit"));
    command.args(args).current_dir(folder).env_remove("VOTEKIT_BALLOTS").env("TZ", "UTC").stdin(Stdio::null());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    votekit(folder, args).output().unwrap()
}

/// Runs a command that must succeed; returns its stdout.
fn stdout(folder: &Path, args: &[&str]) -> String {
    let done = run(folder, args);
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// Runs a command that must fail with exit code 1; returns its stderr.
fn failure(folder: &Path, args: &[&str]) -> String {
    let done = run(folder, args);
    let text = String::from_utf8(done.stderr).unwrap();
    assert_eq!((done.status.code(), done.stdout.as_slice()), (Some(1), &b""[..]), "{args:?}: {text}");
    text
}

fn json(folder: &Path, args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&stdout(folder, &[args, &["--format", "json"]].concat())).unwrap()
}

fn total(folder: &Path) -> u64 {
    json(folder, &["tally"])["votes"].as_u64().unwrap()
}

fn sound(folder: &Path) {
    assert_eq!(stdout(folder, &["check"]), "");
}

fn feed(folder: &Path, args: &[&str], input: &[u8]) -> Child {
    let mut child =
        votekit(folder, args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A killed process closes the pipe: that is what this test is about, not an error.
    thread::spawn(move || stdin.write_all(&input));
    child
}

/// Random numbers; the seed is printed when a test fails.
struct Dice(u64);

impl Dice {
    fn new() -> Self {
        let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos() as u64;
        println!("seed {seed}");
        Dice(seed | 1)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

#[test]
fn sixty_four_processes_at_once_lose_nothing_and_see_no_error() {
    let folder = tempfile::tempdir().unwrap();
    thread::scope(|scope| {
        for voter in 0..64 {
            let folder = folder.path();
            scope.spawn(move || {
                for _ in 0..50 {
                    // The file does not exist yet: all of them try to create it.
                    let done = run(folder, &["--quiet", "vote", &(voter % 3 + 1).to_string()]);
                    assert!(
                        done.status.success() && done.stderr.is_empty(),
                        "{}",
                        String::from_utf8_lossy(&done.stderr)
                    );
                }
            });
        }
    });
    assert_eq!(stdout(folder.path(), &["tally"]), "1\t薯片\t1100\n2\t林林\t1050\n3\t正氣\t1050\n");
    sound(folder.path());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no side file and no half-made file stays behind");
}

#[test]
fn killed_at_a_hundred_moments_of_a_single_vote_every_acknowledged_vote_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    stdout(folder.path(), &["vote", "1"]);
    let mut dice = Dice::new();
    let begun = Instant::now();
    stdout(folder.path(), &["vote", "1"]);
    let one_vote = begun.elapsed();
    let mut acknowledged = Vec::new();
    for round in 0..100 {
        let key = format!("k{round}");
        let mut child = votekit(folder.path(), &["vote", "2", "--key", &key]).stdout(Stdio::piped()).spawn().unwrap();
        thread::sleep(Duration::from_micros(dice.below(one_vote.as_micros() as u64 * 3 / 2)));
        child.kill().unwrap();
        let done = child.wait_with_output().unwrap();
        if done.stdout.starts_with(b"stored") {
            acknowledged.push(key);
        }
        if round % 10 == 0 {
            sound(folder.path());
        }
    }
    sound(folder.path());
    let record = stdout(folder.path(), &["export", "--with-voters"]);
    let keys: Vec<&str> =
        record.lines().filter_map(|line| line.split('\t').nth(6)).filter(|key| !key.is_empty()).collect();
    for key in &acknowledged {
        assert_eq!(keys.iter().filter(|found| *found == key).count(), 1, "{key} was acknowledged");
    }
    // Voters who got no answer try again. Each must count once.
    for round in 0..100 {
        stdout(folder.path(), &["vote", "2", "--key", &format!("k{round}")]);
    }
    assert_eq!(total(folder.path()), 102);
}

#[test]
fn killed_at_a_hundred_moments_of_a_bulk_load_and_run_again_nothing_counts_twice() {
    let folder = tempfile::tempdir().unwrap();
    stdout(folder.path(), &["init", "--candidate", "a", "--candidate", "b", "--votes-per-voter", "1"]);
    let lines: String = (0..20_000).map(|at| format!("{}\tu{at}\t\tk{at}\n", at % 2 + 1)).collect();
    let mut dice = Dice::new();
    for round in 0..100 {
        let mut child = feed(folder.path(), &["vote", "--stdin"], lines.as_bytes());
        thread::sleep(Duration::from_micros(dice.below(60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        if round % 10 == 0 {
            sound(folder.path());
        }
    }
    let before = total(folder.path());
    let done = feed(folder.path(), &["vote", "--stdin"], lines.as_bytes()).wait_with_output().unwrap();
    assert_eq!(String::from_utf8(done.stdout).unwrap(), format!("{}\t{before}\t0\n", 20_000 - before));
    assert_eq!(stdout(folder.path(), &["tally"]), "1\ta\t10000\n2\tb\t10000\n");
    sound(folder.path());
}

#[test]
fn a_full_disk_is_said_and_harms_nothing() {
    let Some(disk) = SmallDisk::mount("1m") else { return };
    stdout(disk.path(), &["vote", "2"]);
    let filler = disk.fill();
    let told = failure(disk.path(), &["vote", "2"]);
    assert!(told.contains("full") && told.contains("nothing was stored"), "{told}");
    assert_eq!(total(disk.path()), 1, "earlier votes can be counted on a full disk");
    let told = failure(disk.path(), &["init", "--ballots", "other.db", "--candidate", "a"]);
    assert!(told.contains("full"), "{told}");
    let names = || fs::read_dir(disk.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!names().any(|name| name.contains("other") || name.starts_with('.')), "no half-made file stays behind");
    fs::remove_file(filler).unwrap();
    stdout(disk.path(), &["vote", "2"]);
    assert_eq!(total(disk.path()), 2);

    // The disk fills up in the middle of a bulk load: exactly what was reported as stored must be there.
    let lines = "1\tsomebody\twith a rather long opinion about all this\n".repeat(30_000);
    let done = feed(disk.path(), &["vote", "--stdin"], lines.as_bytes()).wait_with_output().unwrap();
    let told = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(1), "{told}");
    assert!(told.contains("full"), "{told}");
    let stored = told.split("until then ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    assert_eq!(stored.parse::<u64>().unwrap() + 2, total(disk.path()), "{told}");
    sound(disk.path());
}

#[test]
fn where_nothing_can_be_written_votes_are_refused_and_can_be_counted() {
    let Some(disk) = SmallDisk::mount("1m") else { return };
    stdout(disk.path(), &["vote", "2"]);
    disk.remount("ro");
    let told = failure(disk.path(), &["vote", "2"]);
    assert!(told.contains("cannot be written"), "{told}");
    let told = failure(disk.path(), &["vote", "2", "--ballots", "other.db"]);
    assert!(told.contains("read-only"), "{told}");
    assert_eq!(stdout(disk.path(), &["tally"]), "1\t薯片\t0\n2\t林林\t1\n3\t正氣\t0\n");
    assert_eq!(stdout(disk.path(), &["export"]), "2\t林林\t\n");
    sound(disk.path());
    disk.remount("rw");
    stdout(disk.path(), &["vote", "2"]);
    assert_eq!(total(disk.path()), 2);
}

#[test]
fn others_watch_and_back_up_while_votes_pour_in() {
    if !has("sqlite3") {
        return left_out("Debian's sqlite3");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    stdout(folder, &["vote", "1"]);
    let mut watch = votekit(folder, &["tally", "--watch"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut watched = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(watched.next().unwrap(), "1\t薯片\t1");
    let pouring = AtomicBool::new(true);
    thread::scope(|scope| {
        let backups = scope.spawn(|| {
            let mut backups = 0;
            while pouring.load(Ordering::Relaxed) {
                let copy = folder.join(format!("copy{backups}.db"));
                let backup = format!(".backup {}", copy.display());
                let mut sqlite = Command::new("sqlite3");
                sqlite.args(["-cmd", ".timeout 60000"]).arg(folder.join("ballots.db")).arg(backup);
                let done = sqlite.output().unwrap();
                assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
                let name = copy.file_name().unwrap().to_str().unwrap();
                assert_eq!(stdout(folder, &["check", "--ballots", name]), "");
                backups += 1;
            }
            backups
        });
        let mut child =
            votekit(folder, &["vote", "--stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        for _ in 0..100 {
            stdin.write_all(&b"2\n".repeat(200)).unwrap();
            thread::sleep(Duration::from_millis(20));
        }
        drop(stdin);
        assert_eq!(child.wait_with_output().unwrap().stdout, b"20000\t0\t0\n");
        pouring.store(false, Ordering::Relaxed);
        assert!(backups.join().unwrap() > 3, "several backups were taken meanwhile");
    });
    let (mut last, mut changes) = (0, 0);
    for line in watched.by_ref() {
        let Some(votes) = line.strip_prefix("2\t林林\t") else { continue };
        let votes: u64 = votes.parse().unwrap();
        assert!(votes >= last, "a tally never goes back");
        (last, changes) = (votes, changes + 1);
        if votes == 20_000 {
            break;
        }
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    assert!(changes > 5, "the watcher saw it grow, {changes} times");
    sound(folder);
}

#[test]
fn a_clock_that_goes_back_loses_no_vote_and_the_window_counts_by_what_is_written() {
    if !has("faketime") {
        return left_out("Debian's faketime");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let at = |time: &str, args: &[&str]| {
        let mut command = Command::new("faketime");
        command.arg("-f").arg(time).arg(env!("CARGO_BIN_EXE_votekit")).args(args).current_dir(folder).env("TZ", "UTC");
        let done = command.output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
    };
    at("2026-11-24 20:00:00", &["vote", "1"]);
    at("2026-11-24 20:05:00", &["vote", "2"]);
    at("2026-11-24 19:58:00", &["vote", "3"]);
    let recent = |time: &str| at(time, &["tally", "--recent"]).0;
    assert_eq!(recent("2026-11-24 20:05:30"), "3\n");
    assert_eq!(recent("2026-11-24 20:08:30"), "2\n");
    let (recent, told) = at("2026-11-24 19:59:00", &["tally", "--recent"]);
    assert_eq!(recent, "1\n");
    assert!(told.contains("2 votes carry a later time than now"), "{told}");
    assert_eq!(at("2026-11-24 19:59:00", &["tally"]).0, "1\t薯片\t1\n2\t林林\t1\n3\t正氣\t1\n");
    sound(folder);
}

#[test]
fn strangers_files_are_refused_each_with_its_reason_and_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    stdout(folder, &["vote", "2"]);
    let ballots = fs::read(folder.join("ballots.db")).unwrap();
    let patched = |at: usize, bytes: &[u8]| {
        let mut copy = ballots.clone();
        copy[at..at + bytes.len()].copy_from_slice(bytes);
        copy
    };
    for (name, bytes, reason) in [
        ("empty.db", Vec::new(), "it is empty"),
        ("text.db", b"candidate,votes\n1,2\n".repeat(20), "it is not a SQLite database"),
        ("short.db", b"SQLite format 3\0".to_vec(), "it is not a SQLite database"),
        ("other.db", patched(68, &[0, 0, 0, 0]), "a SQLite database of something else"),
        ("newer.db", patched(60, &[0, 0, 0, 9]), "made by a newer votekit (format 9, this one knows 2)"),
        ("cut.db", ballots[..5000].to_vec(), "is damaged"),
        ("scratched.db", patched(4096, &[0xff; 8192]), "is damaged"),
    ] {
        let path = folder.join(name);
        fs::write(&path, &bytes).unwrap();
        for args in
            [&["vote", "1", "--ballots", name][..], &["tally", "--ballots", name], &["check", "--ballots", name]]
        {
            if name == "scratched.db" && args[0] == "check" {
                continue;
            }
            let told = failure(folder, args);
            assert!(told.contains(reason) && told.contains(name), "{args:?}: {told}");
            assert_eq!(fs::read(&path).unwrap(), bytes, "{args:?} left {name} as it was");
            let beside = |suffix: &str| folder.join(format!("{name}{suffix}")).exists();
            assert!(!beside("-wal") && !beside("-shm") && !beside("-journal"), "{args:?} left something beside {name}");
        }
    }
    let told = failure(folder, &["init", "--ballots", "text.db", "--candidate", "a"]);
    assert!(told.contains("exists already"), "{told}");
    // SQLite would replay a left-over journal into a new file of that name.
    fs::write(folder.join("new.db-wal"), b"left over").unwrap();
    let told = failure(folder, &["init", "--ballots", "new.db", "--candidate", "a"]);
    assert!(told.contains("new.db-wal exists already"), "{told}");
    assert!(!folder.join("new.db").exists());
}

#[test]
fn check_says_where_a_file_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    stdout(folder, &["init", "--candidate", "a"]);
    let lines: String = (0..20_000).map(|at| format!("1\tu{at}\t\tk{at}\n")).collect();
    feed(folder, &["vote", "--stdin"], lines.as_bytes()).wait_with_output().unwrap();
    let whole = fs::read(folder.join("ballots.db")).unwrap();
    // Every page but the one that says where the tables are.
    for page in (1..whole.len() / 4096).step_by(37) {
        let mut damaged = whole.clone();
        damaged[page * 4096..(page + 1) * 4096].fill(0xff);
        fs::write(folder.join("ballots.db"), &damaged).unwrap();
        let done = run(folder, &["check"]);
        let (found, told) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        assert_eq!(done.status.code(), Some(1), "page {page}: {found}{told}");
        let where_it_is =
            found.lines().any(|line| line.starts_with("file\t") && line.contains(&format!("{}", page + 1)));
        assert!(where_it_is, "page {}: {found}{told}", page + 1);
        assert!(told.contains("is not sound") && found.lines().count() < 1_000, "page {page}: {told}");
        assert_eq!(fs::read(folder.join("ballots.db")).unwrap(), damaged, "it is left as it is");
    }
}

#[test]
fn what_check_finds_is_said_with_its_place() {
    if !has("sqlite3") {
        return left_out("Debian's sqlite3");
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    stdout(folder, &["init", "--candidate", "a", "--candidate", "b", "--votes-per-voter", "1", "--allow-change"]);
    stdout(folder, &["vote", "1", "--voter", "u"]);
    stdout(folder, &["vote", "2", "--voter", "u", "--change"]);
    sound(folder);
    let whole = fs::read(folder.join("ballots.db")).unwrap();
    for (tampered, place, problem) in [
        ("UPDATE candidate SET votes = 7 WHERE id = 1", "candidate 1", "the kept total is 7, its votes are 0"),
        ("UPDATE pace SET votes = votes + 1 WHERE candidate_id = 2", "candidate 2 at 20", "is 2, its votes are 1"),
        ("DELETE FROM pace", "candidate 2 at 20", "is 0, its votes are 1"),
        ("UPDATE voter SET votes = 0", "voter u", "the account says 0 votes, there are 1"),
        ("UPDATE voter SET last_vote = 1", "voter u", "the last vote on the account is vote 1"),
        ("UPDATE vote SET candidate_id = 9 WHERE id = 2", "vote 2", "names a candidate that is not there"),
        ("UPDATE vote SET voter = 'x' WHERE id = 2", "vote 2", "names a voter that is not there"),
        ("UPDATE vote SET replaced_by = NULL", "candidate 1", "the kept total is 0, its votes are 1"),
        ("UPDATE vote SET replaced_by = 1 WHERE id = 2", "vote 2", "it is withdrawn for vote 1, which cannot be"),
        ("UPDATE candidate SET name = '7' WHERE id = 1", "candidate 1", "is a number"),
    ] {
        fs::write(folder.join("ballots.db"), &whole).unwrap();
        let sql = Command::new("sqlite3").arg(folder.join("ballots.db")).arg(tampered).output().unwrap();
        assert!(sql.status.success(), "{}", String::from_utf8_lossy(&sql.stderr));
        let done = run(folder, &["check"]);
        let found = String::from_utf8(done.stdout).unwrap();
        assert_eq!(done.status.code(), Some(1), "{tampered}");
        let told = found.lines().any(|line| line.starts_with(place) && line.contains(problem));
        assert!(told, "{tampered}: {found}");
    }
}

#[test]
fn a_reader_that_leaves_early_and_a_slow_producer() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // A slow producer's lines are stored without waiting for more.
    let mut child = votekit(folder, &["vote", "--stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"2\n2\n").unwrap();
    let begun = Instant::now();
    while !folder.join("ballots.db").exists() || total(folder) < 2 {
        assert!(begun.elapsed() < Duration::from_secs(30), "a slow producer's votes wait");
        thread::sleep(Duration::from_millis(20));
    }
    stdin.write_all(&b"1\n".repeat(50_000)).unwrap();
    drop(stdin);
    assert_eq!(child.wait_with_output().unwrap().stdout, b"50002\t0\t0\n");
    for format in ["plain", "csv", "json"] {
        let export = ["export", "--format", format];
        let mut export = votekit(folder, &export).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 5];
        export.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let done = export.wait_with_output().unwrap();
        let told = String::from_utf8(done.stderr).unwrap();
        assert!(done.status.success() && told.is_empty(), "head -1 ends {format} quietly: {told}");
    }
}
