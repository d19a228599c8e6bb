//! q1 against real servers: the embedded engine, the plain client and `--db mysql://` answer alike.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
mod support;

use std::fs;
use std::process::{Command, Output};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use support::mysql::{Kind, Server};
use votekit::retention::{Collation, SQL};

/// Names that MySQL takes for one or another: case, spaces behind and before, accents, letters that fold to others.
const NAMES: [&str; 30] = [
    "a", "A", "a ", "A  ", " a", "á", "Â", "ｱ", "b", "B", "ß", "s", "S", "ſ", "ss", "É", "e", "ё", "Е", "е", "薯",
    "片", "İ", "ı", "i", "K", "k", "e\u{301}", "", "  ",
];
/// The same beyond the BMP, where utf8mb4_general_ci has a single weight.
const BEYOND: [&str; 3] = ["😀", "🎉", "𐐀"];
const EVENTS: [&str; 9] = [
    "FIRST_INSTALL",
    "first_install",
    "First_Install ",
    "FIRST_INSTALL_",
    " FIRST_INSTALL",
    "FÍRST_INSTALL",
    "open",
    "Öpen",
    "薯片",
];
const TIMES: [&str; 9] = [
    "0000-00-00 00:00:00",
    "2017-03-31 23:59:59",
    "2017-04-01 00:00:00",
    "2017-04-01 23:59:59",
    "2017-04-02 00:00:00",
    "2017-04-03 12:00:00",
    "2017-04-08 10:00:00",
    "2017-04-08 23:59:59",
    "2017-04-09 00:00:00",
];

type Event = (Option<String>, Option<String>, Option<String>);

/// A table of up to 40 events, and the character set that holds it.
fn tables() -> impl Strategy<Value = (Vec<Event>, &'static str)> {
    let events = |uids: Vec<&'static str>| {
        let pick = |from: Vec<&'static str>| prop_oneof![1 => Just(None), 12 => prop::sample::select(from).prop_map(|text| Some(text.to_owned()))];
        prop::collection::vec((pick(TIMES.to_vec()), pick(uids), pick(EVENTS.to_vec())), 0..40)
    };
    let all: Vec<_> = NAMES.iter().chain(&BEYOND).copied().collect();
    prop_oneof![
        2 => events(NAMES.to_vec()).prop_map(|rows| (rows, "utf8")),
        1 => events(all).prop_map(|rows| (rows, "utf8mb4")),
    ]
}

fn questions() -> impl Strategy<Value = [String; 4]> {
    let day = |days: std::ops::RangeInclusive<u32>| days.prop_map(|day| format!("2017-04-{day:02}"));
    (day(1..=3), day(1..=4), day(4..=9), prop::sample::select(EVENTS.to_vec()))
        .prop_map(|(install, from, to, event)| [install, from, to, event.to_owned()])
}

fn votekit(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_votekit")).arg("q1").args(args).env("HOME", "/nonexistent").output().unwrap()
}

fn answer(args: &[&str]) -> String {
    let output = votekit(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn quoted(text: Option<&String>) -> String {
    text.map_or_else(|| "NULL".to_owned(), |text| format!("'{}'", text.replace('\'', "''")))
}

fn create(rows: &[Event], character_set: &str) -> String {
    let mut sql = format!(
        "SET sql_mode = ''; DROP TABLE IF EXISTS piwik_track;
         CREATE TABLE piwik_track(time DATETIME, uid VARCHAR(64), event_name VARCHAR(64),
           KEY (event_name, time, uid), KEY (uid, time)) CHARACTER SET {character_set} COLLATE {character_set}_general_ci;"
    );
    for chunk in rows.chunks(5000) {
        let rows: Vec<String> = chunk
            .iter()
            .map(|(time, uid, name)| {
                format!("({},{},{})", quoted(time.as_ref()), quoted(uid.as_ref()), quoted(name.as_ref()))
            })
            .collect();
        sql.push_str(&format!("INSERT INTO piwik_track VALUES {};", rows.join(",")));
    }
    sql
}

fn tsv(rows: &[Event]) -> String {
    let field = |text: &Option<String>| text.clone().unwrap_or_else(|| "\\N".to_owned());
    let line = |(time, uid, name): &Event| format!("{}\t{}\t{}\n", field(time), field(uid), field(name));
    format!("time\tuid\tevent_name\n{}", rows.iter().map(line).collect::<String>())
}

#[test]
fn three_ways_to_ask_give_one_answer() {
    let dir = tempfile::tempdir().unwrap();
    let events = dir.path().join("events.tsv");
    let events = events.to_str().unwrap();
    for kind in Kind::at_hand() {
        let server = Server::start(kind, &[]);
        let url = format!("mysql://root@/test?socket={}", server.socket().display());
        let mut runner = TestRunner::deterministic();
        let (mut answers, mut most) = (0, 0);
        for _ in 0..40 {
            let (rows, character_set) = tables().new_tree(&mut runner).unwrap().current();
            fs::write(events, tsv(&rows)).unwrap();
            server.sql(&create(&rows, character_set));
            let plain = server.sql(SQL).trim().to_owned();
            assert_eq!(answer(&["--events", events]), plain, "{kind:?} {character_set} embedded\n{}", tsv(&rows));
            assert_eq!(answer(&["--db", &url]), plain, "{kind:?} {character_set} --db\n{}", tsv(&rows));
            for curves in [&["--by", "day"][..], &["--cohorts", "2017-04-01..2017-04-03"]] {
                let ask = |place: &[&str]| answer(&[place, curves, &["--format", "csv"]].concat());
                assert_eq!(ask(&["--db", &url]), ask(&["--events", events]), "{kind:?} {curves:?}\n{}", tsv(&rows));
            }
            for _ in 0..3 {
                let [install, from, to, event] = questions().new_tree(&mut runner).unwrap().current();
                let asked = ["--install-day", &install, "--from", &from, "--to", &to, "--event", &event];
                let embedded = answer(&[&["--events", events], &asked[..]].concat());
                let bound = answer(&[&["--db", &url], &asked[..]].concat());
                assert_eq!(bound, embedded, "{kind:?} {character_set} {asked:?}\n{}", tsv(&rows));
                answers += 1;
                most = most.max(bound.parse::<u64>().unwrap());
            }
        }
        // The calendar's last day, which has no day behind it.
        let row = |time: &str, name: &str| (Some(time.to_owned()), Some("a".to_owned()), Some(name.to_owned()));
        let rows = [row("2017-04-01 00:00:00", "FIRST_INSTALL"), row("9999-12-31 23:59:59", "open")];
        fs::write(events, tsv(&rows)).unwrap();
        server.sql(&create(&rows, "utf8"));
        for place in [["--events", events], ["--db", &url]] {
            let last = ["--from", "9999-12-31", "--to", "9999-12-31"];
            assert_eq!(answer(&[&place[..], &last].concat()), "1", "{kind:?} {place:?}");
        }
        assert!(answers == 120 && most > 3, "the tables had something to count: {most}");
    }
}

/// All of the BMP and some of what is beyond: which characters are one, and in which order they stand.
#[test]
fn the_collation_is_the_servers_for_every_character() {
    let characters: Vec<char> =
        ('\u{0}'..='\u{ffff}').chain((0x10000..=0x10ffff).step_by(4099).filter_map(char::from_u32)).collect();
    let here = rusqlite::Connection::open_in_memory().unwrap();
    Collation::GeneralCi.register(&here).unwrap();
    here.execute_batch("CREATE TABLE c(code INTEGER, text TEXT COLLATE utf8_general_ci); BEGIN").unwrap();
    for c in &characters {
        here.execute("INSERT INTO c VALUES (?1, ?2)", (u32::from(*c), c.to_string())).unwrap();
    }
    here.execute_batch("COMMIT").unwrap();
    let classes = "SELECT c.code, first.code FROM c JOIN (SELECT MIN(code) AS code, text FROM c GROUP BY text) AS first
                   ON first.text = c.text ORDER BY c.code";
    let order = "SELECT code, 0 FROM c ORDER BY text, code";
    let ask = |sql: &str| {
        let mut statement = here.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok(format!("{}\t{}", row.get::<_, u32>(0)?, row.get::<_, u32>(1)?)));
        rows.unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    let (classes_here, order_here) = (ask(classes), ask(order));
    assert_eq!(classes_here.len(), characters.len());
    for kind in Kind::at_hand() {
        let server = Server::start(kind, &[]);
        let mut sql =
            "CREATE TABLE c(code INT, text VARCHAR(1) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, KEY (text));"
                .to_owned();
        for chunk in characters.chunks(8000) {
            let hex = |c: &char| c.to_string().bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
            let rows: Vec<String> =
                chunk.iter().map(|c| format!("({},_utf8mb4 0x{})", u32::from(*c), hex(c))).collect();
            sql.push_str(&format!("INSERT INTO c VALUES {};", rows.join(",")));
        }
        server.sql(&sql);
        for (sql, here) in [(classes, &classes_here), (order, &order_here)] {
            let there = server.sql(sql);
            let differ: Vec<_> = there.lines().zip(here).filter(|(there, here)| there != here).take(5).collect();
            assert!(differ.is_empty(), "{kind:?}: server and votekit differ: {differ:?}\n{sql}");
            assert_eq!(there.lines().count(), here.len());
        }
        let bmp = "SELECT COUNT(*) FROM c WHERE code < 65536 AND
                   WEIGHT_STRING(text) <> WEIGHT_STRING(CONVERT(text USING utf8) COLLATE utf8_general_ci)";
        assert_eq!(server.sql(bmp).trim(), "0", "{kind:?}: utf8 and utf8mb4 weigh the BMP alike");
    }
}

/// A range of (event_name, time) for the cohort, then each user by (uid, time): never the whole table.
#[test]
fn indexes_serve_the_text() {
    let mut rows: Vec<Event> = Vec::new();
    for number in 0..20_000_u32 {
        let time = format!("2017-04-{:02} {:02}:00:00", number % 29 + 1, number % 24);
        let name = if number % 10 == 0 { "FIRST_INSTALL" } else { "open" };
        rows.push((Some(time), Some(format!("u{}", number % 3000)), Some(name.to_owned())));
    }
    for kind in Kind::at_hand() {
        let server = Server::start(kind, &[]);
        server.sql(&create(&rows, "utf8"));
        server.sql("ANALYZE TABLE piwik_track");
        let bound = "SET @install_day = '2017-04-05', @install_before_day = '2017-04-06', @from_day = '2017-04-06',
                     @before_day = '2017-04-10', @event = CONVERT('open' USING utf8) COLLATE utf8_general_ci;";
        for values in ["", bound] {
            let plan = server.sql(&format!("{values} EXPLAIN {SQL}"));
            let cells = plan.lines().map(|line| line.split('\t').collect::<Vec<_>>());
            let (mut install, mut active) = (None, None);
            for row in cells {
                match row[2] {
                    "install" => install = Some((row[3].to_owned(), row[5].to_owned())),
                    "active" => active = Some((row[3].to_owned(), row[5].to_owned())),
                    _ => {}
                }
            }
            let plan = format!("{kind:?}\n{plan}");
            assert_eq!(install, Some(("range".to_owned(), "event_name".to_owned())), "{plan}");
            assert_eq!(active, Some(("ref".to_owned(), "uid".to_owned())), "{plan}");
        }
    }
}
