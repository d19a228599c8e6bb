//! One test story for every engine of q1: the same events and questions give the same answers from a file, from `SQLite` and
//! from a server.
#![cfg(feature = "mysql")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use support::mysql::{self, Event, Kind, create_events};
use votekit::dial::{Address, Connection};
use votekit::retention::{
    Answer, Collation, Curves, CurvesFound, Database, DaysAfter, Engine, EventFiles, EventOptions, Literal, Period,
    Question, Reading, SQL, Server, TableNames, load,
};
use votekit::scan::Input;

/// Names that `MySQL` may consider equal: case, surrounding spaces, accents, letters that fold to others.
const NAMES: [&str; 30] = [
    "a", "A", "a ", "A  ", " a", "á", "Â", "ｱ", "b", "B", "ß", "s", "S", "ſ", "ss", "É", "e", "ё", "Е", "е", "薯",
    "片", "İ", "ı", "i", "K", "k", "e\u{301}", "", "  ",
];
/// Names beyond the BMP, where `utf8mb4_general_ci` has a single weight.
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

/// A table of up to 40 events, and a character set that can hold it.
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

fn questions() -> impl Strategy<Value = Question> {
    let day = |days: std::ops::RangeInclusive<u32>| days.prop_map(|day| format!("2017-04-{day:02}"));
    (day(1..=3), day(1..=4), day(4..=9), prop::sample::select(EVENTS.to_vec()))
        .prop_map(|(install, from, to, event)| question(&install, &from, &to, event))
}

fn tsv(rows: &[Event]) -> String {
    let field = |text: &Option<String>| text.clone().unwrap_or_else(|| "\\N".to_owned());
    let line = |(time, uid, name): &Event| format!("{}\t{}\t{}\n", field(time), field(uid), field(name));
    format!("time\tuid\tevent_name\n{}", rows.iter().map(line).collect::<String>())
}

/// Events, questions about them, and answers worked out by hand.
struct Chapter {
    title: &'static str,
    rows: Vec<Event>,
    questions: Vec<(Question, u64)>,
    last_day: Option<&'static str>,
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn question(install: &str, from: &str, to: &str, event: &str) -> Question {
    Question { install_day: day(install), from: day(from), to: day(to), event: event.to_owned() }
}

/// The question that q1.sql asks when nothing is bound.
fn usual() -> Question {
    question("2017-04-01", "2017-04-02", "2017-04-08", "FIRST_INSTALL")
}

fn rows(rows: &[(&str, &str, &str)]) -> Vec<Event> {
    let field = |text: &str| (text != "NULL").then(|| text.to_owned());
    rows.iter().map(|(time, uid, name)| (field(time), field(uid), field(name))).collect()
}

const INSTALLED: (&str, &str, &str) = ("2017-04-01 10:00:00", "a", "FIRST_INSTALL");

fn story() -> Vec<Chapter> {
    let chapter = |title, events: &[(&str, &str, &str)], questions: &[(Question, u64)], last_day| Chapter {
        title,
        rows: rows(events),
        questions: questions.to_vec(),
        last_day,
    };
    let mut chapters = vec![
        chapter("no events at all", &[], &[(usual(), 0)], None),
        chapter(
            "the last day is whole, and the day after is not in it",
            &[
                INSTALLED,
                ("2017-04-08 23:59:59", "a", "open"),
                ("2017-04-01 00:00:00", "b", "FIRST_INSTALL"),
                ("2017-04-09 00:00:00", "b", "open"),
                ("2017-04-01 23:59:59", "c", "FIRST_INSTALL"),
                ("2017-04-02 00:00:00", "c", "open"),
                ("2017-04-02 00:00:00", "d", "FIRST_INSTALL"),
                ("2017-04-03 00:00:00", "d", "open"),
            ],
            &[
                (usual(), 2),
                (question("2017-04-02", "2017-04-03", "2017-04-03", "FIRST_INSTALL"), 1),
                (question("2017-04-01", "2017-04-09", "2017-04-09", "FIRST_INSTALL"), 1),
                (question("2017-04-01", "2017-04-01", "2017-04-09", "FIRST_INSTALL"), 3),
            ],
            Some("2017-04-09"),
        ),
        chapter(
            "a user counts once, and an install in the window is an event like any other",
            &[
                INSTALLED,
                INSTALLED,
                ("2017-04-03 10:00:00", "a", "FIRST_INSTALL"),
                ("2017-04-04 10:00:00", "a", "open"),
                ("2017-04-04 10:00:00", "never installed", "open"),
            ],
            &[(usual(), 1), (question("2017-04-01", "2017-04-03", "2017-04-03", "FIRST_INSTALL"), 1)],
            Some("2017-04-04"),
        ),
        chapter(
            "case, accents and spaces at the end make no difference",
            &[
                ("2017-04-01 10:00:00", "Zoë", "first_install "),
                ("2017-04-02 10:00:00", "zoe  ", "open"),
                ("2017-04-01 10:00:00", " zoe", "FIRST_INSTALL"),
                ("2017-04-01 10:00:00", "薯", "FÍRST_INSTALL"),
                ("2017-04-02 10:00:00", "片", "open"),
                ("2017-04-08 10:00:00", "薯", "open"),
            ],
            &[(usual(), 2), (question("2017-04-01", "2017-04-02", "2017-04-08", "First_Install"), 2)],
            Some("2017-04-08"),
        ),
        chapter(
            "NULL is nobody, nothing and never",
            &[
                ("2017-04-01 10:00:00", "NULL", "FIRST_INSTALL"),
                ("2017-04-02 10:00:00", "NULL", "open"),
                ("NULL", "a", "FIRST_INSTALL"),
                ("2017-04-01 10:00:00", "b", "NULL"),
                ("2017-04-02 10:00:00", "a", "open"),
                ("2017-04-02 10:00:00", "b", "open"),
                ("2017-04-01 10:00:00", "", "FIRST_INSTALL"),
                ("2017-04-02 10:00:00", " ", "NULL"),
                ("0000-00-00 00:00:00", "", "FIRST_INSTALL"),
            ],
            &[(usual(), 1), (question("2017-04-01", "2017-04-02", "2017-04-02", ""), 0)],
            Some("2017-04-02"),
        ),
        chapter(
            "the calendar's last day has none after it",
            &[INSTALLED, ("9999-12-31 23:59:59", "A", "open")],
            &[(question("2017-04-01", "9999-12-31", "9999-12-31", "FIRST_INSTALL"), 1), (usual(), 0)],
            // The other event is after tomorrow, so its clock is wrong.
            Some("2017-04-01"),
        ),
    ];
    // The sample's answer is derived in samples/README.md.
    let sample = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/piwik_track.tsv")).unwrap();
    let fields = sample.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let sample: Vec<_> = fields.map(|fields| [fields[0], fields[1], fields[2]].map(str::to_owned)).collect();
    let field = |text: String| (text != "\\N").then_some(text);
    let sample = sample.into_iter().map(|[time, uid, name]| (field(time), field(uid), field(name))).collect();
    chapters.push(Chapter {
        title: "the sample",
        rows: sample,
        questions: vec![(usual(), 8)],
        last_day: Some("2017-04-09"),
    });
    chapters
}

/// An engine's answers about some events.
#[derive(Debug, PartialEq)]
struct Answers {
    answers: Vec<Answer>,
    curves: Vec<CurvesFound>,
}

impl Answers {
    fn figures(&self) -> Vec<u64> {
        self.answers.iter().map(|answer| answer.users).collect()
    }
}

/// A curve or triangle of each kind.
fn every_mode() -> Vec<Curves> {
    let days = |first: &str, count: u64| (0..count).map(|after| Period::day(day(first) + Days::new(after))).collect();
    let period = |first, last| Period { first: day(first), last: day(last) };
    let each = |after: std::ops::RangeInclusive<u32>| after.map(DaysAfter::day).collect::<Vec<_>>();
    let to = |first, last| DaysAfter { first, last };
    let curves = |periods, columns| Curves::new("FIRST_INSTALL", periods, columns).unwrap();
    let returning = |event: &str, mut curves: Curves| {
        curves.return_event = Some(event.to_owned());
        curves
    };
    let rolling = || vec![to(0, None), to(1, None), to(3, None)];
    vec![
        curves(days("2017-04-01", 1), each(1..=7)),
        curves(days("2017-03-31", 4), each(0..=6)),
        curves(vec![period("2017-03-27", "2017-04-02"), period("2017-04-03", "2017-04-09")], each(0..=2)),
        curves(days("2017-04-01", 3), rolling()),
        curves(vec![period("2017-03-01", "2017-03-31"), period("2017-04-01", "2017-04-30")], rolling()),
        curves(days("2017-04-01", 2), vec![to(1, Some(3)), to(4, Some(7)), to(8, Some(14))]),
        returning("open", curves(days("2017-04-01", 2), each(0..=7))),
        returning("ÖPEN", curves(days("2017-04-01", 2), rolling())),
    ]
}

fn ask<E: Engine<Error: std::fmt::Debug>>(engine: &mut E, questions: &[Question]) -> Answers {
    let curves = every_mode().iter().map(|curves| engine.curves(curves).unwrap()).collect();
    Answers { answers: questions.iter().map(|question| engine.answer(question).unwrap()).collect(), curves }
}

/// An event after the next day is of a wrong clock.
const TODAY: &str = "2017-05-01";

fn reading() -> Reading {
    Reading { today: day(TODAY), ..Reading::default() }
}

/// In a table an empty text is a user like any other.
fn literal() -> EventOptions {
    EventOptions {
        literal: Literal { empty: true, ..Literal::default() },
        today: day(TODAY),
        ..EventOptions::default()
    }
}

fn ask_events(rows: &[Event], questions: &[Question], dir: &Path) -> Answers {
    let file = dir.join("events.tsv");
    fs::write(&file, tsv(rows)).unwrap();
    let (inputs, options) = ([Input::Path(file)], literal());
    ask(&mut EventFiles::new(&inputs, Collation::GeneralCi, &options, &()), questions)
}

/// Asks a database made by `q1 load`, and a plain one.
fn ask_sqlite(rows: &[Event], questions: &[Question], dir: &Path) -> [Answers; 2] {
    let (file, loaded, plain) = (dir.join("events.tsv"), dir.join("loaded.db"), dir.join("plain.db"));
    fs::write(&file, tsv(rows)).unwrap();
    for path in [&loaded, &plain] {
        // The file of an earlier call, if any.
        let _ = fs::remove_file(path);
    }
    load(&[Input::Path(file)], &loaded, Collation::GeneralCi, &literal(), &()).unwrap();
    let connection = rusqlite::Connection::open(&plain).unwrap();
    connection.execute_batch("CREATE TABLE piwik_track(time TEXT, uid TEXT, event_name TEXT)").unwrap();
    for (time, uid, name) in rows {
        connection.execute("INSERT INTO piwik_track VALUES (?1, ?2, ?3)", (time, uid, name)).unwrap();
    }
    drop(connection);
    [loaded, plain]
        .map(|path| Database::open(&path, &TableNames::default(), Collation::GeneralCi, reading()).unwrap())
        .map(|mut database| ask(&mut database, questions))
}

fn ask_server(rows: &[Event], character_set: &str, questions: &[Question], server: &mysql::Server) -> Answers {
    server.sql(&create_events(rows, character_set));
    let url = format!("mysql://root@/test?socket={}", server.socket().display());
    let connection = Connection::open(&Address::parse(&url).unwrap(), Duration::from_secs(60)).unwrap();
    ask(&mut Server::new(connection, TableNames::default(), reading()).unwrap(), questions)
}

fn servers() -> Vec<(Kind, mysql::Server)> {
    Kind::at_hand().into_iter().map(|kind| (kind, mysql::Server::start(kind, &[]))).collect()
}

#[test]
fn every_engine_tells_the_same_story() {
    let dir = tempfile::tempdir().unwrap();
    let servers = servers();
    for Chapter { title, rows, questions, last_day } in story() {
        let (questions, expected): (Vec<Question>, Vec<u64>) = questions.into_iter().unzip();
        let events = ask_events(&rows, &questions, dir.path());
        assert_eq!(events.figures(), expected, "{title}");
        assert!(events.answers.iter().all(|answer| answer.end.day == last_day.map(day)), "{title}: {events:?}");
        let [loaded, plain] = ask_sqlite(&rows, &questions, dir.path());
        assert_eq!(loaded, events, "{title}: loaded");
        assert_eq!(plain, events, "{title}: SQLite");
        for (kind, server) in &servers {
            assert_eq!(ask_server(&rows, "utf8", &questions, server), events, "{title}: {kind:?}");
        }
    }
}

/// Random events; the answer of `MySQL`'s client decides the default question.
#[test]
fn every_engine_gives_one_answer_about_any_events() {
    let dir = tempfile::tempdir().unwrap();
    let servers = servers();
    let mut runner = TestRunner::deterministic();
    let mut figures_seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let (rows, character_set) = tables().new_tree(&mut runner).unwrap().current();
        let random = (0..3).map(|_| questions().new_tree(&mut runner).unwrap().current());
        let questions: Vec<Question> = std::iter::once(usual()).chain(random).collect();
        let events = ask_events(&rows, &questions, dir.path());
        for sqlite in ask_sqlite(&rows, &questions, dir.path()) {
            assert_eq!(sqlite, events, "{questions:?}\n{}", tsv(&rows));
        }
        for (kind, server) in &servers {
            let there = ask_server(&rows, character_set, &questions, server);
            assert_eq!(there, events, "{kind:?} {character_set} {questions:?}\n{}", tsv(&rows));
            assert_eq!(server.sql(SQL).trim(), events.answers[0].users.to_string(), "{kind:?}\n{}", tsv(&rows));
        }
        figures_seen.extend(events.figures());
    }
    assert!(figures_seen.len() > 3, "the tables had something to count: {figures_seen:?}");
}
