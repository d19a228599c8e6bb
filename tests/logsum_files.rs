//! Which files are read, by logsum and q1 alike, and what is said where nothing is found in them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const ROW: &str = "2019-08-24\t10:00:00\t100\t/a.jpg\n";

/// A folder with these files, each of one row unless it ends with `.gz`, then compressed.
fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let bytes = if name.ends_with(".gz") { packed(ROW) } else { ROW.as_bytes().to_vec() };
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn packed(text: &str) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap()
}

/// Exit code, stdout and stderr.
fn run(folder: &Path, args: &[&str], stdin: Option<&[u8]>) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_votekit"))
        .args(args)
        .current_dir(folder)
        .stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if let Some(bytes) = stdin {
        // A run that reads nothing of it ends first.
        let _ = child.stdin.take().unwrap().write_all(bytes);
    }
    let done = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

#[test]
fn a_file_counts_once_under_all_its_names() {
    let logs = folder(&["logs/a.log", "logs/b.log"]);
    std::os::unix::fs::symlink("a.log", logs.path().join("logs/current")).unwrap();
    let (code, sum, told) = run(logs.path(), &["logsum", "logs", "logs/b.log"], None);
    assert_eq!((code, &*sum), (0, "200\n"), "{told}");
    assert!(told.contains("read once") && told.contains("logs/current (the file logs/a.log)"), "{told}");
}

#[test]
fn a_compressed_copy_beside_a_log_is_refused_by_name() {
    let logs = folder(&["logs/a.log", "logs/a.log.gz"]);
    let (code, sum, told) = run(logs.path(), &["logsum", "logs"], None);
    assert_eq!((code, &*sum), (1, ""));
    assert!(told.contains("logs/a.log.gz") && told.contains("logs/a.log, which would count twice"), "{told}");
    let (code, sum, _) = run(logs.path(), &["logsum", "logs", "--include", "*.gz"], None);
    assert_eq!((code, &*sum), (0, "100\n"));
}

#[test]
fn what_is_no_data_is_passed_over_with_a_note() {
    let logs = folder(&["in/part-0", "in/_SUCCESS", "in/.DS_Store", "in/.hidden/x"]);
    let (code, sum, told) = run(logs.path(), &["logsum", "in"], None);
    assert_eq!((code, &*sum), (0, "100\n"), "{told}");
    assert!(told.contains("passed over") && told.contains("in/_SUCCESS"), "{told}");
    fs::write(logs.path().join("in/part-0"), "time,uid,event_name\n2017-04-01 10:00:00,a,FIRST_INSTALL\n").unwrap();
    fs::write(logs.path().join("in/part-1"), "").unwrap();
    let (code, users, told) = run(logs.path(), &["q1", "in", "--from", "2017-04-02", "--data-end", "2017-04-08"], None);
    assert_eq!((code, &*users), (0, "0\n"), "{told}");
    assert!(told.contains("no rows in in/part-1"), "{told}");
}

#[test]
fn lists_of_files_come_from_a_file_or_a_pipe() {
    let logs = folder(&["a.log", "b c.log"]);
    fs::write(logs.path().join("list"), "a.log\r\n\nb c.log\n").unwrap();
    for (args, stdin) in [
        (&["logsum", "--files-from", "list"][..], None),
        (&["logsum", "--files-from", "-"], Some(&b"a.log\0b c.log\0"[..])),
        (&["logsum", "a.log", "--files-from", "-"], Some(b"b c.log\n")),
    ] {
        assert_eq!(run(logs.path(), args, stdin).1, "200\n", "{args:?}");
    }
    assert_eq!(run(logs.path(), &["logsum", "--files-from", "-"], Some(b"")).1, "0\n", "find found nothing");
    let (code, _, told) = run(logs.path(), &["logsum", "--files-from", "nowhere"], None);
    assert!(code == 1 && told.contains("cannot read the list nowhere"), "{told}");
}

#[test]
fn empty_logs_are_no_rows_and_an_empty_pipe_is_an_error() {
    let logs = folder(&[]);
    fs::write(logs.path().join("empty.log"), "").unwrap();
    fs::write(logs.path().join("empty.gz"), packed("")).unwrap();
    fs::write(logs.path().join("header.log"), "date\ttime\tsize\turl\n").unwrap();
    for name in ["empty.log", "empty.gz", "header.log"] {
        let (code, sum, told) = run(logs.path(), &["logsum", name], None);
        assert_eq!((code, &*sum), (0, "0\n"), "{name}: {told}");
        assert!(told.contains(&format!("no rows in {name}")), "{told}");
    }
    for command in ["logsum", "q1"] {
        let (code, answer, told) = run(logs.path(), &[command, "-"], Some(b""));
        assert_eq!((code, &*answer), (1, ""));
        assert!(told.contains("the command before the pipe wrote nothing"), "{told}");
    }
}

#[test]
fn a_partial_sum_is_printed_only_if_asked_for_and_never_with_success() {
    let logs = folder(&["a.log"]);
    fs::write(logs.path().join("b.log"), "nothing\nof a log\nat all\n").unwrap();
    let (code, sum, _) = run(logs.path(), &["logsum", "a.log", "b.log", "nowhere.log"], None);
    assert_eq!((code, &*sum), (1, ""));
    let (code, sum, told) = run(logs.path(), &["logsum", "a.log", "b.log", "nowhere.log", "--keep-going"], None);
    assert_eq!((code, &*sum), (3, "100\n"));
    assert!(told.contains("2 of 3 logs") && told.contains("b.log") && told.contains("nowhere.log"), "{told}");
    let (code, json, _) = run(logs.path(), &["logsum", "a.log", "nowhere.log", "--keep-going", "--json"], None);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["inputs"], &json["inputs_skipped"]), (3, &1.into(), &1.into()));
}

#[test]
fn a_sum_of_nothing_says_what_was_there() {
    let logs = folder(&[]);
    let header = "date\ttime\tsize\turl\tstatus\thost\n";
    let rows = "2019-08-24\t10:00:00\t5\t/a.png\t404\ta.example\n2019-08-26\t10:00:00\t7\t/b.css\t200\tb.example\n";
    fs::write(logs.path().join("a.log"), format!("{header}{rows}")).unwrap();
    for (args, needle) in [
        (&["--from", "2020-01-01"][..], "the 2 rows are from 2019-08-24 to 2019-08-26"),
        (&[], "ext: css (1), png (1)"),
        (&["--type", "any", "--status", "5xx"], "status: 200 (1), 404 (1)"),
        (&["--type", "any", "--host", "c.example"], "host: b.example (1), a.example (1)"),
        (&["--from", "2019-08-25", "--to", "2019-08-25"], "the 2 rows are from 2019-08-24 to 2019-08-26"),
    ] {
        let (code, sum, told) = run(logs.path(), &[&["logsum", "a.log"], args].concat(), None);
        assert_eq!((code, &*sum), (0, "0\n"), "{args:?}");
        assert!(told.contains("nothing matched") && told.contains(needle), "{args:?}: {told}");
    }
}

#[test]
fn gzip_data_after_text_is_part_of_the_log() {
    let row = |day: u32, bytes: u32| format!("2019-08-{day:02}\t10:00:00\t{bytes}\t/a.jpg\n");
    let text: String = (1..=20).map(|day| row(day, 1)).collect();
    let long = text.repeat(5_000);
    let tail = packed(&(row(21, 1_000) + &row(22, 1_000)));
    for (text, expected) in [(&text, 2_020), (&long, 102_000)] {
        let (folder, log) = (folder(&[]), "mixed.log");
        for text in [text.as_str(), text.trim_end()] {
            let bytes = [text.as_bytes(), &tail].concat();
            std::fs::write(folder.path().join(log), &bytes).unwrap();
            let sum = format!("{expected}\n");
            assert_eq!(run(folder.path(), &["logsum", log], None), (0, sum.clone(), String::new()));
            assert_eq!(run(folder.path(), &["logsum"], Some(&bytes)), (0, sum, String::new()));
            let days = ["logsum", log, "--by", "day,ext", "--from", "2019-08-21", "--to", "2019-08-21"];
            assert_eq!(run(folder.path(), &days, None).1, "2019-08-21\tjpg\t1\t1000\t1\n");
            let sorted = run(folder.path(), &[&days[..], &["--sorted"]].concat(), None);
            assert!(sorted.0 == 1 && sorted.2.contains("omit --sorted"), "{sorted:?}");
        }
        let again = [text.as_bytes(), &tail, text.as_bytes()].concat();
        std::fs::write(folder.path().join(log), again).unwrap();
        let (code, out, told) = run(folder.path(), &["logsum", log], None);
        assert!(code == 1 && out.is_empty() && told.contains("the gzip data is damaged"), "{told}");
        let cut = [text.as_bytes(), &tail[..tail.len() - 5]].concat();
        std::fs::write(folder.path().join(log), cut).unwrap();
        let (code, out, told) = run(folder.path(), &["logsum", log], None);
        assert!(code == 1 && out.is_empty() && told.contains("the gzip data is damaged"), "{told}");
    }
}
