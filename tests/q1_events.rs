//! q1 from files of events: skipping irrelevant events changes no answer, whatever the layout of the file and the block
//! size.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use votekit::retention::{
    Answer, Collation, Curves, Database, DaysAfter, Engine, EventFiles, EventOptions, Period, Question, Reading,
    TableNames, load,
};
use votekit::scan::{Input, ScanOptions};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn question(event: &str) -> Question {
    Question { install_day: day("2017-04-01"), from: day("2017-04-02"), to: day("2017-04-04"), event: event.to_owned() }
}

fn options(threads: usize, block_bytes: usize) -> EventOptions {
    let scan = ScanOptions { threads, block_bytes, ..ScanOptions::default() };
    EventOptions { scan, ..EventOptions::default() }
}

type Row = (String, String, String);

fn row() -> impl Strategy<Value = Row> {
    let time = prop_oneof![
        8 => "2017-04-0[1-5] (00:00:00|12:30:01|23:59:59)",
        1 => "2017-04-0[1-5] 23:59:59\\.5",
        1 => "2017-03-31 23:59:59|0000-00-00 00:00:00|2018-04-02 10:00:00",
        1 => Just("\\N".to_owned()),
        1 => "never|2017-02-30 10:00:00",
    ];
    let uid = prop_oneof![8 => "[abABéÉ薯😀 ]{0,2}", 1 => Just("\\N".to_owned()), 1 => "[a-b]{255,258}"];
    let name = prop_oneof!["FIRST_INSTALL ?", "first_install", "FÍRST_INSTALL", "OPEN", "\\\\N", ""];
    (time, uid, name)
}

fn tsv(rows: &[Row]) -> String {
    let mut text = "uid\ttime\tx\tevent_name\n".to_owned();
    rows.iter().for_each(|(time, uid, name)| writeln!(text, "{uid}\t{time}\t-\t{name}").unwrap());
    text
}

fn csv(rows: &[Row]) -> String {
    let mut text = "event_name,note,time,uid\r\n".to_owned();
    rows.iter().for_each(|(time, uid, name)| write!(text, "{name},\"a\r\n\"\"b\"\",\",{time},{uid}\r\n").unwrap());
    text
}

fn ndjson(rows: &[Row]) -> String {
    let value = |text: &str| if text == "\\N" { serde_json::Value::Null } else { text.into() };
    let line = |(time, uid, name): &Row| {
        serde_json::json!({"uid": value(uid), "time": value(time), "event_name": value(name), "more": [1]}).to_string()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn what_is_left_out_changes_no_answer(
        rows in proptest::collection::vec(row(), 1..120),
        layout in 0usize..3,
        binary in any::<bool>(),
        threads in 1usize..4,
        block_bytes in prop_oneof![40usize..700, 700usize..9_000],
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (file, db) = (dir.path().join("events"), dir.path().join("all.db"));
        std::fs::write(&file, [tsv, csv, ndjson][layout](&rows)).unwrap();
        let inputs = [Input::Path(file)];
        let collation = if binary { Collation::Binary } else { Collation::GeneralCi };
        let question = question("FIRST_INSTALL");
        let cut = options(threads, block_bytes);

        let everything = load(&inputs, &db, collation, &options(1, 1 << 20), &());
        let mut files = EventFiles::new(&inputs, collation, &cut, &());
        let reduced = files.answer(&question);
        let Ok(everything) = everything else {
            // If no row is readable, both are errors.
            prop_assert!(reduced.is_err());
            return Ok(());
        };
        let reduced = reduced.unwrap();
        prop_assert_eq!(files.events_read(), Some(&everything), "rows read, rows bad, and their lines");
        let open = || Database::open(&db, &TableNames::default(), collation, Reading::default()).unwrap();
        let from_sets: Answer = open().answer(&question).unwrap();
        // After a foreign write, a loaded database is queried event by event.
        rusqlite::Connection::open(&db).unwrap().execute_batch("CREATE TABLE theirs(x)").unwrap();
        let mut all = open();
        prop_assert_eq!(&reduced, &all.answer(&question).unwrap());
        prop_assert_eq!(&reduced, &from_sets);

        let periods = (0..4).map(|after| Period::day(day("2017-03-31") + Days::new(after))).collect();
        let curves = Curves::new("FIRST_INSTALL", periods, (0..=3).map(DaysAfter::day).collect()).unwrap();
        let from_files = files.curves(&curves).unwrap();
        prop_assert_eq!(from_files, all.curves(&curves).unwrap(), "each number of a triangle is what q1.sql gives");
    }
}

struct Run {
    stdout: String,
    stderr: String,
    code: Option<i32>,
}

fn votekit(args: &[&str], dir: &Path) -> Run {
    let done = Command::new(env!("CARGO_BIN_EXE_votekit")).args(args).current_dir(dir).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { stdout: text(done.stdout), stderr: text(done.stderr), code: done.status.code() }
}

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/piwik_track.tsv")
}

#[test]
fn packed_files_directories_and_several_files_are_one_question() {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(sample()).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let middle = rows.lines().take(15).map(|line| line.len() + 1).sum();
    let halves = [&rows[..middle], &rows[middle..]].map(|half| format!("{header}\n{half}"));
    std::fs::create_dir(dir.path().join("in")).unwrap();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, halves[0].as_bytes()).unwrap();
    std::fs::write(dir.path().join("in/a.gz"), packer.finish().unwrap()).unwrap();
    std::fs::write(dir.path().join("in/b"), zstd::encode_all(halves[1].as_bytes(), 1).unwrap()).unwrap();
    for args in [&["q1", "in"][..], &["q1", "in/b", "in/a.gz"]] {
        let run = votekit(args, dir.path());
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("8\n", ""), "{args:?}");
    }
}

#[test]
fn a_loaded_database_is_new_whole_and_indexed() {
    let dir = tempfile::tempdir().unwrap();
    let events = sample().display().to_string();
    let load = ["q1", "load", &events, "--db", "a.db"];
    assert_eq!(votekit(&load, dir.path()).code, Some(0));
    assert_eq!(votekit(&["q1", "--db", "a.db"], dir.path()).stdout, "8\n");
    assert_eq!(votekit(&["q1", "--db", "a.db", "--collation", "binary"], dir.path()).stdout, "5\n");
    let before = std::fs::read(dir.path().join("a.db")).unwrap();
    let again = votekit(&load, dir.path());
    assert!(again.code == Some(1) && again.stderr.contains("exists already"), "{}", again.stderr);
    assert_eq!(std::fs::read(dir.path().join("a.db")).unwrap(), before);

    let server = votekit(&["q1", "load", &events, "--db", "pg://ann:geheim@h/d"], dir.path());
    assert_eq!(
        (server.code, &*server.stderr),
        (Some(2), "votekit: error: --db: load makes an SQLite file, not pg://: name a file\n")
    );

    std::fs::write(dir.path().join("bad.tsv"), "time\tuid\tevent_name\n2017-04-01\ta\tX\nnever\tb\tY\n").unwrap();
    let strict = votekit(&["q1", "load", "bad.tsv", "--db", "b.db", "--strict"], dir.path());
    assert!(strict.code == Some(1) && strict.stderr.contains("bad.tsv:3:"), "{}", strict.stderr);
    let left: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "no database and nothing temporary: {left:?}");
}

#[test]
fn a_database_that_another_version_loaded_says_why_it_is_slow() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    assert_eq!(votekit(&["q1", "load", &sample().display().to_string(), "--db", "a.db"], dir.path()).code, Some(0));
    let ask = || votekit(&["q1", "--db", "a.db"], dir.path());
    assert!(!ask().stderr.contains("another version"));
    // The last byte of SQLite's application id.
    const VERSION_AT: usize = 71;
    let mut bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes[VERSION_AT - 3..VERSION_AT], *b"vkq");
    bytes[VERSION_AT] -= 1;
    std::fs::write(&path, bytes).unwrap();
    let answer = ask();
    assert_eq!(answer.stdout, "8\n");
    assert!(answer.stderr.contains("a.db was loaded by another version"), "{}", answer.stderr);
}

#[test]
fn a_loaded_database_holds_every_event_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    // Several blocks, none with a round number of events; a few NULLs, including times.
    let row = |number: u32| {
        let null = |each: u32| number.is_multiple_of(each);
        let time = (!null(7)).then(|| format!("2017-04-01 10:{:02}:{:02}", number / 60 % 60, number % 60));
        [time, (!null(11)).then(|| format!("u{}", number * 31 % 257)), (!null(13)).then(|| format!("薯{}", number % 5))]
    };
    let mut rows: Vec<[Option<String>; 3]> = (0..10_007).map(row).collect();
    let mut text = "time\tuid\tevent_name\n".to_owned();
    for row in &rows {
        let [time, uid, name] = row.each_ref().map(|field| field.as_deref().unwrap_or("\\N"));
        writeln!(text, "{time}\t{uid}\t{name}").unwrap();
    }
    let (events, db) = (dir.path().join("events.tsv"), dir.path().join("a.db"));
    std::fs::write(&events, text).unwrap();
    load(&[Input::Path(events)], &db, Collation::Binary, &options(2, 10_000), &()).unwrap();
    let connection = rusqlite::Connection::open(&db).unwrap();
    let mut all = connection.prepare("SELECT time, uid, event_name FROM piwik_track").unwrap();
    let stored = all.query_map([], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?])).unwrap();
    let mut stored: Vec<[Option<String>; 3]> = stored.map(Result::unwrap).collect();
    // The order of rows is not promised.
    stored.sort();
    rows.sort();
    assert!(stored == rows, "{} of {}", stored.len(), rows.len());
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[test]
fn the_calendar_ends_at_midnight_wherever_the_events_are() {
    let dir = tempfile::tempdir().unwrap();
    let rows = "2017-04-01 10:00:00\ta\tFIRST_INSTALL\n9999-12-31 23:59:59.9999995\tA\tx\n";
    std::fs::write(dir.path().join("e.tsv"), format!("time\tuid\tevent_name\n{rows}")).unwrap();
    let ask = |place: &[&str]| {
        let run = votekit(&[&["q1", "--from", "9999-12-31", "--to", "9999-12-31"], place].concat(), dir.path());
        assert_eq!(run.stdout, "1\n", "{place:?}: {}", run.stderr);
    };
    ask(&["e.tsv"]);
    assert_eq!(votekit(&["q1", "load", "e.tsv", "--db", "e.db"], dir.path()).code, Some(0));
    ask(&["--db", "e.db"]);
    let theirs = rusqlite::Connection::open(dir.path().join("e.db")).unwrap();
    theirs.execute_batch("CREATE TABLE theirs(x)").unwrap();
    ask(&["--db", "e.db"]);
    theirs.execute_batch("UPDATE piwik_track SET time = replace(time, ' ', 'T')").unwrap();
    ask(&["--db", "e.db"]);
}

#[test]
fn headers_that_tell_too_little_or_too_much_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (header, complaint) in [
        ("time\tuid\tUID\tevent_name", "names the column \"uid\" twice"),
        ("time,event_name,uid,event_name", "names the column \"event_name\" twice"),
        (&"x".repeat(5_000), "xxx…"),
        (
            "time;uid;event_name",
            "names: time;uid;event_name. Columns have tabs or commas between them: try tr ';' '\\t'",
        ),
        ("time|uid|event_name", "try tr '|' '\\t' < FILE | votekit q1 -"),
    ] {
        std::fs::write(dir.path().join("e"), format!("{header}\n2017-04-01\ta\tb\tFIRST_INSTALL\n")).unwrap();
        let run = votekit(&["q1", "e"], dir.path());
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{header}");
        assert!(run.stderr.contains(complaint) && run.stderr.len() < 600, "{}", run.stderr);
    }
}

#[test]
fn other_schemas_are_named_and_no_name_is_sql() {
    let dir = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(dir.path().join("m.db")).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE \"log \"\"link\"(server_time TEXT, idvisitor TEXT, \"the name\" TEXT);
             INSERT INTO \"log \"\"link\" VALUES ('2017-04-01 10:00:00', 'a', 'Install'), ('2017-04-08 23:59:59', 'A ', 'x')",
        )
        .unwrap();
    let ask = |time: &str| {
        let place = ["--table", "log \"link", "--time", time, "--user", "idvisitor", "--event-column", "the name"];
        votekit(&[&["q1", "--db", "m.db", "--event", "INSTALL"][..], &place].concat(), dir.path())
    };
    assert_eq!(ask("server_time").stdout, "1\n");
    for name in ["nope", "server_time\", '2017-04-02", "1) --"] {
        let (run, found) = (ask(name), "it has: server_time, idvisitor, the name\n");
        let missing = format!("has no column {name}; {found}");
        assert!(run.code == Some(1) && run.stderr.ends_with(&missing), "{name}: {}", run.stderr);
    }
    let run = votekit(&["q1", "--db", "m.db"], dir.path());
    assert!(
        run.code == Some(1) && run.stderr.ends_with("no table piwik_track; it has: log \"link\n"),
        "{}",
        run.stderr
    );
    for option in ["--table", "--time", "--user", "--event-column"] {
        let run = votekit(&["q1", "--db", "m.db", option, ""], dir.path());
        assert!(run.code == Some(2) && run.stderr.contains("a value is required"), "{option}: {}", run.stderr);
    }
}

#[test]
fn an_open_quote_costs_its_own_line_and_a_repeated_header_none() {
    let dir = tempfile::tempdir().unwrap();
    let install = |uid: &str| format!("2017-04-01 10:00:00,{uid},FIRST_INSTALL\n");
    let open = |uid: &str| format!("2017-04-02 10:00:00,{uid},open\n");
    let header = "time,uid,event_name\n";
    let torn = format!("{header}{}{}{}{}{}", install("a"), install("\"b"), open("a"), install("c"), open("c"));
    std::fs::write(dir.path().join("torn.csv"), torn).unwrap();
    let run = votekit(&["q1", "torn.csv", "--data-end", "2017-04-08"], dir.path());
    assert_eq!(run.stdout, "2\n", "{}", run.stderr);
    assert!(run.stderr.contains("torn.csv:3: a quote is not closed: 2017-04-01 10:00:00,\"b"), "{}", run.stderr);

    // A quoted line break, so that blocks are read in order; and concatenated files.
    let twice = format!("{header}{}{}{header}{}", install("\"a\nb\""), open("\"A\nB\""), install("d"));
    for text in [twice.clone(), twice.replace("a\nb", "x").replace("A\nB", "X").replace(',', "\t").replace('"', "")] {
        std::fs::write(dir.path().join("twice"), text).unwrap();
        let run = votekit(&["q1", "twice", "--data-end", "2017-04-08"], dir.path());
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("1\n", ""));
    }

    // Text after a closing quote; a name with a line break; an unclosed quote.
    let rows = format!("{}{}", install("a"), open("a"));
    for (text, bad_line) in [
        (format!("\n{header}{}{rows}", install("\"b\"x")), Some("e.csv:3: text follows a closing quote")),
        (
            format!("\r\ntime,uid,event_name,\"a\r\nnote\"\r\n{}x\n", rows.replace('\n', ",\n")),
            Some("e.csv:6: too few columns: 1"),
        ),
        // Rows are not as wide as such a header would be: someone forgot a quote.
        (format!("time,uid,event_name,\"a\nx\",y\n{}", rows.replace('\n', ",\n")), Some("e.csv:2: too few columns: 2")),
        (format!("time,uid,event_name,\"a\n{}x\n", rows.replace('\n', ",\n")), Some("e.csv:4: too few columns: 1")),
        (format!("#{header}{rows}# {header}"), None),
    ] {
        std::fs::write(dir.path().join("e.csv"), &text).unwrap();
        let run = votekit(&["q1", "e.csv", "--data-end", "2017-04-08"], dir.path());
        assert_eq!(run.stdout, "1\n", "{text}{}", run.stderr);
        assert_eq!(run.stderr.lines().count(), if bad_line.is_some() { 2 } else { 0 }, "{text}{}", run.stderr);
        assert!(run.stderr.contains(bad_line.unwrap_or_default()), "{text}{}", run.stderr);
    }
}

#[test]
fn what_is_no_text_of_lines_is_named_with_the_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let utf_16: Vec<u8> = "\u{feff}time\tuid\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, way_out) in [
        (&utf_16[..], "text in UTF-16; make it UTF-8: iconv -f UTF-16 -t UTF-8 FILE | votekit q1 -"),
        (b"\xfd7zXZ\0\0\x04", "packed with xz; unpack it: xz -dc FILE | votekit q1"),
        (b"PK\x03\x04\x14\0", "a zip archive"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"SQLite format 3\0\x10\0", "a SQLite database"),
    ] {
        std::fs::write(dir.path().join("e"), bytes).unwrap();
        let run = votekit(&["q1", "e"], dir.path());
        assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""));
        assert!(run.stderr.contains(way_out), "{}", run.stderr);
    }
}

#[test]
fn numbers_in_json_are_ids_with_all_their_digits_and_dots_lead_into_objects() {
    let dir = tempfile::tempdir().unwrap();
    let ids = ["123456789012345678901", "123456789012345678902", "1234567890.1491043201", "1234567890.1491043202"];
    let row = |time: &str, id: &str, name: &str| {
        format!("{{\"user\":{{\"id\":{id}}},\"time\":\"{time} 10:00:00\",\"event_name\":\"{name}\"}}\n")
    };
    let installs: String = ids.iter().map(|id| row("2017-04-01", id, "FIRST_INSTALL")).collect();
    let opens = [row("2017-04-02", ids[0], "open"), row("2017-04-02", ids[2], "open")].concat();
    std::fs::write(dir.path().join("e.ndjson"), installs + &opens).unwrap();
    let run = votekit(&["q1", "e.ndjson", "--user", "user.id", "--data-end", "2017-04-08"], dir.path());
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("2\n", ""));
}
